// SPDX-License-Identifier: Apache-2.0
#include "delivery/delivery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "columnar/flow_rows.h"
#include "delivery/delivery_test_tools.h"

namespace weir::delivery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TEST_F(DeliveryTest, RecordsAreLogEventsAtOnce) {
  to_group("/vpc/flow");
  EXPECT_FALSE(logs_.log_group(scope_, "/vpc/flow"));  // made with the first data
  accept({record(443), record(22, flow::Verdict::reject)});
  runtime_.run_ready();
  EXPECT_THAT(messages("/vpc/flow"), ElementsAre(text(443), text(22, "REJECT")));
  const auto found =
      logs_.get_events(scope_, "/vpc/flow", eni_.id + "-all", {.start_from_head = true});
  EXPECT_EQ(found->events.at(0).id.timestamp, Time::from_seconds(kStart - 10));
  EXPECT_THAT(left_in_store(), IsEmpty());
}

TEST_F(DeliveryTest, EachFlowLogTakesItsTrafficTypeIntoItsStream) {
  to_group("/accepted", "ACCEPT");
  to_group("/refused", "REJECT");
  flow::Record quiet = record(0);
  quiet.set(Field::log_status, flow::kNoData);
  accept({record(443), record(22, flow::Verdict::reject), quiet});
  runtime_.run_ready();
  EXPECT_THAT(messages("/accepted", "-accept"), SizeIs(2));
  EXPECT_THAT(messages("/refused", "-reject"),
              ElementsAre(text(22, "REJECT"), HasSubstr("NODATA")));
}

TEST_F(DeliveryTest, FlowLogsOfSubnetAndVpcCoverTheInterfaceAndOthersDoNot) {
  vpc::NewFlowLogs request;
  request.permission_arn = "arn:aws:iam::000000000000:role/flow";
  for (const auto& [type, id] :
       {std::pair("VPC", eni_.vpc_id), std::pair("Subnet", eni_.subnet_id)}) {
    request.resource_type = type;
    request.resource_ids = {id};
    request.log_group_name = std::string("/") + type;
    create(request);
  }
  accept({record(443)});
  context_.interface_id = "eni-other";
  context_.subnet_id = "subnet-other";
  context_.vpc_id = "vpc-other";
  accept({record(80)});
  runtime_.run_ready();
  EXPECT_THAT(messages("/VPC"), SizeIs(1));
  EXPECT_THAT(messages("/Subnet"), SizeIs(1));
}

TEST_F(DeliveryTest, AFlowLogMadeLaterTakesRecordsFromThenOn) {
  accept({record(1)});
  to_group("/vpc/flow");
  accept({record(2)});
  runtime_.run_ready();
  EXPECT_THAT(messages("/vpc/flow"), ElementsAre(text(2)));
}

TEST_F(DeliveryTest, AFileHoldsTheRecordsOfOneSlot) {
  ASSERT_TRUE(objects_->create_bucket(scope_, "records"));
  const std::string id = to_bucket();
  accept({record(1, flow::Verdict::accept, kStart), record(2, flow::Verdict::reject, kStart + 299),
          record(3, flow::Verdict::accept, kStart + 300)});
  runtime_.advance(std::chrono::seconds(300));
  EXPECT_THAT(keys(), IsEmpty());
  runtime_.advance(std::chrono::seconds(62));
  ASSERT_THAT(keys(), SizeIs(1));
  const std::string key = keys()[0];
  EXPECT_THAT(key,
              testing::MatchesRegex("folder/AWSLogs/000000000000/vpcflowlogs/us-east-1/2026/01/01/"
                                    "000000000000_vpcflowlogs_us-east-1_" +
                                    id + "_20260101T0000Z_[0-9a-f]{8}\\.log\\.gz"));
  EXPECT_EQ(file(key),
            "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets "
            "bytes start end action "
            "log-status\n" +
                text(1) + '\n' + text(2, "REJECT", kStart + 299) + '\n');
  EXPECT_EQ(objects_->head(scope_, "records", key)->attributes.content_type, "application/x-gzip");
  runtime_.advance(std::chrono::seconds(300));
  ASSERT_THAT(keys(), SizeIs(2));
  EXPECT_THAT(keys()[1], HasSubstr("_20260101T0005Z_"));
  EXPECT_THAT(left_in_store(), IsEmpty());
}

