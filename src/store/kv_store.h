// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace weir::store {

/// Writes that become visible and durable together.
class WriteBatch {
 public:
  struct Operation {
    enum class Kind { put, erase, erase_range } kind;
    std::string key;
    std::string value;  // erase_range: the end, exclusive
  };
  void put(std::string key, std::string value) {
    operations_.push_back({Operation::Kind::put, std::move(key), std::move(value)});
  }
  void erase(std::string key) {
    operations_.push_back({Operation::Kind::erase, std::move(key), {}});
  }
  /// Keys in [from, to).
  void erase_range(std::string from, std::string to) {
    operations_.push_back({Operation::Kind::erase_range, std::move(from), std::move(to)});
  }
  void erase_prefix(std::string_view prefix);
  const std::vector<Operation>& operations() const { return operations_; }
  bool empty() const { return operations_.empty(); }

 private:
  std::vector<Operation> operations_;
};

/// Walks keys in byte order. It sees the store as it was at its creation: every write that finished
/// before, none that began later. While it lives the store keeps what it sees. Views are valid
/// until the next move. One thread at a time.
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual bool valid() const = 0;
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
  virtual void next() = 0;
  virtual void previous() = 0;
  /// To the first key >= `key`.
  virtual void seek(std::string_view key) = 0;
  /// To the last key <= `key`.
  virtual void seek_back(std::string_view key) = 0;
  /// An error met while walking makes the cursor invalid; look here at the end.
  virtual Result<void> status() const = 0;
};

/// Ordered bytes to bytes. Several modules share one; each keeps to its own key prefix (`logs/`,
/// `sns/` ...), followed by Scope::key().
///
/// Threads: all functions may be called from any thread.
/// Durability: write() returns when the batch survives kill -9 and power loss; concurrent writers
/// share one fsync (group commit). The memory store keeps nothing. Errors: kind unavailable, code
/// ServiceUnavailableException when the disk is full or fails; nothing of the batch is then
/// visible, reading goes on, and writes succeed again once there is space. Batches that only erase
/// are taken a little longer, so that space can be made.
class KvStore {
 public:
  virtual ~KvStore() = default;
  virtual Result<std::optional<std::string>> get(std::string_view key) const = 0;
  virtual Result<void> write(const WriteBatch& batch) = 0;
  virtual std::unique_ptr<Cursor> cursor() const = 0;
  /// Gives the disk space of what was erased in [from, to) back at once; takes as long as reading
  /// what is left there. Without it the space comes back as the store is written on. A store
  /// without files has nothing to do.
  virtual Result<void> reclaim(std::string_view from, std::string_view to);

  Result<void> put(std::string key, std::string value);
  Result<void> erase(std::string key);
  /// Calls `visit` for each pair whose key begins with `prefix`, in key order, until it returns
  /// false.
  Result<void> scan(
      std::string_view prefix,
      const std::function<bool(std::string_view key, std::string_view value)>& visit) const;
};

/// The first key after all that begin with `prefix` ("" if there is none).
std::string prefix_end(std::string_view prefix);

/// Keeps everything in memory: `--ephemeral` and tests.
std::unique_ptr<KvStore> make_memory_store();
/// RocksDB in `folder`, created if missing. Error: names the folder and what would help.
Result<std::unique_ptr<KvStore>> open_rocksdb_store(const std::string& folder);

/// Big-endian, so that numbers sort as bytes.
void append_u64(std::string& key, std::uint64_t number);
std::uint64_t read_u64(std::string_view bytes);

}  // namespace weir::store
