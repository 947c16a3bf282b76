// SPDX-License-Identifier: Apache-2.0
// Relays with encryption and authentication, and relays that misbehave.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>

#include "base/document.h"
#include "client/client_test_tools.h"
#include "client/mail_client.h"

namespace weir::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A real SMTP server (Debian package python3-aiosmtpd) that wants encryption and authentication.
// EXCLUDED: mechanisms that it does not offer. Prints user and size of each mail.
constexpr const char* kStrictRelay = R"(
import asyncio, json, ssl
from aiosmtpd.smtp import SMTP, AuthResult
class Sink:
    async def handle_DATA(self, server, session, envelope):
        print(json.dumps({"user": (session.auth_data or b"").decode(), "tls": bool(session.ssl),
                          "bytes": str(len(envelope.content))}))
        return "250 OK"
def check(server, session, envelope, mechanism, data):
    good = data.login == b"weir" and data.password == "p:ä ss".encode()
    result = AuthResult(success=good, handled=False)
    result.auth_data = mechanism.encode() + b" " + data.login
    return result
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(FOLDER + "/cert.pem", FOLDER + "/key.pem")
def relay():
    return SMTP(Sink(), hostname="relay", tls_context=context, require_starttls=True, authenticator=check,
                auth_required=True, auth_exclude_mechanism=EXCLUDED)
async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(relay, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1])
    await server.serve_forever()
asyncio.run(main())
)";

// Speaks just enough SMTP to misbehave at one step. REPLIES: what it says instead of the right
// answer at `connect`, `EHLO`, `MAIL`, `RCPT`, `DATA`, `end` or `QUIT`; `hang` says nothing more
// (and prints the step), `drip` says a byte in each tenth of a second for ever, `close` hangs up.
constexpr const char* kOddRelay = R"(
import asyncio
async def answer(reader, writer, step, right):
    reply = REPLIES.get(step, right)
    if reply == "close":
        writer.close()
        return False
    if reply == "hang": print(step)
    while reply in ("hang", "drip"):
        if reply == "drip":
            writer.write(b"2")
            await writer.drain()
        await asyncio.sleep(0.1)
    writer.write(reply.encode() + b"\r\n")
    await writer.drain()
    return True
async def serve(reader, writer):
    try:
        if not await answer(reader, writer, "connect", "220 odd"): return
        while line := await reader.readline():
            verb = line[:4].decode().upper()
            if verb == "QUIT":
                await answer(reader, writer, "QUIT", "221 bye")
                return
            if verb == "HELO" and "EHLO" in REPLIES: verb = "EHLO"
            if not await answer(reader, writer, verb, "354 go on" if verb == "DATA" else "250 OK"): return
            if verb == "DATA" and "DATA" not in REPLIES:
                while await reader.readline() != b".\r\n": pass
                if not await answer(reader, writer, "end", "250 OK"): return
    except ConnectionError: pass
    finally: writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1])
    await server.serve_forever()
asyncio.run(main())
)";

Result<void> send(MailClient& client, const std::string& text = "x") {
  auto promise = std::make_shared<std::promise<Result<void>>>();
  client.send({.to = "ops@example.com", .text = text, .message_id = "1"},
              [promise](Result<void> sent) { promise->set_value(std::move(sent)); });
  return promise->get_future().get();
}

std::string field(const Document& mail, const char* name) {
  const Document* found = mail.find(name);
  return found && found->string() ? *found->string() : "";
}

class StrictRelay : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder() = ::testing::TempDir() + "weir-relay-" + std::to_string(getpid());
    const std::string make =
        "mkdir -p " + folder() +
        " && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=relay -addext "
        "subjectAltName=IP:127.0.0.1 -keyout " +
        folder() + "/key.pem -out " + folder() + "/cert.pem 2>/dev/null";
    if (std::system(make.c_str()) != 0) folder().clear();
  }
  static std::string& folder() {
    static std::string name;
    return name;
  }
  void start(const std::string& excluded) {
    if (folder().empty()) GTEST_SKIP() << "the openssl command is not installed";
    relay = std::make_unique<PythonServer>("FOLDER = '" + folder() + "'\nEXCLUDED = [" + excluded +
                                           "]\n" + kStrictRelay);
    if (relay->port.empty()) GTEST_SKIP() << "python3-aiosmtpd is not installed";
    config.port = static_cast<std::uint16_t>(std::stoi(relay->port));
    config.tls = MailClient::Tls::starttls;
    config.ca_file = folder() + "/cert.pem";
    config.user = "weir";
    config.password = "p:ä ss";
  }
  std::unique_ptr<PythonServer> relay;
  MailClient::Config config;
};

TEST_F(StrictRelay, TakesAMailWithEncryptionAndEitherMechanism) {
  for (const auto& [excluded, used] :
       {std::pair{"'LOGIN'", "PLAIN weir"}, std::pair{"'PLAIN'", "LOGIN weir"}}) {
    start(excluded);
    if (IsSkipped()) return;
    MailClient client(config);
    const auto sent = send(client);
    ASSERT_TRUE(sent) << used << ": " << sent.error().message;
    const auto mail = parse_json(relay->line());
    ASSERT_TRUE(mail);
    EXPECT_EQ(field(*mail, "user"), used);
  }
}

TEST_F(StrictRelay, AWrongPasswordIsForTheOperatorToMend) {
  start("");
  if (IsSkipped()) return;
  config.password = "wrong";
  MailClient client(config);
  const auto sent = send(client);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind, ErrorKind::unavailable) << "the mail waits for the right password";
  EXPECT_THAT(sent.error().message, HasSubstr("535"));
  EXPECT_THAT(sent.error().message, Not(HasSubstr("wrong")));
}

