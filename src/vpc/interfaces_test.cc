// SPDX-License-Identifier: Apache-2.0
#include "vpc/interfaces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>

#include "base/network_namespace.h"
#include "vpc/default_vpc.h"
#include "vpc/interfaces_netlink.h"
#include "vpc/interfaces_watch.h"
#include "vpc/network.h"

namespace weir::vpc {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const Scope kScope;

HostInterface device(std::string name, std::vector<InterfaceAddress> addresses = {}) {
  HostInterface one;
  one.name = std::move(name);
  one.addresses = std::move(addresses);
  return one;
}

std::vector<std::string> names(const std::vector<HostInterface>& list) {
  std::vector<std::string> found;
  for (const auto& item : list)
    found.push_back(item.name + (item.setting.vlan != 0 ? " vlan" : ""));
  return found;
}

const std::vector<VpcSetting> kVpcs = {
    {.name = "office",
     .cidr = {"10.1.0.0/16"},
     .subnets = {{.name = "desks", .cidr = {"10.1.2.0/24", "2001:db8:1:2::/64"}, .zone = "b"},
                 {.name = "wide", .cidr = {"10.1.0.0/17"}}},
     .tags = {{"team", "it"}}},
    {.name = "lab", .cidr = {"10.1.128.0/17", "10.2.0.0/16"}},
};

struct World {
  explicit World(std::vector<VpcSetting> vpcs = kVpcs) : config{.host_scope = kScope} {
    config.vpcs = std::move(vpcs);
    config.machine_id = "machine";
    restart();
  }
  void restart() {
    network.emplace(runtime, *store, config);
    EXPECT_TRUE(network->load());
  }
  void set(std::vector<HostInterface> interfaces) {
    EXPECT_TRUE(network->set_interfaces(std::move(interfaces)));
  }
  Eni eni(std::string_view ifname) {
    for (const Eni& one : network->host_enis()) {
      if (one.description == ifname) return one;
    }
    ADD_FAILURE() << "no interface " << ifname;
    return {};
  }
  Vpc vpc(std::string_view name) { return named((*network->state(kScope))->vpcs, name); }
  Subnet subnet(std::string_view name) { return named((*network->state(kScope))->subnets, name); }
  template <class Map>
  static typename Map::mapped_type named(const Map& map, std::string_view name) {
    for (const auto& [id, item] : map) {
      const auto& tags = item.tags;
      if (std::find(tags.begin(), tags.end(), Tag{"Name", std::string(name)}) != tags.end()) {
        return item;
      }
    }
    ADD_FAILURE() << "nothing is named " << name;
    return {};
  }

