// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "api/logs/field_indexes.h"
#include "api/logs/kms_keys.h"
#include "api/logs/log_fields.h"
#include "api/logs/queries.h"
#include "api/logs/query_definitions.h"
#include "insights/executions.h"
#include "insights/index_policies.h"
#include "insights/query_definitions.h"
#include "logs/logs.h"
#include "wire/operation.h"

namespace weir::api::logs {

/// The AWS face of Logs Insights: queries, saved queries, field indexes. The handlers of queries.h
/// are in queries.cc, and so on.
class InsightsApi {
 public:
  InsightsApi(Runtime& runtime, weir::logs::Logs& logs, insights::Executions& executions,
              insights::QueryDefinitions& definitions, insights::IndexPolicies& policies)
      : runtime_(runtime),
        logs_(logs),
        executions_(executions),
        definitions_(definitions),
        policies_(policies) {}
  /// This must outlive the table.
  void add_to(wire::OperationTable& table);

 private:
  using Request = wire::Request;
  Result<StartQuery::Output> start_query(const Request&, const StartQuery::Input&);
  Result<GetQueryResults::Output> query_results(const Request&, const GetQueryResults::Input&);
  Result<StopQuery::Output> stop_query(const Request&, const StopQuery::Input&);
  Result<DescribeQueries::Output> describe_queries(const Request&, const DescribeQueries::Input&);
  Result<ListLogGroupsForQuery::Output> query_groups(const Request&,
                                                     const ListLogGroupsForQuery::Input&);
  /// The names of the groups that a query is to read.
  Result<std::vector<std::string>> groups_of(const Request&, const StartQuery::Input&,
                                             const insights::Query&) const;
  Result<void> check_classes(const Request&, std::span<const std::string> groups,
                             const insights::Query&) const;

  Result<GetLogRecord::Output> log_record(const Request&, const GetLogRecord::Input&);
  Result<GetLogGroupFields::Output> group_fields(const Request&, const GetLogGroupFields::Input&);

  Result<PutQueryDefinition::Output> put_definition(const Request&,
                                                    const PutQueryDefinition::Input&);
  Result<DescribeQueryDefinitions::Output> describe_definitions(
      const Request&, const DescribeQueryDefinitions::Input&);
  Result<DeleteQueryDefinition::Output> delete_definition(const Request&,
                                                          const DeleteQueryDefinition::Input&);

  Result<PutIndexPolicy::Output> put_policy(const Request&, const PutIndexPolicy::Input&);
  Result<DescribeIndexPolicies::Output> describe_policies(const Request&,
                                                          const DescribeIndexPolicies::Input&);
  Result<Empty> delete_policy(const Request&, const DeleteIndexPolicy::Input&);
  Result<DescribeFieldIndexes::Output> describe_indexes(const Request&,
                                                        const DescribeFieldIndexes::Input&);

  Result<Empty> associate_key(const Request&, const AssociateKmsKey::Input&);
  Result<Empty> disassociate_key(const Request&, const DisassociateKmsKey::Input&);
  Result<Empty> set_key(const Request&, const std::optional<std::string>& group,
                        const std::optional<std::string>& identifier, std::string_view key);

  Runtime& runtime_;
  weir::logs::Logs& logs_;
  insights::Executions& executions_;
  insights::QueryDefinitions& definitions_;
  insights::IndexPolicies& policies_;
};

}  // namespace weir::api::logs
