// SPDX-License-Identifier: Apache-2.0
#include "client/aws_credentials.h"

#include <charconv>
#include <utility>

#include "client/aws_key_sources.h"

namespace weir::client {
namespace {

constexpr int kRolesMax = 5;  // that lead to each other by source_profile
constexpr int kRoleSecondsMin = 900;
constexpr int kRoleSecondsMax = 43'200;
constexpr std::string_view kRegionDefault = "us-east-1";

class FixedCredentials final : public AwsCredentials {
 public:
  explicit FixedCredentials(AwsKeys keys) : keys_(std::move(keys)) {}
  Result<AwsKeys> keys() override { return keys_; }

 private:
  const AwsKeys keys_;
};

Error invalid(std::string what) {
  return {ErrorKind::invalid, "InvalidCredentials", std::move(what)};
}

bool is_true(std::string text) {
  for (char& c : text) c = static_cast<char>(c | 0x20);
  return text == "true";
}

class Chain {
 public:
  using Credentials = std::shared_ptr<AwsCredentials>;

  Chain(Runtime& runtime, HttpClient& http, const Environment& environment)
      : runtime_(runtime), http_(http), environment_(environment) {}

  Result<Credentials> find(const std::string& chosen) {
    const std::string wanted = chosen.empty() ? variable("AWS_PROFILE") : chosen;
    const AwsProfile profile = AwsProfile::read(wanted.empty() ? "default" : wanted, environment_);
    if (!wanted.empty() && !profile.is_found) {
      return Error{
          ErrorKind::not_found, "NoSuchProfile",
          "the AWS profile '" + wanted + "' is in neither the credentials nor the config file"};
    }
    region_ = variable("AWS_REGION");
    if (region_.empty()) region_ = variable("AWS_DEFAULT_REGION");
    if (region_.empty()) region_ = profile.get("region");
    endpoint_ = variable("AWS_ENDPOINT_URL_STS");
    if (endpoint_.empty()) endpoint_ = variable("AWS_ENDPOINT_URL");
    if (endpoint_.empty()) endpoint_ = profile.get("endpoint_url");

    if (chosen.empty() && !variable("AWS_ACCESS_KEY_ID").empty()) return from_variables();
    const bool has_web_role = chosen.empty() && !variable("AWS_WEB_IDENTITY_TOKEN_FILE").empty() &&
                              !variable("AWS_ROLE_ARN").empty();
    const bool has_role =
        !profile.get("source_profile").empty() || !profile.get("credential_source").empty();
    if (has_web_role && !has_role) return from_web_variables();
    WEIR_TRY(Credentials found, from_profile(profile, 0));
    if (found != nullptr) return found;
    if (has_container()) return container_credentials(runtime_, http_, environment_);
    if (!is_true(variable("AWS_EC2_METADATA_DISABLED"))) return from_instance(profile);
    return Error{ErrorKind::unauthorized, "NoCredentials",
                 "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a "
                 "profile of ~/.aws"};
  }

 private:
  std::string variable(const char* name) const { return environment_(name).value_or(""); }

  Credentials from_variables() const {
    return fixed_credentials({.access_key = variable("AWS_ACCESS_KEY_ID"),
                              .secret_key = variable("AWS_SECRET_ACCESS_KEY"),
                              .session_token = variable("AWS_SESSION_TOKEN")});
  }

  Credentials from_web_variables() const {
    Role role = role_of(variable("AWS_ROLE_ARN"), variable("AWS_ROLE_SESSION_NAME"));
    role.duration_s = 0;  // what the role has
    role.web_token_file = variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    return role_credentials(runtime_, http_, std::move(role));
  }

  bool has_container() const {
    return !variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").empty() ||
           !variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").empty();
  }

  Credentials from_instance(const AwsProfile& profile) const {
    std::string endpoint = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    if (endpoint.empty()) endpoint = profile.get("ec2_metadata_service_endpoint");
    if (endpoint.empty()) {
      std::string mode = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
      if (mode.empty()) mode = profile.get("ec2_metadata_service_endpoint_mode");
      const bool is_v6 = mode == "IPv6" || mode == "ipv6";
      endpoint = is_v6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
    }
    while (endpoint.ends_with('/')) endpoint.pop_back();
    return instance_credentials(runtime_, http_, std::move(endpoint));
  }

