// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <set>
#include <vector>

#include "base/scope.h"
#include "cli/answers.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/daemon_client.h"
#include "cli/stop_signal.h"
#include "cli/time_span.h"
#include "wire/event_stream.h"

namespace weir::cli {
namespace {

constexpr Duration kRetryFirst{500};
constexpr Duration kRetryMax{10'000};
constexpr Duration kLookBack = std::chrono::minutes(15);  // a late event may be so old
constexpr std::size_t kGroupsMax = 10;                    // as on AWS
constexpr std::size_t kRecentMax = 20'000;
constexpr std::string_view kGroupResource = "log-group:";
constexpr std::string_view kAlarming = "1;31";
constexpr std::string_view kWarning = "33";
constexpr std::string_view kDim = "2";
constexpr std::array<std::string_view, 6> kStreamColours = {"36", "32", "35", "34", "96", "92"};

/// Words that are made visible, whole words only.
struct Highlight {
  std::string_view word;
  std::string_view colour;
};
constexpr std::array<Highlight, 8> kHighlights = {{{"REJECT", kAlarming},
                                                   {"ERROR", kAlarming},
                                                   {"FATAL", kAlarming},
                                                   {"CRITICAL", kAlarming},
                                                   {"Exception", kAlarming},
                                                   {"WARN", kWarning},
                                                   {"WARNING", kWarning},
                                                   {"SKIPDATA", kWarning}}};

struct Event {
  std::int64_t ingestion = 0;  // first, so that a set begins with what came first
  std::int64_t timestamp = 0;
  std::string group;
  std::string stream;
  std::string message;
  auto operator<=>(const Event&) const = default;
};

std::string group_of_arn(const std::string& arn) {
  const auto parsed = Arn::parse(arn);
  if (!parsed || !parsed->resource.starts_with(kGroupResource)) return arn;
  return parsed->resource.substr(kGroupResource.size());
}

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/// Control characters of a log must not reach the terminal: they could move its cursor.
std::string printable(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if ((code < 0x20 && c != '\t' && c != '\n') || code == 0x7f) {
      out += "\\x";
      out += kDigits[code >> 4];
      out += kDigits[code & 15];
    } else {
      out += c;
    }
  }
  return out;
}

std::string highlighted(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is_word(text[end]) == is_word(text[at])) ++end;
    const std::string_view word = std::string_view(text).substr(at, end - at);
    const auto found = std::ranges::find(kHighlights, word, &Highlight::word);
    out += found != kHighlights.end() ? coloured(word, found->colour) : std::string(word);
    at = end;
  }
  return out;
}

class Tail {
 public:
  Tail(const daemon::Config& config, const TailOptions& options, const server::AccessKey& key,
       const StopSignal& stop)
      : options_(options),
        scope_{.account = key.account, .region = config.region},
        client_(config, key, &stop),
        has_colours_(has_colours() && !options.no_colour) {}

  int run() {
    if (options_.groups.size() > kGroupsMax) {
      return fail({ErrorKind::invalid, "Usage",
                   "at most " + std::to_string(kGroupsMax) + " log groups can be followed"});
    }
    if (!options_.since.empty()) {
      auto since = parse_span(options_.since);
      if (!since) return fail(since.error());
      history_ = *since;
    }
    Duration delay = kRetryFirst;
    for (;;) {
      is_started_ = false;
      const auto ended = client_.stream(kLogs, "StartLiveTail", request(),
                                        [this](std::string_view bytes) { return take(bytes); });
      std::cout << std::flush;
      if (client_.is_stopped()) return kSuccess;
      if (!ended && (!was_started_ || ended.error().kind != ErrorKind::unavailable)) {
        return fail(named(ended.error()));
      }
      if (is_started_) delay = kRetryFirst;
      if (!is_timeout_) {
        std::cerr << "weir: the connection to the daemon is lost, trying again\n";
      }
      is_timeout_ = false;
      client_.wait(delay);
      if (client_.is_stopped()) return kSuccess;
      delay = std::min(2 * delay, kRetryMax);
    }
  }

