// SPDX-License-Identifier: Apache-2.0
#include "daemon/config.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "client/address_guard.h"
#include "net/address.h"

extern char** environ;

namespace weir::daemon {
namespace {

constexpr std::string_view kRecordTimes[] = {"packet", "window"};
constexpr std::string_view kSmtpTls[] = {"none", "starttls-if-offered", "starttls", "implicit"};
constexpr std::string_view kLogLevels[] = {"debug", "info", "warn", "error", "off"};
constexpr std::string_view kLogFormats[] = {"text", "json"};

constexpr Setting kSettings[] = {
    {"listen", "Service", "Address and port to serve on; port 0 takes any free one."},
    {"endpoint", "Service",
     "URL under which subscribers reach the daemon, for links in notifications; made from `listen` "
     "if empty."},
    {"tls_certificate", "Service",
     "PEM file with the certificate chain; with `tls_key` the daemon serves HTTPS."},
    {"tls_key", "Service", "PEM file with the private key of `tls_certificate`."},
    {"data", "Service",
     "Folder of all state; if empty /var/lib/weir for root, else ~/.local/share/weir."},
    {"ephemeral", "Service",
     "CI mode: state in memory, any credentials are accepted, /_weir/reset and /_weir/clock answer "
     "on loopback."},
    {"account", "Service", "Account id (12 digits) that owns this host's interfaces."},
    {"region", "Service", "Region that this host's interfaces are in."},
    {"vpcs", "Interfaces",
     "VPCs besides the default one: `[{name: office, cidr: 10.1.0.0/16, subnets: [{name: desks, "
     "cidr: 10.1.2.0/24, zone: a}]}]`."},
    {"interfaces", "Interfaces",
     "Devices that become network interfaces (ENIs), as names, patterns (`veth*`) or `{device: "
     "veth1, guest: true, vpc: office}`; by default, and for `*`, all that are up, have an address "
     "and are no loopback."},
    {"capture", "Capture",
     "Whether to capture packets; by default yes, and in CI mode only if `interfaces` are named."},
    {"capture_ring_mib", "Capture", "Size of the kernel's packet ring of one interface, MiB."},
    {"flows_max", "Capture",
     "Flows of one interface and window at most; what finds no room is counted and shown as "
     "SKIPDATA."},
    {"record_times", "Capture",
     "Meaning of start and end of a record: `packet` (first and last packet) or `window` (bounds "
     "of the aggregation window)."},
    {"refused_report_delay_ms", "Capture",
     "How long after its first packet a refused flow is reported, milliseconds; -1 waits for the "
     "end of the window."},
    {"hide_unlogged", "Capture",
     "Leave out the traffic that AWS never logs (DHCP, Amazon DNS, time and metadata services)."},
    {"nodata_records", "Capture", "Write a NODATA record for each window without traffic."},
    {"collect_netflow", "Flows of other devices",
     "UDP address and port for NetFlow v5 and v9 of routers, such as 0.0.0.0:2055; off if empty."},
    {"collect_ipfix", "Flows of other devices",
     "UDP address and port for IPFIX, such as 0.0.0.0:4739; off if empty."},
    {"collect_sflow", "Flows of other devices",
     "UDP address and port for sFlow v5, such as 0.0.0.0:6343; off if empty."},
    {"collect_allow", "Flows of other devices",
     "CIDR blocks of the exporters; by default private, link-local and loopback addresses. Senders "
     "of UDP can be forged: use a management network."},
    {"collect_scale_sampled", "Flows of other devices",
     "Multiply packets and bytes of sampled flows by the sampling rate."},
    {"receive_access_key", "Flows of other devices",
     "Key that AWS must send to `POST /_weir/receive/<log-group>` (Firehose, CloudWatch Logs "
     "subscriptions); off if empty.",
     true},
    {"enforce", "Network ACLs and security groups",
     "Whether network ACLs and security groups are made true with nftables; by default yes, and no "
     "in CI mode."},
    {"enforce_force", "Network ACLs and security groups",
     "Make changes that would cut off this host's SSH session or the connection that asks for "
     "them."},
    {"acl_entries_max", "Network ACLs and security groups",
     "Entries of a network ACL per direction and IP version; 20 is AWS's default quota."},
    {"s3_file_slot_s", "Flow logs to S3", "Seconds of records in one file."},
    {"s3_file_delay_s", "Flow logs to S3",
     "Seconds to wait for late records before a file is written."},
    {"s3_compaction", "Flow logs to S3",
     "Merge the small files of a past hour or day (the partition of the flow log) into large ones; "
     "AWS never does."},
    {"s3_compaction_delay_s", "Flow logs to S3",
     "Seconds after the end of an hour or day before its files are merged."},
    {"firehose_streams", "Flow logs to Firehose",
     "Delivery streams as `name=URL`: the HTTP or HTTPS endpoint that takes the requests of the "
     "stream of that name."},
    {"firehose_access_keys", "Flow logs to Firehose",
     "Access keys as `name=key`, sent to the endpoint of the stream in X-Amz-Firehose-Access-Key.",
     true},
    {"subscription_filters_max", "Log groups",
     "Subscription filters of one log group; 2 is AWS's quota."},
    {"export_tasks_max", "Log groups",
     "Export tasks of one account and region that may wait or run at a time; 1 is AWS's quota."},
    {"functions", "Functions",
     "Local commands that stand for Lambda functions: `[{name: notify, command: [/usr/bin/python3, "
     "/opt/notify.py], timeout_s: 30}]` is `arn:aws:lambda:<region>:<account>:function:notify`. "
     "The event comes as JSON on standard input."},
    {"alarms_early_firing", "Alarms",
     "Fire in the middle of a period when no later datapoint could take the breach back."},
    {"alarms_group_s", "Alarms",
     "Actions of one topic within that many seconds become one message, a JSON object with the "
     "messages under `Alarms`; 0: each is its own, as on AWS."},
    {"alarms_repeat_s", "Alarms",
     "An alarm that stays in ALARM runs its alarm actions again every so many seconds (its message "
     "then has ALARM as its old state, too); 0: never, as on AWS."},
    {"sns_allow", "Notifications",
     "CIDR blocks of loopback, private and link-local addresses that http and https subscriptions "
     "may reach (`*`: all); none by default, all in CI mode."},
    {"smtp_host", "Mail",
     "Relay for email subscriptions; without one they are kept and retried but cannot be "
     "delivered."},
    {"smtp_port", "Mail", "Port of the relay."},
    {"smtp_tls", "Mail",
     "`none`, `starttls-if-offered`, `starttls` (refuse to send without) or `implicit` (smtps)."},
    {"smtp_user", "Mail", "User name for the relay; empty for none."},
    {"smtp_password", "Mail", "Password for the relay.", true},
    {"smtp_ca_file", "Mail",
     "PEM file with the certificates that may sign the relay's; empty for those of the system."},
    {"smtp_from", "Mail", "Sender address of mails."},
    {"respond_block", "Response",
     "Really block offenders; without it the responder only says what it would do."},
    {"respond_allow", "Response",
     "CIDR blocks that are never blocked, besides this host, its gateways and loopback."},
    {"respond_ttl_s", "Response", "Seconds after which a block is removed."},
    {"respond_blocks_max", "Response", "Blocks in one network ACL at a time."},
    {"respond_events_min", "Response",
     "Matching log events of an address before it counts as an offender."},
    {"athena_output", "Athena",
     "Where query results go if neither the request nor the work group says: s3://bucket/prefix/."},
    {"athena_memory_mib", "Athena", "Memory of the query engine, MiB; more is spilled to disk."},
    {"athena_timeout_s", "Athena", "Seconds after which a query is failed."},
    {"log_groups_max", "Logs", "Log groups of one account and region; 1,000,000 is AWS's quota."},
    {"metric_filters_max", "Logs", "Metric filters of one log group; 100 is AWS's quota."},
    {"live_tail_sessions_max", "Logs",
     "Live tails of one account and region at a time; 15 is AWS's quota."},
    {"subscription_backlog_max", "Logs",
     "PutLogEvents calls of one account and region that may wait for subscriptions and insight "
     "rules; who is further behind misses the oldest."},
    {"logs_retention_period_s", "Logs",
     "How often expired log events are removed from the disk, seconds; they are hidden at once."},
    {"logs_merge_period_ms", "Logs",
     "How often small blocks of log events are merged into larger ones, milliseconds."},
    {"logs_merge_mib", "Logs", "Text that is merged at most each time, MiB."},
    {"insights_queries_max", "Logs Insights",
     "Queries of one account and region that have not ended (AWS's quota is 100)."},
    {"insights_running_max", "Logs Insights",
     "Queries that run at one time; the others wait as Scheduled."},
    {"insights_workers", "Logs Insights",
     "Threads of one query at one time; 0 means all cores but one, at least one."},
    {"insights_memory_mib", "Logs Insights",
     "Memory of all queries that run, MiB; each gets an equal share and fails beyond it."},
    {"insights_timeout_s", "Logs Insights", "Seconds after which a query is ended as Timeout."},
    {"insights_results_days", "Logs Insights", "Days for which results are kept."},
    {"insights_results_mib", "Logs Insights",
     "Size of the results that are kept, MiB; the oldest go first."},
    {"workers", "Limits", "Threads that answer requests."},
    {"connections_max", "Limits", "Client connections at a time."},
    {"log_level", "Log", "`debug`, `info`, `warn`, `error` or `off`."},
    {"log_format", "Log", "`text` or `json`, on standard error."},
};

constexpr EntrySetting kEntrySettings[] = {
    {"vpcs", "name", "Name, the tag `Name` and what the VPC's id depends on."},
    {"vpcs", "cidr", "Block or list of blocks, at least one of IPv4."},
    {"vpcs", "subnets", "Subnets; a connected prefix without one becomes a subnet by itself."},
    {"vpcs", "tags", "Tags, `{team: it}`."},
    {"vpcs.subnets", "name", "Name, the tag `Name` and how an interface refers to the subnet."},
    {"vpcs.subnets", "cidr", "One IPv4 block, IPv6 blocks, or a list of both."},
    {"vpcs.subnets", "zone", "Letter of the availability zone; by default that of the host."},
    {"vpcs.subnets", "tags", "Tags."},
    {"interfaces", "device", "Name or pattern; an exact name counts before `cidr` and patterns."},
    {"interfaces", "namespace",
     "Network namespace (of `ip netns`) that the device is in; needs CAP_SYS_ADMIN."},
    {"interfaces", "cidr", "Devices that have an address in this block."},
    {"interfaces", "vlan",
     "Only frames with this 802.1Q tag: one more network interface of the same device."},
    {"interfaces", "guest",
     "The device (veth, tap, bridge port) is the host's end of another machine's interface: what "
     "leaves the device is ingress."},
    {"interfaces", "name", "Tag `Name`."},
    {"interfaces", "vpc", "Name of one of `vpcs`; by default the smallest that holds an address."},
    {"interfaces", "subnet", "Name or block of a subnet of that VPC; by default by the addresses."},
    {"interfaces", "instance", "`i-...`; by default one of the host, or of the guest."},
    {"interfaces", "eni",
     "`eni-...`; by default made from the machine id and the hardware's MAC, or the name of a "
     "device that Linux made."},
    {"interfaces", "addresses",
     "Addresses, with or without prefix length, the first is primary; by default the device's, of "
     "a guest those that the neighbour table has behind the device."},
    {"interfaces", "tags", "Tags."},
    {"functions", "name", "Name in the ARN: letters, digits, `-` and `_`."},
    {"functions", "command",
     "Program (an absolute path, or a name in the usual folders) and its arguments; no shell."},
    {"functions", "timeout_s",
     "Seconds after which it is killed, with all it started; default 30."},
    {"functions", "memory_mib", "Address space, MiB; default 1024. Node.js needs some thousands."},
    {"functions", "concurrency", "Runs at a time; more wait. Default 4."},
    {"functions", "environment",
     "Variables, `{LEVEL: info}`; it sees no others but PATH, LANG and AWS_LAMBDA_FUNCTION_NAME, "
     "..._MEMORY_SIZE."},
};

Error config_error(std::string message) {
  return {ErrorKind::invalid, "InvalidConfiguration", std::move(message)};
}

const Member* member_of(std::string_view key) {
  const auto members = Config::shape().members;
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.name == key; });
  return found == members.end() ? nullptr : &*found;
}

