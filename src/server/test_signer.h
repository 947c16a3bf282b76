// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/runtime.h"
#include "wire/http.h"

namespace weir::server::test {

/// Signs requests as a client does, for tests.
struct Signer {
  std::string access_key;
  std::string secret;
  std::string region;
  std::string service;
  Time when;
  /// Of header signatures of S3: the hash of the body unless this is set.
  std::string content_hash = {};
  bool with_content_hash = true;

  /// Signs Host, Content-Encoding and every x-amz-* header; the body is in memory.
  wire::HttpRequest sign(wire::HttpRequest request) const;
  /// Adds the parameters of a presigned address. `payload`: "" is the hash of the body.
  wire::HttpRequest presign(wire::HttpRequest request, int expires_s,
                            std::string_view payload) const;
};

}  // namespace weir::server::test
