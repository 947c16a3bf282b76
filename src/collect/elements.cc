// SPDX-License-Identifier: Apache-2.0
#include "collect/elements.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "net/packet.h"

namespace weir::collect {
namespace {

/// Numbers of the IANA registry "IPFIX Information Elements".
namespace element {
constexpr std::uint16_t kOctetDelta = 1;
constexpr std::uint16_t kPacketDelta = 2;
constexpr std::uint16_t kProtocol = 4;
constexpr std::uint16_t kTcpControlBits = 6;
constexpr std::uint16_t kSourcePort = 7;
constexpr std::uint16_t kSourceV4 = 8;
constexpr std::uint16_t kIngressInterface = 10;
constexpr std::uint16_t kDestinationPort = 11;
constexpr std::uint16_t kDestinationV4 = 12;
constexpr std::uint16_t kEgressInterface = 14;
constexpr std::uint16_t kEndUptime = 21;
constexpr std::uint16_t kStartUptime = 22;
constexpr std::uint16_t kPostOctetDelta = 23;
constexpr std::uint16_t kPostPacketDelta = 24;
constexpr std::uint16_t kSourceV6 = 27;
constexpr std::uint16_t kDestinationV6 = 28;
constexpr std::uint16_t kSamplingInterval = 34;
constexpr std::uint16_t kSamplerId = 48;
constexpr std::uint16_t kSamplerRandomInterval = 50;
constexpr std::uint16_t kFlowDirection = 61;
constexpr std::uint16_t kOctetTotal = 85;
constexpr std::uint16_t kPacketTotal = 86;
constexpr std::uint16_t kForwardingStatus = 89;
constexpr std::uint16_t kStartSeconds = 150;
constexpr std::uint16_t kEndSeconds = 151;
constexpr std::uint16_t kStartMilliseconds = 152;
constexpr std::uint16_t kEndMilliseconds = 153;
constexpr std::uint16_t kStartMicroseconds = 154;
constexpr std::uint16_t kEndMicroseconds = 155;
constexpr std::uint16_t kStartNanoseconds = 156;
constexpr std::uint16_t kEndNanoseconds = 157;
constexpr std::uint16_t kStartDeltaMicroseconds = 158;
constexpr std::uint16_t kEndDeltaMicroseconds = 159;
constexpr std::uint16_t kSystemInitMilliseconds = 160;
constexpr std::uint16_t kDurationMilliseconds = 161;
constexpr std::uint16_t kDurationMicroseconds = 162;
constexpr std::uint16_t kUdpSourcePort = 180;
constexpr std::uint16_t kUdpDestinationPort = 181;
constexpr std::uint16_t kTcpSourcePort = 182;
constexpr std::uint16_t kTcpDestinationPort = 183;
constexpr std::uint16_t kPostNatSourceV4 = 225;
constexpr std::uint16_t kPostNatDestinationV4 = 226;
constexpr std::uint16_t kInitiatorOctets = 231;
constexpr std::uint16_t kResponderOctets = 232;
constexpr std::uint16_t kFirewallEvent = 233;
constexpr std::uint16_t kBiflowDirection = 239;
constexpr std::uint16_t kPostNatSourceV6 = 281;
constexpr std::uint16_t kPostNatDestinationV6 = 282;
constexpr std::uint16_t kInitiatorPackets = 298;
constexpr std::uint16_t kResponderPackets = 299;
constexpr std::uint16_t kSelectorId = 302;
constexpr std::uint16_t kSamplingPacketInterval = 305;
constexpr std::uint16_t kSamplingPacketSpace = 306;
constexpr std::uint16_t kSamplingSize = 309;
constexpr std::uint16_t kSamplingPopulation = 310;
constexpr std::uint16_t kSamplingProbability = 311;
constexpr std::uint16_t kIpHeaderSection = 313;
constexpr std::uint16_t kDataLinkFrameSection = 315;
constexpr std::uint16_t kObservationSeconds = 322;
constexpr std::uint16_t kObservationMilliseconds = 323;
constexpr std::uint16_t kObservationMicroseconds = 324;
constexpr std::uint16_t kObservationNanoseconds = 325;
constexpr std::uint16_t kFirewallEventOfOldAsa = 40005;  // NetFlow v9 of Cisco ASA before 8.4

constexpr std::uint16_t kKnown[] = {
    kOctetDelta,
    kPacketDelta,
    kProtocol,
    kTcpControlBits,
    kSourcePort,
    kSourceV4,
    kIngressInterface,
    kDestinationPort,
    kDestinationV4,
    kEgressInterface,
    kEndUptime,
    kStartUptime,
    kPostOctetDelta,
    kPostPacketDelta,
    kSourceV6,
    kDestinationV6,
    kSamplingInterval,
    kSamplerId,
    kSamplerRandomInterval,
    kFlowDirection,
    kOctetTotal,
    kPacketTotal,
    kForwardingStatus,
    kStartSeconds,
    kEndSeconds,
    kStartMilliseconds,
    kEndMilliseconds,
    kStartMicroseconds,
    kEndMicroseconds,
    kStartNanoseconds,
    kEndNanoseconds,
    kStartDeltaMicroseconds,
    kEndDeltaMicroseconds,
    kSystemInitMilliseconds,
    kDurationMilliseconds,
    kDurationMicroseconds,
    kUdpSourcePort,
    kUdpDestinationPort,
    kTcpSourcePort,
    kTcpDestinationPort,
    kPostNatSourceV4,
    kPostNatDestinationV4,
    kInitiatorOctets,
    kResponderOctets,
    kFirewallEvent,
    kBiflowDirection,
    kPostNatSourceV6,
    kPostNatDestinationV6,
    kInitiatorPackets,
    kResponderPackets,
    kSelectorId,
    kSamplingPacketInterval,
    kSamplingPacketSpace,
    kSamplingSize,
    kSamplingPopulation,
    kSamplingProbability,
    kIpHeaderSection,
    kDataLinkFrameSection,
    kObservationSeconds,
    kObservationMilliseconds,
    kObservationMicroseconds,
    kObservationNanoseconds,
    kFirewallEventOfOldAsa,
};
static_assert(std::is_sorted(std::begin(kKnown), std::end(kKnown)));
}  // namespace element

constexpr std::uint8_t kFirewallDenied = 3;
constexpr std::uint8_t kSourceInitiated = 1;  // biflowDirection
constexpr std::uint8_t kDestinationInitiated = 2;
constexpr std::size_t kNumberBytesMax = 8;
constexpr std::size_t kV4Bytes = 4;
constexpr std::size_t kV6Bytes = 16;
constexpr std::int64_t kNtpToUnixSeconds = 2'208'988'800;
constexpr std::int64_t kNtpEraSeconds = std::int64_t{1} << 32;
constexpr std::int64_t kUnixMsMax = std::int64_t{1} << 50;  // far beyond any date

/// NTP time (RFC 5905): seconds since 1900, then the fraction. Seconds before 1970 belong to the
/// era that begins in 2036.
std::int64_t ntp_to_unix_ms(std::uint64_t ntp) {
  std::int64_t seconds = static_cast<std::int64_t>(ntp >> 32) - kNtpToUnixSeconds;
  if (seconds < 0) seconds += kNtpEraSeconds;
  return seconds * 1000 + static_cast<std::int64_t>(((ntp & 0xffffffffU) * 1000) >> 32);
}

std::int64_t unix_ms(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, kUnixMsMax));
}

