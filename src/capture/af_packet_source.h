// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "base/runtime.h"
#include "capture/batch.h"

namespace weir::capture {

/// The packets of a Linux interface, read from a ring that the kernel fills (AF_PACKET,
/// TPACKET_V3).
///
/// The kernel copies only the headers. Buffers that it merged from or will cut into segments (GRO,
/// GSO) count as those segments. The course of a packet is the device's: leaving or arriving.
///
/// Threads: `run()` belongs to the caller's thread; the counters may be read from any.
/// Memory: the ring. When it is full the kernel drops and counts, which batches report: packets
/// handed over and dropped together are all that passed.
class AfPacketSource {
 public:
  struct Config {
    std::size_t ring_bytes = 8u << 20;  // rounded down to blocks of 256 KiB, at least 4 of them
    Duration tick{100};                 // longest time between two batches
    /// Also frames for other stations, as on a bridge port or the host's end of a guest's
    /// interface.
    bool other_hosts = false;
    /// Of /run/netns, where the device is; "": that of the process.
    std::string network_namespace = {};
  };

  /// Error: no such interface (kind not_found), or not allowed (forbidden); names the interface,
  /// the reason and the capability needed.
  static Result<std::unique_ptr<AfPacketSource>> open(const std::string& device,
                                                      const Config& config);
  ~AfPacketSource();

  /// Hands over batches until `stop`; what is then still in the ring stays there, for another run()
  /// or for drain(). An interface that goes down is waited for. Error: it vanished, or another
  /// namespace has the name of its own; everything that passed until then was handed over.
  Result<void> run(const std::stop_token& stop, const BatchSink& sink);
  /// Hands over what has passed until now; takes some 75 ms, the kernel's time to part with the
  /// last packets.
  void drain(const BatchSink& sink);
  /// Whether this is the device that has the name now: the same one after it was renamed.
  bool is_device(const std::string& name) const;
  const SourceCounters& counters() const;

 private:
  struct Impl;
  explicit AfPacketSource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::capture
