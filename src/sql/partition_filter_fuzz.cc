// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sql/partition_filter.h"

// Any text is a condition or an error; a condition and its negation never hold together.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  static const sql::Table table = [] {
    sql::Table made;
    made.name = "t";
    made.partition_keys = {{"a", "string"}, {"b", "int"}, {"c", "date"}};
    return made;
  }();
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto filter = sql::PartitionFilter::compile(text, table);
  const auto negated = sql::PartitionFilter::compile("NOT (" + text + ")", table);
  if (!filter || !negated) return 0;
  for (const char* value : {"", "7", "x", "__HIVE_DEFAULT_PARTITION__"}) {
    const std::vector<std::string> values(3, value);
    if (filter->matches(values) && negated->matches(values)) __builtin_trap();
  }
  return 0;
}
