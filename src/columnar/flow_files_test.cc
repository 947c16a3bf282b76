// SPDX-License-Identifier: Apache-2.0
#include "columnar/flow_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::columnar {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

FlowFile file() {
  FlowFile out;
  out.scope = {"123456789012", "us-east-1"};
  out.flow_log_id = "fl-1234abcd";
  out.slot = slot_start(*parse_iso8601("2018-06-20T16:24:59Z"));
  out.hash = "fe123456";
  return out;
}

// VPC User Guide, "Flow log files".
TEST(FlowFileKey, IsThatOfAws) {
  EXPECT_EQ(flow_file_key(file()),
            "AWSLogs/123456789012/vpcflowlogs/us-east-1/2018/06/20/"
            "123456789012_vpcflowlogs_us-east-1_fl-1234abcd_20180620T1620Z_fe123456.log.gz");
}

TEST(FlowFileKey, FollowsTheOptionsOfTheDestination) {
  FlowFile hourly = file();
  hourly.is_per_hour = true;
  hourly.folder = "/some/folder/";
  EXPECT_EQ(flow_file_prefix(hourly),
            "some/folder/AWSLogs/123456789012/vpcflowlogs/us-east-1/2018/06/20/16/");
  FlowFile hive = file();
  hive.is_hive_compatible = true;
  hive.is_parquet = true;
  EXPECT_EQ(flow_file_key(hive),
            "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/"
            "year=2018/month=06/day=20/"
            "123456789012_vpcflowlogs_us-east-1_fl-1234abcd_20180620T1620Z_fe123456.log.parquet");
  hive.is_per_hour = true;
  EXPECT_EQ(flow_file_prefix(hive),
            "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/"
            "year=2018/month=06/day=20/"
            "hour=16/");
}

TEST(SlotStart, IsByTheEndOfTheRecord) {
  EXPECT_EQ(slot_start(*parse_iso8601("2026-01-01T00:04:59.999Z")),
            *parse_iso8601("2026-01-01T00:00:00Z"));
  EXPECT_EQ(slot_start(*parse_iso8601("2026-01-01T00:05:00Z")),
            *parse_iso8601("2026-01-01T00:05:00Z"));
  EXPECT_EQ(slot_start(Time{12'345}, std::chrono::seconds(10)), Time{10'000});
}

TEST(HivePartitions, AreReadFromAPath) {
  EXPECT_THAT(hive_partitions("x/year=2026/odd/day=a%3Ab/=no/k=/file=1.log"),
              ElementsAre(Pair("year", "2026"), Pair("day", "a:b"), Pair("k", "")));
  EXPECT_EQ(hive_unescape(hive_escape("a/b=c%d:\x01é")), "a/b=c%d:\x01é");
  EXPECT_EQ(hive_unescape("100%"), "100%");
  EXPECT_EQ(hive_unescape("%zz"), "%zz");
}

}  // namespace
}  // namespace weir::columnar
