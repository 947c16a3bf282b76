// SPDX-License-Identifier: Apache-2.0
#include "insights/functions.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

namespace weir::insights {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower_text(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

const std::map<std::string, const Function*, std::less<>>& table() {
  static const auto* const all = [] {
    auto* const made = new std::map<std::string, const Function*, std::less<>>;
    for (const auto list :
         {number_functions(), time_functions(), general_functions(), json_functions(),
          ip_functions(), string_functions(), hash_functions()}) {
      for (const Function& function : list) (*made)[lower_text(function.name)] = &function;
    }
    return made;
  }();
  return *all;
}

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = corner + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
      corner = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row.back();
}

}  // namespace

const Function* find_function(std::string_view name) {
  const auto found = table().find(lower_text(name));
  return found == table().end() ? nullptr : found->second;
}

std::vector<std::string_view> function_names() {
  std::vector<std::string_view> names;
  for (const auto& [name, function] : table()) names.push_back(function->name);
  return names;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> names) {
  constexpr std::size_t kWordMax = 64;
  if (word.size() > kWordMax) return {};
  std::string_view best;
  std::size_t best_distance = word.size() <= 3 ? 2 : 3;
  for (const std::string_view name : names) {
    if (const std::size_t d = distance(word, name); d < best_distance) {
      best_distance = d;
      best = name;
    }
  }
  return best;
}

}  // namespace weir::insights
