// SPDX-License-Identifier: Apache-2.0
#include "collect/receiver.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "base/base64.h"
#include "base/document.h"
#include "columnar/gzip.h"
#include "logs/logs_test_world.h"

namespace weir::collect {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kGroup = "/vpc/flow";
constexpr std::string_view kEni = "eni-0a1b2c3d4e5f60718";

std::string line(std::int64_t start_s, std::string_view eni = kEni) {
  return "2 123456789010 " + std::string(eni) + " 203.0.113.9 10.0.0.5 50123 3389 6 4 240 " +
         std::to_string(start_s) + ' ' + std::to_string(start_s + 55) + " REJECT OK";
}

std::string firehose(const std::vector<std::string>& records, std::string_view id = "request-1") {
  Document body;
  body["requestId"] = id;
  body["timestamp"] = std::int64_t{1578090901599};
  Document::List list;
  for (const std::string& record : records) {
    Document one;
    one["data"] = base64_encode(record);
    list.push_back(std::move(one));
  }
  body["records"] = std::move(list);
  return to_json(body);
}

std::string subscription(const std::vector<std::pair<std::int64_t, std::string>>& events,
                         std::string_view type = "DATA_MESSAGE") {
  Document body;
  body["messageType"] = type;
  body["owner"] = "123456789010";
  body["logGroup"] = "VPCFlowLogs";
  body["logStream"] = std::string(kEni) + "-all";
  body["subscriptionFilters"] = Document::List{Document("all")};
  Document::List list;
  for (const auto& [time, message] : events) {
    Document event;
    event["id"] =
        "3195310660696698337880902507980421114328961542429EXAMPLE" + std::to_string(list.size());
    event["timestamp"] = time;
    event["message"] = message;
    list.push_back(std::move(event));
  }
  body["logEvents"] = std::move(list);
  return to_json(body);
}

struct World {
  Receiver::Answer post(std::string_view body, std::string_view id = "",
                        std::string_view attributes = "", std::string_view group = kGroup) {
    return receiver.receive(logs.scope, group,
                            {.request_id = id, .common_attributes = attributes, .body = body});
  }
  std::vector<std::string> messages(const std::string& stream = std::string(kEni) + "-all") {
    const auto found = logs.logs->get_events(logs.scope, kGroup, stream, {.start_from_head = true});
    std::vector<std::string> messages;
    if (!found) return messages;
    for (const auto& event : found->events) messages.push_back(event.message);
    return messages;
  }
  std::int64_t now_s() const { return logs.runtime.now().seconds(); }

