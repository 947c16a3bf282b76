// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::net {

enum class Family : std::uint8_t { none, v4, v6 };

/// An IPv4 or IPv6 address, or none (the default). Ordered: none, then IPv4, then IPv6, each by
/// value.
class Address {
 public:
  /// Longest text: eight groups of four digits and seven colons.
  static constexpr std::size_t kTextMax = 39;

  constexpr Address() = default;
  static constexpr Address v4(std::uint32_t value) { return Address(Family::v4, 0, value); }
  static constexpr Address v6(std::uint64_t high, std::uint64_t low) {
    return Address(Family::v6, high, low);
  }
  /// From 4 or 16 bytes in network order; the caller has checked that they are there.
  static Address v4_from(const std::uint8_t* bytes);
  static Address v6_from(const std::uint8_t* bytes);

  /// Strict text: four decimal numbers without leading zeros, or RFC 4291 (also with an embedded
  /// IPv4 address). No zone, no brackets, no blanks.
  static std::optional<Address> parse(std::string_view text);

  constexpr bool is_set() const { return family_ != Family::none; }
  constexpr bool is_v4() const { return family_ == Family::v4; }
  constexpr bool is_v6() const { return family_ == Family::v6; }
  constexpr Family family() const { return family_; }
  /// 32 or 128; 0 for none.
  constexpr unsigned bits() const { return is_v4() ? 32 : is_v6() ? 128 : 0; }
  constexpr std::uint32_t v4_value() const { return static_cast<std::uint32_t>(low_); }
  constexpr std::uint64_t high() const { return high_; }
  constexpr std::uint64_t low() const { return low_; }

  /// 224.0.0.0/4, ff00::/8.
  bool is_multicast() const;
  /// 255.255.255.255.
  bool is_broadcast() const { return is_v4() && low_ == 0xffffffffU; }
  /// 127.0.0.0/8, ::1.
  bool is_loopback() const;
  /// 169.254.0.0/16, fe80::/10.
  bool is_link_local() const;
  /// Not routed on the internet: RFC 1918, RFC 6598 (100.64.0.0/10), fc00::/7, loopback,
  /// link-local.
  bool is_private() const;

  /// RFC 5952 for IPv6; `-` for none.
  std::string to_string() const;
  void append_to(std::string& out) const;
  /// Writes the text without a terminator and returns its end. Needs room for kWriteMax characters.
  static constexpr std::size_t kWriteMax = 48;
  char* write(char* out) const;

  constexpr auto operator<=>(const Address&) const = default;

 private:
  constexpr Address(Family family, std::uint64_t high, std::uint64_t low)
      : family_(family), high_(high), low_(low) {}

  Family family_ = Family::none;
  std::uint64_t high_ = 0;
  std::uint64_t low_ = 0;  // IPv4: the address in the low 32 bits
};

/// A CIDR block. `address()` may have host bits set (`10.0.0.5/24`, as people write it);
/// `canonical()` clears them.
class Prefix {
 public:
  constexpr Prefix() = default;
  /// `length` is cut to the address's number of bits.
  Prefix(Address address, unsigned length);
  /// The single address as /32 or /128.
  static Prefix host(Address address) { return Prefix(address, address.bits()); }
  /// `10.0.0.0/8`, `2001:db8::/32`. The length is required. Error: kind invalid, names the text.
  static Result<Prefix> parse(std::string_view text);

  const Address& address() const { return address_; }
  unsigned length() const { return length_; }
  Family family() const { return address_.family(); }
  bool is_v4() const { return address_.is_v4(); }
  bool is_v6() const { return address_.is_v6(); }

  Prefix canonical() const { return Prefix(first(), length_); }
  bool is_canonical() const { return first() == address_; }
  /// The network address and the last address (the broadcast address of an IPv4 subnet).
  Address first() const;
  Address last() const;
  /// False if the families differ.
  bool contains(const Address& address) const;
  bool contains(const Prefix& other) const;
  bool overlaps(const Prefix& other) const { return contains(other) || other.contains(*this); }

  std::string to_string() const;

  constexpr auto operator<=>(const Prefix&) const = default;

 private:
  Address address_;
  std::uint8_t length_ = 0;
};

/// `address` + `n`, staying inside its family (wraps around).
Address offset(const Address& address, std::uint64_t n);

/// 64 bits well mixed; `seed` keeps an attacker from choosing colliding addresses.
std::uint64_t hash(const Address& address, std::uint64_t seed = 0);

}  // namespace weir::net

template <>
struct std::hash<weir::net::Address> {
  std::size_t operator()(const weir::net::Address& address) const noexcept {
    return weir::net::hash(address);
  }
};
