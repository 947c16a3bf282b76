// SPDX-License-Identifier: Apache-2.0
#include "net/address.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace weir::net {
namespace {

using Groups = std::array<std::uint16_t, 8>;

constexpr std::size_t kV4TextMin = 7;
constexpr std::size_t kV4TextMax = 15;

/// One bit for each of 16 characters that is a dot.
unsigned dots(const char* at) {
#ifdef __SSE2__
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('.'))));
#else
  unsigned mask = 0;
  for (unsigned i = 0; i < 16; ++i) mask |= (at[i] == '.' ? 1U : 0U) << i;
  return mask;
#endif
}

/// Addresses are half of what a flow record's reader reads, and the lengths of their numbers are
/// random, so everything that depends on them is computed without branches.
std::optional<std::uint32_t> parse_v4(std::string_view text) {
  const std::size_t size = text.size();
  if (size < kV4TextMin || size > kV4TextMax) return std::nullopt;
  // Three zeros in front stand for digits that a short first number lacks.
  constexpr std::size_t kFront = 4;
  std::array<char, 32> buffer;
  char* const at = buffer.data() + kFront;
  std::memcpy(buffer.data(), "0000", kFront);
  if (size >= 8) {
    std::memcpy(at, text.data(), 8);
    std::memcpy(at + size - 8, text.data() + size - 8, 8);
  } else {
    std::memcpy(at, text.data(), 4);
    std::memcpy(at + size - 4, text.data() + size - 4, 4);
  }
  unsigned ends = (dots(at) & ((1U << size) - 1)) | 1U << size;
  std::uint32_t value = 0;
  unsigned start = 0;
  unsigned bad = 0;
  for (int i = 0; i < 4; ++i) {
    if (ends == 0) return std::nullopt;
    const unsigned end = static_cast<unsigned>(std::countr_zero(ends));
    ends &= ends - 1;
    const unsigned length = end - start;
    const auto digit = [&](unsigned back) {
      const unsigned d =
          static_cast<unsigned char>(at[static_cast<int>(end - back)]) - unsigned{'0'};
      return length >= back ? d : 0U;
    };
    const unsigned ones = digit(1);
    const unsigned tens = digit(2);
    const unsigned hundreds = digit(3);
    const unsigned octet = ones + 10 * tens + 100 * hundreds;
    const unsigned first = length == 3 ? hundreds : length == 2 ? tens : 1;
    bad |= static_cast<unsigned>(length - 1 > 2) | static_cast<unsigned>(ones > 9) |
           static_cast<unsigned>(tens > 9) | static_cast<unsigned>(hundreds > 9) |
           static_cast<unsigned>(octet > 255) | static_cast<unsigned>(first == 0);
    value = value << 8 | (octet & 255);
    start = end + 1;
  }
  if (bad != 0 || ends != 0) return std::nullopt;
  return value;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Groups separated by colons, the last two perhaps as an IPv4 address; no `::`. Returns their
/// number.
std::optional<std::size_t> parse_groups(std::string_view text, bool v4_allowed, Groups& out) {
  if (text.empty()) return 0;
  std::size_t count = 0;
  while (true) {
    const std::size_t length = std::min(text.find(':'), text.size());
    const std::string_view group = text.substr(0, length);
    const bool is_last = length == text.size();
    if (is_last && v4_allowed && group.find('.') != std::string_view::npos) {
      const auto v4 = parse_v4(group);
      if (!v4 || count > out.size() - 2) return std::nullopt;
      out[count++] = static_cast<std::uint16_t>(*v4 >> 16);
      out[count++] = static_cast<std::uint16_t>(*v4);
      return count;
    }
    if (group.empty() || group.size() > 4 || count == out.size()) return std::nullopt;
    unsigned value = 0;
    for (const char c : group) {
      const int digit = hex_digit(c);
      if (digit < 0) return std::nullopt;
      value = value << 4 | static_cast<unsigned>(digit);
    }
    out[count++] = static_cast<std::uint16_t>(value);
    if (is_last) return count;
    text.remove_prefix(length + 1);
  }
}

Address from_groups(const Groups& groups) {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    high = high << 16 | groups[i];
    low = low << 16 | groups[i + 4];
  }
  return Address::v6(high, low);
}

