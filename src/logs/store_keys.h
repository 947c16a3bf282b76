// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/scope.h"
#include "store/kv_store.h"

/// The keys of this module, all behind `logs/<account>/<region>/`:
///
///     g/<group>                                               LogGroup, JSON
///     s/<group> 0 <stream>                                    LogStream, binary
///     f/<group> 0 <filter>                                    MetricFilter, JSON
///     e/<group id> <stream id> <first timestamp> <batch>      a block of events (block.h)
///     i/<group> 0 <source>                                    ImportPosition, JSON
///     a/<number>                                              a pointer to a block (arrivals.h)
///     o/<id>                                                  metric values to hand on
///     (hand_over.h) d/<group> 0 <filter> <arrival> <minute> <'s' or 'm'>    minutes of default
///     values (default_values.h)
///
/// where 0 is a zero byte (no group name holds one) and numbers are eight bytes, big-endian.
namespace weir::logs {

inline constexpr std::string_view kStorePrefix = "logs/";

inline std::string store_key(const Scope& scope, std::string_view kind) {
  return std::string(kStorePrefix) + scope.key() + std::string(kind);
}
inline std::string group_key(const Scope& scope, std::string_view group) {
  return store_key(scope, "g/").append(group);
}
/// Of a group's streams (`s/`), filters (`f/`), default minutes (`d/`) or imports (`i/`), up to the
/// zero byte.
inline std::string member_key(const Scope& scope, std::string_view kind, std::string_view group) {
  return store_key(scope, kind).append(group).append(1, '\0');
}
inline std::string events_key(const Scope& scope, std::int64_t group_id) {
  std::string key = store_key(scope, "e/");
  store::append_u64(key, static_cast<std::uint64_t>(group_id));
  return key;
}

}  // namespace weir::logs
