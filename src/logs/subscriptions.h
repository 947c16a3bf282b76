// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "logs/destinations.h"
#include "logs/logs.h"
#include "logs/subscription_filter.h"
#include "logs/types.h"
#include "store/kv_store.h"

namespace weir::logs {

/// Subscription filters and the delivery of what they match.
///
/// A filter works on the events that its group takes after the filter was made. It reads them in
/// the order of arrival (arrivals.h), a bounded number of blocks at a time, sends one payload after
/// the other for each stream, several streams at a time, and moves its durable position only when
/// all of them are delivered. So each event that was acknowledged is delivered at least once, over
/// restarts too, and those of a stream in their order; what is repeated has the same event ids.
/// Failures are tried again with growing pauses (1 s to 1 min) until the target has failed, and the
/// event has waited, for Config::retry_time_max: so much, and not more, waits for a target that is
/// gone. What a target refuses for good, or for that long, is dropped for this filter, counted and
/// logged. Filters do not wait for each other, and no put waits for a filter.
///
/// Targets: what the transports carry, by the service of the ARN (`lambda`, `firehose`), and log
/// groups of this Weir (`arn:aws:logs:<region>:<account>:log-group:<name>`, our own addition; into
/// streams of the same names), each also behind a logs destination.
///
/// Metrics in AWS/Logs by LogGroupName, DestinationType, FilterName: ForwardedBytes (compressed),
/// ForwardedLogEvents, DeliveryErrors, DeliveryThrottling.
///
/// Threads: every function from any thread. Errors have AWS's codes and texts. Memory: what is
/// read in one step of each filter that has work, see SubscriptionPump.
/// Lifetime: after `logs`, the transports and `destinations`; quiesce the Runtime before.
class Subscriptions {
 public:
  struct Config {
    std::size_t filters_per_group_max = 2;  // AWS's quota
    Duration retry_time_max = std::chrono::hours(24);
  };
  /// By service: `lambda`, `firehose`.
  using Transports = std::map<std::string, SubscriptionTransport*, std::less<>>;

  Subscriptions(Runtime& runtime, store::KvStore& store, Logs& logs, Destinations& destinations,
                Transports transports, Config config);
  ~Subscriptions();
  Subscriptions(const Subscriptions&) = delete;
  Subscriptions& operator=(const Subscriptions&) = delete;

  /// Takes up the work of all filters. Once, after Logs::load() and before Arrivals::start().
  Result<void> load();

  /// Creates or replaces; a filter that is replaced keeps its time of creation and its position.
  /// The target is sent a test message first and has to take it: this waits for the answer.
  Result<void> put(const Scope& scope, SubscriptionFilter filter);
  Result<void> remove(const Scope& scope, std::string_view group, std::string_view name);
  Result<Page<SubscriptionFilter>> list(const Scope& scope, std::string_view group,
                                        std::string_view prefix, std::string_view after,
                                        std::size_t limit) const;

  /// Destinations::put() after a test message to the target.
  Result<Destination> put_destination(const Scope& scope, Destination destination);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::logs
