// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "insights/commands/steps.h"

namespace weir::insights {

/// A step over rows in their order: makes a column of `to` from the one of `from`. The rows are put
/// in order first.
using RunningColumn =
    std::function<void(const Column& from, std::size_t rows, Arena& arena, std::vector<Value>& to)>;
void add_running(Compiler& c, Slot from, Slot to, RunningColumn make);

}  // namespace weir::insights