  logs::TestWorld logs;
  Receiver receiver{logs.runtime, *logs.logs, {}};
};

// Contract: Amazon Data Firehose Developer Guide, "HTTP endpoint delivery request and response
// specifications". Verified on AWS: no.
TEST(Receiver, FirehoseLinesAreEventsOfTheirInterfaceAtTheStartOfTheRecord) {
  World world;
  const std::string first = line(world.now_s() - 60);
  const std::string second = line(world.now_s() - 120);
  const auto answer = world.post(firehose({first + '\n' + second + '\n'}), "request-1");
  EXPECT_EQ(answer.status, 200);
  const auto body = parse_json(answer.body);
  EXPECT_EQ(*body->find("requestId")->string(), "request-1");
  EXPECT_EQ(*body->find("timestamp")->integer(), world.logs.runtime.now().ms);
  EXPECT_EQ(body->find("errorMessage"), nullptr);
  EXPECT_THAT(world.messages(), ElementsAre(second, first)) << "in the order of their start";
}

TEST(Receiver, FirehoseMayWrapLinesInJson) {
  World world;
  const std::string text = line(world.now_s());
  world.post(firehose({"{\"message\":\"" + text + "\"}\n{\"message\":\"" + text + "\"}"}));
  EXPECT_THAT(world.messages(), ElementsAre(text, text));
}

TEST(Receiver, FirehoseMayCarrySubscriptionPayloads) {
  World world;
  const std::string text = line(world.now_s());
  const std::string payload = subscription({{world.now_s() * 1000, text}});
  const auto answer = world.post(
      firehose({columnar::gzip(payload), payload + payload, columnar::gzip(payload + payload)}));
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(world.messages(), SizeIs(5));
}

TEST(Receiver, ASubscriptionPayloadKeepsStreamTimeAndText) {
  World world;
  const std::int64_t time = world.now_s() * 1000 - 1234;
  const std::string payload = subscription({{time, "any text"}});
  EXPECT_EQ(world.post(columnar::gzip(payload)).body, "{\"stored\":1,\"refused\":0}");
  const auto found =
      world.logs.logs->get_events(world.logs.scope, kGroup, std::string(kEni) + "-all", {});
  ASSERT_THAT(found->events, SizeIs(1));
  EXPECT_EQ(found->events[0].id.timestamp.ms, time);
  EXPECT_EQ(found->events[0].message, "any text");
}

TEST(Receiver, TheEventOfALambdaFunctionIsTakenAsItIs) {
  World world;
  const std::string payload = columnar::gzip(subscription({{world.now_s() * 1000, "text"}}));
  EXPECT_EQ(world.post("{\"awslogs\":{\"data\":\"" + base64_encode(payload) + "\"}}").status, 200);
  EXPECT_THAT(world.messages(), ElementsAre("text"));
}

TEST(Receiver, ControlMessagesAreAcknowledgedAndLeaveNothing) {
  World world;
  EXPECT_EQ(world.post(subscription({{1, "CWL CONTROL MESSAGE"}}, "CONTROL_MESSAGE")).status, 200);
  EXPECT_THAT(world.messages(), IsEmpty());
}

TEST(Receiver, ARepeatedRequestIdIsAcknowledgedAndStoredOnce) {
  World world;
  const std::string body = firehose({line(world.now_s())});
  EXPECT_EQ(world.post(body, "request-1").status, 200);
  EXPECT_EQ(world.post(body, "request-1").status, 200);
  EXPECT_THAT(world.messages(), SizeIs(1));
  EXPECT_EQ(world.post(firehose({line(world.now_s())}, "request-2"), "request-2").status, 200);
  EXPECT_THAT(world.messages(), SizeIs(2));
}

TEST(Receiver, ARepeatedSubscriptionPayloadIsStoredOnce) {
  World world;
  const std::string payload = subscription({{world.now_s() * 1000, "text"}});
  world.post(payload);
  world.post(payload);
  EXPECT_THAT(world.messages(), SizeIs(1));
}

TEST(Receiver, OnlyTheLastDeliveriesAreRemembered) {
  World world;
  Receiver small(world.logs.runtime, *world.logs.logs, {.requests_remembered_max = 2});
  const auto post = [&](std::string_view id) {
    small.receive(
        world.logs.scope, kGroup,
        {.request_id = id, .common_attributes = "", .body = firehose({line(world.now_s())}, id)});
  };
  for (const char* id : {"a", "b", "a", "c", "a"}) post(id);
  EXPECT_THAT(world.messages(), SizeIs(4)) << "a was forgotten when c came";
}

TEST(Receiver, EventsThatAreTooOldAreLeftOutAndDoNotFailTheRest) {
  World world;
  const std::string fresh = line(world.now_s());
  const auto old = subscription({{(world.now_s() - 15 * 86400) * 1000, line(1)},
                                 {world.now_s() * 1000, fresh},
                                 {(world.now_s() + 3 * 3600) * 1000, line(2)}});
  EXPECT_EQ(world.post(old).body, "{\"stored\":1,\"refused\":2}");
  EXPECT_THAT(world.messages(), ElementsAre(fresh));
}

TEST(Receiver, BatchesAreCutAtTheBoundsOfPutLogEvents) {
  World world;
  std::vector<std::pair<std::int64_t, std::string>> events;
  for (int i = 0; i < 12'000; ++i) events.emplace_back(world.now_s() * 1000, "text");
  events.emplace_back((world.now_s() - 3 * 86400) * 1000, "three days ago");
  for (int i = 0; i < 30; ++i) {
    events.emplace_back(world.now_s() * 1000, std::string(100'000, 'x'));
  }
  EXPECT_EQ(world.post(subscription(events)).body, "{\"stored\":12031,\"refused\":0}");
}

TEST(Receiver, LinesThatAreNoFlowRecordAreKeptApart) {
  World world;
  world.post(firehose({"not a flow record\n" + line(world.now_s())}));
  EXPECT_THAT(world.messages(), SizeIs(1));
  EXPECT_THAT(world.messages(std::string(Payload::kUnparsedStream)),
              ElementsAre("not a flow record"));
}

TEST(Receiver, ACustomFormatIsNamedByACommonAttribute) {
  World world;
  const std::string text = "REJECT " + std::string(kEni) + ' ' + std::to_string(world.now_s());
  const auto answer =
      world.post(firehose({text}), "request-1",
                 R"({"commonAttributes":{"log-format":"${action} ${interface-id} ${start}"}})");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(world.messages(), ElementsAre(text));
  EXPECT_EQ(world.post(firehose({text}, "2"), "2", "{\"commonAttributes\":{\"log-format\":\"$\"}}")
                .status,
            400);
}

TEST(Receiver, NodataLinesBelongToTheirInterface) {
  World world;
  const std::string start = std::to_string(world.now_s());
  const std::string text =
      "2 123456789010 " + std::string(kEni) + " - - - - - - - " + start + ' ' + start + " - NODATA";
  world.post(firehose({text}));
  EXPECT_THAT(world.messages(), ElementsAre(text));
}

TEST(Receiver, WhatDoesNotReadIsRefusedWithTheRecordAndNothingIsTaken) {
  World world;
  std::string body = firehose({line(world.now_s()), "\x1f\x8b broken"});
  auto answer = world.post(body, "request-1");
  EXPECT_EQ(answer.status, 400);
  const auto error = parse_json(answer.body);
  EXPECT_EQ(*error->find("requestId")->string(), "request-1");
  EXPECT_THAT(*error->find("errorMessage")->string(), HasSubstr("record 1: gzip"));
  EXPECT_THAT(world.messages(), IsEmpty());

  for (const std::string_view bad :
       {"{", "{\"records\":[]}", "{\"requestId\":\"a\",\"records\":1}",
        "{\"requestId\":\"a\",\"records\":[{\"data\":\"*\"}]}",
        "{\"messageType\":\"DATA_MESSAGE\"}", "{\"messageType\":\"OTHER\"}",
        "{\"messageType\":\"DATA_MESSAGE\",\"logStream\":\"a:b\",\"logEvents\":[]}",
        "{\"awslogs\":{\"data\":\"x\"}}", "\x1f\x8b"}) {
    EXPECT_EQ(world.post(bad).status, 400) << bad;
  }
  EXPECT_EQ(world.post(firehose({}), "another").status, 400);
  EXPECT_EQ(world.post(firehose({}), "request-1", "", "group:name").status, 400);
  EXPECT_EQ(world.post(firehose({}), "request-1", "", "").status, 400);
}

TEST(Payload, MoreTextThanTheBoundIsRefusedWhateverItsForm) {
  constexpr std::size_t kTextBytesMax = 10'000;
  const std::string text(kTextBytesMax / 2 + 1, 'x');
  const std::string bomb = columnar::gzip(text);
  const auto parse = [](const std::string& body) {
    return parse_payload(body, std::nullopt, Time{}, kTextBytesMax);
  };
  EXPECT_TRUE(parse(firehose({bomb})));
  for (const auto& body : {firehose({bomb, bomb}), firehose({text, text}),
                           columnar::gzip(std::string(kTextBytesMax + 1, 'x'))}) {
    const auto refused = parse(body);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::too_large);
  }
}

/// A store that takes a number of writes and then fails, as a full disk does.
class FillingStore : public store::KvStore {
 public:
  explicit FillingStore(std::size_t& writes_left) : writes_left_(writes_left) {}
  Result<std::optional<std::string>> get(std::string_view key) const override {
    return below_->get(key);
  }
  Result<void> write(const store::WriteBatch& batch) override {
    if (writes_left_ == 0) {
      return Error{ErrorKind::unavailable, "ServiceUnavailableException", "the disk is full"};
    }
    --writes_left_;
    return below_->write(batch);
  }
  std::unique_ptr<store::Cursor> cursor() const override { return below_->cursor(); }

 private:
  std::size_t& writes_left_;
  std::unique_ptr<store::KvStore> below_ = store::make_memory_store();
};

TEST(Receiver, ADeliveryThatFailedGoesOnWhereItStopped) {
  World world;
  std::size_t writes_left = 1000;
  world.logs.store = std::make_unique<FillingStore>(writes_left);
  world.logs.restart();
  Receiver receiver(world.logs.runtime, *world.logs.logs, {});
  std::string text;
  for (const char* eni : {"eni-1", "eni-2", "eni-3"}) text += line(world.now_s(), eni) + '\n';
  const std::string body = firehose({text});
  const Receiver::Request request{.request_id = "request-1", .common_attributes = "", .body = body};

  // Whatever write the disk refuses: once it has room again, every event is there once.
  std::vector<int> statuses;
  do {
    writes_left = 1;
    statuses.push_back(receiver.receive(world.logs.scope, kGroup, request).status);
    ASSERT_LT(statuses.size(), 100u);
  } while (statuses.back() != 200);
  EXPECT_EQ(statuses.front(), 503);
  EXPECT_GT(statuses.size(), 3u);
  for (const char* eni : {"eni-1-all", "eni-2-all", "eni-3-all"}) {
    EXPECT_THAT(world.messages(eni), SizeIs(1)) << eni;
  }
}

}  // namespace
}  // namespace weir::collect
