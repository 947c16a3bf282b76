// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::logs {

/// One column of lines that are stored by columns, unpacked: the tokens at one place of the lines.
struct Column {
  enum class Kind : std::uint8_t {
    number,  // decimal numbers 0 .. 2^63-1 without leading zeros or signs, or `-`
    ipv4,    // addresses as four numbers 0 .. 255 without leading zeros, or `-`
    text,    // anything, as codes of a dictionary
  };
  static constexpr std::int64_t kNull = std::numeric_limits<std::int64_t>::min();

  Kind kind = Kind::text;
  std::vector<std::int64_t> numbers;     // kind number: of each row; kNull for `-`
  std::vector<std::uint32_t> addresses;  // kind ipv4: of each row; the first octet is the highest
  std::vector<std::uint8_t> is_null;     // kind ipv4: 1 for `-`; empty if no row has one
  std::vector<std::uint32_t> codes;      // kind text: of each row
  std::string words;                     // kind text: the dictionary, one word after the other
  std::vector<std::uint32_t> word_ends;  // kind text: where each word ends in `words`

  std::size_t dictionary_size() const { return word_ends.size(); }
  /// The word of a code. Distinct codes are distinct words.
  std::string_view word(std::uint32_t code) const {
    const std::uint32_t begin = code == 0 ? 0 : word_ends[code - 1];
    return std::string_view(words).substr(begin, word_ends[code] - begin);
  }
};

/// The columns of a block whose lines have the same number of tokens, parted by single blanks. Kind
/// and dictionary are those of the block: the same place may be numbers in one and text in another.
///
/// Threads: as the block that it belongs to.
class BlockColumns {
 public:
  struct Bounds {
    std::int64_t least = 0;
    std::int64_t greatest = 0;
  };

  virtual ~BlockColumns() = default;
  /// Tokens of a line.
  virtual std::size_t count() const = 0;
  virtual Column::Kind kind(std::size_t column) const = 0;
  /// Unpacks one column, for the rows 0 .. size of the block. Error: the block is damaged.
  virtual Result<Column> read(std::size_t column) const = 0;
  /// Between which numbers a column is, without unpacking it (ipv4: as numbers; `-` is left out);
  /// nothing for text. A bound, not always reached by a row.
  virtual std::optional<Bounds> bounds(std::size_t column) const = 0;
  /// False: no row has this token (as it stands in the text) there, told from bounds and dictionary
  /// alone. Rows of another shape (odd_rows()) are not looked at.
  virtual bool may_have(std::size_t column, std::string_view token) const = 0;
  /// The rows whose lines do not have this shape, ascending. Their places in the columns hold
  /// nothing of meaning; ScannedBlock::message() has their text.
  virtual std::span<const std::uint32_t> odd_rows() const = 0;
};

}  // namespace weir::logs
