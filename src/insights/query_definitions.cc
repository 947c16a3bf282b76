// SPDX-License-Identifier: Apache-2.0
#include "insights/query_definitions.h"

#include <algorithm>
#include <set>
#include <utility>

#include "insights/store_keys.h"

namespace weir::insights {
namespace {

Error invalid(std::string message) {
  return {ErrorKind::invalid, "InvalidParameterException", std::move(message)};
}

Error no_such_definition() {  // text unverified
  return {ErrorKind::not_found, "ResourceNotFoundException",
          "The specified query definition does not exist."};
}

bool is_parameter_name(std::string_view name) {
  const auto is_word = [](char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::ranges::all_of(name, is_word);
}

/// Calls `text(part)` for what stands between parameters and `parameter(name)` for each of them.
template <class OnText, class OnParameter>
Result<void> walk(std::string_view query, OnText text, OnParameter parameter) {
  while (true) {
    const std::size_t open = query.find("{{");
    const std::size_t close = open == query.npos ? query.npos : query.find("}}", open);
    if (close == query.npos) break;
    std::string_view name = query.substr(open + 2, close - open - 2);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (is_parameter_name(name)) {
      text(query.substr(0, open));
      WEIR_CHECK(parameter(name));
      query.remove_prefix(close + 2);
    } else {  // braces of something else
      text(query.substr(0, open + 2));
      query.remove_prefix(open + 2);
    }
  }
  text(query);
  return {};
}

Result<void> check_parameters(const QueryDefinition& definition) {
  std::set<std::string_view> known;
  for (const QueryParameter& parameter :
       definition.parameters ? *definition.parameters : std::vector<QueryParameter>()) {
    if (!is_parameter_name(parameter.name)) {
      return invalid("The parameter name '" + parameter.name +
                     "' must satisfy regular expression pattern: ^[a-zA-Z_][a-zA-Z0-9_]*");
    }
    if (!known.insert(parameter.name).second) {
      return invalid("The parameter '" + parameter.name + "' is given twice.");
    }
  }
  return {};
}

Result<void> check_known(const QueryDefinition& definition) {
  if (!definition.parameters) return {};  // a text with braces and without parameters is a text
  std::set<std::string, std::less<>> known;
  for (const QueryParameter& parameter : *definition.parameters) known.insert(parameter.name);
  return walk(
      definition.query_string, [](std::string_view) {},
      [&known](std::string_view name) -> Result<void> {
        if (known.contains(name)) return {};
        return invalid("The query names the parameter '" + std::string(name) +
                       "', which is not among the parameters.");
      });
}

}  // namespace

Shape QueryParameter::shape() {
  using S = QueryParameter;
  static constexpr Member members[] = {
      required<&S::name>("name", length(1, 128)),
      optional<&S::default_value>("defaultValue", length(0, 1024)),
      optional<&S::description>("description", length(0, 512)),
  };
  return {"QueryParameter", members};
}

Shape QueryDefinition::shape() {
  using S = QueryDefinition;
  static constexpr Member members[] = {
      required<&S::query_language>("queryLanguage"),
      required<&S::id>("queryDefinitionId"),
      required<&S::name>("name"),
      required<&S::query_string>("queryString"),
      required<&S::last_modified_ms>("lastModified"),
      required<&S::log_group_names>("logGroupNames"),
      optional<&S::parameters>("parameters"),
  };
  return {"QueryDefinition", members};
}

Result<std::string> QueryDefinitions::put(const Scope& scope, QueryDefinition definition,
                                          std::string_view token) {
  WEIR_CHECK(check_parameters(definition));
  WEIR_CHECK(check_known(definition));
  const std::lock_guard lock(writing_);
  const bool is_new = definition.id.empty();
  if (is_new) {
    std::size_t count = 0;
    WEIR_CHECK(store_.scan(store_key(scope, "d/"), [&count](std::string_view, std::string_view) {
      return ++count < kDefinitionsMax;
    }));
    // A repeated request names the same definition: its id follows from the token.
    definition.id = token.empty() ? runtime_.uuid() : std::string(token);
    WEIR_TRY(const auto before, store_.get(store_key(scope, "d/", definition.id)));
    if (!before && count >= kDefinitionsMax) {
      return Error{ErrorKind::limit, "LimitExceededException", "Resource limit exceeded."};
    }
  } else {
    WEIR_TRY(const auto before, store_.get(store_key(scope, "d/", definition.id)));
    if (!before) return no_such_definition();
  }
  definition.last_modified_ms = runtime_.now().ms;
  WEIR_CHECK(store_.put(store_key(scope, "d/", definition.id), to_json_text(definition)));
  return definition.id;
}

Result<void> QueryDefinitions::remove(const Scope& scope, std::string_view id) {
  const std::lock_guard lock(writing_);
  WEIR_TRY(const auto before, store_.get(store_key(scope, "d/", id)));
  if (!before) return no_such_definition();
  return store_.erase(store_key(scope, "d/", id));
}

Result<logs::Page<QueryDefinition>> QueryDefinitions::list(const Scope& scope,
                                                           const ListQuery& query) const {
  std::map<std::string, QueryDefinition> sorted;  // at most kDefinitionsMax
  Result<void> outcome;
  WEIR_CHECK(store_.scan(store_key(scope, "d/"), [&](std::string_view, std::string_view value) {
    auto read = from_json_text<QueryDefinition>(value);
    if (!read) {
      outcome = read.error();
      return false;
    }
    const bool is_language = query.language.empty() || read->query_language == query.language;
    if (is_language && read->name.starts_with(query.name_prefix)) {
      std::string place = read->name + '\0' + read->id;
      sorted.emplace(std::move(place), *std::move(read));
    }
    return true;
  }));
  WEIR_CHECK(outcome);
  logs::Page<QueryDefinition> page;
  for (auto it = query.after.empty() ? sorted.begin() : sorted.upper_bound(query.after);
       it != sorted.end(); ++it) {
    if (page.items.size() == query.limit) {
      page.next = page.items.back().name + '\0' + page.items.back().id;
      break;
    }
    page.items.push_back(std::move(it->second));
  }
  return page;
}

Result<std::string> substitute(std::string_view text, std::span<const QueryParameter> parameters,
                               const std::map<std::string, std::string>& values) {
  std::string out;
  WEIR_CHECK(walk(
      text, [&out](std::string_view part) { out += part; },
      [&](std::string_view name) -> Result<void> {
        if (const auto given = values.find(std::string(name)); given != values.end()) {
          out += given->second;
          return {};
        }
        const auto known = std::ranges::find(parameters, name, &QueryParameter::name);
        if (known == parameters.end() || !known->default_value) {
          return invalid("The parameter '" + std::string(name) + "' has no value.");
        }
        out += *known->default_value;
        return {};
      }));
  return out;
}

}  // namespace weir::insights
