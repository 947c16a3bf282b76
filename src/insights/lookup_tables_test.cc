// SPDX-License-Identifier: Apache-2.0
#include "insights/lookup_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::insights {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(LookupCsv, QuotesLineEndsAndEmptyLines) {
  const auto table = parse_lookup_csv(
      "\xef\xbb\xbfip,\"the \"\"name\"\"\",note\r\n10.0.0.1,web,\n\n10.0.0.2,\"a,b\nc\",x");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_THAT(table->columns, ElementsAre("ip", "the \"name\"", "note"));
  EXPECT_THAT(table->rows, ElementsAre(ElementsAre("10.0.0.1", "web", ""),
                                       ElementsAre("10.0.0.2", "a,b\nc", "x")));
}

TEST(LookupCsv, AHeaderAloneIsAnEmptyTable) {
  const auto table = parse_lookup_csv("a,b\n");
  ASSERT_TRUE(table);
  EXPECT_THAT(table->rows, IsEmpty());
}

TEST(LookupCsv, OneColumnMayBeEmpty) {
  const auto table = parse_lookup_csv("a\n\nx\n");
  ASSERT_TRUE(table);
  EXPECT_THAT(table->rows, SizeIs(2));
}

TEST(LookupCsv, WhatIsWrongNamesItsRow) {
  const auto problem = [](std::string_view text) {
    const auto table = parse_lookup_csv(text);
    return table ? std::string("accepted") : table.error().code + ": " + table.error().message;
  };
  EXPECT_THAT(problem(""), HasSubstr("InvalidParameterException: The table has no header"));
  EXPECT_THAT(problem("a,b\n1,2\n3\n"), HasSubstr("row 3: it has 1 values, the header has 2"));
  EXPECT_THAT(problem("a,b\n1,\"2\n3,4\n"), HasSubstr("row 2: a quoted value has no end"));
  EXPECT_THAT(problem("a,b\n1,\"2\"3\n"), HasSubstr("row 2: a quoted value goes on"));
  EXPECT_THAT(problem("a,b\n1,2\"3\n"), HasSubstr("row 2: a quote inside"));
  EXPECT_THAT(problem("a,a\n"), HasSubstr("'a' is there twice"));
  EXPECT_THAT(problem("a,\n"), HasSubstr("no name"));
}

struct TablesWorld {
  LookupTableInfo table(const std::string& name) const {
    LookupTableInfo made;
    made.name = name;
    return made;
  }
  SimulatedRuntime runtime{7};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Scope scope;
  LookupTables tables{runtime, *store};
};

TEST(LookupTables, AreThereForQueriesUntilTheyAreDeleted) {
  TablesWorld world;
  ASSERT_TRUE(world.tables.create(world.scope, world.table("hosts"), "ip,name\n10.0.0.1,web\n"));
  const auto lookups = world.tables.lookups();
  ASSERT_NE(lookups(world.scope, "hosts"), nullptr);
  EXPECT_THAT(lookups(world.scope, "hosts")->rows, ElementsAre(ElementsAre("10.0.0.1", "web")));
  EXPECT_EQ(lookups({"111111111111", "us-east-1"}, "hosts"), nullptr);
  ASSERT_TRUE(world.tables.update(world.scope, world.table("hosts"), "ip,name\n"));
  EXPECT_THAT(lookups(world.scope, "hosts")->rows, IsEmpty());
  ASSERT_TRUE(world.tables.remove(world.scope, "hosts"));
  EXPECT_EQ(lookups(world.scope, "hosts"), nullptr);
  EXPECT_EQ(world.tables.remove(world.scope, "hosts").error().code, "ResourceNotFoundException");
}

TEST(LookupTables, AnUpdateKeepsWhatItDoesNotName) {
  TablesWorld world;
  LookupTableInfo first = world.table("t");
  first.description = "hosts";
  first.tags = {{"stage", "prod"}};
  ASSERT_TRUE(world.tables.create(world.scope, first, "a\n1\n"));
  const auto updated = world.tables.update(world.scope, world.table("t"), "a,b\n1,2\n3,4\n");
  ASSERT_TRUE(updated);
  EXPECT_EQ(updated->description, "hosts");
  EXPECT_EQ(updated->tags, first.tags);
  EXPECT_EQ(updated->records, 2);
  EXPECT_THAT(updated->fields, ElementsAre("a", "b"));
}

TEST(LookupTables, ABadUpdateChangesNothing) {
  TablesWorld world;
  ASSERT_TRUE(world.tables.create(world.scope, world.table("t"), "a\n1\n"));
  EXPECT_FALSE(world.tables.update(world.scope, world.table("t"), "a,a\n"));
  EXPECT_EQ(*world.tables.body(world.scope, "t"), "a\n1\n");
}

TEST(LookupTables, QuotasAreThoseOfAws) {
  TablesWorld world;
  for (std::size_t i = 0; i < LookupTables::kTablesMax; ++i) {
    ASSERT_TRUE(world.tables.create(world.scope, world.table("t" + std::to_string(i)), "a\n"));
  }
  EXPECT_EQ(world.tables.create(world.scope, world.table("more"), "a\n").error().code,
            "LimitExceededException");
  EXPECT_EQ(world.tables.create(world.scope, world.table("t1"), "a\n").error().code,
            "ResourceAlreadyExistsException");
  const std::string large(LookupTables::kBodyBytesMax + 1, 'a');
  EXPECT_EQ(world.tables.update(world.scope, world.table("t1"), large).error().code,
            "InvalidParameterException");
}

}  // namespace
}  // namespace weir::insights
