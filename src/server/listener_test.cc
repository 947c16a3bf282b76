// SPDX-License-Identifier: Apache-2.0
// A real listener on loopback, port 0, and clients that send raw bytes.
#include "server/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <future>
#include <latch>
#include <sstream>
#include <thread>

#include "server/test_client.h"
#include "server/test_signer.h"
#include "wire/digest.h"
#include "wire/sigv4.h"
#include "wire/test_shapes.h"

namespace weir::server {
namespace {

using test::bytes_of;
using test::Client;
using test::Signer;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using wire::HttpRequest;
using wire::HttpResponse;
using namespace std::chrono_literals;

/// A listener with a Logs-like service, /metrics and the S3 handler of the test.
struct World {
  explicit World(Listener::Config changed = {}, Handler s3_handler = {}) {
    changed.port = 0;
    changed.spool_folder = folder.path() / "spool";
    api.add_to(logs);
    router.add_service(logs);
    if (!s3_handler) {
      s3_handler = [](HttpRequest& request) {
        HttpResponse response;
        response.body =
            request.method + ' ' + request.path + ' ' + std::to_string(request.body.size);
        return response;
      };
    }
    router.set_s3(std::move(s3_handler));
    add_standard_routes(router, [] { return std::string(R"({"status":"ok"})"); });
    listener = std::make_unique<Listener>(runtime, changed, credentials, router);
    const auto started = listener->start();
    EXPECT_TRUE(started) << started.error().message;
  }
  std::uint16_t port() const { return listener->port(); }
  Signer signer(std::string service) const {
    return {"AKIDADMIN", "secret", "eu-west-1", std::move(service), runtime.now()};
  }

  test::Folder folder;
  SystemRuntime runtime{1};
  Credentials credentials = Credentials::of({{"root", "AKIDADMIN", "secret", "123456789012"}});
  wire::test::EchoApi api;
  wire::OperationTable logs{wire::test::logs_model()};
  Router router;
  std::unique_ptr<Listener> listener;
};

HttpRequest request_of(std::string method, std::string_view target, std::string body = {}) {
  HttpRequest request;
  request.method = std::move(method);
  wire::set_target(request, target);
  request.headers.add("Host", "localhost");
  request.body.content = std::move(body);
  return request;
}
HttpRequest echo(std::string text) {
  HttpRequest request = request_of("POST", "/", R"({"Text":")" + text + "\"}");
  request.headers.add("X-Amz-Target", "Logs_20140328.GetEcho");
  request.headers.add("Content-Type", "application/x-amz-json-1.1");
  return request;
}
const std::string kHealth = "GET /_weir/health HTTP/1.1\r\nHost: localhost\r\n\r\n";

// Does the listener still answer others?
void expect_alive(const World& world) {
  Client client(world.port());
  client.send(kHealth);
  EXPECT_THAT(client.read_answer(), HasSubstr("{\"status\":\"ok\"}"));
}

// ---- Good clients
// -----------------------------------------------------------------------------------------------

TEST(Listener, AnswersASignedCall) {
  const World world;
  Client client(world.port());
  client.send(bytes_of(world.signer("logs").sign(echo("hello"))));
  EXPECT_THAT(client.read_answer(),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("x-amzn-RequestId: "),
                    HasSubstr("Date: "), HasSubstr(R"({"Text":"hello")")));
}

TEST(Listener, KeepsTheConnectionAndAnswersPipelinedRequestsInOrder) {
  const World world;
  Client client(world.port());
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += bytes_of(world.signer("logs").sign(echo("n" + std::to_string(i) + ".")));
  }
  client.send(all);
  for (int i = 0; i < 50; ++i) {
    EXPECT_THAT(client.read_answer(), HasSubstr("n" + std::to_string(i) + "."));
  }
}

TEST(Listener, ClosesAfterHttp10AndConnectionClose) {
  const World world;
  Client old(world.port());
  old.send("GET /_weir/health HTTP/1.0\r\n\r\n");
  EXPECT_THAT(old.read_all(), AllOf(StartsWith("HTTP/1.0 200"), Not(HasSubstr("<timeout>"))));
  Client closing(world.port());
  closing.send("GET /_weir/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(closing.read_all(),
              AllOf(HasSubstr("Connection: close"), Not(HasSubstr("<timeout>"))));
}

