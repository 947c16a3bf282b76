// SPDX-License-Identifier: Apache-2.0
#include "notify/filter_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::notify {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct AttributeCase {
  const char* policy;
  MessageAttributes attributes;
  bool is_match;
};

MessageAttribute text(const char* value) { return {"String", {value}}; }
MessageAttribute number(const char* value) { return {"Number", {value}}; }
MessageAttribute list(const char* value) { return {"String.Array", {value}}; }

// Source: SNS Developer Guide, "Subscription filter policies"; verified on AWS: no.
TEST(AttributeFilter, DecidesAsTheGuideSays) {
  const std::vector<AttributeCase> cases = {
      {R"({"sev":["high","crit"]})", {{"sev", text("high")}}, true},
      {R"({"sev":["high","crit"]})", {{"sev", list(R"(["low","crit"])")}}, true},
      {R"({"sev":["high","crit"]})", {{"sev", list(R"(["low"])")}}, false},
      {R"({"sev":["high","crit"]})", {{"sev", text("High")}}, false},
      {R"({"sev":["high","crit"]})", {}, false},
      {R"({"sev":["high"]})", {{"sev", {"Binary", {"high"}}}}, false},
      {R"({"sev":[{"exists":false}]})", {}, true},
      {R"({"sev":[{"exists":false}]})", {{"sev", text("x")}}, false},
      {R"({"sev":[{"exists":true}]})", {{"sev", text("x")}}, true},
      {R"({"n":[{"numeric":[">",0,"<=",100]}]})", {{"n", number("99")}}, true},
      {R"({"n":[{"numeric":[">",0,"<=",100]}]})", {{"n", number("100")}}, true},
      {R"({"n":[{"numeric":[">",0,"<=",100]}]})", {{"n", number("0")}}, false},
      {R"({"n":[{"numeric":[">",0,"<=",100]}]})", {{"n", number("111")}}, false},
      {R"({"n":[{"numeric":["=",1.5]}]})", {{"n", number("1.500")}}, true},
      {R"({"n":[{"numeric":["<",-1]}]})", {{"n", number("-2e3")}}, true},
      {R"({"n":[100]})", {{"n", number("100.000001")}}, true},
      {R"({"n":[100]})", {{"n", number("100.00001")}}, false},
      {R"({"n":[100]})", {{"n", text("100")}}, false},
      {R"({"n":["100"]})", {{"n", number("100")}}, false},
      {R"({"n":[100]})", {{"n", {"Number.int", {"+100"}}}}, true},
      {R"({"a":["x"],"b":["y"]})", {{"a", text("x")}}, false},
      {R"({"a":["x"],"b":["y"]})", {{"a", text("x")}, {"b", text("y")}}, true},
      {R"({"e":[{"anything-but":["a","b"]}]})", {{"e", text("c")}}, true},
      {R"({"e":[{"anything-but":["a","b"]}]})", {{"e", text("a")}}, false},
      {R"({"e":[{"anything-but":["a","b"]}]})", {}, false},
      {R"({"e":[{"anything-but":["a"]}, {"exists":false}]})", {}, true},
      {R"({"e":[{"anything-but":["a","b"]}]})", {{"e", list(R"(["a","c"])")}}, true},
      {R"({"e":[{"anything-but":5}]})", {{"e", number("6")}}, true},
      {R"({"e":[{"anything-but":{"prefix":"test-"}}]})", {{"e", text("test-1")}}, false},
      {R"({"e":[{"anything-but":{"prefix":"test-"}}]})", {{"e", text("prod")}}, true},
      {R"({"e":[{"equals-ignore-case":"Deny"}]})", {{"e", text("DENY")}}, true},
      {R"({"e":[{"prefix":"ssh-"}]})", {{"e", text("ssh-guess")}}, true},
      {R"({"e":[{"suffix":".pem"}]})", {{"e", text("key.pem")}}, true},
      {R"({"e":[{"suffix":".pem"}]})", {{"e", text("pem")}}, false},
      {R"({"ip":[{"cidr":"10.0.0.0/25"}]})", {{"ip", text("10.0.0.127")}}, true},
      {R"({"ip":[{"cidr":"10.0.0.0/25"}]})", {{"ip", text("10.0.0.128")}}, false},
      {R"({"ip":[{"cidr":"2001:db8::/33"}]})", {{"ip", text("2001:db8:7fff::1")}}, true},
      {R"({"ip":[{"cidr":"2001:db8::/33"}]})", {{"ip", text("2001:db8:8000::1")}}, false},
      {R"({"ip":[{"cidr":"10.0.0.0/8"}]})", {{"ip", text("2001:db8::1")}}, false},
      {R"({"b":[true,null]})", {{"b", list("[null]")}}, true},
      {R"({"b":[true]})", {{"b", text("true")}}, false},
      {R"({"$or":[{"a":["x"]},{"b":["y"]}]})", {{"b", text("y")}}, true},
      {R"({"$or":[{"a":["x"]},{"b":["y"]}],"c":["z"]})", {{"b", text("y")}}, false},
      {R"({})", {}, true},
  };
  for (const auto& [json, attributes, is_match] : cases) {
    const auto policy = FilterPolicy::parse(json, FilterScope::message_attributes);
    ASSERT_TRUE(policy) << json << ": " << policy.error().message;
    EXPECT_EQ(policy->matches(attributes, "text"), is_match) << json;
  }
}

