// SPDX-License-Identifier: Apache-2.0
#include "metric_math/label.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>

#include "metric_math/errors.h"

namespace weir::metric_math {

namespace {

constexpr int kDynamicPartsMax = 5;

std::string number_text(double number) {
  char text[64];
  const auto [end, error] = std::to_chars(text, text + sizeof text, number);
  return {text, end};
}

/// `2026-01-31 12:34:56 UTC+0100`; without zone text for UTC.
std::string time_text(Time time, std::string_view timezone) {
  const auto offset = parse_timezone(timezone);
  const int minutes = offset ? *offset : 0;
  std::string text = to_iso8601(time + std::chrono::minutes(minutes)).substr(0, 19);
  text[10] = ' ';
  return text + " UTC" + (minutes == 0 ? "" : std::string(timezone));
}

/// `2h 5m 3s`, without leading zeros.
std::string span_text(Duration span) {
  std::int64_t seconds = std::abs(span.count()) / 1000;
  std::string text;
  for (const auto& [unit, length] :
       {std::pair{'d', 86400}, std::pair{'h', 3600}, std::pair{'m', 60}, std::pair{'s', 1}}) {
    const std::int64_t count = seconds / length;
    seconds %= length;
    if (count == 0 && !(unit == 's' && text.empty())) continue;
    if (!text.empty()) text += ' ';
    text += std::to_string(count) + unit;
  }
  return text;
}

/// Stands where a series without points has no value.
constexpr std::string_view kNone = "-";

class Expander {
 public:
  explicit Expander(const LabelInput& input) : in_(input) {}

  /// Nothing if AWS has no such part.
  std::optional<std::string> part(std::string_view name) const {
    if (name == "LABEL") return in_.default_label;
    if (name == "DATAPOINT_COUNT") return std::to_string(in_.values.size());
    if (name.starts_with("PROP('") && name.ends_with("')")) {
      return property(name.substr(6, name.size() - 8));
    }
    if (const auto text = value_part(name)) return text;
    return time_part(name);
  }

 private:
  std::optional<std::string> property(std::string_view name) const {
    if (name == "AccountId") return in_.scope.account;
    if (name == "AccountLabel") return in_.scope.account;
    if (name == "Region") return in_.scope.region;
    if (in_.metric == nullptr) return std::string(kNone);
    const MetricStat& stat = *in_.metric;
    if (name == "MetricName") return stat.metric.metric_name;
    if (name == "Namespace") return stat.metric.namespace_name;
    if (name == "Period") return std::to_string(stat.period_s);
    if (name == "Stat") return stat.stat;
    if (!name.starts_with("Dim.")) return {};
    for (const metrics::Dimension& dimension : stat.metric.dimensions) {
      if (dimension.name == name.substr(4)) return dimension.value;
    }
    return std::string(kNone);
  }

  std::optional<std::string> value_part(std::string_view name) const {
    const auto& values = in_.values;
    constexpr std::string_view kNames[] = {"AVG",   "SUM",  "MIN",           "MAX",
                                           "FIRST", "LAST", "MIN_MAX_RANGE", "FIRST_LAST_RANGE"};
    if (std::find(std::begin(kNames), std::end(kNames), name) == std::end(kNames)) return {};
    if (values.empty()) return std::string(kNone);
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    const auto [min, max] = std::minmax_element(values.begin(), values.end());
    if (name == "AVG") return number_text(sum / static_cast<double>(values.size()));
    if (name == "SUM") return number_text(sum);
    if (name == "MIN") return number_text(*min);
    if (name == "MAX") return number_text(*max);
    if (name == "FIRST") return number_text(values.front());
    if (name == "LAST") return number_text(values.back());
    if (name == "MIN_MAX_RANGE") return number_text(*max - *min);
    return number_text(values.back() - values.front());
  }

  std::optional<std::string> time_part(std::string_view name) const {
    constexpr std::string_view kNames[] = {"FIRST_TIME",
                                           "FIRST_TIME_RELATIVE",
                                           "LAST_TIME",
                                           "LAST_TIME_RELATIVE",
                                           "MAX_TIME",
                                           "MAX_TIME_RELATIVE",
                                           "MIN_TIME",
                                           "MIN_TIME_RELATIVE",
                                           "FIRST_LAST_TIME_RANGE",
                                           "MIN_MAX_TIME_RANGE"};
    if (std::find(std::begin(kNames), std::end(kNames), name) == std::end(kNames)) return {};
    if (in_.values.empty()) return std::string(kNone);
    const auto [min, max] = std::minmax_element(in_.values.begin(), in_.values.end());
    const auto at = [&](auto value) {
      return in_.timestamps[static_cast<std::size_t>(value - in_.values.begin())];
    };
    if (name == "FIRST_LAST_TIME_RANGE") {
      return span_text(in_.timestamps.back() - in_.timestamps.front());
    }
    if (name == "MIN_MAX_TIME_RANGE") return span_text(at(max) - at(min));
    Time time = in_.timestamps.front();
    if (name.starts_with("LAST")) time = in_.timestamps.back();
    if (name.starts_with("MAX")) time = at(max);
    if (name.starts_with("MIN")) time = at(min);
    if (name.ends_with("_RELATIVE")) return span_text(in_.now - time) + " ago";
    return time_text(time, in_.timezone);
  }

  const LabelInput& in_;
};

}  // namespace

Result<std::string> expand_label(std::string_view label, const LabelInput& input) {
  const Expander expander(input);
  std::string out;
  int parts = 0;
  while (true) {
    const std::size_t open = label.find("${");
    const std::size_t close =
        open == std::string_view::npos ? std::string_view::npos : label.find('}', open);
    if (close == std::string_view::npos) break;
    out += label.substr(0, open);
    const std::string_view name = label.substr(open + 2, close - open - 2);
    const auto text = expander.part(name);
    if (!text) {
      return validation_error("Invalid dynamic label: ${" + std::string(name) + "}.");
    }
    if (++parts > kDynamicPartsMax) {
      return validation_error("A label can have at most 5 dynamic values.");
    }
    out += *text;
    label.remove_prefix(close + 1);
  }
  out += label;
  return out;
}

Result<int> parse_timezone(std::string_view text) {
  const bool is_shaped = text.size() == 5 && (text[0] == '+' || text[0] == '-') &&
                         text.find_first_not_of("0123456789", 1) == std::string_view::npos;
  if (!is_shaped) {
    return validation_error("The value " + std::string(text) +
                            " for parameter LabelOptions.Timezone is invalid.");
  }
  const auto digit = [&](std::size_t i) { return text[i] - '0'; };
  const int minutes = (digit(1) * 10 + digit(2)) * 60 + digit(3) * 10 + digit(4);
  return text[0] == '-' ? -minutes : minutes;
}

}  // namespace weir::metric_math
