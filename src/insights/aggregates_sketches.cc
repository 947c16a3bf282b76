// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <string>

#include "insights/aggregates.h"
#include "insights/sketches.h"
#include "net/address.h"

namespace weir::insights {
namespace {

constexpr std::size_t kHistogramBucketsMax = 1000;

/// Alike for values that print alike, as groups are.
std::uint64_t hash_value(const Value& value) {
  if (value.kind == Value::Kind::text) {
    if (const auto integer = canonical_integer(value.text)) {
      return mix(static_cast<std::uint64_t>(*integer) + 0x51);
    }
    return hash_bytes(value.text);
  }
  if (value.kind == Value::Kind::real) return mix(std::bit_cast<std::uint64_t>(value.real));
  return mix(static_cast<std::uint64_t>(value.integer) + 0x51);
}

/// An aggregate with one sketch for each group.
template <class Sketch>
class Sketches : public Aggregate {
 public:
  void merge(const Aggregate& other, std::span<const std::uint32_t> map,
             std::size_t group_count) override {
    sketches_.resize(group_count);
    const auto& from = static_cast<const Sketches&>(other).sketches_;
    for (std::size_t group = 0; group < map.size() && group < from.size(); ++group) {
      bytes_ -= sketches_[map[group]].bytes();
      sketches_[map[group]].merge(from[group]);
      bytes_ += sketches_[map[group]].bytes();
    }
  }
  std::size_t bytes() const override { return bytes_ + sketches_.capacity() * sizeof(Sketch); }

 protected:
  template <class Change>
  void change(std::uint32_t group, Change change_one) {
    Sketch& sketch = sketches_[group];
    bytes_ -= sketch.bytes();
    change_one(sketch);
    bytes_ += sketch.bytes();
  }
  std::vector<Sketch> sketches_;
  std::size_t bytes_ = 0;
};

class CountDistinct : public Sketches<DistinctSketch> {
 public:
  void add(const GroupedRows& rows) override {
    sketches_.resize(rows.group_count);
    const Column& column = *rows.argument;
    const bool is_integer = column.form == Column::Form::integers && column.nulls.empty();
    std::vector<std::uint64_t> of_word;
    if (column.form == Column::Form::words) {
      for (const Value& word : *column.words) of_word.push_back(hash_value(word));
    }
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      if (is_integer) {
        offer(rows.groups[i], mix(static_cast<std::uint64_t>(column.integers[i]) + 0x51));
        continue;
      }
      const Value value = column.at(i, rows.arena);
      if (value.is_null() || value.is_tree()) continue;
      offer(rows.groups[i], of_word.empty() ? hash_value(value) : of_word[column.codes[i]]);
    }
  }
  Value result(std::size_t group, const ResultContext&) const override {
    return Value::of(sketches_[group].count());
  }

 private:
  void offer(std::uint32_t group, std::uint64_t hash) {
    change(group, [hash](DistinctSketch& sketch) { sketch.add(hash); });
  }
};

class Quantiles : public Sketches<QuantileSketch> {
 public:
  void add(const GroupedRows& rows) override {
    sketches_.resize(rows.group_count);
    each_number(*rows.argument, rows.rows(), rows.arena, [&](std::size_t i, const Number& number) {
      change(rows.groups[i], [&number](QuantileSketch& sketch) { sketch.add(number.real); });
    });
  }
};

class Percentile : public Quantiles {
 public:
  explicit Percentile(double percent) : percent_(percent) {}
  Value result(std::size_t group, const ResultContext&) const override {
    const QuantileSketch& sketch = sketches_[group];
    return sketch.count() == 0 ? Value() : Value::of(sketch.at(percent_));
  }

 private:
  double percent_;
};

/// Buckets of equal width between the least and the greatest value, as a list of maps.
class Histogram : public Quantiles {
 public:
  explicit Histogram(std::size_t buckets) : buckets_(buckets) {}
  Value result(std::size_t group, const ResultContext& context) const override {
    const QuantileSketch& sketch = sketches_[group];
    if (sketch.count() == 0) return {};
    const double width = (sketch.greatest() - sketch.least()) / static_cast<double>(buckets_);
    std::string out = "[";
    std::int64_t before = 0;
    for (std::size_t i = 0; i < buckets_; ++i) {
      const double from = sketch.least() + width * static_cast<double>(i);
      const double to = i + 1 == buckets_ ? sketch.greatest() : from + width;
      const std::int64_t up_to = sketch.count_up_to(to);
      if (i > 0) out += ',';
      out += "{\"from\":" + format_number(from) + ",\"to\":" + format_number(to) +
             ",\"count\":" + std::to_string(up_to - before) + '}';
      before = up_to;
    }
    return Value::of_tree(context.arena.copy(out + "]"));
  }

 private:
  std::size_t buckets_;
};

double number_between(std::span<const Value> constants, double least, double greatest) {
  const auto number = constants.empty() ? std::nullopt : number_of(constants[0]);
  return number ? std::clamp(number->real, least, greatest) : least;
}

std::unique_ptr<Aggregate> make_distinct(std::span<const Value>) {
  return std::make_unique<CountDistinct>();
}
std::unique_ptr<Aggregate> make_percentile(std::span<const Value> constants) {
  return std::make_unique<Percentile>(number_between(constants, 0, 100));
}
std::unique_ptr<Aggregate> make_median(std::span<const Value>) {
  return std::make_unique<Percentile>(50);
}
std::unique_ptr<Aggregate> make_histogram(std::span<const Value> constants) {
  return std::make_unique<Histogram>(
      static_cast<std::size_t>(number_between(constants, 1, double{kHistogramBucketsMax})));
}

const AggregateFunction kAggregates[] = {
    {"count_distinct", 1, 1, make_distinct},
    {"countDistinct", 1, 1, make_distinct},
    {"pct", 2, 2, make_percentile, {Argument::any, Argument::constant}},
    {"percentile", 2, 2, make_percentile, {Argument::any, Argument::constant}},
    {"median", 1, 1, make_median},
    {"histogram", 2, 2, make_histogram, {Argument::any, Argument::constant}},
};

}  // namespace

std::span<const AggregateFunction> sketch_aggregates() { return kAggregates; }

}  // namespace weir::insights
