// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <span>
#include <string>
#include <thread>
#include <vector>

/// For live tests: a network namespace of the test's own with a pair of interfaces.
namespace weir::capture::test {

/// Runs `body` on a thread in a new network namespace that holds the connected devices `near`
/// (10.9.0.1/24) and `far`. Returns why it could not, "" if it ran. The namespace goes with its
/// last thread.
inline std::string in_namespace(const std::function<void()>& body) {
  std::string reason;
  std::thread([&] {
    if (::geteuid() != 0) {
      reason = "needs root for a network namespace";
    } else if (::unshare(CLONE_NEWNET) != 0) {
      reason = "this machine allows no network namespaces";
    } else if (std::system("ip link add near type veth peer name far 2>/dev/null && "
                           "ip link set lo up && ip link set near up && ip link set far up && "
                           "ip addr add 10.9.0.1/24 dev near && "
                           "ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev near") != 0) {
      reason = "cannot make a veth pair with ip";
    } else {
      body();
    }
  }).join();
  return reason;
}

/// Takes all capabilities from the calling thread.
inline void drop_rights() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> none{};
  ::syscall(SYS_capset, &header, none.data());
}

inline std::array<std::uint8_t, 6> hardware_address(const char* device) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  ifreq request{};
  std::string(device).copy(request.ifr_name, IFNAMSIZ - 1);
  ::ioctl(fd, SIOCGIFHWADDR, &request);
  ::close(fd);
  std::array<std::uint8_t, 6> out;
  std::copy_n(reinterpret_cast<const std::uint8_t*>(request.ifr_hwaddr.sa_data), 6, out.begin());
  return out;
}

/// A frame to `near` with an IPv4 datagram 10.9.0.2 -> 10.9.0.1.
inline std::vector<std::uint8_t> frame(std::uint8_t protocol, std::uint16_t from_port,
                                       std::uint16_t to_port, std::size_t payload = 0) {
  std::vector<std::uint8_t> out;
  const auto to = hardware_address("near");
  out.insert(out.end(), to.begin(), to.end());
  out.insert(out.end(), {2, 0, 0, 0, 0, 2, 8, 0});
  const std::size_t header = protocol == 6 ? 20 : 8;
  const std::size_t total = 20 + header + payload;
  const auto high = [](std::size_t n) { return static_cast<std::uint8_t>(n >> 8); };
  const auto low = [](std::size_t n) { return static_cast<std::uint8_t>(n); };
  std::vector<std::uint8_t> ip = {0x45, 0, high(total), low(total), 0, 1, 0x40, 0, 64, protocol,
                                  0,    0, 10,          9,          0, 2, 10,   9, 0,  1};
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < ip.size(); i += 2)
    sum += static_cast<std::uint32_t>(ip[i] << 8 | ip[i + 1]);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  ip[10] = high(~sum & 0xffff);
  ip[11] = low(~sum & 0xffff);
  out.insert(out.end(), ip.begin(), ip.end());
  out.insert(out.end(), {high(from_port), low(from_port), high(to_port), low(to_port)});
  if (protocol == 6) {
    out.insert(out.end(), {0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0});
  } else {
    out.insert(out.end(), {high(header + payload), low(header + payload), 0, 0});
  }
  out.resize(out.size() + payload);
  return out;
}

/// Sends a frame, as it is, out of `device` so many times; false if one did not go.
inline bool send_frame(const char* device, const std::vector<std::uint8_t>& bytes,
                       std::size_t times = 1) {
  const int fd = ::socket(AF_PACKET, SOCK_RAW, 0);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(::if_nametoindex(device));
  address.sll_halen = 6;
  bool all = true;
  for (std::size_t i = 0; i < times; ++i) {
    const auto sent = ::sendto(fd, bytes.data(), bytes.size(), 0,
                               reinterpret_cast<const sockaddr*>(&address), sizeof address);
    all = all && sent == static_cast<ssize_t>(bytes.size());
  }
  ::close(fd);
  return all;
}

/// Sends a UDP datagram through the whole stack; false if it was refused.
inline bool send_datagram(const char* to, std::uint16_t port, std::size_t bytes) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, to, &address.sin_addr);
  const std::vector<char> payload(bytes);
  const auto sent = ::sendto(fd, payload.data(), payload.size(), 0,
                             reinterpret_cast<const sockaddr*>(&address), sizeof address);
  ::close(fd);
  return sent == static_cast<ssize_t>(bytes);
}

/// Loads nftables rules; false if nft is missing or refuses them.
inline bool load_rules(const std::string& rules) {
  return std::system(("printf '%s' '" + rules + "' | nft -f - 2>/dev/null").c_str()) == 0;
}

}  // namespace weir::capture::test
