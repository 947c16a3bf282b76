// SPDX-License-Identifier: Apache-2.0
#include "api/logs/insights_api.h"

namespace weir::api::logs {

void InsightsApi::add_to(wire::OperationTable& table) {
  table.add<StartQuery>(*this, &InsightsApi::start_query);
  table.add<GetQueryResults>(*this, &InsightsApi::query_results);
  table.add<StopQuery>(*this, &InsightsApi::stop_query);
  table.add<DescribeQueries>(*this, &InsightsApi::describe_queries);
  table.add<ListLogGroupsForQuery>(*this, &InsightsApi::query_groups);
  table.add<GetLogRecord>(*this, &InsightsApi::log_record);
  table.add<GetLogGroupFields>(*this, &InsightsApi::group_fields);

  table.add<PutQueryDefinition>(*this, &InsightsApi::put_definition);
  table.add<DescribeQueryDefinitions>(*this, &InsightsApi::describe_definitions);
  table.add<DeleteQueryDefinition>(*this, &InsightsApi::delete_definition);

  table.add<PutIndexPolicy>(*this, &InsightsApi::put_policy);
  table.add<DescribeIndexPolicies>(*this, &InsightsApi::describe_policies);
  table.add<DeleteIndexPolicy>(*this, &InsightsApi::delete_policy);
  table.add<DescribeFieldIndexes>(*this, &InsightsApi::describe_indexes);

  table.add<AssociateKmsKey>(*this, &InsightsApi::associate_key);
  table.add<DisassociateKmsKey>(*this, &InsightsApi::disassociate_key);
}

}  // namespace weir::api::logs
