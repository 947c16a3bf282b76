// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "insights/insights_world.h"

// Goal: filter, stats and sort of the engine are what the plainest code makes of the same events.
// Method: random events, half of them flow records (stored by columns), half of them JSON; random
// conditions and groupings, evaluated a second time row by row over a list of maps.
namespace weir::insights {
namespace {

using Event = std::map<std::string, std::int64_t>;

constexpr const char* kNames[] = {"srcPort", "dstPort", "protocol", "packets", "bytes"};

struct Twin {
  std::mt19937 random;
  std::vector<Event> events;
  explicit Twin(unsigned seed) : random(seed) {}
  std::int64_t below(std::int64_t bound) {
    return std::uniform_int_distribution<std::int64_t>(0, bound - 1)(random);
  }

  std::vector<logs::InputLogEvent> make(std::size_t count, bool as_json) {
    std::vector<logs::InputLogEvent> out;
    for (std::size_t i = 0; i < count; ++i) {
      Event event;
      for (const char* const name : kNames) event[name] = below(name == kNames[4] ? 3000 : 12);
      std::string text = "{";
      for (const auto& [name, value] : event) {
        text += (text.size() > 1 ? ",\"" : "\"") + name + "\":" + std::to_string(value);
      }
      const auto word = [&event](const char* name) { return std::to_string(event[name]); };
      if (!as_json) {
        text = "2 123456789012 eni-1 10.0.0.1 10.0.0.2 " + word("srcPort") + ' ' + word("dstPort") +
               ' ' + word("protocol") + ' ' + word("packets") + ' ' + word("bytes") +
               " 1767225600 1767225660 ACCEPT OK";
      } else {
        text += "}";
      }
      out.push_back({InsightsWorld::kStartMs + static_cast<std::int64_t>(i), text});
      events.push_back(std::move(event));
    }
    return out;
  }
};

struct Condition {
  std::string name;
  std::string op;
  std::int64_t with = 0;

  std::string text() const { return name + ' ' + op + ' ' + std::to_string(with); }
  bool holds(const Event& event) const {
    const std::int64_t value = event.at(name);
    if (op == "=") return value == with;
    if (op == "!=") return value != with;
    if (op == "<") return value < with;
    return op == ">=" ? value >= with : false;
  }
};

Condition random_condition(Twin& twin) {
  constexpr const char* kOperators[] = {"=", "!=", "<", ">="};
  return {kNames[twin.below(5)], kOperators[twin.below(4)], twin.below(12)};
}

TEST(Twin, FilterStatsAndSortAgreeWithThePlainestCode) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    Twin twin(seed);
    InsightsWorld world(3);
    world.put("/t", "flow", twin.make(700, false));
    world.put("/t", "json", twin.make(300, true));
    const Condition a = random_condition(twin);
    const Condition b = random_condition(twin);
    const bool is_and = twin.below(2) == 0;
    const std::string key = kNames[twin.below(4)];
    const std::string query = "filter " + a.text() + (is_and ? " and " : " or ") + b.text() +
                              " | stats count(*) as n, sum(bytes) as s, min(bytes) as lo, "
                              "max(bytes) as hi by " +
                              key + " as k | sort s desc, k asc | limit 7";
    SCOPED_TRACE(query);

    struct Group {
      std::int64_t count = 0, sum = 0, least = 1 << 30, greatest = -1, key = 0;
    };
    std::map<std::int64_t, Group> groups;
    for (const Event& event : twin.events) {
      if (is_and ? !(a.holds(event) && b.holds(event)) : !(a.holds(event) || b.holds(event))) {
        continue;
      }
      Group& group = groups[event.at(key)];
      const std::int64_t bytes = event.at("bytes");
      group = {group.count + 1, group.sum + bytes, std::min(group.least, bytes),
               std::max(group.greatest, bytes), event.at(key)};
    }
    std::vector<Group> sorted;
    for (const auto& [value, group] : groups) sorted.push_back(group);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const Group& x, const Group& y) { return x.sum > y.sum; });
    if (sorted.size() > 7) sorted.resize(7);

    const Snapshot got = world.run(query, {"/t"});
    ASSERT_EQ(got.state, RunState::complete);
    ASSERT_EQ(got.rows.size(), sorted.size());
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      const Group& g = sorted[i];
      EXPECT_EQ(to_text(got.rows[i]),
                "k=" + std::to_string(g.key) + " | n=" + std::to_string(g.count) +
                    " | s=" + std::to_string(g.sum) + " | lo=" + std::to_string(g.least) +
                    " | hi=" + std::to_string(g.greatest));
    }
  }
}

TEST(Twin, TheFirstRowsOfSortAndOfDedupAreThoseOfAllRowsInOrder) {
  constexpr std::size_t kEvents = 15'000;  // far more than a bounded state keeps
  constexpr std::size_t kShown = 40;
  for (unsigned seed = 1; seed <= 6; ++seed) {
    Twin twin(seed);
    InsightsWorld world(3);
    for (std::size_t i = 0; i < 3; ++i) {
      world.put("/t", "stream-" + std::to_string(i), twin.make(kEvents / 3, seed % 3 == 0));
    }
    const bool is_descending = twin.below(2) == 0;
    const std::string key = twin.below(2) == 0 ? "bytes" : "@timestamp";
    const bool has_dedup = seed % 2 == 0;
    const std::string query = "sort " + key + (is_descending ? " desc" : " asc") +
                              (has_dedup ? " | dedup bytes, srcPort, dstPort" : "") +
                              " | fields bytes, srcPort * 100 + dstPort as ports | limit " +
                              std::to_string(kShown);
    SCOPED_TRACE(query);

    // Streams have the same times; of equal times the stream that was filled last is the newest.
    const auto time_of = [](std::size_t event) { return event % (kEvents / 3); };
    std::vector<std::size_t> order(kEvents);
    for (std::size_t i = 0; i < kEvents; ++i) order[i] = i;
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
      const auto rank = [&](std::size_t event) {
        return key == "bytes" ? twin.events[event].at("bytes")
                              : static_cast<std::int64_t>(time_of(event));
      };
      if (rank(a) != rank(b)) return is_descending ? rank(a) > rank(b) : rank(a) < rank(b);
      return std::pair(time_of(a), a) > std::pair(time_of(b), b);
    });
    std::set<std::string> seen;
    std::vector<std::string> expected;
    for (const std::size_t place : order) {
      const Event& event = twin.events[place];
      const std::string bytes = std::to_string(event.at("bytes"));
      const std::string ports = std::to_string(event.at("srcPort") * 100 + event.at("dstPort"));
      const bool is_new = seen.insert(bytes + ' ' + ports).second;
      if (has_dedup && !is_new) continue;
      expected.push_back("bytes=" + bytes + " | ports=" + ports);
      if (expected.size() == kShown) break;
    }
    const Snapshot got = world.run(query, {"/t"});
    ASSERT_EQ(got.state, RunState::complete);
    std::vector<std::string> shown;
    for (const Row& row : got.rows) shown.push_back(to_text(row));
    EXPECT_EQ(shown, expected);
  }
}

}  // namespace
}  // namespace weir::insights
