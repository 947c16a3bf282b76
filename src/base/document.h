// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"

namespace weir {

/// A tree of values without a schema: what every codec (JSON, CBOR, XML, Query, YAML) reads into
/// and what a shape is bound from. Members keep their order.
class Document {
 public:
  struct Blob {
    std::string bytes;
    bool operator==(const Blob&) const = default;
  };
  using List = std::vector<Document>;
  using Member = std::pair<std::string, Document>;
  using Map = std::vector<Member>;
  using Value =
      std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Blob, Time, List, Map>;

  Document() = default;
  Document(std::nullptr_t) {}
  Document(bool v) : value_(v) {}
  Document(int v) : value_(std::int64_t{v}) {}
  Document(std::int64_t v) : value_(v) {}
  Document(double v) : value_(v) {}
  Document(const char* v) : value_(std::string(v)) {}
  Document(std::string_view v) : value_(std::string(v)) {}
  Document(std::string v) : value_(std::move(v)) {}
  Document(Blob v) : value_(std::move(v)) {}
  Document(Time v) : value_(v) {}
  Document(List v) : value_(std::move(v)) {}
  Document(Map v) : value_(std::move(v)) {}

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  const bool* boolean() const { return std::get_if<bool>(&value_); }
  const std::int64_t* integer() const { return std::get_if<std::int64_t>(&value_); }
  const double* real() const { return std::get_if<double>(&value_); }
  const std::string* string() const { return std::get_if<std::string>(&value_); }
  const Blob* blob() const { return std::get_if<Blob>(&value_); }
  const Time* time() const { return std::get_if<Time>(&value_); }
  const List* list() const { return std::get_if<List>(&value_); }
  List* list() { return std::get_if<List>(&value_); }
  const Map* map() const { return std::get_if<Map>(&value_); }
  Map* map() { return std::get_if<Map>(&value_); }
  const Value& value() const { return value_; }
  /// The member of a map, or nullptr (also when this is no map). The last one wins, as in JSON.
  const Document* find(std::string_view name) const;
  /// The member of a map, made if missing. This becomes a map if it was null.
  Document& operator[](std::string_view name);
  bool operator==(const Document&) const = default;

 private:
  Value value_ = nullptr;
};

/// Bounds of what a parser of outside data accepts.
struct DocumentLimits {
  std::size_t depth_max = 64;
  std::size_t nodes_max = 4'000'000;
};

/// JSON text (RFC 8259, UTF-8, one value) to a tree. Integers that fit are integers, other numbers
/// are real. Error: kind invalid, code SerializationException, the message names the offset.
Result<Document> parse_json(std::string_view text, DocumentLimits limits = {});
/// Compact JSON. Time is written as seconds with up to three decimals, Blob as base64; a real that
/// is whole is written with `.0`; real infinities and NaN as the strings that AWS uses ("Infinity",
/// "-Infinity", "NaN").
std::string to_json(const Document& document);
/// The same, indented by two blanks, for people.
std::string to_pretty_json(const Document& document);
/// YAML text (a configuration file). Plain scalars that read as null, boolean or number become
/// those.
Result<Document> parse_yaml(std::string_view text, DocumentLimits limits = {});

/// Appends `text` as a JSON string with its quotes. Invalid UTF-8 is replaced by U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace weir
