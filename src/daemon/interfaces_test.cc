// SPDX-License-Identifier: Apache-2.0
#include "daemon/interfaces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <mutex>
#include <numeric>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/network_namespace.h"
#include "capture/test_net.h"
#include "flow/format.h"
#include "store/kv_store.h"

/// Interfaces of the host from the kernel's event to the flow record, with real devices in network
/// namespaces that the tests make.
namespace weir::daemon {
namespace {

using capture::test::frame;
using capture::test::send_datagram;
using capture::test::send_frame;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

bool run(const std::string& command) {
  return std::system(("{ " + command + "; } >/dev/null 2>&1").c_str()) == 0;
}

/// A named namespace that goes with this.
struct NamedNamespace {
  NamedNamespace() : made(run("ip netns add " + name)) {}
  ~NamedNamespace() { run("ip netns del " + name); }
  /// Moves `far` there and gives it 10.9.0.2.
  bool take_far() const {
    const std::string in = "ip -n " + name + ' ';
    return run("ip link set far netns " + name + " && " + in + "addr add 10.9.0.2/24 dev far && " +
               in + "link set far up && ip neigh replace " +
               "10.9.0.2 lladdr 02:00:00:00:00:02 dev near && " + in +
               "link set far address 02:00:00:00:00:02");
  }
  const std::string name = "weir-daemon-test-" + std::to_string(::getpid());
  bool made;
};

/// What of the daemon is about interfaces: the network, the watch, the capture, a flow log of the
/// default VPC whose windows are short, and its records.
class Host {
 public:
  explicit Host(std::vector<vpc::InterfaceSetting> interfaces, Duration window = Duration(1'000),
                Traffic::Config traffic = {})
      : window_(window), network_(runtime_, *store_, network_config(with(interfaces))) {
    EXPECT_TRUE(network_.load());
    EXPECT_TRUE(network_.refresh_interfaces());
    traffic.meter.nodata = false;
    traffic_ = std::make_unique<Traffic>(
        runtime_, traffic,
        [this](const flow::Context&, std::span<const flow::Record> records) { take(records); });
    network_.on_change([this](const Scope&) { capture(); });
    subscribe();
    auto watch = watch_interfaces(runtime_, with(interfaces), [this] {
      EXPECT_TRUE(network_.refresh_interfaces());
      notify();
    });
    EXPECT_TRUE(watch);
    if (watch) watch_ = *std::move(watch);
  }
  ~Host() { stop(); }

  void stop() {
    watch_.reset();
    traffic_->stop();
  }
  /// Until `done`, asked again with every record and every change.
  bool wait_until(const std::function<bool()>& done) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(15), done);
  }
  bool wait_for_line(const std::string& part) {
    return wait_until([&] {
      return std::any_of(lines_.begin(), lines_.end(),
                         [&](const std::string& line) { return line.find(part) != line.npos; });
    });
  }
  /// Until the records that begin so have that many packets and bytes together: packets may fall
  /// into two windows.
  bool wait_for_sum(const std::string& start, std::uint64_t packets, std::uint64_t bytes) {
    return wait_until([&] {
      std::uint64_t packets_seen = 0;
      std::uint64_t bytes_seen = 0;
      for (const std::string& line : lines_) {
        if (!line.starts_with(start)) continue;
        std::istringstream rest(line.substr(start.size()));
        std::uint64_t of_record[2] = {0, 0};
        rest >> of_record[0] >> of_record[1];
        packets_seen += of_record[0];
        bytes_seen += of_record[1];
      }
      return packets_seen == packets && bytes_seen == bytes;
    });
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  bool is_running(const std::string& device) {
    const auto status = traffic_->status();
    return std::any_of(status.interfaces.begin(), status.interfaces.end(),
                       [&](const auto& one) { return one.device == device && one.is_running; });
  }
  std::string eni(const std::string& description) {
    for (const vpc::Eni& one : network_.host_enis()) {
      if (one.description == description) return one.id;
    }
    return "none";
  }
  Traffic& traffic() { return *traffic_; }
  vpc::Network& network() { return network_; }

 private:
  static Config with(const std::vector<vpc::InterfaceSetting>& interfaces) {
    Config config;
    config.interfaces = interfaces;
    return config;
  }
  void subscribe() {
    vpc::NewFlowLogs request;
    request.resource_ids = {(*network_.state(Scope{}))->vpcs.begin()->first};
    request.resource_type = "VPC";
    request.traffic_type = "ALL";
    request.log_group_name = "/vpc/flow";
    request.permission_arn = "arn:aws:iam::000000000000:role/flow";
    EXPECT_TRUE(network_.create_flow_logs(Scope{}, request));
  }
  void capture() {
    auto interfaces = captured_interfaces(network_);
    ASSERT_TRUE(interfaces);
    for (Traffic::Interface& one : *interfaces) one.window = window_;
    const auto set = traffic_->set_interfaces(*std::move(interfaces));
    EXPECT_TRUE(set || set.error().kind != ErrorKind::forbidden) << set.error().message;
    notify();
  }
  void notify() {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }
  void take(std::span<const flow::Record> records) {
    const std::lock_guard lock(mutex_);
    for (const flow::Record& record : records) lines_.push_back(format_.line(record));
    changed_.notify_all();
  }

  const flow::Format format_ = *flow::Format::parse(
      "${interface-id} ${srcaddr} ${dstaddr} ${dstport} ${packets} ${bytes} ${flow-direction} "
      "${log-status} ${pkt-srcaddr}");
  const Duration window_;
  SystemRuntime runtime_{2};
  std::unique_ptr<store::KvStore> store_ = store::make_memory_store();
  vpc::Network network_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  std::unique_ptr<Traffic> traffic_;
  std::unique_ptr<vpc::InterfaceWatch> watch_;
};

// "All interfaces of the VPC" is one flow log; a new one joins by itself, and one that goes leaves
// its records.
void expect_new_interface_joins() {
  Host host({});
  EXPECT_TRUE(host.wait_until([&] { return host.is_running("near"); }));
  ASSERT_TRUE(
      run("ip link add late type veth peer name peer && ip addr add 10.8.0.1/24 dev late && "
          "ip link set late up && ip link set peer up && "
          "ip neigh add 10.8.0.2 lladdr 02:00:00:00:00:08 dev late"));
  ASSERT_TRUE(host.wait_until([&] { return host.is_running("late"); }));
  const std::string id = host.eni("late");
  ASSERT_TRUE(send_datagram("10.8.0.2", 4444, 100));
  EXPECT_TRUE(host.wait_for_line(id + " 10.8.0.1 10.8.0.2 4444 1 128 egress OK"));

  ASSERT_TRUE(send_datagram("10.8.0.2", 5555, 100));
  ASSERT_TRUE(run("ip link del late"));
  EXPECT_TRUE(host.wait_for_line(id + " 10.8.0.1 10.8.0.2 5555 1 128 egress OK"));
  EXPECT_TRUE(host.wait_until([&] { return host.traffic().status().interfaces.size() == 1; }));
  EXPECT_THAT(host.lines(), Not(Contains(HasSubstr("SKIPDATA"))));

  ASSERT_TRUE(
      run("ip link add late type veth peer name peer && ip addr add 10.8.0.1/24 dev late && "
          "ip link set late up && ip link set peer up && "
          "ip neigh add 10.8.0.2 lladdr 02:00:00:00:00:08 dev late"));
  ASSERT_TRUE(host.wait_until([&] { return host.is_running("late"); }));
  EXPECT_EQ(host.eni("late"), id) << "the same interface comes back";
  ASSERT_TRUE(send_datagram("10.8.0.2", 6666, 100));
  EXPECT_TRUE(host.wait_for_line(id + " 10.8.0.1 10.8.0.2 6666 1 128 egress OK"));
}

TEST(HostInterfaces, ANewOneJoinsTheFlowLogOfItsVpc) {
  const std::string reason = capture::test::in_namespace(expect_new_interface_joins);
  if (!reason.empty()) GTEST_SKIP() << reason;
}

// The records of a guest are the guest's: what leaves the host's end of the pair arrives at it.
void expect_guest(std::vector<std::string> addresses, const std::string& primary) {
  NamedNamespace guest;
  if (!guest.made) GTEST_SKIP() << "cannot name a network namespace";
  const auto from_guest = frame(17, 40'000, 7777, 50);  // 10.9.0.2 -> 10.9.0.1
  ASSERT_TRUE(guest.take_far());
  Host host({{.device = "near", .is_guest = true, .addresses = std::move(addresses)}});
  ASSERT_TRUE(host.wait_until([&] { return host.is_running("near"); }));
  bool is_sent = false;
  ASSERT_TRUE(in_network_namespace(guest.name, [&] { is_sent = send_frame("far", from_guest); }));
  ASSERT_TRUE(is_sent);
  ASSERT_TRUE(send_datagram("10.9.0.2", 8888, 50));
  const std::string id = host.eni("near");
  EXPECT_TRUE(host.wait_for_line(id + ' ' + primary + " 10.9.0.1 7777 1 78 egress OK 10.9.0.2"));
  EXPECT_TRUE(host.wait_for_line(id + " 10.9.0.1 " + primary + " 8888 1 78 ingress OK 10.9.0.1"));
}

TEST(HostInterfaces, AGuestIsSeenFromItsOwnSide) {
  const std::string reason =
      capture::test::in_namespace([] { expect_guest({"10.9.0.77/24"}, "10.9.0.77"); });
  if (!reason.empty()) GTEST_SKIP() << reason;
}

TEST(HostInterfaces, TheAddressOfAGuestIsLearntFromTheNeighbourTable) {
  const std::string reason = capture::test::in_namespace([] { expect_guest({}, "10.9.0.2"); });
  if (!reason.empty()) GTEST_SKIP() << reason;
}

void expect_named_namespace() {
  NamedNamespace blue;
  if (!blue.made) GTEST_SKIP() << "cannot name a network namespace";
  Host host({{.device = "far", .network_namespace = blue.name}});
  EXPECT_THAT(host.network().host_enis(), IsEmpty());
  ASSERT_TRUE(blue.take_far());
  const std::string device = blue.name + "/far";
  ASSERT_TRUE(host.wait_until([&] { return host.is_running(device); }));
  ASSERT_TRUE(send_datagram("10.9.0.2", 8888, 50));
  const std::string id = host.eni(device);
  EXPECT_TRUE(host.wait_for_line(id + " 10.9.0.1 10.9.0.2 8888 1 78 ingress OK"));
  // Neither the watch nor the capture may keep a deleted namespace, and with it the pair, alive.
  ASSERT_TRUE(run("ip netns del " + blue.name));
  EXPECT_TRUE(host.wait_until([&] { return host.traffic().status().interfaces.empty(); }));
  EXPECT_TRUE(host.wait_until([] { return ::if_nametoindex("near") == 0; }));
}

TEST(HostInterfaces, ADeviceInANamedNamespaceIsCapturedThere) {
  const std::string reason = capture::test::in_namespace(expect_named_namespace);
  if (!reason.empty()) GTEST_SKIP() << reason;
}

void expect_vlans_apart() {
  Host host({{.device = "near"}, {.device = "near", .vlan = 42}});
  ASSERT_TRUE(
      host.wait_until([&] { return host.is_running("near") && host.is_running("near.42"); }));
  auto tagged = frame(17, 40'000, 2222, 100);
  ASSERT_TRUE(send_frame("far", tagged, 3));
  tagged.insert(tagged.begin() + 12, {0x81, 0x00, 0x00, 0x2a});
  ASSERT_TRUE(send_frame("far", tagged, 5));
  tagged[15] = 43;
  ASSERT_TRUE(send_frame("far", tagged, 7));
  const std::string flow = " 10.9.0.2 10.9.0.1 2222 ";
  EXPECT_TRUE(host.wait_for_sum(host.eni("near vlan 42") + flow, 5, 640));
  EXPECT_TRUE(host.wait_for_sum(host.eni("near") + flow, 10, 1280));
}

TEST(HostInterfaces, AVlanOfADeviceIsAnInterfaceOfItsOwn) {
  const std::string reason = capture::test::in_namespace(expect_vlans_apart);
  if (!reason.empty()) GTEST_SKIP() << reason;
}

// ---- No packet without a record or a count -----------------------------------------------------

/// Adds up what records say, and may be told to stand still.
class Sum {
 public:
  Traffic::Sink sink() {
    return [this](const flow::Context&, std::span<const flow::Record> records) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !is_held_; });
      for (const flow::Record& record : records) {
        if (record.value(flow::Field::log_status) == "SKIPDATA") ++skipdata;
        packets += static_cast<std::uint64_t>(record.number(flow::Field::packets).value_or(0));
        bytes += static_cast<std::uint64_t>(record.number(flow::Field::bytes).value_or(0));
      }
    };
  }
  void hold(bool is_held) {
    const std::lock_guard lock(mutex_);
    is_held_ = is_held;
    changed_.notify_all();
  }
  std::uint64_t packets = 0;  // read when the traffic has stopped
  std::uint64_t bytes = 0;
  int skipdata = 0;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_held_ = false;
};

Traffic::Interface near_interface(Duration window) {
  Traffic::Interface interface;
  interface.device = "near";
  interface.context.interface_id = "eni-1";
  interface.context.primary_v4 = *net::Address::parse("10.9.0.1");
  interface.window = window;
  return interface;
}

/// Makes the pair anew without IPv6, so that the kernel sends nothing by itself.
bool silence() {
  return run(
      "sysctl -w net.ipv6.conf.default.disable_ipv6=1 && ip link del near && "
      "ip link add near type veth peer name far && ip link set near up && "
      "ip link set far up");
}

/// Sends `count` frames, each from another port, out of `far`.
bool send_flows(std::size_t count) {
  auto bytes = frame(17, 0, 2222, 10);
  const int fd = ::socket(AF_PACKET, SOCK_RAW, 0);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(::if_nametoindex("far"));
  bool all = true;
  for (std::size_t i = 0; i < count; ++i) {
    bytes[34] = static_cast<std::uint8_t>(i >> 8);
    bytes[35] = static_cast<std::uint8_t>(i);
    all = all && ::sendto(fd, bytes.data(), bytes.size(), 0,
                          reinterpret_cast<const sockaddr*>(&address), sizeof address) > 0;
  }
  ::close(fd);
  return all;
}

// Each packet is a flow of its own and nobody takes the records: their queue runs full, the capture
// stands still, the smallest ring runs full. When the records are taken again all is said.
void expect_counted_overload() {
  if (!silence()) GTEST_SKIP() << "cannot make devices without IPv6";
  constexpr std::uint64_t kFlows = 60'000;  // more records than may wait
  constexpr std::uint64_t kBurst = 10'000;  // more frames than the ring holds
  SystemRuntime runtime(1);
  Sum sum;
  Traffic traffic(runtime, {.meter = {.nodata = false}, .ring_bytes = 1}, sum.sink());
  const std::shared_ptr<void> release(nullptr, [&](void*) { sum.hold(false); });
  ASSERT_TRUE(traffic.set_interfaces({near_interface(Duration(1'000))}));
  sum.hold(true);
  ASSERT_TRUE(send_flows(kFlows));
  std::uint64_t sent = kFlows;
  const auto known = [&] {
    const auto status = traffic.status().interfaces.at(0);
    return status.meter.packets + status.packets_lost();
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(15);
  for (int i = 0; i < 300 && known() + 5 * kBurst > sent; ++i) {
    ASSERT_TRUE(send_flows(kBurst));
    sent += kBurst;
  }
  sum.hold(false);
  while (known() < sent && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  const std::uint64_t lost = traffic.status().interfaces.at(0).packets_lost();
  traffic.stop();
  EXPECT_GT(lost, 0U);
  EXPECT_EQ(sum.packets + lost, sent);
  EXPECT_EQ(sum.bytes, sum.packets * 38);
  EXPECT_GE(sum.skipdata, 1);
}

TEST(NoSilentLoss, RecordsAndTheReportedLossAreAllThatWasSent) {
  const std::string reason = capture::test::in_namespace(expect_counted_overload);
  if (!reason.empty()) GTEST_SKIP() << reason;
}

// The kernel hands the last packets over some time after they passed.
TEST(NoSilentLoss, WhatPassedJustBeforeTheEndIsInTheRecords) {
  const std::string reason = capture::test::in_namespace([] {
    if (!silence()) GTEST_SKIP() << "cannot make devices without IPv6";
    for (const bool vanishes : {false, true}) {
      ASSERT_TRUE(silence());
      SystemRuntime runtime(1);
      Sum sum;
      Traffic traffic(runtime, {.meter = {.nodata = false}}, sum.sink());
      ASSERT_TRUE(traffic.set_interfaces({near_interface(Duration(600'000))}));
      ASSERT_TRUE(send_frame("far", frame(17, 1, 2222, 10), 1000));
      if (vanishes) {
        ASSERT_TRUE(run("ip link del far"));
      }
      traffic.stop();
      EXPECT_EQ(sum.packets, 1000U) << (vanishes ? "vanished" : "stopped");
      EXPECT_EQ(sum.skipdata, 0);
    }
  });
  if (!reason.empty()) GTEST_SKIP() << reason;
}

// Another window means another meter; the ring is handed over to it with what is in it.
TEST(NoSilentLoss, NothingFallsBetweenWhenTheWindowOrTheNameChanges) {
  const std::string reason = capture::test::in_namespace([] {
    if (!silence()) GTEST_SKIP() << "cannot make devices without IPv6";
    SystemRuntime runtime(1);
    Sum sum;
    Traffic traffic(runtime, {.meter = {.nodata = false}}, sum.sink());
    ASSERT_TRUE(traffic.set_interfaces({near_interface(Duration(600'000))}));
    constexpr std::size_t kSent = 50'000;
    const auto bytes = frame(17, 1, 2222, 10);
    std::jthread sender([&] { EXPECT_TRUE(send_frame("far", bytes, kSent)); });
    for (int i = 1; i <= 20; ++i) {
      ASSERT_TRUE(traffic.set_interfaces({near_interface(Duration(600'000 - 1'000 * i))}));
    }
    if (run("ip link set near name port")) {  // while it is up: Linux 6.2
      Traffic::Interface renamed = near_interface(Duration(600'000));
      renamed.device = "port";
      ASSERT_TRUE(traffic.set_interfaces({renamed}));
    }
    sender.join();
    traffic.stop();
    EXPECT_EQ(sum.packets, kSent);
    EXPECT_EQ(sum.skipdata, 0);
  });
  if (!reason.empty()) GTEST_SKIP() << reason;
}

TEST(NoSilentLoss, ADeviceThatComesBackIsCapturedAgainAndItsWindowSaysThatItMayLackSomething) {
  const std::string reason = capture::test::in_namespace([] {
    if (!silence()) GTEST_SKIP() << "cannot make devices without IPv6";
    SystemRuntime runtime(1);
    Sum sum;
    Traffic traffic(runtime, {.meter = {.nodata = false}}, sum.sink());
    ASSERT_TRUE(traffic.set_interfaces({near_interface(Duration(600'000))}));
    ASSERT_TRUE(run("ip link del far"));
    const auto is_running = [&] { return traffic.status().interfaces.at(0).is_running; };
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(15);
    const auto wait_while = [&](bool running) {
      while (is_running() == running && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::yield();
      }
      return is_running() != running;
    };
    ASSERT_TRUE(wait_while(true));
    EXPECT_THAT(traffic.status().interfaces.at(0).error, HasSubstr("near"));
    ASSERT_TRUE(
        run("ip link add near type veth peer name far && ip link set near up && "
            "ip link set far up"));
    ASSERT_TRUE(wait_while(false));
    ASSERT_TRUE(send_frame("far", frame(17, 1, 2222, 10), 10));
    traffic.stop();
    EXPECT_EQ(sum.packets, 10U);
    EXPECT_EQ(sum.skipdata, 1);
  });
  if (!reason.empty()) GTEST_SKIP() << reason;
}

// ---- Live and from a file ----------------------------------------------------------------------

struct Lines {
  Traffic::Sink sink() {
    return [this](const flow::Context&, std::span<const flow::Record> records) {
      for (const flow::Record& record : records) all.push_back(format.line(record));
    };
  }
  std::vector<std::string> sorted() {
    std::sort(all.begin(), all.end());
    return all;
  }
  const flow::Format format = *flow::Format::parse(
      "${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} "
      "${tcp-flags} ${flow-direction} ${type} ${pkt-srcaddr} ${pkt-dstaddr} ${action} "
      "${log-status}");
  std::vector<std::string> all;
};

/// Starts the capture program, and ends it.
class Dumpcap {
 public:
  Dumpcap(const std::string& file, int packets) : child_(::fork()) {
    if (child_ != 0) return;
    ::close(1);
    ::close(2);
    ::execlp("dumpcap", "dumpcap", "-q", "-i", "near", "-c", std::to_string(packets).c_str(), "-w",
             file.c_str(), nullptr);
    ::_exit(127);
  }
  ~Dumpcap() {
    if (child_ > 0) ::kill(child_, SIGKILL);
    if (child_ > 0) ::waitpid(child_, nullptr, 0);
  }
  /// Whether it ended by itself and well, within some seconds.
  bool wait() {
    int status = 0;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(15);
    while (::waitpid(child_, &status, WNOHANG) == 0) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    child_ = -1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

 private:
  pid_t child_;
};

int send_mixture() {
  int sent = 0;
  for (std::uint16_t i = 0; i < 200; ++i) {
    const std::uint8_t protocol = i % 3 == 0 ? 6 : 17;
    auto bytes = frame(protocol, static_cast<std::uint16_t>(1000 + i % 17),
                       static_cast<std::uint16_t>(2000 + i % 5), i);
    if (i % 11 == 0) bytes.insert(bytes.begin() + 12, {0x81, 0x00, 0x00, 0x2a});
    const std::size_t times = 1 + i % 4;
    EXPECT_TRUE(send_frame("far", bytes, times));
    sent += static_cast<int>(times);
    if (i % 7 != 0) continue;
    EXPECT_TRUE(send_datagram("10.9.0.2", static_cast<std::uint16_t>(3000 + i % 3), i));
    ++sent;
  }
  return sent;
}

void expect_equal_records() {
  if (!run("command -v dumpcap")) GTEST_SKIP() << "dumpcap is not installed";
  if (!silence()) GTEST_SKIP() << "cannot make devices without IPv6";
  // Answers of the kernel to what it did not ask for would be more packets than were counted.
  ASSERT_TRUE(
      run("ip addr add 10.9.0.5/24 dev near && ip neigh replace 10.9.0.2 lladdr 02:00:00:00:00:02 "
          "dev near"));
  const std::string file =
      std::filesystem::temp_directory_path() / ("weir-live-" + std::to_string(::getpid()));
  constexpr int kPackets = 500 + 29;  // what send_mixture() sends
  SystemRuntime runtime(1);
  Lines live;
  Traffic traffic(runtime, {.meter = {.nodata = false}}, live.sink());
  Traffic::Interface interface = near_interface(Duration(600'000));
  interface.context.primary_v4 = *net::Address::parse("10.9.0.5");
  interface.context.addresses = {*net::Address::parse("10.9.0.5")};
  ASSERT_TRUE(traffic.set_interfaces({interface}));
  Dumpcap dumpcap(file, kPackets);
  // Its file is there when it captures.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(15);
  while (!std::filesystem::exists(file) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  ASSERT_EQ(send_mixture(), kPackets);
  ASSERT_TRUE(dumpcap.wait());
  traffic.stop();
  Lines replayed;
  const auto done = Traffic::replay(
      file, interface.context, {.window = Duration(600'000), .nodata = false}, replayed.sink());
  std::filesystem::remove(file);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->meter.packets, std::uint64_t{kPackets});
  EXPECT_THAT(live.all, SizeIs(testing::Gt(20U)));
  EXPECT_EQ(live.sorted(), replayed.sorted());
}

TEST(LiveCapture, GivesTheRecordsThatAFileOfTheSameTrafficGives) {
  const std::string reason = capture::test::in_namespace(expect_equal_records);
  if (!reason.empty()) GTEST_SKIP() << reason;
}

}  // namespace
}  // namespace weir::daemon
