// SPDX-License-Identifier: Apache-2.0
#include "vpc/network.h"

#include <algorithm>

#include "base/log.h"
#include "vpc/default_vpc.h"
#include "vpc/errors.h"
#include "vpc/network_impl.h"

namespace weir::vpc {
namespace {

Config with_machine_id(Config config) {
  if (config.machine_id.empty()) config.machine_id = read_machine_id();
  config.acl_entries_max = std::clamp(config.acl_entries_max, 2, 4000);
  return config;
}

template <class T>
Result<void> read_into(ScopeState& state, std::string_view value) {
  WEIR_TRY(T item, from_json_text<T>(value));
  std::string id = item.id;
  (state.*Table<T>::kMap).insert_or_assign(std::move(id), std::move(item));
  return {};
}

/// Puts one stored pair where it belongs; `key` begins behind the scope.
Result<void> read_resource(ScopeState& state, std::string_view key, std::string_view value) {
  const std::string_view table = key.substr(0, key.find('/'));
  if (table == Table<Vpc>::kName) return read_into<Vpc>(state, value);
  if (table == Table<Subnet>::kName) return read_into<Subnet>(state, value);
  if (table == Table<NetworkAcl>::kName) return read_into<NetworkAcl>(state, value);
  if (table == Table<SecurityGroup>::kName) return read_into<SecurityGroup>(state, value);
  if (table == Table<SecurityGroupRule>::kName) return read_into<SecurityGroupRule>(state, value);
  if (table == Table<Eni>::kName) return read_into<Eni>(state, value);
  if (table == Table<FlowLog>::kName) return read_into<FlowLog>(state, value);
  if (table == Table<InterfaceAttributes>::kName)
    return read_into<InterfaceAttributes>(state, value);
  return Error{ErrorKind::internal, "InternalError",
               "the store holds a kind of VPC resource that this version does not know: " +
                   std::string(key)};
}

}  // namespace

Network::Network(Runtime& runtime, store::KvStore& store, Config config)
    : config_(with_machine_id(std::move(config))),
      impl_(std::make_unique<Impl>(runtime, store, config_)) {}

Network::~Network() = default;

Result<void> Network::load() {
  WEIR_CHECK(read_store());
  return take_settings();
}

Result<void> Network::read_store() {
  const std::lock_guard lock(impl_->changing);
  std::map<Scope, ScopeState> read;
  Result<void> outcome;
  const auto take = [&](std::string_view key, std::string_view value) -> Result<void> {
    key.remove_prefix(kStorePrefix.size());
    const Scope scope = Scope::take_from(key);
    if (!key.starts_with("token/")) return read_resource(read[scope], key, value);
    WEIR_TRY(TokenRecord record, from_json_text<TokenRecord>(value));
    std::string id = record.id;
    impl_->tokens[scope].insert_or_assign(std::move(id), std::move(record));
    return {};
  };
  WEIR_CHECK(impl_->store.scan(kStorePrefix, [&](std::string_view key, std::string_view value) {
    outcome = take(key, value);
    return static_cast<bool>(outcome);
  }));
  WEIR_CHECK(outcome);

  auto scopes = impl_->known.lock();
  for (auto& [scope, state] : read) {
    for (auto& [id, eni] : state.enis) eni.scope = scope;
    scopes->insert_or_assign(scope, std::make_shared<const ScopeState>(std::move(state)));
  }
  return {};
}

Result<void> Network::reset() {
  std::vector<HostInterface> interfaces;
  {
    const std::lock_guard lock(impl_->changing);
    store::WriteBatch batch;
    batch.erase_prefix(kStorePrefix);
    WEIR_CHECK(impl_->store.write(batch));
    const auto before = impl_->find(config_.host_scope);
    impl_->known.lock()->clear();
    impl_->tokens.clear();
    if (impl_->gate != nullptr && before) {
      WEIR_CHECK(impl_->gate->apply(rules_of(*before), {}, {.is_restore = true}));
    }
    interfaces = impl_->interfaces;
  }
  return interfaces.empty() ? take_settings() : set_interfaces(std::move(interfaces));
}

Result<void> Network::set_gate(AclGate* gate) {
  const std::lock_guard lock(impl_->changing);
  impl_->gate = gate;
  const auto now = impl_->find(config_.host_scope);
  if (gate == nullptr || !now) return {};
  return gate->apply({}, rules_of(*now), {.is_restore = true});
}

void Network::set_destination_check(DestinationCheck check) {
  impl_->destination_check = std::move(check);
}

void Network::on_change(ChangeCallback callback) {
  impl_->callbacks.push_back(std::move(callback));
}

Result<Network::Snapshot> Network::state(const Scope& scope) {
  if (auto found = impl_->find(scope)) return found;
  if (impl_->known.lock()->size() >= kScopesMax) {
    return Error{ErrorKind::limit, "RequestLimitExceeded",
                 "There are already " + std::to_string(kScopesMax) +
                     " pairs of account and region; this one would be one more."};
  }
  Change change(*impl_, scope);
  WEIR_CHECK(change.commit({.is_restore = true}, Change::Notify::no));
  return impl_->find(scope);
}

std::vector<Eni> Network::enis(const Scope& scope) {
  std::vector<Eni> enis;
  if (const auto now = impl_->find(scope)) {
    for (const auto& [id, eni] : now->enis) enis.push_back(eni);
  }
  return enis;
}

std::vector<Eni> Network::host_enis() {
  std::vector<Eni> own = enis(config_.host_scope);
  std::erase_if(own, [](const Eni& eni) { return eni.is_declared(); });
  return own;
}

std::vector<FlowLog> Network::flow_logs_for(const Eni& eni) {
  std::vector<FlowLog> found;
  if (const auto now = impl_->find(eni.scope)) {
    for (const auto& [id, flow_log] : now->flow_logs) {
      const std::string& resource = flow_log.resource_id;
      if (resource == eni.id || resource == eni.subnet_id || resource == eni.vpc_id) {
        found.push_back(flow_log);
      }
    }
  }
  return found;
}

Result<NetworkAcl> Network::acl_for(const Scope& scope, std::string_view subnet_id) {
  WEIR_TRY(const Snapshot now, state(scope));
  const NetworkAcl* acl = now->acl_of_subnet(subnet_id);
  if (acl == nullptr) return no_such(subnet_id);
  return *acl;
}

Result<NetworkAcl> Network::acl_for_eni(const Scope& scope, std::string_view eni_id) {
  WEIR_TRY(const Snapshot now, state(scope));
  const auto eni = now->enis.find(eni_id);
  if (eni == now->enis.end()) return no_such(eni_id);
  return acl_for(scope, eni->second.subnet_id);
}

// ---- Change ------------------------------------------------------------------------------------

Shape TokenRecord::shape() {
  using S = TokenRecord;
  static constexpr Member members[] = {
      optional<&S::id>("id"),
      optional<&S::request>("request"),
      optional<&S::answer>("answer"),
      optional<&S::created>("created"),
  };
  return {"TokenRecord", members};
}

Network::Change::Change(Impl& impl, const Scope& scope)
    : impl_(impl), scope_(scope), lock_(impl.changing), before_(impl.find(scope)) {
  if (before_) {
    state_ = *before_;
    return;
  }
  ScopeState fresh = default_vpc(scope, impl.config.machine_id);
  const auto put_all = [this](auto& map) {
    for (auto& [id, item] : map) put(std::move(item));
  };
  put_all(fresh.vpcs);
  put_all(fresh.subnets);
  put_all(fresh.acls);
  put_all(fresh.groups);
  put_all(fresh.group_rules);
}

std::string Network::Change::key(std::string_view table, std::string_view id) const {
  std::string text(kStorePrefix);
  text.append(scope_.key()).append(table).append("/").append(id);
  return text;
}

Result<std::optional<std::string>> Network::Change::earlier_answer(std::string_view operation,
                                                                   const std::string& token,
                                                                   const std::string& request) {
  const auto found = tokens().find(std::string(operation) + '/' + token);
  if (token.empty() || found == tokens().end()) return std::optional<std::string>{};
  if (found->second.request == request) return std::optional(found->second.answer);
  return Error{
      ErrorKind::conflict, "IdempotentParameterMismatch",
      "The client token '" + token + "' was used before in a request with other parameters."};
}

void Network::Change::remember_answer(std::string_view operation, const std::string& token,
                                      std::string request, std::string answer) {
  if (token.empty()) return;
  TokenRecord record{std::string(operation) + '/' + token, std::move(request), std::move(answer),
                     impl_.runtime.now()};
  batch_.put(key("token", record.id), to_json_text(record));
  if (tokens().size() >= kTokensMax) {
    const auto oldest = std::min_element(tokens().begin(), tokens().end(), [](auto& a, auto& b) {
      return a.second.created < b.second.created;
    });
    batch_.erase(key("token", oldest->first));
    tokens().erase(oldest);
  }
  new_tokens_.push_back(std::move(record));
}

Result<void> Network::Change::enforce(const std::vector<InterfaceRules>& from,
                                      const std::vector<InterfaceRules>& to, const Origin& origin) {
  if (impl_.gate == nullptr || scope_ != impl_.config.host_scope || from == to) return {};
  return impl_.gate->apply(from, to, origin);
}

Result<void> Network::Change::commit(const Origin& origin, Notify notify) {
  const auto before = before_ ? rules_of(*before_) : std::vector<InterfaceRules>{};
  const auto after = rules_of(state_);
  WEIR_CHECK(enforce(before, after, origin));
  if (origin.is_dry_run) return {};
  auto stored = store_and_publish(notify);
  if (stored) return {};
  // What is not kept must not be in force either.
  if (auto undone = enforce(after, before, {.is_restore = true}); !undone) {
    log::error("packet filter rules could not be put back", {{"error", undone.error().message}});
  }
  return std::move(stored).error();
}

Result<void> Network::Change::commit_anyway() {
  if (batch_.empty()) return {};
  const auto before = before_ ? rules_of(*before_) : std::vector<InterfaceRules>{};
  auto enforced = enforce(before, rules_of(state_), {.is_restore = true});
  WEIR_CHECK(store_and_publish(Notify::yes));
  return enforced;
}

Result<void> Network::Change::store_and_publish(Notify notify) {
  if (!batch_.empty()) WEIR_CHECK(impl_.store.write(batch_));
  impl_.known.lock()->insert_or_assign(scope_, std::make_shared<const ScopeState>(state_));
  for (TokenRecord& record : new_tokens_) {
    std::string id = record.id;
    tokens().insert_or_assign(std::move(id), std::move(record));
  }
  lock_.unlock();
  if (notify == Notify::yes) {
    for (const ChangeCallback& callback : impl_.callbacks) callback(scope_);
  }
  return {};
}

// ---- Shared by the files of Network ------------------------------------------------------------

std::vector<InterfaceRules> rules_of(const ScopeState& state) {
  std::vector<InterfaceRules> rules;
  std::vector<InterfaceGroups> groups = resolve_groups(state);
  auto of_eni = groups.begin();
  for (const auto& [id, eni] : state.enis) {
    InterfaceGroups& own = *of_eni++;
    const NetworkAcl* acl = state.acl_of_subnet(eni.subnet_id);
    if (acl == nullptr || !can_enforce(eni)) continue;
    InterfaceRules of_interface{id, eni.ifname, {}, acl->id, acl->entries, std::move(own)};
    of_interface.is_guest = eni.is_guest;
    for (const InterfaceAddress& address : eni.addresses) {
      of_interface.addresses.push_back(address.address);
    }
    rules.push_back(std::move(of_interface));
  }
  return rules;
}

}  // namespace weir::vpc