TEST(Listener, HeadHasTheLengthButNoBody) {
  const World world;
  Client client(world.port());
  client.send("HEAD /_weir/health HTTP/1.1\r\nHost: localhost\r\n\r\n" + kHealth);
  EXPECT_THAT(client.read_answer(true), HasSubstr("Content-Length: 15\r\n"));
  EXPECT_THAT(client.read_answer(), HasSubstr("{\"status\":\"ok\"}"));
}

TEST(Listener, SendsContinueWhenAsked) {
  const World world;
  Client client(world.port());
  HttpRequest request = world.signer("s3").sign(request_of("PUT", "/b/k", "body"));
  request.headers.add("Expect", "100-continue");
  const std::string bytes = bytes_of(request);
  const std::size_t head = bytes.find("\r\n\r\n") + 4;
  client.send(bytes.substr(0, head));
  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 100 Continue"));
  client.send(bytes.substr(head));
  EXPECT_THAT(client.read_answer(), HasSubstr("PUT /b/k 4"));
}

TEST(Listener, RefusesAStrangersUploadBeforeItArrives) {
  const World world;
  Client client(world.port());
  client.send(
      "PUT /b/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000000\r\n"
      "Expect: 100-continue\r\n\r\n");
  client.shutdown();
  EXPECT_THAT(client.read_all(), AllOf(StartsWith("HTTP/1.1 403"), HasSubstr("AccessDenied")));
}

TEST(Listener, ReadsChunkedBodies) {
  const World world;
  Client client(world.port());
  HttpRequest request = world.signer("s3").sign(request_of("PUT", "/b/k", "hello world"));
  std::string bytes = bytes_of(request);
  bytes = bytes.substr(0, bytes.find("Content-Length"));
  client.send(bytes + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
  EXPECT_THAT(client.read_answer(), HasSubstr("PUT /b/k 11"));
}

// ---- Large bodies
// -----------------------------------------------------------------------------------------------

std::string megabytes(std::size_t count) {
  std::string out(count << 20, '\0');
  std::uint32_t x = 1;
  for (char& c : out) c = static_cast<char>((x = x * 1664525u + 1013904223u) >> 24);
  return out;
}

TEST(Listener, SpoolsALargeUploadToAFileThatTheHandlerMayTake) {
  std::filesystem::path kept;
  std::string seen_sha, seen_md5;
  std::filesystem::path seen_path;
  test::Folder target;
  World world({}, [&](HttpRequest& request) {
    EXPECT_FALSE(request.body.in_memory());
    seen_path = std::get<std::filesystem::path>(request.body.content);
    seen_sha = request.body.sha256_hex;
    seen_md5 = request.body.md5_hex;
    if (request.path == "/b/take") {
      kept = target.path() / "kept";
      std::filesystem::rename(seen_path, kept);
    }
    return HttpResponse{};
  });
  const std::string body = megabytes(20);
  Client client(world.port());
  for (const std::string_view path : {"/b/leave", "/b/take"}) {
    client.send(bytes_of(world.signer("s3").sign(request_of("PUT", path, body))));
    EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 200"));
    EXPECT_EQ(seen_sha, wire::sha256_hex(body));
    wire::Digest md5(wire::Digest::Algorithm::md5);
    md5.update(body);
    EXPECT_EQ(seen_md5, wire::to_hex(md5.finish()));
  }
  EXPECT_EQ(std::filesystem::file_size(kept), body.size());
  world.listener->stop();
  EXPECT_TRUE(std::filesystem::is_empty(world.folder.path() / "spool"));
}

TEST(Listener, AnUploadThatBreaksOffLeavesNothing) {
  std::atomic<int> calls = 0;
  World world({}, [&](HttpRequest&) {
    ++calls;
    return HttpResponse{};
  });
  {
    Client client(world.port());
    const std::string bytes =
        bytes_of(world.signer("s3").sign(request_of("PUT", "/b/k", megabytes(4))));
    client.send(bytes.substr(0, 3u << 20));
    client.shutdown();
    EXPECT_EQ(client.read_all(), "");
  }
  expect_alive(world);
  world.listener->stop();
  EXPECT_EQ(calls, 0);
  EXPECT_TRUE(std::filesystem::is_empty(world.folder.path() / "spool"));
}

TEST(Listener, AChangedUploadIsRefused) {
  World world;
  const std::string body = megabytes(3);
  std::string bytes = bytes_of(world.signer("s3").sign(request_of("PUT", "/b/k", body)));
  bytes.back() = static_cast<char>(bytes.back() + 1);
  Client client(world.port());
  client.send(bytes);
  EXPECT_THAT(client.read_answer(),
              AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("XAmzContentSHA256Mismatch")));
}

