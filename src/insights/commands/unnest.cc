// SPDX-License-Identifier: Apache-2.0
#include "insights/commands/steps.h"
#include "insights/json.h"
#include "insights/rows.h"

namespace weir::insights {
namespace {

constexpr std::size_t kRowsMax = 1u << 22;  // that one block of events may become

/// A list in JSON that is the whole of a text.
Value list_of(const Value& value) {
  if (value.kind != Value::Kind::text) return value;
  const auto json = json_container(value.text);
  if (!json || !json->starts_with('[')) return value;
  const std::string_view rest =
      value.text.substr(static_cast<std::size_t>(json->data() + json->size() - value.text.data()));
  return rest.find_first_not_of(" \t\r\n") == rest.npos ? Value::of_tree(*json) : value;
}

/// One row for each element of a list; other values are a list of one, an empty list is one null.
/// With `reads_text` a text that is a list in JSON is one too.
class UnnestStep : public Step {
 public:
  UnnestStep(ExpressionPtr from, Slot slot, bool reads_text)
      : from_(std::move(from)), slot_(slot), reads_text_(reads_text) {}
  Result<void> apply(Batch& batch, const RunContext& run) const override {
    const ColumnPtr from = evaluate(*from_, batch, run);
    std::vector<std::uint32_t> rows;
    Column column;
    column.form = Column::Form::values;
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      Value value = from->at(i, batch.arena());
      if (reads_text_) value = list_of(value);
      const std::size_t before = rows.size();
      if (value.is_tree()) {
        json_elements(value.text, batch.arena(), [&](const Value& element) {
          if (rows.size() > kRowsMax) return;
          rows.push_back(static_cast<std::uint32_t>(i));
          column.values.push_back(element);
        });
      }
      if (rows.size() > kRowsMax)
        return bound_reached("unnest", "rows of one block of events", kRowsMax);
      if (rows.size() != before) continue;
      const bool is_empty_list = value.is_tree() && value.text.starts_with('[');
      rows.push_back(static_cast<std::uint32_t>(i));
      column.values.push_back(is_empty_list ? Value() : value);
    }
    batch.keep(rows);
    batch.set(slot_, std::make_shared<const Column>(std::move(column)));
    return {};
  }
  std::vector<Slot> reads() const override {
    std::vector<Slot> slots;
    collect_slots(*from_, slots);
    return slots;
  }
  bool keeps_rows() const override { return false; }

 private:
  ExpressionPtr from_;
  Slot slot_;
  bool reads_text_;
};

}  // namespace

Result<void> compile_unnest(Compiler& c) {
  WEIR_TRY(ExpressionPtr from, c.expression());
  WEIR_CHECK(c.need_word("into"));
  WEIR_TRY(const std::string name, c.need_name("a name behind 'into'"));
  const Slot slot = c.new_slot();
  c.add_step(std::make_unique<UnnestStep>(std::move(from), slot, false));
  c.define(name, slot);
  return {};
}

/// `expand field` (User Guide): a row for each element of the JSON list in the field.
Result<void> compile_expand(Compiler& c) {
  WEIR_TRY(const std::string name, c.need_name("a field"));
  const Slot slot = c.new_slot();
  c.add_step(std::make_unique<UnnestStep>(c.field(name), slot, true));
  c.redefine(name, slot);
  return {};
}

}  // namespace weir::insights
