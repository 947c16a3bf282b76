// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/runtime.h"
#include "base/shape.h"

namespace weir::notify {

enum class MessageKind : std::uint8_t {
  notification,
  subscription_confirmation,
  unsubscribe_confirmation,
};
/// `Notification`, `SubscriptionConfirmation`, `UnsubscribeConfirmation`.
std::string_view type_name(MessageKind kind);

/// `type` is String, String.Array, Number, Binary or one of these with a suffix (`Number.money`).
/// `value` holds the text, or the bytes themselves for Binary.
struct MessageAttribute {
  std::string type;
  Bytes value;

  bool is_binary() const { return type.starts_with("Binary"); }
  bool operator==(const MessageAttribute&) const = default;
  static Shape shape() {
    using S = MessageAttribute;
    static constexpr Member members[] = {
        required<&S::type>("type"),
        required<&S::value>("value"),
    };
    return {"MessageAttribute", members};
  }
};
using MessageAttributes = std::map<std::string, MessageAttribute>;

/// The attribute that a caller named, typed and filled; AWS's checks of name, type and field.
/// Error: ParameterValueInvalid with AWS's text.
Result<MessageAttribute> make_attribute(const std::string& name, const std::string& type,
                                        const std::optional<std::string>& string_value,
                                        const std::optional<std::string>& binary_value);

/// What a caller publishes.
struct Publication {
  std::string message;
  std::optional<std::string> subject = {};
  bool is_structured = false;  // MessageStructure=json: a text per protocol
  MessageAttributes attributes = {};
  std::string group_id = {};          // needed in a FIFO topic
  std::string deduplication_id = {};  // FIFO topics
  /// If not empty: what protocol email gets instead of `message`; alarms have a letter of their
  /// own. Not part of the AWS API.
  std::string email_text = {};
  /// If not empty: publishing the same key to the same topic again within kOnceLife answers the
  /// first message id and delivers nothing. For stages that hand over from an outbox (alarm
  /// transitions). Not part of the AWS API.
  std::string once_key = {};
};

inline constexpr Duration kOnceLife = std::chrono::hours(24);
inline constexpr std::size_t kMessageBytesMax = 262'144;
inline constexpr std::size_t kSubjectCharactersMax = 100;
inline constexpr std::size_t kAttributeNameBytesMax = 256;

/// Message text, attribute names, types and values: what counts against kMessageBytesMax.
std::size_t publication_bytes(const Publication& publication);

/// AWS's rules for a publication (Publish and each entry of PublishBatch), with AWS's texts.
Result<void> check_publication(const Publication& publication);

/// The text of `message` for `protocol` ("default" for none): its own entry if the message is
/// structured and has one, else the entry `default`.
std::string message_for_protocol(const std::string& message, bool is_structured,
                                 std::string_view protocol);

/// `InvalidParameter`, HTTP 400: the error of SNS for nearly everything.
Error invalid_parameter(std::string_view what);

}  // namespace weir::notify