TEST_F(DeliveryTest, AParquetFileHasTheColumnsOfTheFormat) {
  ASSERT_TRUE(objects_->create_bucket(scope_, "records"));
  to_bucket(
      {.file_format = "parquet", .hive_compatible_partitions = true, .per_hour_partition = true},
      "${srcaddr} ${dstport} ${bytes} ${log-status} ${tcp-flags}");
  accept({record(443), record(22)});
  EXPECT_TRUE(delivery_->flush());
  ASSERT_THAT(keys(), SizeIs(1));
  EXPECT_THAT(
      keys()[0],
      HasSubstr(
          "folder/AWSLogs/aws-account-id=000000000000/aws-service=vpcflowlogs/aws-region=us-east-1/"
          "year=2026/month=01/day=01/hour=00/"));
  EXPECT_THAT(keys()[0], testing::EndsWith(".log.parquet"));

  // columnar/parquet_test reads such files with DuckDB; here the columns are what matters.
  const auto bytes = objects_->get(scope_, "records", keys()[0], 1u << 20);
  ASSERT_TRUE(bytes);
  EXPECT_TRUE(bytes->starts_with("PAR1") && bytes->ends_with("PAR1"));
  const auto flow_log = Subscription::make(scope_, shown());
  ASSERT_TRUE(flow_log);
  using enum columnar::ColumnType;
  EXPECT_THAT(columnar::flow_columns((*flow_log)->format()),
              ElementsAre(columnar::Column{"srcaddr", string}, columnar::Column{"dstport", int32},
                          columnar::Column{"bytes", int64}, columnar::Column{"log_status", string},
                          columnar::Column{"tcp_flags", int32}));
}

TEST_F(DeliveryTest, AFileThatIsFullIsWrittenBeforeItsSlotIsOver) {
  ASSERT_TRUE(objects_->create_bucket(scope_, "records"));
  restart({.file_text_bytes_max = 1000});
  to_bucket();
  for (int i = 0; i < 25; ++i) {
    accept({record(i)});
    runtime_.run_ready();
  }
  EXPECT_THAT(keys(), SizeIs(testing::Ge(2u)));
  EXPECT_TRUE(delivery_->flush());
  std::string all;
  for (const std::string& key : keys()) {
    EXPECT_LE(file(key).size(), 1400u);
    all += file(key);
  }
  for (int i = 0; i < 25; ++i) EXPECT_THAT(all, HasSubstr(text(i) + '\n'));
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 25 + static_cast<long>(keys().size()));
}

TEST_F(DeliveryTest, WhatIsTakenOverSurvivesARestart) {
  ASSERT_TRUE(objects_->create_bucket(scope_, "records"));
  to_bucket();
  accept({record(1)});
  runtime_.run_ready();
  restart();
  accept({record(2)});
  runtime_.advance(std::chrono::minutes(7));
  ASSERT_THAT(keys(), SizeIs(1));
  EXPECT_THAT(file(keys()[0]), testing::EndsWith(text(1) + '\n' + text(2) + '\n'));
  // Another file of the same slot, after a restart, does not replace the first.
  restart();
  accept({record(3)});
  EXPECT_TRUE(delivery_->flush());
  EXPECT_THAT(keys(), SizeIs(2));
}

