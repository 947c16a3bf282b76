// SPDX-License-Identifier: Apache-2.0
#include "api/s3/s3_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "api/s3/parse.h"
#include "base/base64.h"
#include "objects/digest.h"
#include "wire/http.h"
#include "wire/xml.h"

namespace weir::api::s3 {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using Fields = std::vector<std::pair<std::string, std::string>>;

class S3Test : public ::testing::Test {
 protected:
  S3Test() {
    std::string name = (fs::temp_directory_path() / "weir-s3-XXXXXX").string();
    WEIR_ASSERT(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
    objects_ = std::make_unique<objects::Objects>(
        runtime_, objects::Objects::Config{.folder = folder_, .is_durable = false});
    EXPECT_TRUE(objects_->load());
    api_ = std::make_unique<S3Api>(runtime_, *objects_);
    EXPECT_EQ(call("PUT", "/bucket").status, 200);
  }
  ~S3Test() override { fs::remove_all(folder_); }

  wire::HttpResponse call(std::string_view method, std::string_view target, std::string body = {},
                          const Fields& headers = {}) {
    wire::HttpRequest request;
    request.method = method;
    wire::set_target(request, target);
    for (const auto& [name, value] : headers) request.headers.add(name, value);
    request.body.size = body.size();
    request.body.content = std::move(body);
    request.caller.request_id = "0f0e0d0c-0b0a-0908-0706-050403020100";
    request.caller.endpoint = "http://localhost:4566";
    request.caller.scope = scope_;
    request.caller.access_key = access_key_;
    return api_->handle(request);
  }
  /// The body, from wherever the answer has it.
  static std::string body(const wire::HttpResponse& response) {
    if (const auto* text = std::get_if<std::string>(&response.body)) return *text;
    const auto& file = std::get<wire::FileBody>(response.body);
    std::ifstream in(file.path, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(file.offset));
    std::string text(file.length, '\0');
    in.read(text.data(), static_cast<std::streamsize>(file.length));
    return text;
  }
  static std::string header(const wire::HttpResponse& response, std::string_view name) {
    return std::string(response.headers.get(name));
  }
  static std::string code(const wire::HttpResponse& response) {
    const auto tree = wire::parse_xml(body(response));
    const Document* found = tree ? tree->find("Code") : nullptr;
    return found != nullptr ? *found->string() : "";
  }
  /// The text of an element of the answer's root.
  static std::string element(const wire::HttpResponse& response, std::string_view name) {
    const auto tree = wire::parse_xml(body(response));
    const Document* found = tree ? tree->find(name) : nullptr;
    return found != nullptr && found->string() != nullptr ? *found->string() : "";
  }

  fs::path folder_;
  SimulatedRuntime runtime_{1};
  Scope scope_;
  std::string access_key_ = "test";
  std::unique_ptr<objects::Objects> objects_;
  std::unique_ptr<S3Api> api_;
};

TEST_F(S3Test, Buckets) {
  EXPECT_EQ(header(call("PUT", "/second/"), "Location"), "/second");
  EXPECT_THAT(body(call("GET", "/")),
              AllOf(HasSubstr("<Name>bucket</Name>"), HasSubstr("<Name>second</Name>"),
                    HasSubstr("<CreationDate>2026-01-01T00:00:00.000Z</CreationDate>")));
  EXPECT_THAT(body(call("GET", "/?prefix=sec")), Not(HasSubstr("<Name>bucket</Name>")));
  EXPECT_EQ(call("HEAD", "/second").status, 200);
  EXPECT_EQ(header(call("HEAD", "/second"), "x-amz-bucket-region"), "us-east-1");
  EXPECT_EQ(call("HEAD", "/missing").status, 404);
  EXPECT_EQ(body(call("HEAD", "/missing")), "");
  EXPECT_EQ(call("DELETE", "/second").status, 204);
  EXPECT_EQ(code(call("DELETE", "/second")), "NoSuchBucket");
  EXPECT_EQ(code(call("PUT", "/NoBucketName")), "InvalidBucketName");
}

TEST_F(S3Test, BucketsAreMadeWhereTheConstraintSays) {
  EXPECT_EQ(call("PUT", "/eu-bucket",
                 "<CreateBucketConfiguration><LocationConstraint>eu-central-1</LocationConstraint>"
                 "</CreateBucketConfiguration>")
                .status,
            200);
  EXPECT_THAT(body(call("GET", "/eu-bucket?location")),
              HasSubstr(">eu-central-1</LocationConstraint>"));
  EXPECT_THAT(body(call("GET", "/bucket?location")), HasSubstr("></LocationConstraint>"));
  EXPECT_EQ(code(call("PUT", "/x-bucket",
                      "<CreateBucketConfiguration><LocationConstraint>Mars!</LocationConstraint>"
                      "</CreateBucketConfiguration>")),
            "InvalidLocationConstraint");
  EXPECT_EQ(code(call("PUT", "/x-bucket", "<Create")), "MalformedXML");
}

TEST_F(S3Test, PutGetHeadDelete) {
  const auto put = call(
      "PUT", "/bucket/a/b.txt?x-id=PutObject", "hello",
      {{"Content-Type", "text/plain"}, {"X-Amz-Meta-Owner", "me"}, {"Cache-Control", "no-cache"}});
  EXPECT_EQ(put.status, 200);
  EXPECT_EQ(header(put, "ETag"), "\"5d41402abc4b2a76b9719d911017c592\"");
  EXPECT_EQ(header(put, "x-amz-checksum-type"), "FULL_OBJECT");
  const auto got = call("GET", "/bucket/a/b.txt");
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(body(got), "hello");
  EXPECT_EQ(header(got, "Content-Type"), "text/plain");
  EXPECT_EQ(header(got, "x-amz-meta-owner"), "me");
  EXPECT_EQ(header(got, "Cache-Control"), "no-cache");
  EXPECT_EQ(header(got, "Last-Modified"), "Thu, 01 Jan 2026 00:00:00 GMT");
  EXPECT_EQ(header(got, "x-amz-checksum-crc64nvme"), "");
  const auto head = call("HEAD", "/bucket/a/b.txt", "", {{"x-amz-checksum-mode", "ENABLED"}});
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(header(head, "Content-Length"), "5");
  EXPECT_NE(header(head, "x-amz-checksum-crc64nvme"), "");
  EXPECT_EQ(call("DELETE", "/bucket/a/b.txt").status, 204);
  EXPECT_EQ(call("DELETE", "/bucket/a/b.txt").status, 204);
  const auto gone = call("GET", "/bucket/a/b.txt");
  EXPECT_EQ(gone.status, 404);
  EXPECT_THAT(
      body(gone),
      AllOf(HasSubstr("<Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>"),
            HasSubstr("<Key>a/b.txt</Key>")));
  EXPECT_EQ(call("HEAD", "/bucket/a/b.txt").status, 404);
  EXPECT_EQ(code(call("PUT", "/missing/key", "x")), "NoSuchBucket");
}

TEST_F(S3Test, KeysAreDecodedButNotNormalised) {
  call("PUT", "/bucket/a%20b/%C3%A9%2B+%2F..//x", "odd");
  EXPECT_EQ(body(call("GET", "/bucket/a%20b/%c3%a9++%2f..//x")), "odd");
  EXPECT_THAT(body(call("GET", "/bucket?list-type=2&encoding-type=url")),
              HasSubstr("<Key>a%20b/%C3%A9%2B%2B/..//x</Key>"));
}

TEST_F(S3Test, ALargeObjectIsSentFromItsFileAndKeepsItsBytes) {
  const std::string text(1u << 20, 'x');
  call("PUT", "/bucket/large", text);
  const auto got = call("GET", "/bucket/large");
  ASSERT_TRUE(std::holds_alternative<wire::FileBody>(got.body));
  call("PUT", "/bucket/large", "replaced");
  EXPECT_EQ(body(got), text);
}

TEST_F(S3Test, ASpooledBodyIsTakenOver) {
  const fs::path spooled = objects_->spool_folder() / "body";
  std::ofstream(spooled) << "from a file";
  wire::HttpRequest request;
  request.caller.access_key = "test";
  request.method = "PUT";
  wire::set_target(request, "/bucket/k");
  request.body.content = spooled;
  request.body.size = 11;
  EXPECT_EQ(api_->handle(request).status, 200);
  EXPECT_FALSE(fs::exists(spooled));
  EXPECT_EQ(body(call("GET", "/bucket/k")), "from a file");
}

// The completion of an upload of thousands of parts is larger than what the server keeps in memory.
TEST_F(S3Test, AnXmlBodyMayBeSpooledToo) {
  std::string xml = "<Delete>";
  for (int i = 0; i < 1000; ++i)
    xml += "<Object><Key>" + std::string(1000, 'k') + "</Key></Object>";
  xml += "</Delete>";
  const fs::path spooled = objects_->spool_folder() / "body";
  std::ofstream(spooled) << xml;
  wire::HttpRequest request;
  request.caller.access_key = "test";
  request.method = "POST";
  wire::set_target(request, "/bucket?delete");
  request.headers.add("Content-MD5", base64_encode(objects::md5_bytes(xml)));
  request.body.content = spooled;
  request.body.size = xml.size();
  EXPECT_THAT(body(api_->handle(request)), HasSubstr("<Deleted>"));
  request.body.size = 100u << 20;
  EXPECT_EQ(code(api_->handle(request)), "MaxMessageLengthExceeded");
}

TEST_F(S3Test, Ranges) {
  call("PUT", "/bucket/k", "0123456789");
  const auto range = [&](std::string value) {
    return call("GET", "/bucket/k", "", {{"Range", std::move(value)}});
  };
  EXPECT_EQ(range("bytes=2-4").status, 206);
  EXPECT_EQ(body(range("bytes=2-4")), "234");
  EXPECT_EQ(header(range("bytes=2-4"), "Content-Range"), "bytes 2-4/10");
  EXPECT_EQ(body(range("bytes=8-")), "89");
  EXPECT_EQ(body(range("bytes=-3")), "789");
  EXPECT_EQ(body(range("bytes=-30")), "0123456789");
  EXPECT_EQ(body(range("bytes=5-999")), "56789");
  EXPECT_EQ(range("bytes=10-").status, 416);
  EXPECT_THAT(body(range("bytes=10-")), HasSubstr("<Code>InvalidRange</Code>"));
  EXPECT_EQ(range("bytes=-0").status, 416);
  for (const char* ignored : {"bytes=4-2", "bytes=a-b", "items=1-2", "bytes=-", "bytes=0-1,3-4"}) {
    EXPECT_EQ(range(ignored).status, 200) << ignored;
  }
  EXPECT_EQ(header(call("HEAD", "/bucket/k", "", {{"Range", "bytes=0-0"}}), "Content-Length"), "1");
}

TEST_F(S3Test, Conditions) {
  const std::string etag = header(call("PUT", "/bucket/k", "1"), "ETag");
  EXPECT_EQ(call("GET", "/bucket/k", "", {{"If-None-Match", etag}}).status, 304);
  EXPECT_EQ(call("GET", "/bucket/k", "", {{"If-Match", "\"other\""}}).status, 412);
  EXPECT_EQ(
      call("GET", "/bucket/k", "", {{"If-Modified-Since", "Thu, 01 Jan 2026 00:00:00 GMT"}}).status,
      304);
  EXPECT_EQ(call("GET", "/bucket/k", "", {{"If-Unmodified-Since", "Wed, 31 Dec 2025 23:59:59 GMT"}})
                .status,
            412);
  EXPECT_EQ(call("PUT", "/bucket/k", "2", {{"If-None-Match", "*"}}).status, 412);
  EXPECT_EQ(call("PUT", "/bucket/new", "2", {{"If-None-Match", "*"}}).status, 200);
  EXPECT_EQ(call("PUT", "/bucket/k", "2", {{"If-Match", etag}}).status, 200);
  EXPECT_EQ(call("PUT", "/bucket/missing", "2", {{"If-Match", etag}}).status, 404);
  EXPECT_EQ(call("DELETE", "/bucket/k", "", {{"If-Match", etag}}).status, 412);
}

TEST_F(S3Test, ChecksumsInHeadersAndTrailers) {
  const std::string good = base64_encode("\xcb\xf4\x39\x26");
  EXPECT_EQ(header(call("PUT", "/bucket/k", "123456789", {{"x-amz-checksum-crc32", good}}),
                   "x-amz-checksum-crc32"),
            good);
  EXPECT_EQ(code(call("PUT", "/bucket/k", "12345678", {{"x-amz-checksum-crc32", good}})),
            "BadDigest");
  EXPECT_EQ(code(call("PUT", "/bucket/k", "x",
                      {{"x-amz-checksum-crc32", good}, {"x-amz-checksum-sha1", good}})),
            "InvalidRequest");
  EXPECT_EQ(code(call("PUT", "/bucket/k", "x", {{"Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA=="}})),
            "BadDigest");
  wire::HttpRequest request;
  request.caller.access_key = "test";
  request.method = "PUT";
  wire::set_target(request, "/bucket/k");
  request.body.content = std::string("not that");
  request.body.trailers.add("x-amz-checksum-crc32", good);
  EXPECT_EQ(code(api_->handle(request)), "BadDigest");
  EXPECT_EQ(body(call("GET", "/bucket/k")), "123456789");
}

TEST_F(S3Test, WhatTheStoreCannotKeepIsRefused) {
  EXPECT_EQ(call("PUT", "/bucket/k", "x", {{"x-amz-server-side-encryption", "aws:kms"}}).status,
            501);
  EXPECT_EQ(code(call("PUT", "/bucket/k", "x", {{"x-amz-acl", "public-read"}})),
            "AccessControlListNotSupported");
  EXPECT_EQ(call("PUT", "/bucket/k", "x", {{"x-amz-acl", "bucket-owner-full-control"}}).status,
            200);
  EXPECT_EQ(call("PUT", "/bucket?replication", "<x/>").status, 501);
  EXPECT_EQ(call("POST", "/bucket/k?select&select-type=2", "<x/>").status, 501);
  EXPECT_EQ(call("PATCH", "/bucket/k").status, 405);
  EXPECT_EQ(call("PUT", "/bucket/k", "x", {{"x-amz-expected-bucket-owner", "111111111111"}}).status,
            403);
  EXPECT_EQ(code(call("PUT", "/bucket/k", "x", {{"x-amz-meta-big", std::string(3000, 'x')}})),
            "MetadataTooLarge");
  EXPECT_EQ(code(call("GET", "/bucket/k?versionId=abc")), "InvalidArgument");
}

TEST_F(S3Test, BulkDelete) {
  call("PUT", "/bucket/a&b", "x");
  const std::string xml =
      "<Delete><Object><Key>a&amp;b</Key></Object><Object><Key>missing</Key></Object></Delete>";
  EXPECT_EQ(code(call("POST", "/bucket?delete", xml)), "InvalidRequest");
  const Fields digest = {{"Content-MD5", base64_encode(objects::md5_bytes(xml))}};
  EXPECT_THAT(
      body(call("POST", "/bucket?delete=", xml, digest)),
      AllOf(HasSubstr("<Deleted><Key>a&amp;b</Key></Deleted>"), HasSubstr("<Key>missing</Key>")));
  EXPECT_EQ(call("GET", "/bucket/a&b").status, 404);
  const std::string quiet = "<Delete><Quiet>true</Quiet><Object><Key>x</Key></Object></Delete>";
  const std::string crc =
      base64_encode(objects::checksum_bytes(objects::ChecksumAlgorithm::crc32, quiet));
  EXPECT_THAT(body(call("POST", "/bucket?delete", quiet, {{"x-amz-checksum-crc32", crc}})),
              Not(HasSubstr("<Deleted>")));
  EXPECT_EQ(code(call("POST", "/bucket?delete", quiet, {{"x-amz-checksum-crc32", "AAAAAA=="}})),
            "BadDigest");
}

TEST_F(S3Test, Copy) {
  call("PUT", "/bucket/from%20here", "text", {{"x-amz-meta-a", "1"}, {"Content-Type", "t/x"}});
  EXPECT_THAT(body(call("PUT", "/bucket/to", "", {{"x-amz-copy-source", "/bucket/from%20here"}})),
              HasSubstr("<CopyObjectResult"));
  EXPECT_EQ(header(call("GET", "/bucket/to"), "x-amz-meta-a"), "1");
  call("PUT", "/bucket/to", "",
       {{"x-amz-copy-source", "bucket/from%20here"}, {"x-amz-metadata-directive", "REPLACE"}});
  EXPECT_EQ(header(call("GET", "/bucket/to"), "x-amz-meta-a"), "");
  EXPECT_EQ(code(call("PUT", "/bucket/to", "", {{"x-amz-copy-source", "bucket/missing"}})),
            "NoSuchKey");
  EXPECT_EQ(code(call("PUT", "/bucket/to", "", {{"x-amz-copy-source", "bucket"}})),
            "InvalidArgument");
}

TEST_F(S3Test, ListVersionTwoPagesThroughKeysAndPrefixes) {
  for (const char* key : {"a/1", "a/2", "b", "c/1", "d"})
    call("PUT", std::string("/bucket/") + key, "x");
  std::string seen;
  std::string token;
  for (int page = 0; page < 10; ++page) {
    const auto answer = call("GET", "/bucket?list-type=2&delimiter=%2F&max-keys=1" + token);
    const auto tree = wire::parse_xml(body(answer));
    ASSERT_TRUE(tree);
    EXPECT_EQ(element(answer, "KeyCount"), "1");
    if (const auto* contents = tree->find("Contents"))
      seen += *contents->find("Key")->string() + ' ';
    if (const auto* prefixes = tree->find("CommonPrefixes"))
      seen += *prefixes->find("Prefix")->string() + ' ';
    if (element(answer, "IsTruncated") == "false") break;
    token = "&continuation-token=" + wire::percent_encode(element(answer, "NextContinuationToken"));
  }
  EXPECT_EQ(seen, "a/ b c/ d ");
  EXPECT_EQ(code(call("GET", "/bucket?list-type=2&continuation-token=nonsense!")),
            "InvalidArgument");
  EXPECT_THAT(
      body(call("GET", "/bucket?list-type=2&start-after=b&fetch-owner=true")),
      AllOf(Not(HasSubstr("<Key>b</Key>")), HasSubstr("<Key>c/1</Key>"), HasSubstr("<Owner>")));
  EXPECT_EQ(element(call("GET", "/bucket?list-type=2&max-keys=0"), "IsTruncated"), "false");
  EXPECT_EQ(element(call("GET", "/bucket?list-type=2&max-keys=5000"), "MaxKeys"), "1000");
  EXPECT_EQ(code(call("GET", "/bucket?list-type=2&max-keys=-1")), "InvalidArgument");
}

TEST_F(S3Test, ListVersionOneAndObjectVersions) {
  for (const char* key : {"a/1", "a/2", "b"}) call("PUT", std::string("/bucket/") + key, "x");
  const auto first = call("GET", "/bucket?delimiter=/&max-keys=1");
  EXPECT_EQ(element(first, "NextMarker"), "a/");
  EXPECT_THAT(body(call("GET", "/bucket?delimiter=/&marker=a/")),
              AllOf(HasSubstr("<Key>b</Key>"), Not(HasSubstr("CommonPrefixes"))));
  EXPECT_EQ(element(call("GET", "/bucket?max-keys=1"), "NextMarker"), "");
  EXPECT_THAT(body(call("GET", "/bucket?versions")),
              AllOf(HasSubstr("<VersionId>null</VersionId>"), HasSubstr("<Key>a/2</Key>")));
}

TEST_F(S3Test, Multipart) {
  const auto start = call("POST", "/bucket/big?uploads=", "", {{"Content-Type", "x/y"}});
  const std::string id = element(start, "UploadId");
  ASSERT_NE(id, "");
  const std::string first(objects::Objects::kPartBytesMin, 'a');
  const std::string one =
      header(call("PUT", "/bucket/big?partNumber=1&uploadId=" + id, first), "ETag");
  call("PUT", "/bucket/source", "0123456789");
  const auto copied =
      call("PUT", "/bucket/big?partNumber=2&uploadId=" + id, "",
           {{"x-amz-copy-source", "bucket/source"}, {"x-amz-copy-source-range", "bytes=1-3"}});
  const std::string two = element(copied, "ETag");
  EXPECT_THAT(
      body(call("GET", "/bucket/big?uploadId=" + id + "&max-parts=1")),
      AllOf(HasSubstr("<PartNumber>1</PartNumber>"), HasSubstr("<IsTruncated>true</IsTruncated>")));
  EXPECT_THAT(body(call("GET", "/bucket?uploads")), HasSubstr("<UploadId>" + id + "</UploadId>"));
  EXPECT_EQ(code(call("PUT", "/bucket/big?partNumber=10001&uploadId=" + id, "x")),
            "InvalidArgument");
  EXPECT_EQ(code(call("PUT", "/bucket/big?partNumber=1&uploadId=abc", "x")), "NoSuchUpload");
  const std::string xml = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>" + one +
                          "</ETag></Part><Part><PartNumber>2</PartNumber><ETag>&quot;" +
                          two.substr(1, two.size() - 2) +
                          "&quot;</ETag></Part></CompleteMultipartUpload>";
  const auto done = call("POST", "/bucket/big?uploadId=" + id, xml);
  EXPECT_EQ(done.status, 200);
  EXPECT_THAT(element(done, "ETag"), HasSubstr("-2"));
  EXPECT_EQ(element(done, "Location"), "http://localhost:4566/bucket/big");
  EXPECT_EQ(body(call("GET", "/bucket/big?partNumber=2")), "123");
  EXPECT_EQ(header(call("HEAD", "/bucket/big?partNumber=1"), "x-amz-mp-parts-count"), "2");
  EXPECT_EQ(call("GET", "/bucket/big?partNumber=3").status, 416);
  EXPECT_EQ(header(call("HEAD", "/bucket/big"), "Content-Type"), "x/y");
  EXPECT_EQ(code(call("POST", "/bucket/big?uploadId=" + id, "<CompleteMultipartUpload/>")),
            "MalformedXML");
}

TEST_F(S3Test, AbortMultipart) {
  const std::string id = element(call("POST", "/bucket/big?uploads"), "UploadId");
  EXPECT_EQ(call("DELETE", "/bucket/big?uploadId=" + id).status, 204);
  EXPECT_EQ(code(call("DELETE", "/bucket/big?uploadId=" + id)), "NoSuchUpload");
}

TEST_F(S3Test, PolicyAndTags) {
  EXPECT_EQ(code(call("GET", "/bucket?policy")), "NoSuchBucketPolicy");
  const std::string policy =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":)"
      R"({"Service":"delivery.logs.amazonaws.com"},"Action":"s3:PutObject","Resource":)"
      R"("arn:aws:s3:::bucket/AWSLogs/*"}]})";
  EXPECT_EQ(call("PUT", "/bucket?policy", policy).status, 204);
  EXPECT_EQ(body(call("GET", "/bucket?policy")), policy);
  EXPECT_EQ(code(call("PUT", "/bucket?policy", "nonsense")), "MalformedPolicy");
  EXPECT_EQ(call("DELETE", "/bucket?policy").status, 204);
  const std::string tags =
      "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>";
  EXPECT_EQ(code(call("GET", "/bucket?tagging")), "NoSuchTagSet");
  EXPECT_EQ(call("PUT", "/bucket?tagging", tags).status, 204);
  EXPECT_THAT(body(call("GET", "/bucket?tagging")),
              HasSubstr("<Tag><Key>k</Key><Value>v</Value></Tag>"));
  call("PUT", "/bucket/k", "x", {{"x-amz-tagging", "a=1&b=2"}});
  EXPECT_EQ(header(call("HEAD", "/bucket/k"), "x-amz-tagging-count"), "2");
  EXPECT_EQ(call("PUT", "/bucket/k?tagging", tags).status, 200);
  EXPECT_THAT(body(call("GET", "/bucket/k?tagging")),
              AllOf(HasSubstr("<Key>k</Key>"), Not(HasSubstr("<Key>a</Key>"))));
  EXPECT_EQ(call("DELETE", "/bucket/k?tagging").status, 204);
  EXPECT_EQ(body(call("GET", "/bucket/k")), "x");
}

// What Terraform reads of a bucket after making it: it knows exactly these answers for "not
// configured".
TEST_F(S3Test, SettingsThatWereNeverMade) {
  const std::pair<const char*, const char*> expected[] = {
      {"cors", "NoSuchCORSConfiguration"},
      {"website", "NoSuchWebsiteConfiguration"},
      {"lifecycle", "NoSuchLifecycleConfiguration"},
      {"replication", "ReplicationConfigurationNotFoundError"},
      {"object-lock", "ObjectLockConfigurationNotFoundError"},
  };
  for (const auto& [name, error] : expected) {
    const auto answer = call("GET", std::string("/bucket?") + name);
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(code(answer), error);
  }
  for (const char* name : {"versioning", "logging", "accelerate", "requestPayment", "notification",
                           "acl", "ownershipControls", "encryption", "publicAccessBlock"}) {
    EXPECT_EQ(call("GET", std::string("/bucket?") + name).status, 200) << name;
  }
}

TEST_F(S3Test, ObjectAttributes) {
  call("PUT", "/bucket/k", "hello");
  EXPECT_THAT(body(call("GET", "/bucket/k?attributes", "",
                        {{"x-amz-object-attributes", "ETag,ObjectSize"}})),
              AllOf(HasSubstr("<ETag>5d41402abc4b2a76b9719d911017c592</ETag>"),
                    HasSubstr("<ObjectSize>5</ObjectSize>"), Not(HasSubstr("StorageClass"))));
}

TEST_F(S3Test, AnotherAccountIsKeptOut) {
  call("PUT", "/bucket/k", "x");
  scope_.account = "111111111111";
  EXPECT_EQ(call("GET", "/bucket/k").status, 403);
  EXPECT_EQ(call("HEAD", "/bucket").status, 403);
  EXPECT_EQ(code(call("PUT", "/bucket")), "BucketAlreadyExists");
  EXPECT_THAT(body(call("GET", "/")), Not(HasSubstr("<Name>")));
}

TEST(HttpDate, ComesBack) {
  const Time time = Time::from_seconds(784111777);
  EXPECT_EQ(http_date(time), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), time);
  EXPECT_EQ(parse_http_date("Sun, 06 Foo 1994 08:49:37 GMT"), std::nullopt);
  EXPECT_EQ(parse_http_date("Sun, 32 Nov 1994 08:49:37 GMT"), std::nullopt);
  EXPECT_EQ(parse_http_date(""), std::nullopt);
}

}  // namespace
}  // namespace weir::api::s3
