// SPDX-License-Identifier: Apache-2.0
#include "logs/block.h"

#include <memory>
#include <utility>

#include <zstd.h>

#include "logs/bytes.h"
#include "logs/logs.h"
#include "store/kv_store.h"

namespace weir::logs {
namespace {

constexpr char kVersion = 1;
constexpr int kCompressionLevel = 1;
constexpr std::size_t kCompressBytesMin = 256;  // less does not get smaller

Error damaged(std::string_view what) {
  return {ErrorKind::internal, "InternalServerException",
          "a stored block of log events is damaged: " + std::string(what)};
}

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

std::string compress(std::string_view body) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  std::string compressed(ZSTD_compressBound(body.size()), '\0');
  const std::size_t size = ZSTD_compressCCtx(context.get(), compressed.data(), compressed.size(),
                                             body.data(), body.size(), kCompressionLevel);
  WEIR_ASSERT(ZSTD_isError(size) == 0);
  compressed.resize(size);
  return compressed;
}

Result<std::string> decompress(std::string_view compressed, std::uint64_t size) {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (size > Block::kBodyBytesMax) return damaged("too large");
  std::string body(size, '\0');
  const std::size_t written = ZSTD_decompressDCtx(context.get(), body.data(), body.size(),
                                                  compressed.data(), compressed.size());
  if (ZSTD_isError(written) != 0) return damaged(ZSTD_getErrorName(written));
  if (written != size) return damaged("wrong size");
  return body;
}

Result<BlockInfo> read_header(ByteReader& reader) {
  BlockInfo info;
  info.count = reader.number();
  info.body_bytes = reader.number();
  info.billed_bytes = reader.number();
  info.first.ms = static_cast<std::int64_t>(reader.number());
  info.last.ms = info.first.ms + static_cast<std::int64_t>(reader.number());
  info.ingestion.ms = static_cast<std::int64_t>(reader.number());
  info.batch = reader.number();
  info.first_index = reader.number();
  if (reader.failed() || info.count > Logs::kBatchEventsMax) return damaged("bad header");
  return info;
}

}  // namespace

BlockWriter::BlockWriter(std::span<const InputLogEvent> events)
    : count_(events.size()),
      first_ms_(events.front().timestamp_ms),
      last_ms_(events.back().timestamp_ms) {
  std::size_t message_bytes = 0;
  for (const InputLogEvent& event : events) message_bytes += event.message.size();
  billed_bytes_ = message_bytes + count_ * Logs::kEventBytesOverhead;

  std::string body;
  body.reserve(message_bytes + count_ * 6);
  std::int64_t previous_ms = first_ms_;
  for (const InputLogEvent& event : events) {
    put_number(body, static_cast<std::uint64_t>(event.timestamp_ms - previous_ms));
    put_number(body, event.message.size());
    previous_ms = event.timestamp_ms;
  }
  for (const InputLogEvent& event : events) body += event.message;
  if (body.size() < kCompressBytesMin) {
    body_ = std::move(body);
  } else {
    body_bytes_ = body.size();
    body_ = compress(body);
  }
}

std::string BlockWriter::finish(Time ingestion, std::uint64_t batch,
                                std::size_t first_index) const {
  std::string block;
  block.reserve(body_.size() + 64);
  block.push_back(kVersion);
  put_number(block, count_);
  put_number(block, body_bytes_);
  put_number(block, billed_bytes_);
  put_number(block, static_cast<std::uint64_t>(first_ms_));
  put_number(block, static_cast<std::uint64_t>(last_ms_ - first_ms_));
  put_number(block, static_cast<std::uint64_t>(ingestion.ms));
  put_number(block, batch);
  put_number(block, first_index);
  block += body_;
  return block;
}

Result<BlockInfo> BlockInfo::read(std::string_view block) {
  if (block.empty() || block[0] != kVersion) return damaged("unknown version");
  ByteReader reader(block.substr(1));
  return read_header(reader);
}

Result<Block> Block::read(std::string_view bytes) {
  if (bytes.empty() || bytes[0] != kVersion) return damaged("unknown version");
  ByteReader header(bytes.substr(1));
  Block block;
  WEIR_TRY(block.info_, read_header(header));
  if (block.info_.body_bytes == 0) {
    block.body_ = header.rest();
  } else {
    WEIR_TRY(block.body_, decompress(header.rest(), block.info_.body_bytes));
  }

  ByteReader body(block.body_);
  block.events_.reserve(block.info_.count);
  std::int64_t timestamp_ms = block.info_.first.ms;
  std::size_t offset = 0;
  for (std::uint64_t i = 0; i < block.info_.count; ++i) {
    timestamp_ms += static_cast<std::int64_t>(body.number());
    const std::size_t size = body.number();
    block.events_.push_back({timestamp_ms, offset, size});
    if (size > kBodyBytesMax) return damaged("a message is too long");
    offset += size;
  }
  if (body.failed() || offset != body.rest().size()) return damaged("wrong lengths");
  const std::size_t messages_offset = block.body_.size() - offset;
  for (Event& event : block.events_) event.offset += messages_offset;
  return block;
}

EventId Block::id(std::size_t index) const {
  return {.timestamp = {events_[index].timestamp_ms},
          .ingestion = info_.ingestion,
          .batch = info_.batch,
          .index = static_cast<std::uint16_t>(info_.first_index + index)};
}

std::string_view Block::message(std::size_t index) const {
  return std::string_view(body_).substr(events_[index].offset, events_[index].size);
}

std::string block_key(std::string_view prefix, std::int64_t stream_id, Time first,
                      std::uint64_t batch) {
  std::string key;
  key.reserve(prefix.size() + 24);
  key = prefix;
  store::append_u64(key, static_cast<std::uint64_t>(stream_id));
  store::append_u64(key, static_cast<std::uint64_t>(first.ms));
  store::append_u64(key, batch);
  return key;
}

}  // namespace weir::logs
