// SPDX-License-Identifier: Apache-2.0
#include "metric_math/evaluate.h"

#include <cmath>
#include <utility>

#include "metric_math/columns.h"
#include "metric_math/functions.h"

namespace weir::metric_math {

namespace {

using Kind = Node::Kind;

Error refuse(std::string message) {
  return {ErrorKind::invalid, "ValidationError", std::move(message)};
}

Error wrong_argument(const Node& call, const Value& got, std::string_view wanted) {
  return refuse("Function '" + std::string(name_of(call.function)) + "' takes " +
                std::string(wanted) + ", not " + type_name(got));
}

std::size_t points_of(const Value& value) {
  if (const auto* series = std::get_if<Series>(&value)) return series->size();
  const auto* array = std::get_if<SeriesArray>(&value);
  if (array == nullptr) return 0;
  std::size_t count = 0;
  for (const Series& series : *array) count += series.size();
  return count;
}

class Evaluator {
 public:
  explicit Evaluator(Environment& environment) : environment_(environment) {}

  Result<Value> value(const Node& node) {
    switch (node.kind) {
      case Kind::number:
        return Value(node.number);
      case Kind::text:
        return Value(node.text);
      case Kind::id:
        return environment_.value(node.text);
      case Kind::keyword:
        return refuse("Invalid syntax at position " + std::to_string(node.position));
      default:
        break;
    }
    WEIR_TRY(Value out, operation(node));
    WEIR_CHECK(environment_.spend(points_of(out)));
    return out;
  }

 private:
  Result<Value> operation(const Node& node) {
    if (node.kind == Kind::array) return array(node);
    if (node.kind == Kind::call) return call(node);
    if (node.kind == Kind::negate) {
      WEIR_TRY(const Value operand, value(node.children[0]));
      return binary(Operator::subtract, Value(0.0), operand);
    }
    WEIR_TRY(const Value left, value(node.children[0]));
    WEIR_TRY(const Value right, value(node.children[1]));
    return binary(node.op, left, right);
  }

  /// `[m1, METRICS(), 5]`: arrays inside are spread; a number has a point wherever another element
  /// has one.
  Result<Value> array(const Node& node) {
    SeriesArray out;
    std::vector<std::pair<std::size_t, double>> numbers;
    for (const Node& child : node.children) {
      WEIR_TRY(Value element, value(child));
      if (const auto* number = std::get_if<double>(&element)) {
        numbers.emplace_back(out.size(), *number);
        out.emplace_back();
      } else if (auto* series = std::get_if<Series>(&element)) {
        out.push_back(std::move(*series));
      } else if (auto* inner = std::get_if<SeriesArray>(&element)) {
        for (Series& one : *inner) out.push_back(std::move(one));
      } else {
        return refuse("An array holds time series and numbers, not a text");
      }
      if (out.size() > Environment::kArrayMax) return too_many();
    }
    if (numbers.size() == out.size() && !numbers.empty()) {
      return refuse("An array must hold at least one time series");
    }
    if (!numbers.empty()) spread(out, numbers);
    return Value(std::move(out));
  }

  static void spread(SeriesArray& array,
                     const std::vector<std::pair<std::size_t, double>>& numbers) {
    const Series::Times times = union_of_times(array);
    const Grid* grid = nullptr;
    std::size_t next = 0;
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (next < numbers.size() && numbers[next].first == i) {
        ++next;
        continue;
      }
      grid = grid == nullptr ? &array[i].grid : &finer(*grid, array[i].grid);
    }
    for (const auto& [at, number] : numbers) {
      array[at] = finish(*grid, times, std::vector<double>(times->size(), number));
    }
  }

  static Error too_many() {
    return refuse("An array can have at most " + std::to_string(Environment::kArrayMax) +
                  " time series");
  }

  // ---- operators

