// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>

#include "import/readers.h"

namespace {

using namespace weir;

constexpr std::uint64_t kEntriesMax = 100'000;  // of a stream that unpacks to very much

/// What every entry must be.
struct Checking final : import::Visitor {
  Result<void> on_entry(const import::Entry& entry) override {
    WEIR_ASSERT(entry.values.size() == entry.format->fields().size());
    std::string joined;
    for (const std::string_view value : entry.values) {
      WEIR_ASSERT(!value.empty());
      joined.append(joined.empty() ? "" : " ").append(value);
    }
    WEIR_ASSERT(joined.size() == entry.line.size());
    if (++entries > kEntriesMax) return Error{ErrorKind::limit, "Enough", "enough"};
    return {};
  }
  void on_damage(import::Damage damage) override { WEIR_ASSERT(!damage.reason.empty()); }
  std::uint64_t entries = 0;
};

/// Ends a stream after some megabytes.
struct Bounded final : columnar::ByteSource {
  explicit Bounded(columnar::ByteSource& source_in) : source(source_in) {}
  Result<std::string_view> next() override {
    constexpr std::size_t kBytesMax = 8u << 20;
    auto piece = source.next();
    if (piece) sum += piece->size();
    return sum > kBytesMax ? Result<std::string_view>(std::string_view()) : piece;
  }
  columnar::ByteSource& source;
  std::size_t sum = 0;
};

}  // namespace

/// Whatever a file holds, packed or not: text, export, CSV or payloads.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto unpacked =
      columnar::unpack(columnar::bytes_of(std::string(reinterpret_cast<const char*>(data), size)));
  if (!unpacked) return 0;
  Bounded bytes(*unpacked->bytes);
  Checking visitor;
  if (const auto read = import::read_stream(bytes, std::nullopt, visitor); read) {
    WEIR_ASSERT(read->format.empty() || flow::Format::parse(read->format));
  }
  return 0;
}
