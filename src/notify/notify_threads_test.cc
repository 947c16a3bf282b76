// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "notify/notify.h"

namespace weir::notify {
namespace {

/// Fails every delivery once, then takes it; answers on a worker, as a real client does.
class FlakyTransport final : public Transport {
 public:
  FlakyTransport(Runtime& runtime, std::size_t wanted) : runtime_(runtime), wanted_(wanted) {}

  void send(const Delivery& delivery, Done done) override {
    const bool fails = delivery.attempt == 1;
    runtime_.post([this, fails, id = delivery.id, done = std::move(done)] {
      done({fails ? Outcome::Kind::retry : Outcome::Kind::delivered, 0, ""});
      if (fails) return;
      const std::lock_guard lock(mutex_);
      delivered_.insert(id);
      if (delivered_.size() == wanted_ && !is_complete_) {
        is_complete_ = true;
        complete_.set_value();
      }
    });
  }
  void wait() { complete_.get_future().wait(); }

 private:
  Runtime& runtime_;
  const std::size_t wanted_;
  std::mutex mutex_;
  std::set<std::string> delivered_;
  bool is_complete_ = false;
  std::promise<void> complete_;
};

// Goal: with publishers, workers and outcomes on many threads every delivery arrives.
// Method: real runtime; each delivery fails once and is retried at once. Meant for TSan too.
TEST(NotifyThreads, EveryDeliveryOfConcurrentPublishersArrives) {
  constexpr std::size_t kPublishers = 4;
  constexpr std::size_t kMessages = 50;
  constexpr std::size_t kSubscriptions = 3;
  const Scope scope;
  SystemRuntime runtime(4);
  const auto store = store::make_memory_store();
  FlakyTransport transport(runtime, kPublishers * kMessages * kSubscriptions);
  FlakyTransport function(runtime, 0);
  Transports transports;
  transports.protocols["http"] = &function;
  for (std::size_t i = 0; i < kSubscriptions; ++i) {
    transports.functions["f" + std::to_string(i)] = &transport;
  }
  Notify notify(runtime, *store, std::move(transports), Signer(runtime, *store),
                {.in_flight_max = 16});
  ASSERT_TRUE(notify.load());
  const auto topic = notify.create_topic(scope, "t", {}, {});
  ASSERT_TRUE(topic);
  for (std::size_t i = 0; i < kSubscriptions; ++i) {
    ASSERT_TRUE(notify.subscribe(
        scope, {*topic,
                "lambda",
                "arn:aws:lambda:us-east-1:000000000000:function:f" + std::to_string(i),
                {}}));
  }
  std::vector<std::thread> publishers;
  std::atomic<int> refused{0};
  for (std::size_t i = 0; i < kPublishers; ++i) {
    publishers.emplace_back([&] {
      for (std::size_t n = 0; n < kMessages; ++n) {
        if (!notify.publish(scope, *topic, {.message = "m"})) ++refused;
      }
    });
  }
  for (std::thread& publisher : publishers) publisher.join();
  EXPECT_EQ(refused, 0);
  transport.wait();
  runtime.quiesce();
}

}  // namespace
}  // namespace weir::notify
