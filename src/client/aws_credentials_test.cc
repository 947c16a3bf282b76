// SPDX-License-Identifier: Apache-2.0
#include "client/aws_credentials.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "client/client_test_tools.h"

namespace weir::client {
namespace {

using ::testing::HasSubstr;

/// Answers as the container's agent, the instance metadata service (version 2) and the security
/// token service do, and refuses what they refuse. Keys hold for an hour of the year 2026; each
/// answer has another access key.
constexpr const char* kEndpoints = R"py(
import http.server, json, urllib.parse

class Handler(http.server.BaseHTTPRequestHandler):
    count = 0
    def log_message(self, *_):
        pass
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())
    def keys(self):
        Handler.count += 1
        return {"AccessKeyId": f"AKIA{Handler.count}", "SecretAccessKey": "s", "Token": "t",
                "Expiration": f"2026-01-01T{Handler.count:02}:00:00Z"}
    def do_PUT(self):
        is_token = self.path == "/latest/api/token" and self.headers["X-aws-ec2-metadata-token-ttl-seconds"] == "21600"
        self.answer(200 if is_token else 400, "session" if is_token else "")
    def do_GET(self):
        roles = "/latest/meta-data/iam/security-credentials/"
        if self.path.startswith(roles):
            if self.headers["X-aws-ec2-metadata-token"] != "session":
                return self.answer(401, "")
            if self.path == roles:
                return self.answer(200, "flow-reader")
            if self.path == roles + "flow-reader":
                return self.answer(200, json.dumps({"Code": "Success", "Type": "AWS-HMAC", **self.keys()}))
        if self.path == "/container":
            if self.headers["Authorization"] != "secret token":
                return self.answer(400, '{"code":"InvalidToken"}')
            return self.answer(200, json.dumps({"RoleArn": "arn", **self.keys()}))
        self.answer(404, "nothing here")
    def do_POST(self):
        body = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        action, signed = body["Action"], self.headers.get("Authorization", "")
        is_right = (body["Version"] == "2011-06-15" and "/sts/aws4_request" in signed
                    if action == "AssumeRole" else body["WebIdentityToken"] == "web.token" and not signed)
        if not is_right or body["RoleArn"].endswith("forbidden"):
            return self.answer(403, "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
                                    "<Message>not allowed</Message></Error></ErrorResponse>")
        print(action, body["RoleArn"], body["RoleSessionName"].split("-")[0], body.get("ExternalId", "-"),
              body.get("DurationSeconds", "-"), signed.split("Credential=")[1].split("/")[0] if signed else "-", flush=True)
        keys = self.keys()
        self.answer(200, f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>'
                         f"<Credentials><AccessKeyId>{keys['AccessKeyId']}</AccessKeyId><SecretAccessKey>s"
                         f"</SecretAccessKey><SessionToken>t</SessionToken><Expiration>{keys['Expiration']}"
                         f"</Expiration></Credentials></{action}Result></{action}Response>")

server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
)py";

class AwsCredentialsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "weir-keys-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    std::filesystem::create_directories(folder_ / ".aws");
    variables_["HOME"] = name;
    variables_["AWS_EC2_METADATA_DISABLED"] = "true";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// The endpoints, as they are set for containers, instances and roles.
  PythonServer& endpoints() {
    if (!server_) server_.emplace(kEndpoints);
    return *server_;
  }
  std::string url() { return "http://127.0.0.1:" + endpoints().port; }

  void write(const std::string& file, const std::string& text) {
    std::ofstream(folder_ / file) << text;
  }
  Result<std::shared_ptr<AwsCredentials>> find(const std::string& profile = "") {
    return aws_credentials(runtime_, http_, profile,
                           [this](const std::string& name) -> std::optional<std::string> {
                             const auto found = variables_.find(name);
                             if (found == variables_.end()) return std::nullopt;
                             return found->second;
                           });
  }
  Result<AwsKeys> keys(const std::string& profile = "") {
    WEIR_TRY(const auto found, find(profile));
    return found->keys();
  }
  std::string error(const std::string& profile = "") {
    const auto found = keys(profile);
    return found ? "no error" : found.error().message;
  }

  SimulatedRuntime runtime_{1};  // begins at 2026-01-01
  HttpClient http_{{}};
  std::filesystem::path folder_;
  std::map<std::string, std::string> variables_;
  std::optional<PythonServer> server_;
};

