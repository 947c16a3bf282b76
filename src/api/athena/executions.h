// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/shape.h"
#include "sql/execution.h"

/// Operations on query executions and their results.
namespace weir::api::athena {

inline constexpr Constraint kIdLength = length(1, 128);
inline constexpr Constraint kTokenLength = length(1, 1024);
inline constexpr Constraint kGroupPattern = pattern("[a-zA-Z0-9._-]{1,128}");

struct ListInput {
  std::optional<std::string> next_token;
  std::optional<int> max_results;
  static Shape shape() {
    using S = ListInput;
    static constexpr Member members[] = {optional<&S::next_token>("NextToken", kTokenLength),
                                         optional<&S::max_results>("MaxResults", range(1, 50))};
    return {"ListInput", members};
  }
};

struct StartQueryExecution {
  static constexpr std::string_view name = "StartQueryExecution";
  struct Input {
    std::string query_string;
    std::optional<std::string> client_request_token;
    std::optional<sql::QueryContext> context;
    std::optional<sql::ResultConfiguration> result;
    std::optional<std::string> work_group;
    std::optional<std::vector<std::string>> parameters;
    Document result_reuse;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::query_string>("QueryString", length(1, 262144)),
          optional<&S::client_request_token>("ClientRequestToken"),
          optional<&S::context>("QueryExecutionContext"),
          optional<&S::result>("ResultConfiguration"),
          optional<&S::work_group>("WorkGroup", kGroupPattern),
          optional<&S::parameters>("ExecutionParameters", items(1, kUnbounded)),
          optional<&S::result_reuse>("ResultReuseConfiguration"),
      };
      return {"StartQueryExecutionInput", members};
    }
  };
  struct Output {
    std::string id;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {required<&S::id>("QueryExecutionId")};
      return {"StartQueryExecutionOutput", members};
    }
  };
};

struct ExecutionIdInput {
  std::string id;
  static Shape shape() {
    using S = ExecutionIdInput;
    static constexpr Member members[] = {required<&S::id>("QueryExecutionId", kIdLength)};
    return {"GetQueryExecutionInput", members};
  }
};

struct GetQueryExecution {
  static constexpr std::string_view name = "GetQueryExecution";
  using Input = ExecutionIdInput;
  struct Output {
    sql::QueryExecution execution;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {required<&S::execution>("QueryExecution")};
      return {"GetQueryExecutionOutput", members};
    }
  };
};

struct StopQueryExecution {
  static constexpr std::string_view name = "StopQueryExecution";
  using Input = ExecutionIdInput;
  using Output = Empty;
};

struct UnprocessedExecution {
  std::string id;
  std::string code;
  std::string message;
  static Shape shape() {
    using S = UnprocessedExecution;
    static constexpr Member members[] = {required<&S::id>("QueryExecutionId"),
                                         required<&S::code>("ErrorCode"),
                                         required<&S::message>("ErrorMessage")};
    return {"UnprocessedQueryExecutionId", members};
  }
};

struct BatchGetQueryExecution {
  static constexpr std::string_view name = "BatchGetQueryExecution";
  struct Input {
    std::vector<std::string> ids;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {required<&S::ids>("QueryExecutionIds", items(1, 50))};
      return {"BatchGetQueryExecutionInput", members};
    }
  };
  struct Output {
    std::vector<sql::QueryExecution> executions;
    std::vector<UnprocessedExecution> unprocessed;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::executions>("QueryExecutions"),
          required<&S::unprocessed>("UnprocessedQueryExecutionIds")};
      return {"BatchGetQueryExecutionOutput", members};
    }
  };
};

