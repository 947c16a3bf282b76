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

  static Shape shape() {
    using S = StoredMetadata;
    static constexpr Member members[] = {
        required<&S::etag>("etag"),
        required<&S::attributes>("attributes"),
        optional<&S::checksum>("checksum"),
        optional<&S::part_sizes>("partSizes"),
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
  StoredMetadata stored{info.etag, info.attributes, to_stored(info.checksum), {}};
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
  return info;
}

}  // namespace weir::objects
