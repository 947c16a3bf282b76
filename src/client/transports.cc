// SPDX-License-Identifier: Apache-2.0
#include "client/transports.h"

#include <optional>
#include <string>
#include <utility>

#include "base/document.h"
#include "base/scope.h"

namespace weir::client {

namespace {

using notify::Delivery;
using notify::MessageKind;
using notify::Outcome;

// SNS Developer Guide, "HTTP/HTTPS headers".
HttpRequest http_request(const Delivery& delivery) {
  HttpRequest request;
  request.url = delivery.endpoint;
  request.body = delivery.body;
  const auto add = [&](const char* name, std::string value) {
    request.headers.emplace_back(name, std::move(value));
  };
  add("x-amz-sns-message-type", std::string(type_name(delivery.kind)));
  add("x-amz-sns-message-id", delivery.message_id);
  add("x-amz-sns-topic-arn", delivery.topic_arn);
  if (delivery.kind != MessageKind::subscription_confirmation) {
    add("x-amz-sns-subscription-arn", delivery.subscription_arn);
  }
  if (delivery.is_raw) add("x-amz-sns-rawdelivery", "true");
  add("Content-Type", delivery.content_type);
  add("User-Agent", "Amazon Simple Notification Service Agent");
  add("Connection", "Keep-Alive");
  add("Accept-Encoding", "gzip,deflate");
  return request;
}

// 2xx is success; 429 and 5xx may pass; every other answer is the endpoint's last word.
Outcome http_outcome(const Result<HttpResponse>& response) {
  if (!response) {
    const bool is_final = response.error().kind == ErrorKind::invalid;
    return {is_final ? Outcome::Kind::rejected : Outcome::Kind::retry, 0, response.error().message};
  }
  const int status = response->status;
  const std::string detail = "the endpoint answered " + std::to_string(status);
  if (status >= 200 && status < 300) return {Outcome::Kind::delivered, status, detail};
  if (status == 429 || status >= 500) return {Outcome::Kind::retry, status, detail};
  return {Outcome::Kind::rejected, status, detail};
}

std::string text_at(const Document& map, std::string_view name) {
  const Document* found = map.find(name);
  return found && found->string() ? *found->string() : "";
}

std::string number_at(const Document& map, std::string_view name) {
  const Document* found = map.find(name);
  return found && (found->integer() || found->real()) ? to_json(*found) : "";
}

void add_line(std::string& out, std::string_view label, const std::string& value) {
  if (!value.empty()) out.append(label).append(": ").append(value).append("\n");
}

std::string metric_text(const Document& trigger) {
  std::string text = text_at(trigger, "Namespace") + '/' + text_at(trigger, "MetricName");
  const std::string statistic = text_at(trigger, "Statistic");
  if (!statistic.empty()) text += ", " + statistic;
  const std::string period = number_at(trigger, "Period");
  if (!period.empty()) text += " over " + period + " s";
  const std::string threshold = number_at(trigger, "Threshold");
  if (!threshold.empty()) {
    text += ", " + text_at(trigger, "ComparisonOperator") + ' ' + threshold;
  }
  return text;
}

// The JSON of an alarm as a person wants to read it on a phone: what, where, why come first.
std::optional<std::string> alarm_text(const std::string& message) {
  const auto alarm = parse_json(message);
  if (!alarm || !alarm->map()) return std::nullopt;
  const std::string name = text_at(*alarm, "AlarmName");
  const std::string state = text_at(*alarm, "NewStateValue");
  if (name.empty() || state.empty()) return std::nullopt;
  std::string text = state + ": " + name + '\n';
  add_line(text, "Region", text_at(*alarm, "Region"));
  add_line(text, "Reason", text_at(*alarm, "NewStateReason"));
  add_line(text, "Since", text_at(*alarm, "StateChangeTime"));
  add_line(text, "Before", text_at(*alarm, "OldStateValue"));
  add_line(text, "Description", text_at(*alarm, "AlarmDescription"));
  if (const Document* trigger = alarm->find("Trigger"); trigger && trigger->map()) {
    add_line(text, "Metric", metric_text(*trigger));
  }
  add_line(text, "Account", text_at(*alarm, "AWSAccountId"));
  add_line(text, "Alarm", text_at(*alarm, "AlarmArn"));
  return text;
}

std::string notification_text(const Delivery& delivery) {
  std::string text = alarm_text(delivery.message).value_or(delivery.message);
  if (!text.ends_with('\n')) text += '\n';
  return text +
         "\n--\nIf you wish to stop receiving notifications from this topic, please click or visit "
         "the link below to unsubscribe:\n" +
         delivery.unsubscribe_url + "\n\nPlease do not reply directly to this email.\n";
}

std::string confirmation_text(const Delivery& delivery) {
  return "You have chosen to subscribe to the topic:\n" + delivery.topic_arn +
         "\n\nTo confirm this subscription, click or visit the link below (If this was in error no "
         "action is necessary):\n" +
         delivery.subscribe_url + "\n\nPlease do not reply directly to this email.\n";
}

std::string unsubscribed_text(const Delivery& delivery) {
  return "Your subscription to the topic below has been deactivated:\n" + delivery.topic_arn +
         "\n\nIf this was not intended, click or visit the link below to restore it:\n" +
         delivery.subscribe_url + "\n\nPlease do not reply directly to this email.\n";
}

}  // namespace

Mail mail_for(const Delivery& delivery) {
  Mail mail;
  mail.to = delivery.endpoint;
  mail.from_name =
      delivery.topic_display_name.empty() ? "AWS Notifications" : delivery.topic_display_name;
  mail.message_id = delivery.message_id;
  mail.date = delivery.timestamp;
  switch (delivery.kind) {
    case MessageKind::notification:
      mail.subject = delivery.subject.value_or("AWS Notification Message");
      mail.text = notification_text(delivery);
      mail.list_unsubscribe = delivery.unsubscribe_url;
      break;
    case MessageKind::subscription_confirmation:
      mail.subject = "AWS Notification - Subscription Confirmation";
      mail.text = confirmation_text(delivery);
      break;
    case MessageKind::unsubscribe_confirmation:
      mail.subject = "AWS Notification - Unsubscribe Confirmation";
      mail.text = unsubscribed_text(delivery);
      break;
  }
  if (delivery.protocol == "email-json") mail.text = delivery.body;
  return mail;
}

Result<void> HttpTransport::check(const std::string& endpoint) const {
  if (guard_.may_allow_host_of(endpoint)) return {};
  return Error{ErrorKind::invalid, "InvalidParameter",
               "the address is not public (setting sns_allow)"};
}

void HttpTransport::send(const Delivery& delivery, Done done) {
  client_.send(http_request(delivery), [done = std::move(done)](Result<HttpResponse> response) {
    done(http_outcome(response));
  });
}

void MailTransport::send(const Delivery& delivery, Done done) {
  client_.send(mail_for(delivery), [done = std::move(done)](Result<void> sent) {
    if (sent) return done({});
    const bool is_final = sent.error().kind == ErrorKind::invalid;
    done({is_final ? Outcome::Kind::rejected : Outcome::Kind::retry, 0, sent.error().message});
  });
}

}  // namespace weir::client
