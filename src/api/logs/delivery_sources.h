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

namespace weir::api::logs {

inline constexpr Constraint kDeliveryNameLength = length(1, 60);
inline constexpr Constraint kDeliveryNamePattern = pattern("[\\w-]*");
/// The newer operations have another code for members that break a rule.
inline constexpr std::string_view kDeliveryValidation = "ValidationException";
inline constexpr std::string_view kKeptOnly =
    "kept and shown; no service here is a source, so nothing is delivered";

/// A delivery source as it is shown.
struct DeliverySource {
  std::string name;
  std::string arn;
  std::vector<std::string> resource_arns;
  std::string service;
  std::string log_type;
  std::optional<std::map<std::string, std::string>> tags;
  std::optional<std::map<std::string, std::string>> configuration;
  static Shape shape() {
    using S = DeliverySource;
    static constexpr Member members[] = {
        required<&S::name>("name"),
        required<&S::arn>("arn"),
        required<&S::resource_arns>("resourceArns"),
        required<&S::service>("service"),
        required<&S::log_type>("logType"),
        optional<&S::tags>("tags"),
        optional<&S::configuration>("deliverySourceConfiguration"),
    };
    return {"DeliverySource", members};
  }
};

/// Creates or replaces a delivery source: a resource that sends logs.
struct PutDeliverySource {
  static constexpr std::string_view name = "PutDeliverySource";
  static constexpr std::string_view validation_code = kDeliveryValidation;
  static constexpr std::string_view partial = kKeptOnly;
  struct Input {
    std::string source_name;
    std::string resource_arn;
    std::string log_type;
    std::optional<std::map<std::string, std::string>> tags;
    std::optional<std::map<std::string, std::string>> configuration;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::source_name>("name", kDeliveryNameLength, kDeliveryNamePattern),
          required<&S::resource_arn>("resourceArn"),
          required<&S::log_type>("logType", length(1, 255), pattern("[\\w]*")),
          optional<&S::tags>("tags", items(1, 50)),
          optional<&S::configuration>("deliverySourceConfiguration"),
      };
      return {"PutDeliverySourceRequest", members};
    }
  };
  struct Output {
    DeliverySource delivery_source;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::delivery_source>("deliverySource"),
      };
      return {"PutDeliverySourceResponse", members};
    }
  };
};

/// Shows a delivery source.
struct GetDeliverySource {
  static constexpr std::string_view name = "GetDeliverySource";
  static constexpr std::string_view validation_code = kDeliveryValidation;
  static constexpr std::string_view partial = kKeptOnly;
  struct Input {
    std::string source_name;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::source_name>("name", kDeliveryNameLength, kDeliveryNamePattern),
      };
      return {"GetDeliverySourceRequest", members};
    }
  };
  struct Output {
    DeliverySource delivery_source;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::delivery_source>("deliverySource"),
      };
      return {"GetDeliverySourceResponse", members};
    }
  };
};

/// Lists delivery sources in the order of names.
struct DescribeDeliverySources {
  static constexpr std::string_view name = "DescribeDeliverySources";
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
      return {"DescribeDeliverySourcesRequest", members};
    }
  };
  struct Output {
    std::vector<DeliverySource> delivery_sources;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::delivery_sources>("deliverySources"),
          optional<&S::next_token>("nextToken"),
      };
      return {"DescribeDeliverySourcesResponse", members};
    }
  };
};

/// Deletes a delivery source that no delivery uses.
struct DeleteDeliverySource {
  static constexpr std::string_view name = "DeleteDeliverySource";
  static constexpr std::string_view validation_code = kDeliveryValidation;
  static constexpr std::string_view partial = kKeptOnly;
  using Input = GetDeliverySource::Input;
  using Output = Empty;
};

}  // namespace weir::api::logs