/// Text of a flag or variable as the tree of its setting: lists are split at commas, or YAML.
Result<Document> value_of(const Member& member, const std::string& text) {
  if (member.type().kind != Kind::list) return Document(text);
  if (text.starts_with('[')) {
    auto tree = parse_yaml(text);
    if (!tree) return config_error(std::string(member.name) + ": " + tree.error().message);
    return tree;
  }
  Document::List items;
  std::istringstream stream(text);
  for (std::string item; std::getline(stream, item, ',');) {
    if (!item.empty()) items.emplace_back(item);
  }
  return Document(std::move(items));
}

/// A plain name in the list of interfaces is short for `{device: name}`.
void spell_out_interfaces(Document& tree) {
  if (tree.find("interfaces") == nullptr) return;
  Document& value = tree["interfaces"];
  if (value.string() != nullptr) value = Document(Document::List{value});
  if (value.list() == nullptr) return;
  for (Document& item : *value.list()) {
    if (item.string() != nullptr) item = Document(Document::Map{{"device", item}});
  }
}

/// Without members that say nothing: what an entry leaves out.
Document without_empty(const Document& value) {
  const auto is_empty = [](const Document& one) {
    return one.is_null() || (one.string() != nullptr && one.string()->empty()) ||
           (one.list() != nullptr && one.list()->empty()) ||
           (one.map() != nullptr && one.map()->empty()) ||
           (one.boolean() != nullptr && !*one.boolean()) ||
           (one.integer() != nullptr && *one.integer() == 0);
  };
  if (const auto* list = value.list()) {
    Document::List items;
    for (const Document& item : *list) items.push_back(without_empty(item));
    return Document(std::move(items));
  }
  if (value.map() == nullptr) return value;
  Document::Map members;
  for (const auto& [key, item] : *value.map()) {
    if (!is_empty(item)) members.emplace_back(key, without_empty(item));
  }
  return Document(std::move(members));
}

