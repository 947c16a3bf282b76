// SPDX-License-Identifier: Apache-2.0
#include "insights/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "insights/insights_world.h"

namespace weir::insights {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string record(int number, const std::string& action = "ACCEPT") {
  return "2 123456789012 eni-" + std::to_string(number % 3) + " 10.0." +
         std::to_string(number % 7) + "." + std::to_string(number % 250) + " 10.1.0.1 " +
         std::to_string(40000 + number % 100) + " 443 6 " + std::to_string(number % 11) + " " +
         std::to_string(number * 37 % 5000) + " 1767225600 1767225660 " + action + " OK";
}

void put_records(InsightsWorld& world, int count, const std::string& group = "/vpc/flow") {
  for (int from = 0; from < count; from += 5000) {
    std::vector<logs::InputLogEvent> events;
    for (int i = from; i < std::min(from + 5000, count); ++i) {
      events.push_back(
          {InsightsWorld::kStartMs + i * 10, record(i, i % 5 == 0 ? "REJECT" : "ACCEPT")});
    }
    world.put(group, "eni-1", events);
  }
}

std::string detail(const Error& error, std::string_view name) {
  for (const auto& [key, value] : error.details) {
    if (key == name) return value;
  }
  return "";
}

TEST(Compile, ErrorsPointAtThePlace) {
  const auto query = compile("fields a | stats count() by foo bar");
  ASSERT_FALSE(query);
  EXPECT_EQ(query.error().code, "MalformedQueryException");
  EXPECT_EQ(detail(query.error(), "startCharOffset"), "32");
  EXPECT_EQ(detail(query.error(), "endCharOffset"), "35");
}

TEST(Compile, NestingAndLengthAreBounded) {
  EXPECT_FALSE(compile("filter " + std::string(5000, '(')));
  EXPECT_FALSE(compile("fields " + std::string(4000, '^') + "1"));
  std::string powers = "fields 1";
  for (int i = 0; i < 2000; ++i) powers += "^1";
  EXPECT_FALSE(compile(powers));
  EXPECT_FALSE(compile("fields a" + std::string(10'000, ' ')));
  std::string many = "fields a";
  for (int i = 0; i < 200; ++i) many += "|fields a";
  EXPECT_FALSE(compile(many));
}

TEST(Compile, AHyphenGivesAWarning) {
  const auto query = compile("fields foo-bar");
  ASSERT_TRUE(query);
  ASSERT_EQ(query->warnings().size(), 1);
  EXPECT_THAT(query->warnings()[0], HasSubstr("`foo-bar`"));
  EXPECT_TRUE(compile("fields foo - bar")->warnings().empty());
}

TEST(Compile, TellsSourcesAndColumns) {
  const auto query = compile(
      "SOURCE \"/vpc/flow\" START=1767225600000 END=1767225699999 | fields a, b as c | limit 7");
  ASSERT_TRUE(query);
  ASSERT_EQ(query->sources().size(), 1);
  EXPECT_EQ(query->sources()[0].names[0], "/vpc/flow");
  EXPECT_EQ(query->sources()[0].to->ms, 1767225699999);
  EXPECT_THAT(query->columns(), ElementsAre("a", "c"));
  EXPECT_EQ(query->limit(), 7);
  EXPECT_TRUE(query->rows_are_events());
  EXPECT_FALSE(compile("stats count(*)")->rows_are_events());
  EXPECT_EQ(compile("fields a", {.limit = 5})->limit(), 5);
  EXPECT_EQ(compile("fields a | limit 50", {.limit = 5})->limit(), 5);
  const auto chosen = compile(R"(SOURCE logGroups(namePrefix: ["/a", "/b"], class: ["STANDARD"]))");
  ASSERT_TRUE(chosen);
  EXPECT_THAT(chosen->sources()[0].prefixes, ElementsAre("/a", "/b"));
}

TEST(Run, GivesStatistics) {
  InsightsWorld world;
  put_records(world, 12'000);
  const Snapshot got =
      world.run("filter action = \"REJECT\" | stats sum(bytes) as b", {"/vpc/flow"});
  ASSERT_EQ(got.state, RunState::complete);
  EXPECT_EQ(got.statistics.records_scanned, 12'000);
  EXPECT_EQ(got.statistics.records_matched, 2'400);
  EXPECT_EQ(got.statistics.log_groups_scanned, 1);
  EXPECT_GT(got.statistics.bytes_scanned, 12'000 * 80);
  std::int64_t sum = 0;
  for (int i = 0; i < 12'000; i += 5) sum += i * 37 % 5000;
  EXPECT_EQ(to_text(got.rows.at(0)), "b=" + std::to_string(sum));
}

TEST(Run, WorkersDoNotChangeTheAnswer) {
  const std::vector<std::string> queries = {
      "stats count(*), sum(bytes), avg(packets), pct(bytes, 90) by srcAddr",
      "fields @timestamp, bytes | sort bytes desc | limit 100",
      "dedup srcPort | display srcPort, bytes",
      "stats count_distinct(srcAddr) as d, stddev(packets) by bin(10s)",
      "pattern @message",
      "fields @timestamp, srcAddr"};
  for (const std::string& query : queries) {
    SCOPED_TRACE(query);
    InsightsWorld one(1);
    InsightsWorld four(4);
    put_records(one, 20'000);
    put_records(four, 20'000);
    const Snapshot a = one.run(query, {"/vpc/flow"});
    const Snapshot b = four.run(query, {"/vpc/flow"});
    ASSERT_EQ(a.state, RunState::complete);
    EXPECT_FALSE(a.rows.empty());
    ASSERT_EQ(a.rows.size(), b.rows.size());
    for (std::size_t i = 0; i < a.rows.size(); ++i)
      ASSERT_EQ(to_text(a.rows[i]), to_text(b.rows[i]));
  }
}

TEST(Run, ManyGroupsEndWithANamedBound) {
  InsightsWorld world;
  put_records(world, 6'000);
  const auto query = compile("stats count(*) by @timestamp");
  RunOptions options = world.options({"/vpc/flow"});
  options.groups_max = 1000;
  const Snapshot got = world.run(*query, options);
  EXPECT_EQ(got.state, RunState::failed);
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->code, "LimitExceededException");
  EXPECT_THAT(got.error->message, HasSubstr("stats needs more than 1000 groups"));
}

TEST(Run, ASortWithoutLimitKeepsNoMoreThanItsLimit) {
  InsightsWorld world;
  put_records(world, 30'000);
  RunOptions options = world.options({"/vpc/flow"});
  options.rows_max = 25'000;  // the default limit is a limit
  const Snapshot got = world.run(*compile("fields bytes | sort bytes desc"), options);
  ASSERT_EQ(got.state, RunState::complete);
  EXPECT_EQ(got.rows.size(), 10'000);
}

TEST(Run, MemoryIsBounded) {
  InsightsWorld world;
  put_records(world, 6'000);
  RunOptions options = world.options({"/vpc/flow"});
  options.memory_bytes_max = 100'000;
  const Snapshot got = world.run(*compile("stats values(@message) by @timestamp"), options);
  ASSERT_TRUE(got.error);
  EXPECT_THAT(got.error->message, HasSubstr("bytes of memory"));
}

TEST(Run, StopEndsIt) {
  InsightsWorld world;
  put_records(world, 100);
  bool has_ended = false;
  insights::Run run(world.runtime, world.logs, *compile("fields a"), world.options({"/vpc/flow"}),
                    [&has_ended] { has_ended = true; });
  run.stop();
  world.runtime.run_ready();
  EXPECT_TRUE(run.is_final());
  EXPECT_TRUE(has_ended);
  EXPECT_EQ(run.snapshot().state, RunState::cancelled);
}

TEST(Run, DestroyedBeforeItsWorkBegins) {
  InsightsWorld world;
  put_records(world, 100);
  {
    const insights::Run run(world.runtime, world.logs, *compile("fields a"),
                            world.options({"/vpc/flow"}));
  }
  world.runtime.run_ready();
}

TEST(Run, AMissingGroupFailsIt) {
  InsightsWorld world;
  const Snapshot got = world.run("fields a", {"/nowhere"});
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->code, "ResourceNotFoundException");
}

TEST(Run, OnlyEventsOfTheTimeRange) {
  InsightsWorld world;
  put_records(world, 1000);
  RunOptions options = world.options({"/vpc/flow"});
  options.from = {InsightsWorld::kStartMs + 100};
  options.to = {InsightsWorld::kStartMs + 200};
  EXPECT_EQ(to_text(world.run(*compile("stats count(*) as c"), options).rows.at(0)), "c=11");
}

TEST(Run, SeveralGroupsAndStreams) {
  InsightsWorld world;
  put_records(world, 10, "/a");
  put_records(world, 20, "/b");
  const Snapshot got = world.run("stats count(*) as c by @log | sort @log", {"/a", "/b"});
  ASSERT_EQ(got.rows.size(), 2);
  EXPECT_EQ(to_text(got.rows[0]), "@log=123456789012:/a | c=10");
  EXPECT_EQ(to_text(got.rows[1]), "@log=123456789012:/b | c=20");
}

TEST(Run, CustomFormatsComeFromTheHook) {
  InsightsWorld world;
  world.put("/vpc/custom", "s", {{InsightsWorld::kStartMs, "eni-1 10.0.0.1 vpc-7 egress 5"}});
  RunOptions options = world.options({"/vpc/custom"});
  options.flow_formats = [](const Scope&, std::string_view) -> std::vector<std::string> {
    return {"interface-id", "pkt-srcaddr", "vpc-id", "flow-direction", "traffic-path"};
  };
  const Snapshot got = world.run(
      *compile("fields interfaceId, pktSrcAddr, vpcId, flowDirection, trafficPath"), options);
  ASSERT_EQ(got.rows.size(), 1);
  EXPECT_EQ(to_text(got.rows[0]),
            "interfaceId=eni-1 | pktSrcAddr=10.0.0.1 | vpcId=vpc-7 | flowDirection=egress | "
            "trafficPath=5");
}

TEST(Run, LookupsJoinATable) {
  InsightsWorld world;
  world.put("/vpc/flow", "s", {{InsightsWorld::kStartMs, record(1)}});
  RunOptions options = world.options({"/vpc/flow"});
  options.lookups = [](const Scope&, std::string_view name) -> std::shared_ptr<const LookupTable> {
    if (name != "ports" && name != "nets") return nullptr;
    return std::make_shared<const LookupTable>(
        name == "ports"
            ? LookupTable{{"port", "service"}, {{"443", "https"}}}
            : LookupTable{{"cidr", "site"}, {{"10.0.0.0/8", "all"}, {"10.0.1.0/24", "one"}}});
  };
  EXPECT_EQ(to_text(world
                        .run(*compile("lookup ports port as dstPort OUTPUT service | cidrlookup "
                                      "nets srcAddr OUTPUT site | display service, site"),
                             options)
                        .rows.at(0)),
            "service=https | site=one");
  const Snapshot got = world.run(*compile("lookup ports nothing as x OUTPUT service"), options);
  ASSERT_TRUE(got.error);
  EXPECT_THAT(got.error->message, HasSubstr("has no column 'nothing'"));
}

TEST(Run, DiffComparesWithTheTimeBefore) {
  InsightsWorld world;
  world.put("/app", "s",
            {{InsightsWorld::kStartMs, "old 1"},
             {InsightsWorld::kStartMs + 1000, "both 1"},
             {InsightsWorld::kStartMs + 10'000, "both 2"},
             {InsightsWorld::kStartMs + 11'000, "both 3"},
             {InsightsWorld::kStartMs + 12'000, "both 4"}});
  RunOptions options = world.options({"/app"});
  options.from = {InsightsWorld::kStartMs + 10'000};
  options.to = {InsightsWorld::kStartMs + 19'999};
  const Snapshot got = world.run(
      *compile("pattern @message | diff | display @pattern, @sampleCount, @difference"), options);
  ASSERT_EQ(got.rows.size(), 2);
  EXPECT_EQ(to_text(got.rows[0]), "@pattern=both <Number-1> | @sampleCount=3 | @difference=2");
  EXPECT_EQ(to_text(got.rows[1]), "@pattern=old <Number-1> | @sampleCount=0 | @difference=-1");
}

TEST(Run, ADayIsComparedWithTheDayBeforeThoughItsEndIsASecond) {
  constexpr std::int64_t kDayMs = 86'400'000;
  InsightsWorld world;
  world.put("/app", "s",
            {{InsightsWorld::kStartMs, "at midnight 1"},
             {InsightsWorld::kStartMs + kDayMs, "at midnight 2"},
             {InsightsWorld::kStartMs + 2 * kDayMs, "at midnight 3"}});
  RunOptions options = world.options({"/app"});
  options.from = {InsightsWorld::kStartMs + kDayMs};
  options.to = {InsightsWorld::kStartMs + 2 * kDayMs + 999};
  for (const char* const command : {"diff previousDay", "logcompare timeshift 1d"}) {
    const Snapshot got =
        world.run(*compile(std::string(command) + "| display @sampleCount, @difference"), options);
    ASSERT_EQ(got.rows.size(), 1) << (got.error ? got.error->message : "");
    EXPECT_EQ(to_text(got.rows[0]), "@sampleCount=2 | @difference=1");
  }
  options.to = {InsightsWorld::kStartMs + 2 * kDayMs + 2000};
  const Snapshot got = world.run(*compile("diff previousDay"), options);
  ASSERT_TRUE(got.error);
  EXPECT_THAT(got.error->message, HasSubstr("overlaps"));
}

TEST(Compile, SourcesHaveNamesWithoutQuotesAndTimesFromNow) {
  const auto query = compile("SOURCE /aws/lambda/f-1, other START=-1d END=now | fields a");
  ASSERT_TRUE(query) << query.error().message;
  ASSERT_EQ(query->sources().size(), 1);
  const Source& source = query->sources()[0];
  EXPECT_THAT(source.names, testing::ElementsAre("/aws/lambda/f-1", "other"));
  EXPECT_EQ(source.from->at({100'000'000}).ms, 13'600'000);
  EXPECT_EQ(source.to->at({100'000'000}).ms, 100'000'000);
  const auto absolute = compile("SOURCE \"/app\" START=5000 END=6000 | fields a");
  ASSERT_TRUE(absolute);
  EXPECT_EQ(absolute->sources()[0].from->at({100'000'000}).ms, 5000);
}

TEST(Run, AppendcolsIsBoundedByItsMaxAndByTheNumberOfCommands) {
  InsightsWorld world;
  put_records(world, 500);
  const Snapshot got = world.run(
      "fields srcAddr | appendcols max=200 (fields @timestamp as t) | filter ispresent(t) "
      "| stats count(*) as n",
      {"/vpc/flow"});
  ASSERT_EQ(got.rows.size(), 1) << (got.error ? got.error->message : "");
  EXPECT_EQ(to_text(got.rows[0]), "n=200");
  std::string many = "fields srcAddr";
  for (int i = 0; i < 11; ++i) many += " | appendcols (stats count(*) as n)";
  EXPECT_THAT(compile(many).error().message, HasSubstr("more than 10 appendcols"));
}

TEST(Run, CommandsThatKeepAllRowsAreBounded) {
  InsightsWorld world;
  put_records(world, 500);
  RunOptions options = world.options({"/vpc/flow"});
  options.rows_max = 100;
  for (const char* const command :
       {"outlier bytes", "sessionize srcAddr", "addtotals col=true bytes",
        "appendcols (stats count(*))", "filldown srcAddr"}) {
    const Snapshot got = world.run(*compile(std::string("fields bytes | ") + command), options);
    ASSERT_EQ(got.state, RunState::failed) << command;
    EXPECT_EQ(got.error->code, "LimitExceededException");
  }
}

TEST(LogRecord, HasAllFieldsOfTheEvent) {
  InsightsWorld world;
  world.put("/app", "s", {{InsightsWorld::kStartMs, R"({"a":{"b":[1,"x"]}})"}});
  const Snapshot got = world.run("fields a.b.1", {"/app"});
  ASSERT_EQ(got.rows.size(), 1);
  ASSERT_EQ(got.rows[0].back().field, "@ptr");
  const auto cells = log_record(world.logs, world.scope, got.rows[0].back().value, {});
  ASSERT_TRUE(cells);
  EXPECT_THAT(*cells, testing::Contains(Cell{"a.b.1", "x"}));
  EXPECT_THAT(*cells, testing::Contains(Cell{"@log", "123456789012:/app"}));
  EXPECT_EQ(log_record(world.logs, world.scope, "nonsense", {}).error().code,
            "InvalidParameterException");
}

TEST(LogGroupFields, ComeWithTheirShare) {
  InsightsWorld world;
  world.put("/app", "s", {{InsightsWorld::kStartMs, R"({"a":1})"}, {InsightsWorld::kStartMs, "x"}});
  const auto fields =
      log_group_fields(world.logs, world.scope, "/app", {0}, {InsightsWorld::kStartMs}, {});
  ASSERT_TRUE(fields);
  ASSERT_EQ(fields->size(), 6);
  EXPECT_EQ(fields->front().percent, 100);
  EXPECT_EQ(fields->back().name, "a");
  EXPECT_EQ(fields->back().percent, 50);
}

TEST(Run, ASubQueryThatRunsTooLongFailsTheRun) {
  InsightsWorld world;
  put_records(world, 100);
  const auto query =
      compile("filter srcAddr in (SOURCE \"/vpc/flow\" | fields srcAddr) | stats count(*)");
  ASSERT_TRUE(query);
  RunOptions options = world.options({"/vpc/flow"});
  EXPECT_EQ(world.run(*query, options).state, RunState::complete);
  options.subquery_time_max = Duration(0);
  const Snapshot got = world.run(*query, options);
  ASSERT_EQ(got.state, RunState::failed);
  EXPECT_EQ(got.error->code, "LimitExceededException");
  EXPECT_THAT(got.error->message, HasSubstr("sub-query ran longer than"));
  const auto plain = compile("stats count(*)");
  EXPECT_EQ(world.run(*plain, options).state, RunState::complete);
}

TEST(Run, BlocksWithoutTheValueOfAFilterAreSkipped) {
  InsightsWorld world;
  put_records(world, 10'000, "/a");
  const auto run = [&](const std::string& filter) {
    return world.run(filter + " | stats count(*) as n", {"/a"});
  };
  for (const char* const filter :
       {"filterIndex dstPort = 22", "filter 22 = dstPort and bytes > 5", "filter action = \"DROP\"",
        "filterIndex srcAddr in [\"10.9.0.1\", \"10.9.0.2\"]",
        "filter dstPort = 1 or action = \"x\""}) {
    const Snapshot got = run(filter);
    ASSERT_EQ(got.state, RunState::complete) << filter;
    EXPECT_EQ(got.statistics.records_skipped, 10'000) << filter;
    EXPECT_GT(got.statistics.bytes_skipped, 500'000) << filter;
    EXPECT_EQ(got.statistics.records_scanned, 0) << filter;
    EXPECT_EQ(got.statistics.records_matched, 0) << filter;
  }
  // What may be there is read.
  for (const char* const filter :
       {"filter dstPort = 443", "filter dstPort = 22 or bytes > 5", "filter dstPort != 22",
        "filter not dstPort = 22", "filter dstPort = 443.0", "filter action in [\"REJECT\", 1]"}) {
    const Snapshot got = run(filter);
    EXPECT_EQ(got.statistics.records_skipped, 0) << filter;
    EXPECT_EQ(got.statistics.records_scanned, 10'000) << filter;
    EXPECT_GT(got.statistics.records_matched, 0) << filter;
  }
  // A field that is defined anew is not the stored one.
  const Snapshot renamed = run("fields 22 as dstPort | filter dstPort = 22");
  EXPECT_EQ(renamed.statistics.records_matched, 10'000);
}

TEST(Compile, NamesTheCommandsOfTheStandardClass) {
  EXPECT_TRUE(compile("filter a = 1 | stats count(*)")->standard_commands().empty());
  EXPECT_THAT(compile("filterIndex a = 1 | pattern @message")->standard_commands(),
              ElementsAre("filterIndex", "pattern"));
  EXPECT_THAT(
      compile("filter a in (SOURCE \"/g\" | filterIndex b = 1 | fields a)")->standard_commands(),
      ElementsAre("filterIndex"));
}

}  // namespace
}  // namespace weir::insights
