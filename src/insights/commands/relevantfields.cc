// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "insights/commands/steps.h"
#include "insights/json.h"
#include "insights/rows.h"
#include "insights/sketches.h"

namespace weir::insights {
namespace {

constexpr std::size_t kValuesMax = 10'000;   // different ones of a field; more are not compared
constexpr std::size_t kCategoriesMax = 20;   // more different numbers are compared as numbers
constexpr std::size_t kContributorsMax = 5;  // shown of a field
constexpr double kChanceOfDistance = 1.36;   // Kolmogorov and Smirnov, 95 %
constexpr double kMeanOfDeviation = 0.8;     // of a normal distribution, in deviations
constexpr std::size_t kNodeBytes = 64;

/// Of the events that meet the condition and of the others.
template <class T>
struct Sides {
  T met{};
  T other{};
  T& of(bool is_met) { return is_met ? met : other; }
};
using Counts = Sides<std::int64_t>;

/// One field of all events.
struct FieldCounts {
  Counts present;
  Counts numbers;
  Sides<QuantileSketch> quantiles;
  std::map<std::string, Counts, std::less<>> values;
  bool has_any_value = false;  // more than kValuesMax
  std::size_t value_bytes = 0;

  void add(const Value& value, bool is_met);
  void merge(const FieldCounts& other);
  std::size_t bytes() const {
    return sizeof(FieldCounts) + value_bytes + quantiles.met.bytes() + quantiles.other.bytes();
  }

 private:
  Counts* counts_of(std::string_view text);
  void forget_values();
};

void FieldCounts::forget_values() {
  values.clear();
  value_bytes = 0;
  has_any_value = true;
}

Counts* FieldCounts::counts_of(std::string_view text) {
  if (has_any_value) return nullptr;
  const auto found = values.find(text);
  if (found != values.end()) return &found->second;
  if (values.size() == kValuesMax) {
    forget_values();
    return nullptr;
  }
  value_bytes += text.size() + sizeof(std::string) + sizeof(Counts) + kNodeBytes;
  return &values.emplace(text, Counts()).first->second;
}

void FieldCounts::add(const Value& value, bool is_met) {
  const std::string text = text_of(value);
  if (text.empty() || text == "-") return;  // a flow record's absent field
  ++present.of(is_met);
  if (const auto number = number_of(value)) {
    ++numbers.of(is_met);
    quantiles.of(is_met).add(number->real);
  }
  if (Counts* const counts = counts_of(text)) ++counts->of(is_met);
}

void FieldCounts::merge(const FieldCounts& other) {
  present.met += other.present.met;
  present.other += other.present.other;
  numbers.met += other.numbers.met;
  numbers.other += other.numbers.other;
  quantiles.met.merge(other.quantiles.met);
  quantiles.other.merge(other.quantiles.other);
  if (other.has_any_value) forget_values();
  for (const auto& [text, counts] : other.values) {
    if (Counts* const own = counts_of(text)) {
      own->met += counts.met;
      own->other += counts.other;
    }
  }
}

double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

double rounded(double number) { return std::round(number * 1000) / 1000; }

/// What comes out for one field.
struct Judgement {
  double score = 0;
  std::string contributors;  // of categories
  std::optional<double> median_met;
  std::optional<double> median_other;
};

/// Compares the two sides: how far their distributions are apart, less what chance alone would
/// give with so few events.
class Judge {
 public:
  explicit Judge(Counts events)
      : events_(events),
        spread_(std::sqrt(1 / static_cast<double>(events.met) +
                          1 / static_cast<double>(events.other))) {}
  Judgement of(const FieldCounts& field) const;

 private:
  double distance_of_shares(const FieldCounts& field) const;
  double distance_of_numbers(const FieldCounts& field) const;
  std::string contributors(const FieldCounts& field) const;
  double difference(const Counts& counts) const {
    return share(counts.met, events_.met) - share(counts.other, events_.other);
  }
  /// How much the shares of one value differ by chance, on average.
  double chance(const Counts& counts) const {
    const double pooled = share(counts.met + counts.other, events_.met + events_.other);
    return kMeanOfDeviation * spread_ * std::sqrt(pooled * (1 - pooled));
  }

