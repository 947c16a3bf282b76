// SPDX-License-Identifier: Apache-2.0
// Streamed answers of a real listener on loopback, port 0.
#include "server/stream_sender_internal.h"

#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/listener.h"
#include "server/test_client.h"

namespace weir::server {
namespace {

using test::Client;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

/// A source that the test fills.
class TestSource : public wire::StreamSource {
 public:
  Piece take() override {
    const std::scoped_lock lock(mutex_);
    if (pieces_.empty()) return {.bytes = {}, .is_last = is_finished_};
    Piece piece{.bytes = std::move(pieces_.front()), .is_last = false};
    pieces_.pop_front();
    piece.is_last = pieces_.empty() && is_finished_;
    return piece;
  }
  void on_ready(std::function<void()> ready) override {
    const std::scoped_lock lock(mutex_);
    ready_ = std::move(ready);
    asked_.set_value();
  }
  void close() override { closed_.set_value(); }

  void push(std::string piece) {
    change([&] { pieces_.push_back(std::move(piece)); });
  }
  void finish() {
    change([&] { is_finished_ = true; });
  }
  bool is_asked() { return asked_.get_future().wait_for(10s) == std::future_status::ready; }
  bool is_closed() { return closed_.get_future().wait_for(10s) == std::future_status::ready; }

 private:
  template <class Change>
  void change(Change change) {
    std::function<void()> ready;
    {
      const std::scoped_lock lock(mutex_);
      change();
      ready = ready_;
    }
    if (ready) ready();
  }
  std::mutex mutex_;
  std::deque<std::string> pieces_;
  bool is_finished_ = false;
  std::function<void()> ready_;
  std::promise<void> asked_;
  std::promise<void> closed_;
};

struct World {
  explicit World(Listener::Config config = {}) {
    config.port = 0;
    config.spool_folder = folder.path() / "spool";
    router.add_raw({.method = "GET", .path = "/stream", .handler = [this](wire::HttpRequest&) {
                      wire::HttpResponse response;
                      response.headers.add("Content-Type", "text/x-stream");
                      const std::scoped_lock lock(mutex);
                      response.body = wire::StreamBody{sources.at(next++)};
                      return response;
                    }});
    listener = std::make_unique<Listener>(runtime, config, credentials, router);
    const auto started = listener->start();
    EXPECT_TRUE(started) << started.error().message;
  }
  std::shared_ptr<TestSource> source() {
    const std::scoped_lock lock(mutex);
    return sources.emplace_back(std::make_shared<TestSource>());
  }

  test::Folder folder;
  SystemRuntime runtime{1};
  Credentials credentials = Credentials::accept_any();
  Router router;
  std::mutex mutex;
  std::vector<std::shared_ptr<TestSource>> sources;
  std::size_t next = 0;
  std::unique_ptr<Listener> listener;
};

constexpr const char* kRequest = "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(StreamedAnswer, PiecesArriveAsTheyAreMade) {
  World world;
  const auto source = world.source();
  source->push("at once");
  Client client(world.listener->port());
  client.send(kRequest);
  EXPECT_THAT(client.read_until("at once\r\n"),
              AllOf(HasSubstr("200 OK"), HasSubstr("Transfer-Encoding: chunked"),
                    HasSubstr("Content-Type: text/x-stream"), HasSubstr("\r\n7\r\nat once"),
                    Not(HasSubstr("Content-Length"))));
  source->push("later");
  EXPECT_EQ(client.read_until("later\r\n"), "5\r\nlater\r\n");
  source->push(std::string(300'000, 'x'));
  source->finish();
  EXPECT_EQ(client.read_all(), "493e0\r\n" + std::string(300'000, 'x') + "\r\n0\r\n\r\n");
  EXPECT_TRUE(source->is_closed());
}

TEST(StreamedAnswer, AnOldClientGetsItWithoutChunks) {
  World world;
  const auto source = world.source();
  source->push("some");
  source->push("thing");
  source->finish();
  Client client(world.listener->port());
  client.send("GET /stream HTTP/1.0\r\nHost: x\r\n\r\n");
  const std::string answer = client.read_all();
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
  EXPECT_TRUE(answer.ends_with("\r\n\r\nsomething")) << answer;
}

TEST(StreamedAnswer, ASourceIsClosedWhenTheClientGoes) {
  World world;
  const auto source = world.source();
  {
    Client client(world.listener->port());
    client.send(kRequest);
    ASSERT_TRUE(source->is_asked());
  }
  EXPECT_TRUE(source->is_closed());
}

TEST(StreamedAnswer, IdleStreamsNeedNoWorker) {
  Listener::Config config;
  config.workers = 1;
  World world(config);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i) {
    const auto source = world.source();
    clients.push_back(std::make_unique<Client>(world.listener->port()));
    clients.back()->send(kRequest);
    ASSERT_TRUE(source->is_asked()) << i;
  }
  world.sources.front()->push("still there");
  EXPECT_THAT(clients.front()->read_until("still there"), HasSubstr("still there"));
}

TEST(StreamedAnswer, StopEndsIt) {
  World world;
  const auto source = world.source();
  Client client(world.listener->port());
  client.send(kRequest);
  ASSERT_TRUE(source->is_asked());
  const auto begin = std::chrono::steady_clock::now();
  world.listener->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);  // not only after the grace
  EXPECT_TRUE(source->is_closed());
  EXPECT_TRUE(client.read_all().ends_with("0\r\n\r\n"));
}

}  // namespace
}  // namespace weir::server
