// SPDX-License-Identifier: Apache-2.0
#include "logs/fields.h"

#include <algorithm>
#include <bit>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "logs/pattern_text.h"

namespace weir::logs {
namespace {

constexpr std::size_t kBlockBytes = 64;

/// One bit for each character of a block.
struct Marks {
  std::uint64_t blanks = 0;
  std::uint64_t brackets = 0;
  std::uint64_t quotes = 0;
};

#ifdef __SSE2__
Marks marks_of(const char* block) {
  Marks marks;
  for (std::size_t at = 0; at < kBlockBytes; at += 16) {
    const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + at));
    const __m128i control = _mm_sub_epi8(text, _mm_set1_epi8('\t'));
    const __m128i is_control = _mm_cmpeq_epi8(_mm_min_epu8(control, _mm_set1_epi8(4)), control);
    const __m128i is_space = _mm_cmpeq_epi8(text, _mm_set1_epi8(' '));
    const auto bits = [at](__m128i mask) {
      return static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(mask))) << at;
    };
    marks.blanks |= bits(_mm_or_si128(is_control, is_space));
    marks.brackets |= bits(_mm_cmpeq_epi8(text, _mm_set1_epi8('[')));
    marks.quotes |= bits(_mm_cmpeq_epi8(text, _mm_set1_epi8('"')));
  }
  return marks;
}
#else
Marks marks_of(const char* block) {
  Marks marks;
  for (std::size_t at = 0; at < kBlockBytes; ++at) {
    marks.blanks |= std::uint64_t{is_blank(block[at])} << at;
    marks.brackets |= std::uint64_t{block[at] == '['} << at;
    marks.quotes |= std::uint64_t{block[at] == '"'} << at;
  }
  return marks;
}
#endif

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
  brackets_close_ = true;
  quotes_close_ = true;
  edge_count_ = 0;
  enclosed_.clear();
}

std::size_t Fields::count() {
  has(message_.size() + 1);  // more than there can be
  return complete();
}

std::string_view Fields::rest(std::size_t index) const {
  const bool has_delimiter = std::ranges::binary_search(enclosed_, index);
  return message_.substr(edges_[2 * index] - (has_delimiter ? 1 : 0));
}

bool Fields::read(std::size_t count) {
  while (complete() < count) {
    if (offset_ < message_.size()) {
      read_block();
    } else if (edge_count_ % 2 == 1) {
      edges_[edge_count_++] = message_.size();
    } else {
      return false;
    }
  }
  return true;
}

/// An edge is where a blank and another character meet, so the edges of 64 characters are few
/// operations on their bits.
void Fields::read_block() {
  if (edges_.size() < edge_count_ + kBlockBytes + 2) edges_.resize(2 * edges_.size() + 128);
  const std::size_t size = std::min(kBlockBytes, message_.size() - offset_);
  Marks marks;
  if (size == kBlockBytes) {
    marks = marks_of(message_.data() + offset_);
  } else {
    char block[kBlockBytes];
    std::memset(block, ' ', kBlockBytes);
    std::memcpy(block, message_.data() + offset_, size);
    marks = marks_of(block);
  }
  const bool is_between = edge_count_ % 2 == 0;
  const std::uint64_t behind_blank = marks.blanks << 1 | std::uint64_t{is_between};
  std::uint64_t edges = marks.blanks ^ behind_blank;
  const std::uint64_t opening =
      (brackets_close_ ? marks.brackets : 0) | (quotes_close_ ? marks.quotes : 0);
  const std::uint64_t enclosed = opening & behind_blank;
  if (enclosed != 0) edges &= (enclosed & (~enclosed + 1)) - 1;  // those before the first one
  std::size_t* out = edges_.data() + edge_count_;
  edge_count_ += static_cast<std::size_t>(std::popcount(edges));
  for (; edges != 0; edges &= edges - 1) {
    *out++ = offset_ + static_cast<std::size_t>(std::countr_zero(edges));
  }
  if (enclosed == 0) {
    offset_ += size;
  } else {
    offset_ += static_cast<std::size_t>(std::countr_zero(enclosed));
    read_enclosed();
  }
}

/// Looking for the end of an unclosed delimiter once is enough; again and again would be quadratic.
void Fields::read_enclosed() {
  const std::size_t closing = find_closing(message_, offset_);
  if (closing == message_.npos) {
    (message_[offset_] == '[' ? brackets_close_ : quotes_close_) = false;
    return;  // the next block begins with it, now an ordinary character
  }
  enclosed_.push_back(complete());
  edges_[edge_count_++] = offset_ + 1;
  edges_[edge_count_++] = closing;
  offset_ = closing + 1;
}

}  // namespace weir::logs
