// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "flow/column_kernels.h"
#include "flow/text.h"

namespace weir::flow::detail {
namespace {

struct Word {
  const char* begin;
  std::uint32_t offset;
  std::uint32_t length;
  bool is_dash() const { return length == 1 && *begin == '-'; }
  std::string_view view() const { return {begin, length}; }
};

Word word_of(const Rows& rows, std::uint32_t row, std::uint32_t word) {
  const std::uint32_t* const end = rows.ends + rows.first[row] + word;
  const std::uint32_t begin = end[-1] + 1;
  return {rows.text + begin, begin, *end - begin};
}

Scanned scan(const char* text, std::uint32_t from, std::uint32_t to, std::uint32_t* ends,
             std::uint32_t* newlines) {
  Scanned out;
  bool is_behind_blank = false;
  for (std::uint32_t base = from; base < to; base += text::kBlock) {
    std::uint64_t mask;
    if (to - base >= text::kBlock) {
      mask = text::blanks(text + base);
    } else {
      std::array<char, text::kBlock> tail;
      tail.fill('x');
      std::memcpy(tail.data(), text + base, to - base);
      mask = text::blanks(tail.data());
    }
    bool is_beside = (mask & (mask << 1 | std::uint64_t{is_behind_blank})) != 0;
    is_behind_blank = mask >> 63 != 0;
    for (; mask != 0; mask &= mask - 1) {
      const std::uint32_t at = base + static_cast<std::uint32_t>(std::countr_zero(mask));
      if (text[at] == '\n') {
        newlines[out.newlines++] = out.blanks;
      }
      if (is_beside && at > from && static_cast<unsigned char>(text[at - 1]) <= 0x20 &&
          !(text[at] == '\n' && text[at - 1] == '\r')) {
        out.has_gaps = true;
      }
      ends[out.blanks++] = at;
    }
  }
  return out;
}

template <class Int>
std::uint32_t numbers(const Rows& rows, std::uint32_t word, Cell* cells, Int* out,
                      std::uint32_t* left) {
  std::uint32_t count = 0;
  for (std::uint32_t row = 0; row < rows.count; ++row) {
    const Word at = word_of(rows, row, word);
    const bool is_dash = at.is_dash();
    std::int64_t value = 0;
    const bool is_number =
        text::read_number(at.begin - 16, at.view(), std::numeric_limits<Int>::max(), value);
    out[row] = static_cast<Int>(value);
    cells[row] = is_dash ? Cell::absent : Cell::value;
    left[count] = row;
    count += is_dash || is_number ? 0 : 1;
  }
  return count;
}

std::uint32_t addresses(const Rows& rows, std::uint32_t word, Cell* cells, std::uint32_t* out,
                        std::uint32_t* left) {
  std::uint32_t count = 0;
  for (std::uint32_t row = 0; row < rows.count; ++row) {
    const Word at = word_of(rows, row, word);
    const auto address = net::Address::parse(at.view());
    const bool is_dash = at.is_dash();
    out[row] = address ? address->v4_value() : 0;
    cells[row] = is_dash ? Cell::absent : Cell::value;
    left[count] = row;
    count += is_dash || (address && address->is_v4()) ? 0 : 1;
  }
  return count;
}

void texts(const Rows& rows, std::uint32_t word, Cell* cells, Slice* out) {
  for (std::uint32_t row = 0; row < rows.count; ++row) {
    const Word at = word_of(rows, row, word);
    out[row] = {at.offset, at.length};
    cells[row] = at.is_dash() ? Cell::absent : Cell::value;
  }
}

}  // namespace

const Kernels& portable_kernels() {
  static constexpr Kernels kKernels = {scan, numbers<std::int32_t>, numbers<std::int64_t>,
                                       addresses, texts};
  return kKernels;
}

}  // namespace weir::flow::detail
