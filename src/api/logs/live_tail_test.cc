// SPDX-License-Identifier: Apache-2.0
#include "api/logs/live_tail.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/logs/model.h"
#include "base/document.h"
#include "logs/logs.h"
#include "wire/event_stream.h"

namespace weir::api::logs {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kArn = "arn:aws:logs:eu-west-1:123456789012:log-group:g";

struct TailWorld {
  TailWorld() {
    WEIR_ASSERT(service.load());
    request.scope = {.account = "123456789012", .region = "eu-west-1"};
    request.request_id = "the-request";
    api.add_to(table);
    WEIR_ASSERT(service.ensure_stream(request.scope, "g", "s"));
    WEIR_ASSERT(service.ensure_group(request.scope, "h"));
  }
  Result<std::shared_ptr<wire::StreamSource>> start(const std::string& input) {
    WEIR_TRY(const Document tree, parse_json(input));
    WEIR_TRY(const wire::Answer answer, table.find("StartLiveTail")->call(request, tree, {}));
    return answer.stream;
  }
  std::string error(const std::string& input) {
    const auto started = start(input);
    return started ? "started" : started.error().code + ": " + started.error().message;
  }

  SimulatedRuntime runtime{3};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  weir::logs::Logs service{runtime,
                           *store,
                           [](const Scope&, std::string_view,
                              std::span<const weir::logs::MetricValue>) { return Result<void>(); },
                           {}};
  weir::logs::LiveTail live_tail{runtime, service};
  LiveTailApi api{live_tail};
  wire::OperationTable table{logs_model()};
  wire::Request request;
};

std::string arns(const std::string& more = "") {
  return R"({"logGroupIdentifiers":[")" + std::string(kArn) + R"("])" + more + "}";
}

wire::EventMessage next_of(wire::EventStreamDecoder& decoder) {
  const auto message = decoder.next();
  EXPECT_TRUE(message && *message);
  return message && *message ? **message : wire::EventMessage();
}

TEST(StartLiveTail, TheStreamBeginsAsClientsExpect) {
  TailWorld world;
  const auto source = *world.start(arns(R"(,"logStreamNames":["s"],"logEventFilterPattern":"a")"));
  wire::EventStreamDecoder decoder;
  decoder.feed(source->take().bytes);
  const auto initial = next_of(decoder);
  EXPECT_EQ(initial.header(":message-type"), "event");
  EXPECT_EQ(initial.header(":event-type"), "initial-response");
  EXPECT_EQ(initial.header(":content-type"), "application/x-amz-json-1.1");
  EXPECT_EQ(initial.payload, "{}");
  const auto started = next_of(decoder);
  EXPECT_EQ(started.header(":event-type"), "sessionStart");
  const auto session = *parse_json(started.payload);
  EXPECT_EQ(*session.find("requestId")->string(), "the-request");
  EXPECT_EQ(session.find("sessionId")->string()->size(), 36U);
  EXPECT_EQ(to_json(*session.find("logGroupIdentifiers")), "[\"" + std::string(kArn) + "\"]");
  EXPECT_EQ(to_json(*session.find("logStreamNames")), R"(["s"])");
  EXPECT_EQ(*session.find("logEventFilterPattern")->string(), "a");
  EXPECT_TRUE(source->take().bytes.empty());
  source->close();
}

TEST(StartLiveTail, UpdatesCarryTheEvents) {
  TailWorld world;
  const auto source = *world.start(arns());
  source->take();
  const std::vector<weir::logs::InputLogEvent> events = {{world.runtime.now().ms, "hello"}};
  ASSERT_TRUE(world.service.put_log_events(world.request.scope, "g", "s", events));
  const std::string now = std::to_string(world.runtime.now().ms);
  world.runtime.advance(seconds(2));
  wire::EventStreamDecoder decoder;
  decoder.feed(source->take().bytes);
  decoder.feed(source->take().bytes);
  const auto update = next_of(decoder);
  EXPECT_EQ(update.header(":event-type"), "sessionUpdate");
  EXPECT_EQ(update.payload,
            R"({"sessionMetadata":{"sampled":false},"sessionResults":[{"logStreamName":"s",)"
            R"("logGroupIdentifier":")" +
                std::string(kArn) + R"(","message":"hello","timestamp":)" + now +
                R"(,"ingestionTime":)" + now + "}]}");
  EXPECT_EQ(next_of(decoder).payload,
            R"({"sessionMetadata":{"sampled":false},"sessionResults":[]})");
  source->close();
}

TEST(StartLiveTail, EndsWithAnExceptionAfterThreeHours) {
  TailWorld world;
  const auto source = *world.start(arns());
  world.runtime.advance(std::chrono::hours(3));
  wire::StreamSource::Piece piece;
  wire::EventStreamDecoder decoder;
  for (int i = 0; i < 20 && !piece.is_last; ++i) piece = source->take();
  ASSERT_TRUE(piece.is_last);
  decoder.feed(piece.bytes);
  const auto message = next_of(decoder);
  EXPECT_EQ(message.header(":message-type"), "exception");
  EXPECT_EQ(message.header(":exception-type"), "SessionTimeoutException");
  EXPECT_THAT(message.payload, HasSubstr("\"message\":"));
}

TEST(StartLiveTail, BadInputIsRefused) {
  TailWorld world;
  const std::string arn = kArn;
  EXPECT_THAT(world.error("{}"), HasSubstr("'logGroupIdentifiers' failed to satisfy constraint: "
                                           "Member must not be null"));
  EXPECT_THAT(
      world.error(R"({"logGroupIdentifiers":[]})"),
      AllOf(HasSubstr("InvalidParameterException"), HasSubstr("greater than or equal to 1")));
  std::string eleven = R"({"logGroupIdentifiers":[")" + arn;
  for (int i = 0; i < 10; ++i) eleven += R"(",")" + arn;
  EXPECT_THAT(world.error(eleven + R"("]})"), HasSubstr("less than or equal to 10"));
  EXPECT_THAT(world.error(R"({"logGroupIdentifiers":[")" + arn + R"(:*"]})"),
              HasSubstr("Member must satisfy regular expression pattern: [\\w#+=/:,.@-]*"));
  EXPECT_THAT(world.error(R"({"logGroupIdentifiers":["g"]})"),
              HasSubstr("InvalidParameterException: The log group identifier 'g' is not the ARN"));
  EXPECT_EQ(world.error(R"({"logGroupIdentifiers":[")" + arn + R"(none"]})"),
            "ResourceNotFoundException: The specified log group does not exist.");
  EXPECT_THAT(world.error(arns(R"(,"logStreamNames":["a:b"])")),
              HasSubstr("Value '[a:b]' at 'logStreamNames' failed"));
  EXPECT_THAT(world.error(arns(R"(,"logStreamNames":["a"],"logStreamNamePrefixes":["a"])")),
              HasSubstr("mutually exclusive"));
  EXPECT_THAT(world.error(R"({"logGroupIdentifiers":[")" + arn +
                          R"(","arn:aws:logs:eu-west-1:123456789012:log-group:h"],)"
                          R"("logStreamNames":["a"]})"),
              HasSubstr("single log group"));
  EXPECT_EQ(world.error(arns(R"(,"logEventFilterPattern":"[a")")),
            "InvalidParameterException: Invalid filter pattern");
  std::vector<std::shared_ptr<wire::StreamSource>> open;
  for (int i = 0; i < 15; ++i) open.push_back(*world.start(arns()));
  EXPECT_EQ(world.error(arns()), "LimitExceededException: Resource limit exceeded.");
}

}  // namespace
}  // namespace weir::api::logs
