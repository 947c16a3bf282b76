// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <iostream>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/daemon_client.h"
#include "cli/result_table.h"

namespace weir::cli {
namespace {

constexpr std::string_view kBold = "1";
constexpr int kBarWidth = 24;
constexpr std::int64_t kMinute_s = 60;
constexpr std::int64_t kSpanMax_s = 24 * 3600;  // of a report

/// `90s`, `30m`, `6h`, `1d`: seconds.
Result<std::int64_t> read_span(const std::string& text) {
  constexpr std::array<std::pair<char, std::int64_t>, 4> kUnits = {
      {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}}};
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  for (const auto& [letter, seconds] : kUnits) {
    const bool fits = error == std::errc() && rest + 1 == end && *rest == letter && count > 0 &&
                      count <= kSpanMax_s / seconds;
    if (fits) return count * seconds;
  }
  return Error{ErrorKind::invalid, "Usage",
               "'" + text + "' is no time span such as 30m or 6h, of at most 24h"};
}

std::string text_of(const Document* document) {
  return document != nullptr && document->string() != nullptr ? *document->string() : "";
}
double number_of(const Document* document) {
  if (document == nullptr) return 0;
  if (document->real() != nullptr) return *document->real();
  return document->integer() != nullptr ? static_cast<double>(*document->integer()) : 0;
}
const Document::List& list_of(const Document& document, std::string_view name) {
  static const Document::List none;
  const Document* const member = document.find(name);
  return member != nullptr && member->list() != nullptr ? *member->list() : none;
}

std::string whole_or_real(double value) {
  std::array<char, 64> text{};
  const bool is_whole = value == std::floor(value) && std::abs(value) < 1e15;
  std::snprintf(text.data(), text.size(), is_whole ? "%.0f" : "%.3f", value);
  return text.data();
}

std::string percent(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f%%", share * 100);
  return text.data();
}

/// A bar as long as `share` of the width, in eighths of a character.
std::string bar(double share) {
  constexpr std::array<std::string_view, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (!(share > 0)) return "";
  const int eighths = std::min(kBarWidth * 8, static_cast<int>(std::lround(share * kBarWidth * 8)));
  std::string text;
  for (int i = 0; i < eighths / 8; ++i) text += "█";
  return text += kEighths[static_cast<std::size_t>(eighths % 8)];
}

ResultTable table_of(const Document& report) {
  const double total = number_of(report.find("AggregateValue"));
  const std::string value_title =
      text_of(report.find("AggregationStatistic")) == "Sum" ? "SUM" : "COUNT";
  std::vector<std::string> titles;
  for (const Document& label : list_of(report, "KeyLabels")) titles.push_back(text_of(&label));
  ResultTable table;
  for (const Document& one : list_of(report, "Contributors")) {
    const double value = number_of(one.find("ApproximateAggregateValue"));
    const double share = total > 0 ? value / total : 0;
    std::vector<std::pair<std::string, std::string>> row;
    const auto& keys = list_of(one, "Keys");
    for (std::size_t i = 0; i < titles.size() && i < keys.size(); ++i) {
      row.emplace_back(titles[i], text_of(&keys[i]));
    }
    row.emplace_back(value_title, whole_or_real(value));
    row.emplace_back("SHARE", percent(share));
    row.emplace_back(" ", bar(share));
    table.add(row);
  }
  return table;
}

void print(const Document& report, const TopOptions& options) {
  const auto lines = aligned(table_of(report), 0);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::cout << (i == 0 ? coloured(lines[i], kBold) : lines[i]) << '\n';
  }
  std::cout << "about " << whole_or_real(number_of(report.find("ApproximateUniqueCount")))
            << " contributors, in all " << whole_or_real(number_of(report.find("AggregateValue")))
            << ", in the last " << options.since << '\n';
}

Result<Document> ask(Runtime& runtime, const daemon::Config& config, const TopOptions& options) {
  WEIR_TRY(const std::int64_t span_s, read_span(options.since));
  WEIR_TRY(const DaemonClient daemon,
           DaemonClient::make(
               runtime, config,
               {.signing_name = "monitoring", .target_prefix = "GraniteServiceVersion20100801"},
               options.key));
  const Time now = runtime.now();
  Document input;
  input["RuleName"] = options.rule;
  input["StartTime"] = Time{now.ms - span_s * 1000};
  input["EndTime"] = now;
  input["Period"] = (span_s + kMinute_s - 1) / kMinute_s * kMinute_s;
  input["MaxContributorCount"] = options.limit;
  return daemon.call("GetInsightRuleReport", input);
}

}  // namespace

int top(const daemon::Config& config, const TopOptions& options) {
  SystemRuntime runtime(1);
  const auto report = ask(runtime, config, options);
  if (!report) return fail(report.error());
  if (options.json) {
    std::cout << to_pretty_json(*report) << '\n';
  } else {
    print(*report, options);
  }
  return kSuccess;
}

}  // namespace weir::cli
