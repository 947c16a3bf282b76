// SPDX-License-Identifier: Apache-2.0
#include "api/glue/glue_api.h"

#include <utility>

#include "api/glue/documents.h"
#include "sql/types.h"

namespace weir::api::glue {
namespace {

Error no_database(const std::string& name) {
  return {ErrorKind::not_found, "EntityNotFoundException", "Database " + name + " not found."};
}

}  // namespace

void GlueApi::add_to(wire::OperationTable& operations) {
  operations.add<CreateDatabase>(*this, &GlueApi::create_database);
  operations.add<GetDatabase>(*this, &GlueApi::get_database);
  operations.add<GetDatabases>(*this, &GlueApi::get_databases);
  operations.add<UpdateDatabase>(*this, &GlueApi::update_database);
  operations.add<DeleteDatabase>(*this, &GlueApi::delete_database);
  operations.add<GetTags>(*this, &GlueApi::get_tags);
  operations.add<TagResource>(*this, &GlueApi::tag);
  operations.add<UntagResource>(*this, &GlueApi::untag);
  add_tables_to(operations);
  add_partitions_to(operations);
  add_statistics_to(operations);
}

Result<sql::Database> GlueApi::database(const Scope& scope,
                                        const std::optional<std::string>& catalog,
                                        const std::string& name) const {
  if (catalog && *catalog != scope.account) return no_database(name);
  WEIR_TRY(auto found, catalog_.database(scope, name));
  if (!found) return no_database(name);
  return *std::move(found);
}

Result<Empty> GlueApi::create_database(const Request& request, const CreateDatabase::Input& in) {
  WEIR_TRY(sql::Database made, database_from(in.database_input));
  made.created = runtime_.now();
  if (in.tags) made.tags = *in.tags;
  if (in.catalog_id && *in.catalog_id != request.scope.account) return no_database(made.name);
  auto created = catalog_.create_database(request.scope, made);
  if (!created && created.error().kind == ErrorKind::already_exists) {
    return Error{ErrorKind::already_exists, "AlreadyExistsException", "Database already exists."};
  }
  WEIR_CHECK(std::move(created));
  return Empty{};
}

Result<GetDatabase::Output> GlueApi::get_database(const Request& request,
                                                  const GetDatabase::Input& in) {
  WEIR_TRY(const sql::Database found, database(request.scope, in.catalog_id, in.database));
  return GetDatabase::Output{database_document(request.scope, found)};
}

Result<GetDatabases::Output> GlueApi::get_databases(const Request& request,
                                                    const GetDatabases::Input& in) {
  std::vector<sql::Database> all;
  if (!in.catalog_id || *in.catalog_id == request.scope.account) {
    WEIR_TRY(all, catalog_.databases(request.scope));
  }
  WEIR_TRY(auto page, page_of(std::move(all), in.next_token, in.max_results));
  GetDatabases::Output out;
  out.next_token = std::move(page.next_token);
  for (const sql::Database& one : page.items) {
    out.database_list.push_back(database_document(request.scope, one));
  }
  return out;
}

Result<Empty> GlueApi::update_database(const Request& request, const UpdateDatabase::Input& in) {
  WEIR_TRY(const sql::Database before, database(request.scope, in.catalog_id, in.database));
  WEIR_TRY(sql::Database changed, database_from(in.database_input));
  if (sql::to_lower(changed.name) != before.name) {
    return invalid_input("The name of a database cannot be changed.");  // text unverified
  }
  changed.name = before.name;
  changed.created = before.created;
  changed.tags = before.tags;
  WEIR_CHECK(catalog_.update_database(request.scope, changed));
  return Empty{};
}

Result<Empty> GlueApi::delete_database(const Request& request, const DeleteDatabase::Input& in) {
  WEIR_TRY(const sql::Database found, database(request.scope, in.catalog_id, in.database));
  WEIR_CHECK(catalog_.drop_database(request.scope, found.name, true));
  return Empty{};
}

// ---- Tags ---------------------------------------------------------------------------------------

/// `arn:aws:glue:<region>:<account>:database/<name>`.
Result<sql::Database> GlueApi::tagged(const Scope& scope, const std::string& arn) const {
  const std::string prefix = "arn:aws:glue:" + scope.region + ':' + scope.account + ":database/";
  if (!arn.starts_with("arn:")) return invalid_input("Invalid ARN: " + arn);
  if (!arn.starts_with(prefix)) {
    return Error{ErrorKind::not_found, "EntityNotFoundException",
                 "No resource with tags has the ARN " + arn};
  }
  return database(scope, std::nullopt, arn.substr(prefix.size()));
}

Result<GetTags::Output> GlueApi::get_tags(const Request& request, const GetTags::Input& in) {
  WEIR_TRY(const sql::Database found, tagged(request.scope, in.resource_arn));
  return GetTags::Output{found.tags};
}

Result<Empty> GlueApi::tag(const Request& request, const TagResource::Input& in) {
  WEIR_TRY(sql::Database found, tagged(request.scope, in.resource_arn));
  for (const auto& [key, value] : in.tags) found.tags[key] = value;
  WEIR_CHECK(catalog_.update_database(request.scope, found));
  return Empty{};
}

Result<Empty> GlueApi::untag(const Request& request, const UntagResource::Input& in) {
  WEIR_TRY(sql::Database found, tagged(request.scope, in.resource_arn));
  for (const std::string& key : in.keys) found.tags.erase(key);
  WEIR_CHECK(catalog_.update_database(request.scope, found));
  return Empty{};
}

}  // namespace weir::api::glue
