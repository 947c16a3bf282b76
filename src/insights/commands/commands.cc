// SPDX-License-Identifier: Apache-2.0
#include "insights/commands/steps.h"

namespace weir::insights {
namespace {

const Command kCommands[] = {
    {"fields", compile_fields},
    {"display", compile_display},
    {"filter", compile_filter},
    {"where", compile_filter},
    {"filterIndex", compile_filter_index, true},
    {"stats", compile_stats},
    {"sort", compile_sort},
    {"order", compile_sort},
    {"limit", compile_limit},
    {"head", compile_limit},
    {"tail", compile_tail},
    {"parse", compile_parse},
    {"dedup", compile_dedup},
    {"pattern", compile_pattern, true},
    {"diff", compile_diff, true},
    {"unnest", compile_unnest},
    {"expand", compile_expand},
    {"lookup", compile_lookup},
    {"cidrlookup", compile_cidrlookup},
    {"join", compile_join},
    {"fillmissing", compile_fillmissing},
    {"filldown", compile_filldown},
    {"accum", compile_accum},
    {"addtotals", compile_addtotals},
    {"autoregress", compile_autoregress},
    {"count_frequent", compile_count_frequent},
    {"countFrequent", compile_count_frequent},
    {"anomaly", compile_anomaly},
    {"appendcols", compile_appendcols},
    {"logcompare", compile_logcompare},
    {"outlier", compile_outlier},
    {"relevantfields", compile_relevantfields},
    {"sessionize", compile_sessionize},
};

}  // namespace

const Command* find_command(std::string_view name) {
  for (const Command& command : kCommands) {
    if (equal_ignoring_case(command.name, name)) return &command;
  }
  return nullptr;
}

std::vector<std::string_view> command_names() {
  std::vector<std::string_view> names;
  for (const Command& command : kCommands) names.push_back(command.name);
  return names;
}

Result<std::vector<std::string>> name_list(Compiler& c, std::string_view what) {
  std::vector<std::string> out;
  for (;;) {
    WEIR_TRY(std::string name, c.need_name(what));
    out.push_back(std::move(name));
    if (out.size() > Limits::kItemsMax) return c.unexpected("at most 256 names");
    WEIR_TRY(const bool more, c.take_symbol(","));
    if (!more) return out;
  }
}

}  // namespace weir::insights
