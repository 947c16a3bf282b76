// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/document.h"
#include "base/result.h"
#include "base/runtime.h"

namespace weir::notify {

enum class Backoff : std::uint8_t { linear, arithmetic, geometric, exponential };

/// When a failed delivery is tried again (SNS Developer Guide, "Amazon SNS message delivery
/// retries"): immediate retries, then some at the minimum delay, then a backoff from minimum to
/// maximum, then some at the maximum. Policies of all protocols differ only in these numbers.
struct RetryPolicy {
  int min_delay_s = 20;
  int max_delay_s = 20;
  int retries = 3;  // all phases together
  int no_delay_retries = 0;
  int min_delay_retries = 0;
  int max_delay_retries = 0;
  Backoff backoff = Backoff::linear;

  /// The wait before retry number `retry` (1 is the first), without jitter; nothing when all
  /// retries are used.
  std::optional<Duration> delay_before(int retry) const;

  /// What AWS fixes for protocols other than http and https: queues and functions about 100,000
  /// tries in 23 days, mail 50 tries in 6 hours.
  static RetryPolicy for_protocol(std::string_view protocol);
  bool operator==(const RetryPolicy&) const = default;
};

/// The delivery policy of a topic or of a subscription, as far as the user set it.
struct DeliveryPolicy {
  std::optional<RetryPolicy> retry;
  std::optional<int> receives_per_second;
  std::optional<std::string> content_type;
  bool disable_subscription_overrides = false;  // topic only

  /// `{"http":{"defaultHealthyRetryPolicy":{...}, ...}}`, the attribute of a topic.
  /// Errors of both: InvalidParameter, naming the field.
  static Result<DeliveryPolicy> parse_topic(std::string_view json);
  /// `{"healthyRetryPolicy":{...}, ...}`, the attribute of a subscription.
  static Result<DeliveryPolicy> parse_subscription(std::string_view json);

  /// This policy of a subscription over that of its topic.
  DeliveryPolicy over(const DeliveryPolicy& topic) const;
  /// Attribute EffectiveDeliveryPolicy in its two forms.
  std::string effective_topic_json() const;
  std::string effective_subscription_json() const;
};

inline constexpr std::string_view kDefaultContentType = "text/plain; charset=UTF-8";

}  // namespace weir::notify
