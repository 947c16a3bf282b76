// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "import/readers.h"

namespace {

using namespace weir;

constexpr std::uint64_t kRecordsMax = 100'000;  // of a stream that unpacks to very much

/// What every record must be.
struct Checking final : import::Visitor {
  Result<void> on_batch(import::Batch& batch) override {
    std::string joined;
    for (std::size_t row = 0; row < batch.size(); ++row) {
      const std::string_view line = batch.line(row, joined);
      WEIR_ASSERT(batch.number(row) > 0);
      WEIR_ASSERT(std::count(line.begin(), line.end(), ' ') + 1 ==
                  static_cast<std::ptrdiff_t>(batch.format().fields().size()));
      (void)batch.time_of(row);
      (void)batch.rows().fits(row);
    }
    records += batch.size();
    if (records > kRecordsMax) return Error{ErrorKind::limit, "Enough", "enough"};
    return {};
  }
  void on_damage(import::Damage damage) override { WEIR_ASSERT(!damage.reason.empty()); }
  std::uint64_t records = 0;
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
