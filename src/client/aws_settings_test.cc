// SPDX-License-Identifier: Apache-2.0
#include "client/aws_settings.h"

#include <gmock/gmock.h>

#include <fstream>
#include <map>

namespace weir::client {
namespace {

using ::testing::HasSubstr;

class AwsSettingsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "weir-aws-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    variables_["HOME"] = name;
    std::filesystem::create_directories(folder_ / ".aws");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& file, const std::string& text) {
    std::ofstream(folder_ / ".aws" / file) << text;
  }
  Result<AwsSettings> settings(const AwsChoice& choice = {}) {
    return aws_settings(choice, [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      if (found == variables_.end()) return std::nullopt;
      return found->second;
    });
  }

  std::filesystem::path folder_;
  std::map<std::string, std::string> variables_;
};

TEST_F(AwsSettingsTest, TheDefaultProfileOfBothFilesIsTaken) {
  write("credentials",
        "# comment\n[other]\naws_access_key_id = no\n[default]\n"
        "aws_access_key_id = AKIA1\naws_secret_access_key=s=1\n");
  write("config",
        "[default]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:1\ns3 =\n"
        "  region = nested\n");
  const auto found = settings();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->access_key, "AKIA1");
  EXPECT_EQ(found->secret_key, "s=1");
  EXPECT_EQ(found->region, "eu-west-1");
  EXPECT_EQ(found->endpoint_url, "http://127.0.0.1:1");
}

TEST_F(AwsSettingsTest, TheEnvironmentGoesBeforeTheFilesAndAChoiceBeforeBoth) {
  write("credentials",
        "[default]\naws_access_key_id = FILE\naws_secret_access_key = s\n"
        "[work]\naws_access_key_id = WORK\naws_secret_access_key = w\n");
  write("config", "[profile work]\nregion = eu-central-1\n");
  variables_["AWS_ACCESS_KEY_ID"] = "ENV";
  variables_["AWS_SECRET_ACCESS_KEY"] = "e";
  variables_["AWS_SESSION_TOKEN"] = "t";
  variables_["AWS_DEFAULT_REGION"] = "us-west-2";
  variables_["AWS_ENDPOINT_URL"] = "http://a";
  variables_["AWS_ENDPOINT_URL_S3"] = "http://s3";
  EXPECT_EQ(settings()->access_key, "ENV");
  EXPECT_EQ(settings()->session_token, "t");
  EXPECT_EQ(settings()->region, "us-west-2");
  EXPECT_EQ(settings()->endpoint_url, "http://s3");
  const auto chosen =
      settings({.profile = "work", .region = "us-east-2", .endpoint_url = "http://c"});
  EXPECT_EQ(chosen->access_key, "WORK");
  EXPECT_EQ(chosen->session_token, "");
  EXPECT_EQ(chosen->region, "us-east-2");
  EXPECT_EQ(chosen->endpoint_url, "http://c");
}

TEST_F(AwsSettingsTest, AMissingProfileAndKeysThatAreNotLookedUpAreSaid) {
  EXPECT_FALSE(settings()->has_keys());
  EXPECT_THAT(settings({.profile = "nobody"}).error().message, HasSubstr("'nobody'"));
  write("config", "[profile sso]\nsso_session = corp\n");
  variables_["AWS_PROFILE"] = "sso";
  EXPECT_THAT(settings().error().message, HasSubstr("export-credentials"));
}

}  // namespace
}  // namespace weir::client
