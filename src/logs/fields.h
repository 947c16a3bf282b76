// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace weir::logs {

/// The fields of a message as space-delimited patterns see them: separated by white space; `"..."`
/// and `[...]` are one field without the delimiters. A delimiter that is never closed is an
/// ordinary character.
///
/// Reads the message in blocks of 64 bytes, and only as far as it is asked to.
class Fields {
 public:
  void reset(std::string_view message);
  /// True if there are at least `count` fields.
  bool has(std::size_t count) { return count <= complete() || read(count); }
  std::size_t count();
  /// Of a field that is known to be there.
  std::string_view operator[](std::size_t index) const {
    const std::size_t begin = edges_[2 * index];
    return {message_.data() + begin, edges_[2 * index + 1] - begin};
  }
  /// The message from that field on, as it is, with an opening delimiter.
  std::string_view rest(std::size_t index) const;

 private:
  std::size_t complete() const { return edge_count_ / 2; }
  bool read(std::size_t count);
  void read_block();
  void read_enclosed();

  std::string_view message_;
  std::size_t offset_ = 0;      // of what was not looked at yet
  bool brackets_close_ = true;  // false: from here on no bracket is closed
  bool quotes_close_ = true;
  std::size_t edge_count_ = 0;         // odd: in the middle of a field
  std::vector<std::size_t> edges_;     // where fields begin and end, in turn
  std::vector<std::size_t> enclosed_;  // the fields with delimiters, rising
};

}  // namespace weir::logs
