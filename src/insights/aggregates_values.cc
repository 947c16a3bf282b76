// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <string>

#include "insights/aggregates.h"
#include "insights/json.h"

namespace weir::insights {
namespace {

constexpr std::size_t kListedMax = 1000;  // values that `values` shows of a group
constexpr std::size_t kTopCandidatesMax = 10'000;
constexpr std::size_t kTopShownMax = 1000;

/// A value that owns its text.
struct Owned {
  Value value;
  std::string text;

  void set(const Value& from) {
    value = from;
    text.assign(from.text);
  }
  Value get() const {
    Value out = value;
    out.text = text;
    return out;
  }
  std::size_t bytes() const { return text.capacity() > sizeof(text) ? text.capacity() : 0; }
};

/// One value of each group: the best by a comparison.
enum class Best : std::uint8_t { smallest, greatest, sorts_first, sorts_last };

bool is_better(Best best, const Value& value, const Value& than) {
  if (best == Best::smallest || best == Best::greatest) {
    // Numbers go before texts, such as the `-` of records without data.
    const bool is_number = number_of(value).has_value();
    if (is_number != number_of(than).has_value()) return is_number;
  }
  switch (best) {
    case Best::smallest:
      return compare(value, than) < 0;
    case Best::greatest:
      return compare(value, than) > 0;
    case Best::sorts_first:
      return natural_compare(value, than) < 0;
    case Best::sorts_last:
      return natural_compare(value, than) > 0;
  }
  return false;
}

template <Best best>
class BestValue : public Aggregate {
 public:
  void add(const GroupedRows& rows) override {
    best_.resize(rows.group_count);
    const Column& column = *rows.argument;
    if (column.form == Column::Form::integers && column.nulls.empty()) return add_integers(rows);
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      offer(rows.groups[i], column.at(i, rows.arena));
    }
  }
  void merge(const Aggregate& other, std::span<const std::uint32_t> map,
             std::size_t group_count) override {
    best_.resize(group_count);
    const auto& from = static_cast<const BestValue&>(other).best_;
    for (std::size_t group = 0; group < map.size() && group < from.size(); ++group) {
      offer(map[group], from[group].get());
    }
  }
  Value result(std::size_t group, const ResultContext& context) const override {
    Value value = best_[group].get();
    value.text = context.arena.copy(value.text);
    return value;
  }
  std::size_t bytes() const override { return best_.capacity() * sizeof(Owned) + text_bytes_; }

 private:
  void add_integers(const GroupedRows& rows) {
    constexpr bool is_least = best == Best::smallest || best == Best::sorts_first;
    const Column& column = *rows.argument;
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      Value& value = best_[rows.groups[i]].value;
      const std::int64_t number = column.integers[i];
      if (value.kind == Value::Kind::integer || value.kind == Value::Kind::time) {
        if (is_least ? number < value.integer : number > value.integer) value.integer = number;
      } else {
        offer(rows.groups[i], column.is_time ? Value::of_time(number) : Value::of(number));
      }
    }
  }
  void offer(std::uint32_t group, const Value& value) {
    if (value.is_null() || value.is_tree()) return;
    Owned& now = best_[group];
    if (!now.value.is_null() && !is_better(best, value, now.get())) return;
    text_bytes_ -= now.bytes();
    now.set(value);
    text_bytes_ += now.bytes();
  }
  std::vector<Owned> best_;
  std::size_t text_bytes_ = 0;
};

/// The value at the smallest or greatest time; of equal times the one that sorts first.
template <bool is_latest>
class AtTime : public Aggregate {
 public:
  void add(const GroupedRows& rows) override {
    chosen_.resize(rows.group_count);
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const Value time = rows.timestamp->at(i, rows.arena);
      if (time.kind != Value::Kind::time) continue;
      offer(rows.groups[i], time.integer, rows.argument->at(i, rows.arena));
    }
  }
  void merge(const Aggregate& other, std::span<const std::uint32_t> map,
             std::size_t group_count) override {
    chosen_.resize(group_count);
    const auto& from = static_cast<const AtTime&>(other).chosen_;
    for (std::size_t group = 0; group < map.size() && group < from.size(); ++group) {
      offer(map[group], from[group].time, from[group].value.get());
    }
  }
  Value result(std::size_t group, const ResultContext& context) const override {
    Value value = chosen_[group].value.get();
    value.text = context.arena.copy(value.text);
    return value;
  }
  std::size_t bytes() const override { return chosen_.capacity() * sizeof(Chosen) + text_bytes_; }

 private:
  struct Chosen {
    std::int64_t time = 0;
    Owned value;
  };
  void offer(std::uint32_t group, std::int64_t time, const Value& value) {
    if (value.is_null()) return;
    Chosen& now = chosen_[group];
    if (!now.value.value.is_null()) {
      if (is_latest ? time < now.time : time > now.time) return;
      if (time == now.time && natural_compare(value, now.value.get()) >= 0) return;
    }
    now.time = time;
    text_bytes_ -= now.value.bytes();
    now.value.set(value);
    text_bytes_ += now.value.bytes();
  }
  std::vector<Chosen> chosen_;
  std::size_t text_bytes_ = 0;
};

