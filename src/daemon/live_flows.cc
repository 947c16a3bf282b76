// SPDX-License-Identifier: Apache-2.0
#include "daemon/live_flows.h"

#include <algorithm>
#include <utility>

#include "flow/format.h"

namespace weir::daemon {
namespace {

constexpr std::int64_t kLimitMax = 10'000;
constexpr std::string_view kSorts[] = {"bytes", "packets", "start", "end"};
bool has_lower_rank(const auto& a, const auto& b) { return a.rank > b.rank; }

std::string_view action_of(const flow::Meter::OpenFlow& flow) {
  return flow.verdict == flow::Verdict::accept ? flow::kAccept : flow::kReject;
}

flow::Record record_of(const LiveFlow& live) {
  using flow::Field;
  const auto& [key, verdict, packets, bytes, flags, first, last, rule] = live.flow;
  flow::Record record;
  record.clear();
  record.set(Field::account_id, live.interface.account_id);
  record.set(Field::interface_id, live.interface.interface_id);
  record.set(Field::srcaddr, key.source);
  record.set(Field::dstaddr, key.destination);
  record.set(Field::srcport, key.source_port);
  record.set(Field::dstport, key.destination_port);
  record.set(Field::protocol, key.protocol);
  record.set(Field::packets, static_cast<std::int64_t>(packets));
  record.set(Field::bytes, static_cast<std::int64_t>(bytes));
  record.set(Field::start, first.seconds());
  record.set(Field::end, last.seconds());
  record.set(Field::action, action_of(live.flow));
  record.set(Field::log_status, flow::kOk);
  return record;
}

Document shown(const LiveFlow& live) {
  const auto& [key, verdict, packets, bytes, flags, first, last, rule] = live.flow;
  Document row;
  row["device"] = std::string(live.device);
  row["interface"] = live.interface.interface_id;
  row["direction"] = std::string(key.direction == flow::Direction::ingress ? "ingress" : "egress");
  row["source"] = key.source.to_string();
  row["source_port"] = std::int64_t{key.source_port};
  row["destination"] = key.destination.to_string();
  row["destination_port"] = std::int64_t{key.destination_port};
  row["protocol"] = std::int64_t{key.protocol};
  row["action"] = std::string(action_of(live.flow));
  row["packets"] = static_cast<std::int64_t>(packets);
  row["bytes"] = static_cast<std::int64_t>(bytes);
  row["tcp_flags"] = flags;
  row["start_ms"] = first.ms;
  row["end_ms"] = last.ms;
  if (rule != nullptr) {
    row["rule"] = rule->owner + " " + rule->id + " " + std::to_string(rule->number);
  }
  return row;
}

}  // namespace

Shape FlowQuery::shape() {
  using S = FlowQuery;
  static constexpr Member members[] = {
      optional<&S::filter>("filter"),
      optional<&S::expression>("expression"),
      optional<&S::sort>("sort", one_of(kSorts)),
      optional<&S::limit>("limit", range(1, kLimitMax)),
  };
  return {"FlowQuery", members};
}

Result<LiveFlows> LiveFlows::make(FlowQuery query) {
  WEIR_TRY(auto filter, logs::FilterPattern::compile(query.filter));
  LiveFlows flows(std::move(query), std::move(filter));
  if (!flows.query_.expression.empty()) {
    WEIR_TRY(flows.expression_, capture::FlowExpression::compile(flows.query_.expression));
  }
  return flows;
}

bool LiveFlows::is_wanted(const LiveFlow& live) {
  const auto& key = live.flow.key;
  if (expression_ &&
      !expression_->matches({key.source, key.destination, key.source_port, key.destination_port,
                             key.protocol, static_cast<std::uint8_t>(live.flow.tcp_flags)})) {
    return false;
  }
  if (query_.filter.empty()) return true;
  line_.clear();
  flow::Format::standard().append(record_of(live), line_);
  subject_.reset(line_);
  return filter_.matches(subject_);
}

std::int64_t LiveFlows::rank_of(const flow::Meter::OpenFlow& flow) const {
  if (query_.sort == "packets") return static_cast<std::int64_t>(flow.packets);
  if (query_.sort == "start") return flow.first.ms;
  if (query_.sort == "end") return flow.last.ms;
  return static_cast<std::int64_t>(flow.bytes);
}

void LiveFlows::add(const LiveFlow& live) {
  if (!is_wanted(live)) return;
  ++matched_;
  packets_ += live.flow.packets;
  bytes_ += live.flow.bytes;
  const std::int64_t rank = rank_of(live.flow);
  if (rows_.size() >= static_cast<std::size_t>(query_.limit)) {
    if (rank <= rows_.front().rank) return;
    std::pop_heap(rows_.begin(), rows_.end(), has_lower_rank<Row, Row>);
    rows_.pop_back();
  }
  rows_.push_back({rank, shown(live)});
  std::push_heap(rows_.begin(), rows_.end(), has_lower_rank<Row, Row>);
}

Document LiveFlows::answer() const {
  std::vector<Row> sorted = rows_;
  std::stable_sort(sorted.begin(), sorted.end(), has_lower_rank<Row, Row>);
  Document::List flows;
  for (Row& row : sorted) flows.push_back(std::move(row.shown));
  Document answer;
  answer["flows"] = std::move(flows);
  answer["matched"] = static_cast<std::int64_t>(matched_);
  answer["packets"] = static_cast<std::int64_t>(packets_);
  answer["bytes"] = static_cast<std::int64_t>(bytes_);
  return answer;
}

}  // namespace weir::daemon
