// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "respond/responder.h"

namespace weir::respond {

/// All blocks, in memory and in the store (`respond/<account>/<region>/block/<acl>/<cidr>`).
/// Threads: all functions from any thread.
class BlockTable {
 public:
  explicit BlockTable(store::KvStore& store) : store_(store) {}
  Result<void> load();
  Result<void> put(const Scope& scope, const Block& block);
  Result<void> erase(const Scope& scope, const Block& block);

  std::vector<Block> all(const Scope& scope) const;
  std::vector<Block> of_acl(const Scope& scope, std::string_view acl_id) const;
  std::optional<Block> covering(const Scope& scope, std::string_view acl_id,
                                std::string_view address) const;
  static bool covers(const Block& block, std::string_view address);

  using Scoped = std::pair<Scope, Block>;
  std::vector<Scoped> due(Time now) const;
  std::vector<Scoped> unplaced() const;
  std::optional<Time> next_expiry() const;

 private:
  store::KvStore& store_;
  Guarded<std::map<std::string, Scoped>> blocks_;  // by store key
};

}  // namespace weir::respond
