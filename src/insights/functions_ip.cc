// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "insights/functions.h"
#include "net/address.h"

namespace weir::insights {
namespace {

using Arguments = std::span<const Value>;
using net::Address;
using net::Prefix;

std::optional<Address> address_of(const Value& value) {
  return value.kind == Value::Kind::text ? Address::parse(value.text) : std::nullopt;
}

bool is_in(const Address& address, std::span<const Prefix> prefixes) {
  for (const Prefix& prefix : prefixes) {
    if (prefix.contains(address)) return true;
  }
  return false;
}

template <std::size_t n>
std::array<Prefix, n> prefixes(const std::array<const char*, n>& texts) {
  std::array<Prefix, n> out;
  for (std::size_t i = 0; i < n; ++i) out[i] = Prefix::parse(texts[i]).operator*();
  return out;
}

bool is_private(const Address& address) {
  static const auto kPrivate =
      prefixes<4>({"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"});
  return is_in(address, kPrivate);
}

/// The special-purpose registries of IANA (RFC 6890 and its updates), without the private ones.
bool is_reserved(const Address& address) {
  static const auto kReserved =
      prefixes<18>({"0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24",
                    "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
                    "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "::/127", "64:ff9b:1::/48",
                    "100::/64", "2001:db8::/32", "fe80::/10", "ff00::/8"});
  return is_in(address, kReserved);
}

Value is_valid(Arguments a, const CallContext&) {
  return Value::of_bool(address_of(a[0]).has_value());
}
Value is_valid_v4(Arguments a, const CallContext&) {
  const auto address = address_of(a[0]);
  return Value::of_bool(address && address->is_v4());
}
Value is_valid_v6(Arguments a, const CallContext&) {
  const auto address = address_of(a[0]);
  return Value::of_bool(address && address->is_v6());
}

enum class Kinds : std::uint8_t { any, v4, v6 };

template <Kinds kinds>
Value in_subnet(Arguments a, const CallContext&) {
  const auto address = address_of(a[0]);
  if (!address || a[1].kind != Value::Kind::text) return Value::of_bool(false);
  const auto prefix = Prefix::parse(a[1].text);
  if (!prefix || (kinds == Kinds::v4 && !prefix->is_v4()) ||
      (kinds == Kinds::v6 && !prefix->is_v6())) {
    return Value::of_bool(false);
  }
  return Value::of_bool(prefix->contains(*address));
}

Value to_number(Arguments a, const CallContext&) {
  const auto address = address_of(a[0]);
  return address && address->is_v4() ? Value::of(std::int64_t{address->v4_value()}) : Value();
}

Value private_ip(Arguments a, const CallContext&) {
  const auto address = address_of(a[0]);
  return Value::of_bool(address && is_private(*address));
}
Value reserved_ip(Arguments a, const CallContext&) {
  const auto address = address_of(a[0]);
  return Value::of_bool(address && is_reserved(*address));
}
Value public_ip(Arguments a, const CallContext&) {
  const auto address = address_of(a[0]);
  return Value::of_bool(address && !is_private(*address) && !is_reserved(*address));
}

const Function kFunctions[] = {
    {"isValidIp", 1, 1, is_valid},
    {"isValidIpV4", 1, 1, is_valid_v4},
    {"isValidIpV6", 1, 1, is_valid_v6},
    {"isIpInSubnet", 2, 2, in_subnet<Kinds::any>, {Argument::any, Argument::subnet}},
    {"isIpv4InSubnet", 2, 2, in_subnet<Kinds::v4>, {Argument::any, Argument::subnet}},
    {"isIpv6InSubnet", 2, 2, in_subnet<Kinds::v6>, {Argument::any, Argument::subnet}},
    {"ipv4ToNumber", 1, 1, to_number},
    {"isPrivateIP", 1, 1, private_ip},
    {"isPublicIP", 1, 1, public_ip},
    {"isReservedIP", 1, 1, reserved_ip},
};

}  // namespace

std::span<const Function> ip_functions() { return kFunctions; }

}  // namespace weir::insights
