// SPDX-License-Identifier: Apache-2.0
#include "columnar/parquet_encoder.h"

#include <zstd.h>

#include <string>
#include <utility>

#include "columnar/parquet_column.h"
#include "columnar/thrift.h"

namespace weir::columnar {
namespace {

// Numbers of the specification (parquet.thrift).
constexpr std::string_view kMagic = "PAR1";
constexpr std::int32_t kInt32 = 1;
constexpr std::int32_t kInt64 = 2;
constexpr std::int32_t kByteArray = 6;
constexpr std::int32_t kOptional = 1;
constexpr std::int32_t kUtf8 = 0;
constexpr std::int32_t kPlain = 0;
constexpr std::int32_t kRle = 3;
constexpr std::int32_t kRleDictionary = 8;
constexpr std::int32_t kZstd = 6;
constexpr std::int32_t kDataPage = 0;
constexpr std::int32_t kDictionaryPage = 2;

constexpr int kZstdLevel = 1;
/// Bounds of longer texts are left out: they would make the footer large.
constexpr std::size_t kBoundBytesMax = 256;

std::int32_t physical_type(ColumnType type) {
  switch (type) {
    case ColumnType::int32:
      return kInt32;
    case ColumnType::int64:
      return kInt64;
    case ColumnType::string:
      return kByteArray;
  }
  return kByteArray;
}

/// What the footer says of a column in a row group.
struct Chunk {
  std::int64_t offset = 0;  // of its first page
  std::int64_t data_page_offset = 0;
  std::int64_t packed_bytes = 0;
  std::int64_t bytes = 0;
  std::int64_t rows = 0;
  std::int64_t nulls = 0;
  bool has_dictionary = false;
  bool has_bounds = false;
  std::int32_t codec = kZstd;
  std::string least;
  std::string greatest;
};

struct RowGroup {
  std::int64_t rows = 0;
  std::vector<Chunk> chunks;
};

}  // namespace

struct ParquetEncoder::Impl {
  std::vector<Column> columns;
  Sink sink;
  std::vector<ParquetColumn> buffers;
  std::vector<RowGroup> groups;
  std::uint64_t rows = 0;
  std::size_t rows_in_group = 0;
  std::int64_t offset = 0;
  ZSTD_CCtx* context = ZSTD_createCCtx();
  std::string page;
  std::string packed;

