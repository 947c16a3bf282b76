// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notify/notify_test_world.h"

namespace weir::notify {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::SizeIs;

// Goal: the default policy makes 4 attempts, 20 seconds apart, then gives up.
// Method: virtual time, an endpoint that always fails; up to a tenth of jitter is ours.
TEST(Retries, DefaultPolicyTriesFourTimesTwentySecondsApart) {
  NotifyWorld world;
  const auto topic = world.topic();
  world.confirmed(topic, "http://receiver.example/");
  world.transport.otherwise = failure();
  ASSERT_TRUE(world.publish(topic));
  world.runtime.advance(hours(2));

  ASSERT_THAT(world.transport.attempts, SizeIs(4));
  for (const double gap : world.transport.gaps()) {
    EXPECT_GE(gap, 20);
    EXPECT_LE(gap, 22);
  }
  EXPECT_EQ(world.notify->deliveries_waiting(), 0u);
}

// Goal: the four phases follow each other as the Developer Guide says.
// Method: its example policy: 3 at once, 2 at the minimum, 10 growing, 35 at the maximum.
TEST(Retries, PhasesFollowThePolicy) {
  NotifyWorld world;
  const auto topic = world.topic();
  world.confirmed(topic, "http://receiver.example/",
                  {{"DeliveryPolicy",
                    R"({"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":60,
                    "numRetries":50,"numNoDelayRetries":3,"numMinDelayRetries":2,
                    "numMaxDelayRetries":35,"backoffFunction":"exponential"}})"}});
  world.transport.otherwise = failure();
  ASSERT_TRUE(world.publish(topic));
  world.runtime.advance(hours(2));

  ASSERT_THAT(world.transport.attempts, SizeIs(51));
  const auto gaps = world.transport.gaps();
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(gaps[i], 0);
  for (std::size_t i = 3; i < 6; ++i) EXPECT_NEAR(gaps[i], 1.05, 0.06);
  for (std::size_t i = 6; i < 15; ++i) EXPECT_GT(gaps[i], gaps[i - 1]);
  for (std::size_t i = 15; i < 50; ++i) EXPECT_NEAR(gaps[i], 63, 3);
}

TEST(Retries, APermanentRefusalIsNotTriedAgain) {
  NotifyWorld world;
  const auto topic = world.topic();
  world.confirmed(topic, "http://receiver.example/");
  world.transport.otherwise = refusal();
  ASSERT_TRUE(world.publish(topic));
  world.runtime.advance(hours(1));
  EXPECT_THAT(world.transport.attempts, SizeIs(1));
}

TEST(Retries, MailIsTriedFiftyOneTimesOverHours) {
  NotifyWorld world;
  const auto topic = world.topic();
  world.confirmed(topic, "ops@example.com");
  world.transport.otherwise = failure();
  ASSERT_TRUE(world.publish(topic));
  world.runtime.advance(hours(24));
  EXPECT_THAT(world.transport.attempts, SizeIs(51));
}

// Goal: an endpoint that answers 500 for an hour loses nothing and delays nobody.
TEST(Retries, AnHourOfFailuresEndsInADeliveryOrADeadLetter) {
  const std::string policy =
      R"({"healthyRetryPolicy":{"minDelayTarget":58,"maxDelayTarget":58,"numRetries":60}})";
  const std::string redrive = R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:d"})";
  for (const bool recovers : {true, false}) {
    NotifyWorld world;
    const auto topic = world.topic();
    world.confirmed(topic, "http://receiver.example/",
                    {{"DeliveryPolicy", policy}, {"RedrivePolicy", redrive}});
    world.transport.otherwise = failure();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(world.publish(topic));
    world.runtime.advance(std::chrono::minutes(50));
    EXPECT_EQ(world.notify->deliveries_waiting(), 10U);
    EXPECT_TRUE(world.dead_letters.letters.empty());
    if (recovers) world.transport.otherwise = {};
    world.runtime.advance(hours(2));
    EXPECT_EQ(world.notify->deliveries_waiting(), 0U);
    EXPECT_THAT(world.dead_letters.letters, SizeIs(recovers ? 0 : 10));
  }
}

TEST(Retries, TheMessageIdAndBodyStayTheSame) {
  NotifyWorld world;
  const auto topic = world.topic();
  world.confirmed(topic, "http://receiver.example/");
  world.transport.answers = {failure(), failure()};
  ASSERT_TRUE(world.publish(topic));
  world.runtime.advance(hours(1));
  ASSERT_THAT(world.transport.attempts, SizeIs(3));
  EXPECT_EQ(world.transport.attempts[0].delivery.body, world.transport.attempts[2].delivery.body);
  EXPECT_EQ(world.transport.attempts[0].delivery.id, world.transport.attempts[2].delivery.id);
  EXPECT_EQ(world.transport.attempts[2].delivery.attempt, 3);
}

// Goal: nothing is lost over a kill in the middle of an attempt and between two retries.
// Method: the memory store survives, Notify is made anew; the same delivery must arrive.
TEST(Restart, ADeliveryUnderWayIsMadeAgain) {
  NotifyWorld world;
  const auto topic = world.topic();
  world.confirmed(topic, "http://receiver.example/");
  world.transport.hangs = true;
  const auto id = world.publish(topic);
  ASSERT_THAT(world.transport.attempts, SizeIs(1));

  world.transport.hangs = false;
  world.transport.hanging.clear();
  world.restart();
  world.runtime.advance(seconds(1));
  ASSERT_THAT(world.transport.attempts, SizeIs(2));
  EXPECT_EQ(world.transport.attempts[1].delivery.message_id, *id);
  world.restart();
  world.runtime.advance(hours(1));
  EXPECT_THAT(world.transport.attempts, SizeIs(2)) << "a finished delivery came back";
}

TEST(Restart, RetriesGoOnWhereTheyWere) {
  NotifyWorld world;
  const auto topic = world.topic();
  world.confirmed(topic, "http://receiver.example/");
  world.transport.otherwise = failure();
  ASSERT_TRUE(world.publish(topic));
  world.runtime.advance(seconds(30));
  ASSERT_THAT(world.transport.attempts, SizeIs(2));
  world.restart();
  world.runtime.advance(hours(1));
  EXPECT_THAT(world.transport.attempts, SizeIs(4)) << "the attempts before count";
  EXPECT_NEAR(world.transport.gaps()[1], 21, 1.1);
}

TEST(Lanes, AnEndpointThatHangsDelaysNobody) {
  NotifyWorld world({.in_flight_max = 4, .in_flight_per_endpoint_max = 2});
  const auto topic = world.topic();
  world.confirmed(topic, "http://dead.example/");
  const auto other = world.topic("other");
  world.confirmed(other, "http://alive.example/");
  world.transport.hangs = true;
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(world.publish(topic));
  EXPECT_THAT(world.transport.attempts, SizeIs(2));

  world.transport.hangs = false;
  ASSERT_TRUE(world.publish(other));
  ASSERT_THAT(world.transport.attempts, SizeIs(3));
  EXPECT_EQ(world.transport.attempts[2].delivery.endpoint, "http://alive.example/");
}

TEST(Lanes, AfterAFailureAnEndpointHasOneAttemptUnderWay) {
  NotifyWorld world;
  const auto topic = world.topic();
  world.confirmed(topic, "http://dead.example/");
  world.transport.answers = {failure()};
  ASSERT_TRUE(world.publish(topic));
  world.transport.hangs = true;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(world.publish(topic));
  EXPECT_THAT(world.transport.attempts, SizeIs(2));

  world.transport.hangs = false;
  world.transport.hanging[0]({});
  world.runtime.run_ready();
  EXPECT_THAT(world.transport.attempts, SizeIs(6)) << "success opens the lane";
}

TEST(Lanes, ARateLimitSpacesDeliveries) {
  NotifyWorld world;
  const auto topic = world.topic();
  world.confirmed(topic, "http://slow.example/",
                  {{"DeliveryPolicy", R"({"throttlePolicy":{"maxReceivesPerSecond":2}})"}});
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(world.publish(topic));
  world.runtime.advance(minutes(1));
  EXPECT_THAT(world.transport.gaps(), ElementsAre(0.5, 0.5, 0.5, 0.5, 0.5));
}

TEST(Queue, PublishIsRefusedWhenItIsFull) {
  NotifyWorld world({.deliveries_max = 2});
  const auto topic = world.topic();
  world.confirmed(topic, "http://dead.example/");
  world.transport.hangs = true;
  ASSERT_TRUE(world.publish(topic));
  ASSERT_TRUE(world.publish(topic));
  const auto refused = world.publish(topic);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "Throttled");
}

TEST(Queue, AnUnsubscribedEndpointGetsNothingMore) {
  NotifyWorld world;
  const auto topic = world.topic();
  const auto subscription = world.confirmed(topic, "http://receiver.example/");
  world.transport.otherwise = failure();
  ASSERT_TRUE(world.publish(topic));
  ASSERT_TRUE(world.notify->unsubscribe(world.scope, subscription, true));
  world.runtime.advance(hours(1));
  EXPECT_THAT(world.transport.attempts, SizeIs(1));
  EXPECT_EQ(world.notify->deliveries_waiting(), 0u);
}

TEST(Queue, FinishedDeliveriesLeaveNothingInTheStore) {
  NotifyWorld world;
  const auto topic = world.topic();
  world.confirmed(topic, "http://a.example/");
  world.confirmed(topic, "http://b.example/");
  ASSERT_TRUE(world.publish(topic));
  world.runtime.run_ready();
  ASSERT_THAT(world.transport.attempts, SizeIs(2));
  int left = 0;
  ASSERT_TRUE(world.store->scan("sns-queue/", [&](auto, auto) { return ++left > 0; }));
  EXPECT_EQ(left, 0);
}

}  // namespace
}  // namespace weir::notify
