// SPDX-License-Identifier: Apache-2.0
#include "contributors/key_hash.h"

#include <algorithm>
#include <cstring>

namespace weir::contributors {
namespace {

/// The two halves of the product folded into one word.
std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t read_up_to_8(const char* at, std::size_t size) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, std::min<std::size_t>(size, 8));
  return word;
}

}  // namespace

std::uint64_t hash_of(std::string_view text, std::uint64_t seed) {
  constexpr std::uint64_t kFirst = 0x9e3779b97f4a7c15;
  constexpr std::uint64_t kSecond = 0xc2b2ae3d27d4eb4f;
  std::uint64_t state = seed ^ fold(seed ^ kFirst, text.size() ^ kSecond);
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left > 16; at += 16, left -= 16) {
    state = fold(read_up_to_8(at, 8) ^ kFirst, read_up_to_8(at + 8, 8) ^ state);
  }
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  if (left != 0) low = read_up_to_8(at, left);
  if (left > 8) high = read_up_to_8(at + 8, left - 8);
  return fold(kSecond ^ seed, fold(low ^ kFirst, high ^ state));
}

}  // namespace weir::contributors
