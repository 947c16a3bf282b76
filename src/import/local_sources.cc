// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include "import/sources.h"

namespace weir::import {
namespace {

constexpr std::string_view kScheme = "file://";
constexpr std::size_t kDepthMax = 64;  // of folders; a loop of links ends there

Error cannot_list(const std::filesystem::path& path, const std::string& why) {
  return {ErrorKind::unavailable, "CannotRead", "cannot read " + path.string() + ": " + why};
}

struct Listed {
  std::string name;  // a folder's ends with `/`, so that the order is that of whole paths
  std::filesystem::path path;
};

Result<std::vector<Listed>> children(const std::filesystem::path& folder) {
  std::vector<Listed> found;
  std::error_code failure;
  std::filesystem::directory_iterator entries(folder, failure);
  if (failure) return cannot_list(folder, failure.message());
  for (; entries != std::filesystem::directory_iterator(); entries.increment(failure)) {
    if (failure) return cannot_list(folder, failure.message());
    std::string name = entries->path().filename().string();
    if (name.starts_with('.')) continue;
    if (entries->is_directory(failure)) name += '/';
    found.push_back({std::move(name), entries->path()});
  }
  std::ranges::sort(found, {}, &Listed::name);
  return found;
}

class LocalSources final : public Sources {
 public:
  explicit LocalSources(std::filesystem::path path) : path_(std::move(path)) {}

  std::string prefix() const override { return std::string(kScheme) + path_.string(); }

  Result<void> list(const Take& take) override {
    bool goes_on = true;
    if (!std::filesystem::is_directory(path_)) return take_file(path_, take, goes_on);
    return walk(path_, take, goes_on, 0);
  }

  Result<std::unique_ptr<columnar::ByteSource>> open(const SourceInfo& source) override {
    return columnar::open_file(local_file(source));
  }
  std::filesystem::path local_file(const SourceInfo& source) const override {
    return source.name.substr(kScheme.size());
  }

 private:
  static Result<void> take_file(const std::filesystem::path& path, const Take& take,
                                bool& goes_on) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
      // Gone since it was listed: nothing to import any more.
      if (errno == ENOENT) return {};
      return cannot_list(path, std::generic_category().message(errno));
    }
    if (!S_ISREG(info.st_mode)) return {};
    SourceInfo source;
    source.name = std::string(kScheme) + path.string();
    source.bytes = static_cast<std::uint64_t>(info.st_size);
    source.modified =
        Time{std::int64_t{info.st_mtim.tv_sec} * 1000 + info.st_mtim.tv_nsec / 1'000'000};
    source.version = std::to_string(info.st_size) + '-' + std::to_string(info.st_mtim.tv_sec) +
                     '.' + std::to_string(info.st_mtim.tv_nsec);
    goes_on = take(source);
    return {};
  }

  static Result<void> walk(const std::filesystem::path& folder, const Take& take, bool& goes_on,
                           std::size_t depth) {
    if (depth > kDepthMax) return cannot_list(folder, "the folders are nested too deeply");
    WEIR_TRY(const auto found, children(folder));
    for (const Listed& entry : found) {
      if (!goes_on) return {};
      if (entry.name.ends_with('/')) {
        WEIR_CHECK(walk(entry.path, take, goes_on, depth + 1));
      } else {
        WEIR_CHECK(take_file(entry.path, take, goes_on));
      }
    }
    return {};
  }

  std::filesystem::path path_;
};

class InputSources final : public Sources {
 public:
  explicit InputSources(Runtime& runtime)
      : name_("stdin:" + runtime.uuid()), began_(runtime.now()) {}
  std::string prefix() const override { return name_; }
  Result<void> list(const Take& take) override {
    SourceInfo source;
    source.name = name_;
    source.version = "1";
    source.modified = began_;
    take(source);
    return {};
  }
  Result<void> list_new(const Take&) override { return {}; }
  Result<std::unique_ptr<columnar::ByteSource>> open(const SourceInfo&) override {
    return columnar::open_file("/dev/stdin");
  }

 private:
  std::string name_;
  Time began_;
};

}  // namespace

std::string_view SourceInfo::shown() const {
  std::string_view text = name;
  if (text.starts_with(kScheme)) text.remove_prefix(kScheme.size());
  return text.starts_with("stdin:") ? std::string_view("standard input") : text;
}

Time SourceInfo::time() const {
  constexpr std::string_view kShape = "_00000000T0000Z_";
  const std::size_t slash = name.rfind('/');
  for (std::size_t at = name.find('_', slash + 1); at != std::string::npos;
       at = name.find('_', at + 1)) {
    const std::string part = name.substr(at, kShape.size());
    if (part.size() < kShape.size() || part[9] != 'T' || part[14] != 'Z') continue;
    const auto slot =
        parse_iso8601(part.substr(1, 4) + '-' + part.substr(5, 2) + '-' + part.substr(7, 2) + 'T' +
                      part.substr(10, 2) + ':' + part.substr(12, 2) + 'Z');
    if (slot) return *slot;
  }
  return modified;
}

std::filesystem::path Sources::local_file(const SourceInfo&) const { return {}; }

Result<std::unique_ptr<Sources>> local_sources(const std::filesystem::path& path) {
  std::error_code failure;
  const auto whole = std::filesystem::canonical(path, failure);
  if (failure) return cannot_list(path, failure.message());
  return std::unique_ptr<Sources>(std::make_unique<LocalSources>(whole));
}

std::unique_ptr<Sources> input_sources(Runtime& runtime) {
  return std::make_unique<InputSources>(runtime);
}

}  // namespace weir::import
