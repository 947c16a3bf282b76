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
#include "api/logs/delivery_destinations.h"
#include "logs/vended_deliveries.h"
#include "wire/operation.h"

namespace weir::api::logs {

inline constexpr Constraint kDeliveryIdLength = length(1, 64);
inline constexpr Constraint kDeliveryIdPattern = pattern("^[0-9A-Za-z]+$");
inline constexpr Constraint kRecordFields = items(0, 128);
inline constexpr Constraint kFieldDelimiter = length(0, 5);

/// A delivery as it is shown.
struct Delivery {
  std::string id;
  std::string arn;
  std::string source_name;
  std::string destination_arn;
  std::string destination_type;
  std::optional<std::vector<std::string>> record_fields;
  std::optional<std::string> field_delimiter;
  std::optional<weir::logs::S3DeliveryConfiguration> s3_configuration;
  std::optional<std::map<std::string, std::string>> tags;
  static Shape shape() {
    using S = Delivery;
    static constexpr Member members[] = {
        required<&S::id>("id"),
        required<&S::arn>("arn"),
        required<&S::source_name>("deliverySourceName"),
        required<&S::destination_arn>("deliveryDestinationArn"),
        required<&S::destination_type>("deliveryDestinationType"),
        optional<&S::record_fields>("recordFields"),
        optional<&S::field_delimiter>("fieldDelimiter"),
        optional<&S::s3_configuration>("s3DeliveryConfiguration"),
        optional<&S::tags>("tags"),
    };
    return {"Delivery", members};
  }
};

/// Connects a delivery source with a delivery destination.
struct CreateDelivery {
  static constexpr std::string_view name = "CreateDelivery";
  static constexpr std::string_view validation_code = kDeliveryValidation;
  static constexpr std::string_view partial = kKeptOnly;
  struct Input {
    std::string source_name;
    std::string destination_arn;
    std::optional<std::vector<std::string>> record_fields;
    std::optional<std::string> field_delimiter;
    std::optional<weir::logs::S3DeliveryConfiguration> s3_configuration;
    std::optional<std::map<std::string, std::string>> tags;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::source_name>("deliverySourceName", kDeliveryNameLength,
                                    kDeliveryNamePattern),
          required<&S::destination_arn>("deliveryDestinationArn"),
          optional<&S::record_fields>("recordFields", kRecordFields),
          optional<&S::field_delimiter>("fieldDelimiter", kFieldDelimiter),
          optional<&S::s3_configuration>("s3DeliveryConfiguration"),
          optional<&S::tags>("tags", items(1, 50)),
      };
      return {"CreateDeliveryRequest", members};
    }
  };
  struct Output {
    Delivery delivery;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::delivery>("delivery"),
      };
      return {"CreateDeliveryResponse", members};
    }
  };
};

/// Shows a delivery.
struct GetDelivery {
  static constexpr std::string_view name = "GetDelivery";
  static constexpr std::string_view validation_code = kDeliveryValidation;
  static constexpr std::string_view partial = kKeptOnly;
  struct Input {
    std::string id;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::id>("id", kDeliveryIdLength, kDeliveryIdPattern),
      };
      return {"GetDeliveryRequest", members};
    }
  };
  struct Output {
    Delivery delivery;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::delivery>("delivery"),
      };
      return {"GetDeliveryResponse", members};
    }
  };
};

/// Lists deliveries in the order of their ids.
struct DescribeDeliveries {
  static constexpr std::string_view name = "DescribeDeliveries";
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
      return {"DescribeDeliveriesRequest", members};
    }
  };
  struct Output {
    std::vector<Delivery> deliveries;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::deliveries>("deliveries"),
          optional<&S::next_token>("nextToken"),
      };
      return {"DescribeDeliveriesResponse", members};
    }
  };
};

/// Deletes a delivery; its source and destination stay.
struct DeleteDelivery {
  static constexpr std::string_view name = "DeleteDelivery";
  static constexpr std::string_view validation_code = kDeliveryValidation;
  static constexpr std::string_view partial = kKeptOnly;
  using Input = GetDelivery::Input;
  using Output = Empty;
};

/// Changes what a delivery writes.
struct UpdateDeliveryConfiguration {
  static constexpr std::string_view name = "UpdateDeliveryConfiguration";
  static constexpr std::string_view validation_code = kDeliveryValidation;
  static constexpr std::string_view partial = kKeptOnly;
  struct Input {
    std::string id;
    std::optional<std::vector<std::string>> record_fields;
    std::optional<std::string> field_delimiter;
    std::optional<weir::logs::S3DeliveryConfiguration> s3_configuration;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::id>("id", kDeliveryIdLength, kDeliveryIdPattern),
          optional<&S::record_fields>("recordFields", kRecordFields),
          optional<&S::field_delimiter>("fieldDelimiter", kFieldDelimiter),
          optional<&S::s3_configuration>("s3DeliveryConfiguration"),
      };
      return {"UpdateDeliveryConfigurationRequest", members};
    }
  };
  using Output = Empty;
};

/// The AWS face of logs::VendedDeliveries.
class DeliveriesApi {
 public:
  explicit DeliveriesApi(weir::logs::VendedDeliveries& deliveries) : deliveries_(deliveries) {}
  /// This must outlive the table.
  void add_to(wire::OperationTable& table);

 private:
  using Request = wire::Request;
  // delivery_sources.cc
  Result<PutDeliverySource::Output> put_source(const Request&, const PutDeliverySource::Input&);
  Result<GetDeliverySource::Output> get_source(const Request&, const GetDeliverySource::Input&);
  Result<DescribeDeliverySources::Output> describe_sources(const Request&,
                                                           const DescribeDeliverySources::Input&);
  Result<Empty> delete_source(const Request&, const DeleteDeliverySource::Input&);
  // delivery_destinations.cc
  Result<PutDeliveryDestination::Output> put_destination(const Request&,
                                                         const PutDeliveryDestination::Input&);
  Result<GetDeliveryDestination::Output> get_destination(const Request&,
                                                         const GetDeliveryDestination::Input&);
  Result<DescribeDeliveryDestinations::Output> describe_destinations(
      const Request&, const DescribeDeliveryDestinations::Input&);
  Result<Empty> delete_destination(const Request&, const DeleteDeliveryDestination::Input&);
  Result<PutDeliveryDestinationPolicy::Output> put_policy(
      const Request&, const PutDeliveryDestinationPolicy::Input&);
  Result<GetDeliveryDestinationPolicy::Output> get_policy(
      const Request&, const GetDeliveryDestinationPolicy::Input&);
  Result<Empty> delete_policy(const Request&, const DeleteDeliveryDestinationPolicy::Input&);
  // deliveries.cc
  Result<CreateDelivery::Output> create(const Request&, const CreateDelivery::Input&);
  Result<GetDelivery::Output> get(const Request&, const GetDelivery::Input&);
  Result<DescribeDeliveries::Output> describe(const Request&, const DescribeDeliveries::Input&);
  Result<Empty> remove(const Request&, const DeleteDelivery::Input&);
  Result<Empty> update(const Request&, const UpdateDeliveryConfiguration::Input&);

  weir::logs::VendedDeliveries& deliveries_;
};

/// `arn:aws:logs:<region>:<account>:<kind>:<name>`.
std::string delivery_arn(const Scope& scope, std::string_view kind, std::string_view name);
/// page_start() with the code of these operations.
Result<std::string> delivery_page_start(const std::optional<std::string>& token);
/// check_tags() with the code of these operations; none given: none.
Result<weir::logs::Tags> delivery_tags(const std::optional<weir::logs::Tags>& tags);

}  // namespace weir::api::logs
