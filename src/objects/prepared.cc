// SPDX-License-Identifier: Apache-2.0
#include "objects/prepared.h"

#include <sys/stat.h>

namespace weir::objects {

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
