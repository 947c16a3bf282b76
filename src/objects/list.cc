// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <mutex>

#include "objects/objects.h"

namespace weir::objects {
namespace {

/// The common prefix that `key` falls into, "" if it is listed itself.
std::string_view common_prefix(std::string_view key, const ListQuery& query) {
  if (query.delimiter.empty()) return {};
  const std::size_t found = key.find(query.delimiter, query.prefix.size());
  if (found == std::string_view::npos) return {};
  return key.substr(0, found + query.delimiter.size());
}

/// One page of a listing while the keys go by in their order.
class Page {
 public:
  Page(const ListQuery& query, Listing& listing) : query_(query), listing_(listing) {}

  bool is_full() const {
    return listing_.objects.size() + listing_.common_prefixes.size() >= query_.max_keys;
  }
  /// Whether the page before has given out `key` or what it falls into.
  bool is_before(std::string_view key) const {
    if (query_.skip_after_prefix && key.starts_with(query_.after)) return true;
    return key <= query_.after;
  }
  /// Whether nothing of a folder is left to list.
  bool is_folder_done(const std::string& key_prefix) const {
    if (query_.skip_after_prefix && key_prefix.starts_with(query_.after)) return true;
    if (!listing_.common_prefixes.empty() &&
        key_prefix.starts_with(listing_.common_prefixes.back())) {
      return true;
    }
    return key_prefix < query_.after && !std::string_view(query_.after).starts_with(key_prefix);
  }
  bool is_in_last_prefix(std::string_view key) const {
    return !listing_.common_prefixes.empty() && key.starts_with(listing_.common_prefixes.back());
  }
  void add_prefix(std::string_view prefix) {
    listing_.common_prefixes.emplace_back(prefix);
    listing_.next_after = prefix;
    listing_.next_is_prefix = true;
  }
  void add_object(ObjectInfo info) {
    listing_.next_after = info.key;
    listing_.next_is_prefix = false;
    listing_.objects.push_back(std::move(info));
  }

 private:
  const ListQuery& query_;
  Listing& listing_;
};

}  // namespace

Result<Listing> Objects::list(const Scope& scope, std::string_view bucket_name,
                              ListQuery query) const {
  WEIR_CHECK(find_bucket(scope, bucket_name));
  query.max_keys = std::min(query.max_keys, ListQuery::kKeysMax);
  Listing listing;
  if (query.max_keys == 0) return listing;
  const std::filesystem::path root = bucket_folder(bucket_name);
  Page page(query, listing);
  const Tree::Visitor visitor{.folder =
                                  [&](const std::string& key_prefix) {
                                    return page.is_folder_done(key_prefix) ? Tree::Step::skip
                                                                           : Tree::Step::go_on;
                                  },
                              .object = [&](const std::string& key) -> Result<Tree::Step> {
                                if (page.is_before(key) || page.is_in_last_prefix(key))
                                  return Tree::Step::go_on;
                                const std::string_view common = common_prefix(key, query);
                                std::optional<ObjectInfo> info;
                                if (common.empty()) {
                                  WEIR_TRY(info, tree_.find(root, key));
                                  if (!info) return Tree::Step::go_on;  // deleted meanwhile
                                }
                                if (page.is_full()) {
                                  listing.is_truncated = true;
                                  return Tree::Step::stop;
                                }
                                if (common.empty()) {
                                  page.add_object(*std::move(info));
                                } else {
                                  page.add_prefix(common);
                                }
                                return Tree::Step::go_on;
                              }};
  WEIR_CHECK(tree_.walk(root, query.prefix, visitor, false, query.after));
  return listing;
}

}  // namespace weir::objects