  static Result<Value> binary(Operator op, const Value& left, const Value& right) {
    if (left.index() == 3 || right.index() == 3) return unsupported(op, left, right);
    const auto* lefts = std::get_if<SeriesArray>(&left);
    const auto* rights = std::get_if<SeriesArray>(&right);
    if (lefts == nullptr && rights == nullptr) return simple(op, left, right);
    if (lefts != nullptr && rights != nullptr && lefts->size() != rights->size()) {
      return refuse("The arrays of '" + std::string(name_of(op)) + "' have " +
                    std::to_string(lefts->size()) + " and " + std::to_string(rights->size()) +
                    " time series");
    }
    SeriesArray out;
    for (std::size_t i = 0; i < (lefts != nullptr ? lefts : rights)->size(); ++i) {
      const Value result = simple(op, lefts != nullptr ? Value((*lefts)[i]) : left,
                                  rights != nullptr ? Value((*rights)[i]) : right);
      out.push_back(named_like((lefts != nullptr ? *lefts : *rights)[i], std::get<Series>(result)));
    }
    return Value(std::move(out));
  }

  static Error unsupported(Operator op, const Value& left, const Value& right) {
    return refuse("Unsupported operands for '" + std::string(name_of(op)) +
                  "': " + type_name(left) + " and " + type_name(right));
  }

  /// Of numbers and series.
  static Value simple(Operator op, const Value& left, const Value& right) {
    const auto* a = std::get_if<double>(&left);
    const auto* b = std::get_if<double>(&right);
    const bool has_no_number = (a != nullptr && std::isnan(*a)) || (b != nullptr && std::isnan(*b));
    if (has_no_number) {
      if (a != nullptr && b != nullptr) return kNoNumber;
      return Series(std::get<Series>(a != nullptr ? right : left).grid, {}, {});
    }
    return with_operator(op, [&](auto f) -> Value {
      if (a != nullptr && b != nullptr) return only_finite(f(*a, *b));
      if (b != nullptr) {
        return map_points(std::get<Series>(left), [&](double value) { return f(value, *b); });
      }
      if (a != nullptr) {
        return map_points(std::get<Series>(right), [&](double value) { return f(*a, value); });
      }
      return join_points(std::get<Series>(left), std::get<Series>(right), f);
    });
  }

  static double only_finite(double number) { return std::isfinite(number) ? number : kNoNumber; }

  static Series named_like(const Series& source, Series series) {
    series.label = source.label;
    series.metric = source.metric;
    return series;
  }

  // ---- functions

  Result<Value> call(const Node& node) {
    switch (node.function) {
      case Function::abs:
        return each(node, [](const Series& s) {
          return map_points(s, [](double v) { return std::abs(v); });
        });
      case Function::ceil:
        return each(node, [](const Series& s) {
          return map_points(s, [](double v) { return std::ceil(v); });
        });
      case Function::floor:
        return each(node, [](const Series& s) {
          return map_points(s, [](double v) { return std::floor(v); });
        });
      case Function::log:
        return each(node, [](const Series& s) {
          return map_points(s, [](double v) { return std::log(v); });
        });
      case Function::log10:
        return each(node, [](const Series& s) {
          return map_points(s, [](double v) { return std::log10(v); });
        });
      case Function::diff:
      case Function::diff_time:
      case Function::rate:
        return each(node, [&](const Series& s) { return differences(node.function, s); });
      case Function::running_sum:
        return each(node, [](const Series& s) { return running_sum(s); });
      case Function::avg:
      case Function::sum:
      case Function::min:
      case Function::max:
      case Function::stddev:
      case Function::datapoint_count:
        return reduction(node);
      case Function::minute:
      case Function::hour:
      case Function::day:
      case Function::date:
      case Function::month:
      case Function::year:
      case Function::epoch:
        return dates(node);
      case Function::fill:
        return filled(node);
      case Function::if_else:
        return choice(node);
      case Function::time_series:
        return time_series(node);
      default:
        return array_or_source(node);
    }
  }

