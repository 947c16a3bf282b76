// SPDX-License-Identifier: Apache-2.0
#include <unordered_map>

#include "insights/commands/steps.h"
#include "insights/lookup_index.h"

namespace weir::insights {
namespace {

struct LookupKey {
  std::string column;
  Slot slot = 0;
};
struct LookupOutput {
  std::string column;
  Slot slot = 0;
  std::optional<Slot> old;  // what stands there if the table has nothing, or always (OUTPUTNEW)
};

/// Fields of the first row of a table that fits.
class LookupStep : public Step {
 public:
  LookupStep(std::size_t table, std::vector<LookupKey> keys, std::vector<LookupOutput> outputs,
             bool is_cidr, bool only_new)
      : table_(table),
        keys_(std::move(keys)),
        outputs_(std::move(outputs)),
        is_cidr_(is_cidr),
        only_new_(only_new) {}
  Result<void> apply(Batch& batch, const RunContext& run) const override;
  std::vector<Slot> reads() const override {
    std::vector<Slot> slots;
    for (const LookupKey& key : keys_) slots.push_back(key.slot);
    for (const LookupOutput& output : outputs_) {
      if (output.old) slots.push_back(*output.old);
    }
    return slots;
  }

 private:
  using Known = std::unordered_map<std::string, std::optional<std::size_t>>;
  std::optional<std::size_t> row_of(const LookupIndex& index, const std::string& key,
                                    Known& known) const;

  std::size_t table_;
  std::vector<LookupKey> keys_;
  std::vector<LookupOutput> outputs_;
  bool is_cidr_;
  bool only_new_;
};

/// `known` holds the rows of the addresses of this batch.
std::optional<std::size_t> LookupStep::row_of(const LookupIndex& index, const std::string& key,
                                              Known& known) const {
  if (!is_cidr_) return index.find(key);
  const auto [found, is_new] = known.try_emplace(key);
  if (is_new) found->second = index.find_prefix(key);
  return found->second;
}

Result<void> LookupStep::apply(Batch& batch, const RunContext& run) const {
  const LookupIndex& index = run.lookups[table_];
  const LookupTable& table = index.table();
  std::vector<std::optional<std::size_t>> rows(batch.rows());
  Known known;
  std::string key;
  for (std::size_t i = 0; i < batch.rows(); ++i) {
    key.clear();
    for (const LookupKey& one : keys_) {
      append_text(batch.column(one.slot)->at(i, batch.arena()), key);
      if (!is_cidr_) key += LookupIndex::kValueEnd;
    }
    rows[i] = row_of(index, key, known);
  }
  for (const LookupOutput& output : outputs_) {
    const std::size_t place = *LookupIndex::place_of(table, output.column);
    Column column;
    column.form = Column::Form::values;
    column.values.resize(batch.rows());
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const Value old = output.old ? batch.column(*output.old)->at(i, batch.arena()) : Value();
      const bool takes_table = rows[i] && !(only_new_ && !old.is_null());
      column.values[i] =
          takes_table ? Value::of(std::string_view(table.rows[*rows[i]][place])) : old;
    }
    batch.set(output.slot, std::make_shared<const Column>(std::move(column)));
  }
  return {};
}

/// `lookup table key [as field], ... OUTPUT column [as name], ...`; `cidrlookup table field [as
/// cidr column] OUTPUT | OUTPUTNEW ...`.
Result<void> compile_table(Compiler& c, bool is_cidr) {
  WEIR_TRY(const std::string table, c.peek().kind == Token::Kind::string
                                        ? c.need_string("a lookup table")
                                        : c.need_name("a lookup table"));
  std::vector<LookupKey> keys;
  do {
    WEIR_TRY(std::string first, c.need_name("a field"));
    std::string second = is_cidr ? std::string("cidr") : first;
    WEIR_TRY(const bool has_second, c.take_word("as"));
    if (has_second) {
      WEIR_TRY(second, c.need_name(is_cidr ? "the column of prefixes" : "a field"));
    }
    if (is_cidr) std::swap(first, second);
    keys.push_back({first, c.slot_of(c.field(second))});
    WEIR_TRY(const bool more, c.take_symbol(","));
    if (!more || is_cidr) break;
  } while (keys.size() < Limits::kItemsMax);
  WEIR_TRY(const bool only_new, c.take_word("OUTPUTNEW"));
  if (!only_new) WEIR_CHECK(c.need_word("OUTPUT"));
  std::vector<LookupOutput> outputs;
  std::vector<std::string> names;
  while (outputs.size() < Limits::kItemsMax) {
    WEIR_TRY(std::string column, c.need_name("a column of the table"));
    std::string name = column;
    WEIR_TRY(const bool has_name, c.take_word("as"));
    if (has_name) {
      WEIR_TRY(name, c.need_name("a name"));
    }
    outputs.push_back({std::move(column), c.new_slot(), c.slot_of(c.field(name))});
    names.push_back(std::move(name));
    WEIR_TRY(const bool more, c.take_symbol(","));
    if (!more) break;
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    c.redefine(names[i], outputs[i].slot);
  }
  Plan::Lookup wanted{.table = table, .is_cidr = is_cidr};
  for (const LookupKey& key : keys) wanted.keys.push_back(key.column);
  for (const LookupOutput& output : outputs) wanted.columns.push_back(output.column);
  c.plan().lookups.push_back(std::move(wanted));
  c.add_step(std::make_unique<LookupStep>(c.plan().lookups.size() - 1, std::move(keys),
                                          std::move(outputs), is_cidr, only_new));
  return {};
}

}  // namespace

Result<void> compile_lookup(Compiler& c) { return compile_table(c, false); }
Result<void> compile_cidrlookup(Compiler& c) { return compile_table(c, true); }

}  // namespace weir::insights
