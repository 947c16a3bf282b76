// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <utility>
#include <vector>

/// Estimates that a minority of wild values cannot move far. Values are finite. Private to this
/// module.
namespace weir::anomaly {

/// Of an even number the mean of the middle two; 0 of nothing.
double median(std::vector<double> values);

/// Between the order statistics linearly; `fraction` in [0, 1]; 0 of nothing.
double quantile(std::vector<double> values, double fraction);

/// The value at which half of the weight is reached, in order of value; 0 of nothing.
double weighted_median(std::vector<std::pair<double, double>> values_and_weights);

/// The standard deviation if the values around 0 were normal: the larger of the median absolute
/// value (Hampel 1974; breaks down at half of the values) and the range from the first to the last
/// decile, which also sees values of which most are the same.
double scale(std::vector<double> residuals);

/// The median of the slopes between all pairs of points (Theil 1950, Sen 1968); 0 if there is none.
double theil_sen_slope(std::span<const std::pair<double, double>> points);

}  // namespace weir::anomaly
