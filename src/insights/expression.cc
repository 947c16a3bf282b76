// SPDX-License-Identifier: Apache-2.0
#include "insights/expression.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <unordered_set>

#include "insights/arithmetic.h"
#include "insights/json.h"
#include "net/address.h"

namespace weir::insights {
namespace {

using Form = Column::Form;
using Marks = std::vector<std::uint8_t>;

/// The value of a row; a text that has to be made stands in `buffer` until the next call.
struct RowText {
  char buffer[net::Address::kWriteMax];
};
Value value_at(const Column& column, std::size_t row, RowText& text) {
  switch (column.form) {
    case Form::addresses: {
      if (column.is_missing(row)) return column.missing;
      const char* const end = net::Address::v4(column.codes[row]).write(text.buffer);
      return Value::of({text.buffer, static_cast<std::size_t>(end - text.buffer)});
    }
    case Form::constant:
      return column.constant;
    case Form::integers:
      if (column.is_missing(row)) return column.missing;
      return column.is_time ? Value::of_time(column.integers[row])
                            : Value::of(column.integers[row]);
    case Form::reals:
      return column.is_missing(row) ? column.missing : Value::of(column.reals[row]);
    case Form::words:
      return (*column.words)[column.codes[row]];
    case Form::values:
      break;
  }
  return column.values[row];
}

/// Marks the rows whose value satisfies `test`; each distinct word is tested once.
template <class Test>
Marks mark_values(const Column& column, std::size_t rows, Test test) {
  if (column.form == Form::constant) return Marks(rows, test(column.constant) ? 1 : 0);
  Marks marks(rows);
  if (column.form == Form::words) {
    Marks of_word(column.words->size());
    for (std::size_t i = 0; i < of_word.size(); ++i) of_word[i] = test((*column.words)[i]) ? 1 : 0;
    for (std::size_t i = 0; i < rows; ++i) marks[i] = of_word[column.codes[i]];
    return marks;
  }
  RowText text;
  for (std::size_t i = 0; i < rows; ++i) marks[i] = test(value_at(column, i, text)) ? 1 : 0;
  return marks;
}

ColumnPtr as_column(Marks marks) {
  auto column = std::make_shared<Column>();
  column->form = Form::integers;
  column->integers.assign(marks.begin(), marks.end());
  return column;
}

bool holds(Operator op, std::partial_ordering order) {
  switch (op) {
    case Operator::equal:
      return order == 0;
    case Operator::not_equal:
      return order < 0 || order > 0;
    case Operator::less:
      return order < 0;
    case Operator::less_equal:
      return order <= 0;
    case Operator::greater:
      return order > 0;
    case Operator::greater_equal:
      return order >= 0;
    default:
      return false;
  }
}

template <class T, class Compare>
void mark_numbers(std::span<const T> values, T with, Compare compare_two, Marks& marks) {
  for (std::size_t i = 0; i < values.size(); ++i) marks[i] = compare_two(values[i], with) ? 1 : 0;
}

template <class T>
void mark_numbers(Operator op, std::span<const T> values, T with, Marks& marks) {
  switch (op) {
    case Operator::equal:
      return mark_numbers(values, with, std::equal_to<T>(), marks);
    case Operator::not_equal:
      return mark_numbers(values, with, std::not_equal_to<T>(), marks);
    case Operator::less:
      return mark_numbers(values, with, std::less<T>(), marks);
    case Operator::less_equal:
      return mark_numbers(values, with, std::less_equal<T>(), marks);
    case Operator::greater:
      return mark_numbers(values, with, std::greater<T>(), marks);
    default:
      return mark_numbers(values, with, std::greater_equal<T>(), marks);
  }
}

/// Rows that are missing, by their value.
void mark_missing(const Column& column, Operator op, const Value& with, Marks& marks) {
  if (column.nulls.empty()) return;
  const std::uint8_t mark = holds(op, compare(column.missing, with)) ? 1 : 0;
  for (std::size_t i = 0; i < marks.size(); ++i) {
    if (column.nulls[i] != 0) marks[i] = mark;
  }
}

Marks compare_with(Operator op, const Column& column, const Value& with, std::size_t rows) {
  Marks marks(rows);
  const auto number = number_of(with);
  if (column.form == Form::integers && number && number->is_integer) {
    mark_numbers<std::int64_t>(op, column.integers, number->integer, marks);
    mark_missing(column, op, with, marks);
    return marks;
  }
  if (column.form == Form::addresses && with.kind == Value::Kind::text &&
      (op == Operator::equal || op == Operator::not_equal)) {
    const auto address = net::Address::parse(with.text);
    if (address && address->is_v4()) {
      mark_numbers<std::uint32_t>(op, column.codes, address->v4_value(), marks);
      mark_missing(column, op, with, marks);
      return marks;
    }
  }
  return mark_values(column, rows,
                     [&](const Value& value) { return holds(op, compare(value, with)); });
}

Operator mirrored(Operator op) {
  switch (op) {
    case Operator::less:
      return Operator::greater;
    case Operator::less_equal:
      return Operator::greater_equal;
    case Operator::greater:
      return Operator::less;
    case Operator::greater_equal:
      return Operator::less_equal;
    default:
      return op;
  }
}

Marks compare_columns(const Expression& e, Batch& batch, const RunContext& run) {
  const ColumnPtr left = evaluate(*e.args[0], batch, run);
  const ColumnPtr right = evaluate(*e.args[1], batch, run);
  if (right->form == Form::constant) {
    return compare_with(e.op, *left, right->constant, batch.rows());
  }
  if (left->form == Form::constant) {
    return compare_with(mirrored(e.op), *right, left->constant, batch.rows());
  }
  Marks marks(batch.rows());
  RowText a;
  RowText b;
  for (std::size_t i = 0; i < marks.size(); ++i) {
    marks[i] = holds(e.op, compare(value_at(*left, i, a), value_at(*right, i, b))) ? 1 : 0;
  }
  return marks;
}

Marks like(const Expression& e, Batch& batch, const RunContext& run) {
  const ColumnPtr column = evaluate(*e.args[0], batch, run);
  std::string made;
  return mark_values(*column, batch.rows(), [&](const Value& value) {
    if (value.is_null() || value.is_tree()) return false;
    std::string_view text = value.text;
    if (value.kind != Value::Kind::text) {
      made.clear();
      append_text(value, made);
      text = made;
    }
    return e.regex ? e.regex->search(text) : text.find(e.text) != std::string_view::npos;
  });
}

/// Both columns as integers: a constant gives one for all rows.
struct Integers {
  const std::int64_t* values = nullptr;
  std::int64_t constant = 0;
  std::int64_t operator[](std::size_t row) const {
    return values != nullptr ? values[row] : constant;
  }
};
std::optional<Integers> integers_of(const Column& column) {
  if (column.form == Form::integers && column.nulls.empty()) {
    return Integers{column.integers.data(), 0};
  }
  if (column.form != Form::constant) return std::nullopt;
  const auto number = number_of(column.constant);
  if (!number || !number->is_integer) return std::nullopt;
  return Integers{nullptr, number->integer};
}

/// Nothing if a result is no integer.
std::optional<Column> integer_arithmetic(Operator op, const Integers& a, const Integers& b,
                                         std::size_t rows) {
  Column out;
  out.form = Form::integers;
  out.integers.resize(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto result = arithmetic(op, Number::of(a[i]), Number::of(b[i]));
    if (!result || !result->is_integer) return std::nullopt;
    out.integers[i] = result->integer;
  }
  return out;
}

Value binary_value(Operator op, const Value& a, const Value& b) {
  const auto x = number_of(a);
  const auto y = number_of(b);
  const auto result = x && y ? arithmetic(op, *x, *y) : std::nullopt;
  if (!result) return {};
  return result->is_integer ? Value::of(result->integer) : Value::of(result->real);
}

ColumnPtr binary(const Expression& e, Batch& batch, const RunContext& run) {
  const ColumnPtr left = evaluate(*e.args[0], batch, run);
  const ColumnPtr right = evaluate(*e.args[1], batch, run);
  if (left->form == Form::constant && right->form == Form::constant) {
    return Column::of(binary_value(e.op, left->constant, right->constant));
  }
  const auto a = integers_of(*left);
  const auto b = integers_of(*right);
  if (a && b) {
    if (auto out = integer_arithmetic(e.op, *a, *b, batch.rows())) {
      return std::make_shared<const Column>(*std::move(out));
    }
  }
  auto out = std::make_shared<Column>();
  out->form = Form::values;
  out->values.resize(batch.rows());
  RowText x;
  RowText y;
  for (std::size_t i = 0; i < batch.rows(); ++i) {
    out->values[i] = binary_value(e.op, value_at(*left, i, x), value_at(*right, i, y));
  }
  return out;
}

ColumnPtr negate(const Expression& e, Batch& batch, const RunContext& run) {
  const ColumnPtr column = evaluate(*e.args[0], batch, run);
  const Value zero = Value::of(std::int64_t{0});
  auto out = std::make_shared<Column>();
  out->form = Form::values;
  out->values.resize(batch.rows());
  RowText text;
  for (std::size_t i = 0; i < batch.rows(); ++i) {
    out->values[i] = binary_value(Operator::subtract, zero, value_at(*column, i, text));
  }
  return out;
}

ColumnPtr path(const Expression& e, Batch& batch, const RunContext& run) {
  const ColumnPtr column = evaluate(*e.args[0], batch, run);
  auto out = std::make_shared<Column>();
  out->form = Form::values;
  out->values.resize(batch.rows());
  for (std::size_t i = 0; i < batch.rows(); ++i) {
    const Value value = column->at(i, batch.arena());
    if (value.is_tree()) out->values[i] = json_find(value.text, e.text, batch.arena());
  }
  return out;
}

/// A call whose arguments are constants but for one that is a column of words: once for each word.
ColumnPtr call_by_word(const Expression& e, std::span<const ColumnPtr> columns, std::size_t varying,
                       const CallContext& context) {
  std::vector<Value> arguments(columns.size());
  for (std::size_t k = 0; k < columns.size(); ++k) arguments[k] = columns[k]->constant;
  auto words = std::make_shared<std::vector<Value>>();
  words->reserve(columns[varying]->words->size());
  for (const Value& word : *columns[varying]->words) {
    arguments[varying] = word;
    words->push_back(e.function->call(arguments, context));
  }
  auto out = std::make_shared<Column>();
  out->form = Form::words;
  out->codes = columns[varying]->codes;
  out->words = std::move(words);
  return out;
}

/// Times by a fixed period, which is what almost every query over time asks for.
ColumnPtr floor_column(const Column& times, std::int64_t period) {
  auto out = std::make_shared<Column>();
  out->form = Form::integers;
  out->is_time = true;
  out->integers.resize(times.integers.size());
  std::int64_t begin = 1;
  std::int64_t end = 0;
  for (std::size_t i = 0; i < out->integers.size(); ++i) {
    const std::int64_t ms = times.integers[i];
    if (ms < begin || ms >= end) {
      begin = floor_time(ms, period);
      end = begin + period;
    }
    out->integers[i] = begin;
  }
  return out;
}

std::optional<ColumnPtr> call_fast(const Expression& e, std::span<const ColumnPtr> columns,
                                   std::size_t rows) {
  if (columns.size() != 2 || columns[1]->form != Form::constant) return std::nullopt;
  const Column& column = *columns[0];
  const Value& second = columns[1]->constant;
  if (column.form == Form::integers && column.is_time && column.nulls.empty() &&
      (e.function->name == "bin" || e.function->name == "datefloor") && second.integer > 0) {
    return floor_column(column, second.integer);
  }
  if (column.form == Form::addresses &&
      (e.function->name == "isIpv4InSubnet" || e.function->name == "isIpInSubnet")) {
    const auto prefix = net::Prefix::parse(second.text);
    if (!prefix || !prefix->is_v4()) return std::nullopt;
    const std::uint32_t mask =
        prefix->length() == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix->length());
    const std::uint32_t network = prefix->address().v4_value() & mask;
    Marks marks(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      marks[i] = (column.codes[i] & mask) == network && !column.is_missing(i) ? 1 : 0;
    }
    return as_column(std::move(marks));
  }
  return std::nullopt;
}

ColumnPtr call(const Expression& e, Batch& batch, const RunContext& run) {
  const CallContext context{batch.arena(), run, e.regex.get()};
  std::vector<ColumnPtr> columns;
  std::size_t varying = 0;
  std::size_t varying_count = 0;
  for (const ExpressionPtr& arg : e.args) {
    columns.push_back(evaluate(*arg, batch, run));
    if (columns.back()->form == Form::constant) continue;
    varying = columns.size() - 1;
    ++varying_count;
  }
  if (auto fast = call_fast(e, columns, batch.rows())) return *std::move(fast);
  if (varying_count == 1 && columns[varying]->form == Form::words) {
    return call_by_word(e, columns, varying, context);
  }
  std::vector<Value> arguments(columns.size());
  if (varying_count == 0) {
    for (std::size_t k = 0; k < columns.size(); ++k) arguments[k] = columns[k]->constant;
    return Column::of(e.function->call(arguments, context));
  }
  auto out = std::make_shared<Column>();
  out->form = Form::values;
  out->values.resize(batch.rows());
  for (std::size_t i = 0; i < batch.rows(); ++i) {
    for (std::size_t k = 0; k < columns.size(); ++k) {
      arguments[k] = columns[k]->at(i, batch.arena());
    }
    out->values[i] = e.function->call(arguments, context);
  }
  return out;
}

}  // namespace

