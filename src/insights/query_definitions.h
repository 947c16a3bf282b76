// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"
#include "logs/types.h"
#include "store/kv_store.h"

namespace weir::insights {

/// A place in a saved query, `{{name}}`, and what stands there if nothing else is said.
struct QueryParameter {
  std::string name;
  std::optional<std::string> default_value;
  std::optional<std::string> description;
  static Shape shape();
};

/// A saved query (API type QueryDefinition), with the names of the service model.
struct QueryDefinition {
  std::string query_language = "CWLI";
  std::string id;
  std::string name;  // `/` makes folders
  std::string query_string;
  std::int64_t last_modified_ms = 0;
  std::vector<std::string> log_group_names;
  std::optional<std::vector<QueryParameter>> parameters;
  static Shape shape();
};

/// Saved queries: CloudWatch Logs API reference, PutQueryDefinition and its neighbours.
///
/// Threads: every function may be called from any thread. Durability: what is acknowledged is in
/// the store; nothing is kept in memory.
class QueryDefinitions {
 public:
  static constexpr std::size_t kDefinitionsMax = 1000;  // of one account and region (AWS's quota)
  static constexpr std::size_t kParametersMax = 20;

  QueryDefinitions(Runtime& runtime, store::KvStore& store) : runtime_(runtime), store_(store) {}

  /// Creates one, or replaces all of the one with that id. `token`: a repetition with the same one
  /// and nothing changed gives the same definition. Error: ResourceNotFoundException for an unknown
  /// id, LimitExceededException, InvalidParameterException for parameters that do not fit the text.
  Result<std::string> put(const Scope& scope, QueryDefinition definition, std::string_view token);
  /// Error: ResourceNotFoundException.
  Result<void> remove(const Scope& scope, std::string_view id);
  struct ListQuery {
    std::string name_prefix = {};
    std::string language = {};  // "": all
    std::string after = {};     // `next` of the page before
    std::size_t limit = 1000;
  };
  /// In the order of name and id.
  Result<logs::Page<QueryDefinition>> list(const Scope& scope, const ListQuery& query) const;

 private:
  Runtime& runtime_;
  store::KvStore& store_;
  std::mutex writing_;  // one change at a time: they are counted
};

/// The text with each `{{name}}` replaced by its value or default. Error: InvalidParameterException
/// for one that has neither.
Result<std::string> substitute(std::string_view text, std::span<const QueryParameter> parameters,
                               const std::map<std::string, std::string>& values);

}  // namespace weir::insights
