// SPDX-License-Identifier: Apache-2.0
#include "import/entry.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace weir::import {
namespace {

constexpr std::size_t kBlock = 64;

/// One bit for each of 64 bytes: whether it is at or below 0x20.
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

}  // namespace

std::string_view Entry::value(flow::Field field) const {
  const auto fields = format->fields();
  const auto found = std::ranges::find(fields, field);
  if (found == fields.end()) return {};
  const std::string_view text = values[static_cast<std::size_t>(found - fields.begin())];
  return text == "-" ? std::string_view() : text;
}

std::optional<std::int64_t> read_integer(std::string_view text) {
  constexpr std::size_t kDigitsMax = 18;
  if (text.empty() || text.size() > kDigitsMax) return std::nullopt;
  std::int64_t number = 0;
  bool is_number = true;  // judged once: a branch for each digit costs more
  for (const char c : text) {
    const unsigned digit = static_cast<unsigned char>(c) - unsigned{'0'};
    is_number &= digit <= 9;
    number = number * 10 + digit;
  }
  return is_number ? std::optional(number) : std::nullopt;
}

std::size_t split_values(std::string_view line, std::span<std::string_view> out) {
  std::size_t count = 0;
  std::size_t start = 0;
  const auto take = [&](std::size_t end) {
    if (end > start) {
      if (count < out.size()) out[count] = line.substr(start, end - start);
      ++count;
    }
    start = end + 1;
  };
  for (std::size_t base = 0; base < line.size(); base += kBlock) {
    std::uint64_t mask;
    if (line.size() - base >= kBlock) {
      mask = blanks(line.data() + base);
    } else {
      std::array<char, kBlock> tail;
      tail.fill('x');
      std::memcpy(tail.data(), line.data() + base, line.size() - base);
      mask = blanks(tail.data());
    }
    for (; mask != 0; mask &= mask - 1) {
      take(base + static_cast<std::size_t>(std::countr_zero(mask)));
    }
  }
  take(line.size());
  return count;
}

}  // namespace weir::import