TEST(Listener, DecodesAwsChunkedUploadsWithTrailers) {
  std::string content, trailer;
  World world({}, [&](HttpRequest& request) {
    content = request.body.in_memory() ? request.body.text() : "";
    trailer = request.body.trailers.get("x-amz-checksum-crc32");
    return HttpResponse{};
  });
  HttpRequest request = request_of("PUT", "/b/k");
  request.headers.add("x-amz-decoded-content-length", "11");
  Signer signer = world.signer("s3");
  signer.content_hash = wire::sigv4::kStreamingUnsignedTrailer;
  request = signer.sign(request);
  request.body.content =
      std::string("6\r\nhello \r\n5\r\nworld\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n");
  Client client(world.port());
  client.send(bytes_of(request));
  EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(content, "hello world");
  EXPECT_EQ(trailer, "DUoRhQ==");
}

TEST(Listener, SendsRangesOfFiles) {
  test::Folder folder;
  const std::string content = megabytes(8);
  const auto file = folder.path() / "object";
  std::ofstream(file, std::ios::binary) << content;
  World world({}, [&](HttpRequest& request) {
    HttpResponse response;
    if (request.path == "/b/range") {
      response.status = 206;
      response.body = wire::FileBody{file, 1'000'000, 5'000'000};
    } else {
      response.body = wire::FileBody{file, 0, content.size()};
    }
    return response;
  });
  Client client(world.port());
  const auto get = [&](std::string method, std::string_view path) {
    client.send(bytes_of(world.signer("s3").sign(request_of(method, path))));
    return client.read_answer(method == "HEAD");
  };
  const auto body = [](const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n") + 4);
  };
  EXPECT_TRUE(body(get("GET", "/b/whole")) == content);
  EXPECT_TRUE(body(get("GET", "/b/range")) == content.substr(1'000'000, 5'000'000));
  EXPECT_THAT(get("HEAD", "/b/whole"), HasSubstr("Content-Length: 8388608\r\n"));
  EXPECT_TRUE(body(get("GET", "/b/range")).size() == 5'000'000);
}

TEST(Listener, AFileThatIsGoneIsAnInternalError) {
  World world({}, [&](HttpRequest&) {
    HttpResponse response;
    response.body = wire::FileBody{"/no/such/file", 0, 10};
    return response;
  });
  Client client(world.port());
  client.send(bytes_of(world.signer("s3").sign(request_of("GET", "/b/k"))));
  EXPECT_THAT(client.read_answer(), AllOf(StartsWith("HTTP/1.1 500"), HasSubstr("InternalError")));
}

// ---- Limits
// -----------------------------------------------------------------------------------------------------

TEST(Listener, BodiesBeyondTheLimitGetAnAnswer) {
  Listener::Config config;
  config.api_body_bytes_max = 1000;
  config.object_bytes_max = 2000;
  const World world(config);
  Client api(world.port());
  api.send(bytes_of(world.signer("logs").sign(echo(std::string(2000, 'x')))));
  EXPECT_THAT(api.read_all(), AllOf(StartsWith("HTTP/1.1 413"), HasSubstr("RequestEntityTooLarge"),
                                    Not(HasSubstr("<timeout>"))));
  Client s3(world.port());
  s3.send(bytes_of(world.signer("s3").sign(request_of("PUT", "/b/k", std::string(3000, 'x')))));
  EXPECT_THAT(s3.read_all(), AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("EntityTooLarge")));

  // Without a length it shows only while it arrives.
  Client chunked(world.port());
  std::string bytes =
      bytes_of(world.signer("s3").sign(request_of("PUT", "/b/k", std::string(3000, 'x'))));
  bytes = bytes.substr(0, bytes.find("Content-Length"));
  chunked.send(bytes + "Transfer-Encoding: chunked\r\n\r\nbb8\r\n" + std::string(3000, 'x') +
               "\r\n0\r\n\r\n");
  EXPECT_THAT(chunked.read_answer(), HasSubstr("EntityTooLarge"));
}

