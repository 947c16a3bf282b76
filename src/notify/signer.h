// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/runtime.h"
#include "store/kv_store.h"

namespace weir::notify {

/// SignatureVersion of a topic: 1 is RSA PKCS#1 v1.5 with SHA-1 (AWS's default), 2 with SHA-256.
enum class SignatureVersion : std::uint8_t { v1 = 1, v2 = 2 };

/// Signs notifications with this installation's RSA key; receivers check them with its self-signed
/// certificate.
///
/// Key and certificate are made at the first use (about a tenth of a second) and kept in the store
/// under `sns-signer/`. The key is drawn by OpenSSL's generator, not by Runtime: the seed of a
/// simulation must never yield a real key.
/// Threads: all functions may be called from any thread.
/// Errors: kind internal, when the stored identity cannot be read or a new one cannot be made; or
/// that of the store.
class Signer {
 public:
  Signer(Runtime& runtime, store::KvStore& store);
  ~Signer();
  Signer(Signer&&) noexcept;
  Signer& operator=(Signer&&) noexcept;

  /// Base64.
  Result<std::string> sign(std::string_view text, SignatureVersion version);
  Result<std::string> certificate_pem();
  /// `SimpleNotificationService-<32 hex digits>.pem`; the digits change with the certificate.
  Result<std::string> certificate_name();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);
std::string md5_hex(std::string_view bytes);

}  // namespace weir::notify
