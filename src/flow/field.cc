// SPDX-License-Identifier: Apache-2.0
#include "flow/field.h"

#include <algorithm>

namespace weir::flow {
namespace {

struct Entry {
  std::string_view name;
  Field field = Field::version;
};
constexpr std::size_t kEntries = 2 * kFieldCount;
using Index = std::array<Entry, kEntries>;

/// Both names of every field in order, for binary search.
constexpr Index make_index() {
  Index index;
  std::size_t n = 0;
  for (const FieldInfo& row : detail::kFields) {
    index[n++] = {row.name, row.field};
    index[n++] = {row.column_name, row.field};
  }
  std::sort(index.begin(), index.end(),
            [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return index;
}
constexpr Index kIndex = make_index();

constexpr bool rows_stand_at_their_field() {
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    if (static_cast<std::size_t>(detail::kFields[i].field) != i) return false;
  }
  return true;
}
static_assert(rows_stand_at_their_field());

}  // namespace

const FieldInfo* find_field(std::string_view name) {
  const auto found = std::lower_bound(
      kIndex.begin(), kIndex.end(), name,
      [](const Entry& entry, std::string_view wanted) { return entry.name < wanted; });
  return found != kIndex.end() && found->name == name ? &info(found->field) : nullptr;
}

}  // namespace weir::flow
