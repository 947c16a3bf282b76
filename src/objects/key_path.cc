// SPDX-License-Identifier: Apache-2.0
#include "objects/key_path.h"

namespace weir::objects {
namespace {

constexpr std::string_view kEmpty = "%_";
constexpr std::string_view kContinues = "%+";
constexpr std::string_view kBeside = "%=";
constexpr char kHex[] = "0123456789ABCDEF";

bool needs_escape(char c, bool is_first) {
  const auto byte = static_cast<unsigned char>(c);
  return c == '%' || byte < 0x20 || byte == 0x7f || (is_first && c == '.');
}

/// Bytes of the UTF-8 character at the beginning of `text`, so that no name ends in the middle of
/// one.
std::size_t character_bytes(std::string_view text) {
  std::size_t bytes = 1;
  if (static_cast<unsigned char>(text[0]) < 0xc0) return bytes;
  while (bytes < 4 && bytes < text.size() &&
         (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) {
    ++bytes;
  }
  return bytes;
}

/// Appends `part`, a key between two slashes, as one name or, if it is long, as several.
void append_part(std::string& path, std::string_view part) {
  if (part.empty()) {
    path += kEmpty;
    return;
  }
  std::size_t name_start = path.size();
  for (std::size_t i = 0; i < part.size();) {
    const bool is_escaped = needs_escape(part[i], path.size() == name_start);
    const std::size_t bytes = character_bytes(part.substr(i));
    if (path.size() - name_start + (is_escaped ? 3 : bytes) > kNameBytesMax) {
      path += kContinues;
      path += '/';
      name_start = path.size();
      continue;
    }
    if (is_escaped) {
      const auto byte = static_cast<unsigned char>(part[i]);
      path += {'%', kHex[byte >> 4], kHex[byte & 15]};
      i += 1;
    } else {
      path += part.substr(i, bytes);
      i += bytes;
    }
  }
}

std::string escaped(std::string_view key) {
  std::string path;
  path.reserve(key.size() + 16);
  while (true) {
    const std::size_t slash = key.find('/');
    append_part(path, key.substr(0, slash));
    if (slash == std::string_view::npos) return path;
    path += '/';
    key.remove_prefix(slash + 1);
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace

KeyPath key_path(std::string_view key) {
  std::string path = escaped(key);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {"", std::move(path)};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

std::pair<std::string, std::string_view> prefix_folder(std::string_view prefix) {
  const std::size_t slash = prefix.rfind('/');
  if (slash == std::string_view::npos) return {"", {}};
  return {escaped(prefix.substr(0, slash)), prefix.substr(0, slash + 1)};
}

std::string name_beside_folder(std::string_view name) {
  return std::string(name) + std::string(kBeside);
}

std::optional<EntryName> parse_name(std::string_view name) {
  EntryName entry;
  if (name == kEmpty) return entry;
  std::string_view text = name;
  if (text.ends_with(kContinues)) entry.kind = EntryName::Kind::continues;
  if (text.ends_with(kBeside)) entry.kind = EntryName::Kind::beside;
  if (entry.kind != EntryName::Kind::plain) text.remove_suffix(kContinues.size());
  if (entry.kind == EntryName::Kind::beside && text == kEmpty) return entry;
  auto plain = unescaped(text);
  if (!plain || plain->empty() || plain->find('/') != std::string::npos) return std::nullopt;
  // Only the one spelling that key_path() writes, or two files would be one key.
  std::string again;
  append_part(again, *plain);
  if (again != text) return std::nullopt;
  entry.text = std::move(*plain);
  return entry;
}

std::optional<std::string> path_key(std::string_view path) {
  std::string_view rest = path;
  std::string key;
  while (true) {
    const std::size_t slash = rest.find('/');
    const bool is_last = slash == std::string_view::npos;
    const auto entry = parse_name(rest.substr(0, slash));
    if (!entry) return std::nullopt;
    const auto misplaced = is_last ? EntryName::Kind::continues : EntryName::Kind::beside;
    if (entry->kind == misplaced) return std::nullopt;
    key += entry->text;
    if (is_last) break;
    if (entry->kind == EntryName::Kind::plain) key += '/';
    rest.remove_prefix(slash + 1);
  }
  if (key.empty()) return std::nullopt;
  // A long part must be cut where key_path() cuts it.
  const std::string only = escaped(key);
  if (path == only || path == name_beside_folder(only)) return key;
  return std::nullopt;
}

}  // namespace weir::objects
