// SPDX-License-Identifier: Apache-2.0
#include "alarms/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>

namespace weir::alarms {
namespace {

/// `0 X -` text, oldest first, to slots, newest first.
std::vector<Slot> window(std::string_view text) {
  std::vector<Slot> slots;
  std::int64_t minute = 0;
  for (const char c : text) {
    if (c == ' ') continue;
    Slot slot;
    slot.start = Time::from_seconds(60 * minute++);
    if (c != '-') {
      slot.value = c == 'X' ? 1 : 0;
      slot.sample_count = 1;
      slot.is_breaching = c == 'X';
    }
    slots.insert(slots.begin(), slot);
  }
  return slots;
}

std::string name_of(const std::optional<StateValue>& state) {
  return state ? std::string(to_text(*state)) : "keep";
}

struct Row {
  std::string_view data;
  int n;
  int m;
  int filled;
  std::string_view missing, ignore, breaching, not_breaching;
};

// The first ten rows are the cases of the User Guide ("Configuring how CloudWatch alarms treat
// missing data"), the others follow from its rules. "keep" for `missing` is our reading where the
// guide only withholds ALARM.
constexpr Row kRows[] = {
    {"0-X-X", 3, 3, 0, "OK", "OK", "OK", "OK"},
    {"0----", 3, 3, 2, "OK", "OK", "OK", "OK"},
    {"-----", 3, 3, 3, "INSUFFICIENT_DATA", "keep", "ALARM", "OK"},
    {"0XX-X", 3, 3, 0, "ALARM", "ALARM", "ALARM", "ALARM"},
    {"--X--", 3, 3, 2, "ALARM", "keep", "ALARM", "OK"},
    {"0-X-X", 3, 2, 0, "ALARM", "ALARM", "ALARM", "ALARM"},
    {"00X0X", 3, 2, 0, "ALARM", "ALARM", "ALARM", "ALARM"},
    {"0-X--", 3, 2, 1, "OK", "OK", "ALARM", "OK"},
    {"----0", 3, 2, 2, "OK", "OK", "ALARM", "OK"},
    {"---X-", 3, 2, 2, "ALARM", "keep", "ALARM", "OK"},
    {"----X", 3, 3, 2, "keep", "keep", "ALARM", "OK"},
    {"---X-", 3, 3, 2, "keep", "keep", "ALARM", "OK"},
    {"0--", 1, 1, 0, "OK", "OK", "OK", "OK"},
    {"X--", 1, 1, 0, "ALARM", "ALARM", "ALARM", "ALARM"},
    {"---", 1, 1, 1, "INSUFFICIENT_DATA", "keep", "ALARM", "OK"},
    {"-X--X--", 5, 3, 3, "ALARM", "keep", "ALARM", "OK"},
    {"0-X-X--", 5, 3, 2, "OK", "OK", "ALARM", "OK"},
};

TEST(Evaluation, MissingDataAreTreatedAsInTheTableOfTheGuide) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(std::string(row.data) + ' ' + std::to_string(row.n) + '/' + std::to_string(row.m));
    const auto decide_with = [&](MissingData missing) {
      return decide(window(row.data), {.periods = row.n, .datapoints = row.m, .missing = missing});
    };
    EXPECT_EQ(name_of(decide_with(MissingData::missing).state), row.missing);
    EXPECT_EQ(name_of(decide_with(MissingData::ignore).state), row.ignore);
    EXPECT_EQ(name_of(decide_with(MissingData::breaching).state), row.breaching);
    EXPECT_EQ(name_of(decide_with(MissingData::not_breaching).state), row.not_breaching);
    EXPECT_EQ(decide_with(MissingData::breaching).filled, row.filled);
    EXPECT_EQ(decide_with(MissingData::missing).filled, 0);
  }
}

TEST(Evaluation, RangeIsWiderThanThePeriods) {
  EXPECT_EQ(evaluation_range(3, 300), 5);  // the example of the guide
  EXPECT_EQ(evaluation_range(1, 60), 3);
  EXPECT_EQ(evaluation_range(1, 10), 7);
  EXPECT_EQ(evaluation_range(2, 30), 4);
}

