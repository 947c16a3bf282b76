// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/shape.h"
#include "vpc/types.h"

namespace weir::vpc {

inline constexpr std::size_t kFlowLogResourcesMax = 300;     // ResourceId.N of one call
inline constexpr std::size_t kTransitGatewaysMax = 25;       // the same, of transit gateway types
inline constexpr std::size_t kFlowLogsPerResourceMax = 250;  // AWS quota
inline constexpr std::size_t kTagsPerResourceMax = 50;

/// What CreateFlowLogs asks for; one flow log is made per resource. `log_format` has been checked
/// by the caller (flow::Format); empty stands for the default format.
struct NewFlowLogs {
  std::vector<std::string> resource_ids;
  std::string
      resource_type;         // VPC, Subnet, NetworkInterface, or a type of which there is none here
  std::string traffic_type;  // "": not given
  std::string destination_type = "cloud-watch-logs";
  std::optional<std::string> destination;
  std::optional<std::string> log_group_name;
  std::optional<std::string> permission_arn;
  std::optional<std::string> cross_account_role;
  std::string log_format;
  int max_aggregation_interval_s = 600;
  std::optional<DestinationOptions> destination_options;
  std::vector<TagFieldSpecification> tag_fields;
  Tags tags;
  std::string client_token;  // "": one is made
  bool dry_run = false;      // checks only
  static Shape shape();
};

/// A resource for which nothing was made.
struct UnsuccessfulItem {
  struct Reason {
    std::string code;
    std::string message;
    static Shape shape();
  };
  std::string resource_id;
  Reason error;
  static Shape shape();
};

struct CreatedFlowLogs {
  std::string client_token;
  std::vector<std::string> flow_log_ids;
  std::vector<UnsuccessfulItem> unsuccessful;
  static Shape shape();
};

struct TagToDelete {
  std::string key;
  std::optional<std::string> value;
  static Shape shape();
};

/// `${version} ${account-id} ...`: what DescribeFlowLogs shows where no format was given.
inline constexpr std::string_view kDefaultLogFormat =
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} "
    "${protocol} "
    "${packets} ${bytes} ${start} ${end} ${action} ${log-status}";

/// The rules of section "CreateFlowLogs" of the API reference that need no state: destination,
/// role, interval, options. Errors are AWS's.
Result<void> check(const NewFlowLogs& request);

/// The bucket name in `arn:aws:s3:::bucket/folder/`, or the log group in a log-group ARN (a final
/// `:*` is taken off), or an Error InvalidParameter.
Result<std::string> bucket_of(std::string_view destination_arn);
Result<std::string> log_group_of(std::string_view destination_arn);
/// The name in `arn:aws:firehose:<region>:<account>:deliverystream/<name>` (`:` before the name is
/// taken too), or an Error InvalidParameter.
Result<std::string> stream_of(std::string_view destination_arn);

}  // namespace weir::vpc
