// SPDX-License-Identifier: Apache-2.0
#include "objects/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <cstring>

#include "base/base64.h"

namespace weir::objects {
namespace {

/// Reflected CRC over eight bytes per step (the "slicing by 8" tables). `Polynomial` is
/// bit-reversed.
template <class Word, Word Polynomial>
class Crc {
 public:
  void add(std::string_view bytes) {
    const auto& table = tables();
    Word crc = crc_;
    const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
    std::size_t left = bytes.size();
    for (; left >= 8; left -= 8, p += 8) {
      std::uint64_t word;
      std::memcpy(&word, p, 8);
      static_assert(std::endian::native == std::endian::little);
      word ^= crc;
      crc = 0;
      for (std::size_t i = 0; i < 8; ++i) crc ^= table[7 - i][(word >> (8 * i)) & 0xff];
    }
    for (; left > 0; --left, ++p) {
      crc = static_cast<Word>(table[0][(crc ^ *p) & 0xff] ^ (crc >> 8));
    }
    crc_ = crc;
  }
  /// Big-endian.
  std::string bytes() const {
    std::string out;
    const Word value = static_cast<Word>(~crc_);
    for (std::size_t i = sizeof(Word); i-- > 0;)
      out += static_cast<char>((value >> (8 * i)) & 0xff);
    return out;
  }

 private:
  using Tables = std::array<std::array<Word, 256>, 8>;
  static const Tables& tables() {
    static const Tables made = [] {
      Tables t{};
      for (std::size_t i = 0; i < 256; ++i) {
        Word crc = static_cast<Word>(i);
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) ? (crc >> 1) ^ Polynomial : crc >> 1;
        t[0][i] = crc;
      }
      for (std::size_t k = 1; k < 8; ++k) {
        for (std::size_t i = 0; i < 256; ++i)
          t[k][i] = t[0][t[k - 1][i] & 0xff] ^ (t[k - 1][i] >> 8);
      }
      return t;
    }();
    return made;
  }

  Word crc_ = static_cast<Word>(~Word{0});
};
using Crc32 = Crc<std::uint32_t, 0xEDB88320u>;
using Crc32c = Crc<std::uint32_t, 0x82F63B78u>;
using Crc64Nvme = Crc<std::uint64_t, 0x9A6C9329AC4BC9B5ull>;

class Hash {
 public:
  explicit Hash(const EVP_MD* algorithm) : context_(EVP_MD_CTX_new()) {
    WEIR_ASSERT(context_ != nullptr && EVP_DigestInit_ex(context_, algorithm, nullptr) == 1);
  }
  ~Hash() { EVP_MD_CTX_free(context_); }
  Hash(const Hash&) = delete;
  Hash& operator=(const Hash&) = delete;

  void add(std::string_view bytes) {
    WEIR_ASSERT(EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1);
  }
  std::string bytes() {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    WEIR_ASSERT(EVP_DigestFinal_ex(context_, out, &size) == 1);
    return {reinterpret_cast<const char*>(out), size};
  }

