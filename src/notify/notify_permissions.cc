// SPDX-License-Identifier: Apache-2.0
// AddPermission and RemovePermission: statements of the attribute Policy of a topic.
#include <algorithm>
#include <array>
#include <utility>

#include "base/document.h"
#include "notify/notify_impl.h"

namespace weir::notify {

namespace {

// SNS API Reference, AddPermission.
constexpr std::array<std::string_view, 9> kActions = {"GetTopicAttributes",
                                                      "SetTopicAttributes",
                                                      "AddPermission",
                                                      "RemovePermission",
                                                      "DeleteTopic",
                                                      "Subscribe",
                                                      "ListSubscriptionsByTopic",
                                                      "Publish",
                                                      "Receive"};

// AWS writes a list of one as its only member.
Document one_or_list(Document::List values) {
  return values.size() == 1 ? std::move(values.front()) : Document(std::move(values));
}

bool has_label(const Document& statement, const std::string& label) {
  const Document* sid = statement.find("Sid");
  return sid != nullptr && *sid == Document(label);
}

Result<Document> policy_of(const Topic& topic) {
  WEIR_TRY(Document policy, parse_json(topic.shown().at("Policy")));
  if (policy["Statement"].list() == nullptr) {
    Document only = std::exchange(policy["Statement"], Document::List{});
    if (only.map() != nullptr) policy["Statement"].list()->push_back(std::move(only));
  }
  return policy;
}

}  // namespace

Result<void> Notify::add_permission(const Scope& scope, const std::string& topic_arn,
                                    const std::string& label,
                                    const std::vector<std::string>& accounts,
                                    const std::vector<std::string>& actions) {
  const std::lock_guard changing(impl_->changes);
  WEIR_TRY(const auto topic, impl_->topic(scope, topic_arn));
  if (label.empty()) return invalid_parameter("Label Reason: no value for required parameter");
  if (accounts.empty() || actions.empty()) {
    return invalid_parameter("Policy statement must have accounts and actions");
  }
  Document::List allowed;
  for (const std::string& action : actions) {
    if (std::ranges::find(kActions, action) == kActions.end()) {
      return invalid_parameter("Policy statement action out of service scope!");
    }
    allowed.emplace_back("SNS:" + action);
  }
  Document::List principals;
  for (const std::string& account : accounts) {
    principals.emplace_back("arn:aws:iam::" + account + ":root");
  }
  WEIR_TRY(Document policy, policy_of(*topic));
  Document::List& statements = *policy["Statement"].list();
  if (std::ranges::any_of(statements, [&](const auto& one) { return has_label(one, label); })) {
    return invalid_parameter("Statement already exists");
  }
  statements.emplace_back(
      Document::Map{{"Sid", label},
                    {"Effect", "Allow"},
                    {"Principal", Document::Map{{"AWS", one_or_list(std::move(principals))}}},
                    {"Action", one_or_list(std::move(allowed))},
                    {"Resource", topic->arn}});
  Topic changed = *topic;
  changed.attributes["Policy"] = to_json(policy);
  return impl_->save(std::move(changed));
}

Result<void> Notify::remove_permission(const Scope& scope, const std::string& topic_arn,
                                       const std::string& label) {
  const std::lock_guard changing(impl_->changes);
  WEIR_TRY(const auto topic, impl_->topic(scope, topic_arn));
  WEIR_TRY(Document policy, policy_of(*topic));
  std::erase_if(*policy["Statement"].list(),
                [&](const Document& statement) { return has_label(statement, label); });
  Topic changed = *topic;
  changed.attributes["Policy"] = to_json(policy);
  return impl_->save(std::move(changed));
}

}  // namespace weir::notify
