// SPDX-License-Identifier: Apache-2.0
// Deliveries a second over HTTP from a durable queue, and what one dead endpoint does to the
// others. Receiver, publishers and Weir share the machine.
//
//     weir_bench_notify [deliveries]
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>

#include "client/transports.h"
#include "notify/notify.h"
#include "sink.h"

namespace weir::bench {
namespace {

constexpr std::size_t kWorkers = 8;  // as the daemon has

/// Takes connections (the kernel does) and never answers.
class Silence {
 public:
  Silence() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    WEIR_ASSERT(::bind(socket_, raw, size) == 0 && ::listen(socket_, 1024) == 0);
    WEIR_ASSERT(::getsockname(socket_, raw, &size) == 0);
    port = ntohs(address.sin_port);
  }
  ~Silence() { ::close(socket_); }
  int port = 0;

 private:
  int socket_;
};

struct Setup {
  explicit Setup(const std::filesystem::path& folder) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    auto opened = store::open_rocksdb_store(folder.string());
    WEIR_ASSERT(opened);
    store = *std::move(opened);
    http = std::make_unique<client::HttpClient>(client::HttpClient::Config{});
    transport = std::make_unique<client::HttpTransport>(*http, *client::AddressGuard::make({"*"}));
    notify::Transports transports;
    transports.protocols["http"] = transport.get();
    notify = std::make_unique<notify::Notify>(
        runtime, *store, transports, notify::Signer(runtime, *store), notify::Notify::Config{});
    WEIR_ASSERT(notify->load());
  }
  ~Setup() {
    runtime.quiesce();
    http.reset();
  }

  std::string topic(const std::string& name) { return *notify->create_topic(scope, name, {}, {}); }
  void subscribe(const std::string& topic, const std::string& path, bool is_raw) {
    const std::string url = "http://127.0.0.1:" + std::to_string(sink.port()) + path;
    notify::SubscribeRequest request{topic, "http", url, {}};
    if (is_raw) request.attributes["RawMessageDelivery"] = "true";
    WEIR_ASSERT(notify->subscribe(scope, request));
    while (!sink.tokens().contains(path)) std::this_thread::yield();
    WEIR_ASSERT(notify->confirm(scope, topic, sink.tokens().at(path), false, false));
  }
  void wait_for(std::uint64_t notifications) {
    while (sink.notifications() < notifications) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  const Scope scope{};
  SystemRuntime runtime{kWorkers};
  Sink sink;
  std::unique_ptr<store::KvStore> store;
  std::unique_ptr<client::HttpClient> http;
  std::unique_ptr<client::HttpTransport> transport;
  std::unique_ptr<notify::Notify> notify;
};

std::string text() {
  return "sent=" + std::to_string(monotonic_ns()) + ";" + std::string(200, 'x');
}

double ms(std::int64_t ns) { return static_cast<double>(ns) / 1e6; }

std::int64_t percentile(std::vector<std::int64_t> values, double share) {
  WEIR_ASSERT(!values.empty());
  const auto at = static_cast<std::ptrdiff_t>(static_cast<double>(values.size() - 1) * share);
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

/// From the first publication to the last arrival.
void throughput(const std::filesystem::path& folder, const char* what, std::size_t endpoints,
                bool is_raw, std::size_t deliveries) {
  constexpr std::size_t kPublishers = 4;
  constexpr std::size_t kBatch = 10;
  Setup setup(folder);
  const std::string topic = setup.topic("bench");
  for (std::size_t i = 0; i < endpoints; ++i) {
    setup.subscribe(topic, "/" + std::to_string(i), is_raw);
  }
  const std::size_t batches = deliveries / endpoints / kBatch / kPublishers;
  const std::int64_t begun = monotonic_ns();
  std::vector<std::thread> publishers;
  for (std::size_t p = 0; p < kPublishers; ++p) {
    publishers.emplace_back([&] {
      for (std::size_t b = 0; b < batches; ++b) {
        std::vector<notify::BatchEntry> entries;
        for (std::size_t i = 0; i < kBatch; ++i) {
          entries.push_back({std::to_string(i), {.message = text()}});
        }
        const auto outcomes = setup.notify->publish_batch(setup.scope, topic, entries);
        WEIR_ASSERT(outcomes && outcomes->front().published);
      }
    });
  }
  for (auto& publisher : publishers) publisher.join();
  const double published_s = ms(monotonic_ns() - begun) / 1e3;
  const std::size_t total = batches * kBatch * kPublishers * endpoints;
  setup.wait_for(total);
  const double seconds = ms(monotonic_ns() - begun) / 1e3;
  std::printf("%-44s %8.0f deliveries/s (%zu in %.1f s, published in %.1f s)\n", what,
              static_cast<double>(total) / seconds, total, seconds, published_s);
  std::fflush(stdout);
}

/// The p99 of 99 endpoints at 20 publications a second, with the hundredth alive or dead.
void with_a_dead_one(const std::filesystem::path& folder, bool is_dead) {
  constexpr int kPublications = 300;
  Setup setup(folder);
  const std::string topic = setup.topic("bench");
  for (int i = 0; i < 99; ++i) setup.subscribe(topic, "/" + std::to_string(i), false);
  Silence silence;
  if (is_dead) {
    // A receiver that never answers cannot confirm, so one that did is replaced in the store.
    setup.subscribe(topic, "/dead", false);
    const std::string alive = "http://127.0.0.1:" + std::to_string(setup.sink.port()) + "/dead";
    const std::string dead = "http://127.0.0.1:" + std::to_string(silence.port) + "/dead";
    std::vector<std::pair<std::string, std::string>> changed;
    WEIR_ASSERT(setup.store->scan("sns/", [&](std::string_view key, std::string_view value) {
      std::string moved(value);
      if (const auto at = moved.find(alive); at != std::string::npos) {
        changed.emplace_back(key, moved.replace(at, alive.size(), dead));
      }
      return true;
    }));
    WEIR_ASSERT(changed.size() == 1);
    WEIR_ASSERT(setup.store->put(changed[0].first, changed[0].second));
    WEIR_ASSERT(setup.notify->load());
  } else {
    setup.subscribe(topic, "/99", false);
  }
  setup.sink.forget();
  for (int i = 0; i < kPublications; ++i) {
    WEIR_ASSERT(setup.notify->publish(setup.scope, topic, {.message = text()}));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  setup.wait_for(static_cast<std::uint64_t>(kPublications) * (is_dead ? 99 : 100));
  const auto latencies = setup.sink.latencies(is_dead ? "" : "/99");
  std::printf("%-44s p50 %.2f ms, p99 %.2f ms\n",
              is_dead ? "99 endpoints beside a dead one" : "99 endpoints beside a good one",
              ms(percentile(latencies, 0.5)), ms(percentile(latencies, 0.99)));
  std::fflush(stdout);
}

}  // namespace
}  // namespace weir::bench

int main(int count, char** arguments) {
  const std::size_t deliveries = count > 1 ? std::stoul(arguments[1]) : 100'000;
  const auto folder = std::filesystem::temp_directory_path() / "weir-bench-notify";
  using namespace weir::bench;
  throughput(folder, "1 endpoint, raw", 1, true, deliveries);
  throughput(folder, "10 endpoints, signed", 10, false, deliveries);
  throughput(folder, "100 endpoints, signed", 100, false, deliveries);
  with_a_dead_one(folder, false);
  with_a_dead_one(folder, true);
  std::filesystem::remove_all(folder);
  return 0;
}
