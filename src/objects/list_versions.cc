// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "objects/objects.h"

namespace weir::objects {
namespace {

/// One page of versions while the keys go by in their order.
class VersionPage {
 public:
  VersionPage(const VersionQuery& query, VersionListing& listing)
      : query_(query), listing_(listing) {}

  /// Whether nothing of a folder is left to list.
  bool is_folder_done(const std::string& key_prefix) const {
    if (query_.skip_after_prefix && key_prefix.starts_with(query_.key_marker)) return true;
    if (is_in_last_prefix(key_prefix)) return true;
    return key_prefix < query_.key_marker &&
           !std::string_view(query_.key_marker).starts_with(key_prefix);
  }
  bool is_before(std::string_view key) const {
    if (query_.skip_after_prefix && key.starts_with(query_.key_marker)) return true;
    if (is_in_last_prefix(key)) return true;
    if (key == query_.key_marker && !query_.version_id_marker.empty()) return false;
    return key <= query_.key_marker;
  }
  bool is_full() const {
    return listing_.versions.size() + listing_.common_prefixes.size() >= query_.max_keys;
  }
  std::string_view common_prefix(std::string_view key) const {
    if (query_.delimiter.empty()) return {};
    const std::size_t found = key.find(query_.delimiter, query_.prefix.size());
    if (found == std::string_view::npos) return {};
    return key.substr(0, found + query_.delimiter.size());
  }
  /// False: the page is full.
  bool add_prefix(std::string_view prefix) {
    if (is_full()) return cut();
    listing_.common_prefixes.emplace_back(prefix);
    listing_.next_key = prefix;
    listing_.next_version_id.clear();
    return true;
  }
  bool add_versions(std::vector<ObjectInfo> versions) {
    auto first = versions.begin();
    if (!versions.empty() && versions.front().key == query_.key_marker) {
      first = std::find_if(versions.begin(), versions.end(), [&](const ObjectInfo& version) {
        return version.shown_version() == query_.version_id_marker;
      });
      // The marker itself may have been deleted meanwhile: ids begin with what they are ordered by.
      if (first != versions.end()) {
        ++first;
      } else {
        first = std::find_if(versions.begin(), versions.end(), [&](const ObjectInfo& version) {
          return version.version_id < query_.version_id_marker;
        });
      }
    }
    for (; first != versions.end(); ++first) {
      if (is_full()) return cut();
      listing_.next_key = first->key;
      listing_.next_version_id = first->shown_version();
      listing_.versions.push_back(std::move(*first));
    }
    return true;
  }

 private:
  bool is_in_last_prefix(std::string_view key) const {
    return !listing_.common_prefixes.empty() && key.starts_with(listing_.common_prefixes.back());
  }
  bool cut() {
    listing_.is_truncated = true;
    return false;
  }

  const VersionQuery& query_;
  VersionListing& listing_;
};

}  // namespace

Result<VersionListing> Objects::versions(const Scope& scope, std::string_view bucket_name,
                                         VersionQuery query) const {
  WEIR_CHECK(find_bucket(scope, bucket_name));
  query.max_keys = std::min(query.max_keys, ListQuery::kKeysMax);
  VersionListing listing;
  if (query.max_keys == 0) return listing;
  const std::filesystem::path root = bucket_folder(bucket_name);
  VersionPage page(query, listing);
  Tree::Visitor visitor;
  visitor.folder = [&](const std::string& key_prefix) {
    return page.is_folder_done(key_prefix) ? Tree::Step::skip : Tree::Step::go_on;
  };
  visitor.object = [&](const std::string& key) -> Result<Tree::Step> {
    if (page.is_before(key)) return Tree::Step::go_on;
    WEIR_TRY(std::vector<ObjectInfo> versions, tree_.versions(root, key));
    if (versions.empty()) return Tree::Step::go_on;  // deleted meanwhile
    const std::string_view common = page.common_prefix(key);
    const bool has_room =
        common.empty() ? page.add_versions(std::move(versions)) : page.add_prefix(common);
    return has_room ? Tree::Step::go_on : Tree::Step::stop;
  };
  WEIR_CHECK(tree_.walk(root, query.prefix, visitor, true, query.key_marker));
  return listing;
}

}  // namespace weir::objects
