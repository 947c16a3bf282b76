// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "insights/value.h"

/// JSON read where it stands: nothing is built, values are slices of the text. Everything refuses
/// text deeper than kJsonDepthMax.
namespace weir::insights {

inline constexpr int kJsonDepthMax = 100;

/// The map or list at the beginning of the text (blanks before it are passed over), without what
/// follows it. Nothing if there is none or it is not well-formed.
std::optional<std::string_view> json_container(std::string_view text);

/// The first JSON map within a text: the text itself, or a fragment behind other words.
std::optional<std::string_view> json_fragment(std::string_view text);

/// A field by its flattened name: `a.b.0.c`. A key may itself contain dots. Trees are whole slices,
/// JSON null is null, strings with escapes are decoded into `arena`.
/// `json` is well-formed.
Value json_find(std::string_view json, std::string_view path, Arena& arena);

/// json_find() of several paths in one walk; `out` is as long as `paths`.
void json_find_all(std::string_view json, std::span<const std::string_view> paths,
                   std::span<Value> out, Arena& arena);

/// Every scalar with its flattened name, up to `fields_max`. `json` is well-formed.
void json_flatten(std::string_view json, std::size_t fields_max, Arena& arena,
                  const std::function<void(const std::string& name, const Value&)>& each);

/// The elements of a list. False if `json` is a map. `json` is well-formed.
bool json_elements(std::string_view json, Arena& arena,
                   const std::function<void(const Value&)>& each);

/// `"text"` with escapes.
void append_json_string(std::string_view text, std::string& out);

}  // namespace weir::insights
