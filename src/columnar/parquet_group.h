// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/runtime.h"
#include "columnar/parquet_column.h"

namespace weir::columnar {

/// What the footer says of a column in a row group. Offsets are in the row group's bytes.
struct ParquetChunk {
  std::int64_t offset = 0;  // of its first page
  std::int64_t data_page_offset = 0;
  std::int64_t packed_bytes = 0;
  std::int64_t bytes = 0;
  std::int64_t rows = 0;
  std::int64_t nulls = 0;
  bool has_dictionary = false;
  bool has_bounds = false;
  ParquetColumn::Encoding encoding = ParquetColumn::Encoding::plain;
  std::string least;
  std::string greatest;
};

/// A row group: filled by one thread, then turned into bytes by any.
class ParquetGroup {
 public:
  ParquetGroup(const std::vector<Column>& columns, Compression compression);
  ~ParquetGroup();
  ParquetGroup(const ParquetGroup&) = delete;
  ParquetGroup& operator=(const ParquetGroup&) = delete;

  std::vector<ParquetColumn> columns;
  std::size_t rows = 0;
  std::size_t buffered_bytes() const;

  /// Starts again behind `before`, which keeps its values.
  void begin(const ParquetGroup& before);

  /// Encodes on a worker, or in wait() if none has begun until then.
  static void post(const std::shared_ptr<ParquetGroup>& group, Runtime& workers);
  /// Until it is encoded; does it itself if nobody else has begun.
  void wait();
  // After wait():
  const std::string& bytes() const { return bytes_; }
  const std::vector<ParquetChunk>& chunks() const { return chunks_; }

 private:
  struct Compressor;
  void encode();
  bool claim();
  void run();
  ParquetChunk append_chunk(const ParquetColumn& column);
  void append_page(ParquetChunk& chunk, const ParquetColumn& column, std::string_view page,
                   bool is_dictionary);

  const Compression compression_;
  std::unique_ptr<Compressor> compressor_;
  std::string bytes_;
  std::string page_;
  std::vector<ParquetChunk> chunks_;

  std::mutex mutex_;
  std::condition_variable done_;
  bool is_claimed_ = false;
  bool is_done_ = false;
};

}  // namespace weir::columnar
