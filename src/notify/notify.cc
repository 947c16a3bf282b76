// SPDX-License-Identifier: Apache-2.0
#include "notify/notify.h"

#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "base/log.h"
#include "notify/notify_impl.h"

namespace weir::notify {

namespace {

constexpr std::string_view kStorePrefix = "sns/";
constexpr Duration kHousekeepingPeriod = std::chrono::hours(1);
constexpr std::size_t kNextTokenBytesMax = 2048;

std::string scope_prefix(const Scope& scope) { return arn("sns", scope, ""); }

Scope scope_of(const std::string& topic_or_subscription_arn) {
  const auto parsed = Arn::parse(topic_or_subscription_arn);
  WEIR_ASSERT(parsed);  // of a resource that we named
  return parsed->scope;
}

std::string last_part(const std::string& text) { return text.substr(text.rfind(':') + 1); }

}  // namespace

std::string endpoint_key(const Subscription& subscription) {
  return subscription.topic_arn + ' ' + subscription.protocol + ' ' + subscription.endpoint;
}

Error topic_not_found() { return Error{ErrorKind::not_found, "NotFound", "Topic does not exist"}; }

Error subscription_not_found() {
  return Error{ErrorKind::not_found, "NotFound", "Subscription does not exist"};
}

std::string topic_store_key(const Topic& topic) {
  return std::string(kStorePrefix) + scope_of(topic.arn).key() + "topic/" + topic.name;
}

std::string subscription_store_key(const Subscription& subscription) {
  return std::string(kStorePrefix) + scope_of(subscription.topic_arn).key() + "subscription/" +
         last_part(subscription.topic_arn) + '/' + last_part(subscription.arn);
}

std::string once_store_prefix(const std::string& topic_arn) {
  return std::string(kStorePrefix) + scope_of(topic_arn).key() + "once/" + last_part(topic_arn) +
         '/';
}

std::string deduplication_store_prefix(const std::string& topic_arn) {
  return std::string(kStorePrefix) + scope_of(topic_arn).key() + "dedup/" + last_part(topic_arn) +
         '/';
}

Result<std::string> parse_next_token(const std::string& token) {
  if (token.empty()) return std::string();
  auto key = token.size() <= kNextTokenBytesMax ? base64_decode(token) : std::nullopt;
  if (!key) return invalid_parameter("NextToken");
  return *std::move(key);
}

std::string make_next_token(const std::string& last_key) { return base64_encode(last_key); }

// --- state ------------------------------------------------------------------------------------

void NotifyState::put(TopicRef topic) {
  const std::string key = topic->arn;
  topics.insert_or_assign(key, std::move(topic));
}

void NotifyState::put(SubscriptionRef subscription) {
  erase_subscription(subscription->arn);
  by_endpoint[endpoint_key(*subscription)] = subscription->arn;
  if (!subscription->token.empty()) by_token[subscription->token] = subscription->arn;
  const std::string key = subscription->arn;
  subscriptions.insert_or_assign(key, std::move(subscription));
}

void NotifyState::erase_subscription(const std::string& subscription_arn) {
  const auto found = subscriptions.find(subscription_arn);
  if (found == subscriptions.end()) return;
  by_endpoint.erase(endpoint_key(*found->second));
  by_token.erase(found->second->token);
  subscriptions.erase(found);
}

std::vector<NotifyState::SubscriptionRef> NotifyState::of_topic(
    const std::string& topic_arn) const {
  const std::string prefix = topic_arn + ':';
  std::vector<SubscriptionRef> found;
  for (auto i = subscriptions.lower_bound(prefix);
       i != subscriptions.end() && i->first.starts_with(prefix); ++i) {
    found.push_back(i->second);
  }
  return found;
}

// --- life -------------------------------------------------------------------------------------

Notify::Impl::Impl(Runtime& runtime_in, store::KvStore& store_in, Transports transports_in,
                   Signer signer_in, Config config_in)
    : runtime(runtime_in),
      store(store_in),
      transports(std::move(transports_in)),
      signer(std::move(signer_in)),
      config(std::move(config_in)) {
  const DeliveryQueue::Limits limits{config.in_flight_max, config.in_flight_per_endpoint_max,
                                     config.deliveries_max};
  queue = std::make_unique<DeliveryQueue>(
      runtime, store, limits,
      [this](const StoredMessage& message, const StoredDelivery& delivery) {
        return prepare(message, delivery);
      },
      [this](const StoredMessage& message, const StoredDelivery& delivery, const Outcome& outcome) {
        return ended(message, delivery, outcome);
      });
}

Notify::Notify(Runtime& runtime, store::KvStore& store, Transports transports, Signer signer,
               Config config)
    : impl_(std::make_unique<Impl>(runtime, store, std::move(transports), std::move(signer),
                                   std::move(config))) {}
Notify::~Notify() = default;

Result<void> Notify::load() {
  std::optional<Error> broken;
  const auto visit = [&](std::string_view key, std::string_view value) {
    std::string_view rest = key.substr(kStorePrefix.size());
    (void)Scope::take_from(rest);
    if (rest.starts_with("topic/")) {
      auto topic = from_json_text<Topic>(value);
      if (!topic) return broken = topic.error(), false;
      impl_->state.lock()->put(std::make_shared<const Topic>(*std::move(topic)));
    } else if (rest.starts_with("subscription/")) {
      auto subscription = from_json_text<Subscription>(value);
      if (!subscription) return broken = subscription.error(), false;
      if (auto compiled = subscription->compile(); !compiled) {
        return broken = compiled.error(), false;
      }
      impl_->state.lock()->put(std::make_shared<const Subscription>(*std::move(subscription)));
    }
    return true;
  };
  WEIR_CHECK(impl_->store.scan(kStorePrefix, visit));
  if (broken) return *broken;
  impl_->housekeeping =
      Timer(impl_->runtime, kHousekeepingPeriod, [impl = impl_.get()] { impl->keep_house(); });
  return impl_->queue->load();
}

void Notify::Impl::keep_house() {
  const std::lock_guard changing(changes);
  const Time now = runtime.now();
  store::WriteBatch batch;
  std::vector<std::string> expired;
  {
    auto locked = state.lock();
    for (const auto& [key, subscription] : locked->subscriptions) {
      if (subscription->is_confirmed() || subscription->token_expires > now) continue;
      expired.push_back(key);
      batch.erase(subscription_store_key(*subscription));
    }
  }
  const auto visit = [&](std::string_view key, std::string_view value) {
    std::string_view rest = key.substr(kStorePrefix.size());
    (void)Scope::take_from(rest);
    const bool is_once = rest.starts_with("once/");
    if (!is_once && !rest.starts_with("dedup/")) return true;
    const Duration life = is_once ? kOnceLife : kDeduplicationLife;
    const auto record = parse_json(value);
    const Document* published = record ? record->find("publishedMs") : nullptr;
    if (!published || !published->integer() || Time{*published->integer()} + life <= now) {
      batch.erase(std::string(key));
    }
    return true;
  };
  auto done = store.scan(kStorePrefix, visit);
  if (done && !batch.empty()) done = store.write(batch);
  if (!done) {
    log::warn("cannot forget expired subscriptions, will retry", {{"error", done.error().message}});
    return;
  }
  auto locked = state.lock();
  for (const std::string& key : expired) locked->erase_subscription(key);
}

Result<NotifyState::TopicRef> Notify::Impl::topic(const Scope& scope,
                                                  const std::string& topic_arn) const {
  WEIR_CHECK(parse_topic_arn(scope, topic_arn));
  auto locked = state.lock();
  const auto found = locked->topics.find(topic_arn);
  if (found == locked->topics.end()) return topic_not_found();
  return found->second;
}

Result<void> Notify::Impl::save(Topic topic) {
  WEIR_CHECK(store.put(topic_store_key(topic), to_json_text(topic)));
  state.lock()->put(std::make_shared<const Topic>(std::move(topic)));
  return {};
}

Result<void> Notify::Impl::save(Subscription subscription) {
  WEIR_CHECK(store.put(subscription_store_key(subscription), to_json_text(subscription)));
  state.lock()->put(std::make_shared<const Subscription>(std::move(subscription)));
  return {};
}

// --- topics -----------------------------------------------------------------------------------

namespace {

// AWS answers a repeated CreateTopic with the ARN if what was given is what the topic has.
Result<std::string> same_topic(const Topic& topic, const Attributes& attributes, const Tags& tags) {
  const Attributes shown = topic.shown();
  for (const auto& [name, value] : attributes) {
    const auto found = shown.find(name);
    if (found == shown.end() || found->second != value) {
      return invalid_parameter("Attributes Reason: Topic already exists with different attributes");
    }
  }
  for (const auto& [key, value] : tags) {
    const auto found = topic.tags.find(key);
    if (found == topic.tags.end() || found->second != value) {
      return invalid_parameter("Tags Reason: Topic already exists with different tags");
    }
  }
  return topic.arn;
}

// FifoTopic is in the name; a false one is dropped: the topic is a standard one.
Result<bool> take_fifo(Attributes& attributes) {
  const auto fifo = attributes.find("FifoTopic");
  if (fifo == attributes.end()) return false;
  const bool is_fifo = fifo->second == "true";
  if (!is_fifo && fifo->second != "false") {
    return invalid_parameter("Attributes Reason: FifoTopic: Invalid value [" + fifo->second +
                             "]. Must be true or false.");
  }
  attributes.erase(fifo);
  return is_fifo;
}

}  // namespace

Result<std::string> Notify::create_topic(const Scope& scope, const std::string& name,
                                         const Attributes& attributes, const Tags& tags) {
  Attributes wanted = attributes;
  WEIR_TRY(const bool is_fifo, take_fifo(wanted));
  if (!is_topic_name(name, is_fifo)) return invalid_parameter("Topic Name");
  for (const auto& [key, value] : wanted) {
    if (const auto checked = check_topic_attribute(key, value, is_fifo); !checked) {
      return invalid_parameter("Attributes Reason: " + checked.error().message);
    }
  }
  WEIR_CHECK(check_tags(tags));

  const std::lock_guard changing(impl_->changes);
  const std::string topic_arn = arn("sns", scope, name);
  {
    auto locked = impl_->state.lock();
    const auto found = locked->topics.find(topic_arn);
    if (found != locked->topics.end()) return same_topic(*found->second, wanted, tags);
    if (locked->topics.size() >= impl_->config.topics_max) {
      return Error{ErrorKind::forbidden, "TopicLimitExceeded", "Topic limit exceeded"};
    }
  }
  WEIR_CHECK(impl_->save(Topic{topic_arn, name, scope.account, wanted, tags}));
  return topic_arn;
}

Result<void> Notify::delete_topic(const Scope& scope, const std::string& topic_arn) {
  const std::lock_guard changing(impl_->changes);
  const auto topic = impl_->topic(scope, topic_arn);
  if (!topic) {
    return topic.error().kind == ErrorKind::not_found ? Result<void>{} : topic.error();
  }
  const auto subscriptions = impl_->state.lock()->of_topic(topic_arn);
  store::WriteBatch batch;
  batch.erase(topic_store_key(**topic));
  for (const auto& subscription : subscriptions) {
    batch.erase(subscription_store_key(*subscription));
  }
  batch.erase_prefix(once_store_prefix(topic_arn));
  batch.erase_prefix(deduplication_store_prefix(topic_arn));
  WEIR_CHECK(impl_->store.write(batch));
  auto locked = impl_->state.lock();
  for (const auto& subscription : subscriptions) locked->erase_subscription(subscription->arn);
  locked->topics.erase(topic_arn);
  return {};
}

Result<Page<std::string>> Notify::list_topics(const Scope& scope,
                                              const std::string& next_token) const {
  WEIR_TRY(const std::string after, parse_next_token(next_token));
  const std::string prefix = scope_prefix(scope);
  Page<std::string> page;
  auto locked = impl_->state.lock();
  for (auto i = locked->topics.upper_bound(std::max(prefix, after));
       i != locked->topics.end() && i->first.starts_with(prefix); ++i) {
    if (page.items.size() == kPageSize) {
      page.next_token = make_next_token(page.items.back());
      break;
    }
    page.items.push_back(i->first);
  }
  return page;
}

Result<Attributes> Notify::topic_attributes(const Scope& scope,
                                            const std::string& topic_arn) const {
  WEIR_TRY(const auto topic, impl_->topic(scope, topic_arn));
  Attributes shown = topic->shown();
  std::size_t confirmed = 0;
  std::size_t pending = 0;
  std::size_t deleted = 0;
  for (const auto& subscription : impl_->state.lock()->of_topic(topic_arn)) {
    confirmed += subscription->is_confirmed();
    pending += subscription->is_pending();
    deleted += subscription->is_deleted();
  }
  shown["SubscriptionsConfirmed"] = std::to_string(confirmed);
  shown["SubscriptionsPending"] = std::to_string(pending);
  shown["SubscriptionsDeleted"] = std::to_string(deleted);
  return shown;
}

Result<void> Notify::set_topic_attribute(const Scope& scope, const std::string& topic_arn,
                                         const std::string& name, const std::string& value) {
  const std::lock_guard changing(impl_->changes);
  WEIR_TRY(const auto topic, impl_->topic(scope, topic_arn));
  if (const auto checked = check_topic_attribute(name, value, topic->is_fifo()); !checked) {
    return invalid_parameter(checked.error().message);
  }
  Topic changed = *topic;
  if (value.empty()) {
    changed.attributes.erase(name);  // tools take a setting back by setting it to nothing
  } else {
    changed.attributes[name] = value;
  }
  return impl_->save(std::move(changed));
}

// --- tags -------------------------------------------------------------------------------------

namespace {

Error resource_not_found() {
  return Error{ErrorKind::not_found, "ResourceNotFound", "Resource does not exist"};
}

}  // namespace

Result<void> Notify::tag(const Scope& scope, const std::string& topic_arn, const Tags& tags) {
  const std::lock_guard changing(impl_->changes);
  const auto topic = impl_->topic(scope, topic_arn);
  if (!topic) return resource_not_found();
  Topic changed = **topic;
  for (const auto& [key, value] : tags) changed.tags.insert_or_assign(key, value);
  WEIR_CHECK(check_tags(changed.tags));
  return impl_->save(std::move(changed));
}

Result<void> Notify::untag(const Scope& scope, const std::string& topic_arn,
                           const std::vector<std::string>& keys) {
  const std::lock_guard changing(impl_->changes);
  const auto topic = impl_->topic(scope, topic_arn);
  if (!topic) return resource_not_found();
  Topic changed = **topic;
  for (const std::string& key : keys) changed.tags.erase(key);
  return impl_->save(std::move(changed));
}

Result<Tags> Notify::tags(const Scope& scope, const std::string& topic_arn) const {
  const auto topic = impl_->topic(scope, topic_arn);
  if (!topic) return resource_not_found();
  return (*topic)->tags;
}

Result<std::string> Notify::certificate_pem() { return impl_->signer.certificate_pem(); }
Result<std::string> Notify::certificate_name() { return impl_->signer.certificate_name(); }
std::size_t Notify::deliveries_waiting() const { return impl_->queue->waiting(); }

}  // namespace weir::notify
