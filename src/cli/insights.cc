// SPDX-License-Identifier: Apache-2.0
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <optional>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/daemon_client.h"
#include "cli/result_table.h"

namespace weir::cli {
namespace {

constexpr std::size_t kGroupsMax = 50;     // of one query, as on AWS
constexpr std::size_t kGroupsLooked = 50;  // for flow logs
constexpr std::size_t kGroupsNamed = 8;    // in an error
constexpr Duration kPollFirst{100};
constexpr Duration kPollMax{1000};
constexpr std::string_view kBold = "1";
constexpr std::string_view kClearLine = "\r\x1b[K";

Error wrong(std::string message) { return {ErrorKind::invalid, "Usage", std::move(message)}; }

std::string text_of(const Document& document, std::string_view name) {
  const Document* member = document.find(name);
  return member != nullptr && member->string() != nullptr ? *member->string() : std::string();
}

double number_of(const Document* document, std::string_view name) {
  const Document* member = document == nullptr ? nullptr : document->find(name);
  if (member == nullptr) return 0;
  if (member->real() != nullptr) return *member->real();
  return member->integer() != nullptr ? static_cast<double>(*member->integer()) : 0;
}

const Document::List& list_of(const Document& document, std::string_view name) {
  static const Document::List none;
  const Document* member = document.find(name);
  return member != nullptr && member->list() != nullptr ? *member->list() : none;
}

/// `90s`, `30m`, `1h`, `2d`, `1w`.
Result<Duration> parse_span(const std::string& text) {
  constexpr std::array<std::pair<char, std::int64_t>, 5> kUnits = {
      {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}}};
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  for (const auto& [letter, seconds] : kUnits) {
    constexpr std::int64_t kCountMax = 1'000'000;
    if (error == std::errc() && rest + 1 == end && *rest == letter && count > 0 &&
        count < kCountMax) {
      return Duration(count * seconds * 1000);
    }
  }
  return wrong("'" + text + "' is no time span such as 90s, 30m, 1h, 2d or 1w");
}

struct Span {
  Time from;
  Time to;
};

Result<Span> span_of(const InsightsOptions& options, Time now) {
  Span span{.from = {}, .to = now};
  if (!options.to.empty()) {
    WEIR_TRY(span.to, parse_iso8601(options.to));
  }
  if (options.from.empty()) {
    WEIR_TRY(const Duration since, parse_span(options.since));
    span.from = span.to - since;
  } else {
    WEIR_TRY(span.from, parse_iso8601(options.from));
  }
  if (span.to < span.from) return wrong("--to is before --from");
  return span;
}

/// Whether the query says itself which groups it reads.
bool has_source(std::string_view query) {
  constexpr std::string_view kSource = "source";
  query.remove_prefix(std::min(query.find_first_not_of(" \t\r\n"), query.size()));
  return query.size() > kSource.size() &&
         std::ranges::equal(query.substr(0, kSource.size()), kSource,
                            [](char a, char b) { return (a | 0x20) == b; });
}

/// One run of the command.
class InsightsCommand {
 public:
  InsightsCommand(Runtime& runtime, const DaemonClient& daemon, const InsightsOptions& options)
      : runtime_(runtime), daemon_(daemon), options_(options) {}

  int run() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    const auto done = ask();
    if (shows_progress_) std::cerr << kClearLine << std::flush;
    if (!done) return explain(done.error());
    print();
    return status_ == "Complete" ? kSuccess : say_why();
  }

 private:
  Result<void> ask() {
    WEIR_TRY(const Span span, span_of(options_, runtime_.now()));
    Document input;
    input["queryString"] = options_.query;
    input["startTime"] = span.from.ms;
    input["endTime"] = span.to.ms;
    if (options_.limit > 0) input["limit"] = options_.limit;
    if (!has_source(options_.query)) {
      WEIR_TRY(const std::vector<std::string> groups, chosen_groups());
      Document::List names;
      for (const std::string& name : groups) names.emplace_back(name);
      input["logGroupIdentifiers"] = std::move(names);
    }
    WEIR_TRY(const Document started, daemon_.call("StartQuery", input));
    for (const Document& warning : list_of(started, "warnings")) {
      if (warning.string() != nullptr) std::cerr << "weir: note: " << *warning.string() << '\n';
    }
    id_ = text_of(started, "queryId");
    WEIR_CHECK(wait());
    return read();
  }

