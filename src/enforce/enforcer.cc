// SPDX-License-Identifier: Apache-2.0
#include "enforce/enforcer.h"

#include <algorithm>

#include "base/log.h"
#include "enforce/compile.h"
#include "enforce/guard.h"
#include "enforce/process.h"

namespace weir::enforce {
namespace {

constexpr int kShellNotFound = 127;
constexpr std::size_t kShownMax = 300;  // of nft's output, in an error message

/// What the API's client is told; `reason` is for the operator.
Error not_authorized(const std::string& reason) {
  return {ErrorKind::forbidden, "UnauthorizedOperation",
          "You are not authorized to perform this operation. Weir cannot filter packets on this "
          "host: " +
              reason +
              ". Network ACLs of its interfaces need CAP_NET_ADMIN and nft (package nftables); "
              "with enforcement off they are kept without being enforced."};
}

std::string first_lines(std::string text) {
  if (text.size() > kShownMax) text.resize(kShownMax);
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

bool refuse_anything(const std::vector<vpc::InterfaceRules>& rules) {
  return std::any_of(rules.begin(), rules.end(), [](const vpc::InterfaceRules& of_interface) {
    return refuses_anything(of_interface, vpc::Direction::ingress) ||
           refuses_anything(of_interface, vpc::Direction::egress);
  });
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
  return {rules};
}

}  // namespace

Enforcer::Enforcer(Runtime& runtime, Config config)
    : runtime_(runtime), config_(std::move(config)) {}

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

Result<void> Enforcer::probe() {
  if (config_.mode == Mode::off) return {};
  return run_nft(compile(sample_rules(), config_.nflog_group), true);
}

Result<void> Enforcer::apply(const std::vector<vpc::InterfaceRules>& before,
                             const std::vector<vpc::InterfaceRules>& after,
                             const vpc::Origin& origin) {
  if (config_.mode == Mode::off) return {};
  const std::string wanted = compile(after, config_.nflog_group);
  const std::lock_guard lock(applying_);
  if (applied_ == wanted) return {};
  if (!origin.is_restore && !config_.force) {
    const auto protect = connections_to_protect(config_.proc_net, config_.ssh_ports,
                                                origin.source_ip, config_.api_port);
    WEIR_CHECK(check_lock_out(before, after, protect));
  }
  const auto ran = run_nft(wanted, false);
  if (!ran && !refuse_anything(after) && !applied_) {
    // Nothing to enforce and never did: only a table that an earlier run left behind could be
    // there.
    log::debug("no rights to filter packets, none needed so far", {{"error", ran.error().message}});
    return {};
  }
  WEIR_CHECK(ran);
  applied_ = wanted;
  return {};
}

Result<void> Enforcer::flush() {
  if (config_.mode == Mode::off) return {};
  const std::lock_guard lock(applying_);
  if (!applied_) return {};
  WEIR_CHECK(run_nft(compile_removal(), false));
  applied_.reset();
  return {};
}

}  // namespace weir::enforce
