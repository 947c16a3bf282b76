// SPDX-License-Identifier: Apache-2.0
#include "contributors/contributors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "logs/logs_test_world.h"

namespace weir::contributors {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Keys = std::vector<std::string>;

std::string definition_of(const std::string& contribution = R"({"Keys":["1"]})",
                          const std::string& aggregate = "Count",
                          const std::string& groups = "/vpc/flow*") {
  return R"({"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":[")" + groups +
         R"("],"LogFormat":"CLF","Contribution":)" + contribution + R"(,"AggregateOn":")" +
         aggregate + "\"}";
}
const std::string kSum = definition_of(R"({"Keys":["1"],"ValueOf":"2"})", "Sum");

/// A store that can refuse writes and counts them.
class FragileStore final : public store::KvStore {
 public:
  Result<std::optional<std::string>> get(std::string_view key) const override {
    return inner_->get(key);
  }
  Result<void> write(const store::WriteBatch& batch) override {
    if (is_full || writes_left == 0) {
      return Error{ErrorKind::unavailable, "ServiceUnavailableException", "disk full"};
    }
    --writes_left;
    return inner_->write(batch);
  }
  std::unique_ptr<store::Cursor> cursor() const override { return inner_->cursor(); }
  bool is_full = false;
  int writes_left = 1'000'000;

 private:
  std::unique_ptr<store::KvStore> inner_ = store::make_memory_store();
};

struct ContributorsTest : testing::Test, logs::TestWorld {
  ContributorsTest() {
    create_group();
    create_stream();
    begin();
  }
  ~ContributorsTest() override { runtime.quiesce(); }

  void begin() {
    contributors = std::make_unique<Contributors>(runtime, fragile, logs->arrivals(), rules_config);
    ASSERT_TRUE(contributors->load());
    logs->arrivals().start();
  }
  /// As after kill -9: nothing that waits is done.
  void crash() {
    runtime.quiesce();
    contributors.reset();
    restart();
    begin();
  }
  void put_rule(const std::string& name = "r", const std::string& definition = definition_of(),
                std::optional<bool> is_enabled = {}) {
    const auto done = contributors->put_rule(
        scope, {.name = name, .definition = definition, .is_enabled = is_enabled});
    ASSERT_TRUE(done) << done.error().message;
  }
  void put_lines(const std::vector<std::string>& lines, Duration ago = {},
                 const std::string& group = "/vpc/flow") {
    std::vector<logs::InputLogEvent> events;
    for (const auto& line : lines) events.push_back({(runtime.now() - ago).ms, line});
    ASSERT_TRUE(put(events, "eni-1", group));
  }
  Result<Report> try_report(ReportQuery query = {}) {
    if (query.rule_name.empty()) query.rule_name = "r";
    if (query.start == Time{}) query.start = runtime.now() - hours(3);
    if (query.end == Time{}) query.end = query.start + hours(4);
    return contributors->report(scope, query);
  }
  Report report(ReportQuery query = {}) {
    auto made = try_report(std::move(query));
    EXPECT_TRUE(made) << made.error().message;
    return made ? *std::move(made) : Report{};
  }
  /// `a=2 b=1`: contributors and their values.
  std::string top(ReportQuery query = {}) {
    std::string text;
    for (const auto& one : report(std::move(query)).contributors) {
      if (!text.empty()) text += ' ';
      for (const auto& key : one.keys) text += key + "=";
      text += std::to_string(static_cast<int>(one.approximate_aggregate_value));
    }
    return text;
  }
  std::size_t stored(std::string_view kind) const {
    std::size_t count = 0;
    const std::string prefix = "contributors/" + scope.key() + std::string(kind);
    EXPECT_TRUE(fragile.scan(prefix, [&](auto, auto) { return ++count, true; }));
    return count;
  }

  FragileStore fragile;  // of the rules; the logs have their own
  Contributors::Config rules_config;
  std::unique_ptr<Contributors> contributors;
};

