// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "flow/columns.h"

/// The inner loops of ColumnReader, once for each kind of processor. Only plain arrays pass here:
/// code for newer processors must not leak into functions that others share.
namespace weir::flow::detail {

/// Where the words of some lines stand: word `w` of row `r` lies between the blanks
/// `ends[first[r] + w - 1]` and `ends[first[r] + w]` (offsets in `text`). No word is empty. The 16
/// bytes before the end of each word and behind its start may be read.
struct Rows {
  static constexpr std::uint32_t kPadding = 8;

  const char* text;
  const std::uint32_t* ends;
  const std::uint32_t* first;  // kPadding more entries are those of some row
  std::uint32_t count;
};

struct Scanned {
  std::uint32_t blanks = 0;
  std::uint32_t newlines = 0;
  bool has_gaps = false;  // two blanks stand beside each other, other than CR LF
};

/// What int32s, int64s and addresses cannot read (everything but plain values and `-`, perhaps some
/// plain ones) is noted in `left` by its row, and they return how many there are; the cell says
/// `value` then. They may write Rows::kPadding entries more than there are rows.
struct Kernels {
  /// Bytes at or below 0x20 in text[from, to): their offsets, and for each LF its place among them.
  /// May write 64 entries behind the last one of each array.
  Scanned (*scan)(const char* text, std::uint32_t from, std::uint32_t to, std::uint32_t* ends,
                  std::uint32_t* newlines);
  std::uint32_t (*int32s)(const Rows& rows, std::uint32_t word, Cell* cells, std::int32_t* out,
                          std::uint32_t* left);
  std::uint32_t (*int64s)(const Rows& rows, std::uint32_t word, Cell* cells, std::int64_t* out,
                          std::uint32_t* left);
  /// IPv4 addresses.
  std::uint32_t (*addresses)(const Rows& rows, std::uint32_t word, Cell* cells, std::uint32_t* out,
                             std::uint32_t* left);
  void (*texts)(const Rows& rows, std::uint32_t word, Cell* cells, Slice* out);
};

const Kernels& portable_kernels();
#ifdef __x86_64__
const Kernels& avx2_kernels();
const Kernels& avx512_kernels();
#endif

}  // namespace weir::flow::detail
