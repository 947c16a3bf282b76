// SPDX-License-Identifier: Apache-2.0
#include "enforce/enforcer.h"

#include <algorithm>

#include "base/counters.h"
#include "base/log.h"
#include "enforce/compile.h"
#include "enforce/guard.h"
#include "enforce/process.h"

namespace weir::enforce {
namespace {

constexpr int kShellNotFound = 127;
constexpr std::size_t kShownMax = 300;          // of nft's output, in an error message
constexpr std::size_t kListingMax = 64u << 20;  // bytes; rules are bounded by quotas

/// What the API's client is told; `reason` is for the operator.
Error not_authorized(const std::string& reason) {
  return {ErrorKind::forbidden, "UnauthorizedOperation",
          "You are not authorized to perform this operation. Weir cannot filter packets on this "
          "host: " +
              reason +
              ". Network ACLs and security groups of its interfaces need CAP_NET_ADMIN and nft "
              "(package nftables); with enforcement off they are kept without being enforced."};
}

std::string first_lines(std::string text) {
  if (text.size() > kShownMax) text.resize(kShownMax);
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

/// A rule of every kind, to learn whether the kernel has all parts.
std::vector<vpc::InterfaceRules> sample_rules() {
  vpc::InterfaceRules rules{"eni-probe", "weir-probe", {}, "acl-probe", {}};
  vpc::AclEntry entry;
  entry.rule_number = 1;
  entry.rule_action = "deny";
  entry.protocol = "6";
  entry.cidr_block = "192.0.2.1/32";
  entry.port_range = vpc::PortRange{1, 2};
  for (const bool egress : {true, false}) {
    entry.egress = egress;
    rules.entries.push_back(entry);
  }
  for (vpc::AclEntry& last : vpc::deny_all_entries(true)) rules.entries.push_back(std::move(last));
  rules.groups = {{"sg-probe"}, true, {}};
  return {rules};
}

}  // namespace

Enforcer::Enforcer(Runtime& runtime, Config config)
    : runtime_(runtime), config_(std::move(config)) {
  if (config_.mode == Mode::off) return;
  checking_ = Timer(runtime, config_.check_period, [this] {
    if (const auto checked = check(); !checked) {
      log::warn("packet filter rules are not what they should be",
                {{"reason", checked.error().message}});
    }
  });
}

Result<void> Enforcer::run_nft(const std::string& json, bool check_only) {
  std::vector<std::string> command = config_.nft_command;
  if (check_only) command.push_back("-c");
  command.insert(command.end(), {"-j", "-f", "-"});
  const auto result = run_process(runtime_, command, json, config_.nft_timeout);
  if (!result) return not_authorized(result.error().message);
  if (result->exit_status == 0) return {};
  if (result->exit_status == kShellNotFound) return not_authorized("nft was not found");
  return not_authorized("nft said: " + first_lines(result->output));
}

Result<KernelTable> Enforcer::list_table() {
  std::vector<std::string> command = config_.nft_command;
  command.insert(command.end(), {"-j", "-t", "list", "table", "inet", std::string(kTable)});
  const auto result = run_process(runtime_, command, "", config_.nft_timeout, kListingMax);
  if (!result) return not_authorized(result.error().message);
  if (result->exit_status == 0) return parse_listing(result->output);
  if (result->output.find("No such file or directory") != std::string::npos) return KernelTable{};
  return not_authorized("nft said: " + first_lines(result->output));
}

Result<void> Enforcer::probe() {
  if (config_.mode == Mode::off) return {};
  return run_nft(compile(sample_rules(), config_.nflog_group), true);
}

Result<void> Enforcer::apply(const std::vector<vpc::InterfaceRules>& before,
                             const std::vector<vpc::InterfaceRules>& after,
                             const vpc::Origin& origin) {
  if (config_.mode == Mode::off) return {};
  std::string wanted = compile(after, config_.nflog_group);
  const std::lock_guard lock(applying_);
  if (wanted_ == wanted) return {};
  if (!origin.is_restore && !config_.force) {
    const auto protect = connections_to_protect(config_.proc_net, config_.ssh_ports,
                                                origin.source_ip, config_.api_port);
    WEIR_CHECK(check_lock_out(before, after, protect));
  }
  if (origin.is_dry_run) return run_nft(wanted, true);
  const bool is_first = !wanted_;
  auto previous = std::exchange(wanted_, std::move(wanted));
  std::vector<vpc::InterfaceRules> previous_rules = std::exchange(rules_, after);
  auto made = is_first ? begin() : change();
  if (made || origin.is_restore) {
    note(made);
    return made;  // what was accepted before stays wanted, and is tried again at every check
  }
  wanted_ = std::move(previous);
  rules_ = std::move(previous_rules);
  return made;
}

/// The first rules of this process: an earlier one may have left a table, or the sign.
Result<void> Enforcer::begin() {
  const auto found = list_table();
  if (!found) {
    if (refuse_anything(rules_)) return found.error();
    log::debug("no rights to filter packets, none needed so far",
               {{"error", found.error().message}});
    return {};
  }
  if (!found->exists && !refuse_anything(rules_)) return {};
  if (found->is(*wanted_)) {
    is_sealed_ = true;
    status_.lock()->is_enforcing = true;
    return {};
  }
  if (found->exists && !found->is_switched_off && !found->is_untouched()) {
    note_drift("while the daemon was away");
  }
  return load();
}

/// Loads other rules than before, unless somebody switched enforcement off.
Result<void> Enforcer::change() {
  WEIR_TRY(const KernelTable found, list_table());
  status_.lock()->is_switched_off = found.is_switched_off;
  if (!found.is_switched_off) return load();
  log::warn("enforcement is switched off, the new rules wait (weir enforce on)");
  return {};
}

/// Makes the kernel's table the wanted one and seals it.
Result<void> Enforcer::load() {
  const bool is_enforcing = refuse_anything(rules_);
  std::vector<Connection> open;
  if (groups_refuse_anything(rules_)) open = open_connections(config_.proc_net, config_.ssh_ports);
  WEIR_CHECK(run_nft(compile(rules_, config_.nflog_group, open), false));
  {
    auto status = status_.lock();
    status->is_enforcing = is_enforcing;
    status->is_switched_off = false;
  }
  if (!is_enforcing) return {};
  const auto sealed = seal();
  is_sealed_ = static_cast<bool>(sealed);
  if (!sealed) {  // the rules are in force; the next check loads and seals them once more
    log::warn("packet filter rules could not be sealed", {{"reason", sealed.error().message}});
  }
  return {};
}

Result<void> Enforcer::seal() {
  WEIR_TRY(const KernelTable loaded, list_table());
  return run_nft(compile_sign(seal_for(*wanted_, loaded.contents)), false);
}

Result<void> Enforcer::check() {
  if (config_.mode == Mode::off) return {};
  const std::lock_guard lock(applying_);
  if (!wanted_) return {};
  auto outcome = compare();
  note(outcome);
  return outcome;
}

Result<void> Enforcer::compare() {
  const bool is_enforcing = refuse_anything(rules_);
  const auto found = list_table();
  if (!found) return is_enforcing ? Result<void>(found.error()) : Result<void>{};
  const bool was_switched_off =
      std::exchange(status_.lock()->is_switched_off, found->is_switched_off);
  if (found->is_switched_off) {
    status_.lock()->is_enforcing = false;
    if (!was_switched_off) log::warn("enforcement was switched off (weir enforce flush)");
    return {};
  }
  if (is_enforcing ? found->is(*wanted_) : !found->exists) return {};
  if (was_switched_off) {
    log::info("enforcement is switched on again");
  } else if (is_sealed_ && status_.lock()->problem.empty()) {
    note_drift(found->exists ? "its rules were changed" : "it was removed");
  }
  return load();
}

void Enforcer::note_drift(std::string_view what) {
  static Counter& drifts = counter("weir_enforcement_drifts_total",
                                   "Times that the nftables table of weir was found changed");
  drifts.add();
  {
    auto status = status_.lock();
    ++status->drifts;
    status->last_drift = runtime_.now();
  }
  log::warn("somebody changed the nftables table of weir, it is put right",
            {{"what", std::string(what)}});
}

void Enforcer::note(const Result<void>& outcome) {
  auto status = status_.lock();
  status->last_check = runtime_.now();
  status->problem = outcome ? "" : outcome.error().message;
}

Result<void> Enforcer::switch_off() {
  if (config_.mode == Mode::off) return {};
  const std::lock_guard lock(applying_);
  WEIR_CHECK(run_nft(compile_switched_off(), false));
  auto status = status_.lock();
  status->is_switched_off = true;
  status->is_enforcing = false;
  return {};
}

Result<void> Enforcer::switch_on() {
  if (config_.mode == Mode::off) return {};
  const std::lock_guard lock(applying_);
  WEIR_TRY(const KernelTable found, list_table());
  return found.is_switched_off ? run_nft(compile_removal(), false) : Result<void>{};
}

}  // namespace weir::enforce
