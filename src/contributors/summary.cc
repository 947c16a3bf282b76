// SPDX-License-Identifier: Apache-2.0
#include "contributors/summary.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "logs/bytes.h"

namespace weir::contributors {
namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::uint64_t kHasUniques = 1;
constexpr std::uint64_t kHasWeights = 2;
constexpr std::uint64_t kHasSums = 4;
constexpr std::size_t kSlotsMin = 16;
constexpr double kWholeMax = 9007199254740992.0;  // 2^53

/// Of a full table.
std::size_t kept_of(std::size_t contributors) { return contributors * 3 / 4; }

void put_value(std::string& out, double value) {
  if (value != std::floor(value) || std::abs(value) >= kWholeMax) {
    logs::put_number(out, 1);
    logs::put_real(out, value);
    return;
  }
  const auto whole = static_cast<std::int64_t>(value);
  const auto sign = static_cast<std::uint64_t>(whole >> 63);
  logs::put_number(out, (static_cast<std::uint64_t>(whole) << 1 ^ sign) << 1);
}

double read_value(logs::ByteReader& reader) {
  const std::uint64_t form = reader.number();
  if (form == 1) return reader.real();
  const std::uint64_t zigzag = form >> 1;
  const std::uint64_t sign = ~(zigzag & 1) + 1;
  return static_cast<double>(static_cast<std::int64_t>(zigzag >> 1 ^ sign));
}

}  // namespace

Summary::Summary(std::uint64_t seed, Limits limits) : seed_(seed), limits_(limits) {
  WEIR_ASSERT(limits.contributors_max >= 2);
}

std::size_t Summary::slot_of(std::string_view key, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const Contributor& there = contributors_[slots_[slot] - 1];
    if (there.hash == hash && this->key(there) == key) break;
  }
  return slot;
}

const Summary::Contributor* Summary::find(std::string_view key, std::uint64_t hash) const {
  if (slots_.empty()) return nullptr;
  const std::uint32_t found = slots_[slot_of(key, hash)];
  return found == 0 ? nullptr : &contributors_[found - 1];
}

