// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "vpc/network.h"

/// Private to the module: what the files of Network share.
namespace weir::vpc {

inline constexpr std::size_t kScopesMax = 2000;               // accounts times regions
inline constexpr std::size_t kInterfacesMax = 250;            // devices that become ENIs
inline constexpr std::size_t kSubnetsMax = 200;               // per VPC, AWS quota
inline constexpr std::size_t kAclsMax = 200;                  // per VPC, AWS quota
inline constexpr std::size_t kInterfaceAttributesMax = 8192;  // of present and absent devices
static_assert(kInterfaceAttributesMax > kInterfacesMax + kDeclaredMax);
inline constexpr std::size_t kTokensMax = 10'000;  // client tokens remembered per scope
inline constexpr std::string_view kStorePrefix = "vpc/";

/// The answer to a request with a client token, for when it comes again.
struct TokenRecord {
  std::string id;       // operation/token
  std::string request;  // JSON
  std::string answer;
  Time created;
  static Shape shape();
};
using TokenRecords = std::map<std::string, TokenRecord, std::less<>>;

/// Where the resources of a type are kept: in a snapshot and in the store.
template <class T>
struct Table;
#define WEIR_VPC_TABLE(Type, name, member)            \
  template <>                                         \
  struct Table<Type> {                                \
    static constexpr std::string_view kName = name;   \
    static constexpr auto kMap = &ScopeState::member; \
  }
WEIR_VPC_TABLE(Vpc, "vpc", vpcs);
WEIR_VPC_TABLE(Subnet, "subnet", subnets);
WEIR_VPC_TABLE(NetworkAcl, "acl", acls);
WEIR_VPC_TABLE(SecurityGroup, "group", groups);
WEIR_VPC_TABLE(SecurityGroupRule, "group-rule", group_rules);
WEIR_VPC_TABLE(Eni, "eni", enis);
WEIR_VPC_TABLE(FlowLog, "flow-log", flow_logs);
WEIR_VPC_TABLE(InterfaceAttributes, "interface-settings", interface_attributes);
#undef WEIR_VPC_TABLE

struct Network::Impl {
  Impl(Runtime& runtime_in, store::KvStore& store_in, const Config& config_in)
      : runtime(runtime_in), store(store_in), config(config_in) {}

  Snapshot find(const Scope& scope) const {
    auto scopes = known.lock();
    const auto found = scopes->find(scope);
    return found == scopes->end() ? nullptr : found->second;
  }

  Runtime& runtime;
  store::KvStore& store;
  const Config& config;
  Guarded<std::map<Scope, Snapshot>> known;
  std::vector<ChangeCallback> callbacks;
  DestinationCheck destination_check;

  /// Held from looking at the host until that is taken over: what was seen later counts.
  std::mutex refreshing;
  /// Held for the whole of a change, also while the gate and the store work: changes are rare and
  /// must not overtake each other. Readers use `known` only.
  std::mutex changing;
  // Under `changing`:
  std::map<Scope, TokenRecords> tokens;
  std::vector<HostInterface> interfaces;
  AclGate* gate = nullptr;
};

/// One change of one scope: a copy of the snapshot, edited, then enforced, stored and published
/// together.
class Network::Change {
 public:
  enum class Notify { yes, no };

  /// Waits for the change under way. Makes the default VPC if the scope is new.
  Change(Impl& impl, const Scope& scope);

  const ScopeState& state() const { return state_; }
  const Scope& scope() const { return scope_; }
  std::string new_id(std::string_view prefix) const {
    return std::string(prefix) + impl_.runtime.hex(17);
  }
  TokenRecords& tokens() { return impl_.tokens[scope_]; }
  /// Nothing if there is no token or it is new; the earlier answer if the request is the same as
  /// then; Error IdempotentParameterMismatch if it is another one.
  Result<std::optional<std::string>> earlier_answer(std::string_view operation,
                                                    const std::string& token,
                                                    const std::string& request);
  /// Remembers the answer, if there is a token, once the change is committed.
  void remember_answer(std::string_view operation, const std::string& token, std::string request,
                       std::string answer);

  template <class T>
  void put(T value) {
    batch_.put(key(Table<T>::kName, value.id), to_json_text(value));
    auto& map = state_.*Table<T>::kMap;
    std::string id = value.id;
    map.insert_or_assign(std::move(id), std::move(value));
  }
  template <class T>
  void erase(const std::string& id) {
    batch_.erase(key(Table<T>::kName, id));
    (state_.*Table<T>::kMap).erase(id);
  }

  /// Ends the change. An Error of gate or store leaves everything as it was; so does a dry run.
  Result<void> commit(const Origin& origin, Notify notify = Notify::yes);
  /// For facts: takes what the gate refuses too, and returns its Error.
  Result<void> commit_anyway();

 private:
  friend class Network;
  std::string key(std::string_view table, std::string_view id) const;
  Result<void> enforce(const std::vector<InterfaceRules>& from,
                       const std::vector<InterfaceRules>& to, const Origin& origin);
  Result<void> store_and_publish(Notify notify);

  Impl& impl_;
  const Scope scope_;
  std::unique_lock<std::mutex> lock_;
  Snapshot before_;  // nullptr: the scope is new
  ScopeState state_;
  store::WriteBatch batch_;
  std::vector<TokenRecord> new_tokens_;
};

/// Whether nftables of this network namespace can judge its packets: not those of devices in
/// another one, of guests behind a bridge (which this host does not route), of one VLAN of a
/// device, or of interfaces elsewhere.
bool can_enforce(const Eni& eni);

/// The rules of each interface that has an ACL and can_enforce().
std::vector<InterfaceRules> rules_of(const ScopeState& state);

/// Calls `visit(resource)` with the resource of that id, whatever its type; false if there is none.
template <class Visit>
bool visit_resource(const ScopeState& state, std::string_view id, Visit visit) {
  const auto in = [&](const auto& map) {
    const auto found = map.find(id);
    if (found == map.end()) return false;
    visit(found->second);
    return true;
  };
  return in(state.vpcs) || in(state.subnets) || in(state.acls) || in(state.groups) ||
         in(state.group_rules) || in(state.enis) || in(state.flow_logs);
}

/// AWS's rules for tags: at most 50 per resource, keys of 1 to 127 characters, values of up to 256,
/// `aws:` reserved, no key twice.
Result<void> check_tags(const Tags& tags);

}  // namespace weir::vpc
