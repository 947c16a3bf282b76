// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <span>

#include "base/shape.h"
#include "contributors/definition.h"

namespace weir::contributors {
namespace {

Error invalid(std::string what) {
  return {ErrorKind::invalid, "InvalidParameterValue",
          "The rule definition is invalid: " + std::move(what) + "."};
}

/// Log group names (API reference, CreateLogGroup).
bool is_group_name(std::string_view name) {
  return !name.empty() && name.size() <= 512 && std::all_of(name.begin(), name.end(), [](char c) {
    return logs::is_word(c) || c == '.' || c == '-' || c == '/' || c == '#';
  });
}

std::string list_of(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += name == names.back() ? " or " : ", ";
    text += name;
  }
  return text;
}

/// That `tree` is an object of the members named; "did you mean" for one that is not.
Result<void> check_members(const Document& tree, const std::string& where,
                           std::span<const std::string_view> known) {
  if (tree.map() == nullptr) return invalid(where + " must be an object");
  for (const auto& [name, value] : *tree.map()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string near = nearest_name(name, known);
    return invalid(where + " has an unknown member " + name +
                   (near.empty() ? "" : " (did you mean " + near + "?)"));
  }
  return {};
}

/// The texts of an array of `min` to `max` strings.
Result<std::vector<std::string>> texts_of(const Document& tree, const std::string& where,
                                          std::size_t min, std::size_t max) {
  const auto wrong = [&] {
    return invalid(where + " must be an array of " + std::to_string(min) + " to " +
                   std::to_string(max) + " strings");
  };
  const Document::List* const list = tree.list();
  if (list == nullptr || list->size() < min || list->size() > max) return wrong();
  std::vector<std::string> texts;
  for (const Document& item : *list) {
    if (item.string() == nullptr || item.string()->empty()) return wrong();
    texts.push_back(*item.string());
  }
  return texts;
}

std::optional<double> number_of(const Document& tree) {
  if (tree.integer() != nullptr) return static_cast<double>(*tree.integer());
  if (tree.real() != nullptr && std::isfinite(*tree.real())) return *tree.real();
  return {};
}

/// The position that a text says, counted from 1.
std::optional<std::size_t> position_of(std::string_view text) {
  std::size_t position = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), position);
  const bool is_number = read.ec == std::errc{} && read.ptr == text.data() + text.size();
  if (!is_number || position < 1 || position > Definition::kPositionMax) return {};
  return position;
}

}  // namespace

class Definition::Parser {
 public:
  explicit Parser(const Document& tree) : tree_(tree) {}

  Result<Definition> parse() {
    static constexpr std::string_view kMembers[] = {"Schema",     "LogGroupNames", "LogGroupARNs",
                                                    "LogFormat",  "Fields",        "Contribution",
                                                    "AggregateOn"};
    WEIR_CHECK(check_members(tree_, "it", kMembers));
    WEIR_CHECK(schema());
    WEIR_CHECK(log_groups());
    WEIR_CHECK(format());
    WEIR_CHECK(names());
    WEIR_CHECK(aggregate_on());
    WEIR_CHECK(contribution());
    return std::move(out_);
  }

 private:
  Result<const Document*> member(const Document& of, const std::string& where,
                                 std::string_view name) const {
    const Document* const found = of.find(name);
    if (found == nullptr) return invalid(where + std::string(name) + " is missing");
    return found;
  }

  Result<void> schema() {
    WEIR_TRY(const Document* const schema, member(tree_, "", "Schema"));
    const Document* const name = schema->find("Name");
    const Document* const version = schema->find("Version");
    const bool is_known = name != nullptr && name->string() != nullptr &&
                          *name->string() == "CloudWatchLogRule" && version != nullptr &&
                          number_of(*version) == 1;
    if (is_known) return {};
    return invalid(R"(Schema must be {"Name": "CloudWatchLogRule", "Version": 1})");
  }

