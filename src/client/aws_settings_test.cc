// SPDX-License-Identifier: Apache-2.0
#include "client/aws_settings.h"

#include <gmock/gmock.h>

#include <filesystem>
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
  write("credentials", "# comment\n[other]\nregion = no\n[default]\naws_access_key_id = AKIA1\n");
  write("config",
        "[default]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:1\ns3 =\n"
        "  region = nested\n");
  const auto found = settings();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->region, "eu-west-1");
  EXPECT_EQ(found->endpoint_url, "http://127.0.0.1:1");
}

TEST_F(AwsSettingsTest, TheEnvironmentGoesBeforeTheFilesAndAChoiceBeforeBoth) {
  write("config", "[profile work]\nregion = eu-central-1\nca_bundle = /ca\n");
  variables_["AWS_DEFAULT_REGION"] = "us-west-2";
  variables_["AWS_ENDPOINT_URL"] = "http://a";
  variables_["AWS_ENDPOINT_URL_S3"] = "http://s3";
  EXPECT_EQ(settings()->region, "us-west-2");
  EXPECT_EQ(settings()->endpoint_url, "http://s3");
  const auto chosen =
      settings({.profile = "work", .region = "us-east-2", .endpoint_url = "http://c"});
  EXPECT_EQ(chosen->region, "us-east-2");
  EXPECT_EQ(chosen->endpoint_url, "http://c");
  EXPECT_EQ(chosen->ca_file, "/ca");
}

TEST_F(AwsSettingsTest, AMissingProfileIsSaid) {
  ASSERT_TRUE(settings());
  EXPECT_THAT(settings({.profile = "nobody"}).error().message, HasSubstr("'nobody'"));
  variables_["AWS_PROFILE"] = "gone";
  EXPECT_THAT(settings().error().message, HasSubstr("'gone'"));
}

}  // namespace
}  // namespace weir::client
