// SPDX-License-Identifier: Apache-2.0
// IAM User Guide, "IAM JSON policy elements: Condition operators".
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "base/runtime.h"
#include "objects/policy.h"

namespace weir::objects {
namespace {

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// 16 bytes; an IPv4 address is mapped.
std::optional<std::array<unsigned char, 16>> address(const std::string& text) {
  std::array<unsigned char, 16> out{};
  if (::inet_pton(AF_INET6, text.c_str(), out.data()) == 1) return out;
  if (::inet_pton(AF_INET, text.c_str(), out.data() + 12) != 1) return std::nullopt;
  out[10] = out[11] = 0xff;
  return out;
}

std::optional<bool> is_in_network(const std::string& network, const std::string& ip) {
  const std::size_t slash = network.find('/');
  const auto base = address(network.substr(0, slash));
  const auto wanted = address(ip);
  if (!base || !wanted) return std::nullopt;
  int bits = 128;
  if (slash != std::string::npos) {
    const char* begin = network.data() + slash + 1;
    const char* end = network.data() + network.size();
    const auto [stop, error] = std::from_chars(begin, end, bits);
    if (error != std::errc{} || stop != end || bits < 0) return std::nullopt;
    if (network.find(':') == std::string::npos) bits += 96;
    if (bits > 128) return std::nullopt;
  }
  for (int bit = 0; bit < bits; ++bit) {
    const auto at = static_cast<std::size_t>(bit / 8);
    const int mask = 0x80 >> (bit % 8);
    if (((*base)[at] & mask) != ((*wanted)[at] & mask)) return false;
  }
  return true;
}

std::optional<double> number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> date(const std::string& text) {
  const auto time = parse_iso8601(text);
  return time ? std::optional(static_cast<double>(time->ms) / 1000) : number(text);
}

std::optional<bool> compare(std::string_view relation, std::optional<double> actual,
                            std::optional<double> wanted) {
  if (!actual || !wanted) return std::nullopt;
  if (relation == "Equals") return *actual == *wanted;
  if (relation == "LessThan") return *actual < *wanted;
  if (relation == "LessThanEquals") return *actual <= *wanted;
  if (relation == "GreaterThan") return *actual > *wanted;
  if (relation == "GreaterThanEquals") return *actual >= *wanted;
  return std::nullopt;
}

/// The positive form of an operator on one value. Nothing: not known, or a value that is none.
std::optional<bool> holds(std::string_view operation, const std::string& actual,
                          const std::string& wanted) {
  if (operation == "StringEquals") return actual == wanted;
  if (operation == "StringEqualsIgnoreCase") return lower_case(actual) == lower_case(wanted);
  if (operation == "StringLike" || operation == "ArnLike" || operation == "ArnEquals") {
    return matches_wildcards(wanted, actual);
  }
  if (operation == "Bool") return lower_case(actual) == lower_case(wanted);
  if (operation == "IpAddress") return is_in_network(wanted, actual);
  if (operation.starts_with("Numeric")) {
    return compare(operation.substr(7), number(actual), number(wanted));
  }
  if (operation.starts_with("Date"))
    return compare(operation.substr(4), date(actual), date(wanted));
  return std::nullopt;
}

struct Operator {
  std::string positive;
  bool is_negated = false;
  bool is_if_exists = false;
};

Operator read_operator(std::string_view name) {
  Operator read;
  if (name.starts_with("ForAnyValue:")) name.remove_prefix(12);
  if (name.starts_with("ForAllValues:")) {
    name.remove_prefix(13);
    read.is_if_exists = true;  // an empty set has all its values among those
  }
  if (name.ends_with("IfExists")) {
    name.remove_suffix(8);
    read.is_if_exists = true;
  }
  read.positive = name;
  const std::size_t negation = read.positive.find("Not");
  if (negation != std::string::npos) {
    read.positive.erase(negation, 3);
    read.is_negated = true;
  }
  return read;
}

std::vector<std::string> values_of(const Document& tree) {
  std::vector<std::string> all;
  const auto add = [&](const Document& item) {
    if (item.string() != nullptr) {
      all.push_back(*item.string());
    } else if (!item.is_null() && item.list() == nullptr && item.map() == nullptr) {
      all.push_back(to_json(item));
    }
  };
  if (tree.list() != nullptr) {
    for (const Document& item : *tree.list()) add(item);
  } else {
    add(tree);
  }
  return all;
}

/// Nothing: not known.
std::optional<bool> one_holds(const std::string& operation, const std::string& key,
                              const Document& wanted, const AccessRequest& request) {
  const auto known = request.context.find(lower_case(key));
  if (known == request.context.end()) return std::nullopt;
  const std::vector<std::string> values = values_of(wanted);
  if (operation == "Null") {
    if (values.size() != 1) return std::nullopt;
    return (lower_case(values.front()) == "true") == !known->second.has_value();
  }
  const Operator read = read_operator(operation);
  if (!known->second) return read.is_if_exists || read.is_negated;
  bool any = false;
  for (const std::string& value : values) {
    const auto is_so = holds(read.positive, *known->second, value);
    if (!is_so) return std::nullopt;
    any = any || *is_so;
  }
  return any != read.is_negated;
}

}  // namespace

bool conditions_hold(const Document& condition, const AccessRequest& request, bool otherwise) {
  if (condition.map() == nullptr) return true;
  for (const auto& [operation, keys] : *condition.map()) {
    if (keys.map() == nullptr) return otherwise;
    for (const auto& [key, wanted] : *keys.map()) {
      if (!one_holds(operation, key, wanted, request).value_or(otherwise)) return false;
    }
  }
  return true;
}

}  // namespace weir::objects
