// SPDX-License-Identifier: Apache-2.0
#include "import/object_destination.h"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/document.h"
#include "base/fnv.h"
#include "columnar/flow_files.h"
#include "columnar/flow_rows.h"
#include "columnar/parquet_encoder.h"

namespace weir::import {
namespace {

constexpr std::string_view kLogs = "_vpcflowlogs_";
/// Records between looks at the memory: at fixed records, so that objects do not depend on how the
/// source was cut into batches.
constexpr std::uint64_t kMemoryCheckPeriod = 4096;

/// FNV-1a, 64 bits: names objects, protects nothing.
std::uint64_t hash_of(std::string_view text) {
  const std::uint64_t hash = fnv1a(text);
  return hash ^ (hash >> 29);
}

std::string hex(std::uint64_t number, int digits) {
  char text[24];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return std::string(text).substr(16 - static_cast<std::size_t>(digits));
}

bool is_account(std::string_view text) {
  return text.size() == 12 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Whose flow log it is, as far as AWS's name of the file says:
/// `<account>_vpcflowlogs_<region>_<flow-log-id>_<time>_<hash>.log.gz`.
struct Origin {
  std::string account;
  std::string region;
  std::string flow_log_id;
};

Origin origin_of(std::string_view name) {
  std::string_view file = name.substr(name.rfind('/') + 1);
  const std::size_t at = file.find(kLogs);
  Origin origin;
  if (at == std::string_view::npos || !is_account(file.substr(0, at))) return origin;
  origin.account = file.substr(0, at);
  file.remove_prefix(at + kLogs.size());
  const std::size_t region_end = file.find('_');
  const std::size_t id_end = file.find('_', region_end + 1);
  if (region_end == std::string_view::npos || id_end == std::string_view::npos) return origin;
  origin.region = file.substr(0, region_end);
  origin.flow_log_id = file.substr(region_end + 1, id_end - region_end - 1);
  return origin;
}

/// An object in the making. Its encoder writes into `bytes`, so it stays where it is.
struct Part {
  std::string bytes;
  Time first_end;
  std::optional<columnar::ParquetEncoder> encoder;

  Part(const flow::Format& format, std::size_t bytes_max, Runtime* workers) {
    const auto sink = [this, bytes_max](std::string_view piece) -> Result<void> {
      constexpr std::size_t kSmall = 1u << 20;
      const bool grows = bytes.size() + piece.size() > bytes.capacity();
      // Once it is no small one, all at once: what is not used costs nothing.
      if (grows && bytes.size() > kSmall) bytes.reserve(bytes_max + bytes_max / 4);
      bytes += piece;
      return {};
    };
    encoder.emplace(columnar::flow_columns(format), sink,
                    columnar::ParquetEncoder::Options{.workers = workers});
  }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  std::size_t memory() const { return bytes.size() + encoder->buffered_bytes(); }
};

/// An object that takes no more records: finished and put by a worker, or by who waits for it if no
/// worker has begun until then.
class Closing {
 public:
  Closing(ObjectStore& store, std::string key, std::unique_ptr<Part> part)
      : store_(store), key_(std::move(key)), part_(std::move(part)) {}

  static void post(const std::shared_ptr<Closing>& closing, Runtime& workers) {
    workers.post([closing] {
      if (closing->claim()) closing->run();
    });
  }
  Result<void> wait() {
    if (claim()) run();
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return is_done_; });
    return result_;
  }

 private:
  bool claim() {
    const std::lock_guard lock(mutex_);
    return !std::exchange(is_claimed_, true);
  }
  void run() {
    Result<void> result = put();
    const std::lock_guard lock(mutex_);
    result_ = std::move(result);
    is_done_ = true;
    done_.notify_all();
  }
  Result<void> put() {
    WEIR_CHECK(part_->encoder->finish());
    part_->encoder.reset();
    return store_.put(key_, std::move(part_->bytes),
                      std::string(columnar::flow_file_content_type(true)));
  }

