// SPDX-License-Identifier: Apache-2.0
#include "logs/metric_filter.h"

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "logs/logs.h"
#include "logs/logs_test_world.h"

namespace weir::logs {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using Dimensions = std::map<std::string, std::string>;

constexpr const char* kRejectPattern =
    "[version, account, eni, source, destination, srcport, destport, protocol, packets, bytes, "
    "start, end, action = REJECT, status]";

std::string record(const std::string& source, int port, int bytes, const std::string& action) {
  return "2 123456789010 eni-0a1b2c3d4e5f60718 " + source + " 10.0.0.5 50123 " +
         std::to_string(port) + " 6 4 " + std::to_string(bytes) + " 1767603600 1767603655 " +
         action + " OK";
}

MetricFilter filter(const std::string& pattern = kRejectPattern, const std::string& value = "1") {
  MetricTransformation transformation;
  transformation.metric_name = "Rejects";
  transformation.metric_namespace = "Flow";
  transformation.metric_value = value;
  MetricFilter made;
  made.filter_name = "rejects";
  made.filter_pattern = pattern;
  made.metric_transformations = {transformation};
  return made;
}

struct FilterWorld : TestWorld {
  FilterWorld() {
    create_group();
    create_stream();
  }
  std::string put_filter(const MetricFilter& filter) {
    const auto result = logs->put_metric_filter(scope, "/vpc/flow", filter);
    return result ? "accepted" : result.error().code + ": " + result.error().message;
  }
  void put_messages(std::initializer_list<std::string> texts) {
    std::vector<InputLogEvent> events;
    for (const std::string& text : texts) events.push_back({now_ms(), text});
    WEIR_ASSERT(put(events));
  }
  int outbox_records() {
    int records = 0;
    WEIR_ASSERT(
        store->scan("logs/" + scope.key() + "o/", [&](auto, auto) { return ++records > 0; }));
    return records;
  }
};

// ---- Validation ---------------------------------------------------------------------------------

TEST(PutMetricFilter, BadFiltersAreRefusedWithTheTextsOfAws) {
  FilterWorld world;
  EXPECT_EQ(world.put_filter(filter()), "accepted");
  EXPECT_EQ(world.put_filter(filter("[a, b")),
            "InvalidParameterException: Invalid metric filter pattern");
  EXPECT_EQ(world.put_filter(filter("ERROR:")),
            "InvalidParameterException: Invalid character(s) in term 'ERROR:'");
  EXPECT_THAT(world.put_filter(filter(kRejectPattern, "abc")), HasSubstr("neither a number"));
  EXPECT_THAT(world.put_filter(filter(kRejectPattern, "$nope")), HasSubstr("'$nope'"));
  EXPECT_THAT(world.put_filter(filter("ERROR", "$1")), HasSubstr("'$1'"));
  EXPECT_EQ(world.put_filter(filter(kRejectPattern, "$bytes")), "accepted");
  EXPECT_EQ(world.put_filter(filter(kRejectPattern, "$10")), "accepted");
  EXPECT_EQ(world.put_filter(filter("{ $.a = * }", "$.b.c")), "accepted");
  EXPECT_EQ(world.put_filter(filter("", "-1.5")), "accepted");
}

TEST(PutMetricFilter, DimensionsHaveTheirRules) {
  FilterWorld world;
  MetricFilter with = filter();
  auto& transformation = with.metric_transformations[0];
  transformation.dimensions =
      Dimensions{{"Source", "$source"}, {"Port", "$destport"}, {"Eni", "$3"}};
  EXPECT_EQ(world.put_filter(with), "accepted");
  transformation.default_value = 0;
  EXPECT_EQ(world.put_filter(with),
            "InvalidParameterException: Invalid metric transformation: dimensions and default "
            "value are mutually exclusive properties");
  transformation.default_value.reset();
  transformation.dimensions = Dimensions{{"Source", "$src"}};
  EXPECT_THAT(world.put_filter(with), HasSubstr("'$src' is not a field"));
  transformation.dimensions = Dimensions{{"a", "$1"}, {"b", "$2"}, {"c", "$3"}, {"d", "$4"}};
  EXPECT_THAT(world.put_filter(with), HasSubstr("at most 3 dimensions"));
  with.filter_pattern = "REJECT";
  transformation.dimensions = Dimensions{{"Source", "$1"}};
  EXPECT_EQ(world.put_filter(with),
            "InvalidParameterException: The specified filter pattern does not support dimensions");
  MetricFilter system = filter();
  system.metric_transformations[0].dimensions = Dimensions{{"a", "$1"}, {"b", "$2"}};
  system.emit_system_field_dimensions = {"@aws.region", "@aws.account"};
  EXPECT_THAT(world.put_filter(system), HasSubstr("at most 3 dimensions"));
  system.metric_transformations[0].dimensions = Dimensions{{"a", "$1"}};
  system.emit_system_field_dimensions = {"@aws.region", "@aws.region"};
  EXPECT_THAT(world.put_filter(system), HasSubstr("'@aws.region' is there twice"));
  system.metric_transformations[0].dimensions.reset();
  system.metric_transformations[0].default_value = 0;
  system.emit_system_field_dimensions = {"@aws.region"};
  EXPECT_THAT(world.put_filter(system), HasSubstr("mutually exclusive"));
}

TEST(PutMetricFilter, QuotasOfAGroupHold) {
  FilterWorld world;
  MetricFilter numbered = filter();
  for (int i = 0; i < 100; ++i) {
    numbered.filter_name = "f" + std::to_string(i);
    numbered.filter_pattern = i < 5 ? "%re%" : "plain";
    ASSERT_EQ(world.put_filter(numbered), "accepted");
  }
  numbered.filter_pattern = "%re%";
  EXPECT_EQ(world.put_filter(numbered), "LimitExceededException: Resource limit exceeded.");
  numbered.filter_name = "f0";
  EXPECT_EQ(world.put_filter(numbered), "accepted");  // replaces one that had an expression
  numbered.filter_name = "f100";
  numbered.filter_pattern = "plain";
  EXPECT_EQ(world.put_filter(numbered), "LimitExceededException: Resource limit exceeded.");
}

TEST(PutMetricFilter, StandardGroupsOnly) {
  FilterWorld world;
  LogGroup group;
  group.name = "rare";
  group.log_group_class = "INFREQUENT_ACCESS";
  ASSERT_TRUE(world.logs->create_log_group(world.scope, group));
  const auto result = world.logs->put_metric_filter(world.scope, "rare", filter());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "InvalidOperationException");
  EXPECT_EQ(world.logs->put_metric_filter(world.scope, "none", filter()).error().code,
            "ResourceNotFoundException");
}

