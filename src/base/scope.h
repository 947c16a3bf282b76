// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir {

/// Account and region: all state is kept per scope, and every domain call takes one first.
struct Scope {
  std::string account = "000000000000";
  std::string region = "us-east-1";
  auto operator<=>(const Scope&) const = default;
  /// `000000000000/us-east-1/`: the beginning of the store keys of this scope.
  std::string key() const { return account + '/' + region + '/'; }
  /// Reads back what key() wrote at the beginning of `key` and removes it from there.
  static Scope take_from(std::string_view& key);
};

/// `arn:aws:<service>:<region>:<account>:<resource>`.
struct Arn {
  std::string service;
  Scope scope;
  std::string resource;

  static Result<Arn> parse(std::string_view text);
  std::string text() const;
};

std::string arn(std::string_view service, const Scope& scope, std::string_view resource);

}  // namespace weir
