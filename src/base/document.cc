// SPDX-License-Identifier: Apache-2.0
#include "base/document.h"

#include <yaml-cpp/yaml.h>

#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "base/base64.h"

namespace weir {

const Document* Document::find(std::string_view name) const {
  const Map* members = map();
  if (members == nullptr) return nullptr;
  for (auto it = members->rbegin(); it != members->rend(); ++it) {
    if (it->first == name) return &it->second;
  }
  return nullptr;
}

Document& Document::operator[](std::string_view name) {
  if (is_null()) value_ = Map{};
  WEIR_ASSERT(map() != nullptr);
  for (auto& [key, value] : *map()) {
    if (key == name) return value;
  }
  return map()->emplace_back(std::string(name), Document()).second;
}

namespace {

namespace json = boost::json;

Error syntax_error(std::string message) {
  return {ErrorKind::invalid, "SerializationException", std::move(message)};
}

/// Builds a tree from a library's own tree, counting nodes against the limit.
class Builder {
 public:
  explicit Builder(const DocumentLimits& limits)
      : nodes_left_(limits.nodes_max), depth_left_(limits.depth_max) {}

  Result<Document> from_json(const json::value& value) {
    if (nodes_left_-- == 0) return syntax_error("the document has too many values");
    switch (value.kind()) {
      case json::kind::null:
        return Document();
      case json::kind::bool_:
        return Document(value.get_bool());
      case json::kind::int64:
        return Document(value.get_int64());
      case json::kind::uint64:
        return Document(static_cast<double>(value.get_uint64()));
      case json::kind::double_:
        return Document(value.get_double());
      case json::kind::string:
        return Document(std::string_view(value.get_string()));
      case json::kind::array: {
        Document::List list;
        list.reserve(value.get_array().size());
        for (const auto& item : value.get_array()) {
          WEIR_TRY(Document element, from_json(item));
          list.push_back(std::move(element));
        }
        return Document(std::move(list));
      }
      case json::kind::object: {
        Document::Map map;
        map.reserve(value.get_object().size());
        for (const auto& [key, item] : value.get_object()) {
          WEIR_TRY(Document member, from_json(item));
          map.emplace_back(std::string(key), std::move(member));
        }
        return Document(std::move(map));
      }
    }
    return Document();
  }

  Result<Document> from_yaml(const YAML::Node& node) {
    if (nodes_left_-- == 0) return syntax_error("the document has too many values");
    switch (node.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        return Document();
      case YAML::NodeType::Scalar:
        return scalar(node);
      case YAML::NodeType::Sequence: {
        if (depth_left_ == 0) return syntax_error("the document is nested too deeply");
        --depth_left_;
        Document::List list;
        for (const auto& item : node) {
          WEIR_TRY(Document element, from_yaml(item));
          list.push_back(std::move(element));
        }
        ++depth_left_;
        return Document(std::move(list));
      }
      case YAML::NodeType::Map: {
        if (depth_left_ == 0) return syntax_error("the document is nested too deeply");
        --depth_left_;
        Document::Map map;
        for (const auto& item : node) {
          WEIR_TRY(Document member, from_yaml(item.second));
          map.emplace_back(item.first.Scalar(), std::move(member));
        }
        ++depth_left_;
        return Document(std::move(map));
      }
    }
    return Document();
  }

 private:
  static Document scalar(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    if (node.Tag() == "!") return Document(text);  // it was quoted
    if (text.empty() || text == "~" || text == "null") return Document();
    if (text == "true" || text == "false") return Document(text == "true");
    std::int64_t integer = 0;
    const char* const end = text.data() + text.size();
    if (auto [stop, error] = std::from_chars(text.data(), end, integer);
        error == std::errc{} && stop == end) {
      return Document(integer);
    }
    double real = 0;
    if (auto [stop, error] = std::from_chars(text.data(), end, real);
        error == std::errc{} && stop == end) {
      return Document(real);
    }
    return Document(text);
  }

  std::size_t nodes_left_;
  std::size_t depth_left_;
};

void append_real(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    char text[32];
    const auto [end, error] = std::to_chars(text, text + sizeof text, value);
    const std::string_view digits(text, static_cast<std::size_t>(end - text));
    out += digits;
    if (digits.find_first_of(".e") == std::string_view::npos) out += ".0";
  }
}

void append_seconds(std::string& out, Time time) {
  const std::int64_t fraction = ((time.ms % 1000) + 1000) % 1000;
  if (time.ms < 0 && fraction != 0) return append_real(out, static_cast<double>(time.ms) / 1000);
  out += std::to_string(time.seconds());
  if (fraction == 0) return;
  char digits[5];
  std::snprintf(digits, sizeof digits, ".%03d", static_cast<int>(fraction));
  std::string_view shown = digits;
  while (shown.back() == '0') shown.remove_suffix(1);
  out += shown;
}

class JsonWriter {
 public:
  explicit JsonWriter(bool pretty) : pretty_(pretty) {}

