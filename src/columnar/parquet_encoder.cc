// SPDX-License-Identifier: Apache-2.0
#include "columnar/parquet_encoder.h"

#include <algorithm>
#include <string>
#include <utility>

#include "columnar/parquet_bytes.h"
#include "columnar/parquet_group.h"
#include "columnar/thrift.h"

namespace weir::columnar {
namespace {

constexpr std::string_view kMagic = "PAR1";
// Numbers of the specification (parquet.thrift).
constexpr std::int32_t kPhysicalInt32 = 1;
constexpr std::int32_t kPhysicalInt64 = 2;
constexpr std::int32_t kPhysicalByteArray = 6;
constexpr std::int32_t kOptional = 1;
constexpr std::int32_t kConvertedUtf8 = 0;
constexpr std::int32_t kConvertedInt32 = 17;
constexpr std::int32_t kConvertedInt64 = 18;
constexpr std::int32_t kEncodingRle = 3;
constexpr std::int32_t kCodecGzip = 2;
constexpr std::int32_t kCodecZstd = 6;

/// Rows between looks at the size of a row group; they are at fixed rows, so that a file does not
/// depend on how its rows were passed.
constexpr std::size_t kSizeCheckPeriod = 4096;
static_assert(ParquetEncoder::kRowGroupRows % kSizeCheckPeriod == 0);

struct TypeNumbers {
  std::int32_t physical;
  std::int32_t converted;
};
TypeNumbers numbers_of(ColumnType type) {
  switch (type) {
    case ColumnType::int32:
      return {kPhysicalInt32, kConvertedInt32};
    case ColumnType::int64:
      return {kPhysicalInt64, kConvertedInt64};
    case ColumnType::string:
      break;
  }
  return {kPhysicalByteArray, kConvertedUtf8};
}

/// A row group that was written.
struct Written {
  std::int64_t rows = 0;
  std::vector<ParquetChunk> chunks;  // offsets are in the file
};

}  // namespace

struct ParquetEncoder::Impl {
  const std::vector<Column> columns;
  const Sink sink;
  const Options options;
  std::shared_ptr<ParquetGroup> open;   // takes rows
  std::shared_ptr<ParquetGroup> going;  // is encoded
  std::shared_ptr<ParquetGroup> spare;
  std::size_t going_bytes = 0;
  std::vector<Written> written;
  std::uint64_t rows = 0;
  std::int64_t offset = 0;

  Impl(std::vector<Column> columns_in, Sink sink_in, Options options_in)
      : columns(std::move(columns_in)),
        sink(std::move(sink_in)),
        options(options_in),
        open(std::make_shared<ParquetGroup>(columns, options.compression)) {}

  Result<void> write(std::string_view bytes) {
    WEIR_CHECK(sink(bytes));
    offset += static_cast<std::int64_t>(bytes.size());
    return {};
  }

