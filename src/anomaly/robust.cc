// SPDX-License-Identifier: Apache-2.0
#include "anomaly/robust.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace weir::anomaly {

namespace {

// Of a normal distribution: standard deviations in one median absolute value, in one decile range.
constexpr double kOfMedianAbsolute = 1.482602;
constexpr double kDecileRange = 2.563103;

double at_rank(std::vector<double>& values, std::size_t rank) {
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

}  // namespace

double median(std::vector<double> values) { return quantile(std::move(values), 0.5); }

double quantile(std::vector<double> values, double fraction) {
  if (values.empty()) return 0;
  const double place = fraction * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const double low = at_rank(values, below);
  const double rest = place - static_cast<double>(below);
  if (rest == 0) return low;
  // What is behind `below` after nth_element() is not smaller.
  const double high =
      *std::min_element(values.begin() + static_cast<std::ptrdiff_t>(below) + 1, values.end());
  return low + rest * (high - low);
}

double weighted_median(std::vector<std::pair<double, double>> values_and_weights) {
  std::sort(values_and_weights.begin(), values_and_weights.end());
  double total = 0;
  for (const auto& [value, weight] : values_and_weights) total += weight;
  double seen = 0;
  for (const auto& [value, weight] : values_and_weights) {
    seen += weight;
    if (seen * 2 >= total) return value;
  }
  return 0;
}

double scale(std::vector<double> residuals) {
  if (residuals.empty()) return 0;
  const double low = quantile(residuals, 0.1);
  const double high = quantile(residuals, 0.9);
  for (double& residual : residuals) residual = std::abs(residual);
  return std::max(kOfMedianAbsolute * median(std::move(residuals)), (high - low) / kDecileRange);
}

double theil_sen_slope(std::span<const std::pair<double, double>> points) {
  std::vector<double> slopes;
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = i + 1; j < points.size(); ++j) {
      const double run = points[j].first - points[i].first;
      if (run != 0) slopes.push_back((points[j].second - points[i].second) / run);
    }
  }
  return median(std::move(slopes));
}

}  // namespace weir::anomaly
