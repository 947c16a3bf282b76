// SPDX-License-Identifier: Apache-2.0
#include "api/logs/entity.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace weir::api::logs {
namespace {

constexpr std::size_t kKeysMin = 2;
constexpr std::size_t kKeysMax = 4;
constexpr std::size_t kKeyBytesMax = 32;
constexpr std::size_t kAttributesMax = 10;
constexpr std::size_t kAttributeNameMax = 256;
constexpr std::size_t kValueMax = 512;
constexpr std::array<std::string_view, 5> kKeys = {"Type", "ResourceType", "Identifier", "Name",
                                                   "Environment"};

bool are_texts(const Document::Map& map, std::size_t name_max) {
  return std::ranges::all_of(map, [name_max](const Document::Member& member) {
    const std::string* value = member.second.string();
    return !member.first.empty() && member.first.size() <= name_max && value != nullptr &&
           !value->empty() && value->size() <= kValueMax;
  });
}

bool has_all(const Document& keys, std::initializer_list<std::string_view> names) {
  return std::ranges::all_of(names,
                             [&](std::string_view name) { return keys.find(name) != nullptr; });
}

}  // namespace

std::string entity_problem(const Document& entity, std::string_view log_group_class) {
  if (log_group_class != "STANDARD") return "UnsupportedLogGroupType";
  if (entity.map() == nullptr) return "InvalidEntity";
  const Document* keys = entity.find("keyAttributes");
  if (keys == nullptr || keys->is_null()) return "MissingRequiredFields";
  if (keys->map() == nullptr || keys->map()->size() < kKeysMin || keys->map()->size() > kKeysMax ||
      !are_texts(*keys->map(), kKeyBytesMax)) {
    return "InvalidKeyAttributes";
  }
  for (const auto& [name, value] : *keys->map()) {
    if (std::ranges::find(kKeys, name) == kKeys.end()) return "InvalidKeyAttributes";
  }
  const Document* type = keys->find("Type");
  if (type == nullptr) return "MissingRequiredFields";
  const std::string& text = *type->string();
  const bool is_service = text == "Service" || text == "RemoteService" || text == "AWS::Service";
  if (!is_service && text != "Resource" && text != "AWS::Resource") return "InvalidTypeValue";
  const bool is_complete = is_service ? has_all(*keys, {"Name", "Environment"})
                                      : has_all(*keys, {"ResourceType", "Identifier"});
  if (!is_complete) return "MissingRequiredFields";
  const Document* attributes = entity.find("attributes");
  if (attributes == nullptr || attributes->is_null()) return "";
  const bool is_good = attributes->map() != nullptr &&
                       attributes->map()->size() <= kAttributesMax &&
                       are_texts(*attributes->map(), kAttributeNameMax);
  return is_good ? "" : "InvalidAttributes";
}

}  // namespace weir::api::logs
