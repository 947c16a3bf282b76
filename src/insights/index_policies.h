// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"
#include "logs/logs.h"
#include "store/kv_store.h"

namespace weir::insights {

/// A field of an index policy.
struct IndexedField {
  std::string name;
  std::string type = "FIELD_INDEX";  // or FACET
  static Shape shape();
};

/// The field index policy of one group.
struct IndexPolicy {
  std::string document;  // as it was given
  std::vector<IndexedField> fields;
  std::int64_t last_update_ms = 0;
  std::int64_t group_id = 0;  // a group that was made anew has no policy
  static Shape shape();
};

/// `{"Fields": ["name", ...], "FieldsV2": {"name": {"type": "FIELD_INDEX" or "FACET"}}}`. Error:
/// InvalidParameterException for anything else, for no field, for more than 20, for a name twice.
Result<std::vector<IndexedField>> parse_index_policy(std::string_view document);

/// Field index policies of groups: kept and shown (CloudWatch Logs API reference, PutIndexPolicy).
/// Queries do not need them; the engine decides by itself which blocks it can leave out.
///
/// Threads: every function may be called from any thread. Durability: what is acknowledged is in
/// the store; nothing is kept in memory.
class IndexPolicies {
 public:
  static constexpr std::size_t kFieldsMax = 20;
  static constexpr std::size_t kFieldNameMax = 100;  // characters

  IndexPolicies(Runtime& runtime, store::KvStore& store, const logs::Logs& logs)
      : runtime_(runtime), store_(store), logs_(logs) {}

  /// Errors: ResourceNotFoundException, InvalidParameterException for a group that is not of class
  /// STANDARD.
  Result<IndexPolicy> put(const Scope& scope, std::string_view group, std::string_view document);
  /// None: the group has no policy. Error: ResourceNotFoundException for a group that is not there.
  Result<std::optional<IndexPolicy>> policy(const Scope& scope, std::string_view group) const;
  /// Error: ResourceNotFoundException for a group that is not there or has no policy.
  Result<void> remove(const Scope& scope, std::string_view group);
  /// The names of the groups that index all of these fields.
  std::set<std::string, std::less<>> groups_with(const Scope& scope,
                                                 std::span<const std::string> fields) const;

 private:
  Runtime& runtime_;
  store::KvStore& store_;
  const logs::Logs& logs_;
};

}  // namespace weir::insights
