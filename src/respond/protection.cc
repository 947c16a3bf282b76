// SPDX-License-Identifier: Apache-2.0
#include "respond/protection.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

namespace weir::respond {

namespace {

constexpr std::size_t kFileBytesMax = 1u << 20;

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kFileBytesMax, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  return {std::istream_iterator<std::string>(in), {}};
}

std::optional<std::uint32_t> parse_hex(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

// Iface Destination Gateway Flags ...: numbers as the bytes lie in memory, so network order read as
// a little-endian number (x86, ARM).
std::vector<net::Address> parse_routes_v4(const std::string& text) {
  std::vector<net::Address> gateways;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto words = words_of(line);
    if (words.size() < 8 || words[1] != "00000000" || words[7] != "00000000") continue;
    const auto gateway = parse_hex(words[2]);
    if (!gateway || *gateway == 0) continue;
    gateways.push_back(net::Address::v4(__builtin_bswap32(*gateway)));
  }
  return gateways;
}

// destination prefix-length source prefix-length next-hop ...: 32 hexadecimal digits each.
std::vector<net::Address> parse_routes_v6(const std::string& text) {
  std::vector<net::Address> gateways;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto words = words_of(line);
    if (words.size() < 10 || words[1] != "00" || words[4].size() != 32) continue;
    if (words[0] != std::string(32, '0')) continue;
    std::array<std::uint8_t, 16> bytes{};
    bool is_hex = true;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const auto byte = parse_hex(std::string_view(words[4]).substr(2 * i, 2));
      is_hex = is_hex && byte;
      bytes[i] = static_cast<std::uint8_t>(byte.value_or(0));
    }
    const net::Address gateway = net::Address::v6_from(bytes.data());
    if (is_hex && gateway != net::Address::v6(0, 0)) gateways.push_back(gateway);
  }
  return gateways;
}

std::vector<net::Address> parse_name_servers(const std::string& text) {
  std::vector<net::Address> servers;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto words = words_of(line);
    if (words.size() < 2 || words[0] != "nameserver") continue;
    if (const auto address = net::Address::parse(words[1].substr(0, words[1].find('%')))) {
      servers.push_back(*address);
    }
  }
  return servers;
}

std::vector<net::Address> host_lifelines(const std::string& proc_net,
                                         const std::string& resolv_conf) {
  std::vector<net::Address> all = parse_routes_v4(read_file(proc_net + "/route"));
  for (const auto& more : {parse_routes_v6(read_file(proc_net + "/ipv6_route")),
                           parse_name_servers(read_file(resolv_conf))}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

bool is_never_blocked(const net::Address& address) {
  return !address.is_set() || address.is_loopback() || address.is_link_local() ||
         address.is_multicast() || address.is_broadcast() || address == net::Address::v4(0) ||
         address == net::Address::v6(0, 0);
}

}  // namespace weir::respond
