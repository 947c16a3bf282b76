// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir {

/// RFC 4648 section 4, with padding.
std::string base64_encode(std::string_view bytes);
/// Accepts padded and unpadded text without line breaks; nothing for any other character.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace weir