struct ValueSet::Impl {
  std::unordered_set<std::int64_t> integers;
  std::set<double> reals;
  std::unordered_set<std::string> texts;
};

ValueSet::ValueSet() : impl_(std::make_unique<Impl>()) {}
ValueSet::~ValueSet() = default;
ValueSet::ValueSet(ValueSet&&) noexcept = default;
ValueSet& ValueSet::operator=(ValueSet&&) noexcept = default;

void ValueSet::add(const Value& value) {
  if (value.is_null() || value.is_tree()) return;
  if (const auto number = number_of(value)) {
    if (number->is_integer) impl_->integers.insert(number->integer);
    impl_->reals.insert(number->real);
  } else {
    impl_->texts.emplace(value.text);
  }
}

bool ValueSet::contains(const Value& value) const {
  if (value.is_null() || value.is_tree()) return false;
  if (const auto number = number_of(value)) {
    if (number->is_integer && impl_->integers.contains(number->integer)) return true;
    return !number->is_integer && impl_->reals.contains(number->real);
  }
  return impl_->texts.contains(std::string(value.text));
}

std::size_t ValueSet::size() const { return impl_->reals.size() + impl_->texts.size(); }

std::vector<Value> ValueSet::values() const {
  std::vector<Value> out;
  for (const std::int64_t integer : impl_->integers) out.push_back(Value::of(integer));
  for (const double real : impl_->reals) {
    const bool is_integer = std::trunc(real) == real && std::abs(real) < 9e15;
    if (!is_integer) out.push_back(Value::of(real));
  }
  for (const std::string& text : impl_->texts) out.push_back(Value::of(std::string_view(text)));
  return out;
}

