// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>

#include "base/shape.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "daemon/config.h"

namespace weir::cli {
namespace {

std::string flag_of(std::string_view key) {
  std::string flag = "--" + std::string(key);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

/// Help without what CLI11 says of options besides: which of them exclude each other, types twice.
class Help : public CLI::Formatter {
 public:
  Help() { column_width(32); }
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string type = option->get_type_name();  // such as `INT:INT in [1 - 100]`
    std::string text = option->get_type_size() == 0 ? "" : " " + type.substr(type.find(':') + 1);
    if (!option->get_envname().empty()) text += " ($" + option->get_envname() + ")";
    return text;
  }
};

/// Settings that say where the daemon is and who asks it.
constexpr std::array<std::string_view, 7> kClientSettings = {
    "listen", "endpoint", "tls_certificate", "data", "ephemeral", "account", "region"};

/// The options that every command which reads the configuration has.
class Settings {
 public:
  enum class Shown : std::uint8_t { all, of_clients };

  /// All settings are taken, so that one configuration serves every command; help of clients of the
  /// daemon shows those that matter to them.
  void add_to(CLI::App& app, Shown shown) {
    app.add_option("--config", file_, "YAML file with settings")->envname("WEIR_CONFIG");
    for (const daemon::Setting& setting : daemon::settings()) {
      const std::string key(setting.key);
      auto* option = app.add_option_function<std::string>(
          flag_of(key), [this, key](const std::string& value) { flags_[key] = value; },
          std::string(setting.help));
      const bool is_shown =
          shown == Shown::all || std::ranges::find(kClientSettings, key) != kClientSettings.end();
      option->group(is_shown ? std::string(setting.section) : "");
      if (key == "ephemeral") option->expected(0, 1);
    }
  }
  Result<daemon::Config> load() {
    // `--ephemeral` alone means yes.
    if (const auto found = flags_.find("ephemeral");
        found != flags_.end() && found->second.empty()) {
      found->second = "true";
    }
    return daemon::load_config(file_, daemon::environment_overrides(), flags_);
  }
  const std::string& file() const { return file_; }

 private:
  std::string file_;
  daemon::Overrides flags_;
};

/// The whole command line: options go into members, the chosen command into `action_`.
class CommandLine {
 public:
  CommandLine() : app_("Weir: the AWS network-monitoring pipeline as one program.", "weir") {
    app_.require_subcommand(1);
    app_.formatter(std::make_shared<Help>());
    app_.failure_message([](const CLI::App* app, const CLI::Error& problem) {
      return "weir: " + std::string(problem.what()) + "\nSee " + with_parents(*app) + " --help.\n";
    });
    app_.set_help_all_flag("--help-all", "Help for all commands");
    app_.footer(
        "Start with `weir serve`, then `eval \"$(weir env)\"` and use aws, boto3 or any AWS SDK.");
    add_service_commands();
    add_config_commands();
    add_capture();
    add_import();
    add_tool_commands();
  }

  int run(std::vector<std::string> arguments) {
    if (arguments.empty()) {
      std::cerr << app_.help();
      return kUsage;
    }
    if (const int code = check_command(arguments.front()); code != kSuccess) return code;
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::ParseError& problem) {
      const int code = app_.exit(problem);
      return code == 0 ? kSuccess : kUsage;
    }
    return action_();
  }

 private:
  /// `weir top` of that command.
  static std::string with_parents(const CLI::App& app) {
    const CLI::App* deepest = &app;
    while (!deepest->get_subcommands().empty()) deepest = deepest->get_subcommands().back();
    std::string words = deepest->get_name();
    for (deepest = deepest->get_parent(); deepest != nullptr; deepest = deepest->get_parent()) {
      words = deepest->get_name() + " " + words;
    }
    return words;
  }

