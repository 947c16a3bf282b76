// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/glue/common.h"
#include "base/document.h"
#include "base/shape.h"

/// Operations on column statistics.
namespace weir::api::glue {

struct ColumnError {
  std::string column;
  ErrorDetail detail;
  static Shape shape() {
    using S = ColumnError;
    static constexpr Member members[] = {
        required<&S::column>("ColumnName"),
        required<&S::detail>("Error"),
    };
    return {"ColumnError", members};
  }
};

struct StatisticsError {
  Document statistics;
  ErrorDetail detail;
  static Shape shape() {
    using S = StatisticsError;
    static constexpr Member members[] = {
        required<&S::statistics>("ColumnStatistics"),
        required<&S::detail>("Error"),
    };
    return {"ColumnStatisticsError", members};
  }
};

struct ColumnStatistics {
  std::vector<Document> statistics;
  std::vector<ColumnError> errors;
  static Shape shape() {
    using S = ColumnStatistics;
    static constexpr Member members[] = {
        required<&S::statistics>("ColumnStatisticsList"),
        required<&S::errors>("Errors"),
    };
    return {"GetColumnStatisticsForTableResponse", members};
  }
};

struct StatisticsUpdate {
  std::vector<StatisticsError> errors;
  static Shape shape() {
    using S = StatisticsUpdate;
    static constexpr Member members[] = {
        required<&S::errors>("Errors"),
    };
    return {"UpdateColumnStatisticsForTableResponse", members};
  }
};

struct GetColumnStatisticsForTable {
  static constexpr std::string_view name = "GetColumnStatisticsForTable";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    std::vector<std::string> columns;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("TableName", kNameLength),
          required<&S::columns>("ColumnNames", items(0, 100)),
      };
      return {"GetColumnStatisticsForTableRequest", members};
    }
  };
  using Output = ColumnStatistics;
};

struct UpdateColumnStatisticsForTable {
  static constexpr std::string_view name = "UpdateColumnStatisticsForTable";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    std::vector<Document> statistics;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("TableName", kNameLength),
          required<&S::statistics>("ColumnStatisticsList", items(0, 25)),
      };
      return {"UpdateColumnStatisticsForTableRequest", members};
    }
  };
  using Output = StatisticsUpdate;
};

struct DeleteColumnStatisticsForTable {
  static constexpr std::string_view name = "DeleteColumnStatisticsForTable";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    std::string column;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("TableName", kNameLength),
          required<&S::column>("ColumnName", kNameLength),
      };
      return {"DeleteColumnStatisticsForTableRequest", members};
    }
  };
  using Output = Empty;
};

struct GetColumnStatisticsForPartition {
  static constexpr std::string_view name = "GetColumnStatisticsForPartition";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    std::vector<std::string> values;
    std::vector<std::string> columns;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("TableName", kNameLength),
          required<&S::values>("PartitionValues"),
          required<&S::columns>("ColumnNames", items(0, 100)),
      };
      return {"GetColumnStatisticsForPartitionRequest", members};
    }
  };
  using Output = ColumnStatistics;
};

struct UpdateColumnStatisticsForPartition {
  static constexpr std::string_view name = "UpdateColumnStatisticsForPartition";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    std::vector<std::string> values;
    std::vector<Document> statistics;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("TableName", kNameLength),
          required<&S::values>("PartitionValues"),
          required<&S::statistics>("ColumnStatisticsList", items(0, 25)),
      };
      return {"UpdateColumnStatisticsForPartitionRequest", members};
    }
  };
  using Output = StatisticsUpdate;
};

struct DeleteColumnStatisticsForPartition {
  static constexpr std::string_view name = "DeleteColumnStatisticsForPartition";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    std::vector<std::string> values;
    std::string column;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("TableName", kNameLength),
          required<&S::values>("PartitionValues"),
          required<&S::column>("ColumnName", kNameLength),
      };
      return {"DeleteColumnStatisticsForPartitionRequest", members};
    }
  };
  using Output = Empty;
};

}  // namespace weir::api::glue
