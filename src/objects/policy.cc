// SPDX-License-Identifier: Apache-2.0
#include "objects/policy.h"

#include <algorithm>
#include <cctype>

namespace weir::objects {
namespace {

constexpr std::size_t kStatementsMax = 1000;

Error malformed(std::string message) {
  return {ErrorKind::invalid, "MalformedPolicy", std::move(message)};
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// A text or a list of texts; nothing for anything else.
std::optional<std::vector<std::string>> texts(const Document& tree) {
  if (tree.string() != nullptr) return std::vector{*tree.string()};
  if (tree.list() == nullptr) return std::nullopt;
  std::vector<std::string> all;
  for (const Document& item : *tree.list()) {
    if (item.string() == nullptr) return std::nullopt;
    all.push_back(*item.string());
  }
  return all;
}

bool is_everybody(const Document& principal) {
  if (principal.string() != nullptr) return *principal.string() == "*";
  const Document* aws = principal.find("AWS");
  const auto named = aws != nullptr ? texts(*aws) : std::nullopt;
  return named && std::find(named->begin(), named->end(), "*") != named->end();
}

bool is_account(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// `is_narrow`: of a Deny, where a user stands for its account.
bool is_principal(const Document& principal, const std::string& account, bool is_narrow) {
  if (is_everybody(principal)) return true;
  const Document* aws = principal.find("AWS");
  const auto named = aws != nullptr ? texts(*aws) : std::nullopt;
  if (!named || account.empty()) return false;
  return std::any_of(named->begin(), named->end(), [&](const std::string& name) {
    const std::string prefix = "arn:aws:iam::" + account + ':';
    if (name == account || name == prefix + "root") return true;
    return is_narrow && name.starts_with(prefix);
  });
}

/// Conditions that a fixed value makes not public (S3 User Guide, "The meaning of public").
bool narrows_to_known(const Document& condition) {
  constexpr std::string_view kKeys[] = {
      "aws:sourceip",      "aws:sourcearn",        "aws:sourcevpc",        "aws:sourcevpce",
      "aws:sourceaccount", "aws:sourceowner",      "aws:userid",           "aws:principalorgid",
      "aws:principalarn",  "aws:principalaccount", "s3:dataaccesspointarn"};
  if (condition.map() == nullptr) return false;
  for (const auto& [operation, keys] : *condition.map()) {
    if (operation.find("Not") != std::string::npos || operation.ends_with("IfExists") ||
        keys.map() == nullptr) {
      continue;
    }
    for (const auto& [key, values] : *keys.map()) {
      if (std::find(std::begin(kKeys), std::end(kKeys), lower_case(key)) == std::end(kKeys)) {
        continue;
      }
      const auto named = texts(values);
      const bool is_fixed =
          named && !named->empty() &&
          std::none_of(named->begin(), named->end(), [](const std::string& value) {
            return value.find('*') != std::string::npos || value.ends_with("/0");
          });
      if (is_fixed) return true;
    }
  }
  return false;
}

}  // namespace

bool matches_wildcards(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Result<BucketPolicy::Statement> BucketPolicy::read(const Document& tree, std::string_view bucket) {
  Statement statement;
  const auto member = [&](std::string_view name) { return tree.find(name); };
  const Document* effect = member("Effect");
  if (effect == nullptr || effect->string() == nullptr) {
    return malformed("Missing required field Effect");
  }
  statement.is_allow = *effect->string() == "Allow";
  if (!statement.is_allow && *effect->string() != "Deny") {
    return malformed("Invalid effect: " + *effect->string());
  }
  statement.is_not_principal = member("NotPrincipal") != nullptr;
  const Document* principal = member(statement.is_not_principal ? "NotPrincipal" : "Principal");
  if (principal == nullptr) return malformed("Missing required field Principal");
  statement.principal = *principal;
  if (principal->map() != nullptr) {
    for (const auto& [kind, value] : *principal->map()) {
      const auto named = texts(value);
      if (!named || named->empty()) return malformed("Invalid principal in policy");
      for (const std::string& name : *named) {
        const bool is_known =
            kind != "AWS" || name == "*" || is_account(name) || name.starts_with("arn:aws:");
        if (!is_known) return malformed("Invalid principal in policy");
      }
    }
  } else if (principal->string() == nullptr || *principal->string() != "*") {
    return malformed("Invalid policy syntax.");
  }
  statement.is_not_action = member("NotAction") != nullptr;
  const Document* action = member(statement.is_not_action ? "NotAction" : "Action");
  const auto actions = action != nullptr ? texts(*action) : std::nullopt;
  if (!actions || actions->empty()) return malformed("Missing required field Action");
  for (const std::string& name : *actions) {
    if (name != "*" && !lower_case(name).starts_with("s3:")) {
      return malformed("Policy has invalid action");
    }
    statement.actions.push_back(lower_case(name));
  }
  statement.is_not_resource = member("NotResource") != nullptr;
  const Document* resource = member(statement.is_not_resource ? "NotResource" : "Resource");
  const auto resources = resource != nullptr ? texts(*resource) : std::nullopt;
  if (!resources || resources->empty()) return malformed("Missing required field Resource");
  const std::string own = "arn:aws:s3:::" + std::string(bucket);
  for (const std::string& name : *resources) {
    if (name != own && !name.starts_with(own + '/') && !name.starts_with(own + '*')) {
      return malformed("Policy has invalid resource");
    }
    statement.resources.push_back(name);
  }
  if (const Document* condition = member("Condition")) {
    if (condition->map() == nullptr) return malformed("Conditions must be in a map");
    statement.condition = *condition;
  }
  return statement;
}

Result<BucketPolicy> BucketPolicy::parse(std::string_view text, std::string_view bucket) {
  const auto tree = parse_json(text);
  if (!tree || tree->map() == nullptr) {
    return malformed("Policies must be valid JSON and the first byte must be '{'");
  }
  if (const Document* version = tree->find("Version")) {
    const std::string* name = version->string();
    if (name == nullptr || (*name != "2012-10-17" && *name != "2008-10-17")) {
      return malformed("The policy must contain a valid version string");
    }
  }
  const Document* list = tree->find("Statement");
  if (list == nullptr) return malformed("Missing required field Statement");
  BucketPolicy policy;
  if (list->map() != nullptr) {
    WEIR_TRY(Statement only, read(*list, bucket));
    policy.statements_.push_back(std::move(only));
    return policy;
  }
  if (list->list() == nullptr || list->list()->empty()) {
    return malformed("Could not parse the policy: Statement is empty!");
  }
  if (list->list()->size() > kStatementsMax) return malformed("Policy has too many statements");
  for (const Document& item : *list->list()) {
    WEIR_TRY(Statement statement, read(item, bucket));
    policy.statements_.push_back(std::move(statement));
  }
  return policy;
}

bool BucketPolicy::names(const Statement& statement, const AccessRequest& request) {
  const std::string action = lower_case(request.action);
  const bool has_action =
      std::any_of(statement.actions.begin(), statement.actions.end(),
                  [&](const std::string& pattern) { return matches_wildcards(pattern, action); });
  if (has_action == statement.is_not_action) return false;
  const bool has_resource = std::any_of(
      statement.resources.begin(), statement.resources.end(),
      [&](const std::string& pattern) { return matches_wildcards(pattern, request.resource); });
  if (has_resource == statement.is_not_resource) return false;
  // Under NotPrincipal the wide reading is the one that denies less, so the narrow one is taken.
  const bool is_narrow = !statement.is_allow && !statement.is_not_principal;
  if (is_principal(statement.principal, request.account, is_narrow) == statement.is_not_principal) {
    return false;
  }
  return conditions_hold(statement.condition, request, !statement.is_allow);
}

BucketPolicy::Verdict BucketPolicy::evaluate(const AccessRequest& request) const {
  Verdict verdict = Verdict::none;
  for (const Statement& statement : statements_) {
    if (verdict == Verdict::allow && statement.is_allow) continue;
    if (!names(statement, request)) continue;
    if (!statement.is_allow) return Verdict::deny;
    verdict = Verdict::allow;
  }
  return verdict;
}

bool BucketPolicy::is_public() const {
  return std::any_of(statements_.begin(), statements_.end(), [](const Statement& statement) {
    return statement.is_allow &&
           (statement.is_not_principal || is_everybody(statement.principal)) &&
           !narrows_to_known(statement.condition);
  });
}

}  // namespace weir::objects
