// SPDX-License-Identifier: Apache-2.0
#include "collect/collector.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "collect/test_export.h"
#include "flow/format.h"
#include "net/packet.h"

extern char** environ;

namespace weir::collect {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr auto kPatience = std::chrono::seconds(20);
constexpr const char* kSoftflowd = "/usr/sbin/softflowd";

/// A collector on a free port of loopback, and what it handed over.
class Collecting {
 public:
  explicit Collecting(std::string address = "127.0.0.1") : address_(std::move(address)) {
    Collector::Config config;
    config.listen = {{address_, 0}};
    config.exporters.interfaces.account_id = "123456789012";
    config.exporters.interfaces.region = "us-east-1";
    auto started = Collector::start(
        runtime_, config,
        [this](const flow::Context&, std::span<const flow::Record> records) { take(records); },
        [this](const ExporterInterface& interface) {
          const std::lock_guard lock(mutex_);
          interfaces_.push_back(interface);
          return interface.context;
        });
    WEIR_ASSERT(started);
    collector_ = *std::move(started);
  }
  std::uint16_t port() const { return collector_->ports().at(0); }
  Collector& collector() { return *collector_; }

  void send(Bytes datagram) const {
    const int family = address_.find(':') == std::string::npos ? AF_INET : AF_INET6;
    const int descriptor = ::socket(family, SOCK_DGRAM, 0);
    sockaddr_in6 to6{};
    sockaddr_in to4{};
    to4.sin_family = AF_INET;
    to4.sin_port = htons(port());
    to4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to6.sin6_family = AF_INET6;
    to6.sin6_port = htons(port());
    to6.sin6_addr = in6addr_loopback;
    const auto* to =
        family == AF_INET ? reinterpret_cast<sockaddr*>(&to4) : reinterpret_cast<sockaddr*>(&to6);
    const socklen_t size = family == AF_INET ? sizeof to4 : sizeof to6;
    EXPECT_EQ(::sendto(descriptor, datagram.data(), datagram.size(), 0, to, size),
              static_cast<ssize_t>(datagram.size()));
    ::close(descriptor);
  }
  /// Waits until `condition` holds for what has come.
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, condition);
  }
  std::uint64_t packets() const { return packets_; }
  std::uint64_t bytes() const { return bytes_; }
  const std::vector<std::string>& lines() const { return lines_; }
  const std::vector<ExporterInterface>& interfaces() const { return interfaces_; }

 private:
  void take(std::span<const flow::Record> records) {
    const std::lock_guard lock(mutex_);
    for (const flow::Record& record : records) {
      packets_ += static_cast<std::uint64_t>(record.number_or(flow::Field::packets, 0));
      bytes_ += static_cast<std::uint64_t>(record.number_or(flow::Field::bytes, 0));
      lines_.push_back(flow::Format::standard().line(record));
    }
    changed_.notify_all();
  }

  const std::string address_;
  SystemRuntime runtime_{1};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t packets_ = 0;
  std::uint64_t bytes_ = 0;
  std::vector<std::string> lines_;
  std::vector<ExporterInterface> interfaces_;
  std::unique_ptr<Collector> collector_;
};

TEST(Collector, DatagramsBecomeRecordsAndInterfaces) {
  Collecting collecting;
  collecting.send(test::netflow5({{}, {.input = 9}}));
  ASSERT_TRUE(collecting.wait([&] { return collecting.lines().size() == 2; }));
  collecting.collector().stop();
  EXPECT_THAT(collecting.lines()[0], HasSubstr(" 10.0.0.1 10.0.0.2 40000 443 6 10 1000 "));
  EXPECT_THAT(collecting.interfaces(), SizeIs(2));
  EXPECT_EQ(collecting.interfaces()[0].exporter.to_string(), "127.0.0.1");
  const auto status = collecting.collector().status();
  EXPECT_EQ(status.exporters.flows, 2u);
  EXPECT_EQ(status.interface_count, 2u);
}

TEST(Collector, Ipv6ExportersAreTakenToo) {
  Collecting collecting("::1");
  collecting.send(test::netflow5({{}}));
  ASSERT_TRUE(collecting.wait([&] { return collecting.lines().size() == 1; }));
  EXPECT_EQ(collecting.interfaces().at(0).exporter.to_string(), "::1");
}

TEST(Collector, WhatArrivedBeforeStopIsHandedOver) {
  Collecting collecting;
  for (int i = 0; i < 100; ++i) collecting.send(test::netflow5({{}}));
  collecting.collector().stop();
  EXPECT_THAT(collecting.lines(), SizeIs(100));
}