 private:
  EVP_MD_CTX* context_;
};

std::string header_name(ChecksumAlgorithm algorithm) {
  std::string name = "x-amz-checksum-" + std::string(to_string(algorithm));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

}  // namespace

struct Digester::Impl {
  std::unique_ptr<Hash> md5;
  std::variant<std::monostate, Crc32, Crc32c, Crc64Nvme, std::unique_ptr<Hash>> checksum;
};

Digester::Digester(bool with_md5, std::optional<ChecksumAlgorithm> algorithm)
    : algorithm_(algorithm), impl_(std::make_unique<Impl>()) {
  if (with_md5) impl_->md5 = std::make_unique<Hash>(EVP_md5());
  if (!algorithm) return;
  switch (*algorithm) {
    case ChecksumAlgorithm::crc32:
      impl_->checksum = Crc32{};
      break;
    case ChecksumAlgorithm::crc32c:
      impl_->checksum = Crc32c{};
      break;
    case ChecksumAlgorithm::crc64nvme:
      impl_->checksum = Crc64Nvme{};
      break;
    case ChecksumAlgorithm::sha1:
      impl_->checksum = std::make_unique<Hash>(EVP_sha1());
      break;
    case ChecksumAlgorithm::sha256:
      impl_->checksum = std::make_unique<Hash>(EVP_sha256());
      break;
  }
}

Digester::~Digester() = default;

void Digester::add(std::string_view bytes) {
  if (impl_->md5) impl_->md5->add(bytes);
  std::visit(
      [bytes](auto& state) {
        using State = std::remove_cvref_t<decltype(state)>;
        if constexpr (std::is_same_v<State, std::unique_ptr<Hash>>) {
          state->add(bytes);
        } else if constexpr (!std::is_same_v<State, std::monostate>) {
          state.add(bytes);
        }
      },
      impl_->checksum);
}

std::string Digester::md5_hex() {
  WEIR_ASSERT(impl_->md5 != nullptr);
  return to_hex(impl_->md5->bytes());
}

std::string Digester::checksum_bytes() {
  return std::visit(
      [](auto& state) -> std::string {
        using State = std::remove_cvref_t<decltype(state)>;
        if constexpr (std::is_same_v<State, std::unique_ptr<Hash>>) {
          return state->bytes();
        } else if constexpr (std::is_same_v<State, std::monostate>) {
          WEIR_ASSERT(false && "no checksum was asked for");
          return {};
        } else {
          return state.bytes();
        }
      },
      impl_->checksum);
}

Checksum Digester::checksum() {
  return {algorithm_.value_or(ChecksumAlgorithm::crc64nvme), base64_encode(checksum_bytes()),
          false};
}

std::string md5_bytes(std::string_view bytes) {
  Hash hash(EVP_md5());
  hash.add(bytes);
  return hash.bytes();
}

std::string checksum_bytes(ChecksumAlgorithm algorithm, std::string_view bytes) {
  Digester digester(false, algorithm);
  digester.add(bytes);
  return digester.checksum_bytes();
}

std::size_t checksum_size(ChecksumAlgorithm algorithm) {
  switch (algorithm) {
    case ChecksumAlgorithm::crc32:
    case ChecksumAlgorithm::crc32c:
      return 4;
    case ChecksumAlgorithm::crc64nvme:
      return 8;
    case ChecksumAlgorithm::sha1:
      return 20;
    case ChecksumAlgorithm::sha256:
      return 32;
  }
  return 0;
}

Result<void> verify_digests(std::string_view md5_hex, const std::optional<Checksum>& actual,
                            const std::optional<Checksum>& expected, std::string_view content_md5) {
  if (!content_md5.empty()) {
    const auto bytes = base64_decode(content_md5);
    if (!bytes || bytes->size() != 16) {
      return Error{ErrorKind::invalid,
                   "InvalidDigest",
                   "The Content-MD5 you specified was invalid.",
                   {{"Content-MD5", std::string(content_md5)}}};
    }
    if (to_hex(*bytes) != md5_hex) {
      return Error{
          ErrorKind::invalid,
          "BadDigest",
          "The Content-MD5 you specified did not match what we received.",
          {{"ExpectedDigest", to_hex(*bytes)}, {"CalculatedDigest", std::string(md5_hex)}}};
    }
  }
  if (!expected || expected->value.empty()) return {};
  const auto bytes = base64_decode(expected->value);
  if (!bytes || bytes->size() != checksum_size(expected->algorithm)) {
    return Error{ErrorKind::invalid, "InvalidRequest",
                 "Value for " + header_name(expected->algorithm) + " header is invalid."};
  }
  if (!actual || base64_encode(*bytes) != actual->value) {
    return Error{ErrorKind::invalid, "BadDigest",
                 "The " + std::string(to_string(expected->algorithm)) +
                     " you specified did not match the calculated checksum."};
  }
  return {};
}

std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

}  // namespace weir::objects
