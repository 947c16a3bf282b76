// SPDX-License-Identifier: Apache-2.0
#include "notify/message.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::notify {
namespace {

struct NameCase {
  std::string name;
  std::string text;
};

// Source: answers recorded from AWS.
TEST(MessageAttribute, NamesAreRefusedWithTheTextsOfAws) {
  const std::vector<NameCase> cases = {
      {std::string(257, 'a'), "Length of message attribute name must be less than 256 bytes."},
      {".a", "Invalid message attribute name starting with character '.' was found."},
      {"a.", "Invalid message attribute name ending with character '.' was found."},
      {"a..b", "Message attribute name can not have successive '.' character."},
      {"a^b",
       "Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can "
       "only "
       "include alphanumeric characters, hyphens, underscores, or dots."},
  };
  for (const auto& [name, text] : cases) {
    const auto attribute = make_attribute(name, "String", "x", {});
    ASSERT_FALSE(attribute) << name;
    EXPECT_EQ(attribute.error().code, "ParameterValueInvalid");
    EXPECT_EQ(attribute.error().message, text);
  }
}

TEST(MessageAttribute, TypesAndFieldsAreRefusedWithTheTextsOfAws) {
  const auto message = [](const char* type, std::optional<std::string> text,
                          std::optional<std::string> bytes) {
    const auto attribute = make_attribute("a", type, text, bytes);
    return attribute ? "" : attribute.error().message;
  };
  EXPECT_EQ(message("String.custom", "x", {}), "");
  EXPECT_EQ(message("Binary", {}, "x"), "");
  EXPECT_EQ(message("Strings", "x", {}),
            "The message attribute 'a' has an invalid message attribute type, the set of supported "
            "type prefixes is Binary, Number, and String.");
  EXPECT_EQ(message("String", {}, {}),
            "The message attribute 'a' must contain non-empty message attribute value for message "
            "attribute type 'String'.");
  EXPECT_EQ(message("String", "", {}),
            "The message attribute 'a' must contain non-empty message attribute value for message "
            "attribute type 'String'.");
  EXPECT_EQ(message("Number", {}, "1"),
            "The message attribute 'a' with type 'Number' must use field 'String'.");
  EXPECT_EQ(message("Binary", "1", {}),
            "The message attribute 'a' with type 'Binary' must use field 'Binary'.");
  EXPECT_EQ(message("Number", "seven", {}),
            "Could not cast message attribute 'a' value to number.");
}

std::string refusal_of(const Publication& publication) {
  const auto checked = check_publication(publication);
  return checked ? "" : checked.error().message;
}

TEST(Publication, SizeCountsTheAttributes) {
  Publication publication{.message = std::string(kMessageBytesMax, 'x')};
  EXPECT_EQ(refusal_of(publication), "");
  publication.attributes["a"] = {"String", {"v"}};
  EXPECT_EQ(refusal_of(publication), "Invalid parameter: Message too long");
  EXPECT_EQ(refusal_of({.message = ""}), "Invalid parameter: Empty message");
}

TEST(Publication, SubjectsHaveRules) {
  const auto with = [](const std::string& subject) {
    return refusal_of({.message = "m", .subject = subject});
  };
  std::string hundred;
  for (int i = 0; i < 100; ++i) hundred += "ü";
  EXPECT_EQ(with(hundred), "");
  EXPECT_EQ(with(hundred + "x"), "Invalid parameter: Subject");
  EXPECT_EQ(with(""), "Invalid parameter: Subject");
  EXPECT_EQ(with("two\nlines"), "Invalid parameter: Subject");
}

TEST(Publication, AStructureNeedsADefault) {
  const auto with = [](const std::string& message) {
    return refusal_of({.message = message, .is_structured = true});
  };
  EXPECT_EQ(with(R"({"default":"d","email":5})"), "");
  EXPECT_EQ(with("text"),
            "Invalid parameter: Message Structure - JSON message body failed to parse");
  EXPECT_EQ(with(R"({"email":"e"})"),
            "Invalid parameter: Message Structure - No default entry in JSON message body");
  EXPECT_EQ(with(R"({"default":5})"),
            "Invalid parameter: Message Structure - No default entry in JSON message body");
}

TEST(Publication, AStructureGivesEachProtocolItsText) {
  const std::string message = R"({"default":"d","email":"e","http":5})";
  EXPECT_EQ(message_for_protocol(message, true, "email"), "e");
  EXPECT_EQ(message_for_protocol(message, true, "https"), "d");
  EXPECT_EQ(message_for_protocol(message, true, "http"), "d") << "what is no string is ignored";
  EXPECT_EQ(message_for_protocol(message, false, "email"), message);
}

}  // namespace
}  // namespace weir::notify