  Result<Value> array_or_source(const Node& node) {
    switch (node.function) {
      case Function::first:
      case Function::last:
        return end_of(node);
      case Function::metric_count: {
        WEIR_TRY(const SeriesArray array, array_argument(node));
        return Value(static_cast<double>(array.size()));
      }
      case Function::remove_empty: {
        WEIR_TRY(SeriesArray array, array_argument(node));
        std::erase_if(array, [](const Series& series) { return series.empty(); });
        return Value(std::move(array));
      }
      case Function::slice:
        return slice(node);
      case Function::sort:
        return sorted(node);
      case Function::metrics:
        return metrics(node);
      case Function::period: {
        WEIR_TRY(const std::string id, id_argument(node));
        WEIR_TRY(const int period_s, environment_.period(id));
        return Value(static_cast<double>(period_s));
      }
      case Function::search:
        return search(node);
      case Function::anomaly_detection_band:
        return band(node);
      case Function::insight_rule_metric: {
        WEIR_TRY(const std::string rule, text_argument(node, 0));
        WEIR_TRY(const std::string metric, text_argument(node, 1));
        WEIR_TRY(Series series, environment_.insight_rule_metric(rule, metric));
        return Value(std::move(series));
      }
      default:
        return Error{ErrorKind::unavailable, "UnsupportedFunction",
                     "Function '" + std::string(name_of(node.function)) +
                         "' reads a source that only AWS has; Weir has no data for it"};
    }
  }

  /// Of a series, or of each of an array.
  template <class F>
  Result<Value> each(const Node& node, F&& f) {
    WEIR_TRY(const Value argument, value(node.children[0]));
    if (const auto* series = std::get_if<Series>(&argument)) return Value(f(*series));
    const auto* array = std::get_if<SeriesArray>(&argument);
    if (array == nullptr) {
      return wrong_argument(node, argument, "a time series or an array of time series");
    }
    SeriesArray out;
    for (const Series& series : *array) out.push_back(named_like(series, f(series)));
    return Value(std::move(out));
  }

  Result<Value> reduction(const Node& node) {
    WEIR_TRY(const Value argument, value(node.children[0]));
    if (const auto* series = std::get_if<Series>(&argument)) {
      return Value(only_finite(reduce(node.function, *series->values)));
    }
    if (const auto* array = std::get_if<SeriesArray>(&argument)) {
      return Value(reduce(node.function, *array, environment_.grid()));
    }
    return wrong_argument(node, argument, "a time series or an array of time series");
  }

  Result<Value> dates(const Node& node) {
    Result<void> spent;
    WEIR_TRY(Value out, each(node, [&](const Series& series) {
               if (spent) spent = environment_.spend(series.grid.size());
               return spent ? calendar(node.function, series.grid) : Series();
             }));
    WEIR_CHECK(spent);
    return out;
  }

  Result<Value> filled(const Node& node) {
    const Node& with = node.children[1];
    Filling filling = Filling::number;
    Value filler = 0.0;
    if (with.kind == Kind::keyword && with.text == "REPEAT") {
      filling = Filling::repeat;
    } else if (with.kind == Kind::keyword && with.text == "LINEAR") {
      filling = Filling::linear;
    } else {
      WEIR_TRY(filler, value(with));
      if (std::holds_alternative<Series>(filler)) filling = Filling::series;
      if (filler.index() > 1) {
        return wrong_argument(node, filler,
                              "a number, REPEAT, LINEAR or a time series to fill with");
      }
    }
    const auto* number = std::get_if<double>(&filler);
    const auto* other = std::get_if<Series>(&filler);
    Result<void> spent;
    WEIR_TRY(Value out, each(node, [&](const Series& series) {
               if (spent) spent = environment_.spend(series.grid.size());
               if (!spent) return Series();
               return fill(series, filling, number == nullptr ? 0 : *number, other);
             }));
    WEIR_CHECK(spent);
    return out;
  }

  // ---- IF

  Result<Value> choice(const Node& node) {
    std::vector<Value> arguments;
    std::size_t length = 0;
    bool has_array = false;
    for (const Node& child : node.children) {
      WEIR_TRY(Value argument, value(child));
      if (argument.index() == 3) return wrong_argument(node, argument, "numbers and time series");
      if (const auto* array = std::get_if<SeriesArray>(&argument)) {
        if (has_array && array->size() != length) {
          return refuse("The arrays of 'IF' have different numbers of time series");
        }
        has_array = true;
        length = array->size();
      }
      arguments.push_back(std::move(argument));
    }
    if (!has_array) return choose(arguments);
    SeriesArray out;
    for (std::size_t i = 0; i < length; ++i) {
      std::vector<Value> parts;
      const Series* source = nullptr;
      for (const Value& argument : arguments) {
        const auto* array = std::get_if<SeriesArray>(&argument);
        parts.push_back(array != nullptr ? Value((*array)[i]) : argument);
        if (array != nullptr && source == nullptr) source = &(*array)[i];
      }
      Value chosen = choose(parts);
      if (const auto* number = std::get_if<double>(&chosen)) {
        WEIR_CHECK(environment_.spend(source->grid.size()));
        chosen = constant(source->grid, *number);
      }
      out.push_back(named_like(*source, std::get<Series>(std::move(chosen))));
    }
    return Value(std::move(out));
  }

