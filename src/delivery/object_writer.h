// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "base/counters.h"
#include "base/result.h"
#include "base/runtime.h"
#include "delivery/journal.h"
#include "delivery/subscription.h"
#include "objects/objects.h"

namespace weir::delivery {

/// 8 hexadecimal digits that differ for all sequence numbers below 2^32.
std::string file_hash(std::uint64_t sequence);

/// Flow records as files in a bucket.
class ObjectWriter {
 public:
  explicit ObjectWriter(objects::Objects& objects) : objects_(objects) {}

  /// Writes the chunks as one object. Its key follows from the slot and the first chunk's sequence
  /// number, so that a repetition after a crash replaces the object. Returns how many records do
  /// not fit their columns and are left out.
  Result<std::uint64_t> put(const Subscription& flow_log, Time slot,
                            std::span<const Journal::Chunk> chunks);

 private:
  Result<void> put_text(const Subscription& flow_log, const std::string& key,
                        std::span<const Journal::Chunk> chunks);
  Result<std::uint64_t> put_parquet(const Subscription& flow_log, const std::string& key,
                                    std::span<const Journal::Chunk> chunks);
  /// Returns how many records were left out.
  Result<std::uint64_t> write_parquet(const Subscription& flow_log,
                                      std::span<const Journal::Chunk> chunks,
                                      const std::filesystem::path& file);

  objects::Objects& objects_;
  Counter& files_ = counter("weir_delivery_files_total", "Flow-log files written to buckets.");
  Counter& refused_ = counter("weir_delivery_records_unfit_total",
                              "Flow records that do not fit the columns of their Parquet file.");
};

}  // namespace weir::delivery
