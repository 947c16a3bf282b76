// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The compact binary form of stored blocks and outbox records.
namespace weir::logs {

/// Seven bits a byte, the lowest first; the high bit says that more follow.
inline void put_number(std::string& out, std::uint64_t number) {
  while (number >= 0x80) {
    out.push_back(static_cast<char>(number | 0x80));
    number >>= 7;
  }
  out.push_back(static_cast<char>(number));
}

inline void put_text(std::string& out, std::string_view text) {
  put_number(out, text.size());
  out.append(text);
}

inline void put_real(std::string& out, double real) {
  put_number(out, std::bit_cast<std::uint64_t>(real));
}

/// Reads what the functions above wrote. After reading past the end `failed()` is true and
/// everything reads as zero or empty.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t number() {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 64 && offset_ < bytes_.size(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_[offset_++]);
      number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return number;
    }
    failed_ = true;
    return 0;
  }
  std::string_view text() {
    const std::uint64_t size = number();
    if (size > bytes_.size() - offset_) failed_ = true;
    if (failed_) return {};
    const std::string_view text = bytes_.substr(offset_, size);
    offset_ += size;
    return text;
  }
  double real() { return std::bit_cast<double>(number()); }
  std::string_view rest() const { return bytes_.substr(offset_); }
  bool done() const { return failed_ || offset_ == bytes_.size(); }
  bool failed() const { return failed_; }

 private:
  std::string_view bytes_;
  std::size_t offset_ = 0;
  bool failed_ = false;
};

}  // namespace weir::logs
