// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

constexpr std::uint64_t kFnvOffset = 0xcbf29ce484222325U;

/// FNV-1a, 64 bits: tells contents apart that nobody forges. The hash of a text that comes in
/// pieces: each with the hash so far.
constexpr std::uint64_t fnv1a(std::string_view text, std::uint64_t hash = kFnvOffset) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

}  // namespace weir
