// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "logs/block.h"

namespace {

using weir::logs::Block;
using weir::logs::BlockWriter;
using weir::logs::InputLogEvent;

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

/// Lines of any content come back to the byte.
void write_and_read(const std::string& text) {
  std::vector<InputLogEvent> events;
  for (std::size_t begin = 0; begin <= text.size() && events.size() < 1000;) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    events.push_back({static_cast<std::int64_t>(events.size()), text.substr(begin, end - begin)});
    begin = end + 1;
  }
  auto block = Block::read(BlockWriter(events).finish({1}, 2, 3));
  WEIR_ASSERT(block && block->unpack_messages());
  for (std::size_t i = 0; i < events.size(); ++i) {
    WEIR_ASSERT(block->message(i) == events[i].message);
  }
}

}  // namespace

/// The first byte says what the others are: a stored block, or lines to store.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string input(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    read_anything(std::move(input));
  } else {
    write_and_read(input);
  }
  return 0;
}
