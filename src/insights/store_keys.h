// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/runtime.h"
#include "base/scope.h"
#include "store/kv_store.h"

/// The keys of this module:
///
///     insights/<account>/<region>/q/<query id>                 Execution, JSON
///     insights/<account>/<region>/o/<~created><query id>       nothing; the newest first
///     insights/<account>/<region>/k                            KMS key of query results
///     insights/<account>/<region>/d/<definition id>            QueryDefinition, JSON
///     insights/<account>/<region>/i/<group>                    IndexPolicy, JSON
///     insights/<account>/<region>/t/<lookup table>             LookupTableInfo, JSON
///     insights-tables/<account>/<region>/<lookup table>        its CSV text
///     insights-live/<account>/<region>/<query id>              nothing; it has not ended
///     insights-rows/<account>/<region>/<query id>/<first row>  rows (execution.h), at most 1 MiB
///                                                              or one row
///
/// where numbers are eight bytes, big-endian.
namespace weir::insights {

inline constexpr std::string_view kStorePrefix = "insights/";
inline constexpr std::string_view kLivePrefix = "insights-live/";
inline constexpr std::string_view kTablesPrefix = "insights-tables/";
inline constexpr std::string_view kRowsPrefix = "insights-rows/";

inline std::string store_key(const Scope& scope, std::string_view kind,
                             std::string_view name = {}) {
  return std::string(kStorePrefix) + scope.key() + std::string(kind) + std::string(name);
}
inline std::string live_key(const Scope& scope, std::string_view id) {
  return std::string(kLivePrefix) + scope.key() + std::string(id);
}
inline std::string rows_prefix(const Scope& scope, std::string_view id) {
  return std::string(kRowsPrefix) + scope.key() + std::string(id) + '/';
}
inline std::string rows_key(const Scope& scope, std::string_view id, std::uint64_t first_row) {
  std::string key = rows_prefix(scope, id);
  store::append_u64(key, first_row);
  return key;
}
inline std::string order_key(const Scope& scope, std::int64_t created_ms, std::string_view id) {
  std::string key = store_key(scope, "o/");
  store::append_u64(
      key, std::numeric_limits<std::uint64_t>::max() - static_cast<std::uint64_t>(created_ms));
  return key.append(id);
}

}  // namespace weir::insights
