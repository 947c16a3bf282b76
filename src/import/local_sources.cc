// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <optional>
#include <span>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "base/fnv.h"
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

constexpr std::size_t kSampleBytes = 4096;
constexpr std::uint64_t kSamples = 8;           // first and last among them
constexpr std::size_t kVersionsKept = 100'000;  // of files that did not change since

/// An open file, closed with it.
class Descriptor {
 public:
  explicit Descriptor(const std::filesystem::path& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  bool is_open() const { return fd_ >= 0; }
  /// Bytes read; fewer than asked for only at the end of the file.
  Result<std::size_t> read_at(std::span<char> into, std::uint64_t offset) const {
    std::size_t have = 0;
    while (have < into.size()) {
      const ssize_t got =
          ::pread(fd_, into.data() + have, into.size() - have, static_cast<off_t>(offset + have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0)
        return Error{ErrorKind::unavailable, "CannotRead", std::generic_category().message(errno)};
      if (got == 0) break;
      have += static_cast<std::size_t>(got);
    }
    return have;
  }

 private:
  int fd_;
};

/// `<size>-<hash>`, the hash being FNV-1a (64 bits) over samples at places that follow from the
/// size. Error: the file cannot be read or is shorter.
Result<std::string> version_of(const Descriptor& file, std::uint64_t size) {
  std::uint64_t hash = kFnvOffset;
  std::array<char, kSampleBytes> sample;
  const std::uint64_t behind = size > kSampleBytes ? size - kSampleBytes : 0;
  std::uint64_t next = 0;  // samples do not overlap
  for (std::uint64_t i = 0; i < kSamples && next < size; ++i) {
    const std::uint64_t at = std::max(
        next, behind / (kSamples - 1) * i + (i == kSamples - 1 ? behind % (kSamples - 1) : 0));
    const std::size_t wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(kSampleBytes, size - at));
    WEIR_TRY(const std::size_t got, file.read_at({sample.data(), wanted}, at));
    if (got < wanted) return Error{ErrorKind::unavailable, "CannotRead", "the file got shorter"};
    hash = fnv1a({sample.data(), got}, hash);
    next = at + wanted;
  }
  char text[64];
  std::snprintf(text, sizeof text, "%llu-%016llx", static_cast<unsigned long long>(size),
                static_cast<unsigned long long>(hash));
  return std::string(text);
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
  bool is_grown_from(const SourceInfo& source, std::string_view version) const override {
    std::uint64_t size = 0;
    const auto [end, failure] =
        std::from_chars(version.data(), version.data() + version.size(), size);
    if (failure != std::errc() || size == 0 || size >= source.bytes) return false;
    const auto before = version_of(Descriptor(local_file(source)), size);
    return before && *before == version;
  }

 private:
  /// Of a file when it was looked at last.
  struct Known {
    std::int64_t size = 0;
    std::int64_t changed_ns = 0;
    std::string version;
  };

  Result<std::string> version_of_file(const std::filesystem::path& path, const struct stat& info) {
    const std::int64_t changed =
        std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
    if (known_.size() >= kVersionsKept) known_.clear();
    Known& known = known_[path.string()];
    if (known.version.empty() || known.size != info.st_size || known.changed_ns != changed) {
      const Descriptor file(path);
      if (!file.is_open()) return cannot_list(path, std::generic_category().message(errno));
      WEIR_TRY(known.version, version_of(file, static_cast<std::uint64_t>(info.st_size)));
      known.size = info.st_size;
      known.changed_ns = changed;
    }
    return known.version;
  }

  Result<void> take_file(const std::filesystem::path& path, const Take& take, bool& goes_on) {
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
    auto version = version_of_file(path, info);
    // Its content is read later; who cannot read it is told then, and the others go on.
    source.version = version ? std::move(*version) : std::to_string(info.st_size);
    goes_on = take(source);
    return {};
  }

  Result<void> walk(const std::filesystem::path& folder, const Take& take, bool& goes_on,
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
  std::unordered_map<std::string, Known> known_;  // by path
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
bool Sources::is_grown_from(const SourceInfo&, std::string_view) const { return false; }

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
