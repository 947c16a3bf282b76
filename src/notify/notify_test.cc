// SPDX-License-Identifier: Apache-2.0
#include "notify/notify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/document.h"
#include "notify/notify_test_world.h"

namespace weir::notify {
namespace {

using std::chrono::hours;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;

template <class T>
std::string refusal(const Result<T>& result) {
  return result ? "" : result.error().message;
}

TEST(Topics, CreateIsIdempotentUnlessItDiffers) {
  NotifyWorld world;
  const Attributes attributes = {{"DisplayName", "Alarms"}, {"FifoTopic", "false"}};
  const auto arn = world.notify->create_topic(world.scope, "t", attributes, {{"k", "v"}});
  ASSERT_TRUE(arn);
  EXPECT_EQ(*arn, "arn:aws:sns:us-east-1:000000000000:t");
  EXPECT_EQ(*world.notify->create_topic(world.scope, "t", {}, {}), *arn);
  EXPECT_EQ(refusal(world.notify->create_topic(world.scope, "t", {{"DisplayName", "x"}}, {})),
            "Invalid parameter: Attributes Reason: Topic already exists with different attributes");
  EXPECT_EQ(refusal(world.notify->create_topic(world.scope, "t", {}, {{"other", "v"}})),
            "Invalid parameter: Tags Reason: Topic already exists with different tags");
  EXPECT_EQ(refusal(world.notify->create_topic(world.scope, "a b", {}, {})),
            "Invalid parameter: Topic Name");
}

TEST(Topics, ShowTheirPoliciesAndCounts) {
  NotifyWorld world;
  const auto topic = world.topic();
  world.confirmed(topic, "http://a.example/");
  ASSERT_TRUE(world.notify->subscribe(world.scope, {topic, "email", "ops@example.com", {}}));
  const auto shown = world.notify->topic_attributes(world.scope, topic);
  ASSERT_TRUE(shown);
  EXPECT_THAT(*shown, Contains(Pair("SubscriptionsConfirmed", "1")));
  EXPECT_THAT(*shown, Contains(Pair("SubscriptionsPending", "1")));
  EXPECT_THAT(*shown, Contains(Pair("DisplayName", "")));
  EXPECT_EQ(
      shown->at("Policy"),
      R"({"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow","Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission","SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":"arn:aws:sns:us-east-1:000000000000:alarms","Condition":{"StringEquals":{"AWS:SourceOwner":"000000000000"}}}]})");
  EXPECT_EQ(
      shown->at("EffectiveDeliveryPolicy"),
      R"({"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}})");
}

TEST(Topics, UnknownAndForeignArnsAreToldApart) {
  NotifyWorld world;
  const auto with = [&](const std::string& arn) {
    return refusal(world.notify->topic_attributes(world.scope, arn));
  };
  EXPECT_EQ(with("arn:aws:sns:us-east-1:000000000000:none"), "Topic does not exist");
  EXPECT_EQ(with("none"),
            "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1");
  EXPECT_EQ(with("arn:aws:sns:eu-west-1:000000000000:none"), "Invalid parameter: TopicArn");
}

TEST(Topics, SettingAttributesChecksThem) {
  NotifyWorld world;
  const auto topic = world.topic();
  const auto set = [&](const char* name, const char* value) {
    return refusal(world.notify->set_topic_attribute(world.scope, topic, name, value));
  };
  EXPECT_EQ(set("DisplayName", "Alarms"), "");
  EXPECT_EQ(set("FifoTopic", "true"), "Invalid parameter: AttributeName");
  EXPECT_EQ(set("SignatureVersion", "3"), "Invalid parameter: SignatureVersion");
  EXPECT_EQ(set("DeliveryPolicy", R"({"http":{"defaultHealthyRetryPolicy":{"numRetries":101}}})"),
            "Invalid parameter: DeliveryPolicy: numRetries must be a whole number from 0 to 100");
  EXPECT_EQ(
      set("DeliveryPolicy",
          R"({"http":{"defaultHealthyRetryPolicy":{"numRetries":1,"numNoDelayRetries":2}}})"),
      "Invalid parameter: DeliveryPolicy: numRetries must be greater than or equal to the sum "
      "of numNoDelayRetries, numMinDelayRetries and numMaxDelayRetries");
  EXPECT_THAT(*world.notify->topic_attributes(world.scope, topic),
              Contains(Pair("DisplayName", "Alarms")));
}

