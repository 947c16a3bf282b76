// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "insights/commands/steps.h"
#include "insights/group_table.h"

namespace weir::insights {
namespace {

class Stats : public Gather {
 public:
  Stats(std::vector<AggregateCall> calls, std::vector<OrderKey> keys, std::vector<Slot> key_outputs,
        std::optional<Slot> timestamp, std::int64_t bin_ms)
      : calls_(std::move(calls)),
        keys_(std::move(keys)),
        key_outputs_(std::move(key_outputs)),
        timestamp_(timestamp),
        bin_ms_(bin_ms) {}

  std::unique_ptr<State> begin(const RunContext& run) const override {
    return std::make_unique<StatsState>(*this, run);
  }
  std::vector<Slot> reads() const override {
    std::vector<Slot> slots;
    for (const OrderKey& key : keys_) slots.push_back(key.slot);
    for (const AggregateCall& call : calls_) {
      if (call.argument) slots.push_back(call.argument_slot);
    }
    if (timestamp_) slots.push_back(*timestamp_);
    return slots;
  }

 private:
  class StatsState : public State {
   public:
    StatsState(const Stats& stats, const RunContext& run)
        : stats_(stats), slot_count_(run.slots), groups_(stats.keys_.size()) {
      for (const AggregateCall& call : stats.calls_) {
        aggregates_.push_back(call.function->make(call.constants));
      }
    }
    Result<void> add(Batch& batch, const RunContext& run) override;
    Result<void> merge(const State& other, const RunContext& run) override;
    Result<Batch> finish(const RunContext& run) const override;
    std::size_t size() const override { return groups_.size(); }

   private:
    Result<void> check(const RunContext& run) const;

    const Stats& stats_;
    std::size_t slot_count_;
    GroupTable groups_;
    std::vector<std::unique_ptr<Aggregate>> aggregates_;
    std::vector<std::uint32_t> group_of_row_;
  };

