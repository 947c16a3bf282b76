// SPDX-License-Identifier: Apache-2.0
#include "client/alarm_mail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "client/transports.h"

namespace weir::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kAlarm =
    R"json({"AlarmName":"ssh","AlarmDescription":null,"AWSAccountId":"000000000000",
    "NewStateValue":"ALARM","NewStateReason":"Threshold Crossed: 1 datapoint [12.0] was greater",
    "StateChangeTime":"2026-01-01T00:00:00.000+0000","Region":"EU (Frankfurt)",
    "OldStateValue":"OK","Trigger":{"MetricName":"Rejected","Namespace":"VPCFlow",
    "Statistic":"SUM","Dimensions":[{"value":"eni-1","name":"Interface"}],"Period":60,
    "EvaluationPeriods":3,"DatapointsToAlarm":2,"ComparisonOperator":"GreaterThanThreshold",
    "Threshold":10.0}})json";

/// As alarms publish: JSON for programs, a letter for mail.
notify::Delivery alarm_delivery() {
  notify::Delivery delivery;
  delivery.protocol = "email";
  delivery.endpoint = "ops@example.com";
  delivery.topic_arn = "arn:aws:sns:eu-central-1:000000000000:alarms";
  delivery.message_id = "m-1";
  delivery.subject = "ALARM: \"ssh\" in EU (Frankfurt)";
  delivery.unsubscribe_url = "http://127.0.0.1:4566/?Action=Unsubscribe&SubscriptionArn=x";
  delivery.common_message = kAlarm;
  delivery.message = "You are receiving this email because your Amazon CloudWatch Alarm ...";
  return delivery;
}

AlarmDetails details() {
  AlarmDetails details;
  details.records = {
      {Time::from_seconds(1767225600), "/vpc/flow", "2 123 eni-1 203.0.113.9 REJECT OK"},
      {Time::from_seconds(1767225601), "/vpc/flow", "<script>alert(1)</script> & \x01"}};
  details.has_more_records = true;
  details.graph_url = "http://127.0.0.1:4566/?Action=GetMetricWidgetImage&a=\"b";
  return details;
}

TEST(AlarmMail, BeginsWithWhatAPersonNeedsOnAPhone) {
  const Mail mail = mail_for(alarm_delivery(), details());
  EXPECT_EQ(mail.subject, "ALARM: \"ssh\" in EU (Frankfurt)");
  EXPECT_EQ(mail.from_name, "AWS Notifications");
  EXPECT_THAT(mail.text,
              StartsWith("ALARM: ssh\n"
                         "Reason: Threshold Crossed: 1 datapoint [12.0] was greater\n"
                         "Region: EU (Frankfurt)\n"
                         "Since: 2026-01-01 00:00:00 UTC\n"
                         "Before: OK\n"
                         "Condition: SUM of VPCFlow/Rejected over 60 s > 10.0, 2 of 3 periods\n"
                         "Dimensions: Interface = eni-1\n"
                         "Account: 000000000000\n"
                         "\n"
                         "First matching records (/vpc/flow):\n"
                         "2026-01-01 00:00:00 UTC  2 123 eni-1 203.0.113.9 REJECT OK\n"));
  EXPECT_THAT(mail.text, HasSubstr("Graph: http://127.0.0.1:4566/?Action=GetMetricWidgetImage"));
  EXPECT_THAT(mail.text, HasSubstr("Silence for two hours: weir silence 'ssh' --for 2h\n"));
  EXPECT_THAT(mail.text, HasSubstr("You are receiving this email because your Amazon CloudWatch"));
  EXPECT_THAT(mail.text, HasSubstr("unsubscribe:\nhttp://127.0.0.1:4566/?Action=Unsubscribe"));
  EXPECT_EQ(mail.list_unsubscribe, alarm_delivery().unsubscribe_url);
}

