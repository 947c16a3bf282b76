// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/document.h"
#include "delivery/delivery_test_tools.h"

namespace weir::delivery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Error refusal(ErrorKind kind) { return {kind, "DeliveryFailed", "the endpoint answered so"}; }

class StreamTest : public DeliveryTest {
 protected:
  static std::string wrapped(std::int64_t port) { return "{\"message\":\"" + text(port) + "\"}"; }
  void accept_many(int from, int to) {
    std::vector<flow::Record> records;
    for (int i = from; i < to; ++i) records.push_back(record(i));
    accept(std::move(records));
    runtime_.run_ready();
  }
};

TEST_F(StreamTest, RecordsGoInOneRequestAfterASecond) {
  to_stream();
  accept({record(1)});
  runtime_.run_ready();
  accept({record(2)});
  runtime_.run_ready();
  EXPECT_THAT(streams_.requests, IsEmpty());
  runtime_.advance(std::chrono::seconds(2));
  ASSERT_THAT(streams_.requests, SizeIs(1));
  const StreamRequest& request = streams_.requests[0];
  EXPECT_EQ(request.stream, "audit");
  EXPECT_EQ(request.stream_arn, "arn:aws:firehose:us-east-1:000000000000:deliverystream/audit");
  EXPECT_THAT(request.records, ElementsAre(wrapped(1), wrapped(2)));
  streams_.answer({});
  runtime_.run_ready();
  EXPECT_THAT(left_in_store(), IsEmpty());
  EXPECT_EQ(shown().deliver_status, "SUCCESS");
}

TEST_F(StreamTest, FiveHundredRecordsGoAtOnceAndOneRequestAtATime) {
  to_stream();
  accept_many(0, 1250);
  ASSERT_THAT(streams_.requests, SizeIs(1));
  EXPECT_THAT(streams_.requests[0].records, SizeIs(500));
  streams_.answer({});
  runtime_.run_ready();
  ASSERT_THAT(streams_.requests, SizeIs(2));
  streams_.answers_at_once = true;
  streams_.answer({});
  runtime_.advance(std::chrono::seconds(2));
  ASSERT_THAT(streams_.requests, SizeIs(3));
  EXPECT_THAT(streams_.requests[2].records, SizeIs(250));
  EXPECT_EQ(streams_.requests[2].records.back(), wrapped(1249));
  EXPECT_THAT(left_in_store(), IsEmpty());
}

TEST_F(StreamTest, ARequestIsRepeatedUnchangedWithItsId) {
  to_stream();
  accept_many(0, 3);
  runtime_.advance(std::chrono::seconds(2));
  streams_.answer(refusal(ErrorKind::unavailable));
  runtime_.run_ready();
  EXPECT_EQ(shown().deliver_status, "FAILED");
  EXPECT_EQ(shown().deliver_error, "Unknown error");
  accept_many(3, 5);  // must not join the request
  runtime_.advance(std::chrono::seconds(2));
  ASSERT_THAT(streams_.requests, SizeIs(2));
  EXPECT_EQ(streams_.requests[1].id, streams_.requests[0].id);
  EXPECT_EQ(streams_.requests[1].created, streams_.requests[0].created);
  EXPECT_EQ(streams_.requests[1].records, streams_.requests[0].records);
  streams_.answer({});
  runtime_.advance(std::chrono::seconds(2));
  ASSERT_THAT(streams_.requests, SizeIs(3));
  EXPECT_NE(streams_.requests[2].id, streams_.requests[0].id);
  EXPECT_THAT(streams_.requests[2].records, ElementsAre(wrapped(3), wrapped(4)));
  EXPECT_EQ(shown().deliver_status, "SUCCESS");
}

// kill -9 between the request and its answer: the receiver can tell by the id.
TEST_F(StreamTest, ARequestIsTheSameAfterARestart) {
  to_stream();
  accept_many(0, 3);
  runtime_.advance(std::chrono::seconds(2));
  ASSERT_THAT(streams_.requests, SizeIs(1));
  accept_many(3, 4);
  restart();
  streams_.answers_at_once = true;
  runtime_.advance(std::chrono::seconds(3));
  ASSERT_THAT(streams_.requests, SizeIs(3));
  EXPECT_EQ(streams_.requests[1].id, streams_.requests[0].id);
  EXPECT_EQ(streams_.requests[1].records, streams_.requests[0].records);
  EXPECT_THAT(streams_.requests[2].records, ElementsAre(wrapped(3)));
  EXPECT_THAT(left_in_store(), IsEmpty());
}