 private:
  Document request() const {
    Document::List groups;
    for (const std::string& group : options_.groups) {
      groups.push_back(group.starts_with("arn:")
                           ? group
                           : arn("logs", scope_, std::string(kGroupResource) + group));
    }
    Document::Map input;
    input.emplace_back("logGroupIdentifiers", std::move(groups));
    Document::List names;
    Document::List prefixes;
    for (const std::string& stream : options_.streams) {
      if (stream.ends_with('*')) {
        prefixes.push_back(stream.substr(0, stream.size() - 1));
      } else {
        names.push_back(stream);
      }
    }
    if (!names.empty()) input.emplace_back("logStreamNames", std::move(names));
    if (!prefixes.empty()) input.emplace_back("logStreamNamePrefixes", std::move(prefixes));
    if (!options_.filter.empty()) input.emplace_back("logEventFilterPattern", options_.filter);
    return input;
  }

  /// AWS does not say which of the groups is missing.
  Error named(Error error) const {
    if (error.code != "ResourceNotFoundException") return error;
    error.message += " (one of:";
    for (const std::string& group : options_.groups) error.message += " " + group;
    error.message += ")";
    return error;
  }

  // ---- The stream -------------------------------------------------------------------------------

  Result<void> take(std::string_view bytes) {
    if (!is_started_) decoder_ = wire::EventStreamDecoder();
    is_started_ = true;
    decoder_.feed(bytes);
    for (;;) {
      WEIR_TRY(const auto message, decoder_.next());
      if (!message) return {};
      WEIR_CHECK(take(*message));
    }
  }

  Result<void> take(const wire::EventMessage& message) {
    WEIR_TRY(const Document payload, parse_json(message.payload));
    if (message.header(":message-type") == "exception") {
      const std::string type(message.header(":exception-type"));
      is_timeout_ = type == "SessionTimeoutException";  // after three hours: begin a new one
      return Error{ErrorKind::unavailable, type, text_of(payload, "message")};
    }
    const std::string_view type = message.header(":event-type");
    if (type == "sessionStart") return begin();
    if (type == "sessionUpdate") show(payload);
    return {};
  }

  /// From here on everything comes by updates: now what was before can be read.
  Result<void> begin() {
    if (!was_started_ && !options_.json) {
      std::cerr << "weir: following " << options_.groups.size()
                << (options_.groups.size() == 1 ? " log group" : " log groups")
                << ", end with Ctrl-C\n";
    }
    if (was_started_) {
      gap_from_ = last_ingestion_;
      history_ = kLookBack;
    }
    was_started_ = true;
    wants_history_ = history_.count() > 0;
    return {};
  }

  void show(const Document& update) {
    std::vector<Event> events;
    for (const Document& shown : list_of(update, "sessionResults")) {
      events.push_back({.ingestion = number_of(shown, "ingestionTime"),
                        .timestamp = number_of(shown, "timestamp"),
                        .group = group_of_arn(text_of(shown, "logGroupIdentifier")),
                        .stream = text_of(shown, "logStreamName"),
                        .message = text_of(shown, "message")});
    }
    if (wants_history_) {
      wants_history_ = false;
      read_history();
    }
    for (const Event& event : events) {
      if (forget(from_history_, event)) continue;
      print(event);
      remember(printed_, event);
    }
    const Document* const metadata = update.find("sessionMetadata");
    const bool is_sampled = metadata != nullptr && flag_of(*metadata, "sampled");
    if (is_sampled && !was_sampled_) {
      std::cerr
          << "weir: more than can be shown comes in, this is a sample (--filter shows less)\n";
    }
    was_sampled_ = is_sampled;
    std::cout << std::flush;
  }

  // ---- What was before --------------------------------------------------------------------------

  void read_history() {
    std::vector<Event> events;
    for (const std::string& group : options_.groups) {
      if (const auto read = read_history_of(group, events); !read && !client_.is_stopped()) {
        std::cerr << "weir: cannot read earlier events: " << read.error().message << '\n';
      }
    }
    std::ranges::stable_sort(events, {}, &Event::timestamp);
    for (const Event& event : events) {
      if (!forget(printed_, event)) print(event);
      remember(from_history_, event);
    }
    for (const Event& event : events) remember(printed_, event);
  }

