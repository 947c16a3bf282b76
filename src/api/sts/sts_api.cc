// SPDX-License-Identifier: Apache-2.0
#include "api/sts/sts_api.h"

namespace weir::api {

Shape GetCallerIdentity::Output::shape() {
  using S = Output;
  static constexpr Member members[] = {
      optional<&S::arn>("Arn"),
      optional<&S::user_id>("UserId"),
      optional<&S::account>("Account"),
  };
  return {"GetCallerIdentityResponse", members};
}

void StsApi::add_to(wire::OperationTable& table) {
  table.add<GetCallerIdentity>(*this, &StsApi::caller_identity);
}

Result<GetCallerIdentity::Output> StsApi::caller_identity(const wire::Request& request,
                                                          const Empty&) {
  const std::string& account = request.scope.account;
  return GetCallerIdentity::Output{account, account, "arn:aws:iam::" + account + ":root"};
}

}  // namespace weir::api