  SimulatedRuntime runtime{7};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Config config;
  std::optional<Network> network;
};

TEST(ChooseInterfaces, TheNearestEntryCounts) {
  const std::vector<HostInterface> all = {device("eth0", {{"10.0.0.5", 24}}), device("veth1"),
                                          device("veth2")};
  const std::vector<InterfaceSetting> settings = {
      {.device = "veth*", .is_guest = true},
      {.device = "*", .name = "automatic"},
      {.cidr = "10.0.0.0/8", .name = "by block"},
      {.device = "veth2", .name = "by name"},
  };
  const auto chosen = choose_interfaces(all, settings);
  ASSERT_THAT(names(chosen), ElementsAre("eth0", "veth1", "veth2"));
  EXPECT_EQ(chosen[0].setting.name, "by block");
  EXPECT_TRUE(chosen[1].setting.is_guest);
  EXPECT_EQ(chosen[2].setting.name, "by name");
}

TEST(ChooseInterfaces, PatternsLeaveOutLoopbackAndTheStarWhatIsDown) {
  std::vector<HostInterface> all = {device("eth0", {{"10.0.0.5", 24}}), device("eth1"),
                                    device("lo", {{"127.0.0.1", 8}})};
  all[2].is_loopback = true;
  EXPECT_THAT(names(choose_interfaces(all, {{.device = "[el]*"}})), ElementsAre("eth0", "eth1"));
  EXPECT_THAT(names(choose_interfaces(all, {{.device = "*"}})), ElementsAre("eth0"));
  EXPECT_THAT(names(choose_interfaces(all, {{.device = "lo"}})), ElementsAre("lo"));
  EXPECT_THAT(names(choose_interfaces(all, {{.cidr = "127.0.0.0/8"}})), IsEmpty());
}

TEST(ChooseInterfaces, AVlanIsOneMoreInterfaceAndANamespaceAnotherHost) {
  std::vector<HostInterface> all = {device("eth0", {{"10.0.0.5", 24}}),
                                    device("eth0", {{"10.0.0.6", 24}})};
  all[1].network_namespace = "blue";
  const auto chosen = choose_interfaces(
      all, {{.device = "eth0"}, {.device = "eth0", .vlan = 42}, {.network_namespace = "blue"}});
  ASSERT_THAT(names(chosen), ElementsAre("eth0 vlan", "eth0", "eth0"));
  EXPECT_EQ(chosen[0].trunk, "eth0");
  EXPECT_THAT(chosen[0].addresses, IsEmpty());
  EXPECT_EQ(chosen[2].network_namespace, "blue");
}

TEST(ConfiguredVpcs, AreThereWithoutAnyInterfaceAndKeepTheirIds) {
  World world;
  const Vpc office = world.vpc("office");
  EXPECT_FALSE(office.is_default);
  EXPECT_EQ(office.cidr_block, "10.1.0.0/16");
  EXPECT_THAT(office.tags, Contains(Tag{"team", "it"}));
  EXPECT_THAT(world.vpc("lab").cidr_associations, SizeIs(2));
  const Subnet desks = world.subnet("desks");
  EXPECT_EQ(desks.vpc_id, office.id);
  EXPECT_EQ(desks.availability_zone, "us-east-1b");
  EXPECT_THAT(desks.ipv6_associations, SizeIs(1));
  const auto state = *world.network->state(kScope);
  EXPECT_EQ(state->acl_of_subnet(desks.id)->vpc_id, office.id);
  EXPECT_THAT(state->groups, SizeIs(3)) << "each VPC has its default group";

  world.restart();
  EXPECT_EQ(world.vpc("office").id, office.id);
  EXPECT_EQ(world.subnet("desks").id, desks.id);
}

TEST(ConfiguredVpcs, GoWithTheirEntryUnlessAFlowLogIsLeft) {
  World world;
  const std::string office = world.vpc("office").id;
  NewFlowLogs request;
  request.resource_ids = {office};
  request.resource_type = "VPC";
  request.traffic_type = "ALL";
  request.log_group_name = "/vpc/flow";
  request.permission_arn = "arn:aws:iam::000000000000:role/flow";
  const auto made = world.network->create_flow_logs(kScope, request);
  ASSERT_TRUE(made);
  world.config.vpcs.clear();
  world.restart();
  auto state = *world.network->state(kScope);
  EXPECT_THAT(state->vpcs, SizeIs(2)) << "the default one and that with the flow log";
  EXPECT_TRUE(state->vpcs.contains(office));
  ASSERT_TRUE(world.network->delete_flow_logs(kScope, made->flow_log_ids));
  world.restart();
  state = *world.network->state(kScope);
  EXPECT_THAT(state->vpcs, SizeIs(1));
  EXPECT_THAT(state->groups, SizeIs(1));
  EXPECT_THAT(state->acls, SizeIs(1));
  EXPECT_THAT(state->subnets, SizeIs(3));
}

TEST(InterfacePlaces, AddressesFindTheSmallestVpcAndSubnet) {
  World world;
  world.set({device("a", {{"10.1.2.5", 16}}), device("b", {{"10.1.3.5", 24}}),
             device("c", {{"10.1.200.5", 24}}), device("d", {{"192.0.2.5", 24}}),
             device("e", {{"2001:db8:1:2::5", 64}, {"10.1.2.9", 24}})});
  EXPECT_EQ(world.eni("a").subnet_id, world.subnet("desks").id);
  EXPECT_EQ(world.eni("a").availability_zone, "us-east-1b");
  EXPECT_EQ(world.eni("b").subnet_id, world.subnet("wide").id);
  EXPECT_EQ(world.eni("c").vpc_id, world.vpc("lab").id);
  const auto state = *world.network->state(kScope);
  EXPECT_EQ(state->subnets.at(world.eni("c").subnet_id).cidr_block, "10.1.200.0/24");
  EXPECT_EQ(world.eni("d").vpc_id, default_vpc_of(*state).id);
  EXPECT_EQ(world.eni("e").subnet_id, world.subnet("desks").id);
  EXPECT_EQ(world.subnet("desks").available_ip_addresses, 249);
}

TEST(InterfacePlaces, AnEntryBeatsTheAddresses) {
  World world;
  HostInterface one = device("a", {{"192.0.2.5", 24}});
  one.setting = {.name = "web1",
                 .vpc = "office",
                 .subnet = "wide",
                 .instance = "i-0123456789abcdef0",
                 .eni = "eni-0123456789abcdef0",
                 .tags = {{"role", "web"}}};
  world.set({one});
  const Eni eni = world.eni("a");
  EXPECT_EQ(eni.id, "eni-0123456789abcdef0");
  EXPECT_EQ(eni.vpc_id, world.vpc("office").id);
  EXPECT_EQ(eni.subnet_id, world.subnet("wide").id);
  EXPECT_EQ(eni.instance_id, "i-0123456789abcdef0");
  EXPECT_THAT(eni.tags, ElementsAre(Tag{"role", "web"}, Tag{"Name", "web1"}));
  const auto state = *world.network->state(kScope);
  EXPECT_EQ(state->groups.at(eni.group_ids.at(0)).vpc_id, eni.vpc_id);
}

TEST(InterfacePlaces, AGuestHasTheAddressesBehindTheDeviceAndKeepsThem) {
  World world;
  HostInterface one = device("veth1", {{"10.1.2.1", 24}});
  one.setting.is_guest = true;
  one.guest_addresses = {{"10.1.2.7", 24}};
  world.set({one});
  const Eni eni = world.eni("veth1");
  EXPECT_EQ(eni.primary_v4, "10.1.2.7");
  EXPECT_THAT(eni.addresses, SizeIs(1)) << "the device's own address is the host's";
  EXPECT_NE(eni.instance_id, stable_id("i-", "machine"));
  one.guest_addresses.clear();  // silent for a while
  world.set({one});
  EXPECT_EQ(world.eni("veth1").primary_v4, "10.1.2.7");
  one.guest_addresses = {{"10.1.2.3", 24}, {"10.1.2.7", 24}};
  world.set({one});
  EXPECT_EQ(world.eni("veth1").primary_v4, "10.1.2.7") << "another one does not take its place";
  EXPECT_THAT(world.eni("veth1").addresses, SizeIs(2));
}

TEST(InterfaceIds, HardwareKeepsItsIdWhenRenamedAndVirtualDevicesBetweenBoots) {
  World world(std::vector<VpcSetting>{});
  HostInterface hardware = device("eth0", {{"10.0.0.5", 24}});
  hardware.permanent_mac = "52:54:00:00:00:01";
  HostInterface bridge = device("br0", {{"10.0.1.5", 24}});
  bridge.mac = "2a:00:00:00:00:01";
  world.set({bridge, hardware});
  const std::string hardware_id = world.eni("eth0").id;
  const std::string bridge_id = world.eni("br0").id;
  hardware.name = "lan0";
  bridge.mac = "2a:00:00:00:00:02";
  world.set({bridge, hardware});
  EXPECT_EQ(world.eni("lan0").id, hardware_id);
  EXPECT_EQ(world.eni("br0").id, bridge_id);
  EXPECT_EQ(world.eni("br0").mac, "2a:00:00:00:00:02");
}

TEST(InterfaceIds, AreDifferentWhereSeveralHaveOneMac) {
  World world(std::vector<VpcSetting>{});
  HostInterface a = device("a", {{"10.0.0.5", 24}});
  a.permanent_mac = "52:54:00:00:00:01";
  HostInterface b = a;
  b.name = "b";
  HostInterface vlan = a;
  vlan.setting.vlan = vlan.vlan = 42;
  vlan.trunk = "a";
  world.set({a, b, vlan});
  EXPECT_THAT(world.network->host_enis(), SizeIs(3));
  EXPECT_EQ(world.eni("a vlan 42").vlan, 42);
}

TEST(DeclaredInterfaces, AreEnisThatOutliveRestartsAndDevices) {
  World world;
  const DeclaredInterface port = {.key = "ipfix/192.0.2.1/3",
                                  .name = "core1 ge-0/0/3",
                                  .description = "core1: ge-0/0/3",
                                  .addresses = {{"10.1.2.1", 24}},
                                  .instance = "192.0.2.1"};
  int told = 0;
  world.network->on_change([&](const Scope&) { ++told; });
  const auto eni = world.network->declare_interface(kScope, port);
  ASSERT_TRUE(eni) << eni.error().message;
  EXPECT_EQ(told, 1);
  EXPECT_EQ(eni->primary_v4, "10.1.2.1");
  EXPECT_EQ(eni->subnet_id, world.subnet("desks").id);
  EXPECT_EQ(eni->description, "core1: ge-0/0/3");
  EXPECT_THAT(eni->tags, ElementsAre(Tag{"Name", "core1 ge-0/0/3"}));
  EXPECT_EQ(*world.network->declare_interface(kScope, port), *eni);
  EXPECT_EQ(told, 1) << "nothing is new";
  world.set({device("eth0", {{"192.0.2.9", 24}})});
  world.restart();
  EXPECT_THAT(world.network->enis(kScope), Contains(*eni));
  EXPECT_THAT(world.network->host_enis(), SizeIs(1)) << "it is no device of this host";
}

TEST(DeclaredInterfaces, MoveWhenTheConfigurationDoes) {
  World world(std::vector<VpcSetting>{});
  const DeclaredInterface port = {.key = "sflow/192.0.2.1/3", .addresses = {{"10.2.0.1", 32}}};
  const auto before = world.network->declare_interface(kScope, port);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->vpc_id, default_vpc_of(**world.network->state(kScope)).id);
  EXPECT_THAT((*world.network->state(kScope))->subnets, SizeIs(3)) << "no subnet of one address";
  world.config.vpcs = kVpcs;
  world.restart();
  EXPECT_EQ(world.network->enis(kScope).at(0).vpc_id, world.vpc("lab").id);
}

