// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "insights/commands/steps.h"
#include "insights/group_table.h"
#include "insights/rows.h"

namespace weir::insights {
namespace {

constexpr std::size_t kRowsMax = Limits::kRowsMax;  // that may be added

struct Filling {
  Slot slot = 0;
  ExpressionPtr value;  // a constant
};

/// A row for each bin of the query's time that has none, for each combination of the other keys.
class FillBins : public Step {
 public:
  FillBins(TimeBins bins, std::vector<Filling> fillings)
      : bins_(std::move(bins)), fillings_(std::move(fillings)) {}
  Result<void> apply(Batch& batch, const RunContext& run) const override;
  std::vector<Slot> reads() const override {
    std::vector<Slot> slots = bins_.others;
    slots.push_back(bins_.time);
    for (const Filling& one : fillings_) slots.push_back(one.slot);
    return slots;
  }
  bool keeps_rows() const override { return false; }

 private:
  /// The bins between the query's start and its end, or now if that is earlier.
  Result<std::vector<std::int64_t>> all_bins(const RunContext& run) const;

  TimeBins bins_;
  std::vector<Filling> fillings_;
};

Result<std::vector<std::int64_t>> FillBins::all_bins(const RunContext& run) const {
  std::vector<std::int64_t> out;
  const std::int64_t last = std::min(run.to_ms, run.now_ms);
  for (std::int64_t at = floor_time(run.from_ms - bins_.offset_ms, bins_.period);
       at + bins_.offset_ms <= last; at = next_time(at, bins_.period)) {
    if (out.size() == kRowsMax) return bound_reached("fillmissing", "rows", kRowsMax);
    out.push_back(at + bins_.offset_ms);
  }
  return out;
}

Result<void> FillBins::apply(Batch& batch, const RunContext& run) const {
  WEIR_TRY(const std::vector<std::int64_t> bins, all_bins(run));
  std::vector<ColumnPtr> keys;
  for (const Slot slot : bins_.others) keys.push_back(batch.column(slot));
  for (const Filling& one : fillings_) batch.column(one.slot);
  GroupTable groups(keys.size());
  std::vector<std::uint32_t> group_of_row;
  groups.find(keys, batch.rows(), group_of_row);
  // Without other keys there is one series, also where nothing was found.
  std::vector<std::vector<std::int64_t>> present(keys.empty() ? 1 : groups.size());
  const ColumnPtr times = batch.column(bins_.time);
  for (std::size_t i = 0; i < batch.rows(); ++i) {
    const Value time = times->at(i, batch.arena());
    if (!time.is_null()) present[group_of_row[i]].push_back(time.integer);
  }

  struct Added {
    std::size_t group;
    std::int64_t time;
  };
  std::vector<Added> added;
  for (std::size_t group = 0; group < present.size(); ++group) {
    std::ranges::sort(present[group]);
    for (const std::int64_t bin : bins) {
      if (std::ranges::binary_search(present[group], bin)) continue;
      if (added.size() == kRowsMax) return bound_reached("fillmissing", "rows", kRowsMax);
      added.push_back({group, bin});
    }
  }
  const std::size_t before = batch.rows();
  batch.append_rows(added.size());
  const auto fill = [&](Slot slot, auto value_of) {
    const ColumnPtr column = batch.column(slot);
    std::vector<Value> values;
    values.reserve(batch.rows());
    for (std::size_t i = 0; i < before; ++i) values.push_back(column->at(i, batch.arena()));
    for (const Added& row : added) values.push_back(value_of(row));
    batch.set(slot, std::make_shared<const Column>(Column::of(std::move(values))));
  };
  fill(bins_.time, [](const Added& row) { return Value::of_time(row.time); });
  for (std::size_t k = 0; k < keys.size(); ++k) {
    fill(bins_.others[k],
         [&](const Added& row) { return groups.key(row.group, k, batch.arena()); });
  }
  for (const Filling& one : fillings_) {
    fill(one.slot, [&one](const Added&) { return one.value->constant; });
  }
  return {};
}

/// `with value for field, value for field ...`.
Result<std::vector<Filling>> read_fillings(Compiler& c) {
  std::vector<Filling> out;
  WEIR_TRY(bool goes_on, c.take_word("with"));
  while (goes_on) {
    WEIR_CHECK(c.take_word("with"));
    const std::size_t begin = c.peek().begin;
    Filling one;
    WEIR_TRY(one.value, c.expression());
    if (!one.value->is_constant()) return c.error_from(begin, "fillmissing takes a literal");
    WEIR_CHECK(c.need_word("for"));
    WEIR_TRY(const std::string name, c.need_name("a field"));
    one.slot = c.resolve(name);
    out.push_back(std::move(one));
    if (out.size() > Limits::kItemsMax) return c.unexpected("at most 256 fields");
    WEIR_TRY(goes_on, c.take_symbol(","));
  }
  return out;
}

}  // namespace

/// `fillmissing [with value for field, ...]` (User Guide): rows for the empty bins of
/// `stats ... by bin(p)`, with these values.
Result<void> compile_fillmissing(Compiler& c) {
  if (!c.bins) {
    return c.error_from(c.last_end(), "fillmissing stands behind stats ... by bin(5m)");
  }
  WEIR_TRY(std::vector<Filling> fillings, read_fillings(c));
  c.add_step(std::make_unique<FillBins>(*c.bins, std::move(fillings)));
  return {};
}

}  // namespace weir::insights
