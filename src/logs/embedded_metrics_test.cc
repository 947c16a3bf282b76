// SPDX-License-Identifier: Apache-2.0
#include "logs/embedded_metrics.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "logs/logs_test_world.h"

namespace weir::logs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

const Time kNow{1'767'603'600'500};
const Time kSecond{1'767'603'600'000};

EmbeddedMetrics read(const std::string& message) {
  const InputLogEvent event{kNow.ms, message};
  return read_embedded_metrics({&event, 1}, kNow);
}

/// A document with one directive in `Shop`, and the members of the root.
std::string document(const std::string& metrics, const std::string& root,
                     const std::string& dimensions = R"([["Service"]])",
                     const std::string& name_space = "Shop") {
  return R"({"_aws":{"Timestamp":)" + std::to_string(kNow.ms) +
         R"(,"CloudWatchMetrics":[{"Namespace":")" + name_space + R"(","Dimensions":)" +
         dimensions + R"(,"Metrics":[)" + metrics + R"(]}]},"Service":"cart",)" + root + "}";
}

// source: CloudWatch User Guide, "Specification: Embedded metric format", its example in our words.
TEST(EmbeddedMetrics, AMetricTakesItsValueAndDimensionsFromTheRoot) {
  const auto read_out = read(document(
      R"({"Name":"Latency","Unit":"Milliseconds"},{"Name":"Calls"})",
      R"("Latency":12.5,"Calls":3,"requestId":"r-1")", R"([["Service"],["Service","requestId"]])"));
  EXPECT_EQ(read_out.parsing_errors, 0u);
  EXPECT_EQ(read_out.validation_errors, 0u);
  EXPECT_THAT(
      read_out.values,
      UnorderedElementsAre(
          MetricValue{"Shop", "Latency", {{"Service", "cart"}}, 12.5, "Milliseconds", kSecond, 1},
          MetricValue{"Shop", "Calls", {{"Service", "cart"}}, 3, "", kSecond, 1},
          MetricValue{"Shop",
                      "Latency",
                      {{"Service", "cart"}, {"requestId", "r-1"}},
                      12.5,
                      "Milliseconds",
                      kSecond,
                      1},
          MetricValue{
              "Shop", "Calls", {{"Service", "cart"}, {"requestId", "r-1"}}, 3, "", kSecond, 1}));
}

TEST(EmbeddedMetrics, AnArrayIsManySamplesAndEqualOnesAreCounted) {
  const auto out = read(document(R"({"Name":"n"})", R"("n":[1,2,1,1])", "[[]]"));
  EXPECT_THAT(out.values, ElementsAre(MetricValue{"Shop", "n", {}, 1, "", kSecond, 3},
                                      MetricValue{"Shop", "n", {}, 2, "", kSecond, 1}));
}

TEST(EmbeddedMetrics, TextBeforeTheObjectIsPassedOver) {
  const auto out =
      read("2026-01-05T09:00:00Z\tr-1\tINFO\t" + document(R"({"Name":"n"})", R"("n":1)"));
  EXPECT_THAT(out.values, SizeIs(1));
}

TEST(EmbeddedMetrics, OtherEventsGiveNothingAndNoError) {
  for (const char* message :
       {"plain text", R"({"a":1})", R"(the word "_aws" in {"a":1})", R"({"a":"_aws"})",
        R"({"a":{"_aws":{"Timestamp":1}}})", R"(broken {"_aws":)"}) {
    const auto out = read(message);
    EXPECT_THAT(out.values, IsEmpty()) << message;
    EXPECT_EQ(out.parsing_errors + out.validation_errors, 0u) << message;
  }
}

TEST(EmbeddedMetrics, ADocumentThatIsBuiltWronglyIsAParsingError) {
  for (const char* message :
       {R"({"_aws":)", R"({"_aws":1})", R"({"_aws":{}})", R"({"_aws":{"CloudWatchMetrics":[]}})",
        R"({"_aws":{"Timestamp":"now","CloudWatchMetrics":[]}})",
        R"({"_aws":{"Timestamp":1,"CloudWatchMetrics":{}}})",
        R"({"_aws":{"Timestamp":1,"CloudWatchMetrics":[1]}})",
        R"({"_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"n","Metrics":[]}]}})"}) {
    const auto out = read(message);
    EXPECT_THAT(out.values, IsEmpty()) << message;
    EXPECT_EQ(out.parsing_errors, 1u) << message;
    EXPECT_EQ(out.validation_errors, 0u) << message;
  }
}

