// SPDX-License-Identifier: Apache-2.0
#include "api/sts/sts_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/sts/model.h"
#include "wire/dispatch.h"

namespace weir::api {
namespace {

using testing::HasSubstr;

TEST(GetCallerIdentity, IsTheRootOfTheAccount) {
  StsApi api;
  wire::OperationTable table(sts_model());
  api.add_to(table);
  wire::HttpRequest request;
  request.method = "POST";
  request.target = request.path = "/";
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.body.content = std::string("Action=GetCallerIdentity&Version=2011-06-15");
  request.caller.scope.account = "123456789012";
  const auto response = wire::dispatch(table, request);
  EXPECT_EQ(response.status, 200);
  const auto& body = std::get<std::string>(response.body);
  EXPECT_THAT(body, HasSubstr("<GetCallerIdentityResult>"));
  EXPECT_THAT(body, HasSubstr("<Arn>arn:aws:iam::123456789012:root</Arn>"));
  EXPECT_THAT(body, HasSubstr("<UserId>123456789012</UserId>"));
  EXPECT_THAT(body, HasSubstr("<Account>123456789012</Account>"));
}

}  // namespace
}  // namespace weir::api
