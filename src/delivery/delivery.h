// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/result.h"
#include "base/runtime.h"
#include "base/scope.h"
#include "delivery/compactor.h"
#include "delivery/intake.h"
#include "delivery/stream_transport.h"
#include "flow/context.h"
#include "flow/record.h"
#include "store/kv_store.h"

namespace weir::vpc {
class Network;
}
namespace weir::logs {
class Logs;
}
namespace weir::objects {
class Objects;
}

namespace weir::delivery {

/// From closed flow records to the destinations of the flow logs that cover their interface:
/// CloudWatch Logs at once, S3 in files by time and size, delivery streams in requests.
///
/// A record that was taken from the queue is in the store before anything else happens to it (S3,
/// streams), or in the log group (CloudWatch Logs). What a destination refuses is kept in the
/// store, tried again, and shown in DescribeFlowLogs. A file that was written twice because of a
/// crash has the same key and the same or more records, so no record is in two files. A request to
/// a stream is repeated unchanged and with the same id until it is taken, so the receiver can tell.
///
/// Threads: accept() from any capture thread; it never waits for a destination or a disk.
/// Everything else runs on the runtime's workers: one drain at a time and, beside it, one writer of
/// files.
///
/// Limits: see Config. Records that do not fit the queue or the backlog are counted in
/// weir_delivery_records_skipped_total and told to the loss sink, and the flow log gets a SKIPDATA
/// record for the interface.
class Delivery {
 public:
  struct Config {
    /// A file holds the records whose `end` lies in one slot, and is written when the slot is over
    /// for file_delay.
    Duration file_slot = std::chrono::minutes(5);
    /// How long to wait for records of a slot that is over (records come when their window closes).
    Duration file_delay = std::chrono::minutes(1);
    std::uint64_t file_text_bytes_max =
        75u << 20;  // of text before compression; then the file is written
    std::size_t queue_bytes_max = 64u << 20;  // formatted records that are not in the store yet
    /// In the store, not delivered yet. One flow log can use half of it.
    std::uint64_t backlog_bytes_max = 1u << 30;
    /// A request to a delivery stream goes when so much waits, or for so long.
    std::size_t stream_records_max = 500;
    std::size_t stream_bytes_max = 5u << 20;
    Duration stream_delay = std::chrono::seconds(1);
    Compactor::Config compaction = {};
    Duration retry_delay_min = std::chrono::seconds(1);
    Duration retry_delay_max = std::chrono::minutes(1);
  };

  Delivery(Runtime& runtime, store::KvStore& store, vpc::Network& network, logs::Logs& logs,
           objects::Objects& objects, Config config, StreamTransport* streams = nullptr);
  ~Delivery();
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  /// Told of every loss, on a worker. Set before load().
  using LossSink = std::function<void(const Loss&)>;
  void on_loss(LossSink sink);
  /// Takes up what an earlier run left in the store. Call once, before the first accept().
  Result<void> load();
  /// Records of one interface; they may be forgotten when this returns.
  void accept(const Scope& scope, const flow::Context& interface,
              std::span<const flow::Record> records);
  /// Delivers everything now, unfinished slots too; requests to streams are sent, not waited for.
  /// The Error is the last that a destination gave; what it refused stays in the store.
  Result<void> flush();
  /// flush(), then accepts nothing more.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::delivery
