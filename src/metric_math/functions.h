// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "metric_math/expression.h"

/// The functions by name. Private to this module.
namespace weir::metric_math {

struct FunctionInfo {
  std::string_view name;
  Function function;
  std::size_t arguments_min;
  std::size_t arguments_max;
};

std::span<const FunctionInfo> functions();
const FunctionInfo& info_of(Function function);
const FunctionInfo* find_function(std::string_view name);

/// Words that stand for themselves: REPEAT, ASC ...
bool is_keyword(std::string_view text);

}  // namespace weir::metric_math
