// SPDX-License-Identifier: Apache-2.0
#include "client/address_guard.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace weir::client {

namespace {

// IANA IPv4 and IPv6 special-purpose address registries: what is not globally reachable.
constexpr std::string_view kReserved[] = {
    "0.0.0.0/8",     "10.0.0.0/8",   "100.64.0.0/10",  "127.0.0.0/8",   "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4",
    "240.0.0.0/4",   "::/128",       "::1/128",        "fc00::/7",      "fe80::/10",
    "fec0::/10",     "ff00::/8",
};

std::optional<std::array<std::uint8_t, 4>> parse_v4(const std::string& text) {
  std::array<std::uint8_t, 4> bytes{};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) != 1) return std::nullopt;
  return bytes;
}

std::optional<std::array<std::uint8_t, 16>> parse_v6(const std::string& text) {
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return std::nullopt;
  return bytes;
}

// The IPv4 address that an IPv6 address stands for; empty if it stands for itself.
std::span<const std::uint8_t> carried_v4(std::span<const std::uint8_t> address) {
  const auto starts_with = [&](std::initializer_list<std::uint8_t> bytes) {
    return std::equal(bytes.begin(), bytes.end(), address.begin());
  };
  if (starts_with({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}) ||
      starts_with({0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) {
    return address.subspan(12, 4);
  }
  if (starts_with({0x20, 0x02})) return address.subspan(2, 4);
  return {};
}

std::string host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  std::string_view rest = url.substr(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  rest = rest.substr(rest.rfind('@') + 1);  // npos + 1 is 0
  if (rest.starts_with('[')) return std::string(rest.substr(1, rest.find(']') - 1));
  std::string host(rest.substr(0, rest.find(':')));
  std::ranges::transform(host, host.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  while (host.ends_with('.')) host.pop_back();
  return host;
}

}  // namespace

bool AddressGuard::Block::contains(std::span<const std::uint8_t> address) const {
  if (address.size() != size) return false;
  const std::size_t whole = prefix_bits / 8;
  if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  address.begin())) {
    return false;
  }
  if (prefix_bits % 8 == 0) return true;
  const unsigned mask = 0xffu << (8 - prefix_bits % 8) & 0xffu;
  return ((bytes[whole] ^ address[whole]) & mask) == 0;
}

Result<AddressGuard::Block> AddressGuard::parse(std::string_view text) {
  const Error bad{ErrorKind::invalid, "InvalidBlock",
                  "'" + std::string(text) + "' is not a CIDR block such as 10.0.0.0/8"};
  const auto slash = text.find('/');
  const std::string address(text.substr(0, slash));
  Block block;
  if (const auto v4 = parse_v4(address)) {
    std::ranges::copy(*v4, block.bytes.begin());
  } else if (const auto v6 = parse_v6(address)) {
    block.bytes = *v6;
    block.size = 16;
  } else {
    return bad;
  }
  block.prefix_bits = static_cast<unsigned>(block.size * 8);
  if (slash == std::string_view::npos) return block;
  const std::string_view bits = text.substr(slash + 1);
  unsigned given = 0;
  const auto [stop, error] = std::from_chars(bits.data(), bits.data() + bits.size(), given);
  if (error != std::errc() || stop != bits.data() + bits.size() || given > block.prefix_bits) {
    return bad;
  }
  block.prefix_bits = given;
  return block;
}

Result<AddressGuard> AddressGuard::make(const std::vector<std::string>& blocks) {
  AddressGuard guard;
  for (const std::string_view text : kReserved) {
    WEIR_TRY(const Block block, parse(text));
    guard.reserved_.push_back(block);
  }
  for (const std::string& text : blocks) {
    if (text == "*") {
      guard.allows_all_ = true;
      continue;
    }
    WEIR_TRY(const Block block, parse(text));
    guard.allowed_.push_back(block);
  }
  return guard;
}

bool AddressGuard::allows(std::span<const std::uint8_t> address) const {
  if (allows_all_) return true;
  const auto has = [&](const std::vector<Block>& blocks) {
    return std::ranges::any_of(blocks, [&](const Block& b) { return b.contains(address); });
  };
  if (has(allowed_)) return true;
  if (address.size() == 16) {
    if (const auto carried = carried_v4(address); !carried.empty()) return allows(carried);
  }
  return !has(reserved_);
}

bool AddressGuard::may_allow_host_of(std::string_view url) const {
  const std::string host = host_of(url);
  if (const auto v4 = parse_v4(host)) return allows(*v4);
  if (const auto v6 = parse_v6(host)) return allows(*v6);
  if (host != "localhost" && !host.ends_with(".localhost")) return true;
  return allows(*parse_v4("127.0.0.1")) || allows(*parse_v6("::1"));
}

}  // namespace weir::client
