// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/counters.h"
#include "base/result.h"
#include "base/runtime.h"
#include "net/packet.h"

namespace weir::capture {

/// What our nftables rules write into the log prefix: `<eni>|<acl or security group>|<rule
/// number>|in` (or `out`), seen from the interface.
struct VerdictPrefix {
  std::string_view interface_id;
  std::string_view owner_id;
  std::int32_t rule = 0;
  bool is_ingress = true;

  /// Nothing if the text has another form.
  static std::optional<VerdictPrefix> parse(std::string_view text);
};

/// A packet that nftables refused.
struct Verdict {
  std::string interface_id;
  std::string owner_id;
  std::int32_t rule = 0;
  bool is_ingress = true;
  net::Packet packet;  // time 0 if the kernel gave none (leaving packets): the time is now
};

struct VerdictBatch {
  std::span<const Verdict> verdicts;  // valid during the call
  std::uint64_t lost = 0;             // since the last batch: sequence gaps, full socket buffer
};
using VerdictSink = std::function<void(const VerdictBatch&)>;

struct NflogCounters {
  Counter messages;
  Counter lost;
  Counter foreign;    // with a prefix that is not ours
  Counter malformed;  // no IP packet inside
};

/// The packets that nftables rules with `log group N` report, with the rule's prefix.
///
/// Threads: `run()` belongs to the caller's thread; the counters may be read from any.
/// Memory: the socket buffer. When it is full the kernel drops; that shows as a gap in the sequence
/// numbers or as ENOBUFS and is counted.
class NflogSource {
 public:
  struct Config {
    std::uint16_t group = 4566;
    std::size_t buffer_bytes = 4u << 20;  // of the socket
    Duration tick{100};                   // longest time between two batches
  };

  /// Error: not allowed, or another program has the group; names the group and the capability
  /// needed.
  static Result<std::unique_ptr<NflogSource>> open(const Config& config);
  ~NflogSource();

  /// Hands over batches, empty ones as ticks, until `stop`. Error: the socket failed.
  Result<void> run(const std::stop_token& stop, const VerdictSink& sink);
  const NflogCounters& counters() const;

 private:
  struct Impl;
  explicit NflogSource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::capture
