// SPDX-License-Identifier: Apache-2.0
// What compile() makes, carried out by a small interpreter of nftables' JSON, against the
// evaluation of ACLs and groups that AWS documents.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/document.h"
#include "enforce/compile.h"

namespace weir::enforce {
namespace {

using vpc::AclPacket;
using vpc::Direction;

constexpr int kIcmp = 1;
constexpr int kTcp = 6;
constexpr int kUdp = 17;
constexpr int kIcmpv6 = 58;

/// Just enough of nftables for the rules of compile(); anything else fails the test.
class Interpreter {
 public:
  explicit Interpreter(const std::string& text) {
    const auto tree = parse_json(text);
    for (const Document& command : *tree->find("nftables")->list()) {
      const Document* added = command.find("add");
      const Document* rule = added == nullptr ? nullptr : added->find("rule");
      if (rule != nullptr) chains_[*rule->find("chain")->string()].push_back(*rule->find("expr"));
    }
  }

  /// "" if the packet passes, else the prefix of the rule that refused it.
  std::string judge(const AclPacket& packet, Direction direction) {
    packet_ = &packet;
    const bool is_in = direction == Direction::ingress;
    for (const char* base : {"inbound", "inbound_tracked", "outbound"}) {
      if (is_in == (std::string_view(base) == "outbound")) continue;
      prefix_.clear();
      if (run(base)) return prefix_;
    }
    return "";
  }

 private:
  /// True: dropped.
  bool run(const std::string& chain) {
    for (const Document& expressions : chains_[chain]) {
      bool matches = true;
      for (const Document& expression : *expressions.list()) {
        const auto& [kind, body] = expression.map()->front();
        if (kind == "match") {
          matches = match(body);
          if (!matches) break;
        } else if (kind == "jump") {
          if (run(*body.find("target")->string())) return true;
        } else if (kind == "log") {
          prefix_ = *body.find("prefix")->string();
        } else if (kind == "drop") {
          return true;
        } else if (kind == "return") {
          return false;
        } else {
          EXPECT_EQ(kind, "counter");
        }
      }
    }
    return false;
  }

  bool match(const Document& body) {
    const Document& left = *body.find("left");
    const Document& right = *body.find("right");
    const auto& [kind, what] = left.map()->front();
    // No connection is known, none was open before, and there are no fragments.
    if (kind == "ct" || kind == "exthdr" || kind == "&") return false;
    if (kind == "meta") return match_meta(*what.find("key")->string(), right);
    EXPECT_EQ(kind, "payload");
    return match_payload(*what.find("protocol")->string(), *what.find("field")->string(), right);
  }

  bool match_meta(const std::string& key, const Document& right) const {
    if (key == "iifname" || key == "oifname") return *right.string() == "eth0";
    if (key == "nfproto") return *right.string() == (packet_->source.is_v6() ? "ipv6" : "ipv4");
    EXPECT_EQ(key, "l4proto");
    return *right.integer() == packet_->protocol;
  }

  bool match_payload(const std::string& protocol, const std::string& field,
                     const Document& right) const {
    if (field == "saddr" || field == "daddr") {
      const net::Address& address = field == "saddr" ? packet_->source : packet_->destination;
      return address.is_v6() == (protocol == "ip6") && has_address(right, address);
    }
    const int number = packet_->protocol;
    const bool has_ports = number == kTcp || number == kUdp;
    if (field == "sport") return has_ports && has_number(right, packet_->source_port);
    if (field == "dport") return has_ports && has_number(right, packet_->destination_port);
    if (number != (protocol == "icmp" ? kIcmp : kIcmpv6)) return false;
    return has_number(right, field == "type" ? packet_->icmp_type : packet_->icmp_code);
  }

  static bool has_address(const Document& right, const net::Address& address) {
    if (const Document* set = right.find("set")) {
      return std::any_of(set->list()->begin(), set->list()->end(), [&](const Document& item) {
        return *item.string() == address.to_string();
      });
    }
    const Document& prefix = *right.find("prefix");
    const auto parsed = net::Prefix::parse(*prefix.find("addr")->string() + '/' +
                                           std::to_string(*prefix.find("len")->integer()));
    return parsed->contains(address);
  }
  static bool has_number(const Document& right, int value) {
    if (right.integer() != nullptr) return *right.integer() == value;
    if (const Document* range = right.find("range")) {
      return value >= *range->list()->at(0).integer() && value <= *range->list()->at(1).integer();
    }
    const Document* set = right.find("set");
    return std::any_of(set->list()->begin(), set->list()->end(),
                       [&](const Document& item) { return has_number(item, value); });
  }

  std::map<std::string, std::vector<Document>> chains_;
  const AclPacket* packet_ = nullptr;
  std::string prefix_;
};

/// Draws rules and packets from few values, so that they often meet.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : runtime_(seed) {}

