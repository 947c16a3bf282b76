// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::client {

/// Which addresses may be connected to when somebody else chose the URL. Loopback, private,
/// link-local, shared and otherwise reserved addresses (IANA special-purpose registries) are
/// refused unless a block of the configuration allows them; so are IPv6 addresses that carry such
/// an IPv4 address (mapped, NAT64, 6to4).
///
/// Immutable; may be used from many threads at a time.
class AddressGuard {
 public:
  /// Allows `blocks` besides what is public: CIDR blocks, or `*` for everything. Error: kind
  /// invalid, names the block.
  static Result<AddressGuard> make(const std::vector<std::string>& blocks);

  /// `address`: 4 or 16 bytes in network order.
  bool allows(std::span<const std::uint8_t> address) const;
  /// What can be said of the host of an http(s) URL without a resolver: literal addresses, and the
  /// names that always mean this host. Others may still turn out to have an address that is
  /// refused.
  bool may_allow_host_of(std::string_view url) const;

 private:
  struct Block {
    std::array<std::uint8_t, 16> bytes{};  // IPv4 in the first four
    std::size_t size = 4;
    unsigned prefix_bits = 0;
    bool contains(std::span<const std::uint8_t> address) const;
  };
  static Result<Block> parse(std::string_view text);

  std::vector<Block> reserved_;
  std::vector<Block> allowed_;
  bool allows_all_ = false;
};

}  // namespace weir::client
