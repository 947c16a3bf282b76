// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "insights/engine.h"
#include "logs/logs.h"
#include "store/kv_store.h"

namespace weir::insights {

/// Virtual time, a memory store and groups with events: what the tests of this module stand in.
struct InsightsWorld {
  static constexpr std::int64_t kStartMs = 1'767'225'600'000;  // 2026-01-01 00:00:00

  explicit InsightsWorld(std::size_t workers_in = 2) : workers(workers_in) {
    WEIR_ASSERT(logs.load());
  }

  void put(const std::string& group, const std::string& stream,
           const std::vector<logs::InputLogEvent>& events) {
    WEIR_ASSERT(logs.ensure_stream(scope, group, stream));
    logs::Logs::ImportBatch batch;
    const std::vector<logs::ImportStream> streams = {{stream, events}};
    batch.reached = {.source = std::to_string(++imports), .version = "1", .position = 1};
    batch.streams = streams;
    WEIR_ASSERT(logs.import_events(scope, group, batch));
  }

  RunOptions options(const std::vector<std::string>& groups) const {
    RunOptions out;
    out.scope = scope;
    out.log_groups = groups;
    out.from = {0};
    out.to = {kStartMs + 30LL * 86'400'000};
    out.workers = workers;
    return out;
  }

  Snapshot run(const Query& query, const RunOptions& options) {
    Run one(runtime, logs, query, options);
    runtime.run_ready();
    return one.snapshot();
  }
  /// `group`: of the query without SOURCE. A query that does not compile is a failed run.
  Snapshot run(const std::string& text, const std::vector<std::string>& groups,
               const CompileOptions& compile_options = {}) {
    const auto query = compile(text, compile_options);
    if (!query)
      return {.state = RunState::failed, .rows = {}, .statistics = {}, .error = query.error()};
    return run(*query, options(groups));
  }

  SimulatedRuntime runtime{7, {kStartMs}};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Scope scope{.account = "123456789012", .region = "us-east-1"};
  logs::Logs logs{runtime,
                  *store,
                  [](const Scope&, std::string_view,
                     std::span<const logs::MetricValue>) -> Result<void> { return {}; },
                  {}};
  std::size_t workers;
  int imports = 0;
};

/// `field=value | field=value`, without @ptr.
inline std::string to_text(const Row& row) {
  std::string out;
  for (const Cell& cell : row) {
    if (cell.field == "@ptr") continue;
    if (!out.empty()) out += " | ";
    out += cell.field + '=' + cell.value;
  }
  return out;
}

}  // namespace weir::insights
