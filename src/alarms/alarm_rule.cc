// SPDX-License-Identifier: Apache-2.0
#include "alarms/alarm_rule.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace weir::alarms {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kEndsRef = " \t\r\n(),\"";

Error validation_error(std::string message) {
  return {ErrorKind::invalid, "ValidationError", std::move(message)};
}

}  // namespace

Result<std::string> alarm_name_of(const Scope& scope, std::string_view name_or_arn) {
  constexpr std::string_view kKind = "alarm:";
  if (!name_or_arn.starts_with("arn:")) return std::string(name_or_arn);
  const auto parsed = Arn::parse(name_or_arn);
  if (!parsed || parsed->service != "cloudwatch" || !parsed->resource.starts_with(kKind) ||
      parsed->resource.size() == kKind.size()) {
    return validation_error("Invalid alarm ARN: " + std::string(name_or_arn));
  }
  if (parsed->scope != scope) {
    return validation_error("The alarm " + std::string(name_or_arn) +
                            " must be in the same account and Region as the composite alarm.");
  }
  return parsed->resource.substr(kKind.size());
}

/// One parse. Nesting is bounded by the number of elements.
class RuleParser {
 public:
  RuleParser(const Scope& scope, std::string_view text) : scope_(scope), text_(text) {}

  Result<AlarmRule> rule() {
    if (text_.size() > AlarmRule::kTextMax) {
      return validation_error("AlarmRule must have length less than or equal to 10240");
    }
    WEIR_TRY(const std::size_t root, disjunction());
    WEIR_ASSERT(root + 1 == out_.nodes_.size());
    skip_blanks();
    if (at_ < text_.size()) return wrong("expected AND, OR or the end");
    if (out_.children_.size() > AlarmRule::kChildrenMax) {
      return validation_error("AlarmRule can have at most 100 child alarms.");
    }
    return std::move(out_);
  }

 private:
  using Kind = AlarmRule::Kind;
  using Node = AlarmRule::Node;

