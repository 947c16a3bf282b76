// SPDX-License-Identifier: Apache-2.0
#include "respond/responder.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "base/guarded.h"
#include "base/log.h"
#include "respond/audit.h"
#include "respond/block_table.h"
#include "respond/protection.h"

namespace weir::respond {

namespace {

std::string describe(const Error& error) { return error.code + ": " + error.message; }

AuditEvent event_for(std::string_view action, const Block& block, std::string reason = {}) {
  return {.action = action,
          .cidr = block.cidr,
          .acl_id = block.acl_id,
          .rule_number = block.rule_number,
          .eni_ids = block.eni_ids,
          .alarm_name = block.alarm_name,
          .events = block.events,
          .expires = block.expires,
          .reason = std::move(reason)};
}

}  // namespace

struct Responder::Impl {
  Runtime& runtime;
  logs::Logs& logs;
  vpc::Network& network;
  const Config config;
  BlockTable table;
  Audit audit;
  std::mutex handling;                // one response, expiry or undo at a time
  std::deque<Time> recent = {};       // new blocks of the last minute; under `handling`
  std::optional<TimerId> timer = {};  // of the next expiry; under `handling`

  // --- who must not be blocked ---

  std::vector<net::Prefix> protected_prefixes(const Scope& scope) {
    std::vector<net::Prefix> all = config.allow;
    for (const auto& address : config.lifelines ? config.lifelines() : host_lifelines()) {
      all.push_back(net::Prefix::host(address));
    }
    for (const auto& enis : {network.enis(scope), network.host_enis()}) {
      for (const vpc::Eni& eni : enis) {
        for (const auto& own : eni.addresses) {
          if (const auto address = net::Address::parse(own.address)) {
            all.push_back(net::Prefix::host(*address));
          }
        }
      }
    }
    return all;
  }

  static bool is_protected(const std::vector<net::Prefix>& all, const net::Prefix& prefix) {
    return is_never_blocked(prefix.address()) ||
           std::ranges::any_of(all, [&](const auto& one) { return one.overlaps(prefix); });
  }

  // --- one notification ---

  notify::Outcome handle(const std::string& message) {
    using Kind = notify::Outcome::Kind;
    const auto alarm = AlarmMessage::parse(message);
    if (!alarm) {
      log::warn("notification is nothing to respond to", {{"reason", alarm.error().message}});
      return {Kind::rejected, 0, alarm.error().message};
    }
    if (alarm->state != "ALARM") return {};
    const std::lock_guard lock(handling);
    const auto done = respond(*alarm);
    arm();
    if (done) return {};
    return {may_pass(done.error()) ? Kind::retry : Kind::rejected, 0, describe(done.error())};
  }

  static bool may_pass(const Error& error) {
    return error.kind == ErrorKind::unavailable || error.kind == ErrorKind::internal;
  }

  Error fail(const AlarmMessage& alarm, std::string cidr, Error error) {
    audit.write(alarm.scope, {.action = "fail",
                              .cidr = std::move(cidr),
                              .alarm_name = alarm.name,
                              .reason = describe(error)});
    return error;
  }

  Result<void> respond(const AlarmMessage& alarm) {
    if (alarm.end + config.alarm_age_max < runtime.now()) {
      audit.write(alarm.scope, {.action = "skip",
                                .alarm_name = alarm.name,
                                .reason = "the alarm came too late to act on"});
      return {};
    }
    const auto evidence = find_evidence(logs, network, alarm, config.evidence);
    if (!evidence) return fail(alarm, "", evidence.error());
    if (!evidence->is_complete) {
      log::warn("not all events behind an alarm were read", {{"alarm", alarm.name}});
    }
    const auto safe = protected_prefixes(alarm.scope);
    std::size_t blocked = 0;
    Result<void> outcome;
    for (const Offender& offender : evidence->offenders) {
      if (offender.events < config.events_min || blocked == config.blocks_per_alarm_max) break;
      const net::Prefix prefix = net::Prefix::host(offender.address);
      if (is_protected(safe, prefix)) {
        skip(alarm, offender, "the address is protected");
        continue;
      }
      // One that cannot be blocked (the guard against locking oneself out) must not save the
      // others. What may pass is tried again, for all: blocks that exist are only extended.
      if (const auto done = block(alarm, offender, safe); !done) {
        const Error error = fail(alarm, prefix.to_string(), done.error());
        if (may_pass(error)) outcome = error;
      }
      ++blocked;
    }
    if (blocked == 0) {
      audit.write(alarm.scope, {.action = "skip",
                                .alarm_name = alarm.name,
                                .events = static_cast<std::int64_t>(evidence->events),
                                .reason = "no address that may be blocked has enough events"});
    }
    return outcome;
  }

