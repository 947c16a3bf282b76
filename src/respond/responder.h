// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"
#include "logs/logs.h"
#include "net/address.h"
#include "notify/transport.h"
#include "respond/evidence.h"
#include "store/kv_store.h"
#include "vpc/network.h"

namespace weir::respond {

/// The name of the built-in function: subscribe
/// `arn:aws:lambda:<region>:<account>:function:weir-block` with protocol lambda to an alarm's
/// topic.
inline constexpr std::string_view kBlockFunction = "weir-block";
/// The log group in which every decision is written down, one JSON object for each.
inline constexpr std::string_view kAuditLogGroup = "/weir/respond";

/// A deny entry that this module put into a network ACL.
struct Block {
  std::string acl_id;
  int rule_number = 0;
  std::string cidr;                  // a single address, or a prefix that was merged of several
  std::vector<std::string> members;  // the addresses it stands for
  std::vector<std::string> eni_ids;  // that saw them
  std::string alarm_name;            // that asked for it last
  std::int64_t events = 0;           // that spoke against them, summed over the alarms
  Time created;
  Time last_seen;
  Time expires;
  bool is_placed = false;  // false: written down, but perhaps not yet in the ACL
  static Shape shape();
};

/// The built-in response: when an alarm enters ALARM, it finds who caused it and denies these
/// addresses in the network ACLs of the interfaces that saw them.
///
/// Guard rails: addresses of the allow list, of the host, its gateways and name servers are never
/// blocked, nor is what is_never_blocked() names; only addresses with enough events; few new blocks
/// a minute; few entries in an ACL, numbered below its allow rules; each entry goes after its time.
/// In dry-run (the default) nothing is changed. Whatever is done, would be done or is left undone
/// stands in the log group kAuditLogGroup. A full ACL makes room by merging neighbours into a
/// prefix, else by dropping the entry whose addresses were seen longest ago.
///
/// Threads: all functions from any thread; responses run on a worker, one at a time.
/// Durability: a block is in the store before it is in the ACL, so a restart neither forgets nor
/// doubles one. Handling the same notification twice only extends its blocks.
/// Lifetime: quiesce the Runtime before destroying this.
class Responder final : public notify::Transport {
 public:
  struct Config {
    bool dry_run = true;
    std::vector<net::Prefix> allow = {};  // never blocked, besides what is always protected
    std::uint64_t events_min = 5;         // of one address in an alarm's window
    Duration block_time{std::chrono::hours(1)};
    Duration alarm_age_max{std::chrono::hours(1)};  // of what an alarm saw; older is not acted on
    int rule_number_first = 1;  // range of numbers for entries; above the first allow rule they
    int rule_number_last = 99;  // would do nothing, so the range ends below that
    std::size_t blocks_per_acl_max = 10;
    std::size_t blocks_per_alarm_max = 5;
    std::size_t new_blocks_per_minute_max = 10;
    std::size_t merge_members_min = 4;  // in a /24 (IPv4) or /64 (IPv6); 0 never merges
    EvidenceLimits evidence = {};
    /// More addresses to protect, asked at each response; default: gateways and name servers.
    std::function<std::vector<net::Address>()> lifelines = {};
  };

  Responder(Runtime& runtime, store::KvStore& store, logs::Logs& logs, vpc::Network& network,
            Config config);
  ~Responder() override;

  /// Reads the blocks back, ends those whose time is over, places those that a crash left out.
  /// Call once, after the network and the logs are loaded.
  Result<void> load();

  void send(const notify::Delivery& delivery, Done done) override;

  std::vector<Block> blocks(const Scope& scope) const;
  /// Takes back the block that covers `address` (a merged one as a whole) and answers what it was,
  /// for each ACL. Error: not_found.
  Result<std::vector<Block>> unblock(const Scope& scope, std::string_view address);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::respond
