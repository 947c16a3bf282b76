// SPDX-License-Identifier: Apache-2.0
#include "delivery/subscription.h"

#include <utility>

#include "flow/field.h"
#include "vpc/flow_logs.h"

namespace weir::delivery {
namespace {

using flow::Field;

constexpr Field kTagFields[] = {Field::interface_tag, Field::interface_tag_2, Field::instance_tag,
                                Field::instance_tag_2};

std::string value_of_tag(const vpc::Tags& tags, std::string_view key) {
  for (const vpc::Tag& tag : tags) {
    if (tag.key == key) return percent_encode(tag.value);
  }
  return {};
}

}  // namespace

Shape StoredFlowLog::shape() {
  using S = StoredFlowLog;
  static constexpr Member members[] = {
      required<&S::account>("account"),
      required<&S::region>("region"),
      required<&S::flow_log>("flowLog"),
  };
  return {"DeliveredFlowLog", members};
}

std::string percent_encode(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
    if (is_plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

Result<SubscriptionPtr> Subscription::make(Scope scope, vpc::FlowLog log) {
  WEIR_TRY(flow::Format format, flow::Format::parse(log.log_format));
  // Shared: see SubscriptionPtr. The constructor is private, so make_shared cannot call it.
  const std::shared_ptr<Subscription> made(
      new Subscription(std::move(scope), std::move(log), std::move(format)));
  const vpc::FlowLog& flow_log = made->log_;
  for (const Field field : kTagFields) made->has_tag_fields_ |= made->format_.has(field);
  if (flow_log.destination_type == "s3") {
    const std::string arn = flow_log.destination.value_or("");
    WEIR_TRY(made->bucket_, vpc::bucket_of(arn));
    // arn:aws:s3:::bucket/folder/
    const std::size_t slash = arn.find('/');
    if (slash != std::string::npos) made->folder_ = arn.substr(slash + 1);
    made->is_parquet_ =
        flow_log.destination_options && flow_log.destination_options->file_format == "parquet";
  } else if (flow_log.destination_type == "kinesis-data-firehose") {
    WEIR_TRY(made->delivery_stream_, vpc::stream_of(flow_log.destination.value_or("")));
  } else if (const std::string arn = flow_log.destination.value_or(""); !arn.empty()) {
    WEIR_TRY(made->group_, vpc::log_group_of(arn));
    WEIR_TRY(const Arn parsed, Arn::parse(arn));
    made->group_scope_ = parsed.scope;
  } else {
    made->group_ = flow_log.log_group_name.value_or("");
  }
  return SubscriptionPtr(made);
}

bool Subscription::takes(const flow::Record& record) const {
  if (!record.is_data() || log_.traffic_type == "ALL") return true;
  const auto verdict = record.verdict();
  if (!verdict) return false;
  return log_.traffic_type == (*verdict == flow::Verdict::accept ? flow::kAccept : flow::kReject);
}

TagValues Subscription::tag_values(const vpc::Tags& tags) const {
  TagValues values;
  for (const vpc::TagFieldSpecification& wanted : log_.tag_fields) {
    const auto value = [&](std::size_t i) {
      return i < wanted.tag_keys.size() ? value_of_tag(tags, wanted.tag_keys[i]) : std::string();
    };
    if (wanted.resource_type == "network-interface") {
      values.interface_tag = value(0);
      values.interface_tag_2 = value(1);
    } else if (wanted.resource_type == "instance") {
      values.instance_tag = value(0);
      values.instance_tag_2 = value(1);
    }
  }
  return values;
}

Line Subscription::line(const flow::Record& record, const TagValues& tags) const {
  const std::int64_t start = record.number_or(Field::start, 0);
  const std::int64_t end = record.number_or(Field::end, start);
  if (!has_tag_fields_) return {start, end, format_.line(record)};
  flow::Record tagged = record;
  const auto fill = [&](Field field, std::string_view value) {
    if (!tagged.has(field)) tagged.set(field, value);
  };
  fill(Field::interface_tag, tags.interface_tag);
  fill(Field::interface_tag_2, tags.interface_tag_2);
  fill(Field::instance_tag, tags.instance_tag);
  fill(Field::instance_tag_2, tags.instance_tag_2);
  return {start, end, format_.line(tagged)};
}

Line Subscription::skip_line(const flow::Context& interface, const TagValues& tags,
                             std::int64_t start_s, std::int64_t end_s) const {
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
  return line(record, tags);
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

}  // namespace weir::delivery
