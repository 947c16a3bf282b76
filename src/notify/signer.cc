// SPDX-License-Identifier: Apache-2.0
#include "notify/signer.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <mutex>
#include <array>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/log.h"
#include "base/shape.h"

namespace weir::notify {

namespace {

constexpr std::string_view kStoreKey = "sns-signer/identity";
constexpr unsigned kKeyBits = 2048;
constexpr long kCertificateLife_s = 20L * 365 * 24 * 3600;

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Bio = std::unique_ptr<BIO, Freer<BIO_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;

Error signer_error(std::string_view what) {
  char reason[256] = "no reason given";
  if (const unsigned long code = ERR_get_error()) ERR_error_string_n(code, reason, sizeof reason);
  ERR_clear_error();
  return Error{ErrorKind::internal, "InternalError", std::string(what) + ": " + reason};
}

struct StoredIdentity {
  std::string key_pem;
  std::string certificate_pem;
  static Shape shape() {
    using S = StoredIdentity;
    static constexpr Member members[] = {
        required<&S::key_pem>("keyPem"),
        required<&S::certificate_pem>("certificatePem"),
    };
    return {"SnsSignerIdentity", members};
  }
};

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

bool name_certificate(X509* certificate, time_t now_s) {
  unsigned char serial[16];
  if (RAND_bytes(serial, sizeof serial) != 1) return false;
  serial[0] &= 0x7f;  // a serial number is positive
  BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
  const bool has_serial = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto* common_name = reinterpret_cast<const unsigned char*>("Weir notification signing");
  return has_serial && X509_set_version(certificate, X509_VERSION_3) == 1 &&
         X509_time_adj_ex(X509_getm_notBefore(certificate), -1, 0, &now_s) &&
         X509_time_adj_ex(X509_getm_notAfter(certificate), 0, kCertificateLife_s, &now_s) &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1;
}

Result<StoredIdentity> make_identity(Time now) {
  const Key key(EVP_RSA_gen(kKeyBits));
  const Certificate certificate(X509_new());
  if (!key || !certificate) return signer_error("cannot make the key that signs notifications");
  if (!name_certificate(certificate.get(), static_cast<time_t>(now.seconds())) ||
      X509_set_pubkey(certificate.get(), key.get()) != 1 ||
      X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) {
    return signer_error("cannot make the certificate of notifications");
  }
  const Bio key_text(BIO_new(BIO_s_mem()));
  const Bio certificate_text(BIO_new(BIO_s_mem()));
  if (!key_text || !certificate_text ||
      PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1 ||
      PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1) {
    return signer_error("cannot write the key that signs notifications");
  }
  return StoredIdentity{text_of(key_text.get()), text_of(certificate_text.get())};
}

Result<std::string> name_for(const std::string& certificate_pem) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(certificate_pem.data(), certificate_pem.size(), digest, &size, EVP_sha256(),
                 nullptr) != 1) {
    return signer_error("cannot name the certificate of notifications");
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string name = "SimpleNotificationService-";
  for (unsigned i = 0; i < 16; ++i) {
    name += kDigits[digest[i] >> 4];
    name += kDigits[digest[i] & 15];
  }
  return name + ".pem";
}

}  // namespace

struct Signer::Impl {
  struct Identity {
    Key key;
    std::string certificate_pem;
    std::string certificate_name;
  };

  Impl(Runtime& runtime_in, store::KvStore& store_in) : runtime(runtime_in), store(store_in) {}

  Result<StoredIdentity> stored_or_new() {
    WEIR_TRY(const auto text, store.get(kStoreKey));
    if (text) return from_json_text<StoredIdentity>(*text);
    WEIR_TRY(StoredIdentity made, make_identity(runtime.now()));
    WEIR_CHECK(store.put(std::string(kStoreKey), to_json_text(made)));
    log::info("made the key that signs notifications");
    return made;
  }

  // The lock is held while the identity is read or made, which happens once.
  Result<const Identity*> identity() {
    const std::lock_guard lock(mutex);
    if (loaded) return loaded.get();
    WEIR_TRY(StoredIdentity stored, stored_or_new());
    const Bio key_text(
        BIO_new_mem_buf(stored.key_pem.data(), static_cast<int>(stored.key_pem.size())));
    Key key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
    if (!key) return signer_error("cannot read the key that signs notifications");
    WEIR_TRY(std::string name, name_for(stored.certificate_pem));
    loaded = std::make_unique<Identity>(
        Identity{std::move(key), std::move(stored.certificate_pem), std::move(name)});
    return loaded.get();
  }

  Runtime& runtime;
  store::KvStore& store;
  std::mutex mutex;
  std::unique_ptr<const Identity> loaded;  // never changes once set
};

Signer::Signer(Runtime& runtime, store::KvStore& store)
    : impl_(std::make_unique<Impl>(runtime, store)) {}
Signer::~Signer() = default;
Signer::Signer(Signer&&) noexcept = default;
Signer& Signer::operator=(Signer&&) noexcept = default;

Result<std::string> Signer::sign(std::string_view text, SignatureVersion version) {
  WEIR_TRY(const Impl::Identity* identity, impl_->identity());
  const EVP_MD* digest = version == SignatureVersion::v1 ? EVP_sha1() : EVP_sha256();
  const DigestContext context(EVP_MD_CTX_new());
  std::size_t size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  if (!context ||
      EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, identity->key.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) != 1) {
    return signer_error("cannot sign a notification");
  }
  std::vector<unsigned char> signature(size);
  if (EVP_DigestSign(context.get(), signature.data(), &size, bytes, text.size()) != 1) {
    return signer_error("cannot sign a notification");
  }
  return base64_encode({reinterpret_cast<const char*>(signature.data()), size});
}

Result<std::string> Signer::certificate_pem() {
  WEIR_TRY(const Impl::Identity* identity, impl_->identity());
  return identity->certificate_pem;
}

Result<std::string> Signer::certificate_name() {
  WEIR_TRY(const Impl::Identity* identity, impl_->identity());
  return identity->certificate_name;
}

namespace {

std::string digest_hex(const EVP_MD* algorithm, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  WEIR_ASSERT(EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, algorithm, nullptr) == 1);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += kDigits[out[i] >> 4];
    text += kDigits[out[i] & 15];
  }
  return text;
}

}  // namespace

std::string sha256_hex(std::string_view bytes) { return digest_hex(EVP_sha256(), bytes); }
std::string md5_hex(std::string_view bytes) { return digest_hex(EVP_md5(), bytes); }

}  // namespace weir::notify
