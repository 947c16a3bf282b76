// SPDX-License-Identifier: Apache-2.0
#include "logs/service_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "logs/logs_test_world.h"

namespace weir::logs {
namespace {

using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const ServiceMetrics::Dimensions kGroup = {{"LogGroupName", "/vpc/flow"}};

struct ServiceWorld : TestWorld {
  ServiceWorld() {
    create_group();
    create_stream();
  }
};

// source: User Guide, "CloudWatch Logs metrics": IncomingLogEvents and IncomingBytes by group. That
// a message counts with 26 bytes more, as PutLogEvents counts it, is unverified.
TEST(ServiceMetrics, WhatComesInIsSummedForTheGroupAndTheAccount) {
  ServiceWorld world;
  world.create_group("other");
  world.create_stream("s", "other");
  ASSERT_TRUE(world.put({{world.now_ms(), "ab"}, {world.now_ms(), "abcd"}}));
  ASSERT_TRUE(world.put({{world.now_ms(), "a"}}));
  ASSERT_TRUE(world.put({{world.now_ms(), "abc"}}, "s", "other"));
  EXPECT_THAT(world.service_values, IsEmpty());
  world.runtime.advance(ServiceMetrics::kPeriod);
  EXPECT_EQ(world.service_sum("IncomingLogEvents", kGroup), 3);
  EXPECT_EQ(world.service_sum("IncomingBytes", kGroup), 3 * 26 + 7);
  EXPECT_EQ(world.service_sum("IncomingLogEvents", {}), 4);
  EXPECT_EQ(world.service_sum("IncomingBytes", {}), 4 * 26 + 10);
  EXPECT_THAT(world.service_values, SizeIs(6));
  EXPECT_EQ(world.service_values[0].timestamp, minute_of(world.now_ms()));
}

TEST(ServiceMetrics, EventsThatWereRefusedDoNotCount) {
  ServiceWorld world;
  ASSERT_TRUE(world.put({{0, "old"}, {0, "older"}}));
  world.runtime.advance(ServiceMetrics::kPeriod);
  EXPECT_THAT(world.service_values, IsEmpty());
}

TEST(ServiceMetrics, WhatTheSinkDoesNotTakeComesWithTheNext) {
  ServiceWorld world;
  world.sink_error = Error{ErrorKind::unavailable, "X", "full"};
  ASSERT_TRUE(world.put({{world.now_ms(), "a"}}));
  world.runtime.advance(seconds(10));
  world.sink_error.reset();
  ASSERT_TRUE(world.put({{world.now_ms(), "b"}}));
  world.runtime.advance(ServiceMetrics::kPeriod);
  EXPECT_EQ(world.service_sum("IncomingLogEvents", kGroup), 2);
}

TEST(ServiceMetrics, AnOrderlyEndLosesNothing) {
  ServiceWorld world;
  ASSERT_TRUE(world.put({{world.now_ms(), "a"}}));
  world.logs.reset();
  EXPECT_EQ(world.service_sum("IncomingLogEvents", kGroup), 1);
}

}  // namespace
}  // namespace weir::logs
