// SPDX-License-Identifier: Apache-2.0
#include "flow/record.h"

#include <algorithm>
#include <charconv>

namespace weir::flow {

std::string_view Record::odd(Field field) const {
  if ((odd_ & bit(field)) == 0) return {};
  const auto found = std::find_if(odd_texts_.begin(), odd_texts_.end(),
                                  [&](const auto& entry) { return entry.first == field; });
  return found == odd_texts_.end() ? std::string_view() : found->second;
}

void Record::set_odd(Field field, std::string_view value) {
  odd_ |= bit(field);
  odd_texts_.emplace_back(field, value);
}

std::optional<Verdict> Record::verdict() const {
  const std::string_view action = text(Field::action);
  if (action == kAccept) return Verdict::accept;
  if (action == kReject) return Verdict::reject;
  return std::nullopt;
}

std::optional<Direction> Record::direction() const {
  const std::string_view direction = text(Field::flow_direction);
  if (direction == "ingress") return Direction::ingress;
  if (direction == "egress") return Direction::egress;
  return std::nullopt;
}

void Record::append_value(Field field, std::string& out) const {
  if (!has(field)) {
    const std::string_view kept = odd(field);
    out += kept.empty() ? std::string_view("-") : kept;
    return;
  }
  const FieldInfo& row = info(field);
  switch (row.kind) {
    case FieldKind::int32:
    case FieldKind::int64: {
      std::array<char, 20> digits;
      const auto end = std::to_chars(digits.begin(), digits.end(), numbers_[row.slot]).ptr;
      out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
      return;
    }
    case FieldKind::address:
      addresses_[row.slot].append_to(out);
      return;
    case FieldKind::text:
      out += texts_[row.slot];
      return;
  }
}

std::string Record::value(Field field) const {
  std::string out;
  append_value(field, out);
  return out;
}

}  // namespace weir::flow
