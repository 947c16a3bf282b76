// SPDX-License-Identifier: Apache-2.0
#include "api/athena/athena_api.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "sql/ddl.h"
#include "sql/error_types.h"

namespace weir::api::athena {
namespace {

constexpr int kResultsMax = 1000;
constexpr int kListMax = 50;
constexpr std::string_view kCatalog = "AwsDataCatalog";

/// A page of a list that is short enough to be made whole; the token is the position.
template <class T>
Result<sql::Page<T>> page_of(std::vector<T> all, const std::optional<std::string>& token,
                             const std::optional<int>& limit) {
  std::size_t begin = 0;
  if (token) {
    const auto [end, error] = std::from_chars(token->data(), token->data() + token->size(), begin);
    if (error != std::errc() || end != token->data() + token->size() || begin > all.size()) {
      return sql::invalid_request("INVALID_INPUT", "Invalid NextToken");
    }
  }
  const int wanted = limit.value_or(0) > 0 ? *limit : kListMax;
  const std::size_t end = std::min(all.size(), begin + static_cast<std::size_t>(wanted));
  sql::Page<T> page;
  if (end < all.size()) page.next_token = std::to_string(end);
  page.items.assign(std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(begin)),
                    std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(end)));
  return page;
}

Error metadata_error(std::string text) {
  return {ErrorKind::invalid, "MetadataException", std::move(text)};
}

Result<void> check_catalog(const std::string& name) {
  const bool same =
      std::equal(name.begin(), name.end(), kCatalog.begin(), kCatalog.end(), [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) ==
               std::tolower(static_cast<unsigned char>(b));
      });
  if (same) return {};
  return sql::invalid_request("DATACATALOG_NOT_FOUND", "DataCatalog " + name + " was not found");
}

DatabaseInfo info_of(const sql::Database& database) {
  return {database.name, database.description, database.parameters};
}

TableMetadata metadata_of(const sql::Table& table) {
  TableMetadata out{table.name,    table.created,        table.type,
                    table.columns, table.partition_keys, table.parameters};
  // What GetTableMetadata on AWS shows of the storage.
  if (!table.is_view()) {
    out.parameters["location"] = table.location;
    out.parameters["inputformat"] = table.input_format;
    out.parameters["outputformat"] = table.output_format;
    out.parameters["serde.serialization.lib"] = table.serde;
    for (const auto& [key, value] : table.serde_parameters)
      out.parameters["serde.param." + key] = value;
  }
  return out;
}

}  // namespace

void AthenaApi::add_to(wire::OperationTable& table) {
  table.add<StartQueryExecution>(*this, &AthenaApi::start);
  table.add<GetQueryExecution>(*this, &AthenaApi::get);
  table.add<StopQueryExecution>(*this, &AthenaApi::stop);
  table.add<BatchGetQueryExecution>(*this, &AthenaApi::batch_get);
  table.add<ListQueryExecutions>(*this, &AthenaApi::list);
  table.add<GetQueryResults>(*this, &AthenaApi::results);
  table.add<GetQueryRuntimeStatistics>(*this, &AthenaApi::statistics);
  table.add<CreateWorkGroup>(*this, &AthenaApi::create_group);
  table.add<GetWorkGroup>(*this, &AthenaApi::get_group);
  table.add<UpdateWorkGroup>(*this, &AthenaApi::update_group);
  table.add<DeleteWorkGroup>(*this, &AthenaApi::delete_group);
  table.add<ListWorkGroups>(*this, &AthenaApi::list_groups);
  table.add<CreateNamedQuery>(*this, &AthenaApi::create_query);
  table.add<GetNamedQuery>(*this, &AthenaApi::get_query);
  table.add<DeleteNamedQuery>(*this, &AthenaApi::delete_query);
  table.add<ListNamedQueries>(*this, &AthenaApi::list_queries);
  table.add<ListDataCatalogs>(*this, &AthenaApi::list_catalogs);
  table.add<GetDataCatalog>(*this, &AthenaApi::get_catalog);
  table.add<ListDatabases>(*this, &AthenaApi::list_databases);
  table.add<GetDatabase>(*this, &AthenaApi::get_database);
  table.add<ListTableMetadata>(*this, &AthenaApi::list_tables);
  table.add<GetTableMetadata>(*this, &AthenaApi::get_table);
}

Result<StartQueryExecution::Output> AthenaApi::start(const Request& request,
                                                     const StartQueryExecution::Input& in) {
  sql::StartQuery query;
  query.query = in.query_string;
  query.token = in.client_request_token;
  query.context = in.context;
  query.result = in.result;
  query.work_group = in.work_group.value_or("primary");
  query.parameters = in.parameters.value_or(std::vector<std::string>{});
  WEIR_TRY(std::string id, athena_.start(request.scope, query));
  return StartQueryExecution::Output{std::move(id)};
}

