// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/shape.h"

namespace weir::api::sns {

/// Adds a statement to the policy of a topic.
struct AddPermission {
  static constexpr std::string_view name = "AddPermission";
  struct Input {
    std::string topic_arn;
    std::string label;
    std::vector<std::string> accounts;
    std::vector<std::string> actions;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::topic_arn>("TopicArn"),
          required<&S::label>("Label"),
          required<&S::accounts>("AWSAccountId"),
          required<&S::actions>("ActionName"),
      };
      return {"AddPermissionInput", members};
    }
  };
  using Output = Empty;
};

/// Removes a statement from the policy of a topic.
struct RemovePermission {
  static constexpr std::string_view name = "RemovePermission";
  struct Input {
    std::string topic_arn;
    std::string label;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::topic_arn>("TopicArn"),
          required<&S::label>("Label"),
      };
      return {"RemovePermissionInput", members};
    }
  };
  using Output = Empty;
};

/// The data protection policy of a topic: none.
struct GetDataProtectionPolicy {
  static constexpr std::string_view name = "GetDataProtectionPolicy";
  struct Input {
    std::string resource_arn;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::resource_arn>("ResourceArn"),
      };
      return {"GetDataProtectionPolicyInput", members};
    }
  };
  struct Output {
    std::string policy;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          optional<&S::policy>("DataProtectionPolicy"),
      };
      return {"GetDataProtectionPolicyResponse", members};
    }
  };
};

/// Refused: there is no data protection.
struct PutDataProtectionPolicy {
  static constexpr std::string_view name = "PutDataProtectionPolicy";
  static constexpr std::string_view partial = "only an empty policy is accepted";
  struct Input {
    std::string resource_arn;
    std::string policy;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          required<&S::resource_arn>("ResourceArn"),
          required<&S::policy>("DataProtectionPolicy"),
      };
      return {"PutDataProtectionPolicyInput", members};
    }
  };
  using Output = Empty;
};

}  // namespace weir::api::sns
