// SPDX-License-Identifier: Apache-2.0
// The text cases of tests/cases/alarms; missing_data.txt and low_samples.txt explain their two
// forms.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "alarms/evaluation.h"
#include "alarms/test_support.h"

namespace weir::alarms {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr std::string_view kTreatments[] = {"missing", "ignore", "breaching", "notBreaching"};

std::string name_of(const std::optional<StateValue>& state) {
  return state ? std::string(to_text(*state)) : "keep";
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) {
    const std::size_t begin = std::min(part.find_first_not_of(' '), part.size());
    parts.push_back(part.substr(begin, part.find_last_not_of(' ') + 1 - begin));
  }
  return parts;
}

/// `3 of 5` and `period 60` of a rule; anything else is not theirs.
bool read_rule(const std::string& part, AlarmConfig& alarm) {
  std::istringstream in(part);
  if (part.starts_with("period ")) {
    alarm.period_s = std::stoi(part.substr(7));
    return true;
  }
  int datapoints = 0;
  int periods = 0;
  std::string of;
  if (!(in >> datapoints >> of >> periods) || of != "of") return false;
  alarm.datapoints_to_alarm = datapoints;
  alarm.evaluation_periods = periods;
  return true;
}

class Cases {
 public:
  /// Plays one file and returns the number of states that it checked.
  int run(const std::string& file) {
    std::ifstream input(file);
    EXPECT_TRUE(input) << file;
    std::string line;
    for (int number = 1; std::getline(input, line); ++number) {
      if (line.empty() || line[0] == '#') continue;
      SCOPED_TRACE(file + ":" + std::to_string(number) + ": " + line);
      const std::size_t space = std::min(line.find(' '), line.size());
      const std::size_t rest = std::min(line.find_first_not_of(' ', space), line.size());
      step(line.substr(0, space), line.substr(rest));
    }
    return checked_;
  }

 private:
  void step(const std::string& verb, const std::string& rest) {
    if (verb == "rule") {
      rule_ = AlarmWorld().valid();
      for (const std::string& part : split(rest, ',')) EXPECT_TRUE(read_rule(part, rule_)) << part;
    } else if (verb == "window") {
      window_ = rest;
      std::erase(window_, ' ');
      EXPECT_EQ(static_cast<int>(window_.size()),
                evaluation_range(*rule_.evaluation_periods, *rule_.period_s));
    } else if (verb == "filled") {
      EXPECT_EQ(decide_with("breaching").filled, std::stoi(rest));
      EXPECT_EQ(decide_with("missing").filled, 0);
    } else if (std::ranges::find(kTreatments, verb) != std::end(kTreatments)) {
      EXPECT_EQ(name_of(decide_with(verb).state), rest);
      check_engine(verb, rest);
      ++checked_;
    } else if (verb == "alarm") {
      begin_play(rest);
    } else if (verb == "reason") {
      EXPECT_EQ(world_->alarm().state_reason, rest);
    } else if (verb == "at") {
      at(rest);
    } else {
      ADD_FAILURE() << "no such verb";
    }
  }

  // ---- Windows

  Decision decide_with(const std::string& treatment) const {
    std::vector<Slot> slots;
    for (const char c : window_) {
      Slot slot;
      if (c != '-') slot.value = c == 'X' ? 1 : 0;
      slot.sample_count = c == '-' ? 0 : 1;
      slot.is_breaching = c == 'X';
      slots.insert(slots.begin(), slot);
    }
    return decide(slots, {.periods = *rule_.evaluation_periods,
                          .datapoints = *rule_.datapoints_to_alarm,
                          .missing = missing_data(treatment, "")});
  }

  /// The window as data of a metric that an alarm finds when it is judged, in each state before.
  void check_engine(const std::string& treatment, const std::string& expected) const {
    AlarmWorld world({.early_firing = false});
    world.advance(hours(24) + seconds(5));
    const Time end = world.now() - seconds(5);
    for (std::size_t i = 0; i < window_.size(); ++i) {
      if (window_[i] == '-') continue;
      const auto periods = static_cast<std::int64_t>(window_.size() - i);
      put(world, window_[i] == 'X' ? 1 : 0, 1, end - seconds(periods * *rule_.period_s));
    }
    AlarmConfig alarm = rule_;
    alarm.statistic = "Maximum";
    alarm.threshold = 0.5;
    alarm.treat_missing_data = treatment;
    world.put(alarm);
    for (const StateValue before :
         {StateValue::ok, StateValue::alarm, StateValue::insufficient_data}) {
      ASSERT_TRUE(world.alarms->set_state(world.scope, "a", before, "by hand"));
      put(world, 0, 1, world.now() - hours(23));  // no period of the window; makes it be judged
      EXPECT_EQ(world.state(), expected == "keep" ? to_text(before) : expected)
          << "from " << to_text(before);
    }
  }

