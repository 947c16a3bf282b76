// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "store/kv_store.h"
#include "vpc/acl.h"
#include "vpc/flow_logs.h"
#include "vpc/groups.h"
#include "vpc/interfaces.h"
#include "vpc/types.h"

namespace weir::vpc {

/// Who asks for a change, for the guard against locking oneself out.
struct Origin {
  std::string source_ip = {};  // of the API connection; "" for Weir's own changes
  bool is_restore = false;     // makes true what was accepted before: no guard
  bool is_dry_run = false;     // everything is checked, nothing is changed
};

/// What is enforced on one network interface of this host.
struct InterfaceRules {
  std::string eni_id;
  std::string ifname;
  std::vector<std::string> addresses;
  std::string acl_id;
  std::vector<AclEntry> entries;
  InterfaceGroups groups = {};
  bool is_guest = false;  // the device is the host's end of the ENI: what leaves it enters the ENI
  bool operator==(const InterfaceRules&) const = default;
};

/// Makes ACLs and security groups true on this host (enforce::Enforcer). Asked before a change is
/// stored, with the rules of all host interfaces as they are and as they would be; an Error keeps
/// the change from happening. On a dry run it only says whether it would.
class AclGate {
 public:
  virtual ~AclGate() = default;
  virtual Result<void> apply(const std::vector<InterfaceRules>& before,
                             const std::vector<InterfaceRules>& after, const Origin& origin) = 0;
};

/// Answers whether a destination of that type (`s3`, `kinesis-data-firehose`) can take flow logs;
/// the Error's message becomes that of the `unsuccessful` item. `name` is that of the bucket or
/// stream.
using DestinationCheck =
    std::function<Result<void>(const Scope&, std::string_view type, std::string_view name)>;

struct Config {
  Scope host_scope = {};              // account and region of the host's interfaces
  std::string host_zone = "a";        // availability zone of the host: the letter behind the region
  std::vector<VpcSetting> vpcs = {};  // besides the default VPC
  /// Devices that are ENIs, see choose_interfaces().
  std::vector<InterfaceSetting> interfaces = {};
  std::string machine_id = {};  // "": /etc/machine-id
  /// Entries of an ACL per direction and IP version, deny-all included. 20 is AWS's default quota;
  /// 2 to 4000.
  int acl_entries_max = 20;
};

/// VPCs, subnets, interfaces, ACLs and flow logs of all accounts and regions. The default VPC of a
/// region is made when the region is first looked at, and kept.
///
/// Threads: every function may be called from any thread. Changes are made one after the other and
/// are in the store before the call returns; readers get an immutable snapshot and never wait for a
/// change. Errors: codes and texts of EC2.
class Network {
 public:
  using Snapshot = std::shared_ptr<const ScopeState>;  // shared by readers of the same moment
  using ChangeCallback = std::function<void(const Scope&)>;

  Network(Runtime& runtime, store::KvStore& store, Config config);
  ~Network();

  /// Reads what the store has. Call once, before anything else.
  Result<void> load();
  /// Forgets everything (CI mode) but the host's interfaces.
  Result<void> reset();
  /// Connects the enforcement and makes the present ACLs true. Without a gate ACLs are only kept.
  Result<void> set_gate(AclGate* gate);
  void set_destination_check(DestinationCheck check);
  /// Called after a change of ACLs, flow logs or interfaces of that scope, on the changing thread,
  /// outside all locks. Not to be called while changes are going on.
  void on_change(ChangeCallback callback);

  /// What interfaces the host has now; call again whenever that may have changed. They are facts:
  /// an Error (the store's, or the gate's about making their ACLs true) does not keep them from
  /// being shown.
  Result<void> set_interfaces(std::vector<HostInterface> interfaces);

  /// Looks at the host and calls set_interfaces() with what Config::interfaces chooses.
  Result<void> refresh_interfaces();

  /// Makes an interface known that is no device of this host (a port of a router that exports
  /// flows), or renews what is known about it; cheap if nothing changes. It is in the VPC of its
  /// addresses, kept over restarts, covered by flow logs of its subnet and VPC, neither captured
  /// nor enforced, and there until delete_interface(). Error: there are kDeclaredMax already.
  Result<Eni> declare_interface(const Scope& scope, const DeclaredInterface& declared);
  /// Forgets a declared interface; it is there again when it is declared again. Errors:
  /// InvalidNetworkInterfaceID.NotFound, InvalidParameterValue for a device of this host.
  Result<void> delete_interface(const Scope& scope, std::string_view eni_id,
                                const Origin& origin = {});