TEST(MetricFilters, AreListedPagedReplacedAndDeleted) {
  FilterWorld world;
  world.create_group("second");
  MetricFilter one = filter();
  for (const char* name : {"b", "a", "c"}) {
    one.filter_name = name;
    ASSERT_EQ(world.put_filter(one), "accepted");
  }
  one.filter_name = "a";
  one.metric_transformations[0].metric_name = "Other";
  ASSERT_TRUE(world.logs->put_metric_filter(world.scope, "second", one));
  world.restart();

  const auto list = [&](Logs::MetricFilterQuery query) {
    std::vector<std::string> all;
    const auto page = world.logs->metric_filters(world.scope, query);
    for (const auto& item : page->items)
      all.push_back(item.log_group_name + ":" + item.filter.filter_name);
    all.push_back(page->next.empty() ? "end" : "more");
    return all;
  };
  EXPECT_THAT(list({}),
              ElementsAre("/vpc/flow:a", "/vpc/flow:b", "/vpc/flow:c", "second:a", "end"));
  EXPECT_THAT(list({.prefix = "a"}), ElementsAre("/vpc/flow:a", "second:a", "end"));
  EXPECT_THAT(list({.log_group_name = "/vpc/flow", .limit = 2}),
              ElementsAre("/vpc/flow:a", "/vpc/flow:b", "more"));
  EXPECT_THAT(list({.metric_name = "Other", .metric_namespace = "Flow"}),
              ElementsAre("second:a", "end"));
  const auto first = world.logs->metric_filters(world.scope, {.limit = 3});
  EXPECT_THAT(list({.after = first->next}), ElementsAre("second:a", "end"));
  EXPECT_EQ(world.logs->metric_filters(world.scope, {.log_group_name = "none"}).error().code,
            "ResourceNotFoundException");
  EXPECT_THAT(world.logs->filters_for_metric(world.scope, "Flow", "Rejects"), SizeIs(3));
  EXPECT_EQ(world.logs->log_group(world.scope, "/vpc/flow")->metric_filter_count, 3);

  EXPECT_TRUE(world.logs->delete_metric_filter(world.scope, "second", "a"));
  const auto gone = world.logs->delete_metric_filter(world.scope, "second", "a");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().message, "The specified metric filter does not exist.");
}