/// Templates for both IP versions leave the addresses of the other one zero.
void set_address(net::Address& place, const net::Address& value) {
  const bool is_zero = value.high() == 0 && value.low() == 0;
  if (!is_zero || !place.is_set()) place = value;
}

void apply_v4(std::uint16_t number, Bytes value, ExportedFlow& flow) {
  if (value.size() != kV4Bytes) return;
  const auto address = net::Address::v4_from(value.data());
  switch (number) {
    case element::kSourceV4:
      return set_address(flow.source, address);
    case element::kDestinationV4:
      return set_address(flow.destination, address);
    case element::kPostNatSourceV4:
      return set_address(flow.translated_source, address);
    default:
      return set_address(flow.translated_destination, address);
  }
}

void apply_v6(std::uint16_t number, Bytes value, ExportedFlow& flow) {
  if (value.size() != kV6Bytes) return;
  const auto address = net::Address::v6_from(value.data());
  switch (number) {
    case element::kSourceV6:
      return set_address(flow.source, address);
    case element::kDestinationV6:
      return set_address(flow.destination, address);
    case element::kPostNatSourceV6:
      return set_address(flow.translated_source, address);
    default:
      return set_address(flow.translated_destination, address);
  }
}

/// The head of a sampled packet (PSAMP, RFC 5477).
void apply_packet(std::uint16_t number, Bytes value, RecordValues& values) {
  net::Packet packet;
  const auto parsed = number == element::kIpHeaderSection
                          ? net::parse_ip(value, value.size(), packet)
                          : net::parse_frame(net::LinkType::ethernet, value, value.size(), packet);
  if (parsed != net::Parsed::packet) return;
  ExportedFlow& flow = values.flow;
  flow.source = packet.source;
  flow.destination = packet.destination;
  flow.source_port = packet.source_port;
  flow.destination_port = packet.destination_port;
  flow.protocol = packet.protocol;
  values.forward.tcp_flags = packet.tcp_flags;
  values.forward.packets.total = 1;
  values.forward.bytes.total = packet.ip_bytes;
}

