// SPDX-License-Identifier: Apache-2.0
#include "cli/answers.h"

namespace weir::cli {

std::string text_of(const Document& document, std::string_view name) {
  const Document* const member = document.find(name);
  return member != nullptr && member->string() != nullptr ? *member->string() : "";
}

std::int64_t number_of(const Document& document, std::string_view name) {
  const Document* const member = document.find(name);
  return member != nullptr && member->integer() != nullptr ? *member->integer() : 0;
}

double real_of(const Document& document, std::string_view name) {
  const Document* const member = document.find(name);
  if (member != nullptr && member->real() != nullptr) return *member->real();
  return static_cast<double>(number_of(document, name));
}

bool flag_of(const Document& document, std::string_view name) {
  const Document* const member = document.find(name);
  return member != nullptr && member->boolean() != nullptr && *member->boolean();
}

const Document::List& list_of(const Document& document, std::string_view name) {
  static const Document::List none;
  const Document* const member = document.find(name);
  return member != nullptr && member->list() != nullptr ? *member->list() : none;
}

}  // namespace weir::cli
