// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "metrics/aggregate.h"

namespace weir::metrics {

/// A statistic by name: `Average`, `p99.9`, `TM(10%:90%)`, `PR(:300)` (User Guide, "Statistics
/// definitions").
///
/// The service model also allows `oN`, `uN` and the endings `_E`, `_L`, `_H`, whose meaning AWS
/// does not publish. Here oN is PR(N:), uN is PR(:N), and the endings change nothing.
class Statistic {
 public:
  enum class Kind {
    sample_count,
    average,
    sum,
    minimum,
    maximum,
    percentile,
    trimmed_mean,
    trimmed_count,
    trimmed_sum,
    winsorized_mean,
    percentile_rank
  };

  /// Nothing if the text is no statistic.
  static std::optional<Statistic> parse(std::string_view text);

  const std::string& name() const { return name_; }
  Kind kind() const { return kind_; }
  bool is_basic() const { return kind_ <= Kind::maximum; }
  /// The p of pNN as a fraction of 1; nothing for every other kind.
  std::optional<double> percentile() const;
  /// Nothing if the bucket is empty or does not know its distribution.
  std::optional<double> of(const Aggregate& bucket) const;

 private:
  struct Bound {
    bool is_set = false;
    double at = 0;
  };
  bool parse_range(std::string_view inside);
  std::optional<double> of_trimmed(const Distribution& samples) const;

  std::string name_;
  Kind kind_ = Kind::average;
  bool by_percent_ = false;  // the bounds are percentages of the samples, else values
  Bound low_;                // exclusive
  Bound high_;               // inclusive
};

}  // namespace weir::metrics
