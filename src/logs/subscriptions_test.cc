// SPDX-License-Identifier: Apache-2.0
#include "logs/subscriptions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "logs/subscriptions_test_world.h"

namespace weir::logs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* kRole = "arn:aws:iam::000000000000:role/r";

SubscriptionFilter to(SubscriptionFilter filter, const std::string& arn,
                      std::optional<std::string> role = {}) {
  filter.destination_arn = arn;
  filter.role_arn = std::move(role);
  return filter;
}

std::string shown(const Result<Page<SubscriptionFilter>>& page) {
  if (!page) return page.error().message;
  std::string text;
  for (const SubscriptionFilter& filter : page->items) text += filter.filter_name + " ";
  return text + page->next;
}

// ---- The records --------------------------------------------------------------------------------

TEST(SubscriptionFilters, AreListedByNameAndGoWithTheirGroup) {
  SubscriptionsWorld world({.filters_per_group_max = 5});
  for (const char* name : {"b", "a", "ab"}) EXPECT_EQ(world.subscribe(world.filter(name)), "");
  const auto list = [&](std::string_view prefix, std::string_view after, std::size_t limit) {
    return shown(world.subscriptions->list(world.scope, "/vpc/flow", prefix, after, limit));
  };
  EXPECT_EQ(list("", "", 50), "a ab b ");
  EXPECT_EQ(list("a", "", 50), "a ab ");
  EXPECT_EQ(list("", "", 2), "a ab ab");
  EXPECT_EQ(list("", "ab", 2), "b ");
  EXPECT_EQ(shown(world.subscriptions->list(world.scope, "other", "", "", 50)),
            "The specified log group does not exist.");
  ASSERT_TRUE(world.subscriptions->remove(world.scope, "/vpc/flow", "ab"));
  EXPECT_EQ(list("", "", 50), "a b ");
  ASSERT_TRUE(world.logs->delete_log_group(world.scope, "/vpc/flow"));
  world.create_group();
  EXPECT_EQ(list("", "", 50), "");
  world.restart_all();
  EXPECT_EQ(list("", "", 50), "");
}

// source: recorded answers of AWS.
TEST(SubscriptionFilters, AGroupHasTwoAndAReplacedOneKeepsItsCreationTime) {
  SubscriptionsWorld world;
  EXPECT_EQ(world.subscribe(world.filter("a")), "");
  EXPECT_EQ(world.subscribe(world.filter("b")), "");
  EXPECT_EQ(world.subscribe(world.filter("c")), "LimitExceededException: Resource limit exceeded.");
  const Time created = world.runtime.now();
  world.runtime.advance(std::chrono::hours(1));
  SubscriptionFilter changed = world.filter("a");
  changed.filter_pattern = "REJECT";
  EXPECT_EQ(world.subscribe(changed), "");
  world.restart_all();
  const auto page = world.subscriptions->list(world.scope, "/vpc/flow", "", "", 50);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->items[0].creation_time_ms, created.ms);
  EXPECT_EQ(page->items[0].filter_pattern, "REJECT");
}

// source: recorded answers of AWS, which looks at the destination before the log group.
TEST(SubscriptionFilters, DestinationsAreCheckedFirst) {
  SubscriptionsWorld world;
  SubscriptionFilter nowhere = world.filter();
  nowhere.log_group_name = "missing";
  EXPECT_EQ(world.subscribe(to(nowhere, "arn:aws:lambda:us-east-1:111111111111:function:f")),
            "AccessDeniedException: Cross-account lambda invocation passing is not allowed. You "
            "must use DestinationPolicies to create cross account lambda triggers.");
  EXPECT_EQ(world.subscribe(to(nowhere, "arn:aws:kinesis:us-east-1:000000000000:stream/s")),
            "InvalidParameterException: destinationArn for vendor kinesis cannot be used without "
            "roleArn");
  EXPECT_EQ(world.subscribe(to(nowhere, "arn:aws:lambda:us-east-1:000000000000:function:f", kRole)),
            "InvalidParameterException: destinationArn for vendor lambda cannot be used with "
            "roleArn");
  EXPECT_EQ(world.subscribe(to(nowhere, "arn:aws:sqs:us-east-1:000000000000:q")),
            "InvalidParameterException: PutSubscriptionFilter operation cannot work with "
            "destinationArn for vendor sqs");
  EXPECT_EQ(world.subscribe(nowhere),
            "ResourceNotFoundException: The specified log group does not exist.");
  EXPECT_THAT(world.subscribe(to(nowhere, "x")), StartsWith("InvalidParameterException: "));
}

