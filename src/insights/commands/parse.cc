// SPDX-License-Identifier: Apache-2.0
#include "insights/commands/steps.h"

namespace weir::insights {
namespace {

/// `user=*, method:*`: the texts around the stars.
class Glob {
 public:
  explicit Glob(std::string_view pattern) {
    std::size_t at = 0;
    for (;;) {
      const std::size_t star = pattern.find('*', at);
      texts_.emplace_back(pattern.substr(at, star - at));
      if (star == std::string_view::npos) return;
      at = star + 1;
    }
  }
  std::size_t stars() const { return texts_.size() - 1; }

  /// Each star is as short as it can be; the last one goes to the end if nothing follows it.
  bool captures(std::string_view text, std::span<std::string_view> out) const {
    std::size_t at = text.find(texts_[0]);
    if (at == std::string_view::npos) return false;
    at += texts_[0].size();
    for (std::size_t i = 0; i < stars(); ++i) {
      const std::string& next = texts_[i + 1];
      const bool goes_to_end = next.empty() && i + 1 == stars();
      const std::size_t end = goes_to_end ? text.size() : text.find(next, at);
      if (end == std::string_view::npos) return false;
      out[i] = text.substr(at, end - at);
      at = end + next.size();
    }
    return true;
  }

 private:
  std::vector<std::string> texts_;
};

class ParseStep : public Step {
 public:
  ParseStep(ExpressionPtr from, std::shared_ptr<const Regex> regex, Glob glob,
            std::vector<Slot> slots)
      : from_(std::move(from)),
        regex_(std::move(regex)),
        glob_(std::move(glob)),
        slots_(std::move(slots)) {}

  Result<void> apply(Batch& batch, const RunContext& run) const override {
    const ColumnPtr from = evaluate(*from_, batch, run);
    std::vector<Column> columns(slots_.size());
    for (Column& column : columns) {
      column.form = Column::Form::values;
      column.values.resize(batch.rows());
    }
    std::vector<std::string_view> found(slots_.size());
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const Value value = from->at(i, batch.arena());
      if (value.is_null() || value.is_tree()) continue;
      const std::string_view text = text_in(value, batch.arena());
      if (!(regex_ ? regex_->captures(text, found) : glob_.captures(text, found))) continue;
      for (std::size_t k = 0; k < found.size(); ++k) {
        if (found[k].data() != nullptr) columns[k].values[i] = Value::of(found[k]);
      }
    }
    for (std::size_t k = 0; k < slots_.size(); ++k) {
      batch.set(slots_[k], std::make_shared<const Column>(std::move(columns[k])));
    }
    return {};
  }
  std::vector<Slot> reads() const override {
    std::vector<Slot> slots;
    collect_slots(*from_, slots);
    return slots;
  }

 private:
  ExpressionPtr from_;
  std::shared_ptr<const Regex> regex_;
  Glob glob_;
  std::vector<Slot> slots_;
};

}  // namespace

Result<void> compile_parse(Compiler& c) {
  ExpressionPtr from;
  // `parse "..." as x` means the message.
  if (c.peek().kind == Token::Kind::string || c.at_symbol("/")) {
    from = c.field("@message");
  } else {
    WEIR_TRY(const std::string name, c.need_name("a field"));
    from = c.field(name);
  }
  const std::size_t begin = c.peek().begin;
  std::shared_ptr<const Regex> regex;
  Glob glob("");
  std::vector<std::string> names;
  if (c.peek().kind == Token::Kind::string) {
    WEIR_TRY(const std::string pattern, c.need_string("a pattern"));
    glob = Glob(pattern);
    WEIR_CHECK(c.need_word("as"));
    WEIR_TRY(names, name_list(c, "a name"));
    if (names.size() != glob.stars()) {
      return c.error_from(begin, "the pattern has " + std::to_string(glob.stars()) +
                                     " stars and there are " + std::to_string(names.size()) +
                                     " names; each * needs one");
    }
  } else {
    WEIR_TRY(regex, c.need_regex());
    names.assign(regex->names().begin(), regex->names().end());
    if (names.empty()) {
      return c.error_from(begin, "the regular expression has no named group (?<name>...)");
    }
  }
  std::vector<Slot> slots;
  for (const std::string& name : names) {
    slots.push_back(c.new_slot());
    c.define(name, slots.back());
  }
  c.add_step(std::make_unique<ParseStep>(std::move(from), std::move(regex), std::move(glob),
                                         std::move(slots)));
  return {};
}

}  // namespace weir::insights
