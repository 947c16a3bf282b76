// SPDX-License-Identifier: Apache-2.0
#include "daemon/object_files.h"

namespace weir::daemon {

Result<bool> ObjectFiles::has_bucket(const Scope& scope, std::string_view bucket) {
  const auto found = objects_.bucket(scope, bucket);
  if (found) return true;
  if (found.error().kind == ErrorKind::not_found) return false;
  return found.error();
}

Result<void> ObjectFiles::list(const Scope& scope, std::string_view bucket, std::string_view prefix,
                               const Visit& visit) {
  objects::ListQuery query;
  query.prefix = prefix;
  while (true) {
    WEIR_TRY(const objects::Listing page, objects_.list(scope, bucket, query));
    for (const auto& object : page.objects) {
      if (!visit({object.key, object.size})) return {};
    }
    if (!page.is_truncated) return {};
    query.after = page.next_after;
    query.skip_after_prefix = page.next_is_prefix;
  }
}

Result<std::filesystem::path> ObjectFiles::local_path(const Scope& scope, std::string_view bucket,
                                                      std::string_view key) {
  WEIR_TRY(const objects::Bucket owned, objects_.bucket(scope, bucket));
  return objects_.local_path(owned.name, key);
}

Result<void> ObjectFiles::put_file(const Scope& scope, std::string_view bucket,
                                   std::string_view key, const std::filesystem::path& file,
                                   std::string_view content_type) {
  objects::PutOptions options;
  options.attributes.content_type = content_type;
  WEIR_TRY(const objects::ObjectInfo stored,
           objects_.put(scope, bucket, key, objects::PutSource::take(file), std::move(options)));
  (void)stored;
  return {};
}

}  // namespace weir::daemon
