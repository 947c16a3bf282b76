// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/scope.h"
#include "base/shape.h"
#include "columnar/flow_files.h"
#include "flow/context.h"
#include "flow/format.h"
#include "flow/record.h"
#include "vpc/types.h"

namespace weir::delivery {

/// A formatted record and what delivery needs to know of it.
struct Line {
  std::int64_t start_s = 0;  // Unix seconds
  std::int64_t end_s = 0;
  std::string text;

  /// What it counts in the queue.
  std::size_t bytes() const { return text.size() + sizeof(Line); }
};

/// A flow log in the store, where it outlives its deletion.
struct StoredFlowLog {
  std::string account;
  std::string region;
  vpc::FlowLog flow_log;
  static Shape shape();
};

/// What stands in the tag fields of one interface's records, percent-encoded; "" is `-`. There are
/// no instances and groups of their own here: `instance-tag` shows the interface's tags, too, and
/// `asg-tag` is always absent.
struct TagValues {
  std::string interface_tag;
  std::string interface_tag_2;
  std::string instance_tag;
  std::string instance_tag_2;
  bool operator==(const TagValues&) const = default;
};

/// UTF-8 text as it stands in a tag field: every byte but letters, digits, `-`, `_`, `.` and `~` is
/// `%XX` (RFC 3986).
std::string percent_encode(std::string_view text);

/// A flow log as delivery sees it: which records it takes, how they are written, where they go.
class Subscription {
 public:
  /// Error: the format or the destination does not read.
  static Result<std::shared_ptr<const Subscription>> make(Scope scope, vpc::FlowLog log);

  const Scope& scope() const { return scope_; }
  const vpc::FlowLog& log() const { return log_; }
  const std::string& id() const { return log_.id; }
  bool is_to_files() const { return !bucket_.empty(); }
  bool is_to_stream() const { return !delivery_stream_.empty(); }

  /// By traffic type. NODATA and SKIPDATA belong to every type.
  bool takes(const flow::Record& record) const;
  /// Of an interface with these tags.
  TagValues tag_values(const vpc::Tags& tags) const;
  /// `tags` fill the tag fields that the record leaves open.
  Line line(const flow::Record& record, const TagValues& tags) const;
  /// The record that says that some of this interface are missing.
  Line skip_line(const flow::Context& interface, const TagValues& tags, std::int64_t start_s,
                 std::int64_t end_s) const;

  // CloudWatch Logs.
  const std::string& group() const { return group_; }
  /// That of the log group's ARN; that of the flow log if the group was given by name.
  const Scope& group_scope() const { return group_scope_; }
  /// `<eni>-all`, `<eni>-accept`, `<eni>-reject`.
  std::string stream(std::string_view interface_id) const;

  // Firehose.
  const std::string& delivery_stream() const { return delivery_stream_; }

  // S3.
  const std::string& bucket() const { return bucket_; }
  bool is_parquet() const { return is_parquet_; }
  columnar::FlowFile file(Time slot, std::string hash) const;
  const flow::Format& format() const { return format_; }
  std::string header() const { return format_.header(); }
  bool has_field(flow::Field field) const { return format_.has(field); }

 private:
  Subscription(Scope scope, vpc::FlowLog log, flow::Format format)
      : scope_(std::move(scope)),
        log_(std::move(log)),
        format_(std::move(format)),
        group_scope_(scope_) {}

  Scope scope_;
  vpc::FlowLog log_;
  flow::Format format_;
  std::string group_;
  Scope group_scope_;
  std::string delivery_stream_;
  std::string bucket_;
  std::string folder_;
  bool is_parquet_ = false;
  bool has_tag_fields_ = false;
};
using SubscriptionPtr = std::shared_ptr<const Subscription>;  // shared by queue, cache and backlog

}  // namespace weir::delivery
