// SPDX-License-Identifier: Apache-2.0
#include "capture/nflog_source.h"

extern "C" {
#include <libnetfilter_log/libnetfilter_log.h>
}
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

namespace weir::capture {
namespace {

constexpr unsigned kCopyBytes = 256;
constexpr unsigned kQueueMessages = 32;  // the kernel hands over when so many wait ...
constexpr unsigned kQueueTimeout = 5;    // ... or after that, in 1/100 s
constexpr unsigned kQueueBytes = 64u << 10;
constexpr std::size_t kReceiveBytes = 256u << 10;
constexpr std::size_t kVerdictsMax = 4096;  // in one batch

struct HandleCloser {
  void operator()(nflog_handle* handle) const { nflog_close(handle); }
};
struct GroupCloser {
  void operator()(nflog_g_handle* group) const { nflog_unbind_group(group); }
};

Error failed(std::uint16_t group, int code) {
  std::string message =
      "cannot read verdicts from NFLOG group " + std::to_string(group) + ": " + std::strerror(code);
  const bool is_forbidden = code == EPERM || code == EACCES;
  if (is_forbidden) message += " (it needs CAP_NET_ADMIN)";
  if (code == EBUSY) message += " (another program reads this group)";
  return {is_forbidden ? ErrorKind::forbidden : ErrorKind::unavailable, "CaptureFailed",
          std::move(message)};
}

std::int64_t time_ns_of(nflog_data* data) {
  timeval tv{};
  if (nflog_get_timestamp(data, &tv) == 0 && tv.tv_sec != 0) {
    return std::int64_t{tv.tv_sec} * 1'000'000'000 + std::int64_t{tv.tv_usec} * 1'000;
  }
  return 0;
}

/// Only the egress hook of a device logs packets from the Ethernet header on.
bool has_ethernet_header(const nfgenmsg& message, nflog_data* data) {
  constexpr std::uint8_t kNetdevEgress = 1;
  const nfulnl_msg_packet_hdr* const header = nflog_get_msg_packet_hdr(data);
  return message.nfgen_family == NFPROTO_NETDEV && header != nullptr &&
         header->hook == kNetdevEgress;
}

std::optional<std::string_view> take_part(std::string_view& text) {
  const std::size_t bar = text.find('|');
  if (bar == std::string_view::npos || bar == 0) return std::nullopt;
  const std::string_view part = text.substr(0, bar);
  text.remove_prefix(bar + 1);
  return part;
}

}  // namespace

std::optional<VerdictPrefix> VerdictPrefix::parse(std::string_view text) {
  VerdictPrefix out;
  const auto interface_id = take_part(text);
  const auto owner_id = interface_id ? take_part(text) : std::nullopt;
  const auto rule = owner_id ? take_part(text) : std::nullopt;
  if (!rule || !interface_id->starts_with("eni-")) return std::nullopt;
  const auto [end, code] = std::from_chars(rule->data(), rule->data() + rule->size(), out.rule);
  if (code != std::errc{} || end != rule->data() + rule->size() || out.rule < 0)
    return std::nullopt;
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text != "in" && text != "out") return std::nullopt;
  out.interface_id = *interface_id;
  out.owner_id = *owner_id;
  out.is_ingress = text == "in";
  return out;
}

struct NflogSource::Impl {
  Result<void> set_up();
  void add(const nfgenmsg& message, nflog_data* data);
  void count_gap(nflog_data* data);
  void count_lost(std::uint64_t n) {
    lost += n;
    counters.lost.add(n);
  }
  void flush(const VerdictSink& sink) {
    sink({verdicts, std::exchange(lost, 0)});
    verdicts.clear();
  }
  /// Reads what is there. Error: the socket failed.
  Result<void> receive();

  Config config;
  std::unique_ptr<nflog_handle, HandleCloser> handle;
  std::unique_ptr<nflog_g_handle, GroupCloser> group;
  std::vector<char> buffer = std::vector<char>(kReceiveBytes);
  std::vector<Verdict> verdicts;
  std::uint64_t lost = 0;
  std::uint32_t next_sequence = 0;  // the kernel begins with 0
  std::uint32_t foretold = 0;       // of the next gap, counted already
  net::FragmentTable fragments;
  NflogCounters counters;
};

