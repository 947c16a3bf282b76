// SPDX-License-Identifier: Apache-2.0
#include "server/listener.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "base/log.h"
#include "server/body_sink.h"
#include "server/gate.h"
#include "server/http_text.h"
#include "server/listener_counters.h"
#include "server/memory_budget.h"
#include "server/stream_sender_internal.h"

namespace weir::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using asio::awaitable;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
using TcpStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;
using Parser = http::request_parser<http::buffer_body>;

constexpr std::size_t kChunkBytes = 256u << 10;     // of a large body, in or out, at a time
constexpr std::size_t kReadAheadBytes = 64u << 10;  // of the socket, beyond the headers
constexpr std::size_t kLingerBytesMax = 16u
                                        << 20;  // of an unwanted body, so that the answer arrives
constexpr auto kLingerTime = std::chrono::seconds(5);
constexpr auto kAcceptPause = std::chrono::milliseconds(50);
constexpr int kBacklog = 1024;
constexpr std::string_view kSpoolPrefix = "upload-";

Error cannot(std::string what, const error_code& error, std::string_view help) {
  return {ErrorKind::unavailable, "ListenerFailed",
          "cannot " + what + ": " + error.message() + " (" + std::string(help) + ")"};
}

Error slow_down() { return {ErrorKind::unavailable, "SlowDown", ""}; }

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view other) {
    return wire::equals_ignoring_case(name, other);
  });
}

/// Asks a session to end, from any thread.
class Stoppable {
 public:
  virtual ~Stoppable() = default;
  /// `now`: also in the middle of a request; else only while it waits for one.
  virtual void stop(bool now) = 0;
};

/// What sessions share with the listener.
struct Host {
  Host(Runtime& runtime_in, Listener::Config config_in, const Credentials& credentials,
       const Router& router)
      : runtime(runtime_in),
        config(std::move(config_in)),
        gate(runtime, credentials, router,
             {.api_body_bytes_max = config.api_body_bytes_max,
              .object_bytes_max = config.object_bytes_max,
              .allow_anonymous_s3 = config.allow_anonymous_s3}),
        workers(std::max<std::size_t>(1, config.workers)) {}

  Runtime& runtime;
  const Listener::Config config;
  const Gate gate;
  asio::thread_pool workers;
  ListenerCounters counters;
  std::atomic<std::size_t> requests{0};
  MemoryBudget bodies_memory{config.bodies_memory_bytes_max};
  std::atomic<bool> stopping{false};

  std::mutex mutex;
  std::condition_variable session_ended;
  std::unordered_set<Stoppable*> sessions;
};

