// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <type_traits>

#include "vpc/errors.h"
#include "vpc/network.h"
#include "vpc/network_impl.h"

namespace weir::vpc {
namespace {

constexpr std::size_t kTagKeyMax = 127;    // characters
constexpr std::size_t kTagValueMax = 256;  // characters
constexpr std::size_t kTaggedResourcesMax = 1000;

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

Result<void> check_key(const std::string& key) {
  if (key.empty() || characters(key) > kTagKeyMax) {
    return Error{ErrorKind::invalid, "InvalidParameterValue",
                 "Tag key exceeds the maximum length of 127 characters or is empty"};
  }
  if (key.starts_with("aws:")) {
    return Error{ErrorKind::invalid, "InvalidParameterValue",
                 "Tag keys starting with 'aws:' are reserved for internal use"};
  }
  return {};
}

Result<void> check_ids(const std::vector<std::string>& ids) {
  if (ids.empty()) return missing_parameter("resourceIdSet");
  if (ids.size() <= kTaggedResourcesMax) return {};
  return invalid_value(std::to_string(ids.size()) + " items", "resourceIdSet",
                       "At most 1000 resources fit into one request.");
}

void merge(Tags& into, const Tags& tags) {
  for (const Tag& tag : tags) {
    const auto same = std::find_if(into.begin(), into.end(),
                                   [&](const Tag& known) { return known.key == tag.key; });
    if (same == into.end()) {
      into.push_back(tag);
    } else {
      same->value = tag.value;
    }
  }
}

void remove(Tags& from, const std::vector<TagToDelete>& tags) {
  const auto is_named = [&](const Tag& known) {
    return tags.empty() || std::any_of(tags.begin(), tags.end(), [&](const TagToDelete& tag) {
             return tag.key == known.key && (!tag.value || *tag.value == known.value);
           });
  };
  std::erase_if(from, is_named);
}

}  // namespace

Result<void> check_tags(const Tags& tags) {
  if (tags.size() > kTagsPerResourceMax) {
    return Error{ErrorKind::limit, "TagLimitExceeded",
                 "The maximum number of Tags for a resource has been reached."};
  }
  std::set<std::string_view> keys;
  for (const Tag& tag : tags) {
    WEIR_CHECK(check_key(tag.key));
    if (characters(tag.value) > kTagValueMax) {
      return Error{ErrorKind::invalid, "InvalidParameterValue",
                   "Tag value exceeds the maximum length of 256 characters"};
    }
    if (!keys.insert(tag.key).second) {
      return Error{ErrorKind::invalid, "InvalidParameterValue",
                   "Duplicate tag key '" + tag.key + "' specified."};
    }
  }
  return {};
}

Result<void> Network::create_tags(const Scope& scope, const std::vector<std::string>& resource_ids,
                                  const Tags& tags, const Origin& origin) {
  WEIR_CHECK(check_ids(resource_ids));
  WEIR_CHECK(check_tags(tags));
  WEIR_CHECK(state(scope));
  Change change(*impl_, scope);
  for (const std::string& id : resource_ids) {
    Result<void> outcome = no_such(id);
    visit_resource(change.state(), id, [&](const auto& resource) {
      auto tagged = resource;
      merge(tagged.tags, tags);
      outcome = check_tags(tagged.tags);
      if (outcome) change.put(std::move(tagged));
    });
    WEIR_CHECK(outcome);
  }
  return change.commit(origin);
}

Result<void> Network::delete_tags(const Scope& scope, const std::vector<std::string>& resource_ids,
                                  const std::vector<TagToDelete>& tags, const Origin& origin) {
  WEIR_CHECK(check_ids(resource_ids));
  WEIR_CHECK(state(scope));
  Change change(*impl_, scope);
  for (const std::string& id : resource_ids) {
    const bool is_known = visit_resource(change.state(), id, [&](const auto& resource) {
      auto tagged = resource;
      remove(tagged.tags, tags);
      change.put(std::move(tagged));
    });
    if (!is_known) return no_such(id);
  }
  return change.commit(origin);
}

}  // namespace weir::vpc
