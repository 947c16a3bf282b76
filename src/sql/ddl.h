// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "sql/ast.h"
#include "sql/catalog.h"
#include "sql/execution.h"
#include "sql/object_files.h"

namespace weir::sql {

/// What a DDL, SHOW or DESCRIBE statement answers: lines of text, one value each.
struct DdlResult {
  std::vector<ColumnInfo> columns;
  std::vector<std::string> rows;
};

/// Runs the statements that never reach the engine, against the catalog and the object names.
///
/// Errors: code as Trino names the failure; where Athena answers with Hive's words, the message
/// begins with `FAILED: ` and is the whole StateChangeReason.
class Ddl {
 public:
  static constexpr std::size_t kPartitionsPerRepairMax = 100'000;

  Ddl(Catalog& catalog, ObjectFiles& objects, const Scope& scope, std::string database, Time now)
      : catalog_(catalog),
        objects_(objects),
        scope_(scope),
        database_(std::move(database)),
        now_(now) {}

  Result<DdlResult> run(const ast::Statement& statement);
  /// The table that DESCRIBE or SHOW COLUMNS names must exist before the statement is accepted.
  Result<void> check(const ast::Statement& statement) const;

  // One per statement; private to ddl.cc, public for std::visit.
  Result<DdlResult> operator()(const ast::CreateDatabase& s);
  Result<DdlResult> operator()(const ast::DropDatabase& s);
  Result<DdlResult> operator()(const ast::CreateTable& s);
  Result<DdlResult> operator()(const ast::CreateView& s);
  Result<DdlResult> operator()(const ast::DropTable& s);
  Result<DdlResult> operator()(const ast::AlterTable& s);
  Result<DdlResult> operator()(const ast::RepairTable& s);
  Result<DdlResult> operator()(const ast::Show& s);
  Result<DdlResult> operator()(const ast::Describe& s);
  Result<DdlResult> operator()(const ast::QueryPtr& s);
  Result<DdlResult> operator()(const ast::Explain& s);

 private:
  struct TableName {
    std::string database;
    std::string table;
  };
  TableName resolve(const ast::Name& name) const;
  Result<Table> need_table(const ast::Name& name) const;
  Result<std::string> need_database(const ast::Name& name) const;
  Result<Partition> partition_of(const Table& table, const ast::PartitionSpec& spec,
                                 const std::optional<std::string>& location) const;
  Result<DdlResult> show_objects(const ast::Show& s) const;
  Result<DdlResult> show_table(const ast::Show& s) const;

  Catalog& catalog_;
  ObjectFiles& objects_;
  Scope scope_;
  std::string database_;
  Time now_;
};

/// The statement that SHOW CREATE TABLE prints, line by line.
std::vector<std::string> create_table_text(const Table& table);

/// Hive's patterns: `*` is anything, `|` separates alternatives, case is ignored.
bool matches_pattern(std::string_view name, std::string_view pattern);

}  // namespace weir::sql
