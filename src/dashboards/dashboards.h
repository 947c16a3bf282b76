// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"
#include "dashboards/body.h"
#include "store/kv_store.h"

namespace weir::dashboards {

/// API type DashboardEntry.
struct Entry {
  std::string name;
  std::string arn;
  Time last_modified;
  std::int64_t size = 0;  // bytes of the body
  static Shape shape();
};

/// Dashboards: JSON texts by name, checked when they come and given back to the byte.
///
/// They belong to the account, not to a region (API reference, PutDashboard), so of a scope only
/// the account counts. Store: `dashboards/<account>/i/<name>` what ListDashboards shows and the
/// tags, `.../b/<name>` the body.
///
/// Threads: any. Memory: nothing is kept. Durability: a change is answered when it is stored.
/// Errors have the codes of the CloudWatch API (Query).
class Dashboards {
 public:
  static constexpr std::size_t kBodyBytesMax = 1u << 20;
  static constexpr std::size_t kDashboardsMax = 10'000;  // of an account
  static constexpr std::size_t kNamesMax = 100;          // of one deletion
  static constexpr std::size_t kPageMax = 1000;
  static constexpr std::size_t kTagsMax = 50;

  Dashboards(Runtime& runtime, store::KvStore& store) : runtime_(runtime), store_(store) {}

  /// Creates or replaces; tags are taken at creation only. The answer holds warnings: the dashboard
  /// is stored, but parts of it may not be shown. Error (InvalidParameterInput): what is wrong with
  /// the body, in its text and, as JSON, in the detail kMessagesDetail.
  Result<std::vector<Message>> put(const Scope& scope, std::string_view name, std::string_view body,
                                   const std::map<std::string, std::string>& tags = {});
  static constexpr std::string_view kMessagesDetail = "dashboardValidationMessages";

  Result<std::string> body(const Scope& scope, std::string_view name) const;
  /// In order of names, behind `after`, at most kPageMax.
  Result<std::vector<Entry>> list(const Scope& scope, std::string_view prefix,
                                  std::string_view after) const;
  /// Deletes those that exist. Error (ResourceNotFound): names those that do not; a name that no
  /// dashboard can have or more than kNamesMax of them delete nothing.
  Result<void> remove(const Scope& scope, std::span<const std::string> names);

  Result<void> tag(const Scope& scope, std::string_view name,
                   const std::map<std::string, std::string>& tags);
  Result<void> untag(const Scope& scope, std::string_view name, std::span<const std::string> keys);
  Result<std::map<std::string, std::string>> tags(const Scope& scope, std::string_view name) const;

  static std::string arn(const Scope& scope, std::string_view name);
  /// The name in the ARN of a dashboard of this account.
  static std::optional<std::string> name_in(const Scope& scope, std::string_view arn);

 private:
  /// What is stored beside the body.
  struct Info {
    Time last_modified;
    std::int64_t size = 0;
    std::map<std::string, std::string> tags;
    static Shape shape();
  };
  Result<std::optional<Info>> find(const Scope& scope, std::string_view name) const;
  /// Error if there is none, in the words for tags.
  Result<Info> get_tagged(const Scope& scope, std::string_view name) const;
  Result<void> save(const Scope& scope, std::string_view name, const Info& info);
  Result<std::size_t> count(const Scope& scope) const;

  Runtime& runtime_;
  store::KvStore& store_;
  std::mutex writing_;  // held from the look at what is there until it is changed
};

}  // namespace weir::dashboards
