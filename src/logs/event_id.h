// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/runtime.h"

namespace weir::logs {

/// The identity of one log event and its place in the order of FilterLogEvents: timestamp, then
/// ingestion time, then request, then place in the request. As text it is what AWS publishes: the
/// decimal number `(timestamp << 144) | (ingestion << 80) | (batch << 16) | index`, 56 digits
/// (derived from published ids), so ids also sort as text.
struct EventId {
  Time timestamp;
  Time ingestion;
  std::uint64_t batch = 0;
  std::uint16_t index = 0;

  auto operator<=>(const EventId&) const = default;

  std::string text() const;
  static std::optional<EventId> parse(std::string_view text);

  /// The next greater and next smaller id; both stay where they are at the very end of the range.
  EventId successor() const;
  EventId predecessor() const;
  /// Smaller than every id of that timestamp (brought into the range of ids, 1970 to 2109).
  static EventId first_of(Time timestamp);
  static EventId greatest();
};

}  // namespace weir::logs
