// SPDX-License-Identifier: Apache-2.0
#include "insights/lookup_index.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

namespace weir::insights {

LookupIndex::LookupIndex(std::shared_ptr<const LookupTable> table,
                         const std::vector<std::string>& keys, Kind kind)
    : table_(std::move(table)) {
  if (kind == Kind::exact) {
    add_exact(keys);
  } else if (const auto place = place_of(*table_, keys.at(0))) {
    add_prefixes(*place);
  }
}

std::optional<std::size_t> LookupIndex::place_of(const LookupTable& table,
                                                 std::string_view column) {
  const auto found = std::ranges::find(table.columns, column);
  if (found == table.columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - table.columns.begin());
}

void LookupIndex::add_exact(const std::vector<std::string>& keys) {
  std::vector<std::size_t> places;
  for (const std::string& key : keys) {
    if (const auto place = place_of(*table_, key)) places.push_back(*place);
  }
  exact_.reserve(table_->rows.size());
  for (std::size_t row = 0; row < table_->rows.size(); ++row) {
    std::string key;
    for (const std::size_t place : places) key += table_->rows[row][place] + kValueEnd;
    exact_.try_emplace(std::move(key), row);
  }
}

void LookupIndex::add_prefixes(std::size_t place) {
  std::map<net::Family, std::set<unsigned, std::greater<>>> lengths;
  for (std::size_t row = 0; row < table_->rows.size(); ++row) {
    const auto prefix = net::Prefix::parse(table_->rows[row][place]);
    if (!prefix) continue;
    prefixes_.try_emplace(prefix->canonical(), row);
    lengths[prefix->family()].insert(prefix->length());
  }
  for (const auto& [family, set] : lengths) lengths_[family].assign(set.begin(), set.end());
}

std::optional<std::size_t> LookupIndex::find(const std::string& key) const {
  const auto found = exact_.find(key);
  if (found == exact_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::size_t> LookupIndex::find_prefix(std::string_view text) const {
  const auto address = net::Address::parse(text);
  if (!address) return std::nullopt;
  const auto lengths = lengths_.find(address->family());
  if (lengths == lengths_.end()) return std::nullopt;
  for (const unsigned length : lengths->second) {
    const auto found = prefixes_.find(net::Prefix(*address, length).canonical());
    if (found != prefixes_.end()) return found->second;
  }
  return std::nullopt;
}

}  // namespace weir::insights
