// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "insights/insights_world.h"

// Goal: the language means what the CloudWatch Logs User Guide says.
// Method: each case of tests/cases/insights/*.txt runs on the real engine over the events that
// stand above it in the file:
//
//   # source: where the expectation comes from
//   event  message                 at 2026-01-01 00:00:00, each later one a second later
//   event@300 message              300 seconds after the first
//   clear                          forgets the events above, and the range
//   range 0 600                    the time of the queries, in seconds from the first event on
//   query  fields a | sort b       more lines of the query begin with blanks
//   row    a=1 | b=x               the rows in order; `row -` has no fields
//   none                           no rows
//   error  unknown command         what the message of the error contains
namespace weir::insights {
namespace {

struct Case {
  std::string file;
  int line = 0;
  std::vector<logs::InputLogEvent> events;
  std::optional<std::pair<std::int64_t, std::int64_t>> range_s;
  std::string query;
  std::vector<std::string> rows;
  std::string error;
};

struct Reader {
  std::vector<Case> cases;
  std::vector<logs::InputLogEvent> events;
  std::optional<std::pair<std::int64_t, std::int64_t>> range_s;
  bool last_is_query = false;

  void line(const std::string& file, int number, const std::string& text) {
    const std::string word = text.substr(0, text.find(' '));
    const std::size_t value_at = std::min(text.find_first_not_of(' ', word.size()), text.size());
    const std::string value = text.substr(value_at);
    if (word.starts_with("event")) {
      const std::int64_t second =
          word.size() > 6 ? std::stoll(word.substr(6)) : static_cast<std::int64_t>(events.size());
      events.push_back({InsightsWorld::kStartMs + second * 1000, value});
    } else if (word == "clear") {
      events.clear();
      range_s.reset();
    } else if (word == "range") {
      range_s.emplace(std::stoll(value), std::stoll(value.substr(value.find(' '))));
    } else if (word == "query") {
      cases.push_back({file, number, events, range_s, value, {}, {}});
    } else if (word == "row") {
      cases.back().rows.push_back(value == "-" ? "" : value);
    } else if (word == "error") {
      cases.back().error = value;
    } else if (text.starts_with(' ') && last_is_query) {
      cases.back().query += '\n' + value;
      return;
    }
    last_is_query = word == "query";
  }
};

std::vector<Case> read_cases() {
  Reader reader;
  const std::filesystem::path folder =
      std::filesystem::path(WEIR_SOURCE_DIR) / "tests/cases/insights";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(entry.path());
    std::string text;
    reader.events.clear();
    for (int number = 1; std::getline(in, text); ++number) {
      reader.line(entry.path().filename(), number, text);
    }
  }
  return reader.cases;
}

class InsightsCases : public testing::TestWithParam<Case> {};

Snapshot run(InsightsWorld& world, const Case& c) {
  if (!c.range_s) return world.run(c.query, {"/test"});
  const auto query = compile(c.query);
  if (!query) {
    return {.state = RunState::failed, .rows = {}, .statistics = {}, .error = query.error()};
  }
  RunOptions options = world.options({"/test"});
  options.from = {InsightsWorld::kStartMs + c.range_s->first * 1000};
  options.to = {InsightsWorld::kStartMs + c.range_s->second * 1000};
  world.runtime.advance(options.to - world.runtime.now());
  return world.run(*query, options);
}

TEST_P(InsightsCases, MeansWhatTheGuideSays) {
  const Case& c = GetParam();
  SCOPED_TRACE(c.query);
  InsightsWorld world;
  auto events = c.events;
  std::stable_sort(events.begin(), events.end(),
                   [](const auto& a, const auto& b) { return a.timestamp_ms < b.timestamp_ms; });
  world.put("/test", "stream-1", events);
  const Snapshot got = run(world, c);
  if (!c.error.empty()) {
    ASSERT_TRUE(got.error);
    EXPECT_THAT(got.error->message, testing::HasSubstr(c.error));
    return;
  }
  ASSERT_EQ(got.state, RunState::complete) << (got.error ? got.error->message : "");
  std::vector<std::string> rows;
  for (const Row& row : got.rows) rows.push_back(to_text(row));
  EXPECT_EQ(rows, c.rows);
}

TEST(InsightsCaseFiles, AreFound) {
  EXPECT_GE(read_cases().size(), 200);  // somebody would notice a folder that is not found
}

INSTANTIATE_TEST_SUITE_P(Files, InsightsCases, testing::ValuesIn(read_cases()),
                         [](const auto& one) {
                           std::string name = one.param.file + "_" + std::to_string(one.param.line);
                           for (char& c : name) {
                             if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace weir::insights
