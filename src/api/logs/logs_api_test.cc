// SPDX-License-Identifier: Apache-2.0
#include "api/logs/logs_api.h"

#include <algorithm>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/logs/model.h"
#include "base/document.h"
#include "wire/dispatch.h"

namespace weir::api::logs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Requests and answers are JSON texts, as on the wire.
struct ApiWorld {
  ApiWorld() {
    WEIR_ASSERT(service.load());
    api.add_to(table);
    request.scope = {.account = "123456789012", .region = "eu-west-1"};
  }

  Result<Document> ask(std::string_view operation, std::string_view input) {
    const wire::Operation* found = table.find(operation);
    WEIR_ASSERT(found != nullptr);
    WEIR_TRY(const Document tree, parse_json(input));
    WEIR_TRY(const wire::Answer answer, found->call(request, tree, {}));
    return to_document(*answer.type, answer.value.get());
  }
  /// The answer, or `Code: message`.
  std::string call(std::string_view operation, std::string_view input) {
    const auto answer = ask(operation, input);
    if (!answer) return answer.error().code + ": " + answer.error().message;
    return to_json(*answer);
  }
  /// A member of the answer as text.
  std::string member(std::string_view operation, std::string_view input, std::string_view name) {
    const auto answer = ask(operation, input);
    if (!answer) return answer.error().code + ": " + answer.error().message;
    const Document* found = answer->find(name);
    if (found == nullptr) return "absent";
    return found->string() != nullptr ? *found->string() : to_json(*found);
  }

  void create() {
    EXPECT_EQ(call("CreateLogGroup", R"({"logGroupName":"g"})"), "{}");
    EXPECT_EQ(call("CreateLogStream", R"({"logGroupName":"g","logStreamName":"s"})"), "{}");
  }
  /// Puts one event for each message, now.
  std::string put(std::initializer_list<const char*> messages) {
    std::string events;
    for (const char* message : messages) {
      if (!events.empty()) events += ",";
      events += R"({"timestamp":)" + now + R"(,"message":)";
      append_json_string(events, message);
      events += "}";
    }
    return call("PutLogEvents",
                R"({"logGroupName":"g","logStreamName":"s","logEvents":[)" + events + "]}");
  }

  SimulatedRuntime runtime{3, Time{1767225600000}};
  std::string now = "1767225600000";
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  weir::logs::Logs service{
      runtime,
      *store,
      [](const Scope&, std::string_view, std::span<const weir::logs::MetricValue>) -> Result<void> {
        return {};
      },
      {}};
  LogsApi api{service};
  wire::OperationTable table{logs_model()};
  wire::Request request;
};

constexpr const char* kGroupMissing =
    "ResourceNotFoundException: The specified log group does not exist.";
constexpr const char* kStreamMissing =
    "ResourceNotFoundException: The specified log stream does not exist.";
constexpr const char* kBadToken = "InvalidParameterException: The specified nextToken is invalid.";

std::string violation(std::string_view value, std::string_view member, std::string_view text) {
  std::string out = "InvalidParameterException: 1 validation error detected: Value '";
  out.append(value).append("' at '").append(member);
  return out.append("' failed to satisfy constraint: ").append(text);
}

// ---- The wire -----------------------------------------------------------------------------------

TEST(LogsWire, AnswersJson11WithShortErrorNames) {
  ApiWorld world;
  const auto post = [&](std::string_view target, std::string body) {
    wire::HttpRequest request;
    request.method = "POST";
    request.target = request.path = "/";
    request.headers.add("Content-Type", "application/x-amz-json-1.1");
    request.headers.add("X-Amz-Target", std::string(target));
    request.body.content = std::move(body);
    request.caller = world.request;
    return wire::dispatch(world.table, request);
  };
  auto answer = post("Logs_20140328.DescribeLogGroups", "{}");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.get("Content-Type"), "application/x-amz-json-1.1");
  EXPECT_EQ(std::get<std::string>(answer.body), R"({"logGroups":[]})");
  answer = post("Logs_20140328.DeleteLogGroup", R"({"logGroupName":"g"})");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(std::get<std::string>(answer.body),
              AllOf(HasSubstr(R"("__type":"ResourceNotFoundException")"),
                    HasSubstr(R"("message":"The specified log group does not exist.")")));
}

// ---- Groups -------------------------------------------------------------------------------------

TEST(CreateLogGroup, IsShownByDescribeLogGroups) {
  ApiWorld world;
  EXPECT_EQ(world.call("CreateLogGroup",
                       R"({"logGroupName":"/vpc/flow","kmsKeyId":"arn:aws:kms:x","tags":{"a":"b"},
                           "deletionProtectionEnabled":true})"),
            "{}");
  EXPECT_EQ(world.call("DescribeLogGroups", "{}"),
            R"({"logGroups":[{"logGroupName":"/vpc/flow","creationTime":1767225600000,)"
            R"("metricFilterCount":0,)"
            R"("arn":"arn:aws:logs:eu-west-1:123456789012:log-group:/vpc/flow:*","storedBytes":0,)"
            R"("kmsKeyId":"arn:aws:kms:x","logGroupClass":"STANDARD",)"
            R"("logGroupArn":"arn:aws:logs:eu-west-1:123456789012:log-group:/vpc/flow",)"
            R"("deletionProtectionEnabled":true,"bearerTokenAuthenticationEnabled":false}]})");
  EXPECT_EQ(world.call("ListTagsLogGroup", R"({"logGroupName":"/vpc/flow"})"),
            R"({"tags":{"a":"b"}})");
}