TEST_F(ContributorsTest, EventsAreCountedByContributor) {
  put_rule();
  put_lines({"a x", "b y", "a z"});
  const Report made = report();
  EXPECT_THAT(made.key_labels, ElementsAre("1"));
  EXPECT_EQ(made.aggregation_statistic, "Count");
  EXPECT_EQ(made.aggregate_value, 3);
  EXPECT_EQ(made.approximate_unique_count, 2);
  ASSERT_THAT(made.contributors, SizeIs(2));
  EXPECT_EQ(made.contributors[0].keys, Keys{"a"});
  EXPECT_EQ(made.contributors[0].approximate_aggregate_value, 2);
  ASSERT_THAT(made.contributors[0].datapoints, SizeIs(1));
  EXPECT_EQ(made.contributors[0].datapoints[0].approximate_value, 2);
  EXPECT_THAT(made.metric_datapoints, IsEmpty());
}

TEST_F(ContributorsTest, OnlyWhatIsAcceptedWhileTheRuleIsEnabledCounts) {
  put_lines({"before"});
  put_rule("r", definition_of(), false);
  put_lines({"disabled"});
  ASSERT_TRUE(contributors->set_enabled(scope, "r", true));
  put_lines({"enabled"});
  ASSERT_TRUE(contributors->set_enabled(scope, "r", false));
  put_lines({"again"});
  ASSERT_TRUE(contributors->set_enabled(scope, "r", true));
  put_lines({"on"});
  EXPECT_EQ(top(), "enabled=1 on=1");
}

TEST_F(ContributorsTest, GroupsThatTheRuleDoesNotNameDoNotCount) {
  create_group("/other");
  create_stream("eni-1", "/other");
  create_group("/vpc/flow/2");
  create_stream("eni-1", "/vpc/flow/2");
  put_rule();
  put_lines({"here"});
  put_lines({"there"}, {}, "/other");
  put_lines({"too"}, {}, "/vpc/flow/2");
  EXPECT_EQ(top(), "here=1 too=1");
}

TEST_F(ContributorsTest, EventsCountWithoutAReportAfterTheDelay) {
  put_rule();
  put_lines({"a"});
  runtime.run_ready();
  EXPECT_EQ(stored("m/"), 0u);
  runtime.advance(rules_config.delay);
  EXPECT_EQ(stored("m/"), 1u);
  put_lines({"a"});
  runtime.advance(rules_config.delay);
  EXPECT_EQ(top(), "a=2");
}

TEST_F(ContributorsTest, NothingIsLostOrCountedTwiceOverACrash) {
  put_rule("r", kSum);
  for (int round = 0; round < 20; ++round) {
    put_lines({"a 1", "b 2"});
    if (round % 3 == 0) report();
    if (round % 4 == 0) runtime.advance(rules_config.delay);
    if (round % 5 == 4) crash();
    put_lines({"a 3"});
    crash();
  }
  EXPECT_EQ(top(), "a=80 b=40");
}

TEST_F(ContributorsTest, ARefusedWriteIsTriedAgain) {
  put_rule();
  put_lines({"a"});
  fragile.is_full = true;
  EXPECT_FALSE(try_report());
  runtime.advance(seconds(20));
  fragile.is_full = false;
  put_lines({"a"});
  runtime.advance(seconds(20));
  EXPECT_EQ(stored("m/"), 1u);
  EXPECT_EQ(top(), "a=2");
}

TEST_F(ContributorsTest, AReplacedDefinitionCountsFromThenOnAndKeepsWhatMeansTheSame) {
  put_rule("r", definition_of(R"({"Keys":["1"],"Filters":[{"Match":"2","In":["x"]}]})"));
  put_lines({"a x", "a y"});
  put_rule("r", definition_of(R"({"Keys":["1"],"Filters":[{"Match":"2","In":["y"]}]})"));
  put_lines({"b x", "b y"});
  EXPECT_EQ(top(), "a=1 b=1");
  put_rule("r", definition_of(R"({"Keys":["1","2"]})"));
  put_lines({"c x"});
  EXPECT_EQ(top(), "c=x=1");
  EXPECT_EQ(stored("m/"), 1u);
}

