// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/runtime.h"
#include "notify/message.h"
#include "notify/signer.h"

namespace weir::notify {

/// Everything that stands in the JSON a subscriber gets. Confirmations have `token` and
/// `subscribe_url`, notifications `subject`, `attributes` and `unsubscribe_url`.
struct Envelope {
  MessageKind kind = MessageKind::notification;
  std::string message_id;
  std::string topic_arn;
  std::string subscription_arn;
  std::optional<std::string> subject;
  std::string message;
  MessageAttributes attributes;
  Time timestamp;
  std::string token;
  std::string subscribe_url;
  std::string unsubscribe_url;
  SignatureVersion signature_version = SignatureVersion::v1;
  std::string signature;
  std::string signing_cert_url;
  std::string sequence_number;  // FIFO topics; such notifications carry no signature
};

/// What the signature covers: `name\nvalue\n` for each signed field, in AWS's order (SNS Developer
/// Guide, "Verifying the signatures of Amazon SNS messages").
std::string string_to_sign(const Envelope& envelope);

/// The body of http(s) and email-json, laid out as AWS lays it out.
std::string http_body(const Envelope& envelope);
/// The event that a Lambda function gets.
std::string lambda_event(const Envelope& envelope);

/// AWS's sentences of the two confirmations.
std::string confirmation_text(std::string_view topic_arn);
std::string unsubscribe_confirmation_text(std::string_view subscription_arn);

}  // namespace weir::notify
