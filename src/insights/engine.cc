// SPDX-License-Identifier: Apache-2.0
#include "insights/engine.h"

#include <algorithm>
#include <set>

#include "insights/compiler.h"
#include "insights/discover.h"
#include "insights/events.h"

namespace weir::insights {
namespace {

constexpr std::size_t kGroupsMax = 10'000;  // that a SOURCE may mean (User Guide)
constexpr std::size_t kFieldEventsMax = 10'000;
constexpr std::size_t kPageSize = 1000;

/// The name in `arn:aws:logs:<region>:<account>:log-group:<name>[:*]`, or the text itself.
std::string group_name(std::string_view identifier) {
  constexpr std::string_view kMark = ":log-group:";
  if (!identifier.starts_with("arn:")) return std::string(identifier);
  const std::size_t at = identifier.find(kMark);
  if (at == std::string_view::npos) return std::string(identifier);
  std::string_view name = identifier.substr(at + kMark.size());
  if (name.ends_with(":*")) name.remove_suffix(2);
  return std::string(name);
}

Error no_group(const Scope& scope, const std::string& name) {
  return {ErrorKind::not_found, "ResourceNotFoundException",
          "Log group '" + name + "' does not exist for account ID '" + scope.account + "'"};
}

Result<void> add_matching(const logs::Logs& logs, const Scope& scope, const Source& source,
                          std::set<std::string>& out) {
  const auto has = [](const std::vector<std::string>& all, const std::string& one) {
    return all.empty() || std::find(all.begin(), all.end(), one) != all.end();
  };
  if (!has(source.accounts, scope.account)) return {};
  std::vector<std::string> prefixes = source.prefixes;
  if (prefixes.empty()) prefixes.emplace_back();
  for (const std::string& prefix : prefixes) {
    logs::Logs::GroupQuery query{.prefix = prefix, .limit = kPageSize};
    do {
      const auto page = logs.log_groups(scope, query);
      for (const auto& one : page.items) {
        const std::string& group_class = one.group.log_group_class;
        const bool can_be_read = group_class != "DELIVERY";
        if (can_be_read && has(source.classes, group_class)) out.insert(one.group.name);
      }
      if (out.size() > kGroupsMax) {
        return Error{ErrorKind::limit, "LimitExceededException",
                     "The SOURCE of the query means more than 10000 log groups."};
      }
      query.after = page.next;
    } while (!query.after.empty());
  }
  return {};
}

std::unique_ptr<FlowShape> shape_for(const FlowFormats& formats, const Scope& scope,
                                     std::string_view group) {
  if (!formats) return nullptr;
  const std::vector<std::string> fields = formats(scope, group);
  return fields.empty() ? nullptr : std::make_unique<FlowShape>(fields);
}

}  // namespace

std::span<const Source> Query::sources() const { return plan_->sources; }
bool Query::rows_are_events() const { return plan_->pointer.has_value(); }
std::size_t Query::limit() const { return plan_->limit; }
std::span<const std::string> Query::standard_commands() const { return plan_->standard_commands; }
std::span<const std::string> Query::warnings() const { return plan_->warnings; }
std::vector<std::string> Query::columns() const {
  std::vector<std::string> names;
  for (const OutputColumn& output : plan_->outputs) names.push_back(output.name);
  return names;
}

Result<Query> compile(std::string_view text, const CompileOptions& options) {
  WEIR_TRY(std::shared_ptr<const Plan> plan, Compiler(text, options).run());
  return Query(std::move(plan));
}

std::string with_source(std::string_view text, std::span<const std::string> groups, Time from,
                        Time to) {
  std::string out;
  for (const std::string& group : groups) {
    out += "SOURCE \"" + group + "\" START=" + std::to_string(from.ms) +
           " END=" + std::to_string(to.ms) + ' ';
  }
  return out + "| " + std::string(text);
}

Result<std::vector<std::string>> resolve_groups(const logs::Logs& logs, const Scope& scope,
                                                std::span<const Source> sources) {
  std::set<std::string> out;
  for (const Source& source : sources) {
    for (const std::string& identifier : source.names) {
      std::string name = group_name(identifier);
      if (!logs.log_group(scope, name)) return no_group(scope, name);
      out.insert(std::move(name));
    }
    if (source.names.empty()) WEIR_CHECK(add_matching(logs, scope, source, out));
  }
  return std::vector<std::string>(out.begin(), out.end());
}

Result<std::vector<Cell>> log_record(const logs::Logs& logs, const Scope& scope,
                                     std::string_view pointer, const FlowFormats& flow_formats) {
  const auto where = EventPointer::parse(pointer);
  if (!where) {
    return Error{ErrorKind::invalid, "InvalidParameterException",
                 "The specified log record pointer is not valid."};
  }
  logs::ScanQuery query{.groups = {where->group},
                        .stream_names = {where->stream},
                        .from = where->id.timestamp,
                        .to = where->id.timestamp};
  WEIR_TRY(logs::Scan scan, logs.scan(scope, query));
  for (;;) {
    WEIR_TRY(std::optional<logs::ScannedBlock> block, scan.next());
    if (!block) break;
    for (std::size_t row = 0; row < block->size(); ++row) {
      if (block->id(row) != where->id) continue;
      const std::string_view message = block->message(row);
      std::vector<Cell> cells = {{"@timestamp", std::to_string(where->id.timestamp.ms)},
                                 {"@ingestionTime", std::to_string(where->id.ingestion.ms)},
                                 {"@message", std::string(message)},
                                 {"@logStream", where->stream},
                                 {"@log", scope.account + ':' + where->group},
                                 {"@ptr", std::string(pointer)}};
      Arena arena;
      const auto shape = shape_for(flow_formats, scope, where->group);
      discover_all(message, shape.get(), arena, [&cells](const std::string& name, const Value& v) {
        if (!v.is_null()) cells.push_back({name, text_of(v)});
      });
      return cells;
    }
  }
  return Error{ErrorKind::not_found, "ResourceNotFoundException",
               "The specified log record does not exist."};
}

Result<std::vector<FieldShare>> log_group_fields(const logs::Logs& logs, const Scope& scope,
                                                 std::string_view log_group, Time from, Time to,
                                                 const FlowFormats& flow_formats) {
  WEIR_TRY(logs::Scan scan,
           logs.scan(
               scope,
               {.groups = {std::string(log_group)}, .from = from, .to = to, .newest_first = true}));
  const auto shape = shape_for(flow_formats, scope, log_group);
  std::map<std::string, std::size_t> counts;
  std::size_t events = 0;
  Arena arena;
  while (events < kFieldEventsMax) {
    WEIR_TRY(std::optional<logs::ScannedBlock> block, scan.next());
    if (!block) break;
    for (std::size_t row = 0; row < block->size() && events < kFieldEventsMax; ++row, ++events) {
      std::set<std::string> seen = {"@timestamp", "@ingestionTime", "@message", "@logStream",
                                    "@log"};
      discover_all(block->message(row), shape.get(), arena,
                   [&seen](const std::string& name, const Value&) { seen.insert(name); });
      for (const std::string& name : seen) ++counts[name];
    }
  }
  std::vector<FieldShare> out;
  for (const auto& [name, count] : counts) {
    out.push_back({name, static_cast<int>((count * 100 + events / 2) / events)});
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const FieldShare& a, const FieldShare& b) { return a.percent > b.percent; });
  return out;
}

}  // namespace weir::insights
