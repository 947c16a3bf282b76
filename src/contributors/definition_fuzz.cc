// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "contributors/definition.h"

/// Input: a definition, a zero byte, a message. A definition that parses must take any message;
/// what it says of one message does not depend on what it saw before.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using weir::contributors::Definition;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t zero = input.find('\0');
  const auto definition = Definition::parse(input.substr(0, zero));
  if (!definition) return 0;
  const std::string_view message = zero == input.npos ? std::string_view() : input.substr(zero + 1);
  weir::contributors::EventView view;
  view.reset(message);
  std::string key;
  std::string again;
  double value = 0;
  double value_again = 0;
  const bool counts = definition->contribution(view, key, value);
  view.reset(message);
  WEIR_ASSERT(definition->contribution(view, again, value_again) == counts);
  if (!counts) return 0;
  WEIR_ASSERT(key == again && value == value_again);
  const auto keys = weir::contributors::unpack_keys(key);
  WEIR_ASSERT(keys.size() == definition->key_labels().size());
  for (const auto& one : keys) WEIR_ASSERT(one.size() <= Definition::kKeyBytesMax);
  WEIR_ASSERT(definition->counts_as(*definition));
  (void)definition->covers(message);
  return 0;
}
