// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <new>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/counters.h"
#include "logs/arrivals.h"
#include "logs/block.h"
#include "logs/logs_test_world.h"

namespace {
thread_local std::uint64_t bytes_allocated = 0;
}  // namespace

// Counts what a call builds up, whatever it is for. Not inlined: g++ would see free() beside new.
[[gnu::noinline]] void* operator new(std::size_t size) {
  bytes_allocated += size;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace weir::logs {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// A store that counts what is asked of it.
class WatchedStore final : public store::KvStore {
 public:
  struct Counts {
    std::size_t moves = 0;
    std::vector<std::pair<std::string, std::string>> reclaimed;
    bool reclaim_fails = false;
    std::function<void()> before_cursor;
  };

  WatchedStore(std::unique_ptr<store::KvStore> inner, Counts& counts)
      : inner_(std::move(inner)), counts_(counts) {}

  Result<std::optional<std::string>> get(std::string_view key) const override {
    return inner_->get(key);
  }
  Result<void> write(const store::WriteBatch& batch) override { return inner_->write(batch); }
  Result<void> reclaim(std::string_view from, std::string_view to) override {
    if (counts_.reclaim_fails) return Error{ErrorKind::unavailable, "ServiceUnavailable", "full"};
    counts_.reclaimed.emplace_back(from, to);
    return inner_->reclaim(from, to);
  }
  std::unique_ptr<store::Cursor> cursor() const override {
    if (const auto hook = std::exchange(counts_.before_cursor, nullptr)) hook();
    return std::make_unique<Walk>(inner_->cursor(), counts_);
  }

 private:
  class Walk final : public store::Cursor {
   public:
    Walk(std::unique_ptr<store::Cursor> inner, Counts& counts)
        : inner_(std::move(inner)), counts_(counts) {}
    bool valid() const override { return inner_->valid(); }
    std::string_view key() const override { return inner_->key(); }
    std::string_view value() const override { return inner_->value(); }
    void next() override { ++counts_.moves, inner_->next(); }
    void previous() override { ++counts_.moves, inner_->previous(); }
    void seek(std::string_view key) override { ++counts_.moves, inner_->seek(key); }
    void seek_back(std::string_view key) override { ++counts_.moves, inner_->seek_back(key); }
    Result<void> status() const override { return inner_->status(); }

   private:
    std::unique_ptr<store::Cursor> inner_;
    Counts& counts_;
  };

  std::unique_ptr<store::KvStore> inner_;
  Counts& counts_;
};

struct ScaleWorld : TestWorld {
  explicit ScaleWorld(std::unique_ptr<store::KvStore> inner = store::make_memory_store()) {
    logs.reset();
    store = std::make_unique<WatchedStore>(std::move(inner), counts);
    start();
    create_group();
  }
  ~ScaleWorld() { logs.reset(); }
  void put_lines(const std::string& stream, int puts, const std::string& group = "/vpc/flow") {
    for (int i = 0; i < puts; ++i) {
      ASSERT_TRUE(put({{now_ms(), "line " + std::to_string(lines++)}}, stream, group));
    }
  }
  std::unique_ptr<Arrivals::Follower> follow(const std::string& group = "/vpc/flow") {
    return logs->arrivals().follow(
        scope, std::nullopt, [group](std::string_view name) { return name == group; }, [] {});
  }
  std::size_t blocks() const {
    std::size_t count = 0;
    EXPECT_TRUE(store->scan("logs/", [&](std::string_view key, std::string_view) {
      count += key.find("/e/") != key.npos;
      return true;
    }));
    return count;
  }
  void wait_for_merge() { runtime.advance(config.merge_period * 3); }

  WatchedStore::Counts counts;
  int lines = 0;
};

std::vector<std::string> messages_of(Arrivals::Follower& follower) {
  std::vector<std::string> messages;
  const auto part = follower.read(1000);
  WEIR_ASSERT(part);
  for (const auto& arrival : part->arrivals) {
    for (std::size_t i = 0; i < arrival.block.size(); ++i) {
      messages.emplace_back(arrival.block.message(i));
    }
  }
  follower.advance(part->next);
  return messages;
}

// ---- Many streams -------------------------------------------------------------------------------

/// Bytes that the second page of a group's streams takes.
std::uint64_t bytes_of_page(const ScaleWorld& world, Logs::StreamQuery query) {
  query.limit = 50;
  query.after = world.logs->log_streams(world.scope, "/vpc/flow", query)->next;
  const std::uint64_t before = bytes_allocated;
  const auto page = world.logs->log_streams(world.scope, "/vpc/flow", query);
  EXPECT_TRUE(page);
  EXPECT_THAT(page->items, SizeIs(50));
  return bytes_allocated - before;
}

TEST(ManyStreams, APageCostsTheSameWhateverTheirNumber) {
  ScaleWorld few;
  ScaleWorld many;
  for (int i = 0; i < 200; ++i) few.create_stream("stream-" + std::to_string(10'000 + i));
  for (int i = 0; i < 5'000; ++i) many.create_stream("stream-" + std::to_string(10'000 + i));
  for (const bool by_last_event : {false, true}) {
    for (const bool descending : {false, true}) {
      const Logs::StreamQuery query{.by_last_event = by_last_event, .descending = descending};
      EXPECT_LE(bytes_of_page(many, query), bytes_of_page(few, query) * 2)
          << by_last_event << descending;
    }
  }
}

TEST(ManyStreams, PagesByLastEventHaveEachStreamOnceInOrder) {
  ScaleWorld world;
  const std::int64_t start = world.now_ms();
  for (int i = 0; i < 100; ++i) {
    const std::string name = "stream-" + std::to_string(100 + i);
    world.create_stream(name);
    if (i % 3 == 0) continue;
    ASSERT_TRUE(world.put({{start - 1000 * ((i * 37) % 50), "a"}}, name));
  }
  ASSERT_TRUE(world.put({{start + 5, "newest"}}, "stream-150"));
  ASSERT_TRUE(world.logs->delete_log_stream(world.scope, "/vpc/flow", "stream-151"));
  for (const bool restarted : {false, true}) {
    if (restarted) world.restart();
    std::vector<std::pair<std::int64_t, std::string>> forward;
    std::vector<std::pair<std::int64_t, std::string>> backward;
    for (auto* seen : {&forward, &backward}) {
      Logs::StreamQuery query{.by_last_event = true, .descending = seen == &backward, .limit = 7};
      do {
        const auto page = world.logs->log_streams(world.scope, "/vpc/flow", query);
        ASSERT_TRUE(page);
        for (const LogStream& stream : page->items) {
          seen->emplace_back(stream.last_event_ms.value_or(-1), stream.name);
        }
        query.after = page->next;
      } while (!query.after.empty());
    }
    EXPECT_THAT(forward, SizeIs(99));
    EXPECT_TRUE(std::ranges::is_sorted(forward));
    EXPECT_EQ(forward.back().second, "stream-150");
    std::ranges::reverse(backward);
    EXPECT_EQ(forward, backward);
  }
}

TEST(ManyStreams, ARoundOfMergingLooksOnlyAtStreamsWithSmallBlocks) {
  ScaleWorld world;
  for (int i = 0; i < 1'000; ++i) {
    world.create_stream("quiet-" + std::to_string(i));
    world.put_lines("quiet-" + std::to_string(i), 1);
  }
  world.create_stream("busy");
  world.put_lines("busy", 20);
  const auto moves_of_round = [&world] {
    world.counts.moves = 0;
    world.runtime.advance(world.config.merge_period);
    return world.counts.moves;
  };
  EXPECT_LT(moves_of_round(), 100u);
  EXPECT_EQ(world.blocks(), 1'001u);
  EXPECT_LT(moves_of_round(), 10u);
}

// ---- Followers that are behind ------------------------------------------------------------------

TEST(WaitingFollowers, AStartDoesNotLookAtEachPointer) {
  const auto moves_of_start = [](int puts) {
    ScaleWorld world;
    world.create_stream();
    auto follower = world.follow();
    world.put_lines("eni-1", puts);
    follower.reset();
    world.counts.moves = 0;
    world.restart();
    return world.counts.moves;
  };
  EXPECT_EQ(moves_of_start(10), moves_of_start(1'000));
}

TEST(WaitingFollowers, BeyondTheBoundTheOldestAreGivenUpAndCounted) {
  ScaleWorld world;
  world.config.arrivals_waiting_max = 3;
  world.restart();
  world.create_stream();
  const auto behind = world.follow();
  const auto ahead = world.follow();
  world.logs->arrivals().start();
  const auto given_up = [] { return counter("weir_logs_arrivals_given_up_total", "").value(); };
  const std::uint64_t before = given_up();
  world.put_lines("eni-1", 7);
  EXPECT_THAT(messages_of(*ahead), SizeIs(7));
  world.put_lines("eni-1", 3);
  world.logs->arrivals().trim();
  EXPECT_EQ(given_up() - before, 7u);
  EXPECT_THAT(messages_of(*behind), ElementsAre("line 7", "line 8", "line 9"));
  EXPECT_THAT(messages_of(*ahead), ElementsAre("line 7", "line 8", "line 9"));
  const auto all = world.logs->get_events(world.scope, "/vpc/flow", "eni-1", {});
  EXPECT_THAT(all->events, SizeIs(10));
}

TEST(WaitingFollowers, OnlyTheirOwnGroupsAreNotMerged) {
  ScaleWorld world;
  world.create_group("/other");
  world.create_stream();
  world.create_stream("eni-1", "/other");
  const auto follower = world.follow();
  world.logs->arrivals().start();
  world.put_lines("eni-1", 20);
  world.put_lines("eni-1", 20, "/other");
  world.wait_for_merge();
  EXPECT_EQ(world.blocks(), 21u);
  EXPECT_THAT(messages_of(*follower), SizeIs(20));
  world.wait_for_merge();
  EXPECT_EQ(world.blocks(), 2u);
}

// An event that comes when a round of merging has begun is not merged away under a follower that
// had passed all others.
TEST(WaitingFollowers, SeeWhatComesInTheMiddleOfARoundOfMerging) {
  ScaleWorld world;
  world.create_stream();
  const auto follower = world.follow();
  world.logs->arrivals().start();
  world.put_lines("eni-1", 20);
  EXPECT_THAT(messages_of(*follower), SizeIs(20));
  world.logs->arrivals().trim();
  world.counts.before_cursor = [&] { world.put_lines("eni-1", 1); };
  world.runtime.advance(world.config.merge_period);
  EXPECT_EQ(world.lines, 21);
  EXPECT_THAT(messages_of(*follower), ElementsAre("line 20"));
}

// ---- Disk space ---------------------------------------------------------------------------------

/// Events of a mebibyte.
void put_mebibytes(ScaleWorld& world, const std::string& stream, int count) {
  std::mt19937 random(9);
  std::string text(Logs::kBatchBytesMax - Logs::kEventBytesOverhead, ' ');
  for (char& c : text) c = static_cast<char>('A' + random() % 64);
  for (int i = 0; i < count; ++i) ASSERT_TRUE(world.put({{world.now_ms(), text}}, stream));
}

TEST(DiskSpace, ComesBackOnceEnoughWasDeleted) {
  ScaleWorld world;
  for (const auto* name : {"a", "b", "c"}) world.create_stream(name);
  put_mebibytes(world, "a", 40);
  put_mebibytes(world, "b", 30);
  put_mebibytes(world, "c", 1);
  ASSERT_TRUE(world.logs->delete_log_stream(world.scope, "/vpc/flow", "a"));
  world.wait_for_merge();
  EXPECT_THAT(world.counts.reclaimed, IsEmpty());  // too little
  world.counts.reclaim_fails = true;
  ASSERT_TRUE(world.logs->delete_log_stream(world.scope, "/vpc/flow", "b"));
  world.wait_for_merge();
  EXPECT_THAT(world.counts.reclaimed, IsEmpty());
  world.counts.reclaim_fails = false;  // it is tried again
  world.wait_for_merge();
  ASSERT_THAT(world.counts.reclaimed, SizeIs(2));
  EXPECT_LT(world.counts.reclaimed[0].first, world.counts.reclaimed[0].second);
  EXPECT_LE(world.counts.reclaimed[0].second, world.counts.reclaimed[1].first);
  world.wait_for_merge();
  EXPECT_THAT(world.counts.reclaimed, SizeIs(2));  // once
}

TEST(DiskSpace, ComesBackWhenEventsExpire) {
  ScaleWorld world;
  world.create_stream();
  ASSERT_TRUE(world.logs->set_retention(world.scope, "/vpc/flow", 1));
  put_mebibytes(world, "eni-1", 65);
  world.runtime.advance(hours(23));
  EXPECT_THAT(world.counts.reclaimed, IsEmpty());
  world.runtime.advance(hours(3));
  EXPECT_THAT(world.counts.reclaimed, SizeIs(1));
  EXPECT_EQ(world.blocks(), 0u);
}

std::uint64_t bytes_in(const std::filesystem::path& folder) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    bytes += entry.is_regular_file() ? entry.file_size() : 0;
  }
  return bytes;
}

TEST(DiskSpace, FilesShrinkAfterAGroupWasDeleted) {
  char name[] = "/tmp/weir-logs-XXXXXX";
  ASSERT_NE(::mkdtemp(name), nullptr);
  const std::filesystem::path folder(name);
  {
    auto opened = store::open_rocksdb_store(folder.string());
    ASSERT_TRUE(opened);
    ScaleWorld world(*std::move(opened));
    world.create_group("/kept");
    world.create_stream("eni-1", "/kept");
    world.put_lines("eni-1", 3, "/kept");
    world.create_stream();
    put_mebibytes(world, "eni-1", 65);
    const std::uint64_t before = bytes_in(folder);
    EXPECT_GT(before, 45u << 20);
    ASSERT_TRUE(world.logs->delete_log_group(world.scope, "/vpc/flow"));
    world.wait_for_merge();
    EXPECT_LT(bytes_in(folder), before / 5);
    const auto kept = world.logs->get_events(world.scope, "/kept", "eni-1", {});
    ASSERT_TRUE(kept);
    EXPECT_THAT(kept->events, SizeIs(3));
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace weir::logs
