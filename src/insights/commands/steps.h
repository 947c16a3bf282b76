// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "insights/compiler.h"

/// The commands of the language, one file for each, and the steps that several of them use.
namespace weir::insights {

Result<void> compile_accum(Compiler& c);
Result<void> compile_addtotals(Compiler& c);
Result<void> compile_anomaly(Compiler& c);
Result<void> compile_appendcols(Compiler& c);
Result<void> compile_autoregress(Compiler& c);
Result<void> compile_cidrlookup(Compiler& c);
Result<void> compile_count_frequent(Compiler& c);
Result<void> compile_dedup(Compiler& c);
Result<void> compile_diff(Compiler& c);
Result<void> compile_display(Compiler& c);
Result<void> compile_expand(Compiler& c);
Result<void> compile_fields(Compiler& c);
Result<void> compile_filldown(Compiler& c);
Result<void> compile_fillmissing(Compiler& c);
Result<void> compile_filter(Compiler& c);
Result<void> compile_filter_index(Compiler& c);
Result<void> compile_join(Compiler& c);
Result<void> compile_limit(Compiler& c);
Result<void> compile_logcompare(Compiler& c);
Result<void> compile_lookup(Compiler& c);
Result<void> compile_outlier(Compiler& c);
Result<void> compile_parse(Compiler& c);
Result<void> compile_pattern(Compiler& c);
Result<void> compile_relevantfields(Compiler& c);
Result<void> compile_sessionize(Compiler& c);
Result<void> compile_sort(Compiler& c);
Result<void> compile_stats(Compiler& c);
Result<void> compile_tail(Compiler& c);
Result<void> compile_unnest(Compiler& c);

/// Sets `slot` to the expression.
std::unique_ptr<Step> make_compute_step(ExpressionPtr expression, Slot slot);
/// The first rows of an order; without `count` all of them.
std::unique_ptr<Gather> make_top_rows(Order order, std::optional<std::size_t> count);
/// Any rows; the run ends when there are enough.
std::unique_ptr<Gather> make_any_rows(std::size_t count);
/// The first rows of one batch that is in order.
std::unique_ptr<Step> make_first_rows(std::size_t count);
/// The last rows of one batch that is in order.
std::unique_ptr<Step> make_last_rows(std::size_t count);
/// `stats calls by keys`; each call's argument stands in its slot.
std::unique_ptr<Gather> make_stats(std::vector<AggregateCall> calls, std::vector<OrderKey> keys,
                                   std::vector<Slot> key_outputs, std::optional<Slot> timestamp,
                                   std::int64_t bin_ms);
/// Reads `name, name, ...`.
Result<std::vector<std::string>> name_list(Compiler& c, std::string_view what);

}  // namespace weir::insights
