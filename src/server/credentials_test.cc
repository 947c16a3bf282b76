// SPDX-License-Identifier: Apache-2.0
#include "server/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace weir::server {
namespace {

using testing::HasSubstr;

/// An empty folder that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

void write(const std::filesystem::path& file, std::string_view text, mode_t mode = 0600) {
  std::ofstream(file) << text;
  ::chmod(file.c_str(), mode);
}

TEST(Credentials, TheFirstStartMakesAnAdminKeyThatOnlyTheOwnerReads) {
  Folder folder;
  SimulatedRuntime runtime(1);
  const auto credentials = Credentials::load_or_create(folder / "credentials", runtime);
  ASSERT_TRUE(credentials) << credentials.error().message;
  ASSERT_EQ(credentials->keys().size(), 1u);
  const AccessKey& key = credentials->keys()[0];
  EXPECT_THAT(key.access_key, testing::MatchesRegex("AKIA[A-Z2-7]{16}"));
  EXPECT_EQ(key.secret_key.size(), 40u);
  EXPECT_EQ(key.permission, Permission::admin);
  struct stat info {};
  ASSERT_EQ(::stat((folder / "credentials").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(Credentials, TheSecondStartReadsTheSameKey) {
  Folder folder;
  SimulatedRuntime runtime(1);
  const auto first = Credentials::load_or_create(folder / "credentials", runtime);
  const auto second = Credentials::load_or_create(folder / "credentials", runtime);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->keys()[0].secret_key, second->keys()[0].secret_key);
  EXPECT_TRUE(second->find(first->keys()[0].access_key));
  EXPECT_FALSE(second->find("AKIAOTHER"));
}

TEST(Credentials, KeysAreAddedWithTheirPermission) {
  Folder folder;
  SimulatedRuntime runtime(1);
  const auto file = folder / "credentials";
  const auto added = add_key(file, runtime, "shipper", Permission::ingest_only, "123456789012");
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_FALSE(add_key(file, runtime, "shipper", Permission::admin));
  EXPECT_FALSE(add_key(file, runtime, "no name", Permission::admin));
  EXPECT_FALSE(add_key(file, runtime, "short", Permission::admin, "12"));
  const auto credentials = Credentials::load_or_create(file, runtime);
  ASSERT_TRUE(credentials);
  EXPECT_EQ(credentials->keys().size(), 2u);
  const auto found = credentials->find(added->access_key);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "shipper");
  EXPECT_EQ(found->permission, Permission::ingest_only);
  EXPECT_EQ(found->account, "123456789012");
  EXPECT_EQ(found->secret_key, added->secret_key);
}

TEST(Credentials, AFileThatOthersCanReadIsRefused) {
  Folder folder;
  SimulatedRuntime runtime(1);
  write(folder / "credentials", "[default]\naws_access_key_id = A\naws_secret_access_key = B\n",
        0644);
  const auto credentials = Credentials::load_or_create(folder / "credentials", runtime);
  ASSERT_FALSE(credentials);
  EXPECT_THAT(credentials.error().message, HasSubstr("chmod 600"));
}

TEST(Credentials, AwsToolsOwnSettingsArePassedOver) {
  Folder folder;
  SimulatedRuntime runtime(1);
  write(folder / "credentials",
        "# a comment\n[default]\naws_access_key_id=A\naws_secret_access_key = B=/+\nregion = x\n\n"
        "[ci]\naws_access_key_id = C\naws_secret_access_key = D\nweir_permission = read-only\n");
  const auto credentials = Credentials::load_or_create(folder / "credentials", runtime);
  ASSERT_TRUE(credentials) << credentials.error().message;
  EXPECT_EQ(credentials->find("A")->secret_key, "B=/+");
  EXPECT_EQ(credentials->find("C")->permission, Permission::read_only);
}

TEST(Credentials, MistakesAreToldWithTheirLine) {
  Folder folder;
  SimulatedRuntime runtime(1);
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"[default]\naws_access_key_id = A\n", "no secret key"},
      {"aws_access_key_id = A\n", "line 1"},
      {"[default]\nnonsense\n", "line 2"},
      {"[]\n", "profile name"},
      {"[d]\naws_access_key_id = A\naws_secret_access_key = B\nweir_permission = all\n",
       "line 4: weir_permission is admin, read-only or ingest-only"},
      {"[d]\naws_access_key_id = A\naws_secret_access_key = B\nweir_account = 1\n", "12 digits"},
      {"[d]\naws_access_key_id = A\naws_secret_access_key = B\n[d]\naws_access_key_id = "
       "C\naws_secret_access_key = D\n",
       "twice"},
      {"", "no key"},
  };
  for (const auto& [text, expected] : cases) {
    write(folder / "credentials", text);
    const auto credentials = Credentials::load_or_create(folder / "credentials", runtime);
    ASSERT_FALSE(credentials) << text;
    EXPECT_THAT(credentials.error().message, HasSubstr(std::string(expected)));
  }
}

TEST(Credentials, NothingIsLeftWhereTheFolderIsMissing) {
  Folder folder;
  SimulatedRuntime runtime(1);
  const auto credentials = Credentials::load_or_create(folder / "no/such/file", runtime);
  ASSERT_FALSE(credentials);
  EXPECT_THAT(credentials.error().message, HasSubstr("no/such/file"));
}

TEST(Credentials, CiModeTakesTwelveDigitsAsTheAccount) {
  const Credentials credentials = Credentials::accept_any();
  EXPECT_EQ(credentials.find("123456789012")->account, "123456789012");
  EXPECT_EQ(credentials.find("test")->account, "000000000000");
  EXPECT_EQ(credentials.find("test")->permission, Permission::admin);
}

TEST(Permissions, AreWhatTheirNamesSay) {
  EXPECT_TRUE(allows(Permission::admin, "logs", "DeleteLogGroup"));
  EXPECT_TRUE(allows(Permission::read_only, "logs", "FilterLogEvents"));
  EXPECT_TRUE(allows(Permission::read_only, "logs", "StartQuery"));
  EXPECT_TRUE(allows(Permission::read_only, "ec2", "DescribeVpcs"));
  EXPECT_TRUE(allows(Permission::read_only, "s3", "GetObject"));
  EXPECT_FALSE(allows(Permission::read_only, "logs", "PutLogEvents"));
  EXPECT_FALSE(allows(Permission::read_only, "s3", "PutObject"));
  EXPECT_FALSE(allows(Permission::read_only, "athena", "StartQueryExecution"));
  EXPECT_TRUE(allows(Permission::ingest_only, "logs", "PutLogEvents"));
  EXPECT_TRUE(allows(Permission::ingest_only, "monitoring", "PutMetricData"));
  EXPECT_TRUE(allows(Permission::ingest_only, "s3", "PutObject"));
  EXPECT_FALSE(allows(Permission::ingest_only, "logs", "FilterLogEvents"));
  EXPECT_FALSE(allows(Permission::ingest_only, "s3", "DeleteObject"));
}

}  // namespace
}  // namespace weir::server