  ObjectStore& store_;
  const std::string key_;
  const std::unique_ptr<Part> part_;
  std::mutex mutex_;
  std::condition_variable done_;
  bool is_claimed_ = false;
  bool is_done_ = false;
  Result<void> result_;
};

class ObjectSink final : public SourceSink {
 public:
  ObjectSink(ObjectStore& store, const ObjectOptions& options, const SourceInfo& source,
             std::string marker)
      : store_(store),
        options_(options),
        source_(source),
        marker_(std::move(marker)),
        origin_(origin_of(source.name)) {}
  ~ObjectSink() override { static_cast<void>(closed()); }  // nothing uses the store afterwards

  Result<void> add(const Batch& batch, std::vector<Refused>& refused) override {
    use(batch.format());
    look_at_ends(batch, refused);
    auto next = refused.begin();
    for (std::size_t row = 0; row < batch.size();) {
      if (next != refused.end() && next->row == row) {
        ++next;
        ++row;
        continue;
      }
      const std::size_t end = next != refused.end() ? next->row : batch.size();
      WEIR_TRY(const std::size_t taken, add_run(batch, row, end));
      row += taken;
    }
    return {};
  }

  /// Objects of a source that is damaged further on hold what was good; it stays unfinished.
  Result<void> finish(bool is_complete) override {
    while (!parts_.empty()) WEIR_CHECK(close(parts_.begin()->first));
    WEIR_CHECK(closed());
    if (!is_complete) return {};
    Document told;
    told["source"] = source_.name;
    told["version"] = source_.version;
    told["records"] = static_cast<std::int64_t>(records_);
    told["objects"] = static_cast<std::int64_t>(objects_);
    return store_.put(marker_, to_json(told) + "\n", "application/json");
  }

 private:
  /// Format and start of the day or hour.
  using PartKey = std::pair<std::size_t, std::int64_t>;

  void use(const flow::Format& format) {
    const auto known = std::ranges::find(formats_, format);
    const auto index = static_cast<std::size_t>(known - formats_.begin());
    if (known == formats_.end()) formats_.push_back(format);
    if (index != format_) current_part_ = nullptr;
    format_ = index;
  }

  /// Which records can be taken, and the end of each.
  void look_at_ends(const Batch& batch, std::vector<Refused>& refused) {
    ends_.resize(batch.size());
    if (const auto seconds = batch.ends(); !seconds.empty() && !batch.rows().has_unfit()) {
      std::ranges::transform(seconds, ends_.begin(), Time::from_seconds);
      return;
    }
    for (std::size_t row = 0; row < batch.size(); ++row) {
      if (!batch.rows().fits(row)) {
        refused.push_back({row, "a value of a number column is no number or too large"});
        continue;
      }
      const auto end = batch.end_of(row);
      if (end && end->ms >= 0) {
        ends_[row] = *end;
      } else {
        refused.push_back({row, "the record has no time"});
      }
    }
  }

  /// Adds records from `first` on, before `end`, that go to one object. Returns how many.
  Result<std::size_t> add_run(const Batch& batch, std::size_t first, std::size_t end) {
    if (origin_.account.empty() || origin_.region.empty()) learn_origin(batch, first);
    Part& part = part_for(ends_[first]);
    end = std::min(
        end, first + static_cast<std::size_t>(kMemoryCheckPeriod - records_ % kMemoryCheckPeriod));
    end = std::min(end, first + part.encoder->rows_max());
    std::size_t behind = first + 1;
    while (behind < end && is_current(ends_[behind])) ++behind;
    WEIR_CHECK(batch.rows().add(*part.encoder, first, behind - first));
    records_ += behind - first;
    if (part.bytes.size() >= options_.object_bytes_max) WEIR_CHECK(close(current_));
    if (records_ % kMemoryCheckPeriod == 0) WEIR_CHECK(make_room());
    return behind - first;
  }

  /// Files that are not named as AWS names them take it from their first record.
  void learn_origin(const Batch& batch, std::size_t row) {
    const std::string_view account = batch.text(flow::Field::account_id, row);
    if (origin_.account.empty() && is_account(account)) origin_.account = account;
    if (origin_.region.empty()) origin_.region = batch.text(flow::Field::region, row);
    if (origin_.account.empty()) origin_.account = options_.scope.account;
    if (origin_.region.empty()) origin_.region = options_.scope.region;
  }

  Duration part_length() const {
    return options_.is_per_hour ? Duration(std::chrono::hours(1))
                                : Duration(std::chrono::hours(24));
  }
  bool is_current(Time end) const {
    return end >= current_start_ && end < current_start_ + part_length();
  }

