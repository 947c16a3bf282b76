// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <iostream>

#include "base/document.h"
#include "base/runtime.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/daemon_client.h"
#include "cli/result_table.h"
#include "client/aws_credentials.h"
#include "client/aws_settings.h"
#include "client/s3_client.h"
#include "client/signed_client.h"
#include "daemon/daemon.h"
#include "import/group_destination.h"
#include "import/importer.h"
#include "import/object_destination.h"
#include "import/sources.h"

namespace weir::cli {
namespace {

constexpr Duration kProgressPeriod{200};
constexpr Duration kPlainProgressPeriod{10'000};
constexpr std::size_t kAnswerBytesMax = client::S3Client::kPieceBytes + (1u << 20);

std::atomic<bool> stop_asked{false};

/// The first signal ends the import between two records; a second one ends the process.
void ask_to_stop(int signal) {
  stop_asked = true;
  ::signal(signal, SIG_DFL);
}

std::string bytes_text(double number) { return short_count(number) + "B"; }
std::string files_text(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " file" : " files");
}
std::string time_text(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  char text[32];
  std::snprintf(text, sizeof text, "%ld:%02ld", whole / 60, whole % 60);
  return text;
}

/// A line with rate and remaining time: redrawn in place on a terminal, else written now and then.
class ProgressLine {
 public:
  ProgressLine(Runtime& runtime, const import::Progress& progress, bool is_quiet)
      : runtime_(runtime), progress_(progress), began_(runtime.monotonic()) {
    is_terminal_ = ::isatty(STDERR_FILENO) == 1;
    if (is_quiet) return;
    timer_ =
        Timer(runtime, is_terminal_ ? kProgressPeriod : kPlainProgressPeriod, [this] { show(); });
  }
  ~ProgressLine() {
    timer_ = Timer();
    if (is_terminal_ && is_shown_) std::cerr << "\r\x1b[K" << std::flush;
  }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  double seconds() const {
    return std::chrono::duration<double>(runtime_.monotonic() - began_).count();
  }

 private:
  void show() {
    const double passed = std::max(seconds(), 0.001);
    const auto records = static_cast<double>(progress_.records);
    const auto bytes = static_cast<double>(progress_.bytes);
    const auto of_all = static_cast<double>(progress_.bytes_listed);
    std::string line = short_count(records) + " records, " + short_count(records / passed) +
                       "/s, " + bytes_text(bytes) + " of " + bytes_text(of_all) + ", " +
                       std::to_string(progress_.sources) + " of " +
                       files_text(progress_.sources_listed) + " done";
    if (progress_.is_all_listed && of_all > 0 && bytes > 0) {
      const double share = std::min(bytes / of_all, 1.0);
      line = bar(share) + line + ", " + time_text(passed * (1 - share) / share) + " left";
    }
    if (progress_.damaged > 0) line += ", " + std::to_string(progress_.damaged) + " damaged";
    is_shown_ = true;
    std::cerr << (is_terminal_ ? "\r\x1b[K" + line : line + "\n") << std::flush;
  }

  std::string bar(double share) const {
    constexpr int kWidth = 20;
    const int done = static_cast<int>(share * kWidth);
    std::string text = std::to_string(static_cast<int>(share * 100)) + "% ";
    if (!is_terminal_) return text;
    for (int i = 0; i < kWidth; ++i) text += i < done ? '#' : '.';
    return text + ' ';
  }

