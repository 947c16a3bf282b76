// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "base/guarded.h"
#include "base/result.h"
#include "base/runtime.h"
#include "objects/types.h"

namespace weir::objects {

/// Objects as files below a folder (one per bucket): the part of the store that knows the layout.
///
/// The object of key `a/b.log` is the file `a/b.log`. What is known of it lies in
/// `a/.b.log~<version>`, where <version> is made of the file's size and its time of modification,
/// which carries six random digits below the millisecond. A put writes and syncs both files
/// elsewhere, moves the metadata into place and then, as the commit, the data. A reader finds the
/// metadata by what the data file is, so it never takes the new for the old.
///
/// Threads: all functions may be called from any thread.
class Tree {
 public:
  Tree(Runtime& runtime, bool is_durable) : runtime_(runtime), is_durable_(is_durable) {}

  /// Decides on what is there (nullptr: nothing) whether to go on. Called under the key's lock.
  using Check = std::function<Result<void>(const ObjectInfo* present)>;

  /// Makes `file`, already synced, the object `info.key`. `metadata_file` is a free name for a
  /// temporary file; both lie on the tree's file system. Sets size and time of modification of the
  /// answer.
  Result<ObjectInfo> commit(const std::filesystem::path& root, const std::filesystem::path& file,
                            const std::filesystem::path& metadata_file, ObjectInfo info,
                            const Check& check);
  /// Replaces what is known of an object, keeping its data and time.
  Result<void> change(const std::filesystem::path& root, std::string_view key,
                      const std::filesystem::path& metadata_file,
                      const std::function<void(ObjectInfo&)>& change);
  /// nullptr: there is none.
  Result<std::shared_ptr<const OpenObject>> open(const std::filesystem::path& root,
                                                 std::string_view key) const;
  Result<std::optional<ObjectInfo>> find(const std::filesystem::path& root,
                                         std::string_view key) const;
  Result<std::optional<std::filesystem::path>> file_of(const std::filesystem::path& root,
                                                       std::string_view key) const;
  /// No Error if there is no such object.
  Result<void> remove(const std::filesystem::path& root, std::string_view key, const Check& check);

  enum class Step : std::uint8_t { go_on, skip, stop };
  struct Visitor {
    /// The keys of a folder, all with this prefix, come next: go on into it, or skip it.
    std::function<Step(const std::string& key_prefix)> folder;
    /// A key, in the order of the bytes of all keys.
    std::function<Result<Step>(const std::string& key)> object;
  };
  /// Visits the keys that begin with `prefix`; only the folders that can hold some are read.
  Result<void> walk(const std::filesystem::path& root, std::string_view prefix,
                    const Visitor& visitor) const;
  /// Forgets which folders are durable (they were removed).
  void forget_folders();

 private:
  struct Location;
  struct Opened;
  static constexpr std::size_t kStripes = 64;
  static constexpr std::size_t kDurableFoldersMax = 4096;

  std::shared_mutex& stripe(const std::filesystem::path& root, std::string_view key) const;
  Result<Opened> look_up(const Location& location) const;
  Result<void> make_folders(const std::filesystem::path& root, const std::filesystem::path& folder);
  Result<void> make_folder(const std::filesystem::path& folder);
  Result<bool> place(const std::filesystem::path& root, const Location& location,
                     const std::filesystem::path& file, const std::filesystem::path& metadata_file,
                     const std::string& version, const Check& check, std::string& replaced);
  Result<Step> walk_folder(const std::filesystem::path& folder, std::string& key,
                           std::string_view prefix, const Visitor& visitor) const;

  Runtime& runtime_;
  const bool is_durable_;
  mutable std::array<std::shared_mutex, kStripes> stripes_;  // one per key, by its hash
  /// Shared: who looks up or lists files. Exclusive: moving a file out of the way of a folder.
  mutable std::shared_mutex layout_;
  /// Folders whose own entry is known to be durable; all are forgotten when there are too many.
  Guarded<std::set<std::filesystem::path>> durable_folders_;
};

}  // namespace weir::objects
