// SPDX-License-Identifier: Apache-2.0
#include "vpc/interfaces.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>

#include "net/address.h"

namespace weir::vpc {
namespace {

constexpr std::size_t kMacBytes = 6;

std::string mac_text(const sockaddr_ll& link) {
  const bool is_unset = std::all_of(link.sll_addr, link.sll_addr + kMacBytes,
                                    [](unsigned char byte) { return byte == 0; });
  if (link.sll_halen != kMacBytes || is_unset) return {};
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < kMacBytes; ++i) {
    if (i > 0) text += ':';
    text += kDigits[link.sll_addr[i] >> 4];
    text += kDigits[link.sll_addr[i] & 15];
  }
  return text;
}

/// The bytes of an IPv4 or IPv6 socket address.
std::string_view address_bytes(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    return {reinterpret_cast<const char*>(&v4->sin_addr), sizeof v4->sin_addr};
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
  return {reinterpret_cast<const char*>(&v6->sin6_addr), sizeof v6->sin6_addr};
}

int prefix_length(const ifaddrs& entry) {
  if (entry.ifa_netmask == nullptr) return entry.ifa_addr->sa_family == AF_INET ? 32 : 128;
  // A netmask's family may be unset in the kernel's answer; the address's counts.
  sockaddr_storage mask{};
  const std::size_t size =
      entry.ifa_addr->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  std::memcpy(&mask, entry.ifa_netmask, size);
  mask.ss_family = entry.ifa_addr->sa_family;
  int length = 0;
  for (const char byte : address_bytes(reinterpret_cast<const sockaddr*>(&mask))) {
    length += std::popcount(static_cast<unsigned char>(byte));
  }
  return length;
}

void add(HostInterface& interface, const ifaddrs& entry) {
  if (entry.ifa_addr == nullptr) return;
  const int family = entry.ifa_addr->sa_family;
  if (family == AF_PACKET) {
    interface.mac = mac_text(*reinterpret_cast<const sockaddr_ll*>(entry.ifa_addr));
    return;
  }
  if (family != AF_INET && family != AF_INET6) return;
  const auto bytes = address_bytes(entry.ifa_addr);
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const auto address =
      family == AF_INET ? net::Address::v4_from(data) : net::Address::v6_from(data);
  if (address.is_v6() && address.is_link_local()) return;
  interface.addresses.push_back({address.to_string(), prefix_length(entry)});
}

std::uint64_t fnv1a(std::string_view text, std::uint64_t hash) {
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  return hash;
}

/// The finaliser of SplitMix64: every input bit reaches every output bit.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace

Result<std::vector<HostInterface>> discover_interfaces() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) {
    return Error{ErrorKind::unavailable, "InternalError",
                 std::string("cannot list the network interfaces: ") + std::strerror(errno)};
  }
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> list(first, &::freeifaddrs);

  std::map<std::string, HostInterface> found;
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    // An address label such as eth0:1 is an address of eth0.
    std::string name = entry->ifa_name;
    name.resize(std::min(name.find(':'), name.size()));
    HostInterface& interface = found[name];
    interface.name = name;
    interface.is_up = (entry->ifa_flags & IFF_UP) != 0;
    interface.is_loopback = (entry->ifa_flags & IFF_LOOPBACK) != 0;
    add(interface, *entry);
  }
  std::vector<HostInterface> interfaces;
  for (auto& [name, interface] : found) interfaces.push_back(std::move(interface));
  return interfaces;
}

std::vector<HostInterface> choose_interfaces(std::vector<HostInterface> all,
                                             const std::vector<std::string>& names) {
  const auto is_unwanted = [&](const HostInterface& interface) {
    if (!names.empty()) {
      return std::find(names.begin(), names.end(), interface.name) == names.end();
    }
    return !interface.is_up || interface.is_loopback || interface.addresses.empty();
  };
  std::erase_if(all, is_unwanted);
  return all;
}

std::string read_machine_id() {
  std::ifstream file("/etc/machine-id");
  std::string id;
  std::getline(file, id);
  return id;
}

std::string stable_id(std::string_view prefix, std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  constexpr std::size_t kIdDigits = 17;
  const std::uint64_t words[] = {mixed(fnv1a(text, 0xcbf29ce484222325ULL)),
                                 mixed(fnv1a(text, 0x9e3779b97f4a7c15ULL))};
  std::string id(prefix);
  for (std::size_t i = 0; i < kIdDigits; ++i) {
    id += kDigits[(words[i / 16] >> (4 * (i % 16))) & 15];
  }
  return id;
}

}  // namespace weir::vpc