TEST(Listener, HugeHeadersAreRefused) {
  Listener::Config config;
  config.header_bytes_max = 8192;
  const World world(config);
  Client client(world.port());
  client.send("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + std::string(100'000, 'x') +
              "\r\n\r\n");
  EXPECT_THAT(client.read_all(),
              AllOf(StartsWith("HTTP/1.1 431"), HasSubstr("RequestHeaderSectionTooLarge")));
  Client endless(world.port());
  endless.send("GET /" + std::string(20'000, 'a'));
  EXPECT_THAT(endless.read_until("\r\n"), StartsWith("HTTP/1.1 431"));
  expect_alive(world);
}

TEST(Listener, ConnectionsBeyondTheLimitAreToldToSlowDown) {
  Listener::Config config;
  config.connections_max = 2;
  const World world(config);
  Client first(world.port()), second(world.port());
  first.send(kHealth);
  second.send(kHealth);
  EXPECT_THAT(first.read_answer(), HasSubstr("ok"));
  EXPECT_THAT(second.read_answer(), HasSubstr("ok"));
  Client third(world.port());
  EXPECT_THAT(third.read_all(), AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("SlowDown")));
}

TEST(Listener, RequestsBeyondTheLimitAreToldToSlowDown) {
  Listener::Config config;
  config.workers = 1;
  config.requests_max = 1;
  std::latch entered(1), go_on(1);
  World world(config, [&](HttpRequest&) {
    entered.count_down();
    go_on.wait();
    return HttpResponse{};
  });
  Client busy(world.port());
  busy.send(bytes_of(world.signer("s3").sign(request_of("GET", "/b/k"))));
  entered.wait();
  Client other(world.port());
  other.send(bytes_of(world.signer("logs").sign(echo("x"))));
  EXPECT_THAT(other.read_answer(),
              AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("ThrottlingException")));
  go_on.count_down();
  EXPECT_THAT(busy.read_answer(), StartsWith("HTTP/1.1 200"));
  other.send(bytes_of(world.signer("logs").sign(echo("again"))));
  EXPECT_THAT(other.read_answer(), HasSubstr("again"));
}

