// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace weir::logs {

/// The fields of a message as space-delimited patterns see them: separated by white space; `"..."`
/// and `[...]` are one field without the delimiters. A delimiter that is never closed is an
/// ordinary character.
///
/// Reads only as far as it is asked to.
class Fields {
 public:
  struct Field {
    std::string_view text;
    std::size_t offset;  // in the message, with an opening delimiter
  };

  void reset(std::string_view message);
  /// True if there are at least `count` fields.
  bool has(std::size_t count);
  std::size_t count();
  /// Of a field that is known to be there.
  const Field& operator[](std::size_t index) const { return fields_[index]; }
  /// The message from that field on, as it is.
  std::string_view rest(std::size_t index) const { return message_.substr(fields_[index].offset); }

 private:
  bool read_one();
  bool read_enclosed(std::size_t start);

  std::string_view message_;
  std::size_t offset_ = 0;
  std::size_t unclosed_bracket_ = 0;  // from here on no bracket is closed
  std::size_t unclosed_quote_ = 0;
  std::vector<Field> fields_;
};

}  // namespace weir::logs
