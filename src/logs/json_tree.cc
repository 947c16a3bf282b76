// SPDX-License-Identifier: Apache-2.0
#include "logs/json_tree.h"

#include <limits>

#include <boost/json/basic_parser_impl.hpp>

#include "logs/pattern_text.h"

namespace weir::logs {

/// Receives what Boost.JSON's parser finds.
class JsonTreeBuilder {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

  using Code = boost::json::error_code;
  using Text = boost::json::string_view;

  void begin(JsonTree& tree) { tree_ = &tree; }

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) { return open(JsonTree::Kind::object); }
  bool on_object_end(std::size_t, Code&) { return close(); }
  bool on_array_begin(Code&) { return open(JsonTree::Kind::array); }
  bool on_array_end(std::size_t, Code&) { return close(); }
  bool on_key_part(Text part, std::size_t, Code&) { return append(part); }
  bool on_key(Text part, std::size_t size, Code&) {
    append(part);
    key_size_ = static_cast<std::uint32_t>(size);
    key_offset_ = texts_end() - key_size_;
    return true;
  }
  bool on_string_part(Text part, std::size_t, Code&) { return append(part); }
  bool on_string(Text part, std::size_t size, Code&) {
    append(part);
    return scalar(JsonTree::Kind::string, static_cast<std::uint32_t>(size));
  }
  bool on_number_part(Text part, Code&) {
    number_size_ += part.size();
    return append(part);
  }
  bool on_int64(std::int64_t, Text part, Code&) { return number(part); }
  bool on_uint64(std::uint64_t, Text part, Code&) { return number(part); }
  bool on_double(double, Text part, Code&) { return number(part); }
  bool on_bool(bool value, Code&) {
    append(value ? "true" : "false");
    return value ? scalar(JsonTree::Kind::boolean_true, 4)
                 : scalar(JsonTree::Kind::boolean_false, 5);
  }
  bool on_null(Code&) { return scalar(JsonTree::Kind::null, 0); }
  bool on_comment_part(Text, Code&) { return true; }
  bool on_comment(Text, Code&) { return true; }

 private:
  std::uint32_t texts_end() const { return static_cast<std::uint32_t>(tree_->texts_.size()); }
  std::uint32_t nodes_end() const { return static_cast<std::uint32_t>(tree_->nodes_.size()); }

  bool append(Text part) {
    tree_->texts_.append(part.data(), part.size());
    return true;
  }
  bool number(Text part) {
    append(part);
    const auto size = static_cast<std::uint32_t>(number_size_ + part.size());
    number_size_ = 0;
    return scalar(JsonTree::Kind::number, size);
  }
  JsonTree::Node& add(JsonTree::Kind kind) {
    JsonTree::Node& node = tree_->nodes_.emplace_back();
    node.kind = kind;
    node.key_offset = key_offset_;
    node.key_size = key_size_;
    key_size_ = 0;
    return node;
  }
  bool scalar(JsonTree::Kind kind, std::uint32_t size) {
    JsonTree::Node& node = add(kind);
    node.text_offset = texts_end() - size;
    node.text_size = size;
    node.end = nodes_end();
    return true;
  }
  bool open(JsonTree::Kind kind) {
    tree_->open_.push_back(nodes_end());
    add(kind);
    return true;
  }
  bool close() {
    tree_->nodes_[tree_->open_.back()].end = nodes_end();
    tree_->open_.pop_back();
    return true;
  }

  JsonTree* tree_ = nullptr;
  std::uint32_t key_offset_ = 0;
  std::uint32_t key_size_ = 0;
  std::size_t number_size_ = 0;
};

bool JsonTree::read(std::string_view message) {
  nodes_.clear();
  texts_.clear();
  open_.clear();
  std::size_t start = 0;
  while (start < message.size() && is_blank(message[start])) ++start;
  if (start == message.size() || message[start] != '{' ||
      message.size() > std::numeric_limits<std::uint32_t>::max()) {
    return false;
  }
  boost::json::parse_options options;
  options.max_depth = kDepthMax;
  boost::json::basic_parser<JsonTreeBuilder> parser(options);
  parser.handler().begin(*this);
  boost::json::error_code code;
  const std::size_t used = parser.write_some(false, message.data(), message.size(), code);
  if (!code && used == message.size()) return true;
  nodes_.clear();
  return false;
}

}  // namespace weir::logs
