// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "sim/world.h"

namespace weir::sim {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;

// Goal: a window's records are in the log group within three seconds of its end.
// Method: virtual time; a packet each second for one window, then the group is read.
TEST(DeliveryTime, TheRecordsOfAWindowAreInTheGroupThreeSecondsAfterItsEnd) {
  World world(7);
  world.watch_rejects({.port = 3389});
  world.send({.to_port = 443, .per_minute = 60, .lasting = std::chrono::minutes(1)});
  const auto messages = [&] {
    std::vector<std::string> all;
    const auto found = world.logs().filter_events(world.scope(), "flows", {});
    EXPECT_TRUE(found);
    for (const auto& event : found->events) all.push_back(event.message);
    return all;
  };
  world.advance(std::chrono::seconds(59));
  EXPECT_EQ(messages().size(), 0u) << "the window is open";
  world.advance(std::chrono::seconds(1 + 3));
  EXPECT_EQ(messages().size(), 60u);
  EXPECT_THAT(messages(), Each(HasSubstr(" 443 6 1 60 ")));
}

}  // namespace
}  // namespace weir::sim
