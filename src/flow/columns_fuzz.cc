// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flow/columns.h"

namespace {

using namespace weir::flow;

/// The records of a text as lines, read one by one.
std::vector<std::string> read_slowly(std::string_view text) {
  std::vector<std::string> out;
  Reader reader(text);
  Record record;
  while (reader.next(record)) out.push_back(reader.format()->line(record));
  return out;
}

std::vector<std::string> read_columns(std::string_view text, Simd simd, std::size_t piece) {
  std::vector<std::string> out;
  ColumnReader reader({.rows_max = 16, .simd = simd});
  Columns columns;
  std::size_t given = std::min(piece, text.size());
  while (true) {
    // A copy of exactly that size, so that the sanitizer sees every read outside.
    const std::vector<char> exact(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(given));
    const bool is_end = given == text.size();
    const std::size_t used = reader.read({exact.data(), exact.size()}, is_end, columns);
    for (std::size_t row = 0; row < columns.rows(); ++row) {
      std::string& line = out.emplace_back();
      for (std::size_t i = 0; i < columns.columns().size(); ++i) {
        if (i != 0) line += ' ';
        columns.append_value(i, row, line);
      }
    }
    if (used == 0 && is_end) return out;
    text.remove_prefix(used);
    given = std::min(text.size(), used == 0 ? given + piece : given);
  }
}

}  // namespace

/// Any text in any pieces: every kind of instructions reads what is read record by record.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = std::size_t{1} + data[0] * std::size_t{8};
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::vector<std::string> expected = read_slowly(text);
  for (const Simd simd : {Simd::portable, Simd::avx2, Simd::avx512}) {
    if (is_supported(simd)) WEIR_ASSERT(read_columns(text, simd, piece) == expected);
  }
  return 0;
}
