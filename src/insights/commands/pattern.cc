// SPDX-License-Identifier: Apache-2.0
#include "insights/commands/pattern.h"

#include "insights/commands/anomaly.h"
#include "insights/group_table.h"
#include "insights/rows.h"

namespace weir::insights {
namespace {

class TemplateStep : public Step {
 public:
  TemplateStep(ExpressionPtr from, Slot slot) : from_(std::move(from)), slot_(slot) {}
  Result<void> apply(Batch& batch, const RunContext& run) const override {
    const ColumnPtr from = evaluate(*from_, batch, run);
    Column column;
    column.form = Column::Form::values;
    column.values.resize(batch.rows());
    std::string made;
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const Value value = from->at(i, batch.arena());
      if (value.is_null() || value.is_tree()) continue;
      made.clear();
      append_pattern(text_in(value, batch.arena()), made);
      column.values[i] = Value::of(batch.arena().copy(made));
    }
    batch.set(slot_, std::make_shared<const Column>(std::move(column)));
    return {};
  }
  std::vector<Slot> reads() const override {
    std::vector<Slot> slots;
    collect_slots(*from_, slots);
    return slots;
  }

 private:
  ExpressionPtr from_;
  Slot slot_;
};

/// `@ratio` and `@severityLabel`, from all rows.
class RatioStep : public Step {
 public:
  RatioStep(Slot pattern, Slot count, Slot ratio, Slot severity)
      : pattern_(pattern), count_(count), ratio_(ratio), severity_(severity) {}
  Result<void> apply(Batch& batch, const RunContext&) const override {
    const ColumnPtr counts = batch.column(count_);
    const ColumnPtr patterns = batch.column(pattern_);
    double total = 0;
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      total += number_of(counts->at(i, batch.arena())).value_or(Number{}).real;
    }
    Column ratio;
    Column severity;
    ratio.form = severity.form = Column::Form::values;
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const double count = number_of(counts->at(i, batch.arena())).value_or(Number{}).real;
      ratio.values.push_back(total == 0 ? Value() : Value::of(count / total));
      severity.values.push_back(Value::of(severity_of(patterns->at(i, batch.arena()).text)));
    }
    batch.set(ratio_, std::make_shared<const Column>(std::move(ratio)));
    batch.set(severity_, std::make_shared<const Column>(std::move(severity)));
    return {};
  }
  std::vector<Slot> reads() const override { return {pattern_, count_}; }

 private:
  Slot pattern_;
  Slot count_;
  Slot ratio_;
  Slot severity_;
};

}  // namespace

class PatternGather::PatternState : public Gather::State {
 public:
  PatternState(const Slots& slots, std::size_t slot_count)
      : slots_(slots), slot_count_(slot_count), groups_(1) {}
  Result<void> add(Batch& batch, const RunContext& run) override;
  Result<void> merge(const State& other, const RunContext& run) override;
  Result<Batch> finish(const RunContext& run) const override;
  std::size_t size() const override { return groups_.size(); }

 private:
  struct Counts {
    std::int64_t now = 0;
    std::int64_t earlier = 0;
  };
  void watch(Batch& batch, const Column& times);
  Result<void> check(const RunContext& run) const;

  const Slots& slots_;
  std::size_t slot_count_;
  GroupTable groups_;
  std::vector<Counts> counts_;
  std::vector<PatternCourse> courses_;  // where they are watched
  std::size_t course_bytes_ = 0;
  std::vector<std::uint32_t> group_of_row_;
};

Result<void> PatternGather::PatternState::check(const RunContext& run) const {
  if (groups_.size() > run.groups_max) return bound_reached("pattern", "groups", run.groups_max);
  if (groups_.bytes() + counts_.size() * sizeof(Counts) + course_bytes_ > run.memory_bytes_max) {
    return bound_reached("pattern", "bytes of memory", run.memory_bytes_max);
  }
  return {};
}

Result<void> PatternGather::PatternState::add(Batch& batch, const RunContext& run) {
  if (batch.rows() == 0) return {};
  const ColumnPtr keys[] = {batch.column(slots_.template_text)};
  groups_.find(keys, batch.rows(), group_of_row_);
  counts_.resize(groups_.size());
  const bool needs_times = slots_.earlier || slots_.findings;
  const ColumnPtr times = needs_times ? batch.column(*slots_.timestamp) : nullptr;
  for (std::size_t i = 0; i < batch.rows(); ++i) {
    Counts& counts = counts_[group_of_row_[i]];
    const bool is_earlier = slots_.earlier && times->at(i, batch.arena()).integer < run.from_ms;
    ++(is_earlier ? counts.earlier : counts.now);
  }
  if (slots_.findings) watch(batch, *times);
  return check(run);
}

