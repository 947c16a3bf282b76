// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "insights/engine.h"

// Any text is either a query or an error that says where; nothing is nested without bound.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const auto query = insights::compile(std::string_view(reinterpret_cast<const char*>(data), size));
  if (query) return query->columns().size() > insights::Limits::kTextMax ? -1 : 0;
  if (query.error().code != "MalformedQueryException" || query.error().details.size() != 2) {
    __builtin_trap();
  }
  return 0;
}
