// SPDX-License-Identifier: Apache-2.0
#include "client/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>

#include "client/client_test_tools.h"
#include "client/transports.h"

namespace weir::client {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;

Result<HttpResponse> exchange(HttpClient& client, HttpRequest request) {
  auto promise = std::make_shared<std::promise<Result<HttpResponse>>>();
  client.send(std::move(request), [promise](Result<HttpResponse> response) {
    promise->set_value(std::move(response));
  });
  return promise->get_future().get();
}

notify::Outcome deliver(HttpClient& client, const notify::Delivery& delivery) {
  auto promise = std::make_shared<std::promise<notify::Outcome>>();
  HttpTransport(client, *AddressGuard::make({})).send(delivery, [promise](notify::Outcome outcome) {
    promise->set_value(std::move(outcome));
  });
  return promise->get_future().get();
}

notify::Delivery delivery_to(const std::string& url) {
  notify::Delivery delivery;
  delivery.protocol = "http";
  delivery.endpoint = url;
  delivery.topic_arn = "arn:aws:sns:us-east-1:000000000000:t";
  delivery.subscription_arn = delivery.topic_arn + ":1";
  delivery.message_id = "the-id";
  delivery.body = "{\"a\" : \"b\"}";
  delivery.content_type = "text/plain; charset=UTF-8";
  return delivery;
}

TEST(HttpClient, PostsTheBodyAndReadsTheAnswer) {
  LoopbackHttpServer server;
  HttpClient client({});
  const auto response =
      exchange(client, {.url = server.url("/200?q=1"), .headers = {{"X-A", "b"}}, .body = "body"});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "hello");
  EXPECT_THAT(response->headers, Contains(Pair("x-test", "Yes")));
  ASSERT_THAT(server.requests(), SizeIs(1));
  EXPECT_THAT(server.requests()[0], StartsWith("POST /200?q=1 HTTP/1.1\r\n"));
  EXPECT_THAT(server.requests()[0], HasSubstr("X-A: b\r\n"));
  EXPECT_THAT(server.requests()[0], Not(HasSubstr("Expect")));
}

TEST(HttpClient, UserInformationBecomesBasicAuthorisation) {
  LoopbackHttpServer server;
  HttpClient client({});
  ASSERT_TRUE(exchange(client, {.url = server.url("/200", "user:pass@"), .body = "x"}));
  EXPECT_THAT(server.requests()[0], HasSubstr("Authorization: Basic dXNlcjpwYXNz\r\n"));
}

TEST(HttpClient, RedirectsAreNotFollowed) {
  LoopbackHttpServer server;
  HttpClient client({});
  const auto response = exchange(client, {.url = server.url("/redirect"), .body = "x"});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 302);
  EXPECT_THAT(server.requests(), SizeIs(1));
}

TEST(HttpClient, ASilentServerTimesOut) {
  LoopbackHttpServer server;
  HttpClient client({});
  const auto response =
      exchange(client, {.url = server.url("/silent"), .body = "x", .timeout = Duration(100)});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::unavailable);
}

// A name may resolve to any address, so what counts is the address that is connected to.
TEST(HttpClient, ADrippingServerTimesOut) {
  LoopbackHttpServer server;
  HttpClient client({});
  const auto response =
      exchange(client, {.url = server.url("/drip"), .body = "x", .timeout = Duration(300)});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::unavailable);
}

TEST(HttpClient, TheGuardLooksAtTheAddressOfAName) {
  LoopbackHttpServer server;
  HttpClient::Config config;
  config.guard = *AddressGuard::make({});
  HttpClient client(config);
  const std::string port = server.url("").substr(std::string("http://127.0.0.1").size());
  for (const char* host : {"127.0.0.1", "localhost", "2130706433", "127.1"}) {
    const auto response = exchange(client, {.url = "http://" + std::string(host) + port + "/200"});
    ASSERT_FALSE(response) << host;
    EXPECT_THAT(response.error().message, HasSubstr("not allowed")) << host;
  }
  EXPECT_THAT(server.requests(), IsEmpty());
}

TEST(HttpClient, AnEndlessAnswerIsCut) {
  LoopbackHttpServer server;
  HttpClient client({.response_bytes_max = 100});
  const auto response = exchange(client, {.url = server.url("/endless")});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body.size(), 100u);
}

TEST(HttpClient, ErrorsDoNotTellPasswords) {
  HttpClient client({});
  const auto response =
      exchange(client, {.url = "http://user:secret@127.0.0.1:1/path?token=hidden", .body = "x"});
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message, HasSubstr("http://127.0.0.1:1/path"));
  EXPECT_THAT(response.error().message, Not(AnyOf(HasSubstr("secret"), HasSubstr("hidden"))));
}

