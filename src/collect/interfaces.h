// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/runtime.h"
#include "collect/exported_flow.h"
#include "flow/context.h"
#include "flow/record.h"
#include "net/address.h"

namespace weir::collect {

/// An interface of a router or switch that exports flows: an elastic network interface of its own.
struct ExporterInterface {
  net::Address exporter;     // where its datagrams come from
  net::Address agent;        // sFlow agent, where it is another than the sender; none otherwise
  std::uint32_t index = 0;   // ifIndex
  std::uint32_t domain = 0;  // observation domain, where the exporter names no interface (index 0)
  flow::Context context;     // the id is stable across restarts; the rest is of Interfaces::Config
};

/// Flows of exporters -> records of their interfaces, and what is lost -> SKIPDATA records.
///
/// A flow belongs to the interface at which it was metered: `input` (ingress; also where the
/// exporter does not say), `output` (egress), or, where the exporter names none, to the observation
/// domain. So a packet is in one record of one interface, and directions are seen from the
/// exporter: ingress is what arrives at it.
///
/// Threads: one. Memory: `interfaces_max` interfaces; flows of further ones are counted and, as
/// there is no interface to say so, nothing else. Records wait until flush() or kBatchRecordsMax.
class Interfaces {
 public:
  static constexpr std::size_t kBatchRecordsMax = 2048;
  /// A SKIPDATA record of an interface covers at least this much time.
  static constexpr Duration kSkipPeriod{60'000};
  /// Losses of an exporter concern those of its interfaces that had flows lately.
  static constexpr Duration kRecentMax{600'000};

  struct Config {
    std::string account_id;
    std::string region;
    std::string vpc_id;  // "": `-`
    std::string subnet_id;
    std::string az_id;
    std::size_t interfaces_max = 4096;
    bool scale_sampled = true;  // multiply packets and bytes by the sampling rate
  };
  struct Stats {
    std::uint64_t records = 0;
    std::uint64_t packets = 0;  // in them, after scaling
    std::uint64_t bytes = 0;
    std::uint64_t skip_records = 0;
    std::uint64_t flows_unassigned = 0;  // of interfaces beyond interfaces_max
  };
  using Sink = std::function<void(const flow::Context&, std::span<const flow::Record>)>;
  /// Told of an interface before its first record; returns what its records say about it, such as
  /// `context` as it is.
  using OnInterface = std::function<flow::Context(const ExporterInterface&)>;

  Interfaces(Config config, Sink sink, OnInterface on_interface);

  /// Who reported a flow.
  struct Origin {
    net::Address exporter;
    net::Address agent;
    std::uint32_t domain = 0;
  };
  /// `flow` has its times. Calls `on_interface` before the first record of an interface.
  void add(const Origin& origin, const ExportedFlow& flow, Time now);
  /// Flows of this exporter are missing since then: its interfaces get a SKIPDATA record.
  void mark_lost(const Origin& origin, Time since, Time now);
  /// Datagrams of unknown exporters are missing.
  void mark_all_lost(Time now);
  /// Hands over what waits, with the SKIPDATA records that are due.
  void flush(Time now);

  std::size_t size() const { return interfaces_.size(); }
  const Stats& stats() const { return stats_; }

 private:
  struct Key {
    net::Address exporter;
    net::Address agent;
    bool is_domain = false;
    std::uint32_t number = 0;
    auto operator<=>(const Key&) const = default;
  };
  struct Entry {
    flow::Context context;
    Time last_flow;
    std::optional<Time> lost_since;  // not reported yet
    std::optional<Time> last_skip;
    std::vector<flow::Record> waiting;
  };
  Entry* find_or_add(const Key& key, const Origin& origin);
  flow::Record& next_record(Entry& entry);
  void hand_over(Entry& entry);
  void mark(Entry& entry, Time since);

  Config config_;
  Sink sink_;
  OnInterface on_interface_;
  std::map<Key, Entry> interfaces_;
  std::vector<Entry*> touched_;  // with records that wait, in the order of their first one
  std::size_t waiting_ = 0;
  std::size_t lost_count_ = 0;  // entries with lost_since
  Stats stats_;
};

/// `eni-` and 17 hexadecimal digits, made of exporter, agent and interface.
std::string interface_id(const ExporterInterface& interface);

}  // namespace weir::collect