TEST_F(AwsCredentialsTest, TheEnvironmentGoesBeforeTheProfileAndAChosenProfileBeforeBoth) {
  write(".aws/credentials",
        "[default]\naws_access_key_id = FILE\naws_secret_access_key=s=1\n"
        "[work]\naws_access_key_id = WORK\naws_secret_access_key = w\naws_session_token = wt\n");
  EXPECT_EQ(keys()->access_key, "FILE");
  EXPECT_EQ(keys()->secret_key, "s=1");
  variables_["AWS_ACCESS_KEY_ID"] = "ENV";
  variables_["AWS_SECRET_ACCESS_KEY"] = "e";
  variables_["AWS_SESSION_TOKEN"] = "t";
  EXPECT_EQ(keys()->access_key, "ENV");
  EXPECT_EQ(keys()->session_token, "t");
  EXPECT_EQ(keys("work")->access_key, "WORK");
  EXPECT_EQ(keys("work")->session_token, "wt");
}

TEST_F(AwsCredentialsTest, WhatIsMissingOrNotLookedUpIsSaid) {
  EXPECT_THAT(error(), HasSubstr("set AWS_ACCESS_KEY_ID"));
  EXPECT_THAT(error("nobody"), HasSubstr("'nobody'"));
  write(".aws/config",
        "[profile sso]\nsso_session = corp\n[profile mfa]\nrole_arn = r\nmfa_serial = m\n"
        "[profile bare]\nrole_arn = r\n[profile ring]\nrole_arn = r\nsource_profile = ring2\n"
        "[profile ring2]\nrole_arn = r\nsource_profile = ring\n"
        "[profile odd]\nrole_arn = r\ncredential_source = Moon\n");
  EXPECT_THAT(error("sso"), HasSubstr("export-credentials"));
  EXPECT_THAT(error("mfa"), HasSubstr("mfa_serial"));
  EXPECT_THAT(error("bare"), HasSubstr("source_profile, credential_source"));
  EXPECT_THAT(error("ring"), HasSubstr("too many"));
  EXPECT_THAT(error("odd"), HasSubstr("'Moon'"));
}

TEST_F(AwsCredentialsTest, AProcessPrintsKeys) {
  write(
      ".aws/config",
      "[default]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\"P\","
      "\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\",\"Expiration\":\"2026-01-01T01:00:00Z\"}'\n"
      "[profile two]\ncredential_process = echo '{\"Version\":2}'\n"
      "[profile fails]\ncredential_process = exit 3\n"
      "[profile late]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\"P\","
      "\"SecretAccessKey\":\"s\",\"Expiration\":\"2025-01-01T01:00:00Z\"}'\n"
      "[profile much]\ncredential_process = cat /dev/zero\n");
  EXPECT_EQ(keys()->access_key, "P");
  EXPECT_EQ(keys()->session_token, "t");
  EXPECT_THAT(error("two"), HasSubstr("Version 1"));
  EXPECT_THAT(error("fails"), HasSubstr("status 3"));
  EXPECT_THAT(error("late"), HasSubstr("expired"));
  EXPECT_THAT(error("much"), HasSubstr("too much"));
}

