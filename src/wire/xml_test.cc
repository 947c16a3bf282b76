// SPDX-License-Identifier: Apache-2.0
#include "wire/xml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "wire/inflate.h"

namespace weir::wire {
namespace {

TEST(XmlWriter, EscapesTextAndAttributes) {
  XmlWriter xml(false);
  xml.open("a", {{"xmlns", "x&\"y\""}});
  xml.element("b", "<&>\"'\r\n\t");
  xml.element("empty", "");
  xml.element("number", std::int64_t{3});
  xml.element("flag", true);
  xml.close();
  EXPECT_EQ(xml.take(),
            "<a xmlns=\"x&amp;&quot;y&quot;\"><b>&lt;&amp;&gt;&quot;'&#xD;\n\t</b><empty/>"
            "<number>3</number><flag>true</flag></a>");
}

TEST(XmlWriter, WhatXmlCannotCarryIsReplaced) {
  XmlWriter xml(false);
  xml.element("a", std::string_view("x\x01\xff\0y", 5));
  EXPECT_EQ(xml.take(), "<a>x\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdy</a>");
}

TEST(XmlReader, RepeatedElementsAreAList) {
  const auto tree = parse_xml(
      "<?xml version=\"1.0\"?><CompleteMultipartUpload "
      "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<Part><ETag>&quot;a&quot;</ETag><PartNumber>1</PartNumber></Part>"
      "<Part><PartNumber>2</PartNumber></Part></CompleteMultipartUpload>");
  ASSERT_TRUE(tree);
  EXPECT_EQ(to_json(*tree), R"({"Part":[{"ETag":"\"a\"","PartNumber":"1"},{"PartNumber":"2"}]})");
}

TEST(XmlReader, PrefixesCommentsAndCdataArePassedOver) {
  const auto tree = parse_xml("<s:R xmlns:s='x'><!-- c --><s:K><![CDATA[a<b]]></s:K></s:R>");
  ASSERT_TRUE(tree);
  EXPECT_EQ(to_json(*tree), R"({"K":"a<b"})");
}

TEST(XmlReader, BrokenInputIsRefused) {
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "<a>";
  for (int i = 0; i < 1000; ++i) deep += "</a>";
  for (const std::string& text :
       {std::string(), std::string("text"), std::string("<a>"), std::string("<a></b>"), deep,
        std::string("<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>")}) {
    const auto tree = parse_xml(text);
    ASSERT_FALSE(tree) << text.substr(0, 40);
    EXPECT_EQ(tree.error().code, "MalformedXML");
  }
}

TEST(RealText, IsThatOfJava) {
  EXPECT_EQ(real_text(1), "1.0");
  EXPECT_EQ(real_text(0.1), "0.1");
  EXPECT_EQ(real_text(1e300), "1e+300");
  EXPECT_EQ(real_text(-std::numeric_limits<double>::infinity()), "-Infinity");
}

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

// printf hello | gzip -n
constexpr std::string_view kHello = "1f8b0800000000000003cb48cdc9c9070086a6103605000000";

TEST(Gunzip, UndoesGzipAndSeveralMembers) {
  const auto one = gunzip(from_hex(kHello), 100);
  ASSERT_TRUE(one);
  EXPECT_EQ(*one, "hello");
  const auto two = gunzip(from_hex(kHello) + from_hex(kHello), 100);
  ASSERT_TRUE(two);
  EXPECT_EQ(*two, "hellohello");
}

TEST(Gunzip, IsBounded) {
  const auto result = gunzip(from_hex(kHello), 4);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::too_large);
}

TEST(Gunzip, BrokenInputIsRefused) {
  const std::string whole = from_hex(kHello);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto result = gunzip(whole.substr(0, size), 100);
    ASSERT_FALSE(result) << size;
    EXPECT_EQ(result.error().code, "MalformedHttpRequestException");
  }
  EXPECT_FALSE(gunzip("no gzip at all", 100));
  EXPECT_FALSE(gunzip(whole + "tail", 100));
}

}  // namespace
}  // namespace weir::wire
