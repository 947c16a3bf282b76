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

/// Where packets are judged. ACLs of arriving packets come before connection tracking (-200) and
/// the raw table (-300), so that it never learns of what they refuse; groups come behind it and
/// before destination address translation (-100). Leaving packets are judged after source address
/// translation (100), so that records show what is on the wire.
struct Stage {
  const char* name;
  const char* hook;
  int priority;
  const char* device;  // what `meta` key names the interface's device
};
constexpr Stage kArriving = {"inbound", "prerouting", -310, "iifname"};
constexpr Stage kTracked = {"inbound_tracked", "prerouting", -150, "iifname"};
constexpr Stage kLeaving = {"outbound", "postrouting", 300, "oifname"};

constexpr int kFragmentOffsetMask = 0x1fff;
constexpr int kIcmp = 1;
constexpr int kTcp = 6;
constexpr int kUdp = 17;
constexpr int kIcmpv6 = 58;
constexpr const char* kOpenV4 = "open4";
constexpr const char* kOpenV6 = "open6";

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
/// Lets the packet go on to the next judge.
Document pass() { return object("return", nullptr); }

Document prefix_of(const net::Prefix& prefix) {
  return object("prefix", Map{{"addr", prefix.address().to_string()},
                              {"len", static_cast<int>(prefix.length())}});
}

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

/// The allowances of one direction; nothing beside one that allows all of its IP version.
std::vector<vpc::GroupAllowance> deciding_allowances(const vpc::InterfaceGroups& groups,
                                                     Direction direction, bool (&all)[2]) {
  const auto is_all = [](const vpc::GroupAllowance& allowance) {
    return allowance.protocol == -1 && allowance.peer.length() == 0;
  };
  for (const vpc::GroupAllowance& allowance : groups.allowances) {
    if (allowance.direction == direction && is_all(allowance)) all[allowance.peer.is_v6()] = true;
  }
  std::vector<vpc::GroupAllowance> allowances;
  for (const vpc::GroupAllowance& allowance : groups.allowances) {
    if (allowance.direction != direction) continue;
    if (!all[allowance.peer.is_v6()] || is_all(allowance)) allowances.push_back(allowance);
  }
  return allowances;
}

bool acl_refuses(const vpc::InterfaceRules& rules, Direction direction) {
  const auto entries = deciding_entries(rules, direction);
  return std::any_of(entries.begin(), entries.end(),
                     [](const AclEntry& entry) { return entry.is_deny(); });
}

bool groups_refuse(const vpc::InterfaceRules& rules, Direction direction) {
  bool all[2] = {false, false};
  deciding_allowances(rules.groups, direction, all);
  return rules.groups.is_enforced && !(all[0] && all[1]);
}

class Compiler {
 public:
  Compiler(std::uint16_t nflog_group, std::span<const Connection> open)
      : nflog_group_(nflog_group), open_(open) {
    command("add", "table", Map{{"family", "inet"}, {"name", kTable}});
    command("delete", "table", Map{{"family", "inet"}, {"name", kTable}});
  }

  /// Each judge is a chain of its own; the order of the jumps to them is the order of AWS: into the
  /// interface first the ACL, then the groups, out of it the other way round.
  void add(const std::vector<vpc::InterfaceRules>& rules) {
    if (groups_refuse_anything(rules)) add_open_connections();
    for (const Direction direction : {Direction::ingress, Direction::egress}) {
      for (const vpc::InterfaceRules& of_interface : rules) {
        if (direction == Direction::ingress) add_acl(of_interface, direction);
        add_groups(of_interface, direction);
        if (direction == Direction::egress) add_acl(of_interface, direction);
      }
    }
  }

  void add_sign(std::string_view chain) {
    Map fields = in_table();
    fields.emplace_back("name", chain);
    command("add", "chain", std::move(fields));
  }

