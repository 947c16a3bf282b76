// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "base/runtime.h"
#include "enforce/kernel_table.h"
#include "vpc/network.h"

namespace weir::enforce {

enum class Mode : std::uint8_t {
  off,  // ACLs and groups are kept but nothing is filtered (CI mode, reading captures)
  on,   // a change that cannot be made true is refused
};

struct Config {
  Mode mode = Mode::on;
  std::uint16_t nflog_group = 4566;
  /// How nft is run; rules come on its standard input. A test puts `ip netns exec NAME` in front.
  std::vector<std::string> nft_command = {"nft"};
  Duration nft_timeout{10'000};
  /// Where `tcp` and `tcp6` of the host's network namespace are.
  std::string proc_net = "/proc/net";
  std::vector<std::uint16_t> ssh_ports = {22};
  std::uint16_t api_port = 4566;
  /// Make changes that would cut off the SSH session or the connection that asks for them.
  bool force = false;
  /// How often the kernel's rules are compared with what they should be.
  Duration check_period{60'000};
};

/// Makes the ACLs and security groups of the host's interfaces true with one nftables table of its
/// own (`inet weir`); other tables are never touched.
///
/// Arriving packets meet the ACL in prerouting before connection tracking, after AF_PACKET taps
/// have seen them, and then the groups; leaving ones meet groups and ACL in postrouting after
/// address translation, before the taps. Each refused packet is copied to NFLOG with the prefix of
/// refusal.h. An interface whose ACL and groups refuse nothing has no rules at all. Fragments other
/// than the first carry no ports: ACL rules with ports or ICMP types do not match them and the
/// fixed deny-all lets them pass (without their first fragment they are nothing).
///
/// Groups are stateful: what belongs to a connection that connection tracking knows passes. TCP
/// connections of the host that are open when rules are loaded pass too, because their tracking may
/// only begin then. So no change of groups cuts an open connection.
///
/// The kernel's table is compared with what it should be at the start and every `check_period`, and
/// put right if somebody changed it. While it has the sign of switch_off() nothing is put into it;
/// the sign ends with the first apply() of another Enforcer (a restart of the daemon) or with
/// switch_on().
///
/// Threads: every function may be called from any thread.
class Enforcer final : public vpc::AclGate {
 public:
  Enforcer(Runtime& runtime, Config config);

  /// Whether nft works and we have the rights, tried out without changing anything. Error: what is
  /// missing.
  Result<void> probe();
  /// Errors: UnauthorizedOperation without the rights, OperationNotPermitted when the change would
  /// cut off the SSH session or the asking connection.
  Result<void> apply(const std::vector<vpc::InterfaceRules>& before,
                     const std::vector<vpc::InterfaceRules>& after,
                     const vpc::Origin& origin) override;
  /// Compares and repairs now. Error: the kernel cannot be asked or the repair failed.
  Result<void> check();

  /// Removes all rules and leaves the sign that every Enforcer on this host respects.
  Result<void> switch_off();
  /// Removes the table with the sign; a running daemon fills it again at its next check.
  Result<void> switch_on();

  struct Status {
    bool is_enforcing = false;     // there are rules in the kernel
    bool is_switched_off = false;  // by switch_off(), also of another process
    std::uint64_t drifts = 0;      // times that somebody else had changed our table
    Time last_check = {};          // 0: none yet
    Time last_drift = {};          // 0: none yet
    std::string problem;           // why the rules are not what they should be
  };
  Status status() const { return *status_.lock(); }

  const Config& config() const { return config_; }

 private:
  Result<void> run_nft(const std::string& json, bool check_only);
  Result<KernelTable> list_table();
  Result<void> begin();
  Result<void> change();
  Result<void> load();
  Result<void> seal();
  Result<void> compare();
  void note_drift(std::string_view what);
  void note(const Result<void>& outcome);

  Runtime& runtime_;
  const Config config_;
  std::mutex applying_;  // one nft at a time, in the order of the changes
  // Under `applying_`:
  std::optional<std::string> wanted_;  // as compile() says it; none before the first apply()
  std::vector<vpc::InterfaceRules> rules_;
  bool is_sealed_ = true;  // false: the last load could not be sealed
  Guarded<Status> status_;
  Timer checking_;  // last: its task uses all the others
};

}  // namespace weir::enforce
