// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "logs/column_reader.h"
#include "logs/token_question.h"

namespace weir::logs {

/// One byte for each row of a block: 1 for those that belong to the set.
using RowSet = std::vector<std::uint8_t>;

/// For which rows something holds.
struct Answer {
  Fit fit = Fit::none;
  RowSet rows;  // if it is `some`

  /// Leaves in `set` those for which it holds; or takes them out.
  void keep_in(RowSet& set) const;
  void take_from(RowSet& set) const;
  void add_to(RowSet& set) const;
};

/// The columns of one block while it is searched. Columns that bounds or dictionaries answer for
/// are not unpacked, the others once, however many questions there are.
///
/// The rows that do not have the shape of the columns (ColumnReader::odd_rows) get any answer.
///
/// Threads: one at a time. Memory: the unpacked columns, at most about 24 MiB.
class TokenColumns {
 public:
  /// `bytes` are those that `reader` was opened with; both outlive this.
  TokenColumns(const ColumnReader& reader, std::string_view bytes);

  std::size_t count() const { return columns_.size(); }
  std::size_t rows() const { return reader_.rows(); }
  /// What can be told without unpacking the rows' values; nothing: damaged.
  std::optional<Fit> guess(std::size_t column, TokenQuestion& question);
  /// Nothing: damaged. Rows that are 0 in `asked` (if given) get any answer.
  std::optional<Answer> ask(std::size_t column, TokenQuestion& question,
                            const RowSet* asked = nullptr);
  /// The distinct words of a column of text; nullptr: damaged.
  const Column* words(std::size_t column);

 private:
  struct Loaded {
    std::optional<Column> words;
    std::optional<ColumnReader::Stored> stored;
  };
  const ColumnReader::Stored* stored(std::size_t column);
  std::optional<RowSet> ask_words(std::size_t column, const TokenQuestion& question);

  const ColumnReader& reader_;
  std::string_view bytes_;
  std::vector<Loaded> columns_;
};

}  // namespace weir::logs
