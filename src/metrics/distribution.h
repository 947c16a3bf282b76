// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::metrics {

/// How often which value occurred, for percentiles and trimmed statistics. Mergeable.
///
/// Exact up to `kExactMax` different values. Beyond that each value is moved to the middle of its
/// logarithmic bin (DDSketch, Masson et al. 2019), which is off by at most `kRelativeError` of the
/// value. When more than `kBinsMax` bins are in use (a spread of 17 decimal orders) the lowest are
/// merged, so high percentiles stay right.
///
/// Values are not negative: CloudWatch has no percentiles where one is (User Guide, "Percentiles").
class Distribution {
 public:
  static constexpr std::size_t kExactMax = 100;
  static constexpr std::size_t kBinsMax = 2048;
  static constexpr double kRelativeError = 0.01;

  struct Entry {
    double value = 0;
    double count = 0;
    bool operator==(const Entry&) const = default;
  };

  void add(double value, double count);
  void merge(const Distribution& other);

  /// In ascending order of value.
  const std::vector<Entry>& entries() const { return entries_; }
  double count() const { return count_; }
  bool is_exact() const { return !binned_; }

  void encode(std::string& out) const;
  static Result<Distribution> decode(std::string_view& bytes);
  bool operator==(const Distribution&) const = default;

 private:
  void insert(double value, double count);
  void shrink();

  std::vector<Entry> entries_;
  double count_ = 0;
  bool binned_ = false;
};

}  // namespace weir::metrics
