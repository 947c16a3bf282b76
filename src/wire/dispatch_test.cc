// SPDX-License-Identifier: Apache-2.0
#include "wire/dispatch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <pugixml.hpp>

#include "base/base64.h"
#include "wire/cbor.h"
#include "wire/test_shapes.h"
#include "wire/xml.h"

namespace weir::wire {
namespace {

using test::All;
using test::EchoApi;
using testing::HasSubstr;
using testing::StartsWith;

/// One service with the test operations.
struct Service {
  explicit Service(ServiceModel model) : table(std::move(model)) { api.add_to(table); }
  EchoApi api;
  OperationTable table;
};

HttpRequest request_of(std::string method, std::string_view target, std::string body = {}) {
  HttpRequest request;
  request.method = std::move(method);
  set_target(request, target);
  request.body.content = std::move(body);
  request.caller.request_id = "11111111-2222-3333-4444-555555555555";
  request.caller.scope = {"123456789012", "eu-west-1"};
  return request;
}
HttpRequest form(std::string body) {
  HttpRequest request = request_of("POST", "/", std::move(body));
  request.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  return request;
}
HttpRequest json(std::string target, std::string body, std::string version = "1.1") {
  HttpRequest request = request_of("POST", "/", std::move(body));
  request.headers.add("X-Amz-Target", std::move(target));
  request.headers.add("Content-Type", "application/x-amz-json-" + version);
  return request;
}
HttpRequest cbor(std::string operation, std::string body) {
  HttpRequest request = request_of(
      "POST", "/service/GraniteServiceVersion20100801/operation/" + operation, std::move(body));
  request.headers.add("smithy-protocol", "rpc-v2-cbor");
  request.headers.add("Content-Type", "application/cbor");
  return request;
}
const std::string& text_of(const HttpResponse& response) {
  return std::get<std::string>(response.body);
}

All everything() {
  All all;
  all.text = "caf\xc3\xa9 <&>\"\n\r";
  all.number = 7;
  all.big = 1'234'567'890'123;
  all.real = 0.25;
  all.flag = true;
  all.when = Time{1'700'000'000'250};
  all.blob = Bytes{std::string("\0\x01\xff", 3)};
  all.names = {"a", "b"};
  all.inners = {{"first", 1.5}, {"second", std::nullopt}};
  all.tags = {{"k", "v"}, {"other", "w"}};
  all.inner = test::Inner{"inside", -2.0};
  return all;
}

// ---- Round trips: what the client sends comes back as it was, in every protocol
// --------------------------------

TEST(RoundTrip, Json) {
  Service service(test::logs_model());
  const auto response =
      dispatch(service.table, json("Logs_20140328.GetEcho", to_json_text(everything())));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/x-amz-json-1.1");
  EXPECT_EQ(response.headers.get("x-amzn-RequestId"), "11111111-2222-3333-4444-555555555555");
  const auto back = from_json_text<All>(text_of(response));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, everything());
}

TEST(RoundTrip, Cbor) {
  Service service(test::monitoring_model());
  const auto response =
      dispatch(service.table, cbor("GetEcho", to_cbor(to_document(everything()))));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/cbor");
  EXPECT_EQ(response.headers.get("smithy-protocol"), "rpc-v2-cbor");
  const auto tree = parse_cbor(text_of(response));
  ASSERT_TRUE(tree);
  EXPECT_NE(tree->find("When")->time(), nullptr);
  EXPECT_NE(tree->find("Blob")->blob(), nullptr);
  const auto back = from_document<All>(*tree);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, everything());
}

std::string everything_as_query(std::string_view list, std::string_view map) {
  const auto item = [&](std::string_view name, std::string_view rest) {
    return "&" + std::string(name) + std::string(list) + std::string(rest);
  };
  return "&Text=" + percent_encode(everything().text) +
         "&Number=7&Big=1234567890123&Real=0.25&Flag=true&When=2023-11-14T22%3A13%3A20.250Z&Blob="
         "AAH%2F" +
         item("Names", ".1=a") + item("Names", ".2=b") + item("Inners", ".1.Name=first") +
         item("Inners", ".1.Value=1.5") + item("Inners", ".2.Name=second") + "&Tags" +
         std::string(map) + ".1.key=k&Tags" + std::string(map) + ".1.value=v&Tags" +
         std::string(map) + ".2.key=other&Tags" + std::string(map) +
         ".2.value=w&Inner.Name=inside&Inner.Value=-2";
}

