// SPDX-License-Identifier: Apache-2.0
// FIFO topics, queues as subscribers, dead letters and the delivery status log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/document.h"
#include "notify/notify_test_world.h"

namespace weir::notify {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using namespace std::chrono_literals;

constexpr const char* kQueue = "arn:aws:sqs:us-east-1:000000000000:alarms";
constexpr const char* kFifoQueue = "arn:aws:sqs:us-east-1:000000000000:alarms.fifo";

struct FifoWorld : NotifyWorld {
  std::string fifo_topic(Attributes attributes = {}) {
    attributes["FifoTopic"] = "true";
    return topic("alarms.fifo", attributes);
  }
  std::string subscribe(const std::string& topic_arn, const std::string& queue,
                        const Attributes& attributes = {}) {
    const auto subscribed = notify->subscribe(scope, {topic_arn, "sqs", queue, attributes});
    EXPECT_TRUE(subscribed) << subscribed.error().message;
    EXPECT_FALSE(subscribed->is_pending);
    return subscribed->subscription_arn;
  }
  Result<Published> send(const std::string& topic_arn, const std::string& message,
                         const std::string& group, const std::string& id = "") {
    auto published = notify->publish(
        scope, topic_arn, {.message = message, .group_id = group, .deduplication_id = id});
    runtime.run_ready();
    return published;
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> texts;
    for (const auto& attempt : transport.attempts) texts.push_back(attempt.delivery.message);
    return texts;
  }
};

std::string refusal_of(const Error& error) { return error.message; }

TEST(FifoTopic, NamesAndAttributesBelongTogether) {
  FifoWorld world;
  const auto create = [&](const std::string& name, const Attributes& attributes) {
    return world.notify->create_topic(world.scope, name, attributes, {});
  };
  EXPECT_EQ(refusal_of(create("a", {{"FifoTopic", "true"}}).error()),
            "Invalid parameter: Topic Name");
  EXPECT_FALSE(create("a.fifo", {}));
  EXPECT_TRUE(create("plain", {{"FifoTopic", "false"}}));
  EXPECT_FALSE(create("plain2", {{"ContentBasedDeduplication", "true"}}));
  const auto fifo = create("a.fifo", {{"FifoTopic", "true"}});
  ASSERT_TRUE(fifo);
  EXPECT_TRUE(create("a.fifo", {{"FifoTopic", "true"}}));
  const auto shown = world.notify->topic_attributes(world.scope, *fifo);
  EXPECT_EQ(shown->at("FifoTopic"), "true");
  EXPECT_EQ(shown->at("ContentBasedDeduplication"), "false");
  EXPECT_EQ(
      refusal_of(
          world.notify->set_topic_attribute(world.scope, *fifo, "FifoTopic", "false").error()),
      "Invalid parameter: AttributeName");
}

TEST(FifoTopic, WantsGroupAndDeduplication) {
  FifoWorld world;
  const auto topic = world.fifo_topic();
  EXPECT_THAT(world.send(topic, "m", "").error().message,
              HasSubstr("The MessageGroupId parameter is required for FIFO topics"));
  EXPECT_THAT(world.send(topic, "m", "g").error().message,
              HasSubstr("The topic should either have ContentBasedDeduplication enabled or"));
  EXPECT_THAT(world.send(world.topic(), "m", "", "id").error().message,
              HasSubstr("not valid for this topic type"));
  const auto first = world.send(topic, "m", "g", "1");
  const auto second = world.send(topic, "m", "g", "2");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->sequence_number.size(), 20u);
  EXPECT_LT(first->sequence_number, second->sequence_number);
}

TEST(FifoTopic, ARepeatedMessageIsAnsweredAndNotDelivered) {
  FifoWorld world;
  const auto topic = world.fifo_topic({{"ContentBasedDeduplication", "true"}});
  world.subscribe(topic, kFifoQueue);
  const auto first = world.send(topic, "same", "g");
  world.restart();
  EXPECT_EQ(*world.send(topic, "same", "other"), *first);
  EXPECT_THAT(world.transport.attempts, SizeIs(1));
  world.runtime.advance(5min);
  EXPECT_NE(*world.send(topic, "same", "g"), *first);
  EXPECT_THAT(world.transport.attempts, SizeIs(2));
}