  /// Those that were named, else all that hold flow logs.
  Result<std::vector<std::string>> chosen_groups() const {
    if (!options_.groups.empty()) return options_.groups;
    std::vector<std::string> all;
    Document input{Document::Map{}};
    do {
      WEIR_TRY(const Document page, daemon_.call("DescribeLogGroups", input));
      for (const Document& group : list_of(page, "logGroups")) {
        all.push_back(text_of(group, "logGroupName"));
      }
      input["nextToken"] = text_of(page, "nextToken");
    } while (!input.find("nextToken")->string()->empty() && all.size() <= kGroupsLooked);
    if (all.empty()) return wrong("there are no log groups");
    if (all.size() > kGroupsLooked) {
      return wrong("there are more than " + std::to_string(kGroupsLooked) +
                   " log groups: name the ones to search with --group");
    }
    std::vector<std::string> found;
    for (const std::string& name : all) {
      WEIR_TRY(const bool holds, holds_flow_logs(name));
      if (holds) found.push_back(name);
    }
    if (!found.empty()) return found;
    std::string names;
    for (std::size_t i = 0; i < std::min(all.size(), kGroupsNamed); ++i) {
      names += (i == 0 ? "" : ", ") + all[i];
    }
    if (all.size() > kGroupsNamed) names += ", ...";
    return wrong("no log group holds flow logs; name the ones to search with --group: " + names);
  }

  /// Looks at the fields of the newest events.
  Result<bool> holds_flow_logs(const std::string& group) const {
    Document newest;
    newest["logGroupName"] = group;
    newest["orderBy"] = "LastEventTime";
    newest["descending"] = true;
    newest["limit"] = 1;
    WEIR_TRY(const Document streams, daemon_.call("DescribeLogStreams", newest));
    const Document::List& list = list_of(streams, "logStreams");
    const Document* last = list.empty() ? nullptr : list.front().find("lastEventTimestamp");
    if (last == nullptr || last->integer() == nullptr) return false;
    Document input;
    input["logGroupName"] = group;
    input["time"] = *last->integer();
    WEIR_TRY(const Document fields, daemon_.call("GetLogGroupFields", input));
    return std::ranges::any_of(list_of(fields, "logGroupFields"), [](const Document& field) {
      return text_of(field, "name") == "srcAddr";
    });
  }

  /// Until the query has ended; a signal stops it.
  Result<void> wait() {
    Document input;
    input["queryId"] = id_;
    input["maxItems"] = 0;
    Duration pause = kPollFirst;
    while (true) {
      WEIR_TRY(answer_, daemon_.call("GetQueryResults", input));
      status_ = text_of(answer_, "status");
      if (status_ != "Running" && status_ != "Scheduled") return {};
      show_progress();
      const timespec timeout{pause.count() / 1000, (pause.count() % 1000) * 1'000'000};
      if (::sigtimedwait(&signals_, nullptr, &timeout) > 0) {
        Document stop;
        stop["queryId"] = id_;
        if (const auto stopped = daemon_.call("StopQuery", stop); !stopped) {
          return wrong("the query could not be stopped: " + stopped.error().message);
        }
      }
      pause = std::min(pause * 2, kPollMax);
    }
  }

  void show_progress() {
    if (::isatty(STDERR_FILENO) != 1) return;
    shows_progress_ = true;
    std::cerr << kClearLine << (status_ == "Scheduled" ? "waiting, " : "") << scanned()
              << std::flush;
  }

