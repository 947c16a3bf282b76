// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"
#include "logs/field_selection.h"
#include "logs/filter_pattern.h"

namespace weir::logs {

/// A subscription filter as it is kept and shown (API type SubscriptionFilter).
struct SubscriptionFilter {
  std::string filter_name;
  std::string log_group_name;
  std::string filter_pattern;
  std::string destination_arn;
  std::optional<std::string> role_arn;
  std::string distribution = "ByLogStream";  // or Random
  bool apply_on_transformed_logs = false;
  std::int64_t creation_time_ms = 0;
  std::optional<std::string> field_selection_criteria;
  std::optional<std::vector<std::string>> emit_system_fields;

  static Shape shape();
};

/// A filter ready for use.
struct CompiledSubscription {
  Scope scope;
  SubscriptionFilter filter;
  FilterPattern pattern;
  FieldSelection selection;

  /// Errors: InvalidParameterException for pattern, criteria, system fields.
  static Result<CompiledSubscription> compile(const Scope& scope, SubscriptionFilter filter);
  /// Whether its group's events are wanted at all.
  bool takes_group() const { return selection.takes(scope, filter.log_group_name); }
  bool emits(std::string_view system_field) const;
};

/// Carries the payloads of subscriptions to targets of one AWS service.
///
/// Threads: any.
class SubscriptionTransport {
 public:
  struct Parcel {
    std::string id;          // the same at every attempt in one run of the daemon
    std::string target_arn;  // not that of a logs destination but what is behind it
    std::string data;        // gzip
    Time created;
  };
  /// Called exactly once, unless the transport is destroyed before, from any thread.
  using Done = std::function<void(Result<void>)>;
  virtual ~SubscriptionTransport() = default;

  /// Must not block. Success: the target has taken the payload. Errors of the kinds invalid,
  /// forbidden and too_large are final; limit means that the target wants less at a time; all
  /// others may pass.
  virtual void send(Parcel parcel, Done done) = 0;
};

}  // namespace weir::logs