/// Elements that exist for each direction of a biflow.
bool apply_to_side(std::uint16_t number, std::uint64_t value, const ExportHeader& header,
                   RecordValues::Side& side) {
  switch (number) {
    case element::kOctetDelta:
      side.bytes.delta = value;
      return true;
    case element::kPacketDelta:
      side.packets.delta = value;
      return true;
    case element::kOctetTotal:
      side.bytes.total = value;
      return true;
    case element::kPacketTotal:
      side.packets.total = value;
      return true;
    case element::kPostOctetDelta:
      side.bytes.post = value;
      return true;
    case element::kPostPacketDelta:
      side.packets.post = value;
      return true;
    case element::kTcpControlBits:
      side.tcp_flags = static_cast<std::uint8_t>(value);
      return true;
    case element::kStartUptime:
      side.start_uptime_ms = static_cast<std::uint32_t>(value);
      return true;
    case element::kEndUptime:
      side.end_uptime_ms = static_cast<std::uint32_t>(value);
      return true;
    case element::kStartSeconds:
      side.start_ms = unix_ms(std::min<std::uint64_t>(value, kUnixMsMax) * 1000);
      return true;
    case element::kEndSeconds:
      side.end_ms = unix_ms(std::min<std::uint64_t>(value, kUnixMsMax) * 1000);
      return true;
    case element::kStartMilliseconds:
      side.start_ms = unix_ms(value);
      return true;
    case element::kEndMilliseconds:
      side.end_ms = unix_ms(value);
      return true;
    case element::kStartMicroseconds:
    case element::kStartNanoseconds:
      side.start_ms = ntp_to_unix_ms(value);
      return true;
    case element::kEndMicroseconds:
    case element::kEndNanoseconds:
      side.end_ms = ntp_to_unix_ms(value);
      return true;
    case element::kStartDeltaMicroseconds:
      side.start_ms = header.export_ms - static_cast<std::int64_t>((value & 0xffffffffU) / 1000);
      return true;
    case element::kEndDeltaMicroseconds:
      side.end_ms = header.export_ms - static_cast<std::int64_t>((value & 0xffffffffU) / 1000);
      return true;
    case element::kObservationSeconds:
      side.start_ms = side.end_ms = unix_ms(std::min<std::uint64_t>(value, kUnixMsMax) * 1000);
      return true;
    case element::kObservationMilliseconds:
      side.start_ms = side.end_ms = unix_ms(value);
      return true;
    case element::kObservationMicroseconds:
    case element::kObservationNanoseconds:
      side.start_ms = side.end_ms = ntp_to_unix_ms(value);
      return true;
    default:
      return false;
  }
}

std::uint32_t rate_of(double rate) {
  if (!(rate > 1)) return 1;
  return static_cast<std::uint32_t>(std::min<double>(std::round(rate), kSamplingMax));
}

bool apply_sampling(std::uint16_t number, Bytes bytes, std::uint64_t value, RecordValues& values) {
  switch (number) {
    case element::kSamplerId:
    case element::kSelectorId:
      values.sampler_id = static_cast<std::uint32_t>(value);
      return true;
    case element::kSamplingInterval:
    case element::kSamplerRandomInterval:
      if (value != 0) values.sampling = rate_of(static_cast<double>(value));
      return true;
    case element::kSamplingPacketInterval:
      values.sampling_interval = value;
      return true;
    case element::kSamplingPacketSpace:
      values.sampling_space = value;
      return true;
    case element::kSamplingSize:
      values.sampling_size = value;
      return true;
    case element::kSamplingPopulation:
      values.sampling_population = value;
      return true;
    case element::kSamplingProbability: {
      const double probability =
          bytes.size() == sizeof(double)
              ? std::bit_cast<double>(value)
              : double{std::bit_cast<float>(static_cast<std::uint32_t>(value))};
      values.sampling = rate_of(1 / probability);
      return true;
    }
    default:
      return false;
  }
}

