// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "objects/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto policy = weir::objects::BucketPolicy::parse(text, "b");
  if (!policy) return 0;
  weir::objects::AccessRequest request;
  request.action = "s3:GetObject";
  request.resource = "arn:aws:s3:::b/k";
  request.context = {{"aws:sourceip", "10.1.2.3"}, {"aws:securetransport", "false"}};
  static_cast<void>(policy->evaluate(request));
  static_cast<void>(policy->is_public());
  return 0;
}
