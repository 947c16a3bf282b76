// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/logs/common.h"
#include "base/document.h"
#include "base/shape.h"

namespace weir::api::logs {

/// A field index policy as it is shown.
struct IndexPolicy {
  std::string log_group_identifier;
  std::int64_t last_update_time = 0;
  std::string policy_document;
  std::string source = "LOG_GROUP";
  static Shape shape() {
    using S = IndexPolicy;
    static constexpr Member members[] = {
        required<&S::log_group_identifier>("logGroupIdentifier"),
        required<&S::last_update_time>("lastUpdateTime"),
        required<&S::policy_document>("policyDocument"),
        required<&S::source>("source"),
    };
    return {"IndexPolicy", members};
  }
};

/// A field of a policy as it is shown.
struct FieldIndex {
  std::string log_group_identifier;
  std::string field_index_name;
  std::string type;
  std::string index_category = "CUSTOM";
  static Shape shape() {
    using S = FieldIndex;
    static constexpr Member members[] = {
        required<&S::log_group_identifier>("logGroupIdentifier"),
        required<&S::field_index_name>("fieldIndexName"),
        required<&S::type>("type"),
        required<&S::index_category>("indexCategory"),
    };
    return {"FieldIndex", members};
  }
};

/// Sets the field index policy of a log group.
struct PutIndexPolicy {
  static constexpr std::string_view name = "PutIndexPolicy";
  static constexpr std::string_view partial =
      "policies are kept and shown; queries do not use them";
  struct Input {
    std::string log_group_identifier;
    std::string policy_document;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_identifier>("logGroupIdentifier", kIdentifierLength),
          required<&S::policy_document>("policyDocument", length(1, 51200)),
      };
      return {"PutIndexPolicyRequest", members};
    }
  };
  struct Output {
    IndexPolicy index_policy;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::index_policy>("indexPolicy"),
      };
      return {"PutIndexPolicyResponse", members};
    }
  };
};

/// Shows the field index policy of a log group.
struct DescribeIndexPolicies {
  static constexpr std::string_view name = "DescribeIndexPolicies";
  static constexpr std::string_view partial =
      "policies are kept and shown; queries do not use them";
  struct Input {
    std::vector<std::string> log_group_identifiers;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_identifiers>("logGroupIdentifiers", items(1, 1)),
          optional<&S::next_token>("nextToken", kTokenLength),
      };
      return {"DescribeIndexPoliciesRequest", members};
    }
  };
  struct Output {
    std::vector<IndexPolicy> index_policies;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::index_policies>("indexPolicies"),
      };
      return {"DescribeIndexPoliciesResponse", members};
    }
  };
};

/// Takes the field index policy of a log group away.
struct DeleteIndexPolicy {
  static constexpr std::string_view name = "DeleteIndexPolicy";
  static constexpr std::string_view partial =
      "policies are kept and shown; queries do not use them";
  struct Input {
    std::string log_group_identifier;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_identifier>("logGroupIdentifier", kIdentifierLength),
      };
      return {"DeleteIndexPolicyRequest", members};
    }
  };
  using Output = Empty;
};

/// Shows the indexed fields of log groups.
struct DescribeFieldIndexes {
  static constexpr std::string_view name = "DescribeFieldIndexes";
  static constexpr std::string_view partial =
      "the fields of the policy, without times and without AWS's default indexes";
  struct Input {
    std::vector<std::string> log_group_identifiers;
    std::optional<std::vector<std::string>> index_categories;
    std::optional<std::string> next_token;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::log_group_identifiers>("logGroupIdentifiers", items(1, 100)),
          optional<&S::index_categories>("indexCategories"),
          optional<&S::next_token>("nextToken", kTokenLength),
      };
      return {"DescribeFieldIndexesRequest", members};
    }
  };
  struct Output {
    std::vector<FieldIndex> field_indexes;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::field_indexes>("fieldIndexes"),
      };
      return {"DescribeFieldIndexesResponse", members};
    }
  };
};

}  // namespace weir::api::logs
