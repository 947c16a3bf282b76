// SPDX-License-Identifier: Apache-2.0
#include "client/mail_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <memory>

#include "base/document.h"
#include "client/client_test_tools.h"

namespace weir::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// A real SMTP server (Debian package python3-aiosmtpd) that refuses one recipient for good, one for
// now, and prints every mail, decoded by Python's own parser, as a line of JSON.
constexpr const char* kSmtpSink = R"(
import asyncio, email, email.policy, json
from aiosmtpd.smtp import SMTP
class Sink:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("gone@"): return "550 no such mailbox"
        if address.startswith("busy@"): return "451 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        seen = {name: str(value) for name, value in mail.items()}
        seen.update({"rcpt": envelope.rcpt_tos, "mail_from": envelope.mail_from,
                     "type": mail.get_content_type(),
                     "defects": " ".join(str(d) for part in mail.walk() for d in part.defects)})
        for name, kind in (("text", "plain"), ("html", "html")):
            part = mail.get_body((kind,))
            if part: seen[name] = part.get_content().replace("\r\n", "\n")
        print(json.dumps(seen))
        return "250 OK"
async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Sink(), hostname="sink"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1])
    await server.serve_forever()
asyncio.run(main())
)";

Result<void> send(MailClient& client, const Mail& mail) {
  auto promise = std::make_shared<std::promise<Result<void>>>();
  client.send(mail, [promise](Result<void> sent) { promise->set_value(std::move(sent)); });
  return promise->get_future().get();
}

class MailClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (sink.port.empty()) GTEST_SKIP() << "python3-aiosmtpd is not installed";
    config.port = static_cast<std::uint16_t>(std::stoi(sink.port));
    config.from = "weir@example.com";
  }
  std::string field(const Document& mail, const char* name) {
    const Document* found = mail.find(name);
    return found && found->string() ? *found->string() : "";
  }
  PythonServer sink{kSmtpSink};
  MailClient::Config config;
};

TEST_F(MailClientTest, AMailArrivesAsItWasWritten) {
  MailClient client(config);
  const std::string text = ".dot first\nGrüße, 世界\n" + std::string(1200, 'x') + "\n";
  const auto sent = send(client, {.to = "ops@example.com",
                                  .from_name = "Prüfer, \"A\"",
                                  .subject = "ALARM: \"größer\" in Frankfurt " +
                                             std::string(40, 'x') + " ümläute überall",
                                  .text = text,
                                  .list_unsubscribe = "http://127.0.0.1:4566/?Action=Unsubscribe",
                                  .message_id = "id-1",
                                  .date = Time::from_seconds(1767225600)});
  ASSERT_TRUE(sent) << sent.error().message;
  const auto mail = parse_json(sink.line());
  ASSERT_TRUE(mail);
  EXPECT_EQ(field(*mail, "text"), text);
  EXPECT_EQ(field(*mail, "Subject"),
            "ALARM: \"größer\" in Frankfurt " + std::string(40, 'x') + " ümläute überall");
  EXPECT_THAT(field(*mail, "From"), AllOf(HasSubstr("Prüfer"), HasSubstr("<weir@example.com>")));
  EXPECT_EQ(field(*mail, "Date"), "Thu, 01 Jan 2026 00:00:00 +0000");
  EXPECT_EQ(field(*mail, "Message-ID"), "<id-1@example.com>");
  EXPECT_EQ(field(*mail, "mail_from"), "weir@example.com");
  EXPECT_THAT(field(*mail, "List-Unsubscribe"), HasSubstr("Action=Unsubscribe"));
}

TEST_F(MailClientTest, RefusalsForGoodAndForNowAreToldApart) {
  MailClient client(config);
  const auto gone = send(client, {.to = "gone@example.com", .text = "x", .message_id = "1"});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind, ErrorKind::invalid) << gone.error().message;
  const auto busy = send(client, {.to = "busy@example.com", .text = "x", .message_id = "2"});
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().kind, ErrorKind::unavailable) << busy.error().message;
}

TEST_F(MailClientTest, RequiredEncryptionThatIsNotOfferedIsAnError) {
  config.tls = MailClient::Tls::starttls;
  MailClient client(config);
  const auto sent = send(client, {.to = "ops@example.com", .text = "x", .message_id = "1"});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind, ErrorKind::unavailable);
}

TEST(MailClient, ARelayThatIsNotThereIsTriedLater) {
  MailClient client({.port = 1});
  const auto sent = send(client, {.to = "ops@example.com", .text = "x", .message_id = "1"});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind, ErrorKind::unavailable);
}

TEST(MailHeader, TextIsEncodedInWordsThatFit) {
  EXPECT_EQ(encode_header_text("plain"), "plain");
  EXPECT_EQ(encode_header_text("a\r\nBcc: b"), "a  Bcc: b") << "no line can be smuggled in";
  EXPECT_EQ(encode_header_text("ü"), "=?UTF-8?B?w7w=?=");
  const std::string encoded = encode_header_text(std::string(60, 'x') + "ü");
  EXPECT_THAT(encoded, HasSubstr("?=\r\n =?UTF-8?B?"));
}

// Debian's Python reads the message as mail programs do.
TEST_F(MailClientTest, TextAndHtmlAreAlternativesOfOneMail) {
  MailClient client(config);
  const std::string html = "<p>" + std::string(200, 'y') + " größer = 1.</p>\n.\n";
  const auto sent = send(client, {.to = "ops@example.com",
                                  .text = "größer = 1\n--=_weir\n",
                                  .html = html,
                                  .message_id = "id-2"});
  ASSERT_TRUE(sent) << sent.error().message;
  const auto mail = parse_json(sink.line());
  ASSERT_TRUE(mail);
  EXPECT_EQ(field(*mail, "type"), "multipart/alternative");
  EXPECT_EQ(field(*mail, "text"), "größer = 1\n--=_weir\n");
  EXPECT_EQ(field(*mail, "html"), html);
  EXPECT_EQ(field(*mail, "defects"), "");
}

}  // namespace
}  // namespace weir::client
