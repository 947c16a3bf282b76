// SPDX-License-Identifier: Apache-2.0
#include "logs/subscription_pump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "logs/subscriptions_test_world.h"

namespace weir::logs {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

const Error kDown{ErrorKind::unavailable, "X", "down"};

struct PumpWorld : SubscriptionsWorld {
  using SubscriptionsWorld::SubscriptionsWorld;
  /// Subscribes and forgets the test message.
  void follow(const SubscriptionFilter& wanted) {
    ASSERT_EQ(subscribe(wanted), "");
    function.taken.clear();
    stream.taken.clear();
    function.attempts = 0;
  }
  void follow() { follow(filter()); }
  double metric(std::string_view name) const {
    double sum = 0;
    for (const MetricValue& value : service_values)
      sum += value.metric_name == name ? value.value : 0;
    return sum;
  }
};

// source: User Guide, "Subscription filters"; the member extractedFields from a recorded payload.
TEST(SubscriptionDelivery, PayloadsLookLikeThoseOfAws) {
  PumpWorld world;
  SubscriptionFilter filter = world.filter();
  filter.filter_pattern = "[version, srcaddr, dstaddr, ..., action = REJECT]";
  world.follow(filter);
  world.put_messages({"2 10.0.0.5 10.0.0.9 6 REJECT", "2 10.0.0.5 10.0.0.9 6 ACCEPT"});
  world.runtime.run_ready();
  ASSERT_THAT(world.function.taken, SizeIs(1));
  Document payload = world.function.taken[0].payload;
  const Document event = payload.find("logEvents")->list()->front();
  EXPECT_EQ(event.find("id")->string()->size(), 56u);
  payload["logEvents"] = Document();
  EXPECT_EQ(to_json(payload),
            R"({"messageType":"DATA_MESSAGE","owner":"000000000000","logGroup":"/vpc/flow",)"
            R"("logStream":"eni-1","subscriptionFilters":["f"],"logEvents":null})");
  EXPECT_EQ(*event.find("timestamp")->integer(), world.now_ms());
  EXPECT_EQ(*event.find("message")->string(), "2 10.0.0.5 10.0.0.9 6 REJECT");
  EXPECT_EQ(*event.find("extractedFields")->find("srcaddr")->string(), "10.0.0.5");
  EXPECT_EQ(*event.find("extractedFields")->find("action")->string(), "REJECT");
  EXPECT_EQ(event.map()->size(), 4u);
}

TEST(SubscriptionDelivery, TermPatternsExtractNothingAndSystemFieldsAreEmittedWhereAskedFor) {
  PumpWorld world;
  world.follow();
  SubscriptionFilter other = world.filter("g");
  other.filter_pattern = "wanted";
  other.emit_system_fields = {{"@aws.account", "@source.log"}};
  world.follow(other);
  world.put_messages({"wanted", "boring"});
  world.runtime.run_ready();
  std::map<std::string, std::string> fields;  // by filter
  for (const auto& one : world.function.taken) {
    const Document& event = one.payload.find("logEvents")->list()->front();
    const Document* extracted = event.find("extractedFields");
    fields[*one.payload.find("subscriptionFilters")->list()->front().string()] =
        extracted == nullptr ? "none" : to_json(*extracted);
  }
  EXPECT_EQ(fields["f"], "none");
  EXPECT_EQ(fields["g"], R"({"@aws.account":"000000000000","@source.log":"/vpc/flow"})");
  EXPECT_THAT(world.function.messages(), SizeIs(3));
}

TEST(SubscriptionDelivery, OnlyWhatComesAfterTheFilterAndOnlyOfItsGroup) {
  PumpWorld world;
  world.create_group("other");
  world.create_stream("s", "other");
  world.put_messages({"before"});
  world.follow();
  world.put_messages({"elsewhere"}, "s", "other");
  world.put_messages({"after"});
  world.runtime.run_ready();
  EXPECT_THAT(world.function.messages(), ElementsAre("after"));
}

TEST(SubscriptionDelivery, AnotherPlaceThanTheCriteriaNameSendsNothing) {
  PumpWorld world;
  SubscriptionFilter filter = world.filter();
  filter.field_selection_criteria = "@aws.region != us-east-1";
  world.follow(filter);
  world.put_messages({"one"});
  world.runtime.run_ready();
  EXPECT_THAT(world.function.messages(), IsEmpty());
}

TEST(SubscriptionDelivery, OnePayloadHoldsOneStreamAndKeepsItsOrder) {
  PumpWorld world;
  world.create_stream("eni-2");
  world.follow();
  world.function.holds = true;
  world.put_messages({"0"});
  world.runtime.run_ready();  // one is under way; the others come together afterwards
  for (int i = 1; i < 7; ++i) world.put_messages({std::to_string(i)}, i % 2 ? "eni-2" : "eni-1");
  world.function.holds = false;
  world.function.release();
  world.runtime.run_ready();
  std::map<std::string, std::vector<std::string>> by_stream;
  for (const auto& one : world.function.taken) {
    for (const Document& event : *one.payload.find("logEvents")->list()) {
      by_stream[*one.payload.find("logStream")->string()].push_back(
          *event.find("message")->string());
    }
  }
  EXPECT_THAT(world.function.taken, SizeIs(3));
  EXPECT_THAT(by_stream["eni-1"], ElementsAre("0", "2", "4", "6"));
  EXPECT_THAT(by_stream["eni-2"], ElementsAre("1", "3", "5"));
}

TEST(SubscriptionDelivery, PayloadsAreBounded) {
  PumpWorld world;
  world.follow();
  world.function.holds = true;
  world.put_messages({"first"});
  world.runtime.run_ready();
  for (int i = 0; i < 3; ++i)
    world.put_messages({std::string(700'000, static_cast<char>('a' + i))});
  world.function.holds = false;
  world.function.release();
  world.runtime.run_ready();
  EXPECT_THAT(world.function.taken, SizeIs(4));
  EXPECT_THAT(world.function.messages(), SizeIs(4));
}

// Goal: a dead target delays neither puts nor other filters, and loses nothing.
TEST(SubscriptionDelivery, WhatFailsIsTriedAgainWithGrowingPauses) {
  PumpWorld world;
  world.follow();
  SubscriptionFilter other = world.filter("to-stream");
  other.destination_arn = "arn:aws:firehose:us-east-1:000000000000:deliverystream/s";
  other.role_arn = "arn:aws:iam::000000000000:role/r";
  world.follow(other);
  world.function.error = kDown;
  world.put_messages({"one"});
  world.runtime.run_ready();
  EXPECT_EQ(world.function.attempts, 1);
  EXPECT_THAT(world.stream.messages(), ElementsAre("one"));
  world.runtime.advance(std::chrono::minutes(10));
  EXPECT_GT(world.function.attempts, 12);
  EXPECT_LT(world.function.attempts, 25);
  world.put_messages({"two"});
  world.runtime.run_ready();
  EXPECT_THAT(world.stream.messages(), ElementsAre("one", "two"));
  world.function.error.reset();
  world.runtime.advance(std::chrono::minutes(2));
  EXPECT_THAT(world.function.messages(), ElementsAre("one", "two"));
  world.runtime.advance(std::chrono::minutes(1));
  EXPECT_EQ(world.metric("ForwardedLogEvents"), 4);
  EXPECT_GT(world.metric("DeliveryErrors"), 12);
  EXPECT_GT(world.metric("ForwardedBytes"), 0);
}

// As a proxy before an endpoint does: 413.
TEST(SubscriptionDelivery, APayloadThatIsTooLargeIsSentInParts) {
  PumpWorld world;
  world.follow();
  world.function.bytes_max = 350'000;
  const auto put = [&world](std::initializer_list<char> letters) {
    std::vector<std::string> messages;
    for (const char letter : letters) messages.emplace_back(100'000, letter);
    world.put_messages(messages);
    world.runtime.run_ready();
  };
  const auto first_letters = [&world] {
    std::string letters;
    for (const std::string& message : world.function.messages()) letters += message[0];
    return letters;
  };
  put({'1', '2', '3', '4', '5', '6', '7'});
  EXPECT_EQ(first_letters(), "1234567");
  EXPECT_EQ(world.function.attempts, 5);  // 7 | 3 4 | 2 2
  put({'a', 'b', 'c', 'd'});              // the next are smaller from the beginning
  EXPECT_EQ(first_letters(), "1234567abcd");
  EXPECT_EQ(world.function.attempts, 9);
  world.runtime.advance(std::chrono::seconds(12));
  EXPECT_EQ(world.metric("ForwardedLogEvents"), 11);
}

TEST(SubscriptionDelivery, SmallPayloadsStaySmallOnlyOnce) {
  PumpWorld world;
  world.follow();
  world.function.events_max = 3;
  world.put_messages({"1", "2", "3", "4", "5", "6", "7"});
  world.runtime.run_ready();
  world.function.events_max = 100;  // a proxy was mended
  world.function.attempts = 0;
  world.put_messages({"8", "9", "10", "11"});
  world.runtime.run_ready();
  EXPECT_THAT(world.function.messages(), SizeIs(11));
  EXPECT_EQ(world.function.attempts, 1);
}

TEST(SubscriptionDelivery, OneEventThatIsTooLargeIsDroppedAlone) {
  PumpWorld world;
  world.follow();
  world.function.bytes_max = 100;
  world.put_messages({"a", std::string(200, 'x'), "b"});
  world.runtime.run_ready();
  EXPECT_THAT(world.function.messages(), ElementsAre("a", "b"));
}

TEST(SubscriptionDelivery, WhatIsRefusedForGoodOrForADayIsDropped) {
  PumpWorld world;
  world.follow();
  world.function.error = Error{ErrorKind::forbidden, "X", "no"};
  world.put_messages({"refused"});
  world.runtime.run_ready();
  world.function.error.reset();
  world.put_messages({"next"});
  world.runtime.run_ready();
  EXPECT_THAT(world.function.messages(), ElementsAre("next"));

  world.function.error = Error{ErrorKind::limit, "X", "slowly"};
  world.put_messages({"late"});
  world.runtime.advance(std::chrono::hours(23));
  EXPECT_GT(world.metric("DeliveryThrottling"), 1000);
  world.restart_all();  // the time goes on
  world.runtime.advance(std::chrono::minutes(70));
  world.function.error.reset();
  world.put_messages({"last"});
  world.runtime.advance(std::chrono::minutes(2));
  EXPECT_THAT(world.function.messages(), ElementsAre("next", "last"));
}

// Goal: nothing acknowledged is lost by a crash at any moment; repetitions have the same ids.
// Method: a crash while payloads are under way, after some of them were taken.
TEST(SubscriptionDelivery, GoesOnWhereItWasAfterACrash) {
  PumpWorld world;
  world.create_stream("eni-2");
  world.follow();
  world.function.holds = true;
  world.put_messages({"a"}, "eni-1");
  world.runtime.run_ready();
  world.put_messages({"b"}, "eni-1");
  world.put_messages({"c"}, "eni-2");
  world.function.release();
  world.runtime.run_ready();  // b and c are under way
  world.function.release();
  world.runtime.run_ready();  // one of them is taken
  EXPECT_THAT(world.function.messages(), SizeIs(2));
  world.function.holds = false;
  world.restart_all();
  world.runtime.run_ready();
  const auto messages = world.function.messages();
  EXPECT_THAT(messages, ::testing::IsSupersetOf({"a", "b", "c"}));
  EXPECT_LE(messages.size(), 4u);
  std::map<std::string, std::string> id_of;
  for (const auto& one : world.function.taken) {
    for (const Document& event : *one.payload.find("logEvents")->list()) {
      const std::string& id = *event.find("id")->string();
      const auto [place, is_new] = id_of.emplace(*event.find("message")->string(), id);
      EXPECT_EQ(place->second, id);
    }
  }
  world.restart_all();
  world.runtime.run_ready();
  EXPECT_EQ(world.function.messages(), messages);
}

TEST(SubscriptionDelivery, AReplacedFilterSendsWhatWaitsToItsNewTarget) {
  PumpWorld world;
  world.follow();
  world.function.error = kDown;
  world.put_messages({"one"});
  world.runtime.advance(std::chrono::minutes(5));
  SubscriptionFilter changed = world.filter();
  changed.destination_arn = "arn:aws:firehose:us-east-1:000000000000:deliverystream/s";
  changed.role_arn = "arn:aws:iam::000000000000:role/r";
  ASSERT_EQ(world.subscribe(changed), "");
  world.runtime.run_ready();
  EXPECT_THAT(world.stream.messages(), ElementsAre("one"));
}

TEST(SubscriptionDelivery, EndsWithItsFilterAndWithItsGroup) {
  PumpWorld world;
  world.follow();
  world.function.error = kDown;
  world.put_messages({"one"});
  world.runtime.run_ready();
  ASSERT_TRUE(world.subscriptions->remove(world.scope, "/vpc/flow", "f"));
  world.function.error.reset();
  world.runtime.advance(std::chrono::minutes(5));
  EXPECT_THAT(world.function.messages(), IsEmpty());

  world.follow();
  world.function.error = kDown;
  world.put_messages({"two"});
  world.runtime.run_ready();
  ASSERT_TRUE(world.logs->delete_log_group(world.scope, "/vpc/flow"));
  world.function.error.reset();
  world.runtime.advance(std::chrono::minutes(5));
  world.restart_all();
  world.runtime.run_ready();
  EXPECT_THAT(world.function.messages(), IsEmpty());
}

TEST(SubscriptionDelivery, IntoAnotherGroupKeepsStreamsAndTimes) {
  PumpWorld world;
  world.create_group("all");
  SubscriptionFilter filter = world.filter();
  filter.destination_arn = "arn:aws:logs:us-east-1:000000000000:log-group:all";
  filter.filter_pattern = "REJECT";
  world.follow(filter);
  const std::int64_t before = world.now_ms();
  world.put_messages({"a REJECT", "b ACCEPT", "c REJECT"});
  world.runtime.advance(std::chrono::minutes(1));
  Logs::GetQuery query;
  query.start_from_head = true;
  const auto events = world.logs->get_events(world.scope, "all", "eni-1", query);
  ASSERT_TRUE(events);
  ASSERT_THAT(events->events, SizeIs(2));
  EXPECT_EQ(events->events[0].message, "a REJECT");
  EXPECT_EQ(events->events[1].id.timestamp.ms, before);
}

TEST(SubscriptionDelivery, ATargetThatIsGoneMayComeBack) {
  PumpWorld world;
  world.create_group("all");
  Destination destination;
  destination.destination_name = "d";
  destination.target_arn = "arn:aws:logs:us-east-1:000000000000:log-group:all";
  ASSERT_TRUE(world.subscriptions->put_destination(world.scope, destination));
  SubscriptionFilter filter = world.filter();
  filter.destination_arn = "arn:aws:logs:us-east-1:000000000000:destination:d";
  world.follow(filter);
  ASSERT_TRUE(world.destinations->remove(world.scope, "d"));
  world.put_messages({"one"});
  world.runtime.advance(std::chrono::minutes(10));
  ASSERT_TRUE(world.subscriptions->put_destination(world.scope, destination));
  world.runtime.advance(std::chrono::minutes(2));
  Logs::GetQuery query;
  const auto events = world.logs->get_events(world.scope, "all", "eni-1", query);
  ASSERT_TRUE(events);
  EXPECT_THAT(events->events, SizeIs(1));
}

// Goal: a target that is gone for days keeps no more waiting than what came in a day, so that the
// store does not fill up.
// Method: an event each ten minutes, 144 a day, for two days.
TEST(SubscriptionDelivery, WhatWaitsForADeadTargetIsThatOfADay) {
  PumpWorld world;
  world.follow();
  world.function.error = kDown;
  for (int i = 0; i < 288; ++i) {
    world.put_messages({std::to_string(i)});
    world.runtime.advance(std::chrono::minutes(10));
  }
  world.function.error.reset();
  world.runtime.advance(std::chrono::minutes(5));
  const auto messages = world.function.messages();
  ASSERT_FALSE(messages.empty());
  EXPECT_EQ(messages.back(), "287");
  EXPECT_THAT(messages.size(), AllOf(Ge(143u), Le(144 + 2 * SubscriptionPump::kBlocksMax)));
}

// The same without a target at all, and over a restart.
TEST(SubscriptionDelivery, WhatWaitsForAMissingTargetIsThatOfADay) {
  PumpWorld world;
  world.create_group("all");
  SubscriptionFilter filter = world.filter();
  filter.destination_arn = "arn:aws:logs:us-east-1:000000000000:destination:d";
  Destination destination;
  destination.destination_name = "d";
  destination.target_arn = "arn:aws:logs:us-east-1:000000000000:log-group:all";
  ASSERT_TRUE(world.subscriptions->put_destination(world.scope, destination));
  world.follow(filter);
  ASSERT_TRUE(world.destinations->remove(world.scope, "d"));
  for (int i = 0; i < 288; ++i) {
    world.put_messages({std::to_string(i)});
    world.runtime.advance(std::chrono::minutes(10));
    if (i == 180) world.restart_all();
  }
  ASSERT_TRUE(world.subscriptions->put_destination(world.scope, destination));
  world.runtime.advance(std::chrono::minutes(5));
  const auto events = world.logs->get_events(world.scope, "all", "eni-1", {});
  ASSERT_TRUE(events);
  EXPECT_THAT(events->events.size(), AllOf(Ge(143u), Le(144 + 2 * SubscriptionPump::kBlocksMax)));
}

// Goal: a failure of long ago does not take the retries from a new one.
TEST(SubscriptionDelivery, EveryFailureHasItsOwnDay) {
  PumpWorld world;
  Destination destination;
  destination.destination_name = "d";
  destination.target_arn = world.filter().destination_arn;
  ASSERT_TRUE(world.subscriptions->put_destination(world.scope, destination));
  SubscriptionFilter filter = world.filter();
  filter.filter_pattern = "wanted";
  filter.destination_arn = "arn:aws:logs:us-east-1:000000000000:destination:d";
  world.follow(filter);
  ASSERT_TRUE(world.destinations->remove(world.scope, "d"));
  world.put_messages({"boring"});
  world.runtime.advance(std::chrono::minutes(10));
  ASSERT_TRUE(world.subscriptions->put_destination(world.scope, destination));
  world.runtime.advance(std::chrono::hours(30));
  world.function.error = kDown;
  world.put_messages({"wanted"});
  world.runtime.advance(std::chrono::hours(1));
  world.function.error.reset();
  world.runtime.advance(std::chrono::minutes(5));
  EXPECT_THAT(world.function.messages(), ElementsAre("wanted"));
}

// Goal: a filter that finds nothing does not keep the pointers of others for ever.
TEST(SubscriptionDelivery, AQuietFilterMovesOn) {
  PumpWorld world;
  world.create_group("quiet");
  SubscriptionFilter quiet = world.filter();
  quiet.log_group_name = "quiet";
  world.follow(quiet);
  world.follow();
  for (int i = 0; i < 20; ++i) world.put_messages({std::to_string(i)});
  world.runtime.advance(std::chrono::minutes(10));
  std::size_t pointers = 0;
  ASSERT_TRUE(
      world.store->scan("logs/" + world.scope.key() + "a/",
                        [&](std::string_view, std::string_view) { return ++pointers > 0; }));
  EXPECT_EQ(pointers, 0u);
}

TEST(SubscriptionDelivery, RandomDistributionDeliversEverything) {
  PumpWorld world;
  SubscriptionFilter filter = world.filter();
  filter.distribution = "Random";
  world.follow(filter);
  for (int i = 0; i < 50; ++i) world.put_messages({std::to_string(i)});
  world.runtime.advance(std::chrono::minutes(1));
  EXPECT_THAT(world.function.messages(), SizeIs(50));
}

}  // namespace
}  // namespace weir::logs
