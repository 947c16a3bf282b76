// SPDX-License-Identifier: Apache-2.0
#include "metrics/page_token.h"

#include <cstdint>

#include "base/base64.h"
#include "base/fnv.h"
#include "store/kv_store.h"

namespace weir::metrics {

namespace {}  // namespace

std::string make_page_token(std::string_view purpose, std::string_view position) {
  std::string bytes;
  store::append_u64(bytes, fnv1a(purpose));
  bytes += position;
  return base64_encode(bytes);
}

std::optional<std::string> read_page_token(std::string_view purpose, std::string_view token) {
  auto bytes = base64_decode(token);
  if (!bytes || bytes->size() < 8 || store::read_u64(*bytes) != fnv1a(purpose)) return {};
  return bytes->substr(8);
}

}  // namespace weir::metrics