// ---- Values -------------------------------------------------------------------------------------

TEST(MetricFilterValues, EachMatchIsASampleInTheMinuteOfTheEvent) {
  FilterWorld world;
  ASSERT_EQ(world.put_filter(filter()), "accepted");
  world.runtime.advance(seconds(90));
  const std::int64_t now = world.now_ms();
  ASSERT_TRUE(world.put({{now - 60'000, record("203.0.113.9", 22, 40, "REJECT")},
                         {now, record("203.0.113.9", 22, 40, "REJECT")},
                         {now, record("203.0.113.9", 22, 40, "ACCEPT")},
                         {now, record("203.0.113.9", 23, 40, "REJECT")}}));
  const auto second = [](std::int64_t ms) { return Time{ms - ms % 1000}; };
  EXPECT_THAT(world.values(),
              ElementsAre(MetricValue{"Flow", "Rejects", {}, 1, "", second(now - 60'000), 1},
                          MetricValue{"Flow", "Rejects", {}, 1, "", second(now), 2}));
}

TEST(MetricFilterValues, FieldsGiveValuesAndDimensions) {
  FilterWorld world;
  MetricFilter bytes = filter(kRejectPattern, "$bytes");
  bytes.metric_transformations[0].dimensions = Dimensions{{"Source", "$source"}};
  bytes.metric_transformations[0].unit = "Bytes";
  ASSERT_EQ(world.put_filter(bytes), "accepted");
  world.put_messages(
      {record("203.0.113.9", 22, 40, "REJECT"), record("203.0.113.8", 22, 40, "REJECT"),
       record("203.0.113.9", 22, 60, "REJECT"), record("203.0.113.9", 22, 40, "REJECT")});
  const Time second = second_of(world.now_ms());
  EXPECT_THAT(
      world.values(),
      UnorderedElementsAre(
          MetricValue{"Flow", "Rejects", {{"Source", "203.0.113.9"}}, 40, "Bytes", second, 2},
          MetricValue{"Flow", "Rejects", {{"Source", "203.0.113.8"}}, 40, "Bytes", second, 1},
          MetricValue{"Flow", "Rejects", {{"Source", "203.0.113.9"}}, 60, "Bytes", second, 1}));
}

TEST(MetricFilterValues, ValuesThatAreNoNumberGiveNothing) {
  FilterWorld world;
  ASSERT_EQ(world.put_filter(filter("{ $.op = get }", "$.size")), "accepted");
  world.put_messages({R"({"op":"get","size":1.5})", R"({"op":"get","size":"2"})",
                      R"({"op":"get","size":"-"})", R"({"op":"get"})",
                      R"({"op":"get","size":null})", R"({"op":"get","size":1e300})"});
  const auto values = world.values();
  ASSERT_THAT(values, SizeIs(2));
  EXPECT_EQ(values[0].value, 1.5);
  EXPECT_EQ(values[1].value, 2);
}

TEST(MetricFilterValues, AnAbsentDimensionGivesNothing) {
  FilterWorld world;
  MetricFilter with = filter("{ $.op = get }");
  with.metric_transformations[0].dimensions = Dimensions{{"Host", "$.host"}};
  ASSERT_EQ(world.put_filter(with), "accepted");
  world.put_messages(
      {R"({"op":"get"})", R"({"op":"get","host":""})", R"({"op":"get","host":"h"})"});
  EXPECT_THAT(world.values(), SizeIs(1));
}

TEST(MetricFilterValues, SystemFieldsAreDimensionsOfAnyDialect) {
  FilterWorld world;
  MetricFilter terms = filter("REJECT");
  terms.emit_system_field_dimensions = {"@aws.account", "@aws.region"};
  ASSERT_EQ(world.put_filter(terms), "accepted");
  MetricFilter fields = filter();
  fields.filter_name = "fields";
  fields.metric_transformations[0].dimensions = Dimensions{{"Source", "$source"}};
  fields.emit_system_field_dimensions = {"@aws.region"};
  ASSERT_EQ(world.put_filter(fields), "accepted");
  world.restart();
  world.put_messages({record("203.0.113.9", 22, 40, "REJECT")});
  const Time second = second_of(world.now_ms());
  EXPECT_THAT(world.values(),
              UnorderedElementsAre(
                  MetricValue{"Flow",
                              "Rejects",
                              {{"@aws.account", "000000000000"}, {"@aws.region", "us-east-1"}},
                              1,
                              "",
                              second,
                              1},
                  MetricValue{"Flow",
                              "Rejects",
                              {{"Source", "203.0.113.9"}, {"@aws.region", "us-east-1"}},
                              1,
                              "",
                              second,
                              1}));
}

TEST(MetricFilterValues, SelectionLeavesOutGroupsOfOtherAccounts) {
  FilterWorld world;
  MetricFilter other = filter();
  other.field_selection_criteria = "@aws.account != \"000000000000\"";
  other.metric_transformations[0].default_value = 0;
  ASSERT_EQ(world.put_filter(other), "accepted");
  world.put_messages({record("203.0.113.9", 22, 40, "REJECT"), "x"});
  world.runtime.advance(minutes(2));
  EXPECT_THAT(world.values(), IsEmpty());
  other.field_selection_criteria = "@aws.account = \"000000000000\"";
  ASSERT_EQ(world.put_filter(other), "accepted");
  world.put_messages({record("203.0.113.9", 22, 40, "REJECT"), "x"});
  EXPECT_THAT(world.values(), SizeIs(1));
}

TEST(MetricFilterValues, OnlyEventsThatComeLaterCount) {
  FilterWorld world;
  world.put_messages({record("203.0.113.9", 22, 40, "REJECT")});
  ASSERT_EQ(world.put_filter(filter()), "accepted");
  EXPECT_THAT(world.values(), IsEmpty());
  ASSERT_TRUE(world.logs->delete_metric_filter(world.scope, "/vpc/flow", "rejects"));
  world.put_messages({record("203.0.113.9", 22, 40, "REJECT")});
  EXPECT_THAT(world.values(), IsEmpty());
}

TEST(MetricFilterValues, RefusedEventsDoNotCount) {
  FilterWorld world;
  ASSERT_EQ(world.put_filter(filter("")), "accepted");
  ASSERT_TRUE(world.put({{world.now_ms(), "now"}, {world.now_ms() + 10'800'000, "too new"}}));
  ASSERT_THAT(world.values(), SizeIs(1));
  EXPECT_EQ(world.values()[0].count, 1);
}

// ---- Default values -----------------------------------------------------------------------------

struct DefaultWorld : FilterWorld {
  DefaultWorld() {
    MetricFilter with = filter();
    with.metric_transformations[0].default_value = 0;
    WEIR_ASSERT(put_filter(with) == "accepted");
  }
};

TEST(MetricFilterDefaults, AMinuteWithoutAMatchGetsTheDefault) {
  DefaultWorld world;
  const Time minute = minute_of(world.now_ms());
  world.put_messages({"no record at all", record("203.0.113.9", 22, 40, "ACCEPT")});
  world.runtime.advance(seconds(50));
  EXPECT_THAT(world.values(), IsEmpty());
  world.runtime.advance(seconds(20));
  EXPECT_THAT(world.values(), ElementsAre(MetricValue{"Flow", "Rejects", {}, 0, "", minute, 1}));
}

TEST(MetricFilterDefaults, AMinuteWithAMatchGetsNone) {
  DefaultWorld world;
  world.put_messages({"other"});
  world.put_messages({record("203.0.113.9", 22, 40, "REJECT")});
  world.put_messages({"other"});
  world.runtime.advance(minutes(3));
  ASSERT_THAT(world.values(), SizeIs(1));
  EXPECT_EQ(world.values()[0].value, 1);
}

TEST(MetricFilterDefaults, AMinuteWithoutEventsGetsNothing) {
  DefaultWorld world;
  world.runtime.advance(minutes(10));
  EXPECT_THAT(world.values(), IsEmpty());
}

TEST(MetricFilterDefaults, SurviveARestart) {
  DefaultWorld world;
  const Time minute = minute_of(world.now_ms());
  world.put_messages({"other"});
  world.restart();
  world.runtime.advance(minutes(2));
  EXPECT_THAT(world.values(), ElementsAre(MetricValue{"Flow", "Rejects", {}, 0, "", minute, 1}));
  world.restart();
  world.runtime.advance(minutes(2));
  EXPECT_THAT(world.values(), SizeIs(1));
}

TEST(MetricFilterDefaults, EndWithTheFilter) {
  DefaultWorld world;
  world.put_messages({"other"});
  ASSERT_TRUE(world.logs->delete_metric_filter(world.scope, "/vpc/flow", "rejects"));
  world.runtime.advance(minutes(2));
  EXPECT_THAT(world.values(), IsEmpty());
}

// ---- Hand-over ----------------------------------------------------------------------------------

TEST(MetricHandOver, ValuesThatTheSinkDidNotTakeAreTriedAgain) {
  FilterWorld world;
  ASSERT_EQ(world.put_filter(filter("")), "accepted");
  world.sink_error = Error{ErrorKind::unavailable, "ServiceUnavailableException", "full"};
  world.put_messages({"a", "b"});
  EXPECT_EQ(world.outbox_records(), 1);
  world.runtime.advance(seconds(30));
  EXPECT_THAT(world.values(), IsEmpty());
  world.sink_error.reset();
  world.runtime.advance(seconds(10));
  ASSERT_THAT(world.values(), SizeIs(1));
  EXPECT_EQ(world.values()[0].count, 2);
  EXPECT_EQ(world.outbox_records(), 0);
}

TEST(MetricHandOver, ValuesThatACrashLeftAreHandedOnAtTheNextStart) {
  FilterWorld world;
  ASSERT_EQ(world.put_filter(filter("")), "accepted");
  world.sink_error = Error{ErrorKind::unavailable, "ServiceUnavailableException", "dying"};
  world.put_messages({"a"});
  world.logs.reset();
  world.sink_error.reset();
  world.start();
  EXPECT_THAT(world.values(), SizeIs(1));
  EXPECT_EQ(world.outbox_records(), 0);
}

TEST(MetricHandOver, HandedOnTwiceHasTheSameBatchId) {
  FilterWorld world;
  ASSERT_EQ(world.put_filter(filter("")), "accepted");
  world.put_messages({"a"});
  ASSERT_EQ(world.outbox_records(), 1);  // erased a little later, with others
  // A second object on the same store, as if the first one had been killed.
  std::vector<std::string> repeated;
  Logs second(world.runtime, *world.store,
              [&](const Scope&, std::string_view id, std::span<const MetricValue>) -> Result<void> {
                repeated.emplace_back(id);
                return {};
              },
              {});
  ASSERT_TRUE(second.load());
  EXPECT_THAT(repeated, ElementsAre(world.delivered.at(0).batch_id));
}

TEST(MetricHandOver, ValuesThatTheSinkCallsInvalidAreDropped) {
  FilterWorld world;
  ASSERT_EQ(world.put_filter(filter("")), "accepted");
  world.sink_error = Error{ErrorKind::invalid, "InvalidParameterValue", "never"};
  world.put_messages({"a"});
  world.runtime.advance(seconds(10));
  EXPECT_EQ(world.outbox_records(), 0);
}

TEST(MetricHandOver, PackedValuesReadBack) {
  const std::vector<MetricValue> values = {
      {"N", "M", {{"a", "b"}, {"c", ""}}, -1.5, "Bytes", {60'000}, 3}, {"", "", {}, 0, "", {0}, 1}};
  const auto unpacked = unpack_values(pack_values(values));
  ASSERT_TRUE(unpacked);
  EXPECT_EQ(*unpacked, values);
  const std::string bytes = pack_values(values);
  EXPECT_FALSE(unpack_values(bytes.substr(0, bytes.size() - 1)));
}

// ---- TestMetricFilter ---------------------------------------------------------------------------

TEST(TestMetricFilter, MatchesAreNumberedFromZero) {
  const std::vector<std::string> messages = {"a 1", "b", "a 2 3"};
  const auto matches = Logs::test_metric_filter("[x = a, y]", messages);
  ASSERT_TRUE(matches);
  ASSERT_THAT(*matches, SizeIs(2));
  EXPECT_EQ((*matches)[0].event_number, 0u);
  EXPECT_EQ((*matches)[1].event_number, 2u);
  EXPECT_EQ((*matches)[1].extraction.values.at("$y"), "2 3");
  EXPECT_EQ(Logs::test_metric_filter("[", messages).error().message,
            "Invalid metric filter pattern");
}

}  // namespace
}  // namespace weir::logs
