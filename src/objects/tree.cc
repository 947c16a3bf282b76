// SPDX-License-Identifier: Apache-2.0
#include "objects/tree.h"

#include <dirent.h>
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

namespace weir::objects {
namespace {

namespace fs = std::filesystem;

/// A folder may vanish between its making and the rename into it, as often as somebody deletes its
/// last object.
constexpr int kPlaceAttemptsMax = 100;
constexpr std::size_t kMetadataFileBytesMax = 1u << 20;

std::string hex_number(std::uint64_t number) {
  std::string out;
  do {
    out.insert(out.begin(), "0123456789abcdef"[number & 15]);
    number >>= 4;
  } while (number != 0);
  return out;
}

std::string version_of(const struct stat& status) {
  const auto ns = static_cast<std::uint64_t>(status.st_mtim.tv_sec) * 1'000'000'000 +
                  static_cast<std::uint64_t>(status.st_mtim.tv_nsec);
  return hex_number(ns) + '-' + hex_number(static_cast<std::uint64_t>(status.st_size));
}

Time modified(const struct stat& status) {
  return {static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1000 +
          status.st_mtim.tv_nsec / 1'000'000};
}

/// For a file that another program put there: changes with the file, and says by its form that it
/// is no MD5.
std::string foreign_etag(const std::string& version) { return to_hex(md5_bytes(version)) + "-1"; }

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

/// A name in a folder as the listing sees it.
struct Entry {
  std::string text;  // what it adds to the key; of a folder with `/` behind, so that it sorts as
                     // its keys do
  fs::path path;
  bool is_folder = false;
};

class Folder {
 public:
  explicit Folder(const fs::path& path) : stream_(::opendir(path.c_str())) {}
  ~Folder() {
    if (stream_ != nullptr) ::closedir(stream_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  explicit operator bool() const { return stream_ != nullptr; }
  const dirent* next() {
    errno = 0;
    return ::readdir(stream_);
  }

 private:
  DIR* stream_;
};

bool is_folder_entry(const dirent& entry, const fs::path& path) {
  if (entry.d_type == DT_DIR) return true;
  return entry.d_type != DT_REG && is_folder(path);
}

/// Appends what `folder` holds. Folders that continue a long name are entered: their entries belong
/// to this level.
Result<void> read_entries(const fs::path& folder, const std::string& text_before,
                          std::vector<Entry>& entries) {
  Folder stream(folder);
  if (!stream && is_missing(errno)) return {};
  if (!stream) return system_error("list", folder);
  std::vector<std::pair<fs::path, std::string>> continued;
  while (const dirent* found = stream.next()) {
    const std::string_view name = found->d_name;
    if (name.front() == '.') continue;
    const auto parsed = parse_name(name);
    if (!parsed) continue;  // no key has this path
    fs::path path = folder / name;
    const bool folder_entry = is_folder_entry(*found, path);
    std::string text = text_before + parsed->text;
    if (parsed->kind == EntryName::Kind::continues) {
      const bool fits = text.size() <= Objects::kKeyBytesMax;
      if (folder_entry && fits) continued.emplace_back(std::move(path), std::move(text));
      continue;
    }
    if (folder_entry && parsed->kind == EntryName::Kind::beside) continue;
    if (folder_entry) text += '/';
    entries.push_back({std::move(text), std::move(path), folder_entry});
  }
  if (errno != 0) return system_error("list", folder);
  for (const auto& [path, text] : continued) WEIR_CHECK(read_entries(path, text, entries));
  return {};
}

}  // namespace

/// Where the files of a key are.
struct Tree::Location {
  Location(const fs::path& root, std::string_view key_in) : key(key_in) {
    const KeyPath path = key_path(key_in);
    folder = path.folder.empty() ? root : root / path.folder;
    name = path.name;
    file = folder / name;
    file_beside = folder / name_beside_folder(name);
  }
  fs::path metadata(const std::string& version) const {
    return folder / ('.' + name + '~' + version);
  }

