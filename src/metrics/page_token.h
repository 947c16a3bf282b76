// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::metrics {

/// A NextToken that holds `position` and only reads back with the same `purpose` (operation and
/// parameters).
std::string make_page_token(std::string_view purpose, std::string_view position);
/// The position, or nothing if the token is not one of ours for this purpose.
std::optional<std::string> read_page_token(std::string_view purpose, std::string_view token);

}  // namespace weir::metrics
