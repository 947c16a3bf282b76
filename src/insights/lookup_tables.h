// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"
#include "insights/engine.h"
#include "logs/taggable.h"
#include "logs/types.h"
#include "store/kv_store.h"

namespace weir::insights {

/// What is kept of an uploaded table beside its text.
struct LookupTableInfo {
  std::string name;
  std::optional<std::string> description;
  std::optional<std::string> kms_key_id;  // stored and shown; nothing is encrypted with it
  std::vector<std::string> fields;        // the header of the table
  std::int64_t records = 0;
  std::int64_t size_bytes = 0;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  logs::Tags tags;
  static Shape shape();
};

/// A CSV text (RFC 4180, a header first, lines end in LF or CRLF) as a table. Empty lines are
/// passed over. Error: InvalidParameterException with the number of the row.
Result<LookupTable> parse_lookup_csv(std::string_view text);

/// Uploaded tables for the commands `lookup` and `cidrlookup` (API reference, CreateLookupTable and
/// its neighbours).
///
/// Threads: every function may be called from any thread. Durability: what is acknowledged is in
/// the store; nothing is kept in memory. Errors: ResourceNotFoundException,
/// ResourceAlreadyExistsException, LimitExceededException, InvalidParameterException.
class LookupTables final : public logs::Taggable {
 public:
  static constexpr std::size_t kTablesMax = 100;             // of one account and region (AWS)
  static constexpr std::size_t kBodyBytesMax = 10'485'760;   // of one table (AWS)
  static constexpr std::size_t kFieldsMax = 1000;            // of one table
  static constexpr std::string_view kKind = "lookup-table";  // in ARNs

  LookupTables(Runtime& runtime, store::KvStore& store) : runtime_(runtime), store_(store) {}

  /// Name, description, key and tags are taken from `table`.
  Result<LookupTableInfo> create(const Scope& scope, LookupTableInfo table, std::string_view body);
  /// Replaces the content; description and key stay as they are where `table` has none.
  Result<LookupTableInfo> update(const Scope& scope, const LookupTableInfo& table,
                                 std::string_view body);
  Result<LookupTableInfo> table(const Scope& scope, std::string_view name) const;
  Result<std::string> body(const Scope& scope, std::string_view name) const;
  Result<void> remove(const Scope& scope, std::string_view name);
  /// In the order of names.
  Result<logs::Page<LookupTableInfo>> list(const Scope& scope, std::string_view prefix,
                                           std::string_view after, std::size_t limit) const;

  /// For RunOptions: reads the table of that name each time. This outlives it.
  Lookups lookups() const;

  Result<logs::Tags> tags(const Scope& scope, std::string_view name) const override;
  Result<void> tag(const Scope& scope, std::string_view name, const logs::Tags& tags) override;
  Result<void> untag(const Scope& scope, std::string_view name,
                     const std::vector<std::string>& keys) override;

 private:
  Result<void> save(const Scope& scope, LookupTableInfo& table, std::string_view body);

  Runtime& runtime_;
  store::KvStore& store_;
  std::mutex control_;  // one change at a time
};

}  // namespace weir::insights
