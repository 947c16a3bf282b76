// SPDX-License-Identifier: Apache-2.0
#include "wire/cbor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "wire/digest.h"
#include "wire/text.h"

namespace weir::wire {
namespace {

using testing::HasSubstr;

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<char>(hex_digit(hex[i]) * 16 + hex_digit(hex[i + 1])));
  }
  return out;
}

struct Vector {
  std::string_view hex;
  std::string_view json;
};

// RFC 8949, appendix A, in the subset that Smithy RPC v2 uses; the trees are shown as JSON.
constexpr Vector kVectors[] = {
    {"00", "0"},
    {"01", "1"},
    {"0a", "10"},
    {"17", "23"},
    {"1818", "24"},
    {"1819", "25"},
    {"1864", "100"},
    {"1903e8", "1000"},
    {"1a000f4240", "1000000"},
    {"1b000000e8d4a51000", "1000000000000"},
    {"20", "-1"},
    {"29", "-10"},
    {"3863", "-100"},
    {"3903e7", "-1000"},
    {"f90000", "0.0"},
    {"f93c00", "1.0"},
    {"fb3ff199999999999a", "1.1"},
    {"f93e00", "1.5"},
    {"f97bff", "65504.0"},
    {"fa47c35000", "1e+05"},
    {"fb7e37e43c8800759c", "1e+300"},
    {"f9c400", "-4.0"},
    {"fbc010666666666666", "-4.1"},
    {"f97c00", "\"Infinity\""},
    {"f97e00", "\"NaN\""},
    {"f9fc00", "\"-Infinity\""},
    {"fa7f800000", "\"Infinity\""},
    {"fb7ff0000000000000", "\"Infinity\""},
    {"f4", "false"},
    {"f5", "true"},
    {"f6", "null"},
    {"f7", "null"},
    {"c11a514b67b0", "1363896240"},
    {"c1fb41d452d9ec200000", "1363896240.5"},
    {"d9d9f701", "1"},
    {"60", "\"\""},
    {"6161", "\"a\""},
    {"6449455446", "\"IETF\""},
    {"62c3bc", "\"\xc3\xbc\""},
    {"64f0908591", "\"\xf0\x90\x85\x91\""},
    {"4401020304", "\"AQIDBA==\""},
    {"80", "[]"},
    {"83010203", "[1,2,3]"},
    {"8301820203820405", "[1,[2,3],[4,5]]"},
    {"98190102030405060708090a0b0c0d0e0f101112131415161718181819",
     "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25]"},
    {"a0", "{}"},
    {"a26161016162820203", "{\"a\":1,\"b\":[2,3]}"},
    {"826161a161626163", "[\"a\",{\"b\":\"c\"}]"},
    {"5f42010243030405ff", "\"AQIDBAU=\""},
    {"7f657374726561646d696e67ff", "\"streaming\""},
    {"9fff", "[]"},
    {"9f018202039f0405ffff", "[1,[2,3],[4,5]]"},
    {"83018202039f0405ff", "[1,[2,3],[4,5]]"},
    {"bf61610161629f0203ffff", "{\"a\":1,\"b\":[2,3]}"},
    {"bf6346756ef563416d7421ff", "{\"Fun\":true,\"Amt\":-2}"},
};

TEST(Cbor, VectorsOfTheStandardAreRead) {
  for (const auto& [hex, json] : kVectors) {
    const auto document = parse_cbor(from_hex(hex));
    ASSERT_TRUE(document) << hex << ": " << document.error().message;
    EXPECT_EQ(to_json(*document), json) << hex;
  }
}

TEST(Cbor, TagOneIsATime) {
  const auto document = parse_cbor(from_hex("c1fb41d452d9ec200000"));
  ASSERT_TRUE(document);
  ASSERT_NE(document->time(), nullptr);
  EXPECT_EQ(document->time()->ms, 1363896240500);
}

TEST(Cbor, SmallestHalfIsExact) {
  const auto document = parse_cbor(from_hex("f90001"));
  ASSERT_TRUE(document);
  EXPECT_EQ(*document->real(), 5.960464477539063e-8);
}

TEST(Cbor, WhatIsWrittenIsReadBack) {
  Document document{Document::Map{}};
  document["text"] = "caf\xc3\xa9";
  document["small"] = 23;
  document["negative"] = std::int64_t{-1'000'000'000'000};
  document["least"] = std::numeric_limits<std::int64_t>::min();
  document["most"] = std::numeric_limits<std::int64_t>::max();
  document["real"] = 0.1;
  document["infinite"] = std::numeric_limits<double>::infinity();
  document["yes"] = true;
  document["none"] = nullptr;
  document["blob"] = Document::Blob{std::string("\0\xff", 2)};
  document["whole"] = Time{1'700'000'000'000};
  document["fraction"] = Time{1'700'000'000'123};
  document["list"] = Document::List{1, 2, "three"};
  const auto read = parse_cbor(to_cbor(document));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, document);
}

TEST(Cbor, WholeSecondsAreWrittenAsIntegers) {
  EXPECT_EQ(to_hex(to_cbor(Document(Time{1363896240000}))), "c11a514b67b0");
}

TEST(Cbor, InvalidTextIsMendedInAnswers) {
  EXPECT_EQ(to_hex(to_cbor(Document(std::string("a\xff")))), "6461efbfbd");
}

// Each must be refused without reading past the end or allocating on the word of a length.
TEST(Cbor, BrokenInputIsRefused) {
  const std::string_view broken[] = {
      "",                    // nothing
      "18",                  // argument missing
      "1bffffffffffffffff",  // beyond int64
      "3bffffffffffffffff",  // beyond int64
      "6261",                // text too short
      "7bffffffffffffffff",  // text of 2^64 bytes
      "9bffffffffffffffff",  // list of 2^64 items
      "bbffffffffffffffff",  // map of 2^64 members
      "83 0102",             // list too short
      "a10102",              // key is no text
      "a16161",              // value missing
      "61ff",                // not UTF-8
      "5f6161ff",            // text in bytes
      "7f7f6161ffff",        // indefinite in indefinite
      "1c",                  // reserved
      "1f",                  // indefinite integer
      "ff",                  // break alone
      "9f01",                // list without end
      "c16161",              // time that is text
      "c1f97e00",            // time that is NaN
      "c2420100",            // big number
      "f818",                // simple value
      "0000",                // two values
  };
  for (const std::string_view hex : broken) {
    std::string compact(hex);
    std::erase(compact, ' ');
    const auto document = parse_cbor(from_hex(compact));
    ASSERT_FALSE(document) << hex;
    EXPECT_EQ(document.error().code, "SerializationException");
    EXPECT_THAT(document.error().message, HasSubstr("offset"));
  }
}

TEST(Cbor, DepthIsBounded) {
  EXPECT_TRUE(parse_cbor(std::string(60, '\x81') + '\x01'));
  EXPECT_FALSE(parse_cbor(std::string(100'000, '\x81') + '\x01'));
  EXPECT_FALSE(parse_cbor(std::string(100'000, '\xc6') + '\x01'));
}

}  // namespace
}  // namespace weir::wire
