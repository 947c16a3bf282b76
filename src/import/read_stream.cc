// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "import/readers.h"

namespace weir::import {
namespace {

/// A source whose first piece was read already.
class Begun final : public columnar::ByteSource {
 public:
  Begun(std::string first, columnar::ByteSource& rest) : first_(std::move(first)), rest_(rest) {}
  Result<std::string_view> next() override {
    if (!std::exchange(is_first_read_, true) && !first_.empty()) return std::string_view(first_);
    return rest_.next();
  }

 private:
  std::string first_;
  columnar::ByteSource& rest_;
  bool is_first_read_ = false;
};

/// Whether the first line names columns of an Insights result.
bool is_csv_header(std::string_view line) {
  const std::size_t comma = line.find(',');
  const bool has_names = line.find("@message") != line.npos ||
                         line.find("@timestamp") != line.npos ||
                         line.find("srcAddr") != line.npos || line.find("srcaddr") != line.npos;
  return has_names && (comma != line.npos || line.starts_with("@") || line.starts_with("\"@"));
}

/// What the head of a stream says when it is certainly no flow log; "" otherwise.
std::string_view foreign(std::string_view head) {
  constexpr std::array<std::string_view, 3> kCaptures = {"\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4",
                                                         "\x0a\x0d\x0d\x0a"};
  if (std::ranges::any_of(kCaptures, [&](auto magic) { return head.starts_with(magic); })) {
    return "it is a packet capture (weir capture --read turns it into records)";
  }
  if (head.substr(0, 512).find('\0') != head.npos) return "it is binary data of an unknown kind";
  return {};
}

Result<void> read_text(columnar::ByteSource& bytes, BatchReader& records) {
  while (true) {
    WEIR_TRY(const std::string_view piece, bytes.next());
    WEIR_CHECK(records.text(piece, piece.empty()));
    if (piece.empty()) return {};
  }
}

Result<void> read_kind(FileKind kind, columnar::ByteSource& bytes, BatchReader& records) {
  switch (kind) {
    case FileKind::payload:
      return read_payloads(bytes, records);
    case FileKind::csv:
      return read_csv(bytes, records);
    case FileKind::text:
    case FileKind::parquet:
      break;
  }
  return read_text(bytes, records);
}

}  // namespace

std::string_view to_string(FileKind kind) {
  switch (kind) {
    case FileKind::text:
      return "text";
    case FileKind::csv:
      return "CSV";
    case FileKind::payload:
      return "subscription payload";
    case FileKind::parquet:
      return "Parquet";
  }
  return "";
}

Result<FileSummary> read_stream(columnar::ByteSource& bytes, std::optional<flow::Format> format,
                                Visitor& visitor) {
  constexpr std::size_t kHeadMin = 4096;
  std::string head;
  while (head.size() < kHeadMin) {
    WEIR_TRY(const std::string_view piece, bytes.next());
    if (piece.empty()) break;
    head += piece;
  }
  if (const auto what = foreign(head); !what.empty()) {
    return Error{ErrorKind::invalid, "NoFlowLog", std::string(what)};
  }
  std::string_view start = head;
  if (start.starts_with("\xef\xbb\xbf")) start.remove_prefix(3);
  start.remove_prefix(std::min(start.find_first_not_of(" \t\r\n"), start.size()));
  FileSummary summary;
  if (start.starts_with('{')) {
    summary.kind = FileKind::payload;
  } else if (is_csv_header(start.substr(0, start.find('\n')))) {
    summary.kind = FileKind::csv;
  }
  BatchReader records(std::move(format), visitor);
  Begun whole(std::move(head), bytes);
  const auto done = read_kind(summary.kind, whole, records);
  // What was good in front of the damage, too.
  WEIR_CHECK(records.flush());
  WEIR_CHECK(done);
  if (records.format()) summary.format = records.format()->text();
  return summary;
}

}  // namespace weir::import
