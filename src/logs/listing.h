// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/shape.h"
#include "logs/types.h"
#include "store/kv_store.h"

namespace weir::logs {

/// A page of described structs whose keys are `key_prefix` and a name: the names that begin with
/// `name_prefix` and come after `after`, in their order.
template <class T>
Result<Page<T>> stored_page(const store::KvStore& store, const std::string& key_prefix,
                            std::string_view name_prefix, std::string_view after,
                            std::size_t limit) {
  Page<T> page;
  const std::string begin = key_prefix + std::string(name_prefix);
  const auto cursor = store.cursor();
  std::string last;
  // The first key behind a name is that name and a zero byte.
  const std::string from = key_prefix + std::string(after) + '\0';
  for (cursor->seek(after.empty() || from < begin ? begin : from);
       cursor->valid() && cursor->key().starts_with(begin); cursor->next()) {
    if (page.items.size() == limit) {
      page.next = std::move(last);
      break;
    }
    WEIR_TRY(page.items.emplace_back(), from_json_text<T>(cursor->value()));
    last = cursor->key().substr(key_prefix.size());
  }
  WEIR_CHECK(cursor->status());
  return page;
}

}  // namespace weir::logs
