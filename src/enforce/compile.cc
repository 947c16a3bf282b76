// SPDX-License-Identifier: Apache-2.0
#include "enforce/compile.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/document.h"
#include "enforce/refusal.h"

namespace weir::enforce {
namespace {

using vpc::AclEntry;
using vpc::Direction;
using Map = Document::Map;
using List = Document::List;

// Inbound before defragmented packets meet connection tracking (-200) and the raw table (-300);
// outbound after source address translation (100), so that records show what is on the wire.
constexpr int kInboundPriority = -310;
constexpr int kOutboundPriority = 300;
constexpr int kFragmentOffsetMask = 0x1fff;
constexpr int kUdp = 17;
constexpr int kIcmpv6 = 58;

Document object(std::string name, Document value) {
  return Map{{std::move(name), std::move(value)}};
}

Document compare(const char* op, Document left, Document right) {
  return object("match", Map{{"op", op}, {"left", std::move(left)}, {"right", std::move(right)}});
}
Document equal(Document left, Document right) {
  return compare("==", std::move(left), std::move(right));
}
Document payload(std::string_view protocol, std::string_view field) {
  return object("payload", Map{{"protocol", protocol}, {"field", field}});
}
Document meta(std::string_view key) { return object("meta", Map{{"key", key}}); }
Document accept() { return object("accept", nullptr); }

bool is_v6(const AclEntry& entry) { return entry.ipv6_cidr_block.has_value(); }

bool is_deny_all(const AclEntry& entry) {
  return entry.rule_number == vpc::kDenyAllV4 || entry.rule_number == vpc::kDenyAllV6;
}

bool matches_everything(const AclEntry& entry) {
  return entry.protocol == "-1" &&
         (is_v6(entry) ? *entry.ipv6_cidr_block == "::/0" : *entry.cidr_block == "0.0.0.0/0");
}

/// The entries of one direction that can decide: nothing behind one that matches all of its IP
/// version.
std::vector<AclEntry> deciding_entries(const vpc::InterfaceRules& rules, Direction direction) {
  std::vector<AclEntry> entries;
  bool is_decided[2] = {false, false};
  for (const AclEntry& entry : rules.entries) {
    if (entry.direction() != direction || is_decided[is_v6(entry)]) continue;
    entries.push_back(entry);
    is_decided[is_v6(entry)] = matches_everything(entry);
  }
  return entries;
}

class Compiler {
 public:
  explicit Compiler(std::uint16_t nflog_group) : nflog_group_(nflog_group) {
    command("add", "table", Map{{"family", "inet"}, {"name", kTable}});
    command("delete", "table", Map{{"family", "inet"}, {"name", kTable}});
  }

  void add(const std::vector<vpc::InterfaceRules>& rules) {
    for (const Direction direction : {Direction::ingress, Direction::egress}) {
      for (const vpc::InterfaceRules& of_interface : rules) {
        if (refuses_anything(of_interface, direction)) add_chain(of_interface, direction);
      }
    }
  }

  std::string text() { return to_json(object("nftables", std::move(commands_))); }

 private:
  void command(const char* verb, const char* what, Map fields) {
    commands_.push_back(object(verb, object(what, std::move(fields))));
  }

  static Map in_table() { return Map{{"family", "inet"}, {"table", kTable}}; }

  void add_rule(const std::string& chain, List expression) {
    Map fields = in_table();
    fields.emplace_back("chain", chain);
    fields.emplace_back("expr", std::move(expression));
    command("add", "rule", std::move(fields));
  }

  void add_base_chains() {
    if (has_base_chains_) return;
    has_base_chains_ = true;
    command("add", "table", Map{{"family", "inet"}, {"name", kTable}});
    const auto base = [&](const char* name, const char* hook, int priority) {
      Map fields = in_table();
      fields.insert(fields.end(), {{"name", name},
                                   {"type", "filter"},
                                   {"hook", hook},
                                   {"prio", priority},
                                   {"policy", "accept"}});
      command("add", "chain", std::move(fields));
    };
    base("inbound", "prerouting", kInboundPriority);
    base("outbound", "postrouting", kOutboundPriority);
  }

  void add_chain(const vpc::InterfaceRules& rules, Direction direction) {
    add_base_chains();
    const bool is_in = direction == Direction::ingress;
    const std::string chain = (is_in ? "in_" : "out_") + rules.eni_id;
    Map fields = in_table();
    fields.emplace_back("name", chain);
    command("add", "chain", std::move(fields));

    add_exemptions(chain);
    for (const AclEntry& entry : deciding_entries(rules, direction)) {
      if (is_deny_all(entry)) add_fragment_exemption(chain, is_v6(entry));
      add_entry(chain, entry, {rules.eni_id, rules.acl_id, entry.rule_number, direction});
    }
    add_rule(is_in ? "inbound" : "outbound",
             {equal(meta(is_in ? "iifname" : "oifname"), device_name(rules.ifname)),
              object("jump", object("target", chain))});
  }