struct BodyCase {
  const char* policy;
  const char* message;
  bool is_match;
};

TEST(BodyFilter, DecidesAsTheGuideSays) {
  const std::vector<BodyCase> cases = {
      {R"({"ip":[{"cidr":"10.0.0.0/24"}]})", R"({"ip":"10.0.0.255"})", true},
      {R"({"ip":[{"cidr":"10.0.0.0/24"}]})", R"({"ip":"10.0.0.256"})", false},
      {R"({"detail":{"state":["ALARM"]}})", R"({"detail":{"state":"ALARM"}})", true},
      {R"({"detail":{"state":["ALARM"]}})", R"({"detail":"ALARM"})", false},
      {R"({"detail":{"state":["ALARM"]}})", R"({"detail":[{"state":"OK"},{"state":"ALARM"}]})",
       true},
      {R"({"d":{"a":["x"],"b":["y"]}})", R"({"d":[{"a":"x"},{"b":"y"}]})", false},
      {R"({"NewStateValue":["ALARM"],"AlarmName":[{"prefix":"ssh-"}]})",
       R"({"AlarmName":"ssh-bruteforce","NewStateValue":"ALARM","Trigger":{"Namespace":"VPCFlow"}})",
       true},
      {R"({"Trigger":{"Namespace":["VPCFlow"]}})", R"({"Trigger":{"Namespace":"VPCFlow"}})", true},
      {R"({"$or":[{"x":[1]},{"y":[2]}]})", R"({"y":2})", true},
      {R"({"$or":[{"x":[1]},{"y":[2]}]})", R"({"y":1})", false},
      {R"({"state":["OK"]})", "OK", false},
      {R"({"state":["OK"]})", R"(["OK"])", false},
      {R"({"a":{"b":[{"exists":false}]}})", R"({"c":1})", true},
      {R"({"a":[null]})", R"({"a":null})", true},
      {R"({"a":[null]})", R"({})", false},
      {R"({"a":[true]})", R"({"a":true})", true},
      {R"({"a":[1]})", R"({"a":[3,[2,1]]})", true},
  };
  for (const auto& [json, message, is_match] : cases) {
    const auto policy = FilterPolicy::parse(json, FilterScope::message_body);
    ASSERT_TRUE(policy) << json << ": " << policy.error().message;
    EXPECT_EQ(policy->matches({}, message), is_match) << json << " on " << message;
  }
}

struct RefusedCase {
  const char* policy;
  const char* text;
};