  void add_table() {
    if (has_table_) return;
    has_table_ = true;
    command("add", "table", Map{{"family", "inet"}, {"name", kTable}});
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

  void add_stage(const Stage& stage) {
    add_table();
    if (std::find(stages_.begin(), stages_.end(), &stage) != stages_.end()) return;
    stages_.push_back(&stage);
    Map fields = in_table();
    fields.insert(fields.end(), {{"name", stage.name},
                                 {"type", "filter"},
                                 {"hook", stage.hook},
                                 {"prio", stage.priority},
                                 {"policy", "accept"}});
    command("add", "chain", std::move(fields));
  }

  void add_chain(const std::string& chain) {
    add_sign(chain);
    add_exemptions(chain);
  }

  void add_jump(const Stage& stage, const vpc::InterfaceRules& rules, const std::string& chain) {
    add_rule(stage.name, {equal(meta(stage.device), device_name(rules.ifname)),
                          object("jump", object("target", chain))});
  }

  void add_acl(const vpc::InterfaceRules& rules, Direction direction) {
    if (!acl_refuses(rules, direction)) return;
    const bool is_in = direction == Direction::ingress;
    const Stage& stage = is_in != rules.is_guest ? (is_in ? kArriving : kTracked) : kLeaving;
    add_stage(stage);
    const std::string chain = (is_in ? "in_" : "out_") + rules.eni_id;
    add_chain(chain);
    for (const AclEntry& entry : deciding_entries(rules, direction)) {
      if (is_deny_all(entry)) add_fragment_exemption(chain, is_v6(entry));
      add_entry(chain, entry, {rules.eni_id, rules.acl_id, entry.rule_number, direction});
    }
    add_jump(stage, rules, chain);
  }

  void add_groups(const vpc::InterfaceRules& rules, Direction direction) {
    if (!groups_refuse(rules, direction)) return;
    const bool is_in = direction == Direction::ingress;
    const Stage& stage = is_in != rules.is_guest ? kTracked : kLeaving;
    add_stage(stage);
    const std::string chain = (is_in ? "groups_in_" : "groups_out_") + rules.eni_id;
    add_chain(chain);
    add_rule(chain,
             {compare("in", object("ct", Map{{"key", "state"}}), List{"established", "related"}),
              pass()});
    const bool is_arriving = &stage == &kTracked;
    add_open_rule(chain, "ip", kOpenV4, is_arriving);
    add_open_rule(chain, "ip6", kOpenV6, is_arriving);
    bool all[2] = {false, false};
    for (const auto& allowance : deciding_allowances(rules.groups, direction, all)) {
      add_allowance(chain, allowance);
    }
    add_refusal(chain, {}, {rules.eni_id, owner_of_groups(rules.groups.ids), 0, direction});
    add_jump(stage, rules, chain);
  }

  /// nft reads a star at the end as "all that begin so".
  static std::string device_name(std::string name) {
    if (name.ends_with('*')) name.insert(name.size() - 1, 1, '\\');
    return name;
  }

  /// What nothing judges: see vpc::is_never_judged().
  void add_exemptions(const std::string& chain) {
    const List services = {"169.254.169.254", "169.254.169.253", "169.254.169.123",
                           "169.254.170.2"};
    for (const char* side : {"saddr", "daddr"}) {
      add_rule(chain, {equal(payload("ip", side), object("set", services)), pass()});
    }
    const auto dhcp = [&](const char* family, int a, int b) {
      for (const auto& [from, to] : {std::pair(a, b), std::pair(b, a)}) {
        add_rule(chain,
                 {equal(meta("nfproto"), family), equal(meta("l4proto"), kUdp),
                  equal(payload("th", "sport"), from), equal(payload("th", "dport"), to), pass()});
      }
    };
    dhcp("ipv4", 67, 68);
    dhcp("ipv6", 546, 547);
    const List neighbours = {object("range", List{130, 137}), 143};
    add_rule(chain, {equal(meta("nfproto"), "ipv6"), equal(meta("l4proto"), kIcmpv6),
                     equal(payload("icmpv6", "type"), object("set", neighbours)), pass()});
  }

  /// Later fragments have no ports, so rules with ports could not allow them; the first one was
  /// judged. (Groups see whole packets only: connection tracking puts them together.)
  void add_fragment_exemption(const std::string& chain, bool v6) {
    if (v6) {
      add_rule(chain,
               {compare("!=", object("exthdr", Map{{"name", "frag"}, {"field", "frag-off"}}), 0),
                pass()});
      return;
    }
    const Document offset = object("&", List{payload("ip", "frag-off"), kFragmentOffsetMask});
    add_rule(chain, {compare("!=", offset, 0), pass()});
  }

  void add_entry(const std::string& chain, const AclEntry& entry, const Refusal& refusal) {
    List expression;
    const auto cidr = net::Prefix::parse(is_v6(entry) ? *entry.ipv6_cidr_block : *entry.cidr_block);
    WEIR_ASSERT(static_cast<bool>(cidr));  // entries are canonical
    match_peer(expression, *cidr, refusal.direction);
    int protocol = -1;
    std::from_chars(entry.protocol.data(), entry.protocol.data() + entry.protocol.size(), protocol);
    if (protocol != -1) expression.push_back(equal(meta("l4proto"), protocol));
    if (entry.port_range) match_ports(expression, entry.port_range->from, entry.port_range->to);
    if (entry.icmp) {
      const bool is_icmpv6 = is_v6(entry) && protocol == kIcmpv6;
      match_icmp(expression, is_icmpv6, entry.icmp->type, entry.icmp->code);
    }
    if (entry.is_deny()) {
      add_refusal(chain, std::move(expression), refusal);
    } else {
      expression.push_back(pass());
      add_rule(chain, std::move(expression));
    }
  }

  void add_allowance(const std::string& chain, const vpc::GroupAllowance& allowance) {
    List expression;
    match_peer(expression, allowance.peer, allowance.direction);
    const int protocol = allowance.protocol;
    if (protocol != -1) expression.push_back(equal(meta("l4proto"), protocol));
    if (protocol == kTcp || protocol == kUdp) {
      match_ports(expression, allowance.from, allowance.to);
    }
    if (protocol == kIcmp || protocol == kIcmpv6) {
      match_icmp(expression, protocol == kIcmpv6, allowance.from, allowance.to);
    }
    expression.push_back(pass());
    add_rule(chain, std::move(expression));
  }

  void add_refusal(const std::string& chain, List expression, const Refusal& refusal) {
    expression.push_back(object("log", Map{{"prefix", to_prefix(refusal)},
                                           {"group", static_cast<int>(nflog_group_)},
                                           {"snaplen", kSnapLength}}));
    expression.push_back(object("counter", nullptr));
    expression.push_back(object("drop", nullptr));
    add_rule(chain, std::move(expression));
  }

  static void match_peer(List& expression, const net::Prefix& peer, Direction direction) {
    if (peer.length() == 0) {
      expression.push_back(equal(meta("nfproto"), peer.is_v6() ? "ipv6" : "ipv4"));
      return;
    }
    const char* side = direction == Direction::ingress ? "saddr" : "daddr";
    expression.push_back(equal(payload(peer.is_v6() ? "ip6" : "ip", side), prefix_of(peer)));
  }

  static void match_ports(List& expression, int from, int to) {
    const Document ports = from == to ? Document(from) : object("range", List{from, to});
    expression.push_back(equal(payload("th", "dport"), ports));
  }

  static void match_icmp(List& expression, bool is_icmpv6, int type, int code) {
    const char* name = is_icmpv6 ? "icmpv6" : "icmp";
    if (type != -1) expression.push_back(equal(payload(name, "type"), type));
    if (code != -1) expression.push_back(equal(payload(name, "code"), code));
  }

  /// A packet in the middle of a connection that was open before its tracking began looks like the
  /// first of a new one. Both sets hold local address, local port, remote address, remote port.
  void add_open_connections() {
    add_table();
    for (const bool v6 : {false, true}) {
      const char* address = v6 ? "ipv6_addr" : "ipv4_addr";
      Map fields = in_table();
      fields.insert(fields.end(), {{"name", v6 ? kOpenV6 : kOpenV4},
                                   {"type", List{address, "inet_service", address, "inet_service"}},
                                   {"flags", List{"timeout"}},
                                   {"timeout", kOpenConnectionTimeout_s}});
      command("add", "set", std::move(fields));
      List elements;
      for (const Connection& connection : open_) {
        if (connection.local.is_v6() != v6) continue;
        elements.push_back(
            object("concat",
                   List{connection.local.to_string(), static_cast<int>(connection.local_port),
                        connection.remote.to_string(), static_cast<int>(connection.remote_port)}));
      }
      if (elements.empty()) continue;
      fields = in_table();
      fields.emplace_back("name", v6 ? kOpenV6 : kOpenV4);
      fields.emplace_back("elem", std::move(elements));
      command("add", "element", std::move(fields));
    }
  }

  void add_open_rule(const std::string& chain, const char* family, const char* set,
                     bool is_arriving) {
    const char* local = is_arriving ? "daddr" : "saddr";
    const char* remote = is_arriving ? "saddr" : "daddr";
    const char* local_port = is_arriving ? "dport" : "sport";
    const char* remote_port = is_arriving ? "sport" : "dport";
    const Document key =
        object("concat", List{payload(family, local), payload("tcp", local_port),
                              payload(family, remote), payload("tcp", remote_port)});
    const Document syn = object("&", List{payload("tcp", "flags"), "syn"});
    add_rule(chain, {equal(syn, 0), equal(key, "@" + std::string(set)), pass()});
  }

  const std::uint16_t nflog_group_;
  const std::span<const Connection> open_;
  List commands_;
  bool has_table_ = false;
  std::vector<const Stage*> stages_;
};

}  // namespace

