// SPDX-License-Identifier: Apache-2.0
#include "logs/export_run.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "columnar/gzip.h"

namespace weir::logs {
namespace {

constexpr std::size_t kMemberTextBytes = 1u << 20;  // compressed at a time
constexpr std::size_t kStreamsOfPage = 1000;

}  // namespace

ExportRun::ExportRun(Logs& logs, ExportSink& sink, Scope scope, ExportTask task)
    : logs_(logs), sink_(sink), scope_(std::move(scope)), task_(std::move(task)) {}

Result<bool> ExportRun::step() {
  if (!has_begun_) {
    WEIR_CHECK(begin());
    has_begun_ = true;
    return true;
  }
  if (!scan_) {
    if (stream_ == streams_.size()) return false;
    WEIR_CHECK(begin_stream());
  }
  WEIR_TRY(const bool has_more, next_block());
  if (has_more) return true;
  WEIR_CHECK(write_before(std::nullopt));
  WEIR_CHECK(end_file());
  scan_.reset();
  ++stream_;
  return true;
}

Result<void> ExportRun::begin() {
  WEIR_CHECK(sink_.put(scope_, task_.destination, task_.destination_prefix + "/aws-logs-write-test",
                       "Permission Check Successful"));
  Logs::StreamQuery query;
  query.prefix = task_.log_stream_name_prefix.value_or("");
  query.limit = kStreamsOfPage;
  do {
    WEIR_TRY(auto page, logs_.log_streams(scope_, task_.log_group_name, query));
    for (LogStream& stream : page.items) streams_.push_back(std::move(stream.name));
    query.after = page.next;
  } while (!query.after.empty());
  return {};
}

Result<void> ExportRun::begin_stream() {
  ScanQuery query;
  query.groups = {task_.log_group_name};
  query.stream_names = {streams_[stream_]};
  query.from = Time{task_.from_ms};
  query.to = std::min(Time{task_.to_ms}, query.to);
  WEIR_TRY(Scan scan, logs_.scan(scope_, query));
  scan_.emplace(std::move(scan));
  file_number_ = 0;
  return {};
}

/// Blocks come in the order of their first events, so what is older than that of a new one can be
/// written.
Result<bool> ExportRun::next_block() {
  WEIR_TRY(auto block, scan_->next());
  if (!block) return false;
  OpenBlock opened{.block = *std::move(block), .rows = {}};
  for (std::size_t row = 0; row < opened.block.size(); ++row) {
    const std::int64_t time = opened.block.id(row).timestamp.ms;
    if (time >= task_.from_ms && time <= task_.to_ms) opened.rows.push_back(row);
  }
  if (opened.rows.empty()) return true;
  if (!opened.block.is_in_order()) {
    std::ranges::sort(opened.rows, {}, [&](std::size_t row) { return opened.block.id(row); });
  }
  WEIR_CHECK(write_before(opened.head()));
  if (open_.size() == ExportTasks::kOpenBlocksMax) WEIR_CHECK(write_before(std::nullopt));
  open_.push_back(std::move(opened));
  return true;
}

Result<void> ExportRun::write_before(const std::optional<EventId>& end) {
  while (!open_.empty()) {
    const auto first = std::ranges::min_element(open_, {}, &OpenBlock::head);
    const EventId id = first->head();
    if (end && id >= *end) break;
    WEIR_CHECK(write_line(id, first->block.message(first->rows[first->next])));
    if (++first->next == first->rows.size()) open_.erase(first);
  }
  return {};
}

Result<void> ExportRun::write_line(const EventId& id, std::string_view message) {
  text_ += to_iso8601(id.timestamp);
  text_ += ' ';
  text_ += message;
  text_ += '\n';
  if (text_.size() < kMemberTextBytes) return {};
  compress();
  return file_text_bytes_ < ExportTasks::kFileTextBytesMax ? Result<void>() : end_file();
}

void ExportRun::compress() {
  if (text_.empty()) return;
  file_ += columnar::gzip(text_);
  file_text_bytes_ += text_.size();
  text_.clear();
}

Result<void> ExportRun::end_file() {
  compress();
  if (file_.empty()) return {};
  WEIR_CHECK(sink_.put(scope_, task_.destination, key_of_file(), file_));
  file_.clear();
  file_text_bytes_ = 0;
  ++file_number_;
  return {};
}

std::string ExportRun::key_of_file() const {
  std::string stream = streams_[stream_];
  std::ranges::replace(stream, '/', '-');
  char number[16];
  std::snprintf(number, sizeof number, "%06d", file_number_);
  return task_.destination_prefix + "/" + task_.task_id + "/" + stream + "/" + number + ".gz";
}

}  // namespace weir::logs
