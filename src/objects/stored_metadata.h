// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "objects/types.h"

/// The content of a metadata file: all of an ObjectInfo that the data file does not say itself.
namespace weir::objects {

struct StoredChecksum {
  std::string algorithm;
  std::string value;
  bool is_composite = false;
  static Shape shape();
};
std::optional<StoredChecksum> to_stored(const std::optional<Checksum>& checksum);
std::optional<Checksum> from_stored(const std::optional<StoredChecksum>& stored);

std::string metadata_to_json(const ObjectInfo& info);
Result<ObjectInfo> metadata_from_json(std::string_view text);

}  // namespace weir::objects
