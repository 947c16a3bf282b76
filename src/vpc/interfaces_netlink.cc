// SPDX-License-Identifier: Apache-2.0
#include "vpc/interfaces_netlink.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "net/address.h"

namespace weir::vpc {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kMacBytes = 6;
constexpr std::size_t kAnswerBytes = 64u << 10;  // of one datagram; the kernel makes them smaller
constexpr int kDatagramsMax = 100'000;           // of one answer
constexpr int kAnswerTimeoutS = 5;
constexpr int kErrnoMax = 4095;
constexpr unsigned short kPermanentAddress = 54;  // IFLA_PERM_ADDRESS, Linux 5.6
constexpr std::size_t align(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

template <class T>
std::optional<T> read(Bytes bytes) {
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

/// Calls `visit(type, payload)` for each attribute.
template <class Visit>
void for_each_attribute(Bytes bytes, const Visit& visit) {
  while (const auto header = read<rtattr>(bytes)) {
    if (header->rta_len < sizeof(rtattr) || header->rta_len > bytes.size()) return;
    const auto type = static_cast<unsigned short>(header->rta_type & NLA_TYPE_MASK);
    visit(type, bytes.subspan(sizeof(rtattr), header->rta_len - sizeof(rtattr)));
    bytes = bytes.subspan(std::min(bytes.size(), align(header->rta_len)));
  }
}

std::string text_of(Bytes bytes) {
  std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  text.resize(std::min(text.find('\0'), text.size()));
  return text;
}

std::string mac_text(Bytes bytes) {
  const bool is_unset =
      std::all_of(bytes.begin(), bytes.end(), [](auto byte) { return byte == 0; });
  if (bytes.size() != kMacBytes || is_unset) return {};
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    if (!text.empty()) text += ':';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::optional<net::Address> address_of(int family, Bytes bytes) {
  if (family == AF_INET && bytes.size() == 4) return net::Address::v4_from(bytes.data());
  if (family == AF_INET6 && bytes.size() == 16) return net::Address::v6_from(bytes.data());
  return std::nullopt;
}

/// What carries packets of one network through another one. PPP is left out: it is how many hosts
/// are connected to the Internet.
bool is_tunnel_type(unsigned short hardware, std::string_view kind) {
  static constexpr std::string_view kKinds[] = {
      "gre", "gretap", "ip6gre", "ip6gretap", "ipip",      "sit",       "ip6tnl",
      "vti", "vti6",   "xfrm",   "erspan",    "ip6erspan", "wireguard", "ovpn"};
  if (std::find(std::begin(kKinds), std::end(kKinds), kind) != std::end(kKinds)) return true;
  return hardware == ARPHRD_TUNNEL || hardware == ARPHRD_TUNNEL6 || hardware == ARPHRD_SIT ||
         hardware == ARPHRD_IPGRE || (kind == "tun" && hardware == ARPHRD_NONE);
}

struct LinkInfo {
  std::string kind;
  int vlan = 0;
};

LinkInfo link_info(Bytes bytes) {
  LinkInfo info;
  Bytes data;
  for_each_attribute(bytes, [&](unsigned short type, Bytes payload) {
    if (type == IFLA_INFO_KIND) info.kind = text_of(payload);
    if (type == IFLA_INFO_DATA) data = payload;
  });
  if (info.kind != "vlan") return info;
  for_each_attribute(data, [&](unsigned short type, Bytes payload) {
    if (type != IFLA_VLAN_ID) return;
    if (const auto id = read<std::uint16_t>(payload)) info.vlan = *id;
  });
  return info;
}

void take_link(Bytes bytes, NetlinkTables& tables) {
  const auto header = read<ifinfomsg>(bytes);
  // A message of the bridge's family is about a port and has less in it.
  if (!header || header->ifi_family != AF_UNSPEC) return;
  const auto index = static_cast<unsigned>(header->ifi_index);
  if (tables.devices.size() >= kNetlinkDevicesMax) return;
  NetlinkDevice device;
  HostInterface& interface = device.interface;
  interface.is_up = (header->ifi_flags & IFF_UP) != 0;
  interface.is_loopback = (header->ifi_flags & IFF_LOOPBACK) != 0;
  LinkInfo info;
  for_each_attribute(bytes.subspan(align(sizeof(ifinfomsg))),
                     [&](unsigned short type, Bytes payload) {
                       if (type == IFLA_IFNAME) interface.name = text_of(payload);
                       if (type == IFLA_ADDRESS) interface.mac = mac_text(payload);
                       if (type == kPermanentAddress) interface.permanent_mac = mac_text(payload);
                       if (type == IFLA_LINKINFO) info = link_info(payload);
                       const auto number = read<std::uint32_t>(payload);
                       if (type == IFLA_LINK && number) device.trunk_index = *number;
                       if (type == IFLA_MASTER && number) device.master_index = *number;
                     });
  if (interface.name.empty()) return;
  interface.is_tunnel = is_tunnel_type(header->ifi_type, info.kind);
  interface.vlan = info.vlan;
  if (info.vlan == 0) device.trunk_index = 0;  // then IFLA_LINK is a veth's other end and so on
  tables.devices.insert_or_assign(index, std::move(device));
}

void take_address(Bytes bytes, NetlinkTables& tables) {
  const auto header = read<ifaddrmsg>(bytes);
  if (!header) return;
  const auto device = tables.devices.find(header->ifa_index);
  if (device == tables.devices.end()) return;
  // Of a point-to-point device IFA_ADDRESS is the other end's.
  std::optional<net::Address> local;
  std::optional<net::Address> address;
  for_each_attribute(bytes.subspan(align(sizeof(ifaddrmsg))),
                     [&](unsigned short type, Bytes payload) {
                       if (type == IFA_LOCAL) local = address_of(header->ifa_family, payload);
                       if (type == IFA_ADDRESS) address = address_of(header->ifa_family, payload);
                     });
  if (!local) local = address;
  if (!local || (local->is_v6() && local->is_link_local())) return;
  device->second.interface.addresses.push_back({local->to_string(), header->ifa_prefixlen});
}

void take_neighbour(Bytes bytes, NetlinkTables& tables) {
  const auto header = read<ndmsg>(bytes);
  if (!header || tables.neighbours.size() >= kNetlinkNeighboursMax) return;
  constexpr unsigned kUseless = NUD_INCOMPLETE | NUD_FAILED | NUD_NOARP;
  const bool is_bridge = header->ndm_family == AF_BRIDGE;
  // A permanent entry of a bridge is the port's own address, not that of who is behind it.
  if ((header->ndm_state & (is_bridge ? unsigned{NUD_PERMANENT} : kUseless)) != 0) return;
  NetlinkNeighbour neighbour;
  neighbour.device_index = static_cast<unsigned>(header->ndm_ifindex);
  std::optional<net::Address> address;
  for_each_attribute(bytes.subspan(align(sizeof(ndmsg))), [&](unsigned short type, Bytes payload) {
    if (type == NDA_LLADDR) neighbour.mac = mac_text(payload);
    if (type == NDA_DST && !is_bridge) address = address_of(header->ndm_family, payload);
  });
  if (neighbour.mac.empty() || (!is_bridge && !address)) return;
  if (address && (address->is_link_local() || address->is_multicast())) return;
  if (address) neighbour.address = address->to_string();
  tables.neighbours.push_back(std::move(neighbour));
}

void take_route(Bytes bytes, NetlinkTables& tables) {
  if (!read<rtmsg>(bytes)) return;
  for_each_attribute(bytes.subspan(align(sizeof(rtmsg))), [&](unsigned short type, Bytes payload) {
    const auto number = read<std::uint32_t>(payload);
    if (type == RTA_OIF && number) tables.default_route_index = *number;
  });
}

/// A routing socket that asks and reads the whole answer.
class Asker {
 public:
  Asker() : fd_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {
    const timeval timeout{kAnswerTimeoutS, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  }
  ~Asker() {
    if (fd_ >= 0) ::close(fd_);
  }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  /// Everything of the type. An answer that a change has interrupted is as good as any: the change
  /// is told as an event.
  template <class Header>
  int dump(unsigned short type, const Header& header, NetlinkTables& tables) {
    return ask(type, NLM_F_DUMP, {reinterpret_cast<const std::uint8_t*>(&header), sizeof header},
               tables);
  }
  int ask(unsigned short type, unsigned short flags, Bytes body, NetlinkTables& tables) {
    std::array<std::uint8_t, 256> request{};
    nlmsghdr header{};
    header.nlmsg_len = static_cast<std::uint32_t>(NLMSG_HDRLEN + body.size());
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<unsigned short>(NLM_F_REQUEST | flags);
    std::memcpy(request.data(), &header, sizeof header);
    std::memcpy(request.data() + NLMSG_HDRLEN, body.data(), body.size());
    if (::send(fd_, request.data(), header.nlmsg_len, 0) < 0) return errno;
    const bool is_dump = (flags & NLM_F_DUMP) != 0;
    tables.is_done = false;
    tables.error = 0;
    for (int i = 0; i < kDatagramsMax; ++i) {
      const ssize_t size = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return errno;
      take_messages({buffer_.data(), static_cast<std::size_t>(size)}, tables);
      if (tables.error != 0) return tables.error;
      if (tables.is_done || !is_dump) return 0;
    }
    return EMSGSIZE;
  }

 private:
  int fd_;
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(kAnswerBytes);
};

/// The device of the route to an address that nobody has (documentation, RFC 5737 and 3849). Asked
/// for one address: a router's whole table may have a million entries.
template <std::size_t N>
void ask_default_route(Asker& asker, unsigned char family, const std::uint8_t (&address)[N],
                       NetlinkTables& tables) {
  std::array<std::uint8_t, sizeof(rtmsg) + sizeof(rtattr) + N> body{};
  rtmsg route{};
  route.rtm_family = family;
  route.rtm_dst_len = N * 8;
  const rtattr attribute{static_cast<unsigned short>(sizeof(rtattr) + N), RTA_DST};
  std::memcpy(body.data(), &route, sizeof route);
  std::memcpy(body.data() + sizeof route, &attribute, sizeof attribute);
  std::memcpy(body.data() + sizeof route + sizeof attribute, address, N);
  asker.ask(RTM_GETROUTE, 0, body, tables);  // unreachable: there is no default route
}

}  // namespace

void take_messages(std::span<const std::uint8_t> bytes, NetlinkTables& tables) {
  while (const auto header = read<nlmsghdr>(bytes)) {
    if (header->nlmsg_len < NLMSG_HDRLEN || header->nlmsg_len > bytes.size()) return;
    const Bytes body = bytes.subspan(NLMSG_HDRLEN, header->nlmsg_len - NLMSG_HDRLEN);
    switch (header->nlmsg_type) {
      case NLMSG_DONE:
        tables.is_done = true;
        break;
      case NLMSG_ERROR:
        if (const auto error = read<nlmsgerr>(body))
          tables.error = -std::clamp(error->error, -kErrnoMax, 0);
        break;
      case RTM_NEWLINK:
        take_link(body, tables);
        break;
      case RTM_NEWADDR:
        take_address(body, tables);
        break;
      case RTM_NEWNEIGH:
        take_neighbour(body, tables);
        break;
      case RTM_NEWROUTE:
        take_route(body, tables);
        break;
      default:
        break;
    }
    bytes = bytes.subspan(std::min(bytes.size(), align(header->nlmsg_len)));
  }
}

Result<NetlinkTables> read_netlink_tables() {
  NetlinkTables tables;
  Asker asker;
  int code = asker.dump(RTM_GETLINK, ifinfomsg{}, tables);
  if (code == 0) code = asker.dump(RTM_GETADDR, ifaddrmsg{}, tables);
  if (code != 0) {
    return Error{ErrorKind::unavailable, "InternalError",
                 std::string("cannot list the network interfaces: ") + std::strerror(code)};
  }
  // Without these the list is still right: addresses of guests and the default route are extras.
  asker.dump(RTM_GETNEIGH, ndmsg{}, tables);
  ndmsg bridge{};
  bridge.ndm_family = AF_BRIDGE;
  asker.dump(RTM_GETNEIGH, bridge, tables);
  static constexpr std::uint8_t kV6[16] = {0x20, 0x01, 0x0d, 0xb8};
  static constexpr std::uint8_t kV4[4] = {203, 0, 113, 1};
  ask_default_route(asker, AF_INET6, kV6, tables);
  ask_default_route(asker, AF_INET, kV4, tables);
  return tables;
}

}  // namespace weir::vpc