  void skip(const AlarmMessage& alarm, const Offender& offender, std::string reason) {
    audit.write(alarm.scope, {.action = "skip",
                              .cidr = net::Prefix::host(offender.address).to_string(),
                              .eni_ids = {offender.eni_ids.begin(), offender.eni_ids.end()},
                              .alarm_name = alarm.name,
                              .events = static_cast<std::int64_t>(offender.events),
                              .reason = std::move(reason)});
  }

  // The ACLs of the interfaces that saw the address, each once.
  Result<void> block(const AlarmMessage& alarm, const Offender& offender,
                     const std::vector<net::Prefix>& safe) {
    std::map<std::string, std::vector<std::string>> enis_of_acl;
    for (const std::string& eni : offender.eni_ids) {
      const auto acl = network.acl_for_eni(alarm.scope, eni);
      if (acl) enis_of_acl[acl->id].push_back(eni);
    }
    if (enis_of_acl.empty()) {
      skip(alarm, offender, "no interface that saw the address is known here");
    }
    for (auto& [acl_id, enis] : enis_of_acl) {
      Block wanted;
      wanted.acl_id = acl_id;
      wanted.cidr = net::Prefix::host(offender.address).to_string();
      wanted.members = {offender.address.to_string()};
      wanted.eni_ids = std::move(enis);
      wanted.alarm_name = alarm.name;
      wanted.events = static_cast<std::int64_t>(offender.events);
      wanted.created = runtime.now();
      wanted.last_seen = offender.last_seen;
      wanted.expires = runtime.now() + config.block_time;
      WEIR_CHECK(place(alarm.scope, std::move(wanted), safe));
    }
    return {};
  }

  Result<void> place(const Scope& scope, Block wanted, const std::vector<net::Prefix>& safe) {
    WEIR_TRY(wanted.rule_number, free_number(scope, wanted));
    if (config.dry_run) {
      audit.write(scope, event_for("would-block", wanted, "dry run"));
      return {};
    }
    if (auto existing = table.covering(scope, wanted.acl_id, wanted.members.front())) {
      return extend(scope, *std::move(existing), wanted);
    }
    if (!may_add_now()) {
      audit.write(scope, event_for("skip", wanted, "too many new blocks in this minute"));
      return {};
    }
    if (table.of_acl(scope, wanted.acl_id).size() >= config.blocks_per_acl_max) {
      WEIR_TRY(const bool is_merged, merge(scope, wanted, safe));
      if (is_merged) return {};
      WEIR_CHECK(evict(scope, wanted.acl_id));
    }
    WEIR_TRY(wanted.rule_number, free_number(scope, wanted));
    WEIR_CHECK(insert(scope, wanted));
    recent.push_back(runtime.now());
    audit.write(scope, event_for("block", wanted));
    return {};
  }

  Result<void> extend(const Scope& scope, Block block, const Block& wanted) {
    block.expires = std::max(block.expires, wanted.expires);
    block.last_seen = std::max(block.last_seen, wanted.last_seen);
    block.events += wanted.events;
    block.alarm_name = wanted.alarm_name;
    WEIR_CHECK(table.put(scope, block));
    audit.write(scope, event_for("extend", block));
    return {};
  }

  bool may_add_now() {
    const Time minute_ago = runtime.now() - std::chrono::minutes(1);
    while (!recent.empty() && recent.front() <= minute_ago) recent.pop_front();
    return recent.size() < config.new_blocks_per_minute_max;
  }

  // --- entries ---

  static bool is_v6(const Block& block) { return block.cidr.find(':') != std::string::npos; }

