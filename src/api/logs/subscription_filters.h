// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/logs/common.h"
#include "base/shape.h"
#include "logs/subscription_filter.h"
#include "logs/subscriptions.h"
#include "wire/operation.h"

namespace weir::api::logs {

inline constexpr std::string_view kDistributions[] = {"Random", "ByLogStream"};

/// Creates or replaces a subscription filter of a log group.
struct PutSubscriptionFilter {
  static constexpr std::string_view name = "PutSubscriptionFilter";
  struct Input {
    std::string log_group_name;
    std::string filter_name;
    std::string filter_pattern;
    std::string destination_arn;
    std::optional<std::string> role_arn;
    std::optional<std::string> distribution;
    bool apply_on_transformed_logs = false;
    std::optional<std::string> field_selection_criteria;
    std::optional<std::vector<std::string>> emit_system_fields;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          required<&S::filter_name>("filterName", kNameLength, kStreamPattern),
          required<&S::filter_pattern>("filterPattern", kFilterPatternLength),
          required<&S::destination_arn>("destinationArn", length(1, kUnbounded)),
          optional<&S::role_arn>("roleArn", length(1, kUnbounded)),
          optional<&S::distribution>("distribution", one_of(kDistributions)),
          optional<&S::apply_on_transformed_logs>("applyOnTransformedLogs"),
          optional<&S::field_selection_criteria>("fieldSelectionCriteria", length(0, 2000)),
          optional<&S::emit_system_fields>("emitSystemFields"),
      };
      return {"PutSubscriptionFilterRequest", members};
    }
  };
  using Output = Empty;
};

/// Lists the subscription filters of a log group in order of name.
struct DescribeSubscriptionFilters {
  static constexpr std::string_view name = "DescribeSubscriptionFilters";
  struct Input {
    std::string log_group_name;
    std::optional<std::string> filter_name_prefix;
    std::optional<std::string> next_token;
    std::optional<int> limit;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          optional<&S::filter_name_prefix>("filterNamePrefix", kNameLength, kStreamPattern),
          optional<&S::next_token>("nextToken", kTokenLength),
          optional<&S::limit>("limit", kListLimit),
      };
      return {"DescribeSubscriptionFiltersRequest", members};
    }
  };
  struct Output {
    std::vector<weir::logs::SubscriptionFilter> subscription_filters;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::subscription_filters>("subscriptionFilters"),
          optional<&S::next_token>("nextToken"),
      };
      return {"DescribeSubscriptionFiltersResponse", members};
    }
  };
};

/// Deletes a subscription filter.
struct DeleteSubscriptionFilter {
  static constexpr std::string_view name = "DeleteSubscriptionFilter";
  struct Input {
    std::string log_group_name;
    std::string filter_name;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          required<&S::filter_name>("filterName", kNameLength, kStreamPattern),
      };
      return {"DeleteSubscriptionFilterRequest", members};
    }
  };
  using Output = Empty;
};

/// The AWS face of subscription filters.
class SubscriptionFiltersApi {
 public:
  explicit SubscriptionFiltersApi(weir::logs::Subscriptions& subscriptions)
      : subscriptions_(subscriptions) {}
  /// This must outlive the table.
  void add_to(wire::OperationTable& table);

 private:
  using Request = wire::Request;
  Result<Empty> put(const Request&, const PutSubscriptionFilter::Input&);
  Result<DescribeSubscriptionFilters::Output> describe(const Request&,
                                                       const DescribeSubscriptionFilters::Input&);
  Result<Empty> remove(const Request&, const DeleteSubscriptionFilter::Input&);

  weir::logs::Subscriptions& subscriptions_;
};

}  // namespace weir::api::logs
