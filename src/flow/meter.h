// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/runtime.h"
#include "flow/context.h"
#include "flow/record.h"
#include "flow/table.h"
#include "net/packet.h"

namespace weir::flow {

/// The flow meter of one network interface: packets and verdicts in, flow records out.
///
/// A packet counts as accepted unless a verdict says that it was refused. Refused flows are
/// reported early
/// (`Config::early_reject` after their first refused packet), what follows of them and all accepted
/// flows when the window closes, so the counters of a window's records always add up to its
/// packets.
///
/// Windows belong to the interface and follow each other without a gap; the first opens with the
/// first packet or `advance()`. A window closes `grace` after its end, so that late packets and
/// verdicts find it.
///
/// Threads: one. Memory: two windows of at most `flows_max` flows; what finds no room is counted
/// and the window ends with a SKIPDATA record. Time: packet time. `advance()` tells the meter what
/// time it is when no packets come; nothing reads a clock.
class Meter {
 public:
  /// What `start` and `end` say. AWS documents the first and last packet of the flow but was
  /// observed to write the bounds of the window (hitc-benchmark data).
  enum class RecordTimes : std::uint8_t { packet, window };

  struct Config {
    Duration window{60'000};  // aggregation interval; 1 s to 600 s
    Duration grace{1'000};    // 0 to 10 s
    std::optional<Duration> early_reject{
        1'000};  // nothing: refused flows wait for the window's end
    RecordTimes times = RecordTimes::packet;
    bool nodata = true;         // a NODATA record for each window without packets
    bool hide_unlogged = true;  // leave out what AWS never logs: DHCP, Amazon DNS, time, metadata
    bool initiator = true;      // fill weir-initiator, which takes one more look-up per record
    std::size_t flows_max = 1u << 20;
    std::uint64_t hash_seed = 0;
  };
  struct Stats {
    std::uint64_t packets = 0;  // counted, refused ones included
    std::uint64_t bytes = 0;
    std::uint64_t packets_refused = 0;
    std::uint64_t packets_skipped = 0;  // no room in the table
    std::uint64_t packets_lost = 0;     // reported through lost()
    std::uint64_t packets_late = 0;  // older than the windows still open; counted in the open one
    std::uint64_t packets_unlogged = 0;  // hidden
    std::uint64_t records = 0;
    std::uint64_t windows = 0;
    std::uint64_t windows_incomplete = 0;  // ended with SKIPDATA
    std::uint64_t windows_unreported =
        0;  // idle windows behind a jump of time, beyond kIdleWindowsMax
  };
  /// The record and its texts are valid during the call.
  using Sink = std::function<void(const Record&)>;
  /// What is known so far of a flow of the open window: as its records will say together.
  struct OpenFlow {
    FlowKey key;  // as in the packets
    Verdict verdict = Verdict::accept;
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    std::int64_t tcp_flags = 0;  // of refused packets: those not yet reported
    Time first;
    Time last;
    const Rule* rule = nullptr;  // of refused packets: the latest
  };

  /// NODATA records written for one jump of time at most.
  static constexpr std::int64_t kIdleWindowsMax = 60;

  Meter(std::shared_ptr<const Context> context, Config config, Sink sink);

  /// Counts a captured packet.
  void add(const net::Packet& packet, Direction direction);
  /// Counts captured packets in their order, with the direction that direction_of() tells. Faster
  /// than one by one, since the flows of some packets are looked up at once. `is_guest`: they come
  /// from the host's end of the interface's link, so what arrives there leaves the interface.
  void add(std::span<const net::Packet> packets, bool is_guest = false);
  /// Counts a packet that `rule` refused. `captured` says whether add() gets (or got) it too: true
  /// for packets that reached the device, false for those refused before it.
  void refused(const net::Packet& packet, Direction direction, const Rule& rule, bool captured);
  /// `packets` of the open window were lost before they could be counted.
  void lost(std::uint64_t packets);
  /// The open window is not seen completely, by how much is not known: it ends with SKIPDATA too.
  void mark_incomplete() { current_.is_incomplete = true; }
  /// It is `now`: reports refused flows that are due and closes windows that are over.
  void advance(Time now);
  /// Closes everything, e.g. at the end of a capture file.
  void finish();

  /// Calls `take` for each flow of the open window, twice for one that is partly refused; flows in
  /// the order of their first packet, at most `count` from the `from`th on. Returns how many come
  /// behind them. Only on the meter's thread; `take` must not call the meter.
  std::size_t for_each_open_flow(const std::function<void(const OpenFlow&)>& take,
                                 std::size_t from = 0,
                                 std::size_t count = std::numeric_limits<std::size_t>::max()) const;
  /// When the open window began; another value says that there is another one.
  Time open_since() const { return Time{current_.start_ns / 1'000'000}; }

  /// For records from now on.
  void set_context(std::shared_ptr<const Context> context) { context_ = std::move(context); }
  const Context& context() const { return *context_; }
  const std::shared_ptr<const Context>& shared_context() const { return context_; }
  const Stats& stats() const { return stats_; }

 private:
  struct Window {
    Table table;
    std::int64_t start_ns = 0;
    std::int64_t end_ns = 0;
    bool is_incomplete = false;  // ends with SKIPDATA
    bool is_open = false;
  };
  struct Due {
    std::int64_t at_ns;
    std::int64_t window_start_ns;
    const Flow* flow;  // valid while that window is open
  };

  bool is_unlogged(const net::Packet& packet) const;
  void count(const net::Packet& packet, const Table::Probe& probe, std::uint32_t guess);
  static net::Address initiator_of(const Table& table, const Flow& flow, const FlowKey& key,
                                   const Tally& tally);
  Window& window_for(std::int64_t time_ns);
  void open(std::int64_t start_ns);
  void rotate(std::int64_t time_ns);
  void report_idle(std::int64_t from_ns, std::int64_t to_ns_exclusive);
  void advance_ns(std::int64_t now_ns);
  void report_due(std::int64_t now_ns);
  void update_wake();
  void close(Window& window);
  void emit_flow(const Window& window, const Flow& flow, const Tally& tally, const Rule* rule);
  void report_refused(const Window& window, const Flow& flow, Refusal& refusal);
  void emit_status(std::int64_t start_ns, std::int64_t end_ns, std::string_view status);
  void fill_context(Record& record) const;
  void fill_key(const FlowKey& key, Record& record) const;

  std::shared_ptr<const Context> context_;
  Config config_;
  Sink sink_;
  Window current_;
  Window previous_;
  std::int64_t wake_ns_ = 0;  // nothing is due before
  std::deque<Due> due_;
  Record record_;
  Stats stats_;
};

/// Which way a packet goes: by the interface's addresses, else as the device saw it, else ingress.
Direction direction_of(const Context& context, const net::Packet& packet);

}  // namespace weir::flow