/// One connection. Everything runs on its strand, except what on_worker() is given.
template <class Stream>
class Session final : public Stoppable, public std::enable_shared_from_this<Session<Stream>> {
 public:
  template <class... TlsContext>
  Session(Host& host, tcp::socket socket, TlsContext&... tls)
      : host_(host),
        stream_(std::move(socket), tls...),
        buffer_(host.config.header_bytes_max + kReadAheadBytes) {
    error_code error;
    auto address = lowest().socket().remote_endpoint(error).address();
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
      address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    }
    source_ip_ = address.to_string();
    lowest().socket().set_option(tcp::no_delay(true), error);
  }

  void start() {
    {
      const std::scoped_lock lock(host_.mutex);
      host_.sessions.insert(this);
    }
    host_.counters.connections.add(1);
    auto self = this->shared_from_this();
    asio::co_spawn(stream_.get_executor(), run(self), [self](std::exception_ptr) { self->end(); });
  }

  void stop(bool now) override {
    asio::post(stream_.get_executor(), [self = this->shared_from_this(), now] {
      if (self->sender_) self->sender_->end();
      if (now || self->is_idle_) self->lowest().close();
    });
  }

 private:
  /// One request and what has become of it.
  struct Exchange {
    explicit Exchange(Host& host) : memory(host.bodies_memory) {}
    ~Exchange() {
      if (file >= 0) ::close(file);
      // The handler has moved the spooled body away, or it is not wanted.
      if (!spooled.empty()) ::unlink(spooled.c_str());
    }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    Parser parser;
    wire::HttpRequest request;
    Gate::Plan plan;
    MemoryShare memory;
    std::optional<BodySink> sink;
    std::vector<char> chunk;
    std::size_t chunk_size = 0;
    std::filesystem::path spooled;
    wire::HttpResponse response;
    int file = -1;
    bool body_is_read = false;
    std::chrono::nanoseconds began{};
  };

  auto& lowest() { return beast::get_lowest_layer(stream_); }

  void end() {
    lowest().close();
    host_.counters.connections.add(-1);
    const std::scoped_lock lock(host_.mutex);
    host_.sessions.erase(this);
    host_.session_ended.notify_all();
  }

  static awaitable<void> run(std::shared_ptr<Session> self) {
    try {
      if (co_await self->open()) {
        while (co_await self->one_request()) {
        }
      }
      co_await self->close();
    } catch (const std::exception& error) {
      // Nothing above throws in the ordinary course of things; the other connections go on.
      log::error("a connection failed", {{"error", error.what()}});
    }
  }

  awaitable<bool> open() {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      lowest().expires_after(host_.config.header_timeout);
      const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, kToken);
      if (error) co_return false;
    }
    co_return true;
  }

  awaitable<void> close() {
    if (!lowest().socket().is_open()) co_return;
    lowest().expires_after(kLingerTime);
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      co_await stream_.async_shutdown(kToken);
    }
    error_code ignored;
    lowest().socket().shutdown(tcp::socket::shutdown_send, ignored);
    if (must_linger_) {
      // Closing with unread bytes would reset the connection, and the peer would never see the
      // answer.
      char waste[4096];
      for (std::size_t total = 0; total < kLingerBytesMax;) {
        const auto [error, n] =
            co_await lowest().async_read_some(asio::buffer(waste, sizeof waste), kToken);
        if (error) break;
        total += n;
      }
    }
    lowest().close();
  }

  /// Waits for the first byte of a request. False: the peer has gone or the listener stops.
  awaitable<bool> wait_for_request() {
    if (buffer_.size() > 0) co_return true;
    if (host_.stopping) co_return false;
    is_idle_ = true;
    lowest().expires_after(host_.config.idle_timeout);
    const auto [error, n] = co_await stream_.async_read_some(buffer_.prepare(4096), kToken);
    is_idle_ = false;
    if (error) co_return false;
    buffer_.commit(n);
    co_return true;
  }

  /// False: the connection is to be closed.
  awaitable<bool> one_request() {
    if (!co_await wait_for_request()) co_return false;
    Exchange exchange(host_);
    exchange.began = host_.runtime.monotonic();
    exchange.parser.header_limit(static_cast<std::uint32_t>(host_.config.header_bytes_max));
    exchange.parser.body_limit(boost::none);
    lowest().expires_after(host_.config.header_timeout);
    const auto [error, n] =
        co_await http::async_read_header(stream_, buffer_, exchange.parser, kToken);
    if (error) co_return co_await refuse_garbage(error);
    // Two ways to say how long the body is: a proxy before us may have believed the other one.
    const auto& fields = exchange.parser.get();
    if (fields.count(http::field::transfer_encoding) > 0 &&
        (!exchange.parser.chunked() || fields.count(http::field::content_length) > 0)) {
      co_return co_await refuse_garbage(http::error::bad_transfer_encoding);
    }

    take_head(exchange);
    const bool has_length =
        exchange.parser.content_length().has_value() || exchange.parser.chunked();
    exchange.plan = host_.gate.plan(exchange.request, has_length);
    if (exchange.plan.refusal) {
      exchange.response = std::move(*exchange.plan.refusal);
      exchange.body_is_read = exchange.parser.is_done();
    } else if (co_await read_body(exchange)) {
      co_await handle(exchange);
    } else if (!lowest().socket().is_open()) {
      co_return false;  // The peer has gone in the middle of its body.
    }
    co_return co_await send(exchange);
  }

  void take_head(Exchange& exchange) {
    const auto& head = exchange.parser.get();
    wire::HttpRequest& request = exchange.request;
    request.method = head.method_string();
    wire::set_target(request, std::string_view(head.target().data(), head.target().size()));
    for (const auto& field : head) {
      request.headers.add(std::string(field.name_string()), std::string(field.value()));
    }
    request.caller.source_ip = source_ip_;
    request.caller.request_id = host_.runtime.uuid();
    request.caller.endpoint = std::is_same_v<Stream, TlsStream> ? "https://" : "http://";
    request.caller.endpoint += request.headers.get("Host");
  }

  awaitable<bool> refuse_garbage(const error_code& error) {
    const error_code gone = http::error::end_of_stream;
    if (error == gone || error == http::error::partial_message ||
        error.category() != gone.category()) {
      co_return false;  // Gone, reset or too slow: nobody is there to be told.
    }
    host_.counters.garbage.add();
    const bool is_large =
        error == http::error::header_limit || error == http::error::buffer_overflow;
    Exchange exchange(host_);
    exchange.request.caller.request_id = host_.runtime.uuid();
    Error told{ErrorKind::invalid, "BadRequest",
               "An error occurred when parsing the HTTP request."};
    if (is_large) {
      told.code = "RequestHeaderSectionTooLarge";
      told.message =
          "Your request header and query parameters used to make the request exceed the "
          "maximum allowed size.";
    }
    exchange.response = wire::s3_error_response(told, exchange.request);
    if (is_large) exchange.response.status = 431;
    co_return co_await send(exchange);
  }

  /// True: all of it is in the sink, but for the last piece, which is in `chunk`. False: `response`
  /// tells why, or the peer has gone.
  awaitable<bool> read_body(Exchange& exchange) {
    if (const auto refusal = prepare_sink(exchange)) {
      exchange.response = host_.gate.refuse(exchange.plan, exchange.request, *refusal);
      exchange.body_is_read = exchange.parser.is_done();
      co_return false;
    }
    const std::string_view expect = exchange.request.headers.get("Expect");
    if (!exchange.parser.is_done() && wire::equals_ignoring_case(expect, "100-continue") &&
        buffer_.size() == 0) {
      http::response<http::empty_body> go_on(http::status::continue_, 11);
      lowest().expires_after(host_.config.write_timeout);
      const auto [error, n] = co_await http::async_write(stream_, go_on, kToken);
      if (error) co_return gone();
    }
    while (!exchange.parser.is_done()) {
      if (!co_await fill_chunk(exchange)) co_return gone();
      if (exchange.parser.is_done()) break;
      Result<void> fed = Result<void>();
      auto feed = [&] { fed = exchange.sink->feed(take_chunk(exchange)); };
      if (exchange.plan.may_spool) {
        co_await on_worker(feed);
      } else {
        feed();
      }
      if (fed && !exchange.memory.grow_to(exchange.sink->memory_bytes() + kChunkBytes)) {
        host_.counters.busy.add();
        fed = slow_down();
      }
      if (!fed) {
        exchange.response = host_.gate.refuse(exchange.plan, exchange.request, fed.error());
        co_return false;
      }
    }
    exchange.body_is_read = true;
    co_return true;
  }

  bool gone() {
    lowest().close();
    return false;
  }

  std::optional<Error> prepare_sink(Exchange& exchange) {
    const Gate::Plan& plan = exchange.plan;
    BodySink::Options options;
    options.content_bytes_max = plan.body_bytes_max;
    options.memory_bytes_max = plan.body_bytes_max;
    if (plan.may_spool) {
      options.hash = true;
      options.memory_bytes_max = host_.config.object_memory_bytes_max;
      if (host_.config.spool_folder.empty()) {
        options.content_bytes_max = std::min(options.content_bytes_max, options.memory_bytes_max);
      } else {
        options.spool_file = host_.config.spool_folder /
                             (std::string(kSpoolPrefix) + exchange.request.caller.request_id);
      }
    }
    const auto length = exchange.parser.content_length();
    const std::uint64_t content =
        plan.chunked ? plan.chunked->decoded_length.value_or(0) : length.value_or(0);
    if (content > options.content_bytes_max) {
      return Error{ErrorKind::too_large,
                   "EntityTooLarge",
                   "Your proposed upload exceeds the maximum allowed size",
                   {{"MaxSizeAllowed", std::to_string(options.content_bytes_max)},
                    {"ProposedSize", std::to_string(content)}}};
    }
    if (exchange.parser.is_done()) {
      exchange.sink.emplace(std::move(options));
      return std::nullopt;
    }
    const std::size_t known =
        static_cast<std::size_t>(std::min(length.value_or(kChunkBytes), options.memory_bytes_max));
    const std::size_t chunk = length ? std::min<std::uint64_t>(*length, kChunkBytes) : kChunkBytes;
    if (!exchange.memory.grow_to(known + chunk)) {
      host_.counters.busy.add();
      return slow_down();
    }
    options.chunked = plan.chunked;
    exchange.sink.emplace(std::move(options));
    exchange.chunk.resize(std::max<std::size_t>(chunk, 1));
    return std::nullopt;
  }

  static std::string_view take_chunk(Exchange& exchange) {
    return {exchange.chunk.data(), std::exchange(exchange.chunk_size, 0)};
  }

  /// Until the chunk is full or the body is complete. False: the peer has gone or is too slow.
  awaitable<bool> fill_chunk(Exchange& exchange) {
    auto& body = exchange.parser.get().body();
    while (exchange.chunk_size < exchange.chunk.size() && !exchange.parser.is_done()) {
      body.data = exchange.chunk.data() + exchange.chunk_size;
      body.size = exchange.chunk.size() - exchange.chunk_size;
      body.more = true;
      lowest().expires_after(host_.config.body_timeout);
      const auto [error, n] =
          co_await http::async_read_some(stream_, buffer_, exchange.parser, kToken);
      const std::size_t before = exchange.chunk_size;
      exchange.chunk_size = exchange.chunk.size() - body.size;
      host_.counters.bytes_in.add(exchange.chunk_size - before);
      if (error && error != http::error::need_buffer) co_return false;
    }
    co_return true;
  }

  /// Runs `task` on a worker and comes back to the strand.
  template <class Task>
  awaitable<void> on_worker(Task& task) {
    auto& workers = host_.workers;
    auto start = [&workers, &task](auto handler) {
      auto back = asio::get_associated_executor(handler);
      asio::post(workers, [&task, back, handler = std::move(handler)]() mutable {
        task();
        asio::post(back, std::move(handler));
      });
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
  }

  awaitable<void> handle(Exchange& exchange) {
    if (host_.requests.fetch_add(1) >= host_.config.requests_max) {
      host_.counters.busy.add();
      exchange.response = host_.gate.refuse(exchange.plan, exchange.request, slow_down());
    } else {
      auto work = [&] { work_on(exchange); };
      co_await on_worker(work);
    }
    host_.requests.fetch_sub(1);
  }

  // On a worker.
  void work_on(Exchange& exchange) {
    wire::HttpRequest& request = exchange.request;
    const auto refuse = [&](const Error& error) {
      exchange.response = host_.gate.refuse(exchange.plan, request, error);
    };
    try {
      if (auto fed = exchange.sink->feed(take_chunk(exchange)); !fed) return refuse(fed.error());
      auto body = exchange.sink->finish();
      if (!body) return refuse(body.error());
      request.body = *std::move(body);
      if (!request.body.in_memory()) {
        exchange.spooled = std::get<std::filesystem::path>(request.body.content);
      }
      exchange.response = host_.gate.answer(exchange.plan, request);
      open_file(exchange);
    } catch (const std::exception& error) {
      log::error("a handler failed", {{"path", request.path}, {"error", error.what()}});
      refuse({ErrorKind::internal, "InternalFailure", "An internal error occurred."});
    }
  }

  // On a worker.
  void open_file(Exchange& exchange) {
    const auto* body = std::get_if<wire::FileBody>(&exchange.response.body);
    if (body == nullptr) return;
    exchange.file = ::open(body->path.c_str(), O_RDONLY | O_CLOEXEC);
    if (exchange.file >= 0) return;
    log::error("cannot open the file of an answer",
               {{"file", body->path.string()}, {"error", std::strerror(errno)}});
    exchange.response = host_.gate.refuse(exchange.plan, exchange.request,
                                          {ErrorKind::internal, "InternalError",
                                           "We encountered an internal error. Please try again."});
  }

  // ---- The answer -------------------------------------------------------------------------------

  awaitable<bool> send(Exchange& exchange) {
    const bool keep = exchange.body_is_read && exchange.parser.keep_alive() && !host_.stopping;
    must_linger_ = !exchange.body_is_read;
    http::response<http::string_body> message = message_of(exchange, keep);
    host_.counters.requests.add();
    if (exchange.response.status >= 500) host_.counters.errors.add();
    log_access(exchange);

    if (const auto* body = std::get_if<wire::StreamBody>(&exchange.response.body)) {
      co_return co_await send_stream(message, body->source);
    }
    http::response_serializer<http::string_body> serializer(message);
    while (!serializer.is_done()) {
      lowest().expires_after(host_.config.write_timeout);
      const auto [error, n] = co_await http::async_write_some(stream_, serializer, kToken);
      if (error) co_return gone();
    }
    const bool is_head = exchange.request.method == "HEAD";
    if (exchange.file >= 0 && !is_head && !co_await send_file(exchange)) co_return gone();
    co_return keep;
  }

  awaitable<bool> send_stream(http::response<http::string_body>& head,
                              std::shared_ptr<wire::StreamSource> source) {
    http::response_serializer<http::string_body> serializer(head);
    lowest().expires_after(host_.config.write_timeout);
    const auto [error, n] = co_await http::async_write_header(stream_, serializer, kToken);
    if (error) co_return gone();
    sender_ = std::make_shared<StreamSender<Stream>>(stream_, host_.counters, std::move(source),
                                                     head.chunked());
    if (host_.stopping) sender_->end();
    const bool is_there = co_await sender_->run();
    sender_.reset();
    if (!is_there) gone();
    co_return false;
  }

  http::response<http::string_body> message_of(Exchange& exchange, bool keep) {
    wire::HttpResponse& response = exchange.response;
    http::response<http::string_body> message;
    message.result(static_cast<unsigned>(response.status));
    const bool is_old = exchange.parser.is_header_done() && exchange.parser.get().version() == 10;
    message.version(is_old ? 10 : 11);
    for (const auto& [name, value] : response.headers.all()) {
      if (is_one_of(name, {"Content-Length", "Connection", "Transfer-Encoding", "Date"})) continue;
      message.insert(name, header_value(value));
    }
    message.set(http::field::date, http_date(host_.runtime.now()));
    if (!response.headers.find("Server")) message.set(http::field::server, "Weir");
    const bool is_stream = std::holds_alternative<wire::StreamBody>(response.body);
    message.keep_alive(keep && !is_stream);
    if (is_stream) {
      message.chunked(!is_old);
      return message;
    }

    std::uint64_t length = 0;
    if (const auto* file = std::get_if<wire::FileBody>(&response.body)) {
      length = file->length;
    } else {
      length = std::get<std::string>(response.body).size();
    }
    const bool is_head = exchange.request.method == "HEAD";
    const bool has_no_body = response.status == 204 || response.status == 304;
    if (const auto told = response.headers.find("Content-Length"); is_head && told) {
      message.set(http::field::content_length, header_value(*told));
    } else if (!has_no_body) {
      message.content_length(length);
    }
    if (auto* text = std::get_if<std::string>(&response.body); text && !is_head && !has_no_body) {
      host_.counters.bytes_out.add(text->size());
      message.body() = std::move(*text);
    }
    return message;
  }

  awaitable<bool> send_file(Exchange& exchange) {
    const auto& body = std::get<wire::FileBody>(exchange.response.body);
    std::vector<char> chunk(
        static_cast<std::size_t>(std::min<std::uint64_t>(kChunkBytes, body.length)));
    for (std::uint64_t done = 0; done < body.length;) {
      ssize_t size = 0;
      auto read = [&] {
        const auto want = std::min<std::uint64_t>(chunk.size(), body.length - done);
        do {
          size = ::pread(exchange.file, chunk.data(), static_cast<std::size_t>(want),
                         static_cast<off_t>(body.offset + done));
        } while (size < 0 && errno == EINTR);
      };
      co_await on_worker(read);
      if (size <= 0) {
        log::error("the file of an answer ended early", {{"file", body.path.string()}});
        co_return false;
      }
      const auto filled = static_cast<std::size_t>(size);
      for (std::size_t sent = 0; sent < filled;) {
        lowest().expires_after(host_.config.write_timeout);
        const auto [error, n] = co_await stream_.async_write_some(
            asio::buffer(chunk.data() + sent, filled - sent), kToken);
        if (error) co_return false;
        sent += n;
      }
      host_.counters.bytes_out.add(filled);
      done += filled;
    }
    co_return true;
  }

  // Without the query string, which carries signatures and tokens.
  void log_access(const Exchange& exchange) const {
    const auto took = host_.runtime.monotonic() - exchange.began;
    log::debug("request",
               {{"method", exchange.request.method},
                {"path", exchange.request.path},
                {"target", std::string(exchange.request.headers.get("X-Amz-Target"))},
                {"status", exchange.response.status},
                {"us", std::chrono::duration_cast<std::chrono::microseconds>(took).count()},
                {"from", source_ip_},
                {"request_id", exchange.request.caller.request_id}});
  }

  Host& host_;
  Stream stream_;
  beast::flat_buffer buffer_;
  std::string source_ip_;
  bool is_idle_ = false;
  bool must_linger_ = false;
  std::shared_ptr<StreamSender<Stream>> sender_;  // shared with the source, which wakes it
};

}  // namespace

