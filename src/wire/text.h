// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

/// Small text helpers of the codecs. ASCII only, independent of the locale.
namespace weir::wire {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The value of a hexadecimal digit, or -1.
constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

inline std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

/// Without blanks and tabs at both ends.
constexpr std::string_view trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

/// The length of the valid UTF-8 sequence at the beginning of `text`, or 0 if there is none
/// (overlong forms, surrogates and code points beyond U+10FFFF are invalid).
std::size_t utf8_length(std::string_view text);
bool is_utf8(std::string_view text);
/// With U+FFFD for each byte that belongs to no valid sequence.
std::string valid_utf8(std::string_view text);

}  // namespace weir::wire
