// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/logs/common.h"
#include "base/shape.h"
#include "logs/destinations.h"
#include "logs/subscriptions.h"
#include "wire/operation.h"

namespace weir::api::logs {

/// A destination as it is shown.
struct Destination {
  std::string destination_name;
  std::string target_arn;
  std::string role_arn;
  std::optional<std::string> access_policy;
  std::string arn;
  std::int64_t creation_time = 0;
  static Shape shape() {
    using S = Destination;
    static constexpr Member members[] = {
        required<&S::destination_name>("destinationName"),
        required<&S::target_arn>("targetArn"),
        required<&S::role_arn>("roleArn"),
        optional<&S::access_policy>("accessPolicy"),
        required<&S::arn>("arn"),
        required<&S::creation_time>("creationTime"),
    };
    return {"Destination", members};
  }
};

/// Creates or replaces a destination.
struct PutDestination {
  static constexpr std::string_view name = "PutDestination";
  struct Input {
    std::string destination_name;
    std::string target_arn;
    std::string role_arn;
    std::optional<std::map<std::string, std::string>> tags;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::destination_name>("destinationName", kNameLength, kStreamPattern),
          required<&S::target_arn>("targetArn", length(1, kUnbounded)),
          required<&S::role_arn>("roleArn", length(1, kUnbounded)),
          optional<&S::tags>("tags", items(1, 50)),
      };
      return {"PutDestinationRequest", members};
    }
  };
  struct Output {
    Destination destination;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::destination>("destination"),
      };
      return {"PutDestinationResponse", members};
    }
  };
};

/// Sets who may subscribe to a destination.
struct PutDestinationPolicy {
  static constexpr std::string_view name = "PutDestinationPolicy";
  struct Input {
    std::string destination_name;
    std::string access_policy;
    bool force_update = false;  // AWS checks existing filters without it; here they stay
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::destination_name>("destinationName", kNameLength, kStreamPattern),
          required<&S::access_policy>("accessPolicy", length(1, 5120)),
          optional<&S::force_update>("forceUpdate"),
      };
      return {"PutDestinationPolicyRequest", members};
    }
  };
  using Output = Empty;
};

/// Lists destinations in order of name.
struct DescribeDestinations {
  static constexpr std::string_view name = "DescribeDestinations";
  struct Input {
    std::optional<std::string> destination_name_prefix;
    std::optional<std::string> next_token;
    std::optional<int> limit;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::destination_name_prefix>("DestinationNamePrefix", kNameLength,
                                                kStreamPattern),  // AWS's capital D
          optional<&S::next_token>("nextToken", kTokenLength),
          optional<&S::limit>("limit", kListLimit),
      };
      return {"DescribeDestinationsRequest", members};
    }
  };
  struct Output {
    std::vector<Destination> destinations;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::destinations>("destinations"),
          optional<&S::next_token>("nextToken"),
      };
      return {"DescribeDestinationsResponse", members};
    }
  };
};

/// Deletes a destination; filters that use it deliver nothing more.
struct DeleteDestination {
  static constexpr std::string_view name = "DeleteDestination";
  struct Input {
    std::string destination_name;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::destination_name>("destinationName", kNameLength, kStreamPattern),
      };
      return {"DeleteDestinationRequest", members};
    }
  };
  using Output = Empty;
};

/// The AWS face of destinations.
class DestinationsApi {
 public:
  DestinationsApi(weir::logs::Subscriptions& subscriptions, weir::logs::Destinations& destinations)
      : subscriptions_(subscriptions), destinations_(destinations) {}
  /// This must outlive the table.
  void add_to(wire::OperationTable& table);

 private:
  using Request = wire::Request;
  Result<PutDestination::Output> put(const Request&, const PutDestination::Input&);
  Result<Empty> put_policy(const Request&, const PutDestinationPolicy::Input&);
  Result<DescribeDestinations::Output> describe(const Request&, const DescribeDestinations::Input&);
  Result<Empty> remove(const Request&, const DeleteDestination::Input&);

  weir::logs::Subscriptions& subscriptions_;
  weir::logs::Destinations& destinations_;
};

}  // namespace weir::api::logs