/// A list entry as a person would write it.
Document short_entry(std::string_view key, const Document& item) {
  if (item.map() == nullptr) return item;
  Document entry = without_empty(item);
  const bool is_name =
      key == "interfaces" && entry.map()->size() == 1 && entry.map()->front().first == "device";
  return is_name ? entry.map()->front().second : entry;
}

Result<void> apply(Document& tree, const Overrides& overrides, std::string_view origin) {
  for (const auto& [key, text] : overrides) {
    const Member* member = member_of(key);
    if (member == nullptr) {
      std::vector<std::string_view> known;
      for (const Setting& setting : kSettings) known.push_back(setting.key);
      std::string message = "unknown setting '" + key + "' from the " + std::string(origin);
      if (const auto near = nearest_name(key, known); !near.empty())
        message += ", did you mean '" + near + "'?";
      return config_error(std::move(message));
    }
    WEIR_TRY(tree[key], value_of(*member, text));
  }
  return {};
}

Result<Document> read_file(const std::string& file) {
  std::ifstream stream(file);
  if (!stream) return config_error("cannot read the configuration file " + file);
  std::stringstream text;
  text << stream.rdbuf();
  auto tree = parse_yaml(text.str());
  if (!tree) return config_error(file + ": " + tree.error().message);
  if (tree->is_null()) return Document(Document::Map{});
  if (tree->map() == nullptr)
    return config_error(file + ": expected lines such as 'listen: 127.0.0.1:4566'");
  return tree;
}

