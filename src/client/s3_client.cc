// SPDX-License-Identifier: Apache-2.0
#include "client/s3_client.h"

#include <algorithm>
#include <charconv>

#include "wire/http.h"
#include "wire/xml.h"

namespace weir::client {
namespace {

constexpr std::string_view kRegionDefault = "us-east-1";

std::string aws_host(const std::string& region) {
  const std::string_view domain = region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return "s3." + region + '.' + std::string(domain);
}

std::string text_of(const Document* document) {
  const std::string* text = document == nullptr ? nullptr : document->string();
  return text == nullptr ? std::string() : *text;
}

std::string_view header(const HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

/// What an answer that is no success says.
Error failure(const HttpResponse& response, const std::string& bucket, const std::string& key) {
  Error error;
  const std::string where = "s3://" + bucket + (key.empty() ? "" : "/" + key);
  error.code = "HTTP " + std::to_string(response.status);
  std::string message;
  if (const auto body = wire::parse_xml(response.body); body) {
    if (std::string code = text_of(body->find("Code")); !code.empty()) error.code = code;
    message = text_of(body->find("Message"));
  }
  error.kind = response.status == 404                             ? ErrorKind::not_found
               : response.status == 403 || response.status == 401 ? ErrorKind::forbidden
               : response.status == 412                           ? ErrorKind::conflict
                                                                  : ErrorKind::invalid;
  error.message = where + ": " + error.code + (message.empty() ? "" : ": " + message);
  return error;
}

Result<S3Client::Object> object_of(const Document& entry) {
  S3Client::Object object;
  object.key = text_of(entry.find("Key"));
  object.etag = text_of(entry.find("ETag"));
  const std::string size = text_of(entry.find("Size"));
  const auto read = std::from_chars(size.data(), size.data() + size.size(), object.size);
  const auto modified = parse_iso8601(text_of(entry.find("LastModified")));
  if (object.key.empty() || read.ec != std::errc() || !modified) {
    return Error{ErrorKind::invalid, "InvalidAnswer",
                 "the list of objects has an entry without key, "
                 "size or time"};
  }
  object.last_modified = *modified;
  return object;
}

Result<S3Client::Listing> listing_of(const std::string& body) {
  WEIR_TRY(const Document document, wire::parse_xml(body));
  S3Client::Listing listing;
  if (const Document* contents = document.find("Contents")) {
    const Document::List one{*contents};
    const Document::List& entries = contents->list() != nullptr ? *contents->list() : one;
    for (const Document& entry : entries) {
      WEIR_TRY(auto object, object_of(entry));
      listing.objects.push_back(std::move(object));
    }
  }
  if (text_of(document.find("IsTruncated")) == "true") {
    listing.next = text_of(document.find("NextContinuationToken"));
  }
  return listing;
}

}  // namespace

S3Client::S3Client(Runtime& runtime, HttpClient& http, const AwsSettings& settings,
                   std::shared_ptr<AwsCredentials> credentials)
    : runtime_(runtime),
      http_(http),
      settings_(settings),
      credentials_(std::move(credentials)),
      region_(settings.region.empty() ? std::string(kRegionDefault) : settings.region) {}

S3Client::Place S3Client::place(const std::string& bucket, const std::string& key,
                                const std::string& region) const {
  const std::string path = '/' + wire::percent_encode(key, true);
  if (!settings_.endpoint_url.empty()) return {"", '/' + bucket + (key.empty() ? "/" : path)};
  // A certificate of `*.s3...` covers no bucket name with a dot.
  if (bucket.find('.') != std::string::npos) {
    return {aws_host(region), '/' + bucket + (key.empty() ? "/" : path)};
  }
  return {bucket + '.' + aws_host(region), path};
}

Result<HttpResponse> S3Client::send(const std::string& bucket, const std::string& key,
                                    const std::string& query, SignedClient::Call call) {
  for (bool is_redirected = false;; is_redirected = true) {
    const std::string region = *region_.lock();
    const Place at = place(bucket, key, region);
    call.host = at.host;
    call.target = at.path + (query.empty() ? "" : "?" + query);
    std::string url = settings_.endpoint_url;
    while (url.ends_with('/')) url.pop_back();
    WEIR_TRY(const AwsKeys keys, credentials_->keys());
    const SignedClient client(runtime_, http_,
                              {.url = url.empty() ? "https://" + at.host : url,
                               .identity = {.access_key = keys.access_key,
                                            .secret_key = keys.secret_key,
                                            .session_token = keys.session_token,
                                            .region = region,
                                            .service = "s3"}});
    WEIR_TRY(HttpResponse response, client.send(call));
    const std::string_view elsewhere = header(response, "x-amz-bucket-region");
    const bool is_misdirected = response.status == 301 || response.status == 307 ||
                                (response.status == 400 && elsewhere != region);
    if (is_misdirected && !elsewhere.empty() && !is_redirected) {
      *region_.lock() = elsewhere;
      continue;
    }
    return response;
  }
}

Result<S3Client::Listing> S3Client::list(const std::string& bucket, const ListQuery& query) {
  // Names in the order in which they are signed.
  std::string text;
  if (!query.token.empty()) text = "continuation-token=" + wire::percent_encode(query.token) + '&';
  text += "list-type=2&max-keys=" + std::to_string(kKeysPerPage);
  if (!query.prefix.empty()) text += "&prefix=" + wire::percent_encode(query.prefix);
  if (!query.start_after.empty() && query.token.empty()) {
    text += "&start-after=" + wire::percent_encode(query.start_after);
  }
  WEIR_TRY(const HttpResponse response, send(bucket, "", text, {.method = "GET"}));
  if (response.status != 200) return failure(response, bucket, "");
  return listing_of(response.body);
}

Result<std::string> S3Client::get(const std::string& bucket, const Object& object,
                                  std::uint64_t offset, std::uint64_t length) {
  SignedClient::Call call{.method = "GET"};
  call.headers.add("If-Match", object.etag);
  call.headers.add("Range",
                   "bytes=" + std::to_string(offset) + '-' + std::to_string(offset + length - 1));
  WEIR_TRY(HttpResponse response, send(bucket, object.key, "", std::move(call)));
  const bool is_whole = response.status == 200 && offset == 0 && length == object.size;
  if (response.status != 206 && !is_whole) return failure(response, bucket, object.key);
  if (response.body.size() != length) {
    return Error{ErrorKind::unavailable, "IncompleteBody",
                 "s3://" + bucket + '/' + object.key + ": " + std::to_string(length) +
                     " bytes were asked for and " + std::to_string(response.body.size()) + " came"};
  }
  return std::move(response.body);
}

Result<std::optional<std::string>> S3Client::get_small(const std::string& bucket,
                                                       const std::string& key) {
  WEIR_TRY(HttpResponse response, send(bucket, key, "", {.method = "GET"}));
  if (response.status == 200) return std::optional(std::move(response.body));
  Error error = failure(response, bucket, key);
  if (error.code == "NoSuchKey") return std::optional<std::string>();
  return error;
}

Result<void> S3Client::put(const std::string& bucket, const std::string& key, std::string body,
                           const std::string& content_type) {
  SignedClient::Call call{.method = "PUT", .body = std::move(body)};
  call.headers.add("Content-Type", content_type);
  WEIR_TRY(const HttpResponse response, send(bucket, key, "", std::move(call)));
  if (response.status != 200) return failure(response, bucket, key);
  return {};
}

}  // namespace weir::client
