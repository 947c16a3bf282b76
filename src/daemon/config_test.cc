// SPDX-License-Identifier: Apache-2.0
#include "daemon/config.h"

#include <gmock/gmock.h>

#include <algorithm>
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
  EXPECT_FALSE(load_config("", {}, {{"logs_merge_period_ms", "50"}}));
  EXPECT_FALSE(load_config("", {}, {{"subscription_backlog_max", "1"}}));
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

std::vector<std::string> devices(const Config& config) {
  std::vector<std::string> names;
  for (const auto& interface : config.interfaces) names.push_back(interface.device);
  return names;
}

TEST(Config, ListsComeFromYamlAndFromCommas) {
  const ConfigFile file("interfaces: [eth0, eth1]\nrespond_allow: 10.0.0.0/8\n");
  EXPECT_THAT(devices(*load_config(file.path(), {}, {})), ElementsAre("eth0", "eth1"));
  EXPECT_THAT(load_config(file.path(), {}, {})->respond_allow, ElementsAre("10.0.0.0/8"));
  EXPECT_THAT(devices(*load_config("", {}, {{"interfaces", "a,b"}})), ElementsAre("a", "b"));
  const auto config =
      load_config("", {}, {{"interfaces", "[a, {device: veth1, guest: true, name: web1}]"}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_THAT(devices(*config), ElementsAre("a", "veth1"));
  EXPECT_TRUE(config->interfaces[1].is_guest);
}

constexpr char kOffice[] = R"(
vpcs:
  - name: office
    cidr: 10.1.0.0/16
    subnets:
      - {name: desks, cidr: 10.1.2.0/24, zone: b, tags: {floor: 2}}
      - cidr: [10.1.3.0/24, 2001:db8:3::/64]
    tags: {team: it}
  - {name: lab, cidr: [10.2.0.0/16, "2001:db8::/32"]}
interfaces:
  - eth0
  - {device: veth1, guest: true, name: web1, vpc: office, subnet: desks, addresses: [10.1.2.5/24]}
  - {namespace: blue, device: eth0, instance: i-0123456789abcdef0}
  - {device: eth0, vlan: 42, vpc: lab}
)";

TEST(Config, VpcsAndInterfacesAreListsOfMaps) {
  std::string text = kOffice;
  text.replace(text.find("[10.1.3.0/24, 2001:db8:3::/64]"), 30, "10.1.3.0/24");
  const ConfigFile file(text);
  const auto config = load_config(file.path(), {}, {});
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->vpcs.size(), 2U);
  EXPECT_THAT(config->vpcs[0].cidr, ElementsAre("10.1.0.0/16"));
  EXPECT_EQ(config->vpcs[0].subnets.at(0).zone, "b");
  EXPECT_EQ(config->vpcs[0].subnets.at(0).tags.at("floor"), "2");
  EXPECT_THAT(config->vpcs[1].cidr, ElementsAre("10.2.0.0/16", "2001:db8::/32"));
  EXPECT_THAT(devices(*config), ElementsAre("eth0", "veth1", "eth0", "eth0"));
  EXPECT_EQ(config->interfaces[2].network_namespace, "blue");
  EXPECT_EQ(config->interfaces[3].vlan, 42);

  const std::string printed = config_yaml(*config);
  EXPECT_THAT(printed, HasSubstr("interfaces: [\"eth0\", {\"device\":\"veth1\",\"guest\":true,"));
  const ConfigFile again(printed);
  const auto read = load_config(again.path(), {}, {});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_json_text(*read), to_json_text(*config));
}

TEST(Config, MistakesInEntriesAreNamed) {
  const auto message = [](const std::string& text) {
    const ConfigFile file(text);
    const auto config = load_config(file.path(), {}, {});
    return config ? "accepted" : config.error().message;
  };
  const std::string vpc = "vpcs: [{name: office, cidr: 10.1.0.0/16}]\n";
  EXPECT_THAT(message("interfaces: [{device: a, gest: true}]"),
              HasSubstr("gest', did you mean 'guest'?"));
  EXPECT_THAT(message("vpcs: [{nme: a, cidr: 10.0.0.0/8}]"), HasSubstr("did you mean 'name'?"));
  EXPECT_THAT(message(vpc + "interfaces: [{device: a, vpc: ofice}]"),
              HasSubstr("there is no VPC 'ofice' under vpcs, did you mean 'office'?"));
  EXPECT_THAT(message(vpc + "interfaces: [{device: a, vpc: office, subnet: x}]"),
              HasSubstr("VPC 'office' has no subnet 'x'"));
  EXPECT_THAT(message("vpcs: [{name: a, cidr: 10.0.0.1/8}]"), HasSubstr("mean '10.0.0.0/8'?"));
  EXPECT_THAT(message("vpcs: [{name: a, cidr: ten}]"), HasSubstr("is no CIDR block"));
  EXPECT_THAT(message("vpcs: [{name: a, cidr: 2001:db8::/32}]"), HasSubstr("one IPv4 block"));
  EXPECT_THAT(message(kOffice), HasSubstr("2001:db8:3::/64 lies in no cidr of its VPC"));
  EXPECT_THAT(message("interfaces: [{name: web}]"), HasSubstr("say which by device"));
  EXPECT_THAT(message("interfaces: [{device: 'veth*', addresses: [10.0.0.1]}]"),
              HasSubstr("need the exact name"));
  EXPECT_THAT(message("interfaces: [{device: a, addresses: [ten]}]"), HasSubstr("is no address"));
  EXPECT_THAT(message("interfaces: [{device: a, namespace: ../x}]"), HasSubstr("pattern"));
  EXPECT_THAT(message("interfaces: [{device: a, vlan: 5000}]"), HasSubstr("4094"));
}

TEST(Config, EveryKeyOfAnEntryIsDescribed) {
  const auto expect_described = [](std::string_view list, const Shape& shape) {
    for (const Member& member : shape.members) {
      const auto all = entry_settings();
      EXPECT_EQ(std::count_if(all.begin(), all.end(),
                              [&](const EntrySetting& one) {
                                return one.list == list && one.key == member.name;
                              }),
                1)
          << list << '.' << member.name;
    }
  };
  expect_described("vpcs", vpc::VpcSetting::shape());
  expect_described("vpcs.subnets", vpc::SubnetSetting::shape());
  expect_described("functions", functions::Function::shape());
  expect_described("interfaces", vpc::InterfaceSetting::shape());
  EXPECT_THAT(settings_markdown(), HasSubstr("## Entries of `interfaces`"));
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
