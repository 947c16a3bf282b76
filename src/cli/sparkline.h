// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace weir::cli {

/// One block character for each value, eight heights between the least and the most; a blank where
/// there is none. A value that `is_marked` is given to `mark` (e.g. to be coloured).
std::string sparkline(const std::vector<std::optional<double>>& values,
                      const std::function<bool(double)>& is_marked = {},
                      const std::function<std::string(const std::string&)>& mark = {});

}  // namespace weir::cli
