// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "vpc/default_vpc.h"
#include "vpc/errors.h"
#include "vpc/network.h"
#include "vpc/network_impl.h"

namespace weir::vpc {
namespace {

/// A copy to work with, by id or by name in the default VPC.
Result<SecurityGroup> group_in(const ScopeState& state, const GroupName& wanted) {
  if (!wanted.id.empty()) {
    const auto found = state.groups.find(wanted.id);
    if (found != state.groups.end()) return found->second;
    return no_such(wanted.id, "sg-");
  }
  if (wanted.name.empty()) return missing_parameter("GroupName or GroupId");
  const std::string& vpc_id = default_vpc_of(state).id;
  const auto found = std::find_if(state.groups.begin(), state.groups.end(), [&](const auto& item) {
    return item.second.vpc_id == vpc_id && item.second.name == wanted.name;
  });
  if (found != state.groups.end()) return found->second;
  return no_such_group_name(wanted.name, vpc_id);
}

/// A bound for requests; more rules than the quotas allow never fit.
Result<void> check_count(std::size_t rules) {
  if (rules == 0) return missing_parameter("ipPermissions");
  if (rules <= 4 * kRulesPerGroupMax) return {};
  return Error{ErrorKind::limit, "RulesPerSecurityGroupLimitExceeded",
               "The maximum number of rules per security group has been reached."};
}

/// The rule that the specification asks for in that group, its peer group looked up.
Result<SecurityGroupRule> rule_for(const ScopeState& state, const SecurityGroup& group,
                                   bool is_egress, const GroupRuleSpec& spec) {
  WEIR_TRY(SecurityGroupRule rule, canonical(spec));
  rule.group_id = group.id;
  rule.group_owner_id = group.owner_id;
  rule.is_egress = is_egress;
  if (!spec.group) return rule;
  if (!spec.group_owner_id.empty() && spec.group_owner_id != group.owner_id) {
    return no_such(spec.group->id.empty() ? spec.group->name : spec.group->id, "sg-");
  }
  WEIR_TRY(const SecurityGroup peer, group_in(state, *spec.group));
  if (peer.vpc_id != group.vpc_id) {
    return Error{ErrorKind::not_found, "InvalidGroup.NotFound",
                 "You have specified two resources that belong to different networks."};
  }
  rule.referenced_group = SecurityGroupRule::Reference{peer.id, peer.owner_id};
  return rule;
}

const SecurityGroupRule* find_same(const ScopeState& state, const SecurityGroupRule& wanted) {
  for (const auto& [id, rule] : state.group_rules) {
    if (rule.group_id == wanted.group_id && is_same_rule(rule, wanted)) return &rule;
  }
  return nullptr;
}

/// A rule of that group, by id. `is_egress` unset: of any direction.
Result<SecurityGroupRule> rule_in(const ScopeState& state, std::string_view group_id,
                                  std::optional<bool> is_egress, std::string_view rule_id) {
  const auto found = state.group_rules.find(rule_id);
  const bool is_ours = found != state.group_rules.end() && found->second.group_id == group_id &&
                       (!is_egress || found->second.is_egress == *is_egress);
  if (is_ours) return found->second;
  return no_such(rule_id, "sgr-");
}

/// A rule that names a group counts for both IP versions.
Result<void> check_rule_quota(const ScopeState& state, const std::string& group_id) {
  std::size_t counts[2][2] = {};
  for (const auto& [id, rule] : state.group_rules) {
    if (rule.group_id != group_id) continue;
    if (!rule.cidr_ipv6) ++counts[rule.is_egress][0];
    if (!rule.cidr_ipv4) ++counts[rule.is_egress][1];
  }
  for (const auto& direction : counts) {
    for (const std::size_t count : direction) {
      if (count <= kRulesPerGroupMax) continue;
      return Error{ErrorKind::limit, "RulesPerSecurityGroupLimitExceeded",
                   "The maximum number of rules per security group has been reached."};
    }
  }
  return {};
}

SecurityGroupRule outbound_rule(const SecurityGroup& group, bool is_v6) {
  SecurityGroupRule rule;
  rule.group_id = group.id;
  rule.group_owner_id = group.owner_id;
  rule.is_egress = true;
  (is_v6 ? rule.cidr_ipv6 : rule.cidr_ipv4) = is_v6 ? "::/0" : "0.0.0.0/0";
  return rule;
}

bool has_dependents(const ScopeState& state, const std::string& group_id) {
  const auto uses = [&](const auto& item) {
    const auto& ids = item.second.group_ids;
    return std::find(ids.begin(), ids.end(), group_id) != ids.end();
  };
  const auto refers = [&](const auto& item) {
    const SecurityGroupRule& rule = item.second;
    return rule.group_id != group_id && rule.referenced_group &&
           rule.referenced_group->group_id == group_id;
  };
  return std::any_of(state.enis.begin(), state.enis.end(), uses) ||
         std::any_of(state.group_rules.begin(), state.group_rules.end(), refers);
}

/// The groups of a request, each once, all of them in the interface's VPC.
Result<std::vector<std::string>> checked_groups(const ScopeState& state, const Eni& eni,
                                                const std::vector<std::string>& ids) {
  std::vector<std::string> checked;
  for (const std::string& id : ids) {
    WEIR_TRY(const SecurityGroup group, group_in(state, {id, {}}));
    if (group.vpc_id != eni.vpc_id) {
      return Error{ErrorKind::not_found, "InvalidGroup.NotFound",
                   "You have specified two resources that belong to different networks."};
    }
    if (std::find(checked.begin(), checked.end(), id) == checked.end()) checked.push_back(id);
  }
  if (checked.empty()) return missing_parameter("SecurityGroupId");
  if (checked.size() <= kGroupsPerInterfaceMax) return checked;
  return Error{ErrorKind::limit, "SecurityGroupsPerInterfaceLimitExceeded",
               "The maximum number of security groups per interface has been reached."};
}

}  // namespace

Result<SecurityGroup> Network::create_group(const Scope& scope, NewGroup request,
                                            const Origin& origin) {
  SecurityGroup group;
  WEIR_TRY(group.name, canonical_group_name(std::move(request.name)));
  WEIR_TRY(group.description, canonical_group_description(std::move(request.description)));
  WEIR_CHECK(check_tags(request.tags));
  WEIR_CHECK(state(scope));
  Change change(*impl_, scope);
  const ScopeState& now = change.state();
  group.vpc_id = request.vpc_id.empty() ? default_vpc_of(now).id : request.vpc_id;
  const auto vpc = now.vpcs.find(group.vpc_id);
  if (vpc == now.vpcs.end()) return no_such(group.vpc_id, "vpc-");
  const bool is_taken = std::any_of(now.groups.begin(), now.groups.end(), [&](const auto& item) {
    return item.second.vpc_id == group.vpc_id && item.second.name == group.name;
  });
  if (is_taken) {
    return Error{
        ErrorKind::already_exists, "InvalidGroup.Duplicate",
        "The security group '" + group.name + "' already exists for VPC '" + group.vpc_id + "'"};
  }
  if (now.groups.size() >= kGroupsMax) {
    return Error{
        ErrorKind::limit, "SecurityGroupLimitExceeded",
        "The maximum number of security groups for VPC '" + group.vpc_id + "' has been reached."};
  }
  group.id = change.new_id("sg-");
  group.arn = arn("ec2", scope, "security-group/" + group.id);
  group.owner_id = scope.account;
  group.tags = std::move(request.tags);
  // AWS adds the IPv6 rule where the VPC has IPv6 at that moment.
  const bool has_v6 = !vpc->second.ipv6_associations.empty();
  for (const bool is_v6 : {false, true}) {
    if (is_v6 && !has_v6) continue;
    SecurityGroupRule rule = outbound_rule(group, is_v6);
    rule.id = change.new_id("sgr-");
    rule.arn = arn("ec2", scope, "security-group-rule/" + rule.id);
    change.put(std::move(rule));
  }
  change.put(group);
  WEIR_CHECK(change.commit(origin));
  return group;
}

Result<std::string> Network::delete_group(const Scope& scope, const GroupName& name,
                                          const Origin& origin) {
  WEIR_CHECK(state(scope));
  Change change(*impl_, scope);
  WEIR_TRY(const SecurityGroup group, group_in(change.state(), name));
  if (group.name == "default") {
    return Error{ErrorKind::invalid, "CannotDelete",
                 "the specified group: \"" + group.id + "\" name: \"" + group.name +
                     "\" cannot be deleted by a user"};
  }
  if (has_dependents(change.state(), group.id)) {
    return Error{ErrorKind::conflict, "DependencyViolation",
                 "resource " + group.id + " has a dependent object"};
  }
  std::vector<std::string> rules;
  for (const auto& [id, rule] : change.state().group_rules) {
    if (rule.group_id == group.id) rules.push_back(id);
  }
  for (const std::string& id : rules) change.erase<SecurityGroupRule>(id);
  change.erase<SecurityGroup>(group.id);
  WEIR_CHECK(change.commit(origin));
  return group.id;
}

Result<std::vector<SecurityGroupRule>> Network::authorize_group(
    const Scope& scope, const GroupName& name, bool is_egress,
    const std::vector<GroupRuleSpec>& rules, const Tags& tags, const Origin& origin) {
  WEIR_CHECK(check_tags(tags));
  WEIR_CHECK(check_count(rules.size()));
  WEIR_CHECK(state(scope));
  Change change(*impl_, scope);
  WEIR_TRY(const SecurityGroup group, group_in(change.state(), name));
  std::vector<SecurityGroupRule> added;
  for (const GroupRuleSpec& spec : rules) {
    WEIR_TRY(SecurityGroupRule rule, rule_for(change.state(), group, is_egress, spec));
    const bool is_twice = std::any_of(added.begin(), added.end(),
                                      [&](const auto& known) { return is_same_rule(known, rule); });
    if (is_twice) {
      return Error{ErrorKind::invalid, "InvalidParameterValue",
                   "The same permission must not appear multiple times"};
    }
    if (find_same(change.state(), rule) != nullptr) {
      return Error{ErrorKind::already_exists, "InvalidPermission.Duplicate",
                   "the specified rule \"" + describe(rule) + "\" already exists"};
    }
    rule.id = change.new_id("sgr-");
    rule.arn = arn("ec2", scope, "security-group-rule/" + rule.id);
    rule.tags = tags;
    added.push_back(std::move(rule));
  }
  for (const SecurityGroupRule& rule : added) change.put(rule);
  WEIR_CHECK(check_rule_quota(change.state(), group.id));
  WEIR_CHECK(change.commit(origin));
  return added;
}

Result<RevokedRules> Network::revoke_group(const Scope& scope, const GroupName& name,
                                           bool is_egress, const std::vector<GroupRuleSpec>& rules,
                                           const Origin& origin) {
  WEIR_CHECK(check_count(rules.size()));
  WEIR_CHECK(state(scope));
  Change change(*impl_, scope);
  WEIR_TRY(const SecurityGroup group, group_in(change.state(), name));
  RevokedRules done;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    WEIR_TRY(const SecurityGroupRule wanted, rule_for(change.state(), group, is_egress, rules[i]));
    const SecurityGroupRule* found = find_same(change.state(), wanted);
    if (found == nullptr) {
      done.unknown.push_back(i);
      continue;
    }
    done.revoked.push_back(*found);
    change.erase<SecurityGroupRule>(done.revoked.back().id);
  }
  if (!done.unknown.empty() && group.vpc_id != default_vpc_of(change.state()).id) {
    return Error{ErrorKind::not_found, "InvalidPermission.NotFound",
                 "The specified rule does not exist in this security group."};
  }
  WEIR_CHECK(change.commit(origin));
  return done;
}

