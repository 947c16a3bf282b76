// SPDX-License-Identifier: Apache-2.0
// Any bytes as gzip data: refused, or text within the bound that compresses and comes back.
#include "columnar/gzip.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::columnar;
  constexpr std::size_t kTextBytesMax = 1u << 20;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto text = gunzip(bytes, kTextBytesMax)) {
    WEIR_ASSERT(text->size() <= kTextBytesMax);
    const auto again = gunzip(gzip(*text, 1), kTextBytesMax);
    WEIR_ASSERT(again && *again == *text);
  }
  return 0;
}
