// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/shape.h"
#include "wire/operation.h"

namespace weir::api {

/// Who the client is. Weir's access keys belong to accounts, not to users, so the answer is that of
/// the account's root user: the ARN ends in `:root` and the user id is the account id.
struct GetCallerIdentity {
  static constexpr std::string_view name = "GetCallerIdentity";

  using Input = Empty;
  struct Output {
    std::string user_id;
    std::string account;
    std::string arn;
    static Shape shape();
  };
};

class StsApi {
 public:
  void add_to(wire::OperationTable& table);

 private:
  Result<GetCallerIdentity::Output> caller_identity(const wire::Request&, const Empty&);
};

}  // namespace weir::api
