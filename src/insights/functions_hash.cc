// SPDX-License-Identifier: Apache-2.0
#include <openssl/evp.h>

#include "insights/functions.h"

namespace weir::insights {
namespace {

Value digest(std::span<const Value> a, const CallContext& context, const EVP_MD* kind) {
  if (a[0].is_null() || a[0].is_tree()) return {};
  const std::string_view text = text_in(a[0], context.arena);
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), bytes, &size, kind, nullptr) != 1) return {};
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out += kHex[bytes[i] >> 4];
    out += kHex[bytes[i] & 15];
  }
  return context.text(out);
}

const Function kFunctions[] = {
    {"md5", 1, 1,
     [](std::span<const Value> a, const CallContext& c) { return digest(a, c, EVP_md5()); }},
    {"sha256", 1, 1,
     [](std::span<const Value> a, const CallContext& c) { return digest(a, c, EVP_sha256()); }},
};

}  // namespace

std::span<const Function> hash_functions() { return kFunctions; }

}  // namespace weir::insights
