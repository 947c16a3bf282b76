// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/ec2/common.h"
#include "api/ec2/select.h"
#include "vpc/network.h"

namespace weir::api::ec2 {

struct DescribeVpcs {
  static constexpr std::string_view name = "DescribeVpcs";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    std::vector<Filter> filters;
    std::vector<std::string> vpc_ids;
    std::optional<std::string> next_token;
    std::optional<int> max_results;
    bool dry_run = false;
    static Shape shape();
  };
  struct Output {
    std::vector<vpc::Vpc> vpcs;
    std::optional<std::string> next_token;
    static Shape shape();
  };
};

struct DescribeSubnets {
  static constexpr std::string_view name = "DescribeSubnets";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    std::vector<Filter> filters;
    std::vector<std::string> subnet_ids;
    std::optional<std::string> next_token;
    std::optional<int> max_results;
    bool dry_run = false;
    static Shape shape();
  };
  struct Output {
    std::vector<vpc::Subnet> subnets;
    std::optional<std::string> next_token;
    static Shape shape();
  };
};

class VpcsApi {
 public:
  explicit VpcsApi(vpc::Network& network) : network_(network) {}
  void add_to(wire::OperationTable& table);

 private:
  Result<DescribeVpcs::Output> vpcs(const wire::Request&, const DescribeVpcs::Input&);
  Result<DescribeSubnets::Output> subnets(const wire::Request&, const DescribeSubnets::Input&);

  vpc::Network& network_;
};

}  // namespace weir::api::ec2
