// SPDX-License-Identifier: Apache-2.0
#include "insights/commands/pattern.h"
#include "net/address.h"

namespace weir::insights {
namespace {

constexpr std::size_t kTokensMax = 200;  // of a message; what follows is one variable

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_delimiter(char c) {
  return std::string_view(" \t\r\n,;=()[]{}<>\"'|").find(c) != std::string_view::npos;
}

bool has_shape(std::string_view text, std::string_view shape) {
  if (text.size() < shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == '0'   ? !is_digit(text[i])
        : shape[i] == 'x' ? !is_hex(text[i])
                          : text[i] != shape[i]) {
      return false;
    }
  }
  return true;
}

/// What kind of variable a token is; empty: it is part of the pattern.
std::string_view variable_kind(std::string_view token) {
  bool has_digit = false;
  for (const char c : token) has_digit = has_digit || is_digit(c);
  if (!has_digit) return {};
  if (parse_number(token)) return "Number";
  if (token.size() == 36 && has_shape(token, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")) return "UUID";
  if (has_shape(token, "0000-00-00") || has_shape(token, "00:00:00")) return "Time";
  if (net::Address::parse(token)) return "IPAddress";
  if (net::Prefix::parse(token)) return "IPAddress";
  return "Token";
}

}  // namespace

std::string_view severity_of(std::string_view pattern) {
  constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"fatal", "FATAL"},     {"critical", "FATAL"}, {"error", "ERROR"},
      {"exception", "ERROR"}, {"fail", "ERROR"},     {"warn", "WARN"},
      {"debug", "DEBUG"},     {"trace", "TRACE"},    {"info", "INFO"},
  };
  std::string lower(pattern);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  for (const auto& [word, label] : kWords) {
    if (lower.find(word) != std::string::npos) return label;
  }
  return "NONE";
}

void append_pattern(std::string_view message, std::string& out,
                    std::vector<PatternVariable>* variables_out) {
  std::size_t variables = 0;
  std::size_t tokens = 0;
  for (std::size_t at = 0; at < message.size();) {
    if (is_delimiter(message[at])) {
      out += message[at++];
      continue;
    }
    std::size_t end = at;
    while (end < message.size() && !is_delimiter(message[end])) ++end;
    if (++tokens > kTokensMax) {
      out += "<*>";
      return;
    }
    // Punctuation behind a word is not part of it.
    std::size_t word_end = end;
    while (word_end > at + 1 && (message[word_end - 1] == ':' || message[word_end - 1] == '.'))
      --word_end;
    const std::string_view kind = variable_kind(message.substr(at, word_end - at));
    if (kind.empty()) {
      out += message.substr(at, word_end - at);
    } else {
      out += '<';
      out += kind;
      out += '-' + std::to_string(++variables) + '>';
      if (variables_out != nullptr) {
        variables_out->push_back({kind, message.substr(at, word_end - at)});
      }
    }
    out += message.substr(word_end, end - word_end);
    at = end;
  }
}

}  // namespace weir::insights
