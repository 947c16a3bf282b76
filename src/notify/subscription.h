// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"
#include "notify/filter_policy.h"
#include "notify/retry_policy.h"
#include "notify/topic.h"

namespace weir::notify {

/// A subscription as it is stored. What is made from `attributes` is worked out by compile().
struct Subscription {
  std::string arn;  // topic ARN, a colon, a UUID
  std::string topic_arn;
  std::string owner;
  std::string protocol;
  std::string endpoint;
  std::string status = "pending";  // pending, confirmed, deleted (by link; may be restored)
  Attributes attributes;
  std::string token;  // confirms (pending) or restores (deleted)
  Time token_expires;
  bool was_authenticated = false;
  bool authenticate_on_unsubscribe = false;
  static Shape shape();

  std::optional<FilterPolicy> filter;
  DeliveryPolicy delivery_policy;

  bool is_pending() const { return status == "pending"; }
  bool is_confirmed() const { return status == "confirmed"; }
  bool is_deleted() const { return status == "deleted"; }
  bool is_raw() const;
  /// The ARN in RedrivePolicy, or "".
  std::string dead_letter_queue() const;
  /// Whether compile() yields a filter.
  bool has_filter() const { return filter.has_value(); }

  /// Sets an attribute by AWS's rules and compiles. Errors: the texts of SetSubscriptionAttributes
  /// without the prefix `Invalid parameter: `; nothing is changed then.
  Result<void> set(const std::string& name, const std::string& value);
  /// To be called after reading from the store.
  Result<void> compile();
  /// What GetSubscriptionAttributes shows.
  Attributes shown(const DeliveryPolicy& of_topic) const;
};

/// AWS's rules for protocol and endpoint. Errors: InvalidParameter.
Result<void> check_endpoint(const std::string& protocol, const std::string& endpoint,
                            bool is_fifo_topic);
/// `name` of `arn:aws:lambda:<region>:<account>:function:<name>`, or "".
std::string function_name(const std::string& lambda_arn);

}  // namespace weir::notify
