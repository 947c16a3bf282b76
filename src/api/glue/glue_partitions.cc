// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "api/glue/documents.h"
#include "api/glue/glue_api.h"
#include "base/fnv.h"
#include "sql/partition_filter.h"

namespace weir::api::glue {
namespace {

constexpr char kValueEnd = '\001';  // behind each value in a token

std::string joined(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += value + kValueEnd;
  return text;
}

std::vector<std::string> separated(std::string_view text) {
  std::vector<std::string> values;
  for (std::size_t end = text.find(kValueEnd); end != text.npos; end = text.find(kValueEnd)) {
    values.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return values;
}

bool is_in(const std::optional<Segment>& segment, const std::vector<std::string>& values) {
  if (!segment) return true;
  return fnv1a(joined(values)) % static_cast<std::uint64_t>(segment->total) ==
         static_cast<std::uint64_t>(segment->number);
}

void drop_columns(Document& partition) {
  partition["StorageDescriptor"]["Columns"] = Document::List{};
}

}  // namespace

void GlueApi::add_partitions_to(wire::OperationTable& operations) {
  operations.add<CreatePartition>(*this, &GlueApi::create_partition);
  operations.add<GetPartition>(*this, &GlueApi::get_partition);
  operations.add<GetPartitions>(*this, &GlueApi::get_partitions);
  operations.add<UpdatePartition>(*this, &GlueApi::update_partition);
  operations.add<DeletePartition>(*this, &GlueApi::delete_partition);
  operations.add<BatchCreatePartition>(*this, &GlueApi::create_partitions);
  operations.add<BatchUpdatePartition>(*this, &GlueApi::update_partitions);
  operations.add<BatchGetPartition>(*this, &GlueApi::get_named_partitions);
  operations.add<BatchDeletePartition>(*this, &GlueApi::delete_partitions);
}

Result<sql::Partition> GlueApi::partition(const Scope& scope, const sql::Table& of,
                                          const std::vector<std::string>& values) const {
  WEIR_TRY(auto found, catalog_.partition(scope, of, values));
  if (found) return *std::move(found);
  return Error{ErrorKind::not_found, "EntityNotFoundException", "Cannot find partition."};
}

Result<void> GlueApi::add(const Scope& scope, const sql::Table& of, const Document& input,
                          std::vector<std::string>& values) {
  WEIR_TRY(sql::Partition made, partition_from(input));
  values = made.values;
  made.created = runtime_.now();
  WEIR_TRY(const std::size_t added, catalog_.add_partitions(scope, of, {std::move(made)}));
  if (added == 1) return {};
  return Error{ErrorKind::already_exists, "AlreadyExistsException", "Partition already exists."};
}

Result<void> GlueApi::remove(const Scope& scope, const sql::Table& of,
                             const std::vector<std::string>& values) {
  WEIR_TRY(const sql::Partition found, partition(scope, of, values));
  WEIR_CHECK(catalog_.drop_partitions(scope, of, {found}));
  return {};
}

Result<void> GlueApi::change(const Scope& scope, const sql::Table& of,
                             const std::vector<std::string>& values, const Document& input) {
  WEIR_TRY(const sql::Partition before, partition(scope, of, values));
  WEIR_TRY(sql::Partition changed, partition_from(input));
  if (changed.values.empty()) changed.values = values;
  changed.created = before.created;
  changed.statistics = before.statistics;
  return catalog_.update_partition(scope, of, values, changed);
}

Result<Empty> GlueApi::create_partition(const Request& request, const CreatePartition::Input& in) {
  WEIR_TRY(const sql::Table of, table(request.scope, in.catalog_id, in.database, in.table));
  std::vector<std::string> values;
  WEIR_CHECK(add(request.scope, of, in.partition_input, values));
  return Empty{};
}

Result<GetPartition::Output> GlueApi::get_partition(const Request& request,
                                                    const GetPartition::Input& in) {
  WEIR_TRY(const sql::Table of, table(request.scope, in.catalog_id, in.database, in.table));
  WEIR_TRY(const sql::Partition found, partition(request.scope, of, in.values));
  return GetPartition::Output{partition_document(request.scope, of, found)};
}

/// A page ends at its size; partitions that the expression leaves out cost no place in it.
Result<GetPartitions::Output> GlueApi::get_partitions(const Request& request,
                                                      const GetPartitions::Input& in) {
  WEIR_TRY(const sql::Table of, table(request.scope, in.catalog_id, in.database, in.table));
  WEIR_TRY(const auto filter, sql::PartitionFilter::compile(in.expression.value_or(""), of));
  WEIR_TRY(const std::string after, token_text(in.next_token));
  if (in.segment && in.segment->number >= in.segment->total) {
    return invalid_input("SegmentNumber must be less than TotalSegments.");  // text unverified
  }
  const std::size_t wanted =
      in.max_results ? static_cast<std::size_t>(*in.max_results) : kPartitionsListMax;
  GetPartitions::Output out;
  std::vector<std::string> last;
  WEIR_CHECK(catalog_.each_partition(
      request.scope, of, separated(after), [&](const sql::Partition& found) {
        if (!is_in(in.segment, found.values) || !filter.matches(found.values)) return true;
        if (out.partitions.size() == wanted) {
          out.next_token = token_of(joined(last));
          return false;
        }
        out.partitions.push_back(partition_document(request.scope, of, found));
        if (in.exclude_column_schema.value_or(false)) drop_columns(out.partitions.back());
        last = found.values;
        return true;
      }));
  return out;
}

Result<Empty> GlueApi::update_partition(const Request& request, const UpdatePartition::Input& in) {
  WEIR_TRY(const sql::Table of, table(request.scope, in.catalog_id, in.database, in.table));
  WEIR_CHECK(change(request.scope, of, in.values, in.partition_input));
  return Empty{};
}

Result<Empty> GlueApi::delete_partition(const Request& request, const DeletePartition::Input& in) {
  WEIR_TRY(const sql::Table of, table(request.scope, in.catalog_id, in.database, in.table));
  WEIR_CHECK(remove(request.scope, of, in.values));
  return Empty{};
}

// ---- Several at a time --------------------------------------------------------------------------

Result<BatchCreatePartition::Output> GlueApi::create_partitions(
    const Request& request, const BatchCreatePartition::Input& in) {
  WEIR_TRY(const sql::Table of, table(request.scope, in.catalog_id, in.database, in.table));
  BatchCreatePartition::Output out;
  for (const Document& input : in.partitions) {
    std::vector<std::string> values;
    const auto added = add(request.scope, of, input, values);
    if (!added) out.errors.push_back({std::move(values), detail_of(added.error())});
  }
  return out;
}

Result<BatchUpdatePartition::Output> GlueApi::update_partitions(
    const Request& request, const BatchUpdatePartition::Input& in) {
  WEIR_TRY(const sql::Table of, table(request.scope, in.catalog_id, in.database, in.table));
  BatchUpdatePartition::Output out;
  for (const PartitionUpdate& entry : in.entries) {
    const auto changed = change(request.scope, of, entry.values, entry.partition_input);
    if (!changed) out.errors.push_back({entry.values, detail_of(changed.error())});
  }
  return out;
}

Result<BatchGetPartition::Output> GlueApi::get_named_partitions(
    const Request& request, const BatchGetPartition::Input& in) {
  WEIR_TRY(const sql::Table of, table(request.scope, in.catalog_id, in.database, in.table));
  BatchGetPartition::Output out;
  for (const PartitionValues& one : in.partitions) {
    WEIR_TRY(const auto found, catalog_.partition(request.scope, of, one.values));
    if (found) out.partitions.push_back(partition_document(request.scope, of, *found));
  }
  return out;
}

Result<BatchDeletePartition::Output> GlueApi::delete_partitions(
    const Request& request, const BatchDeletePartition::Input& in) {
  WEIR_TRY(const sql::Table of, table(request.scope, in.catalog_id, in.database, in.table));
  BatchDeletePartition::Output out;
  for (const PartitionValues& one : in.partitions) {
    const auto removed = remove(request.scope, of, one.values);
    if (!removed) out.errors.push_back({one.values, detail_of(removed.error())});
  }
  return out;
}

}  // namespace weir::api::glue