  Result<Snapshot> state(const Scope& scope);
  std::vector<Eni> enis(const Scope& scope);
  /// The devices of this host (in Config::host_scope), without declared interfaces.
  std::vector<Eni> host_enis();
  /// Flow logs of the interface itself, of its subnet and of its VPC.
  std::vector<FlowLog> flow_logs_for(const Eni& eni);
  Result<NetworkAcl> acl_for(const Scope& scope, std::string_view subnet_id);
  Result<NetworkAcl> acl_for_eni(const Scope& scope, std::string_view eni_id);

  /// The same `client_token` again gives the ACL that was made then.
  Result<NetworkAcl> create_acl(const Scope& scope, std::string_view vpc_id, Tags tags,
                                const std::string& client_token = {}, const Origin& origin = {});
  Result<void> delete_acl(const Scope& scope, std::string_view acl_id, const Origin& origin = {});
  Result<void> create_acl_entry(const Scope& scope, std::string_view acl_id, AclEntry entry,
                                const Origin& origin = {});
  Result<void> replace_acl_entry(const Scope& scope, std::string_view acl_id, AclEntry entry,
                                 const Origin& origin = {});
  Result<void> delete_acl_entry(const Scope& scope, std::string_view acl_id, int rule_number,
                                bool egress, const Origin& origin = {});
  /// Returns the new association's id.
  Result<std::string> replace_acl_association(const Scope& scope, std::string_view association_id,
                                              std::string_view acl_id, const Origin& origin = {});

  /// A new group lets everything out and nothing in.
  Result<SecurityGroup> create_group(const Scope& scope, NewGroup request,
                                     const Origin& origin = {});
  /// Returns the group's id.
  Result<std::string> delete_group(const Scope& scope, const GroupName& group,
                                   const Origin& origin = {});
  /// All of the rules or none. Returns them with their ids.
  Result<std::vector<SecurityGroupRule>> authorize_group(const Scope& scope, const GroupName& group,
                                                         bool is_egress,
                                                         const std::vector<GroupRuleSpec>& rules,
                                                         const Tags& tags,
                                                         const Origin& origin = {});
  /// In the default VPC what matches no rule is told in the answer; elsewhere it is an Error and
  /// nothing is revoked (AuthorizeSecurityGroup..., RevokeSecurityGroup...).
  Result<RevokedRules> revoke_group(const Scope& scope, const GroupName& group, bool is_egress,
                                    const std::vector<GroupRuleSpec>& rules,
                                    const Origin& origin = {});
  Result<RevokedRules> revoke_group_rules(const Scope& scope, const GroupName& group,
                                          bool is_egress, const std::vector<std::string>& rule_ids,
                                          const Origin& origin = {});
  Result<void> modify_group_rules(const Scope& scope, std::string_view group_id,
                                  const std::vector<RuleChange>& changes,
                                  const Origin& origin = {});
  /// By the rules themselves (their `description` is the new one) or by their ids.
  Result<void> describe_group_rules(const Scope& scope, const GroupName& group, bool is_egress,
                                    const std::vector<GroupRuleSpec>& rules,
                                    const std::vector<RuleDescription>& by_id,
                                    const Origin& origin = {});
  Result<void> change_interface(const Scope& scope, std::string_view eni_id,
                                const InterfaceChange& change, const Origin& origin = {});

  Result<CreatedFlowLogs> create_flow_logs(const Scope& scope, NewFlowLogs request);
  /// All or none. `dry_run`: only looks whether they exist.
  Result<void> delete_flow_logs(const Scope& scope, const std::vector<std::string>& ids,
                                bool dry_run = false);
  /// What delivery met: nothing, or "Access error", "Rate limited", "Unknown error". Cheap if
  /// nothing changes.
  Result<void> set_delivery_error(const Scope& scope, std::string_view flow_log_id,
                                  std::optional<std::string> error);

  Result<void> create_tags(const Scope& scope, const std::vector<std::string>& resource_ids,
                           const Tags& tags, const Origin& origin = {});
  /// A tag without value goes whatever its value is; no tags: all go.
  Result<void> delete_tags(const Scope& scope, const std::vector<std::string>& resource_ids,
                           const std::vector<TagToDelete>& tags, const Origin& origin = {});

  const Config& config() const { return config_; }
  /// The time by which this judges.
  Time now() const;

 private:
  class Change;
  class InterfacePlan;
  Result<void> read_store();
  Result<void> take_settings();
  struct Impl;

  const Config config_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::vpc
