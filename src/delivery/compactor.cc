// SPDX-License-Identifier: Apache-2.0
#include "delivery/compactor.h"

#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "columnar/file_sink.h"
#include "columnar/flow_files.h"
#include "columnar/flow_rows.h"
#include "columnar/gzip.h"
#include "columnar/parquet_reader.h"
#include "delivery/object_writer.h"

namespace weir::delivery {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWritten = "delivery/written/";
constexpr std::string_view kMerges = "delivery/merge/";
constexpr std::size_t kMemberBytes = 4u << 20;  // of text in one gzip member

Duration period_length(const Subscription& flow_log) {
  const auto& options = flow_log.log().destination_options;
  if (options && options->per_hour_partition) return std::chrono::hours(1);
  return std::chrono::hours(24);
}

std::string period_key(std::string_view table, const std::string& flow_log_id, Time period) {
  std::string key = std::string(table) + flow_log_id + '/';
  store::append_u64(key, static_cast<std::uint64_t>(period.ms));
  return key;
}

/// Removes the file at the end of the scope, if it is still there.
struct TemporaryFile {
  fs::path path;
  ~TemporaryFile() {
    std::error_code gone;  // moved away if all went well
    fs::remove_all(path, gone);
  }
};

/// Text files as one: the header once, then the records of all.
class TextMerge {
 public:
  TextMerge(const fs::path& to, std::string header)
      : out_(to, std::ios::binary), header_(std::move(header)), text_(header_ + '\n') {}

  /// `name` is for people.
  Result<void> add(const fs::path& file, const std::string& name) {
    bool is_first = true;
    bool fits = true;
    WEIR_CHECK(columnar::read_lines(file, [&](std::string_view line) {
      if (std::exchange(is_first, false)) {
        fits = line == header_;
        return fits;
      }
      text_.append(line).append("\n");
      if (text_.size() >= kMemberBytes) flush();
      return true;
    }));
    if (fits) return {};
    return Error{ErrorKind::invalid, "InvalidData",
                 name + " does not begin with the field names of its flow log"};
  }

  Result<void> finish() {
    flush();
    out_.close();
    if (out_) return {};
    return Error{ErrorKind::unavailable, "InternalError", "cannot write a merged file"};
  }

 private:
  void flush() {
    if (text_.empty()) return;
    out_ << columnar::gzip(text_);
    text_.clear();
  }

  std::ofstream out_;
  std::string header_;
  std::string text_;
};

}  // namespace

struct Compactor::Source {
  std::string key;
  std::string etag;
  std::uint64_t size = 0;

  static Shape shape() {
    using S = Source;
    static constexpr Member members[] = {
        required<&S::key>("key"),
        required<&S::etag>("etag"),
    };
    return {"MergedFile", members};
  }
};

struct Compactor::Merge {
  std::string account;
  std::string region;
  std::string bucket;
  std::string target;
  std::vector<Source> sources;

  static Shape shape() {
    using S = Merge;
    static constexpr Member members[] = {
        required<&S::account>("account"), required<&S::region>("region"),
        required<&S::bucket>("bucket"),   required<&S::target>("target"),
        required<&S::sources>("sources"),
    };
    return {"Merge", members};
  }
};

void Compactor::note_written(const Subscription& flow_log, Time slot,
                             store::WriteBatch& batch) const {
  if (!config_.is_on) return;
  const Time period = columnar::slot_start(slot, period_length(flow_log));
  const StoredFlowLog stored{flow_log.scope().account, flow_log.scope().region, flow_log.log()};
  batch.put(period_key(kWritten, flow_log.id(), period), to_json_text(stored));
}

/// A merge whose object is there is one whose old objects must go; without it nothing has happened.
Result<void> Compactor::finish(const std::string& record_key, const Merge& merge) {
  const Scope scope{merge.account, merge.region};
  const auto made = objects_.head(scope, merge.bucket, merge.target);
  if (!made && made.error().kind != ErrorKind::not_found) return made.error();
  for (const Source& source : merge.sources) {
    if (!made) break;
    const auto removed =
        objects_.remove(scope, merge.bucket, source.key, {.if_match = source.etag});
    // Somebody has put another object there, or taken it away.
    const bool is_other = !removed && removed.error().code == "PreconditionFailed";
    if (removed) merged_.add(1);
    if (!removed && !is_other && removed.error().kind != ErrorKind::not_found)
      return removed.error();
  }
  return store_.erase(record_key);
}

Result<void> Compactor::recover() {
  std::vector<std::pair<std::string, Merge>> interrupted;
  Result<void> outcome;
  WEIR_CHECK(store_.scan(kMerges, [&](std::string_view key, std::string_view value) {
    auto merge = from_json_text<Merge>(value);
    if (!merge) {
      outcome = merge.error();
      return false;
    }
    interrupted.emplace_back(key, *std::move(merge));
    return true;
  }));
  WEIR_CHECK(outcome);
  for (const auto& [key, merge] : interrupted) WEIR_CHECK(finish(key, merge));
  return {};
}

Result<std::vector<Compactor::Source>> Compactor::sources_of(const Subscription& flow_log,
                                                             Time period) const {
  const columnar::FlowFile file = flow_log.file(period, "");
  const std::string suffix = flow_log.is_parquet() ? ".log.parquet" : ".log.gz";
  objects::ListQuery query;
  // All files of the flow log in that folder; the name ends with time and hash.
  query.prefix = columnar::flow_file_prefix(file) + flow_log.scope().account + "_vpcflowlogs_" +
                 flow_log.scope().region + '_' + flow_log.id() + '_';
  std::vector<Source> found;
  for (bool is_more = true; is_more;) {
    WEIR_TRY(const objects::Listing page,
             objects_.list(flow_log.scope(), flow_log.bucket(), query));
    for (const objects::ObjectInfo& object : page.objects) {
      if (object.key.ends_with(suffix) && object.size < config_.file_bytes_max / 2)
        found.push_back({object.key, object.etag, object.size});
    }
    is_more = page.is_truncated;
    query.after = page.next_after;
  }
  return found;
}

