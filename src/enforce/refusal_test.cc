// SPDX-License-Identifier: Apache-2.0
#include "enforce/refusal.h"

#include <gtest/gtest.h>

namespace weir::enforce {
namespace {

TEST(RefusalPrefix, ReadsBackWhatItWrote) {
  const Refusal in{"eni-0123456789abcdef0", "acl-0123456789abcdef0", 32767,
                   vpc::Direction::ingress};
  EXPECT_EQ(to_prefix(in), "eni-0123456789abcdef0|acl-0123456789abcdef0|32767|in");
  EXPECT_EQ(parse_prefix(to_prefix(in)), in);
  const Refusal out{"eni-1", "acl-1", 5, vpc::Direction::egress};
  EXPECT_EQ(parse_prefix(to_prefix(out)), out);
}

TEST(RefusalPrefix, NamesAsManyGroupsAsFit) {
  const std::string id = "sg-0123456789abcdef0";
  const std::vector<std::string> five(5, id);
  EXPECT_EQ(owner_of_groups(std::span(five).first(2)), id + "," + id);
  const Refusal refusal{"eni-0123456789abcdef0", owner_of_groups(five), 0, vpc::Direction::egress};
  EXPECT_LE(to_prefix(refusal).size(), 127U) << "the kernel keeps no more";
  EXPECT_EQ(parse_prefix(to_prefix(refusal)), refusal);
}

TEST(RefusalPrefix, OfOtherProgramsIsNotOurs) {
  for (const char* text : {"", "DROP: ", "eni-1|acl-1|5", "eni-1|acl-1|5|in|x", "eni-1|acl-1|x|in",
                           "eni-1|acl-1||in", "eni-1|acl-1|5|up", "a|b|5|in", "|||"}) {
    EXPECT_FALSE(parse_prefix(text)) << text;
  }
}

}  // namespace
}  // namespace weir::enforce
