// SPDX-License-Identifier: Apache-2.0
#include "delivery/delivery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <thread>

#include "columnar/gzip.h"
#include "delivery/subscription.h"
#include "logs/logs.h"
#include "net/address.h"
#include "objects/objects.h"
#include "vpc/network.h"

namespace weir::delivery {
namespace {

namespace fs = std::filesystem;
using flow::Field;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr std::int64_t kStart = 1767225600;  // SimulatedRuntime's beginning, a multiple of 300

/// A memory store that can refuse writes: all, or those that erase.
class FailingStore final : public store::KvStore {
 public:
  Result<std::optional<std::string>> get(std::string_view key) const override {
    return inner_->get(key);
  }
  Result<void> write(const store::WriteBatch& batch) override {
    const bool erases = std::any_of(
        batch.operations().begin(), batch.operations().end(), [](const auto& operation) {
          return operation.kind != store::WriteBatch::Operation::Kind::put;
        });
    if (fails || (fails_to_erase && erases)) {
      return Error{ErrorKind::unavailable, "ServiceUnavailableException", "disk full"};
    }
    return inner_->write(batch);
  }
  std::unique_ptr<store::Cursor> cursor() const override { return inner_->cursor(); }
  bool fails = false;
  bool fails_to_erase = false;

 private:
  std::unique_ptr<store::KvStore> inner_ = store::make_memory_store();
};

/// A host with one interface, everything in virtual time.
class DeliveryTest : public ::testing::Test {
 protected:
  DeliveryTest() {
    std::string name = (fs::temp_directory_path() / "weir-delivery-XXXXXX").string();
    WEIR_ASSERT(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
    objects_ = std::make_unique<objects::Objects>(
        runtime_, objects::Objects::Config{.folder = folder_, .is_durable = false});
    EXPECT_TRUE(objects_->load());
    EXPECT_TRUE(network_.load());
    EXPECT_TRUE(logs_.load());
    EXPECT_TRUE(
        network_.set_interfaces({{"eth0", "52:54:00:12:34:56", true, false, {{"10.0.0.5", 24}}}}));
    eni_ = network_.host_enis().at(0);
    context_.account_id = scope_.account;
    context_.interface_id = eni_.id;
    context_.vpc_id = eni_.vpc_id;
    context_.subnet_id = eni_.subnet_id;
    context_.region = scope_.region;
    restart();
  }
  ~DeliveryTest() override { fs::remove_all(folder_); }

  /// As after kill -9: what was not in the store is gone.
  void restart(Delivery::Config config = {}) {
    runtime_.quiesce();
    delivery_.reset();
    delivery_ = std::make_unique<Delivery>(runtime_, store_, network_, logs_, *objects_, config);
    ASSERT_TRUE(delivery_->load());
  }
  std::string create(vpc::NewFlowLogs request) {
    if (request.resource_ids.empty()) request.resource_ids = {eni_.id};
    if (request.resource_type.empty()) request.resource_type = "NetworkInterface";
    if (request.traffic_type.empty()) request.traffic_type = "ALL";
    const auto made = network_.create_flow_logs(scope_, request);
    EXPECT_TRUE(made) << made.error().message;
    EXPECT_THAT(made->flow_log_ids, SizeIs(1));
    return made->flow_log_ids.at(0);
  }
  std::string to_group(std::string group, std::string traffic_type = "ALL") {
    vpc::NewFlowLogs request;
    request.traffic_type = std::move(traffic_type);
    request.log_group_name = std::move(group);
    request.permission_arn = "arn:aws:iam::000000000000:role/flow";
    return create(std::move(request));
  }
  std::string to_bucket(vpc::DestinationOptions options = {}, std::string log_format = {}) {
    vpc::NewFlowLogs request;
    request.destination_type = "s3";
    request.destination = "arn:aws:s3:::records/folder/";
    request.destination_options = options;
    request.log_format = std::move(log_format);
    return create(std::move(request));
  }
  static flow::Record record(std::int64_t port, flow::Verdict verdict = flow::Verdict::accept,
                             std::int64_t end_s = kStart) {
    flow::Record out;
    out.clear();
    out.set(Field::account_id, std::string_view("000000000000"));
    out.set(Field::interface_id, std::string_view("eni-0a1b2c3d4e5f60718"));
    out.set(Field::srcaddr, *net::Address::parse("203.0.113.9"));
    out.set(Field::dstaddr, *net::Address::parse("10.0.0.5"));
    out.set(Field::srcport, std::int64_t{50000});
    out.set(Field::dstport, port);
    out.set(Field::protocol, std::int64_t{6});
    out.set(Field::packets, std::int64_t{1});
    out.set(Field::bytes, std::int64_t{40});
    out.set(Field::start, end_s - 10);
    out.set(Field::end, end_s);
    out.set(Field::action, verdict == flow::Verdict::accept ? flow::kAccept : flow::kReject);
    out.set(Field::log_status, flow::kOk);
    return out;
  }
  static std::string text(std::int64_t port, std::string_view action = "ACCEPT",
                          std::int64_t end_s = kStart) {
    return "2 000000000000 eni-0a1b2c3d4e5f60718 203.0.113.9 10.0.0.5 50000 " +
           std::to_string(port) + " 6 1 40 " + std::to_string(end_s - 10) + ' ' +
           std::to_string(end_s) + ' ' + std::string(action) + " OK";
  }
  void accept(std::vector<flow::Record> records) { delivery_->accept(scope_, context_, records); }
  std::vector<std::string> messages(std::string_view group,
                                    std::string_view stream_suffix = "-all") {
    const auto found = logs_.get_events(scope_, group, eni_.id + std::string(stream_suffix),
                                        {.start_from_head = true});
    std::vector<std::string> all;
    if (!found) return {"error " + found.error().code};
    for (const auto& event : found->events) all.push_back(event.message);
    return all;
  }
  std::vector<std::string> keys() const {
    std::vector<std::string> all;
    const auto listing = objects_->list(scope_, "records", {});
    EXPECT_TRUE(listing);
    for (const auto& object : listing->objects) all.push_back(object.key);
    return all;
  }
  std::string file(const std::string& key) const {
    const auto bytes = objects_->get(scope_, "records", key, 1u << 30);
    EXPECT_TRUE(bytes);
    return *columnar::gunzip(*bytes, 1u << 30);
  }
  std::vector<std::string> left_in_store(std::string_view prefix = "delivery/") const {
    std::vector<std::string> all;
    EXPECT_TRUE(store_.scan(prefix, [&](std::string_view key, std::string_view) {
      if (key != "delivery/next") all.emplace_back(key);
      return true;
    }));
    return all;
  }
  vpc::FlowLog shown() { return network_.flow_logs_for(eni_).at(0); }

  fs::path folder_;
  SimulatedRuntime runtime_{1};
  Scope scope_;
  FailingStore store_;
  FailingStore logs_store_;
  vpc::Network network_{runtime_, store_, {.host_scope = scope_, .machine_id = "machine"}};
  logs::Logs logs_{runtime_,
                   logs_store_,
                   [](const Scope&, std::string_view, std::span<const logs::MetricValue>) {
                     return Result<void>();
                   },
                   {}};
  std::unique_ptr<objects::Objects> objects_;
  std::unique_ptr<Delivery> delivery_;
  vpc::Eni eni_;
  flow::Context context_;
};

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
  EXPECT_THAT((*flow_log)->columns(),
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