struct ListQueryExecutions {
  static constexpr std::string_view name = "ListQueryExecutions";
  struct Input {
    std::optional<std::string> next_token;
    std::optional<int> max_results;
    std::optional<std::string> work_group;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {optional<&S::next_token>("NextToken", kTokenLength),
                                           optional<&S::max_results>("MaxResults", range(0, 50)),
                                           optional<&S::work_group>("WorkGroup", kGroupPattern)};
      return {"ListQueryExecutionsInput", members};
    }
  };
  struct Output {
    std::vector<std::string> ids;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {required<&S::ids>("QueryExecutionIds"),
                                           optional<&S::next_token>("NextToken")};
      return {"ListQueryExecutionsOutput", members};
    }
  };
};

struct ResultSetMetadata {
  std::vector<sql::ColumnInfo> columns;
  static Shape shape() {
    using S = ResultSetMetadata;
    static constexpr Member members[] = {required<&S::columns>("ColumnInfo")};
    return {"ResultSetMetadata", members};
  }
};

struct ResultSet {
  std::vector<sql::Row> rows;
  ResultSetMetadata metadata;
  static Shape shape() {
    using S = ResultSet;
    static constexpr Member members[] = {required<&S::rows>("Rows"),
                                         required<&S::metadata>("ResultSetMetadata")};
    return {"ResultSet", members};
  }
};

struct GetQueryResults {
  static constexpr std::string_view name = "GetQueryResults";
  struct Input {
    std::string id;
    std::optional<std::string> next_token;
    std::optional<int> max_results;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::id>("QueryExecutionId", kIdLength),
          optional<&S::next_token>("NextToken", kTokenLength),
          optional<&S::max_results>("MaxResults", range(1, 1000)),
      };
      return {"GetQueryResultsInput", members};
    }
  };
  struct Output {
    std::optional<std::int64_t> update_count;
    ResultSet result;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {optional<&S::update_count>("UpdateCount"),
                                           required<&S::result>("ResultSet"),
                                           optional<&S::next_token>("NextToken")};
      return {"GetQueryResultsOutput", members};
    }
  };
};

struct QueryTimeline {
  std::optional<std::int64_t> queue_ms;
  std::optional<std::int64_t> preprocessing_ms;
  std::optional<std::int64_t> planning_ms;
  std::optional<std::int64_t> engine_ms;
  std::optional<std::int64_t> service_ms;
  std::optional<std::int64_t> total_ms;
  static Shape shape() {
    using S = QueryTimeline;
    static constexpr Member members[] = {
        optional<&S::queue_ms>("QueryQueueTimeInMillis"),
        optional<&S::preprocessing_ms>("ServicePreProcessingTimeInMillis"),
        optional<&S::planning_ms>("QueryPlanningTimeInMillis"),
        optional<&S::engine_ms>("EngineExecutionTimeInMillis"),
        optional<&S::service_ms>("ServiceProcessingTimeInMillis"),
        optional<&S::total_ms>("TotalExecutionTimeInMillis"),
    };
    return {"QueryRuntimeStatisticsTimeline", members};
  }
};

struct QueryRows {
  std::optional<std::int64_t> input_bytes;
  static Shape shape() {
    using S = QueryRows;
    static constexpr Member members[] = {optional<&S::input_bytes>("InputBytes")};
    return {"QueryRuntimeStatisticsRows", members};
  }
};

struct QueryRuntimeStatistics {
  QueryTimeline timeline;
  QueryRows rows;
  static Shape shape() {
    using S = QueryRuntimeStatistics;
    static constexpr Member members[] = {required<&S::timeline>("Timeline"),
                                         required<&S::rows>("Rows")};
    return {"QueryRuntimeStatistics", members};
  }
};

struct GetQueryRuntimeStatistics {
  static constexpr std::string_view name = "GetQueryRuntimeStatistics";
  static constexpr std::string_view partial = "Timeline, InputBytes";
  using Input = ExecutionIdInput;
  struct Output {
    QueryRuntimeStatistics statistics;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {required<&S::statistics>("QueryRuntimeStatistics")};
      return {"GetQueryRuntimeStatisticsOutput", members};
    }
  };
};

}  // namespace weir::api::athena
