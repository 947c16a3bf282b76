// SPDX-License-Identifier: Apache-2.0
#pragma once

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
  unsubscribe_confirmation
};
/// `Notification`, `SubscriptionConfirmation`, `UnsubscribeConfirmation`.
std::string_view type_name(MessageKind kind);

/// `Type` is String, String.Array, Number, Binary or one of these with a suffix
/// (`Number.java.lang.Long`). `value` is text; the bytes themselves for Binary.
struct MessageAttribute {
  std::string type;
  std::string value;
  bool is_binary() const;
  bool operator==(const MessageAttribute&) const = default;
};
using MessageAttributes = std::map<std::string, MessageAttribute>;

/// What a caller publishes.
struct Publication {
  std::string message;
  std::optional<std::string> subject;
  bool is_structured = false;  // MessageStructure=json: a text per protocol
  MessageAttributes attributes;
  /// If not empty: publishing the same key to the same topic again within a day answers the first
  /// message id and delivers nothing. For stages that hand over from an outbox (alarm transitions).
  /// Not part of the AWS API.
  std::string once_key;
};

inline constexpr std::size_t kMessageBytesMax = 262'144;
inline constexpr std::size_t kSubjectCharactersMax = 100;

/// Message text, attribute names, types and values: what counts against kMessageBytesMax.
std::size_t publication_bytes(const Publication& publication);

/// AWS's rules for a publication (Publish and each entry of PublishBatch), with AWS's texts.
Result<void> check_publication(const Publication& publication);

/// The text for `protocol`: of a structured message its entry for the protocol, else its `default`.
std::string message_for_protocol(const Publication& publication, std::string_view protocol);

}  // namespace weir::notify