TEST(SubscriptionFilters, TheTargetHasToTakeTheTestMessage) {
  SubscriptionsWorld world;
  EXPECT_EQ(world.subscribe(world.filter()), "");
  ASSERT_EQ(world.function.taken.size(), 1u);
  const Document& probe = world.function.taken[0].payload;
  EXPECT_EQ(*probe.find("messageType")->string(), "CONTROL_MESSAGE");
  EXPECT_EQ(*probe.find("owner")->string(), "CloudwatchLogs");
  EXPECT_EQ(*probe.find("logGroup")->string(), "");
  EXPECT_EQ(probe.find("logEvents")->list()->size(), 1u);

  world.function.error = Error{ErrorKind::not_found, "ResourceNotFoundException", "none"};
  EXPECT_EQ(world.subscribe(world.filter("g")),
            "InvalidParameterException: Could not execute the lambda function. Make sure you have "
            "given CloudWatch Logs permission to execute your function.");
  world.stream.error = world.function.error;
  const std::string stream = "arn:aws:firehose:us-east-1:000000000000:deliverystream/s";
  EXPECT_EQ(world.subscribe(to(world.filter("g"), stream, kRole)),
            "InvalidParameterException: Could not deliver test message to specified Firehose "
            "stream. Check if the given Firehose stream is in ACTIVE state.");
  EXPECT_EQ(world.subscribe(
                to(world.filter("g"), "arn:aws:kinesis:us-east-1:000000000000:stream/s", kRole)),
            "InvalidParameterException: Could not deliver test message to specified Kinesis "
            "stream. Check if the given kinesis stream is in ACTIVE state.");
}

TEST(SubscriptionFilters, BadPatternsFieldsAndClassesAreRefused) {
  SubscriptionsWorld world;
  SubscriptionFilter bad = world.filter();
  bad.filter_pattern = "[a,";
  EXPECT_EQ(world.subscribe(bad), "InvalidParameterException: Invalid filter pattern");
  bad = world.filter();
  bad.emit_system_fields = {{"@aws.zone"}};
  EXPECT_THAT(world.subscribe(bad), StartsWith("InvalidParameterException: emitSystemFields"));
  bad = world.filter();
  bad.field_selection_criteria = "@aws.zone = a";
  EXPECT_THAT(world.subscribe(bad), StartsWith("InvalidParameterException: Invalid fieldSel"));
  LogGroup cheap;
  cheap.name = "cheap";
  cheap.log_group_class = "INFREQUENT_ACCESS";
  ASSERT_TRUE(world.logs->create_log_group(world.scope, cheap));
  bad = world.filter();
  bad.log_group_name = "cheap";
  EXPECT_THAT(world.subscribe(bad), StartsWith("InvalidOperationException: "));
  EXPECT_EQ(world.subscriptions->remove(world.scope, "/vpc/flow", "x").error().message,
            "The specified subscription filter does not exist.");
}