/// How often each value occurs.
struct Counted {
  std::int64_t count = 0;
};
using Counts = std::map<std::string, Counted, std::less<>>;

std::string json_scalar(std::string_view text) {
  if (canonical_integer(text)) return std::string(text);
  std::string out;
  append_json_string(text, out);
  return out;
}

/// Values with their counts, up to a number of different ones; beyond it, `top` forgets the rarest
/// half, so that its counts are lower bounds then.
class CountedValues : public Aggregate {
 public:
  explicit CountedValues(std::size_t values_max, bool forgets)
      : values_max_(values_max), forgets_(forgets) {}
  void add(const GroupedRows& rows) override {
    counts_.resize(rows.group_count);
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const Value value = rows.argument->at(i, rows.arena);
      if (!value.is_null()) offer(rows.groups[i], text_in(value, rows.arena), 1);
    }
  }
  void merge(const Aggregate& other, std::span<const std::uint32_t> map,
             std::size_t group_count) override {
    counts_.resize(group_count);
    const auto& from = static_cast<const CountedValues&>(other).counts_;
    for (std::size_t group = 0; group < map.size() && group < from.size(); ++group) {
      for (const auto& [text, counted] : from[group]) offer(map[group], text, counted.count);
    }
  }
  std::size_t bytes() const override { return bytes_ + counts_.capacity() * sizeof(Counts); }

 protected:
  static constexpr std::size_t kNodeBytes = 96;
  void offer(std::uint32_t group, std::string_view text, std::int64_t count) {
    Counts& counts = counts_[group];
    if (const auto found = counts.find(text); found != counts.end()) {
      found->second.count += count;
      return;
    }
    if (counts.size() >= values_max_) {
      if (!forgets_) return;
      forget_rare(counts);
    }
    bytes_ += kNodeBytes + text.size();
    counts.emplace(text, Counted{count});
  }
  void forget_rare(Counts& counts) {
    std::vector<std::int64_t> all;
    for (const auto& [text, counted] : counts) all.push_back(counted.count);
    const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
    std::nth_element(all.begin(), middle, all.end());
    const std::int64_t bound = *middle;
    std::size_t left = counts.size() / 2;
    std::erase_if(counts, [&](const auto& one) {
      if (one.second.count > bound || left == 0) return false;
      --left;
      bytes_ -= kNodeBytes + one.first.size();
      return true;
    });
  }

  std::vector<Counts> counts_;
  std::size_t values_max_;
  bool forgets_;
  std::size_t bytes_ = 0;
};

/// The different values as a list, in their order as texts.
class Values : public CountedValues {
 public:
  Values() : CountedValues(kListedMax, false) {}
  Value result(std::size_t group, const ResultContext& context) const override {
    std::string out = "[";
    for (const auto& [text, counted] : counts_[group]) {
      if (out.size() > 1) out += ',';
      out += json_scalar(text);
    }
    return Value::of_tree(context.arena.copy(out + "]"));
  }
};

/// The most frequent values as a list of maps `{"value": ..., "count": ...}`.
class TopValues : public CountedValues {
 public:
  explicit TopValues(std::size_t shown) : CountedValues(kTopCandidatesMax, true), shown_(shown) {}
  Value result(std::size_t group, const ResultContext& context) const override {
    std::vector<std::pair<std::int64_t, std::string_view>> all;
    for (const auto& [text, counted] : counts_[group]) all.emplace_back(-counted.count, text);
    std::sort(all.begin(), all.end());
    std::string out = "[";
    for (std::size_t i = 0; i < std::min(shown_, all.size()); ++i) {
      if (i > 0) out += ',';
      out += "{\"value\":" + json_scalar(all[i].second) +
             ",\"count\":" + std::to_string(-all[i].first) + '}';
    }
    return Value::of_tree(context.arena.copy(out + "]"));
  }

 private:
  std::size_t shown_;
};

template <class T>
std::unique_ptr<Aggregate> make(std::span<const Value>) {
  return std::make_unique<T>();
}
std::unique_ptr<Aggregate> make_top(std::span<const Value> constants) {
  const auto number = number_of(constants[0]);
  const double shown = number ? std::clamp(number->real, 1.0, double{kTopShownMax}) : 1;
  return std::make_unique<TopValues>(static_cast<std::size_t>(shown));
}

const AggregateFunction kAggregates[] = {
    {"min", 1, 1, make<BestValue<Best::smallest>>},
    {"max", 1, 1, make<BestValue<Best::greatest>>},
    {"sortsFirst", 1, 1, make<BestValue<Best::sorts_first>>},
    {"sortsLast", 1, 1, make<BestValue<Best::sorts_last>>},
    {"earliest", 1, 1, make<AtTime<false>>, {}, true},
    {"latest", 1, 1, make<AtTime<true>>, {}, true},
    {"values", 1, 1, make<Values>},
    {"collect_values", 1, 1, make<Values>},
    {"topk", 2, 2, make_top, {Argument::constant, Argument::any}},
};

}  // namespace

std::span<const AggregateFunction> value_aggregates() { return kAggregates; }

}  // namespace weir::insights
