// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "insights/engine.h"
#include "net/address.h"

namespace weir::insights {

/// A lookup table with its rows findable by the columns of one command. Made once for a run;
/// immutable.
class LookupIndex {
 public:
  enum class Kind { exact, cidr };
  /// `keys` are columns of the table, one for Kind::cidr.
  LookupIndex(std::shared_ptr<const LookupTable> table, const std::vector<std::string>& keys,
              Kind kind);

  const LookupTable& table() const { return *table_; }
  static std::optional<std::size_t> place_of(const LookupTable& table, std::string_view column);

  /// The key of exact rows: each value of it with this behind it.
  static constexpr char kValueEnd = '\0';
  /// The first row with the key.
  std::optional<std::size_t> find(const std::string& key) const;
  /// The first row with the longest prefix that contains the address; nothing if that is none.
  std::optional<std::size_t> find_prefix(std::string_view address) const;

 private:
  struct PrefixHash {
    std::size_t operator()(const net::Prefix& prefix) const {
      return net::hash(prefix.address(), prefix.length());
    }
  };
  void add_exact(const std::vector<std::string>& keys);
  void add_prefixes(std::size_t place);

  std::shared_ptr<const LookupTable> table_;
  std::unordered_map<std::string, std::size_t> exact_;
  std::unordered_map<net::Prefix, std::size_t, PrefixHash> prefixes_;  // canonical ones
  std::map<net::Family, std::vector<unsigned>> lengths_;               // that occur, longest first
};

}  // namespace weir::insights