  int below(int bound) {
    return static_cast<int>(runtime_.random_below(static_cast<std::uint64_t>(bound)));
  }
  bool coin() { return below(2) == 0; }
  std::string cidr(bool v6) {
    static const char* const kV4[] = {"0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32"};
    static const char* const kV6[] = {"::/0", "2001:db8::/32", "2001:db8:1::/48",
                                      "2001:db8:1::3/128"};
    return (v6 ? kV6 : kV4)[below(4)];
  }
  net::Address address(bool v6) {
    static const char* const kV4[] = {"10.1.2.3", "10.1.9.9", "10.9.9.9", "192.0.2.1",
                                      "169.254.169.254"};
    static const char* const kV6[] = {"2001:db8:1::3", "2001:db8:1::9", "2001:db8:9::9", "fe80::1",
                                      "2001:db9::1"};
    return *net::Address::parse((v6 ? kV6 : kV4)[below(5)]);
  }
  int protocol() {
    static const int kAll[] = {-1, kIcmp, kTcp, kUdp, kIcmpv6, 47};
    return kAll[below(6)];
  }
  int port() {
    static const int kAll[] = {22, 67, 68, 80, 546, 547};
    return kAll[below(6)];
  }
  int type() {
    static const int kAll[] = {0, 3, 8, 128, 135, 143};
    return kAll[below(6)];
  }

  vpc::AclEntry entry(int number) {
    vpc::AclEntry made;
    made.rule_number = number;
    made.rule_action = coin() ? "deny" : "allow";
    made.egress = coin();
    const bool v6 = coin();
    (v6 ? made.ipv6_cidr_block : made.cidr_block) = cidr(v6);
    made.protocol = std::to_string(protocol());
    const int first = port();
    made.port_range = vpc::PortRange{first, std::max(first, port())};
    made.icmp = vpc::IcmpTypeCode{coin() ? -1 : type(), -1};
    return *vpc::canonical(made);
  }
  vpc::GroupAllowance allowance() {
    vpc::GroupRuleSpec spec{.ip_protocol = std::to_string(protocol())};
    const bool is_icmp = spec.ip_protocol == "1" || spec.ip_protocol == "58";
    const int first = port();
    spec.from_port = is_icmp ? (coin() ? -1 : type()) : first;
    spec.to_port = is_icmp ? -1 : std::max(first, port());
    return {coin() ? Direction::ingress : Direction::egress, std::stoi(spec.ip_protocol),
            *spec.from_port, *spec.to_port, *net::Prefix::parse(cidr(coin()))};
  }
  vpc::InterfaceRules rules() {
    vpc::InterfaceRules made{"eni-1", "eth0", {"10.0.0.5"}, "acl-1", vpc::default_entries(true)};
    if (coin()) made.entries = vpc::deny_all_entries(true);
    for (int i = below(6); i > 0; --i) made.entries.push_back(entry(i));
    vpc::sort_entries(made.entries);
    made.groups = {{"sg-1"}, coin(), {}};
    for (int i = made.groups.is_enforced ? below(6) : 0; i > 0; --i) {
      made.groups.allowances.push_back(allowance());
    }
    return made;
  }
  AclPacket packet() {
    AclPacket made;
    const bool v6 = coin();
    made.source = address(v6);
    made.destination = address(v6);
    static const int kV4[] = {kIcmp, kTcp, kUdp, 47};
    static const int kV6[] = {kIcmpv6, kTcp, kUdp, 47};
    made.protocol = static_cast<std::uint8_t>((v6 ? kV6 : kV4)[below(4)]);
    made.source_port = static_cast<std::uint16_t>(port());
    made.destination_port = static_cast<std::uint16_t>(port());
    made.icmp_type = type();
    return made;
  }

 private:
  SimulatedRuntime runtime_;
};

/// The order of AWS, in so many words.
std::string expected(const vpc::InterfaceRules& rules, Direction direction,
                     const AclPacket& packet) {
  if (vpc::is_never_judged(packet)) return "";
  const std::string way = direction == Direction::ingress ? "|in" : "|out";
  const auto acl = vpc::evaluate(rules.entries, direction, packet);
  const std::string by_acl =
      acl.is_allowed ? "" : "eni-1|acl-1|" + std::to_string(acl.rule_number) + way;
  const bool is_allowed =
      !rules.groups.is_enforced || vpc::allows(rules.groups.allowances, direction, packet);
  const std::string by_groups = is_allowed ? "" : "eni-1|sg-1|0" + way;
  const bool acl_first = direction == Direction::ingress;
  const std::string& first = acl_first ? by_acl : by_groups;
  return first.empty() ? (acl_first ? by_groups : by_acl) : first;
}

TEST(CompiledRulesTwin, JudgeEveryPacketAsTheRulesThemselvesDo) {
  Dice dice(42);
  int refused = 0;
  int passed = 0;
  for (int round = 0; round < 100; ++round) {
    const auto rules = dice.rules();
    Interpreter kernel(compile({rules}, 7));
    for (int i = 0; i < 60; ++i) {
      const auto packet = dice.packet();
      for (const auto direction : {Direction::ingress, Direction::egress}) {
        const std::string wanted = expected(rules, direction, packet);
        ASSERT_EQ(kernel.judge(packet, direction), wanted)
            << "round " << round << ": " << packet.source.to_string() << " to "
            << packet.destination.to_string() << " protocol " << int{packet.protocol} << " port "
            << packet.destination_port << " type " << packet.icmp_type << '\n'
            << compile({rules}, 7);
        ++(wanted.empty() ? passed : refused);
      }
    }
  }
  EXPECT_GT(refused, 2000);
  EXPECT_GT(passed, 2000);
}

}  // namespace
}  // namespace weir::enforce
