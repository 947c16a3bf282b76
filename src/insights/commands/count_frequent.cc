// SPDX-License-Identifier: Apache-2.0
#include "insights/commands/steps.h"

namespace weir::insights {

/// `countFrequent field, ...` or `count_frequent` (User Guide): how often each combination occurs,
/// the most frequent first. AWS approximates; here `_approxcount` is exact.
Result<void> compile_count_frequent(Compiler& c) {
  WEIR_TRY(const std::vector<std::string> names, name_list(c, "a field"));
  std::vector<OrderKey> keys;
  std::vector<Slot> key_outputs;
  std::vector<OutputColumn> outputs;
  std::vector<AggregateCall> calls(1);
  calls[0].function = find_aggregate("count");
  calls[0].output = c.new_slot();
  Order order{{{calls[0].output, true}}, std::nullopt};
  for (const std::string& name : names) {
    keys.push_back({c.slot_of(c.field(name)), false});
    key_outputs.push_back(c.new_slot());
    outputs.push_back({name, key_outputs.back()});
    order.keys.push_back({key_outputs.back(), false});
  }
  outputs.push_back({"_approxcount", calls[0].output});
  c.add_gather(make_stats(std::move(calls), std::move(keys), key_outputs, std::nullopt, 0));
  c.set_rows_are_events(false);
  c.set_order(std::move(order));
  c.close_names(outputs);
  c.show_only(std::move(outputs));
  c.clear_limit();
  return {};
}

}  // namespace weir::insights
