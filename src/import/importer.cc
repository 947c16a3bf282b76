// SPDX-License-Identifier: Apache-2.0
#include "import/importer.h"

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <set>
#include <utility>

#include "base/guarded.h"
#include "client/signed_client.h"
#include "import/readers.h"

namespace weir::import {
namespace {

constexpr std::size_t kFailedMax = 100'000;  // sources not to be tried again while following
constexpr Duration kStopCheckTime{200};
constexpr std::size_t kDamageTextMax = 200;

Error stopped() { return {ErrorKind::unavailable, "Stopped", "the import was stopped"}; }

/// Counts the bytes that go through it.
class Counted final : public columnar::ByteSource {
 public:
  Counted(std::unique_ptr<columnar::ByteSource> source, std::atomic<std::uint64_t>& bytes)
      : source_(std::move(source)), bytes_(bytes) {}
  Result<std::string_view> next() override {
    auto piece = source_->next();
    if (piece) bytes_ += piece->size();
    return piece;
  }

 private:
  std::unique_ptr<columnar::ByteSource> source_;
  std::atomic<std::uint64_t>& bytes_;
};

/// A file that is removed with it.
class TemporaryFile {
 public:
  static Result<std::unique_ptr<TemporaryFile>> of(columnar::ByteSource& bytes, Runtime& runtime) {
    std::unique_ptr<TemporaryFile> file(new TemporaryFile);
    file->path_ =
        std::filesystem::temp_directory_path() / ("weir-import-" + runtime.hex(16) + ".parquet");
    std::ofstream out(file->path_, std::ios::binary);
    while (out) {
      WEIR_TRY(const std::string_view piece, bytes.next());
      if (piece.empty()) break;
      out.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    }
    out.close();
    if (out) return file;
    return Error{ErrorKind::unavailable, "CannotWrite", "cannot write " + file->path_.string()};
  }
  ~TemporaryFile() {
    std::error_code ignored;  // a file less in the folder for temporary files or not
    std::filesystem::remove(path_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  TemporaryFile() = default;
  std::filesystem::path path_;
};

std::string kind_text(const FileSummary& file) {
  const std::string_view packing = file.packing == columnar::Packing::gzip   ? "gzip "
                                   : file.packing == columnar::Packing::zstd ? "zstd "
                                                                             : "";
  return std::string(packing) + std::string(to_string(file.kind));
}

}  // namespace

struct Importer::Impl {
  Runtime& runtime;
  Destination& destination;
  const Config config;
  const std::atomic<bool>& stop;
  Progress progress;
  Guarded<Summary> summary;
  std::atomic<std::uint64_t> bytes_known{0};  // of sources that were passed over

  // The queue of sources between the thread that lists and the jobs.
  struct Work {
    Sources* place = nullptr;
    SourceInfo source;
    Destination::Start start;
  };
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t running = 0;
  std::optional<Error> fatal;                            // of the destination
  std::set<std::pair<std::string, std::string>> failed;  // name, version

  Impl(Runtime& runtime_in, Destination& destination_in, Config config_in,
       const std::atomic<bool>& stop_in)
      : runtime(runtime_in),
        destination(destination_in),
        config(std::move(config_in)),
        stop(stop_in) {}

  bool must_end() {
    const std::lock_guard lock(mutex);
    return stop || fatal;
  }

  Result<void> take_pass(const std::vector<std::unique_ptr<Sources>>& places, bool is_first);
  Result<void> start_source(Sources& place, const SourceInfo& source);
  void work(const Work& work);
  Result<void> read(const Work& work, SourceSink& sink, FileSummary& file, Summary& found);
  void fail(const SourceInfo& source, const Error& error);
  void merge(const Summary& found);
};

namespace {

/// Passes records on and counts.
class Counting final : public Visitor {
 public:
  Counting(SourceSink& sink, const SourceInfo& source, const Importer::Config& config,
           Progress& progress, const std::atomic<bool>& stop, Summary& found)
      : sink_(sink),
        shown_(source.shown()),
        file_time_(source.time()),
        config_(config),
        progress_(progress),
        stop_(stop),
        found_(found) {}

