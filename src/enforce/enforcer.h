// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "vpc/network.h"

namespace weir::enforce {

enum class Mode : std::uint8_t {
  off,  // ACLs are kept but nothing is filtered (CI mode, reading captures)
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
};

/// Makes the ACLs of the host's interfaces true with one nftables table of its own (`inet weir`);
/// other tables are never touched.
///
/// Inbound packets are judged in prerouting before connection tracking, after AF_PACKET taps have
/// seen them; outbound ones in postrouting after address translation, before the taps. Each refused
/// packet is copied to NFLOG with the prefix of refusal.h. An interface whose ACL refuses nothing
/// has no rules at all. Fragments other than the first carry no ports: rules with ports or ICMP
/// types do not match them and the fixed deny-all lets them pass (without their first fragment they
/// are nothing).
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
  /// Removes the table if there may be one.
  Result<void> flush();

  const Config& config() const { return config_; }

 private:
  Result<void> run_nft(const std::string& json, bool check_only);

  Runtime& runtime_;
  const Config config_;
  std::mutex applying_;  // one nft at a time, in the order of the changes
  std::optional<std::string> applied_;
};

}  // namespace weir::enforce
