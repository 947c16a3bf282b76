// SPDX-License-Identifier: Apache-2.0
#include "contributors/definition.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "logs/filter_pattern.h"

namespace weir::contributors {
namespace {

/// Cuts between characters of UTF-8.
std::string_view cut(std::string_view text) {
  if (text.size() <= Definition::kKeyBytesMax) return text;
  std::size_t end = Definition::kKeyBytesMax;
  const auto is_inside = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
  };
  while (end > Definition::kKeyBytesMax - 4 && is_inside(end)) --end;
  return text.substr(0, end);
}

}  // namespace

void append_key(std::string& packed, std::string_view key) {
  for (std::size_t zero; (zero = key.find('\0')) != key.npos; key.remove_prefix(zero + 1)) {
    packed.append(key.substr(0, zero + 1)).push_back('\xff');
  }
  packed.append(key).append(2, '\0');
}

std::vector<std::string> unpack_keys(std::string_view packed) {
  std::vector<std::string> keys;
  std::string key;
  for (std::size_t zero; (zero = packed.find('\0')) != packed.npos && zero + 1 < packed.size();) {
    key.append(packed.substr(0, zero));
    if (packed[zero + 1] == '\0') {
      keys.push_back(std::move(key));
      key.clear();
    } else {
      key.push_back('\0');
    }
    packed.remove_prefix(zero + 2);
  }
  return keys;
}

void EventView::reset(std::string_view message) {
  message_ = message;
  has_fields_ = false;
  has_tree_ = false;
}

logs::Fields& EventView::fields() {
  if (!std::exchange(has_fields_, true)) fields_.reset(message_);
  return fields_;
}

const logs::JsonTree* EventView::json() {
  if (!std::exchange(has_tree_, true)) is_json_ = tree_.read(message_);
  return is_json_ ? &tree_ : nullptr;
}

std::optional<std::string_view> Definition::value_of(EventView& event, const Field& field) const {
  if (format_ == Format::clf) {
    logs::Fields& fields = event.fields();
    if (!fields.has(field.position + 1)) return {};
    return fields[field.position];
  }
  const logs::JsonTree* const tree = event.json();
  if (tree == nullptr) return {};
  return field.selector->value(*tree);
}

bool Definition::holds(EventView& event, const Filter& filter) const {
  using Kind = Filter::Kind;
  const auto value = value_of(event, filter.field);
  if (filter.kind == Kind::is_present) return value.has_value() == filter.is_present;
  if (!value) return false;
  const auto is_among = [&] {
    return std::find(filter.values.begin(), filter.values.end(), *value) != filter.values.end();
  };
  switch (filter.kind) {
    case Kind::in:
      return is_among();
    case Kind::not_in:
      return !is_among();
    case Kind::starts_with:
      return std::any_of(filter.values.begin(), filter.values.end(),
                         [&](const std::string& start) { return value->starts_with(start); });
    default:
      break;
  }
  const auto number = logs::parse_number(*value);
  if (!number) return false;
  switch (filter.kind) {
    case Kind::greater_than:
      return *number > filter.number;
    case Kind::less_than:
      return *number < filter.number;
    case Kind::equal_to:
      return *number == filter.number;
    default:
      return *number != filter.number;
  }
}

bool Definition::contribution(EventView& event, std::string& key, double& value) const {
  for (const Filter& filter : filters_) {
    if (!holds(event, filter)) return false;
  }
  value = 1;
  if (value_) {
    const auto text = value_of(event, *value_);
    const auto number = text ? logs::parse_number(*text) : std::nullopt;
    if (!number || !(std::abs(*number) <= kValueMax)) return false;
    value = *number;
  }
  key.clear();
  for (const Field& field : keys_) {
    const auto text = value_of(event, field);
    if (!text) return false;
    append_key(key, cut(*text));
  }
  return true;
}

bool Definition::covers(std::string_view log_group_name) const {
  return std::any_of(log_groups_.begin(), log_groups_.end(), [&](const LogGroups& groups) {
    return groups.is_prefix ? log_group_name.starts_with(groups.name)
                            : log_group_name == groups.name;
  });
}

Result<void> Definition::check(const Scope& scope) const {
  for (const LogGroups& groups : log_groups_) {
    const bool is_own_account =
        groups.account.empty() || groups.account == "*" || groups.account == scope.account;
    const bool is_own_region = groups.region.empty() || groups.region == scope.region;
    if (is_own_account && is_own_region) continue;
    return Error{ErrorKind::invalid, "InvalidParameterValue",
                 "The rule definition is invalid: the log group " + groups.text +
                     " is not in this account and region, and no other accounts are linked to it."};
  }
  return {};
}

bool Definition::counts_as(const Definition& other) const {
  return aggregate_ == other.aggregate_ && key_labels_ == other.key_labels_ &&
         sources_ == other.sources_;
}

}  // namespace weir::contributors
