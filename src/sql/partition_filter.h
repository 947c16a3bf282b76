// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/catalog.h"

namespace weir::sql {

/// The `Expression` of Glue's GetPartitions: a condition on partition keys, with the operators
/// = <> != < <= > >=, AND, OR, NOT, IN, BETWEEN, LIKE and IS NULL (Glue API reference). Keys of
/// number types compare as numbers, all others as texts (dates and times are written so that this
/// is their order).
///
/// Threads: immutable, any.
class PartitionFilter {
 public:
  static constexpr std::size_t kTextMax = 2048;

  /// An empty text holds for every partition. Error (InvalidInputException): a syntax error, a
  /// column that is no key, an operation that is none of those above.
  static Result<PartitionFilter> compile(std::string_view text, const Table& table);

  /// `values` as in Partition, in the order of the table's keys.
  bool matches(const std::vector<std::string>& values) const;

 private:
  struct Node;
  struct Compiler;
  std::shared_ptr<const Node> root_;  // shared: copies are cheap
};

}  // namespace weir::sql
