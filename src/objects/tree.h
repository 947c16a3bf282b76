// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

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
/// The current version is always that file. Older versions and delete markers lie in the folder
/// `a/.b.log~v`: `<order>-<suffix>` (data), `<order>-<suffix>.json` (its metadata) or
/// `<order>-<suffix>.marker`; <order> is a time in nanoseconds, 16 hexadecimal digits, and with
/// <suffix> behind it the version id. A put into a versioned bucket links the present file into
/// that folder before the rename that replaces it. A delete marker names the data file that it
/// hides, and means nothing as long as that one is still in its place. So each change of the
/// current version is one rename or one unlink, and what a crash leaves is void by itself.
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
                            VersionMode mode, const Check& check);
  /// Replaces what is known of an object (or of a version), keeping its data and time. Error
  /// NoSuchKey or NoSuchVersion; MethodNotAllowed for a delete marker.
  Result<ObjectInfo> change(const std::filesystem::path& root, std::string_view key,
                            std::string_view version_id, const std::filesystem::path& metadata_file,
                            const std::function<Result<void>(ObjectInfo&)>& change);
  /// nullptr: there is none.
  Result<std::shared_ptr<const OpenObject>> open(const std::filesystem::path& root,
                                                 std::string_view key) const;
  Result<std::optional<ObjectInfo>> find(const std::filesystem::path& root,
                                         std::string_view key) const;
  /// Of one version, `null` or an id. A delete marker has no data: find_version() returns it,
  /// open_version() nothing.
  Result<std::shared_ptr<const OpenObject>> open_version(const std::filesystem::path& root,
                                                         std::string_view key,
                                                         std::string_view version_id) const;
  Result<std::optional<ObjectInfo>> find_version(const std::filesystem::path& root,
                                                 std::string_view key,
                                                 std::string_view version_id) const;
  /// All versions and delete markers of a key, newest first.
  Result<std::vector<ObjectInfo>> versions(const std::filesystem::path& root,
                                           std::string_view key) const;
  /// The newest delete marker of a key that has no object.
  Result<std::optional<ObjectInfo>> current_marker(const std::filesystem::path& root,
                                                   std::string_view key) const;
  Result<std::optional<std::filesystem::path>> file_of(const std::filesystem::path& root,
                                                       std::string_view key) const;
  /// Without versions the object goes; nothing is no Error. With versions a delete marker comes.
  Result<Removed> remove(const std::filesystem::path& root, std::string_view key,
                         const std::filesystem::path& temporary, VersionMode mode,
                         const Check& check);
  /// For good. What was below the current version becomes the current one. Nothing: no Error.
  Result<Removed> remove_version(const std::filesystem::path& root, std::string_view key,
                                 std::string_view version_id,
                                 const std::filesystem::path& temporary, const Check& check);

  enum class Step : std::uint8_t { go_on, skip, stop };
  struct Visitor {
    /// The keys of a folder, all with this prefix, come next: go on into it, or skip it.
    std::function<Step(const std::string& key_prefix)> folder;
    /// A key, in the order of the bytes of all keys.
    std::function<Result<Step>(const std::string& key)> object;
  };
  /// Visits the keys that begin with `prefix`; only the folders that can hold some are read.
  /// `after`: what sorts before it need not be visited, but may be. `with_versions`: also keys that
  /// have older versions or delete markers only.
  Result<void> walk(const std::filesystem::path& root, std::string_view prefix,
                    const Visitor& visitor, bool with_versions = false,
                    std::string_view after = {}) const;
  /// Forgets which folders are durable (they were removed).
  void forget_folders();

 private:
  struct Location;
  struct Opened;
  struct Older;
  struct Replaced;
  class Entries;
  /// Folders from kRememberedMin entries on; all are forgotten when they have more than
  /// kRememberedMax together, which is about 100 MB.
  struct Remembered {
    struct Folder {
      timespec modified;
      std::uint64_t changes;
      std::shared_ptr<const Entries> entries;
    };
    std::map<std::string, Folder> folders;
    std::size_t entries = 0;
  };
  static constexpr std::size_t kRememberedMin = 256;
  static constexpr std::size_t kRememberedMax = 2'000'000;
  static constexpr std::size_t kChangeCounters = 256;
  static constexpr std::size_t kStripes = 64;
  static constexpr std::size_t kDurableFoldersMax = 4096;

  std::shared_mutex& stripe(const std::filesystem::path& root, std::string_view key) const;
  Result<Opened> look_up(const Location& location) const;
  Result<void> make_folders(const std::filesystem::path& root, const std::filesystem::path& folder);
  Result<void> make_folder(const std::filesystem::path& folder);
  Result<bool> place(const std::filesystem::path& root, const Location& location,
                     const std::filesystem::path& file, const std::filesystem::path& metadata_file,
                     const std::string& version, ObjectInfo& info, VersionMode mode,
                     const Check& check, Replaced& replaced);
  struct Wanted {
    std::string_view prefix;
    std::string_view after;
    bool with_versions;
  };
  Result<Step> walk_folder(const std::filesystem::path& folder, std::string& key,
                           const Wanted& wanted, const Visitor& visitor) const;
  Result<std::shared_ptr<const Entries>> entries_of(const std::filesystem::path& folder,
                                                    bool with_versions) const;
  std::atomic<std::uint64_t>& changes(const std::filesystem::path& folder) const;
  void folder_changed(const std::filesystem::path& folder);
  void remove_empty_folders(const Location& location);

  // tree_versions.cc; under the key's lock.
  Result<std::vector<Older>> older(const Location& location, const Opened& present,
                                   std::vector<Older>* void_ones = nullptr) const;
  Result<ObjectInfo> describe(const Location& location, const Older& version) const;
  Result<std::optional<ObjectInfo>> find_locked(const Location& location,
                                                std::string_view version_id,
                                                std::filesystem::path& data,
                                                std::filesystem::path& record) const;
  Result<std::vector<Older>> sweep(const Location& location, const Opened& present);
  Result<bool> keep_present(const Location& location, const Opened& present);
  Result<bool> make_versions_folder(const Location& location);
  Result<void> erase_older(const Location& location, const Older& version);
  Result<void> promote(const Location& location, const Older& version,
                       const std::filesystem::path& target);
  Result<bool> prepare_replacement(const Location& location, const Opened& present,
                                   const std::filesystem::path& metadata_file, VersionMode mode,
                                   ObjectInfo& info, std::vector<Older>& nulls);
  Result<bool> place_marker(const Location& location, const std::filesystem::path& temporary,
                            VersionMode mode, const Check& check, Removed& removed);
  Result<void> unlink_present(const Location& location, const Opened& present);

  Runtime& runtime_;
  const bool is_durable_;
  mutable std::array<std::shared_mutex, kStripes> stripes_;  // one per key, by its hash
  /// Shared: who looks up or lists files. Exclusive: moving a file out of the way of a folder.
  mutable std::shared_mutex layout_;
  /// Folders whose own entry is known to be durable; all are forgotten when there are too many.
  Guarded<std::set<std::filesystem::path>> durable_folders_;
  /// By the hash of the folder.
  mutable std::array<std::atomic<std::uint64_t>, kChangeCounters> changes_{};
  mutable Guarded<Remembered> remembered_;
};

}  // namespace weir::objects
