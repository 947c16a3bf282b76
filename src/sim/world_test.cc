// SPDX-License-Identifier: Apache-2.0
#include "sim/world.h"

#include <gmock/gmock.h>

#include <chrono>
#include <iostream>

namespace weir::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// What was told after the alarm without data had become OK.
std::vector<std::string> states_after_start(const World& world) {
  auto states = world.inbox().alarm_states();
  if (!states.empty() && states.front() == "OK") states.erase(states.begin());
  return states;
}

// Goal: refused RDP attempts raise the alarm once, and quiet clears it.
// Method: virtual time; the only input is packets, the only output looked at is the topic's inbox.
TEST(RejectScenario, RdpProbesRaiseAndClearTheAlarm) {
  World world(7);
  world.watch_rejects({.port = 3389, .threshold = 10, .period_s = 60});
  world.send({.to_port = 3389, .per_minute = 20, .lasting = minutes(5), .are_refused = true});
  world.advance(minutes(10));
  EXPECT_THAT(states_after_start(world), ElementsAre("ALARM", "OK"));
}

// Goal: what is accepted, or refused on another port, is no alarm.
TEST(RejectScenario, OtherTrafficIsNoAlarm) {
  World world(7);
  world.watch_rejects({.port = 3389, .threshold = 10, .period_s = 60});
  world.send({.to_port = 3389, .per_minute = 20, .lasting = minutes(5), .are_refused = false});
  world.send({.to_port = 22, .per_minute = 20, .lasting = minutes(5), .are_refused = true});
  world.advance(minutes(10));
  EXPECT_THAT(states_after_start(world), IsEmpty());
}

// Goal: the team knows within five seconds of the first refused packet.
TEST(RejectScenario, TheAlarmComesWithinSeconds) {
  World world(7);
  world.watch_rejects({.port = 22, .threshold = 3, .period_s = 60});
  world.advance(minutes(3));
  world.send({.to_port = 22, .per_minute = 120, .lasting = seconds(10), .are_refused = true});
  world.advance(seconds(5));
  EXPECT_THAT(states_after_start(world), ElementsAre("ALARM"));
}

// Goal: every refused packet is in the records once, early reports and the window's rest together.
TEST(RejectScenario, TotalsStayExact) {
  World world(7);
  world.watch_rejects({.port = 22, .threshold = 1e9, .period_s = 60});
  world.send({.to_port = 22, .per_minute = 30, .lasting = minutes(3), .are_refused = true});
  world.advance(minutes(6));
  logs::Logs::FilterQuery query;
  query.pattern = *logs::FilterPattern::compile("REJECT");
  const auto found = world.logs().filter_events(world.scope(), "flows", query);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->events.size(), 90u);  // one source port for each packet, so one record each
}

// Goal: a day of the whole pipeline takes well under a second, so that scenarios of days are
// affordable. Method: three attacks among ordinary traffic, records to a log group and to S3. The
// time is printed, and is a benchmark's business; what is asserted is the work.
TEST(DayScenario, ThreeAttacksAreThreeAlarmsAndTheArchiveIsComplete) {
  const auto begun = std::chrono::steady_clock::now();
  World world(7);
  world.watch_rejects({.port = 22, .threshold = 5, .period_s = 60});
  world.archive("archive");
  world.send({.to_port = 443, .per_minute = 2, .lasting = hours(24), .are_refused = false});
  for (int attack = 0; attack < 3; ++attack) {
    world.advance(hours(7));
    world.send({.to_port = 22, .per_minute = 60, .lasting = minutes(2), .are_refused = true});
  }
  world.advance(hours(3));
  EXPECT_THAT(states_after_start(world), ElementsAre("ALARM", "OK", "ALARM", "OK", "ALARM", "OK"));
  const auto listing = world.objects().list(world.scope(), "archive", {});
  ASSERT_TRUE(listing);
  EXPECT_GE(listing->objects.size(), 280u);  // a file for each five minutes
  EXPECT_THAT(listing->objects.front().key, HasSubstr("/vpcflowlogs/us-east-1/"));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::cout << "a simulated day took " << took.count() << " s\n";
}

}  // namespace
}  // namespace weir::sim
