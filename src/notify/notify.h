// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "notify/message.h"
#include "notify/signer.h"
#include "notify/topic.h"
#include "notify/transport.h"
#include "store/kv_store.h"

namespace weir::notify {

/// Who carries what. Pointers are not owned and outlive Notify's deliveries.
struct Transports {
  /// By protocol: `http`, `https`, `email`, `email-json`, `sqs`, `firehose`. A protocol without a
  /// transport can be subscribed; its deliveries are retried, and the log says what is not
  /// configured.
  std::map<std::string, Transport*, std::less<>> protocols;
  /// Functions by name: the last part of `arn:aws:lambda:<region>:<account>:function:<name>`.
  std::map<std::string, Transport*, std::less<>> functions;
  /// Where RedrivePolicy sends what was given up; nullptr: it is dropped, and the log says so.
  DeadLetters* dead_letters = nullptr;
  /// Delivery status of topics with a feedback role; nullptr: none is written.
  StatusLog* status_log = nullptr;
};

template <class Item>
struct Page {
  std::vector<Item> items;
  std::string next_token;  // "" at the end
};

/// One row of ListSubscriptions. `subscription_arn` is the text `PendingConfirmation` or `Deleted`
/// where AWS says so.
struct SubscriptionRow {
  std::string subscription_arn;
  std::string owner;
  std::string protocol;
  std::string endpoint;
  std::string topic_arn;
};

struct SubscribeRequest {
  std::string topic_arn;
  std::string protocol;
  std::string endpoint;
  Attributes attributes;
};
struct Subscribed {
  std::string subscription_arn;
  bool is_pending = false;
};

struct Published {
  std::string message_id;
  std::string sequence_number = {};  // FIFO topics
  bool operator==(const Published&) const = default;
};

struct BatchEntry {
  std::string id;
  Publication publication;
};
struct BatchOutcome {
  std::string id;
  Result<Published> published;
};

/// SNS: standard and FIFO topics, subscriptions with confirmation and filter policies, signed
/// deliveries with AWS's retries.
///
/// A publication is answered when it and one delivery record for each matching subscription are on
/// disk; deliveries and their retries go on after a restart. Every delivery is made at least once
/// or counted as failed in `weir_sns_notifications_failed_total` (and goes to the dead-letter queue
/// of the subscription, if it has one). Order is kept within a message group of a FIFO topic.
///
/// Threads: every function may be called from any thread. Deliveries are asynchronous; at most
/// Config::in_flight_max at a time and Config::in_flight_per_endpoint_max for one endpoint (one,
/// after it failed), so an endpoint that is dead delays nobody else. Errors: AWS's codes and texts
/// (InvalidParameter, NotFound, ParameterValueInvalid ...). Lifetime: quiesce the Runtime and
/// destroy the clients behind the transports before this.
class Notify {
 public:
  struct Config {
    /// This daemon as its subscribers reach it; the SubscribeURL, UnsubscribeURL and SigningCertURL
    /// begin with it.
    std::string endpoint = "http://127.0.0.1:4566";
    std::size_t in_flight_max = 256;
    std::size_t in_flight_per_endpoint_max = 32;
    std::size_t deliveries_max = 1'000'000;  // waiting; Publish is refused with Throttled above it
    std::size_t topics_max = 100'000;        // per account and region
    std::size_t subscriptions_max = 1'000'000;
    std::size_t filtered_subscriptions_per_topic_max = 200;
    Duration token_life{std::chrono::hours(48)};  // unconfirmed subscriptions vanish after it
  };

  Notify(Runtime& runtime, store::KvStore& store, Transports transports, Signer signer,
         Config config);
  ~Notify();
  Notify(const Notify&) = delete;
  Notify& operator=(const Notify&) = delete;

  /// Reads the stored state and goes on with the deliveries that are left. Call once, before
  /// anything else.
  Result<void> load();

  // Topics. A `topic_arn` of another region is `Invalid parameter: TopicArn`.
  /// The ARN; also when the topic exists with these attributes and tags.
  Result<std::string> create_topic(const Scope& scope, const std::string& name,
                                   const Attributes& attributes, const Tags& tags);
  Result<void> delete_topic(const Scope& scope, const std::string& topic_arn);
  Result<Page<std::string>> list_topics(const Scope& scope, const std::string& next_token) const;
  Result<Attributes> topic_attributes(const Scope& scope, const std::string& topic_arn) const;
  Result<void> set_topic_attribute(const Scope& scope, const std::string& topic_arn,
                                   const std::string& name, const std::string& value);
  Result<void> tag(const Scope& scope, const std::string& topic_arn, const Tags& tags);
  Result<void> untag(const Scope& scope, const std::string& topic_arn,
                     const std::vector<std::string>& keys);
  Result<Tags> tags(const Scope& scope, const std::string& topic_arn) const;
  /// Adds to the attribute Policy, or takes away by label. The policy is kept and shown; who may
  /// call is decided by the daemon's credentials alone.
  Result<void> add_permission(const Scope& scope, const std::string& topic_arn,
                              const std::string& label, const std::vector<std::string>& accounts,
                              const std::vector<std::string>& actions);
  Result<void> remove_permission(const Scope& scope, const std::string& topic_arn,
                                 const std::string& label);

  // Subscriptions. `is_signed`: the caller proved who it is (who follows a link in a mail did not).
  Result<Subscribed> subscribe(const Scope& scope, const SubscribeRequest& request);
  Result<std::string> confirm(const Scope& scope, const std::string& topic_arn,
                              const std::string& token, bool authenticate_on_unsubscribe,
                              bool is_signed);
  Result<void> unsubscribe(const Scope& scope, const std::string& subscription_arn, bool is_signed);
  Result<Page<SubscriptionRow>> list_subscriptions(const Scope& scope,
                                                   const std::string& next_token) const;
  Result<Page<SubscriptionRow>> list_subscriptions_by_topic(const Scope& scope,
                                                            const std::string& topic_arn,
                                                            const std::string& next_token) const;
  Result<Attributes> subscription_attributes(const Scope& scope,
                                             const std::string& subscription_arn) const;
  Result<void> set_subscription_attribute(const Scope& scope, const std::string& subscription_arn,
                                          const std::string& name, const std::string& value);

  /// Answers once the publication is on disk. A FIFO topic answers a repeated deduplication id with
  /// the first message and delivers nothing.
  Result<Published> publish(const Scope& scope, const std::string& topic_arn,
                            const Publication& publication);
  /// One outcome for each entry, in their order.
  Result<std::vector<BatchOutcome>> publish_batch(const Scope& scope, const std::string& topic_arn,
                                                  const std::vector<BatchEntry>& entries);

  /// What to serve at `/` + certificate_name() for receivers that check signatures.
  Result<std::string> certificate_pem();
  Result<std::string> certificate_name();

  /// Deliveries that are stored and not finished.
  std::size_t deliveries_waiting() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::notify
