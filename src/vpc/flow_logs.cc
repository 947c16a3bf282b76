// SPDX-License-Identifier: Apache-2.0
#include "vpc/flow_logs.h"

#include <algorithm>
#include <array>

#include "base/scope.h"
#include "vpc/errors.h"

namespace weir::vpc {
namespace {

constexpr std::string_view kResourceTypes[] = {"VPC",
                                               "Subnet",
                                               "NetworkInterface",
                                               "TransitGateway",
                                               "TransitGatewayAttachment",
                                               "RegionalNatGateway"};

/// The tag fields of a format and the resource whose tags they show.
struct TagField {
  std::string_view resource_type;
  std::string_view field;
  std::string_view second_field;
};
constexpr TagField kTagFields[] = {
    {"network-interface", "${interface-tag}", "${interface-tag-2}"},
    {"instance", "${instance-tag}", "${instance-tag-2}"},
    {"auto-scaling-group", "${asg-tag}", "${asg-tag-2}"},
};
constexpr std::size_t kTagFieldKeysMax = 2;
constexpr std::size_t kTagKeyLengthMax = 128;

Error invalid(std::string message) {
  return {ErrorKind::invalid, "InvalidParameter", std::move(message)};
}

bool is_one_of(std::string_view value, std::initializer_list<std::string_view> allowed) {
  return std::find(allowed.begin(), allowed.end(), value) != allowed.end();
}

bool is_of_transit_gateway(std::string_view resource_type) {
  return resource_type.starts_with("TransitGateway");
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

bool is_given(const std::optional<std::string>& text) { return text && !text->empty(); }

Result<void> check_transit_gateway(const NewFlowLogs& request) {
  if (!request.traffic_type.empty()) {
    return invalid("TrafficType is not supported for transit gateway resource types.");
  }
  if (request.max_aggregation_interval_s != 60) {
    return invalid("Invalid Flow Log Max Aggregation Interval");
  }
  return {};
}

Result<void> check_traffic(const NewFlowLogs& request) {
  if (request.traffic_type.empty()) return missing_parameter("TrafficType");
  if (!is_one_of(request.traffic_type, {"ACCEPT", "REJECT", "ALL"})) {
    return invalid_value(request.traffic_type, "TrafficType", "It is ACCEPT, REJECT or ALL.");
  }
  if (request.max_aggregation_interval_s != 60 && request.max_aggregation_interval_s != 600) {
    return invalid("Invalid Flow Log Max Aggregation Interval");
  }
  return {};
}

Result<void> check_what(const NewFlowLogs& request) {
  if (request.resource_ids.empty()) return missing_parameter("ResourceId");
  if (std::find(std::begin(kResourceTypes), std::end(kResourceTypes), request.resource_type) ==
      std::end(kResourceTypes)) {
    return invalid_value(request.resource_type, "ResourceType",
                         "It is VPC, Subnet, NetworkInterface, TransitGateway, "
                         "TransitGatewayAttachment or RegionalNatGateway.");
  }
  const bool is_transit = is_of_transit_gateway(request.resource_type);
  const std::size_t resources_max = is_transit ? kTransitGatewaysMax : kFlowLogResourcesMax;
  if (request.resource_ids.size() > resources_max) {
    return invalid_value(
        std::to_string(request.resource_ids.size()) + " items", "ResourceId",
        "At most " + std::to_string(resources_max) + " resources fit into one request.");
  }
  return is_transit ? check_transit_gateway(request) : check_traffic(request);
}

/// Options that say nothing are taken: some clients always send them.
Result<void> check_no_options(const NewFlowLogs& request) {
  if (!request.destination_options || *request.destination_options == DestinationOptions{})
    return {};
  return invalid("DestinationOptions can only be specified if LogDestinationType is s3.");
}

Result<void> check_log_group(const NewFlowLogs& request) {
  if (!is_given(request.permission_arn)) {
    return invalid(
        "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.");
  }
  WEIR_CHECK(check_no_options(request));
  if (is_given(request.destination)) WEIR_CHECK(log_group_of(*request.destination));
  return {};
}

Result<void> check_stream(const NewFlowLogs& request) {
  WEIR_CHECK(check_no_options(request));
  WEIR_CHECK(stream_of(*request.destination));
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
  if (!is_one_of(request.destination_type, {"cloud-watch-logs", "s3", "kinesis-data-firehose"})) {
    return invalid_value(request.destination_type, "LogDestinationType",
                         "It is cloud-watch-logs, s3 or kinesis-data-firehose.");
  }
  if (has_group && request.destination_type != "cloud-watch-logs") {
    return invalid("LogDestination type must be cloud-watch-logs if LogGroupName is provided.");
  }
  if (request.destination_type == "s3") return check_bucket(request);
  if (request.destination_type == "kinesis-data-firehose") return check_stream(request);
  return check_log_group(request);
}

Result<void> check_specification(const TagFieldSpecification& specification) {
  const bool is_known = std::any_of(
      std::begin(kTagFields), std::end(kTagFields),
      [&](const TagField& row) { return row.resource_type == specification.resource_type; });
  if (!is_known) {
    return invalid_value(specification.resource_type, "TagFieldSpecification.ResourceType",
                         "It is network-interface, instance or auto-scaling-group.");
  }
  const auto& keys = specification.tag_keys;
  const bool fits = !keys.empty() && keys.size() <= kTagFieldKeysMax &&
                    std::all_of(keys.begin(), keys.end(), [](const std::string& key) {
                      return !key.empty() && characters(key) <= kTagKeyLengthMax;
                    });
  if (fits) return {};
  return invalid_value(specification.resource_type, "TagFieldSpecification.TagKey",
                       "One or two keys of 1 to 128 characters are allowed.");
}

Result<void> check_tag_fields(const NewFlowLogs& request) {
  if (request.tag_fields.size() > std::size(kTagFields)) {
    return invalid_value(std::to_string(request.tag_fields.size()) + " items",
                         "TagFieldSpecification", "At most 3 are allowed.");
  }
  for (const TagFieldSpecification& specification : request.tag_fields) {
    WEIR_CHECK(check_specification(specification));
    const auto same = std::count_if(request.tag_fields.begin(), request.tag_fields.end(),
                                    [&](const TagFieldSpecification& other) {
                                      return other.resource_type == specification.resource_type;
                                    });
    if (same > 1) {
      return invalid_value(specification.resource_type, "TagFieldSpecification.ResourceType",
                           "A resource type is given once.");
    }
  }
  for (const TagField& row : kTagFields) {
    const bool has_second = request.log_format.find(row.second_field) != std::string::npos;
    const bool has_first = request.log_format.find(row.field) != std::string::npos;
    if (!has_first && !has_second) continue;
    const auto found =
        std::find_if(request.tag_fields.begin(), request.tag_fields.end(),
                     [&](const auto& given) { return given.resource_type == row.resource_type; });
    if (found == request.tag_fields.end() || (has_second && found->tag_keys.size() < 2)) {
      return invalid(
          "The TagFieldSpecifications parameter must be set when including tag fields in the log "
          "format");
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

Result<std::string> stream_of(std::string_view destination_arn) {
  constexpr std::string_view kBegin = "deliverystream";
  const auto parsed = Arn::parse(destination_arn);
  const bool is_stream =
      parsed && parsed->service == "firehose" && parsed->resource.size() > kBegin.size() + 1 &&
      parsed->resource.starts_with(kBegin) &&
      (parsed->resource[kBegin.size()] == '/' || parsed->resource[kBegin.size()] == ':');
  if (is_stream) return parsed->resource.substr(kBegin.size() + 1);
  return invalid("LogDestination: " + std::string(destination_arn) +
                 " is not the ARN of a delivery stream");
}

}  // namespace weir::vpc
