// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>

#include "insights/commands/steps.h"

namespace weir::insights {
namespace {

constexpr std::size_t kSlack = 4096;  // rows beyond `count` before the surplus is thrown away

class TopRows : public Gather {
 public:
  TopRows(Order order, std::optional<std::size_t> count)
      : order_(std::move(order)), count_(count) {}
  std::unique_ptr<State> begin(const RunContext& run) const override;
  std::vector<Slot> reads() const override { return order_.slots(); }
  void keep(std::vector<Slot> slots) override { slots_ = std::move(slots); }

  class TopState : public State {
   public:
    explicit TopState(const TopRows& rows, std::size_t slots)
        : rows_(rows), slots_(slots), store_(rows.order_, rows.slots_) {}
    Result<void> add(Batch& batch, const RunContext& run) override;
    Result<void> merge(const State& other, const RunContext& run) override;
    Result<Batch> finish(const RunContext&) const override {
      return store_.to_batch(store_.sorted(rows_.count_.value_or(store_.size())), slots_);
    }
    std::size_t size() const override { return store_.size(); }

   private:
    void drop_surplus(Batch& batch) const;
    Result<void> check(const RunContext& run);

    const TopRows& rows_;
    std::size_t slots_;
    RowStore store_;
    Cutoff cutoff_;
  };

 private:
  Order order_;
  std::optional<std::size_t> count_;
  std::vector<Slot> slots_;
};

std::unique_ptr<Gather::State> TopRows::begin(const RunContext& run) const {
  return std::make_unique<TopState>(*this, run.slots);
}

/// Of many rows those that come after `count` others of the same batch, by the first key alone.
void TopRows::TopState::drop_surplus(Batch& batch) const {
  if (!rows_.count_ || rows_.order_.keys.empty() || batch.rows() < 2 * *rows_.count_) return;
  const OrderKey& key = rows_.order_.keys[0];
  const Column& column = *batch.column(key.slot);
  if (column.form != Column::Form::integers || !column.nulls.empty()) return;
  std::vector<std::int64_t> numbers = column.integers;
  const auto last = numbers.begin() + static_cast<std::ptrdiff_t>(*rows_.count_ - 1);
  key.descending ? std::ranges::nth_element(numbers, last, std::greater<>())
                 : std::ranges::nth_element(numbers, last);
  std::vector<std::uint8_t> marks(batch.rows());
  for (std::size_t i = 0; i < marks.size(); ++i) {
    marks[i] = key.descending ? column.integers[i] >= *last : column.integers[i] <= *last;
  }
  batch.keep_marked(marks);
}

Result<void> TopRows::TopState::check(const RunContext& run) {
  if (rows_.count_ && store_.size() > *rows_.count_ + std::max(kSlack, *rows_.count_)) {
    store_.trim(*rows_.count_);
    if (!rows_.order_.keys.empty()) cutoff_.set(store_, rows_.order_.keys[0]);
  }
  if (store_.size() > run.rows_max) return bound_reached("sort", "rows", run.rows_max);
  if (store_.bytes() > run.memory_bytes_max) {
    return bound_reached("sort", "bytes of memory", run.memory_bytes_max);
  }
  return {};
}

Result<void> TopRows::TopState::add(Batch& batch, const RunContext& run) {
  if (rows_.count_ && *rows_.count_ == 0) return {};
  cutoff_.apply(batch);
  drop_surplus(batch);
  if (batch.rows() == 0) return {};
  const std::vector<ColumnPtr> columns = store_.columns(batch);
  for (std::size_t row = 0; row < batch.rows(); ++row) store_.append(columns, row);
  return check(run);
}

Result<void> TopRows::TopState::merge(const State& other, const RunContext& run) {
  const RowStore& from = static_cast<const TopState&>(other).store_;
  for (std::size_t row = 0; row < from.size(); ++row) store_.append(from, row);
  return check(run);
}

}  // namespace

std::unique_ptr<Gather> make_top_rows(Order order, std::optional<std::size_t> count) {
  return std::make_unique<TopRows>(std::move(order), count);
}

Result<void> compile_sort(Compiler& c) {
  WEIR_CHECK(c.take_word("by"));
  Order order;
  // What breaks ties is the event id, if the rows have one; else their order until now.
  if (c.order()) order.event_id = c.order()->event_id;
  std::vector<OrderKey> keys;
  for (;;) {
    WEIR_TRY(ExpressionPtr expression, c.expression());
    OrderKey key;
    key.slot = c.slot_of(std::move(expression));
    WEIR_TRY(key.descending, c.take_word("desc"));
    if (!key.descending) WEIR_CHECK(c.take_word("asc"));
    order.keys.push_back(key);
    if (order.keys.size() > Limits::kItemsMax) return c.unexpected("at most 256 keys");
    WEIR_TRY(const bool more, c.take_symbol(","));
    if (!more) break;
  }
  if (c.order() && !order.event_id) {  // rows of stats: their own order breaks ties
    for (const OrderKey& key : c.order()->keys) order.keys.push_back(key);
  }
  c.set_order(std::move(order));
  return {};
}

}  // namespace weir::insights
