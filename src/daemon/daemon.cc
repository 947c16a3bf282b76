// SPDX-License-Identifier: Apache-2.0
#include "daemon/daemon.h"

#include <unistd.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "base/log.h"
#include "base/runtime.h"
#include "daemon/alarm_graphs.h"
#include "daemon/receive.h"
#include "daemon/world.h"
#include "server/credentials.h"
#include "server/listener.h"
#include "server/router.h"
#include "wire/dispatch.h"

namespace weir::daemon {
namespace {

constexpr std::size_t kRuntimeWorkers = 8;
constexpr std::int64_t kAdvanceSecondsMax = 366 * 86400;

void configure_log(const Config& config) {
  static const std::map<std::string, log::Level> kLevels = {{"debug", log::Level::debug},
                                                            {"info", log::Level::info},
                                                            {"warn", log::Level::warn},
                                                            {"error", log::Level::error},
                                                            {"off", log::Level::off}};
  log::configure(kLevels.at(config.log_level),
                 config.log_format == "json" ? log::Format::json : log::Format::text);
}

wire::HttpResponse json_answer(int status, const Document& body) {
  wire::HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = to_json(body) + "\n";
  return response;
}

wire::HttpResponse json_error(const Error& error) {
  Document body;
  body["message"] = error.message;
  return json_answer(error.kind == ErrorKind::invalid ? 400 : 500, body);
}

/// Where CI mode keeps objects: memory if the system offers a folder in it.
Result<std::filesystem::path> make_temporary_folder() {
  for (const char* parent : {"/dev/shm", "/tmp"}) {
    std::string name = std::string(parent) + "/weir-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) return std::filesystem::path(name);
  }
  return Error{ErrorKind::unavailable, "NoTemporaryFolder",
               "cannot make a folder in /dev/shm or /tmp"};
}

Result<void> make_private_folder(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (!failure) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failure);
  }
  if (!failure) return {};
  return Error{ErrorKind::unavailable, "NoDataFolder",
               "cannot use the data folder " + folder.string() + ": " + failure.message() +
                   " (name another with --data, or run as a user that may write there)"};
}

struct AdvanceClock {
  std::int64_t advance_seconds = 0;
  static Shape shape() {
    using S = AdvanceClock;
    static constexpr Member members[] = {
        required<&S::advance_seconds>("advanceSeconds",
                                      range(0, static_cast<double>(kAdvanceSecondsMax))),
    };
    return {"AdvanceClock", members};
  }
};

}  // namespace

std::string_view version() { return WEIR_VERSION; }

std::filesystem::path credentials_file(const Config& config) {
  return config.data_folder() / "credentials";
}

struct Daemon::Impl {
  Config config;
  SystemRuntime runtime{kRuntimeWorkers};
  World::Place place;
  server::Credentials credentials = server::Credentials::accept_any();
  std::unique_ptr<World> world;
  std::shared_mutex world_mutex;             // shared: a request; exclusive: reset
  std::vector<wire::OperationTable> tables;  // stand for those of the present world
  server::Router router;
  std::unique_ptr<server::Listener> listener;
  std::string endpoint;
  Time started;
  bool is_stopped = false;

  /// Tables whose operations go to the world of the moment, so that a reset need not touch the
  /// listener.
  void make_tables() {
    for (const wire::OperationTable* table : world->tables()) {
      wire::OperationTable& stand_in = tables.emplace_back(table->model());
      for (const auto& [name, operation] : table->operations()) {
        wire::Operation forwarded = operation;
        forwarded.call = [this, index = tables.size() - 1, key = name](const wire::Request& request,
                                                                       const Document& tree,
                                                                       const BindOptions& options) {
          const std::shared_lock lock(world_mutex);
          return world->tables()[index]->find(key)->call(request, tree, options);
        };
        stand_in.add(std::move(forwarded));
      }
    }
    for (const auto& table : tables) router.add_service(table);
    router.set_s3(
        [this](wire::HttpRequest& request) {
          const std::shared_lock lock(world_mutex);
          return world->handle_s3(request);
        },
        [this](const wire::HttpRequest& head) {
          const std::shared_lock lock(world_mutex);
          return world->admit_s3(head);
        });
  }

  void add_raw_routes() {
    server::add_standard_routes(router, [this] { return health(); });
    router.add_raw(
        {.method = "GET",
         .path = "/SimpleNotificationService-*",
         .handler = [this](wire::HttpRequest& request) { return certificate(request); }});
    router.add_raw({.method = "GET",
                    .path = std::string(AlarmGraphs::kPath),
                    .handler = [this](wire::HttpRequest& request) {
                      const std::shared_lock lock(world_mutex);
                      return world->alarm_graph(request);
                    }});
    router.add_raw({.method = "GET",
                    .path = "/_weir/flows",
                    .loopback_only = true,
                    .handler = [this](wire::HttpRequest& request) { return flows(request); }});
    router.add_raw(receive_route(
        runtime, config.receive_access_key,
        [this](std::string_view log_group, const collect::Receiver::Request& request) {
          const std::shared_lock lock(world_mutex);
          return world->receive(log_group, request);
        }));
    if (!config.ephemeral) return;
    router.add_raw({.method = "POST",
                    .path = "/_weir/reset",
                    .loopback_only = true,
                    .handler = [this](wire::HttpRequest&) { return reset(); }});
    router.add_raw(
        {.method = "POST",
         .path = "/_weir/clock",
         .loopback_only = true,
         .handler = [this](wire::HttpRequest& request) { return advance_clock(request); }});
  }

