// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/glue/column_statistics.h"
#include "api/glue/databases.h"
#include "api/glue/partition_batches.h"
#include "api/glue/partitions.h"
#include "api/glue/table_versions.h"
#include "api/glue/tables.h"
#include "base/runtime.h"
#include "sql/catalog.h"
#include "wire/operation.h"

namespace weir::api::glue {

/// The AWS face of the data catalog, as tools beside Athena use it (awswrangler, dbt, Terraform,
/// Trino's metastore client). `CatalogId` is that of the account; another one has no database.
///
/// Threads: as of sql::Catalog.
class GlueApi {
 public:
  GlueApi(Runtime& runtime, sql::Catalog& catalog) : runtime_(runtime), catalog_(catalog) {}
  /// This must outlive the table.
  void add_to(wire::OperationTable& table);

 private:
  using Request = wire::Request;
  Result<Empty> create_database(const Request&, const CreateDatabase::Input&);
  Result<GetDatabase::Output> get_database(const Request&, const GetDatabase::Input&);
  Result<GetDatabases::Output> get_databases(const Request&, const GetDatabases::Input&);
  Result<Empty> update_database(const Request&, const UpdateDatabase::Input&);
  Result<Empty> delete_database(const Request&, const DeleteDatabase::Input&);
  Result<GetTags::Output> get_tags(const Request&, const GetTags::Input&);
  Result<Empty> tag(const Request&, const TagResource::Input&);
  Result<Empty> untag(const Request&, const UntagResource::Input&);

  Result<Empty> create_table(const Request&, const CreateTable::Input&);
  Result<GetTable::Output> get_table(const Request&, const GetTable::Input&);
  Result<GetTables::Output> get_tables(const Request&, const GetTables::Input&);
  Result<SearchTables::Output> search_tables(const Request&, const SearchTables::Input&);
  Result<Empty> update_table(const Request&, const UpdateTable::Input&);
  Result<Empty> delete_table(const Request&, const DeleteTable::Input&);
  Result<BatchDeleteTable::Output> delete_tables(const Request&, const BatchDeleteTable::Input&);
  Result<GetTableVersion::Output> get_version(const Request&, const GetTableVersion::Input&);
  Result<GetTableVersions::Output> get_versions(const Request&, const GetTableVersions::Input&);
  Result<Empty> delete_version(const Request&, const DeleteTableVersion::Input&);
  Result<BatchDeleteTableVersion::Output> delete_versions(const Request&,
                                                          const BatchDeleteTableVersion::Input&);

  Result<Empty> create_partition(const Request&, const CreatePartition::Input&);
  Result<GetPartition::Output> get_partition(const Request&, const GetPartition::Input&);
  Result<GetPartitions::Output> get_partitions(const Request&, const GetPartitions::Input&);
  Result<Empty> update_partition(const Request&, const UpdatePartition::Input&);
  Result<Empty> delete_partition(const Request&, const DeletePartition::Input&);
  Result<BatchCreatePartition::Output> create_partitions(const Request&,
                                                         const BatchCreatePartition::Input&);
  Result<BatchUpdatePartition::Output> update_partitions(const Request&,
                                                         const BatchUpdatePartition::Input&);
  Result<BatchGetPartition::Output> get_named_partitions(const Request&,
                                                         const BatchGetPartition::Input&);
  Result<BatchDeletePartition::Output> delete_partitions(const Request&,
                                                         const BatchDeletePartition::Input&);

  Result<ColumnStatistics> table_statistics(const Request&,
                                            const GetColumnStatisticsForTable::Input&);
  Result<StatisticsUpdate> update_table_statistics(const Request&,
                                                   const UpdateColumnStatisticsForTable::Input&);
  Result<Empty> delete_table_statistics(const Request&,
                                        const DeleteColumnStatisticsForTable::Input&);
  Result<ColumnStatistics> partition_statistics(const Request&,
                                                const GetColumnStatisticsForPartition::Input&);
  Result<StatisticsUpdate> update_partition_statistics(
      const Request&, const UpdateColumnStatisticsForPartition::Input&);
  Result<Empty> delete_partition_statistics(const Request&,
                                            const DeleteColumnStatisticsForPartition::Input&);

  void add_tables_to(wire::OperationTable& table);
  void add_partitions_to(wire::OperationTable& table);
  void add_statistics_to(wire::OperationTable& table);

  Result<sql::Database> database(const Scope& scope, const std::optional<std::string>& catalog,
                                 const std::string& name) const;
  Result<sql::Table> table(const Scope& scope, const std::optional<std::string>& catalog,
                           const std::string& database_name, const std::string& name) const;
  Result<sql::Partition> partition(const Scope& scope, const sql::Table& of,
                                   const std::vector<std::string>& values) const;
  Result<sql::Database> tagged(const Scope& scope, const std::string& arn) const;
  Result<void> add(const Scope& scope, const sql::Table& of, const Document& input,
                   std::vector<std::string>& values);
  Result<void> remove(const Scope& scope, const sql::Table& of,
                      const std::vector<std::string>& values);
  Result<void> change(const Scope& scope, const sql::Table& of,
                      const std::vector<std::string>& values, const Document& input);

  Runtime& runtime_;
  sql::Catalog& catalog_;
};

}  // namespace weir::api::glue