TEST(FifoTopic, AFailedDeliveryHoldsUpItsGroupOnly) {
  FifoWorld world;
  const auto topic = world.fifo_topic();
  world.subscribe(topic, kFifoQueue);
  world.transport.answers = {failure(), failure(), failure(), failure()};  // three are at once
  EXPECT_TRUE(world.send(topic, "a1", "a", "a1"));
  EXPECT_TRUE(world.send(topic, "a2", "a", "a2"));
  EXPECT_TRUE(world.send(topic, "b1", "b", "b1"));
  world.runtime.run_ready();
  EXPECT_THAT(world.texts(), ElementsAre("a1", "a1", "a1", "a1", "b1"));
  world.runtime.advance(2s);
  EXPECT_THAT(world.texts(), ElementsAre("a1", "a1", "a1", "a1", "b1", "a1", "a2"));
}

TEST(FifoTopic, OrderOutlivesARestart) {
  FifoWorld world;
  const auto topic = world.fifo_topic();
  world.subscribe(topic, kFifoQueue);
  world.transport.hangs = true;
  std::vector<std::string> sent;
  for (int i = 0; i < 20; ++i) {
    sent.push_back("m" + std::to_string(i));
    EXPECT_TRUE(world.send(topic, sent.back(), "g", sent.back()));
  }
  EXPECT_THAT(world.transport.attempts, SizeIs(1));
  world.transport.hangs = false;
  world.transport.attempts.clear();
  world.restart();
  world.runtime.run_ready();
  EXPECT_EQ(world.texts(), sent);
}

TEST(FifoTopic, NotificationsCarryANumberInsteadOfASignature) {
  FifoWorld world;
  const auto topic = world.fifo_topic();
  world.subscribe(topic, kFifoQueue);
  const auto published = world.send(topic, "m", "g", "1");
  const Delivery& delivery = world.transport.attempts.at(0).delivery;
  const auto body = parse_json(delivery.body);
  ASSERT_TRUE(body);
  EXPECT_EQ(*body->find("SequenceNumber")->string(), published->sequence_number);
  EXPECT_EQ(body->find("Signature"), nullptr);
  EXPECT_EQ(delivery.group_id, "g");
  EXPECT_EQ(delivery.deduplication_id, "1");
}

TEST(Subscribe, AQueueIsNamedByItsArnAndFitsTheTopic) {
  FifoWorld world;
  const auto refused = [&](const std::string& topic, const std::string& protocol,
                           const std::string& endpoint) {
    const auto subscribed = world.notify->subscribe(world.scope, {topic, protocol, endpoint, {}});
    return subscribed ? "" : subscribed.error().message;
  };
  EXPECT_EQ(refused(world.topic(), "sqs", "http://localhost/000000000000/alarms"),
            "Invalid parameter: SQS endpoint ARN");
  EXPECT_THAT(refused(world.topic(), "sqs", kFifoQueue), HasSubstr("can not be subscribed"));
  EXPECT_THAT(refused(world.fifo_topic(), "http", "http://a.example/"), HasSubstr("FIFO SQS"));
  EXPECT_EQ(refused(world.fifo_topic(), "sqs", kFifoQueue), "");
  EXPECT_EQ(refused(world.fifo_topic(), "sqs", kQueue), "");
  EXPECT_THAT(refused(world.topic(), "sms", "+15551234"),
              HasSubstr("does not support this protocol string: sms"));
  EXPECT_THAT(refused(world.topic(), "firehose",
                      "arn:aws:firehose:us-east-1:000000000000:deliverystream/s"),
              HasSubstr("SubscriptionRoleArn"));
}

