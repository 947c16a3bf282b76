// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "base/runtime.h"
#include "client/aws_credentials.h"
#include "client/aws_settings.h"
#include "client/http_client.h"
#include "client/signed_client.h"

namespace weir::client {

/// The reading and writing of objects in S3 or a service that speaks like it (Amazon S3 API
/// Reference: ListObjectsV2, GetObject, PutObject).
///
/// Without an endpoint it goes to AWS: `https://<bucket>.s3.<region>.amazonaws.com`, path style for
/// bucket names with dots; with one, path style. A bucket of another region is followed there.
///
/// Threads: as SignedClient; blocks.
/// Errors: kind not_found (NoSuchBucket, NoSuchKey), forbidden, invalid (the service's code and
/// text), unauthorized (there are no keys), conflict (PreconditionFailed: the object changed),
/// unavailable after all retries.
class S3Client {
 public:
  /// Objects are read in pieces of this size; the HttpClient must accept answers of it.
  static constexpr std::size_t kPieceBytes = 8u << 20;
  static constexpr std::size_t kKeysPerPage = 1000;

  S3Client(Runtime& runtime, HttpClient& http, const AwsSettings& settings,
           std::shared_ptr<AwsCredentials> credentials);

  struct Object {
    std::string key;
    std::string etag;  // with its quotes
    std::uint64_t size = 0;
    Time last_modified;
  };
  struct Listing {
    std::vector<Object> objects;  // in the order of keys
    std::string next;             // "" at the end
  };
  struct ListQuery {
    std::string prefix = {};
    std::string start_after = {};
    std::string token = {};  // Listing::next
  };
  Result<Listing> list(const std::string& bucket, const ListQuery& query);

  /// Bytes [offset, offset + length) of the object while it has that ETag.
  Result<std::string> get(const std::string& bucket, const Object& object, std::uint64_t offset,
                          std::uint64_t length);
  /// The whole of a small object (at most kPieceBytes); nothing if there is none.
  Result<std::optional<std::string>> get_small(const std::string& bucket, const std::string& key);
  Result<void> put(const std::string& bucket, const std::string& key, std::string body,
                   const std::string& content_type);

 private:
  struct Place {
    std::string host;  // for SignedClient::Call
    std::string path;
  };
  Place place(const std::string& bucket, const std::string& key, const std::string& region) const;
  Result<HttpResponse> send(const std::string& bucket, const std::string& key,
                            const std::string& query, SignedClient::Call call);

  Runtime& runtime_;
  HttpClient& http_;
  const AwsSettings settings_;
  const std::shared_ptr<AwsCredentials> credentials_;
  Guarded<std::string> region_;  // where the bucket was found to be
};

}  // namespace weir::client
