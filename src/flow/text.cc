// SPDX-License-Identifier: Apache-2.0
#include "flow/text.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace weir::flow::text {
namespace {

/// Eight ASCII digits at once; `false` if one is none.
bool read_eight_digits(const char* at, std::uint64_t& out) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  const std::uint64_t digits = word - 0x3030303030303030U;
  if (((word + 0x4646464646464646U) | digits) & 0x8080808080808080U) return false;
  // Neighbours are joined to pairs, fours and eights (public folklore of parallel decimal
  // conversion).
  std::uint64_t value = digits * 10 + (digits >> 8);
  value = (((value & 0x000000ff000000ffU) * 0x000f424000000064U) +
           (((value >> 16) & 0x000000ff000000ffU) * 0x0000271000000001U)) >>
          32;
  out = value;
  return true;
}

}  // namespace

std::uint64_t blanks(const char* at) {
  std::uint64_t mask = 0;
#ifdef __SSE2__
  const __m128i blank = _mm_set1_epi8(0x20);
  for (std::size_t i = 0; i < kBlock; i += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + i));
    const auto bits =
        static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(bytes, blank), bytes)));
    mask |= std::uint64_t{bits} << i;
  }
#else
  for (std::size_t i = 0; i < kBlock; ++i) {
    mask |= std::uint64_t{static_cast<unsigned char>(at[i]) <= 0x20} << i;
  }
#endif
  return mask;
}

// What stands in front of the digits is replaced by zeros, so that the time does not depend on
// their number.
bool read_up_to_eight(const char* end, std::size_t count, std::uint64_t& out) {
  std::array<char, 8> bytes;
  std::memcpy(bytes.data(), end - 8, 8);
  std::uint64_t word = std::bit_cast<std::uint64_t>(bytes);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  const std::uint64_t front = (std::uint64_t{1} << (8 * (8 - count))) - 1;
  word = (word & ~front) | (0x3030303030303030U & front);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return read_eight_digits(reinterpret_cast<const char*>(&word), out);
}

bool read_number(const char* line, std::string_view text, std::int64_t max, std::int64_t& out) {
  constexpr std::size_t kDigitsMax = 18;
  const std::size_t size = text.size();
  if (size == 0 || size > kDigitsMax || (text[0] == '0' && size > 1)) return false;
  const char* at = text.data();
  const char* const end = at + size;
  std::uint64_t value = 0;
  if (size <= 8 && end - line >= 8) {
    if (!read_up_to_eight(end, size, value)) return false;
    at = end;
  } else if (size >= 8) {
    if (!read_eight_digits(at, value)) return false;
    at += 8;
  }
  for (; at != end; ++at) {
    const unsigned digit = static_cast<unsigned char>(*at) - unsigned{'0'};
    if (digit > 9) return false;
    value = value * 10 + digit;
  }
  out = static_cast<std::int64_t>(value);
  return out <= max;
}

bool read_address(std::string_view text, net::Address& out) {
  const auto address = net::Address::parse(text);
  if (!address) return false;
  out = *address;
  if (address->is_v4()) return true;  // read so strictly that there is one text only
  std::array<char, net::Address::kWriteMax> buffer;
  const char* const end = address->write(buffer.data());
  return text == std::string_view(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
}

}  // namespace weir::flow::text
