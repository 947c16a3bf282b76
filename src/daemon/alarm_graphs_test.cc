// SPDX-License-Identifier: Apache-2.0
#include "daemon/alarm_graphs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::daemon {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const Scope kScope{"123456789012", "eu-west-1"};

struct GraphWorld {
  GraphWorld() {
    WEIR_ASSERT(metrics.load());
    WEIR_ASSERT(alarms.load());
    alarms::AlarmConfig alarm;
    alarm.alarm_name = "many rejects";
    alarm.metric_name = "Rejected";
    alarm.namespace_name = "App";
    alarm.statistic = "Sum";
    alarm.period_s = 60;
    alarm.evaluation_periods = 1;
    alarm.threshold = 5;
    alarm.comparison_operator = "GreaterThanThreshold";
    WEIR_ASSERT(alarms.put_metric_alarm(kScope, alarm));
    metrics::Datum datum{.metric_name = "Rejected", .value = 9};
    WEIR_ASSERT(metrics.put(kScope, "App", {datum}));
  }
  ~GraphWorld() { runtime.quiesce(); }
  std::string url() { return graphs.url(message); }
  wire::HttpResponse open(const std::string& url) {
    wire::HttpRequest request;
    request.method = "GET";
    wire::set_target(request, url.substr(url.find("/_weir")));
    return graphs.answer(request);
  }

  SimulatedRuntime runtime{5};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  metrics::Metrics metrics{runtime, *store};
  alarms::Alarms alarms{runtime, *store, metrics,
                        [](const Scope&, const alarms::Action&) { return Result<void>(); }};
  AlarmGraphs graphs{runtime, *store, metrics, alarms, {}, "http://127.0.0.1:4566"};
  std::string message = R"({"AlarmName":"many rejects","AlarmArn":"arn:aws:cloudwatch:eu-west-1:)"
                        R"(123456789012:alarm:many rejects","StateChangeTime":")" +
                        to_iso8601_offset(runtime.now()) + "\"}";
};

TEST(AlarmGraphs, ALinkShowsWhatTheAlarmWatches) {
  GraphWorld world;
  const std::string url = world.url();
  EXPECT_THAT(url, StartsWith("http://127.0.0.1:4566/_weir/alarm-graph?alarm=arn%3Aaws%3A"));
  const auto picture = world.open(url);
  EXPECT_EQ(picture.status, 200);
  EXPECT_EQ(picture.headers.get("Content-Type"), "image/png");
  EXPECT_THAT(std::get<std::string>(picture.body), StartsWith("\x89PNG\r\n"));
}

TEST(AlarmGraphs, ALinkThatWasChangedShowsNothing) {
  GraphWorld world;
  std::string url = world.url();
  std::string other = url;
  other.replace(other.find("rejects"), 7, "accepts");
  EXPECT_EQ(world.open(other).status, 403);
  other = url;
  other.insert(other.find("&mac"), "0");
  EXPECT_EQ(world.open(other).status, 403);
  EXPECT_EQ(world.open("/_weir/alarm-graph").status, 403);
  GraphWorld elsewhere;
  elsewhere.runtime.random();  // another installation
  EXPECT_EQ(elsewhere.open(url).status, 403);
}

TEST(AlarmGraphs, TheLinkOfAnAlarmThatIsGoneSaysSo) {
  GraphWorld world;
  const std::string url = world.url();
  ASSERT_TRUE(world.alarms.remove(kScope, {"many rejects"}));
  const auto answer = world.open(url);
  EXPECT_EQ(answer.status, 404);
  EXPECT_THAT(std::get<std::string>(answer.body), HasSubstr("many rejects"));
}

TEST(AlarmGraphs, WhatIsNoAlarmHasNoLink) {
  GraphWorld world;
  EXPECT_EQ(world.graphs.url("hello"), "");
  EXPECT_EQ(world.graphs.url("{}"), "");
  EXPECT_EQ(world.graphs.url(R"({"AlarmArn":"arn:aws:x","StateChangeTime":"soon"})"), "");
}

}  // namespace
}  // namespace weir::daemon
