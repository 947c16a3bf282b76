// SPDX-License-Identifier: Apache-2.0
#include "api/ec2/regions.h"

#include <algorithm>
#include <set>

namespace weir::api::ec2 {
namespace {

/// Those that every AWS account has without opting in; a region that Weir's client uses is added.
constexpr std::string_view kRegions[] = {
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1",
    "ap-southeast-2", "ca-central-1",   "eu-central-1",   "eu-north-1", "eu-west-1",
    "eu-west-2",      "eu-west-3",      "sa-east-1",      "us-east-1",  "us-east-2",
    "us-west-1",      "us-west-2",
};

Error no_zone(std::string_view name) {
  return {ErrorKind::invalid, "InvalidParameterValue",
          "Invalid availability zone: [" + std::string(name) + "]"};
}

/// A filter that names a member of the answer.
struct NamedValue {
  std::string_view name;
  std::string_view value;
};

Result<bool> passes_all(const std::vector<Filter>& filters, std::span<const NamedValue> values) {
  bool passed = true;
  for (const Filter& filter : filters) {
    const auto value = std::find_if(values.begin(), values.end(),
                                    [&](const auto& known) { return known.name == filter.name; });
    if (value == values.end()) return unknown_filter(filter.name);
    passed = passed && any_matches(filter, {std::string(value->value)});
  }
  return passed;
}

bool is_asked(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Shape Region::shape() {
  using S = Region;
  static constexpr Member members[] = {
      optional<&S::endpoint>("regionEndpoint"),
      optional<&S::name>("regionName"),
      optional<&S::opt_in_status>("optInStatus"),
  };
  return {"Region", members};
}

Shape DescribeRegions::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::region_names>("RegionNames").query("RegionName"),
      optional<&S::all_regions>("AllRegions"),
      optional<&S::dry_run>("DryRun"),
      optional<&S::filters>("Filters").query("Filter"),
  };
  return {"DescribeRegionsRequest", members};
}

Shape DescribeRegions::Output::shape() {
  using S = Output;
  static constexpr Member members[] = {optional<&S::regions>("regionInfo")};
  return {"DescribeRegionsResult", members};
}

Shape AvailabilityZone::shape() {
  using S = AvailabilityZone;
  static constexpr Member members[] = {
      optional<&S::opt_in_status>("optInStatus"),
      optional<&S::messages>("messageSet"),
      optional<&S::region>("regionName"),
      optional<&S::name>("zoneName"),
      optional<&S::id>("zoneId"),
      optional<&S::group_name>("groupName"),
      optional<&S::network_border_group>("networkBorderGroup"),
      optional<&S::type>("zoneType"),
      optional<&S::state>("zoneState"),
  };
  return {"AvailabilityZone", members};
}

Shape DescribeAvailabilityZones::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::zone_names>("ZoneNames").query("ZoneName"),
      optional<&S::zone_ids>("ZoneIds").query("ZoneId"),
      optional<&S::all_zones>("AllAvailabilityZones"),
      optional<&S::dry_run>("DryRun"),
      optional<&S::filters>("Filters").query("Filter"),
  };
  return {"DescribeAvailabilityZonesRequest", members};
}

Shape DescribeAvailabilityZones::Output::shape() {
  using S = Output;
  static constexpr Member members[] = {optional<&S::zones>("availabilityZoneInfo")};
  return {"DescribeAvailabilityZonesResult", members};
}

void RegionsApi::add_to(wire::OperationTable& table) {
  add<DescribeRegions>(table, *this, &RegionsApi::regions);
  add<DescribeAvailabilityZones>(table, *this, &RegionsApi::zones);
}

Result<DescribeRegions::Output> RegionsApi::regions(const wire::Request& request,
                                                    const DescribeRegions::Input& in) {
  std::set<std::string> names(std::begin(kRegions), std::end(kRegions));
  names.insert(request.scope.region);
  for (const std::string& name : in.region_names) {
    if (names.contains(name)) continue;
    return Error{ErrorKind::invalid, "InvalidParameterValue",
                 "Invalid region names provided: " + name};
  }
  DescribeRegions::Output out;
  for (const std::string& name : names) {
    if (!is_asked(in.region_names, name)) continue;
    Region region;
    region.endpoint = "ec2." + name + ".amazonaws.com";
    region.name = name;
    const NamedValue values[] = {{"endpoint", region.endpoint},
                                 {"opt-in-status", region.opt_in_status},
                                 {"region-name", region.name}};
    WEIR_TRY(const bool passed, passes_all(in.filters, values));
    if (passed) out.regions.push_back(std::move(region));
  }
  return out;
}

Result<DescribeAvailabilityZones::Output> RegionsApi::zones(
    const wire::Request& request, const DescribeAvailabilityZones::Input& in) {
  WEIR_TRY(const auto state, network_.state(request.scope));
  DescribeAvailabilityZones::Output all;
  for (const auto& [id, subnet] : state->subnets) {
    if (!subnet.default_for_az) continue;
    AvailabilityZone zone;
    zone.region = request.scope.region;
    zone.name = subnet.availability_zone;
    zone.id = subnet.availability_zone_id;
    zone.group_name = zone.region + "-zg-1";
    zone.network_border_group = zone.region;
    all.zones.push_back(std::move(zone));
  }
  std::sort(all.zones.begin(), all.zones.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });

  const auto is_known = [&](const std::string& asked, std::string AvailabilityZone::*member) {
    return std::any_of(all.zones.begin(), all.zones.end(),
                       [&](const auto& zone) { return zone.*member == asked; });
  };
  for (const std::string& name : in.zone_names) {
    if (!is_known(name, &AvailabilityZone::name)) return no_zone(name);
  }
  for (const std::string& id : in.zone_ids) {
    if (!is_known(id, &AvailabilityZone::id)) return no_zone(id);
  }

  DescribeAvailabilityZones::Output out;
  for (AvailabilityZone& zone : all.zones) {
    const NamedValue values[] = {
        {"group-name", zone.group_name},
        {"opt-in-status", zone.opt_in_status},
        {"region-name", zone.region},
        {"state", zone.state},
        {"zone-id", zone.id},
        {"zone-name", zone.name},
        {"zone-type", zone.type},
    };
    WEIR_TRY(const bool passed, passes_all(in.filters, values));
    if (passed && is_asked(in.zone_names, zone.name) && is_asked(in.zone_ids, zone.id)) {
      out.zones.push_back(std::move(zone));
    }
  }
  return out;
}

}  // namespace weir::api::ec2
