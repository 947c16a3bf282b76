// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"
#include "store/kv_store.h"

namespace weir::sql {

/// A column as the Glue catalog keeps it; `type` in Hive's spelling (`int`, `struct<a:int>`).
struct Column {
  std::string name;
  std::string type;
  std::optional<std::string> comment;
  static Shape shape() {
    using S = Column;
    static constexpr Member members[] = {required<&S::name>("Name"), optional<&S::type>("Type"),
                                         optional<&S::comment>("Comment")};
    return {"Column", members};
  }
};

struct Database {
  std::string name;
  std::optional<std::string> description;
  std::optional<std::string> location;
  std::map<std::string, std::string> parameters;
  static Shape shape() {
    using S = Database;
    static constexpr Member members[] = {
        required<&S::name>("Name"), optional<&S::description>("Description"),
        optional<&S::location>("LocationUri"), optional<&S::parameters>("Parameters")};
    return {"Database", members};
  }
};

/// Table or view. Texts of classes and properties are kept as the statement wrote them.
struct Table {
  std::string database;
  std::string name;
  std::string type = "EXTERNAL_TABLE";  // or VIRTUAL_VIEW
  Time created;
  std::vector<Column> columns;
  std::vector<Column> partition_keys;
  std::string location;  // s3://bucket/prefix/
  std::string input_format;
  std::string output_format;
  std::string serde;
  std::map<std::string, std::string> serde_parameters;
  std::map<std::string, std::string> parameters;  // TBLPROPERTIES
  std::optional<std::string> comment;
  std::optional<std::string> view_text;  // of a view: its query
  static Shape shape() {
    using S = Table;
    static constexpr Member members[] = {
        required<&S::database>("DatabaseName"),
        required<&S::name>("Name"),
        optional<&S::type>("TableType"),
        optional<&S::created>("CreateTime"),
        optional<&S::columns>("Columns"),
        optional<&S::partition_keys>("PartitionKeys"),
        optional<&S::location>("Location"),
        optional<&S::input_format>("InputFormat"),
        optional<&S::output_format>("OutputFormat"),
        optional<&S::serde>("SerializationLibrary"),
        optional<&S::serde_parameters>("SerdeParameters"),
        optional<&S::parameters>("Parameters"),
        optional<&S::comment>("Comment"),
        optional<&S::view_text>("ViewOriginalText"),
    };
    return {"Table", members};
  }
  bool is_view() const { return type == "VIRTUAL_VIEW"; }
};

struct Partition {
  std::vector<std::string> values;  // in the order of the partition keys
  std::string location;
  static Shape shape() {
    using S = Partition;
    static constexpr Member members[] = {required<&S::values>("Values"),
                                         optional<&S::location>("Location")};
    return {"Partition", members};
  }
};

/// The data catalog AwsDataCatalog: databases, tables, partitions. Athena's DDL writes it; the Glue
/// API may, too.
///
/// Threads: all functions may be called from any thread; check-then-write sequences are serialised
/// inside. Names: stored in lower case; look-ups ignore case. Limits: `kPartitionsMax` partitions
/// of one table. Errors: EntityNotFoundException, AlreadyExistsException, with Glue's texts;
/// callers put them into their own words.
class Catalog {
 public:
  static constexpr std::size_t kPartitionsMax = 1'000'000;

  explicit Catalog(store::KvStore& store) : store_(store) {}

  Result<std::optional<Database>> database(const Scope& scope, std::string_view name) const;
  Result<std::vector<Database>> databases(const Scope& scope) const;
  Result<void> create_database(const Scope& scope, const Database& database);
  /// With `cascade` its tables go, too; otherwise a database with tables is an Error of kind
  /// conflict.
  Result<void> drop_database(const Scope& scope, std::string_view name, bool cascade);

  Result<std::optional<Table>> table(const Scope& scope, std::string_view database,
                                     std::string_view name) const;
  Result<std::vector<Table>> tables(const Scope& scope, std::string_view database) const;
  Result<void> create_table(const Scope& scope, const Table& table);
  Result<void> update_table(const Scope& scope, const Table& table);
  Result<void> drop_table(const Scope& scope, std::string_view database, std::string_view name);

  /// In the order of their values.
  Result<std::vector<Partition>> partitions(const Scope& scope, const Table& table) const;
  /// Adds what is not there yet; answers how many were added.
  Result<std::size_t> add_partitions(const Scope& scope, const Table& table,
                                     const std::vector<Partition>& partitions);
  /// Answers how many were removed.
  Result<std::size_t> drop_partitions(const Scope& scope, const Table& table,
                                      const std::vector<Partition>& partitions);

 private:
  store::KvStore& store_;
  std::mutex writing_;  // one check-then-write at a time
};

}  // namespace weir::sql
