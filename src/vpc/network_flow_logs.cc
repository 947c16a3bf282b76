// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "vpc/errors.h"
#include "vpc/network.h"
#include "vpc/network_impl.h"

namespace weir::vpc {
namespace {

constexpr std::string_view kS3 = "s3";
constexpr std::string_view kLogGroup = "cloud-watch-logs";
constexpr std::string_view kStream = "kinesis-data-firehose";
constexpr std::string_view kOperation = "CreateFlowLogs";

Result<void> check_resource(const ScopeState& state, std::string_view type, std::string_view id) {
  if (type == "VPC") return state.vpcs.contains(id) ? Result<void>{} : no_such(id, "vpc-");
  if (type == "Subnet") {
    return state.subnets.contains(id) ? Result<void>{} : no_such(id, "subnet-");
  }
  if (type == "NetworkInterface") {
    return state.enis.contains(id) ? Result<void>{} : no_such(id, "eni-");
  }
  // Of these a plain host has none; codes and texts as of their own Describe operations.
  const std::string name(id);
  if (type == "TransitGateway") {
    return Error{ErrorKind::not_found, "InvalidTransitGatewayID.NotFound",
                 "Transit Gateway " + name + " was deleted or does not exist."};
  }
  if (type == "TransitGatewayAttachment") {
    return Error{ErrorKind::not_found, "InvalidTransitGatewayAttachmentID.NotFound",
                 "Transit Gateway Attachment " + name + " was deleted or does not exist."};
  }
  return Error{ErrorKind::not_found, "NatGatewayNotFound", "NatGateway " + name + " was not found"};
}

/// A stream of another account needs both roles (VPC User Guide, "Publish flow logs to Amazon Data
/// Firehose"). The texts are ours.
Result<void> check_account(const Scope& scope, const NewFlowLogs& request) {
  constexpr std::string_view kRoleBegin = "AWSLogDeliveryFirehoseCrossAccountRole";
  if (request.destination_type != kStream) return {};
  const auto stream = Arn::parse(*request.destination);
  if (!stream || stream->scope.account == scope.account) return {};
  const auto refuse = [](std::string message) {
    return Error{ErrorKind::invalid, "InvalidParameter", std::move(message)};
  };
  if (request.permission_arn.value_or("").empty()) {
    return refuse("DeliverLogsPermissionArn can't be empty for a stream of another account.");
  }
  const std::string role = request.cross_account_role.value_or("");
  const std::size_t name = role.rfind('/');
  if (name == std::string::npos ||
      !std::string_view(role).substr(name + 1).starts_with(kRoleBegin)) {
    return refuse("DeliverCrossAccountRole must name a role that begins with " +
                  std::string(kRoleBegin) + " for a stream of another account.");
  }
  return {};
}

/// Whether bucket or stream are there; the error is that of every resource.
Result<void> check_destination(const DestinationCheck& check, const Scope& scope,
                               const NewFlowLogs& request) {
  if (!check || request.destination_type == kLogGroup) return {};
  const std::string& destination = *request.destination;
  WEIR_TRY(const std::string name,
           request.destination_type == kS3 ? bucket_of(destination) : stream_of(destination));
  return check(scope, request.destination_type, name);
}

/// One flow log of the request, without id.
FlowLog flow_log_of(const NewFlowLogs& request, const std::string& resource_id) {
  FlowLog flow_log;
  flow_log.resource_id = resource_id;
  flow_log.traffic_type = request.traffic_type;
  flow_log.destination_type = request.destination_type;
  flow_log.destination = request.destination;
  flow_log.log_group_name = request.log_group_name;
  flow_log.permission_arn = request.permission_arn;
  flow_log.cross_account_role = request.cross_account_role;
  flow_log.log_format = request.log_format.empty() ? kDefaultLogFormat : request.log_format;
  flow_log.max_aggregation_interval_s = request.max_aggregation_interval_s;
  flow_log.destination_options = request.destination_options;
  flow_log.tag_fields = request.tag_fields;
  flow_log.tags = request.tags;
  if (request.destination_type == kS3 && !flow_log.destination_options) {
    flow_log.destination_options.emplace();
  }
  if (request.destination_type == kLogGroup && !request.destination.value_or("").empty()) {
    if (auto group = log_group_of(*request.destination)) flow_log.log_group_name = *group;
  }
  return flow_log;
}

/// Whether a second one would only write everything twice.
bool is_same(const FlowLog& a, const FlowLog& b) {
  return a.resource_id == b.resource_id && a.traffic_type == b.traffic_type &&
         a.destination_type == b.destination_type && a.destination == b.destination &&
         a.log_group_name == b.log_group_name && a.log_format == b.log_format &&
         a.max_aggregation_interval_s == b.max_aggregation_interval_s &&
         a.destination_options == b.destination_options && a.tag_fields == b.tag_fields;
}

std::size_t count_of(const ScopeState& state, std::string_view resource_id) {
  return static_cast<std::size_t>(
      std::count_if(state.flow_logs.begin(), state.flow_logs.end(),
                    [&](const auto& item) { return item.second.resource_id == resource_id; }));
}

}  // namespace

Result<CreatedFlowLogs> Network::create_flow_logs(const Scope& scope, NewFlowLogs request) {
  WEIR_CHECK(check(request));
  WEIR_CHECK(check_tags(request.tags));
  WEIR_CHECK(check_account(scope, request));
  WEIR_CHECK(state(scope));
  // Asked outside the change: it looks into another module.
  const Result<void> destination = check_destination(impl_->destination_check, scope, request);

  Change change(*impl_, scope);
  const std::string request_text = to_json_text(request);
  WEIR_TRY(const auto earlier,
           change.earlier_answer(kOperation, request.client_token, request_text));
  if (earlier) return from_json_text<CreatedFlowLogs>(*earlier);
  for (const std::string& id : request.resource_ids) {
    WEIR_CHECK(check_resource(change.state(), request.resource_type, id));
  }

  CreatedFlowLogs answer;
  answer.client_token = request.client_token.empty() ? impl_->runtime.uuid() : request.client_token;
  for (const std::string& id : request.resource_ids) {
    if (!destination) {
      answer.unsuccessful.push_back({id, {"400", destination.error().message}});
      continue;
    }
    FlowLog flow_log = flow_log_of(request, id);
    const auto& known = change.state().flow_logs;
    if (std::any_of(known.begin(), known.end(),
                    [&](const auto& item) { return is_same(item.second, flow_log); })) {
      return Error{ErrorKind::already_exists, "FlowLogAlreadyExists",
                   "Error. There is an existing Flow Log with the same configuration and log "
                   "destination."};
    }
    if (count_of(change.state(), id) >= kFlowLogsPerResourceMax) {
      answer.unsuccessful.push_back(
          {id, {"FlowLogsLimitExceeded", "The resource has the maximum of 250 flow logs."}});
      continue;
    }
    flow_log.id = change.new_id("fl-");
    flow_log.created = impl_->runtime.now();
    answer.flow_log_ids.push_back(flow_log.id);
    change.put(std::move(flow_log));
  }
  if (request.dry_run) return answer;
  change.remember_answer(kOperation, request.client_token, request_text, to_json_text(answer));
  WEIR_CHECK(change.commit({}));
  return answer;
}

Result<void> Network::delete_flow_logs(const Scope& scope, const std::vector<std::string>& ids,
                                       bool dry_run) {
  WEIR_CHECK(state(scope));
  Change change(*impl_, scope);
  std::vector<std::string> unknown;
  for (const std::string& id : ids) {
    if (!change.state().flow_logs.contains(id)) unknown.push_back(id);
  }
  if (!unknown.empty()) {
    std::string message = "These flow log ids in the input list are not found: [TotalCount: " +
                          std::to_string(unknown.size()) + "]";
    for (const std::string& id : unknown) message += " " + id;
    return Error{ErrorKind::not_found, "InvalidFlowLogId.NotFound", std::move(message)};
  }
  if (dry_run) return {};
  for (const std::string& id : ids) change.erase<FlowLog>(id);
  return change.commit({});
}

Time Network::now() const { return impl_->runtime.now(); }

Result<void> Network::set_delivery_error(const Scope& scope, std::string_view flow_log_id,
                                         std::optional<std::string> error) {
  WEIR_TRY(const Snapshot now, state(scope));
  const auto is_unchanged = [&](const ScopeState& in) {
    const auto found = in.flow_logs.find(flow_log_id);
    return found == in.flow_logs.end() || found->second.deliver_error == error;
  };
  if (is_unchanged(*now)) return {};
  Change change(*impl_, scope);
  if (is_unchanged(change.state())) return {};
  FlowLog flow_log = change.state().flow_logs.find(flow_log_id)->second;
  flow_log.deliver_status = error ? "FAILED" : "SUCCESS";
  flow_log.deliver_error = std::move(error);
  change.put(std::move(flow_log));
  return change.commit({}, Change::Notify::no);
}

}  // namespace weir::vpc
