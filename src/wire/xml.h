// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "base/shape.h"

namespace weir::wire {

/// Writes XML as AWS writes it: no blanks between elements, quotes escaped in text, `\r` as
/// `&#xD;`. What XML 1.0 cannot carry (control characters, invalid UTF-8) becomes U+FFFD, so that
/// an answer always parses.
///
///     XmlWriter xml;
///     xml.open("ListBucketResult", {{"xmlns", kNamespace}});
///     xml.element("Name", bucket);
///     xml.close();
///     return xml.take();
class XmlWriter {
 public:
  using Attributes = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  /// `declaration`: begin with `<?xml version="1.0" encoding="UTF-8"?>` and a line break.
  explicit XmlWriter(bool declaration = true);
  void open(std::string_view name, Attributes attributes = {});
  void close();
  void text(std::string_view text);
  /// `<name>text</name>`, or `<name/>` if empty.
  void element(std::string_view name, std::string_view text);
  void element(std::string_view name, std::int64_t number) {
    element(name, std::to_string(number));
  }
  void element(std::string_view name, bool flag) { element(name, flag ? "true" : "false"); }
  void element(std::string_view name, const char* text_in) {
    element(name, std::string_view(text_in));
  }
  /// The text; every element must be closed.
  std::string take();

 private:
  std::string out_;
  std::vector<std::string> open_;
};

/// How the protocols differ in XML answers.
struct XmlStyle {
  std::string_view item = "member";  // of a list: Query `member`, EC2 `item`, REST-XML `member`
  bool always_milliseconds = false;  // EC2, S3: 2026-01-31T12:34:56.000Z; Query leaves zeros away
};

/// The members of a described struct, as elements inside the one that is open. Maps are
/// `<entry><key/><value/></entry>`; flattened lists repeat the element of the member.
void write_members(XmlWriter& xml, const Type& type, const void* value, const XmlStyle& style);

/// An XML document to a tree for bind() with `textual`: the root's children. Text is a string,
/// elements below one are a map, elements of one name in a row a list. Attributes, comments and
/// namespaces are passed over. Error: invalid, MalformedXML. Entities beyond XML's own five are
/// refused, doctypes too.
Result<Document> parse_xml(std::string_view text,
                           DocumentLimits limits = {.depth_max = 32, .nodes_max = 200'000});

/// A double as AWS prints it: always with a point or an exponent.
std::string real_text(double number);

}  // namespace weir::wire
