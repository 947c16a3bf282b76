// SPDX-License-Identifier: Apache-2.0
#include "api/ec2/flow_logs.h"

#include "flow/format.h"

namespace weir::api::ec2 {
namespace {

constexpr std::size_t kFlowLogIdsMax = 1000;

using Field = FilterField<vpc::FlowLog>;
using vpc::FlowLog;
using vpc::ScopeState;

constexpr Field kFields[] = {
    {"deliver-log-status",
     [](const FlowLog& f, const ScopeState&, Values& out) { out.push_back(f.deliver_status); }},
    {"log-destination-type",
     [](const FlowLog& f, const ScopeState&, Values& out) { out.push_back(f.destination_type); }},
    {"flow-log-id", [](const FlowLog& f, const ScopeState&, Values& out) { out.push_back(f.id); }},
    {"log-group-name",
     [](const FlowLog& f, const ScopeState&, Values& out) {
       if (f.log_group_name) out.push_back(*f.log_group_name);
     }},
    {"resource-id",
     [](const FlowLog& f, const ScopeState&, Values& out) { out.push_back(f.resource_id); }},
    {"traffic-type",
     [](const FlowLog& f, const ScopeState&, Values& out) { out.push_back(f.traffic_type); }},
};

Result<void> check_number(const std::vector<std::string>& ids) {
  if (ids.size() <= kFlowLogIdsMax) return {};
  return vpc::invalid_value(std::to_string(ids.size()) + " items", "FlowLogId",
                            "At most 1000 flow logs fit into one request.");
}

}  // namespace

Shape CreateFlowLogs::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::dry_run>("DryRun"),
      optional<&S::client_token>("ClientToken"),
      optional<&S::permission_arn>("DeliverLogsPermissionArn"),
      optional<&S::cross_account_role>("DeliverCrossAccountRole"),
      optional<&S::log_group_name>("LogGroupName"),
      required<&S::resource_ids>("ResourceIds").query("ResourceId"),
      required<&S::resource_type>("ResourceType"),
      optional<&S::traffic_type>("TrafficType"),  // required but for transit gateways
      optional<&S::destination_type>("LogDestinationType"),
      optional<&S::destination>("LogDestination"),
      optional<&S::log_format>("LogFormat"),
      optional<&S::tag_specifications>("TagSpecifications").query("TagSpecification"),
      optional<&S::max_aggregation_interval_s>("MaxAggregationInterval"),
      optional<&S::destination_options>("DestinationOptions"),
      optional<&S::tag_fields>("TagFieldSpecifications").query("TagFieldSpecification"),
  };
  return {"CreateFlowLogsRequest", members};
}

Shape DescribeFlowLogs::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::filters>("Filter"),
      optional<&S::dry_run>("DryRun"),
      optional<&S::flow_log_ids>("FlowLogIds").query("FlowLogId"),
      optional<&S::max_results>("MaxResults"),
      optional<&S::next_token>("NextToken"),
  };
  return {"DescribeFlowLogsRequest", members};
}

Shape DescribeFlowLogs::Output::shape() {
  using S = Output;
  static constexpr Member members[] = {
      optional<&S::flow_logs>("flowLogSet"),
      optional<&S::next_token>("nextToken"),
  };
  return {"DescribeFlowLogsResult", members};
}

Shape DeleteFlowLogs::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::dry_run>("DryRun"),
      required<&S::flow_log_ids>("FlowLogIds").query("FlowLogId"),
  };
  return {"DeleteFlowLogsRequest", members};
}

Shape DeleteFlowLogs::Output::shape() {
  using S = Output;
  static constexpr Member members[] = {optional<&S::unsuccessful>("unsuccessful")};
  return {"DeleteFlowLogsResult", members};
}

void FlowLogsApi::add_to(wire::OperationTable& table) {
  add<CreateFlowLogs>(table, *this, &FlowLogsApi::create);
  add<DescribeFlowLogs>(table, *this, &FlowLogsApi::describe);
  add<DeleteFlowLogs>(table, *this, &FlowLogsApi::remove);
}

Result<vpc::CreatedFlowLogs> FlowLogsApi::create(const wire::Request& request,
                                                 const CreateFlowLogs::Input& in) {
  if (!in.log_format.empty()) WEIR_CHECK(flow::Format::parse(in.log_format));
  vpc::NewFlowLogs wanted;
  wanted.resource_ids = in.resource_ids;
  wanted.resource_type = in.resource_type;
  wanted.traffic_type = in.traffic_type;
  wanted.destination_type = in.destination_type;
  wanted.destination = in.destination;
  wanted.log_group_name = in.log_group_name;
  wanted.permission_arn = in.permission_arn;
  wanted.cross_account_role = in.cross_account_role;
  wanted.log_format = in.log_format;
  wanted.max_aggregation_interval_s = in.max_aggregation_interval_s;
  wanted.destination_options = in.destination_options;
  wanted.tag_fields = in.tag_fields;
  wanted.client_token = in.client_token;
  wanted.dry_run = in.dry_run;
  WEIR_TRY(wanted.tags, tags_for("vpc-flow-log", in.tag_specifications));
  return network_.create_flow_logs(request.scope, std::move(wanted));
}

Result<DescribeFlowLogs::Output> FlowLogsApi::describe(const wire::Request& request,
                                                       const DescribeFlowLogs::Input& in) {
  WEIR_CHECK(check_number(in.flow_log_ids));
  WEIR_TRY(const auto state, network_.state(request.scope));
  const Selection selection{in.flow_log_ids, "fl-", in.filters, in.max_results, in.next_token, 1};
  WEIR_TRY(auto page, select<FlowLog>(state->flow_logs, selection, kFields, *state));
  return DescribeFlowLogs::Output{std::move(page.items), std::move(page.next_token)};
}

Result<DeleteFlowLogs::Output> FlowLogsApi::remove(const wire::Request& request,
                                                   const DeleteFlowLogs::Input& in) {
  WEIR_CHECK(check_number(in.flow_log_ids));
  WEIR_CHECK(network_.delete_flow_logs(request.scope, in.flow_log_ids, in.dry_run));
  return DeleteFlowLogs::Output{};
}

}  // namespace weir::api::ec2
