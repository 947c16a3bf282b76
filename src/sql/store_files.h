// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "objects/objects.h"
#include "sql/object_files.h"

namespace weir::sql {

/// The daemon's object store as SQL sees it.
class StoreFiles final : public ObjectFiles {
 public:
  explicit StoreFiles(objects::Objects& objects) : objects_(objects) {}
  Result<bool> has_bucket(const Scope& scope, std::string_view bucket) override;
  Result<void> list(const Scope& scope, std::string_view bucket, std::string_view prefix,
                    const Visit& visit) override;
  Result<std::filesystem::path> local_path(const Scope& scope, std::string_view bucket,
                                           std::string_view key) override;
  Result<void> put_file(const Scope& scope, std::string_view bucket, std::string_view key,
                        const std::filesystem::path& file, std::string_view content_type) override;

 private:
  objects::Objects& objects_;
};

}  // namespace weir::sql
