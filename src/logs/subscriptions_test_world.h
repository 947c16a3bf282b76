// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/document.h"
#include "columnar/gzip.h"
#include "logs/arrivals.h"
#include "logs/logs_test_world.h"
#include "logs/subscriptions.h"

namespace weir::logs {

/// Takes payloads, refuses them or keeps their senders waiting, as the test wants.
struct TestTarget final : SubscriptionTransport {
  struct Taken {
    std::string target_arn;
    std::string id;
    Document payload;
  };
  void send(Parcel parcel, Done done) override {
    const auto text = columnar::gunzip(parcel.data, 64u << 20);
    WEIR_ASSERT(text);
    auto payload = parse_json(*text);
    WEIR_ASSERT(payload);
    ++attempts;
    if (holds) {
      held.emplace_back(Taken{parcel.target_arn, parcel.id, *std::move(payload)}, std::move(done));
      return;
    }
    if (error) return done(*error);
    if (is_too_large(*payload)) return done(Error{ErrorKind::too_large, "X", "413"});
    taken.push_back({parcel.target_arn, parcel.id, *std::move(payload)});
    done({});
  }
  /// Answers the oldest sender that waits.
  void release(Result<void> result = {}) {
    auto [parcel, done] = std::move(held.front());
    held.pop_front();
    if (result) taken.push_back(std::move(parcel));
    done(std::move(result));
  }
  /// The messages of all data payloads, in the order of their delivery.
  std::vector<std::string> messages() const {
    std::vector<std::string> all;
    for (const Taken& one : taken) {
      if (*one.payload.find("messageType")->string() != "DATA_MESSAGE") continue;
      for (const Document& event : *one.payload.find("logEvents")->list()) {
        all.push_back(*event.find("message")->string());
      }
    }
    return all;
  }

  bool is_too_large(const Document& payload) const {
    const Document::List& events = *payload.find("logEvents")->list();
    std::size_t bytes = 0;
    for (const Document& event : events) bytes += event.find("message")->string()->size();
    return events.size() > events_max || bytes > bytes_max;
  }

  std::vector<Taken> taken;
  std::size_t events_max = 1'000'000;  // of a payload, without an answer of too large
  std::size_t bytes_max = 1u << 30;
  std::deque<std::pair<Taken, Done>> held;
  std::optional<Error> error;
  bool holds = false;
  int attempts = 0;
};

/// Groups, a function and a stream as targets, virtual time.
struct SubscriptionsWorld : TestWorld {
  explicit SubscriptionsWorld(Subscriptions::Config wanted = {}) : subscription_config(wanted) {
    create_group();
    create_stream();
    start_subscriptions();
  }
  /// As after a crash: what is under way is forgotten.
  void restart_all() {
    runtime.quiesce();
    function.held.clear();
    stream.held.clear();
    subscriptions.reset();
    restart();
    start_subscriptions();
  }
  void start_subscriptions() {
    destinations = std::make_unique<Destinations>(runtime, *store);
    subscriptions = std::make_unique<Subscriptions>(
        runtime, *store, *logs, *destinations,
        Subscriptions::Transports{{"lambda", &function}, {"firehose", &stream}},
        subscription_config);
    WEIR_ASSERT(subscriptions->load());
    logs->arrivals().start();
  }

  SubscriptionFilter filter(const std::string& name = "f") const {
    SubscriptionFilter made;
    made.filter_name = name;
    made.log_group_name = "/vpc/flow";
    made.destination_arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
    return made;
  }
  /// "" or `Code: message`.
  std::string subscribe(SubscriptionFilter wanted) {
    const auto done = subscriptions->put(scope, std::move(wanted));
    return done ? "" : done.error().code + ": " + done.error().message;
  }
  /// Puts one event for each message, now.
  void put_messages(const std::vector<std::string>& messages, const std::string& to = "eni-1",
                    const std::string& group = "/vpc/flow") {
    std::vector<InputLogEvent> events;
    for (const std::string& message : messages) events.push_back({now_ms(), message});
    WEIR_ASSERT(put(events, to, group));
  }

  Subscriptions::Config subscription_config;
  TestTarget function;
  TestTarget stream;
  std::unique_ptr<Destinations> destinations;
  std::unique_ptr<Subscriptions> subscriptions;
};

}  // namespace weir::logs
