// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "insights/commands/steps.h"
#include "insights/group_table.h"

namespace weir::insights {
namespace {

/// The first row, in an order, of each combination of some fields; rows that lack one of the fields
/// are all kept. Where only the first rows of the result are wanted, what can no longer be one of
/// them goes: each group's first row only ever moves towards the beginning.
class Dedup : public Gather {
 public:
  Dedup(Order order, std::vector<Slot> keys) : order_(std::move(order)), keys_(std::move(keys)) {}
  std::unique_ptr<State> begin(const RunContext& run) const override {
    return std::make_unique<DedupState>(*this, run.slots);
  }
  std::vector<Slot> reads() const override {
    std::vector<Slot> slots = order_.slots();
    slots.insert(slots.end(), keys_.begin(), keys_.end());
    return slots;
  }
  void keep(std::vector<Slot> slots) override {
    slots_ = std::move(slots);
    slots_.insert(slots_.end(), keys_.begin(), keys_.end());
  }
  void want(std::size_t count) override { count_ = count; }

 private:
  static constexpr std::size_t kSlack =
      4096;  // rows beyond the wanted ones before they are dropped

  class DedupState : public State {
   public:
    DedupState(const Dedup& dedup, std::size_t slot_count)
        : dedup_(dedup),
          slot_count_(slot_count),
          groups_(dedup.keys_.size()),
          store_(dedup.order_, dedup.slots_) {}
    Result<void> add(Batch& batch, const RunContext& run) override;
    Result<void> merge(const State& other, const RunContext& run) override;
    Result<Batch> finish(const RunContext&) const override {
      return store_.to_batch(store_.sorted(dedup_.count_.value_or(store_.size())), slot_count_);
    }
    std::size_t size() const override { return store_.size(); }

   private:
    static constexpr std::uint32_t kNone = ~std::uint32_t{0};
    void settle(std::uint32_t group);
    bool may_win(Batch& batch, std::size_t row, std::uint32_t group) const;
    Result<void> check(const RunContext& run);
    void drop_unwanted();

    const Dedup& dedup_;
    std::size_t slot_count_;
    GroupTable groups_;
    RowStore store_;
    std::vector<std::uint32_t> row_of_group_;
    std::vector<std::uint32_t> group_of_row_;
    Cutoff cutoff_;
  };

  Order order_;
  std::vector<Slot> keys_;
  std::optional<std::size_t> count_;
  std::vector<Slot> slots_;
};

/// The row that was appended last becomes the row of its group, or goes; kNone: it stays anyway.
void Dedup::DedupState::settle(std::uint32_t group) {
  const auto last = static_cast<std::uint32_t>(store_.size() - 1);
  group_of_row_.resize(store_.size());
  group_of_row_[last] = group;
  if (group == kNone) return;
  row_of_group_.resize(groups_.size(), kNone);
  std::uint32_t& row = row_of_group_[group];
  if (row == kNone) {
    row = last;
  } else if (store_.is_before(last, row)) {
    store_.replace_by_last(row);
  } else {
    store_.replace_by_last(last);
  }
}

void Dedup::DedupState::drop_unwanted() {
  if (!dedup_.count_ || store_.size() <= *dedup_.count_ + std::max(kSlack, *dedup_.count_)) return;
  const std::vector<std::uint32_t> rows = store_.trim(*dedup_.count_);
  std::vector<std::uint32_t> groups;
  std::vector<std::uint32_t> group_of_row;
  row_of_group_.clear();
  for (std::uint32_t row = 0; row < rows.size(); ++row) {
    const std::uint32_t group = group_of_row_[rows[row]];
    group_of_row.push_back(group == kNone ? kNone : static_cast<std::uint32_t>(groups.size()));
    if (group == kNone) continue;
    groups.push_back(group);
    row_of_group_.push_back(row);
  }
  group_of_row_ = std::move(group_of_row);
  groups_.keep(groups);
  if (!dedup_.order_.keys.empty()) cutoff_.set(store_, dedup_.order_.keys[0]);
}

Result<void> Dedup::DedupState::check(const RunContext& run) {
  store_.collect_garbage();
  drop_unwanted();
  if (store_.size() > run.groups_max) return bound_reached("dedup", "rows", run.groups_max);
  if (store_.bytes() + groups_.bytes() > run.memory_bytes_max) {
    return bound_reached("dedup", "bytes of memory", run.memory_bytes_max);
  }
  return {};
}

bool lacks_a_key(std::span<const ColumnPtr> keys, std::size_t row, Arena& arena) {
  return std::any_of(keys.begin(), keys.end(), [&](const ColumnPtr& key) {
    const bool may_lack = key->form == Column::Form::values || key->form == Column::Form::words ||
                          key->form == Column::Form::constant || key->is_missing(row);
    if (!may_lack) return false;
    const Value value = key->at(row, arena);
    return value.is_null() || value.is_tree();
  });
}

/// Whether a row of that group may become the row of its group, by the first key of the order.
bool Dedup::DedupState::may_win(Batch& batch, std::size_t row, std::uint32_t group) const {
  if (group >= row_of_group_.size() || row_of_group_[group] == kNone) return true;
  if (dedup_.order_.keys.empty()) return false;
  const OrderKey& key = dedup_.order_.keys[0];
  const Value value = batch.column(key.slot)->at(row, batch.arena());
  return order_of(value, store_.first_key(row_of_group_[group]), key.descending) <= 0;
}

Result<void> Dedup::DedupState::add(Batch& batch, const RunContext& run) {
  cutoff_.apply(batch);
  std::vector<ColumnPtr> keys;
  for (const Slot slot : dedup_.keys_) keys.push_back(batch.column(slot));
  std::vector<std::uint32_t> groups;
  groups_.find(keys, batch.rows(), groups);
  std::vector<std::uint32_t> rows;
  std::vector<std::uint32_t> groups_left;
  for (std::uint32_t row = 0; row < batch.rows(); ++row) {
    const bool has_null = lacks_a_key(keys, row, batch.arena());
    if (!has_null && !may_win(batch, row, groups[row])) continue;
    rows.push_back(row);
    groups_left.push_back(has_null ? kNone : groups[row]);
  }
  batch.keep(rows);
  const std::vector<ColumnPtr> columns = store_.columns(batch);
  for (std::size_t i = 0; i < batch.rows(); ++i) {
    store_.append(columns, i);
    settle(groups_left[i]);
  }
  return check(run);
}

Result<void> Dedup::DedupState::merge(const State& other, const RunContext& run) {
  const auto& from = static_cast<const DedupState&>(other);
  const std::vector<std::uint32_t> map = groups_.merge(from.groups_);
  for (std::size_t row = 0; row < from.store_.size(); ++row) {
    const std::uint32_t group = from.group_of_row_[row];
    store_.append(from.store_, row);
    settle(group == kNone ? kNone : map[group]);
  }
  return check(run);
}

}  // namespace

Result<void> compile_dedup(Compiler& c) {
  WEIR_TRY(const std::vector<std::string> names, name_list(c, "a field"));
  std::vector<Slot> keys;
  for (const std::string& name : names) keys.push_back(c.slot_of(c.field(name)));
  // Of rows that are in order already the first one is the one that came first.
  Order order = c.order().value_or(Order{});
  c.add_gather(std::make_unique<Dedup>(std::move(order), std::move(keys)));
  c.set_order(std::nullopt);
  return {};
}

}  // namespace weir::insights
