// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/logs/common.h"
#include "base/document.h"
#include "base/shape.h"
#include "logs/tag_filter.h"

namespace weir::api::logs {

/// One to five parts of names, each with `^` in front if names are to begin with it.
inline constexpr Constraint kListPattern =
    pattern("(\\^?[\\._\\-\\/#A-Za-z0-9]{3,24})(\\|\\^?[\\._\\-\\/#A-Za-z0-9]{3,24}){0,4}");

/// A log group as DescribeLogGroups shows it.
struct LogGroup {
  std::string log_group_name;
  std::int64_t creation_time = 0;
  std::optional<int> retention_in_days;
  int metric_filter_count = 0;
  std::string arn;
  std::optional<std::int64_t> stored_bytes;
  std::optional<std::string> kms_key_id;
  std::string log_group_class;
  std::string log_group_arn;
  std::optional<bool> deletion_protection_enabled;
  bool bearer_token_authentication_enabled = false;
  static Shape shape() {
    using S = LogGroup;
    static constexpr Member members[] = {
        required<&S::log_group_name>("logGroupName"),
        required<&S::creation_time>("creationTime"),
        optional<&S::retention_in_days>("retentionInDays"),
        required<&S::metric_filter_count>("metricFilterCount"),
        required<&S::arn>("arn"),
        optional<&S::stored_bytes>("storedBytes"),
        optional<&S::kms_key_id>("kmsKeyId"),
        required<&S::log_group_class>("logGroupClass"),
        required<&S::log_group_arn>("logGroupArn"),
        optional<&S::deletion_protection_enabled>("deletionProtectionEnabled"),
        required<&S::bearer_token_authentication_enabled>("bearerTokenAuthenticationEnabled"),
    };
    return {"LogGroup", members};
  }
};

/// A log group as ListLogGroups shows it.
struct LogGroupSummary {
  std::string log_group_name;
  std::string log_group_arn;
  std::string log_group_class;
  static Shape shape() {
    using S = LogGroupSummary;
    static constexpr Member members[] = {
        required<&S::log_group_name>("logGroupName"),
        required<&S::log_group_arn>("logGroupArn"),
        required<&S::log_group_class>("logGroupClass"),
    };
    return {"LogGroupSummary", members};
  }
};

/// Creates a log group.
struct CreateLogGroup {
  static constexpr std::string_view name = "CreateLogGroup";
  struct Input {
    std::string log_group_name;
    std::optional<std::string> kms_key_id;
    std::optional<std::map<std::string, std::string>> tags;
    std::optional<std::string> log_group_class;
    bool deletion_protection_enabled = false;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_name>("logGroupName"),
          optional<&S::kms_key_id>("kmsKeyId", length(0, 256)),
          optional<&S::tags>("tags", items(1, 50)),
          optional<&S::log_group_class>("logGroupClass", one_of(kLogGroupClasses)),
          optional<&S::deletion_protection_enabled>("deletionProtectionEnabled"),
      };
      return {"CreateLogGroupRequest", members};
    }
  };
  using Output = Empty;
};

/// Deletes a log group with all that is in it.
struct DeleteLogGroup {
  static constexpr std::string_view name = "DeleteLogGroup";
  struct Input {
    std::string log_group_name;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
      };
      return {"DeleteLogGroupRequest", members};
    }
  };
  using Output = Empty;
};