TEST(DeclaredInterfaces, AreDeletedAndDevicesAreNot) {
  World world;
  world.set({device("eth0", {{"10.1.2.9", 24}})});
  const auto eni = world.network->declare_interface(kScope, {.key = "k"});
  ASSERT_TRUE(eni);
  const auto in_use = world.network->delete_interface(kScope, world.eni("eth0").id);
  EXPECT_EQ(in_use.error().code, "InvalidParameterValue");
  EXPECT_TRUE(world.network->delete_interface(kScope, eni->id));
  EXPECT_EQ(world.network->delete_interface(kScope, eni->id).error().code,
            "InvalidNetworkInterfaceID.NotFound");
  EXPECT_FALSE(world.network->declare_interface(kScope, {.key = ""}));
}

TEST(NetlinkMessages, WhateverTheyAreNothingIsReadBehindThem) {
  std::vector<std::uint8_t> bytes = {200, 0, 0, 0, 16, 0, 0, 0, 1, 2, 3};
  NetlinkTables tables;
  take_messages(bytes, tables);  // says more than it is
  bytes[0] = 4;
  take_messages(bytes, tables);  // less than a header
  EXPECT_THAT(tables.devices, IsEmpty());
}

// ---- With devices in a network namespace -------------------------------------------------------

bool run(const std::string& command) {
  return std::system((command + " 2>/dev/null").c_str()) == 0;
}

