// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "insights/commands/steps.h"

/// What `pattern` and `diff` share.
namespace weir::insights {

/// The message with its variable words replaced: `<Number-1>`, `<IPAddress-2>`, `<Token-3>`.
void append_pattern(std::string_view message, std::string& out);

/// Adds the clustering of a field; with `is_compared` also how much there was in the earlier time.
void add_pattern(Compiler& c, ExpressionPtr from, bool is_compared);

/// Reads `| diff [...]` if it follows, and notes the earlier time in the plan.
Result<bool> take_diff(Compiler& c);
/// Splits the only call, the count, into that of now and that of then; gives the latter's slot.
Slot add_comparison(Compiler& c, std::vector<AggregateCall>& calls);
/// Adds the columns of the comparison and gives the order of the rows.
Order add_difference(Compiler& c, Slot count, Slot earlier, Slot pattern,
                     std::vector<OutputColumn>& outputs);

}  // namespace weir::insights