  Counts events_;
  double spread_;
};

/// Half of all differences of shares: 0 where they are the same, 1 where no value is in both.
double Judge::distance_of_shares(const FieldCounts& field) const {
  const Counts absent{events_.met - field.present.met, events_.other - field.present.other};
  double apart = std::abs(difference(absent));
  double by_chance = chance(absent);
  if (field.has_any_value) {
    apart *= 2;  // only presence is compared
    by_chance *= 2;
  }
  for (const auto& [text, counts] : field.values) {
    apart += std::abs(difference(counts));
    by_chance += chance(counts);
  }
  return std::max(0.0, apart / 2 - by_chance);
}

/// The greatest difference of the shares of events up to some number.
double Judge::distance_of_numbers(const FieldCounts& field) const {
  if (field.numbers.met == 0 || field.numbers.other == 0) return 0;
  double apart = 0;
  for (const QuantileSketch* const side : {&field.quantiles.met, &field.quantiles.other}) {
    for (int percent = 1; percent <= 100; ++percent) {
      const double bound = side->at(percent);
      apart = std::max(
          apart, std::abs(share(field.quantiles.met.count_up_to(bound), field.numbers.met) -
                          share(field.quantiles.other.count_up_to(bound), field.numbers.other)));
    }
  }
  return std::max(0.0, apart - kChanceOfDistance * spread_);
}

std::string Judge::contributors(const FieldCounts& field) const {
  std::vector<std::pair<double, const std::pair<const std::string, Counts>*>> order;
  for (const auto& value : field.values)
    order.push_back({-std::abs(difference(value.second)), &value});
  const std::size_t count = std::min(kContributorsMax, order.size());
  std::ranges::partial_sort(
      order, order.begin() + static_cast<std::ptrdiff_t>(count), [](const auto& a, const auto& b) {
        return std::tie(a.first, a.second->first) < std::tie(b.first, b.second->first);
      });
  std::string out = "[";
  for (std::size_t i = 0; i < count; ++i) {
    const auto& [text, counts] = *order[i].second;
    if (i > 0) out += ',';
    out += "{\"value\":";
    append_json_string(text, out);
    out += ",\"conditional\":" + format_number(rounded(share(counts.met, events_.met))) +
           ",\"baseline\":" + format_number(rounded(share(counts.other, events_.other))) + '}';
  }
  return out + ']';
}

Judgement Judge::of(const FieldCounts& field) const {
  Judgement out;
  const bool has_only_numbers =
      field.numbers.met == field.present.met && field.numbers.other == field.present.other;
  const bool is_numeric =
      has_only_numbers && (field.has_any_value || field.values.size() > kCategoriesMax);
  if (!is_numeric) {
    out.score = rounded(distance_of_shares(field));
    if (!field.values.empty()) out.contributors = contributors(field);
    return out;
  }
  const Counts absent{events_.met - field.present.met, events_.other - field.present.other};
  const double by_presence = std::abs(difference(absent)) - 2 * chance(absent);
  out.score = rounded(std::max(distance_of_numbers(field), by_presence));
  if (field.numbers.met > 0) out.median_met = field.quantiles.met.at(50);
  if (field.numbers.other > 0) out.median_other = field.quantiles.other.at(50);
  return out;
}

class RelevantFields : public Gather {
 public:
  struct Named {
    std::string name;
    Slot slot = 0;
  };
  struct Outputs {
    Slot name = 0;
    Slot score = 0;
    Slot contributors = 0;
    Slot median_met = 0;
    Slot median_other = 0;
  };
  /// `all`: the slot of the map of every field of the event.
  RelevantFields(std::vector<Named> named, std::optional<Slot> all, ExpressionPtr condition,
                 Outputs outputs)
      : named_(std::move(named)), all_(all), condition_(std::move(condition)), outputs_(outputs) {}
  std::unique_ptr<State> begin(const RunContext& run) const override {
    return std::make_unique<FieldsState>(*this, run.slots);
  }
  std::vector<Slot> reads() const override {
    std::vector<Slot> slots;
    for (const Named& one : named_) slots.push_back(one.slot);
    if (all_) slots.push_back(*all_);
    collect_slots(*condition_, slots);
    return slots;
  }

 private:
  class FieldsState : public State {
   public:
    FieldsState(const RelevantFields& command, std::size_t slot_count)
        : command_(command), slot_count_(slot_count) {}
    Result<void> add(Batch& batch, const RunContext& run) override;
    Result<void> merge(const State& other, const RunContext& run) override;
    Result<Batch> finish(const RunContext& run) const override;
    std::size_t size() const override { return values_; }

   private:
    Result<void> check(const RunContext& run);
    FieldCounts& counts_of_field(const std::string& name) { return fields_[name]; }
    bool is_named(std::string_view name) const {
      return std::ranges::any_of(command_.named_,
                                 [&](const Named& one) { return one.name == name; });
    }

    const RelevantFields& command_;
    std::size_t slot_count_;
    std::size_t values_ = 0;
    Counts events_;
    std::map<std::string, FieldCounts, std::less<>> fields_;
  };