Result<RevokedRules> Network::revoke_group_rules(const Scope& scope, const GroupName& name,
                                                 bool is_egress,
                                                 const std::vector<std::string>& rule_ids,
                                                 const Origin& origin) {
  WEIR_CHECK(check_count(rule_ids.size()));
  WEIR_CHECK(state(scope));
  Change change(*impl_, scope);
  WEIR_TRY(const SecurityGroup group, group_in(change.state(), name));
  RevokedRules done;
  for (const std::string& id : rule_ids) {
    WEIR_TRY(SecurityGroupRule rule, rule_in(change.state(), group.id, is_egress, id));
    change.erase<SecurityGroupRule>(rule.id);
    done.revoked.push_back(std::move(rule));
  }
  WEIR_CHECK(change.commit(origin));
  return done;
}

Result<void> Network::modify_group_rules(const Scope& scope, std::string_view group_id,
                                         const std::vector<RuleChange>& changes,
                                         const Origin& origin) {
  WEIR_CHECK(check_count(changes.size()));
  WEIR_CHECK(state(scope));
  Change change(*impl_, scope);
  WEIR_TRY(const SecurityGroup group, group_in(change.state(), {std::string(group_id), {}}));
  for (const RuleChange& wanted : changes) {
    WEIR_TRY(SecurityGroupRule known, rule_in(change.state(), group.id, {}, wanted.rule_id));
    WEIR_TRY(SecurityGroupRule rule, rule_for(change.state(), group, known.is_egress, wanted.rule));
    const SecurityGroupRule* same = find_same(change.state(), rule);
    if (same != nullptr && same->id != known.id) {
      return Error{ErrorKind::already_exists, "InvalidPermission.Duplicate",
                   "the specified rule \"" + describe(rule) + "\" already exists"};
    }
    rule.id = std::move(known.id);
    rule.arn = std::move(known.arn);
    rule.tags = std::move(known.tags);
    change.put(std::move(rule));
  }
  WEIR_CHECK(check_rule_quota(change.state(), group.id));
  return change.commit(origin);
}