TEST(CreateLogGroup, FailuresHaveTheTextsOfAws) {
  ApiWorld world;
  world.create();
  EXPECT_EQ(world.call("CreateLogGroup", R"({"logGroupName":"g"})"),
            "ResourceAlreadyExistsException: The specified log group already exists");
  EXPECT_EQ(world.call("CreateLogGroup", R"({"logGroupName":")" + std::string(513, 'a') + R"("})"),
            "InvalidParameterException: Invalid LogGroup or LogStream, both must have length less "
            "than or equal to 512.");
  EXPECT_EQ(world.call("CreateLogGroup", R"({"logGroupName":"AWS/x"})"),
            "InvalidParameterException: Log groups starting with AWS/ are reserved for AWS.");
  EXPECT_EQ(world.call("CreateLogGroup", R"({"logGroupName":"a b"})"),
            violation("a b", "logGroupName",
                      "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+"));
  EXPECT_EQ(world.call("CreateLogGroup", R"({"logGroupName":"x","logGroupClass":"CHEAP"})"),
            violation("CHEAP", "logGroupClass",
                      "Member must satisfy enum value set: [STANDARD, INFREQUENT_ACCESS, "
                      "DELIVERY]"));
  EXPECT_THAT(world.call("CreateLogGroup", "{}"), HasSubstr("Member must not be null"));
  EXPECT_THAT(world.call("CreateLogGroup", R"({"logGroupName":"x","tags":{"a!":"b"}})"),
              StartsWith(violation("{a!=b}", "tags", "Map keys must satisfy constraint: [")));
  EXPECT_THAT(world.call("CreateLogGroup", R"({"logGroupName":"x","tags":{"a":"b!"}})"),
              HasSubstr("Map value must satisfy constraint: ["));
}

TEST(DescribeLogGroups, PagesInOrderOfName) {
  ApiWorld world;
  for (const char* name : {"c", "a", "b", "z"}) {
    world.call("CreateLogGroup", R"({"logGroupName":")" + std::string(name) + R"("})");
  }
  std::string seen;
  std::string token;
  int pages = 0;
  do {
    const std::string next = token.empty() ? "" : R"(,"nextToken":")" + token + "\"";
    const auto page = world.ask("DescribeLogGroups", R"({"limit":3)" + next + "}");
    ASSERT_TRUE(page);
    for (const Document& group : *page->find("logGroups")->list()) {
      seen += *group.find("logGroupName")->string();
    }
    token = page->find("nextToken") != nullptr ? *page->find("nextToken")->string() : "";
    ++pages;
  } while (!token.empty());
  EXPECT_EQ(seen, "abcz");
  EXPECT_EQ(pages, 2);
  EXPECT_EQ(world.call("DescribeLogGroups", R"({"nextToken":"%%"})"), kBadToken);
  EXPECT_EQ(world.call("DescribeLogGroups", R"({"nextToken":""})"),
            violation("", "nextToken", "Member must have length greater than or equal to 1"));
  EXPECT_EQ(world.call("DescribeLogGroups", R"({"limit":51})"),
            violation("51", "limit", "Member must have value less than or equal to 50"));
}

TEST(DescribeLogGroups, PatternAnswersLeaveOutTwoMembers) {
  ApiWorld world;
  world.create();
  EXPECT_THAT(world.call("DescribeLogGroups", R"({"logGroupNamePattern":"g"})"),
              AllOf(HasSubstr(R"("logGroupName":"g")"), Not(HasSubstr("storedBytes")),
                    Not(HasSubstr("deletionProtectionEnabled"))));
  EXPECT_EQ(
      world.call("DescribeLogGroups", R"({"logGroupNamePattern":"g","logGroupNamePrefix":"g"})"),
      "InvalidParameterException: LogGroup name prefix and LogGroup name pattern are "
      "mutually exclusive parameters.");
}

TEST(DescribeLogGroups, IdentifiersAreNamesOrArns) {
  ApiWorld world;
  world.create();
  world.call("CreateLogGroup", R"({"logGroupName":"h"})");
  const auto names = [&](const std::string& identifier) {
    return world.call("DescribeLogGroups", R"({"logGroupIdentifiers":[")" + identifier + R"("]})");
  };
  EXPECT_THAT(names("h"), AllOf(HasSubstr("log-group:h\""), Not(HasSubstr("log-group:g\""))));
  EXPECT_THAT(names("arn:aws:logs:eu-west-1:123456789012:log-group:g"),
              AllOf(HasSubstr("log-group:g\""), Not(HasSubstr("log-group:h\""))));
}

TEST(ListLogGroups, FindsAlternativesOfPartsAndBeginnings) {
  ApiWorld world;
  for (const char* name : {"/vpc/flow", "/vpc/other", "my/vpc", "web"}) {
    world.call("CreateLogGroup", R"({"logGroupName":")" + std::string(name) + R"("})");
  }
  EXPECT_EQ(world.call("ListLogGroups", R"({"logGroupNamePattern":"^web|flow"})"),
            R"({"logGroups":[{"logGroupName":"/vpc/flow",)"
            R"("logGroupArn":"arn:aws:logs:eu-west-1:123456789012:log-group:/vpc/flow",)"
            R"("logGroupClass":"STANDARD"},{"logGroupName":"web",)"
            R"("logGroupArn":"arn:aws:logs:eu-west-1:123456789012:log-group:web",)"
            R"("logGroupClass":"STANDARD"}]})");
  EXPECT_THAT(world.call("ListLogGroups", R"({"logGroupNamePattern":"^/vpc","limit":1})"),
              AllOf(HasSubstr("/vpc/flow"), HasSubstr("nextToken")));
  EXPECT_THAT(world.call("ListLogGroups", R"({"logGroupNamePattern":"ab"})"),
              HasSubstr("validation errors detected"));
  EXPECT_EQ(world.call("ListLogGroups", R"({"dataSources":[{"name":"amazon_vpc"}]})"),
            "InvalidParameterException: dataSources is not supported");
}