Result<void> check_streams(const Config& config) {
  const auto streams = named_values(config.firehose_streams);
  const auto keys = named_values(config.firehose_access_keys);
  if (streams.size() != config.firehose_streams.size() ||
      keys.size() != config.firehose_access_keys.size()) {
    return config_error(
        "firehose_streams, firehose_access_keys: each entry is `name=value`, each name stands "
        "once");
  }
  for (const auto& [name, url] : streams) {
    if (url.starts_with("http://") || url.starts_with("https://")) continue;
    return config_error("firehose_streams: the stream '" + name +
                        "' has no URL that begins with http:// or https://");
  }
  for (const auto& [name, key] : keys) {
    if (streams.contains(name)) continue;
    return config_error("firehose_access_keys: there is no stream '" + name +
                        "' in firehose_streams");
  }
  return {};
}

Result<void> check_prefixes(std::string_view key, const std::vector<std::string>& prefixes) {
  for (const std::string& text : prefixes) {
    if (!net::Prefix::parse(text)) {
      return config_error(std::string(key) + ": '" + text +
                          "' is no CIDR block such as 192.0.2.0/24");
    }
  }
  return {};
}

Result<void> check_collector(std::string_view key, const std::string& text) {
  if (text.empty()) return {};
  const auto address = parse_listen(text);
  if (address && net::Address::parse(address->host)) return {};
  return config_error(std::string(key) + ": '" + text +
                      "' is no address and port such as 0.0.0.0:2055 or [::]:2055");
}

