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

/// Operations on versions of tables.
namespace weir::api::glue {

struct TableVersion {
  Document table;
  std::string version_id;
  static Shape shape() {
    using S = TableVersion;
    static constexpr Member members[] = {
        required<&S::table>("Table"),
        required<&S::version_id>("VersionId"),
    };
    return {"TableVersion", members};
  }
};

struct GetTableVersion {
  static constexpr std::string_view name = "GetTableVersion";
  static constexpr std::string_view partial = "only the current version is kept";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    std::optional<std::string> version_id;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("TableName", kNameLength),
          optional<&S::version_id>("VersionId", kNameLength),
      };
      return {"GetTableVersionRequest", members};
    }
  };
  struct Output {
    TableVersion version;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::version>("TableVersion"),
      };
      return {"GetTableVersionResponse", members};
    }
  };
};

struct GetTableVersions {
  static constexpr std::string_view name = "GetTableVersions";
  static constexpr std::string_view partial = "only the current version is kept";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    std::optional<std::string> next_token;
    std::optional<int> max_results;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("TableName", kNameLength),
          optional<&S::next_token>("NextToken"),
          optional<&S::max_results>("MaxResults", range(1, 100)),
      };
      return {"GetTableVersionsRequest", members};
    }
  };
  struct Output {
    std::vector<TableVersion> versions;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::versions>("TableVersions"),
      };
      return {"GetTableVersionsResponse", members};
    }
  };
};

struct DeleteTableVersion {
  static constexpr std::string_view name = "DeleteTableVersion";
  static constexpr std::string_view partial =
      "only the current version is kept, which cannot be deleted";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    std::string version_id;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("TableName", kNameLength),
          required<&S::version_id>("VersionId", kNameLength),
      };
      return {"DeleteTableVersionRequest", members};
    }
  };
  using Output = Empty;
};

struct TableVersionError {
  std::string table;
  std::string version_id;
  ErrorDetail detail;
  static Shape shape() {
    using S = TableVersionError;
    static constexpr Member members[] = {
        required<&S::table>("TableName"),
        required<&S::version_id>("VersionId"),
        required<&S::detail>("ErrorDetail"),
    };
    return {"TableVersionError", members};
  }
};

struct BatchDeleteTableVersion {
  static constexpr std::string_view name = "BatchDeleteTableVersion";
  static constexpr std::string_view partial =
      "only the current version is kept, which cannot be deleted";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    std::string table;
    std::vector<std::string> version_ids;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("DatabaseName", kNameLength),
          required<&S::table>("TableName", kNameLength),
          required<&S::version_ids>("VersionIds", items(0, 100)),
      };
      return {"BatchDeleteTableVersionRequest", members};
    }
  };
  struct Output {
    std::vector<TableVersionError> errors;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::errors>("Errors"),
      };
      return {"BatchDeleteTableVersionResponse", members};
    }
  };
};

}  // namespace weir::api::glue