/// Lists log groups in order of name.
struct DescribeLogGroups {
  static constexpr std::string_view name = "DescribeLogGroups";
  struct Input {
    std::optional<std::vector<std::string>> account_identifiers;
    std::optional<std::string> log_group_name_prefix;
    std::optional<std::string> log_group_name_pattern;
    std::optional<std::string> next_token;
    std::optional<int> limit;
    std::optional<bool> include_linked_accounts;
    std::optional<std::string> log_group_class;
    std::optional<std::vector<std::string>> log_group_identifiers;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::account_identifiers>("accountIdentifiers", items(0, 20)),
          optional<&S::log_group_name_prefix>("logGroupNamePrefix", kNameLength, kGroupPattern),
          optional<&S::log_group_name_pattern>("logGroupNamePattern", length(0, 512),
                                               pattern("[\\.\\-_/#A-Za-z0-9]*")),
          optional<&S::next_token>("nextToken", kTokenLength),
          optional<&S::limit>("limit", kListLimit),
          optional<&S::include_linked_accounts>("includeLinkedAccounts"),
          optional<&S::log_group_class>("logGroupClass", one_of(kLogGroupClasses)),
          optional<&S::log_group_identifiers>("logGroupIdentifiers", items(1, 50)),
      };
      return {"DescribeLogGroupsRequest", members};
    }
  };
  struct Output {
    std::vector<LogGroup> log_groups;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::log_groups>("logGroups"),
          optional<&S::next_token>("nextToken"),
      };
      return {"DescribeLogGroupsResponse", members};
    }
  };
};

/// Lists names and classes of log groups.
struct ListLogGroups {
  static constexpr std::string_view name = "ListLogGroups";
  static constexpr std::string_view partial = "`dataSources` is refused";
  struct Input {
    std::optional<std::string> log_group_name_pattern;
    std::optional<std::string> log_group_class;
    std::optional<bool> include_linked_accounts;
    std::optional<std::vector<std::string>> account_identifiers;
    std::optional<std::string> next_token;
    std::optional<int> limit;
    Document data_sources;
    std::optional<std::vector<std::string>> field_index_names;
    std::optional<std::vector<weir::logs::TagFilter>> log_group_tags;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::log_group_name_pattern>("logGroupNamePattern", length(3, 129), kListPattern),
          optional<&S::log_group_class>("logGroupClass", one_of(kLogGroupClasses)),
          optional<&S::include_linked_accounts>("includeLinkedAccounts"),
          optional<&S::account_identifiers>("accountIdentifiers", items(0, 20)),
          optional<&S::next_token>("nextToken", kTokenLength),
          optional<&S::limit>("limit", range(1, 1000)),
          optional<&S::data_sources>("dataSources"),
          optional<&S::field_index_names>("fieldIndexNames", items(1, 20)),
          optional<&S::log_group_tags>("logGroupTags", items(1, 5)),
      };
      return {"ListLogGroupsRequest", members};
    }
  };
  struct Output {
    std::vector<LogGroupSummary> log_groups;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::log_groups>("logGroups"),
          optional<&S::next_token>("nextToken"),
      };
      return {"ListLogGroupsResponse", members};
    }
  };
};

/// Sets how long events are kept.
struct PutRetentionPolicy {
  static constexpr std::string_view name = "PutRetentionPolicy";
  struct Input {
    std::string log_group_name;
    int retention_in_days = 0;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          required<&S::retention_in_days>("retentionInDays"),
      };
      return {"PutRetentionPolicyRequest", members};
    }
  };
  using Output = Empty;
};

/// Lets events be kept for ever.
struct DeleteRetentionPolicy {
  static constexpr std::string_view name = "DeleteRetentionPolicy";
  struct Input {
    std::string log_group_name;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
      };
      return {"DeleteRetentionPolicyRequest", members};
    }
  };
  using Output = Empty;
};

/// Protects a log group against deletion, or ends that.
struct PutLogGroupDeletionProtection {
  static constexpr std::string_view name = "PutLogGroupDeletionProtection";
  struct Input {
    std::string log_group_identifier;
    bool deletion_protection_enabled = false;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_identifier>("logGroupIdentifier", kIdentifierLength),
          required<&S::deletion_protection_enabled>("deletionProtectionEnabled"),
      };
      return {"PutLogGroupDeletionProtectionRequest", members};
    }
  };
  using Output = Empty;
};

}  // namespace weir::api::logs