Result<GetQueryExecution::Output> AthenaApi::get(const Request& request,
                                                 const ExecutionIdInput& in) {
  WEIR_TRY(sql::QueryExecution execution, athena_.execution(request.scope, in.id));
  return GetQueryExecution::Output{std::move(execution)};
}

Result<Empty> AthenaApi::stop(const Request& request, const ExecutionIdInput& in) {
  WEIR_CHECK(athena_.stop(request.scope, in.id));
  return Empty{};
}

Result<BatchGetQueryExecution::Output> AthenaApi::batch_get(
    const Request& request, const BatchGetQueryExecution::Input& in) {
  BatchGetQueryExecution::Output out;
  for (const std::string& id : in.ids) {
    auto execution = athena_.execution(request.scope, id);
    if (execution) {
      out.executions.push_back(*std::move(execution));
      continue;
    }
    if (execution.error().kind != ErrorKind::invalid) return std::move(execution).error();
    out.unprocessed.push_back({id, "QUERY_EXECUTION_NOT_FOUND", execution.error().message});
  }
  return out;
}

Result<ListQueryExecutions::Output> AthenaApi::list(const Request& request,
                                                    const ListQueryExecutions::Input& in) {
  const int limit = in.max_results.value_or(0) > 0 ? *in.max_results : kListMax;
  WEIR_TRY(auto page,
           athena_.list_executions(request.scope, in.work_group.value_or("primary"),
                                   static_cast<std::size_t>(limit), in.next_token.value_or("")));
  return ListQueryExecutions::Output{std::move(page.items), std::move(page.next_token)};
}

Result<GetQueryResults::Output> AthenaApi::results(const Request& request,
                                                   const GetQueryResults::Input& in) {
  WEIR_TRY(sql::ResultPage page,
           athena_.results(request.scope, in.id,
                           static_cast<std::size_t>(in.max_results.value_or(kResultsMax)),
                           in.next_token.value_or("")));
  return GetQueryResults::Output{page.update_count,
                                 {std::move(page.rows), {std::move(page.columns)}},
                                 std::move(page.next_token)};
}

Result<GetQueryRuntimeStatistics::Output> AthenaApi::statistics(const Request& request,
                                                                const ExecutionIdInput& in) {
  WEIR_TRY(const sql::QueryExecution execution, athena_.execution(request.scope, in.id));
  const sql::QueryStatistics& s = execution.statistics;
  GetQueryRuntimeStatistics::Output out;
  out.statistics.timeline = {s.queue_ms,  s.preprocessing_ms, s.planning_ms,
                             s.engine_ms, s.service_ms,       s.total_ms};
  out.statistics.rows.input_bytes = s.scanned_bytes;
  return out;
}

Result<Empty> AthenaApi::create_group(const Request& request, const CreateWorkGroup::Input& in) {
  sql::WorkGroup group;
  group.name = in.group;
  if (in.configuration) group.configuration = *in.configuration;
  if (in.description && !in.description->empty()) group.description = in.description;
  WEIR_CHECK(athena_.create_work_group(request.scope, group));
  return Empty{};
}

Result<GetWorkGroup::Output> AthenaApi::get_group(const Request& request,
                                                  const WorkGroupInput& in) {
  WEIR_TRY(sql::WorkGroup group, athena_.work_group(request.scope, in.group));
  return GetWorkGroup::Output{std::move(group)};
}

Result<Empty> AthenaApi::update_group(const Request& request, const UpdateWorkGroup::Input& in) {
  WEIR_TRY(sql::WorkGroup group, athena_.work_group(request.scope, in.group));
  if (in.description) group.description = in.description->empty() ? std::nullopt : in.description;
  if (in.state) group.state = *in.state;
  if (in.updates) {
    const WorkGroupConfigurationUpdates& u = *in.updates;
    sql::WorkGroupConfiguration& c = group.configuration;
    if (u.enforce) c.enforce = u.enforce;
    if (u.publish_metrics) c.publish_metrics = u.publish_metrics;
    if (u.requester_pays) c.requester_pays = u.requester_pays;
    if (u.scanned_bytes_max) c.scanned_bytes_max = u.scanned_bytes_max;
    if (u.remove_scanned_bytes_max.value_or(false)) c.scanned_bytes_max.reset();
    if (!c.result) c.result.emplace();
    if (u.result && u.result->output_location)
      c.result->output_location = u.result->output_location;
    if (u.result && u.result->remove_output_location.value_or(false))
      c.result->output_location.reset();
  }
  WEIR_CHECK(athena_.update_work_group(request.scope, group));
  return Empty{};
}

Result<Empty> AthenaApi::delete_group(const Request& request, const DeleteWorkGroup::Input& in) {
  WEIR_CHECK(athena_.delete_work_group(request.scope, in.group, in.recursive.value_or(false)));
  return Empty{};
}