  /// Arguments are numbers and series.
  Value choose(const std::vector<Value>& arguments) const {
    const Value& then = arguments[1];
    const Value* otherwise = arguments.size() > 2 ? &arguments[2] : nullptr;
    if (const auto* number = std::get_if<double>(&arguments[0])) {
      const bool is_known = !std::isnan(*number);
      if (is_known && *number != 0) return then;
      if (is_known && otherwise != nullptr) return *otherwise;
      if (!is_known && then.index() == 0) return kNoNumber;
      const auto* series = std::get_if<Series>(&then);
      return Series(series != nullptr ? series->grid : environment_.grid(), {}, {});
    }
    const auto& condition = std::get<Series>(arguments[0]);
    const std::vector<double> yes = at_times(then, *condition.times, 0);
    const std::vector<double> no = otherwise == nullptr
                                       ? std::vector<double>(condition.size(), kNoNumber)
                                       : at_times(*otherwise, *condition.times, kNoNumber);
    std::vector<double> out(condition.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = (*condition.values)[i] != 0 ? yes[i] : no[i];
    }
    return finish(condition.grid, condition.times, std::move(out));
  }

  static std::vector<double> at_times(const Value& value, const std::vector<std::int64_t>& times,
                                      double missing) {
    if (const auto* number = std::get_if<double>(&value)) {
      return std::vector<double>(times.size(), *number);
    }
    const auto& series = std::get<Series>(value);
    std::vector<double> out(times.size(), missing);
    std::size_t next = 0;
    for (std::size_t i = 0; i < times.size(); ++i) {
      while (next < series.size() && (*series.times)[next] < times[i]) ++next;
      if (next < series.size() && (*series.times)[next] == times[i])
        out[i] = (*series.values)[next];
    }
    return out;
  }

  // ---- arrays

  Result<SeriesArray> array_argument(const Node& node) {
    WEIR_TRY(Value argument, value(node.children[0]));
    if (auto* array = std::get_if<SeriesArray>(&argument)) return std::move(*array);
    return wrong_argument(node, argument, "an array of time series");
  }

  Result<Value> end_of(const Node& node) {
    WEIR_TRY(const SeriesArray array, array_argument(node));
    if (array.empty()) return Value(Series(environment_.grid(), {}, {}));
    return Value(node.function == Function::first ? array.front() : array.back());
  }

  Result<Value> slice(const Node& node) {
    WEIR_TRY(SeriesArray array, array_argument(node));
    WEIR_TRY(const std::size_t from, index_argument(node, 1));
    std::size_t to = array.size();
    if (node.children.size() > 2) {
      WEIR_TRY(to, index_argument(node, 2));
    }
    to = std::min(to, array.size());
    if (from >= to) return Value(SeriesArray{});
    return Value(SeriesArray(array.begin() + static_cast<std::ptrdiff_t>(from),
                             array.begin() + static_cast<std::ptrdiff_t>(to)));
  }

