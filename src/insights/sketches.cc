// SPDX-License-Identifier: Apache-2.0
#include "insights/sketches.h"

#include <algorithm>
#include <cmath>

namespace weir::insights {
namespace {

constexpr double kAccuracy = 0.005;
const double kLogGamma = std::log((1 + kAccuracy) / (1 - kAccuracy));
constexpr std::int32_t kZeroKey = 0;
constexpr std::int32_t kKeyShift = 1 << 20;  // keeps the keys of positive values above 0
constexpr double kLeast = 1e-300;

/// Ascending with the value: negative values below 0, positive ones above.
std::int32_t bucket_of(double value) {
  if (std::abs(value) < kLeast) return kZeroKey;
  const auto order =
      static_cast<std::int32_t>(std::ceil(std::log(std::abs(value)) / kLogGamma)) + kKeyShift;
  return value > 0 ? order : -order;
}

double middle_of(std::int32_t key) {
  if (key == kZeroKey) return 0;
  const double order = std::abs(key) - kKeyShift;
  const double value = std::exp(order * kLogGamma) * (1 - kAccuracy);
  return key > 0 ? value : -value;
}

}  // namespace

bool DistinctSketch::insert(std::uint64_t hash) {
  const std::size_t mask = table_.size() - 1;
  std::size_t at = hash & mask;
  while (table_[at] != 0) {
    if (table_[at] == hash) return false;
    at = (at + 1) & mask;
  }
  table_[at] = hash;
  return true;
}

void DistinctSketch::add(std::uint64_t hash) {
  if (hash == 0) hash = 1;
  if (estimate_) return estimate_->add(hash);
  if (table_.size() < 2 * (exact_ + 1)) {
    std::vector<std::uint64_t> old(std::max<std::size_t>(8, table_.size() * 2));
    old.swap(table_);
    for (const std::uint64_t one : old) {
      if (one != 0) insert(one);
    }
  }
  exact_ += insert(hash) ? 1 : 0;
  if (exact_ > kExactMax) estimating();
}

/// From the first call on the table is no more.
UniqueCounter& DistinctSketch::estimating() {
  if (!estimate_) {
    estimate_.emplace();
    for (const std::uint64_t hash : table_) {
      if (hash != 0) estimate_->add(hash);
    }
    table_ = {};
  }
  return *estimate_;
}

void DistinctSketch::merge(const DistinctSketch& other) {
  if (other.estimate_) return estimating().merge(*other.estimate_);
  for (const std::uint64_t hash : other.table_) {
    if (hash != 0) add(hash);
  }
}

std::int64_t DistinctSketch::count() const {
  return estimate_ ? std::llround(estimate_->estimate()) : static_cast<std::int64_t>(exact_);
}

std::size_t DistinctSketch::bytes() const {
  return table_.capacity() * sizeof(std::uint64_t) + (estimate_ ? UniqueCounter::kRegisters : 0);
}

void QuantileSketch::add(double value, std::int64_t count) {
  least_ = count_ == 0 ? value : std::min(least_, value);
  greatest_ = count_ == 0 ? value : std::max(greatest_, value);
  count_ += count;
  if (!buckets_.empty()) return add_bucket(value, count);
  exact_.emplace_back(value, count);
  if (exact_.size() > kExactMax) make_buckets();
}

void QuantileSketch::make_buckets() {
  for (const auto& [value, count] : exact_) add_bucket(value, count);
  exact_ = {};
}

void QuantileSketch::add_bucket(double value, std::int64_t count) {
  buckets_[bucket_of(value)] += count;
}

void QuantileSketch::merge(const QuantileSketch& other) {
  if (other.count_ == 0) return;
  if (other.buckets_.empty()) {
    for (const auto& [value, count] : other.exact_) add(value, count);
    return;
  }
  make_buckets();
  least_ = count_ == 0 ? other.least_ : std::min(least_, other.least_);
  greatest_ = count_ == 0 ? other.greatest_ : std::max(greatest_, other.greatest_);
  count_ += other.count_;
  for (const auto& [key, count] : other.buckets_) buckets_[key] += count;
}

double QuantileSketch::at(double percent) const {
  const double wanted = std::ceil(percent / 100 * static_cast<double>(count_));
  std::int64_t left = std::clamp<std::int64_t>(std::llround(wanted), 1, count_);
  if (buckets_.empty()) {
    auto sorted = exact_;
    std::sort(sorted.begin(), sorted.end());
    for (const auto& [value, count] : sorted) {
      left -= count;
      if (left <= 0) return value;
    }
    return greatest_;
  }
  for (const auto& [key, count] : buckets_) {
    left -= count;
    if (left <= 0) return std::clamp(middle_of(key), least_, greatest_);
  }
  return greatest_;
}

std::int64_t QuantileSketch::count_up_to(double bound) const {
  std::int64_t sum = 0;
  for (const auto& [value, count] : exact_) sum += value <= bound ? count : 0;
  for (const auto& [key, count] : buckets_) sum += middle_of(key) <= bound ? count : 0;
  return bound >= greatest_ ? count_ : sum;
}

std::size_t QuantileSketch::bytes() const {
  constexpr std::size_t kNodeBytes = 48;
  return exact_.capacity() * sizeof(exact_[0]) + buckets_.size() * kNodeBytes;
}

}  // namespace weir::insights
