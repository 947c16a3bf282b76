// SPDX-License-Identifier: Apache-2.0
#include "metrics/distribution.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

namespace weir::metrics {

namespace {

// Bin i holds (gamma^(i-1), gamma^i]; its middle is within kRelativeError of every value in it.
const double kGamma = (1 + Distribution::kRelativeError) / (1 - Distribution::kRelativeError);
const double kLogGamma = std::log(kGamma);
constexpr double kTiny = 1e-108;  // below the smallest magnitude that CloudWatch takes

double middle_of_bin(double value) {
  if (value < kTiny) return 0;
  const double bin = std::ceil(std::log(value) / kLogGamma);
  return 2 * std::exp(bin * kLogGamma) / (kGamma + 1);
}

template <class T>
void append_raw(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
bool take_raw(std::string_view& bytes, T& value) {
  if (bytes.size() < sizeof value) return false;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return true;
}

Error damaged() {
  return {ErrorKind::internal, "InternalServiceError", "a stored distribution is damaged"};
}

}  // namespace

void Distribution::insert(double value, double count) {
  const auto place = std::lower_bound(entries_.begin(), entries_.end(), value,
                                      [](const Entry& e, double v) { return e.value < v; });
  if (place != entries_.end() && place->value == value) {
    place->count += count;
  } else {
    entries_.insert(place, {value, count});
  }
}

void Distribution::add(double value, double count) {
  if (count <= 0) return;
  count_ += count;
  insert(binned_ ? middle_of_bin(value) : value, count);
  shrink();
}

void Distribution::merge(const Distribution& other) {
  if (other.binned_ && !binned_) {
    Distribution sum = other;
    sum.merge(*this);
    *this = std::move(sum);
    return;
  }
  for (const Entry& entry : other.entries_) add(entry.value, entry.count);
}

void Distribution::shrink() {
  if (!binned_ && entries_.size() > kExactMax) {
    binned_ = true;
    const std::vector<Entry> exact = std::exchange(entries_, {});
    for (const Entry& entry : exact) insert(middle_of_bin(entry.value), entry.count);
  }
  while (entries_.size() > kBinsMax) {
    const std::size_t lowest = entries_.front().value == 0 ? 1 : 0;  // zero stays zero
    entries_[lowest + 1].count += entries_[lowest].count;
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(lowest));
  }
}

void Distribution::encode(std::string& out) const {
  out.push_back(binned_ ? 1 : 0);
  append_raw(out, static_cast<std::uint32_t>(entries_.size()));
  append_raw(out, count_);
  for (const Entry& entry : entries_) {
    append_raw(out, entry.value);
    append_raw(out, entry.count);
  }
}

Result<Distribution> Distribution::decode(std::string_view& bytes) {
  Distribution out;
  char binned = 0;
  std::uint32_t size = 0;
  if (!take_raw(bytes, binned) || !take_raw(bytes, size) || !take_raw(bytes, out.count_) ||
      size > kBinsMax) {
    return damaged();
  }
  out.binned_ = binned != 0;
  out.entries_.resize(size);
  for (Entry& entry : out.entries_) {
    if (!take_raw(bytes, entry.value) || !take_raw(bytes, entry.count)) return damaged();
  }
  return out;
}

}  // namespace weir::metrics
