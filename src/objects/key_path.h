// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// How the key of an object is written as the path of a file.
///
/// An ordinary key is its own path. What a file system cannot hold, or what has a meaning there, is
/// escaped, so that each key has exactly one path, each path at most one key, and no path leaves
/// its folder:
///
///     `%`, control characters, a `.` at the beginning of a name   `%25`, `%0A`, `%2E`
///     an empty part, as in `a//b`, `/a`, `folder/`                 `%_`
///     a part that is longer than kNameBytesMax                     folders `<text>%+`, then the
///     rest a file where a folder of that name is, too (`a`, `a/b`)      `a%=` beside the folder
///     `a`
///
/// Names that begin with a dot are therefore free for what is not an object.
namespace weir::objects {

/// Leaves room in the 255 bytes of a file name for the markers and for the name of the metadata
/// file.
constexpr std::size_t kNameBytesMax = 180;

struct KeyPath {
  std::string folder;  // `a/b`, "" if the file lies at the top
  std::string name;    // of the file
};

/// `key` is not empty.
KeyPath key_path(std::string_view key);
/// The folder in which all keys lie that begin with `prefix`, and the part of `prefix` that it
/// stands for.
std::pair<std::string, std::string_view> prefix_folder(std::string_view prefix);

/// The name of a file that gave way to a folder of its name.
std::string name_beside_folder(std::string_view name);

/// What the name of a file or folder stands for.
struct EntryName {
  enum class Kind : std::uint8_t {
    plain,
    continues,  // a folder whose entries continue this very part of the key
    beside,     // a file that gave way to a folder
  } kind = Kind::plain;
  std::string text;
};
/// Nothing for names that key_path() does not write.
std::optional<EntryName> parse_name(std::string_view name);

/// Undoes key_path().
std::optional<std::string> path_key(std::string_view path);

}  // namespace weir::objects