Result<void> Network::describe_group_rules(const Scope& scope, const GroupName& name,
                                           bool is_egress, const std::vector<GroupRuleSpec>& rules,
                                           const std::vector<RuleDescription>& by_id,
                                           const Origin& origin) {
  WEIR_CHECK(check_count(rules.size() + by_id.size()));
  WEIR_CHECK(state(scope));
  Change change(*impl_, scope);
  WEIR_TRY(const SecurityGroup group, group_in(change.state(), name));
  for (const GroupRuleSpec& spec : rules) {
    WEIR_TRY(const SecurityGroupRule wanted, rule_for(change.state(), group, is_egress, spec));
    const SecurityGroupRule* found = find_same(change.state(), wanted);
    if (found == nullptr) {
      return Error{ErrorKind::not_found, "InvalidPermission.NotFound",
                   "The specified rule does not exist in this security group."};
    }
    SecurityGroupRule described = *found;
    described.description = wanted.description;
    change.put(std::move(described));
  }
  for (const RuleDescription& one : by_id) {
    WEIR_TRY(SecurityGroupRule rule, rule_in(change.state(), group.id, is_egress, one.rule_id));
    // The description is checked as that of a new rule is.
    WEIR_TRY(
        const SecurityGroupRule checked,
        canonical({.ip_protocol = "-1", .cidr_ipv4 = "0.0.0.0/0", .description = one.description}));
    rule.description = checked.description;
    change.put(std::move(rule));
  }
  return change.commit(origin);
}

