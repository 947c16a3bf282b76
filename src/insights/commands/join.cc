// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "insights/commands/steps.h"
#include "insights/rows.h"

namespace weir::insights {
namespace {

constexpr std::size_t kRowsMax = 1u << 22;  // that one block of events may become

struct JoinKey {
  Slot left = 0;
  std::string right;
};
struct JoinOutput {
  std::string right;
  Slot slot = 0;
};

class JoinStep : public Step {
 public:
  JoinStep(std::size_t query, std::vector<JoinKey> keys, std::vector<JoinOutput> outputs,
           bool is_left)
      : query_(query), keys_(std::move(keys)), outputs_(std::move(outputs)), is_left_(is_left) {}
  Result<void> apply(Batch& batch, const RunContext& run) const override;
  std::vector<Slot> reads() const override {
    std::vector<Slot> slots;
    for (const JoinKey& key : keys_) slots.push_back(key.left);
    return slots;
  }
  bool keeps_rows() const override { return false; }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  static ColumnPtr column_of(const JoinTable& table, std::string_view name);
  static bool append_key(const Value& value, std::string& key);
  void make_index(const JoinTable& table) const;

  std::size_t query_;
  std::vector<JoinKey> keys_;
  std::vector<JoinOutput> outputs_;
  bool is_left_;
};

ColumnPtr JoinStep::column_of(const JoinTable& table, std::string_view name) {
  for (std::size_t i = 0; i < table.names.size(); ++i) {
    if (table.names[i] == name) return table.columns[i];
  }
  return Column::of(Value());
}

/// False for null, which equals nothing.
bool JoinStep::append_key(const Value& value, std::string& key) {
  if (value.is_null() || value.is_tree()) return false;
  append_text(value, key);
  key += '\0';
  return true;
}

void JoinStep::make_index(const JoinTable& table) const {
  Arena scratch;
  for (std::size_t row = 0; row < table.row_count; ++row) {
    std::string key;
    bool has_key = true;
    for (const JoinKey& one : keys_) {
      has_key = has_key && append_key(column_of(table, one.right)->at(row, scratch), key);
    }
    if (has_key) table.index->rows.emplace(std::move(key), static_cast<std::uint32_t>(row));
  }
}

Result<void> JoinStep::apply(Batch& batch, const RunContext& run) const {
  const JoinTable& table = run.joins[query_];
  std::call_once(table.index->made, [&] { make_index(table); });
  const auto& right = table.index->rows;
  std::vector<std::uint32_t> left_rows;
  std::vector<std::uint32_t> right_rows;
  for (std::size_t i = 0; i < batch.rows() && left_rows.size() <= kRowsMax; ++i) {
    std::string key;
    bool has_key = true;
    for (const JoinKey& one : keys_) {
      has_key = has_key && append_key(batch.column(one.left)->at(i, batch.arena()), key);
    }
    const auto [begin, end] =
        has_key ? right.equal_range(key) : std::pair(right.end(), right.end());
    for (auto at = begin; at != end && left_rows.size() <= kRowsMax; ++at) {
      left_rows.push_back(static_cast<std::uint32_t>(i));
      right_rows.push_back(at->second);
    }
    if (begin == end && is_left_) {
      left_rows.push_back(static_cast<std::uint32_t>(i));
      right_rows.push_back(kNone);
    }
  }
  if (left_rows.size() > kRowsMax) {
    return bound_reached("join", "rows of one block of events", kRowsMax);
  }
  batch.keep(left_rows);
  for (const JoinOutput& output : outputs_) {
    const ColumnPtr from = column_of(table, output.right);
    Column column;
    column.form = Column::Form::values;
    column.values.reserve(right_rows.size());
    for (const std::uint32_t row : right_rows) {
      column.values.push_back(row == kNone ? Value() : from->at(row, batch.arena()));
    }
    batch.set(output.slot, std::make_shared<const Column>(std::move(column)));
  }
  batch.hold(table.rows);
  return {};
}

struct JoinOptions {
  bool is_left = false;
  std::string left;
  std::string right;
};

Result<JoinOptions> read_options(Compiler& c) {
  JoinOptions out;
  while (c.at_word("type") || c.at_word("left") || c.at_word("right")) {
    WEIR_TRY(const Token name, c.take());
    WEIR_CHECK(c.need_symbol("="));
    const Token value = c.peek();
    WEIR_TRY(std::string text, c.need_name("a name"));
    if (equal_ignoring_case(name.text, "type")) {
      out.is_left = equal_ignoring_case(text, "left");
      if (!out.is_left && !equal_ignoring_case(text, "inner")) {
        return malformed(value.begin, value.end, "a join is inner or left");
      }
    } else {
      (equal_ignoring_case(name.text, "left") ? out.left : out.right) = std::move(text);
    }
  }
  return out;
}

/// `a.k` without its alias.
Result<std::string> without_alias(Compiler& c, const Token& name, const std::string& alias) {
  if (alias.empty() || !name.text.starts_with(alias + '.')) {
    return malformed(name.begin, name.end,
                     "a field of the join is written " + (alias.empty() ? "alias" : alias) +
                         ".field, with an alias that is given as left= or right=");
  }
  (void)c;
  return name.text.substr(alias.size() + 1);
}

}  // namespace

Result<void> compile_join(Compiler& c) {
  const std::size_t begin = c.last_end();
  if (std::exchange(c.has_join, true)) return c.error_from(begin, "more than one join");
  WEIR_TRY(const JoinOptions options, read_options(c));
  WEIR_CHECK(c.need_word("where"));
  struct Pair {
    std::string left;
    std::string right;
  };
  std::vector<Pair> pairs;
  do {
    WEIR_CHECK(c.take_word("and"));
    const Token a = c.peek();
    WEIR_CHECK(c.need_name("a field"));
    WEIR_CHECK(c.need_symbol("="));
    const Token b = c.peek();
    WEIR_CHECK(c.need_name("a field"));
    const bool is_swapped = a.text.starts_with(options.right + '.');
    WEIR_TRY(std::string left, without_alias(c, is_swapped ? b : a, options.left));
    WEIR_TRY(std::string right, without_alias(c, is_swapped ? a : b, options.right));
    pairs.push_back({std::move(left), std::move(right)});
  } while (c.at_word("and") && pairs.size() < Limits::kItemsMax);
  WEIR_TRY(const std::size_t query, c.subquery(SubQuery::Use::join));

  std::vector<JoinKey> keys;
  for (Pair& pair : pairs) keys.push_back({c.slot_of(c.field(pair.left)), std::move(pair.right)});
  std::vector<JoinOutput> outputs;
  for (const OutputColumn& output : c.plan().subqueries[query].plan->outputs) {
    outputs.push_back({output.name, c.new_slot()});
    c.define(options.right + '.' + output.name, outputs.back().slot);
  }
  for (const JoinKey& key : keys) {
    const bool is_there = std::any_of(outputs.begin(), outputs.end(), [&](const JoinOutput& one) {
      return one.right == key.right;
    });
    if (!is_there) {
      return c.error_from(begin, "the sub-query of the join does not give the field '" + key.right +
                                     "'; add '| fields " + key.right + "'");
    }
  }
  c.set_alias(options.left);
  c.add_step(
      std::make_unique<JoinStep>(query, std::move(keys), std::move(outputs), options.is_left));
  return {};
}

}  // namespace weir::insights
