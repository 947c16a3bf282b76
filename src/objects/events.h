// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/runtime.h"
#include "objects/types.h"

namespace weir::objects {

/// Something happened to an object, as S3 tells subscribers of a bucket.
struct Event {
  std::string name;  // `ObjectCreated:Put`
  Time time;
  Bucket bucket;
  ObjectInfo object;
  Requester requester;
};

namespace event {
inline constexpr std::string_view kPut = "ObjectCreated:Put";
inline constexpr std::string_view kPost = "ObjectCreated:Post";
inline constexpr std::string_view kCopy = "ObjectCreated:Copy";
inline constexpr std::string_view kComplete = "ObjectCreated:CompleteMultipartUpload";
inline constexpr std::string_view kDelete = "ObjectRemoved:Delete";
inline constexpr std::string_view kMarker = "ObjectRemoved:DeleteMarkerCreated";
inline constexpr std::string_view kTagsPut = "ObjectTagging:Put";
inline constexpr std::string_view kTagsDelete = "ObjectTagging:Delete";
inline constexpr std::string_view kExpired = "LifecycleExpiration:Delete";
inline constexpr std::string_view kExpiredMarker = "LifecycleExpiration:DeleteMarkerCreated";
}  // namespace event

}  // namespace weir::objects
