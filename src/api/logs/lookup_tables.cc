// SPDX-License-Identifier: Apache-2.0
#include "api/logs/lookup_tables.h"

#include <utility>

namespace weir::api::logs {
namespace {

constexpr int kListDefault = 50;

/// The form of the ARN is unverified.
std::string arn_of(const Scope& scope, std::string_view name) {
  return arn("logs", scope, std::string(insights::LookupTables::kKind).append(":").append(name));
}

/// The name in the ARN of a lookup table.
Result<std::string> name_in(const Scope& scope, std::string_view text) {
  const std::string kind = std::string(insights::LookupTables::kKind) + ':';
  const auto arn = Arn::parse(text);
  if (!arn || arn->service != "logs" || !arn->resource.starts_with(kind)) {
    return invalid_parameter("lookupTableArn is not the ARN of a lookup table: " +
                             std::string(text));
  }
  if (arn->scope != scope) {
    return Error{ErrorKind::not_found, "ResourceNotFoundException",
                 "The specified lookup table does not exist."};
  }
  return arn->resource.substr(kind.size());
}

}  // namespace

void LookupTablesApi::add_to(wire::OperationTable& table) {
  table.add<CreateLookupTable>(*this, &LookupTablesApi::create);
  table.add<UpdateLookupTable>(*this, &LookupTablesApi::update);
  table.add<GetLookupTable>(*this, &LookupTablesApi::get);
  table.add<DescribeLookupTables>(*this, &LookupTablesApi::describe);
  table.add<DeleteLookupTable>(*this, &LookupTablesApi::remove);
}

Result<CreateLookupTable::Output> LookupTablesApi::create(const Request& request,
                                                          const CreateLookupTable::Input& in) {
  insights::LookupTableInfo table;
  table.name = in.lookup_table_name;
  table.description = in.description;
  table.kms_key_id = in.kms_key_id;
  if (in.tags) {
    WEIR_CHECK(check_tags(*in.tags));
    table.tags = *in.tags;
  }
  WEIR_TRY(const auto made, tables_.create(request.scope, std::move(table), in.table_body));
  return CreateLookupTable::Output{.lookup_table_arn = arn_of(request.scope, made.name),
                                   .created_at = made.created_ms};
}

Result<UpdateLookupTable::Output> LookupTablesApi::update(const Request& request,
                                                          const UpdateLookupTable::Input& in) {
  insights::LookupTableInfo table;
  WEIR_TRY(table.name, name_in(request.scope, in.lookup_table_arn));
  table.description = in.description;
  table.kms_key_id = in.kms_key_id;
  WEIR_TRY(const auto updated, tables_.update(request.scope, table, in.table_body));
  return UpdateLookupTable::Output{.lookup_table_arn = in.lookup_table_arn,
                                   .last_updated_time = updated.updated_ms};
}

Result<GetLookupTable::Output> LookupTablesApi::get(const Request& request,
                                                    const GetLookupTable::Input& in) {
  WEIR_TRY(const std::string name, name_in(request.scope, in.lookup_table_arn));
  WEIR_TRY(auto table, tables_.table(request.scope, name));
  GetLookupTable::Output out;
  WEIR_TRY(out.table_body, tables_.body(request.scope, name));
  out.lookup_table_arn = in.lookup_table_arn;
  out.lookup_table_name = std::move(table.name);
  out.description = std::move(table.description);
  out.size_bytes = table.size_bytes;
  out.last_updated_time = table.updated_ms;
  out.kms_key_id = std::move(table.kms_key_id);
  return out;
}

Result<DescribeLookupTables::Output> LookupTablesApi::describe(
    const Request& request, const DescribeLookupTables::Input& in) {
  WEIR_TRY(const std::string after, page_start(in.next_token));
  WEIR_TRY(auto page,
           tables_.list(request.scope, in.lookup_table_name_prefix.value_or(""), after,
                        static_cast<std::size_t>(in.max_results.value_or(kListDefault))));
  DescribeLookupTables::Output out;
  for (insights::LookupTableInfo& table : page.items) {
    out.lookup_tables.push_back({.lookup_table_arn = arn_of(request.scope, table.name),
                                 .lookup_table_name = table.name,
                                 .description = std::move(table.description),
                                 .table_fields = std::move(table.fields),
                                 .records_count = table.records,
                                 .size_bytes = table.size_bytes,
                                 .last_updated_time = table.updated_ms,
                                 .kms_key_id = std::move(table.kms_key_id)});
  }
  out.next_token = page_token(page.next);
  return out;
}

Result<Empty> LookupTablesApi::remove(const Request& request, const DeleteLookupTable::Input& in) {
  WEIR_TRY(const std::string name, name_in(request.scope, in.lookup_table_arn));
  WEIR_CHECK(tables_.remove(request.scope, name));
  return Empty{};
}

}  // namespace weir::api::logs