TEST(Listener, MemoryForBodiesIsBounded) {
  Listener::Config config;
  config.bodies_memory_bytes_max = 100'000;
  const World world(config);
  Client client(world.port());
  client.send(bytes_of(world.signer("logs").sign(echo(std::string(200'000, 'x')))));
  EXPECT_THAT(client.read_answer(), AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("Throttling")));
  expect_alive(world);
}

TEST(Listener, ABlockingHandlerBlocksNobodyElse) {
  Listener::Config config;
  config.io_threads = 1;
  config.workers = 2;
  std::latch entered(1), go_on(1);
  World world(config, [&](HttpRequest&) {
    entered.count_down();
    go_on.wait();
    return HttpResponse{};
  });
  Client blocked(world.port());
  blocked.send(bytes_of(world.signer("s3").sign(request_of("GET", "/b/k"))));
  entered.wait();
  for (int i = 0; i < 5; ++i) expect_alive(world);
  go_on.count_down();
  EXPECT_THAT(blocked.read_answer(), StartsWith("HTTP/1.1 200"));
}

// ---- Bad clients
// ------------------------------------------------------------------------------------------------

TEST(Listener, GarbageEndsItsConnectionOnly) {
  const World world;
  Client bystander(world.port());
  for (const std::string& garbage :
       {std::string("\x16\x03\x01\x02\x00\x01\x00", 7), std::string("NOT HTTP AT ALL\r\n\r\n"),
        std::string("GET / HTTP/9.9\r\n\r\n"), std::string("GET\r\n\r\n"), std::string(1000, '\0'),
        std::string("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nBad Header\r\n\r\n"),
        std::string("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n")}) {
    Client client(world.port());
    client.send(garbage);
    client.shutdown();
    const std::string answer = client.read_all();
    EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 400")) << answer;
  }
  bystander.send(kHealth);
  EXPECT_THAT(bystander.read_answer(), HasSubstr("ok"));
}

// Two lengths are how requests are smuggled past a proxy.
TEST(Listener, ARequestWithTwoLengthsIsRefused) {
  const World world;
  for (const std::string_view headers :
       {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Transfer-Encoding: chunked, identity\r\nContent-Length: 3\r\n"}) {
    Client client(world.port());
    client.send("POST /_weir/health HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) +
                "\r\n0\r\n\r\n");
    client.shutdown();
    EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 400")) << headers;
  }
}

TEST(Listener, HalfARequestIsForgotten) {
  const World world;
  { Client client(world.port()); }
  {
    Client client(world.port());
    client.send("POST / HTTP/1.1\r\nHost: loc");
  }
  {
    Client client(world.port());
    client.send(
        "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Logs_20140328.GetEcho\r\n"
        "Content-Length: 100\r\n\r\n{\"Te");
    client.shutdown();
    EXPECT_EQ(client.read_all(), "");
  }
  expect_alive(world);
}

TEST(Listener, SlowClientsAreClosed) {
  Listener::Config config;
  config.header_timeout = 50ms;
  config.body_timeout = 50ms;
  config.idle_timeout = 50ms;
  const World world(config);
  Client silent(world.port()), slow_head(world.port()), slow_body(world.port());
  slow_head.send("GET / HTTP/1.1\r\nHost:");
  slow_body.send(
      "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Logs_20140328.GetEcho\r\n"
      "Content-Length: 100\r\n\r\n{");
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_EQ(slow_head.read_all(), "");
  EXPECT_EQ(slow_body.read_all(), "");
}

TEST(Listener, AClientThatDoesNotReadIsClosed) {
  Listener::Config config;
  config.write_timeout = 50ms;
  World world(config, [](HttpRequest&) {
    HttpResponse response;
    response.body = std::string(64u << 20, 'x');
    return response;
  });
  Client client(world.port());
  client.send(bytes_of(world.signer("s3").sign(request_of("GET", "/b/k"))));
  world.listener
      ->stop();  // Waits for the session: it ends by its timeout, not by the grace of 5 s.
  EXPECT_LT(client.read_all().size(), 64u << 20);
}

TEST(Listener, LineBreaksDoNotReachHeaders) {
  World world({}, [](HttpRequest& request) {
    HttpResponse response;
    response.headers.add("Content-Type",
                         std::string(*request.query_value("response-content-type")));
    return response;
  });
  Client client(world.port());
  client.send(bytes_of(world.signer("s3").sign(
      request_of("GET", "/b/k?response-content-type=a%0D%0ASet-Cookie:%20x"))));
  EXPECT_THAT(client.read_answer(), Not(HasSubstr("\r\nSet-Cookie")));
}

// ---- Start and stop
// ---------------------------------------------------------------------------------------------

TEST(Listener, StopLetsAnAnswerUnderWayFinish) {
  std::latch entered(1), go_on(1);
  World world({}, [&](HttpRequest&) {
    entered.count_down();
    go_on.wait();
    HttpResponse response;
    response.body = std::string("finished");
    return response;
  });
  Client idle(world.port());
  idle.send(kHealth);
  idle.read_answer();
  Client client(world.port());
  client.send(bytes_of(world.signer("s3").sign(request_of("GET", "/b/k"))));
  entered.wait();
  auto stopped = std::async(std::launch::async, [&] { world.listener->stop(); });
  EXPECT_EQ(idle.read_all(), "");  // Idle ones are closed at once.
  go_on.count_down();
  EXPECT_THAT(client.read_all(), AllOf(HasSubstr("finished"), HasSubstr("Connection: close")));
  stopped.get();
}

TEST(Listener, APortInUseIsToldWithWhatWouldHelp) {
  const World world;
  Listener::Config config;
  config.port = world.port();
  Router router;
  SystemRuntime runtime(1);
  const Credentials credentials = Credentials::accept_any();
  Listener second(runtime, config, credentials, router);
  const auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message,
              AllOf(HasSubstr("127.0.0.1 port " + std::to_string(world.port())),
                    HasSubstr("another program uses the port")));
}

TEST(Listener, LeftoversOfAnEarlierRunAreRemoved) {
  test::Folder folder;
  std::ofstream(folder.path() / "upload-old") << "x";
  std::ofstream(folder.path() / "other") << "x";
  Listener::Config config;
  config.port = 0;
  config.spool_folder = folder.path();
  Router router;
  SystemRuntime runtime(1);
  const Credentials credentials = Credentials::accept_any();
  Listener listener(runtime, config, credentials, router);
  ASSERT_TRUE(listener.start());
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "upload-old"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "other"));
}

std::string run(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen((command + " 2>&1").c_str(), "r"),
                                                   &::pclose);
  std::string out;
  char piece[4096];
  while (const std::size_t n = std::fread(piece, 1, sizeof piece, pipe.get())) out.append(piece, n);
  return out;
}

TEST(Listener, SpeaksTls) {
  if (std::system("command -v openssl curl >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "openssl or curl is not installed";
  }
  test::Folder folder;
  const std::string certificate = (folder.path() / "cert.pem").string();
  const std::string key = (folder.path() / "key.pem").string();
  run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 "
      "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout " +
      key + " -out " + certificate);
  Listener::Config config;
  config.tls_certificate = certificate;
  config.tls_key = key;
  const World world(config);
  const std::string url = "https://localhost:" + std::to_string(world.port()) + "/_weir/health";
  EXPECT_EQ(
      run("curl -sS --noproxy '*' --max-time 20 --cacert " + certificate + ' ' + url + ' ' + url),
      R"({"status":"ok"}{"status":"ok"})");
  Client plain(world.port());
  plain.send(kHealth);
  EXPECT_THAT(plain.read_all(), Not(HasSubstr("200 OK")));
}

TEST(Listener, ATlsKeyThatIsMissingIsTold) {
  Listener::Config config;
  config.port = 0;
  config.tls_certificate = "/no/cert.pem";
  config.tls_key = "/no/key.pem";
  Router router;
  SystemRuntime runtime(1);
  const Credentials credentials = Credentials::accept_any();
  Listener listener(runtime, config, credentials, router);
  const auto started = listener.start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("/no/cert.pem"));
}

