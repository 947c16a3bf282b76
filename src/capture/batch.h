// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/counters.h"
#include "net/packet.h"

namespace weir::capture {

/// What a source hands over at a time. Also handed over empty, as a tick, when no packets come.
struct Batch {
  std::span<const net::Packet> packets;  // valid during the call
  std::uint64_t dropped = 0;             // lost in the kernel since the last batch
};
using BatchSink = std::function<void(const Batch&)>;

/// What became of the frames of a source. Readable from any thread while the source runs.
struct SourceCounters {
  Counter frames;
  Counter other;      // no IP packet: ARP, LLDP ...
  Counter malformed;  // cut off before the end of the IP header, or with impossible lengths
  Counter dropped;    // by the kernel: ring or socket buffer full
  Counter fragments_unresolved;
};

/// From frames to a batch of packets: parses, completes fragments, counts.
///
/// Threads: one; the counters any. Memory: one batch.
class FrameParser {
 public:
  static constexpr std::size_t kBatchMax = 256;

  FrameParser(net::LinkType link, SourceCounters& counters)
      : link_(link), counters_(counters), packets_(kBatchMax) {}

  /// Of frames from now on.
  void set_link(net::LinkType link) { link_ = link; }

  /// The packet, now last in the batch, or nullptr if the frame holds none. The caller passes the
  /// batch on when is_full(), before the next frame.
  net::Packet* add(std::span<const std::uint8_t> bytes, std::size_t original_length,
                   std::int64_t time_ns, net::Course course);
  bool is_empty() const { return count_ == 0; }
  bool is_full() const { return count_ == kBatchMax; }
  /// Hands the batch over, also if it is empty, and begins a new one. Until then the counters do
  /// not know its frames.
  void flush(std::uint64_t dropped, const BatchSink& sink);

 private:
  net::LinkType link_;
  SourceCounters& counters_;
  net::FragmentTable fragments_;
  std::vector<net::Packet> packets_;
  std::size_t count_ = 0;
  std::uint64_t frames_ = 0;
  std::uint64_t other_ = 0;
  std::uint64_t malformed_ = 0;
};

}  // namespace weir::capture