TEST_F(ContributorsTest, PendingChangesOfARuleAreBounded) {
  put_rule();
  for (std::size_t i = 0; i < Contributors::kSpansMax - 1; ++i) {
    put_lines({"a"});
    ASSERT_TRUE(contributors->set_enabled(scope, "r", false));
    ASSERT_TRUE(contributors->set_enabled(scope, "r", true));
  }
  put_lines({"a"});
  ASSERT_TRUE(contributors->set_enabled(scope, "r", false));
  const auto refused = contributors->set_enabled(scope, "r", true);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("try again later"));
  runtime.advance(rules_config.delay);
  EXPECT_TRUE(contributors->set_enabled(scope, "r", true));
  EXPECT_EQ(top(), "a=16");
}

TEST_F(ContributorsTest, ADeletedRuleTakesItsCountsWithIt) {
  put_rule();
  put_lines({"a"});
  EXPECT_EQ(top(), "a=1");
  ASSERT_TRUE(contributors->delete_rule(scope, "r"));
  EXPECT_EQ(stored("m/") + stored("r/") + stored("t/"), 0u);
  const auto gone = try_report();
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, "ResourceNotFoundException");
  EXPECT_FALSE(contributors->delete_rule(scope, "r"));
  put_rule();
  put_lines({"b"});
  EXPECT_EQ(top(), "b=1");
}

// Numbers of arrivals begin anew when a restart finds none: old positions must not hide them.
TEST_F(ContributorsTest, ARuleEnabledAfterAPauseAndARestartCounts) {
  put_rule();
  for (int i = 0; i < 5; ++i) put_lines({"a"});
  EXPECT_EQ(top(), "a=5");
  ASSERT_TRUE(contributors->set_enabled(scope, "r", false));
  runtime.advance(minutes(5));
  crash();
  ASSERT_TRUE(contributors->set_enabled(scope, "r", true));
  put_lines({"b"});
  crash();
  put_lines({"b"});
  EXPECT_EQ(top(), "a=5 b=2");
}

TEST_F(ContributorsTest, EventsCountInTheMinuteOfTheirTimestamp) {
  put_rule();
  put_lines({"a"}, minutes(90));
  put_lines({"a"}, days(13));
  put_lines({"b"}, -hours(1));
  const Report made =
      report({.start = runtime.now() - minutes(91), .end = runtime.now() - minutes(89)});
  ASSERT_THAT(made.contributors, SizeIs(1));
  EXPECT_THAT(made.contributors[0].datapoints, SizeIs(1));
  EXPECT_EQ(top({.start = runtime.now() - days(13) - hours(1),
                 .end = runtime.now() - days(13) + hours(1)}),
            "a=1");
  EXPECT_EQ(top({.start = runtime.now(), .end = runtime.now() + hours(2)}), "b=1");
}

TEST_F(ContributorsTest, ImportsOfOldEventsDoNotCount) {
  put_rule();
  const std::vector<logs::ImportStream> streams = {
      {.log_stream_name = "s",
       .log_events = {{(runtime.now() - days(14) - seconds(2)).ms, "old"},
                      {runtime.now().ms, "new"}}}};
  ASSERT_TRUE(logs->import_events(
      scope, "/vpc/flow",
      {.reached = {.source = "f", .version = "1", .position = 2}, .from = 0, .streams = streams}));
  EXPECT_EQ(top(), "new=1");
}