  std::vector<Named> named_;
  std::optional<Slot> all_;
  ExpressionPtr condition_;
  Outputs outputs_;
};

Result<void> RelevantFields::FieldsState::check(const RunContext& run) {
  std::size_t bytes = 0;
  values_ = 0;
  for (const auto& [name, counts] : fields_) {
    bytes += name.size() + kNodeBytes + counts.bytes();
    values_ += counts.values.size();
  }
  if (bytes > run.memory_bytes_max) {
    return bound_reached("relevantfields", "bytes of memory", run.memory_bytes_max);
  }
  return {};
}

Result<void> RelevantFields::FieldsState::add(Batch& batch, const RunContext& run) {
  const std::vector<std::uint8_t> met = evaluate_marks(*command_.condition_, batch, run);
  for (const std::uint8_t one : met) ++events_.of(one != 0);
  Arena& arena = batch.arena();
  for (const Named& one : command_.named_) {
    const ColumnPtr column = batch.column(one.slot);
    FieldCounts& counts = counts_of_field(one.name);
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const Value value = column->at(i, arena);
      if (!value.is_null() && !value.is_tree()) counts.add(value, met[i] != 0);
    }
  }
  if (command_.all_) {
    const ColumnPtr column = batch.column(*command_.all_);
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      json_flatten(column->at(i, arena).text, kDiscoveredMax, arena,
                   [&](const std::string& name, const Value& value) {
                     if (!is_named(name)) counts_of_field(name).add(value, met[i] != 0);
                   });
    }
  }
  return check(run);
}

Result<void> RelevantFields::FieldsState::merge(const State& other, const RunContext& run) {
  const auto& from = static_cast<const FieldsState&>(other);
  events_.met += from.events_.met;
  events_.other += from.events_.other;
  for (const auto& [name, counts] : from.fields_) counts_of_field(name).merge(counts);
  return check(run);
}

Result<Batch> RelevantFields::FieldsState::finish(const RunContext&) const {
  std::array<std::vector<Value>, 5> columns;
  auto arena = std::make_shared<Arena>();
  if (events_.met > 0 && events_.other > 0) {
    const Judge judge(events_);
    for (const auto& [name, counts] : fields_) {
      const Judgement found = judge.of(counts);
      const auto number = [](std::optional<double> value) {
        return value ? Value::of(*value) : Value();
      };
      columns[0].push_back(Value::of(arena->copy(name)));
      columns[1].push_back(Value::of(found.score));
      columns[2].push_back(
          found.contributors.empty() ? Value() : Value::of_tree(arena->copy(found.contributors)));
      columns[3].push_back(number(found.median_met));
      columns[4].push_back(number(found.median_other));
    }
  }
  Batch batch(slot_count_, columns[0].size(), nullptr);
  batch.hold(arena);
  const Outputs& outputs = command_.outputs_;
  const Slot slots[] = {outputs.name, outputs.score, outputs.contributors, outputs.median_met,
                        outputs.median_other};
  for (std::size_t k = 0; k < columns.size(); ++k) {
    batch.set(slots[k], std::make_shared<const Column>(Column::of(std::move(columns[k]))));
  }
  return batch;
}

/// The fields that are compared where none is named: of events all that are discovered, the stream
/// and the group, and what commands have made; of other rows all.
std::vector<std::string> all_names(const Compiler& c) {
  std::vector<std::string> names = c.known_names();
  if (c.is_closed()) return names;
  std::erase_if(names, [](const std::string& name) { return find_system_field(name).has_value(); });
  names.emplace_back("@logStream");
  names.emplace_back("@log");
  return names;
}

}  // namespace

/// `relevantfields [field, ...] where condition` (User Guide): the fields that tell the events that
/// meet a condition from the others.
Result<void> compile_relevantfields(Compiler& c) {
  std::optional<Slot> all;
  std::vector<std::string> names;
  if (!c.at_word("where")) {
    WEIR_TRY(names, name_list(c, "where or a field"));
  } else {
    names = all_names(c);
    if (!c.is_closed()) all = c.system_slot(SystemField::fields);
  }
  WEIR_CHECK(c.need_word("where"));
  WEIR_TRY(ExpressionPtr condition, c.expression());
  std::vector<RelevantFields::Named> named;
  for (const std::string& name : names) named.push_back({name, c.slot_of(c.field(name))});
  const RelevantFields::Outputs slots{.name = c.new_slot(),
                                      .score = c.new_slot(),
                                      .contributors = c.new_slot(),
                                      .median_met = c.new_slot(),
                                      .median_other = c.new_slot()};
  c.add_gather(
      std::make_unique<RelevantFields>(std::move(named), all, std::move(condition), slots));
  std::vector<OutputColumn> outputs = {{"@fieldName", slots.name},
                                       {"@relevanceScore", slots.score},
                                       {"@topRelevanceContributors", slots.contributors},
                                       {"@conditionalMedian", slots.median_met},
                                       {"@baselineMedian", slots.median_other}};
  c.set_rows_are_events(false);
  c.set_order(Order{{{slots.score, true}, {slots.name, false}}, std::nullopt});
  c.close_names(outputs);
  c.show_only(std::move(outputs));
  c.clear_limit();
  return {};
}

}  // namespace weir::insights