  std::vector<AggregateCall> calls_;
  std::vector<OrderKey> keys_;
  std::vector<Slot> key_outputs_;
  std::optional<Slot> timestamp_;
  std::int64_t bin_ms_;
};

Result<void> Stats::StatsState::check(const RunContext& run) const {
  if (groups_.size() > run.groups_max) return bound_reached("stats", "groups", run.groups_max);
  std::size_t bytes = groups_.bytes();
  for (const auto& aggregate : aggregates_) bytes += aggregate->bytes();
  if (bytes > run.memory_bytes_max) {
    return bound_reached("stats", "bytes of memory", run.memory_bytes_max);
  }
  return {};
}

Result<void> Stats::StatsState::add(Batch& batch, const RunContext& run) {
  if (batch.rows() == 0) return {};
  std::vector<ColumnPtr> keys;
  for (const OrderKey& key : stats_.keys_) keys.push_back(batch.column(key.slot));
  groups_.find(keys, batch.rows(), group_of_row_);
  GroupedRows rows{.groups = group_of_row_, .group_count = groups_.size(), .arena = batch.arena()};
  if (stats_.timestamp_) rows.timestamp = batch.column(*stats_.timestamp_).get();
  for (std::size_t i = 0; i < aggregates_.size(); ++i) {
    const AggregateCall& call = stats_.calls_[i];
    rows.argument = call.argument ? batch.column(call.argument_slot).get() : nullptr;
    aggregates_[i]->add(rows);
  }
  return check(run);
}

Result<void> Stats::StatsState::merge(const State& other, const RunContext& run) {
  const auto& from = static_cast<const StatsState&>(other);
  const std::vector<std::uint32_t> map = groups_.merge(from.groups_);
  for (std::size_t i = 0; i < aggregates_.size(); ++i) {
    aggregates_[i]->merge(*from.aggregates_[i], map, groups_.size());
  }
  return check(run);
}

Result<Batch> Stats::StatsState::finish(const RunContext& run) const {
  Batch batch(slot_count_, groups_.size(), nullptr);
  const ResultContext context{batch.arena(),
                              stats_.bin_ms_ > 0 ? stats_.bin_ms_ : run.to_ms - run.from_ms};
  for (std::size_t k = 0; k < stats_.keys_.size(); ++k) {
    batch.set(stats_.key_outputs_[k],
              std::make_shared<const Column>(groups_.column(k, batch.arena())));
  }
  for (std::size_t i = 0; i < aggregates_.size(); ++i) {
    std::vector<Value> values(groups_.size());
    for (std::size_t group = 0; group < values.size(); ++group) {
      values[group] = aggregates_[i]->result(group, context);
    }
    batch.set(stats_.calls_[i].output,
              std::make_shared<const Column>(Column::of(std::move(values))));
  }
  return batch;
}

/// The period of `bin(5m)` or `datefloor(t, 5m)`; 0 for other expressions.
std::int64_t bin_of(const Expression& expression) {
  const bool is_bin =
      expression.kind == Expression::Kind::call &&
      (expression.function->name == "bin" || expression.function->name == "datefloor");
  return is_bin ? expression.args[1]->constant.integer : 0;
}

/// `bin(1h) offset 10m`.
std::int64_t offset_of(const Expression& bin) {
  return bin.args.size() > 2 ? bin.args[2]->constant.integer : 0;
}

struct Parts {
  std::vector<AggregateCall> calls;
  std::vector<Compiler::Item> items;
  std::vector<Compiler::Item> keys;
};

Result<Parts> read_parts(Compiler& c) {
  Parts parts;
  c.collect_aggregates(&parts.calls);
  for (;;) {
    const std::size_t begin = c.peek().begin;
    const std::size_t calls_before = parts.calls.size();
    WEIR_TRY(Compiler::Item item, c.item());
    if (parts.calls.size() == calls_before) {
      return c.error_from(begin,
                          "stats takes aggregate functions such as count(*) or sum(bytes); "
                          "fields to group by stand behind 'by'");
    }
    parts.items.push_back(std::move(item));
    if (parts.items.size() > Limits::kItemsMax) return c.unexpected("at most 256 items");
    WEIR_TRY(const bool more, c.take_symbol(","));
    if (!more) break;
  }
  c.collect_aggregates(nullptr);
  WEIR_TRY(const bool has_keys, c.take_word("by"));
  while (has_keys) {
    WEIR_TRY(Compiler::Item item, c.item());
    parts.keys.push_back(std::move(item));
    if (parts.keys.size() > Limits::kItemsMax) return c.unexpected("at most 256 items");
    WEIR_TRY(const bool more, c.take_symbol(","));
    if (!more) break;
  }
  return parts;
}

}  // namespace

std::unique_ptr<Gather> make_stats(std::vector<AggregateCall> calls, std::vector<OrderKey> keys,
                                   std::vector<Slot> key_outputs, std::optional<Slot> timestamp,
                                   std::int64_t bin_ms) {
  return std::make_unique<Stats>(std::move(calls), std::move(keys), std::move(key_outputs),
                                 timestamp, bin_ms);
}

Result<void> compile_stats(Compiler& c) {
  const std::size_t begin = c.last_end();
  if (++c.stats_count > static_cast<int>(Limits::kStatsMax)) {
    return c.error_from(begin, "more than 10 stats commands");
  }
  WEIR_TRY(Parts parts, read_parts(c));
  std::optional<Slot> timestamp;
  for (AggregateCall& call : parts.calls) {
    if (call.argument) {
      call.argument_slot = c.slot_of(std::move(call.argument));
      call.argument = make_slot(call.argument_slot);
    }
    if (call.function->needs_timestamp) timestamp = c.resolve("@timestamp");
  }
  std::vector<OrderKey> keys;
  std::vector<Slot> key_outputs;
  Order order;
  std::int64_t bin_ms = 0;
  std::optional<TimeBins> bins;
  for (Compiler::Item& key : parts.keys) {
    const Slot output = c.new_slot();
    if (const std::int64_t period = bin_of(*key.expression); period != 0) {
      bin_ms = std::max<std::int64_t>(period, 0);
      if (order.keys.empty()) {
        order.keys.push_back({output, true});
        bins = {.time = output, .period = period, .offset_ms = offset_of(*key.expression)};
      }
    }
    keys.push_back({c.slot_of(std::move(key.expression)), false});
    key_outputs.push_back(output);
  }
  const Slot first_call = parts.calls[0].output;
  c.add_gather(make_stats(std::move(parts.calls), std::move(keys), key_outputs, timestamp, bin_ms));
  std::vector<OutputColumn> outputs;
  for (std::size_t k = 0; k < parts.keys.size(); ++k) {
    outputs.push_back({parts.keys[k].name, key_outputs[k]});
  }
  for (Compiler::Item& item : parts.items) {
    outputs.push_back({item.name, c.slot_of(std::move(item.expression))});
  }
  if (order.keys.empty()) order.keys.push_back({first_call, true});
  for (const Slot slot : key_outputs) order.keys.push_back({slot, false});
  c.set_rows_are_events(false);
  c.set_order(std::move(order));
  c.close_names(outputs);
  c.show_only(std::move(outputs));
  c.clear_limit();
  for (const Slot slot : key_outputs) {
    if (bins && slot != bins->time) bins->others.push_back(slot);
  }
  c.bins = std::move(bins);
  return {};
}

}  // namespace weir::insights
