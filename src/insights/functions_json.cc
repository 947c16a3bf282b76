// SPDX-License-Identifier: Apache-2.0
#include "insights/functions.h"
#include "insights/json.h"

namespace weir::insights {
namespace {

using Arguments = std::span<const Value>;

/// The list that a value is, or that its text holds; nothing otherwise.
std::optional<std::string_view> tree_of(const Value& value) {
  if (value.is_tree()) return value.text;
  if (value.kind != Value::Kind::text) return std::nullopt;
  return json_container(value.text);
}

Value parse(Arguments a, const CallContext&) {
  const auto tree = tree_of(a[0]);
  return tree ? Value::of_tree(*tree) : Value();
}

Value stringify(Arguments a, const CallContext& context) {
  if (a[0].is_tree()) return Value::of(a[0].text);
  return a[0].is_null() ? Value() : Value::of(text_in(a[0], context.arena));
}

Value array_size(Arguments a, const CallContext& context) {
  const auto tree = tree_of(a[0]);
  std::int64_t size = 0;
  if (!tree || !json_elements(*tree, context.arena, [&size](const Value&) { ++size; })) return {};
  return Value::of(size);
}

Value array_contains(Arguments a, const CallContext& context) {
  const auto tree = tree_of(a[0]);
  bool found = false;
  if (tree) {
    json_elements(*tree, context.arena,
                  [&](const Value& element) { found = found || compare(element, a[1]) == 0; });
  }
  return Value::of_bool(found);
}

const Function kFunctions[] = {
    {"jsonParse", 1, 1, parse},
    {"jsonStringify", 1, 1, stringify},
    {"jsonArraySize", 1, 1, array_size},
    {"jsonArrayContains", 2, 2, array_contains},
};

}  // namespace

std::span<const Function> json_functions() { return kFunctions; }

}  // namespace weir::insights
