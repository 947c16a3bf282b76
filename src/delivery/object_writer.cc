// SPDX-License-Identifier: Apache-2.0
#include "delivery/object_writer.h"

#include <cstdio>
#include <filesystem>
#include <system_error>

#include "base/log.h"
#include "columnar/flow_files.h"
#include "columnar/gzip.h"
#include "columnar/parquet.h"

namespace weir::delivery {
namespace {

objects::PutOptions options(bool is_parquet) {
  objects::PutOptions out;
  out.attributes.content_type = columnar::flow_file_content_type(is_parquet);
  return out;
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

Result<std::uint64_t> ObjectWriter::put_parquet(const Subscription& flow_log,
                                                const std::string& key,
                                                std::span<const Journal::Chunk> chunks) {
  // First of all: without the bucket the work below is for nothing.
  WEIR_CHECK(objects_.bucket(flow_log.scope(), flow_log.bucket()));
  std::uint64_t unfit = 0;
  WEIR_TRY(const auto writer, columnar::ParquetWriter::make(flow_log.columns()));
  for (const Journal::Chunk& chunk : chunks) {
    std::string_view rest = chunk.lines;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      const auto added = writer->add(rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      if (added) continue;
      if (added.error().kind != ErrorKind::invalid) return added.error();
      refused_.add(1);
      ++unfit;
      log::error("flow record does not fit its Parquet file",
                 {{"flow_log", flow_log.id()}, {"error", added.error().message}});
    }
  }
  const std::filesystem::path file =
      objects_.spool_folder() /
      ("delivery-" + flow_log.id() + '-' + std::to_string(chunks.front().sequence));
  Result<void> outcome = writer->finish(file);
  if (outcome) {
    const auto stored = objects_.put(flow_log.scope(), flow_log.bucket(), key,
                                     objects::PutSource::take(file), options(true));
    if (!stored) outcome = stored.error();
  }
  std::error_code gone;  // it was moved away if all went well
  if (outcome) return unfit;
  std::filesystem::remove(file, gone);
  return outcome.error();
}

}  // namespace weir::delivery
