// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/shape.h"
#include "functions/functions.h"
#include "vpc/interfaces_config.h"

namespace weir::daemon {

/// Weir's own settings: a small YAML file, every key also a flag (`refused_report_delay_ms` is
/// `--refused-report-delay-ms`) and an environment variable (`WEIR_REFUSED_REPORT_DELAY_MS`). What
/// AWS configures is not here but in the API. Flags beat the environment, which beats the file.
struct Config {
  std::string listen = "127.0.0.1:4566";
  std::string endpoint;  // "": made from `listen`
  std::string tls_certificate;
  std::string tls_key;
  std::string data;  // "": see data_folder()
  bool ephemeral = false;
  std::string account = "000000000000";
  std::string region = "us-east-1";

  std::optional<bool> capture;  // unset: on, but off in CI mode
  std::vector<vpc::VpcSetting> vpcs;
  std::vector<vpc::InterfaceSetting> interfaces;  // in the file also plain names
  int capture_ring_mib = 8;
  int flows_max = 1 << 20;
  std::string record_times = "packet";
  int refused_report_delay_ms = 1000;
  bool hide_unlogged = true;
  bool nodata_records = true;

  std::string collect_netflow;  // "": off
  std::string collect_ipfix;
  std::string collect_sflow;
  std::vector<std::string> collect_allow;
  bool collect_scale_sampled = true;
  std::string receive_access_key;  // "": off

  std::optional<bool> enforce;  // unset: on, but off in CI mode
  bool enforce_force = false;
  int acl_entries_max = 20;

  int s3_file_slot_s = 300;
  int s3_file_delay_s = 60;
  bool s3_compaction = false;
  int s3_compaction_delay_s = 900;
  std::vector<std::string> firehose_streams;
  std::vector<std::string> firehose_access_keys;

  int subscription_filters_max = 2;
  int export_tasks_max = 1;
  std::vector<functions::Function> functions;

  bool alarms_early_firing = true;
  int alarms_group_s = 0;
  int alarms_repeat_s = 0;

  std::vector<std::string> sns_allow;

  std::string smtp_host;
  int smtp_port = 25;
  std::string smtp_tls = "starttls-if-offered";
  std::string smtp_user;
  std::string smtp_password;
  std::string smtp_ca_file;
  std::string smtp_from = "weir@localhost";

  bool respond_block = false;
  std::vector<std::string> respond_allow;
  int respond_ttl_s = 3600;
  int respond_blocks_max = 10;
  int respond_events_min = 5;

  std::string athena_output;
  int athena_memory_mib = 1024;
  int athena_timeout_s = 1800;

  int log_groups_max = 1'000'000;
  int metric_filters_max = 100;
  int live_tail_sessions_max = 15;
  int subscription_backlog_max = 100'000'000;
  int logs_retention_period_s = 3600;
  int logs_merge_period_ms = 10'000;
  int logs_merge_mib = 64;
  int insights_queries_max = 100;
  int insights_running_max = 4;
  int insights_workers = 0;  // 0: see insights_config()
  int insights_memory_mib = 1024;
  int insights_timeout_s = 3600;
  int insights_results_days = 7;
  int insights_results_mib = 2048;

  int workers = 8;
  int connections_max = 4096;
  std::string log_level = "info";
  std::string log_format = "text";

  static Shape shape();

  std::filesystem::path data_folder() const;
  /// The URL under which clients and subscribers reach the daemon.
  std::string endpoint_url() const;
  bool captures() const { return capture.value_or(!ephemeral || !interfaces.empty()); }
  bool enforces() const { return enforce.value_or(!ephemeral); }
};

/// What a setting is about, for `--help`, `weir config print` and the reference page.
struct Setting {
  std::string_view key;
  std::string_view section;
  std::string_view help;  // one sentence with the unit
  bool is_secret = false;
};
std::span<const Setting> settings();

/// A key of the entries of a setting that is a list of maps.
struct EntrySetting {
  std::string_view list;  // `vpcs`, `vpcs.subnets`, `interfaces`
  std::string_view key;
  std::string_view help;
};
std::span<const EntrySetting> entry_settings();

/// Values by key, as text; a list is separated by commas, or YAML that begins with `[`.
using Overrides = std::map<std::string, std::string>;

/// The variables `WEIR_<KEY>` of this process.
Overrides environment_overrides();

/// Reads `file` ("" for none), then applies environment and flags. Error: names the file or the
/// key, and the nearest known name if the key is unknown.
Result<Config> load_config(const std::string& file, const Overrides& environment,
                           const Overrides& flags);

/// The configuration as commented YAML that load_config() reads back; secrets are left out.
std::string config_yaml(const Config& config);
/// The settings reference page (Markdown), made from settings() and the defaults.
std::string settings_markdown();

/// `name=value` settings by name; an entry without `=` is left out (load_config() refuses it).
std::map<std::string, std::string> named_values(const std::vector<std::string>& settings);

/// `host:port`, `[v6]:port` or `:port`.
struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
};
Result<ListenAddress> parse_listen(std::string_view text);

}  // namespace weir::daemon
