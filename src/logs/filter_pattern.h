// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::logs {

/// A log event's message as filter patterns look at it. Fields and the JSON tree are worked out
/// when the first pattern asks and shared by all that follow, so many filters cost one reading of
/// the message. Use one Subject for many messages: `reset()` keeps its memory.
///
/// Threads: one at a time. Memory: proportional to the longest message.
class Subject {
 public:
  Subject();
  explicit Subject(std::string_view message);
  ~Subject();
  Subject(Subject&&) noexcept;
  Subject& operator=(Subject&&) noexcept;

  /// `message` must outlive its use here.
  void reset(std::string_view message);
  std::string_view message() const;

  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// What a pattern found in an event: `$name`, `$3` or `$.a.b` to text.
struct Extraction {
  std::map<std::string, std::string> values;
  bool operator==(const Extraction&) const = default;
};

/// A reference to a part of an event, made by FilterPattern::field(): `$name`, `$3` or `$.a.b`.
class FieldReference {
 public:
  FieldReference() = default;

 private:
  friend class FilterPattern;
  std::size_t token_ = 0;  // of a space-delimited pattern; counted from 0
  bool from_right_ = false;
  bool takes_rest_ = false;
  std::shared_ptr<const struct JsonSelector> selector_;  // immutable, so copies may share it
};

/// A CloudWatch Logs filter pattern (User Guide, "Filter pattern syntax"): terms, JSON,
/// space-delimited, with regular expressions between percent signs. Compiled once; evaluation
/// allocates nothing beyond the Subject.
///
/// Immutable and cheap to copy; may be used from many threads at a time.
/// Limits: text up to kBytesMax, parentheses kDepthMax deep, AWS's numbers of expressions and
/// wildcards.
class FilterPattern {
 public:
  static constexpr std::size_t kBytesMax = 4096;  // 1024 characters
  static constexpr std::size_t kDepthMax = 64;
  static constexpr std::size_t kRegexMax = 2;      // JSON and space-delimited
  static constexpr std::size_t kWildcardsMax = 3;  // JSON: of selectors

  enum class Dialect : std::uint8_t { all, terms, json, delimited };

  /// Error: kind invalid, code InvalidParameterException, message `Invalid filter pattern` or
  /// `Invalid character(s) in term '...'`; what exactly is wrong and where is in detail `reason`.
  static Result<FilterPattern> compile(std::string_view text);
  /// The pattern that matches everything.
  FilterPattern();

  const std::string& text() const;
  Dialect dialect() const;
  bool has_regex() const;
  /// Texts that every message that matches contains: what lets a search skip whole blocks. None
  /// if nothing is known.
  std::vector<std::string> required_literals() const;
  /// What is legal on AWS but probably not meant, such as `?` terms that are ignored; "" if
  /// nothing.
  std::string warning() const;

  bool matches(std::string_view message) const;
  bool matches(Subject& subject) const;
  /// Matches and extracts what TestMetricFilter shows: names and positions of a space-delimited
  /// pattern, the selectors of a JSON pattern, nothing for terms.
  std::optional<Extraction> match(std::string_view message) const;
  std::optional<Extraction> match(Subject& subject) const;

  /// `$name` or `$3` for a space-delimited pattern, `$.a.b` for a JSON one. Error (kind invalid) if
  /// the pattern has no such field or the dialect has no fields at all.
  Result<FieldReference> field(std::string_view reference) const;
  /// The text of that field of an event that matches; nothing if it is absent, null, an array or an
  /// object. The view is valid until the subject is reset.
  std::optional<std::string_view> value(Subject& subject, const FieldReference& field) const;

  struct Impl;

 private:
  friend class BlockSearch;
  friend class PatternSet;
  explicit FilterPattern(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;  // immutable, so copies may share it
};

/// The number that a field's text says (decimal, optional exponent, nothing around it), else
/// nothing.
std::optional<double> parse_number(std::string_view text);

}  // namespace weir::logs
