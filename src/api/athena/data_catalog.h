// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/athena/executions.h"
#include "base/shape.h"
#include "sql/catalog.h"

/// Operations on the data catalog.
namespace weir::api::athena {

struct DataCatalogSummary {
  std::string catalog;
  std::string type;
  std::string status;
  static Shape shape() {
    using S = DataCatalogSummary;
    static constexpr Member members[] = {required<&S::catalog>("CatalogName"),
                                         required<&S::type>("Type"),
                                         required<&S::status>("Status")};
    return {"DataCatalogSummary", members};
  }
};

struct ListDataCatalogs {
  static constexpr std::string_view name = "ListDataCatalogs";
  using Input = ListInput;
  struct Output {
    std::vector<DataCatalogSummary> catalogs;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {required<&S::catalogs>("DataCatalogsSummary"),
                                           optional<&S::next_token>("NextToken")};
      return {"ListDataCatalogsOutput", members};
    }
  };
};

struct DataCatalog {
  std::string catalog;
  std::string type;
  std::map<std::string, std::string> parameters;
  std::string status;
  static Shape shape() {
    using S = DataCatalog;
    static constexpr Member members[] = {required<&S::catalog>("Name"), required<&S::type>("Type"),
                                         required<&S::parameters>("Parameters"),
                                         required<&S::status>("Status")};
    return {"DataCatalog", members};
  }
};

struct GetDataCatalog {
  static constexpr std::string_view name = "GetDataCatalog";
  struct Input {
    std::string catalog;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {required<&S::catalog>("Name", length(1, 256))};
      return {"GetDataCatalogInput", members};
    }
  };
  struct Output {
    DataCatalog catalog;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {required<&S::catalog>("DataCatalog")};
      return {"GetDataCatalogOutput", members};
    }
  };
};

struct DatabaseInfo {
  std::string database;
  std::optional<std::string> description;
  std::map<std::string, std::string> parameters;
  static Shape shape() {
    using S = DatabaseInfo;
    static constexpr Member members[] = {required<&S::database>("Name"),
                                         optional<&S::description>("Description"),
                                         optional<&S::parameters>("Parameters")};
    return {"Database", members};
  }
};

struct TableMetadata {
  std::string table;
  Time created;
  std::string type;
  std::vector<sql::Column> columns;
  std::vector<sql::Column> partition_keys;
  std::map<std::string, std::string> parameters;
  static Shape shape() {
    using S = TableMetadata;
    static constexpr Member members[] = {required<&S::table>("Name"),
                                         optional<&S::created>("CreateTime"),
                                         optional<&S::type>("TableType"),
                                         optional<&S::columns>("Columns"),
                                         optional<&S::partition_keys>("PartitionKeys"),
                                         optional<&S::parameters>("Parameters")};
    return {"TableMetadata", members};
  }
};

struct ListDatabases {
  static constexpr std::string_view name = "ListDatabases";
  struct Input {
    std::string catalog;
    std::optional<std::string> next_token;
    std::optional<int> max_results;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {required<&S::catalog>("CatalogName", length(1, 256)),
                                           optional<&S::next_token>("NextToken", kTokenLength),
                                           optional<&S::max_results>("MaxResults", range(1, 50))};
      return {"ListDatabasesInput", members};
    }
  };
  struct Output {
    std::vector<DatabaseInfo> databases;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {required<&S::databases>("DatabaseList"),
                                           optional<&S::next_token>("NextToken")};
      return {"ListDatabasesOutput", members};
    }
  };
};

struct GetDatabase {
  static constexpr std::string_view name = "GetDatabase";
  struct Input {
    std::string catalog;
    std::string database;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {required<&S::catalog>("CatalogName", length(1, 256)),
                                           required<&S::database>("DatabaseName", length(1, 128))};
      return {"GetDatabaseInput", members};
    }
  };
  struct Output {
    DatabaseInfo database;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {required<&S::database>("Database")};
      return {"GetDatabaseOutput", members};
    }
  };
};

struct ListTableMetadata {
  static constexpr std::string_view name = "ListTableMetadata";
  static constexpr std::string_view partial = "`Expression` takes Hive's `*` and `\\|`";
  struct Input {
    std::string catalog;
    std::string database;
    std::optional<std::string> expression;
    std::optional<std::string> next_token;
    std::optional<int> max_results;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {required<&S::catalog>("CatalogName", length(1, 256)),
                                           required<&S::database>("DatabaseName", length(1, 128)),
                                           optional<&S::expression>("Expression", length(0, 256)),
                                           optional<&S::next_token>("NextToken", kTokenLength),
                                           optional<&S::max_results>("MaxResults", range(1, 50))};
      return {"ListTableMetadataInput", members};
    }
  };
  struct Output {
    std::vector<TableMetadata> tables;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {required<&S::tables>("TableMetadataList"),
                                           optional<&S::next_token>("NextToken")};
      return {"ListTableMetadataOutput", members};
    }
  };
};

struct GetTableMetadata {
  static constexpr std::string_view name = "GetTableMetadata";
  struct Input {
    std::string catalog;
    std::string database;
    std::string table;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {required<&S::catalog>("CatalogName", length(1, 256)),
                                           required<&S::database>("DatabaseName", length(1, 128)),
                                           required<&S::table>("TableName", length(1, 128))};
      return {"GetTableMetadataInput", members};
    }
  };
  struct Output {
    TableMetadata table;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {required<&S::table>("TableMetadata")};
      return {"GetTableMetadataOutput", members};
    }
  };
};

}  // namespace weir::api::athena
