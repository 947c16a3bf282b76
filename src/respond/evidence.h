// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "logs/logs.h"
#include "logs/metric_filter.h"
#include "net/address.h"
#include "respond/alarm_message.h"
#include "vpc/network.h"

namespace weir::respond {

/// A source address that occurs in the log events behind an alarm.
struct Offender {
  net::Address address;
  std::set<std::string> eni_ids = {};  // interfaces that saw it
  std::uint64_t events = 0;
  Time last_seen = {};
};

struct EvidenceLimits {
  std::size_t events_max = 200'000;    // read for one alarm; the oldest in the window come first
  std::size_t offenders_max = 10'000;  // counted; later addresses are passed over
};

struct Evidence {
  std::vector<Offender> offenders;  // most events first
  std::uint64_t events = 0;         // that matched
  bool is_complete = true;          // false: a limit was reached
};

/// Whether the event counted for the alarm's metric: a filter may give dimensions, an alarm names
/// one combination of them.
bool counts_for(const logs::CompiledFilter& filter, const AlarmMessage& alarm,
                std::string_view line);

/// The events that the metric filters behind the alarm's metric counted in its window, by source
/// address. An event is read with the format of the flow log that writes to the group; else by the
/// slot names of the filter's pattern (`src`, `srcaddr`, ... and `eni`, `interface_id`, ...); else
/// as the flow record that it looks like. Events without an address count for nobody. Errors: those
/// of the log groups.
Result<Evidence> find_evidence(const logs::Logs& logs, vpc::Network& network,
                               const AlarmMessage& alarm, const EvidenceLimits& limits);

}  // namespace weir::respond
