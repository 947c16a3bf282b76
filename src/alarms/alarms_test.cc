// SPDX-License-Identifier: Apache-2.0
#include "alarms/alarms.h"

#include <algorithm>
#include <set>

#include "alarms/test_support.h"

namespace weir::alarms {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

// ---- PutMetricAlarm

TEST(PutMetricAlarm, NewAlarmHasInsufficientDataAndShowsOnlyWhatWasSet) {
  AlarmWorld world;
  world.put(world.valid());
  const Alarm alarm = world.alarm();
  EXPECT_EQ(alarm.state_value, "INSUFFICIENT_DATA");
  EXPECT_EQ(alarm.state_reason, "Unchecked: Initial alarm creation");
  EXPECT_EQ(alarm.alarm_arn, "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a");
  const std::string json = to_json_text(alarm);
  EXPECT_THAT(json, HasSubstr(R"("Dimensions":[])"));
  for (const char* name : {"TreatMissingData", "DatapointsToAlarm", "Unit", "AlarmDescription",
                           "StateReasonData", "ExtendedStatistic"}) {
    EXPECT_EQ(json.find('"' + std::string(name) + '"'), std::string::npos) << name;
  }
  EXPECT_THAT(world.told(), IsEmpty());
}

TEST(PutMetricAlarm, UpdateKeepsTheStateAndReplacesTheConfiguration) {
  AlarmWorld world;
  world.put(world.valid());
  world.value(1, world.now());
  ASSERT_EQ(world.state(), "ALARM");
  const Alarm before = world.alarm();
  world.advance(seconds(1));
  auto changed = world.valid();
  changed.alarm_description = "new";
  changed.ok_actions = {};
  world.put(changed);
  const Alarm after = world.alarm();
  EXPECT_EQ(after.state_value, "ALARM");
  EXPECT_EQ(after.state_updated, before.state_updated);
  EXPECT_GT(after.configuration_updated, before.configuration_updated);
  EXPECT_THAT(after.ok_actions, IsEmpty());
  const auto items = world.history("ConfigurationUpdate");
  ASSERT_THAT(items, SizeIs(2));
  EXPECT_EQ(items[0].summary, "Alarm \"a\" created");
  EXPECT_EQ(items[1].summary, "Alarm \"a\" updated");
  const auto data = parse_json(items[1].data);
  ASSERT_TRUE(data);
  EXPECT_EQ(*data->find("type")->string(), "Update");
  EXPECT_EQ(*data->find("updatedAlarm")->find("statistic")->string(), "SUM");
  EXPECT_EQ(data->find("originalUpdatedFields")->find("okactions")->list()->size(), 1);
  EXPECT_EQ(data->find("originalUpdatedFields")->find("threshold"), nullptr);
}

struct Refusal {
  std::string_view code;
  std::string_view message;
  std::function<void(AlarmConfig&)> spoil;
};

TEST(PutMetricAlarm, RefusalsHaveTheTextsOfAws) {
  const Refusal refusals[] = {
      {"ValidationError", "Period must be 10, 20, 30 or a multiple of 60",
       [](auto& a) { a.period_s = 45; }},
      {"ValidationError",
       "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= "
       "86400) for alarms using period < 3600",
       [](auto& a) { a.evaluation_periods = 1441; }},
      {"ValidationError",
       "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= "
       "604800) for alarms using period >= 3600",
       [](auto& a) { a.period_s = 3600, a.evaluation_periods = 169; }},
      {"ValidationError", "Invalid region eu-central-1 specified. Only us-east-1 is supported.",
       [](auto& a) { a.ok_actions = {"arn:aws:sns:eu-central-1:123456789012:t"}; }},
      {"ValidationError", "Invalid arn syntax: topic", [](auto& a) { a.ok_actions = {"topic"}; }},
      {"ValidationError", "AlarmName must not contain ASCII Control characters",
       [](auto& a) { a.alarm_name = "a\tb"; }},
      {"ValidationError", "PutMetricAlarm request should have a Statistic parameter",
       [](auto& a) { a.statistic.reset(); }},
      {"ValidationError", "PutMetricAlarm request should have a Period parameter",
       [](auto& a) { a.period_s.reset(); }},
      {"ValidationError", "PutMetricAlarm request should have an EvaluationPeriods parameter",
       [](auto& a) { a.evaluation_periods.reset(); }},
      {"ValidationError", "PutMetricAlarm request should have valid Threshold parameter",
       [](auto& a) { a.threshold.reset(); }},
      {"ValidationError", "PutMetricAlarm request should have a valid ComparisonOperator parameter",
       [](auto& a) { a.comparison_operator = "Above"; }},
      {"ValidationError",
       "PutMetricAlarm request can not be made with both Statistic and ExtendedStatistic "
       "parameters. "
       "Only one of them should be present",
       [](auto& a) { a.extended_statistic = "p90"; }},
      {"InvalidParameterValue", "The value 90 for parameter ExtendedStatistic is not supported.",
       [](auto& a) { a.statistic.reset(), a.extended_statistic = "90"; }},
      {"ValidationError",
       "Option never is not supported. Supported options for parameter "
       "EvaluateLowSampleCountPercentile are evaluate and ignore.",
       [](auto& a) { a.evaluate_low_sample_count_percentile = "never"; }},
      {"ValidationError",
       "The value good is not supported for TreatMissingData parameter. Supported values are "
       "[breaching, notBreaching, ignore, missing].",
       [](auto& a) { a.treat_missing_data = "good"; }},
  };
  AlarmWorld world;
  for (const Refusal& refusal : refusals) {
    AlarmConfig alarm = world.valid();
    refusal.spoil(alarm);
    const auto result = world.alarms->put_metric_alarm(world.scope, alarm);
    ASSERT_FALSE(result) << refusal.message;
    EXPECT_EQ(result.error().code, refusal.code);
    EXPECT_EQ(result.error().message, refusal.message);
  }
  EXPECT_THAT(world.alarms->describe(world.scope, {})->alarms, IsEmpty());
}

TEST(PutMetricAlarm, BoundOfAlarms) {
  AlarmWorld world({.alarms_max = 1});
  world.put(world.valid("a"));
  EXPECT_EQ(world.alarms->put_metric_alarm(world.scope, world.valid("b")).error().code,
            "LimitExceeded");
  world.put(world.valid("a"));
}

// ---- Other operations

TEST(DescribeAlarms, FiltersAndPages) {
  AlarmWorld world;
  for (const char* name : {"b2", "a1", "b1", "b3"}) world.put(world.valid(name));
  const auto names = [&](AlarmQuery query) {
    std::vector<std::string> out;
    const auto page = world.alarms->describe(world.scope, query);
    for (const Alarm& alarm : page->alarms) out.push_back(alarm.alarm_name);
    return out;
  };
  EXPECT_THAT(names({}), ElementsAre("a1", "b1", "b2", "b3"));
  EXPECT_THAT(names({.name_prefix = "b"}), ElementsAre("b1", "b2", "b3"));
  EXPECT_THAT(names({.names = {"b2", "none"}}), ElementsAre("b2"));
  EXPECT_THAT(names({.state_value = "OK"}), IsEmpty());
  EXPECT_THAT(names({.action_prefix = "arn:aws:sns"}), SizeIs(4));
  EXPECT_THAT(names({.action_prefix = "arn:aws:lambda"}), IsEmpty());

  AlarmQuery paged{.name_prefix = "b", .records_max = 2};
  auto page = world.alarms->describe(world.scope, paged);
  EXPECT_THAT(page->alarms, SizeIs(2));
  paged.next_token = page->next_token;
  page = world.alarms->describe(world.scope, paged);
  ASSERT_THAT(page->alarms, SizeIs(1));
  EXPECT_EQ(page->alarms[0].alarm_name, "b3");
  EXPECT_EQ(page->next_token, "");
  paged.next_token = "nonsense";
  EXPECT_EQ(world.alarms->describe(world.scope, paged).error().code, "InvalidNextToken");
  EXPECT_EQ(
      world.alarms->describe(world.scope, {.names = {"a"}, .name_prefix = "b"}).error().message,
      "AlarmNamePrefix and AlarmNames.member are mutually exclusive");
  EXPECT_THAT(world.alarms->describe({"123456789012", "eu-west-1"}, {})->alarms, IsEmpty());
}

TEST(DescribeAlarmsForMetric, NeedsTheFullSetOfDimensions) {
  AlarmWorld world;
  auto alarm = world.valid();
  alarm.dimensions = {{"host", "1"}, {"disk", "x"}};
  world.put(alarm);
  const auto count = [&](std::vector<metrics::Dimension> dimensions) {
    return world.alarms
        ->describe_for_metric(world.scope, {.metric = {"App", "m", std::move(dimensions)}})
        .size();
  };
  EXPECT_EQ(count({{"disk", "x"}, {"host", "1"}}), 1);
  EXPECT_EQ(count({{"host", "1"}}), 0);
  EXPECT_EQ(count({}), 0);
}

TEST(SetAlarmState, RunsActionsUntilTheNextEvaluationOverridesIt) {
  AlarmWorld world;
  auto alarm = world.valid();
  alarm.treat_missing_data = "notBreaching";
  world.put(alarm);
  ASSERT_EQ(world.state(), "OK");
  ASSERT_TRUE(
      world.alarms->set_state(world.scope, "a", StateValue::alarm, "testing", R"({"a":1})"));
  world.runtime.run_ready();
  EXPECT_EQ(world.state(), "ALARM");
  EXPECT_EQ(world.alarm().state_reason, "testing");
  EXPECT_EQ(world.alarm().state_reason_data, R"({"a":1})");
  EXPECT_THAT(world.told(), ElementsAre("OK", "ALARM"));
  world.advance(minutes(2));
  EXPECT_EQ(world.state(), "OK");
  EXPECT_THAT(world.told(), ElementsAre("OK", "ALARM", "OK"));
}

// Recorded from the service: the unknown alarm has no message.
TEST(SetAlarmState, UnknownAlarmAndBadJson) {
  AlarmWorld world;
  const auto unknown = world.alarms->set_state(world.scope, "a", StateValue::ok, "r");
  EXPECT_EQ(unknown.error().code, "ResourceNotFound");
  EXPECT_EQ(unknown.error().message, "");
  world.put(world.valid());
  EXPECT_EQ(world.alarms->set_state(world.scope, "a", StateValue::ok, "r", "{").error().code,
            "InvalidFormat");
}

TEST(DeleteAlarms, UnknownNamesArePassedOverAndHistoryStays) {
  AlarmWorld world;
  world.put(world.valid());
  ASSERT_TRUE(world.alarms->remove(world.scope, {"none", "a"}));
  EXPECT_THAT(world.alarms->describe(world.scope, {})->alarms, IsEmpty());
  world.value(1, world.now());
  world.advance(minutes(5));
  EXPECT_THAT(world.told(), IsEmpty());
  const auto items = world.history();
  ASSERT_THAT(items, SizeIs(2));
  EXPECT_EQ(items[1].summary, "Alarm \"a\" deleted");
  EXPECT_THAT(items[1].data, HasSubstr(R"("type":"Delete","deletedAlarm":{"alarmName":"a")"));
}

TEST(Tags, AreTakenAtCreationOnlyAndThenByTheTagOperations) {
  AlarmWorld world;
  ASSERT_TRUE(world.alarms->put_metric_alarm(world.scope, world.valid(), {{"team", "net"}}));
  ASSERT_TRUE(world.alarms->put_metric_alarm(world.scope, world.valid(), {{"other", "x"}}));
  const std::string arn = world.alarm().alarm_arn;
  EXPECT_THAT(*world.alarms->tags(world.scope, arn), ElementsAre(Tag{"team", "net"}));
  ASSERT_TRUE(world.alarms->tag(world.scope, arn, {{"team", "ops"}, {"a", "b"}}));
  ASSERT_TRUE(world.alarms->untag(world.scope, arn, {"a", "none"}));
  world.restart();
  EXPECT_THAT(*world.alarms->tags(world.scope, arn), ElementsAre(Tag{"team", "ops"}));
  EXPECT_EQ(world.alarms->tags(world.scope, arn + "x").error().code, "ResourceNotFoundException");
  EXPECT_EQ(world.alarms->tags(world.scope, "nonsense").error().code, "InvalidParameterValue");
}

TEST(Actions, DisabledActionsAreNotReplayedWhenEnabled) {
  AlarmWorld world;
  world.put(world.valid());
  ASSERT_TRUE(world.alarms->enable_actions(world.scope, {"a", "none"}, false));
  world.value(1, world.now());
  ASSERT_EQ(world.state(), "ALARM");
  ASSERT_TRUE(world.alarms->enable_actions(world.scope, {"a"}, true));
  world.runtime.run_ready();
  EXPECT_THAT(world.told(), IsEmpty());
}

TEST(Actions, RunOnlyOnAChangeOfState) {
  AlarmWorld world;
  auto alarm = world.valid();
  alarm.treat_missing_data = "notBreaching";
  world.put(alarm);
  for (int i = 0; i < 10; ++i) {
    world.value(1, world.now());
    world.advance(minutes(1));
  }
  world.advance(minutes(10));
  EXPECT_THAT(world.told(), ElementsAre("OK", "ALARM", "OK"));
  const auto items = world.history("Action");
  ASSERT_THAT(items, SizeIs(3));
  EXPECT_EQ(items[1].summary,
            "Successfully executed action arn:aws:sns:us-east-1:123456789012:alarm");
  const auto data = parse_json(items[1].data);
  EXPECT_EQ(*data->find("actionState")->string(), "Succeeded");
  const auto published = parse_json(*data->find("publishedMessage")->string());
  EXPECT_EQ(*published->find("default")->string(), world.actions[1].second.message);
  EXPECT_EQ(*published->find("sms")->string(), world.actions[1].second.subject);
}

// ---- The message

TEST(Notification, SubjectAndMessageOfAws) {
  AlarmWorld world;
  auto alarm = world.valid("web errors");
  alarm.alarm_description = "too many";
  alarm.dimensions = {{"InstanceId", "i-1"}};
  alarm.statistic = "Maximum";
  alarm.threshold = 10.7;
  alarm.datapoints_to_alarm = 1;
  alarm.treat_missing_data = "missing";
  alarm.ok_actions = {};
  alarm.insufficient_data_actions = {};
  world.put(alarm);
  world.advance(Duration(18'729));
  ASSERT_TRUE(world.metrics->put(
      world.scope, "App",
      {{.metric_name = "m", .dimensions = {{"InstanceId", "i-1"}}, .value = 11}}));
  world.runtime.run_ready();
  ASSERT_THAT(world.actions, SizeIs(1));
  const Action& action = world.actions[0].second;
  EXPECT_EQ(action.subject, "ALARM: \"web errors\" in US East (N. Virginia)");
  EXPECT_EQ(
      action.message,
      R"({"AlarmName":"web errors","AlarmDescription":"too many","AWSAccountId":"123456789012",)"
      R"("AlarmConfigurationUpdatedTimestamp":"2026-01-01T00:00:00.000+0000",)"
      R"("NewStateValue":"ALARM",)"
      R"("NewStateReason":"Threshold Crossed: 1 out of the last 1 datapoints )"
      R"([11.0 (01/01/26 00:00:00)] )"
      R"(was greater than the threshold (10.7) (minimum 1 datapoint for OK -> ALARM transition).",)"
      R"j("StateChangeTime":"2026-01-01T00:00:18.729+0000","Region":"US East (N. Virginia)",)j"
      R"("AlarmArn":"arn:aws:cloudwatch:us-east-1:123456789012:alarm:web errors",)"
      R"("OldStateValue":"INSUFFICIENT_DATA","ActionExecutedAfterMuteWindow":false,"OKActions":[],)"
      R"("AlarmActions":["arn:aws:sns:us-east-1:123456789012:alarm"],"InsufficientDataActions":[],)"
      R"("Trigger":{"MetricName":"m","Namespace":"App","StatisticType":"Statistic",)"
      R"("Statistic":"MAXIMUM",)"
      R"("Unit":null,"Dimensions":[{"value":"i-1","name":"InstanceId"}],"Period":60,)"
      R"("EvaluationPeriods":1,"DatapointsToAlarm":1,"ComparisonOperator":"GreaterThanThreshold",)"
      R"("Threshold":10.7,"TreatMissingData":"missing","EvaluateLowSampleCountPercentile":""}})");
  EXPECT_EQ(action.arn, "arn:aws:sns:us-east-1:123456789012:alarm");
  EXPECT_EQ(action.alarm_name, "web errors");
  EXPECT_THAT(action.email_text, StartsWith("You are receiving this email because your Amazon "
                                            "CloudWatch Alarm \"web errors\" in the US East (N. "
                                            "Virginia) region has entered the ALARM state"));
}

TEST(Notification, LongNamesAreShortenedToAHundredCharacters) {
  AlarmWorld world;
  const std::string name = "\xc3\xbc\xc3\xb6" + std::string(200, 'x');
  world.put(world.valid(name));
  world.value(1, world.now());
  const std::string& subject = world.actions.at(0).second.subject;
  EXPECT_EQ(subject.size(), 100);
  EXPECT_THAT(subject, StartsWith("ALARM: \"_xxx"));
  EXPECT_THAT(subject, HasSubstr("...\" in US East"));
}

TEST(StateUpdate, HistoryNestsTheReasonDataAsJson) {
  AlarmWorld world;
  world.put(world.valid());
  world.value(1, world.now());
  const auto items = world.history("StateUpdate");
  ASSERT_THAT(items, SizeIs(1));
  EXPECT_EQ(items[0].summary, "Alarm updated from INSUFFICIENT_DATA to ALARM");
  const auto data = parse_json(items[0].data);
  ASSERT_TRUE(data);
  EXPECT_EQ(*data->find("oldState")->find("stateReason")->string(),
            "Unchecked: Initial alarm creation");
  EXPECT_EQ(*data->find("newState")->find("stateReasonData")->find("statistic")->string(), "Sum");
}

TEST(AlarmHistory, PagesInBothDirectionsAndByTime) {
  AlarmWorld world;
  for (int i = 0; i < 5; ++i) {
    world.put(world.valid("a" + std::to_string(i)));
    world.advance(seconds(10));
  }
  for (const bool ascending : {false, true}) {
    HistoryQuery query{.ascending = ascending, .records_max = 2};
    std::vector<std::string> names;
    do {
      const auto page = world.alarms->history(world.scope, query);
      ASSERT_TRUE(page);
      for (const auto& item : page->items) names.push_back(item.alarm_name);
      query.next_token = page->next_token;
    } while (!query.next_token.empty());
    if (ascending) std::reverse(names.begin(), names.end());
    EXPECT_THAT(names, ElementsAre("a4", "a3", "a2", "a1", "a0"));
  }
  const auto since = world.alarms->history(world.scope, {.start = world.now() - seconds(20)});
  EXPECT_THAT(since->items, SizeIs(2));
  const auto until = world.alarms->history(world.scope, {.end = world.now() - seconds(50)});
  EXPECT_THAT(until->items, SizeIs(1));
  EXPECT_THAT(world.alarms->history(world.scope, {.alarm_name = "a3"})->items, SizeIs(1));
}

TEST(AlarmHistory, IsForgottenAfterTwoWeeksAndBeyondTheBound) {
  AlarmWorld world({.history_items_max = 10});
  for (int i = 0; i < 30; ++i) world.put(world.valid());
  world.advance(hours(2));
  EXPECT_THAT(world.history(), SizeIs(10));
  world.advance(hours(24 * 15));
  EXPECT_THAT(world.history(), IsEmpty());
}

}  // namespace
}  // namespace weir::alarms
