// SPDX-License-Identifier: Apache-2.0
#include <numeric>

#include "insights/commands/steps.h"

namespace weir::insights {
namespace {

class SomeRows : public Step {
 public:
  SomeRows(std::size_t count, bool are_last) : count_(count), are_last_(are_last) {}
  Result<void> apply(Batch& batch, const RunContext&) const override {
    if (batch.rows() <= count_) return {};
    std::vector<std::uint32_t> rows(count_);
    std::iota(rows.begin(), rows.end(),
              static_cast<std::uint32_t>(are_last_ ? batch.rows() - count_ : 0));
    batch.keep(rows);
    return {};
  }
  std::vector<Slot> reads() const override { return {}; }
  bool keeps_rows() const override { return false; }
  std::optional<std::size_t> first_rows() const override {
    return are_last_ ? std::nullopt : std::optional(count_);
  }

 private:
  std::size_t count_;
  bool are_last_;
};

class AnyRows : public Gather {
 public:
  explicit AnyRows(std::size_t count) : count_(count) {}
  std::unique_ptr<State> begin(const RunContext& run) const override {
    return std::make_unique<AnyState>(count_, slots_, run.slots);
  }
  std::vector<Slot> reads() const override { return {}; }
  void keep(std::vector<Slot> slots) override { slots_ = std::move(slots); }

 private:
  class AnyState : public State {
   public:
    AnyState(std::size_t count, const std::vector<Slot>& slots, std::size_t slot_count)
        : count_(count), slot_count_(slot_count), store_({}, slots) {}
    Result<void> add(Batch& batch, const RunContext&) override {
      const std::vector<ColumnPtr> columns = store_.columns(batch);
      for (std::size_t i = 0; i < batch.rows() && !is_full(); ++i) store_.append(columns, i);
      return {};
    }
    Result<void> merge(const State& other, const RunContext&) override {
      const RowStore& from = static_cast<const AnyState&>(other).store_;
      for (std::size_t i = 0; i < from.size() && !is_full(); ++i) store_.append(from, i);
      return {};
    }
    Result<Batch> finish(const RunContext&) const override {
      return store_.to_batch(store_.sorted(count_), slot_count_);
    }
    std::size_t size() const override { return store_.size(); }
    bool is_full() const override { return store_.size() >= count_; }

   private:
    std::size_t count_;
    std::size_t slot_count_;
    RowStore store_;
  };
  std::size_t count_;
  std::vector<Slot> slots_;
};

Result<std::size_t> row_count(Compiler& c) {
  const Token number = c.peek();
  WEIR_TRY(const std::size_t count, c.need_count("a number of rows"));
  if (count == 0 || count > Limits::kRowsMax) {
    return malformed(number.begin, number.end, "a limit is between 1 and 100000");
  }
  return count;
}

}  // namespace

std::unique_ptr<Step> make_first_rows(std::size_t count) {
  return std::make_unique<SomeRows>(count, false);
}
std::unique_ptr<Step> make_last_rows(std::size_t count) {
  return std::make_unique<SomeRows>(count, true);
}
std::unique_ptr<Gather> make_any_rows(std::size_t count) {
  return std::make_unique<AnyRows>(count);
}

Result<void> compile_limit(Compiler& c) {
  WEIR_TRY(const bool is_any, c.take_word("any"));
  WEIR_TRY(const std::size_t count, row_count(c));
  if (is_any && c.order()) {
    c.set_order(std::nullopt);
    c.add_gather(make_any_rows(count));
  } else {
    c.put_in_order(count);
  }
  c.set_limit(count);
  return {};
}

Result<void> compile_tail(Compiler& c) {
  WEIR_TRY(const std::size_t count, row_count(c));
  c.put_in_order(std::nullopt);
  c.add_step(make_last_rows(count));
  c.set_limit(count);
  return {};
}

}  // namespace weir::insights