std::optional<Address> parse_v6(std::string_view text) {
  Groups groups{};
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    const auto count = parse_groups(text, true, groups);
    if (count != groups.size()) return std::nullopt;
    return from_groups(groups);
  }
  Groups tail{};
  const auto head_count = parse_groups(text.substr(0, gap), false, groups);
  const auto tail_count = parse_groups(text.substr(gap + 2), true, tail);
  // The gap stands for at least one group.
  if (!head_count || !tail_count || *head_count + *tail_count > groups.size() - 1) {
    return std::nullopt;
  }
  std::copy_n(tail.begin(), *tail_count, groups.end() - static_cast<std::ptrdiff_t>(*tail_count));
  return from_groups(groups);
}

/// The decimal text of each octet with a dot behind it, and its length.
struct OctetText {
  std::array<char, 4> text{};
  std::uint8_t length = 0;
};
constexpr std::array<OctetText, 256> kOctets = [] {
  std::array<OctetText, 256> table{};
  for (unsigned n = 0; n < table.size(); ++n) {
    OctetText& row = table[n];
    if (n >= 100) row.text[row.length++] = static_cast<char>('0' + n / 100);
    if (n >= 10) row.text[row.length++] = static_cast<char>('0' + n / 10 % 10);
    row.text[row.length++] = static_cast<char>('0' + n % 10);
    row.text[row.length++] = '.';
  }
  return table;
}();

/// May write one character more than it returns.
char* write_v4(std::uint32_t value, char* out) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    const OctetText& octet = kOctets[value >> shift & 255];
    std::memcpy(out, octet.text.data(), octet.text.size());
    out += octet.length;
  }
  return out - 1;
}

/// RFC 5952: the longest run of at least two zero groups, the first of equal ones, becomes `::`.
char* write_v6(const Address& address, char* out) {
  Groups groups{};
  for (unsigned i = 0; i < 4; ++i) {
    groups[i] = static_cast<std::uint16_t>(address.high() >> (48 - 16 * i));
    groups[i + 4] = static_cast<std::uint16_t>(address.low() >> (48 - 16 * i));
  }
  const bool is_mapped = address.high() == 0 && address.low() >> 32 == 0xffff;
  const std::size_t count = is_mapped ? 6 : 8;  // ::ffff:192.0.2.1 (RFC 5952, section 5)
  std::size_t gap = 0;
  std::size_t gap_length = 1;
  for (std::size_t i = 0; i < count;) {
    std::size_t run = i;
    while (run < count && groups[run] == 0) ++run;
    if (run - i > gap_length) {
      gap = i;
      gap_length = run - i;
    }
    i = run + 1;
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (gap_length > 1 && i == gap) {
      *out++ = ':';
      *out++ = ':';
      i += gap_length - 1;
      continue;
    }
    if (i > 0 && out[-1] != ':') *out++ = ':';
    out = std::to_chars(out, out + 4, groups[i], 16).ptr;
  }
  if (!is_mapped) return out;
  *out++ = ':';
  return write_v4(static_cast<std::uint32_t>(address.low()), out);
}

std::uint64_t read_u64(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | bytes[i];
  return value;
}

/// The first `length` bits of a 64-bit word.
std::uint64_t mask64(unsigned length) {
  return length == 0 ? 0 : length >= 64 ? ~std::uint64_t{0} : ~std::uint64_t{0} << (64 - length);
}

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using U128 = unsigned __int128;
  const U128 product = static_cast<U128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

Address Address::v4_from(const std::uint8_t* bytes) {
  return v4(static_cast<std::uint32_t>(bytes[0]) << 24 |
            static_cast<std::uint32_t>(bytes[1]) << 16 | static_cast<std::uint32_t>(bytes[2]) << 8 |
            bytes[3]);
}

Address Address::v6_from(const std::uint8_t* bytes) {
  return v6(read_u64(bytes), read_u64(bytes + 8));
}

