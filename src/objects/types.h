// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "base/shape.h"
#include "objects/configurations.h"

/// What the object store stores and says of it.
namespace weir::objects {

/// What a write does with the object that is there (S3 User Guide, "Using versioning").
enum class VersionMode : std::uint8_t { off, enabled, suspended };

/// A bucket. Names are global, as on AWS; an account sees and uses its own ones only.
struct Bucket {
  std::string name;
  std::string account;
  std::string region;
  Time created;
  std::string policy;                       // JSON text, "" if there is none
  std::map<std::string, std::string> tags;  // empty: there is no tag set
  Configurations settings = {};

  Scope scope() const { return {account, region}; }
  VersionMode version_mode() const;
  bool is_locking() const { return settings.object_lock.has_value(); }
  static Shape shape();
};

enum class ChecksumAlgorithm : std::uint8_t { crc32, crc32c, crc64nvme, sha1, sha256 };

inline constexpr ChecksumAlgorithm kChecksumAlgorithms[] = {
    ChecksumAlgorithm::crc32, ChecksumAlgorithm::crc32c, ChecksumAlgorithm::crc64nvme,
    ChecksumAlgorithm::sha1, ChecksumAlgorithm::sha256};

/// Name as in `ChecksumAlgorithm` elements ("CRC32").
std::string_view to_string(ChecksumAlgorithm algorithm);
/// Accepts the names of to_string() in any case.
std::optional<ChecksumAlgorithm> checksum_algorithm(std::string_view name);

/// `value` is base64, behind it `-<parts>` if `is_composite`.
struct Checksum {
  ChecksumAlgorithm algorithm = ChecksumAlgorithm::crc64nvme;
  std::string value;
  bool is_composite = false;
  bool operator==(const Checksum&) const = default;
};

/// What a client may attach to an object and gets back as it was.
struct Attributes {
  std::string content_type;  // "" is answered as binary/octet-stream
  std::string cache_control;
  std::string content_disposition;
  std::string content_encoding;  // without aws-chunked
  std::string content_language;
  std::string expires;
  std::map<std::string, std::string> metadata;  // names in lower case, without x-amz-meta-
  std::map<std::string, std::string> tags;
  bool operator==(const Attributes&) const = default;
  static Shape shape();
};

/// How a version of an object is protected (S3 User Guide, "Object Lock").
struct Retention {
  std::string mode;  // GOVERNANCE or COMPLIANCE
  Time until;
  bool operator==(const Retention&) const = default;
  static Shape shape();
};

struct ObjectInfo {
  std::string key;
  std::uint64_t size = 0;
  std::string etag;  // without quotes: MD5 in hexadecimal, or `<md5 of md5s>-<parts>`
  Time last_modified;
  Attributes attributes;
  std::optional<Checksum> checksum;       // none for files that other programs put there
  std::vector<std::uint64_t> part_sizes;  // of a multipart object
  std::string upload_id = {};             // of a multipart object
  std::string version_id = {};            // "" is the version `null`
  std::uint64_t order = 0;                // greater is newer; of one key
  bool is_delete_marker = false;
  bool is_latest = true;
  std::optional<Retention> retention = {};
  std::optional<bool> legal_hold = {};  // set once by a client

  std::string_view shown_version() const {
    return version_id.empty() ? std::string_view("null") : std::string_view(version_id);
  }
};

/// Who asks, for the records of events.
struct Requester {
  std::string principal;
  std::string source_ip;
  std::string request_id;
  std::string host_id;
};

/// The bytes of a put: a view that is valid during the call, or a file that the store takes over
/// (it is moved away if the put succeeds, and left if not).
struct PutSource {
  std::variant<std::string_view, std::filesystem::path> content;
  std::string md5_hex;     // if already known, else ""
  std::string sha256_hex;  // same