TEST_F(ContributorsTest, MetricsOfAReportAreThoseOfEachPeriod) {
  put_rule("r", kSum);
  const Time start = Time::from_seconds(runtime.now().seconds() / 3600 * 3600);
  runtime.advance(start + hours(2) - runtime.now());
  const auto at = [&](Duration offset) { return runtime.now() - start - offset; };
  put_lines({"a 5", "b 1", "b 2"}, at(seconds(30)));
  put_lines({"c 10"}, at(seconds(90)));
  put_lines({"a 4", "c -1"}, at(minutes(7)));
  ReportQuery query{.start = start, .end = start + hours(1), .period_s = 300};
  query.metrics = {"UniqueContributors",
                   "MaxContributorValue",
                   "SampleCount",
                   "Sum",
                   "Minimum",
                   "Maximum",
                   "Average"};
  const Report made = report(query);
  EXPECT_EQ(made.aggregation_statistic, "Sum");
  EXPECT_EQ(made.aggregate_value, 21);
  EXPECT_EQ(made.approximate_unique_count, 3);
  ASSERT_THAT(made.metric_datapoints, SizeIs(2));
  const MetricDatapoint& first = made.metric_datapoints[0];
  EXPECT_EQ(first.timestamp, start);
  EXPECT_EQ(first.unique_contributors, 3);
  EXPECT_EQ(first.max_contributor_value, 10);
  EXPECT_EQ(first.sample_count, 4);
  EXPECT_EQ(first.sum, 18);
  EXPECT_EQ(first.minimum, 1);
  EXPECT_EQ(first.maximum, 10);
  EXPECT_EQ(first.average, 4.5);
  const MetricDatapoint& second = made.metric_datapoints[1];
  EXPECT_EQ(second.timestamp, start + minutes(5));
  EXPECT_EQ(second.minimum, -1);
  EXPECT_EQ(second.unique_contributors, 2);
  ASSERT_THAT(made.contributors, SizeIs(3));
  EXPECT_EQ(made.contributors[0].keys, Keys{"a"});  // 9, as c; in order of keys then
  ASSERT_THAT(made.contributors[0].datapoints, SizeIs(2));
  EXPECT_EQ(made.contributors[0].datapoints[1].approximate_value, 4);
  EXPECT_EQ(made.contributors[0].datapoints[1].timestamp, start + minutes(5));
  EXPECT_THAT(made.contributors[2].datapoints, SizeIs(1));  // b: only where it is present

  query.metrics = {"Sum"};
  EXPECT_EQ(report(query).metric_datapoints[0].maximum, std::nullopt);
}

TEST_F(ContributorsTest, OrderBySumOrByTheGreatestPeriod) {
  put_rule("r", kSum);
  put_lines({"peak 50"}, minutes(1));
  for (int i = 0; i < 6; ++i) put_lines({"steady 20"}, minutes(i));
  EXPECT_EQ(top(), "steady=120 peak=50");
  EXPECT_EQ(top({.order_by = "Maximum"}), "peak=50 steady=120");
  EXPECT_EQ(top({.contributors_max = 1, .order_by = "Maximum"}), "peak=50");
}

TEST_F(ContributorsTest, ReportsOfOddShapeAreRefused) {
  put_rule();
  const Time now = runtime.now();
  const auto refused = [&](ReportQuery query) {
    const auto made = try_report(std::move(query));
    if (made) return std::string("accepted");
    EXPECT_EQ(made.error().code, "InvalidParameterValue");
    return made.error().message;
  };
  EXPECT_THAT(refused({.period_s = 30}), HasSubstr("Period"));
  EXPECT_THAT(refused({.period_s = 90}), HasSubstr("multiple of 60"));
  EXPECT_THAT(refused({.start = now, .end = now}), HasSubstr("StartTime must be less"));
  EXPECT_THAT(refused({.start = now - hours(24) - seconds(1), .end = now}), HasSubstr("24 hours"));
  EXPECT_THAT(refused({.start = now - days(15) - seconds(1), .end = now - days(15) + hours(1)}),
              HasSubstr("15 days"));
  EXPECT_THAT(refused({.contributors_max = 0}), HasSubstr("between 1 and 100"));
  EXPECT_THAT(refused({.contributors_max = 101}), HasSubstr("between 1 and 100"));
  EXPECT_THAT(refused({.metrics = {"Total"}}), HasSubstr("Total"));
  EXPECT_THAT(refused({.order_by = "Average"}), HasSubstr("OrderBy"));
  EXPECT_EQ(refused({.start = now - hours(24), .end = now}), "accepted");
}

