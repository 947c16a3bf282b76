// SPDX-License-Identifier: Apache-2.0
#include "daemon/live_flows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::daemon {
namespace {

using testing::ElementsAre;

class LiveFlowsTest : public testing::Test {
 protected:
  void SetUp() override { interface_.interface_id = "eni-1"; }

  /// Shows four flows to the query; the answer's destinations ports in order.
  std::vector<std::int64_t> ports(FlowQuery query) {
    auto flows = LiveFlows::make(std::move(query));
    EXPECT_TRUE(flows);
    add(*flows, "198.51.100.7", 22, 6, 3, 120, flow::Verdict::reject);
    add(*flows, "198.51.100.8", 443, 6, 40, 50'000, flow::Verdict::accept);
    add(*flows, "198.51.100.9", 53, 17, 2, 200, flow::Verdict::accept);
    add(*flows, "198.51.100.9", 80, 6, 90, 9'000, flow::Verdict::accept);
    answer_ = flows->answer();
    std::vector<std::int64_t> found;
    for (const Document& row : *answer_.find("flows")->list())
      found.push_back(*row.find("destination_port")->integer());
    return found;
  }
  std::int64_t number(std::string_view name) { return *answer_.find(name)->integer(); }

  Document answer_;

 private:
  void add(LiveFlows& flows, const char* source, std::uint16_t port, std::uint8_t protocol,
           std::uint64_t packets, std::uint64_t bytes, flow::Verdict action) {
    const flow::Rule rule{"NACL", "acl-1", 90};
    flow::Meter::OpenFlow open;
    open.key.source = *net::Address::parse(source);
    open.key.destination = *net::Address::parse("10.0.0.5");
    open.key.source_port = 40'000;
    open.key.destination_port = port;
    open.key.protocol = protocol;
    open.verdict = action;
    open.packets = packets;
    open.bytes = bytes;
    open.first = open.last = Time::from_seconds(1'700'000'000) + Duration(port);
    if (action == flow::Verdict::reject) open.rule = &rule;
    flows.add({interface_, "eth0", open});
  }

  flow::Context interface_;
};

TEST_F(LiveFlowsTest, TheHighestComeFirst) {
  EXPECT_THAT(ports({}), ElementsAre(443, 80, 53, 22));
  EXPECT_THAT(ports({.sort = "packets"}), ElementsAre(80, 443, 22, 53));
  EXPECT_THAT(ports({.sort = "start"}), ElementsAre(443, 80, 53, 22));
}

TEST_F(LiveFlowsTest, TheLimitKeepsTheHighestAndCountsAll) {
  EXPECT_THAT(ports({.limit = 2}), ElementsAre(443, 80));
  EXPECT_EQ(number("matched"), 4);
  EXPECT_EQ(number("packets"), 135);
  EXPECT_EQ(number("bytes"), 59'320);
}

TEST_F(LiveFlowsTest, AnExpressionOrAFilterPatternChooses) {
  EXPECT_THAT(ports({.expression = "udp or port 22"}), ElementsAre(53, 22));
  EXPECT_THAT(ports({.filter = "REJECT"}), ElementsAre(22));
  EXPECT_THAT(ports({.filter = "[v, a, i, src=198.51.100.9, d, sp, port, ...]"}),
              ElementsAre(80, 53));
  EXPECT_THAT(ports({.filter = "ACCEPT", .expression = "udp"}), ElementsAre(53));
}

TEST_F(LiveFlowsTest, ARefusedFlowNamesItsRule) {
  ports({.expression = "port 22"});
  const Document& row = answer_.find("flows")->list()->front();
  EXPECT_EQ(*row.find("rule")->string(), "NACL acl-1 90");
  EXPECT_EQ(*row.find("action")->string(), "REJECT");
}

TEST_F(LiveFlowsTest, WhatDoesNotReadIsRefused) {
  EXPECT_FALSE(LiveFlows::make({.filter = "[a"}));
  EXPECT_FALSE(LiveFlows::make({.expression = "nonsense here"}));
}

}  // namespace
}  // namespace weir::daemon
