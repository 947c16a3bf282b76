// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "daemon/live_flows.h"
#include "flow/context.h"
#include "flow/meter.h"
#include "flow/record.h"

namespace weir::daemon {

/// Everything between the kernel and the flow records: one capture thread per interface, each with
/// the flow meter of its ENI, one thread that reads the verdicts of nftables (NFLOG) and hands them
/// to the meters, and one that passes finished records on.
///
/// Threads: the functions may be called from any thread, one at a time; status() at any time.
/// `sink` is called on the delivery thread only; while it is busy, records wait in a bounded queue,
/// then capture waits, then the kernel drops and counts, and the windows concerned end with
/// SKIPDATA. An interface that vanishes is tried again after a tenth of a second, and then less and
/// less often, at least every two seconds; the window in which it came back ends with SKIPDATA, for
/// what it carried before its capture is not known.
class Traffic {
 public:
  struct Interface {
    std::string device;  // e.g. eth0
    flow::Context context;
    Duration window{60'000};  // the smallest aggregation interval of the ENI's flow logs
    bool is_guest =
        false;  // the device is the host's end (veth, tap) of the ENI: directions are swapped
    std::string network_namespace = {};  // of /run/netns, where the device is; "": the process's
    int vlan = 0;                        // only frames with this tag; 0: all but `vlans_elsewhere`
    std::vector<int> vlans_elsewhere = {};  // tags that other ENIs of the device have
    bool operator==(const Interface&) const = default;
  };
  struct Config {
    flow::Meter::Config meter;  // `window` is taken from the interface
    std::uint16_t nflog_group = 4566;
    std::size_t ring_bytes = 8u << 20;         // per interface
    std::size_t verdicts_waiting_max = 65536;  // per interface
  };
  using Sink = std::function<void(const flow::Context&, std::span<const flow::Record>)>;

  Traffic(Runtime& runtime, Config config, Sink sink);
  /// Stops the threads, closes all windows and delivers their records.
  ~Traffic();
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  /// Makes what is captured equal to the list: starts, stops (closing the windows), renews
  /// contexts. An ENI whose device or window is another one now closes its windows and goes on with
  /// the ring that it has, if the device was only renamed; no packet falls between. Error: the
  /// first interface that cannot be captured now, its reason and the capability needed; the others
  /// run, and that one is tried again. Without CAP_NET_RAW none runs and the daemon can go on.
  Result<void> set_interfaces(std::vector<Interface> interfaces);
  /// Starts reading verdicts of the NFLOG group. Error without CAP_NET_ADMIN: then every packet
  /// counts as accepted.
  Result<void> start_verdicts();
  /// Same as the destructor, earlier. No call of the sink happens after it.
  void stop();

  struct InterfaceStatus {
    std::string device;
    std::string interface_id;
    bool is_running = false;
    std::string error;  // why it is not running
    flow::Meter::Stats meter;
    std::uint64_t frames_other = 0;  // ARP and other frames without an IP packet
    std::uint64_t frames_malformed = 0;
    std::uint64_t kernel_drops = 0;
    std::uint64_t verdicts_dropped = 0;  // no room in the queue
    /// Packets that passed and are in no record, since this capture began. They go into SKIPDATA.
    std::uint64_t packets_lost() const { return meter.packets_lost + meter.packets_skipped; }
  };
  struct Status {
    std::vector<InterfaceStatus> interfaces;
    bool verdicts_running = false;
    std::uint64_t verdicts = 0;
    std::uint64_t verdicts_lost = 0;     // sequence gaps, full socket buffer
    std::uint64_t verdicts_unknown = 0;  // no prefix of ours, or an ENI that is not captured
  };
  Status status() const;

  struct Seen {
    LiveFlows flows;
    std::size_t interfaces = 0;  // that showed all of their flows in time
    std::size_t missing = 0;     // that did not
  };
  /// Shows the flows of all open windows to `view`: each capture thread in slices, so that no ring
  /// overflows meanwhile. Waits for at most kSeenTimeout.
  Seen look(LiveFlows view) const;
  static constexpr std::chrono::milliseconds kSeenTimeout{3'000};

  struct Summary {
    std::uint64_t frames = 0;
    std::uint64_t frames_other = 0;
    std::uint64_t frames_malformed = 0;
    std::uint64_t fragments_unresolved = 0;
    flow::Meter::Stats meter;
  };
  /// Plays a capture file (pcap, pcapng) through a meter on packet time: the same records as on a
  /// live interface. Calls `sink` on this thread. Error: cannot be opened, is no capture file, is
  /// cut off.
  static Result<Summary> replay(const std::filesystem::path& path, const flow::Context& context,
                                const flow::Meter::Config& config, const Sink& sink);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::daemon