TEST(Evaluation, JudgedPointsAreTheNewestRealOnes) {
  const Decision decision = decide(window("XX00-"), {.periods = 3, .datapoints = 1});
  ASSERT_EQ(decision.points.size(), 3);
  EXPECT_EQ(decision.points[0].start, Time::from_seconds(180));
  EXPECT_EQ(decision.points[2].start, Time::from_seconds(60));
  EXPECT_EQ(decision.state, StateValue::alarm);
}

TEST(Evaluation, FilledPointsAreTheNewestMissingOnes) {
  const Decision decision =
      decide(window("--X--"), {.periods = 2, .datapoints = 2, .missing = MissingData::breaching});
  ASSERT_EQ(decision.points.size(), 2);
  EXPECT_EQ(decision.points[0].start, Time::from_seconds(240));
  EXPECT_FALSE(decision.points[0].value);
  EXPECT_EQ(decision.points[1].start, Time::from_seconds(120));
  EXPECT_EQ(decision.state, StateValue::alarm);
}

TEST(Evaluation, FewSamplesOfAPercentileKeepTheState) {
  EXPECT_NEAR(significant_samples(0.99), 1000, 1e-6);
  EXPECT_NEAR(significant_samples(0.05), 200, 1e-6);
  auto slots = window("--X");
  slots[0].sample_count = 999;
  const Rules rules{.periods = 1, .datapoints = 1, .samples_min = 1000};
  EXPECT_EQ(decide(slots, rules).state, std::nullopt);
  slots[0].sample_count = 1000;
  EXPECT_EQ(decide(slots, rules).state, StateValue::alarm);
}

TEST(Evaluation, SamplesDoNotMatterWhereThereAreNone) {
  const Rules rules{
      .periods = 1, .datapoints = 1, .missing = MissingData::breaching, .samples_min = 1000};
  EXPECT_EQ(decide(window("---"), rules).state, StateValue::alarm);
}

// Goal: the decision agrees with a slow twin that follows the guide's sentences one by one, for all
// short windows.
std::string twin(std::string_view text, const Rules& rules) {
  std::string newest_first(text.rbegin(), text.rend());
  std::string real;
  for (const char c : newest_first) {
    if (c != '-') real += c;
  }
  const auto n = static_cast<std::size_t>(rules.periods);
  const auto count = [](std::string_view in, char c) {
    return static_cast<int>(std::count(in.begin(), in.end(), c));
  };
  if (real.size() >= n) {
    return count(std::string_view(real).substr(0, n), 'X') >= rules.datapoints ? "ALARM" : "OK";
  }
  const int gap = static_cast<int>(n - real.size());
  if (rules.missing == MissingData::breaching) real.append(static_cast<std::size_t>(gap), 'X');
  if (rules.missing == MissingData::not_breaching) real.append(static_cast<std::size_t>(gap), '0');
  if (real.empty()) return rules.missing == MissingData::missing ? "INSUFFICIENT_DATA" : "keep";
  if (count(real, 'X') >= rules.datapoints) return "ALARM";
  if (count(real, '0') > 0) return "OK";
  if (rules.missing == MissingData::ignore) return "keep";
  const auto oldest = static_cast<int>(newest_first.find_last_of('X')) + 1;
  return oldest >= rules.datapoints ? "ALARM" : "keep";
}

// Every window of minutes up to five periods (3^7), each M, each treatment.
TEST(Evaluation, AgreesWithATwinForEveryShortWindow) {
  constexpr std::string_view kSymbols = "-0X";
  for (int n = 1; n <= 5; ++n) {
    const int range = evaluation_range(n, 60);
    int windows = 1;
    for (int i = 0; i < range; ++i) windows *= 3;
    for (int code = 0; code < windows; ++code) {
      std::string text;
      for (int rest = code, i = 0; i < range; ++i, rest /= 3) {
        text += kSymbols[static_cast<std::size_t>(rest % 3)];
      }
      for (int m = 1; m <= n; ++m) {
        for (const MissingData missing : {MissingData::missing, MissingData::ignore,
                                          MissingData::breaching, MissingData::not_breaching}) {
          const Rules rules{.periods = n, .datapoints = m, .missing = missing};
          ASSERT_EQ(name_of(decide(window(text), rules).state), twin(text, rules))
              << text << ' ' << n << '/' << m << " treatment " << static_cast<int>(missing);
        }
      }
    }
  }
}

}  // namespace
}  // namespace weir::alarms
