// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "api/ec2/integration_template.h"
#include "flow/field.h"
#include "sql/parser.h"

namespace weir::daemon {
namespace {

TEST(IntegrationQueries, AreSqlOverFieldsThatExist) {
  EXPECT_EQ(api::ec2::integration_queries().size(), 16u);
  for (const auto& query : api::ec2::integration_queries()) {
    std::string text(query.sql);
    constexpr std::string_view kTable = "{table}";
    const std::size_t at = text.find(kTable);
    ASSERT_NE(at, std::string::npos) << query.name;
    text.replace(at, kTable.size(), "\"database\".\"table\"");
    const auto parsed = sql::parse_statement(text);
    EXPECT_TRUE(parsed) << query.name << ": " << parsed.error().message;
    for (const std::string_view column : query.needs) {
      EXPECT_NE(flow::find_field(column), nullptr) << query.name << ' ' << column;
      EXPECT_NE(text.find(column), std::string::npos) << query.name << ' ' << column;
    }
  }
}

}  // namespace
}  // namespace weir::daemon