TEST(Collector, ATakenPortAndNonsenseAddressesAreErrors) {
  Collecting first;
  SystemRuntime runtime(1);
  const auto sink = [](const flow::Context&, std::span<const flow::Record>) {};
  Collector::Config config;
  config.listen = {{"127.0.0.1", first.port()}};
  const auto taken = Collector::start(runtime, config, sink, {});
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().message, HasSubstr("another program listens there"));
  config.listen = {{"router", 2055}};
  const auto nonsense = Collector::start(runtime, config, sink, {});
  ASSERT_FALSE(nonsense);
  EXPECT_THAT(nonsense.error().message, HasSubstr("it is no IP address"));
}

// ---- A real exporter ---------------------------------------------------------------------------

struct Totals {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
};

/// IP packets and bytes of a capture file of Ethernet frames, little-endian, microseconds.
Totals totals_of(const std::string& file, bool is_v4_only) {
  std::ifstream stream(file, std::ios::binary);
  constexpr std::size_t kFileHeader = 24;
  constexpr std::size_t kPacketHeader = 16;
  std::vector<char> header(kFileHeader);
  stream.read(header.data(), kFileHeader);
  Totals totals;
  std::vector<char> packet_header(kPacketHeader);
  while (stream.read(packet_header.data(), kPacketHeader)) {
    std::uint32_t captured = 0;
    std::uint32_t original = 0;
    std::memcpy(&captured, packet_header.data() + 8, 4);
    std::memcpy(&original, packet_header.data() + 12, 4);
    std::vector<std::uint8_t> frame(captured);
    stream.read(reinterpret_cast<char*>(frame.data()), captured);
    net::Packet packet;
    if (net::parse_frame(net::LinkType::ethernet, frame, original, packet) == net::Parsed::packet &&
        (packet.source.is_v4() || !is_v4_only)) {
      ++totals.packets;
      totals.bytes += packet.ip_bytes;
    }
  }
  return totals;
}

/// Runs softflowd on the file until it has exported everything.
void export_with_softflowd(const std::string& file, const char* version, std::uint16_t port,
                           bool is_bidirectional) {
  const std::string to = "127.0.0.1:" + std::to_string(port);
  std::vector<const char*> arguments = {kSoftflowd, "-r",    file.c_str(), "-n", to.c_str(),
                                        "-v",       version, "-d",         "-c", "none"};
  if (is_bidirectional) arguments.push_back("-b");
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  ASSERT_EQ(::posix_spawn(&child, kSoftflowd, &actions, nullptr,
                          const_cast<char* const*>(arguments.data()), environ),
            0);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
}

struct Export {
  const char* version;
  const char* file;
  bool is_bidirectional = false;
};
void PrintTo(const Export& one, std::ostream* out) { *out << one.version << ' ' << one.file; }

class Softflowd : public ::testing::TestWithParam<Export> {};

// A flow exporter as people run it: what it exports of a capture file adds up to the IP packets and
// bytes that our own packet parser finds in the file.
TEST_P(Softflowd, TotalsAreThoseOfTheCaptureFile) {
  const auto folder = std::filesystem::path(WEIR_SOURCE_DIR) / "../shared/data/pcaps";
  const std::string file = (folder / GetParam().file).string();
  if (!std::filesystem::exists(kSoftflowd)) GTEST_SKIP() << "softflowd is not installed";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no capture file " << file;
  const bool is_v4_only = GetParam().version == std::string_view("5");  // it knows no IPv6
  const Totals expected = totals_of(file, is_v4_only);
  ASSERT_GT(expected.packets, 0u);
  Collecting collecting;
  export_with_softflowd(file, GetParam().version, collecting.port(), GetParam().is_bidirectional);
  collecting.wait([&] { return collecting.packets() >= expected.packets; });
  collecting.collector().stop();
  EXPECT_EQ(collecting.packets(), expected.packets);
  EXPECT_EQ(collecting.bytes(), expected.bytes);
  const auto status = collecting.collector().status();
  EXPECT_EQ(status.exporters.datagrams_malformed, 0u);
  EXPECT_EQ(status.exporters.flows_lost, 0u);
  EXPECT_EQ(status.exporters.datagrams_lost, 0u);
  EXPECT_EQ(status.exporters.sets_lost, 0u);
}
INSTANTIATE_TEST_SUITE_P(Versions, Softflowd,
                         ::testing::Values(Export{"5", "suricata-mixed-ftp-web.pcap"},
                                           Export{"9", "suricata-mixed-ftp-web.pcap"},
                                           Export{"10", "suricata-mixed-ftp-web.pcap"},
                                           Export{"10", "suricata-mixed-ftp-web.pcap", true},
                                           Export{"9", "lab-mixed-v4-v6-150s.pcap"},
                                           Export{"10", "lab-mixed-v4-v6-150s.pcap"},
                                           Export{"10", "zeek-ftp-ipv6.pcap", true}));

}  // namespace
}  // namespace weir::collect
