// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "objects/types.h"

/// What S3 refuses, and the errors that several files give.
namespace weir::objects {

bool is_bucket_name(std::string_view name);
Result<void> check_key(std::string_view key);
Result<void> check_put_size(std::uint64_t size);
Result<void> check_metadata(const Attributes& attributes);
Result<void> check_part_number(int number);
/// `if_match`: an ETag that the object must have; `if_none_match`: there must be none.
Result<void> check_write_conditions(const ObjectInfo* present,
                                    const std::optional<std::string>& if_match, bool if_none_match,
                                    std::string_view key);

inline Error no_such_bucket(std::string_view bucket) {
  return {ErrorKind::not_found,
          "NoSuchBucket",
          "The specified bucket does not exist",
          {{"BucketName", std::string(bucket)}}};
}

inline Error no_such_key(std::string_view key) {
  return {ErrorKind::not_found,
          "NoSuchKey",
          "The specified key does not exist.",
          {{"Key", std::string(key)}}};
}

/// Error InvalidArgument for what cannot be the id of a version.
Result<void> check_version_id(std::string_view version_id);

inline Error no_such_version(std::string_view key, std::string_view version_id) {
  return {ErrorKind::not_found,
          "NoSuchVersion",
          "The specified version does not exist.",
          {{"Key", std::string(key)}, {"VersionId", std::string(version_id)}}};
}

/// The answer to a read of a delete marker by its id.
inline Error is_marker(const ObjectInfo& marker) {
  return {ErrorKind::invalid,
          "MethodNotAllowed",
          "The specified method is not allowed against this resource.",
          {{"Method", "GET"},
           {"ResourceType", "DeleteMarker"},
           {"x-amz-delete-marker", "true"},
           {"x-amz-version-id", std::string(marker.shown_version())}}};
}

inline Error no_such_upload(std::string_view upload_id) {
  return {ErrorKind::not_found,
          "NoSuchUpload",
          "The specified upload does not exist. The upload ID may be invalid, or the upload may "
          "have been aborted or "
          "completed.",
          {{"UploadId", std::string(upload_id)}}};
}

inline Error precondition_failed(std::string_view condition) {
  return {ErrorKind::conflict,
          "PreconditionFailed",
          "At least one of the pre-conditions you specified did not hold",
          {{"Condition", std::string(condition)}}};
}

}  // namespace weir::objects
