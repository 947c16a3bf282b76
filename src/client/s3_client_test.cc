// SPDX-License-Identifier: Apache-2.0
#include "client/s3_client.h"

#include <gmock/gmock.h>

#include "client/client_test_tools.h"

namespace weir::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Answers with what the path of the bucket says and prints each request line.
constexpr const char* kServer = R"py(
import http.server
failures = 2
class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body=b"", headers={}):
        self.send_response(status)
        for name, value in headers.items(): self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        global failures
        print(self.command, self.path, "signed" if "Authorization" in self.headers else "unsigned", flush=True)
        if self.path.startswith("/busy"):
            failures -= 1
            if failures >= 0: return self.answer(503, b"<Error><Code>SlowDown</Code></Error>")
            return self.answer(200, b"fine")
        if self.path.startswith("/gone"):
            return self.answer(404, b"<Error><Code>NoSuchBucket</Code><Message>no bucket</Message></Error>")
        if self.path.startswith("/far") and "/eu-west-3/" not in self.headers["Authorization"]:
            return self.answer(301, b"", {"x-amz-bucket-region": "eu-west-3"})
        if "list-type" in self.path:
            more = b"<IsTruncated>true</IsTruncated><NextContinuationToken>t/1=</NextContinuationToken>"
            entry = b"<Contents><Key>a b&amp;c</Key><LastModified>2026-01-31T12:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>7</Size></Contents>"
            return self.answer(200, b"<ListBucketResult>" + (b"" if "continuation" in self.path else more) + entry + b"</ListBucketResult>")
        if self.headers.get("If-Match") == '"old"':
            return self.answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
        if "Range" in self.headers:
            begin, end = self.headers["Range"].split("=")[1].split("-")
            return self.answer(206, b"0123456789"[int(begin):int(end) + 1])
        self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        print(self.command, self.path, body.decode(), self.headers["Content-Type"], flush=True)
        self.answer(200)
    def log_message(self, *arguments): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
)py";

class S3ClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (server_.port.empty()) GTEST_SKIP() << "no Python";
    settings_.endpoint_url = "http://127.0.0.1:" + server_.port + "/";
    client_ = std::make_unique<S3Client>(
        runtime_, http_, settings_, fixed_credentials({.access_key = "AKIA", .secret_key = "s"}));
  }
  PythonServer server_{kServer};
  SystemRuntime runtime_{2};
  HttpClient http_{{}};
  AwsSettings settings_;
  std::unique_ptr<S3Client> client_;
};

TEST_F(S3ClientTest, PagesOfAListAreFollowedByTheirToken) {
  const auto first = client_->list("b", {.prefix = "p/", .start_after = "p/0"});
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_EQ(first->objects.size(), 1U);
  EXPECT_EQ(first->objects[0].key, "a b&c");
  EXPECT_EQ(first->objects[0].etag, "\"e\"");
  EXPECT_EQ(first->objects[0].size, 7U);
  EXPECT_EQ(first->next, "t/1=");
  const auto second = client_->list("b", {.prefix = "p/", .token = first->next});
  EXPECT_EQ(second->next, "");
  EXPECT_EQ(server_.line(),
            "GET /b/?list-type=2&max-keys=1000&prefix=p%2F&start-after=p%2F0 signed");
  EXPECT_EQ(server_.line(),
            "GET /b/?continuation-token=t%2F1%3D&list-type=2&max-keys=1000&prefix=p%2F signed");
}

TEST_F(S3ClientTest, PiecesOfAnObjectWhileItIsTheSame) {
  EXPECT_EQ(
      *client_->get("b", {.key = "k", .etag = "\"e\"", .size = 10, .last_modified = {}}, 2, 5),
      "23456");
  const auto changed =
      client_->get("b", {.key = "k", .etag = "\"old\"", .size = 10, .last_modified = {}}, 2, 5);
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().kind, ErrorKind::conflict);
}

TEST_F(S3ClientTest, WhatMaySucceedLaterIsTriedAgain) {
  EXPECT_EQ(**client_->get_small("busy", "k"), "fine");
  for (int i = 0; i < 3; ++i) EXPECT_THAT(server_.line(), StartsWith("GET /busy/k"));
}

TEST_F(S3ClientTest, MissingThingsAreToldApart) {
  EXPECT_FALSE(*client_->get_small("b", "missing"));
  const auto gone = client_->list("gone", {});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind, ErrorKind::not_found);
  EXPECT_EQ(gone.error().message, "s3://gone: NoSuchBucket: no bucket");
}

TEST_F(S3ClientTest, ABucketElsewhereIsFollowedThere) { EXPECT_TRUE(client_->list("far", {})); }

TEST_F(S3ClientTest, KeysAreEncodedAndBodiesSent) {
  ASSERT_TRUE(client_->put("b", "a b/\xc3\xa9+..", "body", "text/plain"));
  EXPECT_EQ(server_.line(), "PUT /b/a%20b/%C3%A9%2B.. body text/plain");
}

}  // namespace
}  // namespace weir::client
