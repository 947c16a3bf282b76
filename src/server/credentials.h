// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime.h"

namespace weir::server {

/// What a key may do. The fence around automation, not a replacement for IAM.
enum class Permission : std::uint8_t {
  admin,
  read_only,    // Get*, List*, Describe*, Filter* ...; S3: GET and HEAD
  ingest_only,  // PutLogEvents, PutMetricData, CreateLogStream, S3 object uploads
};
std::string_view to_string(Permission permission);

/// May the key call this operation? For S3 the operation is named as by IAM: "GetObject",
/// "PutObject".
bool allows(Permission permission, std::string_view service, std::string_view operation);

struct AccessKey {
  std::string name;  // "default" or what the operator called it
  std::string access_key;
  std::string secret_key;
  std::string account = "000000000000";
  Permission permission = Permission::admin;
};

/// The keys that requests are signed with.
///
/// Kept as an AWS shared credentials file, so that `AWS_SHARED_CREDENTIALS_FILE=<data>/credentials
/// aws ...` works as it is: one profile for each key, and two members of our own that AWS tools
/// ignore:
///
///     [default]
///     aws_access_key_id = AKIA...
///     aws_secret_access_key = ...
///     weir_permission = admin
///     weir_account = 000000000000
///
/// Threads: read-only after loading; all const functions may be called from any thread.
class Credentials {
 public:
  static constexpr std::size_t kKeysMax = 1000;
  static constexpr std::size_t kFileBytesMax = 1u << 20;

  /// Reads `file`; where it is missing, makes it (mode 0600) with one admin key.
  /// Error: names the file and the line, or says who else may read the file.
  static Result<Credentials> load_or_create(const std::filesystem::path& file, Runtime& runtime);
  /// CI mode: every key and signature is taken. A 12-digit access key is the account id.
  static Credentials accept_any();
  /// For tests and tools.
  static Credentials of(std::vector<AccessKey> keys);

  bool accepts_any() const { return accepts_any_; }
  /// In accept_any(): an admin key made up for every name; its secret is empty.
  std::optional<AccessKey> find(std::string_view access_key) const;
  const std::vector<AccessKey>& keys() const { return keys_; }

 private:
  bool accepts_any_ = false;
  std::vector<AccessKey> keys_;
};

/// Adds a new key to the file (made if missing) and returns it. A running daemon sees it after a
/// restart. Error: the name is taken or is not 1 to 64 of `A-Z a-z 0-9 . _ -`.
Result<AccessKey> add_key(const std::filesystem::path& file, Runtime& runtime,
                          std::string_view name, Permission permission,
                          std::string_view account = "000000000000");

}  // namespace weir::server