  /// CLI11 would only say that a command is missing.
  int check_command(const std::string& name) const {
    std::vector<std::string_view> known;
    for (const CLI::App* one : app_.get_subcommands({})) known.push_back(one->get_name());
    if (name.starts_with('-') || std::ranges::find(known, name) != known.end()) return kSuccess;
    const std::string near = nearest_name(name, known);
    std::cerr << "weir: there is no command '" << name << "'"
              << (near.empty() ? "" : ", did you mean '" + near + "'?") << "\nSee weir --help.\n";
    return kUsage;
  }

  CLI::App& command(CLI::App& parent, const std::string& name, const std::string& help,
                    std::function<int()> action) {
    CLI::App& added = *parent.add_subcommand(name, help);
    added.callback([this, action = std::move(action)] { action_ = action; });
    return added;
  }
  std::function<int()> with_settings(std::function<int(const daemon::Config&)> action) {
    return [this, action = std::move(action)] {
      const auto config = settings_.load();
      return config ? action(*config) : fail(config.error());
    };
  }
  /// A command that needs the settings.
  CLI::App& configured(CLI::App& parent, const std::string& name, const std::string& help,
                       std::function<int(const daemon::Config&)> action) {
    CLI::App& added = command(parent, name, help, with_settings(std::move(action)));
    settings_.add_to(added, Settings::Shown::all);
    return added;
  }
  /// A command that asks the running daemon.
  CLI::App& client(CLI::App& parent, const std::string& name, const std::string& help,
                   std::function<int(const daemon::Config&)> action) {
    CLI::App& added = command(parent, name, help, with_settings(std::move(action)));
    settings_.add_to(added, Settings::Shown::of_clients);
    return added;
  }
  CLI::App& group(const std::string& name, const std::string& help) {
    CLI::App& added = *app_.add_subcommand(name, help);
    added.require_subcommand(1);
    return added;
  }

  void add_service_commands() {
    configured(app_, "serve", "Run the daemon until it is told to stop (SIGINT, SIGTERM)", serve);
    client(app_, "env", "Print export lines for AWS clients of the daemon",
           [this](const daemon::Config& config) { return env(config, env_); })
        .add_option("--key", env_.key, "Name of the access key (the first if not given)");
    client(app_, "status", "Ask the running daemon how it is",
           [this](const daemon::Config& config) { return status(config, status_); })
        .add_flag("--json", status_.json, "Print JSON");
    add_flows();
    add_insights();
    add_query();
    add_tail();
    add_top();
    add_alarms();
    add_silence();
    command(app_, "version", "Print the version", [this] {
      return version(version_json_);
    }).add_flag("--json", version_json_, "Print JSON");
  }

