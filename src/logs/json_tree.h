// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::logs {

/// A JSON message as filter patterns see it: numbers keep their text, the tree is one flat list and
/// its memory is used again for the next message.
class JsonTree {
 public:
  static constexpr std::size_t kDepthMax = 100;

  enum class Kind : std::uint8_t {
    null,
    boolean_false,
    boolean_true,
    number,
    string,
    array,
    object
  };
  struct Node {
    Kind kind = Kind::null;
    std::uint32_t end = 0;  // index behind this node and all within it
    std::uint32_t key_offset = 0;
    std::uint32_t key_size = 0;
    std::uint32_t text_offset = 0;
    std::uint32_t text_size = 0;
  };

  /// False if `message` is not one JSON object, is deeper than kDepthMax or larger than 4 GiB; the
  /// tree is then empty.
  bool read(std::string_view message);

  const Node& node(std::uint32_t index) const { return nodes_[index]; }
  std::string_view key(const Node& node) const { return view(node.key_offset, node.key_size); }
  /// Of a scalar; a string without its quotes and escapes.
  std::string_view text(const Node& node) const { return view(node.text_offset, node.text_size); }
  bool is_scalar(const Node& node) const { return node.kind < Kind::array; }

 private:
  friend class JsonTreeBuilder;
  std::string_view view(std::uint32_t offset, std::uint32_t size) const {
    return std::string_view(texts_).substr(offset, size);
  }

  std::vector<Node> nodes_;
  std::string texts_;
  std::vector<std::uint32_t> open_;  // while reading
};

}  // namespace weir::logs
