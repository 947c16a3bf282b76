// SPDX-License-Identifier: Apache-2.0
#include "api/logs/entity.h"

#include <gtest/gtest.h>

namespace weir::api::logs {
namespace {

std::string problem(std::string_view json, std::string_view log_group_class = "STANDARD") {
  const auto entity = parse_json(json);
  WEIR_ASSERT(static_cast<bool>(entity));
  return entity_problem(*entity, log_group_class);
}

TEST(Entity, ServicesAndResourcesAreTaken) {
  EXPECT_EQ(problem(R"({"keyAttributes":{"Type":"Service","Name":"a","Environment":"b"}})"), "");
  EXPECT_EQ(problem(R"({"keyAttributes":{"Type":"AWS::Resource","ResourceType":"AWS::EC2::Instance",
                        "Identifier":"i-1"},"attributes":{"PlatformType":"AWS::EC2"}})"),
            "");
}

TEST(Entity, EachRuleHasItsErrorType) {
  EXPECT_EQ(problem(R"("x")"), "InvalidEntity");
  EXPECT_EQ(problem("{}"), "MissingRequiredFields");
  EXPECT_EQ(problem(R"({"keyAttributes":{"Type":"Service"}})"), "InvalidKeyAttributes");
  EXPECT_EQ(problem(R"({"keyAttributes":{"Type":"Service","Color":"red"}})"),
            "InvalidKeyAttributes");
  EXPECT_EQ(problem(R"({"keyAttributes":{"Type":"Service","Name":""}})"), "InvalidKeyAttributes");
  EXPECT_EQ(problem(R"({"keyAttributes":{"Name":"a","Environment":"b"}})"),
            "MissingRequiredFields");
  EXPECT_EQ(problem(R"({"keyAttributes":{"Type":"Thing","Name":"a"}})"), "InvalidTypeValue");
  EXPECT_EQ(problem(R"({"keyAttributes":{"Type":"Service","Name":"a"}})"), "MissingRequiredFields");
  constexpr std::string_view kGood =
      R"({"keyAttributes":{"Type":"Service","Name":"a","Environment":"b"},"attributes":)";
  EXPECT_EQ(problem(std::string(kGood) + R"({"a":1}})"), "InvalidAttributes");
  EXPECT_EQ(problem(std::string(kGood) + R"({"a":")" + std::string(513, 'x') + R"("}})"),
            "InvalidAttributes");
  EXPECT_EQ(problem(std::string(kGood) + "{}}", "INFREQUENT_ACCESS"), "UnsupportedLogGroupType");
}

}  // namespace
}  // namespace weir::api::logs
