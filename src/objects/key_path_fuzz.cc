// SPDX-License-Identifier: Apache-2.0
// Any bytes as a key: the path stays inside its folder and gives the key back. Any bytes as a path:
// at most one key.
#include "objects/key_path.h"

#include <cstddef>
#include <cstdint>

#include "base/result.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::objects;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!text.empty()) {
    const KeyPath path = key_path(text);
    const std::string whole = path.folder.empty() ? path.name : path.folder + '/' + path.name;
    WEIR_ASSERT(path_key(whole) == text);
    WEIR_ASSERT(whole.front() != '/' && whole.find("/.") == std::string::npos &&
                whole.front() != '.');
    WEIR_ASSERT(whole.find('\0') == std::string::npos && whole.find("//") == std::string::npos);
  }
  if (const auto key = path_key(text)) {
    const KeyPath path = key_path(*key);
    const std::string whole = path.folder.empty() ? path.name : path.folder + '/' + path.name;
    WEIR_ASSERT(whole == text || name_beside_folder(whole) == text);
  }
  return 0;
}
