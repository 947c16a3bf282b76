// SPDX-License-Identifier: Apache-2.0
#include "store/kv_store.h"

namespace weir::store {

void WriteBatch::erase_prefix(std::string_view prefix) {
  erase_range(std::string(prefix), prefix_end(prefix));
}

Result<void> KvStore::reclaim(std::string_view, std::string_view) { return {}; }

Result<void> KvStore::put(std::string key, std::string value) {
  WriteBatch batch;
  batch.put(std::move(key), std::move(value));
  return write(batch);
}

Result<void> KvStore::erase(std::string key) {
  WriteBatch batch;
  batch.erase(std::move(key));
  return write(batch);
}

Result<void> KvStore::scan(
    std::string_view prefix,
    const std::function<bool(std::string_view key, std::string_view value)>& visit) const {
  const auto walk = cursor();
  for (walk->seek(prefix); walk->valid() && walk->key().starts_with(prefix); walk->next()) {
    if (!visit(walk->key(), walk->value())) return {};
  }
  return walk->status();
}

std::string prefix_end(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

void append_u64(std::string& key, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(number >> shift & 0xff);
}

std::uint64_t read_u64(std::string_view bytes) {
  WEIR_ASSERT(bytes.size() >= 8);
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

}  // namespace weir::store
