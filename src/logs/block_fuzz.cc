// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "logs/block.h"
#include "logs/block_search.h"

namespace {

using weir::logs::Block;
using weir::logs::BlockSearch;
using weir::logs::BlockWriter;
using weir::logs::FilterPattern;
using weir::logs::InputLogEvent;

constexpr const char* kPatterns[] = {
    "1",
    "\"a 1\"",
    "\"0.0\" -2",
    "?\"- \" ?x",
    "%[0-9]+ a%",
    "\"\"",
    "[a, b > 5]",
    "[..., a = 1*]",
    "[a != 10.0.*, b, ...]",
    "[a = %0%, b]",
    "[, , c = \"-\"]",
    "{ $.a = 1 }",
};

/// Whatever the block: the search finds what looking at each line that is read back finds.
void search(const std::string& bytes, std::string_view text) {
  const auto pattern = FilterPattern::compile(text);
  auto plain = Block::read(bytes);
  auto searched = Block::read(bytes);
  if (!pattern || !plain || !searched) return;
  std::vector<std::uint32_t> rows(searched->size());
  for (std::uint32_t row = 0; row < rows.size(); ++row) rows[row] = row;
  const auto done = BlockSearch(*pattern).keep_matching(*searched, rows);
  WEIR_ASSERT(std::ranges::is_sorted(rows));
  if (!plain->unpack_messages()) return;
  WEIR_ASSERT(done);
  std::vector<std::uint32_t> expected;
  for (std::uint32_t row = 0; row < plain->size(); ++row) {
    if (pattern->matches(plain->message(row))) expected.push_back(row);
  }
  WEIR_ASSERT(rows == expected);
  WEIR_ASSERT(searched->unpack_messages_of(rows));
  for (const std::uint32_t row : rows) WEIR_ASSERT(searched->message(row) == plain->message(row));
}

/// Whatever bytes the store gives, reading them ends with an Error or with something that can be
/// walked through.
void read_anything(std::string bytes) {
  auto block = Block::read(std::move(bytes));
  if (!block) return;
  std::size_t seen = 0;
  for (std::size_t row = 0; row < block->size(); ++row) seen += block->id(row).index;
  if (block->columns() != nullptr) {
    for (std::size_t i = 0; i < block->columns()->count(); ++i) {
      const auto column = block->column(i);
      if (!column) continue;
      for (const std::uint32_t code : column->codes) seen += column->word(code).size();
    }
  }
  if (!block->unpack_messages()) return;
  for (std::size_t row = 0; row < block->size(); ++row) seen += block->message(row).size();
  WEIR_ASSERT(seen < SIZE_MAX);
}

/// Lines of any content come back to the byte, and are found. The first line is a pattern.
void write_and_read(const std::string& text) {
  std::vector<InputLogEvent> events;
  for (std::size_t begin = 0; begin <= text.size() && events.size() < 1000;) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    events.push_back({static_cast<std::int64_t>(events.size()), text.substr(begin, end - begin)});
    begin = end + 1;
  }
  const std::string bytes = BlockWriter(events).finish({1}, 2, 3);
  auto block = Block::read(bytes);
  WEIR_ASSERT(block && block->unpack_messages());
  for (std::size_t i = 0; i < events.size(); ++i) {
    WEIR_ASSERT(block->message(i) == events[i].message);
  }
  search(bytes, text.substr(0, text.find('\n')));
  for (const char* const pattern : kPatterns) search(bytes, pattern);
}

}  // namespace

/// The first byte says what the others are: a stored block, or lines to store.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string input(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    search(input, kPatterns[data[0] / 2 % std::size(kPatterns)]);
    read_anything(std::move(input));
  } else {
    write_and_read(input);
  }
  return 0;
}
