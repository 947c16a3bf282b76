// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/runtime.h"
#include "base/scope.h"

/// Names of flow-log files in S3, as AWS writes them (VPC User Guide, "Publish flow logs to Amazon
/// S3").
namespace weir::columnar {

/// A file holds the records whose `end` lies in one slot of this length.
constexpr std::chrono::minutes kFlowFileSlot{5};

struct FlowFile {
  Scope scope;
  std::string flow_log_id;
  std::string folder;  // of the log destination: "" or `a/b`, with or without slashes around
  Time slot;           // its start
  bool is_parquet = false;
  bool is_hive_compatible = false;
  bool is_per_hour = false;
  std::string hash;  // 8 hexadecimal digits
};

/// Start of the slot that `end` lies in.
Time slot_start(Time end, Duration slot = kFlowFileSlot);
/// `[folder/]AWSLogs/.../`: the prefix of the files of that slot.
std::string flow_file_prefix(const FlowFile& file);
/// The whole key.
std::string flow_file_key(const FlowFile& file);
/// Content type of the object.
std::string_view flow_file_content_type(bool is_parquet);

/// The `name=value` folders of a key or path, in order, values percent-decoded as Hive writes them.
std::vector<std::pair<std::string, std::string>> hive_partitions(std::string_view path);
/// `value` as Hive writes it in a folder name.
std::string hive_escape(std::string_view value);
/// Undoes hive_escape(); what is no escape is kept as it is.
std::string hive_unescape(std::string_view text);

}  // namespace weir::columnar