// A crash between the put of the file and the erasure of its lines.
TEST_F(DeliveryTest, AFileWrittenTwiceIsOneFileWithoutDuplicates) {
  ASSERT_TRUE(objects_->create_bucket(scope_, "records"));
  to_bucket();
  accept({record(1)});
  runtime_.run_ready();
  store_.fails_to_erase = true;
  EXPECT_FALSE(delivery_->flush());
  ASSERT_THAT(keys(), SizeIs(1));
  store_.fails_to_erase = false;
  restart();
  accept({record(2)});
  EXPECT_TRUE(delivery_->flush());
  ASSERT_THAT(keys(), SizeIs(1));
  EXPECT_THAT(file(keys()[0]), testing::EndsWith(text(1) + '\n' + text(2) + '\n'));
}

TEST_F(DeliveryTest, AnErrorOfTheDestinationIsShownAndMended) {
  to_bucket();
  accept({record(1)});
  EXPECT_EQ(delivery_->flush().error().code, "NoSuchBucket");
  EXPECT_EQ(shown().deliver_status, "FAILED");
  EXPECT_EQ(shown().deliver_error, "Access error");
  ASSERT_TRUE(objects_->create_bucket(scope_, "records"));
  runtime_.advance(std::chrono::minutes(8));
  EXPECT_EQ(shown().deliver_status, "SUCCESS");
  EXPECT_EQ(shown().deliver_error, std::nullopt);
  EXPECT_THAT(keys(), SizeIs(1));
}

TEST_F(DeliveryTest, EventsThatTheLogGroupRefusesAreKeptAndSentLater) {
  to_group("/vpc/flow");
  logs_store_.fails = true;
  accept({record(1)});
  runtime_.run_ready();
  accept({record(2)});
  runtime_.run_ready();
  EXPECT_EQ(shown().deliver_status, "FAILED");
  EXPECT_EQ(shown().deliver_error, "Unknown error");
  restart();
  logs_store_.fails = false;
  accept({record(3)});
  runtime_.advance(std::chrono::minutes(2));
  EXPECT_THAT(messages("/vpc/flow"), UnorderedElementsAre(text(1), text(2), text(3)));
  EXPECT_EQ(shown().deliver_status, "SUCCESS");
  EXPECT_THAT(left_in_store(), IsEmpty());
}

TEST_F(DeliveryTest, ADiskThatIsFullLosesNothingThatFitsTheQueue) {
  ASSERT_TRUE(objects_->create_bucket(scope_, "records"));
  to_bucket();
  store_.fails = true;
  accept({record(1)});
  runtime_.run_ready();
  store_.fails = false;
  accept({record(2)});
  runtime_.run_ready();
  EXPECT_TRUE(delivery_->flush());
  ASSERT_THAT(keys(), SizeIs(1));
  EXPECT_THAT(file(keys()[0]), testing::EndsWith(text(1) + '\n' + text(2) + '\n'));
}

TEST_F(DeliveryTest, RecordsThatDoNotFitTheQueueBecomeSkipData) {
  restart({.queue_bytes_max = 400});
  to_group("/vpc/flow");
  accept({record(1)});
  accept({record(2), record(3, flow::Verdict::accept, kStart + 40)});
  runtime_.run_ready();
  EXPECT_THAT(messages("/vpc/flow"),
              UnorderedElementsAre(text(1), "2 000000000000 " + eni_.id + " - - - - - - - " +
                                                std::to_string(kStart - 10) + ' ' +
                                                std::to_string(kStart + 40) + " - SKIPDATA"));
  EXPECT_EQ(lost_, 2u);
  accept({record(4)});
  runtime_.run_ready();
  EXPECT_THAT(messages("/vpc/flow"), SizeIs(3));
}

TEST_F(DeliveryTest, ABacklogThatIsFullBecomesSkipDataOnceItIsDelivered) {
  restart({.backlog_bytes_max = 300});
  to_bucket();
  for (int i = 0; i < 10; ++i) {
    accept({record(i)});
    runtime_.run_ready();
  }
  ASSERT_TRUE(objects_->create_bucket(scope_, "records"));
  EXPECT_TRUE(delivery_->flush());
  runtime_.advance(std::chrono::minutes(8));
  std::string all;
  for (const std::string& key : keys()) all += file(key);
  EXPECT_THAT(all, HasSubstr(text(0)));
  EXPECT_THAT(all, HasSubstr("SKIPDATA"));
  const auto lines = static_cast<std::uint64_t>(std::count(all.begin(), all.end(), '\n'));
  EXPECT_EQ(lines - keys().size() - 1 + lost_, 10u) << "one SKIPDATA line, each loss counted once";
}

