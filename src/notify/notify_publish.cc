// SPDX-License-Identifier: Apache-2.0
// Publications of Notify, and what becomes of a stored delivery when its turn comes.
#include <algorithm>
#include <set>
#include <utility>

#include "base/counters.h"
#include "notify/notify_impl.h"

namespace weir::notify {

namespace {

constexpr std::size_t kBatchEntriesMax = 10;
constexpr std::size_t kBatchIdMax = 80;

Counter& published_total() {
  return counter("weir_sns_messages_published_total", "Publications that were accepted.");
}
Counter& filtered_out_total() {
  return counter("weir_sns_notifications_filtered_out_total",
                 "Subscriptions whose filter policy refused a message.");
}

StoredMessage stored_message(const std::string& topic_arn, const Publication& publication) {
  StoredMessage message;
  message.type = type_name(MessageKind::notification);
  message.topic_arn = topic_arn;
  message.subject = publication.subject;
  message.message = publication.message;
  message.email_text = publication.email_text;
  message.is_structured = publication.is_structured;
  message.attributes = publication.attributes;
  message.group_id = publication.group_id;
  message.deduplication_id = publication.deduplication_id;
  return message;
}

Scope scope_of(const Topic& topic) {
  const auto parsed = Arn::parse(topic.arn);
  WEIR_ASSERT(parsed);  // we named it
  return parsed->scope;
}

// A filter of the body looks at the text that no protocol has for itself.
std::vector<StoredDelivery> matching(const std::vector<NotifyState::SubscriptionRef>& subscriptions,
                                     const Publication& publication, bool is_fifo) {
  const std::string text =
      message_for_protocol(publication.message, publication.is_structured, "default");
  std::vector<StoredDelivery> deliveries;
  for (const auto& subscription : subscriptions) {
    if (!subscription->is_confirmed()) continue;
    if (subscription->filter && !subscription->filter->matches(publication.attributes, text)) {
      filtered_out_total().add();
      continue;
    }
    StoredDelivery delivery;
    delivery.subscription_arn = subscription->arn;
    delivery.protocol = subscription->protocol;
    delivery.endpoint = subscription->endpoint;
    if (is_fifo) delivery.order = subscription->arn + ' ' + publication.group_id;
    deliveries.push_back(std::move(delivery));
  }
  return deliveries;
}

MessageKind kind_of(const StoredMessage& message) {
  for (const MessageKind kind :
       {MessageKind::subscription_confirmation, MessageKind::unsubscribe_confirmation}) {
    if (message.type == type_name(kind)) return kind;
  }
  return MessageKind::notification;
}

// Whether the subscription still wants this.
bool is_wanted(MessageKind kind, const Subscription& subscription) {
  switch (kind) {
    case MessageKind::notification:
      return subscription.is_confirmed();
    case MessageKind::subscription_confirmation:
      return subscription.is_pending();
    case MessageKind::unsubscribe_confirmation:
      return subscription.is_deleted();
  }
  WEIR_ASSERT(false);
}

std::string text_for(const StoredMessage& message, const std::string& protocol) {
  if (protocol == "email" && !message.email_text.empty()) return message.email_text;
  return message_for_protocol(message.message, message.is_structured, protocol);
}

// What a mail is told of beside its own text (Delivery::common_message).
std::string common_text(const StoredMessage& message, const std::string& text) {
  std::string common = message_for_protocol(message.message, message.is_structured, "default");
  return message.email_text.empty() && common != text ? "" : common;
}

Error batch_error(std::string code, std::string text) {
  return Error{ErrorKind::invalid, std::move(code), std::move(text)};
}

Result<void> check_batch_id(const std::string& id) {
  if (id.size() > kBatchIdMax) {
    return batch_error("InvalidBatchEntryId",
                       "The Id of a batch entry in the batch request is too long: " + id);
  }
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  if (!id.empty() && std::ranges::all_of(id, is_allowed)) return {};
  return batch_error(
      "InvalidBatchEntryId",
      "The Id of a batch entry in the batch request contains an impermissible character: " + id);
}

Result<void> check_batch(const std::vector<BatchEntry>& entries) {
  if (entries.empty()) {
    return batch_error("EmptyBatchRequest", "The batch request doesn't contain any entries.");
  }
  if (entries.size() > kBatchEntriesMax) {
    return batch_error("TooManyEntriesInBatchRequest",
                       "The batch request contains more entries than permissible.");
  }
  std::set<std::string> ids;
  std::size_t bytes = 0;
  for (const BatchEntry& entry : entries) {
    WEIR_CHECK(check_batch_id(entry.id));
    if (!ids.insert(entry.id).second) {
      return batch_error("BatchEntryIdsNotDistinct",
                         "Two or more batch entries in the request have the same Id.");
    }
    bytes += publication_bytes(entry.publication);
  }
  if (bytes > kMessageBytesMax) {
    return batch_error("BatchRequestTooLong",
                       "The length of all the messages put together is more than the limit.");
  }
  return {};
}

}  // namespace

Result<Published> Notify::publish(const Scope& scope, const std::string& topic_arn,
                                  const Publication& publication) {
  WEIR_CHECK(check_publication(publication));
  WEIR_TRY(const auto topic, impl_->topic(scope, topic_arn));
  if (!publication.once_key.empty() && !topic->is_fifo()) {
    return impl_->publish_once(*topic, publication);
  }
  WEIR_TRY(auto outcomes, impl_->publish_all(*topic, {&publication}));
  return std::move(outcomes.front());
}

DeliveryQueue::Addition Notify::Impl::addition(const Topic& topic, const Publication& publication,
                                               StoredMessage message) const {
  const auto subscribers = state.lock()->of_topic(topic.arn);
  auto deliveries = matching(subscribers, publication, topic.is_fifo());
  for (StoredDelivery& delivery : deliveries) delivery.sequence = message.sequence_number;
  return {std::move(message), std::move(deliveries)};
}

namespace {

/// What was published under a key before, if it is not too old.
std::optional<Published> earlier(const std::optional<std::string>& record, Time now,
                                 Duration life) {
  if (!record) return std::nullopt;
  const auto tree = parse_json(*record);
  const Document* id = tree ? tree->find("messageId") : nullptr;
  const Document* published = tree ? tree->find("publishedMs") : nullptr;
  if (!id || !id->string() || !published || !published->integer()) return std::nullopt;
  if (Time{*published->integer()} + life <= now) return std::nullopt;
  const Document* sequence = tree->find("sequenceNumber");
  return Published{*id->string(), sequence && sequence->string() ? *sequence->string() : ""};
}

std::string record_of(const Published& published, Time now) {
  Document::Map record{{"messageId", published.message_id}, {"publishedMs", now.ms}};
  if (!published.sequence_number.empty()) {
    record.emplace_back("sequenceNumber", published.sequence_number);
  }
  return to_json(Document(std::move(record)));
}

// SNS API Reference, Publish: alphanumerics and punctuation, up to 128.
bool is_fifo_id(std::string_view text) {
  constexpr std::size_t kIdMax = 128;
  return !text.empty() && text.size() <= kIdMax &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

// What a publication must have in this kind of topic; the message without id and number.
Result<StoredMessage> draft(const Topic& topic, const Publication& publication, Time now) {
  WEIR_CHECK(check_publication(publication));
  StoredMessage message = stored_message(topic.arn, publication);
  message.timestamp = now;
  if (!topic.is_fifo()) {
    if (publication.deduplication_id.empty()) return message;
    return invalid_parameter(
        "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that "
        "is not valid for this topic type");
  }
  if (publication.group_id.empty()) {
    return invalid_parameter("The MessageGroupId parameter is required for FIFO topics");
  }
  if (!is_fifo_id(publication.group_id)) return invalid_parameter("MessageGroupId");
  if (message.deduplication_id.empty()) {
    if (!topic.deduplicates_by_content()) {
      return invalid_parameter(
          "The topic should either have ContentBasedDeduplication enabled or "
          "MessageDeduplicationId provided explicitly");
    }
    message.deduplication_id = sha256_hex(publication.message);
  }
  if (!is_fifo_id(message.deduplication_id)) return invalid_parameter("MessageDeduplicationId");
  return message;
}

std::string sequence_text(std::uint64_t number) {
  std::string digits = std::to_string(number);
  return std::string(20 - digits.size(), '0') + digits;
}

}  // namespace

Result<Published> Notify::Impl::publish_once(const Topic& topic, const Publication& publication) {
  const std::lock_guard publishing(order_of(topic).mutex);
  const std::string key = once_store_prefix(topic.arn) + publication.once_key;
  WEIR_TRY(const auto record, store.get(key));
  if (auto first = earlier(record, runtime.now(), kOnceLife)) return *std::move(first);
  WEIR_TRY(StoredMessage message, draft(topic, publication, runtime.now()));
  message.id = runtime.uuid();
  Published published{message.id};
  store::WriteBatch batch;
  batch.put(key, record_of(published, runtime.now()));
  std::vector<DeliveryQueue::Addition> additions;
  additions.push_back(addition(topic, publication, std::move(message)));
  WEIR_CHECK(queue->add(scope_of(topic), std::move(additions), std::move(batch)));
  published_total().add();
  return published;
}

/// What one call publishes.
struct Notify::Impl::Round {
  std::vector<DeliveryQueue::Addition> additions;
  store::WriteBatch with;
  std::map<std::string, Published> numbered;  // by the key of the deduplication id
};

Result<std::optional<Published>> Notify::Impl::number(const Topic& topic, StoredMessage& message,
                                                      Round& round) {
  // Hashed: group and id together may be long.
  const std::string key =
      deduplication_store_prefix(topic.arn) +
      sha256_hex((topic.deduplicates_in_groups() ? message.group_id + '\n' : "") +
                 message.deduplication_id);
  const auto in_round = round.numbered.find(key);
  if (in_round != round.numbered.end()) return std::optional(in_round->second);
  WEIR_TRY(const auto record, store.get(key));
  if (auto first = earlier(record, runtime.now(), kDeduplicationLife)) return first;
  // By time, so that the numbers grow over restarts too.
  const auto by_time = static_cast<std::uint64_t>(runtime.now().ms) << 20;
  Order& order = order_of(topic);
  order.last_sequence = std::max(order.last_sequence + 1, by_time);
  message.sequence_number = sequence_text(order.last_sequence);
  Published published{message.id, message.sequence_number};
  round.with.put(key, record_of(published, runtime.now()));
  round.numbered.emplace(key, std::move(published));
  return std::optional<Published>{};
}

Result<Notify::Impl::Outcomes> Notify::Impl::publish_all(
    const Topic& topic, const std::vector<const Publication*>& publications) {
  Round round;
  Outcomes outcomes;
  // Messages of a FIFO topic are numbered and written one call after the other.
  std::unique_lock<std::mutex> numbering(order_of(topic).mutex, std::defer_lock);
  if (topic.is_fifo()) numbering.lock();
  for (const Publication* publication : publications) {
    auto message = draft(topic, *publication, runtime.now());
    if (!message) {
      outcomes.emplace_back(std::move(message).error());
      continue;
    }
    message->id = runtime.uuid();
    if (topic.is_fifo()) {
      WEIR_TRY(auto repeated, number(topic, *message, round));
      if (repeated) {
        outcomes.emplace_back(*std::move(repeated));
        continue;
      }
    }
    outcomes.emplace_back(Published{message->id, message->sequence_number});
    round.additions.push_back(addition(topic, *publication, *std::move(message)));
  }
  const auto published = static_cast<std::uint64_t>(round.additions.size());
  WEIR_CHECK(queue->add(scope_of(topic), std::move(round.additions), std::move(round.with)));
  published_total().add(published);
  return outcomes;
}

Result<std::vector<BatchOutcome>> Notify::publish_batch(const Scope& scope,
                                                        const std::string& topic_arn,
                                                        const std::vector<BatchEntry>& entries) {
  WEIR_TRY(const auto topic, impl_->topic(scope, topic_arn));
  WEIR_CHECK(check_batch(entries));
  std::vector<const Publication*> publications;
  for (const BatchEntry& entry : entries) publications.push_back(&entry.publication);
  WEIR_TRY(auto published, impl_->publish_all(*topic, publications));
  std::vector<BatchOutcome> outcomes;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    outcomes.push_back({entries[i].id, std::move(published[i])});
  }
  return outcomes;
}

Transport* Notify::Impl::transport_for(const StoredDelivery& delivery) const {
  const bool is_lambda = delivery.protocol == "lambda";
  const auto& table = is_lambda ? transports.functions : transports.protocols;
  const auto found = table.find(is_lambda ? function_name(delivery.endpoint) : delivery.protocol);
  return found == table.end() ? nullptr : found->second;
}

Result<std::optional<DeliveryQueue::Prepared>> Notify::Impl::prepare(const StoredMessage& message,
                                                                     const StoredDelivery& stored) {
  NotifyState::TopicRef topic;
  NotifyState::SubscriptionRef subscription;
  {
    auto locked = state.lock();
    const auto found_topic = locked->topics.find(message.topic_arn);
    const auto found = locked->subscriptions.find(stored.subscription_arn);
    if (found_topic == locked->topics.end() || found == locked->subscriptions.end()) {
      return std::optional<DeliveryQueue::Prepared>{};
    }
    topic = found_topic->second;
    subscription = found->second;
  }
  const MessageKind kind = kind_of(message);
  if (!is_wanted(kind, *subscription)) return std::optional<DeliveryQueue::Prepared>{};

  const bool is_http = stored.protocol == "http" || stored.protocol == "https";
  const DeliveryPolicy policy = subscription->delivery_policy.over(topic->delivery_policy());
  DeliveryQueue::Prepared prepared;
  prepared.transport = transport_for(stored);
  prepared.retry =
      is_http ? policy.retry.value_or(RetryPolicy{}) : RetryPolicy::for_protocol(stored.protocol);
  if (is_http) prepared.receives_per_second = policy.receives_per_second;
  WEIR_TRY(prepared.delivery, complete(*topic, *subscription, message, stored.protocol));
  if (kind == MessageKind::notification) {
    prepared.delivery.content_type = policy.content_type.value_or(std::string(kDefaultContentType));
  }
  return std::optional(std::move(prepared));
}

Result<void> Notify::Impl::sign(Envelope& envelope, SignatureVersion version) {
  envelope.signature_version = version;
  WEIR_TRY(const std::string certificate, signer.certificate_name());
  envelope.signing_cert_url = config.endpoint + '/' + certificate;
  const std::string text = string_to_sign(envelope);
  std::string key = (version == SignatureVersion::v2 ? "2" : "1") + sha256_hex(text);
  {
    auto cache = signatures.lock();
    const auto found = cache->by_text.find(key);
    if (found != cache->by_text.end()) {
      envelope.signature = found->second;
      return {};
    }
  }
  WEIR_TRY(envelope.signature, signer.sign(text, version));
  auto cache = signatures.lock();
  if (!cache->by_text.emplace(key, envelope.signature).second) return {};
  cache->order.push_back(std::move(key));
  if (cache->order.size() > SignatureCache::kEntriesMax) {
    cache->by_text.erase(cache->order.front());
    cache->order.pop_front();
  }
  return {};
}

Result<Delivery> Notify::Impl::complete(const Topic& topic, const Subscription& subscription,
                                        const StoredMessage& message, const std::string& protocol) {
  Envelope envelope;
  envelope.kind = kind_of(message);
  envelope.message_id = message.id;
  envelope.topic_arn = topic.arn;
  envelope.subscription_arn = subscription.arn;
  envelope.subject = message.subject;
  envelope.message = text_for(message, protocol);
  envelope.attributes = message.attributes;
  envelope.timestamp = message.timestamp;
  envelope.token = message.token;
  envelope.sequence_number = message.sequence_number;
  envelope.subscribe_url = config.endpoint + "/?Action=ConfirmSubscription&TopicArn=" + topic.arn +
                           "&Token=" + message.token;
  envelope.unsubscribe_url =
      config.endpoint + "/?Action=Unsubscribe&SubscriptionArn=" + subscription.arn;
  const bool is_notification = envelope.kind == MessageKind::notification;
  const bool is_raw = is_notification && subscription.is_raw();
  const bool is_signed = !is_raw && protocol != "email" && message.sequence_number.empty();
  if (is_signed) WEIR_CHECK(sign(envelope, topic.signature_version()));

  Delivery delivery;
  delivery.kind = envelope.kind;
  delivery.protocol = protocol;
  delivery.endpoint = subscription.endpoint;
  delivery.topic_arn = topic.arn;
  delivery.topic_display_name = topic.display_name();
  delivery.subscription_arn = subscription.arn;
  delivery.message_id = message.id;
  delivery.subject = message.subject;
  delivery.message = envelope.message;
  if (protocol == "email") delivery.common_message = common_text(message, envelope.message);
  delivery.attributes = message.attributes;
  delivery.timestamp = message.timestamp;
  delivery.is_raw = is_raw;
  delivery.group_id = message.group_id;
  delivery.deduplication_id = message.deduplication_id;
  delivery.body = is_raw                 ? envelope.message
                  : protocol == "lambda" ? lambda_event(envelope)
                                         : http_body(envelope);
  delivery.content_type = kDefaultContentType;
  if (is_notification) {
    delivery.unsubscribe_url = envelope.unsubscribe_url;
  } else {
    delivery.subscribe_url = envelope.subscribe_url;
  }
  return delivery;
}

}  // namespace weir::notify
