// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "columnar/gzip.h"
#include "delivery/delivery.h"
#include "delivery/subscription.h"
#include "logs/logs.h"
#include "net/address.h"
#include "objects/objects.h"
#include "vpc/network.h"

/// The fixture of the tests of this module.
namespace weir::delivery {

namespace fs = std::filesystem;
using flow::Field;

inline constexpr std::int64_t kStart =
    1767225600;  // SimulatedRuntime's beginning, a multiple of 300

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
    const bool is_dead = writes_left && *writes_left == 0;
    if (writes_left && *writes_left > 0) --*writes_left;
    if (fails || is_dead || (fails_to_erase && erases)) {
      return Error{ErrorKind::unavailable, "ServiceUnavailableException", "disk full"};
    }
    for (const auto& operation : batch.operations()) {
      if (writes_left) ever_written_ += operation.value;
    }
    return inner_->write(batch);
  }
  bool is_stored(std::string_view text) const {
    return ever_written_.find(text) != std::string::npos;
  }
  std::unique_ptr<store::Cursor> cursor() const override { return inner_->cursor(); }
  bool fails = false;
  bool fails_to_erase = false;
  std::optional<int> writes_left = {};  // then it is dead

 private:
  std::unique_ptr<store::KvStore> inner_ = store::make_memory_store();
  std::string ever_written_;
};

/// Keeps the requests; the test answers them.
class FakeStreams final : public StreamTransport {
 public:
  void send(StreamRequest request, Done done) override {
    requests.push_back(std::move(request));
    if (answers_at_once) return done({});
    waiting.push_back(std::move(done));
  }
  /// Answers the oldest request that waits.
  void answer(Result<void> outcome) {
    Done done = std::move(waiting.at(0));
    waiting.erase(waiting.begin());
    done(std::move(outcome));
  }
  bool answers_at_once = false;
  std::vector<StreamRequest> requests;
  std::vector<Done> waiting;
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
    streams_.waiting.clear();
    delivery_ =
        std::make_unique<Delivery>(runtime_, store_, network_, logs_, *objects_, config, &streams_);
    delivery_->on_loss([this](const Loss& loss) { lost_ += loss.records; });
    ASSERT_TRUE(delivery_->load());
  }
  std::string create(vpc::NewFlowLogs request) {
    if (request.resource_ids.empty()) request.resource_ids = {eni_.id};
    if (request.resource_type.empty()) request.resource_type = "NetworkInterface";
    if (request.traffic_type.empty()) request.traffic_type = "ALL";
    const auto made = network_.create_flow_logs(scope_, request);
    EXPECT_TRUE(made) << made.error().message;
    EXPECT_THAT(made->flow_log_ids, ::testing::SizeIs(1));
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
  std::string to_stream(std::string log_format = {}) {
    vpc::NewFlowLogs request;
    request.destination_type = "kinesis-data-firehose";
    request.destination = "arn:aws:firehose:us-east-1:000000000000:deliverystream/audit";
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
  FakeStreams streams_;
  std::uint64_t lost_ = 0;
  std::unique_ptr<Delivery> delivery_;
  vpc::Eni eni_;
  flow::Context context_;
};

}  // namespace weir::delivery
