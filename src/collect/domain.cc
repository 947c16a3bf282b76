// SPDX-License-Identifier: Apache-2.0
#include "collect/domain.h"

#include <algorithm>
#include <utility>

namespace weir::collect {
namespace {

constexpr std::uint16_t kVersion9 = 9;
constexpr std::uint16_t kVersionIpfix = 10;
constexpr std::size_t kIpfixHeaderBytes = 16;
constexpr std::size_t kSetHeaderBytes = 4;
constexpr std::uint16_t kTemplatesV9 = 0;
constexpr std::uint16_t kOptionsV9 = 1;
constexpr std::uint16_t kTemplatesIpfix = 2;
constexpr std::uint16_t kOptionsIpfix = 3;
constexpr std::uint16_t kFirstDataSet = 256;

}  // namespace

std::optional<SetMessage> read_message_header(Bytes datagram) {
  Cursor in(datagram);
  const std::uint16_t version = in.u16();
  SetMessage message{};
  if (version == kVersion9) {
    message.protocol = TemplateProtocol::netflow9;
    in.skip(2);  // count of records, which some exporters get wrong; the sets say it too
    message.header.uptime_ms = in.u32();
    message.header.export_ms = std::int64_t{in.u32()} * 1000;
    message.header.sequence = in.u32();
    message.header.domain = in.u32();
    message.sets = in.rest();
  } else if (version == kVersionIpfix) {
    message.protocol = TemplateProtocol::ipfix;
    const std::size_t length = in.u16();
    message.header.export_ms = std::int64_t{in.u32()} * 1000;
    message.header.sequence = in.u32();
    message.header.domain = in.u32();
    if (in.failed() || length < kIpfixHeaderBytes) return std::nullopt;
    message.is_cut = length > datagram.size();
    message.sets = in.rest().first(std::min(length - kIpfixHeaderBytes, in.left()));
  } else {
    return std::nullopt;
  }
  if (in.failed()) return std::nullopt;
  return message;
}

Domain::~Domain() {
  for (const auto& [id, one] : templates_) budget_.template_fields_left += one.fields();
  for (const Waiting& set : waiting_) budget_.waiting_bytes_left += set.bytes.size();
}

Domain::Outcome Domain::decode(TemplateProtocol protocol, Bytes sets, const ExportHeader& header,
                               Time now, const FlowSink& sink) {
  Outcome outcome;
  Message message{protocol, header, now, sink, outcome};
  const bool is_v9 = protocol == TemplateProtocol::netflow9;
  Cursor in(sets);
  while (in.left() >= kSetHeaderBytes) {
    const std::uint16_t id = in.u16();
    const std::size_t length = in.u16();
    if (length < kSetHeaderBytes || length - kSetHeaderBytes > in.left()) {
      outcome.is_malformed = true;
      break;
    }
    const Bytes set = in.take(length - kSetHeaderBytes);
    if (id >= kFirstDataSet) {
      read_data(message, id, set, header);
    } else if (id == (is_v9 ? kTemplatesV9 : kTemplatesIpfix)) {
      read_templates(message, set);
    } else if (is_v9 && id == kOptionsV9) {
      read_options_v9(message, set);
    } else if (!is_v9 && id == kOptionsIpfix) {
      read_options_ipfix(message, set);
    }
  }
  if (std::exchange(has_new_template_, false)) read_waiting(message);
  return outcome;
}

void Domain::read_templates(Message& message, Bytes set) {
  Cursor in(set);
  while (in.left() >= kSetHeaderBytes) {
    const std::uint16_t id = in.u16();
    const std::uint16_t count = in.u16();
    if (id < kFirstDataSet && count != 0) return;  // padding, or nonsense
    if (count == 0) {
      withdraw(id, false);
      continue;
    }
    Template made;
    const auto problem = Template::parse(in, message.protocol, count, made);
    define(message, id, problem, std::move(made));
    if (problem == Template::Problem::truncated) return;
  }
}

void Domain::read_options_v9(Message& message, Bytes set) {
  Cursor in(set);
  constexpr std::size_t kHeadBytes = 6;
  while (in.left() >= kHeadBytes) {
    const std::uint16_t id = in.u16();
    const std::uint16_t scope_bytes = in.u16();
    const std::uint16_t option_bytes = in.u16();
    if (id < kFirstDataSet) return;
    Template made;
    const auto problem = Template::parse_options_v9(in, scope_bytes, option_bytes, made);
    define(message, id, problem, std::move(made));
    if (problem != Template::Problem::none) return;
  }
}

void Domain::read_options_ipfix(Message& message, Bytes set) {
  Cursor in(set);
  while (in.left() >= kSetHeaderBytes) {
    const std::uint16_t id = in.u16();
    const std::uint16_t count = in.u16();
    if (count == 0) {
      withdraw(id, true);
      continue;
    }
    in.skip(2);  // how many of the fields are the scope
    if (id < kFirstDataSet || in.failed()) return;
    Template made;
    const auto problem = Template::parse(in, message.protocol, count, made);
    made.mark_options();
    define(message, id, problem, std::move(made));
    if (problem == Template::Problem::truncated) return;
  }
}

void Domain::define(Message& message, std::uint16_t id, Template::Problem problem, Template made) {
  const auto known = templates_.find(id);
  if (known != templates_.end() && known->second == made) return;
  const std::size_t held = known == templates_.end() ? 0 : known->second.fields();
  const bool has_room = (held != 0 || templates_.size() < kTemplatesMax) &&
                        made.fields() <= budget_.template_fields_left + held;
  if (problem == Template::Problem::truncated) message.outcome.is_malformed = true;
  if (problem != Template::Problem::none || !has_room) {
    ++message.outcome.templates_refused;
    return;
  }
  budget_.template_fields_left = budget_.template_fields_left + held - made.fields();
  templates_[id] = std::move(made);
  has_new_template_ = true;
}

void Domain::withdraw(std::uint16_t id, bool is_options) {
  const bool is_all = id == (is_options ? kOptionsIpfix : kTemplatesIpfix);
  std::erase_if(templates_, [&](const auto& entry) {
    const bool goes = is_all ? entry.second.is_options() == is_options : entry.first == id;
    if (goes) budget_.template_fields_left += entry.second.fields();
    return goes;
  });
}

void Domain::read_data(Message& message, std::uint16_t set_id, Bytes set,
                       const ExportHeader& header) {
  const auto found = templates_.find(set_id);
  if (found == templates_.end()) return wait(message, set_id, set);
  const Template& shape = found->second;
  const bool has_uptime = message.protocol == TemplateProtocol::netflow9;
  Cursor in(set);
  while (in.left() > 0) {
    RecordValues values;
    const bool is_wanted = shape.is_flow() || shape.is_options();
    if (!(is_wanted ? shape.read(in, header, values) : shape.skip(in))) return;
    ++message.outcome.records;
    if (shape.is_options()) {
      read_options(values);
    } else if (!shape.is_flow() || !emit_flows(values, header, has_uptime, system_start_ms_,
                                               sampling_of(values), message.sink)) {
      ++message.outcome.not_flows;
    }
  }
}

void Domain::read_options(const RecordValues& values) {
  if (values.system_start_ms) system_start_ms_ = values.system_start_ms;
  const auto rate = values.sampling_rate();
  if (!rate) return;
  const auto set = [&](auto& rates, std::uint32_t key, std::size_t bound) {
    if (rates.contains(key) || rates.size() < bound) rates[key] = *rate;
  };
  if (values.sampler_id != 0) {
    set(samplers_, values.sampler_id, kSamplersMax);
  } else if (values.flow.input != 0) {
    set(interface_samplings_, values.flow.input, kSampledInterfacesMax);
  } else {
    sampling_ = rate;
  }
}

std::uint32_t Domain::sampling_of(const RecordValues& values) const {
  if (const auto own = values.sampling_rate()) return *own;
  if (values.sampler_id != 0) {
    const auto found = samplers_.find(values.sampler_id);
    if (found != samplers_.end()) return found->second;
  } else if (samplers_.size() == 1) {
    return samplers_.begin()->second;
  }
  const auto found = interface_samplings_.find(values.flow.input);
  if (found != interface_samplings_.end()) return found->second;
  return sampling_.value_or(1);
}

// ---- Data before their template ----------------------------------------------------------------

void Domain::wait(Message& message, std::uint16_t set_id, Bytes set) {
  message.outcome.is_count_known = false;
  if (waiting_.size() >= kWaitingSetsMax || set.size() > budget_.waiting_bytes_left) {
    ++message.outcome.sets_lost;
    return;
  }
  budget_.waiting_bytes_left -= set.size();
  waiting_.push_back({set_id, message.header, message.now + kWaitMax, {set.begin(), set.end()}});
}

void Domain::read_waiting(Message& message) {
  std::deque<Waiting> still;
  for (Waiting& set : waiting_) {
    if (!templates_.contains(set.set_id)) {
      still.push_back(std::move(set));
      continue;
    }
    budget_.waiting_bytes_left += set.bytes.size();
    const std::uint32_t records = message.outcome.records;
    read_data(message, set.set_id, set.bytes, set.header);
    message.outcome.records = records;  // those of an earlier message
  }
  waiting_ = std::move(still);
}

std::uint32_t Domain::expire(Time now) {
  std::uint32_t lost = 0;
  while (!waiting_.empty() && waiting_.front().until <= now) {
    budget_.waiting_bytes_left += waiting_.front().bytes.size();
    waiting_.pop_front();
    ++lost;
  }
  return lost;
}

}  // namespace weir::collect