  Result<void> read_history_of(const std::string& group, std::vector<Event>& events) {
    Document::Map input;
    input.emplace_back("logGroupIdentifier", group);
    input.emplace_back("startTime", std::max<std::int64_t>(0, (now() - history_).ms));
    input.emplace_back("interleaved", true);
    if (!options_.filter.empty()) input.emplace_back("filterPattern", options_.filter);
    const Document::Map first_page = input;
    for (;;) {
      WEIR_TRY(const Document page, client_.call(kLogs, "FilterLogEvents", input));
      if (client_.is_stopped()) return {};
      for (const Document& shown : list_of(page, "events")) {
        Event event{.ingestion = number_of(shown, "ingestionTime"),
                    .timestamp = number_of(shown, "timestamp"),
                    .group = group_of_arn(group),
                    .stream = text_of(shown, "logStreamName"),
                    .message = text_of(shown, "message")};
        if (event.ingestion >= gap_from_ && is_wanted(event.stream)) {
          events.push_back(std::move(event));
        }
      }
      const std::string token = text_of(page, "nextToken");
      if (token.empty()) return {};
      input = first_page;
      input.emplace_back("nextToken", token);
    }
  }

  bool is_wanted(const std::string& stream) const {
    return options_.streams.empty() ||
           std::ranges::any_of(options_.streams, [&stream](const std::string& wanted) {
             return wanted.ends_with('*') ? stream.starts_with(wanted.substr(0, wanted.size() - 1))
                                          : stream == wanted;
           });
  }

  Time now() const { return client_.server_time(); }

  // ---- Output -----------------------------------------------------------------------------------

  /// An event may come as history and in an update. It is printed once, but two equal events are
  /// two.
  using Events = std::multiset<Event>;
  static bool forget(Events& events, const Event& event) {
    const auto found = events.find(event);
    if (found == events.end()) return false;
    events.erase(found);
    return true;
  }
  static void remember(Events& events, const Event& event) {
    events.insert(event);
    if (events.size() > kRecentMax) events.erase(events.begin());
  }

  void print(const Event& event) {
    last_ingestion_ = std::max(last_ingestion_, event.ingestion);
    if (options_.json) return print_json(event);
    std::string message = event.message;
    while (message.ends_with('\n') || message.ends_with('\r')) message.pop_back();
    std::string line = paint(to_iso8601(Time{event.timestamp}), kDim) + " ";
    if (options_.groups.size() > 1) line += paint(event.group, kDim) + " ";
    const std::size_t colour =
        std::hash<std::string>()(event.group + '\0' + event.stream) % kStreamColours.size();
    line += paint(event.stream, kStreamColours[colour]) + " ";
    const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
    if (is_terminal) message = printable(message);
    std::cout << line << (has_colours_ ? highlighted(message) : message) << '\n';
  }

  static void print_json(const Event& event) {
    Document::Map line;
    line.emplace_back("timestamp", event.timestamp);
    line.emplace_back("ingestionTime", event.ingestion);
    line.emplace_back("logGroupName", event.group);
    line.emplace_back("logStreamName", event.stream);
    line.emplace_back("message", event.message);
    std::cout << to_json(Document(std::move(line))) << '\n';
  }

  std::string paint(const std::string& text, std::string_view colour) const {
    return has_colours_ ? coloured(text, colour) : text;
  }

  const TailOptions& options_;
  const Scope scope_;
  DaemonClient client_;
  const bool has_colours_;
  wire::EventStreamDecoder decoder_;
  bool is_started_ = false;   // this connection
  bool was_started_ = false;  // any connection
  bool is_timeout_ = false;
  bool was_sampled_ = false;
  bool wants_history_ = false;
  Duration history_{0};
  std::int64_t gap_from_ = 0;  // ingestion time of what is missing after a lost connection
  std::int64_t last_ingestion_ = 0;
  Events printed_;
  Events from_history_;  // and not seen in an update yet
};

}  // namespace

int tail(const daemon::Config& config, const TailOptions& options) {
  const auto key = daemon_key(config, options.key);
  if (!key) return fail(key.error());
  const StopSignal stop;
  return Tail(config, options, *key, stop).run();
}

}  // namespace weir::cli
