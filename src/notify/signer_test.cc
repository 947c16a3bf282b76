// SPDX-License-Identifier: Apache-2.0
#include "notify/signer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "base/base64.h"
#include "base/document.h"
#include "notify/envelope.h"
#include "notify/notify_test_world.h"

namespace weir::notify {
namespace {

using ::testing::EndsWith;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

// What a receiver does: the key from the certificate, the algorithm by SignatureVersion.
bool verifies(const std::string& certificate_pem, const std::string& text,
              const std::string& signature, const EVP_MD* digest) {
  BIO* bio = BIO_new_mem_buf(certificate_pem.data(), static_cast<int>(certificate_pem.size()));
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const std::string bytes = base64_decode(signature).value_or("");
  const bool ok =
      certificate &&
      EVP_DigestVerifyInit(context, nullptr, digest, nullptr, X509_get0_pubkey(certificate)) == 1 &&
      EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                       reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  EVP_MD_CTX_free(context);
  X509_free(certificate);
  BIO_free(bio);
  return ok;
}

// The string to sign, made from the parsed JSON only, in the order of the Developer Guide.
std::string text_of_parsed(const Document& body, const std::vector<std::string>& fields) {
  std::string text;
  for (const std::string& field : fields) {
    const Document* value = body.find(field);
    if (value) text += field + "\n" + *value->string() + "\n";
  }
  return text;
}

const std::vector<std::string> kNotificationFields = {"Message",   "MessageId", "Subject",
                                                      "Timestamp", "TopicArn",  "Type"};
const std::vector<std::string> kConfirmationFields = {
    "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"};

void expect_signed(NotifyWorld& world, const std::string& body_text,
                   const std::vector<std::string>& fields, const EVP_MD* digest) {
  const auto body = parse_json(body_text);
  ASSERT_TRUE(body);
  const auto pem = world.notify->certificate_pem();
  ASSERT_TRUE(pem);
  EXPECT_TRUE(
      verifies(*pem, text_of_parsed(*body, fields), *body->find("Signature")->string(), digest));
  EXPECT_EQ(*body->find("SigningCertURL")->string(),
            world.config.endpoint + "/" + *world.notify->certificate_name());
}

TEST(Signature, Version1VerifiesWithSha1AgainstTheCertificate) {
  NotifyWorld world;
  const auto topic = world.topic();
  world.confirmed(topic, "http://receiver.example/");
  ASSERT_TRUE(world.notify->publish(world.scope, topic,
                                    {.message = "line one\nü \"quoted\"", .subject = "Größe"}));
  world.runtime.run_ready();
  expect_signed(world, world.transport.attempts.at(0).delivery.body, kNotificationFields,
                EVP_sha1());
}

TEST(Signature, Version2VerifiesWithSha256) {
  NotifyWorld world;
  const auto topic = world.topic("alarms", {{"SignatureVersion", "2"}});
  world.confirmed(topic, "http://receiver.example/");
  ASSERT_TRUE(world.publish(topic));
  const auto& body = world.transport.attempts.at(0).delivery.body;
  EXPECT_EQ(*parse_json(body)->find("SignatureVersion")->string(), "2");
  expect_signed(world, body, kNotificationFields, EVP_sha256());
}

TEST(Signature, ConfirmationsAreSignedToo) {
  NotifyWorld world;
  const auto topic = world.topic();
  ASSERT_TRUE(
      world.notify->subscribe(world.scope, {topic, "http", "http://receiver.example/", {}}));
  world.runtime.run_ready();
  expect_signed(world, world.transport.attempts.at(0).delivery.body, kConfirmationFields,
                EVP_sha1());
}

TEST(Signer, KeepsItsIdentityOverARestart) {
  SimulatedRuntime runtime(1);
  const auto store = store::make_memory_store();
  const auto name = Signer(runtime, *store).certificate_name();
  ASSERT_TRUE(name);
  EXPECT_THAT(*name, MatchesRegex("SimpleNotificationService-[0-9a-f]{32}\\.pem"));
  EXPECT_EQ(*Signer(runtime, *store).certificate_name(), *name);
}

TEST(Signer, AnUnreadableKeyIsAnError) {
  SimulatedRuntime runtime(1);
  const auto store = store::make_memory_store();
  ASSERT_TRUE(store->put("sns-signer/identity", R"({"keyPem":"x","certificatePem":"y"})"));
  const auto signature = Signer(runtime, *store).sign("text", SignatureVersion::v1);
  ASSERT_FALSE(signature);
  EXPECT_EQ(signature.error().kind, ErrorKind::internal);
}

// Source: SNS Developer Guide, "Parsing Amazon SNS message formats".
TEST(HttpBody, IsLaidOutAsAwsLaysItOut) {
  Envelope envelope;
  envelope.message_id = "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324";
  envelope.topic_arn = "arn:aws:sns:us-west-2:123456789012:MyTopic";
  envelope.subject = "My First Message";
  envelope.message = "Hello world!";
  envelope.timestamp = *parse_iso8601("2012-05-02T00:54:06.655Z");
  envelope.signature = "EXAMPLE";
  envelope.signing_cert_url = "https://sns.example/SimpleNotificationService-f3ec.pem";
  envelope.unsubscribe_url = "https://sns.example/?Action=Unsubscribe";
  envelope.attributes = {{"b", {"Binary", {"\x01\x02"}}}, {"n", {"Number", {"7"}}}};
  EXPECT_EQ(http_body(envelope), R"({
  "Type" : "Notification",
  "MessageId" : "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
  "TopicArn" : "arn:aws:sns:us-west-2:123456789012:MyTopic",
  "Subject" : "My First Message",
  "Message" : "Hello world!",
  "Timestamp" : "2012-05-02T00:54:06.655Z",
  "SignatureVersion" : "1",
  "Signature" : "EXAMPLE",
  "SigningCertURL" : "https://sns.example/SimpleNotificationService-f3ec.pem",
  "UnsubscribeURL" : "https://sns.example/?Action=Unsubscribe",
  "MessageAttributes" : {
    "b" : {"Type":"Binary","Value":"AQI="},
    "n" : {"Type":"Number","Value":"7"}
  }
})");
}

TEST(LambdaEvent, HasTheFieldsOfARecordWithNullSubject) {
  Envelope envelope;
  envelope.subscription_arn = "arn:aws:sns:us-east-1:000000000000:t:1";
  envelope.message = "m";
  const auto event = parse_json(lambda_event(envelope));
  ASSERT_TRUE(event);
  const Document& record = event->find("Records")->list()->at(0);
  EXPECT_EQ(*record.find("EventSource")->string(), "aws:sns");
  EXPECT_EQ(*record.find("EventSubscriptionArn")->string(), envelope.subscription_arn);
  const Document* sns = record.find("Sns");
  EXPECT_TRUE(sns->find("Subject")->is_null());
  EXPECT_TRUE(sns->find("SigningCertUrl"));
  EXPECT_THAT(*sns->find("MessageAttributes")->map(), SizeIs(0));
}

}  // namespace
}  // namespace weir::notify