  Role role_of(std::string arn, std::string session_name) const {
    Role role;
    role.arn = std::move(arn);
    role.session_name = session_name.empty() ? "weir-" + runtime_.hex(16) : session_name;
    role.region = region_.empty() ? kRegionDefault : region_;
    role.endpoint = endpoint_;
    while (role.endpoint.ends_with('/')) role.endpoint.pop_back();
    const std::string_view domain =
        role.region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com";
    if (role.endpoint.empty()) role.endpoint = "https://sts." + role.region + std::string(domain);
    return role;
  }

  /// nullptr: nothing in the profile says where keys come from.
  Result<Credentials> from_profile(const AwsProfile& profile, int depth) {
    const std::string arn = profile.get("role_arn");
    if (!arn.empty()) return from_role(profile, depth);
    return without_role(profile);
  }

  Result<Credentials> without_role(const AwsProfile& profile) {
    if (AwsKeys keys{.access_key = profile.get("aws_access_key_id"),
                     .secret_key = profile.get("aws_secret_access_key"),
                     .session_token = profile.get("aws_session_token")};
        !keys.access_key.empty()) {
      return fixed_credentials(std::move(keys));
    }
    if (const std::string command = profile.get("credential_process"); !command.empty()) {
      return process_credentials(runtime_, command);
    }
    for (const char* other : {"sso_session", "sso_start_url", "login_session"}) {
      if (profile.get(other).empty()) continue;
      return invalid("the AWS profile '" + profile.name + "' uses " + other +
                     ", which weir does not look up (eval \"$(aws configure export-credentials "
                     "--format env)\" gives it the keys)");
    }
    return Credentials();
  }

  Result<Credentials> from_role(const AwsProfile& profile, int depth) {
    const std::string whose = "the AWS profile '" + profile.name + "' ";
    if (depth == kRolesMax) return invalid(whose + "leads to too many others by source_profile");
    if (!profile.get("mfa_serial").empty()) {
      return invalid(whose + "wants a device (mfa_serial), which weir cannot ask");
    }
    Role role = role_of(profile.get("role_arn"), profile.get("role_session_name"));
    role.external_id = profile.get("external_id");
    if (const std::string text = profile.get("duration_seconds"); !text.empty()) {
      const auto read = std::from_chars(text.data(), text.data() + text.size(), role.duration_s);
      if (read.ec != std::errc() || read.ptr != text.data() + text.size() ||
          role.duration_s < kRoleSecondsMin || role.duration_s > kRoleSecondsMax) {
        return invalid(whose + "has a duration_seconds that is not from 900 to 43200");
      }
    }
    role.web_token_file = profile.get("web_identity_token_file");
    if (role.web_token_file.empty()) {
      WEIR_TRY(role.source, source_of(profile, depth));
      if (role.source == nullptr) {
        return invalid(whose +
                       "has a role_arn without credentials to ask for the role: "
                       "source_profile, credential_source or web_identity_token_file");
      }
    }
    return role_credentials(runtime_, http_, std::move(role));
  }

  Result<Credentials> source_of(const AwsProfile& profile, int depth) {
    const std::string from = profile.get("source_profile");
    const std::string kind = profile.get("credential_source");
    if (!from.empty() && !kind.empty()) {
      return invalid("the AWS profile '" + profile.name +
                     "' has both source_profile and credential_source");
    }
    if (from == profile.name) return without_role(profile);
    if (!from.empty()) {
      const AwsProfile source = AwsProfile::read(from, environment_);
      if (!source.is_found) {
        return invalid("the source_profile '" + from + "' of the AWS profile '" + profile.name +
                       "' does not exist");
      }
      return from_profile(source, depth + 1);
    }
    if (kind == "Environment") {
      if (!variable("AWS_ACCESS_KEY_ID").empty()) return from_variables();
      return invalid("credential_source is Environment and AWS_ACCESS_KEY_ID is not set");
    }
    if (kind == "Ec2InstanceMetadata") return from_instance(profile);
    if (kind == "EcsContainer") return container_credentials(runtime_, http_, environment_);
    if (kind.empty()) return Credentials();
    return invalid("credential_source '" + kind +
                   "' is none of Environment, Ec2InstanceMetadata and EcsContainer");
  }

  Runtime& runtime_;
  HttpClient& http_;
  const Environment& environment_;
  std::string region_;
  std::string endpoint_;  // of the security token service; "" is AWS
};

}  // namespace

std::shared_ptr<AwsCredentials> fixed_credentials(AwsKeys keys) {
  return std::make_shared<FixedCredentials>(std::move(keys));
}

Result<std::shared_ptr<AwsCredentials>> aws_credentials(Runtime& runtime, HttpClient& http,
                                                        const std::string& profile,
                                                        const Environment& environment) {
  return Chain(runtime, http, environment).find(profile);
}

}  // namespace weir::client