  Error wrong(std::string_view what) const {
    return validation_error("AlarmRule is invalid at position " + std::to_string(at_ + 1) + ": " +
                            std::string(what));
  }
  void skip_blanks() { at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size()); }
  /// Takes a sign, past blanks.
  bool take(char sign) {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] != sign) return false;
    ++at_;
    return true;
  }
  Result<void> expect(char sign) {
    if (take(sign)) return {};
    return wrong(std::string("expected '") + sign + '\'');
  }
  std::string_view next_word() {
    skip_blanks();
    std::size_t end = at_;
    while (end < text_.size() && ((text_[end] >= 'A' && text_[end] <= 'Z') || text_[end] == '_')) {
      ++end;
    }
    return text_.substr(at_, end - at_);
  }
  bool take(std::string_view word) {
    if (next_word() != word) return false;
    at_ += word.size();
    return true;
  }
  Result<void> count_element() {
    if (++elements_ <= AlarmRule::kElementsMax) return {};
    return validation_error("AlarmRule can have at most 500 elements.");
  }
  std::size_t add(Node node) {
    out_.nodes_.push_back(std::move(node));
    return out_.nodes_.size() - 1;
  }

  Result<std::size_t> disjunction() {
    return list("OR", Kind::disjunction, &RuleParser::conjunction);
  }
  Result<std::size_t> conjunction() {
    return list("AND", Kind::conjunction, &RuleParser::negation);
  }
  Result<std::size_t> list(std::string_view word, Kind kind,
                           Result<std::size_t> (RuleParser::*part)()) {
    Node node{.kind = kind};
    do {
      WEIR_TRY(const std::size_t one, (this->*part)());
      node.parts.push_back(one);
    } while (take(word));
    return node.parts.size() == 1 ? node.parts[0] : add(std::move(node));
  }
  Result<std::size_t> negation() {
    const bool is_negated = take("NOT");
    WEIR_TRY(const std::size_t inner, primary());
    return is_negated ? add({.kind = Kind::negation, .parts = {inner}}) : inner;
  }

  Result<std::size_t> primary() {
    if (take('(')) {
      WEIR_CHECK(count_element());
      WEIR_TRY(const std::size_t inner, disjunction());
      WEIR_CHECK(expect(')'));
      return inner;
    }
    const std::string_view word = next_word();
    if (word == "TRUE" || word == "FALSE") {
      WEIR_CHECK(count_element());
      at_ += word.size();
      return add({.kind = Kind::constant, .is_true = word == "TRUE"});
    }
    if (take("AT_LEAST")) return at_least();
    if (!parse_state(word)) {
      return wrong("expected ALARM, OK, INSUFFICIENT_DATA, AT_LEAST, TRUE, FALSE, NOT or '('");
    }
    Node node{.kind = Kind::is_state};
    WEIR_TRY(node.state, state());
    WEIR_CHECK(expect('('));
    WEIR_TRY(const std::size_t child, reference());
    node.parts.push_back(child);
    WEIR_CHECK(expect(')'));
    return add(std::move(node));
  }

  Result<StateValue> state() {
    const std::string_view word = next_word();
    const auto parsed = parse_state(word);
    if (!parsed) return wrong("expected ALARM, OK or INSUFFICIENT_DATA");
    at_ += word.size();
    return *parsed;
  }

  Result<std::size_t> at_least() {
    Node node{.kind = Kind::at_least};
    WEIR_CHECK(expect('('));
    skip_blanks();
    const std::size_t number_at = at_;
    WEIR_TRY(const std::size_t number, integer());
    const bool is_percent = take('%');
    WEIR_CHECK(expect(','));
    node.is_negated = take("NOT");
    WEIR_TRY(node.state, state());
    WEIR_CHECK(expect(','));
    WEIR_CHECK(expect('('));
    do {
      WEIR_TRY(const std::size_t child, reference());
      node.parts.push_back(child);
    } while (take(','));
    WEIR_CHECK(expect(')'));
    WEIR_CHECK(expect(')'));
    const std::size_t highest = is_percent ? 100 : node.parts.size();
    if (number < 1 || number > highest) {
      at_ = number_at;
      return wrong(is_percent ? "the percentage must be from 1 to 100"
                              : "the number must be from 1 to the number of alarms");
    }
    node.needed = is_percent ? (node.parts.size() * number + 99) / 100 : number;
    return add(std::move(node));
  }

  Result<std::size_t> integer() {
    constexpr std::size_t kDigitsMax = 6;
    const std::size_t end = std::min(text_.find_first_not_of("0123456789", at_), text_.size());
    if (end == at_ || end - at_ > kDigitsMax) return wrong("expected a number");
    std::size_t number = 0;
    for (; at_ < end; ++at_) number = number * 10 + static_cast<std::size_t>(text_[at_] - '0');
    return number;
  }

  /// The index of the alarm among the children.
  Result<std::size_t> reference() {
    WEIR_CHECK(count_element());
    skip_blanks();
    const std::size_t begin = at_;
    std::string text;
    if (take('"')) {
      WEIR_TRY(text, quoted());
    } else {
      at_ = std::min(text_.find_first_of(kEndsRef, at_), text_.size());
      text = text_.substr(begin, at_ - begin);
    }
    if (text.empty()) {
      at_ = begin;
      return wrong("expected the name or the ARN of an alarm");
    }
    WEIR_TRY(std::string name, alarm_name_of(scope_, text));
    auto& children = out_.children_;
    const auto known = std::find(children.begin(), children.end(), name);
    if (known != children.end()) return static_cast<std::size_t>(known - children.begin());
    children.push_back(std::move(name));
    return children.size() - 1;
  }

  Result<std::string> quoted() {
    std::string out;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        return out;
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      out += text_[at_];
    }
    return wrong("the quotation mark is not closed");
  }

  const Scope& scope_;
  const std::string_view text_;
  std::size_t at_ = 0;
  std::size_t elements_ = 0;
  AlarmRule out_;
};

Result<AlarmRule> AlarmRule::parse(const Scope& scope, std::string_view text) {
  return RuleParser(scope, text).rule();
}

bool AlarmRule::names(std::string_view alarm_name) const {
  return std::find(children_.begin(), children_.end(), alarm_name) != children_.end();
}

bool AlarmRule::evaluate(const StateOf& state_of) const {
  std::vector<StateValue> states;
  states.reserve(children_.size());
  for (const std::string& child : children_) states.push_back(state_of(child));
  return evaluate(nodes_.size() - 1, states);
}

bool AlarmRule::evaluate(std::size_t index, const std::vector<StateValue>& states) const {
  const Node& node = nodes_[index];
  const auto holds = [&](std::size_t part) { return evaluate(part, states); };
  const auto is_state = [&](std::size_t child) { return states[child] == node.state; };
  switch (node.kind) {
    case Kind::constant:
      return node.is_true;
    case Kind::is_state:
      return is_state(node.parts[0]);
    case Kind::at_least: {
      const auto matching = static_cast<std::size_t>(
          std::count_if(node.parts.begin(), node.parts.end(),
                        [&](std::size_t child) { return is_state(child) != node.is_negated; }));
      return matching >= node.needed;
    }
    case Kind::negation:
      return !holds(node.parts[0]);
    case Kind::conjunction:
      return std::all_of(node.parts.begin(), node.parts.end(), holds);
    case Kind::disjunction:
      break;
  }
  return std::any_of(node.parts.begin(), node.parts.end(), holds);
}

}  // namespace weir::alarms
