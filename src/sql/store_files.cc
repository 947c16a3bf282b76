// SPDX-License-Identifier: Apache-2.0
#include "sql/store_files.h"

namespace weir::sql {

Result<bool> StoreFiles::has_bucket(const Scope& scope, std::string_view bucket) {
  const auto found = objects_.bucket(scope, bucket);
  if (found) return true;
  if (found.error().kind == ErrorKind::not_found || found.error().kind == ErrorKind::forbidden) {
    return false;
  }
  return found.error();
}

Result<void> StoreFiles::list(const Scope& scope, std::string_view bucket, std::string_view prefix,
                              const Visit& visit) {
  objects::ListQuery query;
  query.prefix = prefix;
  while (true) {
    WEIR_TRY(const objects::Listing page, objects_.list(scope, bucket, query));
    for (const objects::ObjectInfo& object : page.objects) {
      if (!visit({object.key, object.size})) return {};
    }
    if (!page.is_truncated) return {};
    query.after = page.next_after;
  }
}

Result<std::filesystem::path> StoreFiles::local_path(const Scope&, std::string_view bucket,
                                                     std::string_view key) {
  return objects_.local_path(bucket, key);
}

Result<void> StoreFiles::put_file(const Scope& scope, std::string_view bucket, std::string_view key,
                                  const std::filesystem::path& file,
                                  std::string_view content_type) {
  objects::PutOptions options;
  options.attributes.content_type = content_type;
  WEIR_CHECK(objects_.put(scope, bucket, key, objects::PutSource::take(file), std::move(options)));
  return {};
}

}  // namespace weir::sql
