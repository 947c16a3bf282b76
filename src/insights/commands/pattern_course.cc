// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "insights/commands/anomaly.h"

namespace weir::insights {
namespace {

constexpr double kStatusMin = 100;
constexpr double kStatusError = 400;
constexpr double kStatusEnd = 600;
constexpr std::size_t kNodeBytes = 48;  // of a map, beside what is in it

void add_bucket(PatternCourse::Bucket& to, const PatternCourse::Bucket& from) {
  to.events += from.events;
  for (std::size_t i = 0; i < PatternCourse::kVariablesMax; ++i) {
    to.sums[i] += from.sums[i];
    to.errors[i] += from.errors[i];
  }
}

}  // namespace

void PatternCourse::add_word(Variable& variable, std::string_view text, const Word& word) {
  if (variable.has_any_word) return;
  const auto found = variable.words.find(text);
  if (found != variable.words.end()) {
    found->second.first_ms = std::min(found->second.first_ms, word.first_ms);
    found->second.events += word.events;
    return;
  }
  if (variable.words.size() < kWordsMax) {
    word_bytes_ += text.size() + sizeof(std::string) + sizeof(Word) + kNodeBytes;
    variable.words.emplace(text, word);
    return;
  }
  for (const auto& [name, old] : variable.words) {
    word_bytes_ -= name.size() + sizeof(std::string) + sizeof(Word) + kNodeBytes;
  }
  variable.words.clear();
  variable.has_any_word = true;
}

void PatternCourse::count_bytes() {
  bytes_ = sizeof(PatternCourse) + buckets_.size() * (sizeof(Bucket) + kNodeBytes) +
           variables_.size() * sizeof(Variable) + word_bytes_;
}

void PatternCourse::add(std::int64_t ms, std::span<const PatternVariable> variables) {
  first_ms_ = events_ == 0 ? ms : std::min(first_ms_, ms);
  last_ms_ = events_ == 0 ? ms : std::max(last_ms_, ms);
  ++events_;
  variables = variables.first(std::min(variables.size(), kVariablesMax));
  variables_.resize(std::max(variables_.size(), variables.size()));
  Bucket& bucket = buckets_[ms >> shift_];
  ++bucket.events;
  for (std::size_t i = 0; i < variables.size(); ++i) {
    Variable& variable = variables_[i];
    const PatternVariable& given = variables[i];
    variable.is_number = given.kind == "Number";
    if (!variable.is_number) {
      speaks_http_ |= given.text.starts_with("HTTP/");
      const bool is_ever_new = given.kind == "Time" || given.kind == "UUID";
      if (!is_ever_new) add_word(variable, given.text.substr(0, kWordBytesMax), {1, ms});
      continue;
    }
    const Number number = parse_number(given.text).value_or(Number{});
    bucket.sums[i] += number.real;
    const bool is_status =
        number.is_integer && number.real >= kStatusMin && number.real < kStatusEnd;
    variable.may_be_status &= is_status;
    if (!is_status) continue;
    variable.statuses.set(static_cast<std::size_t>(number.integer));
    if (number.real >= kStatusError) ++bucket.errors[i];
  }
  shorten();
  count_bytes();
}

void PatternCourse::shorten() {
  while (!buckets_.empty() && buckets_.rbegin()->first - buckets_.begin()->first >= kBucketsMax) {
    widen(shift_ + 1);
  }
}

void PatternCourse::widen(int shift) {
  if (shift <= shift_) return;
  std::map<std::int64_t, Bucket> wider;
  for (const auto& [number, bucket] : buckets_) {
    add_bucket(wider[number >> (shift - shift_)], bucket);
  }
  buckets_ = std::move(wider);
  shift_ = shift;
}

void PatternCourse::merge(const PatternCourse& other) {
  if (other.events_ == 0) return;
  first_ms_ = events_ == 0 ? other.first_ms_ : std::min(first_ms_, other.first_ms_);
  last_ms_ = events_ == 0 ? other.last_ms_ : std::max(last_ms_, other.last_ms_);
  events_ += other.events_;
  speaks_http_ |= other.speaks_http_;
  widen(other.shift_);
  for (const auto& [number, bucket] : other.buckets_) {
    add_bucket(buckets_[number >> (shift_ - other.shift_)], bucket);
  }
  variables_.resize(std::max(variables_.size(), other.variables_.size()));
  for (std::size_t i = 0; i < other.variables_.size(); ++i) {
    Variable& variable = variables_[i];
    const Variable& from = other.variables_[i];
    variable.is_number |= from.is_number;
    variable.may_be_status &= from.may_be_status;
    variable.statuses |= from.statuses;
    for (const auto& [text, word] : from.words) add_word(variable, text, word);
    if (from.has_any_word && !variable.has_any_word) {
      for (const auto& [text, word] : variable.words) {
        word_bytes_ -= text.size() + sizeof(std::string) + sizeof(Word) + kNodeBytes;
      }
      variable.words.clear();
      variable.has_any_word = true;
    }
  }
  shorten();
  count_bytes();
}

AnomalyFrame AnomalyFrame::of(std::span<const PatternCourse> courses) {
  AnomalyFrame frame;
  bool has_any = false;
  for (const PatternCourse& course : courses) {
    if (course.events() == 0) continue;
    frame.first_ms = has_any ? std::min(frame.first_ms, course.first_ms()) : course.first_ms();
    frame.last_ms = has_any ? std::max(frame.last_ms, course.last_ms()) : course.last_ms();
    frame.shift = std::max(frame.shift, course.shift());
    has_any = true;
  }
  if (!has_any) return frame;
  const auto last_bucket = [&frame] { return frame.last_ms >> frame.shift; };
  while (last_bucket() - (frame.first_ms >> frame.shift) >= PatternCourse::kBucketsMax) {
    ++frame.shift;
  }
  frame.first_bucket = frame.first_ms >> frame.shift;
  frame.buckets = static_cast<std::size_t>(last_bucket() - frame.first_bucket + 1);
  frame.events.resize(frame.buckets);
  for (const PatternCourse& course : courses) {
    for (const auto& [number, bucket] : course.buckets()) {
      const std::int64_t place = (number >> (frame.shift - course.shift())) - frame.first_bucket;
      frame.events[static_cast<std::size_t>(place)] += bucket.events;
    }
  }
  return frame;
}

}  // namespace weir::insights
