// SPDX-License-Identifier: Apache-2.0
#include "enforce/kernel_table.h"

#include "base/document.h"
#include "enforce/compile.h"
#include "vpc/interfaces.h"

namespace weir::enforce {
namespace {

std::string hash_of(std::string_view text) { return vpc::stable_id("", text); }

Error unreadable(std::string_view why) {
  return {ErrorKind::internal, "InternalError",
          "the listing of nft cannot be read: " + std::string(why)};
}

/// Takes out what differs between two loads of the same rules.
void strip(Document& node) {
  if (Document::List* list = node.list()) {
    for (Document& item : *list) strip(item);
    return;
  }
  Document::Map* map = node.map();
  if (map == nullptr) return;
  std::erase_if(*map, [](const Document::Member& member) {
    return member.first == "handle" || member.first == "packets" || member.first == "bytes";
  });
  for (auto& [name, value] : *map) strip(value);
}

const std::string* name_of_chain(const Document& item) {
  const Document* chain = item.find("chain");
  const Document* name = chain == nullptr ? nullptr : chain->find("name");
  return name == nullptr ? nullptr : name->string();
}

}  // namespace

bool KernelTable::is_untouched() const {
  return seal && seal->size() > kSealPrefix.size() && seal->ends_with('_' + hash_of(contents));
}

bool KernelTable::is(std::string_view wanted) const { return seal == seal_for(wanted, contents); }

std::string seal_for(std::string_view wanted, std::string_view contents) {
  std::string name(kSealPrefix);
  name.append(hash_of(wanted)).append("_").append(hash_of(contents));
  return name;
}

Result<KernelTable> parse_listing(std::string_view json) {
  const auto tree = parse_json(json);
  if (!tree) return unreadable(tree.error().message);
  const Document* listed = tree->find("nftables");
  if (listed == nullptr || listed->list() == nullptr) return unreadable("no list 'nftables'");
  KernelTable table;
  table.exists = true;
  for (const Document& item : *listed->list()) {
    if (item.find("metainfo") != nullptr) continue;
    if (const std::string* chain = name_of_chain(item)) {
      if (*chain == kSwitchedOffChain) {
        table.is_switched_off = true;
        continue;
      }
      if (chain->starts_with(kSealPrefix)) {
        table.seal = *chain;
        continue;
      }
    }
    Document stripped = item;
    strip(stripped);
    table.contents += to_json(stripped);
    table.contents += '\n';
  }
  return table;
}

}  // namespace weir::enforce
