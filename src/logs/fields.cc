// SPDX-License-Identifier: Apache-2.0
#include "logs/fields.h"

#include "logs/pattern_text.h"

namespace weir::logs {
namespace {

/// The place of the delimiter that closes the one at `open`; a quote behind a backslash does not.
std::size_t find_closing(std::string_view message, std::size_t open) {
  if (message[open] == '[') return message.find(']', open);
  for (std::size_t i = open + 1; i < message.size(); ++i) {
    if (message[i] == '\\') {
      ++i;
    } else if (message[i] == '"') {
      return i;
    }
  }
  return message.npos;
}

}  // namespace

void Fields::reset(std::string_view message) {
  message_ = message;
  offset_ = 0;
  unclosed_bracket_ = message.size();
  unclosed_quote_ = message.size();
  fields_.clear();
}

bool Fields::has(std::size_t count) {
  while (fields_.size() < count) {
    if (!read_one()) return false;
  }
  return true;
}

std::size_t Fields::count() {
  while (read_one()) {
  }
  return fields_.size();
}

bool Fields::read_one() {
  const char* const begin = message_.data();
  const char* const end = begin + message_.size();
  const char* at = begin + offset_;
  while (at != end && is_blank(*at)) ++at;
  offset_ = static_cast<std::size_t>(at - begin);
  if (at == end) return false;
  const std::size_t start = offset_;
  if ((*at == '"' || *at == '[') && read_enclosed(start)) return true;
  while (at != end && !is_blank(*at)) ++at;
  offset_ = static_cast<std::size_t>(at - begin);
  fields_.push_back({message_.substr(start, offset_ - start), start});
  return true;
}

/// Looking for the end of an unclosed delimiter once is enough; again and again would be quadratic.
bool Fields::read_enclosed(std::size_t start) {
  std::size_t& unclosed = message_[start] == '[' ? unclosed_bracket_ : unclosed_quote_;
  if (start >= unclosed) return false;
  const std::size_t closing = find_closing(message_, start);
  if (closing == message_.npos) {
    unclosed = start;
    return false;
  }
  fields_.push_back({message_.substr(start + 1, closing - start - 1), start});
  offset_ = closing + 1;
  return true;
}

}  // namespace weir::logs