  static vpc::AclEntry entry_of(const Block& block) {
    vpc::AclEntry entry;
    entry.rule_number = block.rule_number;
    entry.rule_action = "deny";
    (is_v6(block) ? entry.ipv6_cidr_block : entry.cidr_block) = block.cidr;
    return entry;
  }

  Result<vpc::NetworkAcl> acl(const Scope& scope, const std::string& acl_id) {
    WEIR_TRY(const auto state, network.state(scope));
    const auto found = state->acls.find(acl_id);
    if (found != state->acls.end()) return found->second;
    return Error{ErrorKind::not_found, "InvalidNetworkAclID.NotFound",
                 "The network acl ID '" + acl_id + "' does not exist"};
  }

  // The lowest free number of our range that lies below every ingress allow rule of that IP
  // version.
  Result<int> free_number(const Scope& scope, const Block& block) {
    WEIR_TRY(const vpc::NetworkAcl found, acl(scope, block.acl_id));
    int last = config.rule_number_last;
    std::set<int> taken;
    for (const vpc::AclEntry& entry : found.entries) {
      if (entry.egress) continue;
      taken.insert(entry.rule_number);
      if (!entry.is_deny() && entry.ipv6_cidr_block.has_value() == is_v6(block)) {
        last = std::min(last, entry.rule_number - 1);
      }
    }
    for (int number = config.rule_number_first; number <= last; ++number) {
      if (!taken.contains(number)) return number;
    }
    return Error{ErrorKind::limit, "NetworkAclEntryLimitExceeded",
                 "no rule number is free below the allow rules of " + block.acl_id};
  }

  // Written down first: after a crash the entry is placed by load(), never forgotten.
  Result<void> insert(const Scope& scope, Block& block) {
    WEIR_CHECK(table.put(scope, block));
    auto created = network.create_acl_entry(scope, block.acl_id, entry_of(block));
    if (!created && created.error().code == "NetworkAclEntryLimitExceeded" &&
        evict(scope, block.acl_id, block.cidr)) {
      created = network.create_acl_entry(scope, block.acl_id, entry_of(block));
    }
    if (!created) {
      WEIR_CHECK(table.erase(scope, block));
      return created;
    }
    block.is_placed = true;
    return table.put(scope, block);
  }

  // An entry is only taken away if it is still ours: same number, same block, deny.
  Result<void> take_away(const Scope& scope, const Block& block) {
    const auto found = acl(scope, block.acl_id);
    if (found) {
      const vpc::AclEntry ours = entry_of(block);
      const bool is_there = std::ranges::find(found->entries, ours) != found->entries.end();
      if (is_there) {
        WEIR_CHECK(network.delete_acl_entry(scope, block.acl_id, block.rule_number, false));
      }
    } else if (found.error().kind != ErrorKind::not_found) {
      return found.error();
    }
    return table.erase(scope, block);
  }

  // Makes room by dropping the block whose addresses were seen longest ago.
  Result<void> evict(const Scope& scope, const std::string& acl_id, const std::string& keep = {}) {
    auto blocks = table.of_acl(scope, acl_id);
    std::erase_if(blocks, [&](const Block& block) { return block.cidr == keep; });
    if (blocks.empty()) {
      return Error{ErrorKind::limit, "NetworkAclEntryLimitExceeded",
                   "the network ACL " + acl_id + " has no room and no block that could go"};
    }
    const Block oldest = *std::ranges::min_element(blocks, {}, &Block::last_seen);
    WEIR_CHECK(take_away(scope, oldest));
    audit.write(scope, event_for("evict", oldest, "room was needed"));
    return {};
  }

