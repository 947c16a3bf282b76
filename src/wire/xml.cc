// SPDX-License-Identifier: Apache-2.0
#include "wire/xml.h"

#include <charconv>
#include <cmath>
#include <pugixml.hpp>

#include "base/base64.h"
#include "wire/text.h"

namespace weir::wire {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

void append_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const char c = text.front();
    const std::string_view sequence = text.substr(0, length);
    if (length == 0) {
      out += kReplacement;
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\r') {
      out += "&#xD;";
    } else if ((length == 1 && c < ' ' && c != '\n' && c != '\t') || sequence == "\xef\xbf\xbe" ||
               sequence == "\xef\xbf\xbf") {
      out += kReplacement;
    } else {
      out += sequence;
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

std::string time_text(Time time, const XmlStyle& style) {
  std::string text = to_iso8601(time);
  constexpr std::string_view kZeros = ".000Z";
  if (!style.always_milliseconds && text.ends_with(kZeros)) {
    text.resize(text.size() - kZeros.size());
    text += 'Z';
  }
  return text;
}

std::string scalar_text(const Type& type, const void* value, const XmlStyle& style) {
  switch (type.kind) {
    case Kind::boolean:
      return *static_cast<const bool*>(value) ? "true" : "false";
    case Kind::int32:
      return std::to_string(*static_cast<const int*>(value));
    case Kind::int64:
      return std::to_string(*static_cast<const std::int64_t*>(value));
    case Kind::real:
      return real_text(*static_cast<const double*>(value));
    case Kind::string:
      return *static_cast<const std::string*>(value);
    case Kind::bytes:
      return base64_encode(static_cast<const Bytes*>(value)->value);
    case Kind::time:
      return time_text(*static_cast<const Time*>(value), style);
    case Kind::document:
      return to_json(*static_cast<const Document*>(value));
    default:
      break;
  }
  assertion_failed("a scalar", __FILE__, __LINE__);
}

// One value as an element of that name; `member` says how its list items are called.
void write_value(XmlWriter& xml, std::string_view name, const Member* member, const Type& type,
                 const void* outer, const XmlStyle& style) {
  const void* value = type.read(outer);
  if (value == nullptr) return;
  if (type.kind == Kind::document && static_cast<const Document*>(value)->is_null()) return;
  const std::string_view item =
      member != nullptr && !member->item_name.empty() ? member->item_name : style.item;
  const bool flattened = member != nullptr && member->is_flattened;
  switch (type.kind) {
    case Kind::structure:
      xml.open(name);
      write_members(xml, type, value, style);
      xml.close();
      return;
    case Kind::list:
      if (!flattened) xml.open(name);
      for (std::size_t i = 0; i < type.size(value); ++i) {
        write_value(xml, flattened ? name : item, nullptr, type.element(), type.at(value, i),
                    style);
      }
      if (!flattened) xml.close();
      return;
    case Kind::map:
      if (!flattened) xml.open(name);
      type.each(value, [&](const std::string& key, const void* entry) {
        xml.open(flattened ? name : "entry");
        const bool has_names = member != nullptr && !member->key_name.empty();
        xml.element(has_names ? member->key_name : "key", key);
        write_value(xml, has_names ? member->value_name : "value", nullptr, type.element(), entry,
                    style);
        xml.close();
      });
      if (!flattened) xml.close();
      return;
    default:
      xml.element(name, scalar_text(type, value, style));
  }
}

// ---- Reading ----------------------------------------------------------------------------------

Error malformed(std::string_view why) {
  return {ErrorKind::invalid, "MalformedXML",
          "The XML you provided was not well-formed or did not validate against our published "
          "schema" +
              std::string(why.empty() ? "" : ": ") + std::string(why)};
}

std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

class TreeReader {
 public:
  explicit TreeReader(DocumentLimits limits) : limits_(limits) {}

  Result<Document> read(const pugi::xml_node& node, std::size_t depth) {
    if (depth > limits_.depth_max) return malformed("too many levels");
    if (++nodes_ > limits_.nodes_max) return malformed("too many elements");
    Document::Map members;
    std::string text;
    for (const pugi::xml_node& child : node.children()) {
      if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) {
        text += child.value();
      } else if (child.type() == pugi::node_element) {
        WEIR_TRY(Document item, read(child, depth + 1));
        add(members, local_name(child), std::move(item));
      }
    }
    if (members.empty()) return Document(std::move(text));
    return Document(std::move(members));
  }

 private:
  // Repeats stand in a row in everything that AWS clients send, so the last member is the only one
  // to look at.
  static void add(Document::Map& members, std::string_view name, Document item) {
    if (members.empty() || members.back().first != name) {
      members.emplace_back(name, std::move(item));
      return;
    }
    Document& known = members.back().second;
    if (known.list() == nullptr) {
      Document::List list;
      list.push_back(std::move(known));
      known = Document(std::move(list));
    }
    known.list()->push_back(std::move(item));
  }

  DocumentLimits limits_;
  std::size_t nodes_ = 0;
};

}  // namespace

XmlWriter::XmlWriter(bool declaration) {
  if (declaration) out_ = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
}

void XmlWriter::open(std::string_view name, Attributes attributes) {
  out_.append("<").append(name);
  for (const auto& [key, value] : attributes) {
    out_.append(" ").append(key).append("=\"");
    append_escaped(out_, value);
    out_ += '"';
  }
  out_ += '>';
  open_.emplace_back(name);
}

void XmlWriter::close() {
  WEIR_ASSERT(!open_.empty());
  out_.append("</").append(open_.back()).append(">");
  open_.pop_back();
}

void XmlWriter::text(std::string_view text) { append_escaped(out_, text); }

void XmlWriter::element(std::string_view name, std::string_view text) {
  out_.append("<").append(name);
  if (text.empty()) {
    out_ += "/>";
    return;
  }
  out_ += '>';
  append_escaped(out_, text);
  out_.append("</").append(name).append(">");
}

std::string XmlWriter::take() {
  WEIR_ASSERT(open_.empty());
  return std::move(out_);
}

void write_members(XmlWriter& xml, const Type& type, const void* value, const XmlStyle& style) {
  for (const Member& member : type.shape().members) {
    write_value(xml, member.xml_name.empty() ? member.name : member.xml_name, &member,
                member.type(), member.get(value), style);
  }
}

std::string real_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  char text[40];
  const auto [end, error] = std::to_chars(text, text + sizeof text, number);
  std::string out(text, end);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

Result<Document> parse_xml(std::string_view text, DocumentLimits limits) {
  // pugixml builds its tree before the limits are looked at: its depth is bounded by the size of
  // the text, and it parses and destroys without recursion.
  pugi::xml_document document;
  const auto parsed = document.load_buffer(
      text.data(), text.size(),
      pugi::parse_default | pugi::parse_ws_pcdata_single | pugi::parse_doctype);
  if (!parsed) {
    return malformed(std::string(parsed.description()) + " at offset " +
                     std::to_string(parsed.offset));
  }
  for (const pugi::xml_node& node : document.children()) {
    if (node.type() == pugi::node_doctype) return malformed("a document type is not allowed");
  }
  const pugi::xml_node root = document.document_element();
  if (!root) return malformed("no element");
  WEIR_TRY(Document tree, TreeReader(limits).read(root, 0));
  if (tree.map() == nullptr) return Document(Document::Map{});
  return tree;
}

}  // namespace weir::wire