bool may_be_true(const Expression& expression, const FieldFacts& facts) {
  using Kind = Expression::Kind;
  const auto& args = expression.args;
  switch (expression.kind) {
    case Kind::logic_and:
      return may_be_true(*args[0], facts) && may_be_true(*args[1], facts);
    case Kind::logic_or:
      return may_be_true(*args[0], facts) || may_be_true(*args[1], facts);
    case Kind::binary: {
      if (expression.op != Operator::equal) return true;
      const bool is_first = args[0]->kind == Kind::slot && args[1]->is_constant();
      const bool is_second = args[1]->kind == Kind::slot && args[0]->is_constant();
      if (!is_first && !is_second) return true;
      return facts.may_equal(args[is_first ? 0 : 1]->slot, args[is_first ? 1 : 0]->constant);
    }
    case Kind::in_list:
      return args[0]->kind != Kind::slot ||
             std::ranges::any_of(expression.set->values(), [&](const Value& value) {
               return facts.may_equal(args[0]->slot, value);
             });
    default:
      return true;
  }
}

ExpressionPtr make_constant(Value value) {
  auto out = std::make_unique<Expression>();
  out->text = std::string(value.text);
  out->constant = value;
  out->constant.text = out->text;
  return out;
}

ExpressionPtr make_slot(Slot slot) {
  auto out = std::make_unique<Expression>();
  out->kind = Expression::Kind::slot;
  out->slot = slot;
  return out;
}