TEST(Topics, AreListedAHundredAtATime) {
  NotifyWorld world;
  for (int i = 0; i < 150; ++i) world.topic("t" + std::to_string(i));
  const auto first = world.notify->list_topics(world.scope, "");
  ASSERT_TRUE(first);
  EXPECT_THAT(first->items, SizeIs(100));
  const auto second = world.notify->list_topics(world.scope, first->next_token);
  ASSERT_TRUE(second);
  EXPECT_THAT(second->items, SizeIs(50));
  EXPECT_EQ(second->next_token, "");
  EXPECT_THAT(world.notify->list_topics({"111111111111", "us-east-1"}, "")->items, IsEmpty());
}

TEST(Topics, TagsAreKept) {
  NotifyWorld world;
  const auto topic = world.topic();
  ASSERT_TRUE(world.notify->tag(world.scope, topic, {{"a", "1"}, {"b", "2"}}));
  ASSERT_TRUE(world.notify->untag(world.scope, topic, {"a"}));
  world.restart();
  EXPECT_THAT(*world.notify->tags(world.scope, topic), ElementsAre(Pair("b", "2")));
  const auto missing = world.notify->tags(world.scope, topic + "x");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, "ResourceNotFound");
}

TEST(Subscribe, IsPendingUntilTheTokenComesBack) {
  NotifyWorld world;
  const auto topic = world.topic();
  const auto subscribed =
      world.notify->subscribe(world.scope, {topic, "https", "https://hook.example/in", {}});
  ASSERT_TRUE(subscribed);
  EXPECT_TRUE(subscribed->is_pending);
  world.runtime.run_ready();
  ASSERT_THAT(world.transport.attempts, SizeIs(1));
  const Delivery& delivery = world.transport.attempts[0].delivery;
  EXPECT_EQ(delivery.kind, MessageKind::subscription_confirmation);
  EXPECT_EQ(delivery.endpoint, "https://hook.example/in");
  const auto body = parse_json(delivery.body);
  ASSERT_TRUE(body);
  EXPECT_EQ(*body->find("Message")->string(),
            "You have chosen to subscribe to the topic " + topic +
                ".\nTo confirm the subscription, visit the SubscribeURL included in this message.");
  EXPECT_EQ(*body->find("SubscribeURL")->string(),
            "http://127.0.0.1:4566/?Action=ConfirmSubscription&TopicArn=" + topic +
                "&Token=" + *body->find("Token")->string());

  EXPECT_EQ(world.notify->list_subscriptions(world.scope, "")->items[0].subscription_arn,
            "PendingConfirmation");
  ASSERT_TRUE(world.publish(topic));
  EXPECT_THAT(world.transport.attempts, SizeIs(1)) << "a pending subscription gets nothing";

  const auto arn = world.notify->confirm(world.scope, topic, world.last_token(), false, false);
  ASSERT_TRUE(arn);
  EXPECT_EQ(*arn, subscribed->subscription_arn);
  EXPECT_EQ(*world.notify->confirm(world.scope, topic, world.last_token(), false, false), *arn);
  EXPECT_EQ(world.notify->list_subscriptions(world.scope, "")->items[0].subscription_arn, *arn);
  ASSERT_TRUE(world.publish(topic));
  EXPECT_THAT(world.transport.attempts, SizeIs(2));
}

TEST(Subscribe, AgainSendsAnotherConfirmationForTheSameSubscription) {
  NotifyWorld world;
  const auto topic = world.topic();
  const SubscribeRequest request{topic, "email", "ops@example.com", {}};
  const auto first = world.notify->subscribe(world.scope, request);
  const auto second = world.notify->subscribe(world.scope, request);
  ASSERT_TRUE(second);
  EXPECT_EQ(first->subscription_arn, second->subscription_arn);
  world.runtime.run_ready();
  EXPECT_THAT(world.transport.attempts, SizeIs(2));
}