// Query answers are XML: the tree is bound again, as a client would.
All from_xml(std::string_view text, const char* result) {
  const auto tree = parse_xml(text);
  EXPECT_TRUE(tree);
  const Document* found = result != nullptr ? tree->find(result) : &*tree;
  EXPECT_NE(found, nullptr);
  const auto all =
      from_document<All>(*found, {.textual = true, .names = BindOptions::Names::query});
  EXPECT_TRUE(all) << all.error().message;
  return all ? *all : All{};
}

TEST(RoundTrip, Query) {
  Service service(test::monitoring_model());
  const auto response = dispatch(service.table, form("Action=GetEcho&Version=2010-08-01" +
                                                     everything_as_query(".member", ".entry")));
  ASSERT_EQ(response.status, 200) << text_of(response);
  EXPECT_EQ(response.headers.get("Content-Type"), "text/xml");
  EXPECT_THAT(
      text_of(response),
      StartsWith("<GetEchoResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">"
                 "<GetEchoResult><Text>"));
  EXPECT_THAT(text_of(response), HasSubstr("<Names><member>a</member><member>b</member></Names>"));
  EXPECT_THAT(text_of(response),
              HasSubstr("<ResponseMetadata><RequestId>11111111-2222-3333-4444-555555555555"
                        "</RequestId></ResponseMetadata>"));
  EXPECT_EQ(from_xml(text_of(response), "GetEchoResult"), everything());
}

TEST(RoundTrip, QueryByGet) {
  Service service(test::monitoring_model());
  const auto response =
      dispatch(service.table,
               request_of("GET", "/?Action=GetEcho" + everything_as_query(".member", ".entry")));
  ASSERT_EQ(response.status, 200) << text_of(response);
  EXPECT_EQ(from_xml(text_of(response), "GetEchoResult"), everything());
}

TEST(RoundTrip, Ec2Query) {
  Service service(test::ec2_model());
  const auto response = dispatch(
      service.table, form("Action=GetEcho&Version=2014-01-01" + everything_as_query("", "")));
  ASSERT_EQ(response.status, 200) << text_of(response);
  EXPECT_THAT(text_of(response),
              HasSubstr("<GetEchoResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">"
                        "<requestId>11111111-2222-3333-4444-555555555555</requestId>"));
  EXPECT_THAT(text_of(response), HasSubstr("<Names><item>a</item><item>b</item></Names>"));
  EXPECT_THAT(text_of(response), HasSubstr("<When>2023-11-14T22:13:20.250Z</When>"));
  EXPECT_EQ(from_xml(text_of(response), nullptr), everything());
}

TEST(RoundTrip, RealsBeyondNumbers) {
  Service service(test::monitoring_model());
  const auto in_json = dispatch(service.table, json("GraniteServiceVersion20100801.GetEcho",
                                                    R"({"Text":"t","Real":"NaN"})", "1.0"));
  EXPECT_THAT(text_of(in_json), HasSubstr(R"("Real":"NaN")"));
  const auto in_query = dispatch(service.table, form("Action=GetEcho&Text=t&Real=-Infinity"));
  EXPECT_THAT(text_of(in_query), HasSubstr("<Real>-Infinity</Real>"));
}

// ---- Answers without output
// -----------------------------------------------------------------------------------