  Result<void> on_batch(Batch& batch) override {
    batch.set_file_time(file_time_);
    refused_.clear();
    if (const auto added = sink_.add(batch, refused_); !added) {
      sink_error_ = added.error();
      return added;
    }
    for (const SourceSink::Refused& refused : refused_) {
      on_damage({batch.number(refused.row), std::string(refused.why),
                 std::string(batch.line(refused.row, line_).substr(0, kDamageTextMax))});
    }
    count(batch);
    return stop_ ? Result<void>(stopped()) : Result<void>();
  }

  void on_damage(Damage damage) override {
    found_.damaged += damage.count;
    progress_.damaged += damage.count;
    if (found_.damages.size() < config_.damages_max) {
      found_.damages.push_back(
          {shown_, damage.number, std::move(damage.reason), std::move(damage.text)});
    }
  }

  /// That of the sink, if it is why the reading ended.
  const std::optional<Error>& sink_error() const { return sink_error_; }

 private:
  void count(const Batch& batch) {
    const std::uint64_t taken = batch.size() - refused_.size();
    found_.records += taken;
    progress_.records += taken;
    if (taken == 0) return;
    if (format_ != batch.format()) {
      format_ = batch.format();
      format_text_ = batch.format().text();
    }
    found_.formats[format_text_] += taken;
    Batch::Span span{found_.first, found_.last};
    if (refused_.empty()) {
      const Batch::Span all = batch.span();
      span.add(all.first);
      span.add(all.last);
    } else {
      auto next = refused_.begin();
      for (std::size_t row = 0; row < batch.size(); ++row) {
        const bool is_refused = next != refused_.end() && next->row == row;
        if (is_refused) {
          ++next;
        } else {
          span.add(batch.time_of(row));
        }
      }
    }
    found_.first = span.first;
    found_.last = span.last;
  }

