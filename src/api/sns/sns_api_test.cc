// SPDX-License-Identifier: Apache-2.0
#include "api/sns/sns_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/sns/model.h"
#include "notify/notify_test_world.h"
#include "wire/dispatch.h"

namespace weir::api::sns {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

/// The face over real Query requests and XML answers, without a socket.
struct SnsWorld {
  SnsWorld() { api.add_to(table); }

  wire::HttpResponse call(const std::string& form) {
    wire::HttpRequest request;
    request.method = "POST";
    request.target = request.path = "/";
    request.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    request.body.content = form + "&Version=2010-03-31";
    request.body.size = form.size();
    request.caller = caller;
    auto response = wire::dispatch(table, request);
    world.runtime.run_ready();
    return response;
  }
  std::string text(const std::string& form) { return std::get<std::string>(call(form).body); }
  static std::string element(const std::string& xml, const std::string& name) {
    const auto begin = xml.find('<' + name + '>') + name.size() + 2;
    return xml.substr(begin, xml.find("</" + name, begin) - begin);
  }
  std::string topic() { return element(text("Action=CreateTopic&Name=alarms"), "TopicArn"); }

  notify::NotifyWorld world;
  SnsApi api{*world.notify};
  wire::OperationTable table{sns_model()};
  wire::Caller caller{.scope = {},
                      .access_key = "AKIA",
                      .service = "sns",
                      .source_ip = "127.0.0.1",
                      .endpoint = "http://127.0.0.1:4566",
                      .request_id = "7d4f4b4e-0000-4000-8000-000000000000"};
};

TEST(SnsApi, AnswersQueryWithAwsXml) {
  SnsWorld sns;
  const auto response = sns.call(
      "Action=CreateTopic&Name=alarms&Attributes.entry.1.key=DisplayName"
      "&Attributes.entry.1.value=Alarms&Tags.member.1.Key=k&Tags.member.1.Value=v");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(std::get<std::string>(response.body),
              AllOf(HasSubstr("<CreateTopicResponse "
                              "xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">"
                              "<CreateTopicResult><TopicArn>arn:aws:sns:us-east-1:000000000000:"
                              "alarms</TopicArn></CreateTopicResult>"),
                    HasSubstr("<RequestId>7d4f4b4e-0000-4000-8000-000000000000</RequestId>")));
  const std::string attributes =
      sns.text("Action=GetTopicAttributes&TopicArn=arn:aws:sns:us-east-1:000000000000:alarms");
  EXPECT_THAT(attributes, HasSubstr("<entry><key>DisplayName</key><value>Alarms</value></entry>"));
  EXPECT_THAT(
      sns.text("Action=ListTagsForResource&ResourceArn=arn:aws:sns:us-east-1:000000000000:alarms"),
      HasSubstr("<Tags><member><Key>k</Key><Value>v</Value></member></Tags>"));
}

TEST(SnsApi, ErrorsHaveCodeTextAndStatus) {
  SnsWorld sns;
  const auto missing =
      sns.call("Action=Publish&Message=m&TopicArn=arn:aws:sns:us-east-1:000000000000:none");
  EXPECT_EQ(missing.status, 404);
  EXPECT_THAT(std::get<std::string>(missing.body),
              AllOf(HasSubstr("<Type>Sender</Type>"), HasSubstr("<Code>NotFound</Code>"),
                    HasSubstr("<Message>Topic does not exist</Message>")));
  const auto invalid = sns.call("Action=CreateTopic&Name=a.b");
  EXPECT_EQ(invalid.status, 400);
  EXPECT_THAT(std::get<std::string>(invalid.body), HasSubstr("Invalid parameter: Topic Name"));
}

TEST(SnsApi, SubscribeSaysPendingUnlessTheArnIsWanted) {
  SnsWorld sns;
  const std::string call =
      "Action=Subscribe&Protocol=email&Endpoint=ops%40example.com&TopicArn=" + sns.topic();
  EXPECT_EQ(SnsWorld::element(sns.text(call), "SubscriptionArn"), "pending confirmation");
  EXPECT_THAT(SnsWorld::element(sns.text(call + "&ReturnSubscriptionArn=true"), "SubscriptionArn"),
              HasSubstr(":alarms:"));
  EXPECT_THAT(sns.text("Action=ListSubscriptions"),
              HasSubstr("<SubscriptionArn>PendingConfirmation</SubscriptionArn>"));
}

// A person follows the links of a mail in a browser: unsigned GET requests, scope from the ARN.
TEST(SnsApi, LinksWorkWithoutSignature) {
  SnsWorld sns;
  sns.caller.scope = {"123456789012", "eu-central-1"};
  const std::string topic = sns.topic();
  sns.text("Action=Subscribe&Protocol=email&Endpoint=ops%40example.com&TopicArn=" + topic);
  const std::string link = sns.world.transport.attempts.back().delivery.subscribe_url;

  sns.caller.scope = {};
  sns.caller.access_key = "";
  wire::HttpRequest request;
  request.method = "GET";
  request.path = "/";
  request.target = link.substr(link.find("/?"));
  request.query = {{"Action", "ConfirmSubscription"},
                   {"TopicArn", topic},
                   {"Token", link.substr(link.rfind('=') + 1)}};
  request.caller = sns.caller;
  const auto response = wire::dispatch(sns.table, request);
  EXPECT_EQ(response.status, 200);
  const std::string arn =
      SnsWorld::element(std::get<std::string>(response.body), "SubscriptionArn");
  EXPECT_THAT(arn, HasSubstr(topic + ":"));
  EXPECT_THAT(sns.text("Action=Unsubscribe&SubscriptionArn=" + arn),
              HasSubstr("<UnsubscribeResponse"));
}

TEST(SnsApi, PublishCarriesAttributesAndChecksTheDestination) {
  SnsWorld sns;
  const std::string topic = sns.topic();
  sns.world.confirmed(topic, "http://a.example/");
  const std::string answer =
      sns.text("Action=Publish&Message=hello&TopicArn=" + topic +
               "&MessageAttributes.entry.1.Name=n&MessageAttributes.entry.1.Value.DataType=Number"
               "&MessageAttributes.entry.1.Value.StringValue=7&MessageAttributes.entry.2.Name=b"
               "&MessageAttributes.entry.2.Value.DataType=Binary"
               "&MessageAttributes.entry.2.Value.BinaryValue=AQI%3D");
  ASSERT_THAT(sns.world.transport.attempts, SizeIs(1)) << answer;
  const notify::Delivery& delivery = sns.world.transport.attempts[0].delivery;
  EXPECT_EQ(SnsWorld::element(answer, "MessageId"), delivery.message_id);
  EXPECT_EQ(delivery.attributes.at("n").value.value, "7");
  EXPECT_EQ(delivery.attributes.at("b").value.value, "\x01\x02");

  EXPECT_THAT(sns.text("Action=Publish&Message=m&PhoneNumber=911"),
              HasSubstr("Invalid parameter: PhoneNumber Reason: 911 is not valid to publish to"));
  EXPECT_THAT(sns.text("Action=Publish&Message=m&TargetArn=arn:aws:sns:us-east-1:1:endpoint/x"),
              HasSubstr("TargetArn Reason: No endpoint found for the target arn specified"));
  EXPECT_THAT(sns.text("Action=Publish&Message=m&MessageDeduplicationId=1&TopicArn=" + topic),
              HasSubstr("MessageDeduplicationId parameter that is not valid for this topic type"));
  EXPECT_THAT(sns.text("Action=Publish&Message=m&TopicArn=" + topic +
                       "&MessageAttributes.entry.1.Name=attr1"
                       "&MessageAttributes.entry.1.Value.StringValue=7"),
              AllOf(HasSubstr("<Code>ValidationError</Code>"),
                    HasSubstr("failed to satisfy constraint: Member must not be null")));
}

TEST(SnsApi, PublishBatchTellsSuccessesAndFailures) {
  SnsWorld sns;
  const std::string answer = sns.text(
      "Action=PublishBatch&TopicArn=" + sns.topic() +
      "&PublishBatchRequestEntries.member.1.Id=one&PublishBatchRequestEntries.member.1.Message=a"
      "&PublishBatchRequestEntries.member.2.Id=two&PublishBatchRequestEntries.member.2.Message=b"
      "&PublishBatchRequestEntries.member.2.Subject=");
  EXPECT_THAT(answer, HasSubstr("<Successful><member><Id>one</Id><MessageId>"));
  EXPECT_THAT(answer, HasSubstr("<Failed><member><Id>two</Id><Code>InvalidParameter</Code>"
                                "<Message>Invalid parameter: Subject</Message>"
                                "<SenderFault>true</SenderFault></member></Failed>"));
}

// botocore reads the element of the result even where it has no members.
TEST(SnsApi, TaggingAnswersWithItsResultElement) {
  SnsWorld sns;
  const std::string tag = "ResourceArn=" + sns.topic();
  EXPECT_THAT(sns.text("Action=TagResource&" + tag + "&Tags.member.1.Key=k&Tags.member.1.Value=1"),
              HasSubstr("<TagResourceResult"));
  EXPECT_THAT(sns.text("Action=UntagResource&" + tag + "&TagKeys.member.1=k"),
              HasSubstr("<UntagResourceResult"));
}

TEST(SnsApi, RepeatedTagKeysAreRefused) {
  SnsWorld sns;
  EXPECT_THAT(sns.text("Action=TagResource&ResourceArn=" + sns.topic() +
                       "&Tags.member.1.Key=k&Tags.member.1.Value=1&Tags.member.2.Key=k"
                       "&Tags.member.2.Value=2"),
              HasSubstr("Invalid parameter: Duplicated keys are not allowed."));
}

TEST(SnsApi, ListsGoOnWhereTheTokenSays) {
  SnsWorld sns;
  for (int i = 0; i < 101; ++i) {
    sns.text("Action=CreateTopic&Name=t" + std::to_string(i));
  }
  const std::string first = sns.text("Action=ListTopics");
  const std::string token = SnsWorld::element(first, "NextToken");
  const std::string second = sns.text("Action=ListTopics&NextToken=" + wire::percent_encode(token));
  EXPECT_THAT(second, HasSubstr("<member><TopicArn>"));
  EXPECT_THAT(second, Not(HasSubstr("NextToken")));
}

}  // namespace
}  // namespace weir::api::sns
