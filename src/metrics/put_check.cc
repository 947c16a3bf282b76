// SPDX-License-Identifier: Apache-2.0
#include "metrics/put_check.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/document.h"
#include "metrics/query.h"

namespace weir::metrics {

namespace {

constexpr std::size_t kDataMax = 1000;
constexpr std::size_t kValuesMax = 150;
constexpr std::size_t kDimensionsMax = 30;
constexpr std::size_t kNameMax = 255;
constexpr std::size_t kDimensionValueMax = 1024;
constexpr double kValueMax = 0x1p360;
constexpr Duration kPastMax = std::chrono::hours(14 * 24);
constexpr Duration kFutureMax = std::chrono::hours(2);

Error missing(std::string message) {
  return {ErrorKind::invalid, "MissingParameter", std::move(message)};
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

Result<void> check_text(std::string_view text, std::size_t bytes_max, const std::string& path) {
  if (is_blank(text)) {
    return invalid_value("The parameter " + path + " must not be empty or blank.");
  }
  if (text.size() > bytes_max) {
    return invalid_value("The parameter " + path + " must be shorter than " +
                         std::to_string(bytes_max + 1) + " characters.");
  }
  return {};
}

Error invalid_number(double number, const std::string& path) {
  std::string text = to_json(Document(number));
  std::erase(text, '"');  // JSON has NaN and infinities as strings
  return invalid_value("The value " + text + " for parameter " + path + " is invalid.");
}

Result<void> check_number(double number, const std::string& path) {
  if (std::isfinite(number) && std::abs(number) <= kValueMax) return {};
  return invalid_number(number, path);
}

/// Counts and sample counts.
Result<void> check_count(double number, const std::string& path) {
  WEIR_CHECK(check_number(number, path));
  if (number >= 0) return {};
  return invalid_number(number, path);
}

Result<void> check_dimensions(const std::vector<Dimension>& dimensions, const std::string& path) {
  if (dimensions.size() > kDimensionsMax) {
    return invalid_value("The collection " + path +
                         ".Dimensions must not have a size greater than " +
                         std::to_string(kDimensionsMax) + ".");
  }
  std::size_t number = 0;
  for (const Dimension& dimension : dimensions) {
    const std::string at = path + ".Dimensions.member." + std::to_string(++number);
    WEIR_CHECK(check_text(dimension.name, kNameMax, at + ".Name"));
    WEIR_CHECK(check_text(dimension.value, kDimensionValueMax, at + ".Value"));
    if (dimension.name.starts_with(':')) {
      return invalid_value("The value " + dimension.name + " for parameter " + at +
                           ".Name is invalid.");
    }
    const auto same_name = [&](const Dimension& other) { return other.name == dimension.name; };
    if (std::count_if(dimensions.begin(), dimensions.end(), same_name) > 1) {
      return invalid_value("No two dimensions may have the same name: " + dimension.name + ".");
    }
  }
  return {};
}

Result<void> check_value_forms(const Datum& datum, const std::string& path) {
  const std::string names[] = {path + ".Value", path + ".StatisticValues", path + ".Values"};
  const bool present[] = {datum.value.has_value(), datum.statistic_values.has_value(),
                          !datum.values.empty()};
  for (int first = 0; first < 3; ++first) {
    for (int second = first + 1; second < 3; ++second) {
      if (!present[first] || !present[second]) continue;
      // Recorded from the service: Value and Values together.
      return invalid_combination("The parameters " + names[first] + " and " + names[second] +
                                 " are mutually exclusive and you have specified both.");
    }
  }
  if (present[0] || present[1] || present[2]) return {};
  return missing("At least one of the parameters " + names[0] + ", " + names[2] + " or " +
                 names[1] + " must be specified.");
}

Result<void> check_values(const Datum& datum, const std::string& path) {
  if (datum.values.size() > kValuesMax) {
    return invalid_value("The collection " + path + ".Values must not have a size greater than " +
                         std::to_string(kValuesMax) + ".");
  }
  if (!datum.counts.empty() && datum.counts.size() != datum.values.size()) {
    return invalid_value("The parameters " + path + ".Values and " + path +
                         ".Counts must be of the same size.");
  }
  for (std::size_t i = 0; i < datum.values.size(); ++i) {
    WEIR_CHECK(check_number(datum.values[i], path + ".Values.member." + std::to_string(i + 1)));
  }
  for (std::size_t i = 0; i < datum.counts.size(); ++i) {
    WEIR_CHECK(check_count(datum.counts[i], path + ".Counts.member." + std::to_string(i + 1)));
  }
  return {};
}

Result<void> check_statistics(const StatisticSet& set, const std::string& path) {
  WEIR_CHECK(check_count(set.sample_count, path + ".SampleCount"));
  WEIR_CHECK(check_number(set.sum, path + ".Sum"));
  WEIR_CHECK(check_number(set.minimum, path + ".Minimum"));
  WEIR_CHECK(check_number(set.maximum, path + ".Maximum"));
  if (set.minimum > set.maximum) {
    return invalid_value("The parameter " + path + ".Minimum must not be greater than " + path +
                         ".Maximum.");
  }
  return {};
}

Result<void> check_time(const Datum& datum, const std::string& path, Time now) {
  if (!datum.timestamp) return {};
  if (*datum.timestamp < now - kPastMax) {
    return invalid_value("The parameter " + path +
                         ".Timestamp must specify a time within the past two weeks.");
  }
  if (*datum.timestamp > now + kFutureMax) {
    return invalid_value("The parameter " + path +
                         ".Timestamp must specify a time no more than two hours in the future.");
  }
  return {};
}

Result<void> check_unit(const Datum& datum, const std::string& path) {
  const auto known = units();
  if (!datum.unit || std::find(known.begin(), known.end(), *datum.unit) != known.end()) return {};
  std::string message = "The parameter " + path + ".Unit must be a value in the set [ ";
  for (const std::string_view unit : known) {
    if (unit != known.front()) message += ", ";
    message += unit;
  }
  return invalid_value(message + " ].");
}

Result<void> check_datum(const Datum& datum, const std::string& path, Time now) {
  WEIR_CHECK(check_text(datum.metric_name, kNameMax, path + ".MetricName"));
  WEIR_CHECK(check_dimensions(datum.dimensions, path));
  WEIR_CHECK(check_value_forms(datum, path));
  if (datum.value) WEIR_CHECK(check_number(*datum.value, path + ".Value"));
  if (datum.statistic_values) {
    WEIR_CHECK(check_statistics(*datum.statistic_values, path + ".StatisticValues"));
  }
  WEIR_CHECK(check_values(datum, path));
  WEIR_CHECK(check_time(datum, path, now));
  WEIR_CHECK(check_unit(datum, path));
  const int resolution = datum.storage_resolution.value_or(60);
  if (resolution != 1 && resolution != 60) {
    return invalid_value("The value " + std::to_string(resolution) + " for parameter " + path +
                         ".StorageResolution is invalid. Valid values are 1 and 60.");
  }
  return {};
}

}  // namespace

Result<void> check_data(std::string_view namespace_name, const std::vector<Datum>& data, Time now) {
  WEIR_CHECK(check_text(namespace_name, kNameMax, "Namespace"));
  if (namespace_name.starts_with(':')) {
    return invalid_value("The value " + std::string(namespace_name) +
                         " for parameter Namespace is invalid.");
  }
  if (data.empty()) return missing("The parameter MetricData is required.");
  if (data.size() > kDataMax) {
    return invalid_value("The collection MetricData must not have a size greater than " +
                         std::to_string(kDataMax) + ".");
  }
  std::size_t number = 0;
  for (const Datum& datum : data) {
    WEIR_CHECK(check_datum(datum, "MetricData.member." + std::to_string(++number), now));
  }
  return {};
}

}  // namespace weir::metrics
