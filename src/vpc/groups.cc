// SPDX-License-Identifier: Apache-2.0
#include "vpc/groups.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <tuple>

#include "net/protocol.h"
#include "vpc/errors.h"

namespace weir::vpc {
namespace {

namespace ip = net::protocol;

constexpr std::size_t kTextMax = 255;
constexpr int kPortMax = 65535;
constexpr int kIcmpMax = 255;
constexpr int kProtocolMax = 255;
constexpr int kAllProtocols = -1;

struct NamedProtocol {
  std::string_view name;
  int number;
};
constexpr NamedProtocol kNamedProtocols[] = {
    {"-1", kAllProtocols}, {"all", kAllProtocols}, {"tcp", ip::kTcp},
    {"udp", ip::kUdp},     {"icmp", ip::kIcmp},    {"icmpv6", ip::kIcmpv6},
};

Error invalid(std::string message) {
  return {ErrorKind::invalid, "InvalidParameterValue", std::move(message)};
}
Error malformed(std::string message) {
  return {ErrorKind::invalid, "InvalidPermission.Malformed", std::move(message)};
}

bool is_group_text(std::string_view text) {
  constexpr std::string_view kPunctuation = ". _-:/()#,@[]+=&;{}!$*";
  return text.size() <= kTextMax && std::all_of(text.begin(), text.end(), [&](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                  kPunctuation.find(c) != std::string_view::npos;
         });
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string without_blanks_at_the_end(std::string text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

Error beyond_ascii(const std::string& value, std::string_view parameter) {
  return invalid_value(value, parameter, "Character sets beyond ASCII are not supported.");
}

Result<int> protocol_number(const std::string& text) {
  if (text.empty()) {
    return invalid(
        "Invalid value 'null' for protocol. VPC security group rules must specify protocols "
        "explicitly.");
  }
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  for (const auto& [name, number] : kNamedProtocols) {
    if (lower == name) return number;
  }
  int number = -1;
  const auto [end, error] = std::from_chars(lower.data(), lower.data() + lower.size(), number);
  if (error == std::errc{} && end == lower.data() + lower.size() && number >= 0 &&
      number <= kProtocolMax) {
    return number;
  }
  return invalid("Invalid value '" + text + "' for IP protocol. Unknown protocol.");
}

std::string protocol_text(int number) {
  for (const auto& [name, known] : kNamedProtocols) {
    if (known == number) return std::string(name);
  }
  return std::to_string(number);
}

/// Of a canonical rule.
int protocol_of(const SecurityGroupRule& rule) {
  const auto number = protocol_number(rule.ip_protocol);
  return number ? *number : kAllProtocols;
}

bool has_ports(int protocol) { return protocol == ip::kTcp || protocol == ip::kUdp; }
bool has_types(int protocol) { return protocol == ip::kIcmp || protocol == ip::kIcmpv6; }

Result<void> take_ports(const GroupRuleSpec& spec, SecurityGroupRule& rule) {
  if (!spec.from_port || !spec.to_port) {
    return invalid(
        "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.");
  }
  for (const int port : {*spec.from_port, *spec.to_port}) {
    if (port >= 0 && port <= kPortMax) continue;
    return malformed("TCP/UDP port (" + std::to_string(port) + ") out of range");
  }
  if (*spec.from_port > *spec.to_port) {
    return malformed("Invalid TCP/UDP port range (" + std::to_string(*spec.from_port) + ":" +
                     std::to_string(*spec.to_port) + ")");
  }
  rule.from_port = *spec.from_port;
  rule.to_port = *spec.to_port;
  return {};
}

Result<void> take_types(const GroupRuleSpec& spec, int protocol, SecurityGroupRule& rule) {
  const bool has_both = spec.from_port && spec.to_port;
  if (!has_both && (protocol == ip::kIcmp || spec.from_port || spec.to_port)) {
    return invalid("Invalid value 'Must specify both from and to ports with ICMP.' for portRange.");
  }
  if (!has_both) return {};
  const int type = *spec.from_port;
  const int code = *spec.to_port;
  const bool is_valid = type >= -1 && type <= kIcmpMax && code >= -1 && code <= kIcmpMax &&
                        (type != -1 || code == -1);
  if (!is_valid) {
    return malformed("ICMP type (" + std::to_string(type) + ") or code (" + std::to_string(code) +
                     ") out of range");
  }
  rule.from_port = type;
  rule.to_port = code;
  return {};
}

Result<void> take_peer(const GroupRuleSpec& spec, SecurityGroupRule& rule) {
  const int peers = int{spec.cidr_ipv4.has_value()} + int{spec.cidr_ipv6.has_value()} +
                    int{spec.prefix_list_id.has_value()} + int{spec.group.has_value()};
  if (peers == 0) {
    return Error{ErrorKind::invalid, "MissingParameter", "Source group ID missing."};
  }
  if (peers > 1) {
    return Error{ErrorKind::invalid, "InvalidParameterCombination",
                 "A security group rule has exactly one of CidrIpv4, CidrIpv6, PrefixListId and "
                 "ReferencedGroupId."};
  }
  if (spec.prefix_list_id) {
    return Error{ErrorKind::not_found, "InvalidPrefixListID.NotFound",
                 "The prefix list ID '" + *spec.prefix_list_id + "' does not exist"};
  }
  for (const bool want_v6 : {false, true}) {
    const auto& given = want_v6 ? spec.cidr_ipv6 : spec.cidr_ipv4;
    if (!given) continue;
    const auto prefix = net::Prefix::parse(*given);
    if (!prefix || prefix->is_v6() != want_v6) {
      return invalid("CIDR block " + *given + " is malformed");
    }
    (want_v6 ? rule.cidr_ipv6 : rule.cidr_ipv4) = prefix->canonical().to_string();
  }
  return {};
}

bool is_all(const SecurityGroupRule& rule) { return rule.ip_protocol == "-1"; }

/// Everything that resolving the groups of the interfaces needs, looked up once.
class Resolver {
 public:
  explicit Resolver(const ScopeState& state) : state_(state) {
    for (const auto& [id, eni] : state.enis) {
      for (const std::string& group : eni.group_ids) {
        rules_.try_emplace(group);
        for (const InterfaceAddress& own : eni.addresses) {
          if (const auto address = net::Address::parse(own.address)) {
            members_[group].push_back(net::Prefix::host(*address));
          }
        }
      }
    }
    for (const auto& [id, rule] : state.group_rules) {
      const auto attached = rules_.find(rule.group_id);
      if (attached != rules_.end()) attached->second.push_back(&rule);
    }
  }

  InterfaceGroups resolve(const Eni& eni) {
    InterfaceGroups resolved;
    resolved.ids = eni.group_ids;
    resolved.is_enforced =
        std::any_of(resolved.ids.begin(), resolved.ids.end(), [&](const auto& id) {
          const auto group = state_.groups.find(id);
          return group != state_.groups.end() &&
                 !are_original_default_rules(group->second, rules_[id]);
        });
    if (!resolved.is_enforced) return resolved;
    auto& allowances = resolved.allowances;
    for (const std::string& id : resolved.ids) {
      for (const SecurityGroupRule* rule : rules_[id]) add(*rule, allowances);
    }
    std::sort(allowances.begin(), allowances.end());
    allowances.erase(std::unique(allowances.begin(), allowances.end()), allowances.end());
    return resolved;
  }

 private:
  void add(const SecurityGroupRule& rule, std::vector<GroupAllowance>& out) {
    GroupAllowance allowance;
    allowance.direction = rule.is_egress ? Direction::egress : Direction::ingress;
    allowance.protocol = protocol_of(rule);
    allowance.from = rule.from_port;
    allowance.to = rule.to_port;
    const auto add_peer = [&](const net::Prefix& peer) {
      allowance.peer = peer;
      out.push_back(allowance);
    };
    for (const auto& cidr : {rule.cidr_ipv4, rule.cidr_ipv6}) {
      if (!cidr) continue;
      if (const auto prefix = net::Prefix::parse(*cidr)) add_peer(*prefix);
    }
    if (!rule.referenced_group) return;
    for (const net::Prefix& member : members_[rule.referenced_group->group_id]) add_peer(member);
  }

  const ScopeState& state_;
  std::map<std::string, std::vector<const SecurityGroupRule*>, std::less<>> rules_;
  std::map<std::string, std::vector<net::Prefix>, std::less<>> members_;
};

}  // namespace

Result<std::string> canonical_group_name(std::string name) {
  name = without_blanks_at_the_end(std::move(name));
  if (name.empty()) return missing_parameter("GroupName");
  if (!is_ascii(name)) return beyond_ascii(name, "GroupName");
  if (name.starts_with("sg-")) {
    return invalid_value(name, "GroupName", "Group names may not be in the format sg-*.");
  }
  if (name == "default") return invalid("Cannot use reserved security group name: default");
  if (is_group_text(name)) return name;
  return invalid(
      "Invalid security group name. Valid names are strings less than 256 characters from the "
      "following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*");
}

Result<std::string> canonical_group_description(std::string description) {
  description = without_blanks_at_the_end(std::move(description));
  if (description.empty()) return missing_parameter("GroupDescription");
  if (!is_ascii(description)) return beyond_ascii(description, "GroupDescription");
  if (is_group_text(description)) return description;
  return invalid(
      "Invalid security group description. Valid descriptions are strings less than 256 characters "
      "from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*");
}

Result<SecurityGroupRule> canonical(const GroupRuleSpec& spec) {
  SecurityGroupRule rule;
  WEIR_TRY(const int protocol, protocol_number(spec.ip_protocol));
  rule.ip_protocol = protocol_text(protocol);
  if (has_ports(protocol)) WEIR_CHECK(take_ports(spec, rule));
  if (has_types(protocol)) WEIR_CHECK(take_types(spec, protocol, rule));
  WEIR_CHECK(take_peer(spec, rule));
  if (spec.description && !is_group_text(*spec.description)) {
    return invalid(
        "Invalid rule description. Valid descriptions are strings less than 256 characters from "
        "the following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*");
  }
  if (spec.description && !spec.description->empty()) rule.description = spec.description;
  return rule;
}

bool is_same_rule(const SecurityGroupRule& a, const SecurityGroupRule& b) {
  const auto group = [](const SecurityGroupRule& rule) {
    return rule.referenced_group ? rule.referenced_group->group_id : std::string();
  };
  return std::tie(a.is_egress, a.ip_protocol, a.from_port, a.to_port, a.cidr_ipv4, a.cidr_ipv6) ==
             std::tie(b.is_egress, b.ip_protocol, b.from_port, b.to_port, b.cidr_ipv4,
                      b.cidr_ipv6) &&
         group(a) == group(b);
}

std::string describe(const SecurityGroupRule& rule) {
  std::string text = "peer: ";
  text += rule.cidr_ipv4 ? *rule.cidr_ipv4
          : rule.cidr_ipv6
              ? *rule.cidr_ipv6
              : rule.referenced_group.value_or(SecurityGroupRule::Reference{}).group_id;
  std::string protocol = is_all(rule) ? "ALL" : rule.ip_protocol;
  std::transform(protocol.begin(), protocol.end(), protocol.begin(), [](char c) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  });
  text += ", " + protocol;
  const int number = protocol_of(rule);
  if (has_ports(number)) {
    text += ", from port: " + std::to_string(rule.from_port) +
            ", to port: " + std::to_string(rule.to_port);
  }
  if (has_types(number)) {
    text += ", type: " + std::to_string(rule.from_port) + ", code: " + std::to_string(rule.to_port);
  }
  return text + ", ALLOW";
}

bool allows(std::span<const GroupAllowance> allowances, Direction direction,
            const AclPacket& packet) {
  const net::Address& peer = direction == Direction::ingress ? packet.source : packet.destination;
  return std::any_of(allowances.begin(), allowances.end(), [&](const GroupAllowance& allowance) {
    if (allowance.direction != direction || !allowance.peer.contains(peer)) return false;
    if (allowance.protocol == kAllProtocols) return true;
    if (allowance.protocol != packet.protocol) return false;
    if (has_ports(allowance.protocol)) {
      return packet.destination_port >= allowance.from && packet.destination_port <= allowance.to;
    }
    if (has_types(allowance.protocol)) {
      return (allowance.from == -1 || allowance.from == packet.icmp_type) &&
             (allowance.to == -1 || allowance.to == packet.icmp_code);
    }
    return true;
  });
}

bool are_original_default_rules(const SecurityGroup& group,
                                std::span<const SecurityGroupRule* const> rules) {
  if (group.name != "default") return false;
  bool has_itself = false;
  bool has_outside = false;
  for (const SecurityGroupRule* rule : rules) {
    if (!is_all(*rule)) return false;
    if (rule->is_egress) {
      const bool is_v4 = rule->cidr_ipv4 == "0.0.0.0/0";
      if (!is_v4 && rule->cidr_ipv6 != "::/0") return false;
      has_outside = has_outside || is_v4;
    } else {
      if (!rule->referenced_group || rule->referenced_group->group_id != group.id) return false;
      has_itself = true;
    }
  }
  return has_itself && has_outside;
}

std::vector<InterfaceGroups> resolve_groups(const ScopeState& state) {
  Resolver resolver(state);
  std::vector<InterfaceGroups> all;
  all.reserve(state.enis.size());
  for (const auto& [id, eni] : state.enis) all.push_back(resolver.resolve(eni));
  return all;
}

const SecurityGroup& default_group_of(const ScopeState& state, std::string_view vpc_id) {
  const auto found = std::find_if(state.groups.begin(), state.groups.end(), [&](const auto& item) {
    return item.second.vpc_id == vpc_id && item.second.name == "default";
  });
  WEIR_ASSERT(found != state.groups.end());
  return found->second;
}

void apply_attributes(Eni& eni, const ScopeState& state) {
  eni.group_ids.clear();
  if (const auto found = state.interface_attributes.find(eni.id);
      found != state.interface_attributes.end()) {
    const InterfaceAttributes& attributes = found->second;
    if (attributes.description) eni.description = *attributes.description;
    eni.source_dest_check = attributes.source_dest_check;
    for (const std::string& id : attributes.group_ids) {
      const auto group = state.groups.find(id);
      if (group != state.groups.end() && group->second.vpc_id == eni.vpc_id) {
        eni.group_ids.push_back(id);
      }
    }
  }
  if (eni.group_ids.empty()) eni.group_ids = {default_group_of(state, eni.vpc_id).id};
}

}  // namespace weir::vpc
