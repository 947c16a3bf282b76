// SPDX-License-Identifier: Apache-2.0
#include "objects/tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <vector>

#include "objects/digest.h"
#include "objects/files.h"
#include "objects/key_path.h"
#include "objects/objects.h"
#include "objects/stored_metadata.h"
#include "objects/tree_files.h"

namespace weir::objects {
namespace {

namespace fs = std::filesystem;

std::string hex_number(std::uint64_t number) {
  std::string out;
  do {
    out.insert(out.begin(), "0123456789abcdef"[number & 15]);
    number >>= 4;
  } while (number != 0);
  return out;
}

/// For a file that another program put there: changes with the file, and says by its form that it
/// is no MD5.
std::string foreign_etag(const std::string& version) { return to_hex(md5_bytes(version)) + "-1"; }

}  // namespace

std::string version_of(const struct stat& status) {
  const auto ns = static_cast<std::uint64_t>(status.st_mtim.tv_sec) * 1'000'000'000 +
                  static_cast<std::uint64_t>(status.st_mtim.tv_nsec);
  return hex_number(ns) + '-' + hex_number(static_cast<std::uint64_t>(status.st_size));
}

Time modified(const struct stat& status) {
  return {static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1000 +
          status.st_mtim.tv_nsec / 1'000'000};
}

bool is_missing(int code) { return code == ENOENT || code == ENOTDIR; }

std::optional<struct stat> regular_file(const fs::path& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return status;
}

bool is_folder(const fs::path& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::uint64_t order_of(const struct stat& status) {
  return static_cast<std::uint64_t>(status.st_mtim.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(status.st_mtim.tv_nsec);
}

std::string hex16(std::uint64_t number) {
  std::string text = hex_number(number);
  return std::string(16 - text.size(), '0') + text;
}

Result<void> link_file(const fs::path& from, const fs::path& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return {};
  if (errno == EEXIST && ::unlink(to.c_str()) == 0 && ::link(from.c_str(), to.c_str()) == 0) {
    return {};
  }
  return system_error("link to", to);
}

Tree::Location::Location(const fs::path& root_in, std::string_view key_in)
    : root(root_in), key(key_in) {
  const KeyPath path = key_path(key_in);
  folder = path.folder.empty() ? root : root / path.folder;
  name = path.name;
  file = folder / name;
  file_beside = folder / name_beside_folder(name);
  versions = folder / ('.' + name + std::string(kVersionsSuffix));
}

fs::path Tree::Location::metadata(const std::string& version) const {
  return folder / ('.' + name + '~' + version);
}

fs::path Tree::Location::target() const {
  const bool is_beside =
      is_folder(file) || (!regular_file(file) && regular_file(file_beside).has_value());
  return is_beside ? file_beside : file;
}

std::shared_mutex& Tree::stripe(const fs::path& root, std::string_view key) const {
  const std::size_t hash =
      std::hash<std::string>()(root.native()) * 31 + std::hash<std::string_view>()(key);
  return stripes_[hash % kStripes];
}

Result<Tree::Opened> Tree::look_up(const Location& location) const {
  Opened found;
  auto status = regular_file(location.file);
  found.path = location.file;
  if (!status) {
    status = regular_file(location.file_beside);
    found.path = location.file_beside;
  }
  if (!status) return Opened{};
  found.version = version_of(*status);
  WEIR_TRY(const auto text,
           read_small_file(location.metadata(found.version), kMetadataFileBytesMax));
  if (text) {
    WEIR_TRY(found.info, metadata_from_json(*text));
  } else {
    found.info.etag = foreign_etag(found.version);
  }
  found.info.key = location.key;
  found.info.size = static_cast<std::uint64_t>(status->st_size);
  found.info.last_modified = modified(*status);
  if (found.info.order == 0) found.info.order = order_of(*status);
  return found;
}

Result<std::optional<ObjectInfo>> Tree::find(const fs::path& root, std::string_view key) const {
  const Location location(root, key);
  std::shared_lock layout(layout_);
  std::shared_lock lock(stripe(root, key));
  WEIR_TRY(Opened found, look_up(location));
  if (found.path.empty()) return std::optional<ObjectInfo>();
  return std::optional(std::move(found.info));
}

Result<std::optional<fs::path>> Tree::file_of(const fs::path& root, std::string_view key) const {
  const Location location(root, key);
  std::shared_lock layout(layout_);
  std::shared_lock lock(stripe(root, key));
  for (const fs::path& path : {location.file, location.file_beside}) {
    if (regular_file(path)) return std::optional(path);
  }
  return std::optional<fs::path>();
}

Result<std::shared_ptr<const OpenObject>> Tree::open(const fs::path& root,
                                                     std::string_view key) const {
  const Location location(root, key);
  std::shared_lock layout(layout_);
  std::shared_lock lock(stripe(root, key));
  WEIR_TRY(Opened found, look_up(location));
  if (found.path.empty()) return std::shared_ptr<const OpenObject>();
  WEIR_TRY(File file, open_for_reading(found.path));
  // Another program may have replaced the file in between; the size must be that of what is open.
  struct stat status;
  if (::fstat(file.get(), &status) != 0) return system_error("examine", found.path);
  found.info.size = static_cast<std::uint64_t>(status.st_size);
  // Shared: an answer that is being sent and its handler both hold it.
  return std::make_shared<const OpenObject>(std::move(found.info), file.release());
}

Result<void> Tree::make_folder(const fs::path& folder) {
  for (int attempt = 0; attempt < kPlaceAttemptsMax; ++attempt) {
    if (::mkdir(folder.c_str(), 0755) == 0) {
      folder_changed(folder.parent_path());
      return {};
    }
    if (errno != EEXIST) break;
    if (is_folder(folder)) return {};
    // The object of this name gives way, so that `a` and `a/b` both exist.
    std::unique_lock layout(layout_);
    const fs::path beside = folder.parent_path() / name_beside_folder(folder.filename().native());
    if (regular_file(folder) && ::rename(folder.c_str(), beside.c_str()) != 0) {
      return system_error("move aside", folder);
    }
    folder_changed(folder.parent_path());
  }
  return system_error("make the folder", folder);
}

Result<void> Tree::make_folders(const fs::path& root, const fs::path& folder) {
  if (durable_folders_.lock()->contains(folder)) return {};
  // The first folder may still be missing when the last one is being removed by somebody else: the
  // caller tries again.
  if (folder != root) WEIR_CHECK(make_folders(root, folder.parent_path()));
  WEIR_CHECK(make_folder(folder));
  if (is_durable_) WEIR_CHECK(sync_folder(folder.parent_path()));
  auto known = durable_folders_.lock();
  if (known->size() >= kDurableFoldersMax) known->clear();
  known->insert(folder);
  return {};
}

/// The commit. False: the folder vanished or the name became a folder meanwhile; nothing has
/// happened.
Result<bool> Tree::place(const fs::path& root, const Location& location, const fs::path& file,
                         const fs::path& metadata_file, const std::string& version,
                         ObjectInfo& info, VersionMode mode, const Check& check,
                         Replaced& replaced) {
  std::shared_lock layout(layout_);
  std::unique_lock lock(stripe(root, location.key));
  WEIR_TRY(const Opened present, look_up(location));
  WEIR_CHECK(check(present.path.empty() ? nullptr : &present.info));
  if (mode != VersionMode::off) {
    WEIR_TRY(const bool is_ready,
             prepare_replacement(location, present, metadata_file, mode, info, replaced.nulls));
    if (!is_ready) return false;
  }
  const fs::path metadata = location.metadata(version);
  if (::rename(metadata_file.c_str(), metadata.c_str()) != 0) {
    if (is_missing(errno)) return false;
    return system_error("rename to", metadata);
  }
  const fs::path target = location.target();
  if (::rename(file.c_str(), target.c_str()) != 0) {
    const int code = errno;
    // Back, so that the next attempt finds it; without data it means nothing anyway.
    if (::rename(metadata.c_str(), metadata_file.c_str()) != 0) {
      return system_error("rename", metadata);
    }
    if (is_missing(code) || code == EISDIR) return false;
    errno = code;
    return system_error("rename to", target);
  }
  folder_changed(location.folder);
  replaced.version = present.version;
  return true;
}

Result<ObjectInfo> Tree::commit(const fs::path& root, const fs::path& file,
                                const fs::path& metadata_file, ObjectInfo info, VersionMode mode,
                                const Check& check) {
  const std::string key = info.key;
  const Location location(root, key);
  const Time now = runtime_.now();
  const timespec modified_at{
      .tv_sec = now.seconds(),
      .tv_nsec = static_cast<long>((now.ms - now.seconds() * 1000) * 1'000'000 +
                                   static_cast<std::int64_t>(runtime_.random_below(1'000'000)))};
  const timespec times[2] = {modified_at, modified_at};
  struct stat status;
  if (::utimensat(AT_FDCWD, file.c_str(), times, 0) != 0 || ::stat(file.c_str(), &status) != 0) {
    return system_error("set the time of", file);
  }
  if (is_durable_) {
    WEIR_TRY(const File opened, open_for_reading(file));
    WEIR_CHECK(sync_file(opened, file));
  }
  const std::string version = version_of(status);
  info.size = static_cast<std::uint64_t>(status.st_size);
  info.last_modified = modified(status);
  if (mode != VersionMode::off) info.order = order_of(status);
  if (mode == VersionMode::enabled) info.version_id = hex16(info.order) + runtime_.hex(16);

  WEIR_TRY(File metadata, create_file(metadata_file));
  WEIR_CHECK(write_all(metadata, metadata_to_json(info), metadata_file));
  if (is_durable_) WEIR_CHECK(sync_file(metadata, metadata_file));

  Replaced replaced;
  bool is_placed = false;
  for (int attempt = 0; attempt < kPlaceAttemptsMax && !is_placed; ++attempt) {
    Result<void> made = make_folders(root, location.folder);
    if (!made && attempt + 1 == kPlaceAttemptsMax) return made.error();
    WEIR_TRY(is_placed,
             place(root, location, file, metadata_file, version, info, mode, check, replaced));
    if (!is_placed) forget_folders();
  }
  if (!is_placed) return system_error("put an object into", location.folder);
  if (is_durable_) WEIR_CHECK(sync_folder(location.folder));
  // Only now: until the folder is on disk, a power cut brings the old object back, and it needs its
  // metadata.
  if (!replaced.version.empty() && replaced.version != version) {
    remove_quietly(location.metadata(replaced.version));
  }
  for (const Older& version_null : replaced.nulls) {
    WEIR_CHECK(erase_older(location, version_null));
  }
  return info;
}

Result<Removed> Tree::remove(const fs::path& root, std::string_view key, const fs::path& temporary,
                             VersionMode mode, const Check& check) {
  const Location location(root, key);
  Removed removed;
  if (mode != VersionMode::off) {
    for (int attempt = 0; attempt < kPlaceAttemptsMax; ++attempt) {
      Result<void> made = make_folders(root, location.folder);
      if (!made && attempt + 1 == kPlaceAttemptsMax) return made.error();
      WEIR_TRY(const bool is_placed, place_marker(location, temporary, mode, check, removed));
      if (is_placed) return removed;
      forget_folders();
    }
    return system_error("delete an object in", location.folder);
  }
  {
    std::shared_lock layout(layout_);
    std::unique_lock lock(stripe(root, key));
    WEIR_TRY(const Opened present, look_up(location));
    WEIR_CHECK(check(present.path.empty() ? nullptr : &present.info));
    if (present.path.empty()) return removed;
    WEIR_CHECK(unlink_present(location, present));
  }
  remove_empty_folders(location);
  return removed;
}

/// Folders are no objects: they go with their last one.
void Tree::remove_empty_folders(const Location& location) {
  for (fs::path folder = location.folder; folder != location.root; folder = folder.parent_path()) {
    if (::rmdir(folder.c_str()) != 0) break;
    durable_folders_.lock()->erase(folder);
    folder_changed(folder.parent_path());
  }
}

}  // namespace weir::objects
