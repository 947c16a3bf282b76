// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"
#include "logs/types.h"
#include "store/kv_store.h"

namespace weir::logs {

/// A resource policy as it is kept. With `resource_arn` it is the policy of that resource, else one
/// of the account's, told apart by name.
struct ResourcePolicy {
  std::string policy_name;
  std::string policy_document;
  std::optional<std::string> resource_arn;
  std::optional<std::string> revision_id;  // of a resource's policy
  std::int64_t last_updated_ms = 0;

  static Shape shape();
};

/// Resource policies: who may write to log groups. They are kept and shown; there is no IAM that
/// would evaluate them.
///
/// Threads: every function from any thread. Errors with AWS's codes and texts:
/// InvalidParameterException, ResourceNotFoundException, LimitExceededException,
/// OperationAbortedException.
class ResourcePolicies {
 public:
  struct Config {
    std::size_t account_policies_max = 10;  // of one account and region, as on AWS
    std::size_t resource_policies_max = 10'000;
  };
  static constexpr std::size_t kDocumentCharactersMax = 51'200;

  ResourcePolicies(Runtime& runtime, store::KvStore& store, Config config)
      : runtime_(runtime), store_(store), config_(config) {}

  /// Creates or replaces. Name, document and resource are taken from `policy`. The policy of a
  /// resource is replaced only by who knows its revision.
  Result<ResourcePolicy> put(const Scope& scope, ResourcePolicy policy,
                             const std::optional<std::string>& expected_revision_id);
  struct Query {
    std::string resource_arn = {};  // "": those of the account, or of all resources
    bool of_resources = false;
    std::string after = {};
    std::size_t limit = 50;
  };
  /// In the order of names, or of resources.
  Result<Page<ResourcePolicy>> list(const Scope& scope, const Query& query) const;
  Result<void> remove(const Scope& scope, std::string_view policy_name,
                      const std::optional<std::string>& resource_arn,
                      const std::optional<std::string>& expected_revision_id);

 private:
  Result<std::optional<ResourcePolicy>> find(const std::string& key) const;
  Result<void> check_quota(const Scope& scope, bool of_resources) const;

  Runtime& runtime_;
  store::KvStore& store_;
  Config config_;
  std::mutex control_;  // one change at a time
};

}  // namespace weir::logs
