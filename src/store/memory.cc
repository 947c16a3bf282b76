// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <mutex>
#include <shared_mutex>

#include "store/kv_store.h"

namespace weir::store {
namespace {

struct Shared {
  mutable std::shared_mutex mutex;
  std::map<std::string, std::string, std::less<>> pairs;
};

/// Copies the pair it stands on, so that it needs the lock only while it moves.
class MemoryCursor final : public Cursor {
 public:
  explicit MemoryCursor(std::shared_ptr<const Shared> shared) : shared_(std::move(shared)) {}
  bool valid() const override { return valid_; }
  std::string_view key() const override { return key_; }
  std::string_view value() const override { return value_; }
  void next() override {
    const std::shared_lock lock(shared_->mutex);
    stand_on(shared_->pairs.upper_bound(key_));
  }
  void previous() override {
    const std::shared_lock lock(shared_->mutex);
    stand_before(shared_->pairs.lower_bound(key_));
  }
  void seek(std::string_view key) override {
    const std::shared_lock lock(shared_->mutex);
    stand_on(shared_->pairs.lower_bound(key));
  }
  void seek_back(std::string_view key) override {
    const std::shared_lock lock(shared_->mutex);
    stand_before(shared_->pairs.upper_bound(key));
  }
  Result<void> status() const override { return {}; }

 private:
  using Iterator = std::map<std::string, std::string, std::less<>>::const_iterator;
  void stand_on(Iterator at) {
    valid_ = at != shared_->pairs.end();
    if (!valid_) return;
    key_ = at->first;
    value_ = at->second;
  }
  void stand_before(Iterator at) {
    if (at == shared_->pairs.begin()) {
      valid_ = false;
    } else {
      stand_on(std::prev(at));
    }
  }

  std::shared_ptr<const Shared> shared_;  // shared: a cursor may outlive the store's last user
  bool valid_ = false;
  std::string key_;
  std::string value_;
};

class MemoryStore final : public KvStore {
 public:
  Result<std::optional<std::string>> get(std::string_view key) const override {
    const std::shared_lock lock(shared_->mutex);
    const auto found = shared_->pairs.find(key);
    if (found == shared_->pairs.end()) return std::optional<std::string>();
    return std::optional(found->second);
  }

  Result<void> write(const WriteBatch& batch) override {
    using Kind = WriteBatch::Operation::Kind;
    const std::unique_lock lock(shared_->mutex);
    auto& pairs = shared_->pairs;
    for (const auto& operation : batch.operations()) {
      if (operation.kind == Kind::put) {
        pairs.insert_or_assign(operation.key, operation.value);
      } else if (operation.kind == Kind::erase) {
        pairs.erase(operation.key);
      } else {
        const auto end = operation.value.empty() ? pairs.end() : pairs.lower_bound(operation.value);
        pairs.erase(pairs.lower_bound(operation.key), end);
      }
    }
    return {};
  }

  std::unique_ptr<Cursor> cursor() const override {
    return std::make_unique<MemoryCursor>(shared_);
  }

 private:
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace

std::unique_ptr<KvStore> make_memory_store() { return std::make_unique<MemoryStore>(); }

}  // namespace weir::store
