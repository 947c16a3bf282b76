// SPDX-License-Identifier: Apache-2.0
#include "notify/envelope.h"

#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/document.h"

namespace weir::notify {

namespace {

std::string version_text(SignatureVersion version) {
  return version == SignatureVersion::v1 ? "1" : "2";
}

std::string value_text(const MessageAttribute& attribute) {
  return attribute.is_binary() ? base64_encode(attribute.value.value) : attribute.value.value;
}

// AWS writes a blank on both sides of the colon, one member in each line.
class PrettyObject {
 public:
  void add(std::string_view name, std::string_view value) {
    begin(name);
    append_json_string(text_, value);
  }
  void add_attributes(const MessageAttributes& attributes) {
    begin("MessageAttributes");
    std::string_view separator = "{\n";
    for (const auto& [name, attribute] : attributes) {
      text_ += separator;
      separator = ",\n";
      text_ += "    ";
      append_json_string(text_, name);
      text_ += " : {\"Type\":";
      append_json_string(text_, attribute.type);
      text_ += ",\"Value\":";
      append_json_string(text_, value_text(attribute));
      text_ += '}';
    }
    text_ += "\n  }";
  }
  std::string finish() { return std::move(text_) + "\n}"; }

 private:
  void begin(std::string_view name) {
    text_ += text_.empty() ? "{\n  \"" : ",\n  \"";
    text_ += name;
    text_ += "\" : ";
  }
  std::string text_;
};

}  // namespace

std::string string_to_sign(const Envelope& envelope) {
  std::string text;
  const auto add = [&](std::string_view name, std::string_view value) {
    text.append(name).append("\n").append(value).append("\n");
  };
  add("Message", envelope.message);
  add("MessageId", envelope.message_id);
  if (envelope.kind == MessageKind::notification) {
    if (envelope.subject) add("Subject", *envelope.subject);
    add("Timestamp", to_iso8601(envelope.timestamp));
  } else {
    add("SubscribeURL", envelope.subscribe_url);
    add("Timestamp", to_iso8601(envelope.timestamp));
    add("Token", envelope.token);
  }
  add("TopicArn", envelope.topic_arn);
  add("Type", type_name(envelope.kind));
  return text;
}

std::string http_body(const Envelope& envelope) {
  const bool is_notification = envelope.kind == MessageKind::notification;
  PrettyObject out;
  out.add("Type", type_name(envelope.kind));
  out.add("MessageId", envelope.message_id);
  if (!envelope.sequence_number.empty()) out.add("SequenceNumber", envelope.sequence_number);
  if (!is_notification) out.add("Token", envelope.token);
  out.add("TopicArn", envelope.topic_arn);
  if (is_notification && envelope.subject) out.add("Subject", *envelope.subject);
  out.add("Message", envelope.message);
  if (!is_notification) out.add("SubscribeURL", envelope.subscribe_url);
  out.add("Timestamp", to_iso8601(envelope.timestamp));
  if (envelope.sequence_number.empty()) {
    out.add("SignatureVersion", version_text(envelope.signature_version));
    out.add("Signature", envelope.signature);
    out.add("SigningCertURL", envelope.signing_cert_url);
  }
  if (is_notification) {
    out.add("UnsubscribeURL", envelope.unsubscribe_url);
    if (!envelope.attributes.empty()) out.add_attributes(envelope.attributes);
  }
  return out.finish();
}

std::string lambda_event(const Envelope& envelope) {
  Document::Map attributes;
  for (const auto& [name, attribute] : envelope.attributes) {
    attributes.emplace_back(
        name, Document::Map{{"Type", attribute.type}, {"Value", value_text(attribute)}});
  }
  Document::Map sns{
      {"Type", type_name(envelope.kind)},
      {"MessageId", envelope.message_id},
      {"TopicArn", envelope.topic_arn},
      {"Subject", envelope.subject ? Document(*envelope.subject) : Document(nullptr)},
      {"Message", envelope.message},
      {"Timestamp", to_iso8601(envelope.timestamp)},
      {"SignatureVersion", version_text(envelope.signature_version)},
      {"Signature", envelope.signature},
      {"SigningCertUrl", envelope.signing_cert_url},
      {"UnsubscribeUrl", envelope.unsubscribe_url},
      {"MessageAttributes", std::move(attributes)},
  };
  Document::Map record{
      {"EventSource", "aws:sns"},
      {"EventVersion", "1.0"},
      {"EventSubscriptionArn", envelope.subscription_arn},
      {"Sns", std::move(sns)},
  };
  return to_json(Document::Map{{"Records", Document::List{std::move(record)}}});
}

std::string confirmation_text(std::string_view topic_arn) {
  return "You have chosen to subscribe to the topic " + std::string(topic_arn) +
         ".\nTo confirm the subscription, visit the SubscribeURL included in this message.";
}

std::string unsubscribe_confirmation_text(std::string_view subscription_arn) {
  return "You have chosen to deactivate subscription " + std::string(subscription_arn) +
         ".\nTo cancel this operation and restore the subscription, visit the SubscribeURL "
         "included in this message.";
}

}  // namespace weir::notify