TEST(Subscribe, ChecksProtocolEndpointAndAttributes) {
  NotifyWorld world;
  const auto topic = world.topic();
  const auto with = [&](const char* protocol, const char* endpoint, Attributes attributes = {}) {
    return refusal(
        world.notify->subscribe(world.scope, {topic, protocol, endpoint, std::move(attributes)}));
  };
  EXPECT_EQ(with("pigeon", "x"),
            "Invalid parameter: Amazon SNS does not support this protocol string: pigeon");
  EXPECT_EQ(with("https", "http://a.example/"),
            "Invalid parameter: Endpoint must match the specified protocol");
  EXPECT_EQ(with("email", "ops@example.com\r\nBcc: x@example.com"),
            "Invalid parameter: Email address");
  EXPECT_EQ(with("lambda", "arn:aws:lambda:us-east-1:000000000000:function:other"),
            "Invalid parameter: Lambda endpoint ARN Reason: there is no such function (setting "
            "functions)");
  EXPECT_EQ(
      with("http", "http://a.example/", {{"RawMessageDelivery", "yes"}}),
      "Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value [yes]. Must be "
      "true or false.");
  EXPECT_EQ(with("http", "http://a.example/", {{"Colour", "red"}}),
            "Invalid parameter: Attributes Reason: AttributeName");
  EXPECT_THAT(with("http", "http://a.example/", {{"FilterPolicy", R"({"a":[]})"}}),
              "Invalid parameter: Attributes Reason: FilterPolicy: Empty arrays are not allowed");
}

TEST(Subscribe, ABuiltInFunctionNeedsNoConfirmation) {
  NotifyWorld world;
  const auto topic = world.topic();
  const auto subscribed = world.notify->subscribe(
      world.scope,
      {topic, "lambda", "arn:aws:lambda:us-east-1:000000000000:function:weir-block", {}});
  ASSERT_TRUE(subscribed);
  EXPECT_FALSE(subscribed->is_pending);
  ASSERT_TRUE(world.publish(topic, "block it"));
  ASSERT_THAT(world.function.attempts, SizeIs(1));
  EXPECT_THAT(world.function.attempts[0].delivery.body, HasSubstr(R"("Message":"block it")"));
}

TEST(Confirm, RefusesWithTheTextsOfAws) {
  NotifyWorld world;
  const auto topic = world.topic();
  const auto with = [&](const std::string& arn, const std::string& token) {
    return refusal(world.notify->confirm(world.scope, arn, token, false, false));
  };
  EXPECT_EQ(with(topic, std::string(288, 'a')), "Invalid parameter: Token");
  EXPECT_EQ(with(topic, "abc"), "Invalid token");
  EXPECT_EQ(with("topic", std::string(288, 'a')), "Invalid parameter: Topic");
}

TEST(Confirm, ATokenLivesTwoDaysAndThePendingSubscriptionVanishes) {
  NotifyWorld world;
  const auto topic = world.topic();
  ASSERT_TRUE(world.notify->subscribe(world.scope, {topic, "http", "http://a.example/", {}}));
  world.runtime.advance(hours(50));
  EXPECT_EQ(refusal(world.notify->confirm(world.scope, topic, world.last_token(), false, false)),
            "Invalid parameter: Token");
  EXPECT_THAT(world.notify->list_subscriptions(world.scope, "")->items, IsEmpty());
  world.restart();
  EXPECT_THAT(world.notify->list_subscriptions(world.scope, "")->items, IsEmpty());
}

