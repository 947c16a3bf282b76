// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "insights/commands/running.h"

namespace weir::insights {
namespace {

class RunningStep : public Step {
 public:
  RunningStep(Slot from, Slot to, RunningColumn make)
      : from_(from), to_(to), make_(std::move(make)) {}
  Result<void> apply(Batch& batch, const RunContext&) const override {
    Column column;
    column.form = Column::Form::values;
    column.values.reserve(batch.rows());
    make_(*batch.column(from_), batch.rows(), batch.arena(), column.values);
    batch.set(to_, std::make_shared<const Column>(std::move(column)));
    return {};
  }
  std::vector<Slot> reads() const override { return {from_}; }

 private:
  Slot from_;
  Slot to_;
  RunningColumn make_;
};

/// A name, or what stands between the stars of a pattern.
using NamePattern = std::vector<std::string>;

bool fits(std::string_view name, const NamePattern& pieces) {
  if (pieces.size() == 1) return name == pieces[0];
  if (!name.starts_with(pieces.front())) return false;
  std::size_t at = pieces.front().size();
  for (std::size_t i = 1; i + 1 < pieces.size(); ++i) {
    const std::size_t found = name.find(pieces[i], at);
    if (found == std::string_view::npos) return false;
    at = found + pieces[i].size();
  }
  return name.size() >= at + pieces.back().size() && name.ends_with(pieces.back());
}

/// `host`, `cpu*`, `*_user`: names and stars without blanks between them.
Result<NamePattern> read_pattern(Compiler& c) {
  NamePattern pieces(1);
  bool has_any = false;
  while (c.peek().kind == Token::Kind::name || c.at_symbol("*")) {
    if (has_any && c.peek().begin != c.last_end()) break;
    has_any = true;
    if (c.at_symbol("*")) {
      pieces.emplace_back();
      WEIR_CHECK(c.take());
    } else {
      WEIR_TRY(const Token part, c.take());
      pieces.back() += part.text;
    }
    if (pieces.size() > Limits::kItemsMax) return c.unexpected("fewer stars");
  }
  if (!has_any) return c.unexpected("a field or a pattern such as cpu*");
  return pieces;
}

Result<std::vector<std::string>> read_names(Compiler& c) {
  const std::vector<std::string> known = c.known_names();
  std::vector<std::string> out;
  if (c.at_end_of_command()) {
    for (const OutputColumn& column : c.shown()) out.push_back(column.name);
    return out;
  }
  do {
    const std::size_t begin = c.peek().begin;
    WEIR_TRY(const NamePattern pattern, read_pattern(c));
    const std::size_t before = out.size();
    if (pattern.size() == 1) {
      out.push_back(pattern[0]);
    } else {
      std::ranges::copy_if(known, std::back_inserter(out),
                           [&](const std::string& name) { return fits(name, pattern); });
    }
    if (out.size() == before) {
      return c.error_from(begin,
                          "no field fits the pattern; name the fields with 'fields' before it");
    }
    if (out.size() > Limits::kItemsMax) return c.unexpected("at most 256 fields");
    WEIR_CHECK(c.take_symbol(","));
  } while (!c.at_end_of_command());
  return out;
}

void fill_down(const Column& column, std::size_t rows, Arena& arena, std::vector<Value>& out) {
  Value last;
  for (std::size_t i = 0; i < rows; ++i) {
    const Value value = column.at(i, arena);
    if (!value.is_null()) last = value;
    out.push_back(last);
  }
}

}  // namespace

void add_running(Compiler& c, Slot from, Slot to, RunningColumn make) {
  c.put_in_order(std::nullopt);
  c.add_step(std::make_unique<RunningStep>(from, to, std::move(make)));
}

/// `filldown [field ...]` (User Guide): where a field is absent, the value of the row above. Stars
/// stand for any part of a name; without fields all that are shown so far.
Result<void> compile_filldown(Compiler& c) {
  WEIR_TRY(const std::vector<std::string> names, read_names(c));
  for (const std::string& name : names) {
    const Slot from = c.slot_of(c.field(name));
    const Slot to = c.new_slot();
    add_running(c, from, to, fill_down);
    c.redefine(name, to);
  }
  return {};
}

}  // namespace weir::insights