TEST(AlarmMail, HtmlSaysTheSameAndNothingInItIsMarkup) {
  const std::string html = mail_for(alarm_delivery(), details()).html;
  EXPECT_THAT(html, AllOf(HasSubstr("ALARM in EU (Frankfurt)"), HasSubstr(">ssh<"),
                          HasSubstr("2 of 3 periods"), HasSubstr("203.0.113.9 REJECT OK"),
                          HasSubstr("weir silence 'ssh' --for 2h")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt; &amp;  "));
  EXPECT_THAT(html, HasSubstr("href=\"http://127.0.0.1:4566/?Action=GetMetricWidgetImage&amp;a="
                              "&quot;b\""));
  EXPECT_THAT(html, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<img")), Not(HasSubstr("src=")),
                          Not(HasSubstr("url("))));
}

TEST(AlarmMail, AGraphLinkIsAWebLinkOrNone) {
  AlarmDetails bad;
  bad.graph_url = "javascript:alert(1)";
  EXPECT_THAT(mail_for(alarm_delivery(), bad).html, Not(HasSubstr("javascript")));
}

TEST(AlarmMail, WithoutDetailsTheMessageIsEnough) {
  const Mail mail = mail_for(alarm_delivery(), {});
  EXPECT_THAT(mail.text, AllOf(StartsWith("ALARM: ssh\n"), Not(HasSubstr("records")),
                               Not(HasSubstr("Graph"))));
  EXPECT_THAT(mail.html, Not(HasSubstr("Show the graph")));
}

TEST(AlarmMail, AnAlarmThatAnotherProgramPublishesGetsASubject) {
  auto delivery = alarm_delivery();
  delivery.subject.reset();
  delivery.message = delivery.common_message;
  const Mail mail = mail_for(delivery, {});
  EXPECT_EQ(mail.subject, "ALARM: \"ssh\" in EU (Frankfurt)");
  EXPECT_THAT(mail.text, Not(HasSubstr("\"AlarmName\""))) << "the JSON is not for people";
}

TEST(AlarmMail, ASubjectStaysShort) {
  AlarmNews alarm;
  alarm.state = "ALARM";
  for (int i = 0; i < 1000; ++i) alarm.name += "ü";
  EXPECT_EQ(alarm_subject(alarm).size(), 82U);
  EXPECT_TRUE(alarm_subject(alarm).ends_with("ü...\""));
}

TEST(AlarmMail, ACompositeAlarmNamesItsRuleAndChildren) {
  auto delivery = alarm_delivery();
  delivery.common_message =
      R"json({"AlarmName":"it's all","NewStateValue":"OK","AlarmRule":"ALARM(a) OR ALARM(b)",
      "TriggeringChildren":[{"Arn":"arn:aws:cloudwatch:eu-central-1:0:alarm:a","State":{}}]})json";
  const Mail mail = mail_for(delivery, {});
  EXPECT_THAT(mail.text, HasSubstr("Condition: ALARM(a) OR ALARM(b)\n"));
  EXPECT_THAT(mail.text, HasSubstr("Caused by: arn:aws:cloudwatch:eu-central-1:0:alarm:a\n"));
  EXPECT_THAT(mail.text, HasSubstr("weir silence 'it'\\''s all' --for 2h\n"));
}

TEST(AlarmMail, OtherMessagesStayAsTheyAre) {
  auto delivery = alarm_delivery();
  delivery.message = delivery.common_message = R"({"state":"fine"})";
  EXPECT_THAT(mail_for(delivery, {}).text, StartsWith("{\"state\":\"fine\"}\n"));
  EXPECT_EQ(mail_for(delivery, {}).html, "");
  delivery.common_message = "";  // a letter of the publisher
  delivery.message = kAlarm;
  EXPECT_FALSE(alarm_of(delivery));
  delivery = alarm_delivery();
  delivery.protocol = "email-json";
  delivery.body = "the envelope";
  EXPECT_EQ(mail_for(delivery, {}).text, "the envelope");
  EXPECT_EQ(mail_for(delivery, {}).html, "");
}

TEST(AlarmNews, OnlyAnAlarmIsOne) {
  for (const char* other : {"", "{", "[]", "text", "{}", R"({"AlarmName":"x"})",
                            R"({"AlarmName":1,"NewStateValue":"OK"})"}) {
    EXPECT_FALSE(AlarmNews::read(other)) << other;
  }
  const auto odd = AlarmNews::read(
      R"({"AlarmName":"x","NewStateValue":"OK","Trigger":[],"TriggeringChildren":{}})");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->condition, "");
}

TEST(ConfirmationMail, HoldsTheLink) {
  auto delivery = alarm_delivery();
  delivery.kind = notify::MessageKind::subscription_confirmation;
  delivery.subscribe_url = "http://127.0.0.1:4566/?Action=ConfirmSubscription&Token=abc";
  const Mail mail = mail_for(delivery, {});
  EXPECT_EQ(mail.subject, "AWS Notification - Subscription Confirmation");
  EXPECT_THAT(mail.text, AllOf(HasSubstr(delivery.topic_arn), HasSubstr(delivery.subscribe_url)));
  EXPECT_THAT(mail.text, Not(HasSubstr("Action=Unsubscribe")));
  EXPECT_EQ(mail.html, "");
}

}  // namespace
}  // namespace weir::client
