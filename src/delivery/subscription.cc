// SPDX-License-Identifier: Apache-2.0
#include "delivery/subscription.h"

#include <utility>

#include "flow/field.h"
#include "vpc/flow_logs.h"

namespace weir::delivery {
namespace {

using flow::Field;

columnar::ColumnType column_type(flow::FieldKind kind) {
  switch (kind) {
    case flow::FieldKind::int32:
      return columnar::ColumnType::int32;
    case flow::FieldKind::int64:
      return columnar::ColumnType::int64;
    case flow::FieldKind::address:
    case flow::FieldKind::text:
      break;
  }
  return columnar::ColumnType::string;
}

}  // namespace

Result<SubscriptionPtr> Subscription::make(Scope scope, vpc::FlowLog log) {
  WEIR_TRY(flow::Format format, flow::Format::parse(log.log_format));
  // Shared: see SubscriptionPtr. The constructor is private, so make_shared cannot call it.
  const std::shared_ptr<Subscription> made(
      new Subscription(std::move(scope), std::move(log), std::move(format)));
  const vpc::FlowLog& flow_log = made->log_;
  if (flow_log.destination_type == "s3") {
    const std::string arn = flow_log.destination.value_or("");
    WEIR_TRY(made->bucket_, vpc::bucket_of(arn));
    // arn:aws:s3:::bucket/folder/
    const std::size_t slash = arn.find('/');
    if (slash != std::string::npos) made->folder_ = arn.substr(slash + 1);
    made->is_parquet_ =
        flow_log.destination_options && flow_log.destination_options->file_format == "parquet";
  } else if (flow_log.log_group_name) {
    made->group_ = *flow_log.log_group_name;
  } else {
    WEIR_TRY(made->group_, vpc::log_group_of(flow_log.destination.value_or("")));
  }
  return SubscriptionPtr(made);
}

bool Subscription::takes(const flow::Record& record) const {
  if (!record.is_data() || log_.traffic_type == "ALL") return true;
  const auto verdict = record.verdict();
  if (!verdict) return false;
  return log_.traffic_type == (*verdict == flow::Verdict::accept ? flow::kAccept : flow::kReject);
}

Line Subscription::line(const flow::Record& record) const {
  const std::int64_t start = record.number_or(Field::start, 0);
  return {start, record.number_or(Field::end, start), format_.line(record)};
}

Line Subscription::skip_line(const flow::Context& interface, std::int64_t start_s,
                             std::int64_t end_s) const {
  flow::Record record;
  record.clear();
  record.set(Field::account_id, std::string_view(interface.account_id));
  record.set(Field::interface_id, std::string_view(interface.interface_id));
  record.set(Field::vpc_id, std::string_view(interface.vpc_id));
  record.set(Field::subnet_id, std::string_view(interface.subnet_id));
  record.set(Field::instance_id, std::string_view(interface.instance_id));
  record.set(Field::region, std::string_view(interface.region));
  record.set(Field::az_id, std::string_view(interface.az_id));
  record.set(Field::start, start_s);
  record.set(Field::end, end_s);
  record.set(Field::log_status, flow::kSkipData);
  return line(record);
}

std::string Subscription::stream(std::string_view interface_id) const {
  const std::string_view type = log_.traffic_type == "ACCEPT"   ? "-accept"
                                : log_.traffic_type == "REJECT" ? "-reject"
                                                                : "-all";
  return std::string(interface_id) + std::string(type);
}

columnar::FlowFile Subscription::file(Time slot, std::string hash) const {
  columnar::FlowFile out;
  out.scope = scope_;
  out.flow_log_id = log_.id;
  out.folder = folder_;
  out.slot = slot;
  out.is_parquet = is_parquet_;
  if (log_.destination_options) {
    out.is_hive_compatible = log_.destination_options->hive_compatible_partitions;
    out.is_per_hour = log_.destination_options->per_hour_partition;
  }
  out.hash = std::move(hash);
  return out;
}

std::vector<columnar::Column> Subscription::columns() const {
  std::vector<columnar::Column> all;
  for (const Field field : format_.fields()) {
    const flow::FieldInfo& about = flow::info(field);
    all.push_back({std::string(about.column_name), column_type(about.kind)});
  }
  return all;
}

}  // namespace weir::delivery
