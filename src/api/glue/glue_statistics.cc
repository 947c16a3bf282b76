// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <utility>

#include "api/glue/glue_api.h"
#include "sql/types.h"

namespace weir::api::glue {
namespace {

using Statistics = std::map<std::string, Document>;

Error no_statistics(const std::string& column) {
  return {ErrorKind::not_found, "EntityNotFoundException",
          "There are no statistics of the column " + column + '.'};
}

ColumnStatistics of_columns(const Statistics& stored, const std::vector<std::string>& columns) {
  ColumnStatistics out;
  for (const std::string& column : columns) {
    const auto found = stored.find(sql::to_lower(column));
    if (found != stored.end()) {
      out.statistics.push_back(found->second);
    } else {
      out.errors.push_back({column, detail_of(no_statistics(column))});
    }
  }
  return out;
}

/// What names no column of the table is given back.
StatisticsUpdate update(Statistics& stored, const sql::Table& table,
                        const std::vector<Document>& given) {
  StatisticsUpdate out;
  for (const Document& one : given) {
    const Document* name = one.find("ColumnName");
    const std::string column =
        name != nullptr && name->string() != nullptr ? sql::to_lower(*name->string()) : "";
    const bool is_known = std::ranges::any_of(table.columns, [&](const sql::Column& known) {
      return sql::to_lower(known.name) == column;
    });
    if (is_known) {
      stored[column] = one;
    } else {
      out.errors.push_back(
          {one, detail_of(invalid_input("The table has no column '" + column + "'."))});
    }
  }
  return out;
}

}  // namespace

void GlueApi::add_statistics_to(wire::OperationTable& operations) {
  operations.add<GetColumnStatisticsForTable>(*this, &GlueApi::table_statistics);
  operations.add<UpdateColumnStatisticsForTable>(*this, &GlueApi::update_table_statistics);
  operations.add<DeleteColumnStatisticsForTable>(*this, &GlueApi::delete_table_statistics);
  operations.add<GetColumnStatisticsForPartition>(*this, &GlueApi::partition_statistics);
  operations.add<UpdateColumnStatisticsForPartition>(*this, &GlueApi::update_partition_statistics);
  operations.add<DeleteColumnStatisticsForPartition>(*this, &GlueApi::delete_partition_statistics);
}

Result<ColumnStatistics> GlueApi::table_statistics(const Request& request,
                                                   const GetColumnStatisticsForTable::Input& in) {
  WEIR_TRY(const sql::Table of, table(request.scope, in.catalog_id, in.database, in.table));
  return of_columns(of.statistics, in.columns);
}

Result<StatisticsUpdate> GlueApi::update_table_statistics(
    const Request& request, const UpdateColumnStatisticsForTable::Input& in) {
  WEIR_TRY(sql::Table of, table(request.scope, in.catalog_id, in.database, in.table));
  StatisticsUpdate out = update(of.statistics, of, in.statistics);
  WEIR_CHECK(catalog_.update_table(request.scope, of, of.version));
  return out;
}

Result<Empty> GlueApi::delete_table_statistics(const Request& request,
                                               const DeleteColumnStatisticsForTable::Input& in) {
  WEIR_TRY(sql::Table of, table(request.scope, in.catalog_id, in.database, in.table));
  if (of.statistics.erase(sql::to_lower(in.column)) == 0) return no_statistics(in.column);
  WEIR_CHECK(catalog_.update_table(request.scope, of, of.version));
  return Empty{};
}

Result<ColumnStatistics> GlueApi::partition_statistics(
    const Request& request, const GetColumnStatisticsForPartition::Input& in) {
  WEIR_TRY(const sql::Table of, table(request.scope, in.catalog_id, in.database, in.table));
  WEIR_TRY(const sql::Partition found, partition(request.scope, of, in.values));
  return of_columns(found.statistics, in.columns);
}

Result<StatisticsUpdate> GlueApi::update_partition_statistics(
    const Request& request, const UpdateColumnStatisticsForPartition::Input& in) {
  WEIR_TRY(const sql::Table of, table(request.scope, in.catalog_id, in.database, in.table));
  WEIR_TRY(sql::Partition found, partition(request.scope, of, in.values));
  StatisticsUpdate out = update(found.statistics, of, in.statistics);
  WEIR_CHECK(catalog_.update_partition(request.scope, of, in.values, found));
  return out;
}

Result<Empty> GlueApi::delete_partition_statistics(
    const Request& request, const DeleteColumnStatisticsForPartition::Input& in) {
  WEIR_TRY(const sql::Table of, table(request.scope, in.catalog_id, in.database, in.table));
  WEIR_TRY(sql::Partition found, partition(request.scope, of, in.values));
  if (found.statistics.erase(sql::to_lower(in.column)) == 0) return no_statistics(in.column);
  WEIR_CHECK(catalog_.update_partition(request.scope, of, in.values, found));
  return Empty{};
}

}  // namespace weir::api::glue