TEST(ListLogGroups, FindsGroupsByTheirTags) {
  ApiWorld world;
  world.call("CreateLogGroup", R"({"logGroupName":"a","tags":{"stage":"prod","team":"net"}})");
  world.call("CreateLogGroup", R"({"logGroupName":"b","tags":{"stage":"test"}})");
  const auto names = [&](std::string_view filters) {
    const auto answer =
        world.ask("ListLogGroups", R"({"logGroupTags":)" + std::string(filters) + "}");
    if (!answer) return answer.error().code + ": " + answer.error().message;
    std::string found;
    for (const Document& group : *answer->find("logGroups")->list()) {
      found += *group.find("logGroupName")->string();
    }
    return found;
  };
  EXPECT_EQ(names(R"([{"key":"stage"}])"), "ab");
  EXPECT_EQ(names(R"([{"key":"stage","values":["PROD*"]}])"), "a");
  EXPECT_EQ(names(R"([{"key":"stage","values":["!prod"]}])"), "b");
  EXPECT_EQ(names(R"([{"key":"stage"},{"key":"team","values":["net"]}])"), "a");
  EXPECT_EQ(names(R"([{"key":"owner"}])"), "");
  EXPECT_THAT(names("[]"), HasSubstr("Member must have length greater than or equal to 1"));
}

TEST(ListLogGroups, WithoutIndexPoliciesNoGroupHasAnIndex) {
  ApiWorld world;
  world.create();
  EXPECT_EQ(world.call("ListLogGroups", R"({"fieldIndexNames":["srcAddr"]})"),
            R"({"logGroups":[]})");
}

TEST(ListLogGroups, KnowsNoLinkedAccounts) {
  ApiWorld world;
  world.create();
  constexpr const char* kOther =
      R"({"includeLinkedAccounts":true,"accountIdentifiers":["210987654321"]})";
  EXPECT_EQ(world.call("ListLogGroups", kOther), R"({"logGroups":[]})");
  EXPECT_EQ(world.call("DescribeLogGroups", kOther), R"({"logGroups":[]})");
  EXPECT_THAT(
      world.call("DescribeLogGroups", R"({"accountIdentifiers":["210987654321","123456789012"]})"),
      HasSubstr(R"("logGroupName":"g")"));
  EXPECT_THAT(world.call("DescribeLogGroups", R"({"accountIdentifiers":["me"]})"),
              HasSubstr("Value '[me]' at 'accountIdentifiers' failed to satisfy constraint"));
}

TEST(DescribeLogGroups, IdentifiersAreTheOnlyFilter) {
  ApiWorld world;
  world.create();
  EXPECT_THAT(
      world.call("DescribeLogGroups", R"({"logGroupIdentifiers":["g"],"logGroupNamePrefix":"g"})"),
      StartsWith("InvalidParameterException: logGroupIdentifiers cannot be used with"));
  EXPECT_EQ(world.call("DescribeLogGroups", R"({"logGroupIdentifiers":["other"]})"),
            R"({"logGroups":[]})");
}

TEST(DeliveryClass, HasAFixedRetention) {
  ApiWorld world;
  world.call("CreateLogGroup", R"({"logGroupName":"d","logGroupClass":"DELIVERY"})");
  EXPECT_THAT(world.call("DescribeLogGroups", "{}"), HasSubstr(R"("retentionInDays":2,)"));
  EXPECT_EQ(world.call("PutRetentionPolicy", R"({"logGroupName":"d","retentionInDays":7})"),
            "InvalidParameterException: The retention of log groups of class DELIVERY is fixed.");
  EXPECT_EQ(world.call("DeleteRetentionPolicy", R"({"logGroupName":"d"})"),
            "InvalidParameterException: The retention of log groups of class DELIVERY is fixed.");
}

TEST(PageTokens, ThatWereTamperedWithAreRefused) {
  ApiWorld world;
  for (const char* name : {"a", "b", "c"}) {
    world.call("CreateLogGroup", R"({"logGroupName":")" + std::string(name) + R"("})");
  }
  std::string token = world.member("DescribeLogGroups", R"({"limit":1})", "nextToken");
  EXPECT_THAT(world.call("DescribeLogGroups", R"({"limit":1,"nextToken":")" + token + R"("})"),
              HasSubstr(R"("logGroupName":"b")"));
  std::ranges::reverse(token);
  for (const std::string& bad : {token, std::string("YQ=="), std::string("x")}) {
    EXPECT_EQ(world.call("DescribeLogGroups", R"({"nextToken":")" + bad + R"("})"), kBadToken);
    EXPECT_EQ(world.call("ListLogGroups", R"({"nextToken":")" + bad + R"("})"), kBadToken);
  }
}

TEST(PageTokens, OfFilterLogEventsThatWereTamperedWithAreRefused) {
  ApiWorld world;
  world.create();
  world.call("PutLogEvents",
             R"({"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":)" + world.now +
                 R"(,"message":"a"},{"timestamp":)" + world.now + R"(,"message":"b"}]})");
  const auto next = [&world](const std::string& token) {
    return world.call("FilterLogEvents",
                      R"({"logGroupName":"g","limit":1,"nextToken":")" + token + R"("})");
  };
  const std::string token =
      world.member("FilterLogEvents", R"({"logGroupName":"g","limit":1})", "nextToken");
  EXPECT_THAT(next(token), HasSubstr(R"("message":"b")"));
  for (std::size_t at = 0; at < token.size(); at += 3) {
    std::string bad = token;
    bad[at] = bad[at] == 'A' ? 'B' : 'A';
    EXPECT_EQ(next(bad), kBadToken) << at;
  }
  EXPECT_EQ(next("f/" + std::string(56, '1')), kBadToken);
  EXPECT_EQ(world.call("GetLogEvents", R"({"logGroupName":"g","logStreamName":"s","nextToken":")" +
                                           token + R"("})"),
            kBadToken);
}

