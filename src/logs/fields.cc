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
  while (offset_ < message_.size() && is_blank(message_[offset_])) ++offset_;
  if (offset_ == message_.size()) return false;
  const std::size_t start = offset_;
  const char first = message_[start];
  if (first == '"' || first == '[') {
    // Looking for the end of an unclosed delimiter once is enough; again and again would be
    // quadratic.
    std::size_t& unclosed = first == '[' ? unclosed_bracket_ : unclosed_quote_;
    if (start < unclosed) {
      const std::size_t closing = find_closing(message_, start);
      if (closing != message_.npos) {
        fields_.push_back({message_.substr(start + 1, closing - start - 1), start});
        offset_ = closing + 1;
        return true;
      }
      unclosed = start;
    }
  }
  while (offset_ < message_.size() && !is_blank(message_[offset_])) ++offset_;
  fields_.push_back({message_.substr(start, offset_ - start), start});
  return true;
}

}  // namespace weir::logs
