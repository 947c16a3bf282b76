// SPDX-License-Identifier: Apache-2.0
#include "api/logs/log_fields.h"

#include "api/logs/insights_api.h"

namespace weir::api::logs {
namespace {

using std::chrono::minutes;

constexpr Duration kAround = minutes(8);  // of a given time, to both sides (API reference)
constexpr Duration kRecent = minutes(15);

}  // namespace

Result<GetLogRecord::Output> InsightsApi::log_record(const Request& request,
                                                     const GetLogRecord::Input& in) {
  WEIR_TRY(auto cells, insights::log_record(logs_, request.scope, in.log_record_pointer,
                                            executions_.context().flow_formats));
  GetLogRecord::Output out;
  for (insights::Cell& cell : cells) {
    out.log_record.emplace(std::move(cell.field), std::move(cell.value));
  }
  return out;
}

Result<GetLogGroupFields::Output> InsightsApi::group_fields(const Request& request,
                                                            const GetLogGroupFields::Input& in) {
  WEIR_TRY(const std::string group,
           group_name(request.scope, in.log_group_name, in.log_group_identifier));
  WEIR_CHECK(logs_.log_group(request.scope, group));
  const Time now = runtime_.now();
  Time from = now - kRecent;
  Time to = now;
  if (in.time) {
    const Time center{milliseconds_of(*in.time)};
    from = center - kAround;
    to = center + kAround;
  }
  WEIR_TRY(auto shares, insights::log_group_fields(logs_, request.scope, group, from, to,
                                                   executions_.context().flow_formats));
  GetLogGroupFields::Output out;
  for (insights::FieldShare& share : shares) {
    out.log_group_fields.push_back({.name = std::move(share.name), .percent = share.percent});
  }
  return out;
}

}  // namespace weir::api::logs
