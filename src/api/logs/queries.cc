// SPDX-License-Identifier: Apache-2.0
#include "api/logs/queries.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "api/logs/insights_api.h"

namespace weir::api::logs {
namespace {

constexpr int kQueriesDefault = 1000;
constexpr int kGroupsDefault = 50;
constexpr int kRowsDefault = 10'000;
constexpr std::string_view kLanguage = "CWLI";

/// AWS's text when a query names a group that is not there (recorded).
Error group_missing(const wire::Request& request, std::string_view group) {
  return {ErrorKind::not_found, "ResourceNotFoundException",
          "Log group '" + std::string(group) + "' does not exist for account ID '" +
              request.scope.account +
              "' (Service: AWSLogs; Status Code: 400; Error Code: ResourceNotFoundException; "
              "Request ID: " +
              request.request_id + "; Proxy: null)"};
}

/// AWS takes seconds, both inclusive; see milliseconds_of().
Time end_of(std::int64_t end) {
  const Time time{milliseconds_of(end)};
  return time.ms == end ? time : time + Duration(999);
}

std::string next_row_text(std::string_view id, std::size_t row) {
  return std::string(id) + ' ' + std::to_string(row);
}

/// The first row of the page that a token of that query stands for.
Result<std::size_t> first_row(std::string_view id, const std::optional<std::string>& token) {
  WEIR_TRY(const std::string place, page_start(token));
  if (place.empty()) return 0;
  std::size_t row = 0;
  const std::string prefix = std::string(id) + ' ';
  const char* const begin = place.data() + std::min(prefix.size(), place.size());
  const char* const end = place.data() + place.size();
  if (!place.starts_with(prefix) || std::from_chars(begin, end, row).ptr != end) {
    return invalid_parameter("The specified nextToken is invalid.");
  }
  return row;
}

QueryStatistics shown(const insights::Execution& execution) {
  QueryStatistics out{.records_matched = static_cast<double>(execution.records_matched),
                      .records_scanned = static_cast<double>(execution.records_scanned),
                      .estimated_records_skipped = static_cast<double>(execution.records_skipped),
                      .bytes_scanned = static_cast<double>(execution.bytes_scanned),
                      .estimated_bytes_skipped = static_cast<double>(execution.bytes_skipped),
                      .log_groups_scanned = static_cast<double>(execution.log_groups.size()),
                      .result_count = {}};
  if (execution.is_final()) out.result_count = static_cast<double>(execution.row_count);
  return out;
}

QueryInfo info(insights::Execution execution) {
  QueryInfo out;
  out.query_language = kLanguage;
  out.query_id = std::move(execution.id);
  out.query_string = std::move(execution.shown);
  out.status = std::move(execution.status);
  out.create_time = execution.created_ms;
  if (!execution.log_groups.empty()) out.log_group_name = execution.log_groups.front();
  if (out.status != "Scheduled") out.query_duration = execution.duration_ms;
  out.bytes_scanned = static_cast<double>(execution.bytes_scanned);
  if (!execution.user_identity.empty()) out.user_identity = std::move(execution.user_identity);
  return out;
}

}  // namespace

std::int64_t milliseconds_of(std::int64_t time) {
  constexpr std::int64_t kSecondsMax = 100'000'000'000;  // the year 5138
  return time > kSecondsMax ? time : time * 1000;
}

Result<std::vector<std::string>> InsightsApi::groups_of(const Request& request,
                                                        const StartQuery::Input& in,
                                                        const insights::Query& query) const {
  const int given = static_cast<int>(in.log_group_name.has_value()) +
                    static_cast<int>(in.log_group_names.has_value()) +
                    static_cast<int>(in.log_group_identifiers.has_value()) +
                    static_cast<int>(!query.sources().empty());
  if (given != 1) {  // text unverified
    return invalid_parameter(
        "Exactly one of logGroupName, logGroupNames, logGroupIdentifiers and a SOURCE command in "
        "the query must be given.");
  }
  if (!query.sources().empty()) {
    WEIR_TRY(std::vector<std::string> found,
             insights::resolve_groups(logs_, request.scope, query.sources()));
    WEIR_CHECK(check_classes(request, found, query));
    return found;
  }
  std::vector<std::string> names = in.log_group_names.value_or(std::vector<std::string>());
  if (in.log_group_name) names.push_back(*in.log_group_name);
  for (const std::string& identifier :
       in.log_group_identifiers.value_or(std::vector<std::string>())) {
    const auto name = identified_group(request.scope, identifier);
    if (!name && name.error().kind == ErrorKind::not_found) {
      return group_missing(request, identifier);
    }
    WEIR_CHECK(name);
    names.push_back(*name);
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  WEIR_CHECK(check_classes(request, names, query));
  return names;
}

/// Whether the classes of the groups have what the query asks for. Texts unverified.
Result<void> InsightsApi::check_classes(const Request& request, std::span<const std::string> groups,
                                        const insights::Query& query) const {
  for (const std::string& name : groups) {
    const auto group = logs_.log_group(request.scope, name);
    if (!group) return group_missing(request, name);
    const std::string& group_class = group->group.log_group_class;
    if (group_class == "DELIVERY") {
      return invalid_parameter("Log group '" + name +
                               "' is of class DELIVERY, which queries do not support.");
    }
    if (group_class == "INFREQUENT_ACCESS" && !query.standard_commands().empty()) {
      return invalid_parameter("Log group '" + name +
                               "' is of class INFREQUENT_ACCESS, which does not support the "
                               "command " +
                               query.standard_commands()[0] + ".");
    }
  }
  return {};
}

Result<StartQuery::Output> InsightsApi::start_query(const Request& request,
                                                    const StartQuery::Input& in) {
  if (in.query_language.value_or(std::string(kLanguage)) != kLanguage) {
    return not_supported("queryLanguage " + *in.query_language);
  }
  insights::CompileOptions options;
  if (in.limit) options.limit = static_cast<std::size_t>(*in.limit);
  WEIR_TRY(insights::Query query, insights::compile(in.query_string, options));
  Time from{milliseconds_of(in.start_time)};
  Time to = end_of(in.end_time);
  for (const insights::Source& source : query.sources()) {
    if (source.from) from = std::max(from, source.from->at(runtime_.now()));
    if (source.to) to = std::min(to, source.to->at(runtime_.now()));
  }
  if (from > to)
    return invalid_parameter("The startTime of a query must not be after its endTime.");
  WEIR_TRY(auto groups, groups_of(request, in, query));
  StartQuery::Output out;
  if (const auto warnings = query.warnings(); !warnings.empty()) {
    out.warnings.emplace(warnings.begin(), warnings.end());
  }
  insights::Executions::Start start{
      .query = std::move(query),
      .text = in.query_string,
      .log_groups = std::move(groups),
      .from = from,
      .to = to,
      .user_identity = "arn:aws:iam::" + request.scope.account + ":root"};
  WEIR_TRY(out.query_id, executions_.start(request.scope, std::move(start)));
  return out;
}

Result<GetQueryResults::Output> InsightsApi::query_results(const Request& request,
                                                           const GetQueryResults::Input& in) {
  WEIR_TRY(const std::size_t first, first_row(in.query_id, in.next_token));
  WEIR_TRY(auto page,
           executions_.results(request.scope, in.query_id, first,
                               static_cast<std::size_t>(in.max_items.value_or(kRowsDefault))));
  GetQueryResults::Output out;
  out.query_language = kLanguage;
  out.results.reserve(page.rows.size());
  for (insights::Row& row : page.rows) {
    auto& fields = out.results.emplace_back();
    fields.reserve(row.size());
    for (insights::Cell& cell : row) {
      fields.push_back({.field = std::move(cell.field), .value = std::move(cell.value)});
    }
  }
  out.statistics = shown(page.execution);
  out.status = std::move(page.execution.status);
  if (!page.execution.encryption_key.empty()) {
    out.encryption_key = std::move(page.execution.encryption_key);
  }
  if (page.next) out.next_token = page_token(next_row_text(in.query_id, *page.next));
  if (!page.execution.reason.empty()) out.status_reason = std::move(page.execution.reason);
  return out;
}

Result<StopQuery::Output> InsightsApi::stop_query(const Request& request,
                                                  const StopQuery::Input& in) {
  WEIR_CHECK(executions_.stop(request.scope, in.query_id));
  return StopQuery::Output{};
}

Result<DescribeQueries::Output> InsightsApi::describe_queries(const Request& request,
                                                              const DescribeQueries::Input& in) {
  DescribeQueries::Output out;
  WEIR_TRY(const std::string after, page_start(in.next_token));
  if (in.query_language.value_or(std::string(kLanguage)) != kLanguage) return out;
  WEIR_TRY(auto page,
           executions_.list(request.scope, {.log_group = in.log_group_name.value_or(""),
                                            .status = in.status.value_or(""),
                                            .after = after,
                                            .limit = static_cast<std::size_t>(
                                                in.max_results.value_or(kQueriesDefault))}));
  for (insights::Execution& execution : page.items)
    out.queries.push_back(info(std::move(execution)));
  out.next_token = page_token(page.next);
  return out;
}

Result<ListLogGroupsForQuery::Output> InsightsApi::query_groups(
    const Request& request, const ListLogGroupsForQuery::Input& in) {
  WEIR_TRY(const insights::Execution execution, executions_.execution(request.scope, in.query_id));
  WEIR_TRY(const std::size_t first, first_row(in.query_id, in.next_token));
  const std::size_t limit = static_cast<std::size_t>(in.max_results.value_or(kGroupsDefault));
  const std::size_t end = std::min(execution.log_groups.size(), first + limit);
  ListLogGroupsForQuery::Output out;
  for (std::size_t i = first; i < end; ++i) {
    out.log_group_identifiers.push_back(execution.log_groups[i]);
  }
  if (end < execution.log_groups.size()) {
    out.next_token = page_token(next_row_text(in.query_id, end));
  }
  return out;
}

}  // namespace weir::api::logs
