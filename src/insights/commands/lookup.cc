// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_map>

#include "insights/commands/steps.h"
#include "net/address.h"

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

std::optional<std::size_t> place_of(const LookupTable& table, std::string_view column) {
  const auto found = std::find(table.columns.begin(), table.columns.end(), column);
  if (found == table.columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - table.columns.begin());
}

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
  using Found = std::unordered_map<std::string, std::size_t>;
  std::vector<std::size_t> key_places(const LookupTable& table) const;
  Found exact_rows(const LookupTable& table, std::span<const std::size_t> places) const;
  std::optional<std::size_t> find_prefix(const LookupTable& table, std::size_t place,
                                         std::string_view text) const;

  std::size_t table_;
  std::vector<LookupKey> keys_;
  std::vector<LookupOutput> outputs_;
  bool is_cidr_;
  bool only_new_;
};

std::vector<std::size_t> LookupStep::key_places(const LookupTable& table) const {
  std::vector<std::size_t> places;
  for (const LookupKey& key : keys_) {
    if (const auto place = place_of(table, key.column)) places.push_back(*place);
  }
  return places;
}

LookupStep::Found LookupStep::exact_rows(const LookupTable& table,
                                         std::span<const std::size_t> places) const {
  Found rows;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    std::string key;
    for (const std::size_t place : places) key += table.rows[row][place] + '\0';
    rows.try_emplace(std::move(key), row);
  }
  return rows;
}

/// The longest prefix that contains the address.
std::optional<std::size_t> LookupStep::find_prefix(const LookupTable& table, std::size_t place,
                                                   std::string_view text) const {
  const auto address = net::Address::parse(text);
  if (!address) return std::nullopt;
  std::optional<std::size_t> best;
  unsigned best_length = 0;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const auto prefix = net::Prefix::parse(table.rows[row][place]);
    if (!prefix || !prefix->contains(*address) || (best && prefix->length() <= best_length)) {
      continue;
    }
    best = row;
    best_length = prefix->length();
  }
  return best;
}

Result<void> LookupStep::apply(Batch& batch, const RunContext& run) const {
  const LookupTable& table = *run.lookup_tables[table_];
  const std::vector<std::size_t> places = key_places(table);
  const Found rows = is_cidr_ ? Found() : exact_rows(table, places);
  std::vector<std::optional<std::size_t>> row_of(batch.rows());
  std::unordered_map<std::string, std::optional<std::size_t>> known;
  for (std::size_t i = 0; i < batch.rows(); ++i) {
    std::string key;
    for (const LookupKey& one : keys_) {
      append_text(batch.column(one.slot)->at(i, batch.arena()), key);
      if (!is_cidr_) key += '\0';
    }
    if (is_cidr_) {
      const auto [found, is_new] = known.try_emplace(key);
      if (is_new) found->second = find_prefix(table, places[0], key);
      row_of[i] = found->second;
    } else if (const auto found = rows.find(key); found != rows.end()) {
      row_of[i] = found->second;
    }
  }
  for (const LookupOutput& output : outputs_) {
    const std::size_t place = *place_of(table, output.column);
    Column column;
    column.form = Column::Form::values;
    column.values.resize(batch.rows());
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const Value old = output.old ? batch.column(*output.old)->at(i, batch.arena()) : Value();
      const bool takes_table = row_of[i] && !(only_new_ && !old.is_null());
      column.values[i] =
          takes_table ? Value::of(std::string_view(table.rows[*row_of[i]][place])) : old;
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
  Plan::Lookup wanted{.table = table};
  for (const LookupKey& key : keys) wanted.columns.push_back(key.column);
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
