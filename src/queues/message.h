// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/shape.h"

namespace weir::queues {

/// `type` is String, Number, Binary or one of these with a suffix (`Number.int`). `value` holds the
/// text, or the bytes themselves for Binary.
struct MessageAttribute {
  std::string type;
  Bytes value;

  bool is_binary() const { return type.starts_with("Binary"); }
  bool operator==(const MessageAttribute&) const = default;
  static Shape shape();
};
using MessageAttributes = std::map<std::string, MessageAttribute>;

/// What a caller sends.
struct Sending {
  std::string body;
  MessageAttributes attributes = {};
  std::optional<std::string> trace_header = {};  // system attribute AWSTraceHeader
  std::optional<int> delay_s = {};               // of the queue if unset
  std::string group_id = {};                     // "" is none
  std::string deduplication_id = {};
};

/// What SendMessage answers. Digests are MD5 in hexadecimal, "" where there is nothing to digest.
struct Sent {
  std::string message_id;
  std::string md5_of_body;
  std::string md5_of_attributes;
  std::string md5_of_system_attributes;
  std::string sequence_number;  // FIFO queues
};

/// A message as it is received.
struct Received {
  std::string message_id;
  std::string receipt_handle;
  std::string body;
  MessageAttributes attributes;
  std::map<std::string, std::string> system_attributes;  // SenderId, SentTimestamp ...
};

/// A message as it is stored; its place in the queue is its key.
struct StoredMessage {
  std::string id;
  std::string body;
  MessageAttributes attributes;
  std::optional<std::string> trace_header;
  std::string sender;
  Time sent;
  Time visible_at;  // a delayed one is hidden until then
  std::string group_id;
  std::string deduplication_id;
  std::string dead_letter_source;  // ARN of the queue that it was moved from
  static Shape shape();
};

inline constexpr std::size_t kAttributesMax = 10;
inline constexpr int kDelayMax_s = 900;

/// An attribute that a caller named, typed and filled. Error: InvalidParameterValue with AWS's
/// text.
Result<MessageAttribute> make_attribute(const std::string& name, const std::string& type,
                                        const std::optional<std::string>& string_value,
                                        const std::optional<std::string>& binary_value);

/// Body, attribute names, types and values: what counts against MaximumMessageSize.
std::size_t message_bytes(const Sending& sending);

/// AWS's rules for a message that hold in every queue: body not empty and of characters that XML
/// can carry, at most kAttributesMax attributes.
Result<void> check_sending(const Sending& sending);

/// Hexadecimal.
std::string md5_hex(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);
/// SQS Developer Guide, "Calculating the MD5 message digest for message attributes"; "" if empty.
std::string md5_of_attributes(const MessageAttributes& attributes);

/// `InvalidParameterValue`: `Value <value> for parameter <name> is invalid. Reason: <reason>`.
Error invalid_value(std::string_view value, std::string_view name, std::string_view reason);
Error missing_parameter(std::string_view name);
Error queue_error(std::string code, std::string message);

}  // namespace weir::queues
