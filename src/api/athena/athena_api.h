// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/athena/data_catalog.h"
#include "api/athena/executions.h"
#include "api/athena/named_queries.h"
#include "api/athena/work_groups.h"
#include "sql/athena.h"
#include "wire/operation.h"

namespace weir::api::athena {

/// The AWS face of sql::Athena.
class AthenaApi {
 public:
  explicit AthenaApi(sql::Athena& athena) : athena_(athena) {}
  /// This must outlive the table.
  void add_to(wire::OperationTable& table);

 private:
  using Request = wire::Request;
  Result<StartQueryExecution::Output> start(const Request&, const StartQueryExecution::Input&);
  Result<GetQueryExecution::Output> get(const Request&, const ExecutionIdInput&);
  Result<Empty> stop(const Request&, const ExecutionIdInput&);
  Result<BatchGetQueryExecution::Output> batch_get(const Request&,
                                                   const BatchGetQueryExecution::Input&);
  Result<ListQueryExecutions::Output> list(const Request&, const ListQueryExecutions::Input&);
  Result<GetQueryResults::Output> results(const Request&, const GetQueryResults::Input&);
  Result<GetQueryRuntimeStatistics::Output> statistics(const Request&, const ExecutionIdInput&);

  Result<Empty> create_group(const Request&, const CreateWorkGroup::Input&);
  Result<GetWorkGroup::Output> get_group(const Request&, const WorkGroupInput&);
  Result<Empty> update_group(const Request&, const UpdateWorkGroup::Input&);
  Result<Empty> delete_group(const Request&, const DeleteWorkGroup::Input&);
  Result<ListWorkGroups::Output> list_groups(const Request&, const ListInput&);

  Result<CreateNamedQuery::Output> create_query(const Request&, const CreateNamedQuery::Input&);
  Result<GetNamedQuery::Output> get_query(const Request&, const NamedQueryInput&);
  Result<Empty> delete_query(const Request&, const NamedQueryInput&);
  Result<ListNamedQueries::Output> list_queries(const Request&, const ListNamedQueries::Input&);

  Result<ListDataCatalogs::Output> list_catalogs(const Request&, const ListInput&);
  Result<GetDataCatalog::Output> get_catalog(const Request&, const GetDataCatalog::Input&);
  Result<ListDatabases::Output> list_databases(const Request&, const ListDatabases::Input&);
  Result<GetDatabase::Output> get_database(const Request&, const GetDatabase::Input&);
  Result<ListTableMetadata::Output> list_tables(const Request&, const ListTableMetadata::Input&);
  Result<GetTableMetadata::Output> get_table(const Request&, const GetTableMetadata::Input&);

  sql::Athena& athena_;
};

}  // namespace weir::api::athena
