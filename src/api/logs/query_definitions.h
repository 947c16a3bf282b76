// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/logs/common.h"
#include "api/logs/queries.h"
#include "base/shape.h"
#include "insights/query_definitions.h"

namespace weir::api::logs {

/// Saves a query, or replaces a saved one.
struct PutQueryDefinition {
  static constexpr std::string_view name = "PutQueryDefinition";
  struct Input {
    std::optional<std::string> query_language;
    std::string definition_name;
    std::optional<std::string> query_definition_id;
    std::optional<std::vector<std::string>> log_group_names;
    std::string query_string;
    std::optional<std::string> client_token;
    std::optional<std::vector<insights::QueryParameter>> parameters;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::query_language>("queryLanguage", one_of(kQueryLanguages)),
          required<&S::definition_name>("name", length(1, 255)),
          optional<&S::query_definition_id>("queryDefinitionId", kQueryIdLength),
          optional<&S::log_group_names>("logGroupNames"),
          required<&S::query_string>("queryString", length(1, 10000)),
          optional<&S::client_token>("clientToken", length(36, 128), pattern("\\S{36,128}")),
          optional<&S::parameters>("parameters", items(0, 20)),
      };
      return {"PutQueryDefinitionRequest", members};
    }
  };
  struct Output {
    std::string query_definition_id;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::query_definition_id>("queryDefinitionId"),
      };
      return {"PutQueryDefinitionResponse", members};
    }
  };
};

/// Lists saved queries in the order of names.
struct DescribeQueryDefinitions {
  static constexpr std::string_view name = "DescribeQueryDefinitions";
  struct Input {
    std::optional<std::string> query_language;
    std::optional<std::string> query_definition_name_prefix;
    std::optional<int> max_results;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::query_language>("queryLanguage", one_of(kQueryLanguages)),
          optional<&S::query_definition_name_prefix>("queryDefinitionNamePrefix", length(1, 255)),
          optional<&S::max_results>("maxResults", range(1, 1000)),
          optional<&S::next_token>("nextToken", kTokenLength),
      };
      return {"DescribeQueryDefinitionsRequest", members};
    }
  };
  struct Output {
    std::vector<insights::QueryDefinition> query_definitions;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::query_definitions>("queryDefinitions"),
          optional<&S::next_token>("nextToken"),
      };
      return {"DescribeQueryDefinitionsResponse", members};
    }
  };
};

/// Deletes a saved query.
struct DeleteQueryDefinition {
  static constexpr std::string_view name = "DeleteQueryDefinition";
  struct Input {
    std::string query_definition_id;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::query_definition_id>("queryDefinitionId", kQueryIdLength),
      };
      return {"DeleteQueryDefinitionRequest", members};
    }
  };
  struct Output {
    bool success = true;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::success>("success"),
      };
      return {"DeleteQueryDefinitionResponse", members};
    }
  };
};

}  // namespace weir::api::logs
