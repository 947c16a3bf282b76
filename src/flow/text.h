// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "net/address.h"

/// How the text of a record is read: shared by everything that reads records.
namespace weir::flow::text {

inline constexpr std::size_t kBlock = 64;

/// One bit for each of 64 bytes: whether it is a blank (at or below 0x20).
std::uint64_t blanks(const char* at);

/// Decimal digits without sign and superfluous zeros, at most 18 of them, so that the number
/// formats to the same text. `line` is where reading may begin.
bool read_number(const char* line, std::string_view text, std::int64_t max, std::int64_t& out);
/// At most eight digits that end at `end`, of which the eight bytes before may be read.
bool read_up_to_eight(const char* end, std::size_t count, std::uint64_t& out);

/// An address that, when written, gives `text` again.
bool read_address(std::string_view text, net::Address& out);

/// Calls `word(slice)` for each run of non-blank bytes until it returns false; false if it did.
template <class Word>
bool for_each_word(std::string_view line, Word word) {
  std::size_t start = 0;
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
      const std::size_t at = base + static_cast<std::size_t>(std::countr_zero(mask));
      if (at > start && !word(line.substr(start, at - start))) return false;
      start = at + 1;
    }
  }
  return start >= line.size() || word(line.substr(start));
}

}  // namespace weir::flow::text
