// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <string>

#include "base/base64.h"
#include "insights/functions.h"
#include "insights/json.h"
#include "insights/regex.h"

namespace weir::insights {
namespace {

using Arguments = std::span<const Value>;

constexpr std::string_view kBlanks = " \t\n\r\v\f";
constexpr std::size_t kTextMax = 1u << 20;  // of a result; a longer one is null

bool has_text(const Value& value) { return !value.is_null() && !value.is_tree(); }

/// The text views of the arguments; false if one of them has none.
template <std::size_t n>
bool texts(Arguments a, const CallContext& context, std::string_view (&out)[n]) {
  for (std::size_t i = 0; i < n; ++i) {
    if (!has_text(a[i])) return false;
    out[i] = text_in(a[i], context.arena);
  }
  return true;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// The byte at which the code point number `count` begins.
std::size_t byte_of(std::string_view text, std::int64_t count) {
  std::size_t at = 0;
  while (at < text.size() && count > 0) {
    ++at;
    while (at < text.size() && is_continuation(text[at])) ++at;
    --count;
  }
  return at;
}

Value is_empty(Arguments a, const CallContext& context) {
  return Value::of_bool(a[0].is_null() || text_in(a[0], context.arena).empty());
}

Value is_blank(Arguments a, const CallContext& context) {
  return Value::of_bool(a[0].is_null() || text_in(a[0], context.arena).find_first_not_of(kBlanks) ==
                                              std::string_view::npos);
}

Value concat(Arguments a, const CallContext& context) {
  std::string out;
  for (const Value& value : a) {
    if (has_text(value)) append_text(value, out);
    if (out.size() > kTextMax) return {};
  }
  return context.text(out);
}

Value length(Arguments a, const CallContext& context) {
  std::string_view text[1];
  if (!texts(a, context, text)) return {};
  return Value::of(static_cast<std::int64_t>(
      std::count_if(text[0].begin(), text[0].end(), [](char c) { return !is_continuation(c); })));
}

template <char first, char last, int shift>
Value change_case(Arguments a, const CallContext& context) {
  std::string_view text[1];
  if (!texts(a, context, text)) return {};
  std::string out(text[0]);
  for (char& c : out) {
    if (c >= first && c <= last) c = static_cast<char>(c + shift);
  }
  return context.text(out);
}

template <bool left, bool right>
Value trim(Arguments a, const CallContext& context) {
  if (!has_text(a[0])) return {};
  std::string_view text = text_in(a[0], context.arena);
  const std::string_view set = a.size() > 1 ? text_in(a[1], context.arena) : kBlanks;
  if (left) text.remove_prefix(std::min(text.find_first_not_of(set), text.size()));
  if (right) text = text.substr(0, text.find_last_not_of(set) + 1);
  return Value::of(text);
}

Value substring(Arguments a, const CallContext& context) {
  const auto start = number_of(a[1]);
  const auto count = a.size() > 2 ? number_of(a[2]) : Number::of(std::int64_t{1} << 40);
  if (!has_text(a[0]) || !start || !count || start->real < 0 || count->real < 0) return {};
  std::string_view text = text_in(a[0], context.arena);
  text.remove_prefix(byte_of(text, static_cast<std::int64_t>(start->real)));
  return Value::of(text.substr(0, byte_of(text, static_cast<std::int64_t>(count->real))));
}

Value replace(Arguments a, const CallContext& context) {
  std::string_view t[3];
  if (!texts(a, context, t)) return {};
  if (t[1].empty()) return Value::of(t[0]);
  std::string out;
  for (std::size_t at = 0; out.size() <= kTextMax;) {
    const std::size_t found = t[0].find(t[1], at);
    out += t[0].substr(at, found - at);
    if (found == std::string_view::npos) return context.text(out);
    out += t[2];
    at = found + t[1].size();
  }
  return {};
}

Value replace_regex(Arguments a, const CallContext& context) {
  std::string_view t[2];
  if (!texts(a, context, t)) return {};
  return context.text(context.regex->replace(t[0], t[1]));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

Value contains(Arguments a, const CallContext& context) {
  std::string_view t[2];
  if (!texts(a, context, t)) return Value::of_bool(false);
  const bool ignores_case = a.size() > 2 && is_true(a[2]);
  return Value::of_bool((ignores_case ? lower(t[0]).find(lower(t[1])) : t[0].find(t[1])) !=
                        std::string_view::npos);
}

Value starts_with(Arguments a, const CallContext& context) {
  std::string_view t[2];
  return Value::of_bool(texts(a, context, t) && t[0].starts_with(t[1]));
}
Value ends_with(Arguments a, const CallContext& context) {
  std::string_view t[2];
  return Value::of_bool(texts(a, context, t) && t[0].ends_with(t[1]));
}

Value split(Arguments a, const CallContext& context) {
  std::string_view t[2];
  if (!texts(a, context, t)) return {};
  std::string out = "[";
  for (std::size_t at = 0; at != std::string_view::npos;) {
    const std::size_t end = t[1].empty() ? std::string_view::npos : t[0].find(t[1], at);
    if (out.size() > 1) out += ',';
    append_json_string(t[0].substr(at, end - at), out);
    at = end == std::string_view::npos ? end : end + t[1].size();
  }
  return Value::of_tree(context.arena.copy(out + "]"));
}

constexpr std::string_view kHex = "0123456789ABCDEF";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

Value url_encode(Arguments a, const CallContext& context) {
  std::string_view t[1];
  if (!texts(a, context, t)) return {};
  std::string out;
  for (const char c : t[0]) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("-_.~").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return context.text(out);
}

Value url_decode(Arguments a, const CallContext& context) {
  std::string_view t[1];
  if (!texts(a, context, t)) return {};
  std::string out;
  for (std::size_t i = 0; i < t[0].size(); ++i) {
    const char c = t[0][i];
    if (c == '%' && i + 2 < t[0].size() && hex_digit(t[0][i + 1]) >= 0 &&
        hex_digit(t[0][i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(t[0][i + 1]) * 16 + hex_digit(t[0][i + 2]));
      i += 2;
    } else {
      out += c == '+' ? ' ' : c;
    }
  }
  return context.text(out);
}

Value to_base64(Arguments a, const CallContext& context) {
  std::string_view t[1];
  return texts(a, context, t) ? context.text(base64_encode(t[0])) : Value();
}
Value from_base64(Arguments a, const CallContext& context) {
  std::string_view t[1];
  if (!texts(a, context, t)) return {};
  const auto decoded = base64_decode(t[0]);
  return decoded ? context.text(*decoded) : Value();
}

std::string_view without_0x(std::string_view text) {
  return text.starts_with("0x") || text.starts_with("0X") ? text.substr(2) : text;
}

Value hex_to_ascii(Arguments a, const CallContext& context) {
  std::string_view t[1];
  if (!texts(a, context, t)) return {};
  const std::string_view hex = without_0x(t[0]);
  if (hex.size() % 2 != 0) return {};
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = hex_digit(hex[i]);
    const int low = hex_digit(hex[i + 1]);
    if (high < 0 || low < 0) return {};
    out += static_cast<char>(high * 16 + low);
  }
  return context.text(out);
}

Value hex_to_dec(Arguments a, const CallContext& context) {
  std::string_view t[1];
  if (!texts(a, context, t)) return {};
  const std::string_view hex = without_0x(t[0]);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), number, 16);
  return error == std::errc{} && end == hex.data() + hex.size() ? Value::of(number) : Value();
}

Value dec_to_hex(Arguments a, const CallContext& context) {
  const auto number = number_of(a[0]);
  if (!number || !number->is_integer || number->integer < 0) return {};
  char text[20];
  const auto end = std::to_chars(text, text + sizeof text, number->integer, 16).ptr;
  return context.text({text, static_cast<std::size_t>(end - text)});
}

const Function kFunctions[] = {
    {"isempty", 1, 1, is_empty},
    {"isblank", 1, 1, is_blank},
    {"concat", 1, kArgumentsMany, concat},
    {"strlen", 1, 1, length},
    {"toupper", 1, 1, change_case<'a', 'z', 'A' - 'a'>},
    {"tolower", 1, 1, change_case<'A', 'Z', 'a' - 'A'>},
    {"ltrim", 1, 2, trim<true, false>},
    {"rtrim", 1, 2, trim<false, true>},
    {"trim", 1, 2, trim<true, true>},
    {"substr", 2, 3, substring},
    {"replace", 3, 3, replace},
    {"regexReplace", 3, 3, replace_regex, {Argument::any, Argument::regex, Argument::any}},
    {"strcontains", 2, 3, contains},
    {"startsWith", 2, 2, starts_with},
    {"endsWith", 2, 2, ends_with},
    {"split", 2, 2, split},
    {"urlencode", 1, 1, url_encode},
    {"urldecode", 1, 1, url_decode},
    {"base64encode", 1, 1, to_base64},
    {"base64decode", 1, 1, from_base64},
    {"hexToAscii", 1, 1, hex_to_ascii},
    {"hexToDec", 1, 1, hex_to_dec},
    {"decToHex", 1, 1, dec_to_hex},
    // Masking is not done here, so what is stored is shown.
    {"unmask", 1, 1, [](Arguments a, const CallContext&) { return a[0]; }},
};

}  // namespace

std::span<const Function> string_functions() { return kFunctions; }

}  // namespace weir::insights
