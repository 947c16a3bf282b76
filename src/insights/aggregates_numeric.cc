// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "insights/aggregates.h"

namespace weir::insights {
namespace {

constexpr std::size_t kAhead = 16;  // rows whose states are on the way into the cache

/// An aggregate with one `State` for each group.
template <class Derived, class State>
class Each : public Aggregate {
 public:
  void merge(const Aggregate& other, std::span<const std::uint32_t> map,
             std::size_t group_count) override {
    states_.resize(group_count);
    const auto& from = static_cast<const Derived&>(other).states_;
    for (std::size_t group = 0; group < map.size() && group < from.size(); ++group) {
      states_[map[group]].merge(from[group]);
    }
  }
  std::size_t bytes() const override { return states_.capacity() * sizeof(State); }

 protected:
  std::vector<State> states_;
};

struct CountState {
  std::int64_t count = 0;
  void merge(const CountState& other) { count += other.count; }
};

/// Rows, or rows with the argument.
class Count : public Each<Count, CountState> {
 public:
  void add(const GroupedRows& rows) override {
    states_.resize(rows.group_count);
    const Column* const column = rows.argument;
    const bool all_present =
        column == nullptr ||
        (column->form != Column::Form::values && column->form != Column::Form::words &&
         column->form != Column::Form::constant &&
         (column->nulls.empty() || !column->missing.is_null()));
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const bool counts = all_present || !column->at(i, rows.arena).is_null();
      states_[rows.groups[i]].count += counts ? 1 : 0;
    }
  }
  Value result(std::size_t group, const ResultContext&) const override {
    return Value::of(states_[group].count);
  }
};

/// A sum that stays an integer while all is integers and fits.
struct SumState {
  std::int64_t integer = 0;
  double real = 0;
  std::int64_t count = 0;
  bool is_integer = true;

  void add(const Number& number) {
    ++count;
    if (is_integer && number.is_integer &&
        !__builtin_add_overflow(integer, number.integer, &integer)) {
      return;
    }
    if (is_integer) {
      is_integer = false;
      real = static_cast<double>(integer);
    }
    real += number.real;
  }
  void merge(const SumState& other) {
    const std::int64_t counts = count + other.count;
    if (other.count > 0) {
      add(other.is_integer ? Number::of(other.integer) : Number::of(other.real));
    }
    count = counts;
  }
  double total() const { return is_integer ? static_cast<double>(integer) : real; }
};

class SumBase : public Each<SumBase, SumState> {
 public:
  void add(const GroupedRows& rows) override {
    states_.resize(rows.group_count);
    each_number(*rows.argument, rows.rows(), rows.arena, [&](std::size_t i, const Number& number) {
      if (i + kAhead < rows.rows()) __builtin_prefetch(&states_[rows.groups[i + kAhead]], 1);
      states_[rows.groups[i]].add(number);
    });
  }
};

class Sum : public SumBase {
 public:
  Value result(std::size_t group, const ResultContext&) const override {
    const SumState& state = states_[group];
    if (state.count == 0) return {};
    return state.is_integer ? Value::of(state.integer) : Value::of(state.real);
  }
};

class Average : public SumBase {
 public:
  Value result(std::size_t group, const ResultContext&) const override {
    const SumState& state = states_[group];
    if (state.count == 0) return {};
    return Value::of(state.total() / static_cast<double>(state.count));
  }
};

/// The sum in each period of the time that the group covers.
class Rate : public SumBase {
 public:
  explicit Rate(std::int64_t period_ms) : period_ms_(period_ms) {}
  Value result(std::size_t group, const ResultContext& context) const override {
    const SumState& state = states_[group];
    if (state.count == 0 || context.span_ms <= 0) return {};
    return Value::of(state.total() * static_cast<double>(period_ms_) /
                     static_cast<double>(context.span_ms));
  }

 private:
  std::int64_t period_ms_;
};

/// Mean and squared distances from it (Welford; merged by Chan et al.).
struct SpreadState {
  std::int64_t count = 0;
  double mean = 0;
  double squares = 0;

  void add(double value) {
    ++count;
    const double distance = value - mean;
    mean += distance / static_cast<double>(count);
    squares += distance * (value - mean);
  }
  void merge(const SpreadState& other) {
    if (other.count == 0) return;
    const double distance = other.mean - mean;
    const auto a = static_cast<double>(count);
    const auto b = static_cast<double>(other.count);
    squares += other.squares + distance * distance * a * b / (a + b);
    mean += distance * b / (a + b);
    count += other.count;
  }
};

template <bool is_root>
class Spread : public Each<Spread<is_root>, SpreadState> {
 public:
  void add(const GroupedRows& rows) override {
    this->states_.resize(rows.group_count);
    each_number(*rows.argument, rows.rows(), rows.arena, [&](std::size_t i, const Number& number) {
      this->states_[rows.groups[i]].add(number.real);
    });
  }
  Value result(std::size_t group, const ResultContext&) const override {
    const SpreadState& state = this->states_[group];
    if (state.count == 0) return {};
    const double variance = state.squares / static_cast<double>(state.count);
    return Value::of(is_root ? std::sqrt(variance) : variance);
  }
};

template <class T>
std::unique_ptr<Aggregate> make(std::span<const Value>) {
  return std::make_unique<T>();
}
std::unique_ptr<Aggregate> make_rate(std::span<const Value> constants) {
  return std::make_unique<Rate>(constants.empty() ? 1000 : constants[0].integer);
}

const AggregateFunction kAggregates[] = {
    {"count", 0, 1, make<Count>},
    {"sum", 1, 1, make<Sum>},
    {"avg", 1, 1, make<Average>},
    {"stddev", 1, 1, make<Spread<true>>},
    {"variance", 1, 1, make<Spread<false>>},
    {"rate", 1, 2, make_rate, {Argument::any, Argument::period}},
    {"count_over_time", 0, 1, make<Count>},
    {"sum_over_time", 1, 1, make<Sum>},
};

}  // namespace

std::span<const AggregateFunction> numeric_aggregates() { return kAggregates; }

}  // namespace weir::insights
