// SPDX-License-Identifier: Apache-2.0
#include "daemon/insights.h"

#include <algorithm>
#include <thread>

#include "flow/format.h"

namespace weir::daemon {
namespace {

// A query yields to what writes events: one core is left to them where there are several.
std::size_t query_workers(int wanted) {
  if (wanted > 0) return static_cast<std::size_t>(wanted);
  return std::max(2u, std::thread::hardware_concurrency()) - 1;
}

constexpr std::size_t kEphemeralResultBytes = 256u << 20;  // they are in memory there

bool delivers_to(const vpc::FlowLog& flow_log, std::string_view group) {
  if (flow_log.log_group_name) return *flow_log.log_group_name == group;
  if (flow_log.destination_type != "cloud-watch-logs" || !flow_log.destination) return false;
  const auto named = vpc::log_group_of(*flow_log.destination);
  return named && *named == group;
}

/// The newest flow log that delivers to the group says what its records look like.
std::vector<std::string> record_fields(vpc::Network& network, const Scope& scope,
                                       std::string_view group) {
  const auto state = network.state(scope);
  if (!state) return {};
  const vpc::FlowLog* newest = nullptr;
  for (const auto& [id, flow_log] : (*state)->flow_logs) {
    if (!delivers_to(flow_log, group)) continue;
    if (newest == nullptr || newest->created < flow_log.created) newest = &flow_log;
  }
  if (newest == nullptr) return {};
  const auto format = flow::Format::parse(newest->log_format);
  if (!format) return {};
  std::vector<std::string> names;
  const std::string text = format->header();
  std::string_view header = text;
  while (!header.empty()) {
    const std::size_t blank = std::min(header.find(' '), header.size());
    names.emplace_back(header.substr(0, blank));
    header.remove_prefix(std::min(blank + 1, header.size()));
  }
  return names;
}

}  // namespace

insights::Executions::Config insights_config(const Config& config) {
  insights::Executions::Config insights;
  insights.queries_max = static_cast<std::size_t>(config.insights_queries_max);
  insights.running_max = static_cast<std::size_t>(config.insights_running_max);
  insights.workers = query_workers(config.insights_workers);
  insights.memory_bytes_max = static_cast<std::size_t>(config.insights_memory_mib) << 20;
  insights.timeout = std::chrono::seconds(config.insights_timeout_s);
  insights.kept = std::chrono::hours(24) * config.insights_results_days;
  insights.result_bytes_max = static_cast<std::size_t>(config.insights_results_mib) << 20;
  if (config.ephemeral) {
    insights.result_bytes_max = std::min(insights.result_bytes_max, kEphemeralResultBytes);
  }
  return insights;
}

insights::Executions::Context insights_context(vpc::Network& network,
                                               const insights::LookupTables& tables) {
  insights::Executions::Context context;
  context.flow_formats = [&network](const Scope& scope, std::string_view group) {
    return record_fields(network, scope, group);
  };
  context.lookups = tables.lookups();
  return context;
}

}  // namespace weir::daemon