  Part& part_for(Time end) {
    if (current_part_ != nullptr && is_current(end)) return *current_part_;
    current_start_ = columnar::slot_start(end, part_length());
    current_ = {format_, current_start_.ms};
    std::unique_ptr<Part>& part = parts_[current_];
    if (part == nullptr) {
      part = std::make_unique<Part>(formats_[format_], options_.object_bytes_max, options_.workers);
      part->first_end = end;
    }
    current_part_ = part.get();
    return *part;
  }

  /// Has an object finished and put, after the one before it.
  Result<void> close(PartKey key) {
    WEIR_CHECK(closed());
    auto node = parts_.extract(key);
    std::unique_ptr<Part> part = std::move(node.mapped());
    current_part_ = nullptr;
    const std::uint64_t source = hash_of(source_.name);
    columnar::FlowFile file;
    file.scope = {origin_.account, origin_.region};
    file.flow_log_id = origin_.flow_log_id.empty() ? "fl-0" + hex(source, 16) : origin_.flow_log_id;
    file.folder = options_.folder;
    file.slot = columnar::slot_start(part->first_end);
    file.is_parquet = true;
    file.is_hive_compatible = options_.is_hive_compatible;
    file.is_per_hour = options_.is_per_hour;
    file.hash = hex(hash_of(source_.name + '#' + std::to_string(objects_)), 8);
    ++objects_;
    closing_ = std::make_shared<Closing>(store_, columnar::flow_file_key(file), std::move(part));
    if (options_.workers == nullptr) return closed();
    Closing::post(closing_, *options_.workers);
    return {};
  }

  /// Until the object that was closed last is put.
  Result<void> closed() {
    const auto closing = std::exchange(closing_, nullptr);
    return closing == nullptr ? Result<void>() : closing->wait();
  }

  /// Closes the largest objects while too much is in memory.
  Result<void> make_room() {
    while (true) {
      std::size_t sum = 0;
      const auto size = [](const auto& part) { return part.second->memory(); };
      for (const auto& part : parts_) sum += size(part);
      if (sum <= options_.buffered_bytes_max) return {};
      WEIR_CHECK(close(std::ranges::max_element(parts_, {}, size)->first));
    }
  }

  ObjectStore& store_;
  const ObjectOptions& options_;
  const SourceInfo source_;
  const std::string marker_;
  Origin origin_;
  std::vector<flow::Format> formats_;
  std::size_t format_ = 0;  // of the batch
  std::vector<Time> ends_;  // of its records
  std::map<PartKey, std::unique_ptr<Part>> parts_;
  std::shared_ptr<Closing> closing_;  // shared with the worker
  PartKey current_;
  Part* current_part_ = nullptr;
  Time current_start_;
  std::uint64_t records_ = 0;
  std::uint64_t objects_ = 0;
};

class ObjectDestination final : public Destination {
 public:
  ObjectDestination(ObjectStore& store, ObjectOptions options)
      : store_(store), options_(std::move(options)) {}

  Result<Start> start(const SourceInfo&, const Sources&) override { return Start{}; }

  Result<std::unique_ptr<SourceSink>> open(const SourceInfo& source, Start) override {
    std::string marker = "_weir_import/" + hex(hash_of(source.name), 16) +
                         hex(hash_of(source.name + '/'), 16) + ".json";
    WEIR_TRY(const auto told, store_.get(marker));
    if (told) {
      const auto before = parse_json(*told);
      const Document* version = before ? before->find("version") : nullptr;
      const Document* name = before ? before->find("source") : nullptr;
      const bool is_same = version != nullptr && name != nullptr && version->string() != nullptr &&
                           name->string() != nullptr && *version->string() == source.version &&
                           *name->string() == source.name;
      if (is_same) return std::unique_ptr<SourceSink>();
    }
    return std::unique_ptr<SourceSink>(
        std::make_unique<ObjectSink>(store_, options_, source, std::move(marker)));
  }

 private:
  ObjectStore& store_;
  const ObjectOptions options_;
};

}  // namespace

std::unique_ptr<Destination> object_destination(ObjectStore& store, ObjectOptions options) {
  return std::make_unique<ObjectDestination>(store, std::move(options));
}

}  // namespace weir::import
