// SPDX-License-Identifier: Apache-2.0
#include "vpc/flow_logs.h"

#include <algorithm>
#include <array>

#include "base/scope.h"
#include "vpc/errors.h"

namespace weir::vpc {
namespace {

constexpr std::string_view kTagFieldTypes[] = {"network-interface", "instance",
                                               "auto-scaling-group"};
constexpr std::size_t kTagFieldKeysMax = 2;
constexpr std::size_t kTagKeyLengthMax = 128;

Error invalid(std::string message) {
  return {ErrorKind::invalid, "InvalidParameter", std::move(message)};
}

bool is_one_of(std::string_view value, std::initializer_list<std::string_view> allowed) {
  return std::find(allowed.begin(), allowed.end(), value) != allowed.end();
}

bool is_given(const std::optional<std::string>& text) { return text && !text->empty(); }

Result<void> check_what(const NewFlowLogs& request) {
  if (request.resource_ids.empty()) return missing_parameter("ResourceId");
  if (request.resource_ids.size() > kFlowLogResourcesMax) {
    return invalid_value(std::to_string(request.resource_ids.size()) + " items", "ResourceId",
                         "At most 300 resources fit into one request.");
  }
  if (!is_one_of(request.resource_type, {"VPC", "Subnet", "NetworkInterface"})) {
    return invalid_value(request.resource_type, "ResourceType",
                         "It is VPC, Subnet or NetworkInterface.");
  }
  if (!is_one_of(request.traffic_type, {"ACCEPT", "REJECT", "ALL"})) {
    return invalid_value(request.traffic_type, "TrafficType", "It is ACCEPT, REJECT or ALL.");
  }
  if (request.max_aggregation_interval_s != 60 && request.max_aggregation_interval_s != 600) {
    return invalid("Invalid Flow Log Max Aggregation Interval");
  }
  return {};
}

Result<void> check_log_group(const NewFlowLogs& request) {
  if (!is_given(request.permission_arn)) {
    return invalid(
        "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.");
  }
  if (request.destination_options && *request.destination_options != DestinationOptions{}) {
    return invalid("DestinationOptions can only be specified if LogDestinationType is s3.");
  }
  if (is_given(request.destination)) WEIR_CHECK(log_group_of(*request.destination));
  return {};
}

Result<void> check_bucket(const NewFlowLogs& request) {
  if (is_given(request.permission_arn)) {
    return invalid("DeliverLogsPermissionArn is not applicable for s3 delivery");
  }
  if (request.destination_options &&
      !is_one_of(request.destination_options->file_format, {"plain-text", "parquet"})) {
    return invalid_value(request.destination_options->file_format, "DestinationOptions.FileFormat",
                         "It is plain-text or parquet.");
  }
  WEIR_CHECK(bucket_of(*request.destination));
  return {};
}

Result<void> check_destination(const NewFlowLogs& request) {
  const bool has_group = is_given(request.log_group_name);
  if (has_group && is_given(request.destination)) {
    return invalid("Please only provide LogGroupName or only provide LogDestination.");
  }
  if (!has_group && !is_given(request.destination)) {
    return invalid("LogDestination can't be empty if LogGroupName is not provided.");
  }
  if (!is_one_of(request.destination_type, {"cloud-watch-logs", "s3"})) {
    return invalid_value(request.destination_type, "LogDestinationType",
                         request.destination_type == "kinesis-data-firehose"
                             ? "Weir delivers to cloud-watch-logs and s3."
                             : "It is cloud-watch-logs or s3.");
  }
  if (has_group && request.destination_type != "cloud-watch-logs") {
    return invalid("LogDestination type must be cloud-watch-logs if LogGroupName is provided.");
  }
  return request.destination_type == "s3" ? check_bucket(request) : check_log_group(request);
}

Result<void> check_tag_fields(const NewFlowLogs& request) {
  const bool has_tag_field = request.log_format.find("-tag}") != std::string::npos ||
                             request.log_format.find("-tag-2}") != std::string::npos;
  if (has_tag_field && request.tag_fields.empty()) {
    return invalid(
        "The TagFieldSpecifications parameter must be set when including tag fields in the log "
        "format");
  }
  if (request.tag_fields.size() > std::size(kTagFieldTypes)) {
    return invalid_value(std::to_string(request.tag_fields.size()) + " items",
                         "TagFieldSpecification", "At most 3 are allowed.");
  }
  for (const TagFieldSpecification& field : request.tag_fields) {
    if (std::find(std::begin(kTagFieldTypes), std::end(kTagFieldTypes), field.resource_type) ==
        std::end(kTagFieldTypes)) {
      return invalid_value(field.resource_type, "TagFieldSpecification.ResourceType",
                           "It is network-interface, instance or auto-scaling-group.");
    }
    const bool fits = !field.tag_keys.empty() && field.tag_keys.size() <= kTagFieldKeysMax &&
                      std::all_of(field.tag_keys.begin(), field.tag_keys.end(), [](const auto& k) {
                        return !k.empty() && k.size() <= kTagKeyLengthMax;
                      });
    if (!fits) {
      return invalid_value(field.resource_type, "TagFieldSpecification.TagKey",
                           "One or two keys of 1 to 128 characters are allowed.");
    }
  }
  return {};
}

}  // namespace

Shape NewFlowLogs::shape() {
  using S = NewFlowLogs;
  static constexpr Member members[] = {
      optional<&S::resource_ids>("ResourceIds"),
      optional<&S::resource_type>("ResourceType"),
      optional<&S::traffic_type>("TrafficType"),
      optional<&S::destination_type>("LogDestinationType"),
      optional<&S::destination>("LogDestination"),
      optional<&S::log_group_name>("LogGroupName"),
      optional<&S::permission_arn>("DeliverLogsPermissionArn"),
      optional<&S::cross_account_role>("DeliverCrossAccountRole"),
      optional<&S::log_format>("LogFormat"),
      optional<&S::max_aggregation_interval_s>("MaxAggregationInterval"),
      optional<&S::destination_options>("DestinationOptions"),
      optional<&S::tag_fields>("TagFieldSpecifications"),
      optional<&S::tags>("Tags"),
  };
  return {"NewFlowLogs", members};
}

Shape UnsuccessfulItem::Reason::shape() {
  using S = UnsuccessfulItem::Reason;
  static constexpr Member members[] = {
      optional<&S::code>("code"),
      optional<&S::message>("message"),
  };
  return {"UnsuccessfulItemError", members};
}

Shape UnsuccessfulItem::shape() {
  using S = UnsuccessfulItem;
  static constexpr Member members[] = {
      optional<&S::error>("error"),
      optional<&S::resource_id>("resourceId"),
  };
  return {"UnsuccessfulItem", members};
}

Shape CreatedFlowLogs::shape() {
  using S = CreatedFlowLogs;
  static constexpr Member members[] = {
      optional<&S::client_token>("clientToken"),
      optional<&S::flow_log_ids>("flowLogIdSet"),
      optional<&S::unsuccessful>("unsuccessful"),
  };
  return {"CreateFlowLogsResult", members};
}

Shape TagToDelete::shape() {
  using S = TagToDelete;
  static constexpr Member members[] = {optional<&S::key>("key"), optional<&S::value>("value")};
  return {"Tag", members};
}

Result<void> check(const NewFlowLogs& request) {
  WEIR_CHECK(check_what(request));
  WEIR_CHECK(check_destination(request));
  return check_tag_fields(request);
}

Result<std::string> bucket_of(std::string_view destination_arn) {
  constexpr std::string_view kBegin = "arn:aws:s3:::";
  // Folders are written with and without a slash at the end.
  const std::string_view path =
      destination_arn.starts_with(kBegin) ? destination_arn.substr(kBegin.size()) : "";
  const std::string_view bucket = path.substr(0, path.find('/'));
  if (bucket.empty()) {
    return invalid("LogDestination: " + std::string(destination_arn) +
                   " is not the ARN of a bucket (arn:aws:s3:::bucket/folder/)");
  }
  const std::string_view folder = path.substr(bucket.size());
  if (folder == "/AWSLogs" || folder.starts_with("/AWSLogs/")) {
    return invalid("LogDestination: AWSLogs is a reserved term and cannot be a folder of " +
                   std::string(bucket));
  }
  return std::string(bucket);
}

Result<std::string> log_group_of(std::string_view destination_arn) {
  constexpr std::string_view kBegin = "log-group:";
  const auto parsed = Arn::parse(destination_arn);
  if (!parsed || parsed->service != "logs" || !parsed->resource.starts_with(kBegin)) {
    return invalid("LogDestination: " + std::string(destination_arn) +
                   " is not the ARN of a log group");
  }
  std::string group = parsed->resource.substr(kBegin.size());
  if (group.ends_with(":*")) group.resize(group.size() - 2);
  if (group.empty() || group.find(':') != std::string::npos) {
    return invalid("LogDestination: " + std::string(destination_arn) +
                   " is not the ARN of a log group");
  }
  return group;
}

}  // namespace weir::vpc
