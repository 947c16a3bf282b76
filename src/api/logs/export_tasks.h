// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/logs/common.h"
#include "base/shape.h"
#include "logs/export_tasks.h"
#include "wire/operation.h"

namespace weir::api::logs {

inline constexpr std::string_view kExportStatusCodes[] = {"CANCELLED", "COMPLETED",      "FAILED",
                                                          "PENDING",   "PENDING_CANCEL", "RUNNING"};

struct ExportTaskStatus {
  std::string code;
  std::optional<std::string> message;
  static Shape shape() {
    using S = ExportTaskStatus;
    static constexpr Member members[] = {
        required<&S::code>("code"),
        optional<&S::message>("message"),
    };
    return {"ExportTaskStatus", members};
  }
};

struct ExportTaskExecutionInfo {
  std::int64_t creation_time = 0;
  std::optional<std::int64_t> completion_time;
  static Shape shape() {
    using S = ExportTaskExecutionInfo;
    static constexpr Member members[] = {
        required<&S::creation_time>("creationTime"),
        optional<&S::completion_time>("completionTime"),
    };
    return {"ExportTaskExecutionInfo", members};
  }
};

/// An export task as it is shown.
struct ExportTask {
  std::string task_id;
  std::optional<std::string> task_name;
  std::string log_group_name;
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::string destination;
  std::string destination_prefix;
  ExportTaskStatus status;
  ExportTaskExecutionInfo execution_info;
  static Shape shape() {
    using S = ExportTask;
    static constexpr Member members[] = {
        required<&S::task_id>("taskId"),
        optional<&S::task_name>("taskName"),
        required<&S::log_group_name>("logGroupName"),
        required<&S::from>("from"),
        required<&S::to>("to"),
        required<&S::destination>("destination"),
        required<&S::destination_prefix>("destinationPrefix"),
        required<&S::status>("status"),
        required<&S::execution_info>("executionInfo"),
    };
    return {"ExportTask", members};
  }
};

/// Exports events of a log group into a bucket, in the background.
struct CreateExportTask {
  static constexpr std::string_view name = "CreateExportTask";
  struct Input {
    std::optional<std::string> task_name;
    std::string log_group_name;
    std::optional<std::string> log_stream_name_prefix;
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::string destination;
    std::optional<std::string> destination_prefix;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::task_name>("taskName", kNameLength),
          required<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          optional<&S::log_stream_name_prefix>("logStreamNamePrefix", kNameLength, kStreamPattern),
          required<&S::from>("from", kTimestampRange),
          required<&S::to>("to", kTimestampRange),
          required<&S::destination>("destination", kNameLength),
          optional<&S::destination_prefix>("destinationPrefix"),
      };
      return {"CreateExportTaskRequest", members};
    }
  };
  struct Output {
    std::string task_id;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::task_id>("taskId"),
      };
      return {"CreateExportTaskResponse", members};
    }
  };
};

/// Lists export tasks, the newest first.
struct DescribeExportTasks {
  static constexpr std::string_view name = "DescribeExportTasks";
  struct Input {
    std::optional<std::string> task_id;
    std::optional<std::string> status_code;
    std::optional<std::string> next_token;
    std::optional<int> limit;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::task_id>("taskId", kNameLength),
          optional<&S::status_code>("statusCode", one_of(kExportStatusCodes)),
          optional<&S::next_token>("nextToken", kTokenLength),
          optional<&S::limit>("limit", kListLimit),
      };
      return {"DescribeExportTasksRequest", members};
    }
  };
  struct Output {
    std::vector<ExportTask> export_tasks;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::export_tasks>("exportTasks"),
          optional<&S::next_token>("nextToken"),
      };
      return {"DescribeExportTasksResponse", members};
    }
  };
};

/// Stops an export task.
struct CancelExportTask {
  static constexpr std::string_view name = "CancelExportTask";
  struct Input {
    std::string task_id;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::task_id>("taskId", kNameLength),
      };
      return {"CancelExportTaskRequest", members};
    }
  };
  using Output = Empty;
};

/// The AWS face of export tasks.
class ExportTasksApi {
 public:
  explicit ExportTasksApi(weir::logs::ExportTasks& tasks) : tasks_(tasks) {}
  /// This must outlive the table.
  void add_to(wire::OperationTable& table);

 private:
  using Request = wire::Request;
  Result<CreateExportTask::Output> create(const Request&, const CreateExportTask::Input&);
  Result<DescribeExportTasks::Output> describe(const Request&, const DescribeExportTasks::Input&);
  Result<Empty> cancel(const Request&, const CancelExportTask::Input&);

  weir::logs::ExportTasks& tasks_;
};

}  // namespace weir::api::logs
