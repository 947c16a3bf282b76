// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/result_table.h"
#include "daemon/config.h"
#include "server/credentials.h"

/// The commands behind the command line, one function each; cli.cc declares their options. They
/// write to standard output and return an exit code of cli.h.
namespace weir::cli {

/// Says `weir: <message>` on standard error and returns kFailure.
int fail(const Error& error);

/// The same for an error of that Logs Insights query: shows where in it something is wrong.
int fail_in(const std::string& query, const Error& error);

/// Columns of standard output if it is a terminal, else 0.
std::size_t terminal_width();
/// On standard output, as wide as the terminal at most. Nothing for a table without columns.
void print_table(const ResultTable& table);
/// Whether standard output is a terminal that wants colours (NO_COLOR is honoured).
bool has_colours();
/// `text` in an SGR colour such as "32" where has_colours().
std::string coloured(std::string_view text, std::string_view sgr);

int serve(const daemon::Config& config);

struct EnvOptions {
  std::string key;  // name of the key; "" is the first
};
int env(const daemon::Config& config, const EnvOptions& options);

int config_print(const daemon::Config& config);
int config_check(const daemon::Config& config, const std::string& file);
int config_reference();

struct StatusOptions {
  bool json = false;
};
/// The access key of that name in the daemon's file of keys ("": the first); in CI mode any.
Result<server::AccessKey> chosen_key(const daemon::Config& config, const std::string& name);

int status(const daemon::Config& config, const StatusOptions& options);
/// Whether a daemon answers at the endpoint of that configuration.
bool daemon_answers(const daemon::Config& config);

struct FlowsOptions {
  bool once = false;
  bool json = false;
  std::string filter;                   // a filter pattern
  std::vector<std::string> expression;  // words of a libpcap expression
  std::string sort = "bytes";
  int limit = 50;
  int interval_s = 2;
};
/// The flows of the windows that are open: a live view on a terminal, else a table.
int flows(const daemon::Config& config, const FlowsOptions& options);

struct TailOptions {
  std::vector<std::string> groups;   // names or ARNs
  std::string filter;                // a filter pattern
  std::vector<std::string> streams;  // names, or prefixes that end with `*`
  std::string since;                 // "": only what comes from now on
  std::string key;                   // name of the key; "" is the first
  bool json = false;
  bool no_colour = false;
};
/// Shows the events of log groups as they come in until it is interrupted.
int tail(const daemon::Config& config, const TailOptions& options);

struct TopOptions {
  std::string rule;                 // "": log groups are asked
  std::vector<std::string> groups;  // none: all that hold flow logs
  std::string by = "srcAddr";       // fields, separated by commas
  std::string sum = "bytes";        // "": events are counted
  std::string where;                // condition of a Logs Insights filter
  std::string since = "1h";
  int limit = 10;
  bool json = false;
  std::string key;  // of the daemon
};
/// The top contributors that an insight rule of the daemon or a query of log groups found, with
/// their shares.
int top(const daemon::Config& config, const TopOptions& options);

struct AlarmsOptions {
  std::string state;   // "": all
  std::string prefix;  // of names
  bool watch = false;
  int interval_s = 5;
  bool json = false;
  std::string explained;  // name of the alarm to explain
  std::string key;        // of the daemon
};
/// The alarms, the most urgent first, with their last datapoints and why they are so.
int alarms(const daemon::Config& config, const AlarmsOptions& options);
/// One alarm: the datapoints, the rule and the reason step by step.
int explain_alarm(const daemon::Config& config, const AlarmsOptions& options);

struct SilenceOptions {
  std::vector<std::string> alarms;
  std::string span = "1h";
  std::string comment;
  bool end = false;
  bool list = false;
  bool json = false;
  std::string key;  // of the daemon
};
/// Holds the actions of alarms for a time (a mute rule made by one command), or shows what is held.
int silence(const daemon::Config& config, const SilenceOptions& options);

int version(bool json);

struct CaptureOptions {
  std::string file;
  std::string format;  // "" is the default format
  int window_s = 60;
  bool json = false;
  bool header = false;
};
int capture(const daemon::Config& config, const CaptureOptions& options);

struct ImportOptions {
  std::vector<std::string> paths;  // files, folders, s3://bucket/prefix, `-`
  std::string log_group;
  std::string stream_prefix;
  std::string bucket;
  std::string bucket_endpoint_url;  // "": the daemon
  std::string output;               // a folder
  bool check = false;
  std::string format;  // of lines without a header
  std::string prefix;  // of keys
  bool plain_keys = false;
  bool per_hour = false;
  bool follow = false;
  int poll_s = 5;
  std::string endpoint_url;  // of the source
  std::string source_region;
  std::string profile;
  std::string key;  // of the daemon
  int jobs = 2;
  int show = 20;
  bool json = false;
};
int import_records(const daemon::Config& config, const ImportOptions& options);

struct InsightsOptions {
  std::string query;
  std::string saved;                    // instead of `query`: name of a saved one
  std::vector<std::string> parameters;  // of the saved one, name=value
  std::vector<std::string> groups;      // none: those of the saved one, else all with flow logs
  std::string since = "1h";
  std::string from;  // ISO 8601; instead of `since`
  std::string to;    // "": now
  int limit = 0;     // 0: that of the query
  bool csv = false;
  bool json = false;
  std::string key;  // of the daemon
};
/// Runs a Logs Insights query on the daemon and prints its rows.
int insights(const daemon::Config& config, const InsightsOptions& options);

struct QueryOptions {
  std::string query;  // "": standard input, or typed on a terminal
  std::string database;
  std::string work_group;
  std::string output;
  bool csv = false;
  bool json = false;
  std::string key;  // of the daemon
};
/// Runs Athena statements on the daemon and prints their rows.
int query(const daemon::Config& config, const QueryOptions& options);

int keys_list(const daemon::Config& config, bool json);
int keys_add(const daemon::Config& config, const std::string& name, const std::string& permission);

int enforce_flush(const daemon::Config& config);
int enforce_on();

int reference_operations();
/// Copies docs/compatibility.md from standard input with its tables of operations renewed.
int reference_compatibility();

}  // namespace weir::cli
