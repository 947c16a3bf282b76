// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "contributors/definition.h"
#include "contributors/summary.h"

namespace weir::contributors {
namespace {

constexpr std::size_t kLines = 100'000;

/// v2 records; pairs drawn with probability ~ 1 / rank.
std::vector<std::string> flow_lines(std::size_t pairs) {
  std::vector<double> weights;
  for (std::size_t i = 1; i <= pairs; ++i) weights.push_back(1.0 / static_cast<double>(i));
  std::discrete_distribution<std::size_t> ranks(weights.begin(), weights.end());
  std::mt19937 engine(1);
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < kLines; ++i) {
    const std::size_t rank = ranks(engine);
    lines.push_back("2 123456789010 eni-0a1b2c3d4e5f60718 203.0." + std::to_string(rank % 250) +
                    "." + std::to_string(rank / 250 % 250) + " 10.0.0." +
                    std::to_string(rank / 62'500) + " " + std::to_string(engine() % 65'536) +
                    " 443 6 " + std::to_string(engine() % 100) + " " +
                    std::to_string(engine() % 100'000) + " 1767603600 1767603655 " +
                    (i % 10 == 0 ? "REJECT" : "ACCEPT") + " OK");
  }
  return lines;
}

std::string rule(const std::string& contribution, const std::string& format = "CLF") {
  return R"({"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["*"],"LogFormat":")" +
         format + R"(","Contribution":)" + contribution + R"(,"AggregateOn":"Sum"})";
}

/// One minute of events for each of `rules`, summaries included.
void evaluate(benchmark::State& state, const std::vector<std::string>& rules,
              const std::vector<std::string>& lines) {
  std::vector<Definition> definitions;
  for (const auto& text : rules) definitions.push_back(*Definition::parse(text));
  EventView view;
  std::string key;
  double value = 0;
  for (auto _ : state) {
    std::vector<Summary> summaries(rules.size(), Summary(1));
    for (const std::string& line : lines) {
      view.reset(line);
      for (std::size_t i = 0; i < definitions.size(); ++i) {
        if (definitions[i].contribution(view, key, value)) summaries[i].add(key, value);
      }
    }
    benchmark::DoNotOptimize(summaries);
  }
  const auto events = static_cast<std::int64_t>(lines.size() * rules.size());
  state.SetItemsProcessed(events * state.iterations());
}

const std::string kBytesByPair = rule(R"({"Keys":["4","5"],"ValueOf":"10"})");
const std::string kRejects = rule(
    R"({"Keys":["3","4"],"Filters":[{"Match":"8","EqualTo":6},{"Match":"13","In":["REJECT"]}]})");
const std::string kReceivers =
    rule(R"({"Keys":["5"],"ValueOf":"9","Filters":[{"Match":"7","EqualTo":443}]})");

void BM_BytesByPair(benchmark::State& state) {
  evaluate(state, {kBytesByPair}, flow_lines(static_cast<std::size_t>(state.range(0))));
}
void BM_Rejects(benchmark::State& state) { evaluate(state, {kRejects}, flow_lines(10'000)); }
void BM_Receivers443(benchmark::State& state) { evaluate(state, {kReceivers}, flow_lines(10'000)); }
void BM_AllThree(benchmark::State& state) {
  evaluate(state, {kBytesByPair, kRejects, kReceivers}, flow_lines(10'000));
}
void BM_Json(benchmark::State& state) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < kLines; ++i) {
    lines.push_back(R"({"ip":"203.0.113.)" + std::to_string(i % 250) +
                    R"(","method":"GET","status":200,"bytes":)" + std::to_string(i % 9973) + "}");
  }
  evaluate(state, {rule(R"({"Keys":["$.ip"],"ValueOf":"$.bytes"})", "JSON")}, lines);
}
BENCHMARK(BM_BytesByPair)->Arg(1'000)->Arg(10'000)->Arg(100'000);
BENCHMARK(BM_Rejects);
BENCHMARK(BM_Receivers443);
BENCHMARK(BM_AllThree);
BENCHMARK(BM_Json);

void BM_SummaryAllDifferent(benchmark::State& state) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < 1'000'000; ++i) keys.push_back("10.0.0.1 " + std::to_string(i));
  for (auto _ : state) {
    Summary summary(1);
    for (const auto& key : keys) summary.add(key, 1);
    benchmark::DoNotOptimize(summary);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(keys.size()) * state.iterations());
}
BENCHMARK(BM_SummaryAllDifferent);

Summary full_summary() {
  Summary summary(1);
  for (int i = 0; i < 4'000; ++i) {
    summary.add("203.0.113." + std::to_string(i) + " 10.0.0." + std::to_string(i % 97), 1.0 + i);
  }
  return summary;
}
void BM_Encode(benchmark::State& state) {
  const Summary summary = full_summary();
  for (auto _ : state) benchmark::DoNotOptimize(summary.encode());
}
void BM_Decode(benchmark::State& state) {
  const std::string bytes = full_summary().encode();
  for (auto _ : state) benchmark::DoNotOptimize(Summary::decode(bytes, 1, {}));
  state.counters["bytes"] = static_cast<double>(bytes.size());
}
BENCHMARK(BM_Encode);
BENCHMARK(BM_Decode);

}  // namespace
}  // namespace weir::contributors