Result<void> NflogSource::Impl::set_up() {
  handle.reset(nflog_open());
  if (!handle) return failed(config.group, errno);
  group.reset(nflog_bind_group(handle.get(), config.group));
  if (!group) return failed(config.group, errno);
  if (nflog_set_mode(group.get(), NFULNL_COPY_PACKET, kCopyBytes) < 0 ||
      nflog_set_flags(group.get(), NFULNL_CFG_F_SEQ) < 0 ||
      nflog_set_qthresh(group.get(), kQueueMessages) < 0 ||
      nflog_set_timeout(group.get(), kQueueTimeout) < 0 ||
      nflog_set_nlbufsiz(group.get(), kQueueBytes) < 0) {
    return failed(config.group, errno);
  }
  const int bytes = static_cast<int>(config.buffer_bytes);
  const int fd = nflog_fd(handle.get());
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
  nflog_callback_register(
      group.get(),
      [](nflog_g_handle*, nfgenmsg* message, nflog_data* data, void* self) {
        static_cast<Impl*>(self)->add(*message, data);
        return 0;
      },
      this);
  return {};
}

void NflogSource::Impl::count_gap(nflog_data* data) {
  std::uint32_t sequence = 0;
  if (nflog_get_seq(data, &sequence) != 0) return;
  const std::uint32_t gap = sequence - next_sequence;
  // Messages that were queued before the loss still come first.
  if (gap != 0) count_lost(gap - std::min(gap, std::exchange(foretold, 0)));
  next_sequence = sequence + 1;
}

void NflogSource::Impl::add(const nfgenmsg& message, nflog_data* data) {
  counters.messages.add();
  count_gap(data);
  const char* const text = nflog_get_prefix(data);
  const auto prefix = VerdictPrefix::parse(text == nullptr ? std::string_view() : text);
  if (!prefix) return counters.foreign.add();
  char* payload = nullptr;
  const int length = nflog_get_payload(data, &payload);
  net::Packet packet;
  packet.time_ns = time_ns_of(data);
  const auto link =
      has_ethernet_header(message, data) ? net::LinkType::ethernet : net::LinkType::raw;
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(payload),
                        length > 0 ? static_cast<std::size_t>(length) : 0);
  if (net::parse_frame(link, bytes, bytes.size(), packet) != net::Parsed::packet) {
    return counters.malformed.add();
  }
  fragments.resolve(packet);
  verdicts.push_back({std::string(prefix->interface_id), std::string(prefix->owner_id),
                      prefix->rule, prefix->is_ingress, packet});
}

Result<void> NflogSource::Impl::receive() {
  while (verdicts.size() < kVerdictsMax) {
    const ssize_t length =
        ::recv(nflog_fd(handle.get()), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (length > 0) {
      nflog_handle_packet(handle.get(), buffer.data(), static_cast<int>(length));
      continue;
    }
    if (length == 0 || errno == EAGAIN || errno == EWOULDBLOCK) return {};
    if (errno == EINTR) continue;
    if (errno != ENOBUFS) return failed(config.group, errno);
    // How many is told by the gap that follows; at least it was one.
    if (foretold == 0) count_lost(1);
    foretold = 1;
  }
  return {};
}

NflogSource::NflogSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
NflogSource::~NflogSource() = default;

Result<std::unique_ptr<NflogSource>> NflogSource::open(const Config& config) {
  auto impl = std::make_unique<Impl>();
  impl->config = config;
  WEIR_CHECK(impl->set_up());
  return std::unique_ptr<NflogSource>(new NflogSource(std::move(impl)));
}

Result<void> NflogSource::run(const std::stop_token& stop, const VerdictSink& sink) {
  while (!stop.stop_requested()) {
    pollfd entry{nflog_fd(impl_->handle.get()), POLLIN, 0};
    ::poll(&entry, 1, static_cast<int>(impl_->config.tick.count()));
    WEIR_CHECK(impl_->receive());
    impl_->flush(sink);
  }
  return {};
}

const NflogCounters& NflogSource::counters() const { return impl_->counters; }

}  // namespace weir::capture
