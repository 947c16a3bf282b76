// SPDX-License-Identifier: Apache-2.0
#include "daemon/alarm_details.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace weir::daemon {
namespace {

/// One log event that an alarm counted; virtual time, memory store.
struct DetailsWorld {
  DetailsWorld() {
    WEIR_ASSERT(logs.load());
    WEIR_ASSERT(logs.ensure_stream(scope, "group", "s"));
    logs::MetricFilter filter;
    filter.filter_name = "f";
    filter.filter_pattern = "REJECT";
    filter.metric_transformations = {{.metric_name = "Rejected",
                                      .metric_namespace = "VPCFlow",
                                      .metric_value = "1",
                                      .default_value = {},
                                      .dimensions = {},
                                      .unit = {}}};
    WEIR_ASSERT(logs.put_metric_filter(scope, "group", filter));
    put();
  }
  void put() {
    WEIR_ASSERT(logs.put_log_events(scope, "group", "s", {{{runtime.now().ms, "a REJECT"}}}));
  }
  notify::Delivery delivery(const std::string& id, const std::string& account = "000000000000",
                            const char* state = "ALARM") {
    notify::Delivery delivery;
    delivery.message_id = id;
    delivery.topic_arn = "arn:aws:sns:us-east-1:000000000000:t";
    delivery.common_message =
        R"({"AlarmName":"a","NewStateValue":")" + std::string(state) +
        R"(","NewStateReason":"x","StateChangeTime":")" + to_iso8601_offset(runtime.now()) +
        R"(","AlarmArn":"arn:aws:cloudwatch:us-east-1:)" + account + R"(:alarm:a",)" +
        R"("Trigger":{"MetricName":"Rejected","Namespace":"VPCFlow","Period":60}})";
    return delivery;
  }
  void ask(const notify::Delivery& delivery) {
    details.find(delivery, [this](client::AlarmDetails found) { answers.push_back(found); });
  }

  Scope scope{};
  SimulatedRuntime runtime{3};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  logs::Logs logs{runtime, *store,
                  [](const Scope&, std::string_view, std::span<const logs::MetricValue>) {
                    return Result<void>{};
                  },
                  logs::Logs::Config{}};
  AlarmDetails details{runtime, logs};
  std::vector<client::AlarmDetails> answers;
};

TEST(AlarmDetails, AreLookedUpOnceForAllMailsOfAMessage) {
  DetailsWorld world;
  int links = 0;
  world.details.set_graph_url([&links](const std::string&) {
    ++links;
    return "http://weir.test/graph";
  });
  const auto delivery = world.delivery("m");
  for (int i = 0; i < 3; ++i) world.ask(delivery);
  EXPECT_TRUE(world.answers.empty()) << "the look-up is a worker's";
  world.runtime.run_ready();
  world.ask(delivery);
  ASSERT_EQ(world.answers.size(), 4U);
  EXPECT_EQ(links, 1);
  for (const auto& answer : world.answers) {
    ASSERT_EQ(answer.records.size(), 1U);
    EXPECT_EQ(answer.records.front().text, "a REJECT");
    EXPECT_EQ(answer.graph_url, "http://weir.test/graph");
  }
}

// Whoever may publish to a topic must not read the logs of others with it.
TEST(AlarmDetails, OfAnotherAccountShowNoRecords) {
  DetailsWorld world;
  world.ask(world.delivery("m", "111122223333"));
  world.runtime.run_ready();
  ASSERT_EQ(world.answers.size(), 1U);
  EXPECT_TRUE(world.answers.front().records.empty());
}

TEST(AlarmDetails, OfARecoveryOrAnOddMessageAreEmpty) {
  DetailsWorld world;
  world.ask(world.delivery("1", "000000000000", "OK"));
  auto odd = world.delivery("2");
  odd.common_message = R"({"AlarmName":"composite","NewStateValue":"ALARM"})";
  world.ask(odd);
  world.runtime.run_ready();
  ASSERT_EQ(world.answers.size(), 2U);
  for (const auto& answer : world.answers) EXPECT_TRUE(answer.records.empty());
}

TEST(AlarmDetails, TooManyWaitingMailsGoWithoutRecords) {
  DetailsWorld world;
  for (std::size_t i = 0; i <= AlarmDetails::kWaitingMax; ++i) {
    world.ask(world.delivery(std::to_string(i)));
  }
  EXPECT_EQ(world.answers.size(), 1U) << "one more than may wait";
  world.runtime.run_ready();
  EXPECT_EQ(world.answers.size(), AlarmDetails::kWaitingMax + 1);
}

}  // namespace
}  // namespace weir::daemon
