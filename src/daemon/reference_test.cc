// SPDX-License-Identifier: Apache-2.0
#include "daemon/reference.h"

#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::daemon {
namespace {

using ::testing::HasSubstr;

std::string compatibility_page() {
  std::ifstream file(std::string(WEIR_SOURCE_DIR) + "/docs/compatibility.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// If this fails, `make docs` puts it right.
TEST(CompatibilityPage, ListsTheOperationsThatThereAre) {
  const std::string page = compatibility_page();
  const auto renewed = with_operation_tables(page);
  ASSERT_TRUE(renewed) << renewed.error().message;
  EXPECT_EQ(*renewed, page);
}

TEST(CompatibilityPage, EachServiceHasOneTable) {
  const std::string logs = "<!-- operations: logs -->\n<!-- end -->\n";
  EXPECT_THAT(with_operation_tables(logs).error().message, HasSubstr("has no table"));
  EXPECT_THAT(with_operation_tables(logs + logs).error().message, HasSubstr("'logs'"));
  EXPECT_THAT(with_operation_tables("<!-- operations: logs -->\n").error().message,
              HasSubstr("has no end"));
}

}  // namespace
}  // namespace weir::daemon
