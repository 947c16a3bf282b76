// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/logs/common.h"
#include "base/shape.h"
#include "insights/lookup_tables.h"
#include "wire/operation.h"

namespace weir::api::logs {

inline constexpr Constraint kTableNameLength = length(1, 256);
inline constexpr Constraint kTableNamePattern = pattern("^[a-zA-Z0-9_]+$");
inline constexpr Constraint kTableDescription = length(0, 1024);
inline constexpr Constraint kTableBody = length(1, 10'485'760);
inline constexpr Constraint kTableKmsKey = length(0, 256);

/// A lookup table as it is listed.
struct LookupTable {
  std::string lookup_table_arn;
  std::string lookup_table_name;
  std::optional<std::string> description;
  std::vector<std::string> table_fields;
  std::int64_t records_count = 0;
  std::int64_t size_bytes = 0;
  std::int64_t last_updated_time = 0;
  std::optional<std::string> kms_key_id;
  static Shape shape() {
    using S = LookupTable;
    static constexpr Member members[] = {
        required<&S::lookup_table_arn>("lookupTableArn"),
        required<&S::lookup_table_name>("lookupTableName"),
        optional<&S::description>("description"),
        required<&S::table_fields>("tableFields"),
        required<&S::records_count>("recordsCount"),
        required<&S::size_bytes>("sizeBytes"),
        required<&S::last_updated_time>("lastUpdatedTime"),
        optional<&S::kms_key_id>("kmsKeyId"),
    };
    return {"LookupTable", members};
  }
};

/// Uploads a table for the commands `lookup` and `cidrlookup` of queries.
struct CreateLookupTable {
  static constexpr std::string_view name = "CreateLookupTable";
  struct Input {
    std::string lookup_table_name;
    std::optional<std::string> description;
    std::string table_body;
    std::optional<std::string> kms_key_id;
    std::optional<std::map<std::string, std::string>> tags;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::lookup_table_name>("lookupTableName", kTableNameLength, kTableNamePattern),
          optional<&S::description>("description", kTableDescription),
          required<&S::table_body>("tableBody", kTableBody),
          optional<&S::kms_key_id>("kmsKeyId", kTableKmsKey),
          optional<&S::tags>("tags", items(1, 50)),
      };
      return {"CreateLookupTableRequest", members};
    }
  };
  struct Output {
    std::string lookup_table_arn;
    std::int64_t created_at = 0;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::lookup_table_arn>("lookupTableArn"),
          required<&S::created_at>("createdAt"),
      };
      return {"CreateLookupTableResponse", members};
    }
  };
};

/// Replaces the content of a table.
struct UpdateLookupTable {
  static constexpr std::string_view name = "UpdateLookupTable";
  struct Input {
    std::string lookup_table_arn;
    std::optional<std::string> description;
    std::string table_body;
    std::optional<std::string> kms_key_id;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::lookup_table_arn>("lookupTableArn"),
          optional<&S::description>("description", kTableDescription),
          required<&S::table_body>("tableBody", kTableBody),
          optional<&S::kms_key_id>("kmsKeyId", kTableKmsKey),
      };
      return {"UpdateLookupTableRequest", members};
    }
  };
  struct Output {
    std::string lookup_table_arn;
    std::int64_t last_updated_time = 0;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::lookup_table_arn>("lookupTableArn"),
          required<&S::last_updated_time>("lastUpdatedTime"),
      };
      return {"UpdateLookupTableResponse", members};
    }
  };
};

/// Shows a table with its content.
struct GetLookupTable {
  static constexpr std::string_view name = "GetLookupTable";
  struct Input {
    std::string lookup_table_arn;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::lookup_table_arn>("lookupTableArn"),
      };
      return {"GetLookupTableRequest", members};
    }
  };
  struct Output {
    std::string lookup_table_arn;
    std::string lookup_table_name;
    std::optional<std::string> description;
    std::string table_body;
    std::int64_t size_bytes = 0;
    std::int64_t last_updated_time = 0;
    std::optional<std::string> kms_key_id;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::lookup_table_arn>("lookupTableArn"),
          required<&S::lookup_table_name>("lookupTableName"),
          optional<&S::description>("description"),
          required<&S::table_body>("tableBody"),
          required<&S::size_bytes>("sizeBytes"),
          required<&S::last_updated_time>("lastUpdatedTime"),
          optional<&S::kms_key_id>("kmsKeyId"),
      };
      return {"GetLookupTableResponse", members};
    }
  };
};

/// Lists tables in the order of names.
struct DescribeLookupTables {
  static constexpr std::string_view name = "DescribeLookupTables";
  struct Input {
    std::optional<std::string> lookup_table_name_prefix;
    std::optional<int> max_results;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::lookup_table_name_prefix>("lookupTableNamePrefix", kTableNameLength,
                                                 kTableNamePattern),
          optional<&S::max_results>("maxResults", range(1, 100)),
          optional<&S::next_token>("nextToken", kTokenLength),
      };
      return {"DescribeLookupTablesRequest", members};
    }
  };
  struct Output {
    std::vector<LookupTable> lookup_tables;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::lookup_tables>("lookupTables"),
          optional<&S::next_token>("nextToken"),
      };
      return {"DescribeLookupTablesResponse", members};
    }
  };
};

/// Deletes a table; queries that name it fail from then on.
struct DeleteLookupTable {
  static constexpr std::string_view name = "DeleteLookupTable";
  using Input = GetLookupTable::Input;
  using Output = Empty;
};

/// The AWS face of insights::LookupTables.
class LookupTablesApi {
 public:
  explicit LookupTablesApi(insights::LookupTables& tables) : tables_(tables) {}
  /// This must outlive the table.
  void add_to(wire::OperationTable& table);

 private:
  using Request = wire::Request;
  Result<CreateLookupTable::Output> create(const Request&, const CreateLookupTable::Input&);
  Result<UpdateLookupTable::Output> update(const Request&, const UpdateLookupTable::Input&);
  Result<GetLookupTable::Output> get(const Request&, const GetLookupTable::Input&);
  Result<DescribeLookupTables::Output> describe(const Request&, const DescribeLookupTables::Input&);
  Result<Empty> remove(const Request&, const DeleteLookupTable::Input&);

  insights::LookupTables& tables_;
};

}  // namespace weir::api::logs
