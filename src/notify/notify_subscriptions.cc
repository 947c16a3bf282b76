// SPDX-License-Identifier: Apache-2.0
// Subscriptions of Notify: subscribe, confirm, unsubscribe, attributes, lists.
#include <algorithm>
#include <utility>

#include "notify/notify_impl.h"

namespace weir::notify {

namespace {

constexpr std::size_t kTokenDigits = 288;  // as in recorded answers

bool is_token(std::string_view text) {
  return text.size() == kTokenDigits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

SubscriptionRow row(const Subscription& subscription) {
  return {subscription.is_pending()   ? "PendingConfirmation"
          : subscription.is_deleted() ? "Deleted"
                                      : subscription.arn,
          subscription.owner, subscription.protocol, subscription.endpoint, subscription.topic_arn};
}

// The ARN of a subscription has seven parts. Texts as recorded from Unsubscribe.
Result<void> check_subscription_arn(const Scope& scope, const std::string& text) {
  if (text.empty()) {
    return invalid_parameter("SubscriptionArn Reason: no value for required parameter");
  }
  const auto parts = std::ranges::count(text, ':') + 1;
  if (parts < 6) {
    return invalid_parameter("SubscriptionArn Reason: An ARN must have at least 6 elements, not " +
                             std::to_string(parts));
  }
  const auto parsed = Arn::parse(text);
  if (!parsed || parsed->service != "sns" || parsed->scope.region != scope.region) {
    return invalid_parameter("SubscriptionArn");
  }
  if (parts < 7 || text.back() == ':') return invalid_parameter("SubscriptionId");
  return {};
}

// What a repeated Subscribe gives must be what the subscription has.
Result<void> check_same(const Subscription& subscription, const Attributes& attributes) {
  const Attributes shown = subscription.shown({});
  for (const auto& [name, value] : attributes) {
    const auto found = shown.find(name);
    if (found == shown.end() || found->second != value) {
      return invalid_parameter(
          "Attributes Reason: Subscription already exists with different attributes");
    }
  }
  return {};
}

// What is subscribed in the caller's own account (SNS API Reference, Subscribe).
bool needs_no_confirmation(std::string_view protocol) {
  return protocol == "lambda" || protocol == "sqs" || protocol == "firehose";
}

// FilterPolicyScope first: the policy is read by it.
Result<void> set_all(Subscription& subscription, const Attributes& attributes) {
  const auto set = [&](const std::string& name, const std::string& value) -> Result<void> {
    if (const auto done = subscription.set(name, value); !done) {
      return invalid_parameter("Attributes Reason: " + done.error().message);
    }
    return {};
  };
  const auto scope = attributes.find("FilterPolicyScope");
  if (scope != attributes.end()) WEIR_CHECK(set(scope->first, scope->second));
  for (const auto& [name, value] : attributes) {
    if (name != "FilterPolicyScope") WEIR_CHECK(set(name, value));
  }
  return {};
}

}  // namespace

Result<NotifyState::SubscriptionRef> Notify::Impl::subscription(
    const Scope& scope, const std::string& subscription_arn) const {
  WEIR_CHECK(check_subscription_arn(scope, subscription_arn));
  auto locked = state.lock();
  const auto found = locked->subscriptions.find(subscription_arn);
  if (found == locked->subscriptions.end() || found->second->is_deleted()) {
    return subscription_not_found();
  }
  return found->second;
}

Result<void> Notify::Impl::send_confirmation(Subscription subscription, MessageKind kind) {
  subscription.token_expires = runtime.now() + config.token_life;
  const auto topic = Arn::parse(subscription.topic_arn);
  WEIR_ASSERT(topic);
  StoredMessage message;
  message.id = runtime.uuid();
  message.type = type_name(kind);
  message.topic_arn = subscription.topic_arn;
  message.message = kind == MessageKind::subscription_confirmation
                        ? confirmation_text(subscription.topic_arn)
                        : unsubscribe_confirmation_text(subscription.arn);
  message.timestamp = runtime.now();
  message.token = subscription.token;
  StoredDelivery delivery;
  delivery.subscription_arn = subscription.arn;
  delivery.protocol = subscription.protocol;
  delivery.endpoint = subscription.endpoint;
  store::WriteBatch batch;
  batch.put(subscription_store_key(subscription), to_json_text(subscription));
  // In memory first: the queue may ask for the subscription at once. On failure it goes back.
  NotifyState::SubscriptionRef before;
  {
    auto locked = state.lock();
    const auto found = locked->subscriptions.find(subscription.arn);
    if (found != locked->subscriptions.end()) before = found->second;
    locked->put(std::make_shared<const Subscription>(subscription));
  }
  std::vector<DeliveryQueue::Addition> additions;
  additions.push_back({std::move(message), {std::move(delivery)}});
  auto added = queue->add(topic->scope, std::move(additions), std::move(batch));
  if (!added) {
    auto locked = state.lock();
    locked->erase_subscription(subscription.arn);
    if (before) locked->put(before);
  }
  return added;
}

Result<Subscribed> Notify::subscribe(const Scope& scope, const SubscribeRequest& request) {
  const std::lock_guard changing(impl_->changes);
  WEIR_TRY(const auto topic, impl_->topic(scope, request.topic_arn));
  WEIR_CHECK(check_endpoint(request.protocol, request.endpoint, topic->is_fifo()));
  const auto transport = impl_->transports.protocols.find(request.protocol);
  if (transport != impl_->transports.protocols.end()) {
    if (const auto fits = transport->second->check(request.endpoint); !fits) {
      return invalid_parameter("Endpoint Reason: " + fits.error().message);
    }
  }
  const bool is_lambda = request.protocol == "lambda";
  if (is_lambda && !impl_->transports.functions.contains(function_name(request.endpoint))) {
    return invalid_parameter(
        "Lambda endpoint ARN Reason: there is no such function (setting functions)");
  }

  Subscription wanted;
  wanted.topic_arn = topic->arn;
  wanted.owner = scope.account;
  wanted.protocol = request.protocol;
  wanted.endpoint = request.endpoint;
  NotifyState::SubscriptionRef existing;
  {
    auto locked = impl_->state.lock();
    const auto found = locked->by_endpoint.find(endpoint_key(wanted));
    if (found != locked->by_endpoint.end()) existing = locked->subscriptions.at(found->second);
    if (!existing && locked->subscriptions.size() >= impl_->config.subscriptions_max) {
      return Error{ErrorKind::forbidden, "SubscriptionLimitExceeded",
                   "Subscription limit exceeded"};
    }
  }
  if (existing && !existing->is_deleted()) {
    WEIR_CHECK(check_same(*existing, request.attributes));
    if (existing->is_confirmed()) return Subscribed{existing->arn, false};
    WEIR_CHECK(impl_->send_confirmation(*existing, MessageKind::subscription_confirmation));
    return Subscribed{existing->arn, true};
  }

  wanted.arn = existing ? existing->arn : topic->arn + ':' + impl_->runtime.uuid();
  WEIR_CHECK(set_all(wanted, request.attributes));
  WEIR_CHECK(impl_->check_filter_limit(wanted));
  if (request.protocol == "firehose" && !wanted.attributes.contains("SubscriptionRoleArn")) {
    return invalid_parameter(
        "Attributes Reason: SubscriptionRoleArn: Invalid value [null]. Must be a role ARN.");
  }
  if (needs_no_confirmation(request.protocol)) {
    wanted.status = "confirmed";
    wanted.was_authenticated = true;
    WEIR_CHECK(impl_->save(wanted));
    return Subscribed{wanted.arn, false};
  }
  wanted.token = impl_->runtime.hex(kTokenDigits);
  WEIR_CHECK(impl_->send_confirmation(wanted, MessageKind::subscription_confirmation));
  return Subscribed{wanted.arn, true};
}

Result<void> Notify::Impl::check_filter_limit(const Subscription& subscription) const {
  if (!subscription.has_filter()) return {};
  std::size_t others = 0;
  for (const auto& other : state.lock()->of_topic(subscription.topic_arn)) {
    others += other->has_filter() && other->arn != subscription.arn;
  }
  if (others < config.filtered_subscriptions_per_topic_max) return {};
  return Error{ErrorKind::forbidden, "FilterPolicyLimitExceeded", "Filter policy limit exceeded"};
}

Result<std::string> Notify::confirm(const Scope& scope, const std::string& topic_arn,
                                    const std::string& token, bool authenticate_on_unsubscribe,
                                    bool is_signed) {
  if (!parse_topic_arn(scope, topic_arn)) return invalid_parameter("Topic");
  if (!is_token(token)) return Error{ErrorKind::invalid, "InvalidParameter", "Invalid token"};
  const std::lock_guard changing(impl_->changes);
  NotifyState::SubscriptionRef found;
  {
    auto locked = impl_->state.lock();
    const auto arn = locked->by_token.find(token);
    if (arn != locked->by_token.end()) found = locked->subscriptions.at(arn->second);
  }
  if (!found || found->topic_arn != topic_arn || found->token_expires <= impl_->runtime.now()) {
    return invalid_parameter("Token");
  }
  if (found->is_confirmed()) return found->arn;
  Subscription confirmed = *found;
  confirmed.status = "confirmed";
  confirmed.was_authenticated = is_signed;
  confirmed.authenticate_on_unsubscribe = is_signed && authenticate_on_unsubscribe;
  WEIR_CHECK(impl_->save(confirmed));
  return confirmed.arn;
}

Result<void> Notify::unsubscribe(const Scope& scope, const std::string& subscription_arn,
                                 bool is_signed) {
  const std::lock_guard changing(impl_->changes);
  const auto found = impl_->subscription(scope, subscription_arn);
  if (!found) {
    return found.error().kind == ErrorKind::not_found ? Result<void>{} : found.error();
  }
  const Subscription& subscription = **found;
  if (subscription.is_pending()) {
    return invalid_parameter(
        "SubscriptionArn Reason: Cannot unsubscribe a subscription that is pending confirmation");
  }
  if (!is_signed) {
    if (subscription.authenticate_on_unsubscribe || needs_no_confirmation(subscription.protocol)) {
      return Error{ErrorKind::forbidden, "AuthorizationError",
                   "This subscription requires authentication for deletion."};
    }
    // Anybody who has the link can do this, so the endpoint is told and can take it back.
    Subscription deleted = subscription;
    deleted.status = "deleted";
    deleted.token = impl_->runtime.hex(kTokenDigits);
    return impl_->send_confirmation(std::move(deleted), MessageKind::unsubscribe_confirmation);
  }
  WEIR_CHECK(impl_->store.erase(subscription_store_key(subscription)));
  impl_->state.lock()->erase_subscription(subscription_arn);
  return {};
}

Result<Page<SubscriptionRow>> Notify::list_subscriptions(const Scope& scope,
                                                         const std::string& next_token) const {
  return impl_->list(arn("sns", scope, ""), next_token);
}

Result<Page<SubscriptionRow>> Notify::list_subscriptions_by_topic(
    const Scope& scope, const std::string& topic_arn, const std::string& next_token) const {
  WEIR_CHECK(impl_->topic(scope, topic_arn));
  return impl_->list(topic_arn + ':', next_token);
}

Result<Page<SubscriptionRow>> Notify::Impl::list(const std::string& prefix,
                                                 const std::string& next_token) const {
  WEIR_TRY(const std::string after, parse_next_token(next_token));
  Page<SubscriptionRow> page;
  std::string last;
  auto locked = state.lock();
  for (auto i = locked->subscriptions.upper_bound(std::max(prefix, after));
       i != locked->subscriptions.end() && i->first.starts_with(prefix); ++i) {
    if (page.items.size() == kPageSize) {
      page.next_token = make_next_token(last);
      break;
    }
    page.items.push_back(row(*i->second));
    last = i->first;
  }
  return page;
}

Result<Attributes> Notify::subscription_attributes(const Scope& scope,
                                                   const std::string& subscription_arn) const {
  WEIR_TRY(const auto subscription, impl_->subscription(scope, subscription_arn));
  WEIR_TRY(const auto topic, impl_->topic(scope, subscription->topic_arn));
  return subscription->shown(topic->delivery_policy());
}

Result<void> Notify::set_subscription_attribute(const Scope& scope,
                                                const std::string& subscription_arn,
                                                const std::string& name, const std::string& value) {
  const std::lock_guard changing(impl_->changes);
  WEIR_TRY(const auto subscription, impl_->subscription(scope, subscription_arn));
  Subscription changed = *subscription;
  if (const auto done = changed.set(name, value); !done) {
    return invalid_parameter(done.error().message);
  }
  WEIR_CHECK(impl_->check_filter_limit(changed));
  return impl_->save(std::move(changed));
}

}  // namespace weir::notify
