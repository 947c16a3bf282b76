// SPDX-License-Identifier: Apache-2.0
#include "cli/sparkline.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace weir::cli {

std::string sparkline(const std::vector<std::optional<double>>& values,
                      const std::function<bool(double)>& is_marked,
                      const std::function<std::string(const std::string&)>& mark) {
  constexpr std::array<std::string_view, 8> kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::optional<double> least;
  std::optional<double> most;
  for (const auto& value : values) {
    if (!value || !std::isfinite(*value)) continue;
    least = std::min(least.value_or(*value), *value);
    most = std::max(most.value_or(*value), *value);
  }
  std::string line;
  for (const auto& value : values) {
    if (!value || !std::isfinite(*value)) {
      line += ' ';
      continue;
    }
    const double span = *most - *least;
    const double height = span > 0 ? (*value - *least) / span * 7 : 3;
    const std::string block(kBlocks[static_cast<std::size_t>(std::lround(height))]);
    line += is_marked && mark && is_marked(*value) ? mark(block) : block;
  }
  return line;
}

}  // namespace weir::cli
