// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/ec2/common.h"
#include "api/ec2/select.h"
#include "vpc/network.h"

namespace weir::api::ec2 {

struct Region {
  std::string endpoint;
  std::string name;
  std::string opt_in_status = "opt-in-not-required";
  static Shape shape();
};

struct DescribeRegions {
  static constexpr std::string_view name = "DescribeRegions";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    std::vector<std::string> region_names;
    bool all_regions = false;
    bool dry_run = false;
    std::vector<Filter> filters;
    static Shape shape();
  };
  struct Output {
    std::vector<Region> regions;
    static Shape shape();
  };
};

struct AvailabilityZone {
  std::string opt_in_status = "opt-in-not-required";
  std::vector<std::string> messages;
  std::string region;
  std::string name;
  std::string id;
  std::string group_name;
  std::string network_border_group;
  std::string type = "availability-zone";
  std::string state = "available";
  static Shape shape();
};

struct DescribeAvailabilityZones {
  static constexpr std::string_view name = "DescribeAvailabilityZones";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    std::vector<std::string> zone_names;
    std::vector<std::string> zone_ids;
    bool all_zones = false;
    bool dry_run = false;
    std::vector<Filter> filters;
    static Shape shape();
  };
  struct Output {
    std::vector<AvailabilityZone> zones;
    static Shape shape();
  };
};

class RegionsApi {
 public:
  explicit RegionsApi(vpc::Network& network) : network_(network) {}
  void add_to(wire::OperationTable& table);

 private:
  Result<DescribeRegions::Output> regions(const wire::Request&, const DescribeRegions::Input&);
  Result<DescribeAvailabilityZones::Output> zones(const wire::Request&,
                                                  const DescribeAvailabilityZones::Input&);

  vpc::Network& network_;
};

}  // namespace weir::api::ec2