TEST_F(AwsCredentialsTest, AContainerIsAskedWithItsToken) {
  if (endpoints().port.empty()) GTEST_SKIP() << "no Python";
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url() + "/container";
  EXPECT_THAT(error(), HasSubstr("InvalidToken"));
  variables_["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "secret token";
  EXPECT_EQ(keys()->access_key, "AKIA1");
  variables_["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "another";
  variables_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = folder_ / "token";
  EXPECT_THAT(error(), HasSubstr("missing or empty"));
  write("token", "secret token\n");
  EXPECT_EQ(keys()->access_key, "AKIA2");
  for (const char* other : {"http://192.0.2.1/x", "http://127.0.0.1@192.0.2.1/", "ftp://127.0.0.1/",
                            "http://127.evil.example/", "http://[2001:db8::1]/"}) {
    variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = other;
    EXPECT_THAT(error(), HasSubstr("neither https")) << other;
  }
}

TEST_F(AwsCredentialsTest, TheInstanceIsAskedWithASessionAndAnewBeforeItsKeysExpire) {
  if (endpoints().port.empty()) GTEST_SKIP() << "no Python";
  variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = url() + "/";
  EXPECT_THAT(error(), HasSubstr("set AWS_ACCESS_KEY_ID"));  // it is disabled
  variables_["AWS_EC2_METADATA_DISABLED"] = "false";
  const auto credentials = find();
  ASSERT_TRUE(credentials);
  EXPECT_EQ((*credentials)->keys()->access_key, "AKIA1");  // until 01:00
  EXPECT_EQ((*credentials)->keys()->session_token, "t");
  runtime_.advance(std::chrono::minutes(54));
  EXPECT_EQ((*credentials)->keys()->access_key, "AKIA1");
  runtime_.advance(std::chrono::minutes(2));
  EXPECT_EQ((*credentials)->keys()->access_key, "AKIA2");  // until 02:00
  server_.reset();
  runtime_.advance(std::chrono::minutes(60));
  EXPECT_EQ((*credentials)->keys()->access_key, "AKIA2");  // it still holds
  runtime_.advance(std::chrono::minutes(5));
  EXPECT_FALSE((*credentials)->keys());
}

TEST_F(AwsCredentialsTest, ARoleIsAskedForWithTheKeysOfAnotherProfile) {
  if (endpoints().port.empty()) GTEST_SKIP() << "no Python";
  variables_["AWS_ENDPOINT_URL_STS"] = url();
  write(".aws/credentials", "[base]\naws_access_key_id = BASE\naws_secret_access_key = s\n");
  write(".aws/config",
        "[profile role]\nrole_arn = arn:aws:iam::1:role/reader\nsource_profile = base\n"
        "external_id = x/1\nduration_seconds = 900\nrole_session_name = name\n"
        "[profile second]\nrole_arn = arn:aws:iam::2:role/second\nsource_profile = role\n"
        "[profile self]\nrole_arn = arn:aws:iam::3:role/self\nsource_profile = self\n"
        "aws_access_key_id = SELF\naws_secret_access_key = s\n"
        "[profile env]\nrole_arn = arn:aws:iam::4:role/env\ncredential_source = Environment\n"
        "[profile no]\nrole_arn = arn:aws:iam::5:role/forbidden\nsource_profile = base\n");
  EXPECT_EQ(keys("role")->access_key, "AKIA1");
  EXPECT_EQ(endpoints().line(), "AssumeRole arn:aws:iam::1:role/reader name x/1 900 BASE");
  EXPECT_EQ(keys("second")->access_key, "AKIA3");
  EXPECT_EQ(endpoints().line(), "AssumeRole arn:aws:iam::1:role/reader name x/1 900 BASE");
  EXPECT_EQ(endpoints().line(), "AssumeRole arn:aws:iam::2:role/second weir - 3600 AKIA2");
  EXPECT_EQ(keys("self")->access_key, "AKIA4");
  EXPECT_EQ(endpoints().line(), "AssumeRole arn:aws:iam::3:role/self weir - 3600 SELF");
  EXPECT_THAT(error("env"), HasSubstr("AWS_ACCESS_KEY_ID is not set"));
  variables_["AWS_ACCESS_KEY_ID"] = "ENV";
  EXPECT_EQ(keys("env")->access_key, "AKIA5");
  EXPECT_EQ(endpoints().line(), "AssumeRole arn:aws:iam::4:role/env weir - 3600 ENV");
  EXPECT_THAT(error("no"), HasSubstr("AccessDenied: not allowed"));
}

TEST_F(AwsCredentialsTest, ARoleIsGivenForAWebIdentity) {
  if (endpoints().port.empty()) GTEST_SKIP() << "no Python";
  variables_["AWS_ENDPOINT_URL"] = url();
  variables_["AWS_WEB_IDENTITY_TOKEN_FILE"] = folder_ / "token";
  variables_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/pod";
  variables_["AWS_ROLE_SESSION_NAME"] = "pod";
  EXPECT_THAT(error(), HasSubstr("token file"));
  write("token", "web.token");
  EXPECT_EQ(keys()->access_key, "AKIA1");
  EXPECT_EQ(endpoints().line(), "AssumeRoleWithWebIdentity arn:aws:iam::1:role/pod pod - - -");
  write(".aws/config",
        "[profile web]\nrole_arn = arn:aws:iam::2:role/web\n"
        "web_identity_token_file = " +
            (folder_ / "token").string() + '\n');
  EXPECT_EQ(keys("web")->access_key, "AKIA2");
  EXPECT_EQ(endpoints().line(), "AssumeRoleWithWebIdentity arn:aws:iam::2:role/web weir - 3600 -");
}

}  // namespace
}  // namespace weir::client
