// SPDX-License-Identifier: Apache-2.0
#include "insights/json.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace weir::insights {
namespace {

constexpr int kFragmentsMax = 8;  // places tried in one message

/// A place in well-formed or unknown text. What fails returns false and stays failed.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  std::size_t at() const { return at_; }
  std::string_view from(std::size_t start) const { return text_.substr(start, at_ - start); }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  /// A string with its quotes.
  bool string() {
    if (!take('"')) return false;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (c == '\\') ++at_;
      if (static_cast<unsigned char>(c) < 0x20) return false;
    }
    return false;
  }

  bool value(int depth) {
    blanks();
    switch (peek()) {
      case '{':
        return depth < kJsonDepthMax && map(depth);
      case '[':
        return depth < kJsonDepthMax && list(depth);
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

 private:
  bool word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  bool number() {
    const std::size_t start = at_;
    while (at_ < text_.size() &&
           ((text_[at_] >= '0' && text_[at_] <= '9') || text_[at_] == '-' || text_[at_] == '+' ||
            text_[at_] == '.' || text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
    }
    return at_ > start && parse_number(from(start)).has_value();
  }
  bool map(int depth) {
    take('{');
    blanks();
    if (take('}')) return true;
    do {
      blanks();
      if (!string()) return false;
      blanks();
      if (!take(':') || !value(depth + 1)) return false;
      blanks();
    } while (take(','));
    return take('}');
  }
  bool list(int depth) {
    take('[');
    blanks();
    if (take(']')) return true;
    do {
      if (!value(depth + 1)) return false;
      blanks();
    } while (take(','));
    return take(']');
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void append_utf8(std::uint32_t point, std::string& out) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | (point >> 6));
    put(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    put(0xe0 | (point >> 12));
    put(0x80 | ((point >> 6) & 0x3f));
    put(0x80 | (point & 0x3f));
  } else {
    put(0xf0 | (point >> 18));
    put(0x80 | ((point >> 12) & 0x3f));
    put(0x80 | ((point >> 6) & 0x3f));
    put(0x80 | (point & 0x3f));
  }
}

std::uint32_t hex4(std::string_view text, std::size_t at) {
  std::uint32_t value = 0;
  if (at + 4 > text.size()) return 0xfffd;
  const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + 4, value, 16);
  return error == std::errc{} && end == text.data() + at + 4 ? value : 0xfffd;
}

/// The content of a string without its quotes.
std::string decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    if (c != 'u') {
      constexpr std::string_view kNames = "bfnrt";
      constexpr std::string_view kChars = "\b\f\n\r\t";
      const std::size_t place = kNames.find(c);
      out += place == std::string_view::npos ? c : kChars[place];
      continue;
    }
    std::uint32_t point = hex4(text, i + 1);
    i += 4;
    if (point >= 0xd800 && point < 0xdc00 && text.substr(i + 1, 2) == "\\u") {
      const std::uint32_t low = hex4(text, i + 3);
      if (low >= 0xdc00 && low < 0xe000) {
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        i += 6;
      }
    }
    append_utf8(point >= 0xd800 && point < 0xe000 ? 0xfffd : point, out);
  }
  return out;
}

std::string_view string_content(std::string_view quoted, Arena& arena) {
  const std::string_view content = quoted.substr(1, quoted.size() - 2);
  return content.find('\\') == std::string_view::npos ? content : arena.copy(decode(content));
}

Value to_value(std::string_view slice, Arena& arena) {
  switch (slice.empty() ? '\0' : slice[0]) {
    case '{':
    case '[':
      return Value::of_tree(slice);
    case '"':
      return Value::of(string_content(slice, arena));
    case 'n':
    case '\0':
      return {};
    default:
      return Value::of(slice);
  }
}