// ---- A crowd
// ----------------------------------------------------------------------------------------------------

TEST(Listener, ManyClientsAtOnceEachGetTheirOwnAnswers) {
  const World world;
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      Client client(world.port());
      for (int i = 0; i < 25; ++i) {
        const std::string text = "t" + std::to_string(t) + "i" + std::to_string(i) + ".";
        client.send(bytes_of(world.signer("logs").sign(echo(text))));
        if (client.read_answer().find(text) != std::string::npos) ++right;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 200);
}

// The real thing: Debian's boto3 against the same listener. The test service answers GetEcho only,
// so the client calls by hand with botocore's own signer and HTTP stack.
TEST(Listener, Boto3UploadsAndDownloads) {
  if (std::system("/usr/bin/python3 -c 'import boto3' 2>/dev/null") != 0) {
    GTEST_SKIP() << "python3-boto3 is not installed";
  }
  test::Folder objects;
  World world({}, [&](HttpRequest& request) {
    const auto file = objects.path() / "object";
    HttpResponse response;
    if (request.method == "PUT") {
      if (request.body.in_memory()) {
        std::ofstream(file, std::ios::binary) << request.body.text();
      } else {
        std::filesystem::rename(std::get<std::filesystem::path>(request.body.content), file);
      }
      response.headers.add("ETag", '"' + request.body.md5_hex + '"');
    } else {
      response.body = wire::FileBody{file, 0, std::filesystem::file_size(file)};
    }
    return response;
  });
  const std::string script = R"(
import boto3, urllib.request
s3 = boto3.client("s3", endpoint_url="http://localhost:%PORT%", region_name="eu-west-1",
                  aws_access_key_id="AKIDADMIN", aws_secret_access_key="secret")
for body in (b"small", b"large" * 700000):
    s3.put_object(Bucket="bucket", Key="a key/\u00e9+&", Body=body)
    assert s3.get_object(Bucket="bucket", Key="a key/\u00e9+&")["Body"].read() == body
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "a key/\u00e9+&"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    assert opener.open(url).read() == body
try:
    boto3.client("s3", endpoint_url="http://localhost:%PORT%", region_name="eu-west-1",
                 aws_access_key_id="AKIDADMIN", aws_secret_access_key="wrong").put_object(
                     Bucket="bucket", Key="k", Body=b"x")
except Exception as error:
    assert "SignatureDoesNotMatch" in str(error), error
    print("all good")
)";
  std::string text = script;
  for (std::size_t at = 0; (at = text.find("%PORT%")) != std::string::npos;) {
    text.replace(at, 6, std::to_string(world.port()));
  }
  const auto file = objects.path() / "script.py";
  std::ofstream(file) << text;
  EXPECT_EQ(
      run("NO_PROXY=localhost AWS_EC2_METADATA_DISABLED=true /usr/bin/python3 " + file.string()),
      "all good\n");
}

}  // namespace
}  // namespace weir::server