  Result<void> close_group();
  Result<void> write_going();
  Result<void> write_footer();
  void describe(ThriftWriter& thrift, const Column& column, const ParquetChunk& chunk) const;
};

/// Writes the row group that is being encoded, if there is one.
Result<void> ParquetEncoder::Impl::write_going() {
  if (going == nullptr) return {};
  going->wait();
  if (offset == 0) WEIR_CHECK(write(kMagic));
  Written& group = written.emplace_back();
  group.rows = static_cast<std::int64_t>(going->rows);
  group.chunks = going->chunks();
  for (ParquetChunk& chunk : group.chunks) {
    chunk.offset += offset;
    chunk.data_page_offset += offset;
  }
  WEIR_CHECK(write(going->bytes()));
  spare = std::exchange(going, nullptr);
  going_bytes = 0;
  return {};
}

Result<void> ParquetEncoder::Impl::close_group() {
  WEIR_CHECK(write_going());
  if (open->rows == 0) return {};
  going_bytes = open->buffered_bytes();
  going = std::exchange(open, std::exchange(spare, nullptr));
  if (open == nullptr) open = std::make_shared<ParquetGroup>(columns, options.compression);
  open->begin(*going);
  if (options.workers == nullptr) return write_going();
  ParquetGroup::post(going, *options.workers);
  return {};
}

void ParquetEncoder::Impl::describe(ThriftWriter& thrift, const Column& column,
                                    const ParquetChunk& chunk) const {
  const auto plain = static_cast<std::int32_t>(ParquetColumn::Encoding::plain);
  const auto encoding = static_cast<std::int32_t>(chunk.encoding);
  thrift.open_element();
  thrift.i64(2, chunk.offset);
  thrift.open(3);
  thrift.i32(1, numbers_of(column.type).physical);
  if (chunk.has_dictionary) {
    thrift.list_of_i32(2, {plain, kEncodingRle, encoding});
  } else {
    thrift.list_of_i32(2, {kEncodingRle, encoding});
  }
  thrift.list_of_binary(3, {column.name});
  thrift.i32(4, options.compression == Compression::gzip ? kCodecGzip : kCodecZstd);
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
    const TypeNumbers type = numbers_of(column.type);
    thrift.open_element();
    thrift.i32(1, type.physical);
    thrift.i32(3, kOptional);
    thrift.binary(4, column.name);
    thrift.i32(6, type.converted);
    if (column.type == ColumnType::string) {
      thrift.open(10);  // LogicalType: the union member STRING
      thrift.open(1);
      thrift.close();
      thrift.close();
    }
    thrift.close();
  }
  thrift.i64(3, static_cast<std::int64_t>(rows));
  thrift.list_of_structs(4, written.size());
  for (const Written& group : written) {
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
  append_fixed(footer, static_cast<std::uint32_t>(footer.size()));
  footer += kMagic;
  return write(footer);
}

ParquetEncoder::ParquetEncoder(std::vector<Column> columns, Sink sink, Options options)
    : impl_(std::make_unique<Impl>(std::move(columns), std::move(sink), options)) {}
ParquetEncoder::ParquetEncoder(std::vector<Column> columns, Sink sink)
    : ParquetEncoder(std::move(columns), std::move(sink), Options{}) {}
ParquetEncoder::~ParquetEncoder() = default;

std::size_t ParquetEncoder::rows_max() const {
  return kSizeCheckPeriod - impl_->open->rows % kSizeCheckPeriod;
}

void ParquetEncoder::add(std::size_t column, std::span<const std::int32_t> values,
                         Present present) {
  impl_->open->columns[column].add(values, present);
}
void ParquetEncoder::add(std::size_t column, std::span<const std::int64_t> values,
                         Present present) {
  impl_->open->columns[column].add(values, present);
}
void ParquetEncoder::add(std::size_t column, std::span<const std::string_view> values,
                         Present present) {
  impl_->open->columns[column].add(values, present);
}
void ParquetEncoder::add_v4s(std::size_t column, std::span<const std::uint32_t> values,
                             Present present) {
  impl_->open->columns[column].add_v4s(values, present);
}
void ParquetEncoder::add_nulls(std::size_t column, std::size_t count) {
  impl_->open->columns[column].add_nulls(count);
}

Result<void> ParquetEncoder::end_rows(std::size_t count) {
  WEIR_ASSERT(count <= rows_max());
  ParquetGroup& open = *impl_->open;
  open.rows += count;
  impl_->rows += count;
  const bool is_full = open.rows == kRowGroupRows || (open.rows % kSizeCheckPeriod == 0 &&
                                                      open.buffered_bytes() >= kRowGroupBytesMax);
  return is_full ? impl_->close_group() : Result<void>();
}

Result<void> ParquetEncoder::finish() {
  WEIR_CHECK(impl_->close_group());
  WEIR_CHECK(impl_->write_going());
  return impl_->write_footer();
}

std::uint64_t ParquetEncoder::rows() const { return impl_->rows; }
std::size_t ParquetEncoder::buffered_bytes() const {
  return impl_->open->buffered_bytes() + impl_->going_bytes;
}

}  // namespace weir::columnar