TEST(SubscriptionFilters, ADestinationOfAnotherAccountNeedsAPolicy) {
  SubscriptionsWorld world;
  const Scope other{.account = "111111111111", .region = "us-east-1"};
  Destination destination;
  destination.destination_name = "d";
  destination.target_arn = "arn:aws:lambda:us-east-1:111111111111:function:f";
  ASSERT_TRUE(world.subscriptions->put_destination(other, destination));
  const std::string arn = "arn:aws:logs:us-east-1:111111111111:destination:d";
  EXPECT_EQ(world.subscribe(to(world.filter(), arn)),
            "AccessDeniedException: User with accountId: 000000000000 is not authorized to "
            "perform: logs:PutSubscriptionFilter on resource: " +
                arn);
  ASSERT_TRUE(world.destinations->put_policy(
      other, "d", R"({"Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"}}]})"));
  EXPECT_EQ(world.subscribe(to(world.filter(), arn)), "");
  world.put_messages({"one"});
  world.runtime.run_ready();
  EXPECT_THAT(world.function.messages(), ElementsAre("one"));
  EXPECT_EQ(world.function.taken.back().target_arn, destination.target_arn);
  EXPECT_EQ(
      world.subscribe(to(world.filter(), "arn:aws:logs:us-east-1:000000000000:destination:x")),
      "ResourceNotFoundException: The specified destination does not exist.");
}

// User Guide, "Filter pattern syntax": five patterns with regular expressions for each log group,
// of metric and subscription filters together. Verified on AWS: no.
TEST(SubscriptionFilters, ShareTheQuotaOfRegularExpressionsWithMetricFilters) {
  SubscriptionsWorld world;
  MetricFilter metric;
  MetricTransformation& value = metric.metric_transformations.emplace_back();
  value.metric_name = "m";
  value.metric_namespace = "n";
  value.metric_value = "1";
  const auto put_metric = [&](const std::string& name, const std::string& pattern) {
    metric.filter_name = name;
    metric.filter_pattern = pattern;
    const auto done = world.logs->put_metric_filter(world.scope, "/vpc/flow", metric);
    return done ? "" : done.error().code;
  };
  SubscriptionFilter filter = world.filter("s");
  filter.filter_pattern = "%a%";
  EXPECT_EQ(world.subscribe(filter), "");
  for (const char* name : {"1", "2", "3", "4"}) EXPECT_EQ(put_metric(name, "%b%"), "");
  EXPECT_EQ(put_metric("5", "%b%"), "LimitExceededException");
  EXPECT_EQ(put_metric("4", "%c%"), "");  // replaced
  EXPECT_EQ(put_metric("5", "plain"), "");
  SubscriptionFilter other = world.filter("t");
  other.filter_pattern = "[a = %x%]";
  EXPECT_THAT(world.subscribe(other), StartsWith("LimitExceededException"));
  EXPECT_EQ(world.subscribe(filter), "");  // replaced
  EXPECT_TRUE(world.logs->delete_metric_filter(world.scope, "/vpc/flow", "1"));
  EXPECT_EQ(world.subscribe(other), "");
  EXPECT_EQ(put_metric("6", "%b%"), "LimitExceededException");
  ASSERT_TRUE(world.subscriptions->remove(world.scope, "/vpc/flow", "s"));
  EXPECT_EQ(put_metric("6", "%b%"), "");
}

TEST(SubscriptionFilters, CirclesAreRefused) {
  SubscriptionsWorld world;
  world.create_group("b");
  const std::string group = "arn:aws:logs:us-east-1:000000000000:log-group:";
  EXPECT_THAT(world.subscribe(to(world.filter(), group + "/vpc/flow")),
              StartsWith("InvalidParameterException: The destination leads back"));
  EXPECT_THAT(world.subscribe(to(world.filter(), group + "/vpc/flow:*")),
              StartsWith("InvalidParameterException: The destination leads back"));
  EXPECT_EQ(world.subscribe(to(world.filter(), group + "b")), "");
  SubscriptionFilter back = to(world.filter(), group + "/vpc/flow");
  back.log_group_name = "b";
  EXPECT_THAT(world.subscribe(back),
              StartsWith("InvalidParameterException: The destination leads back"));
  EXPECT_EQ(world.subscribe(to(world.filter("g"), group + "missing")),
            "InvalidParameterException: Could not deliver test message to specified destination. "
            "Check if the destination is valid.");
}

}  // namespace
}  // namespace weir::logs