TEST(PutLogEvents, KeepsTheEventsOfABadEntity) {
  ApiWorld world;
  world.create();
  const std::string start =
      R"({"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":)" + world.now +
      R"(,"message":"m"}],"entity":)";
  EXPECT_EQ(world.member("PutLogEvents", start + R"({"keyAttributes":{"Type":"x","Name":"y"}}})",
                         "rejectedEntityInfo"),
            R"({"errorType":"InvalidTypeValue"})");
  EXPECT_EQ(world.member("PutLogEvents", start + R"({"keyAttributes":{"Type":"Service","Name":"a",
                                    "Environment":"b"}}})",
                         "rejectedEntityInfo"),
            "absent");
  const auto read = world.ask("GetLogEvents", R"({"logGroupName":"g","logStreamName":"s"})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->find("events")->list()->size(), 2u);
}

TEST(DescribeLogStreams, PagesAreTheWholeListInEitherDirection) {
  ApiWorld world;
  world.call("CreateLogGroup", R"({"logGroupName":"g"})");
  for (const char* name : {"a", "ab", "abc", "b", "c"}) {
    world.call("CreateLogStream",
               R"({"logGroupName":"g","logStreamName":")" + std::string(name) + R"("})");
  }
  const auto walk = [&](const std::string& options) {
    std::string names;
    std::string token;
    do {
      const auto answer = world.ask("DescribeLogStreams",
                                    R"({"logGroupName":"g","limit":2)" + options + token + "}");
      if (!answer) return answer.error().message;
      for (const Document& stream : *answer->find("logStreams")->list()) {
        names += *stream.find("logStreamName")->string() + ' ';
      }
      const Document* next = answer->find("nextToken");
      token = next == nullptr ? "" : R"(,"nextToken":")" + *next->string() + '"';
    } while (!token.empty() && names.size() < 100);
    return names;
  };
  EXPECT_EQ(walk(""), "a ab abc b c ");
  EXPECT_EQ(walk(R"(,"descending":true)"), "c b abc ab a ");
  EXPECT_EQ(walk(R"(,"logStreamNamePrefix":"a")"), "a ab abc ");
  EXPECT_EQ(walk(R"(,"logStreamNamePrefix":"a","descending":true)"), "abc ab a ");
  EXPECT_EQ(walk(R"(,"orderBy":"LastEventTime")"), "a ab abc b c ");
  EXPECT_EQ(walk(R"(,"orderBy":"LastEventTime","descending":true)"), "c b abc ab a ");
}

TEST(DeleteLogGroup, RemovesIt) {
  ApiWorld world;
  world.create();
  EXPECT_EQ(world.call("DeleteLogGroup", R"({"logGroupName":"g"})"), "{}");
  EXPECT_EQ(world.call("DeleteLogGroup", R"({"logGroupName":"g"})"), kGroupMissing);
}

TEST(PutLogGroupDeletionProtection, KeepsTheGroup) {
  ApiWorld world;
  world.create();
  const std::string arn = "arn:aws:logs:eu-west-1:123456789012:log-group:g";
  EXPECT_EQ(
      world.call("PutLogGroupDeletionProtection",
                 R"({"logGroupIdentifier":")" + arn + R"(","deletionProtectionEnabled":true})"),
      "{}");
  EXPECT_EQ(world.call("DeleteLogGroup", R"({"logGroupName":"g"})"),
            "ValidationException: Cannot delete log group with deletion protection enabled. "
            "Disable deletion protection first.");
  EXPECT_EQ(world.call("PutLogGroupDeletionProtection",
                       R"({"logGroupIdentifier":"g","deletionProtectionEnabled":false})"),
            "{}");
  EXPECT_EQ(world.call("PutLogGroupDeletionProtection",
                       R"({"logGroupIdentifier":"none","deletionProtectionEnabled":false})"),
            kGroupMissing);
  EXPECT_THAT(world.call("PutLogGroupDeletionProtection", R"({"logGroupIdentifier":"g"})"),
              HasSubstr("Member must not be null"));
}

TEST(RetentionPolicy, IsSetAndRemoved) {
  ApiWorld world;
  world.create();
  EXPECT_EQ(world.call("PutRetentionPolicy", R"({"logGroupName":"g","retentionInDays":30})"), "{}");
  EXPECT_THAT(world.call("DescribeLogGroups", "{}"), HasSubstr(R"("retentionInDays":30)"));
  EXPECT_THAT(world.call("PutRetentionPolicy", R"({"logGroupName":"g","retentionInDays":31})"),
              StartsWith("InvalidParameterException: "));
  EXPECT_EQ(world.call("DeleteRetentionPolicy", R"({"logGroupName":"g"})"), "{}");
  EXPECT_THAT(world.call("DescribeLogGroups", "{}"), Not(HasSubstr("retentionInDays")));
  EXPECT_EQ(world.call("PutRetentionPolicy", R"({"logGroupName":"x","retentionInDays":30})"),
            kGroupMissing);
  EXPECT_EQ(world.call("DeleteRetentionPolicy", R"({"logGroupName":"x"})"), kGroupMissing);
}

