// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/document.h"

/// Members of the daemon's answers; one that is missing or of another type is empty.
namespace weir::cli {

std::string text_of(const Document& document, std::string_view name);
std::int64_t number_of(const Document& document, std::string_view name);
/// Of whole numbers, too.
double real_of(const Document& document, std::string_view name);
bool flag_of(const Document& document, std::string_view name);
const Document::List& list_of(const Document& document, std::string_view name);

}  // namespace weir::cli
