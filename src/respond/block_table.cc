// SPDX-License-Identifier: Apache-2.0
#include "respond/block_table.h"

#include <algorithm>

namespace weir::respond {

namespace {

constexpr std::string_view kPrefix = "respond/";

std::string key_of(const Scope& scope, const Block& block) {
  return std::string(kPrefix) + scope.key() + "block/" + block.acl_id + '/' + block.cidr;
}

}  // namespace

Shape Block::shape() {
  using S = Block;
  static constexpr Member members[] = {
      required<&S::acl_id>("aclId"),       required<&S::rule_number>("ruleNumber"),
      required<&S::cidr>("cidr"),          optional<&S::members>("members"),
      optional<&S::eni_ids>("eniIds"),     optional<&S::alarm_name>("alarmName"),
      optional<&S::events>("events"),      required<&S::created>("created"),
      required<&S::last_seen>("lastSeen"), required<&S::expires>("expires"),
      required<&S::is_placed>("isPlaced"),
  };
  return {"Block", members};
}

Result<void> BlockTable::load() {
  std::map<std::string, Scoped> found;
  std::optional<Error> broken;
  const auto visit = [&](std::string_view key, std::string_view value) {
    std::string_view rest = key.substr(kPrefix.size());
    const Scope scope = Scope::take_from(rest);
    auto block = from_json_text<Block>(value);
    if (!block) {
      broken = block.error();
      return false;
    }
    found.emplace(std::string(key), Scoped{scope, *std::move(block)});
    return true;
  };
  WEIR_CHECK(store_.scan(kPrefix, visit));
  if (broken) return *broken;
  *blocks_.lock() = std::move(found);
  return {};
}

Result<void> BlockTable::put(const Scope& scope, const Block& block) {
  const std::string key = key_of(scope, block);
  WEIR_CHECK(store_.put(key, to_json_text(block)));
  blocks_.lock()->insert_or_assign(key, Scoped{scope, block});
  return {};
}

Result<void> BlockTable::erase(const Scope& scope, const Block& block) {
  const std::string key = key_of(scope, block);
  WEIR_CHECK(store_.erase(key));
  blocks_.lock()->erase(key);
  return {};
}

std::vector<Block> BlockTable::all(const Scope& scope) const {
  std::vector<Block> found;
  auto locked = blocks_.lock();
  for (const auto& [key, scoped] : *locked) {
    if (scoped.first == scope) found.push_back(scoped.second);
  }
  return found;
}

std::vector<Block> BlockTable::of_acl(const Scope& scope, std::string_view acl_id) const {
  std::vector<Block> found = all(scope);
  std::erase_if(found, [&](const Block& block) { return block.acl_id != acl_id; });
  return found;
}

bool BlockTable::covers(const Block& block, std::string_view address) {
  const auto parsed = net::Address::parse(address);
  const auto prefix = net::Prefix::parse(block.cidr);
  return parsed && prefix && prefix->contains(*parsed);
}

std::optional<Block> BlockTable::covering(const Scope& scope, std::string_view acl_id,
                                          std::string_view address) const {
  for (Block& block : of_acl(scope, acl_id)) {
    if (covers(block, address)) return std::move(block);
  }
  return std::nullopt;
}

std::vector<BlockTable::Scoped> BlockTable::due(Time now) const {
  std::vector<Scoped> found;
  auto locked = blocks_.lock();
  for (const auto& [key, scoped] : *locked) {
    if (scoped.second.expires <= now) found.push_back(scoped);
  }
  return found;
}

std::vector<BlockTable::Scoped> BlockTable::unplaced() const {
  std::vector<Scoped> found;
  auto locked = blocks_.lock();
  for (const auto& [key, scoped] : *locked) {
    if (!scoped.second.is_placed) found.push_back(scoped);
  }
  return found;
}

std::optional<Time> BlockTable::next_expiry() const {
  std::optional<Time> next;
  auto locked = blocks_.lock();
  for (const auto& [key, scoped] : *locked) {
    if (!next || scoped.second.expires < *next) next = scoped.second.expires;
  }
  return next;
}

}  // namespace weir::respond