TEST(EmptyOutput, IsWhatEachProtocolHas) {
  Service monitoring(test::monitoring_model());
  Service logs(test::logs_model());
  Service ec2(test::ec2_model());
  const auto query = dispatch(monitoring.table, form("Action=PutNothing"));
  EXPECT_EQ(text_of(query),
            "<PutNothingResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">"
            "<ResponseMetadata><RequestId>11111111-2222-3333-4444-555555555555</RequestId>"
            "</ResponseMetadata></PutNothingResponse>");
  EXPECT_EQ(text_of(dispatch(logs.table, json("Logs_20140328.PutNothing", "{}"))), "");
  EXPECT_EQ(text_of(dispatch(monitoring.table,
                             json("GraniteServiceVersion20100801.PutNothing", "", "1.0"))),
            "{}");
  EXPECT_THAT(text_of(dispatch(ec2.table, form("Action=PutNothing"))),
              HasSubstr("<return>true</return>"));
  const auto smithy = dispatch(monitoring.table, cbor("PutNothing", ""));
  EXPECT_EQ(text_of(smithy), "");
  EXPECT_EQ(smithy.headers.find("Content-Type"), std::nullopt);
  EXPECT_EQ(smithy.headers.get("smithy-protocol"), "rpc-v2-cbor");
}

// ---- Errors
// -------------------------------------------------------------------------------------------------------

TEST(Errors, Json) {
  Service service(test::logs_model());
  service.api.failure = {ErrorKind::not_found,
                         "ResourceNotFoundException",
                         "The specified log group does not exist.",
                         {{"resourceName", "x"}}};
  const auto response = dispatch(service.table, json("Logs_20140328.GetFail", "{}"));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.headers.get("x-amzn-ErrorType"), "ResourceNotFoundException");
  EXPECT_EQ(
      text_of(response),
      R"({"__type":"ResourceNotFoundException","message":"The specified log group does not exist.","resourceName":"x"})");
}

TEST(Errors, AServiceMayHaveMembersThatAreNoTexts) {
  ServiceModel model = test::logs_model();
  model.error_members = [](const Error& error, Document& body) {
    if (error.code != "Mine") return false;
    body["location"]["offset"] = static_cast<std::int64_t>(error.details.size());
    return true;
  };
  Service service(std::move(model));
  service.api.failure = {ErrorKind::invalid, "Mine", "no", {{"resourceName", "x"}}};
  EXPECT_EQ(text_of(dispatch(service.table, json("Logs_20140328.GetFail", "{}"))),
            R"({"__type":"Mine","message":"no","location":{"offset":1}})");
  service.api.failure.code = "Other";
  EXPECT_EQ(text_of(dispatch(service.table, json("Logs_20140328.GetFail", "{}"))),
            R"({"__type":"Other","message":"no","resourceName":"x"})");
}