// ---- Streams ------------------------------------------------------------------------------------

TEST(LogStream, IsCreatedShownAndDeleted) {
  ApiWorld world;
  world.create();
  EXPECT_EQ(world.call("DescribeLogStreams", R"({"logGroupName":"g"})"),
            R"({"logStreams":[{"logStreamName":"s","creationTime":1767225600000,)"
            R"("arn":"arn:aws:logs:eu-west-1:123456789012:log-group:g:log-stream:s",)"
            R"("storedBytes":0}]})");
  world.put({"x"});
  EXPECT_THAT(world.call("DescribeLogStreams", R"({"logGroupIdentifier":"g"})"),
              AllOf(HasSubstr(R"("firstEventTimestamp":1767225600000)"),
                    HasSubstr(R"("lastEventTimestamp":1767225600000)"),
                    HasSubstr(R"("lastIngestionTime":1767225600000)"),
                    HasSubstr(R"("uploadSequenceToken":"49)"), HasSubstr(R"("storedBytes":0)")));
  EXPECT_EQ(world.call("CreateLogStream", R"({"logGroupName":"g","logStreamName":"s"})"),
            "ResourceAlreadyExistsException: The specified log stream already exists");
  EXPECT_EQ(world.call("CreateLogStream", R"({"logGroupName":"x","logStreamName":"s"})"),
            kGroupMissing);
  EXPECT_EQ(world.call("DeleteLogStream", R"({"logGroupName":"g","logStreamName":"s"})"), "{}");
  EXPECT_EQ(world.call("DeleteLogStream", R"({"logGroupName":"g","logStreamName":"s"})"),
            kStreamMissing);
  EXPECT_EQ(world.call("DeleteLogStream", R"({"logGroupName":"x","logStreamName":"s"})"),
            kGroupMissing);
}

TEST(DescribeLogStreams, PagesAndOrders) {
  ApiWorld world;
  world.create();
  world.call("CreateLogStream", R"({"logGroupName":"g","logStreamName":"a"})");
  world.put({"x"});
  const auto first = world.ask("DescribeLogStreams", R"({"logGroupName":"g","limit":1})");
  const std::string token = *first->find("nextToken")->string();
  EXPECT_THAT(
      world.call("DescribeLogStreams", R"({"logGroupName":"g","nextToken":")" + token + "\"}"),
      AllOf(HasSubstr(R"("logStreamName":"s")"), Not(HasSubstr(R"("logStreamName":"a")"))));
  EXPECT_THAT(
      world.call("DescribeLogStreams",
                 R"({"logGroupName":"g","orderBy":"LastEventTime","descending":true,"limit":1})"),
      HasSubstr(R"("logStreamName":"s")"));
}

TEST(DescribeLogStreams, FailuresHaveTheTextsOfAws) {
  ApiWorld world;
  world.create();
  EXPECT_EQ(world.call("DescribeLogStreams", R"({"logGroupName":"x"})"), kGroupMissing);
  EXPECT_EQ(world.call("DescribeLogStreams", R"({"logGroupName":"g","logGroupIdentifier":"g"})"),
            "ValidationException: LogGroup name and LogGroup ARN are mutually exclusive "
            "parameters.");
  EXPECT_EQ(
      world.call("DescribeLogStreams",
                 R"({"logGroupIdentifier":"arn:aws:logs:eu-west-1:123456789012:log-group:g:*"})"),
      "InvalidParameterException: 1 validation error detected: Value at 'logGroupIdentifier' "
      "failed to satisfy constraint: Member must satisfy regular expression pattern: "
      "[\\w#+=/:,.@-]*");
  EXPECT_EQ(
      world.call("DescribeLogStreams",
                 R"({"logGroupName":"g","orderBy":"LastEventTime","logStreamNamePrefix":"s"})"),
      "InvalidParameterException: Cannot order by LastEventTime with a logStreamNamePrefix.");
  EXPECT_EQ(world.call("DescribeLogStreams", R"({"logGroupName":"g","orderBy":"Size"})"),
            violation("Size", "orderBy",
                      "Member must satisfy enum value set: [LogStreamName, LastEventTime]"));
  EXPECT_THAT(world.call("DescribeLogStreams", "{}"), HasSubstr("Member must not be null"));
  EXPECT_EQ(world.call("DescribeLogStreams",
                       R"({"logGroupName":"g","orderBy":"LastEventTime","nextToken":"YQ=="})"),
            kBadToken);
}

// ---- Events -------------------------------------------------------------------------------------

TEST(PutLogEvents, AnswersATokenAndWhatWasRejected) {
  ApiWorld world;
  world.create();
  EXPECT_THAT(world.put({"x"}), AllOf(HasSubstr(R"("nextSequenceToken":"49)"),
                                      Not(HasSubstr("rejectedLogEventsInfo"))));
  const std::string old = R"({"logGroupName":"g","logStreamName":"s","sequenceToken":"any",
      "logEvents":[{"timestamp":1,"message":"old"},{"timestamp":1767225600000,"message":"x"}]})";
  EXPECT_EQ(world.member("PutLogEvents", old, "rejectedLogEventsInfo"),
            R"({"tooOldLogEventEndIndex":1})");
}

