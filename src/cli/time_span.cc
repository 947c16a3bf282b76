// SPDX-License-Identifier: Apache-2.0
#include "cli/time_span.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace weir::cli {
namespace {

struct Unit {
  char letter;
  std::int64_t seconds;
};
constexpr std::array<Unit, 5> kUnits = {
    {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}, {'w', 604'800}}};
constexpr std::int64_t kDay_s = 86'400;

Error wrong(std::string message) { return {ErrorKind::invalid, "Usage", std::move(message)}; }

}  // namespace

Result<Duration> parse_span(std::string_view text, Duration longest) {
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  const auto unit =
      rest + 1 == end ? std::ranges::find(kUnits, *rest, &Unit::letter) : kUnits.end();
  const bool is_too_long = error == std::errc::result_out_of_range;
  if ((error != std::errc() && !is_too_long) || unit == kUnits.end() ||
      (count <= 0 && !is_too_long)) {
    return wrong("'" + std::string(text) + "' is no time span such as 90s, 30m, 1h, 2d or 1w");
  }
  const std::int64_t longest_s = std::chrono::duration_cast<std::chrono::seconds>(longest).count();
  if (is_too_long || count > longest_s / unit->seconds) {
    return wrong("'" + std::string(text) + "' is longer than the longest time span here, " +
                 (longest_s % kDay_s == 0 && longest_s > kDay_s
                      ? std::to_string(longest_s / kDay_s) + "d"
                      : std::to_string(longest_s / 3600) + "h"));
  }
  return Duration(count * unit->seconds * 1000);
}

}  // namespace weir::cli
