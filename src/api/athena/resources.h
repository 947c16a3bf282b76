// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/athena/executions.h"
#include "base/shape.h"
#include "sql/catalog.h"
#include "sql/execution.h"

/// Operations on work groups, named queries and the data catalog.
namespace weir::api::athena {

struct CreateWorkGroup {
  static constexpr std::string_view name = "CreateWorkGroup";
  struct Input {
    std::string group;
    std::optional<sql::WorkGroupConfiguration> configuration;
    std::optional<std::string> description;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::group>("Name", kGroupPattern),
          optional<&S::configuration>("Configuration"),
          optional<&S::description>("Description", length(0, 1024)),
      };
      return {"CreateWorkGroupInput", members};
    }
  };
  using Output = Empty;
};

struct WorkGroupInput {
  std::string group;
  static Shape shape() {
    using S = WorkGroupInput;
    static constexpr Member members[] = {required<&S::group>("WorkGroup", kGroupPattern)};
    return {"GetWorkGroupInput", members};
  }
};

struct GetWorkGroup {
  static constexpr std::string_view name = "GetWorkGroup";
  using Input = WorkGroupInput;
  struct Output {
    sql::WorkGroup group;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {required<&S::group>("WorkGroup")};
      return {"GetWorkGroupOutput", members};
    }
  };
};

struct ResultConfigurationUpdates {
  std::optional<std::string> output_location;
  std::optional<bool> remove_output_location;
  static Shape shape() {
    using S = ResultConfigurationUpdates;
    static constexpr Member members[] = {
        optional<&S::output_location>("OutputLocation"),
        optional<&S::remove_output_location>("RemoveOutputLocation")};
    return {"ResultConfigurationUpdates", members};
  }
};

struct WorkGroupConfigurationUpdates {
  std::optional<bool> enforce;
  std::optional<ResultConfigurationUpdates> result;
  std::optional<bool> publish_metrics;
  std::optional<std::int64_t> scanned_bytes_max;
  std::optional<bool> remove_scanned_bytes_max;
  std::optional<bool> requester_pays;
  static Shape shape() {
    using S = WorkGroupConfigurationUpdates;
    static constexpr Member members[] = {
        optional<&S::enforce>("EnforceWorkGroupConfiguration"),
        optional<&S::result>("ResultConfigurationUpdates"),
        optional<&S::publish_metrics>("PublishCloudWatchMetricsEnabled"),
        optional<&S::scanned_bytes_max>("BytesScannedCutoffPerQuery",
                                        range(10'000'000, kUnbounded)),
        optional<&S::remove_scanned_bytes_max>("RemoveBytesScannedCutoffPerQuery"),
        optional<&S::requester_pays>("RequesterPaysEnabled"),
    };
    return {"WorkGroupConfigurationUpdates", members};
  }
};

inline constexpr std::string_view kWorkGroupStates[] = {"ENABLED", "DISABLED"};

struct UpdateWorkGroup {
  static constexpr std::string_view name = "UpdateWorkGroup";
  struct Input {
    std::string group;
    std::optional<std::string> description;
    std::optional<WorkGroupConfigurationUpdates> updates;
    std::optional<std::string> state;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::group>("WorkGroup", kGroupPattern),
          optional<&S::description>("Description", length(0, 1024)),
          optional<&S::updates>("ConfigurationUpdates"),
          optional<&S::state>("State", one_of(kWorkGroupStates)),
      };
      return {"UpdateWorkGroupInput", members};
    }
  };
  using Output = Empty;
};

struct DeleteWorkGroup {
  static constexpr std::string_view name = "DeleteWorkGroup";
  struct Input {
    std::string group;
    std::optional<bool> recursive;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {required<&S::group>("WorkGroup", kGroupPattern),
                                           optional<&S::recursive>("RecursiveDeleteOption")};
      return {"DeleteWorkGroupInput", members};
    }
  };
  using Output = Empty;
};

struct WorkGroupSummary {
  std::string group;
  std::string state;
  std::string description;
  Time created;
  sql::EngineVersion engine;
  static Shape shape() {
    using S = WorkGroupSummary;
    static constexpr Member members[] = {required<&S::group>("Name"), required<&S::state>("State"),
                                         required<&S::description>("Description"),
                                         required<&S::created>("CreationTime"),
                                         required<&S::engine>("EngineVersion")};
    return {"WorkGroupSummary", members};
  }
};

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

struct ListWorkGroups {
  static constexpr std::string_view name = "ListWorkGroups";
  using Input = ListInput;
  struct Output {
    std::vector<WorkGroupSummary> groups;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {required<&S::groups>("WorkGroups"),
                                           optional<&S::next_token>("NextToken")};
      return {"ListWorkGroupsOutput", members};
    }
  };
};

struct CreateNamedQuery {
  static constexpr std::string_view name = "CreateNamedQuery";
  struct Input {
    std::string query_name;
    std::optional<std::string> description;
    std::string database;
    std::string query_string;
    std::optional<std::string> token;
    std::optional<std::string> work_group;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::query_name>("Name", length(1, 128)),
          optional<&S::description>("Description", length(1, 1024)),
          required<&S::database>("Database", length(1, 255)),
          required<&S::query_string>("QueryString", length(1, 262144)),
          optional<&S::token>("ClientRequestToken", length(32, 128)),
          optional<&S::work_group>("WorkGroup", kGroupPattern),
      };
      return {"CreateNamedQueryInput", members};
    }
  };
  struct Output {
    std::string id;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {required<&S::id>("NamedQueryId")};
      return {"CreateNamedQueryOutput", members};
    }
  };
};

struct NamedQueryInput {
  std::string id;
  static Shape shape() {
    using S = NamedQueryInput;
    static constexpr Member members[] = {required<&S::id>("NamedQueryId", kIdLength)};
    return {"GetNamedQueryInput", members};
  }
};

struct GetNamedQuery {
  static constexpr std::string_view name = "GetNamedQuery";
  using Input = NamedQueryInput;
  struct Output {
    sql::NamedQuery query;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {required<&S::query>("NamedQuery")};
      return {"GetNamedQueryOutput", members};
    }
  };
};

struct DeleteNamedQuery {
  static constexpr std::string_view name = "DeleteNamedQuery";
  using Input = NamedQueryInput;
  using Output = Empty;
};

struct ListNamedQueries {
  static constexpr std::string_view name = "ListNamedQueries";
  using Input = ListQueryExecutions::Input;  // the same members
  struct Output {
    std::vector<std::string> ids;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {required<&S::ids>("NamedQueryIds"),
                                           optional<&S::next_token>("NextToken")};
      return {"ListNamedQueriesOutput", members};
    }
  };
};

// ---- data catalog

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