TEST(PutLogEvents, FailuresHaveTheTextsOfAws) {
  ApiWorld world;
  world.create();
  const auto put = [&](const std::string& stream, const std::string& events) {
    return world.call("PutLogEvents", R"({"logGroupName":"g","logStreamName":")" + stream +
                                          R"(","logEvents":[)" + events + "]}");
  };
  EXPECT_EQ(put("s", ""),
            violation("[]", "logEvents", "Member must have length greater than or equal to 1"));
  EXPECT_EQ(put("s", R"({"timestamp":1,"message":""})"),
            violation("", "logEvents.1.member.message",
                      "Member must have length greater than or equal to 1"));
  EXPECT_THAT(put("s", R"({"timestamp":-1,"message":"x"})"),
              HasSubstr("'logEvents.1.member.timestamp' failed to satisfy constraint: Member must "
                        "have value greater than or equal to 0"));
  EXPECT_EQ(put("none", R"({"timestamp":1,"message":"x"})"), kStreamMissing);
  EXPECT_EQ(put("s", R"({"timestamp":2,"message":"x"},{"timestamp":1,"message":"x"})"),
            "InvalidParameterException: Log events in a single PutLogEvents request must be in "
            "chronological order.");
  EXPECT_EQ(
      put("a:b", R"({"timestamp":1,"message":"x"})"),
      violation("a:b", "logStreamName", "Member must satisfy regular expression pattern: [^:*]*"));
}

TEST(GetLogEvents, PagesWithTokensOfBothDirections) {
  ApiWorld world;
  world.create();
  world.put({"1", "2", "3"});
  const std::string base = R"({"logGroupName":"g","logStreamName":"s","limit":2)";
  const auto newest = world.ask("GetLogEvents", base + "}");
  ASSERT_TRUE(newest);
  EXPECT_EQ(to_json(*newest->find("events")),
            R"([{"timestamp":1767225600000,"message":"2","ingestionTime":1767225600000},)"
            R"({"timestamp":1767225600000,"message":"3","ingestionTime":1767225600000}])");
  const std::string back = *newest->find("nextBackwardToken")->string();
  EXPECT_THAT(back, StartsWith("b/"));
  EXPECT_EQ(world.member("GetLogEvents", base + R"(,"nextToken":")" + back + "\"}", "events"),
            R"([{"timestamp":1767225600000,"message":"1","ingestionTime":1767225600000}])");
  const std::string forward = *newest->find("nextForwardToken")->string();
  EXPECT_EQ(world.member("GetLogEvents", base + R"(,"nextToken":")" + forward + "\"}",
                         "nextForwardToken"),
            forward);
  EXPECT_THAT(world.call("GetLogEvents", base + R"(,"startFromHead":true})"),
              AllOf(HasSubstr(R"("message":"1")"), Not(HasSubstr(R"("message":"3")"))));
}

TEST(GetLogEvents, FailuresHaveTheTextsOfAws) {
  ApiWorld world;
  world.create();
  const auto get = [&](const std::string& more) {
    return world.call("GetLogEvents", R"({"logStreamName":"s")" + more + "}");
  };
  EXPECT_EQ(get(R"(,"logGroupName":"x")"), kGroupMissing);
  EXPECT_EQ(get(R"(,"logGroupName":"g","nextToken":"junk")"), kBadToken);
  EXPECT_EQ(get(R"(,"logGroupName":"g","limit":10001)"),
            violation("10001", "limit", "Member must have value less than or equal to 10000"));
  EXPECT_EQ(get(R"(,"logGroupName":"g","logGroupIdentifier":"g")"),
            "ValidationException: LogGroup name and LogGroup ARN are mutually exclusive "
            "parameters.");
  EXPECT_EQ(world.call("GetLogEvents", R"({"logGroupName":"g","logStreamName":"none"})"),
            kStreamMissing);
}

TEST(FilterLogEvents, ShowsMatchingEventsWithStableIds) {
  ApiWorld world;
  world.create();
  world.put({"ERROR one", "fine", "ERROR two"});
  const std::string input = R"({"logGroupName":"g","filterPattern":"ERROR","interleaved":true})";
  const auto answer = world.ask("FilterLogEvents", input);
  ASSERT_TRUE(answer);
  const auto& events = *answer->find("events")->list();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(*events[1].find("message")->string(), "ERROR two");
  EXPECT_EQ(*events[1].find("logStreamName")->string(), "s");
  EXPECT_EQ(events[1].find("eventId")->string()->size(), 56u);
  EXPECT_EQ(to_json(*answer->find("searchedLogStreams")), "[]");
  EXPECT_EQ(answer->find("nextToken"), nullptr);
  EXPECT_EQ(world.call("FilterLogEvents", input), to_json(*answer));
}

TEST(FilterLogEvents, PagesUntilThereIsNoToken) {
  ApiWorld world;
  world.create();
  world.put({"1", "2", "3"});
  const auto first = world.ask("FilterLogEvents", R"({"logGroupName":"g","limit":2})");
  const std::string token = *first->find("nextToken")->string();
  const auto second = world.ask("FilterLogEvents",
                                R"({"logGroupName":"g","limit":2,"nextToken":")" + token + "\"}");
  EXPECT_EQ(second->find("events")->list()->size(), 1u);
  EXPECT_EQ(second->find("nextToken"), nullptr);
  EXPECT_EQ(world.call("FilterLogEvents", R"({"logGroupName":"g","nextToken":"junk"})"), kBadToken);
}

TEST(FilterLogEvents, FailuresHaveTheTextsOfAws) {
  ApiWorld world;
  world.create();
  EXPECT_EQ(world.call("FilterLogEvents", R"({"logGroupName":"x"})"), kGroupMissing);
  EXPECT_EQ(world.call("FilterLogEvents", R"({"logGroupName":"g","logStreamNames":["none"]})"),
            kStreamMissing);
  EXPECT_EQ(world.call("FilterLogEvents", R"({"logGroupName":"g","filterPattern":"{ $.a"})"),
            "InvalidParameterException: Invalid filter pattern");
  EXPECT_THAT(
      world.call("FilterLogEvents",
                 R"({"logGroupName":"g","logStreamNames":["s"],"logStreamNamePrefix":"s"})"),
      StartsWith("InvalidParameterException: "));
  EXPECT_THAT(world.call("FilterLogEvents", R"({"logGroupName":"g","startFromHead":false})"),
              StartsWith("InvalidParameterException: "));
  EXPECT_THAT(world.call("FilterLogEvents", R"({"logGroupName":"g","filterPattern":")" +
                                                std::string(1025, 'a') + "\"}"),
              HasSubstr("Member must have length less than or equal to 1024"));
}