  void add_flows() {
    CLI::App& added =
        client(app_, "flows", "Watch the flows of the running daemon's interfaces",
               [this](const daemon::Config& config) { return flows(config, flows_); });
    added.add_flag("--once", flows_.once, "Print a table of the current window and end");
    added.add_flag("--json", flows_.json, "Print JSON and end");
    added.add_option("--filter", flows_.filter,
                     "Filter pattern about the flow as a record of the default format");
    added.add_option("--sort", flows_.sort, "bytes, packets, start or end; highest first")
        ->check(CLI::IsMember({"bytes", "packets", "start", "end"}));
    added.add_option("--limit", flows_.limit, "Most flows to show")->check(CLI::Range(1, 10'000));
    added.add_option("--interval", flows_.interval_s, "Seconds between two looks")
        ->check(CLI::Range(1, 3600));
    added.add_option("expression", flows_.expression,
                     "Only flows that this libpcap expression matches, e.g. tcp dst port 22");
  }

  void add_insights() {
    CLI::App& added =
        client(app_, "insights", "Ask log groups with a Logs Insights query",
               [this](const daemon::Config& config) { return insights(config, insights_); });
    InsightsOptions& to = insights_;
    added.add_option("query", to.query, "Such as 'stats sum(bytes) as b by srcAddr | sort b desc'");
    added.add_option("--saved", to.saved, "Instead: the saved query of that name");
    added.add_option("--param", to.parameters, "Of the saved query: name=value; may be repeated")
        ->expected(1)
        ->take_all();
    added
        .add_option("--group", to.groups,
                    "Log group to search; may be repeated (all that hold flow logs if not given)")
        ->expected(1)
        ->take_all();
    auto* since = added.add_option("--since", to.since, "How far back: 90s, 30m, 1h, 2d, 1w");
    added.add_option("--from", to.from, "Begin, such as 2026-01-31T12:00Z")->excludes(since);
    added.add_option("--to", to.to, "End, included; now if not given");
    added.add_option("--limit", to.limit, "Most rows")->check(CLI::Range(1, 100'000));
    auto* csv = added.add_flag("--csv", to.csv, "Print CSV");
    added.add_flag("--json", to.json, "Print JSON")->excludes(csv);
    added.add_option("--key", to.key, "Name of the daemon's access key (the first if not given)");
  }

  void add_query() {
    CLI::App& added =
        client(app_, "query", "Ask tables with a statement of Athena's SQL",
               [this](const daemon::Config& config) { return query(config, query_); });
    QueryOptions& to = query_;
    added.add_option(
        "query", to.query,
        "One statement; if not given it is read from standard input, and on a terminal "
        "statements are typed");
    added.add_option("--database", to.database,
                     "Of table names without one (flow_logs, where there are flow logs to S3)");
    added.add_option("--work-group", to.work_group, "Work group (primary if not given)");
    added.add_option("--output", to.output, "Where the result is kept: s3://bucket/prefix/");
    auto* csv = added.add_flag("--csv", to.csv, "Print CSV");
    added.add_flag("--json", to.json, "Print JSON")->excludes(csv);
    added.add_option("--key", to.key, "Name of the daemon's access key (the first if not given)");
  }

  void add_tail() {
    CLI::App& added = client(app_, "tail", "Follow log groups of the running daemon",
                             [this](const daemon::Config& config) { return tail(config, tail_); });
    added.add_option("groups", tail_.groups, "Names or ARNs of log groups, at most 10")->required();
    added.add_option("--filter", tail_.filter, "Only events that this filter pattern matches");
    added.add_option("--stream", tail_.streams,
                     "Only this log stream of the group, or those that begin so if it ends with *");
    added.add_option("--since", tail_.since, "Begin with what is there, such as 10m, 2h or 1d");
    added.add_option("--key", tail_.key, "Name of the access key (the first if not given)");
    added.add_flag("--json", tail_.json, "Print one JSON object for each event");
    added.add_flag("--no-color", tail_.no_colour, "No colours on a terminal");
  }

  void add_top() {
    CLI::App& added = client(app_, "top", "Show who is on top in log groups or by an insight rule",
                             [this](const daemon::Config& config) { return top(config, top_); });
    TopOptions& to = top_;
    auto* group = added.add_option(
        "--group", to.groups,
        "Log group to look at; may be repeated (all that hold flow logs if not given)");
    group->expected(1)->take_all();
    auto* by =
        added.add_option("--by", to.by, "Fields that make a contributor, such as srcAddr,dstPort");
    auto* sum = added.add_option("--sum", to.sum, "Number to add up (bytes if not given)");
    auto* count = added.add_flag_callback(
        "--count", [&to] { to.sum.clear(); }, "Count the events instead");
    count->excludes(sum);
    auto* where = added.add_option("--where", to.where,
                                   "Only events like that, such as 'action = \"REJECT\"'");
    auto* rule = added.add_option("--rule", to.rule,
                                  "Show instead what this Contributor Insights rule has counted");
    for (auto* other : {group, by, sum, count, where}) rule->excludes(other);
    added.add_option("--since", to.since,
                     "How far back: 90s, 30m, 6h, 1d (of a rule at most a day)");
    added.add_option("--limit", to.limit, "Most contributors")->check(CLI::Range(1, 100));
    added.add_flag("--json", to.json, "Print JSON");
    added.add_option("--key", to.key, "Name of the daemon's access key (the first if not given)");
  }

  void add_alarms() {
    AlarmsOptions& to = alarms_;
    CLI::App& added =
        client(app_, "alarms", "Show alarms, their last datapoints and why they are so",
               [&to](const daemon::Config& config) {
                 return to.explained.empty() ? alarms(config, to) : explain_alarm(config, to);
               });
    added.add_option("--state", to.state, "Only those in this state")
        ->check(CLI::IsMember({"OK", "ALARM", "INSUFFICIENT_DATA"}));
    added.add_option("--prefix", to.prefix, "Only those whose names begin so");
    auto* watch = added.add_flag("--watch", to.watch, "Look again and again until interrupted");
    added.add_option("--interval", to.interval_s, "With --watch: seconds between two looks")
        ->check(CLI::Range(1, 3600));
    added.add_flag("--json", to.json, "Print JSON")->excludes(watch);
    added.add_option("--key", to.key, "Name of the daemon's access key (the first if not given)");
    CLI::App& explained = client(
        added, "explain", "Show the datapoints of an alarm, its rule and the reason step by step",
        [&to](const daemon::Config& config) { return explain_alarm(config, to); });
    explained.add_option("name", to.explained, "Name of the alarm")->required();
    explained.add_flag("--json", to.json, "Print JSON");
    explained.add_option("--key", to.key,
                         "Name of the daemon's access key (the first if not given)");
  }

  void add_silence() {
    SilenceOptions& to = silence_;
    CLI::App& added =
        client(app_, "silence", "Hold the notifications of alarms for a time (a mute rule)",
               [&to](const daemon::Config& config) { return silence(config, to); });
    added.add_option("alarms", to.alarms, "Names of alarms, at most 100")->expected(0, 100);
    added.add_option("--for", to.span, "How long: 30m, 2h, 1d, at most 15 days (1h if not given)");
    added.add_option("--comment", to.comment, "Why, for others; shown by --list");
    auto* end = added.add_flag("--end", to.end, "End the silence of these alarms now");
    added.add_flag("--list", to.list, "Show mute rules that mute now or will")->excludes(end);
    added.add_flag("--json", to.json, "With --list: print JSON");
    added.add_option("--key", to.key, "Name of the daemon's access key (the first if not given)");
  }

  void add_config_commands() {
    CLI::App& parent = group("config", "Look at the settings");
    configured(parent, "print", "Print the settings in force as a commented YAML file",
               config_print);
    configured(
        parent, "check", "Check the settings and say what is wrong",
        [this](const daemon::Config& config) { return config_check(config, settings_.file()); });
    command(parent, "reference", "Print the reference page of all settings (Markdown)",
            config_reference);
  }

  void add_capture() {
    CLI::App& added =
        configured(app_, "capture", "Turn a capture file (pcap, pcapng) into flow records",
                   [this](const daemon::Config& config) { return capture(config, capture_); });
    added.add_option("--read", capture_.file, "Capture file; time is that of its packets")
        ->required();
    added.add_option("--format", capture_.format,
                     "Flow-log format such as '${srcaddr} ${dstaddr} ${bytes}'");
    added.add_option("--window", capture_.window_s, "Aggregation window, seconds")
        ->check(CLI::Range(1, 600));
    added.add_flag("--header", capture_.header, "Print the field names first");
    added.add_flag("--json", capture_.json, "Print one JSON object for each record");
  }

  void add_import() {
    CLI::App& added =
        client(app_, "import", "Bring flow logs that AWS wrote into a log group or a bucket",
               [this](const daemon::Config& config) { return import_records(config, import_); });
    ImportOptions& to = import_;
    added
        .add_option("paths", to.paths,
                    "Files, folders, s3://bucket/prefix, or - for standard input")
        ->required();
    added.add_option("--log-group", to.log_group, "Into this log group of the daemon");
    added.add_option("--stream-prefix", to.stream_prefix, "In front of the names of log streams");
    added.add_option("--bucket", to.bucket, "As Parquet into this bucket of the daemon");
    added.add_option("--bucket-endpoint-url", to.bucket_endpoint_url,
                     "The bucket is in this S3 instead (AWS credentials as for s3:// paths)");
    added.add_option("--output", to.output, "As Parquet into this folder");
    added.add_flag("--check", to.check, "Only look and say what is there");
    added.add_option("--format", to.format,
                     "Format of lines without a header, such as '${srcaddr} ${dstaddr} ${bytes}'");
    added.add_option("--prefix", to.prefix, "Folder in front of AWSLogs/ in the bucket");
    added.add_flag("--plain-keys", to.plain_keys, "Keys with 2026/01/31/ instead of Hive's year=");
    added.add_flag("--per-hour", to.per_hour, "Keys with a folder for each hour");
    added.add_flag("--follow", to.follow, "Go on with what appears there until interrupted");
    added.add_option("--poll", to.poll_s, "With --follow: seconds between looks")
        ->check(CLI::Range(1, 3600));
    added.add_option("--endpoint-url", to.endpoint_url, "The S3 of s3:// paths, if not AWS");
    added.add_option("--source-region", to.source_region, "Region of s3:// paths");
    added.add_option("--profile", to.profile, "AWS profile for s3:// paths");
    added.add_option("--key", to.key, "Name of the daemon's access key (the first if not given)");
    added.add_option("--jobs", to.jobs, "Files read at a time")->check(CLI::Range(1, 16));
    added.add_option("--show", to.show, "Damaged lines that are shown")
        ->check(CLI::Range(0, 10'000));
    added.add_flag("--json", to.json, "Print the summary as JSON");
  }

  void add_tool_commands() {
    CLI::App& keys = group("keys", "Access keys of the daemon (it reads them when it starts)");
    client(keys, "list", "List names and permissions", [this](const daemon::Config& config) {
      return keys_list(config, keys_json_);
    }).add_flag("--json", keys_json_, "Print JSON");
    CLI::App& add = client(keys, "add", "Make a new key", [this](const daemon::Config& config) {
      return keys_add(config, key_name_, key_permission_);
    });
    add.add_option("name", key_name_, "Name of the key")->required();
    add.add_option("--permission", key_permission_, "admin, read-only or ingest-only")
        ->check(CLI::IsMember({"admin", "read-only", "ingest-only"}));
    CLI::App& enforcement =
        group("enforce", "Packet filtering of network ACLs and security groups");
    configured(enforcement, "flush",
               "Remove every rule that Weir has put into nftables; a running daemon puts none back",
               enforce_flush);
    command(enforcement, "on", "End what `weir enforce flush` began", enforce_on);
    CLI::App& reference = group("reference", "Reference pages made from the code");
    command(reference, "operations", "Print all API operations (Markdown)", reference_operations);
    command(reference, "compatibility",
            "Copy docs/compatibility.md from standard input with its tables of operations renewed",
            reference_compatibility);
    CLI::App& completion = *app_.add_subcommand("completion", "Print a shell completion script");
    completion.require_subcommand(1);
    for (const char* shell : {"bash", "zsh"}) {
      command(completion, shell, std::string("For ") + shell, [this, shell] {
        std::cout << completion_script(app_, shell);
        return kSuccess;
      });
    }
  }

  CLI::App app_;
  Settings settings_;
  EnvOptions env_;
  StatusOptions status_;
  FlowsOptions flows_;
  TailOptions tail_;
  TopOptions top_;
  AlarmsOptions alarms_;
  SilenceOptions silence_;
  bool version_json_ = false;
  CaptureOptions capture_;
  ImportOptions import_;
  InsightsOptions insights_;
  QueryOptions query_;
  bool keys_json_ = false;
  std::string key_name_;
  std::string key_permission_ = "admin";
  std::function<int()> action_;
};

}  // namespace

int run(const std::vector<std::string>& arguments) { return CommandLine().run(arguments); }

}  // namespace weir::cli
