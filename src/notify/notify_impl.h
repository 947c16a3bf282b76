// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "notify/delivery_queue.h"
#include "notify/envelope.h"
#include "notify/notify.h"
#include "notify/subscription.h"

/// What the parts of Notify share; private to the module.
namespace weir::notify {

struct NotifyState {
  // Values never change, a change puts a new one in their place; so a publication reads its
  // subscribers without the lock. Shared with the readers of the moment.
  using TopicRef = std::shared_ptr<const Topic>;
  using SubscriptionRef = std::shared_ptr<const Subscription>;

  std::map<std::string, TopicRef, std::less<>> topics;                // by ARN
  std::map<std::string, SubscriptionRef, std::less<>> subscriptions;  // by ARN, so by topic too
  std::map<std::string, std::string, std::less<>> by_endpoint;        // endpoint_key() -> ARN
  std::map<std::string, std::string, std::less<>> by_token;           // token -> ARN

  void put(TopicRef topic);
  void put(SubscriptionRef subscription);
  void erase_subscription(const std::string& subscription_arn);
  /// Subscriptions of a topic, in ARN order.
  std::vector<SubscriptionRef> of_topic(const std::string& topic_arn) const;
};

std::string endpoint_key(const Subscription& subscription);
Error topic_not_found();
Error subscription_not_found();

/// Signatures of the messages of the moment: all subscribers to a topic get the same one.
struct SignatureCache {
  static constexpr std::size_t kEntriesMax = 1024;
  std::map<std::string, std::string, std::less<>> by_text;  // version and digest of what is signed
  std::deque<std::string> order;
};

struct Notify::Impl {
  Runtime& runtime;
  store::KvStore& store;
  const Transports transports;
  Signer signer;
  const Config config;
  Guarded<NotifyState> state;
  // Changes of topics and subscriptions happen one after the other: read, write to the store, put.
  std::mutex changes;
  /// Publications with a once_key or to a FIFO topic: those of one topic one after the other.
  /// Topics share a few of these.
  struct Order {
    std::mutex mutex;
    std::uint64_t last_sequence = 0;
  };
  static constexpr std::size_t kOrders = 64;
  std::array<Order, kOrders> orders;
  Order& order_of(const Topic& topic) {
    return orders[std::hash<std::string>{}(topic.arn) % kOrders];
  }
  Guarded<SignatureCache> signatures;
  std::unique_ptr<DeliveryQueue> queue;
  Timer housekeeping;

  Impl(Runtime& runtime_in, store::KvStore& store_in, Transports transports_in, Signer signer_in,
       Config config_in);

  Result<NotifyState::TopicRef> topic(const Scope& scope, const std::string& topic_arn) const;
  Result<NotifyState::SubscriptionRef> subscription(const Scope& scope,
                                                    const std::string& subscription_arn) const;
  Result<void> save(Topic topic);
  Result<void> save(Subscription subscription);

  /// A message that asks the endpoint to confirm (or to restore), with its one delivery; saved
  /// together with the subscription.
  Result<void> send_confirmation(Subscription subscription, MessageKind kind);

  Result<void> check_filter_limit(const Subscription& subscription) const;
  /// Subscriptions whose ARN begins with `prefix`.
  Result<Page<SubscriptionRow>> list(const std::string& prefix,
                                     const std::string& next_token) const;

  /// Publishes to a topic at once what passes the checks; one outcome for each, in their order.
  /// Error: nothing was published.
  using Outcomes = std::vector<Result<Published>>;
  Result<Outcomes> publish_all(const Topic& topic,
                               const std::vector<const Publication*>& publications);
  Result<Published> publish_once(const Topic& topic, const Publication& publication);
  /// Gives a message of a FIFO topic its number, or answers the one that it repeats; under the
  /// topic's order.
  struct Round;
  Result<std::optional<Published>> number(const Topic& topic, StoredMessage& message, Round& round);
  DeliveryQueue::Addition addition(const Topic& topic, const Publication& publication,
                                   StoredMessage message) const;

  /// What the queue tells of the end of a delivery.
  Result<void> ended(const StoredMessage& message, const StoredDelivery& delivery,
                     const Outcome& outcome);
  Result<void> redrive(const Topic& topic, const Subscription& subscription,
                       const StoredMessage& message, const StoredDelivery& delivery,
                       const Outcome& outcome);

  /// What the queue asks before an attempt.
  Result<std::optional<DeliveryQueue::Prepared>> prepare(const StoredMessage& message,
                                                         const StoredDelivery& delivery);
  Result<Delivery> complete(const Topic& topic, const Subscription& subscription,
                            const StoredMessage& message, const std::string& protocol);
  Result<void> sign(Envelope& envelope, SignatureVersion version);
  Transport* transport_for(const StoredDelivery& delivery) const;

  /// Forgets subscriptions whose token ran out and old once keys.
  void keep_house();
};

/// Store keys: sns/<account>/<region>/{topic,subscription,once,dedup}/...
std::string topic_store_key(const Topic& topic);
std::string subscription_store_key(const Subscription& subscription);
std::string once_store_prefix(const std::string& topic_arn);
/// Deduplication ids of a FIFO topic.
std::string deduplication_store_prefix(const std::string& topic_arn);
inline constexpr Duration kDeduplicationLife = std::chrono::minutes(5);

/// A page of an ordered map's entries whose keys begin with `prefix`, 100 as on AWS.
inline constexpr std::size_t kPageSize = 100;
Result<std::string> parse_next_token(const std::string& token);
std::string make_next_token(const std::string& last_key);

}  // namespace weir::notify