TEST(EmbeddedMetrics, WhatIsAgainstTheRulesIsAValidationErrorAndTheRestCounts) {
  const std::string good = R"({"Name":"n"})";
  std::string many = "0";
  for (int i = 0; i < 100; ++i) many += ",0";
  for (const auto& [metric, root] : std::initializer_list<std::pair<const char*, std::string>>{
           {R"({"Name":"absent"})", R"("n":1)"},
           {R"({"Name":"text"})", R"("n":1,"text":"5")"},
           {R"({"Name":"list"})", R"("n":1,"list":[1,"2"])"},
           {R"({"Name":"many"})", R"("n":1,"many":[)" + many + "]"},
           {R"({"Name":"n","Unit":"Parsecs"})", R"("n":1)"},
           {R"({"Name":"n","StorageResolution":30})", R"("n":1)"},
           {R"({"Unit":"Count"})", R"("n":1)"},
           {R"({"Name":":n"})", R"("n":1,":n":1)"},
           {R"("n")", R"("n":1)"}}) {
    const auto out = read(document(good + "," + metric, root));
    EXPECT_EQ(out.validation_errors, 1u) << metric;
    EXPECT_EQ(out.parsing_errors, 0u) << metric;
    EXPECT_THAT(out.values, SizeIs(1)) << metric;
  }
  EXPECT_EQ(read(document(good, R"("n":1)", R"([["absent"],["Service"]])")).values.size(), 1u);
  EXPECT_EQ(read(document(good, R"("n":1)", R"([["absent"]])")).validation_errors, 1u);
  EXPECT_EQ(read(document(good, R"("n":1)", R"([["n"]])")).validation_errors, 1u);  // no text
  EXPECT_EQ(read(document(good, R"("n":1)", "[[]]", "AWS/Logs")).validation_errors, 1u);
  EXPECT_EQ(read(document(good, R"("n":1)", "[[]]", " ")).validation_errors, 1u);
}

TEST(EmbeddedMetrics, ATimestampMustBeOneThatAMetricCanHave) {
  const auto at = [](std::int64_t ms) {
    return read(
        R"({"_aws":{"Timestamp":)" + std::to_string(ms) +
        R"(,"CloudWatchMetrics":[{"Namespace":"n","Dimensions":[[]],"Metrics":[{"Name":"v"}]}]},"v":1})");
  };
  constexpr std::int64_t kDay = 86'400'000;
  EXPECT_THAT(at(kNow.ms - 13 * kDay).values, SizeIs(1));
  EXPECT_THAT(at(kNow.ms + 7'200'000).values, SizeIs(1));
  EXPECT_EQ(at(kNow.ms - 14 * kDay - 1).validation_errors, 1u);
  EXPECT_EQ(at(kNow.ms + 7'200'001).validation_errors, 1u);
}

TEST(EmbeddedMetrics, AHostileDocumentIsBounded) {
  std::string sets = "[";
  std::string keys = R"("n":[)";
  for (int i = 0; i < 100; ++i) keys += std::to_string(i) + (i == 99 ? "]" : ",");
  for (int i = 0; i < 20'000; ++i) {
    sets += std::string(i == 0 ? "" : ",") + R"(["k)" + std::to_string(i) + R"("])";
    keys += R"(,"k)" + std::to_string(i) + R"(":"v")";
  }
  const auto out = read(document(R"({"Name":"n"})", keys, sets + "]"));
  EXPECT_THAT(out.values, IsEmpty());
  EXPECT_EQ(out.validation_errors, 1u);
}

TEST(EmbeddedMetrics, AreHandedOnWithTheBatchAndErrorsAreCountedByGroup) {
  TestWorld world;
  world.create_group();
  world.create_stream();
  const std::string good =
      R"({"_aws":{"Timestamp":)" + std::to_string(world.now_ms()) +
      R"(,"CloudWatchMetrics":[{"Namespace":"n","Dimensions":[[]],"Metrics":[{"Name":"v"}]}]},"v":7})";
  ASSERT_TRUE(world.put({{world.now_ms(), good}, {world.now_ms(), R"({"_aws":1})"}}));
  ASSERT_THAT(world.values(), SizeIs(1));
  EXPECT_EQ(world.values()[0].value, 7);
  world.runtime.advance(std::chrono::seconds(2));
  EXPECT_EQ(world.service_sum("EMFParsingErrors", {{"LogGroupName", "/vpc/flow"}}), 1);
  EXPECT_EQ(world.service_sum("EMFValidationErrors", {{"LogGroupName", "/vpc/flow"}}), 0);
}

// source: User Guide, "Log classes": the embedded metric format is a feature of Standard.
TEST(EmbeddedMetrics, AreNotReadInOtherClasses) {
  TestWorld world;
  LogGroup group;
  group.name = "ia";
  group.log_group_class = "INFREQUENT_ACCESS";
  ASSERT_TRUE(world.logs->create_log_group(world.scope, group));
  world.create_stream("s", "ia");
  ASSERT_TRUE(world.put({{world.now_ms(), R"({"_aws":1})"}}, "s", "ia"));
  world.runtime.advance(std::chrono::seconds(2));
  EXPECT_EQ(world.service_sum("EMFParsingErrors", {{"LogGroupName", "ia"}}), 0);
  EXPECT_EQ(world.service_sum("IncomingLogEvents", {{"LogGroupName", "ia"}}), 1);
}

}  // namespace
}  // namespace weir::logs
