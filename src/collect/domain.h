// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/runtime.h"
#include "collect/exported_flow.h"
#include "collect/template.h"

namespace weir::collect {

/// Memory that all domains share, so that no exporter can take it all by opening many of them.
struct Budget {
  std::size_t template_fields_left = 1u << 20;
  std::size_t waiting_bytes_left = 8u << 20;
};

/// One observation domain (IPFIX) or source id (NetFlow v9) of one exporter: its templates, its
/// sampling rates, and data that came before their template.
///
/// Threads: one. Memory: the bounds below; a template beyond them is refused and counted. Work:
/// each data record takes at least one byte of the datagram and no more than its template's fields.
class Domain {
 public:
  static constexpr std::size_t kTemplatesMax = 1024;
  static constexpr std::size_t kSamplersMax = 256;
  static constexpr std::size_t kSampledInterfacesMax = 4096;
  static constexpr std::size_t kWaitingSetsMax = 256;
  /// How long data wait for their template; exporters repeat it every few minutes at most.
  static constexpr Duration kWaitMax{300'000};

  explicit Domain(Budget& budget) : budget_(budget) {}
  ~Domain();
  Domain(const Domain&) = delete;
  Domain& operator=(const Domain&) = delete;

  struct Outcome {
    bool is_malformed = false;    // a length that cannot be; what stood before it was taken
    bool is_count_known = true;   // false: a set without its template
    std::uint32_t records = 0;    // of data, options included: IPFIX's sequence counts them
    std::uint32_t not_flows = 0;  // records without addresses, events without traffic
    std::uint32_t templates_refused = 0;
    std::uint32_t sets_lost = 0;  // no room to wait for their template
  };
  /// Reads the sets of a message behind its header. `header` is complete. Passes flows on in their
  /// order; those that had waited for a template of this message come last.
  Outcome decode(TemplateProtocol protocol, Bytes sets, const ExportHeader& header, Time now,
                 const FlowSink& sink);
  /// Gives up sets that have waited too long: returns how many.
  std::uint32_t expire(Time now);
  std::size_t templates() const { return templates_.size(); }

 private:
  struct Waiting {
    std::uint16_t set_id;
    ExportHeader header;
    Time until;
    std::vector<std::uint8_t> bytes;
  };
  struct Message {
    TemplateProtocol protocol;
    const ExportHeader& header;
    Time now;
    const FlowSink& sink;
    Outcome& outcome;
  };

  void read_templates(Message& message, Bytes set);
  void read_options_v9(Message& message, Bytes set);
  void read_options_ipfix(Message& message, Bytes set);
  void define(Message& message, std::uint16_t id, Template::Problem problem, Template made);
  void withdraw(std::uint16_t id, bool is_options);
  void read_data(Message& message, std::uint16_t set_id, Bytes set, const ExportHeader& header);
  void read_options(const RecordValues& values);
  void wait(Message& message, std::uint16_t set_id, Bytes set);
  void read_waiting(Message& message);
  std::uint32_t sampling_of(const RecordValues& values) const;

  Budget& budget_;
  std::map<std::uint16_t, Template> templates_;
  std::deque<Waiting> waiting_;
  std::map<std::uint32_t, std::uint32_t> samplers_;             // sampler or selector id -> rate
  std::map<std::uint32_t, std::uint32_t> interface_samplings_;  // ifIndex -> rate
  std::optional<std::uint32_t> sampling_;                       // of the whole domain
  std::optional<std::int64_t> system_start_ms_;
  bool has_new_template_ = false;
};

/// A message as it stands in a datagram: NetFlow v9 and IPFIX.
struct SetMessage {
  TemplateProtocol protocol;
  ExportHeader header;
  Bytes sets;
  bool is_cut = false;  // IPFIX: the header says more bytes than there are
};
/// Nothing: too short, or another version.
std::optional<SetMessage> read_message_header(Bytes datagram);

}  // namespace weir::collect
