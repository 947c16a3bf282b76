// SPDX-License-Identifier: Apache-2.0
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <filesystem>

#include "base/log.h"
#include "store/kv_store.h"

#ifdef __SANITIZE_THREAD__
extern "C" void __tsan_ignore_thread_begin();
extern "C" void __tsan_ignore_thread_end();
#endif

namespace weir::store {
namespace {

constexpr std::size_t kBlockCacheBytes = 32u << 20;
constexpr std::size_t kWriteBufferBytes = 16u << 20;
constexpr int kWriteBuffersMax = 4;
constexpr int kOpenFilesMax = 512;
// A file with so many erased keys among so many neighbours is compacted soon: otherwise the values
// that they cover would stay on the disk until the store has grown by as much again.
constexpr std::size_t kErasedWindow = 256;
constexpr std::size_t kErasedInWindow = 128;
constexpr std::size_t kManifestStepBytes = 64u << 10;  // what is set aside; the default is 4 MiB
// With less free space than that (or than that part of a small disk) puts are refused, and further
// down erasures as well.
constexpr std::uint64_t kFreeBytesToPut = 256u << 20;
constexpr std::uint64_t kFreeBytesToErase = 64u << 20;
constexpr std::uint64_t kCapacityDivisorToPut = 10;
constexpr std::uint64_t kCapacityDivisorToErase = 40;

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const rocksdb::Slice& text) { return {text.data(), text.size()}; }

Error store_error(const rocksdb::Status& status) {
  log::error("store failed", {{"error", status.ToString()}});
  return {
      ErrorKind::unavailable, "ServiceUnavailableException",
      "The service cannot complete the request: the store answered '" + status.ToString() + "'."};
}

/// What happens inside RocksDB while one is there is no matter of TSan's: the library is not
/// compiled with it, so TSan does not see how its writers hand their batches to each other.
class Unjudged {
 public:
#ifdef __SANITIZE_THREAD__
  Unjudged() { __tsan_ignore_thread_begin(); }
  ~Unjudged() { __tsan_ignore_thread_end(); }
#else
  Unjudged() = default;
  ~Unjudged() = default;
#endif
  Unjudged(const Unjudged&) = delete;
  Unjudged& operator=(const Unjudged&) = delete;
};

class RocksCursor final : public Cursor {
 public:
  explicit RocksCursor(rocksdb::Iterator* iterator) : iterator_(iterator) {}
  bool valid() const override { return iterator_->Valid(); }
  std::string_view key() const override { return view(iterator_->key()); }
  std::string_view value() const override { return view(iterator_->value()); }
  void next() override { iterator_->Next(); }
  void previous() override { iterator_->Prev(); }
  void seek(std::string_view key) override { iterator_->Seek(slice(key)); }
  void seek_back(std::string_view key) override { iterator_->SeekForPrev(slice(key)); }
  Result<void> status() const override {
    if (const auto status = iterator_->status(); !status.ok()) return store_error(status);
    return {};
  }

 private:
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

class RocksStore final : public KvStore {
 public:
  RocksStore(rocksdb::DB* db, std::string folder) : db_(db), folder_(std::move(folder)) {}
  ~RocksStore() override {
    if (const auto status = db_->Close(); !status.ok()) store_error(status);
  }

