// SPDX-License-Identifier: Apache-2.0
#include "insights/commands/steps.h"

namespace weir::insights {
namespace {

// User Guide, appendcols.
constexpr std::size_t kRowsDefault = 10'000;
constexpr std::size_t kRowsMax = 100'000;
constexpr int kAppendcolsMax = 10;  // of one query; each keeps its rows until the end

struct AppendedColumn {
  Slot before = 0;  // the field of that name until now
  Slot to = 0;
};

/// Puts the columns of the sub-query's first row beside the first row, and so on.
class AppendColumns : public Step {
 public:
  AppendColumns(std::size_t query, bool overrides, std::vector<AppendedColumn> columns)
      : query_(query), overrides_(overrides), columns_(std::move(columns)) {}
  Result<void> apply(Batch& batch, const RunContext& run) const override {
    const JoinTable& table = run.joins[query_];
    for (std::size_t k = 0; k < columns_.size(); ++k) {
      const ColumnPtr before = batch.column(columns_[k].before);
      std::vector<Value> values;
      values.reserve(batch.rows());
      for (std::size_t i = 0; i < batch.rows(); ++i) {
        const Value old = before->at(i, batch.arena());
        const Value added = i < table.row_count ? table.columns[k]->at(i, batch.arena()) : Value();
        const bool takes_added = old.is_null() || (overrides_ && !added.is_null());
        values.push_back(takes_added ? added : old);
      }
      batch.set(columns_[k].to, std::make_shared<const Column>(Column::of(std::move(values))));
    }
    if (table.rows) batch.hold(table.rows);
    return {};
  }
  std::vector<Slot> reads() const override {
    std::vector<Slot> slots;
    for (const AppendedColumn& column : columns_) slots.push_back(column.before);
    return slots;
  }

 private:
  std::size_t query_;
  bool overrides_;
  std::vector<AppendedColumn> columns_;
};

struct Options {
  bool overrides = false;
  std::size_t rows = kRowsDefault;
};

Result<Options> read_options(Compiler& c) {
  Options out;
  for (;;) {
    WEIR_TRY(const bool is_override, c.take_option("override"));
    if (is_override) {
      WEIR_TRY(out.overrides, c.need_truth());
      continue;
    }
    WEIR_TRY(const bool is_max, c.take_option("max"));
    if (!is_max) return out;
    const Token number = c.peek();
    WEIR_TRY(out.rows, c.need_count("a number of rows"));
    if (out.rows == 0 || out.rows > kRowsMax) {
      return malformed(number.begin, number.end, "max is between 1 and 100000");
    }
  }
}

}  // namespace

/// `appendcols [override=true|false] [max=10000] ( query )` (User Guide): the columns of a
/// sub-query, row by row.
Result<void> compile_appendcols(Compiler& c) {
  if (++c.appendcols_count > kAppendcolsMax) {
    return c.error_from(c.last_end(), "more than 10 appendcols commands");
  }
  WEIR_TRY(const Options options, read_options(c));
  WEIR_TRY(const std::size_t query, c.subquery(SubQuery::Use::columns, options.rows));
  if (!c.shows_anything()) {
    for (const char* const name : {"@timestamp", "@message"}) c.show(name, c.resolve(name));
  }
  std::vector<AppendedColumn> columns;
  for (const OutputColumn& output : c.plan().subqueries[query].plan->outputs) {
    columns.push_back({.before = c.slot_of(c.field(output.name))});
  }
  c.put_in_order(std::nullopt);
  for (std::size_t k = 0; k < columns.size(); ++k) {
    columns[k].to = c.new_slot();
    c.redefine(c.plan().subqueries[query].plan->outputs[k].name, columns[k].to);
  }
  c.add_step(std::make_unique<AppendColumns>(query, options.overrides, std::move(columns)));
  return {};
}

}  // namespace weir::insights