TEST_F(StreamTest, WaitsLongerAfterEachFailure) {
  to_stream();
  accept_many(0, 1);
  runtime_.advance(std::chrono::seconds(2));
  for (int i = 0; i < 5; ++i) {
    ASSERT_THAT(streams_.waiting, SizeIs(1)) << i;
    streams_.answer(refusal(ErrorKind::forbidden));
    runtime_.advance(std::chrono::seconds(1 << i) - Duration(500));
    EXPECT_THAT(streams_.waiting, IsEmpty()) << i;
    runtime_.advance(std::chrono::seconds(2));
  }
  EXPECT_EQ(shown().deliver_error, "Access error");
}

TEST_F(StreamTest, ARequestThatIsTooLargeIsMadeSmaller) {
  to_stream();
  accept_many(0, 500);
  streams_.answer(refusal(ErrorKind::too_large));
  runtime_.advance(std::chrono::seconds(2));
  ASSERT_THAT(streams_.requests, SizeIs(2));
  EXPECT_THAT(streams_.requests[1].records, SizeIs(200));  // rows of 100 within half of 500
  EXPECT_NE(streams_.requests[1].id, streams_.requests[0].id);
  streams_.answers_at_once = true;
  streams_.answer({});
  runtime_.advance(std::chrono::seconds(5));
  EXPECT_THAT(streams_.requests, SizeIs(4));
  EXPECT_EQ(lost_, 0u);
  EXPECT_THAT(left_in_store(), IsEmpty());
}

TEST_F(StreamTest, WhatIsTooLargeEvenAloneIsLostAndCounted) {
  to_stream();
  accept_many(0, 7);
  runtime_.advance(std::chrono::seconds(2));
  streams_.answer(refusal(ErrorKind::too_large));
  runtime_.run_ready();
  EXPECT_EQ(lost_, 7u);
  EXPECT_THAT(left_in_store(), IsEmpty());
}

TEST_F(StreamTest, ADeletedFlowLogIsSentAtOnceAndGivenUpInTheEnd) {
  restart({.stream_delay = std::chrono::hours(1)});
  const std::string id = to_stream();
  accept_many(0, 3);
  ASSERT_TRUE(network_.delete_flow_logs(scope_, {id}));
  runtime_.advance(std::chrono::seconds(2));
  EXPECT_THAT(streams_.requests, SizeIs(1));
  for (int i = 0; i < 20 && !streams_.waiting.empty(); ++i) {
    streams_.answer(refusal(ErrorKind::unavailable));
    runtime_.advance(std::chrono::minutes(2));
  }
  EXPECT_THAT(streams_.requests, SizeIs(10));
  EXPECT_EQ(lost_, 3u);
  EXPECT_THAT(left_in_store(), IsEmpty());
}

// Data Firehose Developer Guide, "HTTP endpoint delivery request and response specifications".
TEST(StreamRequestBody, IsThatOfFirehose) {
  const StreamRequest request{"audit", "arn", "req-1", Time{1578090901599}, {"a", "{\"b\":1}"}};
  EXPECT_EQ(stream_request_body(request),
            R"({"requestId":"req-1","timestamp":1578090901599,"records":[{"data":"YQ=="},)"
            R"({"data":"eyJiIjoxfQ=="}]})");
}

TEST(StreamAnswer, IsSuccessOnlyWithTheRequestsId) {
  const StreamRequest request{"audit", "arn", "req-1", Time{}, {}};
  EXPECT_TRUE(check_stream_answer(request, 200, R"({"requestId":"req-1","timestamp":1})"));
  EXPECT_FALSE(check_stream_answer(request, 200, R"({"requestId":"req-2"})"));
  EXPECT_FALSE(check_stream_answer(request, 200, "OK"));
  EXPECT_FALSE(check_stream_answer(request, 204, ""));
  const auto kind = [&](int status) {
    return check_stream_answer(request, status, R"({"errorMessage":"no"})").error().kind;
  };
  EXPECT_EQ(kind(403), ErrorKind::forbidden);
  EXPECT_EQ(kind(413), ErrorKind::too_large);
  EXPECT_EQ(kind(429), ErrorKind::limit);
  EXPECT_EQ(kind(500), ErrorKind::unavailable);
  EXPECT_THAT(check_stream_answer(request, 500, R"({"errorMessage":"disk full"})").error().message,
              HasSubstr("disk full"));
}

}  // namespace
}  // namespace weir::delivery
