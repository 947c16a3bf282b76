// SPDX-License-Identifier: Apache-2.0
#include "base/scope.h"

namespace weir {

Scope Scope::take_from(std::string_view& key) {
  Scope scope;
  const auto first = key.find('/');
  WEIR_ASSERT(first != std::string_view::npos);
  const auto second = key.find('/', first + 1);
  WEIR_ASSERT(second != std::string_view::npos);
  scope.account = key.substr(0, first);
  scope.region = key.substr(first + 1, second - first - 1);
  key.remove_prefix(second + 1);
  return scope;
}

Result<Arn> Arn::parse(std::string_view text) {
  const auto malformed = [&] {
    return Error{ErrorKind::invalid, "InvalidParameterException",
                 "Malformed ARN: " + std::string(text)};
  };
  std::string_view parts[5];
  std::string_view rest = text;
  for (auto& part : parts) {
    const auto colon = rest.find(':');
    if (colon == std::string_view::npos) return malformed();
    part = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
  }
  if (parts[0] != "arn" || parts[1].empty() || parts[2].empty() || rest.empty()) return malformed();
  return Arn{
      std::string(parts[2]), {std::string(parts[4]), std::string(parts[3])}, std::string(rest)};
}

std::string Arn::text() const { return arn(service, scope, resource); }

std::string arn(std::string_view service, const Scope& scope, std::string_view resource) {
  std::string text = "arn:aws:";
  text.append(service).append(":").append(scope.region).append(":");
  text.append(scope.account).append(":").append(resource);
  return text;
}

}  // namespace weir
