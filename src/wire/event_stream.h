// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace weir::wire {

/// One message of an AWS event stream (`application/vnd.amazon.eventstream`; Amazon Transcribe
/// Developer Guide, "Event stream encoding", and the Smithy specification of it).
struct EventMessage {
  std::vector<std::pair<std::string, std::string>> headers = {};  // those with text values
  std::string payload = {};

  /// "" if there is none.
  std::string_view header(std::string_view name) const;
};

/// The bytes of a message: prelude and message with their CRC-32.
std::string encode(const EventMessage& message);
/// `:message-type: event` with that type and a JSON 1.1 payload.
EventMessage event_message(std::string_view event_type, std::string json);
/// `:message-type: exception` with that type and `{"message":...}` as payload.
EventMessage exception_message(std::string_view exception_type, std::string_view text);

/// Takes messages out of a stream of bytes that arrives in pieces.
///
/// Memory: one message, at most kMessageBytesMax.
class EventStreamDecoder {
 public:
  static constexpr std::size_t kMessageBytesMax = 24u << 20;  // as botocore
  static constexpr std::size_t kHeadersBytesMax = 128u << 10;

  void feed(std::string_view bytes) { buffer_.append(bytes); }
  /// The next message if all of it has arrived. Headers whose values are no text are left out.
  /// Error: the bytes are no event stream (lengths, checksums, headers); it stays.
  Result<std::optional<EventMessage>> next();

 private:
  std::string buffer_;
  std::size_t offset_ = 0;  // of what was not taken yet
};

}  // namespace weir::wire