void collect_slots(const Expression& expression, std::vector<Slot>& out) {
  if (expression.kind == Expression::Kind::slot) out.push_back(expression.slot);
  for (const ExpressionPtr& arg : expression.args) collect_slots(*arg, out);
}

std::optional<Number> arithmetic(Operator op, const Number& a, const Number& b) {
  std::int64_t result = 0;
  const bool integers = a.is_integer && b.is_integer;
  switch (op) {
    case Operator::add:
      if (integers && !__builtin_add_overflow(a.integer, b.integer, &result)) break;
      return Number::of(a.real + b.real);
    case Operator::subtract:
      if (integers && !__builtin_sub_overflow(a.integer, b.integer, &result)) break;
      return Number::of(a.real - b.real);
    case Operator::multiply:
      if (integers && !__builtin_mul_overflow(a.integer, b.integer, &result)) break;
      return Number::of(a.real * b.real);
    case Operator::divide:
      if (b.real == 0) return std::nullopt;
      if (integers && b.integer != -1 && a.integer % b.integer == 0) {
        result = a.integer / b.integer;
        break;
      }
      return Number::of(a.real / b.real);
    case Operator::modulo:
      if (b.real == 0) return std::nullopt;
      if (integers) {
        result = b.integer == -1 ? 0 : a.integer % b.integer;
        break;
      }
      return Number::of(std::fmod(a.real, b.real));
    case Operator::power: {
      const double power = std::pow(a.real, b.real);
      constexpr double kExactMax = 9007199254740992.0;
      if (!std::isfinite(power)) return std::nullopt;
      if (!integers || std::abs(power) >= kExactMax || power != std::trunc(power)) {
        return Number::of(power);
      }
      result = static_cast<std::int64_t>(power);
      break;
    }
    default:
      return std::nullopt;
  }
  return Number::of(result);
}

