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

/// Where something is, put into words only if it is wrong: `MetricData.member.2.Values.member.3`.
struct Path {
  std::size_t datum = 0;  // 0: not in a datum
  std::string_view member = {};
  std::size_t item = 0;  // 0: not in a list
  std::string_view tail = {};

  std::string text() const {
    std::string out;
    if (datum != 0) out = "MetricData.member." + std::to_string(datum);
    out += member;
    if (item != 0) out += ".member." + std::to_string(item);
    out += tail;
    return out;
  }
};

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

Result<void> check_text(std::string_view text, std::size_t bytes_max, const Path& path) {
  if (is_blank(text)) {
    return invalid_value("The parameter " + path.text() + " must not be empty or blank.");
  }
  if (text.size() > bytes_max) {
    return invalid_value("The parameter " + path.text() + " must be shorter than " +
                         std::to_string(bytes_max + 1) + " characters.");
  }
  return {};
}

Error invalid_number(double number, const Path& path) {
  std::string text = to_json(Document(number));
  std::erase(text, '"');  // JSON has NaN and infinities as strings
  return invalid_value("The value " + text + " for parameter " + path.text() + " is invalid.");
}

Result<void> check_number(double number, const Path& path) {
  if (std::isfinite(number) && std::abs(number) <= kValueMax) return {};
  return invalid_number(number, path);
}

/// Counts and sample counts.
Result<void> check_count(double number, const Path& path) {
  WEIR_CHECK(check_number(number, path));
  if (number >= 0) return {};
  return invalid_number(number, path);
}

Result<void> check_dimensions(const std::vector<Dimension>& dimensions, std::size_t datum) {
  if (dimensions.size() > kDimensionsMax) {
    return invalid_value("The collection " + Path{datum, ".Dimensions"}.text() +
                         " must not have a size greater than " + std::to_string(kDimensionsMax) +
                         ".");
  }
  std::size_t number = 0;
  for (const Dimension& dimension : dimensions) {
    const Path name{datum, ".Dimensions", ++number, ".Name"};
    WEIR_CHECK(check_text(dimension.name, kNameMax, name));
    WEIR_CHECK(
        check_text(dimension.value, kDimensionValueMax, {datum, ".Dimensions", number, ".Value"}));
    if (dimension.name.starts_with(':')) {
      return invalid_value("The value " + dimension.name + " for parameter " + name.text() +
                           " is invalid.");
    }
    const auto same_name = [&](const Dimension& other) { return other.name == dimension.name; };
    if (std::count_if(dimensions.begin(), dimensions.end(), same_name) > 1) {
      return invalid_value("No two dimensions may have the same name: " + dimension.name + ".");
    }
  }
  return {};
}

Result<void> check_value_forms(const Datum& datum, std::size_t number) {
  const bool present[] = {datum.value.has_value(), datum.statistic_values.has_value(),
                          !datum.values.empty()};
  if (present[0] + present[1] + present[2] == 1) return {};
  const std::string names[] = {Path{number, ".Value"}.text(),
                               Path{number, ".StatisticValues"}.text(),
                               Path{number, ".Values"}.text()};
  for (int first = 0; first < 3; ++first) {
    for (int second = first + 1; second < 3; ++second) {
      if (!present[first] || !present[second]) continue;
      // Recorded from the service: Value and Values together.
      return invalid_combination("The parameters " + names[first] + " and " + names[second] +
                                 " are mutually exclusive and you have specified both.");
    }
  }
  return missing("At least one of the parameters " + names[0] + ", " + names[2] + " or " +
                 names[1] + " must be specified.");
}

Result<void> check_values(const Datum& datum, std::size_t number) {
  if (datum.values.size() > kValuesMax) {
    return invalid_value("The collection " + Path{number, ".Values"}.text() +
                         " must not have a size greater than " + std::to_string(kValuesMax) + ".");
  }
  if (!datum.counts.empty() && datum.counts.size() != datum.values.size()) {
    return invalid_value("The parameters " + Path{number, ".Values"}.text() + " and " +
                         Path{number, ".Counts"}.text() + " must be of the same size.");
  }
  for (std::size_t i = 0; i < datum.values.size(); ++i) {
    WEIR_CHECK(check_number(datum.values[i], {number, ".Values", i + 1}));
  }
  for (std::size_t i = 0; i < datum.counts.size(); ++i) {
    WEIR_CHECK(check_count(datum.counts[i], {number, ".Counts", i + 1}));
  }
  return {};
}

Result<void> check_statistics(const StatisticSet& set, std::size_t number) {
  constexpr std::string_view kMember = ".StatisticValues";
  WEIR_CHECK(check_count(set.sample_count, {number, kMember, 0, ".SampleCount"}));
  WEIR_CHECK(check_number(set.sum, {number, kMember, 0, ".Sum"}));
  const Path minimum{number, kMember, 0, ".Minimum"};
  const Path maximum{number, kMember, 0, ".Maximum"};
  WEIR_CHECK(check_number(set.minimum, minimum));
  WEIR_CHECK(check_number(set.maximum, maximum));
  if (set.minimum > set.maximum) {
    return invalid_value("The parameter " + minimum.text() + " must not be greater than " +
                         maximum.text() + ".");
  }
  return {};
}

Result<void> check_time(const Datum& datum, std::size_t number, Time now) {
  if (!datum.timestamp) return {};
  if (*datum.timestamp < now - kPastMax) {
    return invalid_value("The parameter " + Path{number, ".Timestamp"}.text() +
                         " must specify a time within the past two weeks.");
  }
  if (*datum.timestamp > now + kFutureMax) {
    return invalid_value("The parameter " + Path{number, ".Timestamp"}.text() +
                         " must specify a time no more than two hours in the future.");
  }
  return {};
}

Result<void> check_unit(const Datum& datum, std::size_t number) {
  if (!datum.unit || is_unit(*datum.unit)) return {};
  return unknown_unit(Path{number, ".Unit"}.text());
}

Result<void> check_datum(const Datum& datum, std::size_t number, Time now) {
  WEIR_CHECK(check_text(datum.metric_name, kNameMax, {number, ".MetricName"}));
  WEIR_CHECK(check_dimensions(datum.dimensions, number));
  WEIR_CHECK(check_value_forms(datum, number));
  if (datum.value) WEIR_CHECK(check_number(*datum.value, {number, ".Value"}));
  if (datum.statistic_values) WEIR_CHECK(check_statistics(*datum.statistic_values, number));
  WEIR_CHECK(check_values(datum, number));
  WEIR_CHECK(check_time(datum, number, now));
  WEIR_CHECK(check_unit(datum, number));
  const int resolution = datum.storage_resolution.value_or(60);
  if (resolution != 1 && resolution != 60) {
    return invalid_value("The value " + std::to_string(resolution) + " for parameter " +
                         Path{number, ".StorageResolution"}.text() +
                         " is invalid. Valid values are 1 and 60.");
  }
  return {};
}

}  // namespace

Result<void> check_data(std::string_view namespace_name, const std::vector<Datum>& data, Time now) {
  WEIR_CHECK(check_text(namespace_name, kNameMax, {0, "Namespace"}));
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
    WEIR_CHECK(check_datum(datum, ++number, now));
  }
  return {};
}

}  // namespace weir::metrics
