// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <utility>

#include "insights/commands/steps.h"

namespace weir::insights {
namespace {

constexpr double kFactorDefault = 2.5;  // User Guide, outlier
constexpr double kFactorMax = 1e6;

struct Options {
  bool removes = false;
  double factor = kFactorDefault;
  bool looks_below = false;
  bool marks = false;
};

struct Fences {
  double low = 0;
  double high = 0;
};

/// Between the two values beside the rank, as far as it lies between them.
double quantile(const std::vector<double>& sorted, double share) {
  const double rank = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(rank);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], rank - static_cast<double>(below));
}

struct OutlierField {
  Slot from = 0;
  Slot to = 0;
  Slot mark = 0;
};

class OutlierStep : public Step {
 public:
  OutlierStep(Options options, std::vector<OutlierField> fields)
      : options_(options), fields_(std::move(fields)) {}
  Result<void> apply(Batch& batch, const RunContext&) const override;
  std::vector<Slot> reads() const override {
    std::vector<Slot> slots;
    for (const OutlierField& field : fields_) slots.push_back(field.from);
    return slots;
  }
  bool keeps_rows() const override { return !options_.removes; }

 private:
  void judge(const OutlierField& field, Batch& batch, std::vector<std::uint8_t>& keeps) const;
  Fences fences_of(std::vector<double> numbers) const;

  Options options_;
  std::vector<OutlierField> fields_;
};

Fences OutlierStep::fences_of(std::vector<double> numbers) const {
  std::ranges::sort(numbers);
  const double first = quantile(numbers, 0.25);
  const double third = quantile(numbers, 0.75);
  const double reach = options_.factor * (third - first);
  return {options_.looks_below ? first - reach : numbers.front(), third + reach};
}

void OutlierStep::judge(const OutlierField& field, Batch& batch,
                        std::vector<std::uint8_t>& keeps) const {
  const ColumnPtr column = batch.column(field.from);
  std::vector<Value> values;
  std::vector<std::optional<double>> numbers;
  std::vector<double> present;
  for (std::size_t i = 0; i < batch.rows(); ++i) {
    values.push_back(column->at(i, batch.arena()));
    const auto number = values[i].kind == Value::Kind::time ? std::nullopt : number_of(values[i]);
    numbers.push_back(number ? std::optional(number->real) : std::nullopt);
    if (number) present.push_back(number->real);
  }
  std::vector<Value> marks(batch.rows());
  if (!present.empty()) {
    const Fences fences = fences_of(std::move(present));
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      if (!numbers[i]) continue;
      const double inside = std::clamp(*numbers[i], fences.low, fences.high);
      const bool is_outlier = inside != *numbers[i];
      marks[i] = Value::of_bool(is_outlier);
      if (!is_outlier) continue;
      values[i] = Value::of(inside);
      keeps[i] = 0;
    }
  }
  batch.set(field.to, std::make_shared<const Column>(Column::of(std::move(values))));
  if (options_.marks) {
    batch.set(field.mark, std::make_shared<const Column>(Column::of(std::move(marks))));
  }
}

Result<void> OutlierStep::apply(Batch& batch, const RunContext&) const {
  std::vector<std::uint8_t> keeps(batch.rows(), 1);
  for (const OutlierField& field : fields_) judge(field, batch, keeps);
  if (options_.removes) batch.keep_marked(keeps);
  return {};
}

Result<double> read_factor(Compiler& c) {
  const Token token = c.peek();
  if (token.kind != Token::Kind::number) return c.unexpected("a number behind param=");
  WEIR_CHECK(c.take());
  if (token.number.real > kFactorMax) {
    return malformed(token.begin, token.end, "param is between 0 and 1000000");
  }
  return token.number.real;
}

Result<Options> read_options(Compiler& c) {
  Options out;
  for (;;) {
    WEIR_TRY(const bool is_action, c.take_option("action"));
    if (is_action) {
      out.removes = c.at_word("remove");
      if (!out.removes && !c.at_word("transform")) return c.unexpected("remove or transform");
      WEIR_CHECK(c.take());
      continue;
    }
    WEIR_TRY(const bool is_factor, c.take_option("param"));
    if (is_factor) {
      WEIR_TRY(out.factor, read_factor(c));
      continue;
    }
    WEIR_TRY(const bool is_lower, c.take_option("uselower"));
    if (is_lower) {
      WEIR_TRY(out.looks_below, c.need_truth());
      continue;
    }
    WEIR_TRY(const bool is_mark, c.take_option("mark"));
    if (!is_mark) return out;
    WEIR_TRY(out.marks, c.need_truth());
  }
}

}  // namespace

/// `outlier [action=remove|transform] [param=2.5] [uselower=false] [mark=false] field ...` (User
/// Guide): numbers beyond the quartiles by more than param times their distance. `mark` adds
/// `field_outlier`, a truth value.
Result<void> compile_outlier(Compiler& c) {
  WEIR_TRY(const Options options, read_options(c));
  std::vector<std::string> names;
  do {
    WEIR_TRY(std::string name, c.need_name("action=, param=, uselower=, mark= or a field"));
    names.push_back(std::move(name));
    if (names.size() > Limits::kItemsMax) return c.unexpected("at most 256 fields");
    WEIR_CHECK(c.take_symbol(","));
  } while (!c.at_end_of_command());
  std::vector<OutlierField> fields;
  for (const std::string& name : names) fields.push_back({.from = c.slot_of(c.field(name))});
  c.put_in_order(std::nullopt);
  for (std::size_t i = 0; i < names.size(); ++i) {
    fields[i].to = c.new_slot();
    c.redefine(names[i], fields[i].to);
    if (!options.marks) continue;
    fields[i].mark = c.new_slot();
    c.redefine(names[i] + "_outlier", fields[i].mark);
  }
  c.add_step(std::make_unique<OutlierStep>(options, std::move(fields)));
  return {};
}

}  // namespace weir::insights
