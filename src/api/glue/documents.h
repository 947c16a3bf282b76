// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/document.h"
#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "sql/catalog.h"

/// Databases, tables and partitions as Glue writes them, and back. What Glue has and the catalog
/// does not interpret goes along unchanged (`other`).
///
/// Views: Athena and Trino keep the query as base64 of JSON inside a comment of ViewOriginalText;
/// the catalog keeps the query alone.
namespace weir::api::glue {

/// `input`: a DatabaseInput, TableInput, PartitionInput. Error: InvalidInputException.
Result<sql::Database> database_from(const Document& input);
Result<sql::Table> table_from(const std::string& database, const Document& input);
Result<sql::Partition> partition_from(const Document& input);

Document database_document(const Scope& scope, const sql::Database& database);
Document table_document(const Scope& scope, const sql::Table& table);
Document partition_document(const Scope& scope, const sql::Table& table,
                            const sql::Partition& partition);

}  // namespace weir::api::glue