  Runtime& runtime_;
  const import::Progress& progress_;
  const std::chrono::nanoseconds began_;
  bool is_terminal_ = false;
  std::atomic<bool> is_shown_{false};
  Timer timer_;
};

Document found_json(const std::vector<import::Summary::Found>& found) {
  Document::List list;
  for (const auto& one : found) {
    Document item;
    item["file"] = one.source;
    if (one.number > 0) item["line"] = static_cast<std::int64_t>(one.number);
    item["reason"] = one.reason;
    if (!one.text.empty()) item["text"] = one.text;
    list.push_back(std::move(item));
  }
  return list;
}

Document counts_json(const std::map<std::string, std::uint64_t>& counts) {
  Document document{Document::Map{}};
  for (const auto& [name, count] : counts) document[name] = static_cast<std::int64_t>(count);
  return document;
}

void print_json(const import::Summary& summary, double seconds) {
  Document document;
  const auto number = [&](const char* name, std::uint64_t value) {
    document[name] = static_cast<std::int64_t>(value);
  };
  number("files", summary.sources);
  number("filesKnown", summary.sources_known);
  number("filesFailed", summary.sources_failed);
  number("bytes", summary.bytes);
  number("records", summary.records);
  number("damaged", summary.damaged);
  number("expired", summary.expired);
  document["seconds"] = seconds;
  if (summary.first) document["first"] = to_iso8601(*summary.first);
  if (summary.last) document["last"] = to_iso8601(*summary.last);
  document["kinds"] = counts_json(summary.kinds);
  document["formats"] = counts_json(summary.formats);
  document["damages"] = found_json(summary.damages);
  document["failures"] = found_json(summary.failures);
  std::cout << to_pretty_json(document) << '\n';
}

void print_found(const import::Summary& summary) {
  for (const auto& damage : summary.damages) {
    std::cout << damage.source << ':' << damage.number << ": " << damage.reason << '\n'
              << "    " << damage.text << '\n';
  }
  if (summary.damaged > summary.damages.size()) {
    std::cout << "... and " << summary.damaged - summary.damages.size() << " more damaged\n";
  }
  for (const auto& failure : summary.failures) {
    std::cout << coloured(failure.source + ": " + failure.reason, "31") << '\n';
  }
  if (summary.sources_failed > summary.failures.size()) {
    std::cout << "... and " << summary.sources_failed - summary.failures.size()
              << " more files that cannot be read\n";
  }
}

void print_text(const import::Summary& summary, double seconds) {
  print_found(summary);
  std::cout << coloured(std::to_string(summary.records) + " records", "1") << " from "
            << files_text(summary.sources) << " (" << bytes_text(static_cast<double>(summary.bytes))
            << ") in " << time_text(seconds);
  if (seconds > 0) {
    std::cout << ", " << short_count(static_cast<double>(summary.records) / seconds) << "/s";
  }
  std::cout << '\n';
  if (summary.first) {
    std::cout << "time: " << to_iso8601(*summary.first) << " to " << to_iso8601(*summary.last)
              << '\n';
  }
  for (const auto& [kind, count] : summary.kinds)
    std::cout << kind << ": " << files_text(count) << '\n';
  for (const auto& [format, count] : summary.formats) {
    std::cout << count << " records: " << format << '\n';
  }
  if (summary.sources_known > 0) {
    std::cout << "imported before: " << files_text(summary.sources_known) << '\n';
  }
  if (summary.expired > 0) {
    std::cout << "not stored, older than the retention of the log group: " << summary.expired
              << " records\n";
  }
  if (summary.damaged > 0) std::cout << "damaged: " << summary.damaged << '\n';
  if (summary.sources_failed > 0) {
    std::cout << "files that cannot be read: " << summary.sources_failed << '\n';
  }
}

/// Everything that one import needs, kept alive together.
class ImportCommand {
 public:
  ImportCommand(const daemon::Config& config, const ImportOptions& options)
      : config_(config),
        options_(options),
        jobs_(static_cast<std::size_t>(options.jobs)),
        runtime_(2 + jobs_ * import::Importer::kWorkersPerJob) {}

  int run() {
    if (const auto prepared = prepare(); !prepared) return fail(prepared.error());
    ::signal(SIGINT, ask_to_stop);
    ::signal(SIGTERM, ask_to_stop);
    import::Importer importer(runtime_, *destination_, importer_config_, stop_asked);
    Result<void> done;
    double seconds = 0;
    {
      const ProgressLine line(runtime_, importer.progress(), options_.json);
      done = importer.run(places_);
      seconds = line.seconds();
    }
    const import::Summary summary = importer.summary();
    if (options_.json) {
      print_json(summary, seconds);
    } else {
      print_text(summary, seconds);
    }
    runtime_.quiesce();
    if (!done) return fail(done.error());
    const bool is_stopped = stop_asked && !options_.follow;
    if (is_stopped) std::cerr << "weir: stopped; the same command goes on from here\n";
    return summary.is_clean() && !is_stopped ? kSuccess : kFailure;
  }

 private:
  Result<void> prepare() {
    importer_config_.jobs = jobs_;
    importer_config_.follow = options_.follow;
    importer_config_.poll_period = std::chrono::seconds(options_.poll_s);
    importer_config_.damages_max = static_cast<std::size_t>(options_.show);
    if (!options_.format.empty()) {
      WEIR_TRY(importer_config_.format, flow::Format::parse(options_.format));
    }
    WEIR_CHECK(prepare_places());
    return prepare_destination();
  }

  client::HttpClient& http(const std::string& ca_file) {
    client::HttpClient::Config http;
    http.response_bytes_max = kAnswerBytesMax;
    http.ca_file = ca_file;
    http.user_agent = "Weir/" + std::string(daemon::version());
    return *clients_.emplace_back(std::make_unique<client::HttpClient>(http));
  }

