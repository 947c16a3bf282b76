// SPDX-License-Identifier: Apache-2.0
#include "dashboards/schema.h"

#include <algorithm>
#include <cmath>

#include "dashboards/times.h"

namespace weir::dashboards {

namespace {

const Document kNothing;

/// A whole number, also one that is written with a fraction of zero.
std::optional<double> number_of(const Document& value) {
  if (const auto* integer = value.integer()) return static_cast<double>(*integer);
  if (const auto* real = value.real()) return *real;
  return {};
}

std::string text_of(double number) { return std::to_string(static_cast<std::int64_t>(number)); }

/// A name as a part of a JSON pointer (RFC 6901).
std::string pointer_part(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

bool Node::is_object() const {
  if (value_.map() != nullptr) return true;
  error("Should be object");
  return false;
}

bool Node::is_array() const {
  if (value_.list() != nullptr) return true;
  error("Should be array");
  return false;
}

bool Node::is_string() const {
  if (value_.string() != nullptr) return true;
  error("Should be string");
  return false;
}

bool Node::is_boolean() const {
  if (value_.boolean() != nullptr) return true;
  error("Should be boolean");
  return false;
}

bool Node::is_number() const {
  if (number_of(value_)) return true;
  error("Should be number");
  return false;
}

bool Node::is_integer() const {
  const auto number = number_of(value_);
  if (number && std::floor(*number) == *number) return true;
  error("Should be integer");
  return false;
}

Node Node::at(std::string_view name) const {
  const Document* const member = value_.find(name);
  return {member == nullptr ? kNothing : *member, path_ + '/' + pointer_part(name), messages_};
}

Node Node::item(std::size_t index) const {
  return {(*value_.list())[index], path_ + '/' + std::to_string(index), messages_};
}

void Node::string(std::string_view name, std::size_t length_max) const {
  if (!has(name) || !at(name).is_string()) return;
  if (length_max != 0 && at(name).value().string()->size() > length_max) {
    at(name).error("Should NOT be longer than " + std::to_string(length_max) + " characters");
  }
}

void Node::boolean(std::string_view name) const {
  if (has(name)) at(name).is_boolean();
}

void Node::number(std::string_view name) const {
  if (has(name)) at(name).is_number();
}

void Node::integer(std::string_view name, double min, double max) const {
  if (!has(name) || !at(name).is_integer()) return;
  const double number = *number_of(at(name).value());
  if (number < min) at(name).error("Should be >= " + text_of(min));
  if (number > max) at(name).error("Should be <= " + text_of(max));
}

void Node::one_of(std::string_view name, std::initializer_list<std::string_view> values) const {
  if (!has(name) || !at(name).is_string()) return;
  if (std::find(values.begin(), values.end(), *at(name).value().string()) == values.end()) {
    at(name).error("Should be equal to one of the allowed values");
  }
}

void Node::color(std::string_view name) const {
  if (!has(name) || !at(name).is_string()) return;
  const std::string& text = *at(name).value().string();
  const bool is_color = (text.size() == 7 || text.size() == 4) && text[0] == '#' &&
                        text.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string::npos;
  if (!is_color) at(name).error("Should match pattern \"^#([A-Fa-f0-9]{6}|[A-Fa-f0-9]{3})$\"");
}

void Node::time(std::string_view name) const {
  if (!has(name) || !at(name).is_string()) return;
  if (!read_time(*at(name).value().string(), Time())) {
    at(name).error("Should be a date in ISO 8601 or a duration such as -PT3H");
  }
}

void Node::period(std::string_view name) const {
  if (!has(name) || !at(name).is_integer()) return;
  const double number = *number_of(at(name).value());
  constexpr double kShort[] = {1, 5, 10, 20, 30};
  const bool is_short = std::find(std::begin(kShort), std::end(kShort), number) != std::end(kShort);
  if (number > 0 && number <= 86'400 * 366 && (is_short || std::fmod(number, 60) == 0)) return;
  at(name).error("Should be 1, 5, 10, 20, 30 or a multiple of 60");
}

bool Node::object(std::string_view name) const { return has(name) && at(name).is_object(); }

bool Node::array(std::string_view name, std::size_t min, std::size_t max) const {
  if (!has(name)) return false;
  const Node list = at(name);
  if (!list.is_array()) return false;
  if (list.size() < min) {
    list.error("Should NOT have fewer than " + std::to_string(min) + " items");
    return false;
  }
  if (list.size() > max) {
    list.error("Should NOT have more than " + std::to_string(max) + " items");
    return false;
  }
  return true;
}

void Node::strings(std::string_view name, std::size_t min, std::size_t max) const {
  if (!array(name, min, max)) return;
  for (std::size_t i = 0; i < at(name).size(); ++i) at(name).item(i).is_string();
}

bool Node::requires_member(std::string_view name) const {
  if (has(name)) return true;
  error("Should have required property '" + std::string(name) + "'");
  return false;
}

void Node::only(std::initializer_list<std::string_view> names) const {
  if (value_.map() == nullptr) return;
  for (const auto& [name, member] : *value_.map()) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    at(name).warn("Unknown property '" + name + "' is ignored");
  }
}

}  // namespace weir::dashboards
