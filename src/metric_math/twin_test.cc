// SPDX-License-Identifier: Apache-2.0
// Random expressions against a slow twin: it takes each time stamp by itself, with series as maps,
// straight from the words of the User Guide, and never sees the parser.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "metric_math/evaluate.h"

namespace weir::metric_math {
namespace {

constexpr std::int64_t kStart = 1'767'225'000;
constexpr int kPlaces = 8;
const Grid kGrid{kStart, kStart + kPlaces * 60, 60};
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

using Points = std::map<std::int64_t, double>;

/// What the twin knows: a text, and the value that it should have.
struct Scalar {
  std::string text;
  double value = kNone;
};
struct Column {
  std::string text;
  Points points;
};
struct Columns {
  std::string text;
  std::vector<Points> all;
};

Points kept(const Points& points) {
  Points out;
  for (const auto& [at, value] : points) {
    if (std::isfinite(value)) out[at] = value;
  }
  return out;
}

double compute(const std::string& op, double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return kNone;
  double out = kNone;
  if (op == "+") out = a + b;
  if (op == "-") out = a - b;
  if (op == "*") out = a * b;
  if (op == "/" && b != 0) out = a / b;
  if (op == "^") out = std::pow(a, b);
  if (op == ">") out = a > b;
  if (op == "<=") out = a <= b;
  if (op == "==") out = a == b;
  if (op == "!=") out = a != b;
  if (op == "AND") out = a != 0 && b != 0;
  if (op == "||") out = a != 0 || b != 0;
  return std::isfinite(out) ? out : kNone;
}

double summary(const std::string& function, const std::vector<double>& values, double divisor) {
  double sum = 0;
  for (const double value : values) sum += value;
  if (function == "DATAPOINT_COUNT") return static_cast<double>(values.size());
  if (function == "SUM") return sum;
  if (values.empty()) return kNone;
  if (function == "AVG") return sum / divisor;
  if (function == "MIN") return *std::min_element(values.begin(), values.end());
  if (function == "MAX") return *std::max_element(values.begin(), values.end());
  const double mean = sum / static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

class Twin {
 public:
  explicit Twin(unsigned seed) : random_(seed) {
    for (const char* id : {"m1", "m2", "m3"}) {
      Points& points = metrics_[id];
      for (int i = 0; i < kPlaces; ++i) {
        if (below(4) != 0) points[kStart + i * 60] = below(9) - 4;
      }
    }
  }

  const std::map<std::string, Points>& metrics() const { return metrics_; }

  Scalar scalar(int depth) {
    if (depth == 0 || below(3) == 0) {
      const int number = below(6);
      return {std::to_string(number), static_cast<double>(number)};
    }
    if (below(2) == 0) {
      const std::string op = any_operator();
      const Scalar a = scalar(depth - 1);
      const Scalar b = scalar(depth - 1);
      return {"(" + a.text + " " + op + " " + b.text + ")", compute(op, a.value, b.value)};
    }
    const std::string function = any_summary();
    const Column of = column(depth - 1);
    std::vector<double> values;
    for (const auto& [at, value] : of.points) values.push_back(value);
    return {function + "(" + of.text + ")",
            summary(function, values, static_cast<double>(values.size()))};
  }

  Column column(int depth) {
    if (depth == 0 || below(6) == 0) return metric();
    switch (below(8)) {
      case 0:
      case 1:
        return joined(depth);
      case 2:
        return with_scalar(depth);
      case 3:
        return of_points(depth);
      case 4:
        return against_before(depth);
      case 5:
        return filled(depth);
      case 6:
        return chosen(depth);
      default:
        return over_columns(depth);
    }
  }

  Columns columns(int depth) {
    Columns out;
    const int count = 1 + below(3);
    for (int i = 0; i < count; ++i) {
      const Column one = column(depth - 1);
      out.text += (i == 0 ? "[" : ", ") + one.text;
      out.all.push_back(one.points);
    }
    out.text += "]";
    if (below(2) == 0) return out;
    const std::string op = any_operator();
    const Column other = column(depth - 1);
    out.text = "(" + out.text + " " + op + " " + other.text + ")";
    for (Points& points : out.all) points = join(op, points, other.points);
    return out;
  }

 private:
  int below(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }
  std::string any_operator() {
    constexpr const char* kNames[] = {"+", "-", "*", "/", "^", ">", "<=", "==", "!=", "AND", "||"};
    return kNames[below(11)];
  }
  std::string any_summary() {
    constexpr const char* kNames[] = {"AVG", "SUM", "MIN", "MAX", "STDDEV", "DATAPOINT_COUNT"};
    return kNames[below(6)];
  }

  Column metric() {
    const auto at = std::next(metrics_.begin(), below(3));
    return {at->first, at->second};
  }

  static Points join(const std::string& op, const Points& a, const Points& b) {
    Points out;
    for (int i = 0; i < kPlaces; ++i) {
      const std::int64_t at = kStart + i * 60;
      if (!a.contains(at) && !b.contains(at)) continue;
      out[at] = compute(op, a.contains(at) ? a.at(at) : 0, b.contains(at) ? b.at(at) : 0);
    }
    return kept(out);
  }

  Column joined(int depth) {
    const std::string op = any_operator();
    const Column a = column(depth - 1);
    const Column b = column(depth - 1);
    return {"(" + a.text + " " + op + " " + b.text + ")", join(op, a.points, b.points)};
  }

  Column with_scalar(int depth) {
    const std::string op = any_operator();
    const Column a = column(depth - 1);
    const Scalar b = scalar(depth - 1);
    const bool is_left = below(2) == 0;
    Points out;
    for (const auto& [at, value] : a.points) {
      out[at] = is_left ? compute(op, b.value, value) : compute(op, value, b.value);
    }
    return {is_left ? "(" + b.text + " " + op + " " + a.text + ")"
                    : "(" + a.text + " " + op + " " + b.text + ")",
            kept(out)};
  }

  Column of_points(int depth) {
    constexpr const char* kNames[] = {"ABS", "CEIL", "FLOOR", "LOG", "LOG10", "-"};
    const std::string name = kNames[below(6)];
    const Column a = column(depth - 1);
    Points out;
    for (const auto& [at, value] : a.points) {
      out[at] = name == "ABS"     ? std::abs(value)
                : name == "CEIL"  ? std::ceil(value)
                : name == "FLOOR" ? std::floor(value)
                : name == "LOG"   ? std::log(value)
                : name == "LOG10" ? std::log10(value)
                                  : -value;
    }
    return {name + "(" + a.text + ")", kept(out)};
  }

  Column against_before(int depth) {
    constexpr const char* kNames[] = {"DIFF", "DIFF_TIME", "RATE", "RUNNING_SUM"};
    const std::string name = kNames[below(4)];
    const Column a = column(depth - 1);
    Points out;
    std::optional<std::pair<std::int64_t, double>> before;
    double sum = 0;
    for (const auto& [at, value] : a.points) {
      sum += value;
      if (name == "RUNNING_SUM") {
        out[at] = sum;
      } else if (before) {
        const auto seconds = static_cast<double>(at - before->first);
        const double change = value - before->second;
        out[at] = name == "DIFF" ? change : name == "RATE" ? change / seconds : seconds;
      }
      before = {at, value};
    }
    return {name + "(" + a.text + ")", kept(out)};
  }

  Column filled(int depth) {
    const Column a = column(depth - 1);
    const int kind = below(4);
    const Scalar number = scalar(0);
    const Column other = column(depth - 1);
    Points out = a.points;
    for (int i = 0; i < kPlaces; ++i) {
      const std::int64_t at = kStart + i * 60;
      if (a.points.contains(at)) continue;
      const auto after = a.points.upper_bound(at);
      const auto before = after == a.points.begin() ? a.points.end() : std::prev(after);
      if (kind == 0) out[at] = number.value;
      if (kind == 1 && before != a.points.end()) out[at] = before->second;
      if (kind == 2 && before != a.points.end() && after != a.points.end()) {
        const double part = static_cast<double>(at - before->first) /
                            static_cast<double>(after->first - before->first);
        out[at] = before->second + (after->second - before->second) * part;
      }
      if (kind == 3 && other.points.contains(at)) out[at] = other.points.at(at);
    }
    const std::string with[] = {number.text, "REPEAT", "LINEAR", other.text};
    return {"FILL(" + a.text + ", " + with[kind] + ")", out};
  }

  Column chosen(int depth) {
    const Column condition = column(depth - 1);
    const Column yes = column(depth - 1);
    const Column no = column(depth - 1);
    const bool has_no = below(2) == 0;
    Points out;
    for (const auto& [at, value] : condition.points) {
      if (value != 0) out[at] = yes.points.contains(at) ? yes.points.at(at) : 0;
      if (value == 0 && has_no && no.points.contains(at)) out[at] = no.points.at(at);
    }
    return {"IF(" + condition.text + ", " + yes.text + (has_no ? ", " + no.text : "") + ")", out};
  }

  Column over_columns(int depth) {
    const std::string function = any_summary();
    const Columns of = columns(depth);
    Points out;
    for (int i = 0; i < kPlaces; ++i) {
      const std::int64_t at = kStart + i * 60;
      std::vector<double> values;
      for (const Points& points : of.all) {
        if (points.contains(at)) values.push_back(points.at(at));
      }
      if (!values.empty()) {
        out[at] = summary(function, values, static_cast<double>(of.all.size()));
      }
    }
    return {function + "(" + of.text + ")", kept(out)};
  }

  std::mt19937 random_;
  std::map<std::string, Points> metrics_;
};

class TwinEnvironment : public Environment {
 public:
  explicit TwinEnvironment(const std::map<std::string, Points>& metrics) : metrics_(metrics) {}
  Grid grid() const override { return kGrid; }
  Result<Value> value(std::string_view id) override {
    std::vector<std::int64_t> times;
    std::vector<double> values;
    for (const auto& [at, value] : metrics_.at(std::string(id))) {
      times.push_back(at);
      values.push_back(value);
    }
    return Value(Series(kGrid, times, values));
  }
  Result<int> period(std::string_view) override { return 60; }
  Result<SeriesArray> metrics(std::string_view) override { return SeriesArray{}; }
  Result<SeriesArray> search(std::string_view, std::string_view, std::optional<int>) override {
    return SeriesArray{};
  }
  Result<std::array<Series, 2>> band(std::string_view, double) override {
    return std::array<Series, 2>{};
  }
  Result<Series> insight_rule_metric(std::string_view, std::string_view) override {
    return Series();
  }

 private:
  const std::map<std::string, Points>& metrics_;
};

TEST(MetricMathTwin, RandomExpressionsHaveTheSameValues) {
  int points = 0;
  for (unsigned seed = 0; seed < 4000; ++seed) {
    Twin twin(seed);
    const Column wanted = twin.column(1 + static_cast<int>(seed % 4));
    if (wanted.text.size() > Expression::kTextMax) continue;
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + wanted.text);
    const auto expression = Expression::parse(wanted.text);
    ASSERT_TRUE(expression) << expression.error().message;
    TwinEnvironment environment(twin.metrics());
    const auto value = evaluate(*expression, environment);
    ASSERT_TRUE(value) << value.error().message;
    const auto* got = std::get_if<Series>(&*value);
    ASSERT_NE(got, nullptr);
    ASSERT_EQ(got->size(), wanted.points.size());
    std::size_t i = 0;
    for (const auto& [at, number] : wanted.points) {
      ASSERT_EQ((*got->times)[i], at);
      ASSERT_NEAR((*got->values)[i], number, 1e-9 * std::max(1.0, std::abs(number)));
      ++i;
    }
    points += static_cast<int>(i);
  }
  EXPECT_GT(points, 5000);
}

TEST(MetricMathTwin, NestingHasABound) {
  for (const char* open : {"(", "-", "[", "ABS(", "2 ^ "}) {
    std::string text;
    for (int i = 0; i < 400; ++i) text += open;
    const auto parsed = Expression::parse(text + "m1");
    ASSERT_FALSE(parsed) << open;
    EXPECT_EQ(parsed.error().code, "ValidationError");
  }
  std::string sum = "1";
  while (sum.size() + 2 <= Expression::kTextMax) sum += "+1";
  const auto long_sum = Expression::parse(sum);
  ASSERT_TRUE(long_sum);
  const std::map<std::string, Points> none;
  TwinEnvironment environment(none);
  EXPECT_EQ(std::get<double>(*evaluate(*long_sum, environment)), 1024);
  EXPECT_FALSE(Expression::parse(sum + "+1"));
}

}  // namespace
}  // namespace weir::metric_math
