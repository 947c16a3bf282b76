// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <utility>

#include "base/counters.h"
#include "base/log.h"
#include "logs/block.h"
#include "logs/logs_impl.h"

// Flow logs and agents put few events at a time. Their blocks cost more bytes and more time to read
// than large ones, so a stream's small blocks become larger ones in the background. As in other
// stores of this kind a block is merged with others of about its size, so that an event is packed
// again but a few times before it is in a full block.
namespace weir::logs {
namespace {

constexpr std::size_t kBlocksMin = 8;  // of about the same size at the end of a stream
constexpr std::size_t kBlocksMax = 4096;
constexpr std::uint64_t kMergedEventsMax = 32'768;
constexpr std::uint64_t kMergedBytesMax = 4u << 20;

/// Blocks of one tier have up to eight times as many events as each other.
int tier(const BlockInfo& block) { return static_cast<int>(std::bit_width(block.count)) / 3; }

/// Neighbours that may become one block.
struct Neighbours {
  std::vector<StoredBlock> blocks = {};
  BlockInfo sum = {};

  bool takes(const BlockInfo& block) const {
    return blocks.empty() ||
           (blocks.size() < kBlocksMax && sum.count + block.count <= kMergedEventsMax &&
            sum.message_bytes + block.message_bytes <= kMergedBytesMax &&
            std::max(sum.last, block.last) - sum.first <= kBlockSpanMax);
  }
  void add(std::string_view key, const BlockInfo& block) {
    if (blocks.empty()) sum = {.first = block.first, .last = block.last, .ingestion = {}};
    sum.count += block.count;
    sum.message_bytes += block.message_bytes;
    sum.last = std::max(sum.last, block.last);
    blocks.push_back({std::string(key), block});
  }
  /// The last ones that are enough of about the same size, where those that are smaller count as
  /// the one that they become; none: not yet.
  std::span<const StoredBlock> enough_at_end() const {
    std::size_t enough_from = blocks.size();
    std::size_t begin = blocks.size();
    std::size_t count = 0;
    for (int highest = 0; begin > 0; ++highest) {
      for (; begin > 0 && tier(blocks[begin - 1].info) <= highest; --begin) ++count;
      if (count < kBlocksMin) continue;
      enough_from = begin;
      count = 1;
    }
    return std::span(blocks).subspan(enough_from);
  }
};

}  // namespace

void note_small_block(LogStream& stream, const BlockInfo& block) {
  if (!is_small(block)) return;
  ++stream.small_blocks;
  stream.small_blocks_from_ms =
      std::min(stream.small_blocks_from_ms.value_or(block.first.ms), block.first.ms);
}

void Logs::Impl::note_mergeable(const Scope& scope, const GroupState& group,
                                const std::shared_ptr<StreamState>& stream) {
  if (stream->data.small_blocks < static_cast<std::int64_t>(kBlocksMin)) return;
  auto locked = mergeable.lock();
  if (locked->contains({scope, stream->data.id})) return;
  locked->emplace(std::pair(scope, stream->data.id),
                  MergeTarget{scope, group.data.name, group.data.id, stream});
}

void Logs::Impl::merge_blocks() {
  std::vector<MergeTarget> targets;
  {
    auto locked = mergeable.lock();
    for (const auto& [key, target] : *locked) targets.push_back(target);
  }
  // Each gets its turn: the one that stands first changes.
  if (!targets.empty()) {
    const auto first = static_cast<std::ptrdiff_t>(runtime.random_below(targets.size()));
    std::ranges::rotate(targets, targets.begin() + first);
  }
  std::size_t bytes_left = config.merge_bytes_max;
  for (const MergeTarget& target : targets) {
    if (bytes_left == 0) return;
    if (const auto merged = merge_stream(target, bytes_left); !merged) {
      log::warn("cannot merge blocks of log events, will retry",
                {{"group", target.group}, {"error", merged.error().message}});
      if (merged.error().kind == ErrorKind::unavailable) return;  // it is the store, not the stream
    }
  }
}

/// Merges small blocks that stand between full ones at once, those at the end when there are
/// enough.
Result<void> Logs::Impl::merge_stream(const MergeTarget& target, std::size_t& bytes_left) {
  const std::lock_guard one_at_a_time(maintenance);
  const auto merge = [&](std::span<const StoredBlock> blocks) -> Result<void> {
    std::uint64_t bytes = 0;
    for (const StoredBlock& block : blocks) bytes += block.info.message_bytes;
    bytes_left -= std::min<std::size_t>(bytes, bytes_left);
    return blocks.size() < 2 ? Result<void>() : merge_into_one(target, blocks);
  };
  LogStream stream;
  {
    auto locked = state.lock();
    stream = target.stream->data;
  }
  const std::string prefix = events_key(target.scope, target.group_id);
  const std::string end = block_key(prefix, stream.id + 1, Time{0}, 0);
  Neighbours neighbours;
  bool is_complete = true;
  const auto cursor = store.cursor();  // before the look at what is awaited
  WEIR_TRY(const Time awaited, arrivals.oldest_awaited(target.scope, target.group));
  for (cursor->seek(block_key(prefix, stream.id, Time{stream.small_blocks_from_ms.value_or(0)}, 0));
       cursor->valid() && cursor->key() < end; cursor->next()) {
    WEIR_TRY(const BlockInfo block, BlockInfo::read(cursor->value()));
    if (block.ingestion >= awaited || bytes_left == 0) {
      if (neighbours.blocks.empty()) neighbours.sum.first = block.first;
      is_complete = false;
      break;
    }
    if (!is_small(block) || !neighbours.takes(block)) {
      WEIR_CHECK(merge(neighbours.blocks));
      neighbours = {};
    }
    if (is_small(block)) neighbours.add(cursor->key(), block);
  }
  WEIR_CHECK(cursor->status());
  WEIR_CHECK(merge(neighbours.enough_at_end()));

  const bool has_rest = !is_complete || !neighbours.blocks.empty();
  auto locked = state.lock();  // written with the next put; until then a restart looks again
  LogStream& now = target.stream->data;
  if (now.small_blocks_from_ms == stream.small_blocks_from_ms) {
    now.small_blocks_from_ms.reset();
    if (has_rest) now.small_blocks_from_ms = neighbours.sum.first.ms;
  }
  if (is_complete) now.small_blocks -= stream.small_blocks;
  if (now.small_blocks < static_cast<std::int64_t>(kBlocksMin)) {
    mergeable.lock()->erase({target.scope, stream.id});
  }
  return {};
}

Result<void> Logs::Impl::merge_into_one(const MergeTarget& target,
                                        std::span<const StoredBlock> blocks) {
  static Counter& merged = counter("weir_logs_blocks_merged_total",
                                   "Small blocks of log events that became part of larger ones.");
  std::vector<Block> unpacked;
  for (const StoredBlock& stored : blocks) {
    WEIR_TRY(auto bytes, store.get(stored.key));
    if (!bytes) return {};  // the stream was deleted
    WEIR_TRY(Block block, Block::read(*std::move(bytes)));
    WEIR_CHECK(block.unpack_messages());
    unpacked.push_back(std::move(block));
  }
  store::WriteBatch batch;
  for (const StoredBlock& stored : blocks.subspan(1)) batch.erase(stored.key);
  batch.put(blocks.front().key, BlockWriter::merge(unpacked));  // has the smallest timestamp
  Time last;
  for (const StoredBlock& stored : blocks) last = std::max(last, stored.info.last);

  StreamState& stream = *target.stream;
  const std::lock_guard writing(stream.writing);
  if (stream.is_deleted) return {};
  const std::int64_t span_ms = (last - blocks.front().info.first).count();
  LogStream updated;
  {  // before the write: a reader that sees the new block looks far enough back for it
    auto locked = state.lock();
    stream.data.block_span_ms_max = std::max(stream.data.block_span_ms_max, span_ms);
    updated = stream.data;
  }
  batch.put(stream_key(target.scope, target.group, updated.name), pack_stream(updated));
  WEIR_CHECK(store.write(batch));
  merged.add(blocks.size());
  return {};
}

}  // namespace weir::logs
