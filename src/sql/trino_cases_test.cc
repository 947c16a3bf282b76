// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/parser.h"
#include "sql/sql_world.h"

// Goal: Trino's dialect means on the embedded engine what it means on Trino.
// Method: each case of tests/cases/trino/*.txt runs on the real engine and is compared with what
// the file expects:
//
//   # comment
//   query  SELECT 7 / 2            more lines of the query begin with blanks
//   row    3                       values between ` | `; NULL is NULL
//   type   integer                 of the columns, optional
//   error  COLUMN_NOT_FOUND: ...   instead of rows: the beginning of the reason
namespace weir::sql {
namespace {

struct Case {
  std::string file;
  int line = 0;
  std::string query;
  std::vector<std::string> rows;
  std::string types;
  std::string error;
};

std::vector<Case> read_cases() {
  std::vector<Case> out;
  const std::filesystem::path folder = std::filesystem::path(WEIR_SOURCE_DIR) / "tests/cases/trino";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(entry.path());
    std::string text;
    for (int number = 1; std::getline(in, text); ++number) {
      const std::string word = text.substr(0, text.find(' '));
      const std::size_t value_at = text.find_first_not_of(' ', word.size());
      const std::string value = value_at == std::string::npos ? "" : text.substr(value_at);
      if (word == "query") {
        out.push_back({entry.path().filename(), number, value, {}, {}, {}});
      } else if (word == "row") {
        out.back().rows.push_back(value);
      } else if (word == "type") {
        out.back().types = value;
      } else if (word == "error") {
        out.back().error = value;
      } else if (text.starts_with(' ') && !out.empty()) {
        out.back().query += '\n' + value;
      }
    }
  }
  return out;
}

class TrinoCases : public testing::TestWithParam<Case> {
 protected:
  static void SetUpTestSuite() { world = std::make_unique<SqlWorld>(); }
  static void TearDownTestSuite() { world.reset(); }
  static std::unique_ptr<SqlWorld> world;
};
std::unique_ptr<SqlWorld> TrinoCases::world;

TEST_P(TrinoCases, MeansWhatItMeansOnTrino) {
  const Case& c = GetParam();
  SCOPED_TRACE(c.query);
  const SqlWorld::Answer answer = world->run(c.query);
  if (!c.error.empty()) {
    EXPECT_THAT(answer.error, testing::StartsWith(c.error));
    return;
  }
  ASSERT_EQ(answer.error, "");
  EXPECT_EQ(answer.rows, c.rows);
  if (!c.types.empty()) {
    EXPECT_EQ(answer.types, c.types);
  }
}

INSTANTIATE_TEST_SUITE_P(Files, TrinoCases, testing::ValuesIn(read_cases()), [](const auto& one) {
  std::string name = one.param.file + "_" + std::to_string(one.param.line);
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
});

}  // namespace
}  // namespace weir::sql
