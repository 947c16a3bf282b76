// SPDX-License-Identifier: Apache-2.0
#include <re2/re2.h>

#include <utility>

#include "api/glue/documents.h"
#include "api/glue/glue_api.h"
#include "sql/types.h"

namespace weir::api::glue {
namespace {

constexpr std::int64_t kExpressionMemoryMax = 1 << 20;

Error entity_missing(std::string text) {
  return {ErrorKind::not_found, "EntityNotFoundException", std::move(text)};
}

bool contains(const sql::Table& table, const std::string& text) {
  const std::string wanted = sql::to_lower(text);
  const auto has = [&](std::string_view in) { return sql::to_lower(in).find(wanted) != in.npos; };
  if (has(table.name) || has(table.database) || has(table.comment.value_or(""))) return true;
  return std::ranges::any_of(table.columns, [&](const auto& column) { return has(column.name); });
}

}  // namespace

void GlueApi::add_tables_to(wire::OperationTable& operations) {
  operations.add<CreateTable>(*this, &GlueApi::create_table);
  operations.add<GetTable>(*this, &GlueApi::get_table);
  operations.add<GetTables>(*this, &GlueApi::get_tables);
  operations.add<SearchTables>(*this, &GlueApi::search_tables);
  operations.add<UpdateTable>(*this, &GlueApi::update_table);
  operations.add<DeleteTable>(*this, &GlueApi::delete_table);
  operations.add<BatchDeleteTable>(*this, &GlueApi::delete_tables);
  operations.add<GetTableVersion>(*this, &GlueApi::get_version);
  operations.add<GetTableVersions>(*this, &GlueApi::get_versions);
  operations.add<DeleteTableVersion>(*this, &GlueApi::delete_version);
  operations.add<BatchDeleteTableVersion>(*this, &GlueApi::delete_versions);
}

Result<sql::Table> GlueApi::table(const Scope& scope, const std::optional<std::string>& catalog,
                                  const std::string& database_name, const std::string& name) const {
  WEIR_TRY(const sql::Database in, database(scope, catalog, database_name));
  WEIR_TRY(auto found, catalog_.table(scope, in.name, name));
  if (!found) return entity_missing("Entity Not Found");
  return *std::move(found);
}

Result<Empty> GlueApi::create_table(const Request& request, const CreateTable::Input& in) {
  WEIR_TRY(const sql::Database in_database, database(request.scope, in.catalog_id, in.database));
  WEIR_TRY(sql::Table made, table_from(in_database.name, in.table_input));
  made.created = runtime_.now();
  auto created = catalog_.create_table(request.scope, made);
  if (!created && created.error().kind == ErrorKind::already_exists) {
    return Error{ErrorKind::already_exists, "AlreadyExistsException", "Table already exists."};
  }
  WEIR_CHECK(std::move(created));
  return Empty{};
}

Result<GetTable::Output> GlueApi::get_table(const Request& request, const GetTable::Input& in) {
  WEIR_TRY(const sql::Table found, table(request.scope, in.catalog_id, in.database, in.table));
  return GetTable::Output{table_document(request.scope, found)};
}

Result<GetTables::Output> GlueApi::get_tables(const Request& request, const GetTables::Input& in) {
  WEIR_TRY(const sql::Database found, database(request.scope, in.catalog_id, in.database));
  WEIR_TRY(std::vector<sql::Table> all, catalog_.tables(request.scope, found.name));
  if (in.expression && !in.expression->empty()) {
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_max_mem(kExpressionMemoryMax);
    const re2::RE2 expression(*in.expression, options);
    if (!expression.ok()) return invalid_input("Invalid expression: " + expression.error());
    std::erase_if(
        all, [&](const sql::Table& table) { return !re2::RE2::FullMatch(table.name, expression); });
  }
  WEIR_TRY(auto page, page_of(std::move(all), in.next_token, in.max_results));
  GetTables::Output out;
  out.next_token = std::move(page.next_token);
  for (const sql::Table& one : page.items) {
    out.table_list.push_back(table_document(request.scope, one));
  }
  return out;
}

/// In the order of databases and tables; the token is `database/table`.
Result<SearchTables::Output> GlueApi::search_tables(const Request& request,
                                                    const SearchTables::Input& in) {
  WEIR_TRY(const std::string after, token_text(in.next_token));
  const std::size_t wanted = in.max_results ? static_cast<std::size_t>(*in.max_results) : kListMax;
  WEIR_TRY(const auto databases, catalog_.databases(request.scope));
  SearchTables::Output out;
  std::string last;
  for (const sql::Database& one : databases) {
    WEIR_TRY(const auto tables, catalog_.tables(request.scope, one.name));
    for (const sql::Table& table : tables) {
      const std::string place = one.name + '/' + table.name;
      const bool is_of_page = after.empty() || place > after;
      if (!is_of_page || (in.search_text && !contains(table, *in.search_text))) continue;
      if (out.table_list.size() == wanted) {
        out.next_token = token_of(last);
        return out;
      }
      out.table_list.push_back(table_document(request.scope, table));
      last = place;
    }
  }
  return out;
}

Result<Empty> GlueApi::update_table(const Request& request, const UpdateTable::Input& in) {
  WEIR_TRY(sql::Table changed, table_from(sql::to_lower(in.database), in.table_input));
  changed.name = sql::to_lower(changed.name);
  WEIR_TRY(const sql::Table before, table(request.scope, in.catalog_id, in.database, changed.name));
  if (in.version_id && *in.version_id != std::to_string(before.version)) {
    return Error{ErrorKind::conflict, "ConcurrentModificationException",
                 "Update table failed due to concurrent modifications."};
  }
  changed.created = before.created;
  changed.updated = runtime_.now();
  changed.statistics = before.statistics;
  WEIR_CHECK(catalog_.update_table(request.scope, changed, in.version_id ? before.version : 0));
  return Empty{};
}

Result<Empty> GlueApi::delete_table(const Request& request, const DeleteTable::Input& in) {
  WEIR_TRY(const sql::Table found, table(request.scope, in.catalog_id, in.database, in.table));
  WEIR_CHECK(catalog_.drop_table(request.scope, found.database, found.name));
  return Empty{};
}

Result<BatchDeleteTable::Output> GlueApi::delete_tables(const Request& request,
                                                        const BatchDeleteTable::Input& in) {
  WEIR_TRY(const sql::Database found, database(request.scope, in.catalog_id, in.database));
  BatchDeleteTable::Output out;
  for (const std::string& name : in.tables) {
    const auto removed = catalog_.drop_table(request.scope, found.name, name);
    if (!removed) out.errors.push_back({name, detail_of(removed.error())});
  }
  return out;
}

// ---- Versions -----------------------------------------------------------------------------------

Result<GetTableVersion::Output> GlueApi::get_version(const Request& request,
                                                     const GetTableVersion::Input& in) {
  WEIR_TRY(const sql::Table found, table(request.scope, in.catalog_id, in.database, in.table));
  const std::string version = std::to_string(found.version);
  if (in.version_id && *in.version_id != version) {
    return entity_missing("Table version " + *in.version_id + " not found.");
  }
  return GetTableVersion::Output{{table_document(request.scope, found), version}};
}

Result<GetTableVersions::Output> GlueApi::get_versions(const Request& request,
                                                       const GetTableVersions::Input& in) {
  WEIR_TRY(const sql::Table found, table(request.scope, in.catalog_id, in.database, in.table));
  WEIR_CHECK(token_text(in.next_token));
  GetTableVersions::Output out;
  out.versions.push_back({table_document(request.scope, found), std::to_string(found.version)});
  return out;
}

namespace {

Error cannot_delete(const sql::Table& table, const std::string& version) {
  if (version == std::to_string(table.version)) {
    return invalid_input("The current version of a table cannot be deleted.");  // text unverified
  }
  return entity_missing("Table version " + version + " not found.");
}

}  // namespace

Result<Empty> GlueApi::delete_version(const Request& request, const DeleteTableVersion::Input& in) {
  WEIR_TRY(const sql::Table found, table(request.scope, in.catalog_id, in.database, in.table));
  return cannot_delete(found, in.version_id);
}

Result<BatchDeleteTableVersion::Output> GlueApi::delete_versions(
    const Request& request, const BatchDeleteTableVersion::Input& in) {
  WEIR_TRY(const sql::Table found, table(request.scope, in.catalog_id, in.database, in.table));
  BatchDeleteTableVersion::Output out;
  for (const std::string& version : in.version_ids) {
    out.errors.push_back({found.name, version, detail_of(cannot_delete(found, version))});
  }
  return out;
}

}  // namespace weir::api::glue
