// SPDX-License-Identifier: Apache-2.0
#include "api/logs/log_streams.h"

#include "api/logs/logs_api.h"

namespace weir::api::logs {
namespace {

constexpr int kListLimitDefault = 50;

LogStream shown(const Scope& scope, const std::string& group, const weir::logs::LogStream& stream) {
  LogStream out{.log_stream_name = stream.name,
                .creation_time = stream.creation_time_ms,
                .first_event_timestamp = stream.first_event_ms,
                .last_event_timestamp = stream.last_event_ms,
                .last_ingestion_time = stream.last_ingestion_ms,
                .upload_sequence_token = {},
                .arn = stream_arn(scope, group, stream.name),
                .stored_bytes = 0};  // always, since 2019
  if (stream.last_ingestion_ms) {
    const weir::logs::EventId token{.timestamp = {*stream.last_ingestion_ms},
                                    .ingestion = {*stream.last_ingestion_ms},
                                    .batch = static_cast<std::uint64_t>(stream.id)};
    out.upload_sequence_token = "49" + token.text().substr(2);  // opaque, and checked by nobody
  }
  return out;
}

}  // namespace

Result<Empty> LogsApi::create_stream(const Request& request, const CreateLogStream::Input& in) {
  WEIR_CHECK(logs_.create_log_stream(request.scope, in.log_group_name, in.log_stream_name));
  return Empty{};
}

Result<Empty> LogsApi::delete_stream(const Request& request, const DeleteLogStream::Input& in) {
  WEIR_CHECK(logs_.delete_log_stream(request.scope, in.log_group_name, in.log_stream_name));
  return Empty{};
}

Result<DescribeLogStreams::Output> LogsApi::describe_streams(const Request& request,
                                                             const DescribeLogStreams::Input& in) {
  WEIR_TRY(const std::string group,
           group_name(request.scope, in.log_group_name, in.log_group_identifier));
  weir::logs::Logs::StreamQuery query;
  query.by_last_event = in.order_by == "LastEventTime";
  if (query.by_last_event && in.log_stream_name_prefix) {
    return invalid_parameter("Cannot order by LastEventTime with a logStreamNamePrefix.");
  }
  query.prefix = in.log_stream_name_prefix.value_or("");
  query.descending = in.descending;
  query.limit = static_cast<std::size_t>(in.limit.value_or(kListLimitDefault));
  WEIR_TRY(query.after, page_start(in.next_token));

  WEIR_TRY(const auto page, logs_.log_streams(request.scope, group, query));
  DescribeLogStreams::Output out;
  for (const auto& stream : page.items) {
    out.log_streams.push_back(shown(request.scope, group, stream));
  }
  out.next_token = page_token(page.next);
  return out;
}

}  // namespace weir::api::logs