Result<void> Network::change_interface(const Scope& scope, std::string_view eni_id,
                                       const InterfaceChange& wanted, const Origin& origin) {
  WEIR_CHECK(state(scope));
  Change change(*impl_, scope);
  const ScopeState& now = change.state();
  const auto found = now.enis.find(eni_id);
  if (found == now.enis.end()) return no_such(eni_id, "eni-");
  Eni eni = found->second;
  const auto known = now.interface_attributes.find(eni.id);
  InterfaceAttributes attributes =
      known != now.interface_attributes.end() ? known->second : InterfaceAttributes{};
  attributes.id = eni.id;
  attributes.group_ids = eni.group_ids;
  if (wanted.group_ids) {
    WEIR_TRY(attributes.group_ids, checked_groups(now, eni, *wanted.group_ids));
  }
  if (wanted.description) {
    if (wanted.description->size() > 255) {
      return invalid_value(*wanted.description, "description", "At most 255 characters fit.");
    }
    attributes.description = wanted.description;
  }
  if (wanted.source_dest_check) attributes.source_dest_check = *wanted.source_dest_check;

  if (!now.interface_attributes.contains(eni.id) &&
      now.interface_attributes.size() >= kInterfaceAttributesMax) {
    const auto absent =
        std::find_if(now.interface_attributes.begin(), now.interface_attributes.end(),
                     [&](const auto& item) { return !now.enis.contains(item.first); });
    WEIR_ASSERT(absent != now.interface_attributes.end());  // there are fewer ENIs than attributes
    change.erase<InterfaceAttributes>(std::string(absent->first));
  }
  change.put(std::move(attributes));
  apply_attributes(eni, change.state());
  change.put(std::move(eni));
  return change.commit(origin);
}

}  // namespace weir::vpc