  Result<void> log_groups() {
    const Document* const names = tree_.find("LogGroupNames");
    const Document* const arns = tree_.find("LogGroupARNs");
    if ((names == nullptr) == (arns == nullptr)) {
      return invalid("it must have either LogGroupNames or LogGroupARNs");
    }
    const std::string where = names != nullptr ? "LogGroupNames" : "LogGroupARNs";
    WEIR_TRY(const auto texts,
             texts_of(names != nullptr ? *names : *arns, where, 1, kLogGroupsMax));
    for (const std::string& text : texts) {
      LogGroups groups{.text = text, .name = text};
      if (arns != nullptr) WEIR_CHECK(read_arn(groups));
      groups.is_prefix = groups.name.ends_with('*');
      if (groups.is_prefix) groups.name.pop_back();
      if (!is_group_name(groups.name) && !(groups.is_prefix && groups.name.empty())) {
        return invalid(where + " holds " + text +
                       ", which is no name of a log group (* is allowed at the end only)");
      }
      out_.log_groups_.push_back(std::move(groups));
    }
    return {};
  }

  /// `arn:aws:logs:<region>:<account or *>:log-group:<name>`; the guide writes log-group/<name>.
  Result<void> read_arn(LogGroups& groups) const {
    const auto arn = Arn::parse(groups.text);
    constexpr std::string_view kKind = "log-group";
    if (!arn || arn->service != "logs" || !arn->resource.starts_with(kKind) ||
        arn->resource.size() <= kKind.size() + 1) {
      return invalid("LogGroupARNs holds " + groups.text + ", which is no ARN of a log group");
    }
    groups.account = arn->scope.account;
    groups.region = arn->scope.region;
    groups.name = arn->resource.substr(kKind.size() + 1);
    if (groups.name.ends_with(":*")) groups.name.resize(groups.name.size() - 2);
    return {};
  }

  Result<void> format() {
    WEIR_TRY(const Document* const format, member(tree_, "", "LogFormat"));
    const std::string* const text = format->string();
    if (text == nullptr || (*text != "JSON" && *text != "CLF")) {
      return invalid("LogFormat must be JSON or CLF");
    }
    out_.format_ = *text == "CLF" ? Format::clf : Format::json;
    return {};
  }

  Result<void> names() {
    const Document* const fields = tree_.find("Fields");
    if (fields == nullptr) return {};
    if (out_.format_ != Format::clf) return invalid("Fields is for LogFormat CLF only");
    if (fields->map() == nullptr) return invalid("Fields must be an object");
    for (const auto& [position, name] : *fields->map()) {
      const auto number = position_of(position);
      if (!number) {
        return invalid("Fields holds the position " + position + ", which is not between 1 and " +
                       std::to_string(kPositionMax));
      }
      if (name.string() == nullptr || name.string()->empty()) {
        return invalid("Fields must give a name to the position " + position);
      }
      if (!positions_.emplace(*name.string(), *number).second) {
        return invalid("Fields gives the name " + *name.string() + " to two positions");
      }
    }
    return {};
  }

  Result<void> aggregate_on() {
    WEIR_TRY(const Document* const aggregate, member(tree_, "", "AggregateOn"));
    const std::string* const text = aggregate->string();
    if (text == nullptr || (*text != "Count" && *text != "Sum")) {
      return invalid("AggregateOn must be Count or Sum");
    }
    out_.aggregate_ = *text == "Sum" ? Aggregate::sum : Aggregate::count;
    return {};
  }

  Result<Field> field(const std::string& text, const std::string& where) const {
    if (out_.format_ == Format::clf) {
      const auto named = positions_.find(text);
      const auto position =
          named != positions_.end() ? std::optional(named->second) : position_of(text);
      if (position) return Field{.position = *position - 1};
      return invalid(where + " names " + text +
                     ", which is neither among Fields nor a position of 1 or more");
    }
    logs::Scanner scanner(text);
    auto selector = logs::JsonSelector::parse(scanner);
    if (selector && scanner.done() && !selector->has_wildcard) {
      return Field{.selector = *std::move(selector)};
    }
    return invalid(where + " names " + text + ", which is no path like $.a.b[0]");
  }