TEST_F(DeliveryTest, ADestinationThatIsGoneLeavesRoomForTheOthers) {
  ASSERT_TRUE(objects_->create_bucket(scope_, "records"));
  restart({.backlog_bytes_max = 2000});
  vpc::NewFlowLogs gone;
  gone.destination_type = "s3";
  gone.destination = "arn:aws:s3:::gone";
  create(gone);
  for (int i = 0; i < 30; ++i) {
    accept({record(i)});
    runtime_.run_ready();
  }
  EXPECT_GT(lost_, 0u);
  const std::uint64_t lost_before = lost_;
  to_bucket();
  accept({record(443)});
  runtime_.run_ready();
  EXPECT_FALSE(delivery_->flush());
  ASSERT_THAT(keys(), SizeIs(1));
  EXPECT_THAT(file(keys()[0]), HasSubstr(text(443)));
  EXPECT_EQ(lost_, lost_before + 1) << "only that of the bucket that is gone";
}

TEST_F(DeliveryTest, ADeletedFlowLogIsDeliveredAtOnce) {
  ASSERT_TRUE(objects_->create_bucket(scope_, "records"));
  const std::string id = to_bucket();
  accept({record(1)});
  runtime_.run_ready();
  ASSERT_TRUE(network_.delete_flow_logs(scope_, {id}));
  runtime_.advance(std::chrono::seconds(2));
  EXPECT_THAT(keys(), SizeIs(1));
  accept({record(2)});
  EXPECT_TRUE(delivery_->flush());
  EXPECT_THAT(keys(), SizeIs(1));
}

TEST_F(DeliveryTest, ADeletedFlowLogWithoutItsBucketIsGivenUp) {
  const std::string id = to_bucket();
  accept({record(1)});
  runtime_.run_ready();
  ASSERT_TRUE(network_.delete_flow_logs(scope_, {id}));
  runtime_.advance(std::chrono::minutes(30));
  EXPECT_THAT(left_in_store(), IsEmpty());
  EXPECT_EQ(lost_, 1u);
}

TEST_F(DeliveryTest, StoppingDeliversAndTakesNothingMore) {
  ASSERT_TRUE(objects_->create_bucket(scope_, "records"));
  to_bucket();
  accept({record(1)});
  delivery_->stop();
  EXPECT_THAT(keys(), SizeIs(1));
  accept({record(2)});
  runtime_.advance(std::chrono::minutes(10));
  EXPECT_THAT(keys(), SizeIs(1));
}

