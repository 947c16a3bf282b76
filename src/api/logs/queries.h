// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/logs/common.h"
#include "base/shape.h"

/// Operations of Logs Insights: queries and their results.
namespace weir::api::logs {

inline constexpr Constraint kQueryIdLength = length(1, 256);
inline constexpr std::string_view kQueryLanguages[] = {"CWLI", "SQL", "PPL"};
inline constexpr std::string_view kQueryStates[] = {"Scheduled", "Running", "Complete", "Failed",
                                                    "Cancelled", "Timeout", "Unknown"};

/// Epoch seconds, what AWS documents, or milliseconds, what clients often send: no time in use is
/// both. Milliseconds.
std::int64_t milliseconds_of(std::int64_t time);

/// A column of a result row.
struct ResultField {
  std::string field;
  std::string value;
  static Shape shape() {
    using S = ResultField;
    static constexpr Member members[] = {
        required<&S::field>("field"),
        required<&S::value>("value"),
    };
    return {"ResultField", members};
  }
};

struct QueryStatistics {
  double records_matched = 0;
  double records_scanned = 0;
  double estimated_records_skipped = 0;
  double bytes_scanned = 0;
  double estimated_bytes_skipped = 0;
  double log_groups_scanned = 0;
  std::optional<double> result_count;
  static Shape shape() {
    using S = QueryStatistics;
    static constexpr Member members[] = {
        required<&S::records_matched>("recordsMatched"),
        required<&S::records_scanned>("recordsScanned"),
        required<&S::estimated_records_skipped>("estimatedRecordsSkipped"),
        required<&S::bytes_scanned>("bytesScanned"),
        required<&S::estimated_bytes_skipped>("estimatedBytesSkipped"),
        required<&S::log_groups_scanned>("logGroupsScanned"),
        optional<&S::result_count>("resultCount"),
    };
    return {"QueryStatistics", members};
  }
};

/// A query as DescribeQueries shows it.
struct QueryInfo {
  std::string query_language;
  std::string query_id;
  std::string query_string;
  std::string status;
  std::int64_t create_time = 0;
  std::optional<std::string> log_group_name;
  std::optional<std::int64_t> query_duration;
  double bytes_scanned = 0;
  std::optional<std::string> user_identity;
  static Shape shape() {
    using S = QueryInfo;
    static constexpr Member members[] = {
        required<&S::query_language>("queryLanguage"), required<&S::query_id>("queryId"),
        required<&S::query_string>("queryString"),     required<&S::status>("status"),
        required<&S::create_time>("createTime"),       optional<&S::log_group_name>("logGroupName"),
        optional<&S::query_duration>("queryDuration"), required<&S::bytes_scanned>("bytesScanned"),
        optional<&S::user_identity>("userIdentity"),
    };
    return {"QueryInfo", members};
  }
};

/// Starts a query over one or several log groups.
struct StartQuery {
  static constexpr std::string_view name = "StartQuery";
  static constexpr std::string_view partial = "`queryLanguage` SQL and PPL are refused";
  struct Input {
    std::optional<std::string> query_language;
    std::optional<std::string> log_group_name;
    std::optional<std::vector<std::string>> log_group_names;
    std::optional<std::vector<std::string>> log_group_identifiers;
    std::int64_t start_time = 0;
    std::int64_t end_time = 0;
    std::string query_string;
    std::optional<int> limit;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::query_language>("queryLanguage", one_of(kQueryLanguages)),
          optional<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          optional<&S::log_group_names>("logGroupNames", items(1, 50)),
          optional<&S::log_group_identifiers>("logGroupIdentifiers", items(1, 50)),
          required<&S::start_time>("startTime", kTimestampRange),
          required<&S::end_time>("endTime", kTimestampRange),
          required<&S::query_string>("queryString", length(0, 10000)),
          optional<&S::limit>("limit", range(1, 100000)),
      };
      return {"StartQueryRequest", members};
    }
  };
  /// `warnings` is not on AWS: what is legal and probably not meant.
  struct Output {
    std::string query_id;
    std::optional<std::vector<std::string>> warnings;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::query_id>("queryId"),
          optional<&S::warnings>("warnings"),
      };
      return {"StartQueryResponse", members};
    }
  };
};

/// The rows of a query, in pages; while it runs, what it has so far.
struct GetQueryResults {
  static constexpr std::string_view name = "GetQueryResults";
  struct Input {
    std::string query_id;
    std::optional<std::string> next_token;
    std::optional<int> max_items;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::query_id>("queryId", kQueryIdLength),
          optional<&S::next_token>("nextToken", length(0, 1024)),
          optional<&S::max_items>("maxItems", range(0, 10000)),
      };
      return {"GetQueryResultsRequest", members};
    }
  };
  /// `statusReason` is not on AWS: why a query failed or timed out.
  struct Output {
    std::string query_language;
    std::vector<std::vector<ResultField>> results;
    QueryStatistics statistics;
    std::string status;
    std::optional<std::string> encryption_key;
    std::optional<std::string> next_token;
    std::optional<std::string> status_reason;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::query_language>("queryLanguage"), required<&S::results>("results"),
          required<&S::statistics>("statistics"),        required<&S::status>("status"),
          optional<&S::encryption_key>("encryptionKey"), optional<&S::next_token>("nextToken"),
          optional<&S::status_reason>("statusReason"),
      };
      return {"GetQueryResultsResponse", members};
    }
  };
};

/// Ends a query.
struct StopQuery {
  static constexpr std::string_view name = "StopQuery";
  struct Input {
    std::string query_id;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::query_id>("queryId", kQueryIdLength),
      };
      return {"StopQueryRequest", members};
    }
  };
  struct Output {
    bool success = true;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::success>("success"),
      };
      return {"StopQueryResponse", members};
    }
  };
};

/// Lists the queries of the last days, the newest first.
struct DescribeQueries {
  static constexpr std::string_view name = "DescribeQueries";
  struct Input {
    std::optional<std::string> log_group_name;
    std::optional<std::string> status;
    std::optional<int> max_results;
    std::optional<std::string> next_token;
    std::optional<std::string> query_language;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          optional<&S::status>("status", one_of(kQueryStates)),
          optional<&S::max_results>("maxResults", range(1, 1000)),
          optional<&S::next_token>("nextToken", kTokenLength),
          optional<&S::query_language>("queryLanguage", one_of(kQueryLanguages)),
      };
      return {"DescribeQueriesRequest", members};
    }
  };
  struct Output {
    std::vector<QueryInfo> queries;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::queries>("queries"),
          optional<&S::next_token>("nextToken"),
      };
      return {"DescribeQueriesResponse", members};
    }
  };
};

/// The log groups that a query reads.
struct ListLogGroupsForQuery {
  static constexpr std::string_view name = "ListLogGroupsForQuery";
  struct Input {
    std::string query_id;
    std::optional<std::string> next_token;
    std::optional<int> max_results;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::query_id>("queryId", kQueryIdLength),
          optional<&S::next_token>("nextToken", kTokenLength),
          optional<&S::max_results>("maxResults", range(50, 500)),
      };
      return {"ListLogGroupsForQueryRequest", members};
    }
  };
  struct Output {
    std::vector<std::string> log_group_identifiers;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::log_group_identifiers>("logGroupIdentifiers"),
          optional<&S::next_token>("nextToken"),
      };
      return {"ListLogGroupsForQueryResponse", members};
    }
  };
};

}  // namespace weir::api::logs