std::uint8_t forwarding_status(Bytes bytes, std::uint64_t value) {
  // Four bytes long in some exporters, which put the status into the first or into the last one.
  const auto last = static_cast<std::uint8_t>(value);
  return last != 0 ? last : bytes[0];
}

void apply_number(std::uint16_t number, Bytes bytes, std::uint64_t value, RecordValues& values) {
  ExportedFlow& flow = values.flow;
  switch (number) {
    case element::kProtocol:
      flow.protocol = static_cast<std::uint8_t>(value);
      break;
    case element::kSourcePort:
    case element::kUdpSourcePort:
    case element::kTcpSourcePort:
      flow.source_port = static_cast<std::uint16_t>(value);
      break;
    case element::kDestinationPort:
    case element::kUdpDestinationPort:
    case element::kTcpDestinationPort:
      flow.destination_port = static_cast<std::uint16_t>(value);
      break;
    case element::kIngressInterface:
      flow.input = static_cast<std::uint32_t>(value);
      break;
    case element::kEgressInterface:
      flow.output = static_cast<std::uint32_t>(value);
      break;
    case element::kFlowDirection:
      if (value <= 1) flow.direction = static_cast<flow::Direction>(value);
      break;
    case element::kForwardingStatus:
      if (verdict_of_forwarding(forwarding_status(bytes, value)) == flow::Verdict::reject) {
        flow.verdict = flow::Verdict::reject;
      }
      break;
    case element::kFirewallEvent:
    case element::kFirewallEventOfOldAsa:
      if (value == kFirewallDenied) flow.verdict = flow::Verdict::reject;
      break;
    case element::kInitiatorOctets:
      values.forward.bytes.delta = value;
      break;
    case element::kResponderOctets:
      values.reverse.bytes.delta = value;
      break;
    case element::kInitiatorPackets:
      values.forward.packets.delta = value;
      break;
    case element::kResponderPackets:
      values.reverse.packets.delta = value;
      break;
    case element::kBiflowDirection:
      values.biflow_direction = static_cast<std::uint8_t>(value);
      break;
    case element::kSystemInitMilliseconds:
      values.system_start_ms = unix_ms(value);
      break;
    case element::kDurationMilliseconds:
      values.duration_ms = unix_ms(value);
      break;
    case element::kDurationMicroseconds:
      values.duration_ms = unix_ms(value / 1000);
      break;
    default:
      break;
  }
}

struct Times {
  std::optional<std::int64_t> start_ms;
  std::optional<std::int64_t> end_ms;
};

Times times_of(const RecordValues::Side& side, const ExportHeader& header, bool has_header_uptime,
               std::optional<std::int64_t> system_start_ms) {
  const auto moment = [&](std::optional<std::uint32_t> uptime) -> std::optional<std::int64_t> {
    if (!uptime) return std::nullopt;
    if (system_start_ms) return *system_start_ms + *uptime;
    if (has_header_uptime) return header.from_uptime(*uptime);
    return std::nullopt;
  };
  Times times{.start_ms = side.start_ms ? side.start_ms : moment(side.start_uptime_ms),
              .end_ms = side.end_ms ? side.end_ms : moment(side.end_uptime_ms)};
  // IPFIX exporters may leave the beginning of their uptime clock unsaid: the length is known
  // still.
  const bool has_length = side.start_uptime_ms && side.end_uptime_ms;
  if (!times.start_ms && !times.end_ms && has_length) {
    times.end_ms = header.export_ms;
    times.start_ms =
        header.export_ms - static_cast<std::int32_t>(*side.end_uptime_ms - *side.start_uptime_ms);
  }
  return times;
}

void complete(Times& times, std::optional<std::int64_t> duration_ms) {
  if (!duration_ms) return;
  if (!times.start_ms && times.end_ms) times.start_ms = *times.end_ms - *duration_ms;
  if (!times.end_ms && times.start_ms) times.end_ms = *times.start_ms + *duration_ms;
}

bool has_traffic(const RecordValues::Side& side) {
  return side.packets.value().value_or(0) != 0 || side.bytes.value().value_or(0) != 0;
}

