// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "insights/commands/pattern.h"
#include "net/address.h"

namespace weir::insights {
namespace {

constexpr std::size_t kTokensMax = 200;  // of a message; what follows is one variable

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_delimiter(char c) {
  return std::string_view(" \t\r\n,;=()[]{}<>\"'|").find(c) != std::string_view::npos;
}

bool has_shape(std::string_view text, std::string_view shape) {
  if (text.size() < shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == '0'   ? !is_digit(text[i])
        : shape[i] == 'x' ? !is_hex(text[i])
                          : text[i] != shape[i]) {
      return false;
    }
  }
  return true;
}

/// What kind of variable a token is; empty: it is part of the pattern.
std::string_view variable_kind(std::string_view token) {
  bool has_digit = false;
  for (const char c : token) has_digit = has_digit || is_digit(c);
  if (!has_digit) return {};
  if (parse_number(token)) return "Number";
  if (token.size() == 36 && has_shape(token, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")) return "UUID";
  if (has_shape(token, "0000-00-00") || has_shape(token, "00:00:00")) return "Time";
  if (net::Address::parse(token)) return "IPAddress";
  if (net::Prefix::parse(token)) return "IPAddress";
  return "Token";
}

std::string_view severity_of(std::string_view pattern) {
  constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"fatal", "FATAL"},     {"critical", "FATAL"}, {"error", "ERROR"},
      {"exception", "ERROR"}, {"fail", "ERROR"},     {"warn", "WARN"},
      {"debug", "DEBUG"},     {"trace", "TRACE"},    {"info", "INFO"},
  };
  std::string lower(pattern);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  for (const auto& [word, label] : kWords) {
    if (lower.find(word) != std::string::npos) return label;
  }
  return "NONE";
}

class TemplateStep : public Step {
 public:
  TemplateStep(ExpressionPtr from, Slot slot) : from_(std::move(from)), slot_(slot) {}
  Result<void> apply(Batch& batch, const RunContext& run) const override {
    const ColumnPtr from = evaluate(*from_, batch, run);
    Column column;
    column.form = Column::Form::values;
    column.values.resize(batch.rows());
    std::string made;
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const Value value = from->at(i, batch.arena());
      if (value.is_null() || value.is_tree()) continue;
      made.clear();
      append_pattern(text_in(value, batch.arena()), made);
      column.values[i] = Value::of(batch.arena().copy(made));
    }
    batch.set(slot_, std::make_shared<const Column>(std::move(column)));
    return {};
  }
  std::vector<Slot> reads() const override {
    std::vector<Slot> slots;
    collect_slots(*from_, slots);
    return slots;
  }

 private:
  ExpressionPtr from_;
  Slot slot_;
};

/// `@ratio` and `@severityLabel`, from all rows.
class RatioStep : public Step {
 public:
  RatioStep(Slot pattern, Slot count, Slot ratio, Slot severity)
      : pattern_(pattern), count_(count), ratio_(ratio), severity_(severity) {}
  Result<void> apply(Batch& batch, const RunContext&) const override {
    const ColumnPtr counts = batch.column(count_);
    const ColumnPtr patterns = batch.column(pattern_);
    double total = 0;
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      total += number_of(counts->at(i, batch.arena())).value_or(Number{}).real;
    }
    Column ratio;
    Column severity;
    ratio.form = severity.form = Column::Form::values;
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const double count = number_of(counts->at(i, batch.arena())).value_or(Number{}).real;
      ratio.values.push_back(total == 0 ? Value() : Value::of(count / total));
      severity.values.push_back(Value::of(severity_of(patterns->at(i, batch.arena()).text)));
    }
    batch.set(ratio_, std::make_shared<const Column>(std::move(ratio)));
    batch.set(severity_, std::make_shared<const Column>(std::move(severity)));
    return {};
  }
  std::vector<Slot> reads() const override { return {pattern_, count_}; }

 private:
  Slot pattern_;
  Slot count_;
  Slot ratio_;
  Slot severity_;
};

}  // namespace

void append_pattern(std::string_view message, std::string& out) {
  std::size_t variables = 0;
  std::size_t tokens = 0;
  for (std::size_t at = 0; at < message.size();) {
    if (is_delimiter(message[at])) {
      out += message[at++];
      continue;
    }
    std::size_t end = at;
    while (end < message.size() && !is_delimiter(message[end])) ++end;
    if (++tokens > kTokensMax) {
      out += "<*>";
      return;
    }
    // Punctuation behind a word is not part of it.
    std::size_t word_end = end;
    while (word_end > at + 1 && (message[word_end - 1] == ':' || message[word_end - 1] == '.'))
      --word_end;
    const std::string_view kind = variable_kind(message.substr(at, word_end - at));
    if (kind.empty()) {
      out += message.substr(at, word_end - at);
    } else {
      out += '<';
      out += kind;
      out += '-' + std::to_string(++variables) + '>';
    }
    out += message.substr(word_end, end - word_end);
    at = end;
  }
}

void add_pattern(Compiler& c, ExpressionPtr from, bool is_compared) {
  const Slot text = c.new_slot();
  c.add_step(std::make_unique<TemplateStep>(std::move(from), text));
  std::vector<AggregateCall> calls(1);
  calls[0].function = find_aggregate("count");
  calls[0].output = c.new_slot();
  Slot earlier = 0;
  if (is_compared) earlier = add_comparison(c, calls);
  const Slot pattern = c.new_slot();
  const Slot count = calls[0].output;
  c.add_gather(make_stats(std::move(calls), {{text, false}}, {pattern}, std::nullopt, 0));
  const Slot ratio = c.new_slot();
  const Slot severity = c.new_slot();
  c.add_step(std::make_unique<RatioStep>(pattern, count, ratio, severity));
  std::vector<OutputColumn> outputs = {{"@pattern", pattern},
                                       {"@ratio", ratio},
                                       {"@sampleCount", count},
                                       {"@severityLabel", severity}};
  Order order{{{count, true}, {pattern, false}}, std::nullopt};
  if (is_compared) order = add_difference(c, count, earlier, pattern, outputs);
  c.set_rows_are_events(false);
  c.set_order(std::move(order));
  c.close_names(outputs);
  c.show_only(std::move(outputs));
  c.clear_limit();
}

Result<void> compile_pattern(Compiler& c) {
  WEIR_TRY(ExpressionPtr from, c.expression());
  WEIR_TRY(const bool is_compared, take_diff(c));
  add_pattern(c, std::move(from), is_compared);
  return {};
}

}  // namespace weir::insights
