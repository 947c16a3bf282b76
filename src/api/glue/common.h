// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/result.h"
#include "base/shape.h"

/// What the operations of Glue share.
namespace weir::api::glue {

inline constexpr Constraint kNameLength = length(1, 255);
inline constexpr std::size_t kListMax = 100;
inline constexpr std::size_t kPartitionsListMax = 1000;

/// An error of one item of a batch.
struct ErrorDetail {
  std::string code;
  std::string message;
  static Shape shape() {
    using S = ErrorDetail;
    static constexpr Member members[] = {required<&S::code>("ErrorCode"),
                                         required<&S::message>("ErrorMessage")};
    return {"ErrorDetail", members};
  }
};
inline ErrorDetail detail_of(const Error& error) { return {error.code, error.message}; }

inline Error invalid_input(std::string message) {
  return {ErrorKind::invalid, "InvalidInputException", std::move(message)};
}

/// Page tokens hold where the next page begins.
inline std::string token_of(std::string_view last) { return base64_encode(last); }
inline Result<std::string> token_text(const std::optional<std::string>& token) {
  if (!token || token->empty()) return std::string();
  auto text = base64_decode(*token);
  if (!text || text->empty()) return invalid_input("The page token is not valid.");
  return *std::move(text);
}

/// The page of a list in the order of names that begins behind the token.
template <class T>
struct NamedPage {
  std::vector<T> items;
  std::optional<std::string> next_token;
};
template <class T>
Result<NamedPage<T>> page_of(std::vector<T> all, const std::optional<std::string>& token,
                             const std::optional<int>& limit) {
  WEIR_TRY(const std::string after, token_text(token));
  const std::size_t wanted = limit ? static_cast<std::size_t>(*limit) : kListMax;
  NamedPage<T> page;
  for (T& item : all) {
    if (!after.empty() && item.name <= after) continue;
    if (page.items.size() == wanted) {
      page.next_token = token_of(page.items.back().name);
      break;
    }
    page.items.push_back(std::move(item));
  }
  return page;
}

}  // namespace weir::api::glue
