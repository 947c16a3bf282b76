// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/log.h"
#include "delivery/delivery_impl.h"

namespace weir::delivery {
namespace {

/// How often periods that are over are looked for.
constexpr Duration kCompactionPeriod = std::chrono::minutes(1);
/// The same after a failure: a damaged file stays damaged.
constexpr Duration kCompactionRetry = std::chrono::minutes(15);

}  // namespace

void Delivery::Impl::post_writer() {
  if (is_writer_posted.exchange(true)) return;
  runtime.post([this] {
    is_writer_posted = false;
    write_files(false);
    compact();
  });
}

std::vector<Delivery::Impl::DueSlot> Delivery::Impl::due_slots(bool is_everything) {
  const std::lock_guard has_turn(turn);
  std::vector<DueSlot> due;
  for (const auto& [slot, waiting] : journal.slots()) {
    const auto known = journal.flow_logs().find(slot.flow_log_id);
    if (known == journal.flow_logs().end()) continue;  // given up
    if (!is_everything && !may_try(known->second)) continue;
    // Records of a slot long ago (a late window, an imported file) gather for a while, too.
    const Time complete =
        std::max(slot.start + config.file_slot, waiting.first_taken) + config.file_delay;
    const bool is_over =
        is_everything || deleted.contains(slot.flow_log_id) || runtime.now() >= complete;
    if (is_over) {
      due.push_back({known->second, slot, waiting.bytes});
    } else if (waiting.bytes >= config.file_text_bytes_max) {
      due.push_back({known->second, slot, 1});  // one full file; the rest waits for more
    }
  }
  return due;
}

Result<void> Delivery::Impl::write_slot(const DueSlot& due) {
  for (std::uint64_t left = due.bytes; left > 0;) {
    std::vector<Journal::Chunk> chunks;
    {
      const std::lock_guard has_turn(turn);
      if (!journal.slots().contains(due.slot)) return {};
      WEIR_TRY(chunks, journal.chunks(due.slot, config.file_text_bytes_max));
    }
    if (chunks.empty())
      return Error{ErrorKind::internal, "InternalError",
                   "lines of a slot are missing in the store"};
    WEIR_TRY(const std::uint64_t unfit, object_writer.put(*due.flow_log, due.slot.start, chunks));
    intake.lose(due.flow_log, "", unfit);
    std::uint64_t written = 0;
    for (const Journal::Chunk& chunk : chunks) written += chunk.lines.size();
    left -= std::min(left, written);
    store::WriteBatch also;
    compactor.note_written(*due.flow_log, due.slot.start, also);
    const std::lock_guard has_turn(turn);
    WEIR_CHECK(journal.erase(due.slot, chunks, std::move(also)));
  }
  return {};
}

void Delivery::Impl::write_files(bool is_everything) {
  const std::lock_guard writes(file_turn);
  for (const DueSlot& due : due_slots(is_everything)) {
    {
      const std::lock_guard has_turn(turn);
      if (!is_everything && !may_try(due.flow_log)) continue;  // failed at an earlier slot
    }
    const auto written = write_slot(due);
    const std::lock_guard has_turn(turn);
    if (written) {
      succeeded(due.flow_log);
    } else {
      failed(due.flow_log, written.error());
    }
    backlog.set(static_cast<std::int64_t>(journal.bytes()));
  }
}

void Delivery::Impl::compact() {
  if (!config.compaction.is_on) return;
  const std::lock_guard writes(file_turn);
  if (runtime.now() < next_compaction) return;
  next_compaction = runtime.now() + kCompactionPeriod;
  const auto next_sequence = [this](store::WriteBatch& batch) {
    const std::lock_guard has_turn(turn);
    return journal.take_sequence(batch);
  };
  if (!compactor.run(runtime.now(), next_sequence))
    next_compaction = runtime.now() + kCompactionRetry;
}

}  // namespace weir::delivery