  /// nft reads a star at the end as "all that begin so".
  static std::string device_name(std::string name) {
    if (name.ends_with('*')) name.insert(name.size() - 1, 1, '\\');
    return name;
  }

  /// What no ACL judges: see vpc::is_never_judged().
  void add_exemptions(const std::string& chain) {
    const List services = {"169.254.169.254", "169.254.169.253", "169.254.169.123",
                           "169.254.170.2"};
    for (const char* side : {"saddr", "daddr"}) {
      add_rule(chain, {equal(payload("ip", side), object("set", services)), accept()});
    }
    const auto dhcp = [&](const char* family, int a, int b) {
      for (const auto& [from, to] : {std::pair(a, b), std::pair(b, a)}) {
        add_rule(chain, {equal(meta("nfproto"), family), equal(meta("l4proto"), kUdp),
                         equal(payload("th", "sport"), from), equal(payload("th", "dport"), to),
                         accept()});
      }
    };
    dhcp("ipv4", 67, 68);
    dhcp("ipv6", 546, 547);
    add_rule(chain, {equal(meta("nfproto"), "ipv6"), equal(meta("l4proto"), kIcmpv6),
                     equal(payload("icmpv6", "type"), object("range", List{133, 137})), accept()});
  }

  /// Later fragments have no ports, so rules with ports could not allow them; the first one was
  /// judged.
  void add_fragment_exemption(const std::string& chain, bool v6) {
    if (v6) {
      add_rule(chain,
               {compare("!=", object("exthdr", Map{{"name", "frag"}, {"field", "frag-off"}}), 0),
                accept()});
      return;
    }
    const Document offset = object("&", List{payload("ip", "frag-off"), kFragmentOffsetMask});
    add_rule(chain, {compare("!=", offset, 0), accept()});
  }

  void add_entry(const std::string& chain, const AclEntry& entry, const Refusal& refusal) {
    List expression;
    match_address(expression, entry, refusal.direction);
    match_protocol(expression, entry);
    if (!entry.is_deny()) {
      expression.push_back(accept());
    } else {
      expression.push_back(object("log", Map{{"prefix", to_prefix(refusal)},
                                             {"group", static_cast<int>(nflog_group_)},
                                             {"snaplen", kSnapLength}}));
      expression.push_back(object("counter", nullptr));
      expression.push_back(object("drop", nullptr));
    }
    add_rule(chain, std::move(expression));
  }

  static void match_address(List& expression, const AclEntry& entry, Direction direction) {
    const std::string& cidr = is_v6(entry) ? *entry.ipv6_cidr_block : *entry.cidr_block;
    const auto slash = cidr.find('/');
    int length = 0;
    std::from_chars(cidr.data() + slash + 1, cidr.data() + cidr.size(), length);
    if (length == 0) {
      expression.push_back(equal(meta("nfproto"), is_v6(entry) ? "ipv6" : "ipv4"));
      return;
    }
    const char* side = direction == Direction::ingress ? "saddr" : "daddr";
    expression.push_back(
        equal(payload(is_v6(entry) ? "ip6" : "ip", side),
              object("prefix", Map{{"addr", cidr.substr(0, slash)}, {"len", length}})));
  }

  static void match_protocol(List& expression, const AclEntry& entry) {
    int protocol = -1;
    std::from_chars(entry.protocol.data(), entry.protocol.data() + entry.protocol.size(), protocol);
    if (protocol == -1) return;
    expression.push_back(equal(meta("l4proto"), protocol));
    if (entry.port_range) {
      const auto [from, to] = *entry.port_range;
      const Document ports = from == to ? Document(from) : object("range", List{from, to});
      expression.push_back(equal(payload("th", "dport"), ports));
    }
    if (entry.icmp) {
      const char* name = is_v6(entry) && protocol == kIcmpv6 ? "icmpv6" : "icmp";
      if (entry.icmp->type != -1) {
        expression.push_back(equal(payload(name, "type"), entry.icmp->type));
      }
      if (entry.icmp->code != -1) {
        expression.push_back(equal(payload(name, "code"), entry.icmp->code));
      }
    }
  }

  const std::uint16_t nflog_group_;
  List commands_;
  bool has_base_chains_ = false;
};

}  // namespace

bool refuses_anything(const vpc::InterfaceRules& rules, Direction direction) {
  const auto entries = deciding_entries(rules, direction);
  return std::any_of(entries.begin(), entries.end(),
                     [](const AclEntry& entry) { return entry.is_deny(); });
}

std::string compile(const std::vector<vpc::InterfaceRules>& rules, std::uint16_t nflog_group) {
  Compiler compiler(nflog_group);
  compiler.add(rules);
  return compiler.text();
}

std::string compile_removal() { return compile({}, 0); }

}  // namespace weir::enforce