std::optional<Address> Address::parse(std::string_view text) {
  constexpr std::size_t kAnyTextMax = 45;  // six groups and an IPv4 address
  if (text.size() <= kV4TextMax) {
    if (const auto value = parse_v4(text)) return v4(*value);
  }
  if (text.size() > kAnyTextMax || text.find(':') == std::string_view::npos) return std::nullopt;
  return parse_v6(text);
}

bool Address::is_multicast() const {
  return is_v4() ? low_ >> 28 == 0xe : is_v6() && high_ >> 56 == 0xff;
}

bool Address::is_loopback() const {
  return is_v4() ? low_ >> 24 == 127 : is_v6() && high_ == 0 && low_ == 1;
}

bool Address::is_link_local() const {
  return is_v4() ? low_ >> 16 == 0xa9fe : is_v6() && high_ >> 54 == 0x3fa;
}

bool Address::is_private() const {
  if (is_loopback() || is_link_local()) return true;
  if (is_v6()) return high_ >> 57 == 0x7e;
  return is_v4() &&
         (low_ >> 24 == 10 || low_ >> 20 == 0xac1 || low_ >> 16 == 0xc0a8 || low_ >> 22 == 0x191);
}

char* Address::write(char* out) const {
  if (is_v4()) return write_v4(v4_value(), out);
  if (is_v6()) return write_v6(*this, out);
  *out++ = '-';
  return out;
}

void Address::append_to(std::string& out) const {
  std::array<char, kWriteMax> buffer;
  out.append(buffer.data(), static_cast<std::size_t>(write(buffer.data()) - buffer.data()));
}

std::string Address::to_string() const {
  std::string out;
  append_to(out);
  return out;
}

Prefix::Prefix(Address address, unsigned length)
    : address_(address), length_(static_cast<std::uint8_t>(std::min(length, address.bits()))) {}

Result<Prefix> Prefix::parse(std::string_view text) {
  const Error error{ErrorKind::invalid, "InvalidParameterValue",
                    "Value (" + std::string(text) + ") is not a valid CIDR block."};
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return error;
  const auto address = Address::parse(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  const bool is_number = code == std::errc{} && end == digits.data() + digits.size() &&
                         digits.size() <= 3 && (digits.size() == 1 || digits[0] != '0');
  if (!address || !is_number || length > address->bits()) return error;
  return Prefix(*address, length);
}

Address Prefix::first() const {
  if (is_v4()) {
    return Address::v4(address_.v4_value() & static_cast<std::uint32_t>(mask64(length_) >> 32));
  }
  if (!is_v6()) return {};
  return Address::v6(address_.high() & mask64(length_),
                     address_.low() & mask64(length_ > 64 ? length_ - 64 : 0));
}

Address Prefix::last() const {
  if (is_v4()) {
    return Address::v4(address_.v4_value() | static_cast<std::uint32_t>(~mask64(length_) >> 32));
  }
  if (!is_v6()) return {};
  return Address::v6(address_.high() | ~mask64(length_),
                     address_.low() | ~mask64(length_ > 64 ? length_ - 64 : 0));
}

bool Prefix::contains(const Address& address) const {
  return address.is_set() && address.family() == family() &&
         Prefix(address, length_).first() == first();
}

bool Prefix::contains(const Prefix& other) const {
  return other.length_ >= length_ && contains(other.address_);
}

std::string Prefix::to_string() const {
  return address_.to_string() + '/' + std::to_string(length_);
}

Address offset(const Address& address, std::uint64_t n) {
  if (address.is_v4()) return Address::v4(address.v4_value() + static_cast<std::uint32_t>(n));
  if (!address.is_v6()) return {};
  const std::uint64_t low = address.low() + n;
  return Address::v6(address.high() + (low < n ? 1 : 0), low);
}

std::uint64_t hash(const Address& address, std::uint64_t seed) {
  const auto family = static_cast<std::uint64_t>(address.family());
  return mix(mix(address.high() ^ 0x9e3779b97f4a7c15U ^ seed, family ^ 0xd6e8feb86659fd93U) ^
                 address.low(),
             0xa0761d6478bd642fU ^ seed);
}

}  // namespace weir::net
