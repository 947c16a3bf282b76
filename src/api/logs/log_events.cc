// SPDX-License-Identifier: Apache-2.0
#include "api/logs/log_events.h"

#include <utility>

#include "api/logs/entity.h"
#include "api/logs/logs_api.h"

namespace weir::api::logs {
namespace {

constexpr int kPageEventsDefault = 10'000;

std::optional<Time> time_of(const std::optional<std::int64_t>& ms) {
  if (!ms) return std::nullopt;
  return Time{*ms};
}

}  // namespace

Result<PutLogEvents::Output> LogsApi::put_events(const Request& request,
                                                 const PutLogEvents::Input& in) {
  WEIR_TRY(auto result, logs_.put_log_events(request.scope, in.log_group_name, in.log_stream_name,
                                             in.log_events));
  PutLogEvents::Output out;
  out.next_sequence_token = std::move(result.next_sequence_token);
  if (result.rejected_any()) {
    out.rejected_log_events_info = {.too_new_log_event_start_index = result.too_new_start_index,
                                    .too_old_log_event_end_index = result.too_old_end_index,
                                    .expired_log_event_end_index = result.expired_end_index};
  }
  if (!in.entity.is_null()) {
    const auto status = logs_.log_group(request.scope, in.log_group_name);
    const std::string log_group_class = status ? status->group.log_group_class : "STANDARD";
    if (auto reason = entity_problem(in.entity, log_group_class); !reason.empty()) {
      out.rejected_entity_info = {.error_type = std::move(reason)};
    }
  }
  return out;
}

Result<GetLogEvents::Output> LogsApi::get_events(const Request& request,
                                                 const GetLogEvents::Input& in) {
  WEIR_TRY(const std::string group,
           group_name(request.scope, in.log_group_name, in.log_group_identifier));
  WEIR_TRY(
      auto result,
      logs_.get_events(request.scope, group, in.log_stream_name,
                       {.start = time_of(in.start_time),
                        .end = time_of(in.end_time),
                        .limit = static_cast<std::size_t>(in.limit.value_or(kPageEventsDefault)),
                        .start_from_head = in.start_from_head,
                        .token = in.next_token.value_or("")}));
  GetLogEvents::Output out;
  out.events.reserve(result.events.size());
  for (weir::logs::LogEvent& event : result.events) {
    out.events.push_back({.timestamp = event.id.timestamp.ms,
                          .message = std::move(event.message),
                          .ingestion_time = event.id.ingestion.ms});
  }
  out.next_forward_token = std::move(result.next_forward_token);
  out.next_backward_token = std::move(result.next_backward_token);
  return out;
}

Result<FilterLogEvents::Output> LogsApi::filter_events(const Request& request,
                                                       const FilterLogEvents::Input& in) {
  WEIR_TRY(const std::string group,
           group_name(request.scope, in.log_group_name, in.log_group_identifier));
  if (in.log_stream_names && in.log_stream_name_prefix) {
    return invalid_parameter(
        "logStreamNames and logStreamNamePrefix are mutually exclusive parameters.");
  }
  weir::logs::Logs::FilterQuery query;
  query.stream_names = in.log_stream_names.value_or(std::vector<std::string>());
  query.stream_prefix = in.log_stream_name_prefix.value_or("");
  query.start = time_of(in.start_time);
  query.end = time_of(in.end_time);
  WEIR_TRY(query.pattern, weir::logs::FilterPattern::compile(in.filter_pattern));
  query.limit = static_cast<std::size_t>(in.limit.value_or(kPageEventsDefault));
  query.start_from_head = in.start_from_head.value_or(true);
  WEIR_TRY(query.token, page_start(in.next_token));

  WEIR_TRY(auto result, logs_.filter_events(request.scope, group, query));
  FilterLogEvents::Output out;
  out.events.reserve(result.events.size());
  for (weir::logs::LogEvent& event : result.events) {
    out.events.push_back({.log_stream_name = std::move(event.log_stream_name),
                          .timestamp = event.id.timestamp.ms,
                          .message = std::move(event.message),
                          .ingestion_time = event.id.ingestion.ms,
                          .event_id = event.id.text()});
  }
  out.next_token = page_token(result.next_token);
  return out;
}

}  // namespace weir::api::logs
