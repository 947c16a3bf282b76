// SPDX-License-Identifier: Apache-2.0
#include "import/batch_reader.h"

#include <algorithm>
#include <utility>

#include "columnar/byte_source.h"
#include "flow/text.h"

namespace weir::import {
namespace {

constexpr std::size_t kDamageTextMax = 200;
constexpr std::size_t kTimeMax = 32;  // length of a time in front of a line
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Cuts `2022-03-03T19:00:40.000Z ` off the front of a line of an export.
std::optional<Time> take_time(std::string_view& line) {
  constexpr std::string_view kShape = "0000-00-00T";
  if (line.size() < kShape.size() || line[4] != '-' || line[10] != 'T') return std::nullopt;
  const std::size_t blank = line.substr(0, kTimeMax).find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const auto time = parse_iso8601(line.substr(0, blank));
  if (!time) return std::nullopt;
  line.remove_prefix(blank + 1);
  return *time;
}

/// Counts the lines of a text from place to place.
class LineCounter {
 public:
  explicit LineCounter(std::string_view text) : text_(text) {}
  /// Line ends before `offset`, which is not before that of the last call.
  std::uint64_t before(std::size_t offset) {
    for (; (at_ = text_.find('\n', at_)) < offset; ++at_) ++lines_;
    at_ = offset;
    return lines_;
  }
  /// The same for a place known to be in that line.
  void go_to(std::size_t offset, std::uint64_t lines) {
    at_ = offset;
    lines_ = lines;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  std::uint64_t lines_ = 0;
};

flow::ColumnReader reader_of(std::optional<flow::Format> format) {
  return flow::ColumnReader({.format = std::move(format)});
}

}  // namespace

std::optional<Time> read_time(std::string_view text) {
  std::string iso(text.substr(0, kTimeMax));
  if (iso.size() > 10 && iso[10] == ' ') iso[10] = 'T';
  const auto time = parse_iso8601(iso);
  return time ? std::optional(*time) : std::nullopt;
}

BatchReader::BatchReader(std::optional<flow::Format> format, Visitor& visitor)
    : visitor_(visitor), reader_(reader_of(std::move(format))) {}

void BatchReader::use(flow::Format format) { reader_ = reader_of(std::move(format)); }

void BatchReader::damage(std::uint64_t number, std::string reason, std::string_view text) {
  visitor_.on_damage({number, std::move(reason), std::string(text.substr(0, kDamageTextMax))});
}

// ---- A stream of text ----

Result<void> BatchReader::text(std::string_view piece, bool is_end) {
  buffer_.erase(0, std::exchange(at_, 0));
  buffer_ += piece;
  if (lines_ == 0 && !is_export_) {
    std::string_view first = buffer_;
    if (first.starts_with(kByteOrderMark)) first.remove_prefix(kByteOrderMark.size());
    is_export_ = take_time(first).has_value();
  }
  while (at_ < buffer_.size()) {
    const std::string_view rest = std::string_view(buffer_).substr(at_);
    if (is_export_) {
      WEIR_TRY(const bool is_taken, take_export_line(rest, is_end));
      if (!is_taken) break;
      continue;
    }
    WEIR_TRY(const std::size_t size, read(rest, is_end));
    if (size == 0 && !is_export_) break;
    at_ += size;
  }
  return is_end ? flush() : Result<void>();
}

/// A line that may have a time in front; false if there is no whole one.
Result<bool> BatchReader::take_export_line(std::string_view rest, bool is_end) {
  const std::size_t newline = rest.find('\n');
  const std::size_t size = std::min(newline, rest.size());
  if (size > columnar::LineReader::kLineBytesMax) {
    return Error{ErrorKind::too_large, "InvalidData",
                 "line " + std::to_string(lines_ + 1) + " is too long"};
  }
  if (newline == std::string_view::npos && !is_end) return false;
  at_ += std::min(size + 1, rest.size());
  WEIR_CHECK(line(rest.substr(0, size), ++lines_));
  return true;
}

// ---- Lines that come one by one ----

Result<void> BatchReader::line(std::string_view text, std::uint64_t number, const Around& around) {
  if (number == 1 && text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Around context = around;
  if (const auto time = take_time(text)) context.time = time;
  gather(text, number, context);
  return flush_if_full();
}

Result<void> BatchReader::values(std::span<const std::string_view> values, std::uint64_t number,
                                 const Around& around) {
  std::string joined;
  for (const std::string_view value : values) {
    if (!joined.empty()) joined += ' ';
    joined += value;
  }
  gather(joined, number, around);
  return flush_if_full();
}

void BatchReader::gather(std::string_view text, std::uint64_t number, const Around& around) {
  const std::size_t from = gathered_.size();
  gathered_ += text;
  // A line end inside is a blank like others.
  std::replace(gathered_.begin() + static_cast<std::ptrdiff_t>(from), gathered_.end(), '\n', ' ');
  gathered_ += '\n';
  Origin& origin = gathered_from_.emplace_back(Origin{number, around});
  if (around.stream.empty()) return;
  if (streams_.empty() || streams_.back() != around.stream) streams_.emplace_back(around.stream);
  origin.around.stream = streams_.back();
}

Result<void> BatchReader::flush_if_full() {
  const bool is_full =
      gathered_from_.size() >= kGatheredLines || gathered_.size() >= kGatheredBytes;
  return is_full ? flush() : Result<void>();
}

Result<void> BatchReader::flush() {
  // read() counts the lines of what is gathered meanwhile.
  const std::uint64_t lines = std::exchange(lines_, 0);
  std::string_view rest = gathered_;
  while (!rest.empty()) {
    WEIR_TRY(const std::size_t size, read(rest, true));
    if (size == 0) break;
    rest.remove_prefix(size);
  }
  lines_ = lines;
  gathered_.clear();
  gathered_from_.clear();
  streams_.clear();
  return {};
}

// ---- Batches ----

/// Of a line of the text that is being read, counted from 0, in the source.
std::uint64_t BatchReader::number_of(std::uint64_t line) const {
  return gathered_from_.empty() ? line + 1 : gathered_from_[line].number;
}

bool BatchReader::has_export_line() const {
  return std::ranges::any_of(reader_.refused(), [&](const flow::ColumnReader::Refused& refused) {
    std::string_view line = columns_.text(refused.text);
    return take_time(line).has_value();
  });
}

/// Takes lines from the front of `text`. Returns its size; 0 if there is no whole line, or if the
/// text turned out to be an export.
Result<std::size_t> BatchReader::read(std::string_view text, bool is_end) {
  const std::optional<flow::Format> before = reader_.format();
  if (!before) {  // the first line may tell, and only what is behind it is read with that
    const std::size_t newline = text.find('\n');
    if (newline != std::string_view::npos && newline + 1 < text.size()) {
      text = text.substr(0, newline + 1);
      is_end = false;
    }
  }
  const std::uint64_t refused_before = reader_.stats().lines_refused;
  const std::size_t size = reader_.read(text, is_end, columns_);
  if (size == 0) return size;
  if (gathered_from_.empty() && has_export_line()) {
    is_export_ = true;
    reader_ = reader_of(before);
    return std::size_t{0};
  }
  show_refused(text, refused_before);
  const std::uint64_t lines = find_rows(text.substr(0, size));
  if (columns_.rows() > 0) {
    WEIR_CHECK(check_format());
    rows_.look(columns_);
    Batch batch(columns_, rows_, numbers_, around_);
    WEIR_CHECK(visitor_.on_batch(batch));
  }
  lines_ += lines;
  return size;
}

void BatchReader::show_refused(std::string_view text, std::uint64_t count_before) {
  const auto refused = reader_.refused();
  LineCounter counter(text);
  std::uint64_t left = reader_.stats().lines_refused - count_before;
  for (const auto& one : refused) {
    const std::string_view line = columns_.text(one.text);
    const bool is_last = &one == &refused.back();
    visitor_.on_damage({number_of(lines_ + counter.before(one.text.offset)), reason(line),
                        std::string(line.substr(0, kDamageTextMax)), is_last ? left : 1});
    --left;
  }
}

std::string BatchReader::reason(std::string_view line) const {
  if (line.size() > flow::ColumnReader::kLineMax) return "the line is too long for a record";
  if (flow::Format::is_header(line)) {
    const auto format = flow::Format::from_header(line);
    if (!format) return format.error().message;
  }
  if (!reader_.format()) {
    const auto detected = flow::Format::detect(line);
    if (!detected) return detected.error().message;
  }
  std::size_t count = 0;
  flow::text::for_each_word(line, [&](std::string_view) {
    ++count;
    return true;
  });
  return "the line has " + std::to_string(count) + " values and the format " +
         std::to_string(reader_.format() ? reader_.format()->fields().size() : 0) + " fields";
}

Result<void> BatchReader::check_format() {
  if (!formats_.empty() && formats_.back() == columns_.format()) return {};
  std::erase(formats_, columns_.format());
  formats_.push_back(columns_.format());
  if (formats_.size() <= kFormatsMax) return {};
  return Error{ErrorKind::limit, "TooManyFormats",
               "there are more than " + std::to_string(kFormatsMax) + " formats in one file"};
}

/// Finds out where the rows that were read from `text` come from. Returns the lines of the text.
std::uint64_t BatchReader::find_rows(std::string_view text) {
  numbers_.clear();
  around_.clear();
  LineCounter counter(text);
  std::uint64_t line = 0;
  std::size_t next = std::string_view::npos;  // where a record would begin that follows at once
  for (std::size_t row = 0; row < columns_.rows(); ++row) {
    const std::string_view record = columns_.line(row);
    const auto at = static_cast<std::size_t>(record.data() - text.data());
    if (at == next) {
      counter.go_to(at, ++line);
    } else {
      line = counter.before(at);
    }
    next = at + record.size() + 1;
    numbers_.push_back(number_of(lines_ + line));
    if (!gathered_from_.empty()) around_.push_back(gathered_from_[lines_ + line].around);
  }
  return counter.before(text.size());
}

}  // namespace weir::import