struct Listener::Impl {
  Impl(Runtime& runtime, Config config, const Credentials& credentials, const Router& router)
      : host(runtime, std::move(config), credentials, router), acceptor(asio::make_strand(io)) {}

  Result<void> prepare_spool() const;
  Result<void> prepare_tls();
  Result<void> bind();
  awaitable<void> accept();
  void admit(tcp::socket socket);
  void end_sessions();

  Host host;
  asio::io_context io;
  std::optional<asio::ssl::context> tls;
  tcp::acceptor acceptor;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  std::vector<std::thread> threads;
  std::uint16_t port = 0;
};

Result<void> Listener::Impl::prepare_spool() const {
  const auto& folder = host.config.spool_folder;
  if (folder.empty()) return {};
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return cannot("make the spool folder " + folder.string(), error,
                  "the data directory must be writable");
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kSpoolPrefix)) std::filesystem::remove(entry.path(), error);
  }
  if (error)
    return cannot("clean the spool folder " + folder.string(), error, "look at its rights");
  return {};
}

Result<void> Listener::Impl::prepare_tls() {
  const Config& config = host.config;
  if (config.tls_certificate.empty() && config.tls_key.empty()) return {};
  using Context = asio::ssl::context;
  auto& context = tls.emplace(Context::tls_server);
  error_code error;
  context.set_options(Context::default_workarounds | Context::no_sslv2 | Context::no_sslv3 |
                          Context::no_tlsv1 | Context::no_tlsv1_1 | Context::single_dh_use,
                      error);
  if (!error) context.use_certificate_chain_file(config.tls_certificate.string(), error);
  if (error) {
    return cannot("use the TLS certificate " + config.tls_certificate.string(), error,
                  "it must be a PEM chain, the server's own certificate first");
  }
  context.use_private_key_file(config.tls_key.string(), Context::pem, error);
  if (error) {
    return cannot("use the TLS key " + config.tls_key.string(), error,
                  "it must be a PEM key without a password that fits the certificate");
  }
  return {};
}