/// Passes each member (its key or index, its slice) of a well-formed container.
template <class Each>
void each_member(std::string_view json, Arena& arena, Each each) {
  Cursor cursor(json);
  cursor.blanks();
  const bool is_map = cursor.peek() == '{';
  if (!cursor.take('{') && !cursor.take('[')) return;
  std::array<char, 24> index_text{};
  for (std::size_t index = 0;; ++index) {
    cursor.blanks();
    if (cursor.peek() == '}' || cursor.peek() == ']' || cursor.peek() == '\0') return;
    std::string_view key;
    if (is_map) {
      const std::size_t start = cursor.at();
      if (!cursor.string()) return;
      key = string_content(cursor.from(start), arena);
      cursor.blanks();
      if (!cursor.take(':')) return;
      cursor.blanks();
    } else {
      const auto end = std::to_chars(index_text.data(), index_text.data() + 24, index).ptr;
      key = {index_text.data(), static_cast<std::size_t>(end - index_text.data())};
    }
    const std::size_t start = cursor.at();
    if (!cursor.value(0)) return;
    if (!each(key, cursor.from(start))) return;
    cursor.blanks();
    if (!cursor.take(',')) return;
  }
}

struct Wanted {
  std::size_t place;
  std::string_view rest;  // of the path
};

void find_in(std::string_view json, std::span<const Wanted> wanted, std::span<Value> out,
             Arena& arena) {
  each_member(json, arena, [&](std::string_view key, std::string_view slice) {
    std::vector<Wanted> deeper;
    for (const Wanted& one : wanted) {
      if (!one.rest.starts_with(key)) continue;
      if (one.rest.size() == key.size()) {
        out[one.place] = to_value(slice, arena);
      } else if (one.rest[key.size()] == '.') {
        deeper.push_back({one.place, one.rest.substr(key.size() + 1)});
      }
    }
    if (!deeper.empty() && (slice[0] == '{' || slice[0] == '[')) find_in(slice, deeper, out, arena);
    return true;
  });
}

void flatten_in(std::string_view json, std::string& name, std::size_t& left, Arena& arena,
                const std::function<void(const std::string&, const Value&)>& each) {
  each_member(json, arena, [&](std::string_view key, std::string_view slice) {
    const std::size_t before = name.size();
    if (before != 0) name += '.';
    name += key;
    if (slice[0] == '{' || slice[0] == '[') {
      flatten_in(slice, name, left, arena, each);
    } else if (left > 0) {
      --left;
      each(name, to_value(slice, arena));
    }
    name.resize(before);
    return left > 0;
  });
}

}  // namespace

std::optional<std::string_view> json_container(std::string_view text) {
  Cursor cursor(text);
  cursor.blanks();
  const std::size_t start = cursor.at();
  if (cursor.peek() != '{' && cursor.peek() != '[') return std::nullopt;
  if (!cursor.value(0)) return std::nullopt;
  return cursor.from(start);
}

std::optional<std::string_view> json_fragment(std::string_view text) {
  std::size_t at = 0;
  for (int tries = 0; tries < kFragmentsMax; ++tries) {
    at = text.find('{', at);
    if (at == std::string_view::npos) break;
    if (const auto found = json_container(text.substr(at))) return found;
    ++at;
  }
  return std::nullopt;
}

void json_find_all(std::string_view json, std::span<const std::string_view> paths,
                   std::span<Value> out, Arena& arena) {
  std::vector<Wanted> wanted;
  for (std::size_t i = 0; i < paths.size(); ++i) wanted.push_back({i, paths[i]});
  find_in(json, wanted, out, arena);
}

Value json_find(std::string_view json, std::string_view path, Arena& arena) {
  Value out;
  json_find_all(json, {&path, 1}, {&out, 1}, arena);
  return out;
}

void json_flatten(std::string_view json, std::size_t fields_max, Arena& arena,
                  const std::function<void(const std::string&, const Value&)>& each) {
  std::string name;
  std::size_t left = fields_max;
  flatten_in(json, name, left, arena, each);
}

bool json_elements(std::string_view json, Arena& arena,
                   const std::function<void(const Value&)>& each) {
  if (!json.starts_with('[')) return false;
  each_member(json, arena, [&](std::string_view, std::string_view slice) {
    each(to_value(slice, arena));
    return true;
  });
  return true;
}

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
      out += escape.data();
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace weir::insights
