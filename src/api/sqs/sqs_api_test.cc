// SPDX-License-Identifier: Apache-2.0
#include "api/sqs/sqs_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/sqs/model.h"
#include "base/document.h"
#include "store/kv_store.h"
#include "wire/dispatch.h"

namespace weir::api::sqs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// The face over real requests of both protocols, without a socket.
struct SqsWorld {
  SqsWorld() {
    WEIR_ASSERT(queues.load());
    api.add_to(table);
  }

  wire::HttpResponse query(const std::string& form, const std::string& path = "/") {
    wire::HttpRequest request;
    request.method = "POST";
    request.target = request.path = path;
    request.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    request.body.content = form + "&Version=2012-11-05";
    request.body.size = form.size();
    request.caller = caller;
    return wire::dispatch(table, request);
  }
  std::string text(const std::string& form, const std::string& path = "/") {
    return std::get<std::string>(query(form, path).body);
  }
  wire::HttpResponse json(const std::string& operation, const std::string& body) {
    wire::HttpRequest request;
    request.method = "POST";
    request.target = request.path = "/";
    request.headers.add("Content-Type", "application/x-amz-json-1.0");
    request.headers.add("X-Amz-Target", "AmazonSQS." + operation);
    request.headers.add("x-amzn-query-mode", "true");
    request.body.content = body;
    request.body.size = body.size();
    request.caller = caller;
    return wire::dispatch(table, request);
  }

  SimulatedRuntime runtime{1};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  queues::Queues queues{runtime, *store, {}};
  SqsApi api{runtime, queues};
  wire::OperationTable table{sqs_model()};
  wire::Caller caller{.scope = {},
                      .access_key = "AKIA",
                      .service = "sqs",
                      .source_ip = "127.0.0.1",
                      .endpoint = "http://127.0.0.1:4566",
                      .request_id = "7d4f4b4e-0000-4000-8000-000000000000"};
};

constexpr const char* kUrl = "http://127.0.0.1:4566/000000000000/q";

TEST(SqsApi, QueryHasSqsOwnNamesOfElementsAndParameters) {
  SqsWorld sqs;
  EXPECT_THAT(sqs.text("Action=CreateQueue&QueueName=q&Attribute.1.Name=VisibilityTimeout"
                       "&Attribute.1.Value=7&Tag.1.Key=k&Tag.1.Value=v"),
              HasSubstr("<CreateQueueResult><QueueUrl>http://127.0.0.1:4566/000000000000/q"
                        "</QueueUrl></CreateQueueResult>"));
  const std::string url = std::string("&QueueUrl=") + kUrl;
  EXPECT_THAT(sqs.text("Action=GetQueueAttributes&AttributeName.1=VisibilityTimeout" + url),
              HasSubstr("<GetQueueAttributesResult><Attribute><Name>VisibilityTimeout</Name>"
                        "<Value>7</Value></Attribute></GetQueueAttributesResult>"));
  EXPECT_THAT(sqs.text("Action=ListQueueTags" + url),
              HasSubstr("<Tag><Key>k</Key><Value>v</Value></Tag>"));
  sqs.text(
      "Action=SendMessage&MessageBody=b&MessageAttribute.1.Name=a"
      "&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=s" +
      url);
  EXPECT_THAT(
      sqs.text("Action=ReceiveMessage&AttributeName.1=ApproximateReceiveCount"
               "&MessageAttributeName.1=All" +
               url),
      AllOf(HasSubstr("<ReceiveMessageResult><Message><MessageId>"), HasSubstr("<Body>b</Body>"),
            HasSubstr("<Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value>"),
            HasSubstr("<MessageAttribute><Name>a</Name><Value><DataType>String</DataType>"
                      "<StringValue>s</StringValue></Value></MessageAttribute>")));
  EXPECT_THAT(sqs.text("Action=ListQueues"),
              HasSubstr("<ListQueuesResult><QueueUrl>http://127.0.0.1:4566/000000000000/q"));
}

