// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "logs/packing.h"

namespace weir::logs {

/// What a stored column is; the first byte of its part of a block.
enum class ColumnForm : std::uint8_t {
  numbers,                // planes
  numbers_by_dictionary,  // the distinct numbers ascending, and for each row which one
  addresses,              // one plane for each octet
  addresses_by_dictionary,
  words,  // lengths of the distinct words, the words, and for each row which one
};

inline constexpr std::size_t kColumnsMax = 64;
inline constexpr std::size_t kColumnRowsMin = 24;  // fewer cost more by columns than as text
/// Zero bytes behind a text that is parted into columns, so that eight bytes can be read at once.
inline constexpr std::size_t kTextPadding = 16;

/// Packs lines by columns if nearly all of them have the same number of tokens parted by single
/// blanks; otherwise nothing. `text` holds all lines, one after the other, and kTextPadding zero
/// bytes; `ends` says where each line ends.
///
/// Format: number of columns; the odd rows (those that do not fit): how many, then as packed
/// numbers their rows and lengths, then their text, packed; the columns one after the other, each
/// as its size and: form, for numbers and addresses the least and the distance to the greatest, the
/// number of nulls (`-`) and, if there are any, a plane of them; then what the form says.
std::optional<std::string> pack_columns(std::string_view text, std::span<const std::uint32_t> ends,
                                        Effort effort);

}  // namespace weir::logs
