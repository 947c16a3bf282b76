// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "insights/commands/pattern.h"

/// The anomalies of patterns: robust statistics of each pattern's own course, nothing learnt.
namespace weir::insights {

/// The events of one pattern over time, with the numbers and words that stand in it.
///
/// Time is cut into at most kBucketsMax buckets of 2^n ms; the buckets get wider as the course gets
/// longer, so the result does not depend on the order of the events.
/// Threads: one. Memory: `bytes()`.
class PatternCourse {
 public:
  static constexpr std::int64_t kBucketsMax = 128;
  static constexpr std::size_t kVariablesMax = 8;  // watched of a pattern, the first ones
  static constexpr std::size_t kWordsMax = 64;     // different ones of a variable; more: any word
  static constexpr std::size_t kWordBytesMax = 256;

  struct Bucket {
    std::int64_t events = 0;
    std::array<double, kVariablesMax> sums = {};          // of numbers
    std::array<std::int64_t, kVariablesMax> errors = {};  // numbers from 400 to 599
  };
  struct Word {
    std::int64_t events = 0;
    std::int64_t first_ms = 0;
  };
  struct Variable {
    bool is_number = false;
    bool may_be_status = true;  // every number is from 100 to 599 without a fraction
    std::bitset<600> statuses;  // the different ones
    bool has_any_word = false;  // more than kWordsMax
    std::map<std::string, Word, std::less<>> words;  // of what is no number
  };

  void add(std::int64_t ms, std::span<const PatternVariable> variables);
  void merge(const PatternCourse& other);
  /// Buckets of 2^shift ms at least.
  void widen(int shift);
  std::size_t bytes() const { return bytes_; }

  std::int64_t events() const { return events_; }
  std::int64_t first_ms() const { return first_ms_; }
  std::int64_t last_ms() const { return last_ms_; }
  int shift() const { return shift_; }
  bool speaks_http() const { return speaks_http_; }
  /// By their number, `ms >> shift()`.
  const std::map<std::int64_t, Bucket>& buckets() const { return buckets_; }
  const std::vector<Variable>& variables() const { return variables_; }

 private:
  static constexpr int kShiftMin = 10;  // about a second
  void shorten();
  void add_word(Variable& variable, std::string_view text, const Word& word);
  void count_bytes();

  std::int64_t events_ = 0;
  std::int64_t first_ms_ = 0;
  std::int64_t last_ms_ = 0;
  int shift_ = kShiftMin;
  bool speaks_http_ = false;
  std::map<std::int64_t, Bucket> buckets_;
  std::vector<Variable> variables_;
  std::size_t word_bytes_ = 0;
  std::size_t bytes_ = 0;
};

/// The time that all patterns together cover, and its buckets.
struct AnomalyFrame {
  std::int64_t first_ms = 0;
  std::int64_t last_ms = 0;
  int shift = 0;
  std::int64_t first_bucket = 0;
  std::size_t buckets = 0;
  std::vector<std::int64_t> events;  // of all patterns, by bucket

  static AnomalyFrame of(std::span<const PatternCourse> courses);
};

/// What is unusual in a pattern's course, as a JSON list of
/// `{"type":...,"at":ms,"score":0..1,"description":...}`; empty if nothing is.
std::string find_anomalies(std::string_view pattern, const PatternCourse& course,
                           const AnomalyFrame& frame);

}  // namespace weir::insights
