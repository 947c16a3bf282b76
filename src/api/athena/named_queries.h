// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/athena/executions.h"
#include "base/shape.h"
#include "sql/execution.h"

/// Operations on named queries.
namespace weir::api::athena {

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

}  // namespace weir::api::athena