// ---- Metric filters -----------------------------------------------------------------------------

TEST(PutMetricFilter, IsShownByDescribeMetricFilters) {
  ApiWorld world;
  world.create();
  EXPECT_EQ(world.call("PutMetricFilter",
                       R"({"logGroupName":"g","filterName":"f","filterPattern":"[a, b = 1]",
                           "metricTransformations":[{"metricName":"m","metricNamespace":"n:s",
                           "metricValue":"$a","defaultValue":0,"unit":"Count"}]})"),
            "{}");
  EXPECT_EQ(world.call("DescribeMetricFilters", R"({"logGroupName":"g"})"),
            R"({"metricFilters":[{"filterName":"f","filterPattern":"[a, b = 1]",)"
            R"("metricTransformations":[{"metricName":"m","metricNamespace":"n:s",)"
            R"("metricValue":"$a","defaultValue":0.0,"unit":"Count"}],)"
            R"("creationTime":1767225600000,"logGroupName":"g","applyOnTransformedLogs":false}]})");
  EXPECT_THAT(world.call("DescribeLogGroups", "{}"), HasSubstr(R"("metricFilterCount":1)"));
}

TEST(PutMetricFilter, TwoTransformationsAreRefusedWithTheTextOfAws) {
  ApiWorld world;
  world.create();
  const std::string one = R"({"metricName":"m","metricNamespace":"n","metricValue":"1"})";
  EXPECT_THAT(world.call("PutMetricFilter",
                         R"({"logGroupName":"g","filterName":"f","filterPattern":"",
                             "metricTransformations":[)" +
                             one + "," + one + "]}"),
              AllOf(HasSubstr("[MetricTransformation(metricName=m"),
                    HasSubstr("Member must have length less than or equal to 1")));
}

TEST(PutMetricFilter, FailuresHaveTheTextsOfAws) {
  ApiWorld world;
  world.create();
  const auto put = [&](const std::string& pattern, const std::string& more,
                       const std::string& group = "g") {
    return world.call("PutMetricFilter",
                      R"({"logGroupName":")" + group + R"(","filterName":"f","filterPattern":")" +
                          pattern +
                          R"(","metricTransformations":[{"metricName":"m","metricNamespace":"n",)"
                          R"("metricValue":"1")" +
                          more + "}]}");
  };
  EXPECT_EQ(put("", "", "none"), kGroupMissing);
  EXPECT_EQ(put("[a", ""), "InvalidParameterException: Invalid metric filter pattern");
  EXPECT_EQ(put("a:b", ""), "InvalidParameterException: Invalid character(s) in term 'a:b'");
  EXPECT_EQ(put("a", R"(,"dimensions":{"d":"$a"})"),
            "InvalidParameterException: The specified filter pattern does not support dimensions");
  EXPECT_EQ(put("[a]", R"(,"dimensions":{"d":"$a"},"defaultValue":1)"),
            "InvalidParameterException: Invalid metric transformation: dimensions and default "
            "value are mutually exclusive properties");
  EXPECT_THAT(put("[a]", R"(,"unit":"Pints")"),
              HasSubstr("'metricTransformations.1.member.unit' failed to satisfy constraint: "
                        "Member must satisfy enum value set: [Seconds, "));
}

TEST(PutMetricFilter, SystemFieldsAndSelectionAreKeptAndChecked) {
  ApiWorld world;
  world.create();
  const auto put = [&](const std::string& more) {
    return world.call("PutMetricFilter",
                      R"({"logGroupName":"g","filterName":"f","filterPattern":"","metric)"
                      R"(Transformations":[{"metricName":"m","metricNamespace":"n",)"
                      R"("metricValue":"1"}],)" +
                          more + "}");
  };
  EXPECT_THAT(put(R"("emitSystemFieldDimensions":["@aws.zone"])"),
              HasSubstr("'@aws.zone' is neither @aws.account nor @aws.region"));
  EXPECT_THAT(
      put(R"("fieldSelectionCriteria":"region = 1")"),
      HasSubstr(
          "InvalidParameterException: Invalid fieldSelectionCriteria: expected @aws.account"));
  EXPECT_EQ(put(R"("emitSystemFieldDimensions":["@aws.region"],)"
                R"("fieldSelectionCriteria":"@aws.region = \"us-east-1\"")"),
            "{}");
  EXPECT_THAT(world.call("DescribeMetricFilters", R"({"logGroupName":"g"})"),
              AllOf(HasSubstr(R"("emitSystemFieldDimensions":["@aws.region"])"),
                    HasSubstr(R"("fieldSelectionCriteria":"@aws.region = \"us-east-1\"")")));
}

TEST(DescribeMetricFilters, PagesAndFindsByMetric) {
  ApiWorld world;
  world.create();
  for (const char* name : {"a", "b"}) {
    world.call("PutMetricFilter",
               R"({"logGroupName":"g","filterName":")" + std::string(name) +
                   R"(","filterPattern":"","metricTransformations":[{"metricName":")" + name +
                   R"(","metricNamespace":"n","metricValue":"1"}]})");
  }
  const auto first = world.ask("DescribeMetricFilters", R"({"limit":1})");
  const std::string token = *first->find("nextToken")->string();
  EXPECT_THAT(world.call("DescribeMetricFilters", R"({"nextToken":")" + token + "\"}"),
              AllOf(HasSubstr(R"("filterName":"b")"), Not(HasSubstr(R"("filterName":"a")"))));
  EXPECT_THAT(world.call("DescribeMetricFilters", R"({"metricName":"b","metricNamespace":"n"})"),
              AllOf(HasSubstr(R"("filterName":"b")"), Not(HasSubstr(R"("filterName":"a")"))));
  EXPECT_THAT(world.call("DescribeMetricFilters", R"({"metricName":"b"})"),
              StartsWith("InvalidParameterException: "));
  EXPECT_EQ(world.call("DescribeMetricFilters", R"({"logGroupName":"none"})"), kGroupMissing);
  EXPECT_EQ(world.call("DeleteMetricFilter", R"({"logGroupName":"g","filterName":"a"})"), "{}");
  EXPECT_EQ(world.call("DeleteMetricFilter", R"({"logGroupName":"g","filterName":"a"})"),
            "ResourceNotFoundException: The specified metric filter does not exist.");
  EXPECT_EQ(world.call("DeleteMetricFilter", R"({"logGroupName":"x","filterName":"a"})"),
            kGroupMissing);
}