Result<ListWorkGroups::Output> AthenaApi::list_groups(const Request& request, const ListInput& in) {
  WEIR_TRY(const auto groups, athena_.work_groups(request.scope));
  std::vector<WorkGroupSummary> all;
  for (const sql::WorkGroup& group : groups) {
    all.push_back({group.name, group.state, group.description.value_or(""), group.created,
                   group.configuration.engine.value_or(sql::EngineVersion{})});
  }
  WEIR_TRY(auto page, page_of(std::move(all), in.next_token, in.max_results));
  return ListWorkGroups::Output{std::move(page.items), std::move(page.next_token)};
}

Result<CreateNamedQuery::Output> AthenaApi::create_query(const Request& request,
                                                         const CreateNamedQuery::Input& in) {
  sql::NamedQuery query;
  query.name = in.query_name;
  query.description = in.description;
  query.database = in.database;
  query.query = in.query_string;
  query.work_group = in.work_group.value_or("primary");
  WEIR_TRY(std::string id,
           athena_.create_named_query(request.scope, std::move(query), in.token.value_or("")));
  return CreateNamedQuery::Output{std::move(id)};
}

Result<GetNamedQuery::Output> AthenaApi::get_query(const Request& request,
                                                   const NamedQueryInput& in) {
  WEIR_TRY(sql::NamedQuery query, athena_.named_query(request.scope, in.id));
  return GetNamedQuery::Output{std::move(query)};
}

Result<Empty> AthenaApi::delete_query(const Request& request, const NamedQueryInput& in) {
  WEIR_CHECK(athena_.delete_named_query(request.scope, in.id));
  return Empty{};
}

Result<ListNamedQueries::Output> AthenaApi::list_queries(const Request& request,
                                                         const ListNamedQueries::Input& in) {
  WEIR_TRY(const auto queries,
           athena_.named_queries(request.scope, in.work_group.value_or("primary")));
  std::vector<std::string> all;
  for (const sql::NamedQuery& query : queries) all.push_back(query.id);
  WEIR_TRY(auto page, page_of(std::move(all), in.next_token, in.max_results));
  return ListNamedQueries::Output{std::move(page.items), std::move(page.next_token)};
}

Result<ListDataCatalogs::Output> AthenaApi::list_catalogs(const Request&, const ListInput&) {
  ListDataCatalogs::Output out;
  out.catalogs.push_back({std::string(kCatalog), "GLUE", "CREATE_COMPLETE"});
  return out;
}

Result<GetDataCatalog::Output> AthenaApi::get_catalog(const Request& request,
                                                      const GetDataCatalog::Input& in) {
  WEIR_CHECK(check_catalog(in.catalog));
  GetDataCatalog::Output out;
  out.catalog = {
      std::string(kCatalog), "GLUE", {{"catalog-id", request.scope.account}}, "CREATE_COMPLETE"};
  return out;
}

Result<ListDatabases::Output> AthenaApi::list_databases(const Request& request,
                                                        const ListDatabases::Input& in) {
  WEIR_CHECK(check_catalog(in.catalog));
  WEIR_TRY(const auto databases, athena_.catalog().databases(request.scope));
  std::vector<DatabaseInfo> all;
  for (const sql::Database& database : databases) all.push_back(info_of(database));
  WEIR_TRY(auto page, page_of(std::move(all), in.next_token, in.max_results));
  return ListDatabases::Output{std::move(page.items), std::move(page.next_token)};
}

Result<GetDatabase::Output> AthenaApi::get_database(const Request& request,
                                                    const GetDatabase::Input& in) {
  WEIR_CHECK(check_catalog(in.catalog));
  WEIR_TRY(const auto database, athena_.catalog().database(request.scope, in.database));
  if (!database) return metadata_error("Database " + in.database + " not found.");
  return GetDatabase::Output{info_of(*database)};
}

Result<ListTableMetadata::Output> AthenaApi::list_tables(const Request& request,
                                                         const ListTableMetadata::Input& in) {
  WEIR_CHECK(check_catalog(in.catalog));
  WEIR_TRY(const auto database, athena_.catalog().database(request.scope, in.database));
  if (!database) return metadata_error("Database " + in.database + " not found.");
  WEIR_TRY(const auto tables, athena_.catalog().tables(request.scope, in.database));
  std::vector<TableMetadata> all;
  for (const sql::Table& table : tables) {
    if (in.expression && !in.expression->empty() &&
        !sql::matches_pattern(table.name, *in.expression))
      continue;
    all.push_back(metadata_of(table));
  }
  WEIR_TRY(auto page, page_of(std::move(all), in.next_token, in.max_results));
  return ListTableMetadata::Output{std::move(page.items), std::move(page.next_token)};
}

Result<GetTableMetadata::Output> AthenaApi::get_table(const Request& request,
                                                      const GetTableMetadata::Input& in) {
  WEIR_CHECK(check_catalog(in.catalog));
  WEIR_TRY(const auto table, athena_.catalog().table(request.scope, in.database, in.table));
  if (!table)
    return metadata_error("EntityNotFoundException: Entity Not Found: Table " + in.table +
                          " not found.");
  return GetTableMetadata::Output{metadata_of(*table)};
}

}  // namespace weir::api::athena