void Summary::rebuild_slots(std::size_t contributors_expected) {
  const std::size_t size = std::bit_ceil(std::max(kSlotsMin, contributors_expected * 2));
  slots_.assign(size, 0);
  for (std::size_t i = 0; i < contributors_.size(); ++i) {
    std::size_t slot = contributors_[i].hash & (size - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (size - 1);
    slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

/// The key is not in the table yet; the table may grow beyond its limits.
Summary::Contributor& Summary::insert(std::string_view key, std::uint64_t hash) {
  if ((contributors_.size() + 1) * 2 > slots_.size()) rebuild_slots(contributors_.size() + 1);
  const std::size_t slot = slot_of(key, hash);
  Contributor& added = contributors_.emplace_back();
  added.hash = hash;
  added.key_offset = static_cast<std::uint32_t>(keys_.size());
  added.key_size = static_cast<std::uint32_t>(key.size());
  added.missed = threshold_;
  keys_.append(key);
  slots_[slot] = static_cast<std::uint32_t>(contributors_.size());
  if (uniques_) uniques_->add(hash);
  return added;
}

bool Summary::add(std::string_view key, std::uint64_t hash, double value) {
  minimum_ = count_ == 0 ? value : std::min(minimum_, value);
  maximum_ = count_ == 0 ? value : std::max(maximum_, value);
  ++count_;
  sum_ += value;
  if (slots_.empty()) rebuild_slots(1);
  const std::uint32_t found = slots_[slot_of(key, hash)];
  if (found == 0) make_room(key.size());
  Contributor& of = found == 0 ? insert(key, hash) : contributors_[found - 1];
  ++of.count;
  of.sum += value;
  of.weight += std::abs(value);
  return found == 0;
}

void Summary::make_room(std::size_t key_bytes) {
  while (contributors_.size() >= limits_.contributors_max ||
         (keys_.size() + key_bytes > limits_.key_bytes_max && !contributors_.empty())) {
    trim(kept_of(contributors_.size()));
  }
}

void Summary::trim(std::size_t contributors_max) {
  if (contributors_.size() <= contributors_max) return;
  count_keys();
  const auto end = contributors_.begin() + static_cast<std::ptrdiff_t>(contributors_max);
  std::nth_element(contributors_.begin(), end, contributors_.end(),
                   [](const Contributor& a, const Contributor& b) {
                     return a.weight_max() != b.weight_max() ? a.weight_max() > b.weight_max()
                                                             : a.hash < b.hash;
                   });
  threshold_ = std::max(threshold_, end->weight_max());
  contributors_.erase(end, contributors_.end());
  std::string kept;
  for (Contributor& contributor : contributors_) {
    const std::string_view key = this->key(contributor);
    contributor.key_offset = static_cast<std::uint32_t>(kept.size());
    kept.append(key);
  }
  keys_ = std::move(kept);
  rebuild_slots(limits_.contributors_max);
}

void Summary::count_keys() {
  if (uniques_) return;
  uniques_.emplace();
  for (const Contributor& contributor : contributors_) uniques_->add(contributor.hash);
}

double Summary::unique_count() const {
  const auto known = static_cast<double>(contributors_.size());
  return uniques_ ? std::max(known, std::round(uniques_->estimate())) : known;
}

void Summary::merge(const Summary& other) {
  WEIR_ASSERT(other.seed_ == seed_);
  if (other.count_ == 0) return;
  minimum_ = count_ == 0 ? other.minimum_ : std::min(minimum_, other.minimum_);
  maximum_ = count_ == 0 ? other.maximum_ : std::max(maximum_, other.maximum_);
  count_ += other.count_;
  sum_ += other.sum_;
  if (other.uniques_) {
    count_keys();
    uniques_->merge(*other.uniques_);
  }
  // A key that `other` does not have may have lost as much as its threshold there.
  if (other.threshold_ != 0) {
    for (Contributor& contributor : contributors_) contributor.missed += other.threshold_;
  }
  if (slots_.empty()) rebuild_slots(other.contributors_.size());
  for (const Contributor& from : other.contributors_) {
    const std::string_view key = other.key(from);
    const std::uint32_t found = slots_[slot_of(key, from.hash)];
    Contributor& of = found == 0 ? insert(key, from.hash) : contributors_[found - 1];
    if (found != 0) of.missed = std::max(0.0, of.missed - other.threshold_);
    of.missed += from.missed;
    of.count += from.count;
    of.sum += from.sum;
    of.weight += from.weight;
  }
  threshold_ += other.threshold_;
  if (contributors_.size() > limits_.contributors_max) trim(kept_of(limits_.contributors_max));
  while (keys_.size() > limits_.key_bytes_max) trim(kept_of(contributors_.size()));
}

std::size_t Summary::memory() const {
  return sizeof(*this) + contributors_.capacity() * sizeof(Contributor) + keys_.capacity() +
         slots_.capacity() * sizeof(slots_[0]) + (uniques_ ? UniqueCounter::kRegisters : 0);
}

std::string Summary::encode() const {
  const auto has = [&](auto differs) {
    return std::any_of(contributors_.begin(), contributors_.end(), differs);
  };
  const bool has_weights = has([](const Contributor& c) { return c.weight != c.sum; });
  const bool has_sums =
      has([](const Contributor& c) { return c.sum != static_cast<double>(c.count); });
  std::string out;
  logs::put_number(out, kVersion);
  logs::put_number(out, (uniques_ ? kHasUniques : 0) | (has_weights ? kHasWeights : 0) |
                            (has_sums ? kHasSums : 0));
  logs::put_number(out, count_);
  for (const double value : {sum_, minimum_, maximum_, threshold_}) put_value(out, value);
  logs::put_number(out, contributors_.size());
  for (const Contributor& contributor : contributors_) {
    logs::put_text(out, key(contributor));
    logs::put_number(out, contributor.count);
    if (has_sums) put_value(out, contributor.sum);
    if (has_weights) put_value(out, contributor.weight);
    put_value(out, contributor.missed);
  }
  if (uniques_) logs::put_text(out, uniques_->bytes());
  return out;
}

Result<Summary> Summary::decode(std::string_view bytes, std::uint64_t seed, Limits limits) {
  const Error damaged{ErrorKind::internal, "InternalServiceError",
                      "damaged summary of contributors"};
  logs::ByteReader reader(bytes);
  if (reader.number() != kVersion) return damaged;
  const std::uint64_t flags = reader.number();
  Summary summary(seed, limits);
  summary.count_ = reader.number();
  summary.sum_ = read_value(reader);
  summary.minimum_ = read_value(reader);
  summary.maximum_ = read_value(reader);
  summary.threshold_ = read_value(reader);
  const std::uint64_t contributors = reader.number();
  if (reader.failed() || contributors > bytes.size()) return damaged;
  summary.contributors_.reserve(contributors);
  summary.rebuild_slots(contributors);
  for (std::uint64_t i = 0; i < contributors && !reader.failed(); ++i) {
    const std::string_view key = reader.text();
    const std::uint64_t hash = hash_of(key, seed);
    if (summary.find(key, hash) != nullptr) return damaged;
    Contributor& read = summary.insert(key, hash);
    read.count = reader.number();
    read.sum = (flags & kHasSums) != 0 ? read_value(reader) : static_cast<double>(read.count);
    read.weight = (flags & kHasWeights) != 0 ? read_value(reader) : read.sum;
    read.missed = read_value(reader);
  }
  if ((flags & kHasUniques) != 0) {
    auto uniques = UniqueCounter::read(reader.text());
    if (!uniques) return damaged;
    summary.uniques_ = *std::move(uniques);
  }
  if (reader.failed() || !reader.done()) return damaged;
  return summary;
}

}  // namespace weir::contributors
