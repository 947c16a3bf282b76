// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/ec2/common.h"
#include "api/ec2/select.h"
#include "vpc/network.h"

namespace weir::api::ec2 {

struct CreateFlowLogs {
  static constexpr std::string_view name = "CreateFlowLogs";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    bool dry_run = false;
    std::string client_token;
    std::optional<std::string> permission_arn;
    std::optional<std::string> cross_account_role;
    std::optional<std::string> log_group_name;
    std::vector<std::string> resource_ids;
    std::string resource_type;
    std::string traffic_type;
    std::string destination_type = "cloud-watch-logs";
    std::optional<std::string> destination;
    std::string log_format;
    std::vector<TagSpecification> tag_specifications;
    int max_aggregation_interval_s = 600;
    std::optional<vpc::DestinationOptions> destination_options;
    std::vector<vpc::TagFieldSpecification> tag_fields;
    static Shape shape();
  };
  using Output = vpc::CreatedFlowLogs;
};

struct DescribeFlowLogs {
  static constexpr std::string_view name = "DescribeFlowLogs";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    std::vector<Filter> filters;
    bool dry_run = false;
    std::vector<std::string> flow_log_ids;
    std::optional<int> max_results;
    std::optional<std::string> next_token;
    static Shape shape();
  };
  struct Output {
    std::vector<vpc::FlowLog> flow_logs;
    std::optional<std::string> next_token;
    static Shape shape();
  };
};

struct DeleteFlowLogs {
  static constexpr std::string_view name = "DeleteFlowLogs";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    bool dry_run = false;
    std::vector<std::string> flow_log_ids;
    static Shape shape();
  };
  struct Output {
    std::vector<vpc::UnsuccessfulItem> unsuccessful;
    static Shape shape();
  };
};

class FlowLogsApi {
 public:
  explicit FlowLogsApi(vpc::Network& network) : network_(network) {}
  void add_to(wire::OperationTable& table);

 private:
  Result<vpc::CreatedFlowLogs> create(const wire::Request&, const CreateFlowLogs::Input&);
  Result<DescribeFlowLogs::Output> describe(const wire::Request&, const DescribeFlowLogs::Input&);
  Result<DeleteFlowLogs::Output> remove(const wire::Request&, const DeleteFlowLogs::Input&);

  vpc::Network& network_;
};

}  // namespace weir::api::ec2