  SourceSink& sink_;
  const std::string shown_;
  const Time file_time_;
  const Importer::Config& config_;
  Progress& progress_;
  const std::atomic<bool>& stop_;
  Summary& found_;
  std::optional<flow::Format> format_;
  std::string format_text_;
  std::string line_;
  std::vector<SourceSink::Refused> refused_;
  std::optional<Error> sink_error_;
};

}  // namespace

void Importer::Impl::fail(const SourceInfo& source, const Error& error) {
  auto locked = summary.lock();
  ++locked->sources_failed;
  if (locked->failures.size() < config.damages_max) {
    locked->failures.push_back({std::string(source.shown()), 0, error.message, {}});
  }
}

void Importer::Impl::merge(const Summary& found) {
  auto locked = summary.lock();
  locked->records += found.records;
  locked->damaged += found.damaged;
  locked->expired += found.expired;
  for (const auto& [kind, count] : found.kinds) locked->kinds[kind] += count;
  for (const auto& [format, count] : found.formats) locked->formats[format] += count;
  if (found.first && (!locked->first || *found.first < *locked->first)) {
    locked->first = found.first;
  }
  if (found.last && (!locked->last || *found.last > *locked->last)) locked->last = found.last;
  for (const auto& damage : found.damages) {
    if (locked->damages.size() < config.damages_max) locked->damages.push_back(damage);
  }
}

/// Reads a source into its sink. The Error is of the source unless the sink's.
Result<void> Importer::Impl::read(const Work& work, SourceSink& sink, FileSummary& file,
                                  Summary& found) {
  WEIR_TRY(auto bytes, work.place->open(work.source));
  WEIR_TRY(columnar::Unpacked unpacked,
           columnar::unpack(std::make_unique<Counted>(std::move(bytes), progress.bytes)));
  Counting visitor(sink, work.source, config, progress, stop, found);
  Result<FileSummary> done = FileSummary{};
  if (unpacked.is_parquet) {
    std::filesystem::path local = work.place->local_file(work.source);
    std::unique_ptr<TemporaryFile> spooled;
    if (local.empty()) {
      WEIR_TRY(spooled, TemporaryFile::of(*unpacked.bytes, runtime));
      local = spooled->path();
    } else {
      progress.bytes += work.source.bytes;
    }
    done = read_parquet(local, visitor);
  } else {
    const columnar::Packing packing = unpacked.packing;
    const auto ahead = prefetch(runtime, std::move(unpacked.bytes));
    done = read_stream(*ahead, config.format, visitor);
    if (done) done->packing = packing;
  }
  if (visitor.sink_error()) {
    const std::lock_guard lock(mutex);
    if (!fatal) fatal = *visitor.sink_error();
    return *visitor.sink_error();
  }
  WEIR_TRY(file, std::move(done));
  return {};
}

void Importer::Impl::work(const Work& work) {
  Summary found;
  auto sink = destination.open(work.source, work.start);
  if (!sink) {
    const std::lock_guard lock(mutex);
    if (!fatal) fatal = sink.error();
    return;
  }
  if (*sink == nullptr) {
    ++summary.lock()->sources_known;
    return;
  }
  FileSummary file;
  const auto done = read(work, **sink, file, found);
  if (must_end()) return merge(found);
  const auto finished = (*sink)->finish(static_cast<bool>(done));
  found.expired = (*sink)->expired();
  merge(found);
  if (!finished) {
    const std::lock_guard lock(mutex);
    if (!fatal) fatal = finished.error();
    return;
  }
  if (!done) {
    fail(work.source, done.error());
    const std::lock_guard lock(mutex);
    if (failed.size() < kFailedMax) failed.emplace(work.source.name, work.source.version);
    return;
  }
  auto locked = summary.lock();
  ++locked->sources;
  ++locked->kinds[kind_text(file)];
}

/// Hands a source to a job unless it is done; waits while too many wait.
Result<void> Importer::Impl::start_source(Sources& place, const SourceInfo& source) {
  {
    const std::lock_guard lock(mutex);
    if (failed.contains({source.name, source.version})) return {};
  }
  WEIR_TRY(const Destination::Start start, destination.start(source, place));
  ++progress.sources_listed;
  progress.bytes_listed += source.bytes;
  if (start.is_complete) {
    ++summary.lock()->sources_known;
    ++progress.sources;
    progress.bytes += source.bytes;  // they need no time
    bytes_known += source.bytes;
    return {};
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [this] { return running < config.jobs || fatal; });
  ++running;
  runtime.post([this, task = Work{&place, source, start}] {
    work(task);
    ++progress.sources;
    const std::lock_guard done(mutex);
    --running;
    changed.notify_all();
  });
  return {};
}

Result<void> Importer::Impl::take_pass(const std::vector<std::unique_ptr<Sources>>& places,
                                       bool is_first) {
  Result<void> listed;
  for (const auto& place : places) {
    Result<void> begun;
    const auto take = [&](const SourceInfo& source) {
      const bool is_local = !place->local_file(source).empty();
      const bool is_settling =
          config.follow && is_local && runtime.now() - source.modified < config.settle_time;
      if (!is_settling) begun = start_source(*place, source);
      return begun && !must_end();
    };
    listed = is_first ? place->list(take) : place->list_new(take);
    if (listed && !begun) listed = begun;
    if (!listed || must_end()) break;
  }
  if (listed && !config.follow) progress.is_all_listed = true;
  std::unique_lock lock(mutex);
  changed.wait(lock, [this] { return running == 0; });
  if (fatal) return *fatal;
  return listed;
}

Importer::Importer(Runtime& runtime, Destination& destination, Config config,
                   const std::atomic<bool>& stop)
    : impl_(std::make_unique<Impl>(runtime, destination, std::move(config), stop)) {}
Importer::~Importer() = default;

Result<void> Importer::run(const std::vector<std::unique_ptr<Sources>>& places) {
  WEIR_CHECK(impl_->take_pass(places, true));
  while (impl_->config.follow && !impl_->stop) {
    const Time next = impl_->runtime.now() + impl_->config.poll_period;
    while (!impl_->stop && impl_->runtime.now() < next) {
      client::wait_for(impl_->runtime, std::min(kStopCheckTime, impl_->config.poll_period));
    }
    if (impl_->stop) break;
    WEIR_CHECK(impl_->take_pass(places, false));
  }
  return {};
}

Summary Importer::summary() const {
  Summary summary = *impl_->summary.lock();
  summary.bytes = impl_->progress.bytes - impl_->bytes_known;
  return summary;
}
const Progress& Importer::progress() const { return impl_->progress; }

}  // namespace weir::import