  Result<Value> sorted(const Node& node) {
    WEIR_TRY(SeriesArray array, array_argument(node));
    const Node& by = node.children[1];
    const Node& order = node.children[2];
    const FunctionInfo* function = by.kind == Kind::keyword ? find_function(by.text) : nullptr;
    if (function == nullptr) return refuse("Function 'SORT' sorts by AVG, MIN, MAX or SUM");
    if (order.kind != Kind::keyword || (order.text != "ASC" && order.text != "DESC")) {
      return refuse("Function 'SORT' takes the order ASC or DESC");
    }
    std::size_t limit = array.size();
    if (node.children.size() > 3) {
      WEIR_TRY(limit, index_argument(node, 3));
    }
    const double sign = order.text == "ASC" ? 1 : -1;
    std::vector<std::pair<double, std::size_t>> keys;
    for (std::size_t i = 0; i < array.size(); ++i) {
      // Series without points come last.
      const double key = array[i].empty() ? std::numeric_limits<double>::infinity()
                                          : sign * reduce(function->function, *array[i].values);
      keys.emplace_back(key, i);
    }
    std::sort(keys.begin(), keys.end());
    SeriesArray out;
    for (std::size_t i = 0; i < std::min(limit, keys.size()); ++i) {
      out.push_back(std::move(array[keys[i].second]));
    }
    return Value(std::move(out));
  }

  // ---- sources

  Result<Value> time_series(const Node& node) {
    WEIR_TRY(const Value argument, value(node.children[0]));
    const auto* number = std::get_if<double>(&argument);
    if (number == nullptr) return wrong_argument(node, argument, "a number");
    const Grid grid = environment_.grid();
    WEIR_CHECK(environment_.spend(grid.size()));
    return Value(constant(grid, *number));
  }

  Result<Value> metrics(const Node& node) {
    std::string part;
    if (!node.children.empty()) {
      WEIR_TRY(part, text_argument(node, 0));
    }
    WEIR_TRY(SeriesArray array, environment_.metrics(part));
    return Value(std::move(array));
  }

  Result<Value> search(const Node& node) {
    WEIR_TRY(const std::string query, text_argument(node, 0));
    WEIR_TRY(const std::string stat, text_argument(node, 1));
    std::optional<int> period_s;
    if (node.children.size() > 2) {
      WEIR_TRY(const std::size_t seconds, index_argument(node, 2));
      period_s = static_cast<int>(seconds);
    }
    WEIR_TRY(SeriesArray array, environment_.search(query, stat, period_s));
    return Value(std::move(array));
  }

  Result<Value> band(const Node& node) {
    WEIR_TRY(const std::string id, id_argument(node));
    double deviations = 2;
    if (node.children.size() > 1) {
      WEIR_TRY(const Value argument, value(node.children[1]));
      const auto* number = std::get_if<double>(&argument);
      if (number == nullptr || !(*number > 0)) {
        return refuse("Function 'ANOMALY_DETECTION_BAND' takes a positive number of deviations");
      }
      deviations = *number;
    }
    WEIR_TRY(auto sides, environment_.band(id, deviations));
    return Value(SeriesArray{std::move(sides[0]), std::move(sides[1])});
  }

  // ---- arguments

  static Result<std::string> id_argument(const Node& node) {
    if (node.children[0].kind == Kind::id) return node.children[0].text;
    return refuse("Function '" + std::string(name_of(node.function)) +
                  "' takes the id of a metric as its first argument");
  }

  static Result<std::string> text_argument(const Node& node, std::size_t i) {
    if (node.children[i].kind == Kind::text) return node.children[i].text;
    return refuse("Function '" + std::string(name_of(node.function)) +
                  "' takes a text in quotes as argument " + std::to_string(i + 1));
  }

  /// A whole number from 0.
  Result<std::size_t> index_argument(const Node& node, std::size_t i) {
    constexpr double kIndexMax = 1e9;
    WEIR_TRY(const Value argument, value(node.children[i]));
    const auto* number = std::get_if<double>(&argument);
    if (number != nullptr && *number >= 0 && *number <= kIndexMax &&
        *number == std::floor(*number)) {
      return static_cast<std::size_t>(*number);
    }
    return refuse("Function '" + std::string(name_of(node.function)) +
                  "' takes a whole number as argument " + std::to_string(i + 1));
  }

  Environment& environment_;
};

}  // namespace

Result<void> Environment::spend(std::size_t points) {
  if (points > points_left_) {
    return Error{ErrorKind::invalid, "ValidationError",
                 "The expressions make more than " + std::to_string(kPointsMax) +
                     " data points. Ask for a shorter time range or a longer period."};
  }
  points_left_ -= points;
  return {};
}

Result<Value> evaluate(const Expression& expression, Environment& environment) {
  return Evaluator(environment).value(expression.root());
}

}  // namespace weir::metric_math
