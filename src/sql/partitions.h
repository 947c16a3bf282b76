// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "sql/catalog.h"

namespace weir::sql {

/// `s3://bucket/prefix`.
struct S3Location {
  std::string bucket;
  std::string key;
};
/// Error: INVALID_INPUT, `outputLocation is not a valid S3 path.` is the caller's to say.
std::optional<S3Location> parse_s3(std::string_view uri);
/// With `/` at the end unless empty.
std::string as_folder(std::string_view key);

/// Partition projection (Athena User Guide, "Partition projection"): the table's properties say
/// which partitions there are, and where. We go the other way round: from the objects that exist to
/// the values they stand for, so nothing is enumerated and an empty partition costs nothing.
class Projection {
 public:
  /// Nothing if the table does not use it. Error: HIVE_METASTORE_ERROR where its properties are
  /// wrong.
  static Result<std::optional<Projection>> of(const Table& table, Time now);

  /// What all its objects' keys begin with.
  const S3Location& root() const { return root_; }
  /// The values of the partition that the object belongs to; nothing if it is in none.
  std::optional<std::vector<std::string>> match(std::string_view key) const;

 private:
  struct Column {
    enum class Type { enumeration, integer, date, injected } type = Type::injected;
    std::vector<std::string> values;  // enumeration
    std::int64_t low = 0;             // integer, and date in microseconds
    std::int64_t high = 0;
    std::size_t digits = 0;
    std::string format;
    bool holds(std::string_view value) const;
  };
  struct Piece {
    std::string text;  // literal, if column is not set
    std::optional<std::size_t> column;
  };
  Result<void> read_column(const Table& table, std::size_t index, Time now);
  Result<void> read_template(const Table& table);

  S3Location root_;
  std::vector<Column> columns_;
  std::vector<Piece> pieces_;  // of the key behind root
};

/// `year=2026/month=01` for SHOW PARTITIONS; values as Hive escapes them.
std::string partition_name(const Table& table, const Partition& partition);

/// The values that `key=value/` folders of `path` give to the table's keys, in their order (MSCK
/// REPAIR TABLE). Keys compare in lower case. Nothing if a key is missing or a value has a colon.
std::optional<std::vector<std::string>> hive_values(const Table& table, std::string_view path,
                                                    std::size_t& folder_length);

}  // namespace weir::sql