  std::string health() {
    const std::shared_lock lock(world_mutex);
    Document document;
    document["status"] = "ok";
    document["version"] = version();
    document["endpoint"] = endpoint;
    document["mode"] = config.ephemeral ? "ephemeral" : "durable";
    document["uptime_seconds"] = (runtime.now() - started).count() / 1000;
    const Document rest = world->status();
    for (const auto& [name, value] : *rest.map()) document[name] = value;
    return to_json(document) + "\n";
  }

  wire::HttpResponse flows(const wire::HttpRequest& request) {
    Document parameters(Document::Map{});
    for (const auto& [name, value] : request.query) parameters[name] = value;
    auto query = from_document<FlowQuery>(parameters, {.textual = true});
    if (!query) return json_error(query.error());
    const std::shared_lock lock(world_mutex);
    const auto answer = world->flows(*std::move(query));
    return answer ? json_answer(200, *answer) : json_error(answer.error());
  }

  wire::HttpResponse certificate(const wire::HttpRequest& request) {
    const std::shared_lock lock(world_mutex);
    const auto name = world->certificate_name();
    const auto pem = world->certificate_pem();
    wire::HttpResponse response;
    response.headers.add("Content-Type", "application/x-pem-file");
    if (!name || !pem || request.path != "/" + *name) {
      response.status = 404;
      response.body = std::string("no such certificate\n");
    } else {
      response.body = *pem;
    }
    return response;
  }

  /// A new world in the place of the old one; requests wait meanwhile.
  wire::HttpResponse reset() {
    const std::unique_lock lock(world_mutex);
    world.reset();
    runtime.reset_clock();
    std::error_code ignored;  // what is left would be refused by open() below
    std::filesystem::remove_all(place.folder / "objects", ignored);
    auto made = World::open(runtime, config, place);
    if (!made) {
      log::error("reset failed", {{"reason", made.error().message}});
      std::abort();
    }
    world = *std::move(made);
    world->start_traffic();
    return json_answer(200, Document(Document::Map{}));
  }

  wire::HttpResponse advance_clock(const wire::HttpRequest& request) {
    const auto wanted = from_json_text<AdvanceClock>(request.body.text());
    if (!wanted) return json_error(wanted.error());
    runtime.advance(std::chrono::seconds(wanted->advance_seconds));
    Document body;
    body["now"] = to_iso8601(runtime.now());
    return json_answer(200, body);
  }

  Result<void> open_folder() {
    if (config.ephemeral) {
      WEIR_TRY(place.folder, make_temporary_folder());
      return {};
    }
    place.folder = config.data_folder();
    WEIR_CHECK(make_private_folder(place.folder));
    WEIR_TRY(credentials, server::Credentials::load_or_create(credentials_file(config), runtime));
    return {};
  }

  Result<void> start() {
    configure_log(config);
    started = runtime.now();
    WEIR_CHECK(open_folder());
    WEIR_TRY(const ListenAddress address, parse_listen(config.listen));
    server::Listener::Config listen;
    listen.address = address.host;
    listen.port = address.port;
    listen.tls_certificate = config.tls_certificate;
    listen.tls_key = config.tls_key;
    listen.workers = static_cast<std::size_t>(config.workers);
    listen.connections_max = static_cast<std::size_t>(config.connections_max);
    listen.allow_anonymous_s3 = true;  // bucket policies decide
    listen.spool_folder = place.folder / "work" / "spool";
    listener = std::make_unique<server::Listener>(runtime, listen, credentials, router);
    WEIR_CHECK(listener->bind());
    config.listen =
        (address.host.find(':') == std::string::npos ? address.host : "[" + address.host + "]") +
        ":" + std::to_string(listener->port());
    endpoint = config.endpoint_url();
    place.endpoint = endpoint;
    place.api_port = listener->port();
    WEIR_TRY(world, World::open(runtime, config, place));
    make_tables();
    add_raw_routes();
    world->start_traffic();
    WEIR_CHECK(listener->start());
    log::info("ready", {{"endpoint", endpoint},
                        {"data", place.folder.string()},
                        {"version", std::string(version())}});
    return {};
  }

  void stop() {
    if (is_stopped) return;
    is_stopped = true;
    if (listener) listener->stop();
    world.reset();
    runtime.quiesce();
    if (config.ephemeral && !place.folder.empty()) {
      std::error_code failure;
      std::filesystem::remove_all(place.folder, failure);
      if (failure)
        log::warn("temporary folder stays",
                  {{"folder", place.folder.string()}, {"reason", failure.message()}});
    }
    log::info("stopped");
  }
};

Daemon::Daemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Daemon::~Daemon() { stop(); }
void Daemon::stop() { impl_->stop(); }
const std::string& Daemon::endpoint() const { return impl_->endpoint; }

Result<std::unique_ptr<Daemon>> Daemon::start(Config config) {
  auto impl = std::make_unique<Impl>();
  impl->config = std::move(config);
  std::unique_ptr<Daemon> daemon(new Daemon(std::move(impl)));
  WEIR_CHECK(daemon->impl_->start());
  return daemon;
}

}  // namespace weir::daemon