TEST(Errors, Query) {
  Service service(test::monitoring_model());
  const auto response = dispatch(service.table, form("Action=GetFail"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(text_of(response),
            "<ErrorResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><Error>"
            "<Type>Sender</Type><Code>ResourceNotFound</Code><Message>It is not there.</Message>"
            "</Error><RequestId>11111111-2222-3333-4444-555555555555</RequestId></ErrorResponse>");
}

TEST(Errors, Ec2) {
  Service service(test::ec2_model());
  service.api.failure = {ErrorKind::not_found, "InvalidVpcID.NotFound", "no <vpc>", {}};
  const auto response = dispatch(service.table, form("Action=GetFail"));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(text_of(response),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>"
            "<Code>InvalidVpcID.NotFound</Code><Message>no &lt;vpc&gt;</Message></Error></Errors>"
            "<RequestID>11111111-2222-3333-4444-555555555555</RequestID></Response>");
}

TEST(Errors, CborOfAQueryCompatibleService) {
  Service service(test::monitoring_model());
  const auto plain = dispatch(service.table, cbor("GetFail", ""));
  EXPECT_EQ(plain.status, 400);
  const auto tree = parse_cbor(text_of(plain));
  ASSERT_TRUE(tree);
  EXPECT_EQ(*tree->find("__type")->string(),
            "com.amazonaws.cloudwatch.v2010_08_01#ResourceNotFoundException");

  HttpRequest request = cbor("GetFail", "");
  request.headers.add("x-amzn-query-mode", "true");
  const auto compatible = dispatch(service.table, request);
  EXPECT_EQ(compatible.status, 404);
  EXPECT_EQ(compatible.headers.get("x-amzn-query-error"), "ResourceNotFound;Sender");
  EXPECT_EQ(compatible.headers.get("x-amzn-ErrorType"), "ResourceNotFoundException");
}

TEST(Errors, ServerFaultsAreTheReceivers) {
  Service service(test::monitoring_model());
  service.api.failure = {ErrorKind::internal, "InternalServiceError", "oops", {}};
  const auto response = dispatch(service.table, form("Action=GetFail"));
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(text_of(response), HasSubstr("<Type>Receiver</Type>"));
}

TEST(Errors, BrokenConstraintsHaveTheTextOfAws) {
  Service logs(test::logs_model());
  const auto response =
      dispatch(logs.table, json("Logs_20140328.GetEcho", R"({"Text":"t","Number":1001})"));
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(text_of(response), HasSubstr("InvalidParameterException"));
  EXPECT_THAT(text_of(response),
              HasSubstr("1 validation error detected: Value '1001' at 'number' failed to satisfy "
                        "constraint: Member must have value less than or equal to 1000"));
  Service monitoring(test::monitoring_model());
  const auto in_json =
      dispatch(monitoring.table, json("GraniteServiceVersion20100801.GetEcho", "{}", "1.0"));
  EXPECT_THAT(text_of(in_json), HasSubstr("com.amazon.coral.validate#ValidationException"));
  const auto in_query = dispatch(monitoring.table, form("Action=GetEcho"));
  EXPECT_THAT(text_of(in_query), HasSubstr("<Code>ValidationError</Code>"));
}

TEST(Errors, WhatCannotBeRead) {
  Service logs(test::logs_model());
  for (const std::string& body :
       {std::string("{"), std::string("[]"), std::string("null"), std::string(R"({"Text":3})")}) {
    const auto response = dispatch(logs.table, json("Logs_20140328.GetEcho", body));
    EXPECT_EQ(response.status, 400);
    EXPECT_THAT(text_of(response), HasSubstr("SerializationException")) << body;
  }
  Service monitoring(test::monitoring_model());
  EXPECT_THAT(text_of(dispatch(monitoring.table, form("Action=GetEcho&Text=t&Number=many"))),
              HasSubstr("<Code>MalformedInput</Code>"));
}

TEST(Errors, UnknownOperations) {
  Service logs(test::logs_model());
  EXPECT_EQ(text_of(dispatch(logs.table, json("Logs_20140328.Nope", "{}"))),
            R"({"__type":"UnknownOperationException"})");
  EXPECT_THAT(text_of(dispatch(logs.table, form("Action=GetEcho"))), HasSubstr("InvalidAction"));
  Service monitoring(test::monitoring_model());
  EXPECT_THAT(text_of(dispatch(monitoring.table, form("Action=Nope&Version=2010-08-01"))),
              HasSubstr("Could not find operation Nope for version 2010-08-01"));
  EXPECT_THAT(text_of(dispatch(monitoring.table, form("Text=t"))),
              HasSubstr("<Code>MissingAction</Code>"));
  Service ec2(test::ec2_model());
  EXPECT_THAT(text_of(dispatch(ec2.table, form("Action=Nope"))),
              HasSubstr("The action Nope is not valid for this web service."));
}

TEST(Errors, OfS3) {
  HttpRequest request = request_of("GET", "/b/k");
  const Error error{
      ErrorKind::not_found, "NoSuchKey", "The specified key does not exist.", {{"Key", "k"}}};
  const auto response = s3_error_response(error, request);
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.headers.get("x-amz-request-id"), "1111111122223333");
  EXPECT_THAT(text_of(response),
              HasSubstr("<Error><Code>NoSuchKey</Code><Message>The specified key does not exist."
                        "</Message><Key>k</Key><RequestId>1111111122223333</RequestId><HostId>"));
  request.method = "HEAD";
  EXPECT_EQ(text_of(s3_error_response(error, request)), "");
}

TEST(Errors, Statuses) {
  const auto status = [](Protocol protocol, ErrorKind kind, std::string code) {
    return http_status(protocol, {kind, std::move(code), "", {}});
  };
  EXPECT_EQ(status(Protocol::ec2_query, ErrorKind::unauthorized, "AuthFailure"), 401);
  EXPECT_EQ(status(Protocol::ec2_query, ErrorKind::invalid, "DryRunOperation"), 412);
  EXPECT_EQ(status(Protocol::query, ErrorKind::limit, "TopicLimitExceeded"), 403);
  EXPECT_EQ(status(Protocol::query, ErrorKind::limit, "LimitExceeded"), 400);
  EXPECT_EQ(status(Protocol::json_1_1, ErrorKind::forbidden, "AccessDeniedException"), 400);
  EXPECT_EQ(status(Protocol::json_1_1, ErrorKind::too_large, "RequestEntityTooLarge"), 413);
  EXPECT_EQ(status(Protocol::json_1_1, ErrorKind::unavailable, "ServiceUnavailableException"), 500);
  EXPECT_EQ(status(Protocol::rest_xml, ErrorKind::invalid, "InvalidRange"), 416);
  EXPECT_EQ(status(Protocol::rest_xml, ErrorKind::invalid, "PreconditionFailed"), 412);
}

// ---- Recognising
// ------------------------------------------------------------------------------------------------

TEST(Recognise, CborBehindAPrefix) {
  HttpRequest request = cbor("PutMetricData", "");
  set_target(request, "/base/service/GraniteServiceVersion20100801/operation/PutMetricData");
  const auto call = recognise(request);
  ASSERT_TRUE(call);
  EXPECT_EQ(call->protocol, Protocol::cbor);
  EXPECT_EQ(call->service, "GraniteServiceVersion20100801");
  EXPECT_EQ(call->operation, "PutMetricData");
}

TEST(Recognise, S3IsNoCall) {
  EXPECT_FALSE(recognise(request_of("GET", "/")));
  EXPECT_FALSE(recognise(request_of("PUT", "/b/k?partNumber=1")));
  EXPECT_FALSE(recognise(request_of("POST", "/b?delete")));
  EXPECT_FALSE(recognise(request_of("GET", "/b/k?Action=x")));
}

TEST(ContentEncoding, GzipIsUndoneBeforeTheActionIsLookedFor) {
  Service service(test::monitoring_model());
  // printf 'Action=GetEcho&Version=2010-08-01&Text=zipped' | gzip -n | base64
  const auto zipped = base64_decode(
      "H4sIAAAAAAAAA3NMLsnMz7N1Ty1xTc7IVwtLLSoG8Y0MDA10DSx0DQzVQlIrSmyrMgsKUlMAt/IaKi0AAAA=");
  ASSERT_TRUE(zipped);
  HttpRequest request = form(*zipped);
  request.headers.add("Content-Encoding", "gzip");
  ASSERT_TRUE(undo_content_encoding(request));
  EXPECT_EQ(recognise(request)->operation, "GetEcho");
  EXPECT_THAT(text_of(dispatch(service.table, request)), HasSubstr("<Text>zipped</Text>"));
  EXPECT_TRUE(undo_content_encoding(request)) << "the second time there is nothing to undo";

  HttpRequest broken = form(zipped->substr(0, 30));
  broken.headers.add("Content-Encoding", "gzip");
  EXPECT_FALSE(undo_content_encoding(broken));

  HttpRequest other = form("x");
  other.headers.add("Content-Encoding", "br");
  const auto result = undo_content_encoding(other);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "MalformedHttpRequestException");
}

TEST(Markdown, ShowsWhatIsMissingOfOperations) {
  OperationTable table{test::logs_model()};
  table.add({.name = "B"});
  table.add({.name = "A"});
  table.add({.name = "C", .partial = "no pages"});
  EXPECT_EQ(states_markdown(table),
            "| state | operations |\n|---|---|\n| full | A, B |\n| part | C: no pages |\n");
}

TEST(Markdown, ListsOperationsAndMembers) {
  Service service(test::logs_model());
  const OperationTable* tables[] = {&service.table};
  const std::string text = operations_markdown(tables);
  EXPECT_THAT(text, HasSubstr("## logs\n\nProtocols: JSON 1.1."));
  EXPECT_THAT(text, HasSubstr("| GetEcho | `Text`*, `Number`"));
  EXPECT_THAT(text, HasSubstr("| PutNothing | none | none |"));
}

}  // namespace
}  // namespace weir::wire
