// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace weir::contributors {

/// Spreads the bits of `text` over 64 bits. With a seed that others do not know nobody can make
/// texts that collide; summaries merge only when their texts were hashed with one seed.
std::uint64_t hash_of(std::string_view text, std::uint64_t seed);

}  // namespace weir::contributors
