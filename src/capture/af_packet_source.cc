// SPDX-License-Identifier: Apache-2.0
#include "capture/af_packet_source.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <optional>
#include <utility>

#include "base/network_namespace.h"
#include "net/protocol.h"

namespace weir::capture {
namespace {

constexpr unsigned kBlockBytes = 256u << 10;
constexpr unsigned kBlocksMin = 4;
constexpr unsigned kBlocksMax = 4096;
constexpr unsigned kFrameBytes = 2048;    // only a unit of accounting in TPACKET_V3
constexpr unsigned kRetireMs = 50;        // a block that is not full is handed over after that
constexpr unsigned kSnapBytes = 256;      // link, IP and transport headers with options
constexpr int kDrainMs = kRetireMs + 25;  // its timer may be late by some jiffies
constexpr int kNamespaceCheckTicks = 10;

/// What PACKET_VNET_HDR puts before a frame. (linux/virtio_net.h is no C++: it names a member
/// `class`.)
struct SegmentHeader {
  std::uint8_t flags;
  std::uint8_t gso_type;
  std::uint16_t header_length;
  std::uint16_t gso_size;
  std::uint16_t checksum_start;
  std::uint16_t checksum_offset;
};
static_assert(sizeof(SegmentHeader) == 10);
constexpr unsigned kGsoTcpV4 = 1;
constexpr unsigned kGsoTcpV6 = 4;
constexpr unsigned kGsoUdp = 5;
constexpr unsigned kGsoEcn = 0x80;  // a flag besides

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&& other) noexcept {
    reset();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  int get() const { return fd_; }

 private:
  void reset() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd_ = -1;
};

Error cannot_open(const std::string& device, int code) {
  std::string message = "cannot open interface " + device + ": " + std::strerror(code);
  const bool is_forbidden = code == EPERM || code == EACCES;
  if (is_forbidden) message += " (the capture needs CAP_NET_RAW)";
  const bool is_absent = code == ENODEV || code == ENXIO;
  return {is_forbidden ? ErrorKind::forbidden
          : is_absent  ? ErrorKind::not_found
                       : ErrorKind::unavailable,
          "CaptureFailed", std::move(message)};
}

template <class T>
bool set(int fd, int level, int option, const T& value) {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

/// Ethernet headers are read (for VLAN tags inside); on any other device the kernel strips what is
/// there.
bool has_ethernet_header(const std::string& device) {
  const Descriptor fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  device.copy(request.ifr_name, IFNAMSIZ - 1);
  if (fd.get() < 0 || ::ioctl(fd.get(), SIOCGIFHWADDR, &request) != 0) return true;
  const unsigned short type = request.ifr_hwaddr.sa_family;
  return type == ARPHRD_ETHER || type == ARPHRD_LOOPBACK;
}

/// The index of the device in the namespace of the socket, whatever that of the thread is; 0 if
/// there is none.
unsigned index_of(int fd, const std::string& device) {
  ifreq request{};
  device.copy(request.ifr_name, IFNAMSIZ - 1);
  return ::ioctl(fd, SIOCGIFINDEX, &request) == 0 ? static_cast<unsigned>(request.ifr_ifindex) : 0;
}

bool has_index(int fd, unsigned index) {
  ifreq request{};
  request.ifr_ifindex = static_cast<int>(index);
  return ::ioctl(fd, SIOCGIFNAME, &request) == 0;
}

/// Makes the kernel copy only the first bytes of each packet, and, unless they are wanted, none of
/// frames for other stations: they would take room in the ring and count as lost in a full one.
bool limit_copy(int fd, bool other_hosts) {
  const unsigned others = other_hosts ? kSnapBytes : 0;
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(SKF_AD_OFF + SKF_AD_PKTTYPE)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OTHERHOST, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, others),
      BPF_STMT(BPF_RET | BPF_K, kSnapBytes),
  };
  const sock_fprog program{std::size(code), code};
  return set(fd, SOL_SOCKET, SO_ATTACH_FILTER, program);
}

}  // namespace

struct AfPacketSource::Impl {
  ~Impl() {
    if (ring != nullptr) ::munmap(ring, ring_bytes());
  }

  std::size_t ring_bytes() const { return std::size_t{kBlockBytes} * blocks; }
  Result<void> set_up();
  Result<void> bind_to_device();
  tpacket_block_desc& block(unsigned i) const {
    return *reinterpret_cast<tpacket_block_desc*>(ring + std::size_t{kBlockBytes} * i);
  }
  bool read_block(const BatchSink& sink);
  void read_frames(tpacket_block_desc& desc, const BatchSink& sink);
  void read_frame(const tpacket3_hdr& header);
  std::uint64_t read_drops();
  Result<void> wait();
  void drain(const BatchSink& sink);

