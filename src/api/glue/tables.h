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

/// Operations on tables.
namespace weir::api::glue {

struct CreateTable {
  static constexpr std::string_view name = "CreateTable";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    Document table_input;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table_input>("TableInput"),
      };
      return {"CreateTableRequest", members};
    }
  };
  using Output = Empty;
};

struct GetTable {
  static constexpr std::string_view name = "GetTable";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("Name", kNameLength),
      };
      return {"GetTableRequest", members};
    }
  };
  struct Output {
    Document table;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::table>("Table"),
      };
      return {"GetTableResponse", members};
    }
  };
};

struct GetTables {
  static constexpr std::string_view name = "GetTables";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::optional<std::string> expression;
    std::optional<std::string> next_token;
    std::optional<int> max_results;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          optional<&S::expression>("Expression", length(0, 2048)),
          optional<&S::next_token>("NextToken"),
          optional<&S::max_results>("MaxResults", range(1, 100)),
      };
      return {"GetTablesRequest", members};
    }
  };
  struct Output {
    std::vector<Document> table_list;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::table_list>("TableList"),
          optional<&S::next_token>("NextToken"),
      };
      return {"GetTablesResponse", members};
    }
  };
};

struct SearchTables {
  static constexpr std::string_view name = "SearchTables";
  static constexpr std::string_view partial = "`Filters` and `SortCriteria` are ignored";
  struct Input {
    std::optional<std::string> catalog_id;
    std::optional<std::string> next_token;
    std::optional<std::string> search_text;
    std::optional<int> max_results;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          optional<&S::next_token>("NextToken"),
          optional<&S::search_text>("SearchText", length(0, 1024)),
          optional<&S::max_results>("MaxResults", range(1, 1000)),
      };
      return {"SearchTablesRequest", members};
    }
  };
  struct Output {
    std::vector<Document> table_list;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::table_list>("TableList"),
          optional<&S::next_token>("NextToken"),
      };
      return {"SearchTablesResponse", members};
    }
  };
};

struct UpdateTable {
  static constexpr std::string_view name = "UpdateTable";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    Document table_input;
    std::optional<std::string> version_id;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table_input>("TableInput"),
          optional<&S::version_id>("VersionId", kNameLength),
      };
      return {"UpdateTableRequest", members};
    }
  };
  using Output = Empty;
};

struct DeleteTable {
  static constexpr std::string_view name = "DeleteTable";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("Name", kNameLength),
      };
      return {"DeleteTableRequest", members};
    }
  };
  using Output = Empty;
};

struct TableError {
  std::string table;
  ErrorDetail detail;
  static Shape shape() {
    using S = TableError;
    static constexpr Member members[] = {
        required<&S::table>("TableName"),
        required<&S::detail>("ErrorDetail"),
    };
    return {"TableError", members};
  }
};

struct BatchDeleteTable {
  static constexpr std::string_view name = "BatchDeleteTable";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::vector<std::string> tables;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::tables>("TablesToDelete", items(0, 100)),
      };
      return {"BatchDeleteTableRequest", members};
    }
  };
  struct Output {
    std::vector<TableError> errors;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::errors>("Errors"),
      };
      return {"BatchDeleteTableResponse", members};
    }
  };
};

}  // namespace weir::api::glue