Result<void> check(const Config& config) {
  WEIR_TRY(const ListenAddress ignored, parse_listen(config.listen));
  (void)ignored;
  WEIR_CHECK(check_prefixes("respond_allow", config.respond_allow));
  WEIR_CHECK(check_prefixes("collect_allow", config.collect_allow));
  if (const auto guard = client::AddressGuard::make(config.sns_allow); !guard) {
    return config_error("sns_allow: " + guard.error().message);
  }
  WEIR_CHECK(check_collector("collect_netflow", config.collect_netflow));
  WEIR_CHECK(check_collector("collect_ipfix", config.collect_ipfix));
  WEIR_CHECK(check_collector("collect_sflow", config.collect_sflow));
  WEIR_CHECK(check_streams(config));
  WEIR_CHECK(functions::check(config.functions));
  if (config.tls_certificate.empty() != config.tls_key.empty()) {
    return config_error("tls_certificate and tls_key belong together: set both or neither");
  }
  return vpc::check_settings(config.vpcs, config.interfaces);
}

std::string yaml_value(std::string_view key, const Document& value) {
  if (const auto* list = value.list()) {
    std::string text = "[";
    for (const Document& item : *list) {
      text += (text.size() > 1 ? ", " : "") + to_json(short_entry(key, item));
    }
    return text + "]";
  }
  return value.is_null() ? "" : to_json(value);
}

}  // namespace

