// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "objects/tree.h"

/// What the two halves of the tree share: where the files of a key are and how they are called.
namespace weir::objects {

/// A folder may vanish between its making and the rename into it, as often as somebody deletes its
/// last object.
constexpr int kPlaceAttemptsMax = 100;
constexpr std::size_t kMetadataFileBytesMax = 1u << 20;
/// The folder of a key's older versions is `.<name>~v`.
constexpr std::string_view kVersionsSuffix = "~v";

/// What a data file is, in the name of its metadata: time of modification and size.
std::string version_of(const struct stat& status);
Time modified(const struct stat& status);
std::uint64_t order_of(const struct stat& status);
bool is_missing(int code);
std::optional<struct stat> regular_file(const std::filesystem::path& path);
bool is_folder(const std::filesystem::path& path);
/// 16 hexadecimal digits.
std::string hex16(std::uint64_t number);
/// `link`, replacing what is there.
Result<void> link_file(const std::filesystem::path& from, const std::filesystem::path& to);

/// Where the files of a key are.
struct Tree::Location {
  Location(const std::filesystem::path& root_in, std::string_view key_in);
  std::filesystem::path metadata(const std::string& version) const;
  /// Where a data file goes: beside the folder of its name, if there is one.
  std::filesystem::path target() const;

  const std::filesystem::path& root;  // of the caller, as `key`
  std::string_view key;
  std::filesystem::path folder;
  std::string name;
  std::filesystem::path file;         // where it usually is
  std::filesystem::path file_beside;  // where it is if a folder has its name
  std::filesystem::path versions;     // the folder of older versions and delete markers
};

/// The current object.
struct Tree::Opened {
  std::filesystem::path path;  // empty: there is no such object
  std::string version;
  ObjectInfo info;
};

/// A version in the folder of older ones.
struct Tree::Older {
  std::uint64_t order = 0;
  std::string suffix;  // `null`, or what makes the id unique
  bool is_marker = false;

  std::string id() const { return suffix == "null" ? std::string() : hex16(order) + suffix; }
  std::string name() const { return hex16(order) + '-' + suffix; }
  std::string record() const { return name() + (is_marker ? ".marker" : ".json"); }
};

/// What goes when a new current version is durable.
struct Tree::Replaced {
  std::string version;       // of the metadata of the file that was there
  std::vector<Older> nulls;  // there is one version `null` at most
};

}  // namespace weir::objects
