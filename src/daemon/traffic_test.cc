// SPDX-License-Identifier: Apache-2.0
#include "daemon/traffic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "capture/test_net.h"
#include "flow/format.h"

namespace weir::daemon {
namespace {

using capture::test::frame;
using capture::test::send_frame;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Collects record lines and lets a test wait for one.
class Inbox {
 public:
  Traffic::Sink sink() {
    return [this](const flow::Context& context, std::span<const flow::Record> records) {
      const std::lock_guard lock(mutex_);
      for (const flow::Record& record : records) lines_.push_back(format_.line(record));
      interface_id_ = context.interface_id;
      changed_.notify_all();
    };
  }
  bool wait_for(const std::function<bool(const std::vector<std::string>&)>& enough) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(15), [&] { return enough(lines_); });
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  const flow::Format format_ = *flow::Format::parse(
      "${interface-id} ${srcaddr} ${dstport} ${packets} ${bytes} ${flow-direction} ${action} "
      "${log-status} "
      "${weir-reject-owner} ${weir-reject-id} ${weir-reject-rule}");
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  std::string interface_id_;
};

Traffic::Interface near_interface() {
  Traffic::Interface interface;
  interface.device = "near";
  interface.context.interface_id = "eni-1";
  interface.context.primary_v4 = *net::Address::parse("10.9.0.1");
  interface.window = Duration(1'000);
  return interface;
}

std::size_t count(const std::vector<std::string>& lines, std::string_view part) {
  return static_cast<std::size_t>(
      std::count_if(lines.begin(), lines.end(),
                    [&](const std::string& line) { return line.find(part) != std::string::npos; }));
}

constexpr std::string_view kRules = R"(
table inet weir_test {
  chain incoming {
    type filter hook prerouting priority -300
    tcp dport 22 log group 4566 prefix "eni-1|acl-7|90|in" drop
  }
  chain outgoing {
    type filter hook output priority 0
    udp dport 3333 log group 4566 prefix "eni-1|sg-3|0|out" drop
  }
}
)";

void expect_true_verdicts() {
  SystemRuntime runtime(1);
  Inbox inbox;
  Traffic::Config config;
  config.meter.window = Duration(60'000);
  config.meter.grace = Duration(500);
  Traffic traffic(runtime, config, inbox.sink());
  Traffic::Interface interface = near_interface();
  interface.window = Duration(3'000);
  const auto started = traffic.set_interfaces({interface});
  ASSERT_TRUE(started) << started.error().message;
  const auto verdicts = traffic.start_verdicts();
  ASSERT_TRUE(verdicts) << verdicts.error().message;
  ASSERT_TRUE(capture::test::load_rules(std::string(kRules)));

  ASSERT_TRUE(send_frame("far", frame(6, 40'000, 22), 3));
  ASSERT_TRUE(send_frame("far", frame(17, 40'001, 2222, 100), 5));
  EXPECT_FALSE(capture::test::send_datagram("10.9.0.2", 3333, 50));

  ASSERT_TRUE(inbox.wait_for([](const auto& lines) {
    return count(lines, " REJECT ") >= 2 && count(lines, " 2222 ") >= 1;
  }));
  EXPECT_THAT(inbox.lines(), Contains("eni-1 10.9.0.2 22 3 120 ingress REJECT OK NACL acl-7 90"));
  EXPECT_THAT(inbox.lines(), Contains("eni-1 10.9.0.1 3333 1 78 egress REJECT OK SG sg-3 0"));
  EXPECT_THAT(inbox.lines(), Contains("eni-1 10.9.0.2 2222 5 640 ingress ACCEPT OK - - -"));
  traffic.stop();
  // What was refused appears nowhere as accepted.
  EXPECT_EQ(count(inbox.lines(), " 22 3 120 ingress ACCEPT"), 0U);
  EXPECT_EQ(count(inbox.lines(), " 22 "), 1U);
  EXPECT_EQ(traffic.status().verdicts, 4U);
  EXPECT_EQ(traffic.status().verdicts_lost, 0U);
}

TEST(Traffic, RefusedPacketsAreRejectAndNeverAccept) {
  const std::string reason = capture::test::in_namespace(expect_true_verdicts);
  if (!reason.empty()) GTEST_SKIP() << reason;
}

TEST(Traffic, RemovedInterfaceDeliversWhatItHas) {
  const std::string reason = capture::test::in_namespace([] {
    SystemRuntime runtime(1);
    Inbox inbox;
    Traffic traffic(runtime, {}, inbox.sink());
    Traffic::Interface interface = near_interface();
    interface.window = Duration(600'000);
    ASSERT_TRUE(traffic.set_interfaces({interface}));
    ASSERT_TRUE(send_frame("far", frame(17, 40'001, 2222, 100), 5));
    const auto is_counted = [&] { return traffic.status().interfaces.at(0).meter.packets >= 5; };
    for (int i = 0; i < 100'000'000 && !is_counted(); ++i) std::this_thread::yield();
    EXPECT_THAT(inbox.lines(), IsEmpty());
    ASSERT_TRUE(traffic.set_interfaces({}));
    ASSERT_TRUE(inbox.wait_for([](const auto& lines) { return count(lines, " 2222 ") == 1; }));
    EXPECT_THAT(traffic.status().interfaces, IsEmpty());
  });
  if (!reason.empty()) GTEST_SKIP() << reason;
}

TEST(Traffic, MissingInterfaceIsAnErrorAndTheOthersRun) {
  const std::string reason = capture::test::in_namespace([] {
    SystemRuntime runtime(1);
    Inbox inbox;
    Traffic traffic(runtime, {}, inbox.sink());
    Traffic::Interface absent = near_interface();
    absent.device = "absent";
    absent.context.interface_id = "eni-2";
    const auto result = traffic.set_interfaces({absent, near_interface()});
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("absent"));
    ASSERT_TRUE(send_frame("far", frame(17, 40'001, 2222, 100)));
    EXPECT_TRUE(inbox.wait_for([](const auto& lines) { return count(lines, " 2222 ") == 1; }));
    EXPECT_EQ(traffic.status().interfaces.size(), 2U);
  });
  if (!reason.empty()) GTEST_SKIP() << reason;
}

TEST(Traffic, WithoutTheRightNothingRunsAndTheErrorSaysSo) {
  std::thread([] {
    capture::test::drop_rights();
    SystemRuntime runtime(1);
    Inbox inbox;
    Traffic traffic(runtime, {}, inbox.sink());
    Traffic::Interface loopback = near_interface();
    loopback.device = "lo";
    const auto result = traffic.set_interfaces({loopback});
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("CAP_NET_RAW"));
    EXPECT_THAT(traffic.status().interfaces, IsEmpty());
    const auto verdicts = traffic.start_verdicts();
    ASSERT_FALSE(verdicts);
    EXPECT_THAT(verdicts.error().message, HasSubstr("CAP_NET_ADMIN"));
  }).join();
}

TEST(TrafficReplay, CaptureFileGivesRecordsOnPacketTime) {
  const auto path =
      std::filesystem::path(WEIR_SOURCE_DIR) / "../shared/data/pcaps/suricata-icmpv4-ping-75s.pcap";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "sample data is not here: " << path;
  std::vector<std::string> lines;
  const flow::Format format = *flow::Format::parse("${packets} ${protocol} ${action}");
  const auto summary =
      Traffic::replay(path, {}, {.nodata = false},
                      [&](const flow::Context&, std::span<const flow::Record> records) {
                        for (const flow::Record& record : records)
                          lines.push_back(format.line(record));
                      });
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->frames, 150U);
  EXPECT_EQ(summary->meter.packets, 150U);
  // 75 pings with replies over 74 seconds: two windows, two directions.
  EXPECT_THAT(lines, ElementsAre("60 1 ACCEPT", "60 1 ACCEPT", "15 1 ACCEPT", "15 1 ACCEPT"));
}

TEST(TrafficReplay, MissingFileIsNamed) {
  const auto summary = Traffic::replay("/nonexistent.pcap", {}, {}, {});
  ASSERT_FALSE(summary);
  EXPECT_THAT(summary.error().message, HasSubstr("/nonexistent.pcap"));
}

}  // namespace
}  // namespace weir::daemon
