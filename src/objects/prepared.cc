// SPDX-License-Identifier: Apache-2.0
#include "objects/prepared.h"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>

#include "base/base64.h"
#include "objects/digest.h"

namespace weir::objects {
namespace {

std::string header_name(ChecksumAlgorithm algorithm) {
  std::string name = "x-amz-checksum-" + std::string(to_string(algorithm));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

}  // namespace

Result<void> Objects::Prepared::verify(const std::optional<Checksum>& expected,
                                       std::string_view content_md5) const {
  if (!content_md5.empty()) {
    const auto bytes = base64_decode(content_md5);
    if (!bytes || bytes->size() != 16) {
      return Error{ErrorKind::invalid,
                   "InvalidDigest",
                   "The Content-MD5 you specified was invalid.",
                   {{"Content-MD5", std::string(content_md5)}}};
    }
    if (to_hex(*bytes) != etag) {
      return Error{ErrorKind::invalid,
                   "BadDigest",
                   "The Content-MD5 you specified did not match what we received.",
                   {{"ExpectedDigest", to_hex(*bytes)}, {"CalculatedDigest", etag}}};
    }
  }
  if (!expected || expected->value.empty()) return {};
  const auto bytes = base64_decode(expected->value);
  if (!bytes || bytes->size() != checksum_size(expected->algorithm)) {
    return Error{ErrorKind::invalid, "InvalidRequest",
                 "Value for " + header_name(expected->algorithm) + " header is invalid."};
  }
  if (!checksum || base64_encode(*bytes) != checksum->value) {
    return Error{ErrorKind::invalid, "BadDigest",
                 "The " + std::string(to_string(expected->algorithm)) +
                     " you specified did not match the calculated checksum."};
  }
  return {};
}

Result<void> Objects::Prepared::bring_to_file_system_of(const std::filesystem::path& target) {
  struct stat here;
  struct stat there;
  if (::stat(file.c_str(), &here) != 0) return system_error("examine", file);
  if (::stat(target.parent_path().c_str(), &there) != 0) {
    return system_error("examine", target.parent_path());
  }
  if (here.st_dev == there.st_dev) return {};
  WEIR_TRY(const File from, open_for_reading(file));
  WEIR_TRY(const File to, create_file(target));
  own(target);
  return append_range(from, 0, size, to, target);
}

}  // namespace weir::objects
