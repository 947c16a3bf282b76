// SPDX-License-Identifier: Apache-2.0
#include "insights/compiler.h"

#include <algorithm>
#include <span>
#include <utility>

#include "insights/commands/steps.h"

namespace weir::insights {
namespace {

constexpr std::size_t kSourceMsMax = 253'402'300'799'999;  // the end of the year 9999
constexpr std::size_t kNamePrefixesMax = 5;                // User Guide, SOURCE

/// What names and ARNs of log groups are made of (API CreateLogGroup), without `#`, which begins a
/// comment.
bool is_group_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._-/:").find(c) != std::string_view::npos;
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string did_you_mean(std::string_view word, std::span<const std::string_view> names) {
  const std::string_view near = nearest(word, names);
  return near.empty() ? std::string() : "; did you mean " + quoted(near) + "?";
}

}  // namespace

// ---- Tokens ---------------------------------------------------------------------------------

Result<void> Compiler::go_to(std::size_t at) {
  WEIR_TRY(token_, lexer_.read(at));
  return {};
}

Result<void> Compiler::advance() {
  last_end_ = token_.end;
  return go_to(token_.end);
}

Result<Token> Compiler::take() {
  Token token = token_;
  WEIR_CHECK(advance());
  return token;
}

bool Compiler::at_symbol(std::string_view symbol) const {
  return token_.kind == Token::Kind::symbol && token_.text == symbol;
}

bool Compiler::at_word(std::string_view word) const {
  return token_.kind == Token::Kind::name && !token_.is_quoted &&
         equal_ignoring_case(token_.text, word);
}

bool Compiler::at_end_of_command() const {
  return token_.kind == Token::Kind::end || at_symbol("|") || (is_nested_ && at_symbol(")"));
}

Result<bool> Compiler::take_symbol(std::string_view symbol) {
  if (!at_symbol(symbol)) return false;
  WEIR_CHECK(advance());
  return true;
}

Result<bool> Compiler::take_word(std::string_view word) {
  if (!at_word(word)) return false;
  WEIR_CHECK(advance());
  return true;
}

Result<void> Compiler::need_symbol(std::string_view symbol) {
  if (!at_symbol(symbol)) return unexpected(quoted(symbol));
  return advance();
}

Result<void> Compiler::need_word(std::string_view word) {
  if (!at_word(word)) return unexpected(quoted(word));
  return advance();
}

Result<std::string> Compiler::need_name(std::string_view what) {
  if (token_.kind != Token::Kind::name) return unexpected(what);
  WEIR_TRY(Token token, take());
  if (at_symbol("-") && token_.begin == token.end) {
    return malformed(token.begin, token_.end,
                     "a name with a hyphen is written in backticks: `" + token.text + "-...`");
  }
  return std::move(token.text);
}

Result<std::string> Compiler::need_string(std::string_view what) {
  if (token_.kind != Token::Kind::string) return unexpected(what);
  WEIR_TRY(Token token, take());
  return std::move(token.text);
}

Result<std::size_t> Compiler::need_count(std::string_view what) {
  if (token_.kind != Token::Kind::number || !token_.number.is_integer ||
      token_.number.integer < 0) {
    return unexpected(what);
  }
  WEIR_TRY(const Token token, take());
  return static_cast<std::size_t>(token.number.integer);
}

Result<std::int64_t> Compiler::need_period(std::string_view what) {
  if (token_.kind != Token::Kind::period) return unexpected(what);
  WEIR_TRY(const Token token, take());
  return token.period;
}

Result<bool> Compiler::take_option(std::string_view name) {
  if (!at_word(name)) return false;
  const std::size_t begin = token_.begin;
  WEIR_CHECK(advance());
  WEIR_TRY(const bool is_option, take_symbol("="));
  if (!is_option) WEIR_CHECK(go_to(begin));
  return is_option;
}

Result<bool> Compiler::need_truth() {
  if (!at_word("true") && !at_word("false")) return unexpected("true or false");
  WEIR_TRY(const Token token, take());
  return equal_ignoring_case(token.text, "true");
}

Result<std::shared_ptr<const Regex>> Compiler::need_regex() {
  const std::size_t begin = token_.begin;
  Token token = token_;
  if (at_symbol("/")) {
    WEIR_TRY(token, lexer_.read_regex(begin));
  } else if (token_.kind != Token::Kind::string) {
    return unexpected("a regular expression /.../ or a string");
  }
  token_ = token;
  WEIR_CHECK(advance());
  auto regex = Regex::compile(token.text);
  if (!regex) {
    return malformed(begin, token.end,
                     "the regular expression is not valid: " + regex.error().message);
  }
  return *std::move(regex);
}

Error Compiler::unexpected(std::string_view expecting) const {
  std::string message = token_.kind == Token::Kind::end
                            ? "the query ends too early"
                            : "unexpected " + quoted(source(token_.begin, token_.end));
  message += ", expecting " + std::string(expecting);
  const std::string_view text = lexer_.text();
  if (token_.begin > 0 && token_.begin < text.size() &&
      (text[token_.begin] == '-' || text[token_.begin - 1] == '-')) {
    message += "; a field name with a hyphen is written in backticks: `foo-bar`";
  }
  return malformed(token_.begin, token_.end, std::move(message));
}

Error Compiler::error_from(std::size_t begin, std::string message) const {
  return malformed(begin, std::max(begin, last_end_), std::move(message));
}

std::string Compiler::source(std::size_t begin, std::size_t end) const {
  return std::string(lexer_.text().substr(begin, end - begin));
}

// ---- Names ----------------------------------------------------------------------------------

Slot Compiler::system_slot(SystemField field) {
  const auto [found, is_new] = system_.try_emplace(field);
  if (is_new) {
    found->second = new_slot();
    plan_->fields.system.push_back({field, found->second});
  }
  return found->second;
}

Slot Compiler::resolve(const std::string& name) {
  if (const auto found = names_.find(name); found != names_.end()) return found->second;
  if (!left_alias_.empty() && name.starts_with(left_alias_ + '.')) {
    return resolve(name.substr(left_alias_.size() + 1));
  }
  if (is_closed_) {  // a field that is not there
    const Slot slot = new_slot();
    names_[name] = slot;
    return slot;
  }
  if (const auto system = find_system_field(name)) return system_slot(*system);
  const auto [found, is_new] = base_.try_emplace(name);
  if (is_new) {
    found->second = new_slot();
    plan_->fields.discovered.push_back(name);
    plan_->fields.discovered_slots.push_back(found->second);
  }
  return found->second;
}

ExpressionPtr Compiler::field(const std::string& name) {
  if (!names_.contains(name)) {
    // A step into a tree that a command has made: the longest name that is known.
    for (std::size_t dot = name.rfind('.'); dot != std::string::npos && dot > 0;
         dot = name.rfind('.', dot - 1)) {
      const auto found = names_.find(name.substr(0, dot));
      if (found == names_.end()) continue;
      auto path = std::make_unique<Expression>();
      path->kind = Expression::Kind::path;
      path->text = name.substr(dot + 1);
      path->args.push_back(make_slot(found->second));
      return path;
    }
  }
  return make_slot(resolve(name));
}

void Compiler::define(const std::string& name, Slot slot) { names_[name] = slot; }

void Compiler::close_names(const std::vector<OutputColumn>& outputs) {
  names_.clear();
  for (const OutputColumn& output : outputs) names_[output.name] = output.slot;
  is_closed_ = true;
  bins.reset();
  pattern = nullptr;
}

std::vector<std::string> Compiler::known_names() const {
  std::vector<std::string> out;
  for (const OutputColumn& column : shown_) out.push_back(column.name);
  for (const auto& [name, slot] : names_) {
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  }
  return out;
}

Slot Compiler::slot_of(ExpressionPtr expression) {
  if (expression->kind == Expression::Kind::slot) return expression->slot;
  const Slot slot = new_slot();
  add_step(make_compute_step(std::move(expression), slot));
  return slot;
}

void Compiler::warn_of_hyphen(const Token& left, std::size_t begin, std::size_t end) {
  const std::string text = source(begin, end);
  warn("'" + text + "' is a subtraction; a field of that name is written in backticks: `" + text +
       "` (characters " + std::to_string(left.begin) + " to " + std::to_string(end) + ")");
}

// ---- The plan -------------------------------------------------------------------------------

void Compiler::add_step(std::unique_ptr<Step> step) {
  plan_->stages.back().steps.push_back(std::move(step));
}

void Compiler::add_gather(std::unique_ptr<Gather> gather) {
  plan_->stages.back().gather = std::move(gather);
  plan_->stages.emplace_back();
}

void Compiler::show(const std::string& name, Slot slot) {
  has_shown_ = true;
  const auto same = std::find_if(shown_.begin(), shown_.end(),
                                 [&](const OutputColumn& one) { return one.name == name; });
  if (same != shown_.end()) {
    same->slot = slot;
  } else if (!display_given_) {
    shown_.push_back({name, slot});
  }
}

void Compiler::redefine(const std::string& name, Slot slot) {
  define(name, slot);
  if (has_shown_) show(name, slot);
}

void Compiler::show_only(std::vector<OutputColumn> outputs, bool by_display) {
  shown_ = std::move(outputs);
  display_given_ = by_display;
  has_shown_ = true;
}

void Compiler::put_in_order(std::optional<std::size_t> count) {
  if (order_) {
    add_gather(make_top_rows(*std::exchange(order_, std::nullopt), count));
  } else if (count) {
    add_step(make_first_rows(*count));
  }
}

// ---- Commands -------------------------------------------------------------------------------

Result<std::shared_ptr<const Plan>> Compiler::run() {
  if (lexer_.text().size() > Limits::kTextMax) {
    return malformed(Limits::kTextMax, lexer_.text().size(),
                     "the query is longer than 10000 characters");
  }
  WEIR_CHECK(go_to(0));
  WEIR_CHECK(commands());
  if (token_.kind != Token::Kind::end) return unexpected("'|' or the end of the query");
  WEIR_CHECK(finish());
  return std::shared_ptr<const Plan>(plan_);
}

Result<void> Compiler::commands() {
  plan_->stages.emplace_back();
  order_ = Order{{{system_slot(SystemField::timestamp), true}}, system_slot(SystemField::event_id)};
  WEIR_CHECK(sources());
  if (at_end_of_command() && !plan_->sources.empty() && !at_symbol("|")) return {};
  if (!plan_->sources.empty()) WEIR_CHECK(need_symbol("|"));
  for (;;) {
    WEIR_CHECK(command());
    if (!at_end_of_command()) {
      return unexpected("'|' or the end of the query");
    }
    WEIR_TRY(const bool goes_on, take_symbol("|"));
    if (!goes_on) return {};
  }
}

Result<void> Compiler::command() {
  if (++command_count_ > Limits::kCommandsMax) {
    return malformed(token_.begin, token_.end, "more than 100 commands");
  }
  if (token_.kind != Token::Kind::name || token_.is_quoted) {
    return unexpected("a command such as fields, filter, stats, sort, limit");
  }
  WEIR_TRY(const Token name, take());
  const Command* const found = find_command(name.text);
  if (found == nullptr) {
    const std::vector<std::string_view> names = command_names();
    return malformed(name.begin, name.end,
                     "unknown command " + quoted(name.text) + did_you_mean(name.text, names));
  }
  if (found->is_of_standard_class) plan_->standard_commands.emplace_back(found->name);
  return found->compile(*this);
}

Result<std::vector<std::string>> Compiler::string_list() {
  std::vector<std::string> out;
  WEIR_CHECK(need_symbol("["));
  do {
    WEIR_TRY(std::string text, need_string("a string"));
    out.push_back(std::move(text));
    if (out.size() > Limits::kItemsMax) return unexpected("at most 256 items");
    WEIR_TRY(const bool more, take_symbol(","));
    if (!more) break;
  } while (true);
  WEIR_CHECK(need_symbol("]"));
  return out;
}

Result<void> Compiler::source_arguments(Source& out) {
  WEIR_CHECK(need_symbol("("));
  while (!at_symbol(")")) {
    const std::size_t begin = token_.begin;
    WEIR_TRY(const std::string name, need_name("namePrefix, accountIdentifiers or class"));
    WEIR_CHECK(need_symbol(":"));
    WEIR_TRY(std::vector<std::string> texts, string_list());
    if (equal_ignoring_case(name, "namePrefix")) {
      if (texts.size() > kNamePrefixesMax) return error_from(begin, "more than 5 name prefixes");
      out.prefixes = std::move(texts);
    } else if (equal_ignoring_case(name, "accountIdentifiers")) {
      out.accounts = std::move(texts);
    } else if (equal_ignoring_case(name, "class")) {
      out.classes = std::move(texts);
    } else {
      return error_from(begin,
                        "unknown argument " + quoted(name) +
                            " of logGroups; known are namePrefix, accountIdentifiers, class");
    }
    WEIR_TRY(const bool more, take_symbol(","));
    if (!more) break;
  }
  return need_symbol(")");
}

/// A group without quotes, up to a blank or to what ends a name; empty where no group stands.
Result<std::string> Compiler::bare_group() {
  const std::string_view text = lexer_.text().substr(token_.begin);
  std::size_t size = 0;
  while (size < text.size() && is_group_char(text[size])) ++size;
  const std::size_t next = text.find_first_not_of(" \t\r\n", size);
  if (size == 0 || (next != text.npos && text[next] == '(')) return std::string();
  last_end_ = token_.begin + size;
  WEIR_CHECK(go_to(last_end_));
  return std::string(text.substr(0, size));
}

Result<SourceTime> Compiler::source_time() {
  const std::size_t begin = token_.begin;
  WEIR_TRY(const bool is_now, take_word("now"));
  if (is_now) return SourceTime{0, true};
  WEIR_TRY(const bool is_negative, take_symbol("-"));
  SourceTime out{0, is_negative};
  if (is_negative && token_.kind == Token::Kind::period) {
    const Token period = token_;
    WEIR_TRY(out.ms, need_period("a period"));
    if (out.ms < 0) return malformed(period.begin, period.end, "a period of months has no length");
  } else {
    WEIR_TRY(const std::size_t number, need_count("a time in milliseconds, -1d or now"));
    if (number > kSourceMsMax) return malformed(begin, last_end_, "a time after the year 9999");
    out.ms = static_cast<std::int64_t>(number);
  }
  if (is_negative) out.ms = -out.ms;
  return out;
}

Result<void> Compiler::source(Source& out) {
  for (;;) {
    std::string name;
    if (token_.kind == Token::Kind::string) {
      WEIR_TRY(name, need_string("a log group"));
    } else {
      WEIR_TRY(name, bare_group());
    }
    if (name.empty()) break;
    out.names.push_back(std::move(name));
    if (out.names.size() > Limits::kItemsMax) return unexpected("at most 256 log groups");
    WEIR_TRY(const bool more, take_symbol(","));
    if (!more) break;
  }
  if (out.names.empty()) {
    const std::size_t begin = token_.begin;
    WEIR_TRY(const std::string kind, need_name("a log group in quotes or logGroups(...)"));
    if (!equal_ignoring_case(kind, "logGroups")) {
      return error_from(begin, "SOURCE " + kind +
                                   "(...) is not supported; use SOURCE \"group\" or "
                                   "SOURCE logGroups(namePrefix: [...])");
    }
    WEIR_CHECK(source_arguments(out));
  }
  while (at_word("START") || at_word("END")) {
    const bool is_start = at_word("START");
    WEIR_CHECK(advance());
    WEIR_CHECK(need_symbol("="));
    WEIR_TRY((is_start ? out.from : out.to), source_time());
  }
  return {};
}

Result<void> Compiler::sources() {
  while (at_word("SOURCE")) {
    WEIR_CHECK(advance());
    Source one;
    WEIR_CHECK(source(one));
    plan_->sources.push_back(std::move(one));
    if (plan_->sources.size() > Limits::kItemsMax) return unexpected("at most 256 sources");
  }
  return {};
}

Result<std::size_t> Compiler::subquery(SubQuery::Use use, std::optional<std::size_t> limit) {
  const std::size_t begin = token_.begin;
  if (is_nested_) return malformed(begin, token_.end, "a sub-query within a sub-query");
  WEIR_CHECK(need_symbol("("));
  Compiler inner(lexer_.text(), {.limit = limit});
  inner.is_nested_ = true;
  WEIR_CHECK(inner.go_to(token_.begin));
  WEIR_CHECK(inner.commands());
  if (!inner.at_symbol(")")) return inner.unexpected("')'");
  WEIR_CHECK(inner.finish());
  if (use == SubQuery::Use::values && inner.plan_->outputs.size() != 1) {
    return malformed(begin, inner.token_.begin,
                     "a sub-query of 'in' gives one field; write '| fields name' at its end");
  }
  token_ = inner.token_;
  WEIR_CHECK(advance());
  for (std::string& name : inner.plan_->standard_commands) {
    plan_->standard_commands.push_back(std::move(name));
  }
  plan_->subqueries.push_back({inner.plan_, use});
  return plan_->subqueries.size() - 1;
}

Result<void> Compiler::finish() {
  const std::size_t api_max = std::min(options_.limit.value_or(Limits::kRowsMax), Limits::kRowsMax);
  plan_->limit =
      limit_ ? std::min(*limit_, api_max) : options_.limit.value_or(Limits::kRowsDefault);
  plan_->limit = std::min(plan_->limit, Limits::kRowsMax);
  if (!has_shown_) {
    show("@timestamp", resolve("@timestamp"));
    show("@message", resolve("@message"));
  }
  if (rows_are_events_) plan_->pointer = system_slot(SystemField::ptr);
  put_in_order(plan_->limit);
  plan_->outputs = shown_;
  // A field that is asked for as @ptr is there already.
  std::erase_if(plan_->outputs, [this](const OutputColumn& one) {
    return plan_->pointer && one.slot == *plan_->pointer;
  });
  tell_gathers(*plan_);
  return {};
}

namespace {

/// How many rows of a gather are used, if the steps behind it say so.
void tell_wanted(Gather& gather, std::span<const std::unique_ptr<Step>> steps) {
  for (const auto& step : steps) {
    if (const auto count = step->first_rows()) return gather.want(*count);
    if (!step->is_rowwise()) return;
  }
}

}  // namespace

void tell_gathers(Plan& plan) {
  std::vector<Slot> needed;
  for (const OutputColumn& output : plan.outputs) needed.push_back(output.slot);
  if (plan.pointer) needed.push_back(*plan.pointer);
  for (std::size_t i = plan.stages.size(); i-- > 0;) {
    Stage& stage = plan.stages[i];
    if (stage.gather) {
      tell_wanted(*stage.gather, plan.stages[i + 1].steps);
      std::sort(needed.begin(), needed.end());
      needed.erase(std::unique(needed.begin(), needed.end()), needed.end());
      stage.gather->keep(needed);
      for (const Slot slot : stage.gather->reads()) needed.push_back(slot);
    }
    for (const auto& step : stage.steps) {
      for (const Slot slot : step->reads()) needed.push_back(slot);
    }
  }
}

}  // namespace weir::insights