void PatternGather::PatternState::watch(Batch& batch, const Column& times) {
  courses_.resize(groups_.size());
  const ColumnPtr source = batch.column(slots_.source);
  std::string made;
  std::vector<PatternVariable> variables;
  for (std::size_t i = 0; i < batch.rows(); ++i) {
    const Value value = source->at(i, batch.arena());
    const Value time = times.at(i, batch.arena());
    if (value.is_null() || value.is_tree() || time.kind != Value::Kind::time) continue;
    made.clear();
    variables.clear();
    append_pattern(text_in(value, batch.arena()), made, &variables);
    PatternCourse& course = courses_[group_of_row_[i]];
    course_bytes_ -= course.bytes();
    course.add(time.integer, variables);
    course_bytes_ += course.bytes();
  }
}

Result<void> PatternGather::PatternState::merge(const State& other, const RunContext& run) {
  const auto& from = static_cast<const PatternState&>(other);
  const std::vector<std::uint32_t> map = groups_.merge(from.groups_);
  counts_.resize(groups_.size());
  if (slots_.findings) courses_.resize(groups_.size());
  for (std::size_t group = 0; group < map.size(); ++group) {
    Counts& counts = counts_[map[group]];
    counts.now += from.counts_[group].now;
    counts.earlier += from.counts_[group].earlier;
    if (group >= from.courses_.size()) continue;
    PatternCourse& course = courses_[map[group]];
    course_bytes_ -= course.bytes();
    course.merge(from.courses_[group]);
    course_bytes_ += course.bytes();
  }
  return check(run);
}

Result<Batch> PatternGather::PatternState::finish(const RunContext&) const {
  const std::size_t size = groups_.size();
  Batch batch(slot_count_, size, nullptr);
  const auto set = [&batch](Slot slot, Column column) {
    batch.set(slot, std::make_shared<const Column>(std::move(column)));
  };
  set(slots_.pattern, groups_.column(0, batch.arena()));
  std::vector<Value> now;
  std::vector<Value> earlier;
  for (const Counts& counts : counts_) {
    now.push_back(Value::of(counts.now));
    earlier.push_back(Value::of(counts.earlier));
  }
  set(slots_.count, Column::of(std::move(now)));
  if (slots_.earlier) set(*slots_.earlier, Column::of(std::move(earlier)));
  if (slots_.findings) {
    const AnomalyFrame frame = AnomalyFrame::of(courses_);
    std::vector<Value> findings(size);
    for (std::size_t group = 0; group < courses_.size(); ++group) {
      const Value pattern = groups_.key(group, 0, batch.arena());
      const std::string found = find_anomalies(pattern.text, courses_[group], frame);
      if (!found.empty()) findings[group] = Value::of_tree(batch.arena().copy(found));
    }
    set(*slots_.findings, Column::of(std::move(findings)));
  }
  return batch;
}

std::unique_ptr<Gather::State> PatternGather::begin(const RunContext& run) const {
  return std::make_unique<PatternState>(slots_, run.slots);
}

std::vector<Slot> PatternGather::reads() const {
  std::vector<Slot> slots = {slots_.template_text};
  if (slots_.findings) slots.push_back(slots_.source);
  if (slots_.findings || slots_.earlier) slots.push_back(*slots_.timestamp);
  return slots;
}

void add_pattern(Compiler& c, ExpressionPtr from, bool is_compared) {
  PatternGather::Slots slots;
  slots.source = c.slot_of(std::move(from));
  slots.template_text = c.new_slot();
  slots.pattern = c.new_slot();
  slots.count = c.new_slot();
  if (is_compared) slots.earlier = c.new_slot();
  if (c.rows_are_events()) slots.timestamp = c.system_slot(SystemField::timestamp);
  c.add_step(std::make_unique<TemplateStep>(make_slot(slots.source), slots.template_text));
  auto gather = std::make_unique<PatternGather>(slots);
  PatternGather* const pattern = gather.get();
  c.add_gather(std::move(gather));
  const Slot ratio = c.new_slot();
  const Slot severity = c.new_slot();
  c.add_step(std::make_unique<RatioStep>(slots.pattern, slots.count, ratio, severity));
  std::vector<OutputColumn> outputs = {{"@pattern", slots.pattern},
                                       {"@ratio", ratio},
                                       {"@sampleCount", slots.count},
                                       {"@severityLabel", severity}};
  Order order{{{slots.count, true}, {slots.pattern, false}}, std::nullopt};
  if (is_compared) {
    order = add_difference(c, slots.count, *slots.earlier, slots.pattern, outputs);
  }
  c.set_rows_are_events(false);
  c.set_order(std::move(order));
  c.close_names(outputs);
  c.show_only(std::move(outputs));
  c.clear_limit();
  if (!is_compared) c.pattern = pattern;
}

Result<void> compile_pattern(Compiler& c) {
  WEIR_TRY(ExpressionPtr from, c.expression());
  const std::size_t begin = c.last_end();
  WEIR_TRY(const bool is_compared, take_diff(c));
  if (is_compared && !c.rows_are_events()) {
    return c.error_from(begin, "a comparison of times needs log events, before every stats");
  }
  add_pattern(c, std::move(from), is_compared);
  return {};
}

}  // namespace weir::insights