  Result<std::optional<std::string>> get(std::string_view key) const override {
    std::string value;
    const auto status = db_->Get({}, slice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    if (!status.ok()) return store_error(status);
    return std::optional(std::move(value));
  }

  Result<void> write(const WriteBatch& batch) override {
    using Kind = WriteBatch::Operation::Kind;
    rocksdb::WriteBatch changes;
    bool only_erases = true;
    for (const auto& operation : batch.operations()) {
      rocksdb::Status status;
      only_erases = only_erases && operation.kind != Kind::put;
      if (operation.kind == Kind::put) {
        status = changes.Put(operation.key, operation.value);
      } else if (operation.kind == Kind::erase) {
        status = changes.Delete(operation.key);
      } else {
        status = changes.DeleteRange(operation.key, range_end(operation.value));
      }
      if (!status.ok()) return store_error(status);
    }
    WEIR_CHECK(check_space(only_erases));
    rocksdb::WriteOptions options;
    options.sync = true;  // RocksDB joins concurrent writers into one log write and one fsync
    [[maybe_unused]] const Unjudged inside;
    auto status = db_->Write(options, &changes);
    // After a failure in the background RocksDB takes no writes until it is told to go on.
    if (!status.ok() && db_->Resume().ok()) status = db_->Write(options, &changes);
    if (!status.ok()) return store_error(status);
    return {};
  }

  Result<void> reclaim(std::string_view from, std::string_view to) override {
    const rocksdb::Slice begin = slice(from);
    const std::string end = range_end(std::string(to));
    const rocksdb::Slice end_slice = end;
    WEIR_CHECK(check_space(true));
    [[maybe_unused]] const Unjudged inside;
    rocksdb::CompactRangeOptions options;
    options.exclusive_manual_compaction = false;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    const auto status = db_->CompactRange(options, &begin, &end_slice);
    if (!status.ok()) return store_error(status);
    return {};
  }

  std::unique_ptr<Cursor> cursor() const override {
    rocksdb::ReadOptions options;
    return std::make_unique<RocksCursor>(db_->NewIterator(options));
  }

 private:
  /// DeleteRange needs an end; no key of ours begins with so many 0xff bytes.
  static std::string range_end(const std::string& end) {
    return end.empty() ? std::string(64, '\xff') : end;
  }

  /// Refuses before the disk is full to the last byte: RocksDB needs room to merge its files.
  Result<void> check_space(bool only_erases) const {
    std::error_code failure;
    const auto space = std::filesystem::space(folder_, failure);
    if (failure) return {};  // the write itself will tell
    const auto is_enough = [&](std::uint64_t needed, std::uint64_t divisor) {
      return space.available >= std::min<std::uint64_t>(needed, space.capacity / divisor);
    };
    const bool has_space = is_enough(kFreeBytesToPut, kCapacityDivisorToPut);
    if (is_full_.exchange(!has_space) == has_space) {
      if (has_space) {
        log::info("the disk of the store has space again", {{"folder", folder_}});
      } else {
        log::error("the disk of the store is full, writes are refused until there is space",
                   {{"folder", folder_}, {"available_bytes", space.available}});
      }
    }
    if (has_space || (only_erases && is_enough(kFreeBytesToErase, kCapacityDivisorToErase))) {
      return {};
    }
    return Error{ErrorKind::unavailable, "ServiceUnavailableException",
                 "The service cannot complete the request: the disk of the store is full."};
  }

  std::unique_ptr<rocksdb::DB> db_;
  std::string folder_;
  mutable std::atomic<bool> is_full_{false};  // told in the log
};

rocksdb::Options database_options() {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.cache_index_and_filter_blocks = true;
  rocksdb::Options options;
  options.create_if_missing = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = kWriteBufferBytes;
  options.max_write_buffer_number = kWriteBuffersMax;
  options.max_open_files = kOpenFilesMax;
  options.compression = rocksdb::kLZ4Compression;
  options.bottommost_compression = rocksdb::kZSTD;
  options.level_compaction_dynamic_level_bytes = true;
  options.table_properties_collector_factories.push_back(
      rocksdb::NewCompactOnDeletionCollectorFactory(kErasedWindow, kErasedInWindow));
  options.manifest_preallocation_size = kManifestStepBytes;
  options.keep_log_file_num = 3;
  options.max_log_file_size = 1u << 20;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  return options;
}

}  // namespace

Result<std::unique_ptr<KvStore>> open_rocksdb_store(const std::string& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) {
    return Error{ErrorKind::unavailable, "ServiceUnavailableException",
                 "cannot create the folder " + folder + ": " + failure.message() +
                     " (choose another with --data, or change its owner)"};
  }
  rocksdb::DB* db = nullptr;
  if (const auto status = rocksdb::DB::Open(database_options(), folder, &db); !status.ok()) {
    std::string help;
    if (status.ToString().find("lock") != std::string::npos)
      help = " (is another daemon using it?)";
    return Error{ErrorKind::unavailable, "ServiceUnavailableException",
                 "cannot open the store in " + folder + ": " + status.ToString() + help};
  }
  return std::unique_ptr<KvStore>(std::make_unique<RocksStore>(db, folder));
}

}  // namespace weir::store
