// SPDX-License-Identifier: Apache-2.0
#include "wire/query.h"

#include <map>
#include <memory>

namespace weir::wire {
namespace {

// Shorter names first: numbers without leading zeros are then in numeric order.
struct ByLength {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  }
};

// A map, because a Document's members are searched one after the other: 10,000 list items would
// take 10^8 steps.
struct Node {
  std::string value;
  std::map<std::string, Node, ByLength> children;
};

Document to_tree(Node&& node) {
  if (node.children.empty()) return Document(std::move(node.value));
  Document::Map members;
  members.reserve(node.children.size());
  while (!node.children.empty()) {
    auto child = node.children.extract(node.children.begin());
    members.emplace_back(std::move(child.key()), to_tree(std::move(child.mapped())));
  }
  return Document(std::move(members));
}

}  // namespace

Result<Document> parse_query(std::span<const std::pair<std::string, std::string>> parameters,
                             DocumentLimits limits) {
  Node root;
  std::size_t nodes = 0;
  for (const auto& [name, value] : parameters) {
    Node* at = &root;
    std::size_t depth = 0;
    std::string_view rest = name;
    for (bool more = true; more; ++depth) {
      const std::size_t dot = rest.find('.');
      const std::string_view part = rest.substr(0, dot);
      more = dot != std::string_view::npos;
      if (more) rest.remove_prefix(dot + 1);
      auto found = at->children.find(part);
      if (found == at->children.end()) {
        if (++nodes > limits.nodes_max || depth >= limits.depth_max) {
          return Error{ErrorKind::invalid, "MalformedQueryString",
                       nodes > limits.nodes_max ? "The request has too many parameters."
                                                : "A parameter name has too many parts."};
        }
        found = at->children.emplace(part, Node{}).first;
      }
      at = &found->second;
    }
    at->value = value;
  }
  if (root.children.empty()) return Document(Document::Map{});
  return to_tree(std::move(root));
}

}  // namespace weir::wire
