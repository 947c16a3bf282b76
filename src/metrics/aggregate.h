// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "metrics/distribution.h"
#include "metrics/types.h"

namespace weir::metrics {

/// What is kept of all values of one series and unit in one bucket of time.
struct Aggregate {
  double sample_count = 0;
  double sum = 0;
  double minimum = 0;  // meaningless while empty()
  double maximum = 0;
  /// False once a negative value or a statistic set that hides its values went in: then no
  /// percentiles.
  bool has_distribution = true;
  Distribution distribution;

  bool empty() const { return sample_count == 0; }
  void add(double value, double count);
  void add(const StatisticSet& set);
  void merge(const Aggregate& other);

  std::string encode() const;
  static Result<Aggregate> decode(std::string_view bytes);
};

}  // namespace weir::metrics
