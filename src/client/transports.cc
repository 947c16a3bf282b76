// SPDX-License-Identifier: Apache-2.0
#include "client/transports.h"

#include <memory>
#include <string>
#include <utility>

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

std::string with_line_end(std::string text) {
  if (!text.ends_with('\n')) text += '\n';
  return text;
}

std::string unsubscribe_text(const Delivery& delivery) {
  return "\n--\nIf you wish to stop receiving notifications from this topic, please click or visit "
         "the link below to unsubscribe:\n" +
         delivery.unsubscribe_url + "\n\nPlease do not reply directly to this email.\n";
}

// An alarm begins with what a person needs on a phone; the letter that AWS sends stands below it,
// for filters and scripts that know it.
void write_alarm(Mail& mail, const Delivery& delivery, const AlarmNews& alarm,
                 const AlarmDetails& details) {
  mail.subject = delivery.subject.value_or(alarm_subject(alarm));
  mail.text = alarm_text(alarm, details);
  if (delivery.message != delivery.common_message) {
    mail.text += '\n' + with_line_end(delivery.message);
  }
  mail.text += unsubscribe_text(delivery);
  mail.html = alarm_html(alarm, details, delivery.unsubscribe_url);
}

void write_notification(Mail& mail, const Delivery& delivery, const AlarmDetails& details) {
  mail.list_unsubscribe = delivery.unsubscribe_url;
  if (const auto alarm = alarm_of(delivery)) return write_alarm(mail, delivery, *alarm, details);
  mail.subject = delivery.subject.value_or("AWS Notification Message");
  mail.text = with_line_end(delivery.message) + unsubscribe_text(delivery);
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

std::optional<AlarmNews> alarm_of(const Delivery& delivery) {
  if (delivery.kind != MessageKind::notification || delivery.protocol != "email") {
    return std::nullopt;
  }
  return AlarmNews::read(delivery.common_message);
}

Mail mail_for(const Delivery& delivery, const AlarmDetails& details) {
  Mail mail;
  mail.to = delivery.endpoint;
  mail.from_name =
      delivery.topic_display_name.empty() ? "AWS Notifications" : delivery.topic_display_name;
  mail.message_id = delivery.message_id;
  mail.date = delivery.timestamp;
  switch (delivery.kind) {
    case MessageKind::notification:
      write_notification(mail, delivery, details);
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
  if (details_ == nullptr || !alarm_of(delivery)) return send(mail_for(delivery, {}), done);
  // Shared, because a std::function is copied.
  auto shared = std::make_shared<const Delivery>(delivery);
  details_->find(delivery, [this, shared, done = std::move(done)](const AlarmDetails& details) {
    send(mail_for(*shared, details), done);
  });
}

void MailTransport::send(const Mail& mail, Done done) {
  client_.send(mail, [done = std::move(done)](Result<void> sent) {
    if (sent) return done({});
    const bool is_final = sent.error().kind == ErrorKind::invalid;
    done({is_final ? Outcome::Kind::rejected : Outcome::Kind::retry, 0, sent.error().message});
  });
}

}  // namespace weir::client
