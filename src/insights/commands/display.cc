// SPDX-License-Identifier: Apache-2.0
#include "insights/commands/steps.h"

namespace weir::insights {

Result<void> compile_display(Compiler& c) {
  std::vector<OutputColumn> outputs;
  for (;;) {
    if (outputs.size() == Limits::kItemsMax) return c.unexpected("at most 256 fields");
    WEIR_TRY(Compiler::Item item, c.item());
    const Slot slot = c.slot_of(std::move(item.expression));
    c.define(item.name, slot);
    outputs.push_back({item.name, slot});
    WEIR_TRY(const bool more, c.take_symbol(","));
    if (!more) break;
  }
  c.show_only(std::move(outputs), true);
  return {};
}

}  // namespace weir::insights