TEST(SqsApi, QueryMayNameTheQueueByPath) {
  SqsWorld sqs;
  sqs.text("Action=CreateQueue&QueueName=q");
  EXPECT_THAT(sqs.text("Action=SendMessage&MessageBody=b", "/000000000000/q"),
              HasSubstr("<MD5OfMessageBody>92eb5ffee6ae2fec3ad71c777531578f"));
}

TEST(SqsApi, ErrorsHaveTheirNameInEachProtocol) {
  SqsWorld sqs;
  const auto query = sqs.query(std::string("Action=PurgeQueue&QueueUrl=") + kUrl);
  EXPECT_EQ(query.status, 400);
  EXPECT_THAT(std::get<std::string>(query.body),
              HasSubstr("<Code>AWS.SimpleQueueService.NonExistentQueue</Code>"));
  const auto json = sqs.json("PurgeQueue", std::string(R"({"QueueUrl":")") + kUrl + R"("})");
  EXPECT_EQ(json.status, 400);
  EXPECT_THAT(std::get<std::string>(json.body),
              HasSubstr(R"("__type":"com.amazonaws.sqs#QueueDoesNotExist")"));
  EXPECT_EQ(json.headers.get("x-amzn-query-error"),
            "AWS.SimpleQueueService.NonExistentQueue;Sender");
  EXPECT_THAT(std::get<std::string>(sqs.json("SendMessage", "{}").body),
              HasSubstr("The request must contain the parameter QueueUrl."));
}

TEST(SqsApi, AReceiveThatWaitsIsAnsweredLater) {
  SqsWorld sqs;
  sqs.json("CreateQueue", R"({"QueueName":"q"})");
  const std::string body = std::string(R"({"WaitTimeSeconds":20,"QueueUrl":")") + kUrl + R"("})";
  const auto response = sqs.json("ReceiveMessage", body);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/x-amz-json-1.0");
  const auto source = std::get<wire::StreamBody>(response.body).source;
  int calls = 0;
  source->on_ready([&] { ++calls; });
  EXPECT_FALSE(source->take().is_last);
  sqs.json("SendMessage", std::string(R"({"MessageBody":"now","QueueUrl":")") + kUrl + R"("})");
  sqs.runtime.run_ready();
  EXPECT_EQ(calls, 1);
  const auto piece = source->take();
  EXPECT_TRUE(piece.is_last);
  EXPECT_THAT(piece.bytes, HasSubstr(R"("Body":"now")"));

  const auto vain = std::get<wire::StreamBody>(sqs.json("ReceiveMessage", body).body).source;
  vain->on_ready([&] { ++calls; });
  sqs.runtime.advance(20s);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(vain->take().bytes, "{}");
}

TEST(SqsApi, AReceiverThatHasGoneGetsNoMessage) {
  SqsWorld sqs;
  sqs.json("CreateQueue", R"({"QueueName":"q"})");
  const auto response = sqs.json(
      "ReceiveMessage", std::string(R"({"WaitTimeSeconds":20,"QueueUrl":")") + kUrl + R"("})");
  std::get<wire::StreamBody>(response.body).source->close();
  sqs.json("SendMessage", std::string(R"({"MessageBody":"m","QueueUrl":")") + kUrl + R"("})");
  sqs.runtime.run_ready();
  EXPECT_THAT(
      std::get<std::string>(
          sqs.json("ReceiveMessage", std::string(R"({"QueueUrl":")") + kUrl + R"("})").body),
      HasSubstr(R"("Body":"m")"));
}

TEST(SqsApi, OfAUrlOnlyAccountAndNameCount) {
  SqsWorld sqs;
  sqs.json("CreateQueue", R"({"QueueName":"q"})");
  EXPECT_EQ(
      sqs.json("GetQueueAttributes", R"({"QueueUrl":"https://sqs.example/000000000000/q"})").status,
      200);
  EXPECT_EQ(sqs.json("GetQueueAttributes", R"({"QueueUrl":"http://h/111122223333/q"})").status,
            400);
}

}  // namespace
}  // namespace weir::api::sqs
