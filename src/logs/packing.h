// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "logs/bytes.h"

/// Compressed parts of a stored block.
///
/// Numbers are stored as planes: first all lowest bytes of their distances to the smallest, then
/// all second bytes, and so on, each plane compressed by itself. What varies little costs little,
/// what is random is copied, and unpacking is a few additions that the compiler vectorizes.
namespace weir::logs {

/// How hard to try. Events that arrive are packed fast; merged blocks are packed once for long.
enum class Effort : std::uint8_t { fast, thorough };

/// Unpacked, of one part.
inline constexpr std::size_t kPackedBytesMax = 8u << 20;

/// Bytes of unknown number: the size before compression (0: not compressed), then as a text.
void put_packed(std::string& out, std::string_view bytes, Effort effort);
/// `bytes` is in `reader` or in `scratch`. False: damaged.
bool take_packed(ByteReader& reader, std::string& scratch, std::string_view& bytes);

/// What the planes are distances to. `zero` keeps the bytes of addresses apart.
enum class Base : std::uint8_t { least, zero };

/// The base, the number of planes, the planes.
void put_numbers(std::string& out, std::span<const std::uint64_t> numbers, Base base,
                 Effort effort);
/// Reads `count` numbers into std::uint32_t, std::uint64_t or std::int64_t. False: damaged.
template <class Number>
bool take_numbers(ByteReader& reader, std::size_t count, std::vector<Number>& numbers);

/// One byte for each of `bytes`; their number is not stored.
void put_plane(std::string& out, std::string_view bytes, Effort effort);
bool take_plane(ByteReader& reader, std::size_t count, std::string& scratch,
                std::string_view& bytes);

/// So that small negative numbers stay small.
inline std::uint64_t fold(std::int64_t number) {
  return (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
}
inline std::int64_t unfold(std::uint64_t folded) {
  return static_cast<std::int64_t>((folded >> 1) ^ (0 - (folded & 1)));
}

}  // namespace weir::logs
