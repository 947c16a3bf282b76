// SPDX-License-Identifier: Apache-2.0
#include "delivery/object_writer.h"

#include <cstdio>
#include <filesystem>
#include <system_error>

#include "base/log.h"
#include "columnar/file_sink.h"
#include "columnar/flow_files.h"
#include "columnar/flow_rows.h"
#include "columnar/gzip.h"
#include "columnar/parquet_encoder.h"
#include "flow/columns.h"

namespace weir::delivery {
namespace {

objects::PutOptions options(bool is_parquet) {
  objects::PutOptions out;
  out.attributes.content_type = columnar::flow_file_content_type(is_parquet);
  return out;
}

/// Returns how many rows are left out.
Result<std::uint64_t> add_fitting(columnar::FlowRows& rows, const flow::Columns& batch,
                                  columnar::ParquetEncoder& encoder) {
  rows.look(batch);
  std::uint64_t left_out = 0;
  std::size_t from = 0;
  for (std::size_t row = 0; row < batch.rows() && rows.has_unfit(); ++row) {
    if (rows.fits(row)) continue;
    WEIR_CHECK(rows.add(encoder, from, row - from));
    from = row + 1;
    ++left_out;
  }
  WEIR_CHECK(rows.add(encoder, from, batch.rows() - from));
  return left_out;
}

}  // namespace

// A bijection of 32 bits: the finalizer of MurmurHash3.
std::string file_hash(std::uint64_t sequence) {
  auto h = static_cast<std::uint32_t>(sequence);
  h ^= h >> 16;
  h *= 0x85ebca6bu;
  h ^= h >> 13;
  h *= 0xc2b2ae35u;
  h ^= h >> 16;
  char text[16];
  std::snprintf(text, sizeof text, "%08x", h);
  return text;
}

Result<std::uint64_t> ObjectWriter::put(const Subscription& flow_log, Time slot,
                                        std::span<const Journal::Chunk> chunks) {
  WEIR_ASSERT(!chunks.empty());
  const std::string key =
      columnar::flow_file_key(flow_log.file(slot, file_hash(chunks.front().sequence)));
  std::uint64_t unfit = 0;
  if (flow_log.is_parquet()) {
    WEIR_TRY(unfit, put_parquet(flow_log, key, chunks));
  } else {
    WEIR_CHECK(put_text(flow_log, key, chunks));
  }
  files_.add(1);
  return unfit;
}

Result<void> ObjectWriter::put_text(const Subscription& flow_log, const std::string& key,
                                    std::span<const Journal::Chunk> chunks) {
  std::string text = flow_log.header() + '\n';
  for (const Journal::Chunk& chunk : chunks) text += chunk.lines;
  const std::string bytes = columnar::gzip(text);
  WEIR_CHECK(objects_.put(flow_log.scope(), flow_log.bucket(), key,
                          objects::PutSource::bytes(bytes), options(false)));
  return {};
}

Result<std::uint64_t> ObjectWriter::write_parquet(const Subscription& flow_log,
                                                  std::span<const Journal::Chunk> chunks,
                                                  const std::filesystem::path& file) {
  columnar::FileSink out(file);
  columnar::ParquetEncoder encoder(columnar::flow_columns(flow_log.format()), out.sink(),
                                   {.compression = columnar::Compression::gzip});
  flow::ColumnReader reader({.format = flow_log.format()});
  flow::Columns batch;
  columnar::FlowRows rows;
  std::uint64_t unfit = 0;
  std::uint64_t not_rows = 0;  // what the reader has passed over
  for (const Journal::Chunk& chunk : chunks) {
    std::string_view rest = chunk.lines;
    while (const std::size_t size = reader.read(rest, true, batch)) {
      rest.remove_prefix(size);
      unfit += reader.stats().lines_refused + reader.stats().headers - not_rows;
      not_rows = reader.stats().lines_refused + reader.stats().headers;
      if (batch.format() != flow_log.format()) {  // a record of nothing but names of fields
        unfit += batch.rows();
        reader = flow::ColumnReader({.format = flow_log.format()});
        not_rows = 0;
        continue;
      }
      WEIR_TRY(const std::uint64_t left_out, add_fitting(rows, batch, encoder));
      unfit += left_out;
    }
  }
  WEIR_CHECK(encoder.finish());
  WEIR_CHECK(out.close());
  if (unfit > 0) {
    refused_.add(unfit);
    log::error("flow records do not fit their Parquet file",
               {{"flow_log", flow_log.id()}, {"records", static_cast<std::int64_t>(unfit)}});
  }
  return unfit;
}

Result<std::uint64_t> ObjectWriter::put_parquet(const Subscription& flow_log,
                                                const std::string& key,
                                                std::span<const Journal::Chunk> chunks) {
  // First of all: without the bucket the work below is for nothing.
  WEIR_CHECK(objects_.bucket(flow_log.scope(), flow_log.bucket()));
  const std::filesystem::path file =
      objects_.spool_folder() /
      ("delivery-" + flow_log.id() + '-' + std::to_string(chunks.front().sequence));
  const auto unfit = write_parquet(flow_log, chunks, file);
  Result<void> outcome;
  if (!unfit) {
    outcome = unfit.error();
  } else {
    const auto stored = objects_.put(flow_log.scope(), flow_log.bucket(), key,
                                     objects::PutSource::take(file), options(true));
    if (!stored) outcome = stored.error();
  }
  std::error_code gone;  // it was moved away if all went well
  if (outcome) return *unfit;
  std::filesystem::remove(file, gone);
  return outcome.error();
}

}  // namespace weir::delivery
