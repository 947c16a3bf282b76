// SPDX-License-Identifier: Apache-2.0
#include "daemon/live_flows.h"

#include <algorithm>
#include <utility>

#include "flow/format.h"

namespace weir::daemon {
namespace {

constexpr std::int64_t kLimitMax = 10'000;
constexpr std::string_view kSorts[] = {"bytes", "packets", "start", "end"};
constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kNsPerMs = 1'000'000;

bool has_lower_rank(const auto& a, const auto& b) { return a.rank > b.rank; }

flow::Record record_of(const LiveFlow& flow) {
  using flow::Field;
  flow::Record record;
  record.clear();
  record.set(Field::account_id, flow.interface.account_id);
  record.set(Field::interface_id, flow.interface.interface_id);
  record.set(Field::srcaddr, flow.key.source);
  record.set(Field::dstaddr, flow.key.destination);
  record.set(Field::srcport, flow.key.source_port);
  record.set(Field::dstport, flow.key.destination_port);
  record.set(Field::protocol, flow.key.protocol);
  record.set(Field::packets, static_cast<std::int64_t>(flow.tally.packets));
  record.set(Field::bytes, static_cast<std::int64_t>(flow.tally.bytes));
  record.set(Field::start, flow.tally.first_ns / kNsPerSecond);
  record.set(Field::end, flow.tally.last_ns / kNsPerSecond);
  record.set(Field::action, flow.action == flow::Verdict::accept ? flow::kAccept : flow::kReject);
  record.set(Field::log_status, flow::kOk);
  return record;
}

Document shown(const LiveFlow& flow) {
  Document row;
  row["device"] = std::string(flow.device);
  row["interface"] = flow.interface.interface_id;
  row["direction"] =
      std::string(flow.key.direction == flow::Direction::ingress ? "ingress" : "egress");
  row["source"] = flow.key.source.to_string();
  row["source_port"] = std::int64_t{flow.key.source_port};
  row["destination"] = flow.key.destination.to_string();
  row["destination_port"] = std::int64_t{flow.key.destination_port};
  row["protocol"] = std::int64_t{flow.key.protocol};
  row["action"] = std::string(flow.action == flow::Verdict::accept ? flow::kAccept : flow::kReject);
  row["packets"] = static_cast<std::int64_t>(flow.tally.packets);
  row["bytes"] = static_cast<std::int64_t>(flow.tally.bytes);
  row["tcp_flags"] = flow.tally.tcp_flags();
  row["start_ms"] = flow.tally.first_ns / kNsPerMs;
  row["end_ms"] = flow.tally.last_ns / kNsPerMs;
  if (flow.rule != nullptr) {
    row["rule"] = flow.rule->owner + " " + flow.rule->id + " " + std::to_string(flow.rule->number);
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

bool LiveFlows::is_wanted(const LiveFlow& flow) {
  if (expression_ &&
      !expression_->matches({flow.key.source, flow.key.destination, flow.key.source_port,
                             flow.key.destination_port, flow.key.protocol,
                             static_cast<std::uint8_t>(flow.tally.tcp_flags())})) {
    return false;
  }
  if (query_.filter.empty()) return true;
  line_.clear();
  flow::Format::standard().append(record_of(flow), line_);
  subject_.reset(line_);
  return filter_.matches(subject_);
}

std::int64_t LiveFlows::rank_of(const flow::Tally& tally) const {
  if (query_.sort == "packets") return static_cast<std::int64_t>(tally.packets);
  if (query_.sort == "start") return tally.first_ns;
  if (query_.sort == "end") return tally.last_ns;
  return static_cast<std::int64_t>(tally.bytes);
}

void LiveFlows::add(const LiveFlow& flow) {
  if (!is_wanted(flow)) return;
  ++matched_;
  packets_ += flow.tally.packets;
  bytes_ += flow.tally.bytes;
  const std::int64_t rank = rank_of(flow.tally);
  if (rows_.size() >= static_cast<std::size_t>(query_.limit)) {
    if (rank <= rows_.front().rank) return;
    std::pop_heap(rows_.begin(), rows_.end(), has_lower_rank<Row, Row>);
    rows_.pop_back();
  }
  rows_.push_back({rank, shown(flow)});
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
