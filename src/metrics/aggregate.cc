// SPDX-License-Identifier: Apache-2.0
#include "metrics/aggregate.h"

#include <algorithm>
#include <cstring>

namespace weir::metrics {

namespace {

constexpr char kFormat = 1;  // first byte of an encoded aggregate

}  // namespace

void Aggregate::add(double value, double count) {
  if (count <= 0) return;
  minimum = empty() ? value : std::min(minimum, value);
  maximum = empty() ? value : std::max(maximum, value);
  sample_count += count;
  sum += value * count;
  if (value < 0) {
    has_distribution = false;
    distribution = {};
  } else if (has_distribution) {
    distribution.add(value, count);
  }
}

void Aggregate::add(const StatisticSet& set) {
  // All values of the set are known only if they are equal (API reference, PutMetricData).
  if (set.minimum == set.maximum && set.sum == set.minimum * set.sample_count) {
    add(set.minimum, set.sample_count);
    return;
  }
  Aggregate other;
  other.sample_count = set.sample_count;
  other.sum = set.sum;
  other.minimum = set.minimum;
  other.maximum = set.maximum;
  other.has_distribution = false;
  merge(other);
}

void Aggregate::merge(const Aggregate& other) {
  if (other.empty()) return;
  minimum = empty() ? other.minimum : std::min(minimum, other.minimum);
  maximum = empty() ? other.maximum : std::max(maximum, other.maximum);
  sample_count += other.sample_count;
  sum += other.sum;
  has_distribution = has_distribution && other.has_distribution;
  if (has_distribution) {
    distribution.merge(other.distribution);
  } else {
    distribution = {};
  }
}

std::string Aggregate::encode() const {
  constexpr std::size_t kUsual = 64;  // one value
  std::string out;
  out.reserve(kUsual);
  out.push_back(kFormat);
  for (const double number : {sample_count, sum, minimum, maximum}) {
    out.append(reinterpret_cast<const char*>(&number), sizeof number);
  }
  out.push_back(has_distribution ? 1 : 0);
  if (has_distribution) distribution.encode(out);
  return out;
}

Result<Aggregate> Aggregate::decode(std::string_view bytes) {
  constexpr std::size_t kFixed = 1 + 4 * sizeof(double) + 1;
  if (bytes.size() < kFixed || bytes[0] != kFormat) {
    return Error{ErrorKind::internal, "InternalServiceError", "a stored data point is damaged"};
  }
  Aggregate out;
  const char* at = bytes.data() + 1;
  for (double* number : {&out.sample_count, &out.sum, &out.minimum, &out.maximum}) {
    std::memcpy(number, at, sizeof *number);
    at += sizeof *number;
  }
  out.has_distribution = *at != 0;
  bytes.remove_prefix(kFixed);
  if (out.has_distribution) {
    WEIR_TRY(out.distribution, Distribution::decode(bytes));
  }
  return out;
}

}  // namespace weir::metrics