TEST(HttpClient, TooManyWaitingRequestsFailAtOnce) {
  LoopbackHttpServer server;
  HttpClient client({.transfers_max = 1, .queued_max = 1});
  int refused = 0;
  for (int i = 0; i < 20; ++i) {
    client.send({.url = server.url("/silent"), .body = "x"},
                [&](const Result<HttpResponse>& response) { refused += response ? 0 : 1; });
  }
  EXPECT_GE(refused, 17) << "one under way, one waiting, one may have been taken meanwhile";
}

TEST(HttpClient, DestructionEndsWhatIsUnderWay) {
  LoopbackHttpServer server;
  bool was_called = false;
  {
    HttpClient client({});
    client.send({.url = server.url("/silent"), .body = "x"},
                [&](const Result<HttpResponse>&) { was_called = true; });
  }
  EXPECT_FALSE(was_called);
}

// The server shows a certificate that nobody we trust has signed; then the same one is trusted.
TEST(HttpClient, CertificatesAreVerified) {
  const std::string folder = ::testing::TempDir() + "weir-client-tls-" + std::to_string(getpid());
  const std::string make = "mkdir -p " + folder +
                           " && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test "
                           "-addext subjectAltName=IP:127.0.0.1 -keyout " +
                           folder + "/key.pem -out " + folder + "/cert.pem 2>/dev/null";
  if (std::system(make.c_str()) != 0) GTEST_SKIP() << "the openssl command is not installed";
  PythonServer server(R"(
import http.server, ssl
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
    def log_message(self, *args): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(")" +
                      folder + R"(/cert.pem", ")" + folder + R"(/key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port)
server.serve_forever()
)");
  if (server.port.empty()) GTEST_SKIP() << "python3 is not installed";
  const std::string url = "https://127.0.0.1:" + server.port + "/";
  HttpClient strict({});
  const auto refused = exchange(strict, {.url = url, .body = "x"});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("certificate"));
  HttpClient trusting({.ca_file = folder + "/cert.pem"});
  const auto accepted = exchange(trusting, {.url = url, .body = "x"});
  ASSERT_TRUE(accepted) << accepted.error().message;
  EXPECT_EQ(accepted->status, 204);
}

TEST(HttpTransport, SendsTheHeadersOfAws) {
  LoopbackHttpServer server;
  HttpClient client({});
  const auto outcome = deliver(client, delivery_to(server.url("/200")));
  EXPECT_EQ(outcome.kind, notify::Outcome::Kind::delivered);
  EXPECT_EQ(outcome.status_code, 200);
  const std::string request = server.requests().at(0);
  for (const char* header :
       {"x-amz-sns-message-type: Notification\r\n", "x-amz-sns-message-id: the-id\r\n",
        "x-amz-sns-topic-arn: arn:aws:sns:us-east-1:000000000000:t\r\n",
        "x-amz-sns-subscription-arn: arn:aws:sns:us-east-1:000000000000:t:1\r\n",
        "Content-Type: text/plain; charset=UTF-8\r\n", "Content-Length: 11\r\n",
        "User-Agent: Amazon Simple Notification Service Agent\r\n",
        "Accept-Encoding: gzip,deflate\r\n"}) {
    EXPECT_THAT(request, HasSubstr(header));
  }
  EXPECT_THAT(request, Not(HasSubstr("rawdelivery")));
  EXPECT_EQ(request.substr(request.find("\r\n\r\n") + 4), "{\"a\" : \"b\"}");
}

TEST(HttpTransport, AConfirmationHasNoSubscriptionHeader) {
  LoopbackHttpServer server;
  HttpClient client({});
  auto delivery = delivery_to(server.url("/200"));
  delivery.kind = notify::MessageKind::subscription_confirmation;
  deliver(client, delivery);
  EXPECT_THAT(server.requests().at(0), Not(HasSubstr("x-amz-sns-subscription-arn")));
}

TEST(HttpTransport, TellsWhatMayPassFromWhatIsFinal) {
  using Kind = notify::Outcome::Kind;
  LoopbackHttpServer server;
  HttpClient client({});
  const auto kind = [&](const std::string& url) { return deliver(client, delivery_to(url)).kind; };
  EXPECT_EQ(kind(server.url("/204")), Kind::delivered);
  EXPECT_EQ(kind(server.url("/500")), Kind::retry);
  EXPECT_EQ(kind(server.url("/503")), Kind::retry);
  EXPECT_EQ(kind(server.url("/429")), Kind::retry);
  EXPECT_EQ(kind(server.url("/403")), Kind::rejected);
  EXPECT_EQ(kind(server.url("/redirect")), Kind::rejected);
  EXPECT_EQ(kind("http://127.0.0.1:1/"), Kind::retry) << "nobody listens there";
}

}  // namespace
}  // namespace weir::client
