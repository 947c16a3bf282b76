// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "sql/catalog.h"

namespace weir::sql {

/// How the files of a table are read: the DuckDB relation over them (`$files` stands for the list
/// of paths; it has a column weir_file) and one expression per column of the table.
struct TableFormat {
  enum class Kind { text, parquet } kind = Kind::text;
  std::string relation;
  std::vector<std::string> columns;
};

/// From the classes and properties of the table (Athena User Guide, "Choose a SerDe").
/// Error: NOT_SUPPORTED where the embedded engine has no reader.
Result<TableFormat> table_format(const Table& table);

/// `\t`, `\001` and the like in DDL strings.
std::string unescape_hive(std::string_view text);

}  // namespace weir::sql