  std::string_view key;  // of the caller
  fs::path folder;
  std::string name;
  fs::path file;         // where it usually is
  fs::path file_beside;  // where it is if a folder has its name
};

/// What is there now.
struct Tree::Opened {
  fs::path path;  // empty: there is no such object
  std::string version;
  ObjectInfo info;
};

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
    if (::mkdir(folder.c_str(), 0755) == 0) return {};
    if (errno != EEXIST) break;
    if (is_folder(folder)) return {};
    // The object of this name gives way, so that `a` and `a/b` both exist.
    std::unique_lock layout(layout_);
    const fs::path beside = folder.parent_path() / name_beside_folder(folder.filename().native());
    if (regular_file(folder) && ::rename(folder.c_str(), beside.c_str()) != 0) {
      return system_error("move aside", folder);
    }
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

void Tree::forget_folders() { durable_folders_.lock()->clear(); }

/// The commit. False: the folder vanished or the name became a folder meanwhile; nothing has
/// happened.
Result<bool> Tree::place(const fs::path& root, const Location& location, const fs::path& file,
                         const fs::path& metadata_file, const std::string& version,
                         const Check& check, std::string& replaced) {
  std::shared_lock layout(layout_);
  std::unique_lock lock(stripe(root, location.key));
  WEIR_TRY(const Opened present, look_up(location));
  WEIR_CHECK(check(present.path.empty() ? nullptr : &present.info));
  const fs::path metadata = location.metadata(version);
  if (::rename(metadata_file.c_str(), metadata.c_str()) != 0) {
    if (is_missing(errno)) return false;
    return system_error("rename to", metadata);
  }
  const bool is_beside =
      is_folder(location.file) ||
      (!regular_file(location.file) && regular_file(location.file_beside).has_value());
  const fs::path& target = is_beside ? location.file_beside : location.file;
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
  replaced = present.version;
  return true;
}

Result<ObjectInfo> Tree::commit(const fs::path& root, const fs::path& file,
                                const fs::path& metadata_file, ObjectInfo info,
                                const Check& check) {
  const Location location(root, info.key);
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

  WEIR_TRY(File metadata, create_file(metadata_file));
  WEIR_CHECK(write_all(metadata, metadata_to_json(info), metadata_file));
  if (is_durable_) WEIR_CHECK(sync_file(metadata, metadata_file));

  std::string replaced;
  bool is_placed = false;
  for (int attempt = 0; attempt < kPlaceAttemptsMax && !is_placed; ++attempt) {
    Result<void> made = make_folders(root, location.folder);
    if (!made && attempt + 1 == kPlaceAttemptsMax) return made.error();
    WEIR_TRY(is_placed, place(root, location, file, metadata_file, version, check, replaced));
    if (!is_placed) forget_folders();
  }
  if (!is_placed) return system_error("put an object into", location.folder);
  if (is_durable_) WEIR_CHECK(sync_folder(location.folder));
  // Only now: until the folder is on disk, a power cut brings the old object back, and it needs its
  // metadata.
  if (!replaced.empty() && replaced != version) remove_quietly(location.metadata(replaced));
  return info;
}

Result<void> Tree::change(const fs::path& root, std::string_view key, const fs::path& metadata_file,
                          const std::function<void(ObjectInfo&)>& change) {
  const Location location(root, key);
  std::shared_lock layout(layout_);
  std::unique_lock lock(stripe(root, key));
  WEIR_TRY(Opened present, look_up(location));
  if (present.path.empty()) {
    return Error{ErrorKind::not_found,
                 "NoSuchKey",
                 "The specified key does not exist.",
                 {{"Key", std::string(key)}}};
  }
  change(present.info);
  return replace_file(metadata_file, location.metadata(present.version),
                      metadata_to_json(present.info), is_durable_);
}

Result<void> Tree::remove(const fs::path& root, std::string_view key, const Check& check) {
  const Location location(root, key);
  std::string version;
  {
    std::shared_lock layout(layout_);
    std::unique_lock lock(stripe(root, key));
    WEIR_TRY(const Opened present, look_up(location));
    WEIR_CHECK(check(present.path.empty() ? nullptr : &present.info));
    if (present.path.empty()) return {};
    if (::unlink(present.path.c_str()) != 0) return system_error("remove", present.path);
    version = present.version;
  }
  if (is_durable_) WEIR_CHECK(sync_folder(location.folder));
  remove_quietly(location.metadata(version));
  // Folders are no objects: they go with their last one.
  for (fs::path folder = location.folder; folder != root; folder = folder.parent_path()) {
    if (::rmdir(folder.c_str()) != 0) break;
    durable_folders_.lock()->erase(folder);
  }
  return {};
}

Result<void> Tree::walk(const fs::path& root, std::string_view prefix,
                        const Visitor& visitor) const {
  const auto [folder, part] = prefix_folder(prefix);
  std::string key(part);
  WEIR_TRY(const Step last,
           walk_folder(folder.empty() ? root : root / folder, key, prefix, visitor));
  static_cast<void>(last);
  return {};
}

/// `key` is what the folder stands for; it comes back as it was.
Result<Tree::Step> Tree::walk_folder(const fs::path& folder, std::string& key,
                                     std::string_view prefix, const Visitor& visitor) const {
  std::vector<Entry> entries;
  {
    std::shared_lock layout(layout_);
    WEIR_CHECK(read_entries(folder, "", entries));
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.text < b.text; });
  const std::size_t key_bytes = key.size();
  const Entry* before = nullptr;
  for (const Entry& entry : entries) {
    if (before != nullptr && before->text == entry.text) continue;  // `a` and a stray `a%=`
    before = &entry;
    key.resize(key_bytes);
    key += entry.text;
    if (key.size() > Objects::kKeyBytesMax || key.empty()) continue;
    const bool is_wanted =
        std::string_view(key).substr(0, prefix.size()) == prefix.substr(0, key.size());
    if (!is_wanted || (!entry.is_folder && key.size() < prefix.size())) continue;
    Step step = Step::go_on;
    if (!entry.is_folder) {
      WEIR_TRY(step, visitor.object(key));
    } else if (step = visitor.folder(key); step == Step::go_on) {
      WEIR_TRY(step, walk_folder(entry.path, key, prefix, visitor));
    }
    if (step == Step::stop) return step;
  }
  key.resize(key_bytes);
  return Step::go_on;
}

}  // namespace weir::objects
