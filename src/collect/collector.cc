// SPDX-License-Identifier: Apache-2.0
#include "collect/collector.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include "base/counters.h"
#include "base/guarded.h"
#include "base/log.h"

namespace weir::collect {
namespace {

constexpr std::size_t kDatagramBytesMax = 65536;
constexpr std::size_t kRoundsMax = 16;  // receive calls on one socket before the others have a turn
constexpr int kTickMs = 1000;

class Descriptor {
 public:
  explicit Descriptor(int value = -1) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  int get() const { return value_; }

 private:
  int value_;
};

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int family() const { return storage.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Result<SocketAddress> socket_address(const Collector::Listen& listen) {
  SocketAddress out;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (::inet_pton(AF_INET, listen.address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(listen.port);
    out.size = sizeof *v4;
  } else if (::inet_pton(AF_INET6, listen.address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(listen.port);
    out.size = sizeof *v6;
  } else {
    return Error{ErrorKind::invalid, "InvalidConfiguration",
                 "cannot receive flows on '" + listen.address + "': it is no IP address"};
  }
  return out;
}

Peer peer_of(const sockaddr_storage& from) {
  if (from.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(from);
    return {net::Address::v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(from);
  const std::uint8_t* bytes = v6.sin6_addr.s6_addr;
  constexpr std::size_t kMappedOffset = 12;
  const bool is_mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
  return {is_mapped ? net::Address::v4_from(bytes + kMappedOffset) : net::Address::v6_from(bytes),
          ntohs(v6.sin6_port)};
}

Error bind_error(const Collector::Listen& listen, int reason) {
  std::string message = "cannot receive flows on " + listen.address + " port " +
                        std::to_string(listen.port) + ": " + std::strerror(reason);
  if (reason == EADDRINUSE) message += " (another program listens there; choose another port)";
  if (reason == EACCES) message += " (a port below 1024 needs CAP_NET_BIND_SERVICE)";
  return {ErrorKind::unavailable, "CannotListen", std::move(message)};
}

Result<Descriptor> open_socket(const Collector::Listen& listen, std::size_t buffer_bytes) {
  WEIR_TRY(const SocketAddress address, socket_address(listen));
  Descriptor made(::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (made.get() < 0) return bind_error(listen, errno);
  const int on = 1;
  const int off = 0;
  const int bytes = static_cast<int>(std::min<std::size_t>(buffer_bytes, 1u << 30));
  if (::setsockopt(made.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0 &&
      ::setsockopt(made.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) != 0) {
    return bind_error(listen, errno);
  }
  if (::setsockopt(made.get(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on) != 0) {
    return bind_error(listen, errno);
  }
  if (address.family() == AF_INET6 &&
      ::setsockopt(made.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0) {
    return bind_error(listen, errno);
  }
  if (::bind(made.get(), address.get(), address.size) != 0) return bind_error(listen, errno);
  return made;
}

std::uint16_t port_of(int descriptor) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return 0;
  return peer_of(bound).port;
}

/// Room for one recvmmsg() call.
class Buffers {
 public:
  Buffers() : bytes_(Collector::kDatagramsAtOnce * kDatagramBytesMax) {
    for (std::size_t i = 0; i < Collector::kDatagramsAtOnce; ++i) {
      parts_[i] = {bytes_.data() + i * kDatagramBytesMax, kDatagramBytesMax};
    }
  }
  /// How many datagrams came; 0: none.
  std::size_t receive(int descriptor) {
    for (std::size_t i = 0; i < Collector::kDatagramsAtOnce; ++i) {
      msghdr& header = headers_[i].msg_hdr;
      header = {};
      header.msg_name = &from_[i];
      header.msg_namelen = sizeof from_[i];
      header.msg_iov = &parts_[i];
      header.msg_iovlen = 1;
      header.msg_control = control_[i].data();
      header.msg_controllen = control_[i].size();
    }
    const int count =
        ::recvmmsg(descriptor, headers_.data(), Collector::kDatagramsAtOnce, MSG_DONTWAIT, nullptr);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  Peer peer(std::size_t i) const { return peer_of(from_[i]); }
  Bytes datagram(std::size_t i) const {
    return {bytes_.data() + i * kDatagramBytesMax, headers_[i].msg_len};
  }
  /// Datagrams that this socket has dropped since it exists, as of datagram `i`.
  std::optional<std::uint32_t> drops(std::size_t i) {
    msghdr& header = headers_[i].msg_hdr;
    for (cmsghdr* at = CMSG_FIRSTHDR(&header); at != nullptr; at = CMSG_NXTHDR(&header, at)) {
      if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SO_RXQ_OVFL) continue;
      std::uint32_t count = 0;
      std::memcpy(&count, CMSG_DATA(at), sizeof count);
      return count;
    }
    return std::nullopt;
  }

 private:
  static constexpr std::size_t kControlBytes = 64;
  template <class T>
  using Each = std::array<T, Collector::kDatagramsAtOnce>;

  std::vector<std::uint8_t> bytes_;
  Each<iovec> parts_{};
  Each<mmsghdr> headers_{};
  Each<sockaddr_storage> from_{};
  struct alignas(cmsghdr) Control : std::array<char, kControlBytes> {};
  Each<Control> control_{};
};

struct Published {
  std::uint64_t Exporters::Stats::*member;
  std::string_view name;
  std::string_view help;
};
constexpr Published kPublished[] = {
    {&Exporters::Stats::datagrams, "weir_collect_datagrams_total",
     "Datagrams from flow exporters."},
    {&Exporters::Stats::datagrams_refused, "weir_collect_datagrams_refused_total",
     "Datagrams of senders that are not allowed."},
    {&Exporters::Stats::datagrams_unknown, "weir_collect_datagrams_unknown_total",
     "Datagrams that are neither NetFlow v5, v9, IPFIX nor sFlow v5."},
    {&Exporters::Stats::datagrams_malformed, "weir_collect_datagrams_malformed_total",
     "Datagrams with lengths that cannot be."},
    {&Exporters::Stats::datagrams_unbooked, "weir_collect_datagrams_unbooked_total",
     "Datagrams of senders or domains beyond the number that is kept."},
    {&Exporters::Stats::flows, "weir_collect_flows_total", "Flows that exporters reported."},
    {&Exporters::Stats::not_flows, "weir_collect_records_without_flow_total",
     "Data records without addresses or without traffic."},
    {&Exporters::Stats::templates_refused, "weir_collect_templates_refused_total",
     "Templates beyond the bounds or without content."},
    {&Exporters::Stats::flows_lost, "weir_collect_flows_lost_total",
     "Flows missing in the sequences of NetFlow v5 and IPFIX."},
    {&Exporters::Stats::datagrams_lost, "weir_collect_datagrams_lost_total",
     "Datagrams missing in the sequences of NetFlow v9 and sFlow."},
    {&Exporters::Stats::sets_lost, "weir_collect_sets_lost_total",
     "Sets of flows whose template did not come."},
    {&Exporters::Stats::clocks_corrected, "weir_collect_clocks_corrected_total",
     "Datagrams of exporters whose clock is off by more than an hour."},
};

}  // namespace

struct Collector::Impl {
  Runtime& runtime;
  Exporters exporters;
  std::vector<Descriptor> sockets;
  std::vector<std::uint32_t> drops_seen;  // of each socket
  Descriptor wake;
  std::thread thread;
  Guarded<Status> shown;

  Impl(Runtime& runtime_in, Exporters::Config config, Interfaces::Sink sink,
       Interfaces::OnInterface on_interface)
      : runtime(runtime_in),
        exporters(std::move(config), std::move(sink), std::move(on_interface)),
        wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  void run() {
    Buffers buffers;
    std::vector<pollfd> waits;
    for (const Descriptor& socket : sockets) waits.push_back({socket.get(), POLLIN, 0});
    waits.push_back({wake.get(), POLLIN, 0});
    auto next_tick = runtime.monotonic();
    for (bool is_stopping = false; !is_stopping;) {
      (void)::poll(waits.data(), waits.size(), kTickMs);  // EINTR: as if nothing came
      is_stopping = (waits.back().revents & POLLIN) != 0;
      for (std::size_t i = 0; i < sockets.size(); ++i) {
        if (is_stopping || (waits[i].revents & POLLIN) != 0) drain(i, buffers);
      }
      const auto now = runtime.monotonic();
      if (now >= next_tick || is_stopping) {
        exporters.tick(runtime.now());
        next_tick = now + std::chrono::milliseconds(kTickMs);
      }
      exporters.flush(runtime.now());
      publish();
    }
  }

  void drain(std::size_t index, Buffers& buffers) {
    for (std::size_t round = 0; round < kRoundsMax; ++round) {
      const std::size_t count = buffers.receive(sockets[index].get());
      if (count == 0) return;
      const Time now = runtime.now();
      for (std::size_t i = 0; i < count; ++i) {
        exporters.accept(buffers.peer(i), buffers.datagram(i), now);
      }
      if (const auto drops = buffers.drops(count - 1)) note_drops(index, *drops, now);
      if (count < kDatagramsAtOnce) return;
    }
  }

  void note_drops(std::size_t index, std::uint32_t drops, Time now) {
    static Counter& counted = counter("weir_collect_socket_drops_total",
                                      "Datagrams that the kernel dropped, the buffer being full.");
    const std::uint32_t more = drops - std::exchange(drops_seen[index], drops);
    if (more == 0) return;
    counted.add(more);
    exporters.dropped(more, now);
    shown.lock()->socket_drops += more;
  }

  void publish() {
    static const auto counters = [] {
      std::vector<Counter*> made;
      for (const Published& one : kPublished) made.push_back(&counter(one.name, one.help));
      return made;
    }();
    static Gauge& interfaces =
        gauge("weir_collect_interfaces", "Interfaces of exporters, each a network interface.");
    static Counter& unassigned =
        counter("weir_collect_flows_unassigned_total",
                "Flows that are left out because there are too many interfaces of exporters.");
    auto status = shown.lock();
    for (std::size_t i = 0; i < counters.size(); ++i) {
      const auto member = kPublished[i].member;
      counters[i]->add(exporters.stats().*member - status->exporters.*member);
    }
    status->exporters = exporters.stats();
    unassigned.add(exporters.interfaces().stats().flows_unassigned -
                   status->interfaces.flows_unassigned);
    status->interfaces = exporters.interfaces().stats();
    status->interface_count = exporters.interfaces().size();
    interfaces.set(static_cast<std::int64_t>(status->interface_count));
  }
};

Collector::Collector(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Collector::~Collector() { stop(); }

Result<std::unique_ptr<Collector>> Collector::start(Runtime& runtime, Config config,
                                                    Interfaces::Sink sink,
                                                    Interfaces::OnInterface on_interface) {
  auto impl = std::make_unique<Impl>(runtime, std::move(config.exporters), std::move(sink),
                                     std::move(on_interface));
  if (impl->wake.get() < 0) {
    return Error{ErrorKind::unavailable, "CannotListen",
                 std::string("cannot make an event descriptor: ") + std::strerror(errno)};
  }
  for (const Listen& listen : config.listen) {
    WEIR_TRY(Descriptor made, open_socket(listen, config.socket_buffer_bytes));
    impl->sockets.push_back(std::move(made));
  }
  impl->drops_seen.resize(impl->sockets.size());
  impl->thread = std::thread([raw = impl.get()] { raw->run(); });
  return std::unique_ptr<Collector>(new Collector(std::move(impl)));
}

void Collector::stop() {
  if (!impl_->thread.joinable()) return;
  const std::uint64_t one = 1;
  WEIR_ASSERT(::write(impl_->wake.get(), &one, sizeof one) == sizeof one);
  impl_->thread.join();
}

std::vector<std::uint16_t> Collector::ports() const {
  std::vector<std::uint16_t> ports;
  for (const Descriptor& socket : impl_->sockets) ports.push_back(port_of(socket.get()));
  return ports;
}

Collector::Status Collector::status() const { return *impl_->shown.lock(); }

}  // namespace weir::collect
