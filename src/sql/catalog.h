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
  std::optional<std::string> comment = {};
  std::optional<std::map<std::string, std::string>> parameters = {};
  static Shape shape() {
    using S = Column;
    static constexpr Member members[] = {required<&S::name>("Name"), optional<&S::type>("Type"),
                                         optional<&S::comment>("Comment"),
                                         optional<&S::parameters>("Parameters")};
    return {"Column", members};
  }
};

/// `other` of a database, table or partition: what the Glue API was given beside the members that
/// have a meaning here, in Glue's form; it is shown again as it was.
struct Database {
  std::string name;
  std::optional<std::string> description = {};
  std::optional<std::string> location = {};
  std::map<std::string, std::string> parameters = {};
  std::optional<Time> created = {};
  std::map<std::string, std::string> tags = {};
  Document other = {};
  static Shape shape() {
    using S = Database;
    static constexpr Member members[] = {required<&S::name>("Name"),
                                         optional<&S::description>("Description"),
                                         optional<&S::location>("LocationUri"),
                                         optional<&S::parameters>("Parameters"),
                                         optional<&S::created>("CreateTime"),
                                         optional<&S::tags>("Tags"),
                                         optional<&S::other>("Other")};
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
  std::int64_t version = 0;              // grows with each change
  std::optional<Time> updated;
  std::map<std::string, Document> statistics;  // column -> ColumnStatistics of the Glue API
  Document other;
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
        optional<&S::version>("VersionId"),
        optional<&S::updated>("UpdateTime"),
        optional<&S::statistics>("ColumnStatistics"),
        optional<&S::other>("Other"),
    };
    return {"Table", members};
  }
  bool is_view() const { return type == "VIRTUAL_VIEW"; }
};

struct Partition {
  std::vector<std::string> values;  // in the order of the partition keys
  std::string location;
  std::optional<Time> created = {};
  std::map<std::string, Document> statistics = {};  // as of a table
  Document other = {};
  static Shape shape() {
    using S = Partition;
    static constexpr Member members[] = {
        required<&S::values>("Values"), optional<&S::location>("Location"),
        optional<&S::created>("CreateTime"), optional<&S::statistics>("ColumnStatistics"),
        optional<&S::other>("Other")};
    return {"Partition", members};
  }
};

/// The data catalog AwsDataCatalog: databases, tables, partitions. Athena's DDL writes it; the Glue
/// API does, too.
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
  Result<void> update_database(const Scope& scope, const Database& database);
  /// With `cascade` its tables go, too; otherwise a database with tables is an Error of kind
  /// conflict.
  Result<void> drop_database(const Scope& scope, std::string_view name, bool cascade);

  Result<std::optional<Table>> table(const Scope& scope, std::string_view database,
                                     std::string_view name) const;
  Result<std::vector<Table>> tables(const Scope& scope, std::string_view database) const;
  Result<void> create_table(const Scope& scope, const Table& table);
  /// `version`: that of the table that is changed (0: whichever); if it has another one the Error
  /// is ConcurrentModificationException.
  Result<void> update_table(const Scope& scope, const Table& table, std::int64_t version = 0);
  Result<void> drop_table(const Scope& scope, std::string_view database, std::string_view name);

  /// Calls `visit` for each in the order of their values, those behind `after` only (none: all),
  /// until it returns false.
  Result<void> each_partition(const Scope& scope, const Table& table,
                              const std::vector<std::string>& after,
                              const std::function<bool(Partition partition)>& visit) const;
  /// In the order of their values.
  Result<std::vector<Partition>> partitions(const Scope& scope, const Table& table) const;
  Result<std::optional<Partition>> partition(const Scope& scope, const Table& table,
                                             const std::vector<std::string>& values) const;
  /// Puts `changed` in the place of the partition with the values. Error: it is not there, or
  /// another has the values of `changed`.
  Result<void> update_partition(const Scope& scope, const Table& table,
                                const std::vector<std::string>& values, const Partition& changed);
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
