// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <vector>

#include "store/kv_store.h"

namespace weir::store {
namespace {

/// What a key held from one write on.
struct Version {
  std::uint64_t since = 0;
  std::shared_ptr<const std::string> value;  // nullptr: erased; shared with cursors on it
};

/// All versions of all keys that a cursor may still see.
struct Shared {
  using Pairs = std::map<std::string, std::vector<Version>, std::less<>>;

  mutable std::shared_mutex mutex;
  Pairs pairs;
  std::uint64_t writes = 0;
  std::multiset<std::uint64_t> cursors;      // the number of writes that each of them sees
  std::set<std::string, std::less<>> stale;  // keys with more than one version

  static const std::shared_ptr<const std::string>* visible(const std::vector<Version>& versions,
                                                           std::uint64_t at) {
    for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
      if (version->since <= at) return version->value ? &version->value : nullptr;
    }
    return nullptr;
  }
  void set(const std::string& key, std::shared_ptr<const std::string> value) {
    const auto pair = pairs.try_emplace(key).first;
    pair->second.push_back({writes, std::move(value)});
    if (is_stale_after_clean(pair)) stale.insert(key);
  }
  void erase_range(const std::string& from, const std::string& to) {
    auto pair = pairs.lower_bound(from);
    while (pair != pairs.end() && (to.empty() || pair->first < to)) {
      const auto here = pair++;
      here->second.push_back({writes, nullptr});
      const std::string key = here->first;
      if (is_stale_after_clean(here)) stale.insert(key);
    }
  }
  /// Forgets what no cursor sees; the pair is gone if nothing is left.
  bool is_stale_after_clean(Pairs::iterator pair) {
    std::vector<Version>& versions = pair->second;
    for (std::size_t i = 0; i + 1 < versions.size();) {
      const auto cursor = cursors.lower_bound(versions[i].since);
      if (cursor != cursors.end() && *cursor < versions[i + 1].since) {
        ++i;
      } else {
        versions.erase(versions.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
    if (versions.size() > 1) return true;
    if (!versions.front().value) pairs.erase(pair);
    return false;
  }
  void forget_cursor(std::uint64_t at) {
    cursors.erase(cursors.find(at));
    std::erase_if(stale, [this](const std::string& key) {
      const auto pair = pairs.find(key);
      return pair == pairs.end() || !is_stale_after_clean(pair);
    });
  }
};

class MemoryCursor final : public Cursor {
 public:
  explicit MemoryCursor(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {
    const std::unique_lock lock(shared_->mutex);
    at_ = shared_->writes;
    shared_->cursors.insert(at_);
  }
  ~MemoryCursor() override {
    const std::unique_lock lock(shared_->mutex);
    shared_->forget_cursor(at_);
  }
  MemoryCursor(const MemoryCursor&) = delete;
  MemoryCursor& operator=(const MemoryCursor&) = delete;

  bool valid() const override { return value_ != nullptr; }
  std::string_view key() const override { return key_; }
  std::string_view value() const override { return *value_; }
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
  bool take(const Shared::Pairs::value_type& pair) {
    const auto* const value = Shared::visible(pair.second, at_);
    if (value == nullptr) return false;
    key_ = pair.first;
    value_ = *value;
    return true;
  }
  void stand_on(Shared::Pairs::const_iterator at) {
    for (; at != shared_->pairs.end(); ++at) {
      if (take(*at)) return;
    }
    value_ = nullptr;
  }
  void stand_before(Shared::Pairs::const_iterator at) {
    while (at != shared_->pairs.begin()) {
      if (take(*--at)) return;
    }
    value_ = nullptr;
  }

  std::shared_ptr<Shared> shared_;  // shared: a cursor may outlive the store's last user
  std::uint64_t at_ = 0;
  std::string key_;
  std::shared_ptr<const std::string> value_;  // shared with the store; nullptr: not valid
};

class MemoryStore final : public KvStore {
 public:
  Result<std::optional<std::string>> get(std::string_view key) const override {
    const std::shared_lock lock(shared_->mutex);
    const auto found = shared_->pairs.find(key);
    if (found == shared_->pairs.end() || !found->second.back().value) {
      return std::optional<std::string>();
    }
    return std::optional(*found->second.back().value);
  }

  Result<void> write(const WriteBatch& batch) override {
    using Kind = WriteBatch::Operation::Kind;
    const std::unique_lock lock(shared_->mutex);
    ++shared_->writes;
    for (const auto& operation : batch.operations()) {
      if (operation.kind == Kind::put) {
        shared_->set(operation.key, std::make_shared<const std::string>(operation.value));
      } else if (operation.kind == Kind::erase) {
        shared_->set(operation.key, nullptr);
      } else {
        shared_->erase_range(operation.key, operation.value);
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