  static PutSource bytes(std::string_view text) { return {text, {}, {}}; }
  static PutSource take(std::filesystem::path file, std::string md5_hex = {},
                        std::string sha256_hex = {}) {
    return {std::move(file), std::move(md5_hex), std::move(sha256_hex)};
  }
};

struct PutOptions {
  Attributes attributes;
  /// What the client says the bytes are; another value is refused with BadDigest. `value` empty:
  /// compute and store.
  std::optional<Checksum> checksum;
  std::string content_md5;                   // base64, "" if not given
  std::optional<std::string> if_match = {};  // an ETag; the object must exist and have it
  bool if_none_match = false;                // the object must not exist
  std::optional<Retention> retention = {};
  std::optional<bool> legal_hold = {};
  Requester requester = {};
};

struct RemoveOptions {
  /// "": the object; else this version, for good.
  std::string version_id = {};
  std::optional<std::string> if_match = {};  // an ETag
  bool bypasses_governance = false;
  Requester requester = {};
};
/// What a removal did.
struct Removed {
  bool is_delete_marker = false;  // one was made, or it was one that was removed
  std::string version_id = {};    // of the marker made or the version removed; "" without versions
};

/// Conditions of a read, of a copy's source and of a delete. ETags may be quoted, `*`, or a list
/// with commas.
struct Conditions {
  std::optional<std::string> if_match = {};
  std::optional<std::string> if_none_match = {};
  std::optional<Time> if_modified_since = {};
  std::optional<Time> if_unmodified_since = {};
};

/// Whether an If-Match or If-None-Match value names this ETag.
bool etag_matches(std::string_view pattern, std::string_view etag);

enum class ConditionVerdict : std::uint8_t { holds, not_modified, failed };
/// RFC 9110 13.2.2 as S3 does it: If-Match wins over If-Unmodified-Since, If-None-Match over
/// If-Modified-Since.
ConditionVerdict check(const Conditions& conditions, const ObjectInfo& object);

/// An open object: its bytes stay readable and the same whatever happens to the key afterwards.
class OpenObject {
 public:
  OpenObject(ObjectInfo info, int descriptor);
  ~OpenObject();
  OpenObject(const OpenObject&) = delete;
  OpenObject& operator=(const OpenObject&) = delete;

  const ObjectInfo& info() const { return info_; }
  /// Opens these very bytes as long as this lives, even if the object was replaced or deleted.
  std::filesystem::path path() const;
  Result<std::string> read(std::uint64_t offset, std::uint64_t length) const;

 private:
  ObjectInfo info_;
  int descriptor_;
};

struct ListQuery {
  static constexpr std::size_t kKeysMax = 1000;
  std::string prefix;
  std::string delimiter;
  std::string after;                // keys greater than this
  bool skip_after_prefix = false;   // `after` is a common prefix that was already given out
  std::size_t max_keys = kKeysMax;  // objects and common prefixes together; cut to kKeysMax
};

struct Listing {
  std::vector<ObjectInfo> objects;
  std::vector<std::string> common_prefixes;
  bool is_truncated = false;
  std::string next_after;       // last key or common prefix of this page
  bool next_is_prefix = false;  // for ListQuery::skip_after_prefix
};

struct VersionQuery {
  std::string prefix;
  std::string delimiter;
  std::string key_marker;
  std::string version_id_marker;  // "": go on behind all versions of `key_marker`
  bool skip_after_prefix = false;
  std::size_t max_keys = ListQuery::kKeysMax;
};

struct VersionListing {
  std::vector<ObjectInfo> versions;  // by key, newest first
  std::vector<std::string> common_prefixes;
  bool is_truncated = false;
  std::string next_key;
  std::string next_version_id;  // "" if the page ended with a common prefix
};

struct Upload {
  std::string id;
  std::string key;
  Time initiated;
  Attributes attributes;
  std::optional<ChecksumAlgorithm> checksum_algorithm;
  bool is_full_object_checksum = false;
  std::optional<Retention> retention = {};
  std::optional<bool> legal_hold = {};
};

struct Part {
  int number = 0;
  std::uint64_t size = 0;
  std::string etag;
  Time last_modified;
  std::optional<Checksum> checksum;
};

/// A part as the client names it at the end; an ETag may be quoted.
struct CompletedPart {
  int number = 0;
  std::string etag;
  std::optional<Checksum> checksum;
};

struct CompleteOptions {
  std::optional<Checksum> checksum;  // of the whole object
  std::optional<std::uint64_t> object_size;
  std::optional<std::string> if_match = {};
  bool if_none_match = false;
  Requester requester = {};
};

struct UploadQuery {
  std::string prefix;
  std::string key_marker;
  std::string upload_id_marker;
  std::size_t max_uploads = 1000;
};

struct UploadListing {
  std::vector<Upload> uploads;  // by key, then by time of initiation
  bool is_truncated = false;
};

struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

}  // namespace weir::objects
