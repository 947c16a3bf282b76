// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"
#include "logs/taggable.h"
#include "logs/types.h"
#include "store/kv_store.h"

namespace weir::logs {

/// A destination as it is kept: a name in one account for a target that subscription filters of
/// other accounts use.
struct Destination {
  std::string destination_name;
  std::string target_arn;
  std::string role_arn;
  std::string access_policy;  // "" until PutDestinationPolicy
  std::int64_t creation_time_ms = 0;
  std::map<std::string, std::string> tags;

  static Shape shape();
};

/// `arn:aws:logs:<region>:<account>:destination:<name>`.
std::string destination_arn(const Scope& scope, std::string_view name);
/// The name in such an ARN's resource; "" if it is another one.
std::string_view destination_in(const Arn& arn);

/// CloudWatch Logs destinations.
///
/// Threads: every function from any thread. Errors with AWS's codes and texts.
class Destinations final : public Taggable {
 public:
  static constexpr std::size_t kDestinationsMax = 10'000;   // of one account and region
  static constexpr std::string_view kKind = "destination";  // in ARNs

  Destinations(Runtime& runtime, store::KvStore& store) : runtime_(runtime), store_(store) {}

  /// Creates or replaces; what stands keeps its policy and time of creation, and its tags if none
  /// are given. Name, target, role and tags are taken from `destination`.
  Result<Destination> put(const Scope& scope, Destination destination);
  /// Error: kind not_found.
  Result<Destination> destination(const Scope& scope, std::string_view name) const;
  Result<Page<Destination>> list(const Scope& scope, std::string_view prefix,
                                 std::string_view after, std::size_t limit) const;
  Result<void> remove(const Scope& scope, std::string_view name);
  /// The policy is a JSON object.
  Result<void> put_policy(const Scope& scope, std::string_view name, std::string policy);
  /// Whether the destination may be used from that account: its own may, others are to be named by
  /// an Allow statement (as account, as its root, or `*`) of the policy. Conditions are not
  /// evaluated; a statement that has one allows nobody.
  static bool is_open_to(const Scope& owner, const Destination& destination,
                         std::string_view account);

  Result<Tags> tags(const Scope& scope, std::string_view name) const override;
  Result<void> tag(const Scope& scope, std::string_view name, const Tags& tags) override;
  Result<void> untag(const Scope& scope, std::string_view name,
                     const std::vector<std::string>& keys) override;

 private:
  template <class Change>
  Result<void> change(const Scope& scope, std::string_view name, Change change);

  Runtime& runtime_;
  store::KvStore& store_;
  std::mutex control_;  // one change at a time
};

}  // namespace weir::logs