std::vector<std::uint8_t> evaluate_marks(const Expression& e, Batch& batch, const RunContext& run) {
  using Kind = Expression::Kind;
  switch (e.kind) {
    case Kind::logic_and:
    case Kind::logic_or: {
      Marks marks = evaluate_marks(*e.args[0], batch, run);
      const Marks other = evaluate_marks(*e.args[1], batch, run);
      for (std::size_t i = 0; i < marks.size(); ++i) {
        marks[i] = e.kind == Kind::logic_and ? marks[i] & other[i] : marks[i] | other[i];
      }
      return marks;
    }
    case Kind::logic_not: {
      Marks marks = evaluate_marks(*e.args[0], batch, run);
      for (std::uint8_t& mark : marks) mark ^= 1;
      return marks;
    }
    case Kind::binary:
      if (is_comparison(e.op)) return compare_columns(e, batch, run);
      break;
    case Kind::like:
      return like(e, batch, run);
    case Kind::in_list:
    case Kind::in_query: {
      const ValueSet& set = e.kind == Kind::in_list ? *e.set : run.subqueries[e.index];
      return mark_values(*evaluate(*e.args[0], batch, run), batch.rows(),
                         [&set](const Value& value) { return set.contains(value); });
    }
    default:
      break;
  }
  return mark_values(*evaluate(e, batch, run), batch.rows(), is_true);
}

ColumnPtr evaluate(const Expression& e, Batch& batch, const RunContext& run) {
  using Kind = Expression::Kind;
  switch (e.kind) {
    case Kind::constant:
      return Column::of(e.constant);
    case Kind::slot:
      return batch.column(e.slot);
    case Kind::path:
      return path(e, batch, run);
    case Kind::negate:
      return negate(e, batch, run);
    case Kind::call:
      return call(e, batch, run);
    case Kind::binary:
      if (!is_comparison(e.op)) return binary(e, batch, run);
      break;
    default:
      break;
  }
  return as_column(evaluate_marks(e, batch, run));
}

}  // namespace weir::insights