Shape Config::shape() {
  using S = Config;
  static constexpr Member members[] = {
      optional<&S::listen>("listen"),
      optional<&S::endpoint>("endpoint"),
      optional<&S::tls_certificate>("tls_certificate"),
      optional<&S::tls_key>("tls_key"),
      optional<&S::data>("data"),
      optional<&S::ephemeral>("ephemeral"),
      optional<&S::account>("account", pattern("[0-9]{12}")),
      optional<&S::region>("region", pattern("[a-z]{2}(-[a-z]+)+-[0-9]")),
      optional<&S::capture>("capture"),
      optional<&S::vpcs>("vpcs", items(0, vpc::kVpcSettingsMax)),
      optional<&S::interfaces>("interfaces", items(0, vpc::kInterfaceSettingsMax)),
      optional<&S::capture_ring_mib>("capture_ring_mib", range(1, 1024)),
      optional<&S::flows_max>("flows_max", range(1024, 1 << 24)),
      optional<&S::record_times>("record_times", one_of(kRecordTimes)),
      optional<&S::refused_report_delay_ms>("refused_report_delay_ms", range(-1, 60000)),
      optional<&S::hide_unlogged>("hide_unlogged"),
      optional<&S::nodata_records>("nodata_records"),
      optional<&S::collect_netflow>("collect_netflow"),
      optional<&S::collect_ipfix>("collect_ipfix"),
      optional<&S::collect_sflow>("collect_sflow"),
      optional<&S::collect_allow>("collect_allow", items(0, 1000)),
      optional<&S::collect_scale_sampled>("collect_scale_sampled"),
      optional<&S::receive_access_key>("receive_access_key", length(0, 4096)),
      optional<&S::enforce>("enforce"),
      optional<&S::enforce_force>("enforce_force"),
      optional<&S::acl_entries_max>("acl_entries_max", range(2, 4000)),
      optional<&S::s3_file_slot_s>("s3_file_slot_s", range(1, 3600)),
      optional<&S::s3_file_delay_s>("s3_file_delay_s", range(0, 3600)),
      optional<&S::s3_compaction>("s3_compaction"),
      optional<&S::s3_compaction_delay_s>("s3_compaction_delay_s", range(0, 604800)),
      optional<&S::firehose_streams>("firehose_streams", items(0, 1000)),
      optional<&S::firehose_access_keys>("firehose_access_keys", items(0, 1000)),
      optional<&S::subscription_filters_max>("subscription_filters_max", range(0, 1000)),
      optional<&S::export_tasks_max>("export_tasks_max", range(0, 1000)),
      optional<&S::functions>("functions", items(0, functions::kFunctionsMax)),
      optional<&S::alarms_early_firing>("alarms_early_firing"),
      optional<&S::alarms_group_s>("alarms_group_s", range(0, 3600)),
      optional<&S::alarms_repeat_s>("alarms_repeat_s", range(0, 604800)),
      optional<&S::sns_allow>("sns_allow", items(0, 1000)),
      optional<&S::smtp_host>("smtp_host"),
      optional<&S::smtp_port>("smtp_port", range(1, 65535)),
      optional<&S::smtp_tls>("smtp_tls", one_of(kSmtpTls)),
      optional<&S::smtp_user>("smtp_user"),
      optional<&S::smtp_password>("smtp_password"),
      optional<&S::smtp_ca_file>("smtp_ca_file"),
      optional<&S::smtp_from>("smtp_from", length(3, 254)),
      optional<&S::respond_block>("respond_block"),
      optional<&S::respond_allow>("respond_allow", items(0, 1000)),
      optional<&S::respond_ttl_s>("respond_ttl_s", range(1, 31536000)),
      optional<&S::respond_blocks_max>("respond_blocks_max", range(1, 1000)),
      optional<&S::respond_events_min>("respond_events_min", range(1, 1000000)),
      optional<&S::athena_output>("athena_output"),
      optional<&S::athena_memory_mib>("athena_memory_mib", range(64, 1 << 20)),
      optional<&S::athena_timeout_s>("athena_timeout_s", range(1, 86400)),
      optional<&S::log_groups_max>("log_groups_max", range(1, 100'000'000)),
      optional<&S::metric_filters_max>("metric_filters_max", range(0, 10'000)),
      optional<&S::live_tail_sessions_max>("live_tail_sessions_max", range(0, 1000)),
      optional<&S::subscription_backlog_max>("subscription_backlog_max",
                                             range(1000, 2'000'000'000)),
      optional<&S::logs_retention_period_s>("logs_retention_period_s", range(60, 86'400)),
      optional<&S::logs_merge_period_ms>("logs_merge_period_ms", range(100, 3'600'000)),
      optional<&S::logs_merge_mib>("logs_merge_mib", range(1, 1024)),
      optional<&S::insights_queries_max>("insights_queries_max", range(1, 100)),
      optional<&S::insights_running_max>("insights_running_max", range(1, 100)),
      optional<&S::insights_workers>("insights_workers", range(0, 256)),
      optional<&S::insights_memory_mib>("insights_memory_mib", range(64, 1 << 20)),
      optional<&S::insights_timeout_s>("insights_timeout_s", range(1, 86400)),
      optional<&S::insights_results_days>("insights_results_days", range(1, 365)),
      optional<&S::insights_results_mib>("insights_results_mib", range(16, 1 << 20)),
      optional<&S::workers>("workers", range(1, 256)),
      optional<&S::connections_max>("connections_max", range(1, 65536)),
      optional<&S::log_level>("log_level", one_of(kLogLevels)),
      optional<&S::log_format>("log_format", one_of(kLogFormats)),
  };
  return {"Configuration", members};
}

std::span<const Setting> settings() { return kSettings; }
std::span<const EntrySetting> entry_settings() { return kEntrySettings; }

std::filesystem::path Config::data_folder() const {
  if (!data.empty()) return data;
  if (::geteuid() == 0) return "/var/lib/weir";
  if (const char* folder = std::getenv("XDG_DATA_HOME"); folder != nullptr && *folder != '\0') {
    return std::filesystem::path(folder) / "weir";
  }
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home != nullptr ? home : ".") / ".local/share/weir";
}

std::string Config::endpoint_url() const {
  if (!endpoint.empty()) return endpoint;
  const auto address = parse_listen(listen);
  WEIR_ASSERT(static_cast<bool>(address));  // load_config() has checked it
  std::string host = address->host;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return (tls_certificate.empty() ? "http://" : "https://") + host + ":" +
         std::to_string(address->port);
}

Overrides environment_overrides() {
  static constexpr std::string_view kPrefix = "WEIR_";
  static constexpr std::string_view kConfigFile = "WEIR_CONFIG";  // names the file, is no setting
  Overrides overrides;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    const auto name = text.substr(0, equals);
    if (!name.starts_with(kPrefix) || name == kConfigFile || equals == std::string_view::npos)
      continue;
    std::string key(name.substr(kPrefix.size()));
    std::transform(key.begin(), key.end(), key.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    overrides[key] = text.substr(equals + 1);
  }
  return overrides;
}

Result<Config> load_config(const std::string& file, const Overrides& environment,
                           const Overrides& flags) {
  Document tree{Document::Map{}};
  if (!file.empty()) {
    WEIR_TRY(tree, read_file(file));
  }
  WEIR_CHECK(apply(tree, environment, "environment (WEIR_...)"));
  WEIR_CHECK(apply(tree, flags, "command line"));
  spell_out_interfaces(tree);
  auto config = from_document<Config>(tree, {.textual = true, .refuse_unknown = true});
  if (!config) return config_error((file.empty() ? "" : file + ": ") + config.error().message);
  WEIR_CHECK(check(*config));
  return config;
}

std::string config_yaml(const Config& config) {
  const Document tree = to_document(config);
  std::string text;
  std::string_view section;
  for (const Setting& setting : kSettings) {
    if (setting.section != section) {
      text.append(section.empty() ? "" : "\n")
          .append("# ---- ")
          .append(setting.section)
          .append(" ----\n");
      section = setting.section;
    }
    text.append("\n# ").append(setting.help).append("\n");
    const Document* value = tree.find(setting.key);
    const bool is_shown = value != nullptr && !value->is_null() && !setting.is_secret;
    if (!is_shown) text += "# ";
    text.append(setting.key).append(":");
    if (is_shown) text.append(" ").append(yaml_value(setting.key, *value));
    text += '\n';
  }
  return text;
}

std::string settings_markdown() {
  const Document defaults = to_document(Config{});
  std::string text =
      "# Settings\n\n"
      "Generated by `weir config reference`. Each key of the YAML file (`--config`, `WEIR_CONFIG`) "
      "is also a flag "
      "(`--refused-report-delay-ms`)\nand an environment variable "
      "(`WEIR_REFUSED_REPORT_DELAY_MS`). Flags beat the "
      "environment, which beats the file. An unknown key is refused.\n";
  std::string_view section;
  for (const Setting& setting : kSettings) {
    if (setting.section != section) {
      section = setting.section;
      text.append("\n## ").append(section).append(
          "\n\n| key | default | meaning |\n|---|---|---|\n");
    }
    const Document* value = defaults.find(setting.key);
    const std::string shown = value == nullptr ? "" : yaml_value(setting.key, *value);
    text.append("| `")
        .append(setting.key)
        .append("` | ")
        .append(shown.empty() ? "" : "`" + shown + "`");
    text.append(" | ").append(setting.help).append(" |\n");
  }
  std::string_view list;
  for (const EntrySetting& entry : kEntrySettings) {
    if (entry.list != list) {
      list = entry.list;
      text.append("\n## Entries of `").append(list).append("`\n\n| key | meaning |\n|---|---|\n");
    }
    text.append("| `").append(entry.key).append("` | ").append(entry.help).append(" |\n");
  }
  return text;
}

std::map<std::string, std::string> named_values(const std::vector<std::string>& settings) {
  std::map<std::string, std::string> values;
  for (const std::string& text : settings) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    values.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return values;
}

Result<ListenAddress> parse_listen(std::string_view text) {
  const auto refused = [&] {
    return config_error("listen: '" + std::string(text) +
                        "' is no address and port such as 127.0.0.1:4566 or [::1]:4566");
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return refused();
  ListenAddress address;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return refused();
  }
  address.host = host.empty() ? "0.0.0.0" : host == "localhost" ? "127.0.0.1" : host;
  const auto digits = text.substr(colon + 1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (error != std::errc{} || end != digits.data() + digits.size() || digits.empty())
    return refused();
  return address;
}

}  // namespace weir::daemon
