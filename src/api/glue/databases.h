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

/// Operations on databases.
namespace weir::api::glue {

struct CreateDatabase {
  static constexpr std::string_view name = "CreateDatabase";
  struct Input {
    std::optional<std::string> catalog_id;
    Document database_input;
    std::optional<std::map<std::string, std::string>> tags;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database_input>("DatabaseInput"),
          optional<&S::tags>("Tags"),
      };
      return {"CreateDatabaseRequest", members};
    }
  };
  using Output = Empty;
};

struct GetDatabase {
  static constexpr std::string_view name = "GetDatabase";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("Name", kNameLength),
      };
      return {"GetDatabaseRequest", members};
    }
  };
  struct Output {
    Document database;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::database>("Database"),
      };
      return {"GetDatabaseResponse", members};
    }
  };
};

struct GetDatabases {
  static constexpr std::string_view name = "GetDatabases";
  struct Input {
    std::optional<std::string> catalog_id;
    std::optional<std::string> next_token;
    std::optional<int> max_results;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          optional<&S::next_token>("NextToken"),
          optional<&S::max_results>("MaxResults", range(1, 100)),
      };
      return {"GetDatabasesRequest", members};
    }
  };
  struct Output {
    std::vector<Document> database_list;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::database_list>("DatabaseList"),
          optional<&S::next_token>("NextToken"),
      };
      return {"GetDatabasesResponse", members};
    }
  };
};

struct UpdateDatabase {
  static constexpr std::string_view name = "UpdateDatabase";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    Document database_input;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("Name", kNameLength),
          required<&S::database_input>("DatabaseInput"),
      };
      return {"UpdateDatabaseRequest", members};
    }
  };
  using Output = Empty;
};

/// With all its tables, as on AWS.
struct DeleteDatabase {
  static constexpr std::string_view name = "DeleteDatabase";
  struct Input {
    std::optional<std::string> catalog_id;
    std::string database;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::catalog_id>("CatalogId", kNameLength),
          required<&S::database>("Name", kNameLength),
      };
      return {"DeleteDatabaseRequest", members};
    }
  };
  using Output = Empty;
};

struct GetTags {
  static constexpr std::string_view name = "GetTags";
  static constexpr std::string_view partial = "databases only";
  struct Input {
    std::string resource_arn;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::resource_arn>("ResourceArn", length(1, 10240)),
      };
      return {"GetTagsRequest", members};
    }
  };
  struct Output {
    std::map<std::string, std::string> tags;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::tags>("Tags"),
      };
      return {"GetTagsResponse", members};
    }
  };
};

struct TagResource {
  static constexpr std::string_view name = "TagResource";
  static constexpr std::string_view partial = "databases only";
  struct Input {
    std::string resource_arn;
    std::map<std::string, std::string> tags;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::resource_arn>("ResourceArn", length(1, 10240)),
          required<&S::tags>("TagsToAdd", items(0, 50)),
      };
      return {"TagResourceRequest", members};
    }
  };
  using Output = Empty;
};

struct UntagResource {
  static constexpr std::string_view name = "UntagResource";
  static constexpr std::string_view partial = "databases only";
  struct Input {
    std::string resource_arn;
    std::vector<std::string> keys;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::resource_arn>("ResourceArn", length(1, 10240)),
          required<&S::keys>("TagsToRemove", items(0, 50)),
      };
      return {"UntagResourceRequest", members};
    }
  };
  using Output = Empty;
};

}  // namespace weir::api::glue