  void write(const Document& document) {
    std::visit([this](const auto& value) { put(value); }, document.value());
  }
  std::string take() { return std::move(out_); }

 private:
  void put(std::nullptr_t) { out_ += "null"; }
  void put(bool value) { out_ += value ? "true" : "false"; }
  void put(std::int64_t value) { out_ += std::to_string(value); }
  void put(double value) { append_real(out_, value); }
  void put(const std::string& value) { append_json_string(out_, value); }
  void put(const Document::Blob& value) {
    out_.append("\"").append(base64_encode(value.bytes)).append("\"");
  }
  void put(Time value) { append_seconds(out_, value); }
  void put(const Document::List& list) {
    items('[', ']', list, [this](const Document& item) { write(item); });
  }
  void put(const Document::Map& map) {
    items('{', '}', map, [this](const Document::Member& member) {
      append_json_string(out_, member.first);
      out_ += pretty_ ? ": " : ":";
      write(member.second);
    });
  }
  template <class Items, class Put>
  void items(char open, char close, const Items& all, Put put_item) {
    out_ += open;
    ++depth_;
    bool first = true;
    for (const auto& item : all) {
      if (!first) out_ += ',';
      first = false;
      line();
      put_item(item);
    }
    --depth_;
    if (!first) line();
    out_ += close;
  }
  void line() {
    if (pretty_) out_.append("\n").append(2 * depth_, ' ');
  }

  std::string out_;
  bool pretty_;
  std::size_t depth_ = 0;
};

/// Length of the well-formed UTF-8 sequence at `text[i]`, or 0 (RFC 3629 table).
std::size_t utf8_length(std::string_view text, std::size_t i) {
  const auto at = [&](std::size_t k) {
    return k < text.size() ? static_cast<unsigned char>(text[k]) : 0u;
  };
  const auto tail = [&](std::size_t k) { return (at(k) & 0xc0) == 0x80; };
  const unsigned lead = at(i);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return tail(i + 1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    if (!tail(i + 1) || !tail(i + 2)) return 0;
    if (lead == 0xe0 && at(i + 1) < 0xa0) return 0;
    if (lead == 0xed && at(i + 1) > 0x9f) return 0;
    return 3;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    if (!tail(i + 1) || !tail(i + 2) || !tail(i + 3)) return 0;
    if (lead == 0xf0 && at(i + 1) < 0x90) return 0;
    if (lead == 0xf4 && at(i + 1) > 0x8f) return 0;
    return 4;
  }
  return 0;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t i = 0;
  while (i < text.size()) {
    std::size_t plain = i;
    while (plain < text.size() && static_cast<unsigned char>(text[plain]) >= 0x20 &&
           static_cast<unsigned char>(text[plain]) < 0x7f && text[plain] != '"' &&
           text[plain] != '\\') {
      ++plain;
    }
    out.append(text, i, plain - i);
    i = plain;
    if (i == text.size()) break;
    const char c = text[i];
    if (c == '"' || c == '\\') {
      out.append("\\").append(1, c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      out += escaped;
    } else if (const std::size_t length = utf8_length(text, i); length > 0) {
      out.append(text, i, length);
      i += length - 1;
    } else {
      out += "\xef\xbf\xbd";
    }
    ++i;
  }
  out += '"';
}

Result<Document> parse_json(std::string_view text, DocumentLimits limits) {
  json::error_code failure;
  json::stream_parser parser(json::storage_ptr{},
                             json::parse_options{.max_depth = limits.depth_max});
  const std::size_t taken = parser.write_some(text.data(), text.size(), failure);
  if (!failure) parser.finish(failure);
  if (!failure) {
    const auto rest = text.substr(taken).find_first_not_of(" \t\r\n");
    if (rest != std::string_view::npos) failure = json::make_error_code(json::error::extra_data);
  }
  if (failure) {
    return syntax_error("invalid JSON at offset " + std::to_string(taken) + ": " +
                        failure.message());
  }
  return Builder(limits).from_json(parser.release());
}

std::string to_json(const Document& document) {
  JsonWriter writer(false);
  writer.write(document);
  return writer.take();
}

std::string to_pretty_json(const Document& document) {
  JsonWriter writer(true);
  writer.write(document);
  return writer.take();
}

Result<Document> parse_yaml(std::string_view text, DocumentLimits limits) {
  try {
    return Builder(limits).from_yaml(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& problem) {
    return syntax_error(std::string("invalid YAML: ") + problem.what());
  }
}

}  // namespace weir
