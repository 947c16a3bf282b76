// SPDX-License-Identifier: Apache-2.0
#include "insights/commands/running.h"

namespace weir::insights {

/// `autoregress field [as name] [p=n]`: the field's value n rows above (1).
Result<void> compile_autoregress(Compiler& c) {
  constexpr std::size_t kRowsMax = 1000;
  WEIR_TRY(const std::string field_name, c.need_name("a field"));
  const Slot from = c.slot_of(c.field(field_name));
  WEIR_TRY(const bool has_name, c.take_word("as"));
  std::string name;
  if (has_name) {
    WEIR_TRY(name, c.need_name("a name"));
  }
  std::size_t distance = 1;
  WEIR_TRY(const bool has_distance, c.take_word("p"));
  if (has_distance) {
    WEIR_CHECK(c.need_symbol("="));
    WEIR_TRY(distance, c.need_count("a number of rows"));
    if (distance == 0 || distance > kRowsMax) return c.unexpected("p between 1 and 1000");
  }
  if (!has_name) name = field_name + "_p" + std::to_string(distance);
  const Slot to = c.new_slot();
  add_running(
      c, from, to,
      [distance](const Column& column, std::size_t rows, Arena& arena, std::vector<Value>& out) {
        for (std::size_t i = 0; i < rows; ++i) {
          out.push_back(i < distance ? Value() : column.at(i - distance, arena));
        }
      });
  c.redefine(name, to);
  return {};
}

}  // namespace weir::insights