Result<fs::path> Compactor::write_merged(const Subscription& flow_log,
                                         const std::vector<Source>& sources,
                                         std::uint64_t sequence) const {
  const fs::path file = objects_.spool_folder() / ("merge-" + std::to_string(sequence));
  std::vector<std::shared_ptr<const objects::OpenObject>> opened;
  for (const Source& source : sources) {
    WEIR_TRY(auto object, objects_.open(flow_log.scope(), flow_log.bucket(), source.key));
    if (object->info().etag != source.etag) {
      return Error{ErrorKind::conflict, "PreconditionFailed",
                   source.key + " was replaced while it was to be merged"};
    }
    opened.push_back(std::move(object));
  }
  if (!flow_log.is_parquet()) {
    TextMerge merge(file, flow_log.header());
    for (const auto& object : opened) WEIR_CHECK(merge.add(object->path(), object->info().key));
    WEIR_CHECK(merge.finish());
    return file;
  }
  std::vector<fs::path> paths;
  for (const auto& object : opened) paths.push_back(object->path());
  const TemporaryFile work{fs::path(file) += "-work"};
  const bool has_start = flow_log.has_field(flow::Field::start);
  const auto columns = columnar::flow_columns(flow_log.format());
  columnar::FileSink out(file);
  columnar::ParquetEncoder encoder(columns, out.sink(),
                                   {.compression = columnar::Compression::gzip});
  WEIR_CHECK(columnar::merge_parquet(paths, columns, has_start ? "start" : "", work.path, encoder));
  WEIR_CHECK(encoder.finish());
  WEIR_CHECK(out.close());
  return file;
}

Result<void> Compactor::merge(const Subscription& flow_log, Time period,
                              const std::vector<Source>& sources,
                              const NextSequence& next_sequence) {
  Merge merge{flow_log.scope().account, flow_log.scope().region, flow_log.bucket(), "", sources};
  store::WriteBatch batch;
  const std::uint64_t sequence = next_sequence(batch);
  const TemporaryFile temporary{objects_.spool_folder() / ("merge-" + std::to_string(sequence))};
  WEIR_TRY(const fs::path file, write_merged(flow_log, sources, sequence));
  // The name of the first file but for the hash.
  const std::string& first = sources.front().key;
  const std::size_t hash = first.rfind('_') + 1;
  merge.target = first.substr(0, hash) + file_hash(sequence) + first.substr(first.find('.', hash));
  const std::string record_key = period_key(kMerges, flow_log.id(), period);
  batch.put(record_key, to_json_text(merge));
  WEIR_CHECK(store_.write(batch));
  objects::PutOptions options;
  options.attributes.content_type = columnar::flow_file_content_type(flow_log.is_parquet());
  const auto stored = objects_.put(flow_log.scope(), flow_log.bucket(), merge.target,
                                   objects::PutSource::take(file), std::move(options));
  if (!stored) return stored.error();
  return finish(record_key, merge);
}

Result<void> Compactor::merge_period(const Subscription& flow_log, Time period,
                                     const NextSequence& next_sequence) {
  WEIR_TRY(const std::vector<Source> all, sources_of(flow_log, period));
  std::vector<Source> group;
  std::uint64_t bytes = 0;
  const auto close_group = [&]() -> Result<void> {
    bytes = 0;
    const std::vector<Source> sources = std::exchange(group, {});
    return sources.size() < 2 ? Result<void>() : merge(flow_log, period, sources, next_sequence);
  };
  for (const Source& source : all) {
    if (bytes + source.size > config_.file_bytes_max || group.size() == config_.files_max)
      WEIR_CHECK(close_group());
    group.push_back(source);
    bytes += source.size;
  }
  return close_group();
}

Result<void> Compactor::run(Time now, const NextSequence& next_sequence) {
  if (!config_.is_on) return {};
  WEIR_CHECK(recover());
  std::vector<std::pair<std::string, StoredFlowLog>> written;
  Result<void> outcome;
  WEIR_CHECK(store_.scan(kWritten, [&](std::string_view key, std::string_view value) {
    auto stored = from_json_text<StoredFlowLog>(value);
    if (!stored) {
      outcome = stored.error();
      return false;
    }
    written.emplace_back(key, *std::move(stored));
    return true;
  }));
  WEIR_CHECK(outcome);
  for (auto& [key, stored] : written) {
    const Time period{
        static_cast<std::int64_t>(store::read_u64(std::string_view(key).substr(key.size() - 8)))};
    WEIR_TRY(const SubscriptionPtr flow_log,
             Subscription::make({stored.account, stored.region}, std::move(stored.flow_log)));
    if (now < period + period_length(*flow_log) + config_.delay) continue;
    const auto merged = merge_period(*flow_log, period, next_sequence);
    if (merged || merged.error().kind == ErrorKind::not_found) {  // or the bucket is gone
      WEIR_CHECK(store_.erase(key));
      continue;
    }
    outcome = merged;
    log::warn("flow-log files cannot be merged, will retry",
              {{"flow_log", flow_log->id()}, {"error", merged.error().message}});
  }
  return outcome;
}

}  // namespace weir::delivery