  static void put(AlarmWorld& world, double value, int count, Time stamp) {
    ASSERT_TRUE(world.metrics->put(world.scope, "App",
                                   {{.metric_name = "m",
                                     .timestamp = stamp,
                                     .values = {value},
                                     .counts = {static_cast<double>(count)},
                                     .storage_resolution = 1}}));
    world.runtime.run_ready();
  }

  // ---- Plays

  void begin_play(const std::string& text) {
    Config config;
    config.early_firing = false;
    AlarmConfig alarm = AlarmWorld().valid();
    alarm.statistic.reset();
    for (const std::string& part : split(text, ',')) {
      if (read_rule(part, alarm)) continue;
      if (part == "early") {
        config.early_firing = true;
      } else if (part == "no M") {
        alarm.datapoints_to_alarm.reset();
      } else if (part.starts_with("low ")) {
        alarm.evaluate_low_sample_count_percentile = part.substr(4);
      } else if (std::ranges::find(kTreatments, part) != std::end(kTreatments)) {
        alarm.treat_missing_data = part;
      } else {
        read_comparison(part, alarm);
      }
    }
    world_ = std::make_unique<AlarmWorld>(config);
    midnight_ = world_->now();
    world_->put(alarm);
  }

  static void read_comparison(const std::string& part, AlarmConfig& alarm) {
    std::string statistic;
    std::string comparison;
    double threshold = 0;
    ASSERT_TRUE(std::istringstream(part) >> statistic >> comparison >> threshold) << part;
    (statistic[0] == 'p' ? alarm.extended_statistic : alarm.statistic) = statistic;
    alarm.comparison_operator = comparison == ">"    ? "GreaterThanThreshold"
                                : comparison == ">=" ? "GreaterThanOrEqualToThreshold"
                                : comparison == "<"  ? "LessThanThreshold"
                                                     : "LessThanOrEqualToThreshold";
    alarm.threshold = threshold;
  }

  Time clock(const std::string& text) const {
    const auto parts = split(text, ':');
    EXPECT_EQ(parts.size(), 3) << text;
    return midnight_ +
           seconds(std::stoi(parts[0]) * 3600 + std::stoi(parts[1]) * 60 + std::stoi(parts[2]));
  }

  void at(const std::string& text) {
    std::istringstream in(text);
    std::string when;
    std::string verb;
    in >> when >> verb;
    const Time time = clock(when);
    ASSERT_GE(time, world_->now());
    world_->advance(time - world_->now());
    if (verb == "state") {
      std::string expected;
      in >> expected;
      EXPECT_EQ(world_->state(), expected);
      ++checked_;
      return;
    }
    if (verb == "set") {
      std::string state;
      in >> state;
      ASSERT_TRUE(world_->alarms->set_state(world_->scope, "a", *parse_state(state), "by hand"));
      return;
    }
    ASSERT_EQ(verb, "put");
    double value = 0;
    int count = 1;
    Time stamp = time;
    in >> value;
    for (std::string word; in >> word;) {
      if (word[0] == 'x') count = std::stoi(word.substr(1));
      if (word == "stamped" && in >> word) stamp = clock(word);
    }
    put(*world_, value, count, stamp);
  }

  AlarmConfig rule_;
  std::string window_;
  std::unique_ptr<AlarmWorld> world_;
  Time midnight_;
  int checked_ = 0;
};

TEST(AlarmCases, AreAsTheirSourcesSay) {
  int files = 0;
  int checked = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(WEIR_SOURCE_DIR "/tests/cases/alarms")) {
    ++files;
    checked += Cases().run(entry.path());
  }
  EXPECT_GE(files, 7);
  EXPECT_GE(checked, 150);
}

}  // namespace
}  // namespace weir::alarms
