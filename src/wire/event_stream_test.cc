// SPDX-License-Identifier: Apache-2.0
#include "wire/event_stream.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/document.h"

namespace weir::wire {
namespace {

using ::testing::HasSubstr;

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

// Source: the encoding as botocore's EventStreamBuffer reads it, computed by hand with zlib's
// CRC-32 in Python: struct.pack and binascii.crc32.
TEST(EventStream, BytesAreThoseOfTheSpecification) {
  EXPECT_EQ(hex(encode({})), "000000100000000005c248eb7d98c8ff");
  const EventMessage message{.headers = {{":message-type", "event"}}, .payload = "{}"};
  EXPECT_EQ(hex(encode(message)),
            "000000280000001660470efd"
            "0d3a6d6573736167652d747970650700056576656e747b"
            "7db7184afc");
}

TEST(EventStream, MessagesArriveInPieces) {
  const EventMessage first = event_message("sessionStart", R"({"a":1})");
  const EventMessage second = exception_message("SessionTimeoutException", "a \"quote\"");
  const std::string bytes = encode(first) + encode(second);
  EventStreamDecoder decoder;
  std::vector<EventMessage> messages;
  for (const char byte : bytes) {
    decoder.feed({&byte, 1});
    const auto message = decoder.next();
    ASSERT_TRUE(message);
    if (*message) messages.push_back(**message);
  }
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].headers, first.headers);
  EXPECT_EQ(messages[0].payload, first.payload);
  EXPECT_EQ(messages[1].header(":exception-type"), "SessionTimeoutException");
  EXPECT_EQ(messages[1].payload, R"({"message":"a \"quote\""})");
}

TEST(EventStream, WhatIsNoStreamIsRefused) {
  const auto error_of = [](std::string bytes) {
    EventStreamDecoder decoder;
    decoder.feed(bytes);
    const auto message = decoder.next();
    return message ? std::string("read") : message.error().message;
  };
  const std::string good = encode(event_message("x", "{}"));
  EXPECT_EQ(error_of(good), "read");
  std::string bad = good;
  bad[0] = 1;
  EXPECT_THAT(error_of(bad), HasSubstr("checksum of a prelude"));
  bad = good;
  bad.back() = static_cast<char>(bad.back() + 1);
  EXPECT_THAT(error_of(bad), HasSubstr("checksum of a message"));
  EXPECT_THAT(error_of("HTTP/1.1 200 OK\r\n"), HasSubstr("checksum of a prelude"));
}

}  // namespace
}  // namespace weir::wire
