// SPDX-License-Identifier: Apache-2.0
#include "logs/logs.h"

#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "logs/metric_filter.h"

namespace weir::logs {
namespace {

constexpr std::size_t kLines = 7'000;  // a full request: about 1 MB with 26 bytes for each event

std::vector<InputLogEvent> flow_lines(Time now) {
  std::vector<InputLogEvent> events;
  std::uint32_t seed = 1;
  const auto below = [&seed](std::uint32_t bound) {
    seed = seed * 1664525 + 1013904223;
    return std::to_string((seed >> 8) % bound);
  };
  for (std::size_t i = 0; i < kLines; ++i) {
    events.push_back({now.ms, "2 123456789010 eni-0a1b2c3d4e5f60718 203.0.113." + below(250) +
                                  " 10.0.0." + below(20) + " " + below(65535) + " " + below(1024) +
                                  " 6 " + below(100) + " " + below(100'000) +
                                  " 1767603600 1767603655 " + (i % 10 == 0 ? "REJECT" : "ACCEPT") +
                                  " OK"});
  }
  return events;
}

std::vector<InputLogEvent> json_events(Time now) {
  std::vector<InputLogEvent> events;
  for (std::size_t i = 0; i < kLines; ++i) {
    events.push_back(
        {now.ms,
         R"({"eventVersion":"1.08","userIdentity":{"type":"IAMUser","userName":"alice"},)"
         R"("eventTime":"2026-01-31T12:00:00Z","eventSource":"ec2.amazonaws.com","eventName":")" +
             std::string(i % 10 == 0 ? "DeleteNetworkAclEntry" : "DescribeInstances") +
             R"(","awsRegion":"us-east-1","sourceIPAddress":"203.0.113.9","requestParameters":)"
             R"({"maxResults":100,"filterSet":{}},"responseElements":null,"readOnly":true})"});
  }
  return events;
}

std::size_t message_bytes(const std::vector<InputLogEvent>& events) {
  std::size_t bytes = 0;
  for (const InputLogEvent& event : events) bytes += event.message.size();
  return bytes;
}

void report(benchmark::State& state, const std::vector<InputLogEvent>& events) {
  state.SetItemsProcessed(static_cast<std::int64_t>(events.size()) * state.iterations());
  state.SetBytesProcessed(static_cast<std::int64_t>(message_bytes(events)) * state.iterations());
}

void match_all(benchmark::State& state, const char* pattern_text,
               const std::vector<InputLogEvent>& events) {
  const FilterPattern pattern = *FilterPattern::compile(pattern_text);
  Subject subject;
  for (auto _ : state) {
    int matches = 0;
    for (const InputLogEvent& event : events) {
      subject.reset(event.message);
      matches += pattern.matches(subject);
    }
    benchmark::DoNotOptimize(matches);
  }
  report(state, events);
}

constexpr const char* kDelimited =
    "[version, account, eni, source, destination, srcport, destport, protocol, packets, bytes, "
    "start, end, action = REJECT, status]";

void BM_MatchTerms(benchmark::State& state) { match_all(state, "REJECT OK", flow_lines({})); }
void BM_MatchRegex(benchmark::State& state) { match_all(state, "%REJECT OK$%", flow_lines({})); }
void BM_MatchDelimited(benchmark::State& state) { match_all(state, kDelimited, flow_lines({})); }
void BM_MatchDelimitedFromRight(benchmark::State& state) {
  match_all(state, "[..., bytes > 50000, start, end, action = REJECT, status]", flow_lines({}));
}
void BM_MatchJson(benchmark::State& state) {
  match_all(state, "{ ($.eventName = DeleteNetworkAclEntry) || ($.eventName = CreateNetworkAcl) }",
            json_events({}));
}
BENCHMARK(BM_MatchTerms);
BENCHMARK(BM_MatchRegex);
BENCHMARK(BM_MatchDelimited);
BENCHMARK(BM_MatchDelimitedFromRight);
BENCHMARK(BM_MatchJson);

FilterSet some_filters(int count) {
  std::vector<std::shared_ptr<const CompiledFilter>> filters;
  for (int i = 0; i < count; ++i) {
    MetricFilter filter;
    filter.filter_name = "f" + std::to_string(i);
    filter.filter_pattern =
        "[version, account, eni, source, destination, srcport, destport = " + std::to_string(i) +
        ", protocol, packets, bytes, start, end, action = REJECT, status]";
    filter.metric_transformations.resize(1);
    filter.metric_transformations[0].metric_value = "$bytes";
    filters.push_back(std::make_shared<const CompiledFilter>(
        *CompiledFilter::compile(std::move(filter), Scope())));
  }
  return FilterSet(std::move(filters));
}

/// Events through all metric filters of a group.
void BM_EvaluateFilters(benchmark::State& state) {
  const FilterSet filters = some_filters(static_cast<int>(state.range(0)));
  const auto events = flow_lines({});
  for (auto _ : state) benchmark::DoNotOptimize(evaluate(filters, events));
  report(state, events);
}
BENCHMARK(BM_EvaluateFilters)->Arg(1)->Arg(10)->Arg(100);

struct World {
  World() {
    WEIR_ASSERT(logs.load());
    WEIR_ASSERT(logs.ensure_stream(scope, "/vpc/flow", "eni-1"));
  }
  SimulatedRuntime runtime{1};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Scope scope;
  Logs logs{runtime,
            *store,
            [](const Scope&, std::string_view, std::span<const MetricValue>) -> Result<void> {
              return {};
            },
            {}};
};

/// Full requests into the memory store, with a number of metric filters.
void BM_PutLogEvents(benchmark::State& state) {
  World world;
  for (int i = 0; i < state.range(0); ++i) {
    MetricFilter filter = some_filters(i + 1)[static_cast<std::size_t>(i)]->filter();
    filter.metric_transformations[0].metric_name = "m";
    filter.metric_transformations[0].metric_namespace = "n";
    WEIR_ASSERT(world.logs.put_metric_filter(world.scope, "/vpc/flow", filter));
  }
  const auto events = flow_lines(world.runtime.now());
  for (auto _ : state) {
    WEIR_ASSERT(world.logs.put_log_events(world.scope, "/vpc/flow", "eni-1", events));
    state.PauseTiming();  // keep the store small
    WEIR_ASSERT(world.logs.delete_log_stream(world.scope, "/vpc/flow", "eni-1"));
    WEIR_ASSERT(world.logs.create_log_stream(world.scope, "/vpc/flow", "eni-1"));
    state.ResumeTiming();
  }
  report(state, events);
}
BENCHMARK(BM_PutLogEvents)->Arg(0)->Arg(1)->Arg(10);

void BM_PutOneEvent(benchmark::State& state) {
  World world;
  const std::vector<InputLogEvent> event = {{world.runtime.now().ms, "2 123456789010 eni-1 - OK"}};
  for (auto _ : state) {
    WEIR_ASSERT(world.logs.put_log_events(world.scope, "/vpc/flow", "eni-1", event));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_PutOneEvent)->Iterations(100'000);

/// A search through 100 blocks of which few events match.
void BM_FilterLogEvents(benchmark::State& state) {
  World world;
  const auto events = flow_lines(world.runtime.now());
  for (int i = 0; i < 100; ++i) {
    WEIR_ASSERT(world.logs.put_log_events(world.scope, "/vpc/flow", "eni-1", events));
  }
  Logs::FilterQuery query;
  query.pattern = *FilterPattern::compile("[..., action = NOTHING, status]");
  for (auto _ : state) {
    benchmark::DoNotOptimize(world.logs.filter_events(world.scope, "/vpc/flow", query));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(events.size()) * 100 * state.iterations());
}
BENCHMARK(BM_FilterLogEvents);

}  // namespace
}  // namespace weir::logs
