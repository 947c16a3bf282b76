// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/runtime.h"
#include "notify/notify.h"
#include "store/kv_store.h"

namespace weir::notify {

/// Writes down every attempt with its time and answers as it was told, else with success.
class RecordingTransport final : public Transport {
 public:
  struct Attempt {
    Time time;
    Delivery delivery;
  };
  explicit RecordingTransport(Runtime& runtime) : runtime_(runtime) {}

  void send(const Delivery& delivery, Done done) override {
    attempts.push_back({runtime_.now(), delivery});
    if (hangs) {
      hanging.push_back(std::move(done));
      return;
    }
    Outcome outcome = otherwise;
    if (!answers.empty()) {
      outcome = answers.front();
      answers.pop_front();
    }
    done(outcome);
  }

  /// Seconds between the attempts.
  std::vector<double> gaps() const {
    std::vector<double> gaps;
    for (std::size_t i = 1; i < attempts.size(); ++i) {
      gaps.push_back(double((attempts[i].time - attempts[i - 1].time).count()) / 1000);
    }
    return gaps;
  }

  std::vector<Attempt> attempts;
  std::deque<Outcome> answers;
  Outcome otherwise{};
  bool hangs = false;
  std::vector<Done> hanging;

 private:
  Runtime& runtime_;
};

inline Outcome failure() { return {Outcome::Kind::retry, 503, "unavailable"}; }
inline Outcome refusal() { return {Outcome::Kind::rejected, 403, "forbidden"}; }

/// Keeps what it is given, or refuses as it was told.
class RecordingDeadLetters final : public DeadLetters {
 public:
  Result<void> put(const DeadLetter& letter) override {
    if (refusal) return *refusal;
    letters.push_back(letter);
    return {};
  }
  std::vector<DeadLetter> letters;
  std::optional<Error> refusal;
};

class RecordingStatusLog final : public StatusLog {
 public:
  void write(const Scope&, const std::string& log_group, Time, const std::string& line) override {
    lines.emplace_back(log_group, line);
  }
  std::vector<std::pair<std::string, std::string>> lines;
};

/// Notify on simulated time and a memory store; `restart()` is a kill and a new start.
struct NotifyWorld {
  explicit NotifyWorld(Notify::Config config_in = {}) : config(std::move(config_in)) { start(); }

  void start() {
    Transports transports;
    for (const char* protocol : {"http", "https", "email", "email-json", "sqs", "firehose"}) {
      transports.protocols[protocol] = &transport;
    }
    transports.functions["weir-block"] = &function;
    transports.dead_letters = &dead_letters;
    transports.status_log = &status_log;
    notify = std::make_unique<Notify>(runtime, *store, std::move(transports),
                                      Signer(runtime, *store), config);
    const auto loaded = notify->load();
    WEIR_ASSERT(loaded);
  }
  void restart() {
    runtime.quiesce();
    notify.reset();
    start();
  }

  std::string topic(const std::string& name = "alarms", const Attributes& attributes = {}) {
    return *notify->create_topic(scope, name, attributes, {});
  }
  /// Subscribes and confirms with the token that was delivered; forgets the attempts so far.
  std::string confirmed(const std::string& topic_arn, const std::string& endpoint,
                        const Attributes& attributes = {}) {
    const std::string protocol = endpoint.find("://") == std::string::npos
                                     ? "email"
                                     : endpoint.substr(0, endpoint.find(':'));
    const auto subscribed = notify->subscribe(scope, {topic_arn, protocol, endpoint, attributes});
    WEIR_ASSERT(subscribed);
    runtime.run_ready();
    const auto confirmed = notify->confirm(scope, topic_arn, last_token(), false, false);
    WEIR_ASSERT(confirmed);
    transport.attempts.clear();
    return *confirmed;
  }
  std::string last_token() const {
    const std::string& url = transport.attempts.back().delivery.subscribe_url;
    return url.substr(url.rfind('=') + 1);
  }
  Result<std::string> publish(const std::string& topic_arn, const std::string& message = "hello") {
    auto published = notify->publish(scope, topic_arn, {.message = message});
    runtime.run_ready();
    if (!published) return published.error();
    return published->message_id;
  }

  Scope scope{};
  SimulatedRuntime runtime{1};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  RecordingTransport transport{runtime};
  RecordingTransport function{runtime};
  RecordingDeadLetters dead_letters;
  RecordingStatusLog status_log;
  Notify::Config config;
  std::unique_ptr<Notify> notify;
};

}  // namespace weir::notify
