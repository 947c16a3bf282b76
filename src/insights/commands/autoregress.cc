// SPDX-License-Identifier: Apache-2.0
#include "insights/commands/running.h"

namespace weir::insights {
namespace {

constexpr std::size_t kRowsMax = 1000;  // upwards

/// `p=n` or `p=n-m`: the first and the last of the distances.
Result<std::pair<std::size_t, std::size_t>> read_distances(Compiler& c) {
  WEIR_TRY(const bool is_given, c.take_option("p"));
  if (!is_given) return std::pair<std::size_t, std::size_t>(1, 1);
  const Token first = c.peek();
  WEIR_TRY(const std::size_t begin, c.need_count("a number of rows"));
  std::size_t end = begin;
  WEIR_TRY(const bool is_range, c.take_symbol("-"));
  if (is_range) {
    WEIR_TRY(end, c.need_count("a number of rows"));
  }
  if (begin == 0 || end < begin || end > kRowsMax || end - begin >= Limits::kItemsMax) {
    return malformed(first.begin, c.last_end(),
                     "p is a number of rows between 1 and 1000, or at most 256 of them: p=1-4");
  }
  return std::pair(begin, end);
}

}  // namespace

/// `autoregress field [as name] [p=n[-m]]` (User Guide): the field's value n rows above (1), as
/// `field_p1`; with an alias as it, or of several as `alias_p1`.
Result<void> compile_autoregress(Compiler& c) {
  WEIR_TRY(const std::string field_name, c.need_name("a field"));
  const Slot from = c.slot_of(c.field(field_name));
  WEIR_TRY(const bool has_name, c.take_word("as"));
  std::string name = field_name;
  if (has_name) {
    WEIR_TRY(name, c.need_name("a name"));
  }
  WEIR_TRY(const auto distances, read_distances(c));
  const bool is_alone = has_name && distances.first == distances.second;
  for (std::size_t distance = distances.first; distance <= distances.second; ++distance) {
    const Slot to = c.new_slot();
    add_running(
        c, from, to,
        [distance](const Column& column, std::size_t rows, Arena& arena, std::vector<Value>& out) {
          for (std::size_t i = 0; i < rows; ++i) {
            out.push_back(i < distance ? Value() : column.at(i - distance, arena));
          }
        });
    c.redefine(is_alone ? name : name + "_p" + std::to_string(distance), to);
  }
  return {};
}

}  // namespace weir::insights
