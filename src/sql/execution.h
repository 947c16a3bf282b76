// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/runtime.h"
#include "base/shape.h"

/// What the Athena API says about queries, described with the names of the service model: one set
/// of structs for the domain, the store and the wire.
namespace weir::sql {

template <class T>
struct Page {
  std::vector<T> items;
  std::optional<std::string> next_token;
};

struct QueryContext {
  std::optional<std::string> database;
  std::optional<std::string> catalog;
  static Shape shape() {
    using S = QueryContext;
    static constexpr Member members[] = {
        optional<&S::database>("Database", length(1, 255)),
        optional<&S::catalog>("Catalog", length(1, 256)),
    };
    return {"QueryExecutionContext", members};
  }
};

struct EncryptionConfiguration {
  std::string option;
  std::optional<std::string> kms_key;
  static Shape shape() {
    using S = EncryptionConfiguration;
    static constexpr Member members[] = {required<&S::option>("EncryptionOption"),
                                         optional<&S::kms_key>("KmsKey")};
    return {"EncryptionConfiguration", members};
  }
};

struct ResultConfiguration {
  std::optional<std::string> output_location;
  std::optional<EncryptionConfiguration> encryption;
  std::optional<std::string> expected_bucket_owner;
  static Shape shape() {
    using S = ResultConfiguration;
    static constexpr Member members[] = {
        optional<&S::output_location>("OutputLocation"),
        optional<&S::encryption>("EncryptionConfiguration"),
        optional<&S::expected_bucket_owner>("ExpectedBucketOwner"),
    };
    return {"ResultConfiguration", members};
  }
};

struct StartQuery {
  std::string query;
  std::optional<std::string> token;
  std::optional<QueryContext> context;
  std::optional<ResultConfiguration> result;
  std::string work_group = "primary";
  std::vector<std::string> parameters;
};

/// Why a query failed, in Athena's catalogue of errors.
struct AthenaError {
  int category = 2;  // 1 system, 2 user, 3 other
  int type = 1000;
  bool retryable = false;
  std::string message;
  static Shape shape() {
    using S = AthenaError;
    static constexpr Member members[] = {
        optional<&S::category>("ErrorCategory"), optional<&S::type>("ErrorType"),
        optional<&S::retryable>("Retryable"), optional<&S::message>("ErrorMessage")};
    return {"AthenaError", members};
  }
};

struct QueryStatus {
  std::string state = "QUEUED";  // RUNNING, SUCCEEDED, FAILED, CANCELLED
  std::optional<std::string> reason;
  Time submitted;
  std::optional<Time> completed;
  std::optional<AthenaError> error;
  static Shape shape() {
    using S = QueryStatus;
    static constexpr Member members[] = {
        optional<&S::state>("State"), optional<&S::reason>("StateChangeReason"),
        optional<&S::submitted>("SubmissionDateTime"),
        optional<&S::completed>("CompletionDateTime"), optional<&S::error>("AthenaError")};
    return {"QueryExecutionStatus", members};
  }
  bool is_final() const { return state != "QUEUED" && state != "RUNNING"; }
};

struct ResultReuseInformation {
  bool reused = false;
  static Shape shape() {
    using S = ResultReuseInformation;
    static constexpr Member members[] = {required<&S::reused>("ReusedPreviousResult")};
    return {"ResultReuseInformation", members};
  }
};

/// Bytes are those of the stored (compressed) objects that were read.
struct QueryStatistics {
  std::optional<std::int64_t> engine_ms;
  std::optional<std::int64_t> scanned_bytes;
  std::optional<std::int64_t> total_ms;
  std::optional<std::int64_t> queue_ms;
  std::optional<std::int64_t> preprocessing_ms;
  std::optional<std::int64_t> planning_ms;
  std::optional<std::int64_t> service_ms;
  std::optional<ResultReuseInformation> reuse;
  static Shape shape() {
    using S = QueryStatistics;
    static constexpr Member members[] = {
        optional<&S::engine_ms>("EngineExecutionTimeInMillis"),
        optional<&S::scanned_bytes>("DataScannedInBytes"),
        optional<&S::total_ms>("TotalExecutionTimeInMillis"),
        optional<&S::queue_ms>("QueryQueueTimeInMillis"),
        optional<&S::preprocessing_ms>("ServicePreProcessingTimeInMillis"),
        optional<&S::planning_ms>("QueryPlanningTimeInMillis"),
        optional<&S::service_ms>("ServiceProcessingTimeInMillis"),
        optional<&S::reuse>("ResultReuseInformation"),
    };
    return {"QueryExecutionStatistics", members};
  }
};

struct EngineVersion {
  std::string selected = "AUTO";
  std::string effective = "Athena engine version 3";
  static Shape shape() {
    using S = EngineVersion;
    static constexpr Member members[] = {optional<&S::selected>("SelectedEngineVersion"),
                                         optional<&S::effective>("EffectiveEngineVersion")};
    return {"EngineVersion", members};
  }
};

struct QueryExecution {
  std::string id;
  std::string query;
  std::string statement_type;     // DML, DDL, UTILITY
  std::string substatement_type;  // SELECT, CREATE_TABLE ...
  ResultConfiguration result;
  QueryContext context;
  QueryStatus status;
  QueryStatistics statistics;
  std::string work_group = "primary";
  EngineVersion engine;
  std::optional<std::vector<std::string>> parameters;
  static Shape shape() {
    using S = QueryExecution;
    static constexpr Member members[] = {
        required<&S::id>("QueryExecutionId"),
        optional<&S::query>("Query"),
        optional<&S::statement_type>("StatementType"),
        optional<&S::substatement_type>("SubstatementType"),
        optional<&S::result>("ResultConfiguration"),
        optional<&S::context>("QueryExecutionContext"),
        optional<&S::status>("Status"),
        optional<&S::statistics>("Statistics"),
        optional<&S::work_group>("WorkGroup"),
        optional<&S::engine>("EngineVersion"),
        optional<&S::parameters>("ExecutionParameters"),
    };
    return {"QueryExecution", members};
  }
};

struct ColumnInfo {
  std::string catalog = "hive";
  std::string schema;
  std::string table;
  std::string name;
  std::string label;
  std::string type;
  int precision = 0;
  int scale = 0;
  std::string nullable = "UNKNOWN";
  bool case_sensitive = false;
  static Shape shape() {
    using S = ColumnInfo;
    static constexpr Member members[] = {
        optional<&S::catalog>("CatalogName"), optional<&S::schema>("SchemaName"),
        optional<&S::table>("TableName"),     required<&S::name>("Name"),
        optional<&S::label>("Label"),         required<&S::type>("Type"),
        optional<&S::precision>("Precision"), optional<&S::scale>("Scale"),
        optional<&S::nullable>("Nullable"),   optional<&S::case_sensitive>("CaseSensitive"),
    };
    return {"ColumnInfo", members};
  }
};

/// One value of a result row; NULL is an empty object.
struct Datum {
  std::optional<std::string> text;
  static Shape shape() {
    using S = Datum;
    static constexpr Member members[] = {optional<&S::text>("VarCharValue")};
    return {"Datum", members};
  }
  bool operator==(const Datum&) const = default;
};

struct Row {
  std::vector<Datum> data;
  static Shape shape() {
    using S = Row;
    static constexpr Member members[] = {optional<&S::data>("Data")};
    return {"Row", members};
  }
  bool operator==(const Row&) const = default;
};

struct ResultPage {
  std::optional<std::int64_t> update_count;
  std::vector<Row> rows;
  std::vector<ColumnInfo> columns;
  std::optional<std::string> next_token;
};

struct WorkGroupConfiguration {
  std::optional<ResultConfiguration> result = ResultConfiguration{};
  std::optional<bool> enforce = true;
  std::optional<bool> publish_metrics = false;
  std::optional<std::int64_t> scanned_bytes_max;
  std::optional<bool> requester_pays = false;
  std::optional<EngineVersion> engine = EngineVersion{};
  static Shape shape() {
    using S = WorkGroupConfiguration;
    static constexpr Member members[] = {
        optional<&S::result>("ResultConfiguration"),
        optional<&S::enforce>("EnforceWorkGroupConfiguration"),
        optional<&S::publish_metrics>("PublishCloudWatchMetricsEnabled"),
        optional<&S::scanned_bytes_max>("BytesScannedCutoffPerQuery",
                                        range(10'000'000, kUnbounded)),
        optional<&S::requester_pays>("RequesterPaysEnabled"),
        optional<&S::engine>("EngineVersion"),
    };
    return {"WorkGroupConfiguration", members};
  }
};

struct WorkGroup {
  std::string name;
  std::string state = "ENABLED";
  WorkGroupConfiguration configuration;
  std::optional<std::string> description;
  Time created;
  static Shape shape() {
    using S = WorkGroup;
    static constexpr Member members[] = {required<&S::name>("Name"), optional<&S::state>("State"),
                                         optional<&S::configuration>("Configuration"),
                                         optional<&S::description>("Description"),
                                         optional<&S::created>("CreationTime")};
    return {"WorkGroup", members};
  }
};

struct NamedQuery {
  std::string name;
  std::optional<std::string> description;
  std::string database;
  std::string query;
  std::string id;
  std::string work_group = "primary";
  static Shape shape() {
    using S = NamedQuery;
    static constexpr Member members[] = {
        required<&S::name>("Name"),         optional<&S::description>("Description"),
        required<&S::database>("Database"), required<&S::query>("QueryString"),
        optional<&S::id>("NamedQueryId"),   optional<&S::work_group>("WorkGroup"),
    };
    return {"NamedQuery", members};
  }
};

}  // namespace weir::sql
