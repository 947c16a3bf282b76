// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_counter.h"
#include "contributors/key_hash.h"

namespace weir::contributors {

/// The top contributors of a stream of (key, value) in bounded memory.
///
/// A table of `contributors_max` keys, each with its own sum and count. When it is full
/// the three quarters with the larger totals stay and the threshold rises to the greatest total
/// that left: Misra and Gries (1982) for weights, with the decrements kept as one threshold instead
/// of being subtracted, so that what is known of a key is never blurred.
///
/// Error. Until the table was full for the first time everything is exact. After that, with W the
/// total of the absolute values (for Count rules: the events) and k = contributors_max * 3 / 4:
/// - a key's sum is at most `missed` too small (for Count: never too large), and
///   missed <= threshold <= W / (k + 1);
/// - a key that is not in the table has a total of at most threshold;
/// - number, sum, minimum and maximum of all values are always exact;
/// - the number of different keys is exact while the table was never full, else as UniqueCounter
///   says.
/// For the merger of summaries the thresholds add up, so that missed <= sum of W_i / (k_i + 1).
///
/// Threads: one at a time. Memory: about (80 + size of a key) bytes for each key in the table; keys
/// of together more than `key_bytes_max` count as a full table.
class Summary {
 public:
  struct Limits {
    std::size_t contributors_max = 4096;
    std::size_t key_bytes_max = std::size_t{1} << 20;
  };
  struct Contributor {
    std::uint64_t hash = 0;
    std::uint32_t key_offset = 0;
    std::uint32_t key_size = 0;
    double sum = 0;
    double weight = 0;  // total of the absolute values
    double missed = 0;  // at most so much of the weight is not in sum and weight
    std::uint64_t count = 0;

    double weight_max() const { return weight + missed; }
  };

  explicit Summary(std::uint64_t seed, Limits limits);
  explicit Summary(std::uint64_t seed) : Summary(seed, Limits{}) {}

  /// Whether the key is new to the table.
  bool add(std::string_view key, double value) { return add(key, hash_of(key, seed_), value); }
  /// `hash` is hash_of(key, seed).
  bool add(std::string_view key, std::uint64_t hash, double value);
  /// `other` has the same seed.
  void merge(const Summary& other);
  /// Keeps the `contributors_max` largest only and says so in threshold().
  void trim(std::size_t contributors_max);

  std::uint64_t seed() const { return seed_; }
  std::uint64_t count() const { return count_; }
  double sum() const { return sum_; }
  /// Of single values; 0 without any.
  double minimum() const { return minimum_; }
  double maximum() const { return maximum_; }
  double threshold() const { return threshold_; }
  /// Whether every number here is exact.
  bool is_exact() const { return !uniques_; }
  double unique_count() const;

  /// In no order. Valid until the next change.
  const std::vector<Contributor>& contributors() const { return contributors_; }
  std::string_view key(const Contributor& contributor) const {
    return std::string_view(keys_).substr(contributor.key_offset, contributor.key_size);
  }
  const Contributor* find(std::string_view key) const { return find(key, hash_of(key, seed_)); }
  const Contributor* find(std::string_view key, std::uint64_t hash) const;
  /// Bytes of memory, about.
  std::size_t memory() const;

  /// The stored form: version (1 byte); flags (1: has a unique counter, 2: weights differ from
  /// sums, 4: sums differ from counts); count; sum, minimum, maximum, threshold; number of
  /// contributors; for each its key (size, bytes), count, [sum], [weight], missed; the
  /// registers of the unique counter. Sizes and counts are numbers of logs/bytes.h; a whole value
  /// with zigzag form n is 2n, any other value 1 and its bits.
  std::string encode() const;
  /// Error: kind internal, the bytes are not of a summary.
  static Result<Summary> decode(std::string_view bytes, std::uint64_t seed, Limits limits);

 private:
  /// The place of the key in slots_, or of the free slot where it belongs.
  std::size_t slot_of(std::string_view key, std::uint64_t hash) const;
  Contributor& insert(std::string_view key, std::uint64_t hash);
  void make_room(std::size_t key_bytes);
  void count_keys();
  void rebuild_slots(std::size_t contributors_expected);

  std::uint64_t seed_;
  Limits limits_;
  std::uint64_t count_ = 0;
  double sum_ = 0;
  double minimum_ = 0;
  double maximum_ = 0;
  double threshold_ = 0;
  std::vector<Contributor> contributors_;
  std::string keys_;
  std::vector<std::uint32_t> slots_;      // 1 + index into contributors_, 0: free; a power of two
  std::optional<UniqueCounter> uniques_;  // of all keys ever, once a key was dropped
};

}  // namespace weir::contributors