TEST_F(DeliveryTest, ManyRecordsAreSplitIntoCallsThatLogsTakes) {
  to_group("/vpc/flow");
  std::vector<flow::Record> records;
  for (int i = 0; i < 25'000; ++i)
    records.push_back(record(i % 65536, flow::Verdict::accept, kStart - i % 7));
  accept(std::move(records));
  runtime_.run_ready();
  std::size_t seen = 0;
  logs::Logs::GetQuery query{.start_from_head = true};
  for (int page = 0; page < 100; ++page) {
    const auto found = logs_.get_events(scope_, "/vpc/flow", eni_.id + "-all", query);
    ASSERT_TRUE(found);
    if (found->events.empty()) break;
    seen += found->events.size();
    query.token = found->next_forward_token;
  }
  EXPECT_EQ(seen, 25'000u);
}

// Amazon's limit: a text file is closed at 75 MB and a new one begun.
TEST_F(DeliveryTest, ATextFileRollsAt75MegabytesOfText) {
  ASSERT_TRUE(objects_->create_bucket(scope_, "records"));
  to_bucket();
  // Long values, so that few records are enough.
  const std::string account(1000, '7');
  flow::Record longer = record(443);
  longer.set(Field::account_id, std::string_view(account));
  constexpr std::size_t kRecords = 2000;
  const std::vector<flow::Record> records(kRecords, longer);
  const std::size_t round_bytes = kRecords * (text(443).size() - 12 + account.size() + 1);
  std::size_t sent = 0;
  for (; sent < (80u << 20); sent += round_bytes) {
    accept(records);
    runtime_.run_ready();
  }
  ASSERT_THAT(keys(), SizeIs(1)) << "before the slot is over";
  const std::string first = file(keys()[0]);
  EXPECT_LE(first.size(), (75u << 20) + 1000);
  EXPECT_GT(first.size(), 70u << 20);
  EXPECT_TRUE(delivery_->flush());
  ASSERT_THAT(keys(), SizeIs(2));
  std::int64_t lines = -2;  // the headers
  for (const std::string& key : keys()) {
    const std::string all = file(key);
    lines += std::count(all.begin(), all.end(), '\n');
  }
  EXPECT_EQ(lines, static_cast<std::int64_t>(sent / round_bytes * kRecords));
}

TEST_F(DeliveryTest, ABucketThatIsDeletedMeanwhileIsShownAndServedAgainWhenItIsBack) {
  ASSERT_TRUE(objects_->create_bucket(scope_, "records"));
  to_bucket();
  accept({record(1)});
  EXPECT_TRUE(delivery_->flush());
  EXPECT_EQ(shown().deliver_status, "SUCCESS");
  ASSERT_TRUE(objects_->remove(scope_, "records", keys().at(0)));
  ASSERT_TRUE(objects_->delete_bucket(scope_, "records"));
  accept({record(2)});
  runtime_.advance(std::chrono::minutes(8));
  EXPECT_EQ(shown().deliver_status, "FAILED");
  EXPECT_EQ(shown().deliver_error, "Access error");
  ASSERT_TRUE(objects_->create_bucket(scope_, "records"));
  runtime_.advance(std::chrono::minutes(2));
  EXPECT_EQ(shown().deliver_status, "SUCCESS");
  ASSERT_THAT(keys(), SizeIs(1));
  EXPECT_THAT(file(keys()[0]), testing::EndsWith("log-status\n" + text(2) + '\n'));
}

TEST_F(DeliveryTest, ALogGroupThatIsDeletedMeanwhileIsMadeAgain) {
  to_group("/vpc/flow");
  accept({record(1)});
  runtime_.run_ready();
  ASSERT_TRUE(logs_.delete_log_group(scope_, "/vpc/flow"));
  accept({record(2)});
  runtime_.run_ready();
  EXPECT_THAT(messages("/vpc/flow"), ElementsAre(text(2)));
  EXPECT_EQ(shown().deliver_status, "SUCCESS");
}

TEST_F(DeliveryTest, AGroupGivenByArnIsThatOfTheArnsRegion) {
  vpc::NewFlowLogs request;
  request.destination = "arn:aws:logs:eu-central-1:000000000000:log-group:/vpc/flow:*";
  request.permission_arn = "arn:aws:iam::000000000000:role/flow";
  create(std::move(request));
  accept({record(1)});
  runtime_.run_ready();
  EXPECT_FALSE(logs_.log_group(scope_, "/vpc/flow"));
  EXPECT_TRUE(logs_.log_group({scope_.account, "eu-central-1"}, "/vpc/flow"));
}

// VPC User Guide, "Available fields", version 11: values of tags are percent-encoded UTF-8.
TEST_F(DeliveryTest, TagFieldsHoldTheTagsOfTheInterface) {
  ASSERT_TRUE(network_.create_tags(scope_, {eni_.id}, {{"Name", "gate way/ü"}, {"team", "net"}}));
  vpc::NewFlowLogs request;
  request.log_group_name = "/vpc/flow";
  request.permission_arn = "arn:aws:iam::000000000000:role/flow";
  request.log_format =
      "${version} ${dstport} ${interface-tag} ${interface-tag-2} ${instance-tag} ${asg-tag}";
  request.tag_fields = {{"network-interface", {"Name", "absent"}},
                        {"instance", {"team"}},
                        {"auto-scaling-group", {"team"}}};
  create(std::move(request));
  accept({record(443)});
  runtime_.run_ready();
  EXPECT_THAT(messages("/vpc/flow"), ElementsAre("11 443 gate%20way%2F%C3%BC - net -"));
  ASSERT_TRUE(network_.create_tags(scope_, {eni_.id}, {{"Name", "other"}}));
  accept({record(22)});
  runtime_.run_ready();
  EXPECT_THAT(messages("/vpc/flow"), testing::Contains("11 22 other - net -"));
}

// Goal: kill -9 at any moment of taking over and writing files doubles no record and loses none
// that was in the store. Method: the store dies with its n-th write, for every n; what was accepted
// until then is delivered by the next run.
TEST_F(DeliveryTest, ACrashAtAnyWriteLeavesEveryStoredRecordInExactlyOneFile) {
  ASSERT_TRUE(objects_->create_bucket(scope_, "records"));
  restart({.file_text_bytes_max = 300});
  to_bucket();
  int port = 0;
  std::set<int> stored;
  constexpr int kWritesMax = 16;
  for (int dies_at = 0; dies_at < kWritesMax; ++dies_at) {
    store_.writes_left = dies_at;
    for (int i = 0; i < 4; ++i) {
      accept({record(port), record(port + 1)});
      runtime_.run_ready();
      if (store_.is_stored(text(port))) stored.insert({port, port + 1});
      port += 2;
    }
    runtime_.advance(std::chrono::seconds(3));
    store_.writes_left.reset();
    restart({.file_text_bytes_max = 300});
    if (dies_at % 3 != 2) continue;  // else the next run finds more than one left
    EXPECT_TRUE(delivery_->flush());
  }
  EXPECT_TRUE(delivery_->flush());
  EXPECT_GT(stored.size(), 20u);
  std::map<std::string, int> seen;
  for (const std::string& key : keys()) {
    const std::string all = file(key);
    for (std::size_t at = all.find('\n') + 1; at < all.size(); at = all.find('\n', at) + 1)
      ++seen[all.substr(at, all.find('\n', at) - at)];
  }
  for (const int one : stored) EXPECT_EQ(seen[text(one)], 1) << one;
  for (const auto& [line, count] : seen) EXPECT_LE(count, 1) << line;
  EXPECT_THAT(left_in_store(), IsEmpty());
}

// Goal: accept() from several capture threads beside drains and flushes loses and doubles nothing.
TEST_F(DeliveryTest, CaptureThreadsDoNotDisturbEachOther) {
  ASSERT_TRUE(objects_->create_bucket(scope_, "records"));
  to_bucket();
  delivery_.reset();
  runtime_.quiesce();
  SystemRuntime system(2);
  Delivery threaded(system, store_, network_, logs_, *objects_, {});
  ASSERT_TRUE(threaded.load());
  constexpr int kThreads = 3;
  constexpr int kRecords = 300;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kRecords; ++i) {
        const std::vector<flow::Record> one = {record(t * kRecords + i)};
        threaded.accept(scope_, context_, one);
      }
    });
  }
  EXPECT_TRUE(threaded.flush());
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(threaded.flush());
  system.quiesce();
  std::map<std::string, int> seen;
  for (const std::string& key : keys()) {
    const std::string all = file(key);
    for (std::size_t at = all.find('\n') + 1; at < all.size(); at = all.find('\n', at) + 1) {
      ++seen[all.substr(at, all.find('\n', at) - at)];
    }
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kThreads * kRecords));
  for (const auto& [line, count] : seen) EXPECT_EQ(count, 1) << line;
}

}  // namespace
}  // namespace weir::delivery
