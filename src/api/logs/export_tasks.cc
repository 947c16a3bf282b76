// SPDX-License-Identifier: Apache-2.0
#include "api/logs/export_tasks.h"

#include <utility>

namespace weir::api::logs {
namespace {

constexpr int kListLimitDefault = 50;

ExportTask shown(weir::logs::ExportTask&& task) {
  ExportTask out;
  out.task_id = std::move(task.task_id);
  out.task_name = std::move(task.task_name);
  out.log_group_name = std::move(task.log_group_name);
  out.from = task.from_ms;
  out.to = task.to_ms;
  out.destination = std::move(task.destination);
  out.destination_prefix = std::move(task.destination_prefix);
  out.status.code = std::move(task.status);
  if (!task.message.empty()) out.status.message = std::move(task.message);
  out.execution_info = {.creation_time = task.creation_time_ms,
                        .completion_time = task.completion_time_ms};
  return out;
}

}  // namespace

void ExportTasksApi::add_to(wire::OperationTable& table) {
  table.add<CreateExportTask>(*this, &ExportTasksApi::create);
  table.add<DescribeExportTasks>(*this, &ExportTasksApi::describe);
  table.add<CancelExportTask>(*this, &ExportTasksApi::cancel);
}

Result<CreateExportTask::Output> ExportTasksApi::create(const Request& request,
                                                        const CreateExportTask::Input& in) {
  weir::logs::ExportTask task;
  task.task_name = in.task_name;
  task.log_group_name = in.log_group_name;
  task.log_stream_name_prefix = in.log_stream_name_prefix;
  task.from_ms = in.from;
  task.to_ms = in.to;
  task.destination = in.destination;
  if (in.destination_prefix && !in.destination_prefix->empty()) {
    task.destination_prefix = *in.destination_prefix;
  }
  WEIR_TRY(std::string id, tasks_.create(request.scope, std::move(task)));
  return CreateExportTask::Output{.task_id = std::move(id)};
}

Result<DescribeExportTasks::Output> ExportTasksApi::describe(const Request& request,
                                                             const DescribeExportTasks::Input& in) {
  weir::logs::ExportTasks::Query query;
  query.task_id = in.task_id.value_or("");
  query.status = in.status_code.value_or("");
  query.limit = static_cast<std::size_t>(in.limit.value_or(kListLimitDefault));
  WEIR_TRY(query.after, page_start(in.next_token));
  WEIR_TRY(auto page, tasks_.list(request.scope, query));
  DescribeExportTasks::Output out;
  for (weir::logs::ExportTask& task : page.items)
    out.export_tasks.push_back(shown(std::move(task)));
  out.next_token = page_token(page.next);
  return out;
}

Result<Empty> ExportTasksApi::cancel(const Request& request, const CancelExportTask::Input& in) {
  WEIR_CHECK(tasks_.cancel(request.scope, in.task_id));
  return Empty{};
}

}  // namespace weir::api::logs
