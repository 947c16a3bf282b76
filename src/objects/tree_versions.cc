// SPDX-License-Identifier: Apache-2.0
// The older versions of a key and its delete markers; tree.h describes their files.
#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <mutex>
#include <set>
#include <system_error>

#include "objects/files.h"
#include "objects/rules.h"
#include "objects/stored_metadata.h"
#include "objects/tree_files.h"

namespace weir::objects {
namespace {

namespace fs = std::filesystem;

struct StoredMarker {
  std::string hides;  // version_of() the data file that was the current one, "" if there was none
  Time last_modified;

  static Shape shape() {
    using S = StoredMarker;
    static constexpr Member members[] = {required<&S::hides>("hides"),
                                         required<&S::last_modified>("lastModified")};
    return {"DeleteMarker", members};
  }
};

Result<StoredMarker> read_marker(const fs::path& path) {
  WEIR_TRY(const auto text, read_small_file(path, kMetadataFileBytesMax));
  if (!text) return StoredMarker{};  // removed meanwhile
  return from_json_text<StoredMarker>(*text);
}

bool is_null(std::string_view version_id) { return version_id.empty() || version_id == "null"; }

bool is_same(std::string_view a, std::string_view b) {
  return a == b || (is_null(a) && is_null(b));
}

}  // namespace

/// Newest first. What a crash left is not among them (it is in `void_ones`): the link to the file
/// that is still the current one, a marker whose data file was not removed, a `null` that has been
/// replaced.
Result<std::vector<Tree::Older>> Tree::older(const Location& location, const Opened& present,
                                             std::vector<Older>* void_ones) const {
  std::vector<Older> all;
  std::set<std::string> names;
  std::error_code failed;
  for (fs::directory_iterator entry(location.versions, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    names.insert(entry->path().filename().native());
  }
  if (failed && !is_missing(failed.value())) {
    return Error{ErrorKind::unavailable, "InternalError",
                 "cannot list " + location.versions.string() + ": " + failed.message()};
  }
  for (const std::string& name : names) {
    const bool is_marker = name.ends_with(".marker");
    if (!is_marker && !name.ends_with(".json")) continue;
    const std::string base = name.substr(0, name.rfind('.'));
    if (base.size() < 18 || base[16] != '-' || (!is_marker && !names.contains(base))) continue;
    Older version{0, base.substr(17), is_marker};
    const auto [end, error] = std::from_chars(base.data(), base.data() + 16, version.order, 16);
    if (error != std::errc{} || end != base.data() + 16) continue;
    all.push_back(std::move(version));
  }
  std::sort(all.begin(), all.end(),
            [](const Older& a, const Older& b) { return a.order > b.order; });
  bool has_null = !present.path.empty() && is_null(present.info.version_id);
  std::vector<Older> valid;
  for (Older& version : all) {
    bool is_void = false;
    if (!present.path.empty() && version.is_marker && version.order > present.info.order) {
      WEIR_TRY(const StoredMarker marker, read_marker(location.versions / version.record()));
      is_void = marker.hides == present.version;
    }
    const bool is_link = !present.path.empty() && !version.is_marker &&
                         version.order == present.info.order &&
                         is_same(version.id(), present.info.version_id);
    is_void = is_void || is_link || (version.suffix == "null" && has_null);
    if (!is_void && version.suffix == "null") has_null = true;
    if (!is_void) {
      valid.push_back(std::move(version));
    } else if (void_ones != nullptr) {
      void_ones->push_back(std::move(version));
    }
  }
  return valid;
}

Result<ObjectInfo> Tree::describe(const Location& location, const Older& version) const {
  ObjectInfo info;
  if (version.is_marker) {
    WEIR_TRY(const StoredMarker marker, read_marker(location.versions / version.record()));
    info.last_modified = marker.last_modified;
    info.is_delete_marker = true;
  } else {
    WEIR_TRY(const auto text,
             read_small_file(location.versions / version.record(), kMetadataFileBytesMax));
    const auto status = regular_file(location.versions / version.name());
    if (!text || !status) return no_such_version(location.key, version.id());
    WEIR_TRY(info, metadata_from_json(*text));
    info.size = static_cast<std::uint64_t>(status->st_size);
    info.last_modified = modified(*status);
  }
  info.key = location.key;
  info.version_id = version.id();
  info.order = version.order;
  info.is_latest = false;
  return info;
}

/// `data` and `record`: its files; `data` is empty for a delete marker.
Result<std::optional<ObjectInfo>> Tree::find_locked(const Location& location,
                                                    std::string_view version_id, fs::path& data,
                                                    fs::path& record) const {
  WEIR_TRY(Opened present, look_up(location));
  if (!present.path.empty() && is_same(present.info.version_id, version_id)) {
    data = present.path;
    record = location.metadata(present.version);
    return std::optional(std::move(present.info));
  }
  WEIR_TRY(const std::vector<Older> all, older(location, present));
  for (const Older& version : all) {
    if (!is_same(version.id(), version_id)) continue;
    WEIR_TRY(ObjectInfo info, describe(location, version));
    info.is_latest = present.path.empty() && &version == &all.front();
    if (!version.is_marker) data = location.versions / version.name();
    record = location.versions / version.record();
    return std::optional(std::move(info));
  }
  return std::optional<ObjectInfo>();
}

Result<std::optional<ObjectInfo>> Tree::find_version(const fs::path& root, std::string_view key,
                                                     std::string_view version_id) const {
  const Location location(root, key);
  std::shared_lock layout(layout_);
  std::shared_lock lock(stripe(root, key));
  fs::path data;
  fs::path record;
  return find_locked(location, version_id, data, record);
}

Result<std::shared_ptr<const OpenObject>> Tree::open_version(const fs::path& root,
                                                             std::string_view key,
                                                             std::string_view version_id) const {
  const Location location(root, key);
  std::shared_lock layout(layout_);
  std::shared_lock lock(stripe(root, key));
  fs::path data;
  fs::path record;
  WEIR_TRY(auto info, find_locked(location, version_id, data, record));
  if (!info || data.empty()) return std::shared_ptr<const OpenObject>();
  WEIR_TRY(File file, open_for_reading(data));
  // Shared: an answer that is being sent and its handler both hold it.
  return std::make_shared<const OpenObject>(*std::move(info), file.release());
}

Result<std::vector<ObjectInfo>> Tree::versions(const fs::path& root, std::string_view key) const {
  const Location location(root, key);
  std::shared_lock layout(layout_);
  std::shared_lock lock(stripe(root, key));
  WEIR_TRY(Opened present, look_up(location));
  WEIR_TRY(const std::vector<Older> others, older(location, present));
  std::vector<ObjectInfo> all;
  if (!present.path.empty()) all.push_back(std::move(present.info));
  for (const Older& version : others) {
    WEIR_TRY(ObjectInfo info, describe(location, version));
    info.is_latest = all.empty();
    all.push_back(std::move(info));
  }
  return all;
}

Result<std::optional<ObjectInfo>> Tree::current_marker(const fs::path& root,
                                                       std::string_view key) const {
  const Location location(root, key);
  std::shared_lock layout(layout_);
  std::shared_lock lock(stripe(root, key));
  WEIR_TRY(const Opened present, look_up(location));
  if (!present.path.empty()) return std::optional<ObjectInfo>();
  WEIR_TRY(const std::vector<Older> others, older(location, present));
  if (others.empty() || !others.front().is_marker) return std::optional<ObjectInfo>();
  WEIR_TRY(ObjectInfo info, describe(location, others.front()));
  info.is_latest = true;
  return std::optional(std::move(info));
}

Result<void> Tree::erase_older(const Location& location, const Older& version) {
  const fs::path record = location.versions / version.record();
  if (::unlink(record.c_str()) != 0 && !is_missing(errno)) return system_error("remove", record);
  if (is_durable_ && is_folder(location.versions)) WEIR_CHECK(sync_folder(location.versions));
  if (!version.is_marker) remove_quietly(location.versions / version.name());
  // It fails as long as there are others.
  if (::rmdir(location.versions.c_str()) == 0) folder_changed(location.folder);
  return {};
}

/// Removes what a crash left; the valid ones.
Result<std::vector<Tree::Older>> Tree::sweep(const Location& location, const Opened& present) {
  std::vector<Older> void_ones;
  WEIR_TRY(std::vector<Older> valid, older(location, present, &void_ones));
  for (const Older& version : void_ones) WEIR_CHECK(erase_older(location, version));
  return valid;
}

/// False: the folder of the key has vanished.
Result<bool> Tree::make_versions_folder(const Location& location) {
  if (::mkdir(location.versions.c_str(), 0755) != 0) {
    if (errno == EEXIST) return true;
    if (is_missing(errno)) return false;
    return system_error("make the folder", location.versions);
  }
  folder_changed(location.folder);
  if (is_durable_) WEIR_CHECK(sync_folder(location.folder));
  return true;
}

/// The present file is then also one of the older versions. False: the folder has vanished.
Result<bool> Tree::keep_present(const Location& location, const Opened& present) {
  WEIR_TRY(const bool is_made, make_versions_folder(location));
  if (!is_made) return false;
  Older version{present.info.order, "null", false};
  if (!present.info.version_id.empty()) version.suffix = present.info.version_id.substr(16);
  const fs::path record = location.versions / version.record();
  const fs::path metadata = location.metadata(present.version);
  WEIR_CHECK(link_file(present.path, location.versions / version.name()));
  if (regular_file(metadata)) {
    WEIR_CHECK(link_file(metadata, record));
  } else {
    // Another program put the file there.
    WEIR_CHECK(replace_file(location.versions / (version.name() + ".new"), record,
                            metadata_to_json(present.info), is_durable_));
  }
  if (is_durable_) WEIR_CHECK(sync_folder(location.versions));
  return true;
}

/// Before the rename that makes `metadata_file` and its data the current version. False: the
/// folder has vanished.
Result<bool> Tree::prepare_replacement(const Location& location, const Opened& present,
                                       const fs::path& metadata_file, VersionMode mode,
                                       ObjectInfo& info, std::vector<Older>& nulls) {
  WEIR_TRY(const std::vector<Older> others, sweep(location, present));
  std::uint64_t newest = present.path.empty() ? 0 : present.info.order;
  if (!others.empty()) newest = std::max(newest, others.front().order);
  if (info.order <= newest) {  // the clock went back, or two in a moment
    info.order = newest + 1;
    if (mode == VersionMode::enabled) info.version_id = hex16(info.order) + runtime_.hex(16);
    WEIR_CHECK(replace_file(fs::path(metadata_file.native() + "-new"), metadata_file,
                            metadata_to_json(info), is_durable_));
  }
  nulls.clear();
  if (mode == VersionMode::suspended) {
    for (const Older& version : others) {
      if (version.suffix == "null") nulls.push_back(version);
    }
  }
  const bool is_kept =
      mode == VersionMode::enabled || (!present.path.empty() && !present.info.version_id.empty());
  if (present.path.empty() || !is_kept) return true;
  return keep_present(location, present);
}

Result<void> Tree::unlink_present(const Location& location, const Opened& present) {
  if (::unlink(present.path.c_str()) != 0) return system_error("remove", present.path);
  folder_changed(location.folder);
  if (is_durable_) WEIR_CHECK(sync_folder(location.folder));
  remove_quietly(location.metadata(present.version));
  return {};
}

/// False: the folder has vanished, nothing has happened.
Result<bool> Tree::place_marker(const Location& location, const fs::path& temporary,
                                VersionMode mode, const Check& check, Removed& removed) {
  std::shared_lock layout(layout_);
  std::unique_lock lock(stripe(location.root, location.key));
  WEIR_TRY(const Opened present, look_up(location));
  WEIR_CHECK(check(present.path.empty() ? nullptr : &present.info));
  const Time now = runtime_.now();
  ObjectInfo marker;
  marker.order = static_cast<std::uint64_t>(now.ms) * 1'000'000;
  std::vector<Older> nulls;
  WEIR_TRY(const std::vector<Older> others, sweep(location, present));
  const std::uint64_t newest = std::max(present.path.empty() ? 0 : present.info.order,
                                        others.empty() ? 0 : others.front().order);
  Older placed{std::max(marker.order, newest + 1), "null", true};
  if (mode == VersionMode::enabled) placed.suffix = runtime_.hex(16);
  const bool is_kept =
      !present.path.empty() && (mode == VersionMode::enabled || !present.info.version_id.empty());
  WEIR_TRY(const bool is_made,
           is_kept ? keep_present(location, present) : make_versions_folder(location));
  if (!is_made) return false;
  WEIR_CHECK(replace_file(temporary, location.versions / placed.record(),
                          to_json_text(StoredMarker{present.version, now}), is_durable_));
  if (!present.path.empty()) WEIR_CHECK(unlink_present(location, present));
  for (const Older& version : others) {
    if (mode == VersionMode::suspended && version.suffix == "null") {
      WEIR_CHECK(erase_older(location, version));
    }
  }
  removed.is_delete_marker = true;
  removed.version_id = mode == VersionMode::enabled ? placed.id() : "null";
  return true;
}

/// An older version becomes the current file: `target` is replaced, or made.
Result<void> Tree::promote(const Location& location, const Older& version, const fs::path& target) {
  const fs::path data = location.versions / version.name();
  const auto status = regular_file(data);
  if (!status) return system_error("examine", data);
  WEIR_CHECK(
      link_file(location.versions / version.record(), location.metadata(version_of(*status))));
  if (is_durable_) WEIR_CHECK(sync_folder(location.folder));
  if (::rename(data.c_str(), target.c_str()) != 0) return system_error("rename to", target);
  folder_changed(location.folder);
  if (is_durable_) WEIR_CHECK(sync_folder(location.folder));
  return erase_older(location, version);
}

Result<Removed> Tree::remove_version(const fs::path& root, std::string_view key,
                                     std::string_view version_id, const fs::path& temporary,
                                     const Check& check) {
  const Location location(root, key);
  Removed removed;
  {
    std::shared_lock layout(layout_);
    std::unique_lock lock(stripe(root, key));
    WEIR_TRY(const Opened present, look_up(location));
    WEIR_TRY(const std::vector<Older> others, sweep(location, present));
    removed.version_id = is_null(version_id) ? "null" : std::string(version_id);
    if (!present.path.empty() && is_same(present.info.version_id, version_id)) {
      WEIR_CHECK(check(&present.info));
      if (!others.empty() && !others.front().is_marker) {
        WEIR_CHECK(promote(location, others.front(), present.path));
        remove_quietly(location.metadata(present.version));
      } else {
        WEIR_CHECK(unlink_present(location, present));
      }
    } else {
      const auto found = std::find_if(others.begin(), others.end(), [&](const Older& version) {
        return is_same(version.id(), version_id);
      });
      if (found == others.end()) {
        WEIR_CHECK(check(nullptr));
        return removed;
      }
      WEIR_TRY(const ObjectInfo info, describe(location, *found));
      WEIR_CHECK(check(&info));
      removed.is_delete_marker = found->is_marker;
      const auto next = found + 1;
      const bool uncovers = present.path.empty() && found == others.begin() &&
                            next != others.end() && !next->is_marker;
      if (uncovers) {
        // The marker hides the very file that comes, so that it is void once that is there.
        const auto status = regular_file(location.versions / next->name());
        if (!status) return system_error("examine", location.versions / next->name());
        WEIR_CHECK(replace_file(temporary, location.versions / found->record(),
                                to_json_text(StoredMarker{version_of(*status), info.last_modified}),
                                is_durable_));
        WEIR_CHECK(promote(location, *next, location.target()));
      }
      WEIR_CHECK(erase_older(location, *found));
    }
  }
  remove_empty_folders(location);
  return removed;
}

Result<ObjectInfo> Tree::change(const fs::path& root, std::string_view key,
                                std::string_view version_id, const fs::path& metadata_file,
                                const std::function<Result<void>(ObjectInfo&)>& change) {
  const Location location(root, key);
  std::shared_lock layout(layout_);
  std::unique_lock lock(stripe(root, key));
  fs::path data;
  fs::path record;
  std::optional<ObjectInfo> found;
  if (version_id.empty()) {
    WEIR_TRY(Opened present, look_up(location));
    if (!present.path.empty()) {
      data = present.path;
      record = location.metadata(present.version);
      found = std::move(present.info);
    }
  } else {
    WEIR_TRY(found, find_locked(location, version_id, data, record));
  }
  if (!found && !version_id.empty()) return no_such_version(key, version_id);
  if (!found) return no_such_key(key);
  if (found->is_delete_marker) return is_marker(*found);
  WEIR_CHECK(change(*found));
  WEIR_CHECK(replace_file(metadata_file, record, metadata_to_json(*found), is_durable_));
  return *std::move(found);
}

}  // namespace weir::objects
