// SPDX-License-Identifier: Apache-2.0
#include "logs/destinations.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/document.h"
#include "logs/errors.h"
#include "logs/listing.h"

namespace weir::logs {
namespace {

constexpr std::string_view kResource = "destination:";

std::string prefix_of(const Scope& scope) { return "logs.destinations/" + scope.key(); }

std::string key_of(const Scope& scope, std::string_view name) {
  return prefix_of(scope).append(name);
}

/// A value that may stand alone or in a list.
std::vector<std::string_view> texts_of(const Document* value) {
  std::vector<std::string_view> texts;
  if (value == nullptr) return texts;
  if (value->string() != nullptr) texts.push_back(*value->string());
  if (value->list() == nullptr) return texts;
  for (const Document& item : *value->list()) {
    if (item.string() != nullptr) texts.push_back(*item.string());
  }
  return texts;
}

bool allows(const Document& statement, std::string_view account) {
  const Document* effect = statement.find("Effect");
  if (effect == nullptr || effect->string() == nullptr || *effect->string() != "Allow")
    return false;
  if (statement.find("Condition") != nullptr) return false;
  const Document* principal = statement.find("Principal");
  if (principal == nullptr) return false;
  const Document* named = principal->map() != nullptr ? principal->find("AWS") : principal;
  const std::string root = "arn:aws:iam::" + std::string(account) + ":root";
  return std::ranges::any_of(texts_of(named), [&](std::string_view name) {
    return name == "*" || name == account || name == root;
  });
}

}  // namespace

Shape Destination::shape() {
  using S = Destination;
  static constexpr Member members[] = {
      required<&S::destination_name>("destinationName"),
      required<&S::target_arn>("targetArn"),
      required<&S::role_arn>("roleArn"),
      optional<&S::access_policy>("accessPolicy"),
      required<&S::creation_time_ms>("creationTime"),
      optional<&S::tags>("tags"),
  };
  return {"StoredDestination", members};
}

std::string destination_arn(const Scope& scope, std::string_view name) {
  return arn("logs", scope, std::string(kResource).append(name));
}

std::string_view destination_in(const Arn& arn) {
  const std::string_view resource = arn.resource;
  if (arn.service != "logs" || !resource.starts_with(kResource)) return {};
  return resource.substr(kResource.size());
}

Result<Destination> Destinations::put(const Scope& scope, Destination destination) {
  if (const auto target = Arn::parse(destination.target_arn); !target) {
    return invalid_parameter("targetArn " + destination.target_arn + " is no ARN");
  }
  const std::lock_guard control(control_);
  const auto found = this->destination(scope, destination.destination_name);
  if (found) {
    destination.creation_time_ms = found->creation_time_ms;
    destination.access_policy = found->access_policy;
    if (destination.tags.empty()) destination.tags = found->tags;
  } else if (found.error().kind != ErrorKind::not_found) {
    return found.error();
  } else {
    std::size_t count = 0;
    WEIR_CHECK(store_.scan(prefix_of(scope), [&](std::string_view, std::string_view) {
      return ++count < kDestinationsMax;
    }));
    if (count >= kDestinationsMax) return limit_exceeded();
    destination.creation_time_ms = runtime_.now().ms;
    destination.access_policy.clear();
  }
  WEIR_CHECK(store_.put(key_of(scope, destination.destination_name), to_json_text(destination)));
  return destination;
}

Result<Destination> Destinations::destination(const Scope& scope, std::string_view name) const {
  WEIR_TRY(const auto bytes, store_.get(key_of(scope, name)));
  if (!bytes) return not_found("The specified destination does not exist.");
  return from_json_text<Destination>(*bytes);
}

Result<Page<Destination>> Destinations::list(const Scope& scope, std::string_view prefix,
                                             std::string_view after, std::size_t limit) const {
  return stored_page<Destination>(store_, prefix_of(scope), prefix, after, limit);
}

Result<void> Destinations::remove(const Scope& scope, std::string_view name) {
  const std::lock_guard control(control_);
  WEIR_CHECK(destination(scope, name));
  return store_.erase(key_of(scope, name));
}

template <class Change>
Result<void> Destinations::change(const Scope& scope, std::string_view name, Change change) {
  const std::lock_guard control(control_);
  WEIR_TRY(Destination found, destination(scope, name));
  WEIR_CHECK(change(found));
  return store_.put(key_of(scope, name), to_json_text(found));
}

Result<void> Destinations::put_policy(const Scope& scope, std::string_view name,
                                      std::string policy) {
  const auto document = parse_json(policy);
  if (!document || document->map() == nullptr) {
    return invalid_parameter("This access policy contains invalid Json");
  }
  return change(scope, name, [&](Destination& found) -> Result<void> {
    found.access_policy = std::move(policy);
    return {};
  });
}

bool Destinations::is_open_to(const Scope& owner, const Destination& destination,
                              std::string_view account) {
  if (owner.account == account) return true;
  const auto policy = parse_json(destination.access_policy);
  const Document* statements = policy ? policy->find("Statement") : nullptr;
  if (statements == nullptr) return false;
  if (statements->map() != nullptr) return allows(*statements, account);
  return statements->list() != nullptr &&
         std::ranges::any_of(*statements->list(),
                             [&](const Document& one) { return allows(one, account); });
}

Result<Tags> Destinations::tags(const Scope& scope, std::string_view name) const {
  WEIR_TRY(auto found, destination(scope, name));
  return std::move(found.tags);
}

Result<void> Destinations::tag(const Scope& scope, std::string_view name, const Tags& tags) {
  return change(scope, name, [&](Destination& found) { return merge(found.tags, tags, name); });
}

Result<void> Destinations::untag(const Scope& scope, std::string_view name,
                                 const std::vector<std::string>& keys) {
  return change(scope, name, [&](Destination& found) -> Result<void> {
    for (const std::string& key : keys) found.tags.erase(key);
    return {};
  });
}

}  // namespace weir::logs
