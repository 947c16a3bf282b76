// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/scope.h"
#include "columnar/flow_files.h"
#include "columnar/parquet.h"
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

/// A flow log as delivery sees it: which records it takes, how they are written, where they go.
class Subscription {
 public:
  /// Error: the format or the destination does not read.
  static Result<std::shared_ptr<const Subscription>> make(Scope scope, vpc::FlowLog log);

  const Scope& scope() const { return scope_; }
  const vpc::FlowLog& log() const { return log_; }
  const std::string& id() const { return log_.id; }
  bool is_to_files() const { return !bucket_.empty(); }

  /// By traffic type. NODATA and SKIPDATA belong to every type.
  bool takes(const flow::Record& record) const;
  Line line(const flow::Record& record) const;
  /// The record that says that some of this interface are missing.
  Line skip_line(const flow::Context& interface, std::int64_t start_s, std::int64_t end_s) const;

  // CloudWatch Logs.
  const std::string& group() const { return group_; }
  /// `<eni>-all`, `<eni>-accept`, `<eni>-reject`.
  std::string stream(std::string_view interface_id) const;

  // S3.
  const std::string& bucket() const { return bucket_; }
  bool is_parquet() const { return is_parquet_; }
  columnar::FlowFile file(Time slot, std::string hash) const;
  std::string header() const { return format_.header(); }
  std::vector<columnar::Column> columns() const;

 private:
  Subscription(Scope scope, vpc::FlowLog log, flow::Format format)
      : scope_(std::move(scope)), log_(std::move(log)), format_(std::move(format)) {}

  Scope scope_;
  vpc::FlowLog log_;
  flow::Format format_;
  std::string group_;
  std::string bucket_;
  std::string folder_;
  bool is_parquet_ = false;
};
using SubscriptionPtr = std::shared_ptr<const Subscription>;  // shared by queue, cache and backlog

}  // namespace weir::delivery