/// Runs `body` on a thread in a network namespace of its own; returns why it could not, else "".
std::string in_namespace(const std::function<void()>& body) {
  std::string reason;
  std::thread([&] {
    if (::geteuid() != 0) {
      reason = "needs root for a network namespace";
    } else if (::unshare(CLONE_NEWNET) != 0) {
      reason = "this machine allows no network namespaces";
    } else if (!run("ip link set lo up && ip link add near type veth peer name far")) {
      reason = "cannot make a veth pair with ip";
    } else {
      body();
    }
  }).join();
  return reason;
}

/// A named namespace that goes with this.
struct NamedNamespace {
  NamedNamespace() : made(run("ip netns add " + name)) {}
  ~NamedNamespace() { run("ip netns del " + name); }
  const std::string name = "weir-test-" + std::to_string(::getpid());
  bool made;
};

/// Counts calls and lets a test wait for one that sees what it wants.
class Calls {
 public:
  InterfaceWatch::Callback callback() {
    return [this] {
      const std::lock_guard lock(mutex_);
      ++count_;
      changed_.notify_all();
    };
  }
  bool wait_until(const std::function<bool()>& done) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), done);
  }
  int count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

const HostInterface* find(const std::vector<HostInterface>& all, std::string_view name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

void expect_facts_of_devices() {
  ASSERT_TRUE(
      run("ip link set near up && ip link set far up && ip addr add 10.9.0.1/24 dev near "
          "&& ip addr add 2001:db8::1/64 dev near nodad && "
          "ip route add default via 10.9.0.2"));
  const bool has_vlan = run("ip link add link near name near.42 type vlan id 42");
  const bool has_tunnel = run("ip link add tunnel type ipip local 10.9.0.1 remote 10.9.0.2") ||
                          run("ip link add tunnel type gre local 10.9.0.1 remote 10.9.0.2") ||
                          run("ip tuntap add dev tunnel mode tun");
  const auto all = discover_interfaces();
  ASSERT_TRUE(all) << all.error().message;
  const HostInterface* near = find(*all, "near");
  ASSERT_NE(near, nullptr);
  EXPECT_TRUE(near->is_up);
  EXPECT_EQ(near->mac.size(), 17U);
  EXPECT_EQ(near->permanent_mac, "") << "Linux drew it";
  EXPECT_TRUE(near->is_default_route);
  EXPECT_FALSE(near->is_tunnel);
  EXPECT_THAT(near->addresses,
              ElementsAre(InterfaceAddress{"10.9.0.1", 24}, InterfaceAddress{"2001:db8::1", 64}));
  EXPECT_FALSE(find(*all, "far")->is_default_route);
  if (has_vlan) {
    EXPECT_EQ(find(*all, "near.42")->vlan, 42);
    EXPECT_EQ(find(*all, "near.42")->trunk, "near");
  }
  if (has_tunnel) {
    EXPECT_TRUE(find(*all, "tunnel")->is_tunnel);
  }
}

TEST(DiscoverInterfaces, TellsWhatTheKernelKnows) {
  const std::string reason = in_namespace(expect_facts_of_devices);
  if (!reason.empty()) GTEST_SKIP() << reason;
}

TEST(DiscoverInterfaces, FindsGuestsInTheNeighbourTableAndBehindABridge) {
  const std::string reason = in_namespace([] {
    ASSERT_TRUE(
        run("ip link set near up && ip link set far up && ip addr add 10.9.0.1/24 dev near "
            "&& ip neigh add 10.9.0.7 lladdr 02:00:00:00:00:07 dev near"));
    EXPECT_THAT(find(*discover_interfaces(), "near")->guest_addresses,
                ElementsAre(InterfaceAddress{"10.9.0.7", 24}));
    if (!run("ip link add br0 type bridge")) return;  // this kernel has none
    ASSERT_TRUE(
        run("ip addr del 10.9.0.1/24 dev near; ip link set near master br0 && "
            "ip addr add 10.8.0.1/16 dev br0 && ip link set br0 up && "
            "ip neigh add 10.8.0.8 lladdr 02:00:00:00:00:08 dev br0 && "
            "bridge fdb add 02:00:00:00:00:08 dev near master static"));
    EXPECT_THAT(find(*discover_interfaces(), "near")->guest_addresses,
                Contains(InterfaceAddress{"10.8.0.8", 16}));
  });
  if (!reason.empty()) GTEST_SKIP() << reason;
}

void expect_followed_changes() {
  SystemRuntime runtime(1);
  auto store = store::make_memory_store();
  Network network(runtime, *store, {.host_scope = kScope, .machine_id = "machine"});
  ASSERT_TRUE(network.load());
  ASSERT_TRUE(network.refresh_interfaces());
  Calls calls;
  const auto told = calls.callback();
  const auto watch = InterfaceWatch::start(runtime, {}, [&] {
    EXPECT_TRUE(network.refresh_interfaces());
    told();
  });
  ASSERT_TRUE(watch) << watch.error().message;
  const auto shown = [&] {
    std::vector<std::string> texts;
    for (const Eni& eni : network.host_enis()) texts.push_back(eni.ifname + ' ' + eni.primary_v4);
    return texts;
  };
  const auto becomes = [&](const std::vector<std::string>& wanted) {
    const auto start = runtime.monotonic();
    EXPECT_TRUE(calls.wait_until([&] { return shown() == wanted; }))
        << testing::PrintToString(shown());
    EXPECT_LT(runtime.monotonic() - start, std::chrono::seconds(2)) << "told, not polled";
  };
  EXPECT_THAT(shown(), IsEmpty());
  ASSERT_TRUE(run("ip addr add 10.9.0.1/24 dev near && ip link set near up && ip link set far up"));
  becomes({"near 10.9.0.1"});
  ASSERT_TRUE(
      run("ip addr add 10.9.0.2/24 dev near && ip addr del 10.9.0.1/24 dev near || "
          "ip addr replace 10.9.0.2/24 dev near"));
  ASSERT_TRUE(run("ip addr flush dev near && ip addr add 10.9.0.3/24 dev near"));
  becomes({"near 10.9.0.3"});
  ASSERT_TRUE(run("ip link set near down && ip link set near name port && ip link set port up"));
  becomes({"port 10.9.0.3"});
  const std::string mac = network.host_enis().at(0).mac;
  ASSERT_TRUE(run("ip link set port address 02:00:00:00:00:99"));
  EXPECT_TRUE(calls.wait_until([&] { return network.host_enis().at(0).mac != mac; }));
  ASSERT_TRUE(run("ip link del far"));
  becomes({});
}

TEST(InterfaceWatch, ChangesAreFollowedAtOnce) {
  const std::string reason = in_namespace(expect_followed_changes);
  if (!reason.empty()) GTEST_SKIP() << reason;
}

TEST(InterfaceWatch, ManyEventsAreFewCalls) {
  const std::string reason = in_namespace([] {
    SystemRuntime runtime(1);
    Calls calls;
    const auto watch = InterfaceWatch::start(runtime, {}, calls.callback());
    ASSERT_TRUE(watch);
    std::string batch;
    for (int i = 1; i <= 250; ++i) {
      batch += "addr add 10.9.1." + std::to_string(i) + "/32 dev near\n";
    }
    ASSERT_TRUE(run("printf '" + batch + "' | ip -batch -"));
    EXPECT_TRUE(calls.wait_until([&] { return (*watch)->stats().events >= 250; }));
    EXPECT_LT(calls.count(), 50);
  });
  if (!reason.empty()) GTEST_SKIP() << reason;
}

void expect_followed_namespace() {
  SystemRuntime runtime(1);
  Calls calls;
  NamedNamespace made;
  if (!made.made) GTEST_SKIP() << "cannot name a network namespace";
  const std::vector<InterfaceSetting> settings = {{.network_namespace = made.name}};
  const auto watch =
      InterfaceWatch::start(runtime, {.namespaces = namespaces_of(settings)}, calls.callback());
  ASSERT_TRUE(watch);
  const auto found = [&] { return names(*find_interfaces(settings)); };
  EXPECT_THAT(found(), IsEmpty());
  const std::string in = "ip -n " + made.name + ' ';
  ASSERT_TRUE(run("ip link set far netns " + made.name + " && " + in +
                  "addr add 10.9.0.2/24 dev far && " + in + "link set far up"));
  EXPECT_TRUE(calls.wait_until([&] { return found() == std::vector<std::string>{"far"}; }));
  const std::uint64_t id = network_namespace_id(made.name);
  EXPECT_NE(id, 0U);
  // The watch's own socket must not keep it alive: its devices go with it.
  ASSERT_TRUE(run("ip netns del " + made.name));
  EXPECT_TRUE(calls.wait_until([&] { return found().empty(); }));
  EXPECT_TRUE(calls.wait_until([&] { return find(*discover_interfaces(), "near") == nullptr; }))
      << "the other end of its pair is still there";
  ASSERT_TRUE(run("ip netns add " + made.name + " && " + in +
                  "link add here type veth peer name there && " + in +
                  "addr add 10.9.0.9/24 dev here && " + in + "link set here up"));
  EXPECT_TRUE(calls.wait_until([&] { return found() == std::vector<std::string>{"here"}; }));
}

TEST(InterfaceWatch, NamespacesComeGoAndComeAgain) {
  const std::string reason = in_namespace(expect_followed_namespace);
  if (!reason.empty()) GTEST_SKIP() << reason;
}

TEST(NetworkNamespace, WhatIsNotThereIsNamed) {
  const auto entered = in_network_namespace("weir-none", [] {});
  ASSERT_FALSE(entered);
  EXPECT_EQ(entered.error().kind, ErrorKind::not_found);
  EXPECT_THAT(entered.error().message, testing::HasSubstr("weir-none"));
}

}  // namespace
}  // namespace weir::vpc
