// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/result.h"
#include "columnar/parquet_encoder.h"

namespace weir::columnar {

/// A file that an encoder writes; replaces what is there. It is not synced to disk.
///
/// Threads: one at a time.
class FileSink {
 public:
  explicit FileSink(std::filesystem::path file);
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  /// Used no longer than this object. Error: kind unavailable, names the file.
  ParquetEncoder::Sink sink();
  /// The file is complete only after that.
  Result<void> close();

 private:
  Result<void> check() const;

  const std::filesystem::path file_;
  std::ofstream out_;
};

}  // namespace weir::columnar
