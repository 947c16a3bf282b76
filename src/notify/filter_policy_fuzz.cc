// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "notify/filter_policy.h"

// Input: a policy, a line end, a message body. Neither may do harm, in both scopes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::notify;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto cut = input.find('\n');
  const std::string_view policy_text = input.substr(0, cut);
  const std::string_view message = cut == std::string_view::npos ? "" : input.substr(cut + 1);
  const MessageAttributes attributes = {
      {"a", {"String", {std::string(message)}}},
      {"b", {"Number", {std::string(message)}}},
      {"c", {"String.Array", {std::string(message)}}},
  };
  for (const FilterScope scope : {FilterScope::message_attributes, FilterScope::message_body}) {
    if (const auto policy = FilterPolicy::parse(policy_text, scope)) {
      (void)policy->matches(attributes, message);
    }
  }
  return 0;
}
