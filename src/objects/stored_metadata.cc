// SPDX-License-Identifier: Apache-2.0
#include "objects/stored_metadata.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/shape.h"

namespace weir::objects {
namespace {

struct StoredMetadata {
  std::string etag;
  Attributes attributes;
  std::optional<StoredChecksum> checksum;
  std::optional<std::vector<std::int64_t>> part_sizes;
  std::optional<std::string> upload_id;
  std::optional<std::string> version_id;
  std::optional<std::int64_t> order;
  std::optional<Retention> retention;
  std::optional<bool> legal_hold;

  static Shape shape() {
    using S = StoredMetadata;
    static constexpr Member members[] = {
        required<&S::etag>("etag"),
        required<&S::attributes>("attributes"),
        optional<&S::checksum>("checksum"),
        optional<&S::part_sizes>("partSizes"),
        optional<&S::upload_id>("uploadId"),
        optional<&S::version_id>("versionId"),
        optional<&S::order>("order"),
        optional<&S::retention>("retention"),
        optional<&S::legal_hold>("legalHold"),
    };
    return {"ObjectMetadata", members};
  }
};

}  // namespace

Shape StoredChecksum::shape() {
  using S = StoredChecksum;
  static constexpr Member members[] = {
      required<&S::algorithm>("algorithm"),
      required<&S::value>("value"),
      optional<&S::is_composite>("isComposite"),
  };
  return {"Checksum", members};
}

std::optional<StoredChecksum> to_stored(const std::optional<Checksum>& checksum) {
  if (!checksum) return std::nullopt;
  return StoredChecksum{std::string(to_string(checksum->algorithm)), checksum->value,
                        checksum->is_composite};
}

std::optional<Checksum> from_stored(const std::optional<StoredChecksum>& stored) {
  if (!stored) return std::nullopt;
  const auto algorithm = checksum_algorithm(stored->algorithm);
  if (!algorithm) return std::nullopt;
  return Checksum{*algorithm, stored->value, stored->is_composite};
}

std::string metadata_to_json(const ObjectInfo& info) {
  StoredMetadata stored;
  stored.etag = info.etag;
  stored.attributes = info.attributes;
  stored.checksum = to_stored(info.checksum);
  if (!info.upload_id.empty()) stored.upload_id = info.upload_id;
  if (!info.version_id.empty()) stored.version_id = info.version_id;
  if (info.order != 0) stored.order = static_cast<std::int64_t>(info.order);
  stored.retention = info.retention;
  stored.legal_hold = info.legal_hold;
  if (!info.part_sizes.empty()) {
    stored.part_sizes.emplace(info.part_sizes.begin(), info.part_sizes.end());
  }
  return to_json_text(stored);
}

Result<ObjectInfo> metadata_from_json(std::string_view text) {
  WEIR_TRY(StoredMetadata stored, from_json_text<StoredMetadata>(text));
  ObjectInfo info;
  info.etag = std::move(stored.etag);
  info.attributes = std::move(stored.attributes);
  info.checksum = from_stored(stored.checksum);
  if (stored.part_sizes)
    info.part_sizes.assign(stored.part_sizes->begin(), stored.part_sizes->end());
  info.upload_id = std::move(stored.upload_id).value_or("");
  info.version_id = std::move(stored.version_id).value_or("");
  info.order = static_cast<std::uint64_t>(stored.order.value_or(0));
  info.retention = std::move(stored.retention);
  info.legal_hold = stored.legal_hold;
  return info;
}

}  // namespace weir::objects