TEST_F(ContributorsTest, SeriesOfAMetric) {
  put_rule("r", kSum);
  put_lines({"a 1", "b 5"}, minutes(3));
  put_lines({"a 2"}, minutes(1));
  const Time start = runtime.now() - minutes(10);
  const auto points =
      contributors->metric(scope, "r", "MaxContributorValue", start, runtime.now(), minutes(1));
  ASSERT_TRUE(points);
  ASSERT_THAT(*points, SizeIs(2));
  EXPECT_EQ((*points)[0].value, 5);
  EXPECT_EQ((*points)[1].value, 2);
  EXPECT_EQ((*points)[1].time - (*points)[0].time, minutes(2));
  const auto unique =
      contributors->metric(scope, "r", "UniqueContributors", start, runtime.now(), minutes(10));
  ASSERT_TRUE(unique);
  ASSERT_THAT(*unique, SizeIs(1));
  EXPECT_EQ((*unique)[0].value, 2);
  EXPECT_EQ((*unique)[0].time.seconds(), start.seconds() / 60 * 60);
  EXPECT_FALSE(contributors->metric(scope, "r", "Nothing", start, runtime.now(), minutes(1)));
  EXPECT_FALSE(contributors->metric(scope, "x", "Sum", start, runtime.now(), minutes(1)));
  EXPECT_FALSE(contributors->metric(scope, "r", "Sum", start, runtime.now(), seconds(30)));
}