  Impl(std::vector<Column> columns_in, Sink sink_in)
      : columns(std::move(columns_in)), sink(std::move(sink_in)) {
    WEIR_ASSERT(context != nullptr);
    for (const Column& column : columns) buffers.emplace_back(column.type);
  }
  ~Impl() { ZSTD_freeCCtx(context); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> write(std::string_view bytes) {
    WEIR_CHECK(sink(bytes));
    offset += static_cast<std::int64_t>(bytes.size());
    return {};
  }

  std::size_t buffered() const {
    std::size_t sum = 0;
    for (const ParquetColumn& buffer : buffers) sum += buffer.bytes();
    return sum;
  }

  Result<void> write_page(Chunk& chunk, const ParquetColumn& buffer, bool is_dictionary);
  Result<Chunk> write_chunk(const ParquetColumn& buffer);
  Result<void> write_group();
  Result<void> write_footer();
  static void describe(ThriftWriter& thrift, const Column& column, const Chunk& chunk);
};

/// Compresses `page` and writes it behind its header.
Result<void> ParquetEncoder::Impl::write_page(Chunk& chunk, const ParquetColumn& buffer,
                                              bool is_dictionary) {
  packed.resize(ZSTD_compressBound(page.size()));
  const std::size_t size = ZSTD_compressCCtx(context, packed.data(), packed.size(), page.data(),
                                             page.size(), kZstdLevel);
  WEIR_ASSERT(!ZSTD_isError(size));
  std::string header;
  ThriftWriter thrift(header);
  thrift.open_element();
  thrift.i32(1, is_dictionary ? kDictionaryPage : kDataPage);
  thrift.i32(2, static_cast<std::int32_t>(page.size()));
  thrift.i32(3, static_cast<std::int32_t>(size));
  if (is_dictionary) {
    thrift.open(7);
    thrift.i32(1, static_cast<std::int32_t>(buffer.dictionary_values()));
    thrift.i32(2, kPlain);
  } else {
    thrift.open(5);
    thrift.i32(1, static_cast<std::int32_t>(buffer.rows()));
    thrift.i32(2, buffer.has_dictionary() ? kRleDictionary : kPlain);
    thrift.i32(3, kRle);
    thrift.i32(4, kRle);
  }
  thrift.close();
  thrift.close();
  chunk.bytes += static_cast<std::int64_t>(header.size() + page.size());
  chunk.packed_bytes += static_cast<std::int64_t>(header.size() + size);
  WEIR_CHECK(write(header));
  return write(std::string_view(packed).substr(0, size));
}

Result<Chunk> ParquetEncoder::Impl::write_chunk(const ParquetColumn& buffer) {
  Chunk chunk;
  chunk.offset = offset;
  chunk.rows = static_cast<std::int64_t>(buffer.rows());
  chunk.nulls = static_cast<std::int64_t>(buffer.nulls());
  chunk.has_dictionary = buffer.has_dictionary();
  if (chunk.has_dictionary) {
    page = buffer.dictionary_page();
    WEIR_CHECK(write_page(chunk, buffer, true));
  }
  chunk.data_page_offset = offset;
  page.clear();
  buffer.append_data_page(page);
  WEIR_CHECK(write_page(chunk, buffer, false));
  chunk.has_bounds = buffer.bounds(chunk.least, chunk.greatest) &&
                     chunk.least.size() <= kBoundBytesMax &&
                     chunk.greatest.size() <= kBoundBytesMax;
  return chunk;
}

Result<void> ParquetEncoder::Impl::write_group() {
  if (rows_in_group == 0) return {};
  if (offset == 0) WEIR_CHECK(write(kMagic));
  RowGroup& group = groups.emplace_back();
  group.rows = static_cast<std::int64_t>(rows_in_group);
  for (ParquetColumn& buffer : buffers) {
    WEIR_ASSERT(buffer.rows() == rows_in_group);
    WEIR_TRY(Chunk chunk, write_chunk(buffer));
    group.chunks.push_back(std::move(chunk));
    buffer.clear();
  }
  rows_in_group = 0;
  return {};
}

void ParquetEncoder::Impl::describe(ThriftWriter& thrift, const Column& column,
                                    const Chunk& chunk) {
  thrift.open_element();
  thrift.i64(2, chunk.offset);
  thrift.open(3);
  thrift.i32(1, physical_type(column.type));
  if (chunk.has_dictionary) {
    thrift.list_of_i32(2, {kPlain, kRle, kRleDictionary});
  } else {
    thrift.list_of_i32(2, {kPlain, kRle});
  }
  thrift.list_of_binary(3, {column.name});
  thrift.i32(4, chunk.codec);
  thrift.i64(5, chunk.rows);
  thrift.i64(6, chunk.bytes);
  thrift.i64(7, chunk.packed_bytes);
  thrift.i64(9, chunk.data_page_offset);
  if (chunk.has_dictionary) thrift.i64(11, chunk.offset);
  thrift.open(12);
  thrift.i64(3, chunk.nulls);
  if (chunk.has_bounds) {
    thrift.binary(5, chunk.greatest);
    thrift.binary(6, chunk.least);
  }
  thrift.close();
  thrift.close();
  thrift.close();
}

Result<void> ParquetEncoder::Impl::write_footer() {
  if (offset == 0) WEIR_CHECK(write(kMagic));
  std::string footer;
  ThriftWriter thrift(footer);
  thrift.open_element();
  thrift.i32(1, 1);
  thrift.list_of_structs(2, columns.size() + 1);
  thrift.open_element();
  thrift.binary(4, "schema");
  thrift.i32(5, static_cast<std::int32_t>(columns.size()));
  thrift.close();
  for (const Column& column : columns) {
    const bool is_text = column.type == ColumnType::string;
    thrift.open_element();
    thrift.i32(1, physical_type(column.type));
    thrift.i32(3, kOptional);
    thrift.binary(4, column.name);
    if (is_text) {
      thrift.i32(6, kUtf8);
      thrift.open(10);  // LogicalType: the union member STRING
      thrift.open(1);
      thrift.close();
      thrift.close();
    }
    thrift.close();
  }
  thrift.i64(3, static_cast<std::int64_t>(rows));
  thrift.list_of_structs(4, groups.size());
  for (const RowGroup& group : groups) {
    std::int64_t bytes = 0;
    thrift.open_element();
    thrift.list_of_structs(1, group.chunks.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      describe(thrift, columns[i], group.chunks[i]);
      bytes += group.chunks[i].bytes;
    }
    thrift.i64(2, bytes);
    thrift.i64(3, group.rows);
    thrift.close();
  }
  thrift.binary(6, "Weir version " WEIR_VERSION);
  thrift.list_of_structs(7, columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {  // ColumnOrder: the union member TYPE_ORDER
    thrift.open_element();
    thrift.open(1);
    thrift.close();
    thrift.close();
  }
  thrift.close();
  const auto size = static_cast<std::uint32_t>(footer.size());
  for (int i = 0; i < 4; ++i) footer += static_cast<char>(size >> (8 * i));
  footer += kMagic;
  return write(footer);
}

ParquetEncoder::ParquetEncoder(std::vector<Column> columns, Sink sink)
    : impl_(std::make_unique<Impl>(std::move(columns), std::move(sink))) {}
ParquetEncoder::~ParquetEncoder() = default;

void ParquetEncoder::add_null(std::size_t column) { impl_->buffers[column].add_null(); }
void ParquetEncoder::add(std::size_t column, std::int64_t value) {
  impl_->buffers[column].add(value);
}
void ParquetEncoder::add(std::size_t column, std::string_view value) {
  impl_->buffers[column].add(value);
}

Result<void> ParquetEncoder::end_row() {
  constexpr std::size_t kSizeCheckPeriod = 1024;
  ++impl_->rows;
  ++impl_->rows_in_group;
  const bool is_full =
      impl_->rows_in_group == kRowGroupRows ||
      (impl_->rows_in_group % kSizeCheckPeriod == 0 && impl_->buffered() >= kRowGroupBytesMax);
  return is_full ? impl_->write_group() : Result<void>();
}

Result<void> ParquetEncoder::finish() {
  WEIR_CHECK(impl_->write_group());
  return impl_->write_footer();
}

std::uint64_t ParquetEncoder::rows() const { return impl_->rows; }
std::size_t ParquetEncoder::buffered_bytes() const { return impl_->buffered(); }

}  // namespace weir::columnar
