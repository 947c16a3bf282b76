// SPDX-License-Identifier: Apache-2.0
#include "metrics/page_token.h"

#include <cstdint>

#include "base/base64.h"
#include "store/kv_store.h"

namespace weir::metrics {

namespace {

/// FNV-1a: tells a token of another request apart, no more.
std::uint64_t fingerprint(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

}  // namespace

std::string make_page_token(std::string_view purpose, std::string_view position) {
  std::string bytes;
  store::append_u64(bytes, fingerprint(purpose));
  bytes += position;
  return base64_encode(bytes);
}

std::optional<std::string> read_page_token(std::string_view purpose, std::string_view token) {
  auto bytes = base64_decode(token);
  if (!bytes || bytes->size() < 8 || store::read_u64(*bytes) != fingerprint(purpose)) return {};
  return bytes->substr(8);
}

}  // namespace weir::metrics