TEST_F(ContributorsTest, OldMinutesAreThinnedOutAndGoAfterFifteenDays) {
  put_rule();
  std::vector<std::string> lines;
  for (int i = 0; i < 1'500; ++i) lines.push_back("k" + std::to_string(i));
  for (int i = 0; i < 20; ++i) lines.push_back("top");
  const Time begun = runtime.now();
  const ReportQuery query{.start = begun - minutes(10), .end = begun + minutes(10)};
  put_lines(lines);
  EXPECT_EQ(report(query).approximate_unique_count, 1'501);
  const auto bytes = [&] {
    std::size_t size = 0;
    EXPECT_TRUE(fragile.scan("contributors/" + scope.key() + "m/", [&](auto, auto value) {
      size += value.size();
      return true;
    }));
    return size;
  };
  const std::size_t whole = bytes();
  runtime.advance(hours(4));
  EXPECT_LT(bytes(), whole);
  const Report thinned = report(query);
  EXPECT_NEAR(static_cast<double>(thinned.approximate_unique_count), 1'501, 75);
  EXPECT_EQ(thinned.aggregate_value, 1'520);
  EXPECT_EQ(thinned.contributors[0].keys, Keys{"top"});
  EXPECT_EQ(thinned.contributors[0].approximate_aggregate_value, 20);
  put_lines({"top"}, runtime.now() - begun);  // late
  EXPECT_EQ(report(query).contributors[0].approximate_aggregate_value, 21);
  runtime.advance(days(15));
  EXPECT_EQ(stored("m/"), 0u);
}

// More minutes in one block than may be held at a time: they are written in the middle of it, and a
// crash there neither loses nor repeats an event.
TEST_F(ContributorsTest, EventsOfManyMinutesAreCountedOnceInBoundedMemory) {
  rules_config.work_bytes_max = 64u << 10;
  crash();
  put_rule("r");
  put_rule("s", definition_of(R"({"Keys":["1"],"Filters":[{"Match":"2","EqualTo":1}]})"));
  for (int batch = 0; batch < 3; ++batch) {
    std::vector<logs::InputLogEvent> events;
    for (int i = 0; i < 1'200; ++i) {
      events.push_back({(runtime.now() - minutes(1'230 - i)).ms,
                        "k" + std::to_string(i % 7) + " " + std::to_string(i % 2)});
    }
    ASSERT_TRUE(put(events));
  }
  const auto total = [&](const std::string& rule) {
    const Time now = runtime.now();
    return report({.rule_name = rule, .start = now - hours(23), .end = now}).aggregate_value;
  };
  int writes = 0;
  for (; fragile.writes_left = 1, !try_report(); ++writes) {
    // One more part of a block is counted, then the store refuses.
    fragile.writes_left = 1'000'000;
    if (writes % 3 == 0) crash();
    ASSERT_LT(writes, 500);
  }
  EXPECT_GT(writes, 10);
  fragile.writes_left = 1'000'000;
  EXPECT_EQ(total("r"), 3'600);
  EXPECT_EQ(total("s"), 1'800);
}

TEST_F(ContributorsTest, RulesAreListedInOrderOfNamesByPages) {
  for (const char* const name : {"c", "a", "d", "b"}) put_rule(name);
  const auto names = [&](std::string_view after, std::size_t limit) {
    const auto page = contributors->rules(scope, after, limit);
    Keys listed;
    for (const auto& rule : page.rules) listed.push_back(rule.name);
    listed.push_back("> " + page.next);
    return listed;
  };
  EXPECT_EQ(names("", 3), (Keys{"a", "b", "c", "> c"}));
  EXPECT_EQ(names("c", 3), (Keys{"d", "> "}));
  EXPECT_EQ(names("", 4), (Keys{"a", "b", "c", "d", "> "}));
  EXPECT_THAT(contributors->rules({"1", "eu-west-1"}, "", 10).rules, IsEmpty());
}

TEST_F(ContributorsTest, RulesAreBoundedInNumberAndReplacingIsFree) {
  rules_config.rules_max = 2;
  crash();
  put_rule("a");
  put_rule("b");
  put_rule("b", kSum);
  const auto refused = contributors->put_rule(scope, {.name = "c", .definition = definition_of()});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "LimitExceededException");
  EXPECT_EQ(refused.error().kind, ErrorKind::limit);
}

TEST_F(ContributorsTest, ARuleKeepsItsStateAndTagsOverARestart) {
  ASSERT_TRUE(contributors->put_rule(scope, {.name = "r",
                                             .definition = definition_of(),
                                             .is_enabled = false,
                                             .apply_on_transformed_logs = true,
                                             .tags = {{"team", "net"}}}));
  put_rule("r", kSum);  // tags are of the first time only, the state stays
  ASSERT_TRUE(contributors->tag(scope, "r", {{"cost", "1"}, {"more", "2"}}));
  const std::vector<std::string> more = {"more", "nothing"};
  ASSERT_TRUE(contributors->untag(scope, "r", more));
  crash();
  EXPECT_EQ(*contributors->tags(scope, "r"),
            (std::map<std::string, std::string>{{"cost", "1"}, {"team", "net"}}));
  const auto page = contributors->rules(scope, "", 10);
  ASSERT_THAT(page.rules, SizeIs(1));
  EXPECT_FALSE(page.rules[0].is_enabled);
  EXPECT_EQ(page.rules[0].definition, kSum);
  EXPECT_FALSE(page.rules[0].apply_on_transformed_logs);
  EXPECT_FALSE(contributors->tags(scope, "x"));
}

TEST_F(ContributorsTest, AnUnusableDefinitionChangesNothing) {
  put_rule();
  EXPECT_FALSE(contributors->put_rule(scope, {.name = "r", .definition = "{}"}));
  EXPECT_EQ(contributors->rules(scope, "", 1).rules[0].definition, definition_of());
  std::map<std::string, std::string> tags;
  for (int i = 0; i < 51; ++i) tags[std::to_string(i)] = "x";
  EXPECT_FALSE(contributors->tag(scope, "r", tags));
  EXPECT_THAT(*contributors->tags(scope, "r"), IsEmpty());
}

}  // namespace
}  // namespace weir::contributors
