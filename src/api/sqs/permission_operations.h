// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/shape.h"

namespace weir::api::sqs {

/// Adds a statement to the policy of a queue.
struct AddPermission {
  static constexpr std::string_view name = "AddPermission";
  struct Input {
    std::string queue_url;
    std::string label;
    std::vector<std::string> accounts;
    std::vector<std::string> actions;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::queue_url>("QueueUrl"),
          optional<&S::label>("Label"),
          optional<&S::accounts>("AWSAccountIds").flattened_as("AWSAccountId"),
          optional<&S::actions>("Actions").flattened_as("ActionName"),
      };
      return {"AddPermissionRequest", members};
    }
  };
  using Output = Empty;
};

/// Removes a statement from the policy of a queue.
struct RemovePermission {
  static constexpr std::string_view name = "RemovePermission";
  struct Input {
    std::string queue_url;
    std::string label;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::queue_url>("QueueUrl"),
          optional<&S::label>("Label"),
      };
      return {"RemovePermissionRequest", members};
    }
  };
  using Output = Empty;
};

}  // namespace weir::api::sqs
