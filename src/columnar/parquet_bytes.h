// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>

/// Encodings of the Parquet format (apache/parquet-format, Encodings.md) and what they are made of.
namespace weir::columnar {

/// Little-endian, as everything in Parquet. Weir runs on little-endian machines only.
template <class Number>
void append_fixed(std::string& out, Number number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}
template <class Number>
Number read_fixed(const char* at) {
  Number number;
  std::memcpy(&number, at, sizeof number);
  return number;
}

void append_varint(std::string& out, std::uint64_t value);

/// Numbers of `bit_width` (1 to 32) bits in the RLE and bit-packing hybrid.
void append_hybrid(std::string& out, std::span<const std::uint32_t> numbers, int bit_width);

/// DELTA_BINARY_PACKED. `bits` is 32 or 64: the width of the column's type, in which differences
/// wrap around.
void append_delta(std::string& out, std::span<const std::int64_t> numbers, int bits);

}  // namespace weir::columnar
