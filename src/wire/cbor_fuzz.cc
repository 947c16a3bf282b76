// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "wire/cbor.h"

// What is read, written and read again is the same. NaN is not equal to itself, so the bytes are
// compared.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto first = weir::wire::parse_cbor(bytes);
  if (!first) return 0;
  const std::string written = weir::wire::to_cbor(*first);
  const auto second = weir::wire::parse_cbor(written);
  WEIR_ASSERT(second);
  WEIR_ASSERT(weir::wire::to_cbor(*second) == written);
  return 0;
}
