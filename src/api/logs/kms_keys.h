// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/logs/common.h"
#include "base/shape.h"

namespace weir::api::logs {

/// Names the KMS key of a log group or of query results; it is stored and shown.
struct AssociateKmsKey {
  static constexpr std::string_view name = "AssociateKmsKey";
  static constexpr std::string_view partial =
      "the key is stored and shown; nothing is encrypted with it";
  struct Input {
    std::optional<std::string> log_group_name;
    std::string kms_key_id;
    std::optional<std::string> resource_identifier;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          required<&S::kms_key_id>("kmsKeyId", length(1, 256)),
          optional<&S::resource_identifier>("resourceIdentifier", kIdentifierLength,
                                            pattern("[\\w+=/:,.@\\-\\*]*")),
      };
      return {"AssociateKmsKeyRequest", members};
    }
  };
  using Output = Empty;
};

/// Takes the KMS key away again.
struct DisassociateKmsKey {
  static constexpr std::string_view name = "DisassociateKmsKey";
  static constexpr std::string_view partial =
      "the key is stored and shown; nothing is encrypted with it";
  struct Input {
    std::optional<std::string> log_group_name;
    std::optional<std::string> resource_identifier;
    static Shape shape() {
      using S = Input;
      static constexpr Member members[] = {
          optional<&S::log_group_name>("logGroupName", kNameLength, kGroupPattern),
          optional<&S::resource_identifier>("resourceIdentifier", kIdentifierLength,
                                            pattern("[\\w+=/:,.@\\-\\*]*")),
      };
      return {"DisassociateKmsKeyRequest", members};
    }
  };
  using Output = Empty;
};

}  // namespace weir::api::logs