TEST(Unsubscribe, ByLinkTellsTheEndpointHowToComeBack) {
  NotifyWorld world;
  const auto topic = world.topic();
  const auto arn = world.confirmed(topic, "http://a.example/");
  ASSERT_TRUE(world.notify->unsubscribe(world.scope, arn, false));
  world.runtime.run_ready();
  ASSERT_THAT(world.transport.attempts, SizeIs(1));
  EXPECT_EQ(world.transport.attempts[0].delivery.kind, MessageKind::unsubscribe_confirmation);
  EXPECT_EQ(world.notify->list_subscriptions(world.scope, "")->items[0].subscription_arn,
            "Deleted");
  ASSERT_TRUE(world.publish(topic));
  EXPECT_THAT(world.transport.attempts, SizeIs(1));

  EXPECT_EQ(*world.notify->confirm(world.scope, topic, world.last_token(), false, false), arn);
  ASSERT_TRUE(world.publish(topic));
  EXPECT_THAT(world.transport.attempts, SizeIs(2));
}

TEST(Unsubscribe, ByLinkIsRefusedWhereTheOwnerWantedASignature) {
  NotifyWorld world;
  const auto topic = world.topic();
  ASSERT_TRUE(world.notify->subscribe(world.scope, {topic, "http", "http://a.example/", {}}));
  world.runtime.run_ready();
  const auto arn = world.notify->confirm(world.scope, topic, world.last_token(), true, true);
  const auto refused = world.notify->unsubscribe(world.scope, *arn, false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "AuthorizationError");
  EXPECT_THAT(*world.notify->subscription_attributes(world.scope, *arn),
              Contains(Pair("ConfirmationWasAuthenticated", "true")));
  EXPECT_TRUE(world.notify->unsubscribe(world.scope, *arn, true));
}

TEST(Unsubscribe, RefusesWithTheTextsOfAws) {
  NotifyWorld world;
  const auto topic = world.topic();
  const auto with = [&](const std::string& arn) {
    return refusal(world.notify->unsubscribe(world.scope, arn, true));
  };
  EXPECT_EQ(with(topic + ":00000000-0000-0000-0000-000000000000"), "");
  EXPECT_EQ(with(""), "Invalid parameter: SubscriptionArn Reason: no value for required parameter");
  EXPECT_EQ(
      with("arn:aws:sns:us-east-1:random"),
      "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 5");
  EXPECT_EQ(with(topic), "Invalid parameter: SubscriptionId");
  const auto pending =
      world.notify->subscribe(world.scope, {topic, "http", "http://a.example/", {}});
  EXPECT_THAT(with(pending->subscription_arn), HasSubstr("pending confirmation"));
}

TEST(SubscriptionAttributes, AreShownAndSet) {
  NotifyWorld world;
  const auto topic = world.topic();
  const auto arn = world.confirmed(topic, "http://a.example/");
  const auto set = [&](const char* name, const char* value) {
    return refusal(world.notify->set_subscription_attribute(world.scope, arn, name, value));
  };
  auto shown = world.notify->subscription_attributes(world.scope, arn);
  ASSERT_TRUE(shown);
  EXPECT_THAT(*shown, Contains(Pair("RawMessageDelivery", "false")));
  EXPECT_THAT(*shown, Contains(Pair("PendingConfirmation", "false")));
  EXPECT_THAT(*shown, Not(Contains(Pair("FilterPolicyScope", "MessageAttributes"))));

  EXPECT_EQ(set("FilterPolicy", R"({"a":["x"]})"), "");
  EXPECT_EQ(set("FilterPolicyScope", "Both"),
            "Invalid parameter: FilterPolicyScope: Invalid value [Both]. Please use either "
            "MessageBody or MessageAttributes");
  EXPECT_EQ(set("Colour", "red"), "Invalid parameter: AttributeName");
  EXPECT_EQ(set("RedrivePolicy", R"({"deadLetterTargetArn":"x"})"),
            "Invalid parameter: RedrivePolicy: deadLetterTargetArn is an invalid arn");
  shown = world.notify->subscription_attributes(world.scope, arn);
  EXPECT_THAT(*shown, Contains(Pair("FilterPolicyScope", "MessageAttributes")));
  EXPECT_EQ(set("FilterPolicy", ""), "");
  EXPECT_EQ(world.notify->subscription_attributes(world.scope, arn)->count("FilterPolicy"), 0u);
}

