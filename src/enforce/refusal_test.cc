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

TEST(RefusalPrefix, OfOtherProgramsIsNotOurs) {
  for (const char* text : {"", "DROP: ", "eni-1|acl-1|5", "eni-1|acl-1|5|in|x", "eni-1|acl-1|x|in",
                           "eni-1|acl-1||in", "eni-1|acl-1|5|up", "a|b|5|in", "|||"}) {
    EXPECT_FALSE(parse_prefix(text)) << text;
  }
}

}  // namespace
}  // namespace weir::enforce
