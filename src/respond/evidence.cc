// SPDX-License-Identifier: Apache-2.0
#include "respond/evidence.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "flow/format.h"
#include "flow/record.h"

namespace weir::respond {

namespace {

constexpr std::array<std::string_view, 8> kSourceNames = {
    "srcaddr", "src",      "source",          "sourceaddress",
    "srcip",   "sourceip", "sourceipaddress", "pktsrcaddr"};
constexpr std::array<std::string_view, 6> kInterfaceNames = {
    "interfaceid", "eni", "interface", "eniid", "networkinterface", "networkinterfaceid"};

struct Sighting {
  net::Address source;
  std::string eni_id;
};

// `$src_addr`, `$.srcAddr` and `srcaddr` are one name.
std::string plain_name(std::string_view name) {
  const auto dot = name.rfind('.');
  if (dot != std::string_view::npos) name.remove_prefix(dot + 1);
  std::string out;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') out += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
  }
  return out;
}

template <std::size_t N>
std::string value_named(const logs::Extraction& extraction,
                        const std::array<std::string_view, N>& names) {
  for (const std::string_view wanted : names) {
    for (const auto& [name, value] : extraction.values) {
      if (plain_name(name) == wanted) return value;
    }
  }
  return "";
}

std::optional<Sighting> read_record(const flow::Format& format, std::string_view line) {
  flow::Record record;
  if (!format.read(line, record)) return std::nullopt;
  const net::Address source = record.address(flow::Field::srcaddr);
  if (!source.is_set()) return std::nullopt;
  return Sighting{source, std::string(record.text(flow::Field::interface_id))};
}

std::optional<Sighting> read_slots(const logs::CompiledFilter& filter, std::string_view line) {
  const auto extraction = filter.pattern().match(line);
  if (!extraction) return std::nullopt;
  const auto source = net::Address::parse(value_named(*extraction, kSourceNames));
  if (!source) return std::nullopt;
  return Sighting{*source, value_named(*extraction, kInterfaceNames)};
}

// Streams of flow logs are named after the interface: `eni-0123456789abcdef0-all`.
std::string eni_of_stream(const std::string& stream) {
  if (!stream.starts_with("eni-")) return "";
  return stream.substr(0, stream.find('-', 4));
}

// The formats of the flow logs that write to the group.
Result<std::vector<flow::Format>> formats_of(vpc::Network& network, const Scope& scope,
                                             const std::string& group) {
  WEIR_TRY(const auto state, network.state(scope));
  std::vector<flow::Format> formats;
  for (const auto& [id, flow_log] : state->flow_logs) {
    if (flow_log.log_group_name != group) continue;
    auto format = flow::Format::parse(flow_log.log_format);
    if (format && std::ranges::find(formats, *format) == formats.end()) {
      formats.push_back(*std::move(format));
    }
  }
  return formats;
}

std::optional<Sighting> read_event(const std::vector<flow::Format>& formats,
                                   const logs::CompiledFilter& filter, std::string_view line) {
  for (const flow::Format& format : formats) {
    if (auto sighting = read_record(format, line)) return sighting;
  }
  if (auto sighting = read_slots(filter, line)) return sighting;
  const auto format = flow::Format::detect(line);
  return format ? read_record(*format, line) : std::nullopt;
}

class Search {
 public:
  Search(const logs::Logs& logs, vpc::Network& network, const AlarmMessage& alarm,
         const EvidenceLimits& limits)
      : logs_(logs), network_(network), alarm_(alarm), limits_(limits) {}

  Result<void> add(const logs::MetricFilterRef& reference) {
    WEIR_TRY(const auto filter, logs::CompiledFilter::compile(reference.filter, alarm_.scope));
    WEIR_TRY(const auto formats, formats_of(network_, alarm_.scope, reference.log_group_name));
    logs::Logs::FilterQuery query;
    query.start = alarm_.start;
    query.end = alarm_.end - Duration(1);  // inclusive there
    query.pattern = filter.pattern();
    do {
      WEIR_TRY(auto page, logs_.filter_events(alarm_.scope, reference.log_group_name, query));
      for (const logs::LogEvent& event : page.events) {
        if (read_ >= limits_.events_max) {
          found_.is_complete = false;
          return {};
        }
        ++read_;
        if (counts_for(filter, alarm_, event.message)) count(formats, filter, event);
      }
      query.token = std::move(page.next_token);
    } while (!query.token.empty());
    return {};
  }

  Evidence finish() {
    for (auto& [address, offender] : offenders_) found_.offenders.push_back(std::move(offender));
    std::ranges::stable_sort(found_.offenders, std::ranges::greater{}, &Offender::events);
    return std::move(found_);
  }

 private:
  void count(const std::vector<flow::Format>& formats, const logs::CompiledFilter& filter,
             const logs::LogEvent& event) {
    ++found_.events;
    auto sighting = read_event(formats, filter, event.message);
    if (!sighting) return;
    auto offender = offenders_.find(sighting->source);
    if (offender == offenders_.end()) {
      if (offenders_.size() >= limits_.offenders_max) {
        found_.is_complete = false;
        return;
      }
      offender = offenders_.emplace(sighting->source, Offender{.address = sighting->source}).first;
    }
    if (sighting->eni_id.empty()) sighting->eni_id = eni_of_stream(event.log_stream_name);
    if (!sighting->eni_id.empty()) offender->second.eni_ids.insert(std::move(sighting->eni_id));
    ++offender->second.events;
    offender->second.last_seen = std::max(offender->second.last_seen, event.id.timestamp);
  }

  const logs::Logs& logs_;
  vpc::Network& network_;
  const AlarmMessage& alarm_;
  const EvidenceLimits& limits_;
  std::size_t read_ = 0;
  std::map<net::Address, Offender> offenders_;
  Evidence found_;
};

}  // namespace

bool counts_for(const logs::CompiledFilter& filter, const AlarmMessage& alarm,
                std::string_view line) {
  logs::Subject subject(line);
  double value = 0;
  std::vector<std::string_view> values;
  if (!filter.sample(subject, value, values)) return false;
  const auto& names = filter.dimension_names();
  if (names.size() != alarm.dimensions.size()) return false;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto wanted = alarm.dimensions.find(names[i]);
    if (wanted == alarm.dimensions.end() || wanted->second != values[i]) return false;
  }
  return true;
}

Result<Evidence> find_evidence(const logs::Logs& logs, vpc::Network& network,
                               const AlarmMessage& alarm, const EvidenceLimits& limits) {
  Search search(logs, network, alarm, limits);
  for (const auto& reference :
       logs.filters_for_metric(alarm.scope, alarm.metric_namespace, alarm.metric_name)) {
    WEIR_CHECK(search.add(reference));
  }
  return search.finish();
}

}  // namespace weir::respond
