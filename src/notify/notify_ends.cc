// SPDX-License-Identifier: Apache-2.0
// What becomes of a delivery that has ended: the dead-letter queue, the delivery status log.
#include <utility>

#include "base/counters.h"
#include "base/log.h"
#include "notify/notify_impl.h"

namespace weir::notify {

namespace {

Counter& redriven_total() {
  return counter("weir_sns_notifications_redriven_total",
                 "Deliveries given up that went to the dead-letter queue of the subscription.");
}
Counter& not_redriven_total() {
  return counter("weir_sns_notifications_not_redriven_total",
                 "Deliveries given up that the dead-letter queue did not take.");
}

/// The prefix of the feedback attributes; nullptr: the protocol has no delivery status (SNS
/// Developer Guide, "Amazon SNS message delivery status").
const char* feedback_prefix(std::string_view protocol) {
  if (protocol == "http" || protocol == "https") return "HTTP";
  if (protocol == "lambda") return "Lambda";
  if (protocol == "sqs") return "SQS";
  if (protocol == "firehose") return "Firehose";
  return nullptr;
}

std::string attribute(const Topic& topic, const std::string& name) {
  const auto found = topic.attributes.find(name);
  return found == topic.attributes.end() ? "" : found->second;
}

bool is_logged(const Topic& topic, const std::string& prefix, bool is_delivered,
               std::uint64_t draw) {
  if (!is_delivered) return !attribute(topic, prefix + "FailureFeedbackRoleArn").empty();
  if (attribute(topic, prefix + "SuccessFeedbackRoleArn").empty()) return false;
  const std::string rate = attribute(topic, prefix + "SuccessFeedbackSampleRate");
  return rate.empty() || draw < static_cast<std::uint64_t>(std::stoi(rate));
}

// `2026-01-31 12:34:56.789`, as in the guide's examples.
std::string status_time(Time time) {
  std::string text = to_iso8601(time);
  text[10] = ' ';
  text.pop_back();
  return text;
}

std::string status_line(const StoredMessage& message, const StoredDelivery& delivery,
                        const Outcome& outcome, Time now, std::string delivery_id) {
  Document::Map notification{
      {"messageMD5Sum", md5_hex(message.message)},
      {"messageId", message.id},
      {"topicArn", message.topic_arn},
      {"timestamp", status_time(message.timestamp)},
  };
  Document::Map sent{
      {"deliveryId", std::move(delivery_id)},
      {"destination", delivery.endpoint},
      {"providerResponse", outcome.detail},
      {"dwellTimeMs", static_cast<std::int64_t>((now - message.timestamp).count())},
      {"attempts", delivery.attempts},
      {"statusCode", outcome.status_code},
  };
  const bool is_delivered = outcome.kind == Outcome::Kind::delivered;
  return to_json(Document::Map{{"notification", std::move(notification)},
                               {"delivery", std::move(sent)},
                               {"status", is_delivered ? "SUCCESS" : "FAILURE"}});
}

}  // namespace

Result<void> Notify::Impl::ended(const StoredMessage& message, const StoredDelivery& delivery,
                                 const Outcome& outcome) {
  NotifyState::TopicRef topic;
  NotifyState::SubscriptionRef subscription;
  {
    auto locked = state.lock();
    const auto found_topic = locked->topics.find(message.topic_arn);
    const auto found = locked->subscriptions.find(delivery.subscription_arn);
    if (found_topic == locked->topics.end() || found == locked->subscriptions.end()) return {};
    topic = found_topic->second;
    subscription = found->second;
  }
  const bool is_delivered = outcome.kind == Outcome::Kind::delivered;
  const bool is_notification = message.type == type_name(MessageKind::notification);
  if (!is_delivered && is_notification && !subscription->dead_letter_queue().empty()) {
    WEIR_CHECK(redrive(*topic, *subscription, message, delivery, outcome));
  }
  const char* prefix = feedback_prefix(delivery.protocol);
  if (transports.status_log == nullptr || prefix == nullptr || !is_notification) return {};
  if (!is_logged(*topic, prefix, is_delivered, runtime.random_below(100))) return {};
  const auto parsed = Arn::parse(topic->arn);
  WEIR_ASSERT(parsed);
  std::string group =
      "sns/" + parsed->scope.region + '/' + parsed->scope.account + '/' + topic->name;
  if (!is_delivered) group += "/Failure";
  const Time now = runtime.now();
  transports.status_log->write(parsed->scope, group, now,
                               status_line(message, delivery, outcome, now, runtime.uuid()));
  return {};
}

Result<void> Notify::Impl::redrive(const Topic& topic, const Subscription& subscription,
                                   const StoredMessage& message, const StoredDelivery& delivery,
                                   const Outcome& outcome) {
  WEIR_TRY(Delivery would_be, complete(topic, subscription, message, delivery.protocol));
  DeadLetter letter;
  letter.queue_arn = subscription.dead_letter_queue();
  // A mail has no body of its own here: the text is what would have been sent.
  letter.body = would_be.body.empty() ? would_be.message : std::move(would_be.body);
  if (would_be.is_raw) letter.attributes = message.attributes;
  const auto add = [&](const char* name, std::string value) {
    if (!value.empty()) letter.attributes[name] = {"String", Bytes{std::move(value)}};
  };
  add("RequestID", runtime.uuid());
  add("ErrorCode", std::to_string(outcome.status_code));
  add("ErrorMessage", outcome.detail);
  letter.group_id = message.group_id;
  letter.deduplication_id = message.deduplication_id;
  const auto put =
      transports.dead_letters
          ? transports.dead_letters->put(letter)
          : Result<void>(Error{ErrorKind::not_found, "NotFound", "there are no queues here"});
  if (put) {
    redriven_total().add();
    return {};
  }
  if (put.error().kind == ErrorKind::unavailable) return put.error();
  not_redriven_total().add();
  log::warn("the dead-letter queue of a subscription did not take a notification",
            {{"subscription", subscription.arn},
             {"queue", letter.queue_arn},
             {"error", put.error().message}});
  return {};
}

}  // namespace weir::notify
