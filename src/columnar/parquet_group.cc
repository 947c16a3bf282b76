// SPDX-License-Identifier: Apache-2.0
#include "columnar/parquet_group.h"

#include <libdeflate.h>
#include <zstd.h>

#include <utility>

#include "columnar/thrift.h"

namespace weir::columnar {
namespace {

// Numbers of the specification (parquet.thrift).
constexpr std::int32_t kRle = 3;
constexpr std::int32_t kDataPage = 0;
constexpr std::int32_t kDictionaryPage = 2;

constexpr int kZstdLevel = 1;
constexpr int kGzipLevel = 6;
/// Bounds of longer texts are left out: they would make the footer large.
constexpr std::size_t kBoundBytesMax = 256;

}  // namespace

/// Made with the first page and kept.
struct ParquetGroup::Compressor {
  explicit Compressor(Compression compression) {
    if (compression == Compression::zstd) {
      zstd = ZSTD_createCCtx();
    } else {
      gzip = libdeflate_alloc_compressor(kGzipLevel);
    }
    WEIR_ASSERT(zstd != nullptr || gzip != nullptr);
  }
  ~Compressor() {
    ZSTD_freeCCtx(zstd);
    libdeflate_free_compressor(gzip);
  }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  /// Into `packed`, which keeps its size; returns how much of it counts.
  std::size_t run(std::string_view page) {
    const std::size_t bound = zstd != nullptr ? ZSTD_compressBound(page.size())
                                              : libdeflate_gzip_compress_bound(gzip, page.size());
    if (packed.size() < bound) packed.resize(bound);
    if (gzip != nullptr) {
      const std::size_t size =
          libdeflate_gzip_compress(gzip, page.data(), page.size(), packed.data(), packed.size());
      WEIR_ASSERT(size != 0);
      return size;
    }
    const std::size_t size =
        ZSTD_compressCCtx(zstd, packed.data(), packed.size(), page.data(), page.size(), kZstdLevel);
    WEIR_ASSERT(!ZSTD_isError(size));
    return size;
  }

  ZSTD_CCtx* zstd = nullptr;
  libdeflate_compressor* gzip = nullptr;
  std::string packed;
};

ParquetGroup::ParquetGroup(const std::vector<Column>& described, Compression compression)
    : compression_(compression) {
  for (const Column& column : described) columns.emplace_back(column.type);
}
ParquetGroup::~ParquetGroup() = default;

std::size_t ParquetGroup::buffered_bytes() const {
  std::size_t sum = 0;
  for (const ParquetColumn& column : columns) sum += column.bytes();
  return sum;
}

void ParquetGroup::begin(const ParquetGroup& before) {
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i].begin(before.columns[i]);
  rows = 0;
  bytes_.clear();
  chunks_.clear();
  const std::lock_guard lock(mutex_);
  is_claimed_ = is_done_ = false;
}

/// Compresses a page and puts it behind its header.
void ParquetGroup::append_page(ParquetChunk& chunk, const ParquetColumn& column,
                               std::string_view page, bool is_dictionary) {
  const std::size_t size = compressor_->run(page);
  std::string header;
  ThriftWriter thrift(header);
  thrift.open_element();
  thrift.i32(1, is_dictionary ? kDictionaryPage : kDataPage);
  thrift.i32(2, static_cast<std::int32_t>(page.size()));
  thrift.i32(3, static_cast<std::int32_t>(size));
  if (is_dictionary) {
    thrift.open(7);
    thrift.i32(1, static_cast<std::int32_t>(column.dictionary_values()));
    thrift.i32(2, static_cast<std::int32_t>(ParquetColumn::Encoding::plain));
  } else {
    thrift.open(5);
    thrift.i32(1, static_cast<std::int32_t>(column.rows()));
    thrift.i32(2, static_cast<std::int32_t>(column.encoding()));
    thrift.i32(3, kRle);
    thrift.i32(4, kRle);
  }
  thrift.close();
  thrift.close();
  chunk.bytes += static_cast<std::int64_t>(header.size() + page.size());
  chunk.packed_bytes += static_cast<std::int64_t>(header.size() + size);
  bytes_ += header;
  bytes_.append(compressor_->packed, 0, size);
}

ParquetChunk ParquetGroup::append_chunk(const ParquetColumn& column) {
  ParquetChunk chunk;
  chunk.offset = static_cast<std::int64_t>(bytes_.size());
  chunk.rows = static_cast<std::int64_t>(column.rows());
  chunk.nulls = static_cast<std::int64_t>(column.nulls());
  chunk.has_dictionary = column.has_dictionary();
  chunk.encoding = column.encoding();
  if (chunk.has_dictionary) append_page(chunk, column, column.dictionary_page(), true);
  chunk.data_page_offset = static_cast<std::int64_t>(bytes_.size());
  page_.clear();
  column.append_data_page(page_);
  append_page(chunk, column, page_, false);
  chunk.has_bounds = column.bounds(chunk.least, chunk.greatest) &&
                     chunk.least.size() <= kBoundBytesMax &&
                     chunk.greatest.size() <= kBoundBytesMax;
  return chunk;
}

void ParquetGroup::encode() {
  if (compressor_ == nullptr) compressor_ = std::make_unique<Compressor>(compression_);
  for (const ParquetColumn& column : columns) {
    WEIR_ASSERT(column.rows() == rows);
    chunks_.push_back(append_chunk(column));
  }
}

bool ParquetGroup::claim() {
  const std::lock_guard lock(mutex_);
  return !std::exchange(is_claimed_, true);
}

void ParquetGroup::run() {
  encode();
  const std::lock_guard lock(mutex_);
  is_done_ = true;
  done_.notify_all();
}

void ParquetGroup::post(const std::shared_ptr<ParquetGroup>& group, Runtime& workers) {
  workers.post([group] {
    if (group->claim()) group->run();
  });
}

void ParquetGroup::wait() {
  if (claim()) return run();
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return is_done_; });
}

}  // namespace weir::columnar