bool refuses_anything(const vpc::InterfaceRules& rules, Direction direction) {
  return acl_refuses(rules, direction) || groups_refuse(rules, direction);
}

bool refuse_anything(const std::vector<vpc::InterfaceRules>& rules) {
  return std::any_of(rules.begin(), rules.end(), [](const vpc::InterfaceRules& of_interface) {
    return refuses_anything(of_interface, Direction::ingress) ||
           refuses_anything(of_interface, Direction::egress);
  });
}

bool groups_refuse_anything(const std::vector<vpc::InterfaceRules>& rules) {
  return std::any_of(rules.begin(), rules.end(), [](const vpc::InterfaceRules& of_interface) {
    return groups_refuse(of_interface, Direction::ingress) ||
           groups_refuse(of_interface, Direction::egress);
  });
}

std::string compile(const std::vector<vpc::InterfaceRules>& rules, std::uint16_t nflog_group,
                    std::span<const Connection> open) {
  Compiler compiler(nflog_group, open);
  compiler.add(rules);
  return compiler.text();
}

std::string compile_removal() { return compile({}, 0); }

std::string compile_switched_off() {
  Compiler compiler(0, {});
  compiler.add_table();
  compiler.add_sign(kSwitchedOffChain);
  return compiler.text();
}

std::string compile_sign(std::string_view chain) {
  Map fields{{"family", "inet"}, {"table", kTable}, {"name", chain}};
  List commands{object("add", object("chain", std::move(fields)))};
  return to_json(object("nftables", std::move(commands)));
}

}  // namespace weir::enforce
