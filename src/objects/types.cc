// SPDX-License-Identifier: Apache-2.0
#include "objects/types.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "objects/files.h"

namespace weir::objects {
namespace {

std::string_view without_quotes(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return etag;
}

}  // namespace

Shape Bucket::shape() {
  using S = Bucket;
  static constexpr Member members[] = {
      required<&S::name>("name"),
      required<&S::account>("account"),
      required<&S::region>("region"),
      required<&S::created>("created"),
      optional<&S::policy>("policy"),
      optional<&S::tags>("tags"),
      optional<&S::settings>("configurations"),
  };
  return {"Bucket", members};
}

VersionMode Bucket::version_mode() const {
  if (!settings.versioning || !settings.versioning->status) return VersionMode::off;
  return *settings.versioning->status == "Enabled" ? VersionMode::enabled : VersionMode::suspended;
}

Shape Retention::shape() {
  using S = Retention;
  static constexpr Member members[] = {required<&S::mode>("mode"), required<&S::until>("until")};
  return {"Retention", members};
}

Shape Attributes::shape() {
  using S = Attributes;
  static constexpr Member members[] = {
      optional<&S::content_type>("contentType"),
      optional<&S::cache_control>("cacheControl"),
      optional<&S::content_disposition>("contentDisposition"),
      optional<&S::content_encoding>("contentEncoding"),
      optional<&S::content_language>("contentLanguage"),
      optional<&S::expires>("expires"),
      optional<&S::metadata>("metadata"),
      optional<&S::tags>("tags"),
  };
  return {"Attributes", members};
}

std::string_view to_string(ChecksumAlgorithm algorithm) {
  switch (algorithm) {
    case ChecksumAlgorithm::crc32:
      return "CRC32";
    case ChecksumAlgorithm::crc32c:
      return "CRC32C";
    case ChecksumAlgorithm::crc64nvme:
      return "CRC64NVME";
    case ChecksumAlgorithm::sha1:
      return "SHA1";
    case ChecksumAlgorithm::sha256:
      return "SHA256";
  }
  return "";
}

std::optional<ChecksumAlgorithm> checksum_algorithm(std::string_view name) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  for (const auto algorithm : kChecksumAlgorithms) {
    if (to_string(algorithm) == upper) return algorithm;
  }
  return std::nullopt;
}

bool etag_matches(std::string_view pattern, std::string_view etag) {
  while (!pattern.empty()) {
    const std::size_t comma = pattern.find(',');
    std::string_view one = pattern.substr(0, comma);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    if (one == "*" || without_quotes(one) == etag) return true;
    if (comma == std::string_view::npos) break;
    pattern.remove_prefix(comma + 1);
  }
  return false;
}

ConditionVerdict check(const Conditions& conditions, const ObjectInfo& object) {
  // Dates in headers have whole seconds.
  const Time modified = Time::from_seconds(object.last_modified.seconds());
  if (conditions.if_match) {
    if (!etag_matches(*conditions.if_match, object.etag)) return ConditionVerdict::failed;
  } else if (conditions.if_unmodified_since && modified > *conditions.if_unmodified_since) {
    return ConditionVerdict::failed;
  }
  if (conditions.if_none_match) {
    if (etag_matches(*conditions.if_none_match, object.etag)) return ConditionVerdict::not_modified;
  } else if (conditions.if_modified_since && modified <= *conditions.if_modified_since) {
    return ConditionVerdict::not_modified;
  }
  return ConditionVerdict::holds;
}

OpenObject::OpenObject(ObjectInfo info, int descriptor)
    : info_(std::move(info)), descriptor_(descriptor) {}

OpenObject::~OpenObject() { File closes_it(descriptor_); }

std::filesystem::path OpenObject::path() const {
  return "/proc/self/fd/" + std::to_string(descriptor_);
}

Result<std::string> OpenObject::read(std::uint64_t offset, std::uint64_t length) const {
  return read_at(descriptor_, offset, length);
}

}  // namespace weir::objects