TEST(TestMetricFilter, ShowsMatchesAndTheirValues) {
  ApiWorld world;
  EXPECT_EQ(world.call("TestMetricFilter",
                       R"({"filterPattern":"[a = x, b]","logEventMessages":["x 1","y 2","x 3"]})"),
            R"({"matches":[{"eventNumber":0,"eventMessage":"x 1",)"
            R"("extractedValues":{"$a":"x","$b":"1"}},{"eventNumber":2,"eventMessage":"x 3",)"
            R"("extractedValues":{"$a":"x","$b":"3"}}]})");
  EXPECT_EQ(world.call("TestMetricFilter", R"({"filterPattern":"x","logEventMessages":["x"]})"),
            R"({"matches":[{"eventNumber":0,"eventMessage":"x","extractedValues":{}}]})");
  EXPECT_EQ(world.call("TestMetricFilter", R"({"filterPattern":"[","logEventMessages":["x"]})"),
            "InvalidParameterException: Invalid metric filter pattern");
  EXPECT_EQ(
      world.call("TestMetricFilter", R"({"filterPattern":"","logEventMessages":[]})"),
      violation("[]", "logEventMessages", "Member must have length greater than or equal to 1"));
}

// ---- Tags ---------------------------------------------------------------------------------------

TEST(Tags, BothGenerationsOfCallsSeeTheSame) {
  ApiWorld world;
  world.create();
  const std::string arn = R"("resourceArn":"arn:aws:logs:eu-west-1:123456789012:log-group:g")";
  EXPECT_EQ(world.call("ListTagsForResource", "{" + arn + "}"), R"({"tags":{}})");
  EXPECT_EQ(world.call("TagResource", "{" + arn + R"(,"tags":{"a":"1","b":""}})"), "{}");
  EXPECT_EQ(world.call("TagLogGroup", R"({"logGroupName":"g","tags":{"c":"3"}})"), "{}");
  EXPECT_EQ(world.call("ListTagsLogGroup", R"({"logGroupName":"g"})"),
            R"({"tags":{"a":"1","b":"","c":"3"}})");
  EXPECT_EQ(world.call("UntagResource", "{" + arn + R"(,"tagKeys":["a"]})"), "{}");
  EXPECT_EQ(world.call("UntagLogGroup", R"({"logGroupName":"g","tags":["b"]})"), "{}");
  EXPECT_EQ(world.call("ListTagsForResource", "{" + arn + "}"), R"({"tags":{"c":"3"}})");
}

TEST(Tags, FailuresHaveTheTextsOfAws) {
  ApiWorld world;
  world.create();
  const auto tags_of = [&](const std::string& arn) {
    return world.call("ListTagsForResource", R"({"resourceArn":")" + arn + "\"}");
  };
  EXPECT_EQ(tags_of("arn:aws:logs:eu-west-1:123456789012:log-group:none"), kGroupMissing);
  EXPECT_EQ(tags_of("arn:aws:logs:us-east-1:123456789012:log-group:g"), kGroupMissing);
  EXPECT_THAT(tags_of("arn:aws:logs:eu-west-1:123456789012:log-group:g:*"),
              HasSubstr("regular expression pattern: [\\w+=/:,.@-]*"));
  EXPECT_THAT(tags_of("g"), StartsWith("InvalidParameterException: "));
  EXPECT_EQ(world.call("TagLogGroup", R"({"logGroupName":"x","tags":{"a":"1"}})"), kGroupMissing);
  EXPECT_EQ(world.call("UntagLogGroup", R"({"logGroupName":"x","tags":["a"]})"), kGroupMissing);
  EXPECT_EQ(world.call("ListTagsLogGroup", R"({"logGroupName":"x"})"), kGroupMissing);
  std::string many;
  for (int i = 0; i < 49; ++i) many += (i ? ",\"k" : "\"k") + std::to_string(i) + R"(":"v")";
  EXPECT_EQ(world.call("TagLogGroup", R"({"logGroupName":"g","tags":{)" + many + "}}"), "{}");
  EXPECT_THAT(world.call("TagLogGroup", R"({"logGroupName":"g","tags":{"x":"1","y":"2"}})"),
              StartsWith("TooManyTagsException: "));
}

}  // namespace
}  // namespace weir::api::logs
