// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::cli {

/// Rows of texts under names, such as the results of a query.
struct ResultTable {
  std::vector<std::string> columns;
  std::vector<std::map<std::string, std::string>> rows;  // absent values are left out

  /// Puts columns that are new behind the one they follow in `row`.
  void add(const std::vector<std::pair<std::string, std::string>>& row);
};

/// Lines of aligned columns, the first of them the titles; columns of numbers to the right. Control
/// characters are shown as escapes. With `width_max` columns wider than 24 are cut (an ellipsis
/// says so), down to 12, until a line has at most that many characters; 0: nothing is cut.
std::vector<std::string> aligned(const ResultTable& table, std::size_t width_max);

/// Characters of a line as a terminal shows it: those of UTF-8 text, each one column wide.
std::size_t shown_width(std::string_view text);

/// RFC 4180, with a line of column names.
std::string as_csv(const ResultTable& table);

/// The line of `text` in which the bytes [begin, end) start, and below it carets under them.
std::string with_carets(std::string_view text, std::size_t begin, std::size_t end);

/// 1234567 as `1.2M`.
std::string short_count(double value);

}  // namespace weir::cli
