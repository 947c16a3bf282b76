// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "columnar/byte_source.h"
#include "flow/format.h"
#include "import/batch.h"
#include "import/batch_reader.h"

/// Readers of everything that flow logs come in. A reader calls the visitor for each record and
/// each damaged part; its Error says why the rest cannot be read (broken compression, no flow log
/// at all), or is the visitor's.
namespace weir::import {

enum class FileKind : std::uint8_t { text, csv, payload, parquet };
std::string_view to_string(FileKind kind);

/// What a source turned out to be.
struct FileSummary {
  FileKind kind = FileKind::text;
  columnar::Packing packing = columnar::Packing::none;
  std::string format;  // the last one in force, `${...}`; "" if none could be told
};

/// A payload larger than this is an Error; AWS's are at most 6 MB.
constexpr std::size_t kPayloadBytesMax = 64u << 20;

/// Reads an unpacked stream that is no Parquet file, whatever is in it: flow-log text with or
/// without headers, lines of a CloudWatch Logs export, an Insights result as CSV, subscription
/// payloads one behind the other.
Result<FileSummary> read_stream(columnar::ByteSource& bytes, std::optional<flow::Format> format,
                                Visitor& visitor);
/// Columns are found by name; those that are no flow-log fields are passed over.
Result<FileSummary> read_parquet(const std::filesystem::path& file, Visitor& visitor);

// The parts of read_stream(), for tests.
Result<void> read_csv(columnar::ByteSource& bytes, BatchReader& records);
Result<void> read_payloads(columnar::ByteSource& bytes, BatchReader& records);

}  // namespace weir::import
