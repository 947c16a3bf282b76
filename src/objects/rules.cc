// SPDX-License-Identifier: Apache-2.0
#include "objects/rules.h"

#include <algorithm>

#include "objects/objects.h"

namespace weir::objects {
namespace {

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t bytes = lead < 0x80   ? 1
                              : lead < 0xc2 ? 0
                              : lead < 0xe0 ? 2
                              : lead < 0xf0 ? 3
                                            : 4;
    if (bytes == 0 || lead > 0xf4 || i + bytes > text.size()) return false;
    for (std::size_t k = 1; k < bytes; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    }
    const auto second = bytes > 1 ? static_cast<unsigned char>(text[i + 1]) : 0;
    const bool is_overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    const bool is_surrogate = lead == 0xed && second > 0x9f;
    const bool is_beyond = lead == 0xf4 && second > 0x8f;
    if (is_overlong || is_surrogate || is_beyond) return false;
    i += bytes;
  }
  return true;
}

bool is_address(std::string_view name) {
  int dots = 0;
  for (const char c : name) {
    if (c == '.')
      ++dots;
    else if (c < '0' || c > '9')
      return false;
  }
  return dots == 3;
}

}  // namespace

/// S3 User Guide, "General purpose bucket naming rules".
bool is_bucket_name(std::string_view name) {
  const auto is_alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  };
  if (name.size() < 3 || name.size() > 63) return false;
  if (!is_alphanumeric(name.front()) || !is_alphanumeric(name.back())) return false;
  const bool allowed = std::all_of(
      name.begin(), name.end(), [&](char c) { return is_alphanumeric(c) || c == '.' || c == '-'; });
  if (!allowed || name.find("..") != std::string_view::npos || is_address(name)) return false;
  for (const std::string_view prefix : {"xn--", "sthree-"}) {
    if (name.starts_with(prefix)) return false;
  }
  for (const std::string_view suffix : {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"}) {
    if (name.ends_with(suffix)) return false;
  }
  return true;
}

Result<void> check_put_size(std::uint64_t size) {
  if (size <= Objects::kPutBytesMax) return {};
  return Error{ErrorKind::invalid,
               "EntityTooLarge",
               "Your proposed upload exceeds the maximum allowed size",
               {{"ProposedSize", std::to_string(size)},
                {"MaxSizeAllowed", std::to_string(Objects::kPutBytesMax)}}};
}

Result<void> check_metadata(const Attributes& attributes) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : attributes.metadata) bytes += name.size() + value.size();
  if (bytes <= Objects::kMetadataBytesMax) return {};
  return Error{ErrorKind::invalid,
               "MetadataTooLarge",
               "Your metadata headers exceed the maximum allowed metadata size",
               {{"Size", std::to_string(bytes)},
                {"MaxSizeAllowed", std::to_string(Objects::kMetadataBytesMax)}}};
}

Result<void> check_write_conditions(const ObjectInfo* present,
                                    const std::optional<std::string>& if_match, bool if_none_match,
                                    std::string_view key) {
  if (if_none_match && present != nullptr) return precondition_failed("If-None-Match");
  if (!if_match) return {};
  if (present == nullptr) return no_such_key(key);
  if (!etag_matches(*if_match, present->etag)) return precondition_failed("If-Match");
  return {};
}

Result<void> check_key(std::string_view key) {
  if (key.size() > Objects::kKeyBytesMax) {
    return Error{ErrorKind::invalid,
                 "KeyTooLongError",
                 "Your key is too long",
                 {{"Size", std::to_string(key.size())},
                  {"MaxSizeAllowed", std::to_string(Objects::kKeyBytesMax)}}};
  }
  if (key.empty() || !is_utf8(key)) {
    return Error{ErrorKind::invalid, "InvalidURI", "Couldn't parse the specified URI."};
  }
  return {};
}

Result<void> check_version_id(std::string_view version_id) {
  const bool is_id = version_id == "null" ||
                     (version_id.size() == 32 &&
                      version_id.find_first_not_of("0123456789abcdef") == std::string_view::npos);
  if (is_id) return {};
  return Error{ErrorKind::invalid,
               "InvalidArgument",
               "Invalid version id specified",
               {{"ArgumentName", "versionId"}, {"ArgumentValue", std::string(version_id)}}};
}

Result<void> check_part_number(int number) {
  if (number >= 1 && number <= Objects::kPartsMax) return {};
  return Error{ErrorKind::invalid,
               "InvalidArgument",
               "Part number must be an integer between 1 and 10000, inclusive",
               {{"ArgumentName", "partNumber"}, {"ArgumentValue", std::to_string(number)}}};
}

}  // namespace weir::objects
