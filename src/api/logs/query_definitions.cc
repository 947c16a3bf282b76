// SPDX-License-Identifier: Apache-2.0
#include "api/logs/query_definitions.h"

#include "api/logs/insights_api.h"

namespace weir::api::logs {
namespace {

constexpr int kListDefault = 1000;

}  // namespace

Result<PutQueryDefinition::Output> InsightsApi::put_definition(
    const Request& request, const PutQueryDefinition::Input& in) {
  insights::QueryDefinition definition;
  definition.query_language = in.query_language.value_or("CWLI");
  definition.id = in.query_definition_id.value_or("");
  definition.name = in.definition_name;
  definition.query_string = in.query_string;
  definition.log_group_names = in.log_group_names.value_or(std::vector<std::string>());
  definition.parameters = in.parameters;
  if (in.parameters && !in.parameters->empty() && definition.query_language != "CWLI") {
    return invalid_parameter("Query parameters are supported only for queries of CWLI.");
  }
  WEIR_TRY(std::string id,
           definitions_.put(request.scope, std::move(definition), in.client_token.value_or("")));
  return PutQueryDefinition::Output{.query_definition_id = std::move(id)};
}

Result<DescribeQueryDefinitions::Output> InsightsApi::describe_definitions(
    const Request& request, const DescribeQueryDefinitions::Input& in) {
  WEIR_TRY(const std::string after, page_start(in.next_token));
  WEIR_TRY(auto page,
           definitions_.list(
               request.scope,
               {.name_prefix = in.query_definition_name_prefix.value_or(""),
                .language = in.query_language.value_or(""),
                .after = after,
                .limit = static_cast<std::size_t>(in.max_results.value_or(kListDefault))}));
  DescribeQueryDefinitions::Output out;
  out.query_definitions = std::move(page.items);
  out.next_token = page_token(page.next);
  return out;
}

Result<DeleteQueryDefinition::Output> InsightsApi::delete_definition(
    const Request& request, const DeleteQueryDefinition::Input& in) {
  WEIR_CHECK(definitions_.remove(request.scope, in.query_definition_id));
  return DeleteQueryDefinition::Output{};
}

}  // namespace weir::api::logs
