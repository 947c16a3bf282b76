// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "vpc/errors.h"
#include "vpc/network.h"
#include "vpc/network_impl.h"

namespace weir::vpc {
namespace {

constexpr std::string_view kCreate = "CreateNetworkAcl";

using Entries = std::vector<AclEntry>;

Entries::iterator find_entry(Entries& entries, int number, bool egress) {
  return std::find_if(entries.begin(), entries.end(), [&](const AclEntry& entry) {
    return entry.rule_number == number && entry.egress == egress;
  });
}

Error no_entry(int number, bool egress) {
  return {ErrorKind::not_found, "InvalidNetworkAclEntry.NotFound",
          std::string("no ") + (egress ? "egress" : "ingress") + " entry with number " +
              std::to_string(number)};
}

/// A copy to change, or the error for an id that is none.
Result<NetworkAcl> acl_in(const ScopeState& state, std::string_view acl_id) {
  const auto found = state.acls.find(acl_id);
  if (found != state.acls.end()) return found->second;
  return no_such(acl_id, "acl-");
}

/// The quota counts each direction and IP version by itself, deny-all included.
Result<void> check_room(const Entries& entries, const AclEntry& added, int entries_max) {
  const auto same_list = std::count_if(entries.begin(), entries.end(), [&](const AclEntry& e) {
    return e.egress == added.egress && e.cidr_block.has_value() == added.cidr_block.has_value();
  });
  if (same_list < static_cast<std::ptrdiff_t>(entries_max)) return {};
  return Error{ErrorKind::limit, "NetworkAclEntryLimitExceeded",
               "The network ACL has the maximum of " + std::to_string(entries_max) +
                   " entries per direction and IP version."};
}

}  // namespace

Result<NetworkAcl> Network::create_acl(const Scope& scope, std::string_view vpc_id, Tags tags,
                                       const std::string& client_token, const Origin& origin) {
  WEIR_CHECK(check_tags(tags));
  WEIR_CHECK(state(scope));
  Change change(*impl_, scope);
  const auto vpc = change.state().vpcs.find(vpc_id);
  if (vpc == change.state().vpcs.end()) return no_such(vpc_id, "vpc-");
  if (change.state().acls.size() >= kAclsMax) {
    return Error{ErrorKind::limit, "NetworkAclLimitExceeded",
                 "The VPC has the maximum of 200 network ACLs."};
  }
  NetworkAcl acl;
  acl.tags = std::move(tags);
  acl.vpc_id = vpc_id;
  const std::string request = to_json_text(acl);
  WEIR_TRY(const auto earlier, change.earlier_answer(kCreate, client_token, request));
  if (earlier) return acl_in(change.state(), *earlier);

  acl.id = change.new_id("acl-");
  acl.owner_id = scope.account;
  acl.entries = deny_all_entries(!vpc->second.ipv6_associations.empty());
  change.remember_answer(kCreate, client_token, request, acl.id);
  change.put(acl);
  WEIR_CHECK(change.commit(origin));
  return acl;
}

Result<void> Network::delete_acl(const Scope& scope, std::string_view acl_id,
                                 const Origin& origin) {
  WEIR_CHECK(state(scope));
  Change change(*impl_, scope);
  WEIR_TRY(const NetworkAcl acl, acl_in(change.state(), acl_id));
  if (acl.is_default) {
    return Error{ErrorKind::invalid, "InvalidParameterValue",
                 "cannot delete default network ACL " + acl.id};
  }
  if (!acl.associations.empty()) {
    return Error{ErrorKind::conflict, "DependencyViolation",
                 "The network ACL '" + acl.id + "' has dependencies and cannot be deleted."};
  }
  change.erase<NetworkAcl>(acl.id);
  return change.commit(origin);
}

Result<void> Network::create_acl_entry(const Scope& scope, std::string_view acl_id, AclEntry entry,
                                       const Origin& origin) {
  WEIR_TRY(entry, canonical(std::move(entry)));
  WEIR_CHECK(state(scope));
  Change change(*impl_, scope);
  WEIR_TRY(NetworkAcl acl, acl_in(change.state(), acl_id));
  if (find_entry(acl.entries, entry.rule_number, entry.egress) != acl.entries.end()) {
    return Error{ErrorKind::already_exists, "NetworkAclEntryAlreadyExists",
                 "The network acl entry identified by " + std::to_string(entry.rule_number) +
                     " already exists."};
  }
  WEIR_CHECK(check_room(acl.entries, entry, config_.acl_entries_max));
  acl.entries.push_back(std::move(entry));
  sort_entries(acl.entries);
  change.put(std::move(acl));
  return change.commit(origin);
}

Result<void> Network::replace_acl_entry(const Scope& scope, std::string_view acl_id, AclEntry entry,
                                        const Origin& origin) {
  WEIR_TRY(entry, canonical(std::move(entry)));
  WEIR_CHECK(state(scope));
  Change change(*impl_, scope);
  WEIR_TRY(NetworkAcl acl, acl_in(change.state(), acl_id));
  const auto found = find_entry(acl.entries, entry.rule_number, entry.egress);
  if (found == acl.entries.end()) return no_entry(entry.rule_number, entry.egress);
  acl.entries.erase(found);
  WEIR_CHECK(check_room(acl.entries, entry, config_.acl_entries_max));
  acl.entries.push_back(std::move(entry));
  sort_entries(acl.entries);
  change.put(std::move(acl));
  return change.commit(origin);
}

Result<void> Network::delete_acl_entry(const Scope& scope, std::string_view acl_id, int rule_number,
                                       bool egress, const Origin& origin) {
  if (rule_number < 1 || rule_number > kRuleNumberMax) {
    return invalid_value(std::to_string(rule_number), "ruleNumber", "Rule numbers are 1 to 32766.");
  }
  WEIR_CHECK(state(scope));
  Change change(*impl_, scope);
  WEIR_TRY(NetworkAcl acl, acl_in(change.state(), acl_id));
  const auto found = find_entry(acl.entries, rule_number, egress);
  if (found == acl.entries.end()) return no_entry(rule_number, egress);
  acl.entries.erase(found);
  change.put(std::move(acl));
  return change.commit(origin);
}

Result<std::string> Network::replace_acl_association(const Scope& scope,
                                                     std::string_view association_id,
                                                     std::string_view acl_id,
                                                     const Origin& origin) {
  WEIR_CHECK(state(scope));
  Change change(*impl_, scope);
  WEIR_CHECK(acl_in(change.state(), acl_id));
  for (const auto& [id, holder] : change.state().acls) {
    const auto link = std::find_if(holder.associations.begin(), holder.associations.end(),
                                   [&](const AclAssociation& a) { return a.id == association_id; });
    if (link == holder.associations.end()) continue;

    AclAssociation moved{change.new_id("aclassoc-"), std::string(acl_id), link->subnet_id};
    NetworkAcl from = holder;
    std::erase_if(from.associations,
                  [&](const AclAssociation& a) { return a.id == association_id; });
    change.put(std::move(from));
    NetworkAcl to = change.state().acls.find(acl_id)->second;  // may be the one just put
    const std::string new_id = moved.id;
    to.associations.push_back(std::move(moved));
    change.put(std::move(to));
    WEIR_CHECK(change.commit(origin));
    return new_id;
  }
  return no_such(association_id, "aclassoc-");
}

}  // namespace weir::vpc
