// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/unique_counter.h"

namespace weir::insights {

/// How many different values there are, by their hashes. Exact up to kExactMax; above, as
/// UniqueCounter estimates it: a standard error of 1.6 %.
class DistinctSketch {
 public:
  static constexpr std::size_t kExactMax = 1024;

  void add(std::uint64_t hash);
  void merge(const DistinctSketch& other);
  std::int64_t count() const;
  std::size_t bytes() const;

 private:
  bool insert(std::uint64_t hash);
  UniqueCounter& estimating();

  std::size_t exact_ = 0;
  std::vector<std::uint64_t> table_;       // open addressing; 0 is free
  std::optional<UniqueCounter> estimate_;  // instead of the table
};

/// Percentiles. Exact up to kExactMax values; above, a histogram of logarithmic buckets (DDSketch):
/// the answer is at most 0.5 % off the value at that rank.
class QuantileSketch {
 public:
  static constexpr std::size_t kExactMax = 256;

  void add(double value, std::int64_t count = 1);
  void merge(const QuantileSketch& other);
  std::int64_t count() const { return count_; }
  double least() const { return least_; }
  double greatest() const { return greatest_; }
  /// The value at the rank ceil(percent / 100 * count). There is one at least.
  double at(double percent) const;
  /// Values up to `bound`, as far as the buckets tell.
  std::int64_t count_up_to(double bound) const;
  std::size_t bytes() const;

 private:
  void add_bucket(double value, std::int64_t count);
  void make_buckets();

  std::int64_t count_ = 0;
  double least_ = 0;
  double greatest_ = 0;
  std::vector<std::pair<double, std::int64_t>> exact_;
  std::map<std::int32_t, std::int64_t> buckets_;  // by the value's order
};

}  // namespace weir::insights
