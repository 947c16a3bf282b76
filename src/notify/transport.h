// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/runtime.h"
#include "notify/message.h"

namespace weir::notify {

/// One message on its way to one subscription, complete: a transport needs to know nothing else.
struct Delivery {
  MessageKind kind = MessageKind::notification;
  std::string id;        // the same over all attempts
  int attempt = 1;       // 1 is the first
  std::string protocol;  // http, https, email, email-json, lambda
  std::string endpoint;  // URL, mail address or function ARN
  std::string topic_arn;
  std::string topic_display_name;
  std::string subscription_arn;
  std::string message_id;
  std::optional<std::string> subject;
  std::string message;  // the text for this protocol
  std::map<std::string, MessageAttribute> attributes;
  Time timestamp;       // of the publication
  bool is_raw = false;  // RawMessageDelivery: `body` is the message text itself
  std::string body;  // what http(s), email-json and lambda hand over: signed JSON, or the raw text
  std::string content_type;     // of an HTTP request that carries `body`
  std::string subscribe_url;    // confirmations: the link that confirms (or restores)
  std::string unsubscribe_url;  // notifications
};

/// How one attempt ended.
struct Outcome {
  enum class Kind : std::uint8_t {
    delivered,
    retry,     // may succeed later: no connection, timeout, 429, 5xx
    rejected,  // will never succeed: the message is dropped
  };
  Kind kind = Kind::delivered;
  int status_code = 0;  // HTTP or SMTP, 0 if it did not come to an answer
  std::string detail;   // for the log, never a payload
};

/// Carries deliveries of one protocol.
///
/// Threads: send() may be called from any thread and returns at once. `done` is called exactly
/// once, on any thread, possibly before send() returns; it is dropped without a call only when the
/// transport is destroyed.
class Transport {
 public:
  using Done = std::function<void(Outcome)>;
  virtual ~Transport() = default;
  virtual void send(const Delivery& delivery, Done done) = 0;
};

}  // namespace weir::notify
