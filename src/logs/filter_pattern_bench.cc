// SPDX-License-Identifier: Apache-2.0

// How many flow-log records a second go through filter patterns, and RE2 doing the same job: the
// same tests written as one expression for each pattern (which is anchored and skips fields by
// `\S+`), for eight patterns also as one RE2::Set.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>
#include <re2/re2.h>
#include <re2/set.h>

#include "logs/filter_pattern.h"
#include "logs/pattern_set.h"

namespace weir::logs {
namespace {

constexpr std::size_t kRecords = 10'000;

/// Version 2 records as a scan leaves them: every tenth is refused, every twentieth goes to port
/// 22.
const std::vector<std::string>& records() {
  static const std::vector<std::string> made = [] {
    std::vector<std::string> lines;
    std::uint32_t seed = 1;
    const auto below = [&seed](std::uint32_t bound) {
      seed = seed * 1664525 + 1013904223;
      return (seed >> 8) % bound;
    };
    const std::string ports[] = {"22", "443", "80", "3389", "53"};
    for (std::size_t i = 0; i < kRecords; ++i) {
      const std::uint32_t pick = below(20);
      lines.push_back("2 123456789010 eni-0a1b2c3d4e5f60718 203.0.113." +
                      std::to_string(below(250)) + " 10.0." + std::to_string(below(4)) + "." +
                      std::to_string(below(20)) + " " + std::to_string(1024 + below(64000)) + " " +
                      (pick < 5 ? ports[pick] : std::to_string(below(65536))) + " " +
                      (below(4) == 0 ? "17 " : "6 ") + std::to_string(1 + below(100)) + " " +
                      std::to_string(40 + below(100'000)) + " 1767603600 1767603655 " +
                      (below(10) == 0 ? "REJECT" : "ACCEPT") + " OK");
    }
    return lines;
  }();
  return made;
}

struct Case {
  std::string pattern;
  std::string regex;
};

std::string fields(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "\\S+ ";
  return text;
}

/// A pattern of two comparisons: port and action.
Case port_and_action(const std::string& port, const std::string& action) {
  return {"[version, account, eni, source, destination, srcport, destport = " + port +
              ", protocol, packets, bytes, start, end, action = " + action + ", status]",
          "^" + fields(6) + port + " " + fields(5) + action + " \\S+$"};
}

/// The one that AWS's guide to flow logs uses: three comparisons.
const Case& ssh_rejects() {
  static const Case made{
      "[version, account, eni, source, destination, srcport, destport=\"22\", protocol=\"6\", "
      "packets, bytes, windowstart, windowend, action=\"REJECT\", flowlogstatus]",
      "^" + fields(6) + "22 6 " + fields(4) + "REJECT \\S+$"};
  return made;
}

/// Its tests are all at the end, so every field is read.
const Case& action_and_status() {
  static const Case made{
      "[version, account, eni, source, destination, srcport, destport, protocol, packets, bytes, "
      "start, end, action = REJECT, status = OK]",
      "^" + fields(12) + "REJECT OK$"};
  return made;
}

const std::vector<Case>& eight() {
  static const std::vector<Case> made = [] {
    const std::string head = "[version, account, eni, ";
    const std::string start = "^" + fields(3);
    return std::vector<Case>{
        ssh_rejects(),
        port_and_action("3389", "REJECT"),
        port_and_action("443", "ACCEPT"),
        port_and_action("53", "ACCEPT"),
        action_and_status(),
        {head + "src = 203.0.113.7, dst, sport, dport, proto, packets, bytes, start, end, action = "
                "ACCEPT, status]",
         start + "203\\.0\\.113\\.7 " + fields(8) + "ACCEPT \\S+$"},
        {head + "src, dst = 10.0.2.*, sport, dport, proto, packets, bytes, start, end, action = "
                "REJECT, status]",
         start + "\\S+ 10\\.0\\.2\\.\\S* " + fields(7) + "REJECT \\S+$"},
        {head + "src, dst, sport, dport, proto = 17, packets, bytes > 99000, start, end, action, "
                "status]",
         start + fields(4) + "17 \\S+ (?:99[0-9]{3}|[0-9]{6,}) " + fields(3) + "\\S+$"},
    };
  }();
  return made;
}

void report(benchmark::State& state) {
  state.SetItemsProcessed(static_cast<std::int64_t>(kRecords) * state.iterations());
}

void match_each(benchmark::State& state, const Case& test) {
  const FilterPattern pattern = *FilterPattern::compile(test.pattern);
  Subject subject;
  std::size_t matches = 0;
  for (auto _ : state) {
    matches = 0;
    for (const std::string& record : records()) {
      subject.reset(record);
      matches += pattern.matches(subject);
    }
    benchmark::DoNotOptimize(matches);
  }
  state.counters["matches"] = static_cast<double>(matches);
  report(state);
}

void search_each(benchmark::State& state, const Case& test) {
  const RE2 regex(test.regex);
  std::size_t matches = 0;
  for (auto _ : state) {
    matches = 0;
    for (const std::string& record : records()) matches += RE2::PartialMatch(record, regex);
    benchmark::DoNotOptimize(matches);
  }
  state.counters["matches"] = static_cast<double>(matches);
  report(state);
}

void BM_OnePattern(benchmark::State& state) { match_each(state, port_and_action("22", "REJECT")); }
void BM_OneRe2(benchmark::State& state) { search_each(state, port_and_action("22", "REJECT")); }
void BM_SshRejectsPattern(benchmark::State& state) { match_each(state, ssh_rejects()); }
void BM_SshRejectsRe2(benchmark::State& state) { search_each(state, ssh_rejects()); }
void BM_LastFieldsPattern(benchmark::State& state) { match_each(state, action_and_status()); }
void BM_LastFieldsRe2(benchmark::State& state) { search_each(state, action_and_status()); }

void BM_EightPatterns(benchmark::State& state) {
  std::vector<FilterPattern> patterns;
  for (const Case& test : eight()) patterns.push_back(*FilterPattern::compile(test.pattern));
  const PatternSet set(patterns);
  Subject subject;
  std::vector<std::size_t> matched;
  std::size_t matches = 0;
  for (auto _ : state) {
    matches = 0;
    for (const std::string& record : records()) {
      subject.reset(record);
      set.match(subject, matched);
      matches += matched.size();
    }
    benchmark::DoNotOptimize(matches);
  }
  state.counters["matches"] = static_cast<double>(matches);
  report(state);
}

void BM_EightRe2(benchmark::State& state) {
  std::vector<std::unique_ptr<RE2>> regexes;
  for (const Case& test : eight()) regexes.push_back(std::make_unique<RE2>(test.regex));
  std::size_t matches = 0;
  for (auto _ : state) {
    matches = 0;
    for (const std::string& record : records()) {
      for (const auto& regex : regexes) matches += RE2::PartialMatch(record, *regex);
    }
    benchmark::DoNotOptimize(matches);
  }
  state.counters["matches"] = static_cast<double>(matches);
  report(state);
}

void BM_EightRe2Set(benchmark::State& state) {
  RE2::Options options;
  options.set_max_mem(64 << 20);
  RE2::Set set(options, RE2::UNANCHORED);
  for (const Case& test : eight()) set.Add(test.regex, nullptr);
  set.Compile();
  std::vector<int> matched;
  std::size_t matches = 0;
  for (auto _ : state) {
    matches = 0;
    for (const std::string& record : records()) {
      if (set.Match(record, &matched)) matches += matched.size();
    }
    benchmark::DoNotOptimize(matches);
  }
  state.counters["matches"] = static_cast<double>(matches);
  report(state);
}

void BM_RareTerm(benchmark::State& state) {
  match_each(state, {"SKIPDATA", ""});
  std::size_t bytes = 0;
  for (const std::string& record : records()) bytes += record.size();
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
}
void BM_RareTermRe2(benchmark::State& state) { search_each(state, {"", "SKIPDATA"}); }

BENCHMARK(BM_OnePattern);
BENCHMARK(BM_OneRe2);
BENCHMARK(BM_SshRejectsPattern);
BENCHMARK(BM_SshRejectsRe2);
BENCHMARK(BM_LastFieldsPattern);
BENCHMARK(BM_LastFieldsRe2);
BENCHMARK(BM_EightPatterns);
BENCHMARK(BM_EightRe2);
BENCHMARK(BM_EightRe2Set);
BENCHMARK(BM_RareTerm);
BENCHMARK(BM_RareTermRe2);

}  // namespace
}  // namespace weir::logs
