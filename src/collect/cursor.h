// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace weir::collect {

using Bytes = std::span<const std::uint8_t>;

/// A number of 0 to 8 bytes in network order; of more bytes the last eight.
inline std::uint64_t number_of(Bytes bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

/// Reads a datagram from front to back and never outside of it. Reading past the end gives zeros
/// and no bytes, and `failed()` from then on, so a decoder checks once after a group of fields.
class Cursor {
 public:
  explicit Cursor(Bytes bytes) : rest_(bytes) {}

  std::size_t left() const { return rest_.size(); }
  bool failed() const { return failed_; }
  Bytes rest() const { return rest_; }

  Bytes take(std::size_t count) {
    if (count > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const Bytes taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  void skip(std::size_t count) { (void)take(count); }
  std::uint8_t u8() { return static_cast<std::uint8_t>(number_of(take(1))); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number_of(take(2))); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number_of(take(4))); }

 private:
  Bytes rest_;
  bool failed_ = false;
};

}  // namespace weir::collect
