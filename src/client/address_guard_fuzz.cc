// SPDX-License-Identifier: Apache-2.0
// URLs and blocks of addresses.
#include <cstddef>
#include <cstdint>
#include <string>

#include "client/address_guard.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::client;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto guard = AddressGuard::make({text});
  if (guard) (void)guard->may_allow_host_of("http://" + text + "/");
  static const AddressGuard closed = *AddressGuard::make({});
  (void)closed.may_allow_host_of(text);
  if (size == 4 || size == 16) (void)closed.allows({data, size});
  return 0;
}