Result<void> Listener::Impl::bind() {
  const Config& config = host.config;
  const std::string where = config.address + " port " + std::to_string(config.port);
  error_code error;
  const auto address = asio::ip::make_address(config.address, error);
  if (error) {
    return cannot("listen on " + config.address, error, "the address must be IPv4 or IPv6");
  }
  const tcp::endpoint endpoint(address, config.port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(kBacklog, error);
  if (error) {
    return cannot("listen on " + where, error,
                  error == asio::error::address_in_use
                      ? "another program uses the port: choose another one"
                      : "the address must be one of this machine's, ports below 1024 need rights");
  }
  port = acceptor.local_endpoint(error).port();
  return {};
}

void Listener::Impl::admit(tcp::socket socket) {
  std::size_t open = 0;
  {
    const std::scoped_lock lock(host.mutex);
    open = host.sessions.size();
  }
  if (open >= host.config.connections_max) {
    host.counters.refused.add();
    error_code ignored;
    if (!tls) {
      socket.non_blocking(true, ignored);
      socket.write_some(asio::buffer(kTooManyConnections.data(), kTooManyConnections.size()),
                        ignored);
    }
    socket.shutdown(tcp::socket::shutdown_both, ignored);
    return;
  }
  if (tls) {
    std::make_shared<Session<TlsStream>>(host, std::move(socket), *tls)->start();
  } else {
    std::make_shared<Session<TcpStream>>(host, std::move(socket))->start();
  }
}

awaitable<void> Listener::Impl::accept() {
  asio::steady_timer pause(acceptor.get_executor());
  while (!host.stopping) {
    const asio::any_io_executor strand = asio::make_strand(io);
    auto [error, socket] = co_await acceptor.async_accept(strand, kToken);
    if (host.stopping) co_return;
    if (!error) {
      admit(std::move(socket));
      continue;
    }
    // Out of descriptors, most likely: those that are open will go.
    log::warn("cannot accept a connection, will retry", {{"error", error.message()}});
    pause.expires_after(kAcceptPause);
    co_await pause.async_wait(kToken);
  }
}

void Listener::Impl::end_sessions() {
  const auto ask = [&](bool now) {
    for (Stoppable* session : host.sessions) session->stop(now);
  };
  std::unique_lock lock(host.mutex);
  ask(false);
  const auto all_ended = [&] { return host.sessions.empty(); };
  if (!host.session_ended.wait_for(lock, host.config.stop_grace, all_ended)) {
    ask(true);
    // A handler that runs is waited for: it uses what the owner of the listener is about to
    // destroy.
    host.session_ended.wait(lock, all_ended);
  }
}

Listener::Listener(Runtime& runtime, Config config, const Credentials& credentials,
                   const Router& router)
    : impl_(std::make_unique<Impl>(runtime, std::move(config), credentials, router)) {}

Listener::~Listener() { stop(); }

Result<void> Listener::bind() {
  WEIR_ASSERT(impl_->port == 0);
  WEIR_CHECK(impl_->prepare_spool());
  WEIR_CHECK(impl_->prepare_tls());
  return impl_->bind();
}

Result<void> Listener::start() {
  WEIR_ASSERT(impl_->threads.empty());
  if (impl_->port == 0) WEIR_CHECK(bind());
  impl_->work.emplace(impl_->io.get_executor());
  asio::co_spawn(impl_->acceptor.get_executor(), impl_->accept(), [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  });
  const std::size_t count = std::max<std::size_t>(1, impl_->host.config.io_threads);
  for (std::size_t i = 0; i < count; ++i) {
    impl_->threads.emplace_back([impl = impl_.get()] { impl->io.run(); });
  }
  log::info("listening", {{"address", impl_->host.config.address},
                          {"port", impl_->port},
                          {"tls", impl_->tls ? "yes" : "no"}});
  return {};
}

std::uint16_t Listener::port() const { return impl_->port; }

void Listener::stop() {
  if (impl_->threads.empty()) return;
  impl_->host.stopping = true;
  asio::post(impl_->acceptor.get_executor(), [impl = impl_.get()] {
    error_code ignored;
    impl->acceptor.close(ignored);
  });
  impl_->end_sessions();
  impl_->host.workers.join();
  impl_->work.reset();
  for (std::thread& thread : impl_->threads) thread.join();
  impl_->threads.clear();
}

}  // namespace weir::server