TEST_F(StrictRelay, CredentialsThatAreMissingAreForTheOperatorToMend) {
  start("");
  if (IsSkipped()) return;
  config.user.clear();
  MailClient client(config);
  const auto sent = send(client);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind, ErrorKind::unavailable) << sent.error().message;
  config.tls = MailClient::Tls::none;
  MailClient open(config);
  EXPECT_EQ(send(open).error().kind, ErrorKind::unavailable);
}

TEST_F(StrictRelay, ACertificateThatNobodySignedIsRefused) {
  start("");
  if (IsSkipped()) return;
  config.ca_file.clear();
  for (const auto tls : {MailClient::Tls::starttls, MailClient::Tls::starttls_if_offered}) {
    config.tls = tls;
    MailClient client(config);
    const auto sent = send(client);
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().kind, ErrorKind::unavailable);
    EXPECT_THAT(sent.error().message, HasSubstr("certificate"));
  }
}

TEST_F(StrictRelay, ACertificateForAnotherNameIsRefused) {
  start("");
  if (IsSkipped()) return;
  config.host = "localhost";  // the certificate says 127.0.0.1
  MailClient client(config);
  const auto sent = send(client);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind, ErrorKind::unavailable);
}

TEST_F(StrictRelay, TakesMailsOfTheGreatestSize) {
  start("");
  if (IsSkipped()) return;
  MailClient client(config);
  for (const std::string& text : {std::string(262'144, 'x'), std::string(131'072, '\n')}) {
    const auto sent = send(client, text);
    ASSERT_TRUE(sent) << sent.error().message;
    const auto mail = parse_json(relay->line());
    ASSERT_TRUE(mail);
    EXPECT_GT(std::stoul(field(*mail, "bytes")), 262'144U);
  }
}

struct Misbehaviour {
  const char* replies;
  ErrorKind kind;
};

class OddRelay : public ::testing::TestWithParam<Misbehaviour> {};

// What the relay says of itself (greeting, EHLO) may be mended; what it says of the mail is final.
INSTANTIATE_TEST_SUITE_P(
    AtEachStep, OddRelay,
    ::testing::Values(Misbehaviour{"'connect': '421 busy'", ErrorKind::unavailable},
                      Misbehaviour{"'connect': '554 not you'", ErrorKind::unavailable},
                      Misbehaviour{"'connect': 'SSH-2.0-x'", ErrorKind::unavailable},
                      Misbehaviour{"'connect': 'close'", ErrorKind::unavailable},
                      Misbehaviour{"'EHLO': '421 busy'", ErrorKind::unavailable},
                      Misbehaviour{"'EHLO': '550 not you'", ErrorKind::unavailable},
                      Misbehaviour{"'MAIL': '451 later'", ErrorKind::unavailable},
                      Misbehaviour{"'MAIL': '530 authenticate'", ErrorKind::unavailable},
                      Misbehaviour{"'MAIL': '553 bad sender'", ErrorKind::invalid},
                      Misbehaviour{"'RCPT': '450 greylisted'", ErrorKind::unavailable},
                      Misbehaviour{"'RCPT': '550 unknown'", ErrorKind::invalid},
                      Misbehaviour{"'RCPT': 'close'", ErrorKind::unavailable},
                      Misbehaviour{"'DATA': '451 later'", ErrorKind::unavailable},
                      Misbehaviour{"'DATA': '554 no'", ErrorKind::invalid},
                      Misbehaviour{"'end': '452 disk full'", ErrorKind::unavailable},
                      Misbehaviour{"'end': '552 too large'", ErrorKind::invalid},
                      Misbehaviour{"'end': 'close'", ErrorKind::unavailable}));

TEST_P(OddRelay, IsTriedAgainOrNot) {
  PythonServer relay(std::string("REPLIES = {") + GetParam().replies + "}\n" + kOddRelay);
  if (relay.port.empty()) GTEST_SKIP() << "python3 is not installed";
  MailClient client({.port = static_cast<std::uint16_t>(std::stoi(relay.port))});
  const auto sent = send(client);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind, GetParam().kind)
      << GetParam().replies << ": " << sent.error().message;
}

TEST(OddRelay, WhatHangsOrDripsEndsAfterTheTimeout) {
  for (const char* replies :
       {"'connect': 'hang'", "'connect': 'drip'", "'RCPT': 'drip'", "'end': 'hang'",
        "'end': 'drip'", "'RCPT': '450 greylisted', 'QUIT': 'hang'"}) {
    PythonServer relay(std::string("REPLIES = {") + replies + "}\n" + kOddRelay);
    if (relay.port.empty()) GTEST_SKIP() << "python3 is not installed";
    MailClient client(
        {.port = static_cast<std::uint16_t>(std::stoi(relay.port)), .timeout = Duration(400)});
    const auto begun = std::chrono::steady_clock::now();
    const auto sent = send(client);
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().kind, ErrorKind::unavailable) << replies << sent.error().message;
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20)) << replies;
  }
}

TEST(OddRelay, DestructionDoesNotWaitForARelayThatHangs) {
  PythonServer relay(std::string("REPLIES = {'end': 'hang'}\n") + kOddRelay);
  if (relay.port.empty()) GTEST_SKIP() << "python3 is not installed";
  auto client = std::make_unique<MailClient>(
      MailClient::Config{.port = static_cast<std::uint16_t>(std::stoi(relay.port))});
  client->send({.to = "ops@example.com", .text = "x", .message_id = "1"}, [](Result<void>) {});
  EXPECT_EQ(relay.line(), "end");
  const auto begun = std::chrono::steady_clock::now();
  client.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
}

}  // namespace
}  // namespace weir::client
