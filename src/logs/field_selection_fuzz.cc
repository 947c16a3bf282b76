// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "logs/field_selection.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto selection = weir::logs::FieldSelection::parse(text, true);
  if (selection) static_cast<void>(selection->takes(weir::Scope{}, text));
  return 0;
}
