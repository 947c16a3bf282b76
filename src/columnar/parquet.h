// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::columnar {

/// Parquet types of flow-log files (VPC User Guide, "Flow log records"): INT_32, INT_64, STRING.
enum class ColumnType : std::uint8_t { int32, int64, string };

struct Column {
  std::string name;
  ColumnType type = ColumnType::string;
  bool operator==(const Column&) const = default;
};

/// How pages are compressed: AWS's flow logs have gzip; zstd is faster and as small.
enum class Compression : std::uint8_t { gzip, zstd };

}  // namespace weir::columnar