  /// `1.2M records (130MB) scanned, 12 matched`.
  std::string scanned() const {
    const Document* statistics = answer_.find("statistics");
    return short_count(number_of(statistics, "recordsScanned")) + " records (" +
           short_count(number_of(statistics, "bytesScanned")) + "B) scanned, " +
           short_count(number_of(statistics, "recordsMatched")) + " matched";
  }

  /// All pages.
  Result<void> read() {
    Document input;
    input["queryId"] = id_;
    while (true) {
      WEIR_TRY(answer_, daemon_.call("GetQueryResults", input));
      for (const Document& row : list_of(answer_, "results")) add(row);
      const std::string next = text_of(answer_, "nextToken");
      if (next.empty()) return {};
      input["nextToken"] = next;
    }
  }

  void add(const Document& row) {
    std::vector<std::pair<std::string, std::string>> cells;
    if (row.list() == nullptr) return;
    for (const Document& cell : *row.list()) {
      std::string name = text_of(cell, "field");
      const bool is_wanted = name != "@ptr" || options_.json;
      if (is_wanted) cells.emplace_back(std::move(name), text_of(cell, "value"));
    }
    table_.add(cells);
  }

  void print() {
    if (options_.json) {
      print_json();
    } else if (options_.csv) {
      std::cout << as_csv(table_);
    } else {
      print_table();
    }
    std::cout << std::flush;
    if (::isatty(STDERR_FILENO) == 1) {
      std::cerr << table_.rows.size() << (table_.rows.size() == 1 ? " row; " : " rows; ")
                << scanned() << '\n';
    }
  }

  void print_json() const {
    Document out;
    Document::List rows;
    for (const auto& row : table_.rows) {
      Document shown{Document::Map{}};
      for (const std::string& name : table_.columns) {
        if (const auto value = row.find(name); value != row.end()) shown[name] = value->second;
      }
      rows.push_back(std::move(shown));
    }
    out["status"] = status_;
    out["results"] = std::move(rows);
    if (const Document* statistics = answer_.find("statistics")) out["statistics"] = *statistics;
    std::cout << to_pretty_json(out) << '\n';
  }

  void print_table() const {
    if (table_.columns.empty()) return;
    winsize size{};
    const bool is_terminal = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    const auto lines = aligned(table_, is_terminal ? size.ws_col : 0);
    std::cout << coloured(lines.front(), kBold) << '\n';
    for (std::size_t i = 1; i < lines.size(); ++i) std::cout << lines[i] << '\n';
  }

  int say_why() const {
    const std::string reason = text_of(answer_, "statusReason");
    return fail(wrong("the query ended as " + status_ + (reason.empty() ? "" : ": " + reason)));
  }

  int explain(const Error& error) const {
    std::optional<std::size_t> begin;
    std::size_t end = 0;
    for (const auto& [name, value] : error.details) {
      std::size_t offset = 0;
      std::from_chars(value.data(), value.data() + value.size(), offset);
      if (name == "startCharOffset") begin = offset;
      if (name == "endCharOffset") end = offset;
    }
    const int code = fail(error);
    if (begin) std::cerr << with_carets(options_.query, *begin, end) << '\n';
    return code;
  }

  Runtime& runtime_;
  const DaemonClient& daemon_;
  const InsightsOptions& options_;
  sigset_t signals_{};
  std::string id_;
  std::string status_;
  Document answer_;
  ResultTable table_;
  bool shows_progress_ = false;
};

}  // namespace

int insights(const daemon::Config& config, const InsightsOptions& options) {
  if (options.groups.size() > kGroupsMax) {
    return fail(wrong("a query reads at most " + std::to_string(kGroupsMax) + " log groups"));
  }
  SystemRuntime runtime(2);
  const auto daemon = DaemonClient::make(
      runtime, config, {.signing_name = "logs", .target_prefix = "Logs_20140328"}, options.key);
  if (!daemon) return fail(daemon.error());
  return InsightsCommand(runtime, *daemon, options).run();
}

}  // namespace weir::cli