  /// S3 as the surroundings say, or as `endpoint_url` and `profile` do.
  Result<client::S3Client*> aws(const std::string& endpoint_url) {
    WEIR_TRY(auto settings, client::aws_settings({.profile = options_.profile,
                                                  .region = options_.source_region,
                                                  .endpoint_url = endpoint_url},
                                                 client::process_environment()));
    client::HttpClient& client = http(settings.ca_file);
    WEIR_TRY(auto credentials, client::aws_credentials(runtime_, client, options_.profile,
                                                       client::process_environment()));
    if (const auto keys = credentials->keys(); !keys) {  // said before anything is listed
      Error error = keys.error();
      error.message +=
          " (set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of ~/.aws with "
          "--profile)";
      return error;
    }
    return s3_
        .emplace_back(
            std::make_unique<client::S3Client>(runtime_, client, settings, std::move(credentials)))
        .get();
  }

  Result<void> prepare_places() {
    for (const std::string& path : options_.paths) {
      if (const auto location = import::S3Location::parse(path)) {
        WEIR_TRY(client::S3Client* const client, aws(options_.endpoint_url));
        places_.push_back(import::s3_sources(runtime_, *client, *location));
      } else if (path == "-") {
        places_.push_back(import::input_sources(runtime_));
      } else {
        WEIR_TRY(auto place, import::local_sources(path));
        places_.push_back(std::move(place));
      }
    }
    return {};
  }

  Result<void> prepare_destination() {
    const int destinations = (options_.log_group.empty() ? 0 : 1) +
                             (options_.bucket.empty() ? 0 : 1) + (options_.output.empty() ? 0 : 1) +
                             (options_.check ? 1 : 0);
    if (destinations != 1) {
      return Error{ErrorKind::invalid, "NoDestination",
                   "say where the records go: --log-group, --bucket or --output, or --check to "
                   "look only"};
    }
    if (options_.check) {
      destination_ = import::no_destination();
      return {};
    }
    if (!options_.log_group.empty()) return prepare_group();
    import::ObjectOptions objects;
    objects.scope = {config_.account, config_.region};
    objects.folder = options_.prefix;
    objects.is_hive_compatible = !options_.plain_keys;
    objects.is_per_hour = options_.per_hour;
    objects.workers = &runtime_;
    objects.buffered_bytes_max /= jobs_;
    objects.object_bytes_max = std::min(objects.object_bytes_max, objects.buffered_bytes_max);
    if (!options_.output.empty()) {
      store_ = import::folder_store(options_.output);
    } else {
      WEIR_TRY(client::S3Client* const client, bucket_client());
      store_ = import::bucket_store(*client, options_.bucket);
    }
    destination_ = import::object_destination(*store_, objects);
    return {};
  }

  Result<client::S3Client*> bucket_client() {
    if (!options_.bucket_endpoint_url.empty()) return aws(options_.bucket_endpoint_url);
    WEIR_TRY(const server::AccessKey key, daemon_key(config_, options_.key));
    const client::AwsSettings settings{.region = config_.region,
                                       .endpoint_url = config_.endpoint_url(),
                                       .ca_file = config_.tls_certificate};
    return s3_
        .emplace_back(std::make_unique<client::S3Client>(
            runtime_, http(settings.ca_file), settings,
            client::fixed_credentials(
                {.access_key = key.access_key, .secret_key = key.secret_key})))
        .get();
  }

  Result<void> prepare_group() {
    WEIR_TRY(const server::AccessKey key, daemon_key(config_, options_.key));
    client::SignedClient::Config config;
    config.url = config_.endpoint_url();
    config.identity = {.access_key = key.access_key,
                       .secret_key = key.secret_key,
                       .session_token = {},
                       .region = config_.region,
                       .service = "weir"};
    daemon_ = std::make_unique<client::SignedClient>(runtime_, http(config_.tls_certificate),
                                                     std::move(config));
    destination_ = import::group_destination(
        runtime_, *daemon_,
        {.log_group = options_.log_group, .stream_prefix = options_.stream_prefix});
    return {};
  }

  const daemon::Config& config_;
  const ImportOptions& options_;
  const std::size_t jobs_;
  SystemRuntime runtime_;
  // The transfers end before what their callbacks use, and after what sends them.
  std::vector<std::unique_ptr<client::HttpClient>> clients_;
  std::vector<std::unique_ptr<client::S3Client>> s3_;
  std::unique_ptr<client::SignedClient> daemon_;
  std::unique_ptr<import::ObjectStore> store_;
  std::unique_ptr<import::Destination> destination_;
  std::vector<std::unique_ptr<import::Sources>> places_;
  import::Importer::Config importer_config_;
};

}  // namespace

int import_records(const daemon::Config& config, const ImportOptions& options) {
  return ImportCommand(config, options).run();
}

}  // namespace weir::cli