TEST(Publish, GoesOnlyWhereTheFilterLetsIt) {
  NotifyWorld world;
  const auto topic = world.topic();
  world.confirmed(topic, "http://all.example/");
  world.confirmed(
      topic, "http://alarms.example/",
      {{"FilterPolicyScope", "MessageBody"}, {"FilterPolicy", R"({"NewStateValue":["ALARM"]})"}});
  ASSERT_TRUE(world.publish(topic, R"({"NewStateValue":"OK"})"));
  EXPECT_THAT(world.transport.attempts, SizeIs(1));
  ASSERT_TRUE(world.publish(topic, R"({"NewStateValue":"ALARM"})"));
  EXPECT_THAT(world.transport.attempts, SizeIs(3));
}

TEST(Publish, RawDeliveryIsTheBareText) {
  NotifyWorld world;
  const auto topic = world.topic();
  world.confirmed(topic, "http://a.example/", {{"RawMessageDelivery", "true"}});
  ASSERT_TRUE(world.publish(topic, "bare"));
  EXPECT_EQ(world.transport.attempts.at(0).delivery.body, "bare");
  EXPECT_TRUE(world.transport.attempts.at(0).delivery.is_raw);
}

TEST(Publish, TheSameOnceKeyDeliversOnceEvenOverARestart) {
  NotifyWorld world;
  const auto topic = world.topic();
  world.confirmed(topic, "http://a.example/");
  const Publication publication{.message = "alarm", .once_key = "alarm/1"};
  const auto first = world.notify->publish(world.scope, topic, publication);
  world.restart();
  const auto second = world.notify->publish(world.scope, topic, publication);
  world.runtime.run_ready();
  EXPECT_EQ(*first, *second);
  EXPECT_THAT(world.transport.attempts, SizeIs(1));
  world.runtime.advance(hours(26));
  EXPECT_NE(*world.notify->publish(world.scope, topic, publication), *first);
}

TEST(PublishBatch, TellsEachEntryItsOutcome) {
  NotifyWorld world;
  const auto topic = world.topic();
  const auto batch = [&](const std::vector<BatchEntry>& entries) {
    return world.notify->publish_batch(world.scope, topic, entries);
  };
  const auto outcomes = batch({{"1", {.message = "a"}}, {"2", {.message = ""}}});
  ASSERT_TRUE(outcomes);
  EXPECT_TRUE((*outcomes)[0].published);
  EXPECT_EQ(refusal((*outcomes)[1].published), "Invalid parameter: Empty message");

  EXPECT_EQ(batch({}).error().code, "EmptyBatchRequest");
  EXPECT_EQ(batch({{"1", {.message = "a"}}, {"1", {.message = "b"}}}).error().code,
            "BatchEntryIdsNotDistinct");
  EXPECT_EQ(
      refusal(batch({{"a b", {.message = "a"}}})),
      "The Id of a batch entry in the batch request contains an impermissible character: a b");
  const std::string big(150'000, 'x');
  EXPECT_EQ(batch({{"1", {.message = big}}, {"2", {.message = big}}}).error().code,
            "BatchRequestTooLong");
  EXPECT_EQ(batch(std::vector<BatchEntry>(11, {"1", {.message = "a"}})).error().code,
            "TooManyEntriesInBatchRequest");
}

TEST(DeleteTopic, TakesItsSubscriptionsWithItAndIsIdempotent) {
  NotifyWorld world;
  const auto topic = world.topic();
  world.confirmed(topic, "http://a.example/");
  ASSERT_TRUE(world.notify->delete_topic(world.scope, topic));
  ASSERT_TRUE(world.notify->delete_topic(world.scope, topic));
  EXPECT_EQ(refusal(world.publish(topic)), "Topic does not exist");
  world.restart();
  EXPECT_THAT(world.notify->list_subscriptions(world.scope, "")->items, IsEmpty());
}

}  // namespace
}  // namespace weir::notify
