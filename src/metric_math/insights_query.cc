// SPDX-License-Identifier: Apache-2.0
#include "metric_math/insights_query.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

namespace weir::metric_math {

namespace {

constexpr std::string_view kWord =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

bool equal_without_case(std::string_view a, std::string_view upper) {
  return std::equal(a.begin(), a.end(), upper.begin(), upper.end(), [](char x, char y) {
    return (x >= 'a' && x <= 'z' ? static_cast<char>(x - 'a' + 'A') : x) == y;
  });
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<InsightsQuery> query() {
    InsightsQuery out;
    if (!take_word("SELECT")) return fail();
    WEIR_TRY(out.aggregation, aggregation());
    if (!take("(")) return fail();
    WEIR_TRY(out.metric_name, name());
    if (!take(")") || !take_word("FROM")) return fail();
    WEIR_CHECK(source(out));
    if (take_word("WHERE")) {
      do {
        WEIR_TRY(auto one, condition());
        out.conditions.push_back(std::move(one));
      } while (take_word("AND"));
    }
    if (take_word("GROUP")) {
      if (!take_word("BY")) return fail();
      do {
        WEIR_TRY(std::string dimension, name());
        out.group_by.push_back(std::move(dimension));
      } while (take(","));
    }
    WEIR_CHECK(order_and_limit(out));
    if (!at_end()) return fail();
    return out;
  }

 private:
  Result<InsightsQuery::Aggregation> aggregation() {
    using A = InsightsQuery::Aggregation;
    constexpr std::pair<std::string_view, A> kNames[] = {
        {"AVG", A::avg}, {"COUNT", A::count}, {"MAX", A::max}, {"MIN", A::min}, {"SUM", A::sum}};
    for (const auto& [text, value] : kNames) {
      if (take_word(text)) return value;
    }
    return fail();
  }

  Result<void> source(InsightsQuery& out) {
    if (!take_word("SCHEMA")) {
      WEIR_TRY(out.namespace_name, name());
      return {};
    }
    if (!take("(")) return fail();
    WEIR_TRY(out.namespace_name, name());
    out.schema.emplace();
    while (!take(")")) {
      if (!take(",")) return fail();
      WEIR_TRY(std::string dimension, name());
      out.schema->push_back(std::move(dimension));
    }
    std::sort(out.schema->begin(), out.schema->end());
    return {};
  }

  Result<InsightsQuery::Condition> condition() {
    InsightsQuery::Condition out;
    WEIR_TRY(out.dimension, name());
    out.is_equal = take("=");
    if (!out.is_equal && !take("!=")) return fail();
    WEIR_TRY(out.value, quoted('\''));
    return out;
  }

  Result<void> order_and_limit(InsightsQuery& out) {
    if (take_word("ORDER")) {
      if (!take_word("BY")) return fail();
      WEIR_TRY(const auto by, aggregation());
      if (!take("(") || !take(")")) return fail();
      const bool is_descending = take_word("DESC");
      if (!is_descending) take_word("ASC");
      out.order = {by, is_descending};
    }
    if (!take_word("LIMIT")) return {};
    skip_blanks();
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), out.limit);
    if (error != std::errc{} || out.limit == 0 || out.limit > InsightsQuery::kGroupsMax) {
      return fail();
    }
    at_ += static_cast<std::size_t>(end - begin);
    return {};
  }

  Result<std::string> name() {
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == '"') return quoted('"');
    const std::size_t end = std::min(text_.find_first_not_of(kWord, at_), text_.size());
    if (end == at_ || (text_[at_] >= '0' && text_[at_] <= '9')) return fail();
    const std::string_view out = text_.substr(at_, end - at_);
    at_ = end;
    return std::string(out);
  }

  /// A quote inside is doubled.
  Result<std::string> quoted(char quote) {
    skip_blanks();
    const std::size_t begin = at_;
    if (at_ == text_.size() || text_[at_] != quote) return fail();
    std::string out;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == quote) {
        ++at_;
        if (at_ == text_.size() || text_[at_] != quote) return out;
      }
      out += text_[at_];
    }
    at_ = begin;
    return fail();
  }

  bool take(std::string_view symbol) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(symbol)) return false;
    at_ += symbol.size();
    return true;
  }
  bool take_word(std::string_view word) {
    skip_blanks();
    const std::size_t end = std::min(text_.find_first_not_of(kWord, at_), text_.size());
    if (!equal_without_case(text_.substr(at_, end - at_), word)) return false;
    at_ = end;
    return true;
  }
  void skip_blanks() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }
  bool at_end() {
    skip_blanks();
    return at_ == text_.size();
  }
  Error fail() const {
    return {ErrorKind::invalid,
            "ValidationError",
            "Invalid syntax at position " + std::to_string(at_),
            {{"position", std::to_string(at_)}}};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

const std::string* dimension_value(const metrics::MetricId& metric, std::string_view name) {
  for (const metrics::Dimension& dimension : metric.dimensions) {
    if (dimension.name == name) return &dimension.value;
  }
  return nullptr;
}

}  // namespace

bool InsightsQuery::is_one(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  const std::size_t end = std::min(text.find_first_not_of(kWord, begin), text.size());
  return equal_without_case(text.substr(begin, end - begin), "SELECT");
}

Result<InsightsQuery> InsightsQuery::parse(std::string_view text) {
  if (text.size() > kTextMax) {
    return Error{ErrorKind::invalid,
                 "ValidationError",
                 "Invalid syntax: longer than " + std::to_string(kTextMax) + " characters",
                 {{"position", std::to_string(kTextMax)}}};
  }
  return Parser(text).query();
}

bool InsightsQuery::matches(const metrics::MetricId& metric) const {
  if (metric.namespace_name != namespace_name || metric.metric_name != metric_name) return false;
  if (schema && !std::equal(metric.dimensions.begin(), metric.dimensions.end(), schema->begin(),
                            schema->end(), [](const auto& dimension, const auto& name) {
                              return dimension.name == name;
                            })) {
    return false;
  }
  return std::all_of(conditions.begin(), conditions.end(), [&](const Condition& condition) {
    const std::string* value = dimension_value(metric, condition.dimension);
    return value != nullptr && (*value == condition.value) == condition.is_equal;
  });
}

std::vector<std::string> InsightsQuery::group_of(const metrics::MetricId& metric) const {
  std::vector<std::string> out;
  for (const std::string& name : group_by) {
    const std::string* value = dimension_value(metric, name);
    out.push_back(value == nullptr ? "Other" : *value);
  }
  return out;
}

double value_of(InsightsQuery::Aggregation aggregation, const metrics::Aggregate& bucket) {
  using A = InsightsQuery::Aggregation;
  switch (aggregation) {
    case A::avg:
      return bucket.sum / bucket.sample_count;
    case A::count:
      return bucket.sample_count;
    case A::max:
      return bucket.maximum;
    case A::min:
      return bucket.minimum;
    case A::sum:
      break;
  }
  return bucket.sum;
}

}  // namespace weir::metric_math
