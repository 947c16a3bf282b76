// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "notify/message.h"

namespace weir::notify {

/// One message on its way to one subscription, complete: a transport needs to know nothing else.
struct Delivery {
  MessageKind kind = MessageKind::notification;
  std::string id;        // the same over all attempts
  int attempt = 1;       // 1 is the first
  std::string protocol;  // http, https, email, email-json, lambda, sqs, firehose
  std::string endpoint;  // URL, mail address, or ARN of a function, queue or delivery stream
  std::string topic_arn;
  std::string topic_display_name;
  std::string subscription_arn;
  std::string message_id;
  std::optional<std::string> subject;
  std::string message;  // the text for this protocol
  /// Protocol email: the text that other protocols get, so that an alarm is recognised by its JSON.
  /// "" where the publisher wrote a letter for mail.
  std::string common_message;
  std::map<std::string, MessageAttribute> attributes;
  Time timestamp;                // of the publication
  bool is_raw = false;           // RawMessageDelivery: `body` is the message text itself
  std::string body;              // what all but email hand over: signed JSON, or the raw text
  std::string content_type;      // of an HTTP request that carries `body`
  std::string subscribe_url;     // confirmations: the link that confirms (or restores)
  std::string unsubscribe_url;   // notifications
  std::string group_id;          // as published; always in a FIFO topic
  std::string deduplication_id;  // FIFO topics
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
  /// Whether this would ever deliver there; asked when somebody subscribes. Error: says why not, as
  /// a reason behind `Invalid parameter: Endpoint Reason: `.
  virtual Result<void> check(const std::string& endpoint) const {
    (void)endpoint;
    return {};
  }
};

/// What could not be delivered, on its way to the queue of a RedrivePolicy.
struct DeadLetter {
  std::string queue_arn;
  std::string body;  // what would have been delivered
  std::map<std::string, MessageAttribute> attributes;
  std::string group_id;          // FIFO topics
  std::string deduplication_id;  // FIFO topics
};

/// Takes dead letters. Threads: any; the call waits until the letter is on disk.
class DeadLetters {
 public:
  virtual ~DeadLetters() = default;
  /// Error of kind unavailable: try again later. Others: it will never be taken.
  virtual Result<void> put(const DeadLetter& letter) = 0;
};

/// Takes the lines of delivery status logs. Threads: any; losing a line harms no delivery.
class StatusLog {
 public:
  virtual ~StatusLog() = default;
  virtual void write(const Scope& scope, const std::string& log_group, Time time,
                     const std::string& line) = 0;
};

}  // namespace weir::notify