// Source: texts recorded from AWS; the parser position that follows them there is left out.
TEST(FilterPolicy, RefusesWithTheTextsOfAws) {
  const std::vector<RefusedCase> cases = {
      {R"({"a":"x"})", R"(FilterPolicy: "a" must be an object or an array)"},
      {R"({"a":[]})", "FilterPolicy: Empty arrays are not allowed"},
      {R"({"a":[["x"]]})",
       "FilterPolicy: Match value must be String, number, true, false, or null"},
      {R"({"a":[{"wildcard":"x*"}]})", "FilterPolicy: Unrecognized match type wildcard"},
      {R"({"a":[{"prefix":"x","suffix":"y"}]})",
       "FilterPolicy: Only one key allowed in match expression"},
      {R"({"a":[{"prefix":1}]})", "FilterPolicy: prefix match pattern must be a string"},
      {R"({"a":[{"exists":"true"}]})",
       "FilterPolicy: exists match pattern must be either true or false."},
      {R"({"a":[{"anything-but":{"suffix":"x"}}]})",
       "FilterPolicy: Unsupported anything-but pattern: suffix"},
      {R"({"a":[{"cidr":"10.0.0.0"}]})", "FilterPolicy: Malformed CIDR, one '/' required"},
      {R"({"a":[{"cidr":"10.0.0.0/x"}]})",
       "FilterPolicy: Malformed CIDR, mask bits must be an integer"},
      {R"({"a":[{"cidr":"10.0.0/8"}]})", "FilterPolicy: Nonstandard IP address: 10.0.0"},
      {R"({"a":[{"numeric":[1]}]})", "FilterPolicy: Invalid member in numeric match: 1"},
      {R"({"a":[{"numeric":["~",1]}]})", "FilterPolicy: Unrecognized numeric range operator: ~"},
      {R"({"a":[{"numeric":["=","1"]}]})", "FilterPolicy: Value of equals must be numeric"},
      {R"({"a":[{"numeric":[">="]}]})", "FilterPolicy: Value of >= must be numeric"},
      {R"({"a":[{"numeric":["<",1,">",0]}]})",
       "FilterPolicy: Too many elements in numeric expression"},
      {R"({"a":[{"numeric":[">",1,">",2]}]})", "FilterPolicy: Bad numeric range operator: >"},
      {R"({"a":[{"numeric":[">",1,30]}]})", "FilterPolicy: Bad value in numeric range: 30"},
      {R"({"a":[{"numeric":[">",3,"<",2]}]})", "FilterPolicy: Bottom must be less than top"},
      {R"({"a":[{"numeric":[">",1,"<",2,3]}]})",
       "FilterPolicy: Too many terms in numeric range expression"},
      {R"({"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]})",
       "FilterPolicy: Filter policy can not have more than 5 keys"},
      {R"({"a":{"b":["x"]}})",
       "Filter policy scope MessageAttributes does not support nested filter policy"},
  };
  for (const auto& [json, message] : cases) {
    const auto policy = FilterPolicy::parse(json, FilterScope::message_attributes);
    ASSERT_FALSE(policy) << json;
    EXPECT_EQ(policy.error().message, message) << json;
  }
  const auto broken = FilterPolicy::parse("{", FilterScope::message_attributes);
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().message, StartsWith("FilterPolicy: failed to parse JSON."));
}

// The guide's example: lists of 4 at depth 3 and 3 at depth 2 make 4 x 3 x 3 x 2 = 72.
TEST(FilterPolicy, CountsCombinationsByDepthInTheBody) {
  const std::string four = R"({"a":{"b":{"c":[1,2,3,4]},"d":)";
  EXPECT_TRUE(FilterPolicy::parse(four + "[1,2,3]}}", FilterScope::message_body));
  EXPECT_TRUE(FilterPolicy::parse(four + "[1,2,3,4,5,6]}}", FilterScope::message_body));
  const auto refused = FilterPolicy::parse(four + "[1,2,3,4,5,6,7]}}", FilterScope::message_body);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("Filter policy is too complex"));
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

// Of hostile size: each is refused, none by running out of stack or time.
TEST(FilterPolicy, HostilePoliciesAreRefused) {
  const std::string many = repeated(R"("x",)", 50'000) + R"("x")";
  const std::vector<std::string> policies = {
      repeated(R"({"a":)", 40'000) + "[1]" + repeated("}", 40'000),
      R"({"a":[)" + repeated("[", 100'000) + repeated("]", 100'000) + "]}",
      R"({"a":[)" + many + "]}",
      R"({"$or":[)" + repeated(R"({"a":["x"]},)", 15'000) + R"({"a":["x"]}]})",
      R"({"a":[{"anything-but":[)" + many + "]}]}",
      R"({"a":[")" + std::string(300'000, 'x') + R"("]})",
      R"({"a":[{"numeric":[)" + repeated("1,", 100'000) + "1]}]}",
      R"({")" + std::string(262'000, 'k') + "\"",
  };
  for (const std::string& policy : policies) {
    for (const FilterScope scope : {FilterScope::message_attributes, FilterScope::message_body}) {
      const auto parsed = FilterPolicy::parse(policy, scope);
      if (policy.find("anything-but") != std::string::npos)
        continue;  // one condition, long as it is
      EXPECT_FALSE(parsed) << policy.substr(0, 40);
    }
  }
}

TEST(FilterPolicy, HostileMessagesDoNotMatch) {
  const auto policy = FilterPolicy::parse(R"({"a":{"a":[1]}})", FilterScope::message_body);
  ASSERT_TRUE(policy);
  EXPECT_FALSE(policy->matches({}, repeated(R"({"a":)", 50'000) + "1" + repeated("}", 50'000)));
  EXPECT_FALSE(policy->matches({}, repeated("[", 250'000)));
  EXPECT_TRUE(policy->matches({}, R"({"a":{"a":[)" + repeated("2,", 100'000) + "1]}}"));
}

}  // namespace
}  // namespace weir::notify
