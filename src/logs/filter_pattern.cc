// SPDX-License-Identifier: Apache-2.0
#include "logs/filter_pattern.h"

#include <utility>

#include "logs/filter_pattern_impl.h"

namespace weir::logs {

Subject::Subject() : state_(std::make_unique<State>()) {}
Subject::Subject(std::string_view message) : Subject() { reset(message); }
Subject::~Subject() = default;
Subject::Subject(Subject&&) noexcept = default;
Subject& Subject::operator=(Subject&&) noexcept = default;

void Subject::reset(std::string_view message) {
  state_->message = message;
  state_->fields.reset(message);
  state_->tree_state = State::Tree::unread;
}

std::string_view Subject::message() const { return state_->message; }

FilterPattern::FilterPattern() : impl_(std::make_shared<const Impl>()) {}
FilterPattern::FilterPattern(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Result<FilterPattern> FilterPattern::compile(std::string_view text) {
  if (text.size() > kBytesMax) return invalid_pattern("longer than 1024 characters");
  auto impl = std::make_shared<Impl>();
  impl->text = text;
  Scanner scanner(text);
  scanner.skip_blanks();
  std::string_view trimmed = text.substr(scanner.offset());
  while (!trimmed.empty() && is_blank(trimmed.back())) trimmed.remove_suffix(1);
  if (scanner.peek() == '[') {
    WEIR_TRY(DelimitedPattern pattern, DelimitedPattern::parse(text));
    const DelimitedPattern* const only = &pattern;
    impl->matcher.emplace(std::span(&only, 1));
    impl->dialect = std::move(pattern);
  } else if (scanner.peek() == '{') {
    WEIR_TRY(impl->dialect, JsonPattern::parse(text));
  } else if (!trimmed.empty() && trimmed != "\"\"" && trimmed != "\" \"") {
    WEIR_TRY(impl->dialect, TermsPattern::parse(text));
  }
  return FilterPattern(std::move(impl));
}

const std::string& FilterPattern::text() const { return impl_->text; }

FilterPattern::Dialect FilterPattern::dialect() const {
  return static_cast<Dialect>(impl_->dialect.index());
}

std::vector<std::string> FilterPattern::required_literals() const {
  const auto* const terms = std::get_if<TermsPattern>(&impl_->dialect);
  return terms == nullptr ? std::vector<std::string>() : terms->required_literals();
}

bool FilterPattern::has_regex() const {
  return std::visit(
      [](const auto& pattern) {
        if constexpr (std::is_same_v<decltype(pattern), const std::monostate&>) {
          return false;
        } else {
          return pattern.has_regex();
        }
      },
      impl_->dialect);
}

std::string FilterPattern::warning() const {
  const auto* terms = std::get_if<TermsPattern>(&impl_->dialect);
  if (terms && terms->ignores_optional()) {
    return "terms with ? are ignored because the pattern has terms without";
  }
  return {};
}

bool FilterPattern::matches(std::string_view message) const {
  Subject subject(message);
  return matches(subject);
}

bool FilterPattern::matches(Subject& subject) const { return impl_->matches(subject.state()); }

bool FilterPattern::Impl::matches(Subject::State& state) const {
  if (matcher) return matcher->match(state.fields) != 0;
  if (const auto* json = std::get_if<JsonPattern>(&dialect)) {
    return state.has_tree() && json->matches(state.tree);
  }
  const auto* terms = std::get_if<TermsPattern>(&dialect);
  return !terms || terms->matches(state.message);
}

std::optional<Extraction> FilterPattern::match(std::string_view message) const {
  Subject subject(message);
  return match(subject);
}

std::optional<Extraction> FilterPattern::match(Subject& subject) const {
  if (!matches(subject)) return std::nullopt;
  Extraction extraction;
  if (const auto* delimited = std::get_if<DelimitedPattern>(&impl_->dialect)) {
    delimited->extract(subject.state().fields, extraction.values);
  } else if (const auto* json = std::get_if<JsonPattern>(&impl_->dialect)) {
    json->extract(subject.state().tree, extraction.values);
  }
  return extraction;
}

Result<FieldReference> FilterPattern::field(std::string_view reference) const {
  FieldReference field;
  if (std::holds_alternative<JsonPattern>(impl_->dialect)) {
    Scanner scanner(reference);
    WEIR_TRY(JsonSelector selector, JsonSelector::parse(scanner));
    if (!scanner.done()) return scanner.error("text behind the selector");
    field.selector_ = std::make_shared<const JsonSelector>(std::move(selector));
    return field;
  }
  const auto* delimited = std::get_if<DelimitedPattern>(&impl_->dialect);
  if (!delimited) return invalid_pattern("the pattern has no fields");
  const auto place =
      reference.starts_with('$') ? delimited->find(reference.substr(1)) : std::nullopt;
  if (!place) return invalid_pattern("the pattern has no field " + std::string(reference));
  field.token_ = place->distance;
  field.from_right_ = place->from_right;
  field.takes_rest_ = place->takes_rest;
  return field;
}

std::optional<std::string_view> FilterPattern::value(Subject& subject,
                                                     const FieldReference& field) const {
  Subject::State& state = subject.state();
  if (field.selector_) {
    return state.has_tree() ? field.selector_->value(state.tree) : std::nullopt;
  }
  return DelimitedPattern::value(
      state.fields,
      {.distance = field.token_, .from_right = field.from_right_, .takes_rest = field.takes_rest_});
}

}  // namespace weir::logs
