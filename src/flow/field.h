// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace weir::flow {

/// The fields of a flow record in AWS's table order (VPC User Guide, "Available fields"), versions
/// 2 to 11, then Weir's own, which appear only where a format names them.
enum class Field : std::uint8_t {
  // version 2, the default format in its order
  version,
  account_id,
  interface_id,
  srcaddr,
  dstaddr,
  srcport,
  dstport,
  protocol,
  packets,
  bytes,
  start,
  end,
  action,
  log_status,
  // version 3
  vpc_id,
  subnet_id,
  instance_id,
  tcp_flags,
  type,
  pkt_srcaddr,
  pkt_dstaddr,
  // version 4
  region,
  az_id,
  sublocation_type,
  sublocation_id,
  // version 5
  pkt_src_aws_service,
  pkt_dst_aws_service,
  flow_direction,
  traffic_path,
  // version 7
  ecs_cluster_arn,
  ecs_cluster_name,
  ecs_container_instance_arn,
  ecs_container_instance_id,
  ecs_container_id,
  ecs_second_container_id,
  ecs_service_name,
  ecs_task_definition_arn,
  ecs_task_arn,
  ecs_task_id,
  // versions 8, 9, 10
  reject_reason,
  resource_id,
  encryption_status,
  // version 11
  instance_tag,
  instance_tag_2,
  interface_tag,
  interface_tag_2,
  asg_tag,
  asg_tag_2,
  interface_type,
  next_hop_interface_id,
  next_hop_subnet_id,
  next_hop_az_id,
  next_hop_vpc_id,
  next_hop_interface_type,
  // Weir's own
  weir_reject_owner,
  weir_reject_id,
  weir_reject_rule,
  weir_start_ms,
  weir_end_ms,
  weir_initiator,
};
inline constexpr std::size_t kFieldCount = static_cast<std::size_t>(Field::weir_initiator) + 1;
inline constexpr std::size_t kAwsFieldCount = static_cast<std::size_t>(Field::weir_reject_owner);

/// How a value is held and, for numbers, the column type in Parquet; address and text are STRING
/// there.
enum class FieldKind : std::uint8_t { int32, int64, address, text };

struct FieldInfo {
  Field field;
  std::string_view name;         // `tcp-flags`
  std::string_view column_name;  // `tcp_flags`, the Parquet column
  int version;                   // 2..11; Weir's own count as 2, so they do not change `version`
  FieldKind kind;
  std::uint8_t slot;  // place among the fields of its kind of storage
  constexpr bool is_number() const { return kind == FieldKind::int32 || kind == FieldKind::int64; }
};

