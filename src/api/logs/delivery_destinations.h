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
#include "api/logs/delivery_sources.h"

namespace weir::api::logs {

inline constexpr std::string_view kDeliveryTypes[] = {"S3", "CWL", "FH", "XRAY"};
inline constexpr std::string_view kOutputFormats[] = {"json", "plain", "w3c", "raw", "parquet"};

/// The resource that takes the logs.
struct DeliveryDestinationConfiguration {
  std::string destination_resource_arn;
  static Shape shape() {
    using S = DeliveryDestinationConfiguration;
    static constexpr Member members[] = {
        required<&S::destination_resource_arn>("destinationResourceArn"),
    };
    return {"DeliveryDestinationConfiguration", members};
  }
};

/// A delivery destination as it is shown.
struct DeliveryDestination {
  std::string name;
  std::string arn;
  std::string type;
  std::optional<std::string> output_format;
  std::optional<DeliveryDestinationConfiguration> configuration;
  std::optional<std::map<std::string, std::string>> tags;
  static Shape shape() {
    using S = DeliveryDestination;
    static constexpr Member members[] = {
        required<&S::name>("name"),
        required<&S::arn>("arn"),
        required<&S::type>("deliveryDestinationType"),
        optional<&S::output_format>("outputFormat"),
        optional<&S::configuration>("deliveryDestinationConfiguration"),
        optional<&S::tags>("tags"),
    };
    return {"DeliveryDestination", members};
  }
};

/// Who may use a destination; kept, not evaluated.
struct DeliveryDestinationPolicy {
  std::optional<std::string> policy;
  static Shape shape() {
    using S = DeliveryDestinationPolicy;
    static constexpr Member members[] = {
        optional<&S::policy>("deliveryDestinationPolicy"),
    };
    return {"Policy", members};
  }
};

/// Creates or replaces a delivery destination.
struct PutDeliveryDestination {
  static constexpr std::string_view name = "PutDeliveryDestination";
  static constexpr std::string_view validation_code = kDeliveryValidation;
  static constexpr std::string_view partial = kKeptOnly;
  struct Input {
    std::string destination_name;
    std::optional<std::string> output_format;
    std::optional<DeliveryDestinationConfiguration> configuration;
    std::optional<std::string> type;
    std::optional<std::map<std::string, std::string>> tags;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::destination_name>("name", kDeliveryNameLength, kDeliveryNamePattern),
          optional<&S::output_format>("outputFormat", one_of(kOutputFormats)),
          optional<&S::configuration>("deliveryDestinationConfiguration"),
          optional<&S::type>("deliveryDestinationType", one_of(kDeliveryTypes)),
          optional<&S::tags>("tags", items(1, 50)),
      };
      return {"PutDeliveryDestinationRequest", members};
    }
  };
  struct Output {
    DeliveryDestination delivery_destination;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::delivery_destination>("deliveryDestination"),
      };
      return {"PutDeliveryDestinationResponse", members};
    }
  };
};

/// Shows a delivery destination.
struct GetDeliveryDestination {
  static constexpr std::string_view name = "GetDeliveryDestination";
  static constexpr std::string_view validation_code = kDeliveryValidation;
  static constexpr std::string_view partial = kKeptOnly;
  struct Input {
    std::string destination_name;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::destination_name>("name", kDeliveryNameLength, kDeliveryNamePattern),
      };
      return {"GetDeliveryDestinationRequest", members};
    }
  };
  struct Output {
    DeliveryDestination delivery_destination;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::delivery_destination>("deliveryDestination"),
      };
      return {"GetDeliveryDestinationResponse", members};
    }
  };
};

/// Lists delivery destinations in the order of names.
struct DescribeDeliveryDestinations {
  static constexpr std::string_view name = "DescribeDeliveryDestinations";
  static constexpr std::string_view validation_code = kDeliveryValidation;
  static constexpr std::string_view partial = kKeptOnly;
  struct Input {
    std::optional<std::string> next_token;
    std::optional<int> limit;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::next_token>("nextToken", kTokenLength),
          optional<&S::limit>("limit", kListLimit),
      };
      return {"DescribeDeliveryDestinationsRequest", members};
    }
  };
  struct Output {
    std::vector<DeliveryDestination> delivery_destinations;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::delivery_destinations>("deliveryDestinations"),
          optional<&S::next_token>("nextToken"),
      };
      return {"DescribeDeliveryDestinationsResponse", members};
    }
  };
};

/// Deletes a delivery destination that no delivery uses.
struct DeleteDeliveryDestination {
  static constexpr std::string_view name = "DeleteDeliveryDestination";
  static constexpr std::string_view validation_code = kDeliveryValidation;
  static constexpr std::string_view partial = kKeptOnly;
  using Input = GetDeliveryDestination::Input;
  using Output = Empty;
};

/// Sets the policy of a delivery destination.
struct PutDeliveryDestinationPolicy {
  static constexpr std::string_view name = "PutDeliveryDestinationPolicy";
  static constexpr std::string_view validation_code = kDeliveryValidation;
  static constexpr std::string_view partial = kKeptOnly;
  struct Input {
    std::string destination_name;
    std::string policy;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::destination_name>("deliveryDestinationName", kDeliveryNameLength,
                                         kDeliveryNamePattern),
          required<&S::policy>("deliveryDestinationPolicy", length(1, 51200)),
      };
      return {"PutDeliveryDestinationPolicyRequest", members};
    }
  };
  struct Output {
    DeliveryDestinationPolicy policy;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::policy>("policy"),
      };
      return {"PutDeliveryDestinationPolicyResponse", members};
    }
  };
};

/// Shows the policy of a delivery destination.
struct GetDeliveryDestinationPolicy {
  static constexpr std::string_view name = "GetDeliveryDestinationPolicy";
  static constexpr std::string_view validation_code = kDeliveryValidation;
  static constexpr std::string_view partial = kKeptOnly;
  struct Input {
    std::string destination_name;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::destination_name>("deliveryDestinationName", kDeliveryNameLength,
                                         kDeliveryNamePattern),
      };
      return {"GetDeliveryDestinationPolicyRequest", members};
    }
  };
  struct Output {
    DeliveryDestinationPolicy policy;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::policy>("policy"),
      };
      return {"GetDeliveryDestinationPolicyResponse", members};
    }
  };
};

/// Takes the policy of a delivery destination away.
struct DeleteDeliveryDestinationPolicy {
  static constexpr std::string_view name = "DeleteDeliveryDestinationPolicy";
  static constexpr std::string_view validation_code = kDeliveryValidation;
  static constexpr std::string_view partial = kKeptOnly;
  using Input = GetDeliveryDestinationPolicy::Input;
  using Output = Empty;
};

}  // namespace weir::api::logs
