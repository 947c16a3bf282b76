// SPDX-License-Identifier: Apache-2.0
#include "logs/block.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <numeric>
#include <tuple>
#include <utility>

#include <zstd.h>

#include "logs/bytes.h"
#include "logs/logs.h"
#include "store/kv_store.h"

namespace weir::logs {
namespace {

constexpr char kVersion = 2;
constexpr char kVersion1 = 1;
enum Form : std::uint64_t { kByRows, kByColumns };

Error damaged(std::string_view what) {
  return {ErrorKind::internal, "InternalServerException",
          "a stored block of log events is damaged: " + std::string(what)};
}

Result<BlockInfo> read_info(ByteReader& reader) {
  BlockInfo info;
  info.count = reader.number();
  info.message_bytes = reader.number();
  info.first.ms = static_cast<std::int64_t>(reader.number());
  info.last.ms =
      static_cast<std::int64_t>(static_cast<std::uint64_t>(info.first.ms) + reader.number());
  info.ingestion.ms = static_cast<std::int64_t>(reader.number());
  if (reader.failed() || info.count == 0 || info.count > Block::kEventsMax ||
      info.message_bytes > Block::kMessageBytesMax) {
    return damaged("bad header");
  }
  return info;
}

/// Version 1, which is only read: events, bytes of the body before compression (0: not compressed),
/// billed bytes, first timestamp, last minus first timestamp, ingestion time, batch, index of the
/// first event; the body: for each event the distance to the previous timestamp and the length of
/// the message, then all messages.
struct Header1 {
  BlockInfo info;
  std::uint64_t body_bytes = 0;
  BlockRun run;