  Result<void> contribution() {
    static constexpr std::string_view kMembers[] = {"Keys", "ValueOf", "Filters"};
    WEIR_TRY(const Document* const contribution, member(tree_, "", "Contribution"));
    WEIR_CHECK(check_members(*contribution, "Contribution", kMembers));
    WEIR_TRY(const Document* const keys, member(*contribution, "Contribution.", "Keys"));
    WEIR_TRY(out_.key_labels_, texts_of(*keys, "Contribution.Keys", 1, kKeysMax));
    out_.sources_.emplace_back(out_.format_ == Format::clf ? "CLF" : "JSON");
    for (const std::string& label : out_.key_labels_) {
      WEIR_TRY(Field key, field(label, "Contribution.Keys"));
      out_.sources_.push_back(source_of(key));
      out_.keys_.push_back(std::move(key));
    }
    if (const Document* const value = contribution->find("ValueOf"); value != nullptr) {
      if (value->string() == nullptr) return invalid("Contribution.ValueOf must be a string");
      WEIR_TRY(Field read, field(*value->string(), "Contribution.ValueOf"));
      if (out_.aggregate_ == Aggregate::sum) {
        out_.sources_.push_back(source_of(read));
        out_.value_ = std::move(read);
      }
    }
    const Document* const filters = contribution->find("Filters");
    return filters == nullptr ? Result<void>() : read_filters(*filters);
  }

  static std::string source_of(const Field& field) {
    return field.selector ? field.selector->text : std::to_string(field.position);
  }

  Result<void> read_filters(const Document& filters) {
    if (filters.list() == nullptr || filters.list()->size() > kFiltersMax) {
      return invalid("Contribution.Filters must be an array of at most " +
                     std::to_string(kFiltersMax) + " filters");
    }
    for (const Document& one : *filters.list()) {
      WEIR_TRY(Filter filter, read_filter(one));
      out_.filters_.push_back(std::move(filter));
    }
    return {};
  }

  Result<Filter> read_filter(const Document& tree) const {
    static constexpr std::string_view kMembers[] = {"Match",      "In",          "NotIn",
                                                    "StartsWith", "GreaterThan", "LessThan",
                                                    "EqualTo",    "NotEqualTo",  "IsPresent"};
    static constexpr auto kOperators = std::span(kMembers).subspan(1);
    const std::string where = "Contribution.Filters";
    WEIR_CHECK(check_members(tree, "a member of " + where, kMembers));
    const Document* const match = tree.find("Match");
    if (match == nullptr || match->string() == nullptr) {
      return invalid("each member of " + where + " must have Match, a string");
    }
    if (tree.map()->size() != 2) {
      return invalid("each member of " + where + " must have Match and one of " +
                     list_of(kOperators));
    }
    Filter filter;
    WEIR_TRY(filter.field, field(*match->string(), where));
    for (std::size_t i = 0; i < kOperators.size(); ++i) {
      const Document* const operand = tree.find(kOperators[i]);
      if (operand == nullptr) continue;
      filter.kind = static_cast<Filter::Kind>(i);
      WEIR_CHECK(read_operand(*operand, where + "." + std::string(kOperators[i]), filter));
    }
    return filter;
  }

  static Result<void> read_operand(const Document& tree, const std::string& where, Filter& filter) {
    using Kind = Filter::Kind;
    switch (filter.kind) {
      case Kind::in:
      case Kind::not_in:
      case Kind::starts_with: {
        WEIR_TRY(filter.values, texts_of(tree, where, 1, kFilterValuesMax));
        return {};
      }
      case Kind::is_present:
        if (tree.boolean() == nullptr) return invalid(where + " must be true or false");
        filter.is_present = *tree.boolean();
        return {};
      default:
        break;
    }
    const auto number = number_of(tree);
    if (!number) return invalid(where + " must be a number");
    filter.number = *number;
    return {};
  }

  const Document& tree_;
  Definition out_;
  std::map<std::string, std::size_t, std::less<>> positions_;  // of names, counted from 1
};

Result<Definition> Definition::parse(std::string_view text) {
  if (text.size() > kBytesMax) {
    return invalid("it has more than " + std::to_string(kBytesMax) + " characters");
  }
  const auto tree = parse_json(text, {.depth_max = 16, .nodes_max = kBytesMax});
  if (!tree) return invalid("it is no JSON (" + tree.error().message + ")");
  return Parser(*tree).parse();
}

}  // namespace weir::contributors