  // Puts the wanted block and its neighbours into one prefix, if there are enough and nobody who is
  // protected lives there.
  Result<bool> merge(const Scope& scope, const Block& wanted,
                     const std::vector<net::Prefix>& safe) {
    const auto address = net::Address::parse(wanted.members.front());
    WEIR_ASSERT(address);
    const net::Prefix wide = net::Prefix(*address, address->is_v4() ? 24 : 64).canonical();
    if (config.merge_members_min == 0 || is_protected(safe, wide)) return false;
    Block merged = wanted;
    std::vector<Block> parts;
    for (Block& block : table.of_acl(scope, wanted.acl_id)) {
      const auto prefix = net::Prefix::parse(block.cidr);
      if (!prefix || !wide.contains(*prefix)) continue;
      merged.members.insert(merged.members.end(), block.members.begin(), block.members.end());
      merged.eni_ids.insert(merged.eni_ids.end(), block.eni_ids.begin(), block.eni_ids.end());
      merged.events += block.events;
      merged.expires = std::max(merged.expires, block.expires);
      parts.push_back(std::move(block));
    }
    if (merged.members.size() < config.merge_members_min) return false;
    std::ranges::sort(merged.eni_ids);
    merged.eni_ids.erase(std::ranges::unique(merged.eni_ids).begin(), merged.eni_ids.end());
    merged.cidr = wide.to_string();
    for (const Block& part : parts) WEIR_CHECK(take_away(scope, part));
    WEIR_TRY(merged.rule_number, free_number(scope, merged));
    WEIR_CHECK(insert(scope, merged));
    recent.push_back(runtime.now());
    audit.write(scope, event_for("merge", merged));
    return true;
  }

  // --- time ---

  void arm() {
    if (timer) runtime.cancel(*timer);
    timer.reset();
    if (const auto next = table.next_expiry()) {
      timer = runtime.at(*next, [this] { expire(); });
    }
  }

  void expire() {
    const std::lock_guard lock(handling);
    timer.reset();
    expire_due();
    arm();
  }

  // What cannot be taken away now is tried again a minute later.
  void expire_due() {
    for (auto& [scope, block] : table.due(runtime.now())) {
      const auto done = take_away(scope, block);
      if (done) {
        audit.write(scope, event_for("expire", block));
        continue;
      }
      log::error("cannot take away a block whose time is over, will retry",
                 {{"cidr", block.cidr}, {"acl", block.acl_id}, {"error", describe(done.error())}});
      block.expires = runtime.now() + std::chrono::minutes(1);
      if (const auto put = table.put(scope, block); !put) {
        log::error("cannot store a block", {{"error", describe(put.error())}});
      }
    }
  }

  Result<void> place_left_out() {
    for (auto& [scope, block] : table.unplaced()) {
      const auto created = network.create_acl_entry(scope, block.acl_id, entry_of(block));
      if (created || created.error().kind == ErrorKind::already_exists) {
        block.is_placed = true;
        WEIR_CHECK(table.put(scope, block));
        audit.write(scope, event_for("block", block, "left by a restart"));
        continue;
      }
      WEIR_CHECK(table.erase(scope, block));
      audit.write(scope, event_for("fail", block, describe(created.error())));
    }
    return {};
  }
};

Responder::Responder(Runtime& runtime, store::KvStore& store, logs::Logs& logs,
                     vpc::Network& network, Config config)
    : impl_(new Impl{
          runtime, logs, network, std::move(config), BlockTable(store), Audit(runtime, logs), {}}) {
}
Responder::~Responder() = default;

Result<void> Responder::load() {
  const std::lock_guard lock(impl_->handling);
  WEIR_CHECK(impl_->table.load());
  impl_->expire_due();
  WEIR_CHECK(impl_->place_left_out());
  impl_->arm();
  return {};
}

void Responder::send(const notify::Delivery& delivery, Done done) {
  impl_->runtime.post([impl = impl_.get(), message = delivery.message, done = std::move(done)] {
    done(impl->handle(message));
  });
}

std::vector<Block> Responder::blocks(const Scope& scope) const { return impl_->table.all(scope); }

Result<std::vector<Block>> Responder::unblock(const Scope& scope, std::string_view address) {
  const std::lock_guard lock(impl_->handling);
  std::vector<Block> gone;
  for (const Block& block : impl_->table.all(scope)) {
    if (!BlockTable::covers(block, address)) continue;
    WEIR_CHECK(impl_->take_away(scope, block));
    impl_->audit.write(scope, event_for("unblock", block));
    gone.push_back(block);
  }
  impl_->arm();
  if (!gone.empty()) return gone;
  return Error{ErrorKind::not_found, "ResourceNotFoundException",
               "no block covers " + std::string(address)};
}

}  // namespace weir::respond