void fill(ExportedFlow& flow, const RecordValues::Side& side, const Times& times) {
  flow.tcp_flags = side.tcp_flags;
  // Firewalls report a refused connection with zeros, or without counters.
  if (has_traffic(side)) {
    flow.packets = side.packets.value();
    flow.bytes = side.bytes.value();
  }
  flow.start_ms = times.start_ms;
  flow.end_ms = times.end_ms;
}

/// The same connection seen from the other end. Both are metered at the same interface.
ExportedFlow reversed(const ExportedFlow& flow) {
  ExportedFlow other = flow;
  std::swap(other.source, other.destination);
  std::swap(other.translated_source, other.translated_destination);
  std::swap(other.source_port, other.destination_port);
  std::swap(other.input, other.output);
  const bool was_egress = flow.direction == flow::Direction::egress;
  other.direction = was_egress ? flow::Direction::ingress : flow::Direction::egress;
  if (flow.is_initiator) other.is_initiator = !*flow.is_initiator;
  return other;
}

}  // namespace

std::optional<std::uint32_t> RecordValues::sampling_rate() const {
  if (sampling) return sampling;
  if (sampling_interval != 0) {
    return rate_of(1 +
                   static_cast<double>(sampling_space) / static_cast<double>(sampling_interval));
  }
  if (sampling_size != 0) {
    return rate_of(static_cast<double>(sampling_population) / static_cast<double>(sampling_size));
  }
  return std::nullopt;
}

bool is_known_element(std::uint16_t number, bool is_reverse) {
  if (is_reverse) {
    RecordValues::Side ignored;
    return apply_to_side(number, 0, {}, ignored);
  }
  return std::binary_search(std::begin(element::kKnown), std::end(element::kKnown), number);
}

bool is_flow_element(std::uint16_t number) {
  return number == element::kSourceV4 || number == element::kSourceV6 ||
         number == element::kIpHeaderSection || number == element::kDataLinkFrameSection;
}

void apply_element(std::uint16_t number, bool is_reverse, Bytes value, const ExportHeader& header,
                   RecordValues& values) {
  switch (number) {
    case element::kSourceV4:
    case element::kDestinationV4:
    case element::kPostNatSourceV4:
    case element::kPostNatDestinationV4:
      return apply_v4(number, value, values.flow);
    case element::kSourceV6:
    case element::kDestinationV6:
    case element::kPostNatSourceV6:
    case element::kPostNatDestinationV6:
      return apply_v6(number, value, values.flow);
    case element::kIpHeaderSection:
    case element::kDataLinkFrameSection:
      return apply_packet(number, value, values);
    default:
      break;
  }
  if (value.empty() || value.size() > kNumberBytesMax) return;
  const std::uint64_t numeric = number_of(value);
  if (apply_to_side(number, numeric, header, is_reverse ? values.reverse : values.forward)) return;
  if (!is_reverse && !apply_sampling(number, value, numeric, values)) {
    apply_number(number, value, numeric, values);
  }
}

bool emit_flows(const RecordValues& values, const ExportHeader& header, bool has_header_uptime,
                std::optional<std::int64_t> system_start_ms, std::uint32_t sampling,
                const FlowSink& sink) {
  if (!values.flow.source.is_set() || !values.flow.destination.is_set()) return false;
  if (values.system_start_ms) system_start_ms = values.system_start_ms;
  const bool is_biflow = has_traffic(values.reverse);

  ExportedFlow flow = values.flow;
  flow.sampling = sampling;
  const std::uint8_t who = values.biflow_direction.value_or(is_biflow ? kSourceInitiated : 0);
  if (who == kSourceInitiated || who == kDestinationInitiated) {
    flow.is_initiator = who == kSourceInitiated;
  }
  Times times = times_of(values.forward, header, has_header_uptime, system_start_ms);
  complete(times, values.duration_ms);
  ExportedFlow other = reversed(flow);

  const bool is_forward = has_traffic(values.forward) || flow.verdict == flow::Verdict::reject;
  if (is_forward) {
    fill(flow, values.forward, times);
    sink(flow);
  }
  if (is_biflow) {
    Times back = times_of(values.reverse, header, has_header_uptime, system_start_ms);
    if (!back.start_ms) back.start_ms = times.start_ms;
    if (!back.end_ms) back.end_ms = times.end_ms;
    fill(other, values.reverse, back);
    sink(other);
  }
  return is_forward || is_biflow;
}

}  // namespace weir::collect
