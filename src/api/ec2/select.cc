// SPDX-License-Identifier: Apache-2.0
#include "api/ec2/select.h"

#include "base/base64.h"

namespace weir::api::ec2 {

Shape Filter::shape() {
  using S = Filter;
  static constexpr Member members[] = {
      optional<&S::name>("Name"),
      optional<&S::values>("Values").query("Value"),
  };
  return {"Filter", members};
}

bool matches_filter(std::string_view pattern, std::string_view value) {
  // Backtracks to the last star only, so the time is at most the product of the lengths.
  std::size_t p = 0;
  std::size_t v = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_value = 0;
  while (v < value.size()) {
    const bool is_escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_value = v;
    } else if (is_escaped ? pattern[p + 1] == value[v]
                          : p < pattern.size() && (pattern[p] == '?' || pattern[p] == value[v])) {
      p += is_escaped ? 2 : 1;
      ++v;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      v = ++star_value;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Error unknown_filter(std::string_view name) {
  return {ErrorKind::invalid, "InvalidParameterValue",
          "The filter '" + std::string(name) + "' is invalid"};
}

Result<void> check_filters(const std::vector<Filter>& filters) {
  std::size_t values = 0;
  for (const Filter& filter : filters) {
    values += filter.values.size();
    for (const std::string& value : filter.values) {
      if (value.size() <= kFilterValueLengthMax) continue;
      return Error{ErrorKind::limit, "FilterLimitExceeded",
                   "The maximum length for a filter value is 255 characters"};
    }
  }
  if (values <= kFilterValuesMax) return {};
  return Error{ErrorKind::limit, "FilterLimitExceeded",
               "The maximum number of filter values specified on a single call is 200"};
}

Result<std::string> page_start(const Selection& selection) {
  if (selection.max_results) {
    const int asked = *selection.max_results;
    const auto refuse = [&](const char* than, int bound) {
      return vpc::invalid_value(
          " " + std::to_string(asked) + " ", "maxResults",
          std::string("Expecting a value ") + than + " than " + std::to_string(bound) + ".");
    };
    if (asked < selection.page_min) return refuse("greater", selection.page_min);
    if (asked > kPageMax) return refuse("less", kPageMax);
  }
  if (!selection.next_token || selection.next_token->empty()) return std::string();
  const auto id = base64_decode(*selection.next_token);
  if (id && id->starts_with(selection.id_prefix)) return *id;
  return Error{ErrorKind::invalid, "InvalidNextToken", "The token is invalid or has expired."};
}

std::string page_token(std::string_view last_id) { return base64_encode(last_id); }

bool collect_tags(std::string_view filter_name, const vpc::Tags& tags, Values& out) {
  constexpr std::string_view kTag = "tag:";
  const bool is_key = filter_name == "tag-key";
  const bool is_value = filter_name == "tag-value";
  if (!is_key && !is_value && !filter_name.starts_with(kTag)) return false;
  for (const vpc::Tag& tag : tags) {
    if (is_key) {
      out.push_back(tag.key);
    } else if (is_value || tag.key == filter_name.substr(kTag.size())) {
      out.push_back(tag.value);
    }
  }
  return true;
}

}  // namespace weir::api::ec2