TEST(Redrive, WhatIsGivenUpGoesToTheDeadLetterQueue) {
  FifoWorld world;
  const auto topic = world.topic();
  world.confirmed(
      topic, "http://a.example/",
      {{"RedrivePolicy", std::string(R"({"deadLetterTargetArn":")") + kQueue + R"("})"}});
  world.transport.answers = {refusal()};
  ASSERT_TRUE(world.publish(topic, "lost"));
  ASSERT_THAT(world.dead_letters.letters, SizeIs(1));
  const DeadLetter& letter = world.dead_letters.letters[0];
  EXPECT_EQ(letter.queue_arn, kQueue);
  EXPECT_EQ(letter.body, world.transport.attempts.at(0).delivery.body);
  EXPECT_EQ(letter.attributes.at("ErrorCode").value.value, "403");
  EXPECT_EQ(world.notify->deliveries_waiting(), 0u);
}

TEST(Redrive, IsTriedAgainWhileTheQueueCannotWrite) {
  FifoWorld world;
  const auto topic = world.topic();
  world.confirmed(
      topic, "http://a.example/",
      {{"RedrivePolicy", std::string(R"({"deadLetterTargetArn":")") + kQueue + R"("})"}});
  world.transport.otherwise = refusal();
  world.dead_letters.refusal = Error{ErrorKind::unavailable, "ServiceUnavailable", "disk full"};
  ASSERT_TRUE(world.publish(topic, "lost"));
  EXPECT_EQ(world.notify->deliveries_waiting(), 1u);
  world.dead_letters.refusal.reset();
  world.runtime.advance(1min);
  EXPECT_THAT(world.dead_letters.letters, SizeIs(1));
  EXPECT_EQ(world.notify->deliveries_waiting(), 0u);
}

TEST(Redrive, AFifoTopicNeedsAFifoQueue) {
  FifoWorld world;
  const auto subscription = world.subscribe(world.fifo_topic(), kFifoQueue);
  const auto set = world.notify->set_subscription_attribute(
      world.scope, subscription, "RedrivePolicy",
      std::string(R"({"deadLetterTargetArn":")") + kQueue + R"("})");
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().message,
            "Invalid parameter: RedrivePolicy: must use a FIFO queue as DLQ for a FIFO "
            "Subscription to a FIFO Topic.");
}

TEST(DeliveryStatus, IsWrittenWhereARoleIsSet) {
  FifoWorld world;
  const auto topic =
      world.topic("alarms", {{"SQSSuccessFeedbackRoleArn", "arn:aws:iam::0:role/r"},
                             {"SQSSuccessFeedbackSampleRate", "100"},
                             {"SQSFailureFeedbackRoleArn", "arn:aws:iam::0:role/r"}});
  world.subscribe(topic, kQueue);
  ASSERT_TRUE(world.publish(topic, "good"));
  world.transport.answers = {refusal()};
  ASSERT_TRUE(world.publish(topic, "bad"));
  ASSERT_THAT(world.status_log.lines, SizeIs(2));
  EXPECT_EQ(world.status_log.lines[0].first, "sns/us-east-1/000000000000/alarms");
  EXPECT_THAT(world.status_log.lines[0].second, HasSubstr(R"("status":"SUCCESS")"));
  EXPECT_EQ(world.status_log.lines[1].first, "sns/us-east-1/000000000000/alarms/Failure");
  const auto line = parse_json(world.status_log.lines[1].second);
  EXPECT_EQ(*line->find("delivery")->find("destination")->string(), kQueue);
  EXPECT_EQ(*line->find("delivery")->find("attempts")->integer(), 1);
  EXPECT_EQ(*line->find("status")->string(), "FAILURE");
  ASSERT_TRUE(
      world.notify->set_topic_attribute(world.scope, topic, "SQSSuccessFeedbackSampleRate", "0"));
  ASSERT_TRUE(world.publish(topic, "good"));
  EXPECT_THAT(world.status_log.lines, SizeIs(2));
  EXPECT_FALSE(
      world.notify->set_topic_attribute(world.scope, topic, "SQSSuccessFeedbackSampleRate", "101"));
}

TEST(Permissions, AreStatementsOfThePolicy) {
  NotifyWorld world;
  const auto topic = world.topic();
  const auto add = [&](const std::string& label, const std::string& action) {
    return world.notify->add_permission(world.scope, topic, label, {"111122223333"}, {action});
  };
  ASSERT_TRUE(add("other", "Publish"));
  const auto policy = [&] {
    return world.notify->topic_attributes(world.scope, topic)->at("Policy");
  };
  EXPECT_THAT(policy(), HasSubstr(R"({"Sid":"other","Effect":"Allow","Principal":{"AWS":)"
                                  R"("arn:aws:iam::111122223333:root"},"Action":"SNS:Publish",)"
                                  R"("Resource":"arn:aws:sns:us-east-1:000000000000:alarms"})"));
  EXPECT_THAT(policy(), HasSubstr("__default_statement_ID"));
  EXPECT_EQ(refusal_of(add("other", "Publish").error()),
            "Invalid parameter: Statement already exists");
  EXPECT_EQ(refusal_of(add("more", "Nonsense").error()),
            "Invalid parameter: Policy statement action out of service scope!");
  ASSERT_TRUE(world.notify->remove_permission(world.scope, topic, "other"));
  EXPECT_THAT(policy(), Not(HasSubstr("111122223333")));
  EXPECT_EQ(
      refusal_of(
          world.notify->add_permission(world.scope, topic + "x", "l", {"1"}, {"Publish"}).error()),
      "Topic does not exist");
}

TEST(FifoTopic, DeletingItForgetsItsDeduplication) {
  FifoWorld world;
  const auto topic = world.fifo_topic();
  ASSERT_TRUE(world.send(topic, "m", "g", "1"));
  ASSERT_TRUE(world.notify->delete_topic(world.scope, topic));
  std::size_t left = 0;
  ASSERT_TRUE(world.store->scan("sns/", [&](auto, auto) { return ++left > 0; }));
  EXPECT_EQ(left, 0u);
}

}  // namespace
}  // namespace weir::notify
