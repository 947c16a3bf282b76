// SPDX-License-Identifier: Apache-2.0
// The listing: folders in the order of their keys, the large ones remembered.
#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <unordered_map>

#include "objects/files.h"
#include "objects/key_path.h"
#include "objects/objects.h"
#include "objects/tree_files.h"

namespace weir::objects {
namespace {

namespace fs = std::filesystem;

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
                          bool with_versions, std::vector<Entry>& entries, bool& has_long_names) {
  Folder stream(folder);
  if (!stream && is_missing(errno)) return {};
  if (!stream) return system_error("list", folder);
  std::vector<std::pair<fs::path, std::string>> continued;
  while (const dirent* found = stream.next()) {
    std::string_view name = found->d_name;
    if (with_versions && name.size() > kVersionsSuffix.size() + 1 && name.front() == '.' &&
        name.ends_with(kVersionsSuffix) && is_folder_entry(*found, folder / name)) {
      // A key, whether it has a current version or not.
      name = name.substr(1, name.size() - 1 - kVersionsSuffix.size());
      const auto key = parse_name(name);
      if (key && key->kind == EntryName::Kind::plain) {
        entries.push_back({text_before + key->text, folder / name, false});
      }
      continue;
    }
    if (name.front() == '.') continue;
    const auto parsed = parse_name(name);
    if (!parsed) continue;  // no key has this path
    fs::path path = folder / name;
    const bool folder_entry = is_folder_entry(*found, path);
    std::string text = text_before + parsed->text;
    if (parsed->kind == EntryName::Kind::continues) {
      has_long_names = true;
      const bool fits = text.size() <= Objects::kKeyBytesMax;
      if (folder_entry && fits) continued.emplace_back(std::move(path), std::move(text));
      continue;
    }
    if (folder_entry && parsed->kind == EntryName::Kind::beside) continue;
    if (folder_entry) text += '/';
    entries.push_back({std::move(text), std::move(path), folder_entry});
  }
  if (errno != 0) return system_error("list", folder);
  for (const auto& [path, text] : continued)
    WEIR_CHECK(read_entries(path, text, with_versions, entries, has_long_names));
  return {};
}

bool operator==(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

/// What a folder holds, sorted and without repeats, in little memory.
class Tree::Entries {
 public:
  explicit Entries(std::vector<Entry> entries) {
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.text < b.text; });
    std::size_t bytes = 0;
    for (const Entry& entry : entries) bytes += entry.text.size();
    text_.reserve(bytes);
    items_.reserve(entries.size());
    const Entry* before = nullptr;
    for (Entry& entry : entries) {
      // `a` and a stray `a%=`, or `a` and its older versions.
      if (before != nullptr && before->text == entry.text) continue;
      before = &entry;
      if (entry.is_folder) folders_.emplace(items_.size(), entry.path.native());
      items_.push_back(
          {text_.size(), static_cast<std::uint32_t>(entry.text.size()), entry.is_folder});
      text_ += entry.text;
    }
  }
  std::size_t size() const { return items_.size(); }
  std::string_view text(std::size_t index) const {
    return std::string_view(text_).substr(items_[index].offset, items_[index].size);
  }
  /// "" if it is a file.
  std::string_view folder(std::size_t index) const {
    return items_[index].is_folder ? std::string_view(folders_.at(index)) : std::string_view();
  }
  /// The first whose text is not less.
  std::size_t lower_bound(std::string_view wanted) const {
    std::size_t low = 0;
    std::size_t high = size();
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (text(middle) < wanted) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

 private:
  struct Item {
    std::uint64_t offset;
    std::uint32_t size;  // a key is no longer than 1024 bytes
    bool is_folder;
  };
  std::string text_;
  std::vector<Item> items_;
  std::unordered_map<std::size_t, std::string> folders_;
};

void Tree::forget_folders() {
  durable_folders_.lock()->clear();
  *remembered_.lock() = {};
}

std::atomic<std::uint64_t>& Tree::changes(const fs::path& folder) const {
  return changes_[std::hash<std::string>()(folder.native()) % kChangeCounters];
}

/// Whoever reads the folder at this moment does not remember it, and what is remembered is void.
void Tree::folder_changed(const fs::path& folder) { changes(folder).fetch_add(1); }

/// A large folder is remembered as long as nothing changed in it: this store counts its changes,
/// other programs' are seen by the folder's time of modification.
Result<std::shared_ptr<const Tree::Entries>> Tree::entries_of(const fs::path& folder,
                                                              bool with_versions) const {
  const std::string name = folder.native() + (with_versions ? "\1" : "");
  struct stat status {};
  const bool is_there = ::stat(folder.c_str(), &status) == 0;
  const std::uint64_t count = changes(folder).load();
  if (is_there) {
    auto remembered = remembered_.lock();
    const auto known = remembered->folders.find(name);
    if (known != remembered->folders.end() && known->second.changes == count &&
        known->second.modified == status.st_mtim) {
      return known->second.entries;
    }
  }
  std::vector<Entry> read;
  bool has_long_names = false;
  {
    std::shared_lock layout(layout_);
    WEIR_CHECK(read_entries(folder, "", with_versions, read, has_long_names));
  }
  // Shared: listings go on with what they have while others come.
  auto entries = std::make_shared<const Entries>(std::move(read));
  // Within a tick of the clock the time of modification does not tell two changes apart.
  constexpr std::int64_t kSettled_ms = 1000;
  const bool is_settled = runtime_.now().ms - modified(status).ms > kSettled_ms;
  if (!is_there || !is_settled || has_long_names || entries->size() < kRememberedMin ||
      entries->size() > kRememberedMax) {
    return std::shared_ptr<const Entries>(std::move(entries));
  }
  auto remembered = remembered_.lock();
  const auto known = remembered->folders.find(name);
  if (known != remembered->folders.end()) {
    remembered->entries -= known->second.entries->size();
    remembered->folders.erase(known);
  }
  if (remembered->entries + entries->size() > kRememberedMax) {
    remembered->folders.clear();
    remembered->entries = 0;
  }
  remembered->entries += entries->size();
  remembered->folders.emplace(name, Remembered::Folder{status.st_mtim, count, entries});
  return std::shared_ptr<const Entries>(std::move(entries));
}

Result<void> Tree::walk(const fs::path& root, std::string_view prefix, const Visitor& visitor,
                        bool with_versions, std::string_view after) const {
  const auto [folder, part] = prefix_folder(prefix);
  std::string key(part);
  WEIR_TRY(const Step last, walk_folder(folder.empty() ? root : root / folder, key,
                                        {prefix, after, with_versions}, visitor));
  static_cast<void>(last);
  return {};
}

/// `key` is what the folder stands for; it comes back as it was.
Result<Tree::Step> Tree::walk_folder(const fs::path& folder, std::string& key, const Wanted& wanted,
                                     const Visitor& visitor) const {
  WEIR_TRY(const auto entries, entries_of(folder, wanted.with_versions));
  const std::size_t key_bytes = key.size();
  std::size_t index = 0;
  for (std::string_view from : {wanted.prefix, wanted.after}) {
    if (!from.starts_with(key)) continue;
    from.remove_prefix(key_bytes);
    // Everything before the folder that `from` leads into comes before all of it.
    index = std::max(index, entries->lower_bound(from.substr(0, from.find('/') + 1)));
    if (from.find('/') == std::string_view::npos) {
      index = std::max(index, entries->lower_bound(from));
    }
  }
  for (; index < entries->size(); ++index) {
    const std::string_view path = entries->folder(index);
    key.resize(key_bytes);
    key += entries->text(index);
    if (key.size() > Objects::kKeyBytesMax || key.empty()) continue;
    const std::string_view start = std::string_view(key).substr(0, wanted.prefix.size());
    if (start > wanted.prefix) break;
    const bool is_wanted = start == wanted.prefix.substr(0, key.size());
    if (!is_wanted || (path.empty() && key.size() < wanted.prefix.size())) continue;
    Step step = Step::go_on;
    if (path.empty()) {
      WEIR_TRY(step, visitor.object(key));
    } else if (step = visitor.folder(key); step == Step::go_on) {
      WEIR_TRY(step, walk_folder(fs::path(path), key, wanted, visitor));
    }
    if (step == Step::stop) return step;
  }
  key.resize(key_bytes);
  return Step::go_on;
}

}  // namespace weir::objects
