// SPDX-License-Identifier: Apache-2.0
#include "insights/index_policies.h"

#include <algorithm>
#include <utility>

#include "base/document.h"
#include "base/log.h"
#include "insights/store_keys.h"

namespace weir::insights {
namespace {

Error invalid(std::string message) {
  return {ErrorKind::invalid, "InvalidParameterException", std::move(message)};
}

Result<void> add(std::vector<IndexedField>& fields, std::string name, std::string type) {
  if (name.empty() || name.size() > IndexPolicies::kFieldNameMax) {
    return invalid("The name of an indexed field has 1 to 100 characters.");
  }
  if (type != "FIELD_INDEX" && type != "FACET") {
    return invalid("The type of the field '" + name + "' must be FIELD_INDEX or FACET.");
  }
  if (std::ranges::find(fields, name, &IndexedField::name) != fields.end()) {
    return invalid("The field '" + name + "' is named twice.");
  }
  if (fields.size() == IndexPolicies::kFieldsMax) {
    return invalid("A field index policy holds at most 20 fields.");
  }
  fields.push_back({.name = std::move(name), .type = std::move(type)});
  return {};
}

}  // namespace

Shape IndexedField::shape() {
  using S = IndexedField;
  static constexpr Member members[] = {
      required<&S::name>("name"),
      required<&S::type>("type"),
  };
  return {"IndexedField", members};
}

Shape IndexPolicy::shape() {
  using S = IndexPolicy;
  static constexpr Member members[] = {
      required<&S::document>("document"),
      required<&S::fields>("fields"),
      required<&S::last_update_ms>("lastUpdate"),
      required<&S::group_id>("groupId"),
  };
  return {"IndexPolicy", members};
}

Result<std::vector<IndexedField>> parse_index_policy(std::string_view document) {
  const auto tree = parse_json(document);
  if (!tree || tree->map() == nullptr) return invalid("The policy document is not a JSON object.");
  std::vector<IndexedField> fields;
  for (const auto& [key, value] : *tree->map()) {
    if (key == "Fields" && value.list() != nullptr) {
      for (const Document& name : *value.list()) {
        if (name.string() == nullptr) return invalid("Fields must be a list of names.");
        WEIR_CHECK(add(fields, *name.string(), "FIELD_INDEX"));
      }
    } else if (key == "FieldsV2" && value.map() != nullptr) {
      for (const auto& [name, options] : *value.map()) {
        const Document* type = options.find("type");
        const bool has_type = type != nullptr && type->string() != nullptr;
        WEIR_CHECK(add(fields, name, has_type ? *type->string() : std::string()));
      }
    } else {
      return invalid(
          "The policy document has the members Fields (a list) and FieldsV2 (an object); "
          "'" +
          key + "' does not fit.");
    }
  }
  if (fields.empty()) return invalid("The policy document must name at least one field.");
  return fields;
}

Result<IndexPolicy> IndexPolicies::put(const Scope& scope, std::string_view group,
                                       std::string_view document) {
  WEIR_TRY(const auto status, logs_.log_group(scope, group));
  if (status.group.log_group_class != "STANDARD") {
    return invalid("Field index policies are not supported for log groups of class " +
                   status.group.log_group_class);
  }
  IndexPolicy policy;
  policy.document = document;
  WEIR_TRY(policy.fields, parse_index_policy(document));
  policy.last_update_ms = runtime_.now().ms;
  policy.group_id = status.group.id;
  WEIR_CHECK(store_.put(store_key(scope, "i/", group), to_json_text(policy)));
  return policy;
}

Result<std::optional<IndexPolicy>> IndexPolicies::policy(const Scope& scope,
                                                         std::string_view group) const {
  WEIR_TRY(const auto status, logs_.log_group(scope, group));
  WEIR_TRY(const auto text, store_.get(store_key(scope, "i/", group)));
  if (!text) return std::optional<IndexPolicy>();
  WEIR_TRY(IndexPolicy policy, from_json_text<IndexPolicy>(*text));
  if (policy.group_id != status.group.id) return std::optional<IndexPolicy>();
  return std::optional(std::move(policy));
}

Result<void> IndexPolicies::remove(const Scope& scope, std::string_view group) {
  WEIR_TRY(const auto found, policy(scope, group));
  if (!found) {  // text unverified
    return Error{ErrorKind::not_found, "ResourceNotFoundException",
                 "The specified log group has no field index policy."};
  }
  return store_.erase(store_key(scope, "i/", group));
}

std::set<std::string, std::less<>> IndexPolicies::groups_with(
    const Scope& scope, std::span<const std::string> fields) const {
  const std::string prefix = store_key(scope, "i/");
  std::vector<std::string> with_policy;
  const auto scanned = store_.scan(prefix, [&](std::string_view key, std::string_view) {
    with_policy.emplace_back(key.substr(prefix.size()));
    return true;
  });
  if (!scanned) log::warn("cannot read index policies", {{"error", scanned.error().message}});
  std::set<std::string, std::less<>> groups;
  for (const std::string& group : with_policy) {
    const auto found = policy(scope, group);
    if (!found || !*found) continue;
    const bool has_all = std::ranges::all_of(fields, [&](const std::string& field) {
      const auto& own = (*found)->fields;
      return std::ranges::find(own, field, &IndexedField::name) != own.end();
    });
    if (has_all) groups.insert(group);
  }
  return groups;
}

}  // namespace weir::insights