  std::string device;
  Config config;
  unsigned index = 0;  // of the device
  Descriptor fd;
  std::uint8_t* ring = nullptr;
  unsigned blocks = 0;
  unsigned next = 0;  // block that the kernel hands over next
  std::uint64_t namespace_id = 0;
  int ticks_unchecked = 0;
  bool has_segments = false;  // each frame is preceded by a SegmentHeader
  SourceCounters counters;
  std::optional<FrameParser> parser;
};

Result<void> AfPacketSource::Impl::set_up() {
  index = ::if_nametoindex(device.c_str());
  if (index == 0) return cannot_open(device, errno);
  const bool is_ethernet = has_ethernet_header(device);
  parser.emplace(is_ethernet ? net::LinkType::ethernet : net::LinkType::raw, counters);
  // Protocol 0: nothing arrives before the ring and the filter are in place.
  fd = Descriptor(
      ::socket(AF_PACKET, (is_ethernet ? SOCK_RAW : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) return cannot_open(device, errno);
  const int version = TPACKET_V3;
  if (!set(fd.get(), SOL_PACKET, PACKET_VERSION, version) ||
      !limit_copy(fd.get(), config.other_hosts)) {
    return cannot_open(device, errno);
  }
  // The next three only improve the numbers; old kernels may lack them. With receive time stamps
  // switched on, a packet has the same time here and in its NFLOG verdict.
  const int one = 1;
  const int software = SOF_TIMESTAMPING_SOFTWARE;
  has_segments = is_ethernet && set(fd.get(), SOL_PACKET, PACKET_VNET_HDR, one);
  set(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, one);
  set(fd.get(), SOL_PACKET, PACKET_TIMESTAMP, software);

  blocks = static_cast<unsigned>(
      std::clamp<std::size_t>(config.ring_bytes / kBlockBytes, kBlocksMin, kBlocksMax));
  tpacket_req3 request{};
  request.tp_block_size = kBlockBytes;
  request.tp_block_nr = blocks;
  request.tp_frame_size = kFrameBytes;
  request.tp_frame_nr = kBlockBytes / kFrameBytes * blocks;
  request.tp_retire_blk_tov = kRetireMs;
  if (!set(fd.get(), SOL_PACKET, PACKET_RX_RING, request)) return cannot_open(device, errno);
  void* const memory =
      ::mmap(nullptr, ring_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) return cannot_open(device, errno);
  ring = static_cast<std::uint8_t*>(memory);
  return bind_to_device();
}

Result<void> AfPacketSource::Impl::bind_to_device() {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(index);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return cannot_open(device, errno);
  }
  return {};
}

AfPacketSource::AfPacketSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AfPacketSource::~AfPacketSource() = default;

Result<std::unique_ptr<AfPacketSource>> AfPacketSource::open(const std::string& device,
                                                             const Config& config) {
  auto impl = std::make_unique<Impl>();
  impl->device = device;
  impl->config = config;
  impl->namespace_id = network_namespace_id(config.network_namespace);
  Result<void> done;
  WEIR_CHECK(in_network_namespace(config.network_namespace, [&] { done = impl->set_up(); }));
  WEIR_CHECK(done);
  return std::unique_ptr<AfPacketSource>(new AfPacketSource(std::move(impl)));
}

void AfPacketSource::Impl::read_frame(const tpacket3_hdr& header) {
  const auto* const base = reinterpret_cast<const std::uint8_t*>(&header);
  const auto& link = *reinterpret_cast<const sockaddr_ll*>(base + TPACKET_ALIGN(sizeof header));
  const net::Course course =
      link.sll_pkttype == PACKET_OUTGOING ? net::Course::leaving : net::Course::arriving;
  const std::int64_t time_ns = std::int64_t{header.tp_sec} * 1'000'000'000 + header.tp_nsec;
  net::Packet* const packet =
      parser->add({base + header.tp_mac, header.tp_snaplen}, header.tp_len, time_ns, course);
  if (packet == nullptr) return;
  if ((header.tp_status & TP_STATUS_VLAN_VALID) != 0) {
    packet->vlan = static_cast<std::uint16_t>(header.hv1.tp_vlan_tci & 0x0fff);
  }
  if (!has_segments) return;
  SegmentHeader segments;
  std::memcpy(&segments, base + header.tp_mac - sizeof segments, sizeof segments);
  const unsigned kind = segments.gso_type & ~kGsoEcn;
  const bool is_tcp = kind == kGsoTcpV4 || kind == kGsoTcpV6;
  // Of a tunnel the segments are those of the inner packet, whose headers are not looked at.
  if ((is_tcp && packet->protocol == net::protocol::kTcp) ||
      (kind == kGsoUdp && packet->protocol == net::protocol::kUdp)) {
    net::count_segments(*packet, segments.gso_size);
  }
}

void AfPacketSource::Impl::read_frames(tpacket_block_desc& desc, const BatchSink& sink) {
  const tpacket_hdr_v1& block_header = desc.hdr.bh1;
  const auto* at = reinterpret_cast<const std::uint8_t*>(&desc) + block_header.offset_to_first_pkt;
  for (unsigned i = 0; i < block_header.num_pkts; ++i) {
    const auto& header = *reinterpret_cast<const tpacket3_hdr*>(at);
    read_frame(header);
    if (parser->is_full()) parser->flush(0, sink);
    at += header.tp_next_offset;
  }
}

/// Hands over the next block if the kernel has given it; false if not.
bool AfPacketSource::Impl::read_block(const BatchSink& sink) {
  tpacket_block_desc& desc = block(next);
  const std::atomic_ref<std::uint32_t> status(desc.hdr.bh1.block_status);
  if ((status.load(std::memory_order_acquire) & TP_STATUS_USER) == 0) return false;
  read_frames(desc, sink);
  status.store(TP_STATUS_KERNEL, std::memory_order_release);
  next = (next + 1) % blocks;
  // Also while packets keep coming: a window must not end before it is known what it lacks.
  const std::uint64_t dropped = read_drops();
  if (dropped != 0 || !parser->is_empty()) parser->flush(dropped, sink);
  return true;
}

/// Reading resets the kernel's counters.
std::uint64_t AfPacketSource::Impl::read_drops() {
  tpacket_stats_v3 stats{};
  socklen_t size = sizeof stats;
  if (::getsockopt(fd.get(), SOL_PACKET, PACKET_STATISTICS, &stats, &size) != 0) return 0;
  counters.dropped.add(stats.tp_drops);
  return stats.tp_drops;
}

Result<void> AfPacketSource::Impl::wait() {
  // A socket keeps its namespace alive, and with it a device that for everybody else is gone.
  if (!config.network_namespace.empty() && ++ticks_unchecked >= kNamespaceCheckTicks) {
    ticks_unchecked = 0;
    if (network_namespace_id(config.network_namespace) != namespace_id) {
      return cannot_open(device, ENODEV);
    }
  }
  pollfd entry{fd.get(), POLLIN, 0};
  const int ready = ::poll(&entry, 1, static_cast<int>(config.tick.count()));
  if (ready <= 0 || (entry.revents & (POLLERR | POLLHUP)) == 0) return {};
  int code = 0;
  socklen_t size = sizeof code;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &code, &size);
  // An interface that is only down keeps its index, and the kernel attaches the socket again.
  if (!has_index(fd.get(), index)) return cannot_open(device, ENODEV);
  if (code != 0 && code != ENETDOWN) return cannot_open(device, code);
  return {};
}

void AfPacketSource::Impl::drain(const BatchSink& sink) {
  // At most one round: what comes meanwhile is not of the past.
  for (unsigned i = 0; i < blocks && read_block(sink); ++i) {
  }
  // The kernel parts with the block that it is filling after its time-out, also if the device is
  // gone. (A socket with an error is no help in waiting for that: poll() returns at once.)
  ::poll(nullptr, 0, kDrainMs);
  for (unsigned i = 0; i < blocks && read_block(sink); ++i) {
  }
  parser->flush(read_drops(), sink);
}

void AfPacketSource::drain(const BatchSink& sink) { impl_->drain(sink); }

bool AfPacketSource::is_device(const std::string& name) const {
  return index_of(impl_->fd.get(), name) == impl_->index;
}

Result<void> AfPacketSource::run(const std::stop_token& stop, const BatchSink& sink) {
  while (!stop.stop_requested()) {
    if (impl_->read_block(sink)) continue;
    impl_->parser->flush(impl_->read_drops(), sink);
    if (auto ready = impl_->wait(); !ready) {
      impl_->drain(sink);
      return ready;
    }
  }
  return {};
}

const SourceCounters& AfPacketSource::counters() const { return impl_->counters; }

}  // namespace weir::capture
