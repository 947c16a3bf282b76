// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "logs/event_id.h"
#include "logs/subscription_filter.h"

namespace weir::logs {

/// The JSON document that a subscription sends: events of one stream (User Guide, "Real-time
/// processing of log data with subscriptions"; `extractedFields` as recorded answers have it).
class SubscriptionPayload {
 public:
  static constexpr std::size_t kMessageBytesMax = 1'048'576;  // of all events, before compression
  static constexpr std::size_t kEventsMax = 10'000;

  /// `message_bytes_max`: what the target is known to take, at most kMessageBytesMax.
  SubscriptionPayload(const CompiledSubscription& subscription, std::string_view log_stream_name,
                      std::size_t message_bytes_max = kMessageBytesMax);

  /// Whether another message of that size belongs into it; the first always does.
  bool has_room(std::size_t message_bytes) const;
  /// The fields of `subject`, whose message is that of the event, are extracted here.
  void add(const EventId& id, Subject& subject);

  std::size_t events() const { return events_; }
  std::size_t message_bytes() const { return message_bytes_; }
  /// Compressed. Add nothing afterwards.
  std::string finish();

 private:
  void add_fields(Subject& subject);

  const CompiledSubscription& subscription_;
  const std::size_t message_bytes_max_;
  std::string system_fields_;  // JSON members
  std::string text_;
  std::size_t events_ = 0;
  std::size_t message_bytes_ = 0;
};

/// The payloads of the first and of the second half of a payload's events; nothing if it has one
/// event only. Error: it is none of finish().
Result<std::optional<std::pair<std::string, std::string>>> halves_of(std::string_view payload);

/// The compressed test message that a new filter's target gets (details unverified).
std::string control_payload(Time now);

}  // namespace weir::logs