  static Result<Header1> read(ByteReader& reader) {
    Header1 header;
    header.info.count = reader.number();
    header.body_bytes = reader.number();
    const std::uint64_t billed = reader.number();
    header.info.message_bytes = billed - header.info.count * Logs::kEventBytesOverhead;
    header.info.first.ms = static_cast<std::int64_t>(reader.number());
    header.info.last.ms = static_cast<std::int64_t>(
        static_cast<std::uint64_t>(header.info.first.ms) + reader.number());
    header.info.ingestion.ms = static_cast<std::int64_t>(reader.number());
    header.run.ingestion = header.info.ingestion;
    header.run.batch = reader.number();
    header.run.first_index = reader.number();
    header.run.count = header.info.count;
    if (reader.failed() || header.info.count == 0 || header.info.count > Block::kEventsMax ||
        header.body_bytes > Block::kMessageBytesMax) {
      return damaged("bad header");
    }
    return header;
  }
};

bool comes_before(const BlockRun& a, const BlockRun& b) {
  return std::tie(a.ingestion, a.batch, a.first_index) <
         std::tie(b.ingestion, b.batch, b.first_index);
}

/// `memmem`, which is vectorized where string::find() goes from first letter to first letter.
std::size_t find_text(std::string_view text, std::string_view literal, std::size_t from) {
  const void* const found =
      ::memmem(text.data() + from, text.size() - from, literal.data(), literal.size());
  if (found == nullptr) return text.npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

/// The rows of one run of a block.
struct Piece {
  const Block* block;
  BlockRun run;
  std::size_t first_row;
};

/// All runs of the blocks in the order in which they are stored together.
std::vector<Piece> pieces_of(std::span<const Block> blocks) {
  std::vector<Piece> pieces;
  for (const Block& block : blocks) {
    for (std::size_t row = 0; const BlockRun& run : block.runs()) {
      pieces.push_back({&block, run, row});
      row += run.count;
    }
  }
  std::ranges::sort(pieces, comes_before, &Piece::run);
  return pieces;
}

}  // namespace

std::uint64_t BlockInfo::billed_bytes() const {
  return message_bytes + count * Logs::kEventBytesOverhead;
}

Result<BlockInfo> BlockInfo::read(std::string_view block) {
  if (block.empty()) return damaged("empty");
  ByteReader reader(block.substr(1));
  if (block[0] == kVersion) return read_info(reader);
  if (block[0] != kVersion1) return damaged("unknown version");
  WEIR_TRY(const Header1 header, Header1::read(reader));
  return header.info;
}

// ---- Writing ------------------------------------------------------------------------------------

BlockWriter::BlockWriter(std::span<const InputLogEvent> events) {
  info_.count = events.size();
  info_.first.ms = events.front().timestamp_ms;
  info_.last.ms = events.back().timestamp_ms;
  for (const InputLogEvent& event : events) info_.message_bytes += event.message.size();
  std::string text;
  text.reserve(info_.message_bytes + kTextPadding);
  std::vector<std::uint32_t> ends;
  ends.reserve(events.size());
  std::vector<std::uint64_t> steps;
  steps.reserve(events.size());
  std::int64_t before = info_.first.ms;
  for (const InputLogEvent& event : events) {
    text += event.message;
    ends.push_back(static_cast<std::uint32_t>(text.size()));
    steps.push_back(fold(event.timestamp_ms - before));
    before = event.timestamp_ms;
  }
  pack(text, ends, steps, Effort::fast);
}

void BlockWriter::pack(std::string& text, std::span<const std::uint32_t> ends,
                       std::span<const std::uint64_t> steps, Effort effort) {
  put_numbers(body_, steps, Base::least, effort);
  text.append(kTextPadding, '\0');
  if (const auto columns = pack_columns(text, ends, effort)) {
    put_number(body_, kByColumns);
    body_ += *columns;
    return;
  }
  std::vector<std::uint64_t> lengths(ends.begin(), ends.end());
  std::adjacent_difference(lengths.begin(), lengths.end(), lengths.begin());
  put_number(body_, kByRows);
  put_numbers(body_, lengths, Base::least, effort);
  put_packed(body_, std::string_view(text).substr(0, ends.back()), effort);
}

std::string BlockWriter::finish(std::span<const BlockRun> runs) const {
  std::string packed;
  put_number(packed, runs.size());
  BlockRun before;
  for (const BlockRun& run : runs) {
    put_number(packed, fold(run.ingestion.ms - before.ingestion.ms));
    put_number(packed, fold(static_cast<std::int64_t>(run.batch - before.batch)));
    put_number(packed, run.first_index);
    put_number(packed, run.count);
    before = run;
  }
  std::string block;
  block.reserve(body_.size() + packed.size() + 64);
  block.push_back(kVersion);
  put_number(block, info_.count);
  put_number(block, info_.message_bytes);
  put_number(block, static_cast<std::uint64_t>(info_.first.ms));
  put_number(block, static_cast<std::uint64_t>(info_.last.ms - info_.first.ms));
  put_number(block, static_cast<std::uint64_t>(runs.back().ingestion.ms));
  put_packed(block, packed, Effort::fast);
  block += body_;
  return block;
}

std::string BlockWriter::finish(Time ingestion, std::uint64_t batch,
                                std::size_t first_index) const {
  const BlockRun run{ingestion, batch, first_index, info_.count};
  return finish({&run, 1});
}

std::string BlockWriter::merge(std::span<const Block> blocks) {
  BlockWriter writer;
  BlockInfo& info = writer.info_;
  info = {.count = 0,
          .message_bytes = 0,
          .first = blocks.front().info().first,
          .last = blocks.front().info().last,
          .ingestion = {}};
  for (const Block& block : blocks) {
    info.first = std::min(info.first, block.info().first);
    info.last = std::max(info.last, block.info().last);
    info.count += block.size();
    info.message_bytes += block.info().message_bytes;
  }
  std::string text;
  text.reserve(info.message_bytes + kTextPadding);
  std::vector<std::uint32_t> ends;
  std::vector<std::uint64_t> steps;
  std::vector<BlockRun> runs;
  std::int64_t before = info.first.ms;
  for (const Piece& piece : pieces_of(blocks)) {
    runs.push_back(piece.run);
    for (std::size_t row = piece.first_row; row < piece.first_row + piece.run.count; ++row) {
      text += piece.block->message(row);
      ends.push_back(static_cast<std::uint32_t>(text.size()));
      steps.push_back(fold(piece.block->timestamps()[row] - before));
      before = piece.block->timestamps()[row];
    }
  }
  writer.pack(text, ends, steps, Effort::thorough);
  return writer.finish(runs);
}

// ---- Reading ------------------------------------------------------------------------------------

Result<Block> Block::read(std::string bytes) {
  Block block;
  block.bytes_ = std::move(bytes);
  const std::string_view all = block.bytes_;
  if (!all.empty() && all[0] == kVersion) {
    WEIR_CHECK(block.read_version_2(all.substr(1)));
  } else if (!all.empty() && all[0] == kVersion1) {
    WEIR_CHECK(block.read_version_1(all.substr(1)));
  } else {
    return damaged("unknown version");
  }
  for (std::size_t end = 0; const BlockRun& run : block.runs_) {
    block.run_ends_.push_back(end += run.count);
  }
  return block;
}

Result<void> Block::read_version_2(std::string_view bytes) {
  ByteReader reader(bytes);
  WEIR_TRY(info_, read_info(reader));
  std::string scratch;
  std::string_view runs;
  if (!take_packed(reader, scratch, runs)) return damaged("runs");
  WEIR_CHECK(read_runs(runs));
  if (!take_numbers(reader, info_.count, timestamps_)) return damaged("timestamps");
  std::uint64_t at = static_cast<std::uint64_t>(info_.first.ms);
  for (std::int64_t& timestamp : timestamps_) {
    at += static_cast<std::uint64_t>(unfold(static_cast<std::uint64_t>(timestamp)));
    timestamp = static_cast<std::int64_t>(at);
  }
  const std::uint64_t form = reader.number();
  if (reader.failed() || form > kByColumns) return damaged("unknown form");
  messages_at_ = bytes_.size() - reader.rest().size();
  if (form == kByColumns) {
    columns_ = ColumnReader::open(column_bytes(), info_.count);
    if (!columns_) return damaged_columns();
  }
  return {};
}

Result<void> Block::read_runs(std::string_view bytes) {
  ByteReader reader(bytes);
  const std::uint64_t count = reader.number();
  if (count > info_.count) return damaged("too many runs");
  BlockRun run;
  std::uint64_t events = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto ingestion = static_cast<std::uint64_t>(run.ingestion.ms);
    run.ingestion.ms =
        static_cast<std::int64_t>(ingestion + static_cast<std::uint64_t>(unfold(reader.number())));
    run.batch += static_cast<std::uint64_t>(unfold(reader.number()));
    run.first_index = reader.number();
    run.count = reader.number();
    if (run.count > info_.count) return damaged("a run is too long");
    if (!runs_.empty() && !comes_before(runs_.back(), run)) return damaged("order of runs");
    events += run.count;
    runs_.push_back(run);
  }
  if (reader.failed() || !reader.done() || events != info_.count) return damaged("runs");
  return {};
}

Result<void> Block::read_version_1(std::string_view bytes) {
  ByteReader reader(bytes);
  WEIR_TRY(const Header1 header, Header1::read(reader));
  info_ = header.info;
  runs_ = {header.run};
  std::string body(reader.rest());
  if (header.body_bytes > 0) {
    body.resize(header.body_bytes);
    const std::size_t size =
        ZSTD_decompress(body.data(), body.size(), reader.rest().data(), reader.rest().size());
    if (size != body.size()) return damaged("wrong size");
  }
  ByteReader lines(body);
  std::int64_t at = info_.first.ms;
  std::uint64_t end = 0;
  for (std::uint64_t i = 0; i < info_.count; ++i) {
    at = static_cast<std::int64_t>(static_cast<std::uint64_t>(at) + lines.number());
    const std::uint64_t length = lines.number();
    if (length > kMessageBytesMax) return damaged("a message is too long");
    end += length;
    timestamps_.push_back(at);
    ends_.push_back(static_cast<std::uint32_t>(end));
  }
  if (lines.failed() || end != lines.rest().size()) return damaged("wrong lengths");
  text_ = lines.rest();
  info_.message_bytes = text_.size();
  are_unpacked_ = true;
  return {};
}

bool Block::is_in_order() const { return std::ranges::is_sorted(timestamps_); }

void Block::sort(std::vector<std::uint32_t>& rows) const {
  const auto timestamp = [this](std::uint32_t row) { return timestamps_[row]; };
  if (!std::ranges::is_sorted(rows, {}, timestamp)) std::ranges::stable_sort(rows, {}, timestamp);
}

EventId Block::id(std::size_t row) const {
  std::size_t run = 0;
  if (runs_.size() > 1) {
    run = static_cast<std::size_t>(std::ranges::upper_bound(run_ends_, row) - run_ends_.begin());
  }
  const std::size_t begin = run == 0 ? 0 : run_ends_[run - 1];
  return {.timestamp = {timestamps_[row]},
          .ingestion = runs_[run].ingestion,
          .batch = runs_[run].batch,
          .index = static_cast<std::uint16_t>(runs_[run].first_index + (row - begin))};
}

Result<void> Block::unpack_messages() {
  if (are_unpacked_) return {};
  if (columns_) {
    if (!columns_->read_text(column_bytes(), info_.message_bytes, text_, ends_)) {
      return damaged_columns();
    }
    are_unpacked_ = true;
    return {};
  }
  ByteReader reader(column_bytes());
  std::string_view text;
  if (!take_numbers(reader, info_.count, ends_) || !take_packed(reader, text_, text) ||
      !reader.done()) {
    return damaged("messages");
  }
  if (text.data() != text_.data()) text_ = text;
  std::uint64_t end = 0;
  for (std::uint32_t& length : ends_) {
    end += length;
    if (end > text_.size()) return damaged("wrong lengths");
    length = static_cast<std::uint32_t>(end);
  }
  if (end != text_.size() || end != info_.message_bytes) return damaged("wrong lengths");
  are_unpacked_ = true;
  return {};
}

Result<void> Block::unpack_messages_of(std::span<const std::uint32_t> rows) {
  if (are_unpacked_) return {};
  if (!columns_ || rows.size() == size()) return unpack_messages();
  if (!columns_->read_lines(column_bytes(), rows, info_.message_bytes, text_, ends_)) {
    return damaged_columns();
  }
  return {};
}

/// Searches the text of all messages at once.
void Block::keep_with(std::string_view literal, std::vector<std::uint32_t>& rows) const {
  std::vector<std::uint32_t> found;
  for (std::size_t at = 0; !rows.empty() && (at = find_text(text_, literal, at)) != text_.npos;) {
    const auto end = std::ranges::upper_bound(ends_, at);
    if (end == ends_.end()) break;  // an empty literal behind the last message
    const auto row = static_cast<std::uint32_t>(end - ends_.begin());
    const bool is_within = at + literal.size() <= *end;
    if (is_within) found.push_back(row);
    at = is_within ? *end : at + 1;
  }
  std::vector<std::uint32_t> both;
  std::ranges::set_intersection(rows, found, std::back_inserter(both));
  rows = std::move(both);
}

std::string_view Block::message(std::size_t row) const {
  const std::uint32_t begin = row == 0 ? 0 : ends_[row - 1];
  return std::string_view(text_).substr(begin, ends_[row] - begin);
}

Error Block::damaged_columns() { return damaged("columns"); }

Result<Column> Block::column(std::size_t index) const {
  Column column;
  if (!columns_->read(column_bytes(), index, column)) return damaged_columns();
  return column;
}

bool Block::may_have(std::size_t column, std::string_view token) const {
  return columns_->may_have(column_bytes(), column, token);
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