namespace detail {
using FieldTable = std::array<FieldInfo, kFieldCount>;

constexpr FieldTable with_slots(FieldTable table) {
  std::uint8_t numbers = 0;
  std::uint8_t addresses = 0;
  std::uint8_t texts = 0;
  for (FieldInfo& row : table) {
    row.slot = row.is_number() ? numbers++ : row.kind == FieldKind::address ? addresses++ : texts++;
  }
  return table;
}

inline constexpr FieldTable kFields = with_slots({{
    {Field::version, "version", "version", 2, FieldKind::int32, 0},
    {Field::account_id, "account-id", "account_id", 2, FieldKind::text, 0},
    {Field::interface_id, "interface-id", "interface_id", 2, FieldKind::text, 0},
    {Field::srcaddr, "srcaddr", "srcaddr", 2, FieldKind::address, 0},
    {Field::dstaddr, "dstaddr", "dstaddr", 2, FieldKind::address, 0},
    {Field::srcport, "srcport", "srcport", 2, FieldKind::int32, 0},
    {Field::dstport, "dstport", "dstport", 2, FieldKind::int32, 0},
    {Field::protocol, "protocol", "protocol", 2, FieldKind::int32, 0},
    {Field::packets, "packets", "packets", 2, FieldKind::int64, 0},
    {Field::bytes, "bytes", "bytes", 2, FieldKind::int64, 0},
    {Field::start, "start", "start", 2, FieldKind::int64, 0},
    {Field::end, "end", "end", 2, FieldKind::int64, 0},
    {Field::action, "action", "action", 2, FieldKind::text, 0},
    {Field::log_status, "log-status", "log_status", 2, FieldKind::text, 0},
    {Field::vpc_id, "vpc-id", "vpc_id", 3, FieldKind::text, 0},
    {Field::subnet_id, "subnet-id", "subnet_id", 3, FieldKind::text, 0},
    {Field::instance_id, "instance-id", "instance_id", 3, FieldKind::text, 0},
    {Field::tcp_flags, "tcp-flags", "tcp_flags", 3, FieldKind::int32, 0},
    {Field::type, "type", "type", 3, FieldKind::text, 0},
    {Field::pkt_srcaddr, "pkt-srcaddr", "pkt_srcaddr", 3, FieldKind::address, 0},
    {Field::pkt_dstaddr, "pkt-dstaddr", "pkt_dstaddr", 3, FieldKind::address, 0},
    {Field::region, "region", "region", 4, FieldKind::text, 0},
    {Field::az_id, "az-id", "az_id", 4, FieldKind::text, 0},
    {Field::sublocation_type, "sublocation-type", "sublocation_type", 4, FieldKind::text, 0},
    {Field::sublocation_id, "sublocation-id", "sublocation_id", 4, FieldKind::text, 0},
    {Field::pkt_src_aws_service, "pkt-src-aws-service", "pkt_src_aws_service", 5, FieldKind::text,
     0},
    {Field::pkt_dst_aws_service, "pkt-dst-aws-service", "pkt_dst_aws_service", 5, FieldKind::text,
     0},
    {Field::flow_direction, "flow-direction", "flow_direction", 5, FieldKind::text, 0},
    {Field::traffic_path, "traffic-path", "traffic_path", 5, FieldKind::int32, 0},
    {Field::ecs_cluster_arn, "ecs-cluster-arn", "ecs_cluster_arn", 7, FieldKind::text, 0},
    {Field::ecs_cluster_name, "ecs-cluster-name", "ecs_cluster_name", 7, FieldKind::text, 0},
    {Field::ecs_container_instance_arn, "ecs-container-instance-arn", "ecs_container_instance_arn",
     7, FieldKind::text, 0},
    {Field::ecs_container_instance_id, "ecs-container-instance-id", "ecs_container_instance_id", 7,
     FieldKind::text, 0},
    {Field::ecs_container_id, "ecs-container-id", "ecs_container_id", 7, FieldKind::text, 0},
    {Field::ecs_second_container_id, "ecs-second-container-id", "ecs_second_container_id", 7,
     FieldKind::text, 0},
    {Field::ecs_service_name, "ecs-service-name", "ecs_service_name", 7, FieldKind::text, 0},
    {Field::ecs_task_definition_arn, "ecs-task-definition-arn", "ecs_task_definition_arn", 7,
     FieldKind::text, 0},
    {Field::ecs_task_arn, "ecs-task-arn", "ecs_task_arn", 7, FieldKind::text, 0},
    {Field::ecs_task_id, "ecs-task-id", "ecs_task_id", 7, FieldKind::text, 0},
    {Field::reject_reason, "reject-reason", "reject_reason", 8, FieldKind::text, 0},
    {Field::resource_id, "resource-id", "resource_id", 9, FieldKind::text, 0},
    {Field::encryption_status, "encryption-status", "encryption_status", 10, FieldKind::int32, 0},
    {Field::instance_tag, "instance-tag", "instance_tag", 11, FieldKind::text, 0},
    {Field::instance_tag_2, "instance-tag-2", "instance_tag_2", 11, FieldKind::text, 0},
    {Field::interface_tag, "interface-tag", "interface_tag", 11, FieldKind::text, 0},
    {Field::interface_tag_2, "interface-tag-2", "interface_tag_2", 11, FieldKind::text, 0},
    {Field::asg_tag, "asg-tag", "asg_tag", 11, FieldKind::text, 0},
    {Field::asg_tag_2, "asg-tag-2", "asg_tag_2", 11, FieldKind::text, 0},
    {Field::interface_type, "interface-type", "interface_type", 11, FieldKind::text, 0},
    {Field::next_hop_interface_id, "next-hop-interface-id", "next_hop_interface_id", 11,
     FieldKind::text, 0},
    {Field::next_hop_subnet_id, "next-hop-subnet-id", "next_hop_subnet_id", 11, FieldKind::text, 0},
    {Field::next_hop_az_id, "next-hop-az-id", "next_hop_az_id", 11, FieldKind::text, 0},
    {Field::next_hop_vpc_id, "next-hop-vpc-id", "next_hop_vpc_id", 11, FieldKind::text, 0},
    {Field::next_hop_interface_type, "next-hop-interface-type", "next_hop_interface_type", 11,
     FieldKind::text, 0},
    {Field::weir_reject_owner, "weir-reject-owner", "weir_reject_owner", 2, FieldKind::text, 0},
    {Field::weir_reject_id, "weir-reject-id", "weir_reject_id", 2, FieldKind::text, 0},
    {Field::weir_reject_rule, "weir-reject-rule", "weir_reject_rule", 2, FieldKind::int32, 0},
    {Field::weir_start_ms, "weir-start-ms", "weir_start_ms", 2, FieldKind::int64, 0},
    {Field::weir_end_ms, "weir-end-ms", "weir_end_ms", 2, FieldKind::int64, 0},
    {Field::weir_initiator, "weir-initiator", "weir_initiator", 2, FieldKind::address, 0},
}});
}  // namespace detail

/// All fields in the order of the enumeration.
constexpr std::span<const FieldInfo> fields() { return detail::kFields; }
constexpr const FieldInfo& info(Field field) {
  return detail::kFields[static_cast<std::size_t>(field)];
}
/// By field name or by column name; nullptr if there is none.
const FieldInfo* find_field(std::string_view name);

}  // namespace weir::flow
