// SPDX-License-Identifier: Apache-2.0
#include "daemon/config.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace weir::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ConfigFile {
 public:
  explicit ConfigFile(std::string_view text) {
    char name[] = "/tmp/weir-config-XXXXXX";
    const int descriptor = ::mkstemp(name);
    WEIR_ASSERT(descriptor >= 0);
    ::close(descriptor);
    path_ = name;
    std::ofstream(path_) << text;
  }
  ~ConfigFile() { std::filesystem::remove(path_); }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(Config, FlagsBeatTheEnvironmentWhichBeatsTheFile) {
  const ConfigFile file("listen: 127.0.0.1:1\nregion: eu-west-1\nworkers: 3\n");
  const auto config = load_config(file.path(), {{"listen", "127.0.0.1:2"}, {"region", "eu-west-2"}},
                                  {{"listen", "127.0.0.1:3"}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->listen, "127.0.0.1:3");
  EXPECT_EQ(config->region, "eu-west-2");
  EXPECT_EQ(config->workers, 3);
}

TEST(Config, AnUnknownKeyNamesTheNearest) {
  const ConfigFile file("lisen: x\n");
  const auto config = load_config(file.path(), {}, {});
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("unknown key 'lisen', did you mean 'listen'?"));
  const auto variable = load_config("", {{"intefaces", "eth0"}}, {});
  ASSERT_FALSE(variable);
  EXPECT_THAT(variable.error().message, HasSubstr("did you mean 'interfaces'?"));
}

TEST(Config, ValuesOutOfBoundsAreRefused) {
  EXPECT_FALSE(load_config("", {}, {{"workers", "0"}}));
  EXPECT_FALSE(load_config("", {}, {{"workers", "many"}}));
  EXPECT_FALSE(load_config("", {}, {{"log_level", "loud"}}));
  EXPECT_FALSE(load_config("", {}, {{"account", "12"}}));
  EXPECT_FALSE(load_config("", {}, {{"listen", "4566"}}));
  EXPECT_FALSE(load_config("", {}, {{"tls_key", "k.pem"}}));
  EXPECT_FALSE(load_config("/nonexistent.yaml", {}, {}));
}

TEST(Config, CollectorsNeedAnAddressAndExportersPrefixes) {
  EXPECT_TRUE(load_config("", {}, {{"collect_netflow", ":2055"}}));
  EXPECT_TRUE(load_config("", {}, {{"collect_sflow", "[::]:6343"}}));
  const auto named = load_config("", {}, {{"collect_ipfix", "router:4739"}});
  ASSERT_FALSE(named);
  EXPECT_THAT(named.error().message, HasSubstr("collect_ipfix: 'router:4739' is no address"));
  EXPECT_FALSE(load_config("", {}, {{"collect_netflow", "2055"}}));
  EXPECT_FALSE(load_config("", {}, {{"collect_allow", "10.0.0.1"}}));
}

TEST(Config, ListsComeFromYamlAndFromCommas) {
  const ConfigFile file("interfaces: [eth0, eth1]\n");
  EXPECT_THAT(load_config(file.path(), {}, {})->interfaces, ElementsAre("eth0", "eth1"));
  EXPECT_THAT(load_config("", {}, {{"interfaces", "a,b"}})->interfaces, ElementsAre("a", "b"));
}

TEST(Config, PrintedConfigurationReadsBack) {
  auto config = load_config(
      "", {}, {{"interfaces", "eth0"}, {"smtp_password", "secret"}, {"capture", "false"}});
  ASSERT_TRUE(config);
  const std::string text = config_yaml(*config);
  EXPECT_THAT(text, ::testing::Not(HasSubstr("secret")));
  const ConfigFile file(text);
  const auto again = load_config(file.path(), {}, {});
  ASSERT_TRUE(again) << again.error().message << text;
  config->smtp_password.clear();
  EXPECT_EQ(to_json_text(*again), to_json_text(*config));
}

TEST(Config, EverySettingIsDescribedOnce) {
  std::set<std::string_view> described;
  for (const Setting& setting : settings())
    EXPECT_TRUE(described.insert(setting.key).second) << setting.key;
  for (const Member& member : Config::shape().members)
    EXPECT_TRUE(described.contains(member.name)) << member.name;
  EXPECT_EQ(described.size(), Config::shape().members.size());
}

TEST(Config, EndpointsAreMadeFromTheListenAddress) {
  Config config;
  EXPECT_EQ(config.endpoint_url(), "http://127.0.0.1:4566");
  config.listen = "[::]:80";
  config.tls_certificate = "c.pem";
  EXPECT_EQ(config.endpoint_url(), "https://[::1]:80");
}

}  // namespace
}  // namespace weir::daemon
