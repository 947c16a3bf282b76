// SPDX-License-Identifier: Apache-2.0
#include "alarms/text.h"

#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace weir::alarms {

namespace {

struct Region {
  std::string_view code;
  std::string_view name;
};

// AWS General Reference, "Regions and zones".
constexpr Region kRegions[] = {
    {"us-east-1", "US East (N. Virginia)"},
    {"us-east-2", "US East (Ohio)"},
    {"us-west-1", "US West (N. California)"},
    {"us-west-2", "US West (Oregon)"},
    {"af-south-1", "Africa (Cape Town)"},
    {"ap-east-1", "Asia Pacific (Hong Kong)"},
    {"ap-east-2", "Asia Pacific (Taipei)"},
    {"ap-south-1", "Asia Pacific (Mumbai)"},
    {"ap-south-2", "Asia Pacific (Hyderabad)"},
    {"ap-southeast-1", "Asia Pacific (Singapore)"},
    {"ap-southeast-2", "Asia Pacific (Sydney)"},
    {"ap-southeast-3", "Asia Pacific (Jakarta)"},
    {"ap-southeast-4", "Asia Pacific (Melbourne)"},
    {"ap-southeast-5", "Asia Pacific (Malaysia)"},
    {"ap-southeast-7", "Asia Pacific (Thailand)"},
    {"ap-northeast-1", "Asia Pacific (Tokyo)"},
    {"ap-northeast-2", "Asia Pacific (Seoul)"},
    {"ap-northeast-3", "Asia Pacific (Osaka)"},
    {"ca-central-1", "Canada (Central)"},
    {"ca-west-1", "Canada West (Calgary)"},
    {"eu-central-1", "EU (Frankfurt)"},
    {"eu-central-2", "Europe (Zurich)"},
    {"eu-west-1", "EU (Ireland)"},
    {"eu-west-2", "EU (London)"},
    {"eu-west-3", "EU (Paris)"},
    {"eu-north-1", "EU (Stockholm)"},
    {"eu-south-1", "EU (Milan)"},
    {"eu-south-2", "Europe (Spain)"},
    {"il-central-1", "Israel (Tel Aviv)"},
    {"me-central-1", "Middle East (UAE)"},
    {"me-south-1", "Middle East (Bahrain)"},
    {"mx-central-1", "Mexico (Central)"},
    {"sa-east-1", "South America (Sao Paulo)"},
    {"us-gov-east-1", "AWS GovCloud (US-East)"},
    {"us-gov-west-1", "AWS GovCloud (US-West)"},
    {"cn-north-1", "China (Beijing)"},
    {"cn-northwest-1", "China (Ningxia)"},
};

struct Calendar {
  std::chrono::year_month_day date;
  unsigned weekday = 0;  // 0 is Sunday
  std::chrono::hh_mm_ss<std::chrono::seconds> clock;
};

Calendar calendar(Time time) {
  const std::chrono::sys_seconds point{std::chrono::seconds(time.seconds())};
  const auto day = std::chrono::floor<std::chrono::days>(point);
  return {std::chrono::year_month_day{day}, std::chrono::weekday{day}.c_encoding(),
          std::chrono::hh_mm_ss{point - day}};
}

std::string clock_text(const Calendar& at) {
  std::array<char, 32> text{};
  std::snprintf(
      text.data(), text.size(), "%02d:%02d:%02d", static_cast<int>(at.clock.hours().count()),
      static_cast<int>(at.clock.minutes().count()), static_cast<int>(at.clock.seconds().count()));
  return text.data();
}

}  // namespace

std::string java_double(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  if (number == 0) return std::signbit(number) ? "-0.0" : "0.0";
  // Shortest digits that read back to the same number: d[.ddd]e+XX.
  std::array<char, 48> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(number),
                                     std::chars_format::scientific);
  const std::string_view scientific(buffer.data(),
                                    static_cast<std::size_t>(written.ptr - buffer.data()));
  const std::size_t e = scientific.find('e');
  const int exponent = std::atoi(std::string(scientific.substr(e + 1)).c_str());
  std::string digits(scientific.substr(0, e));
  std::erase(digits, '.');

  std::string text = number < 0 ? "-" : "";
  const auto size = static_cast<int>(digits.size());
  if (exponent < -3 || exponent >= 7) {
    const std::string fraction = size > 1 ? digits.substr(1) : "0";
    return text + digits[0] + '.' + fraction + 'E' + std::to_string(exponent);
  }
  if (exponent < 0) {
    return text + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) digits.append(whole - digits.size() + 1, '0');
  return text + digits.substr(0, whole) + '.' + digits.substr(whole);
}

std::string short_time(Time time) {
  const Calendar at = calendar(time);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%02u/%02u/%02d ", static_cast<unsigned>(at.date.day()),
                static_cast<unsigned>(at.date.month()), static_cast<int>(at.date.year()) % 100);
  return text.data() + clock_text(at);
}

std::string long_time(Time time) {
  constexpr std::string_view kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
  constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};
  const Calendar at = calendar(time);
  std::array<char, 16> day{};
  std::snprintf(day.data(), day.size(), " %02u ", static_cast<unsigned>(at.date.day()));
  return std::string(kDays[at.weekday]) + day.data() +
         std::string(kMonths[static_cast<unsigned>(at.date.month()) - 1]) + ", " +
         std::to_string(static_cast<int>(at.date.year())) + ' ' + clock_text(at) + " UTC";
}

std::string_view region_name(std::string_view region) {
  for (const Region& known : kRegions) {
    if (known.code == region) return known.name;
  }
  return region;
}

std::string upper_statistic(std::string_view statistic) {
  if (statistic == "SampleCount") return "SAMPLE_COUNT";
  std::string text(statistic);
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace weir::alarms
