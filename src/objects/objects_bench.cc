// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <thread>
#include <vector>

#include "objects/objects.h"

namespace weir::objects {
namespace {

namespace fs = std::filesystem;

constexpr int kManyObjects = 1'000'000;

/// Keys as flow-log delivery makes them, all in one folder, each with its metadata. Made once.
class Many {
 public:
  Many() {
    std::string name = (fs::temp_directory_path() / "weir-bench-XXXXXX").string();
    WEIR_ASSERT(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
    objects_ = std::make_unique<Objects>(runtime_,
                                         Objects::Config{.folder = folder_, .is_durable = false});
    WEIR_ASSERT(objects_->load());
    WEIR_ASSERT(objects_->create_bucket(scope_, "many"));
    std::vector<std::thread> writers;
    for (int writer = 0; writer < 2; ++writer) {
      writers.emplace_back([this, writer] {
        for (int i = writer; i < kManyObjects; i += 2) {
          WEIR_ASSERT(objects_->put(scope_, "many", key(i), PutSource::bytes("x")));
        }
      });
    }
    for (auto& writer : writers) writer.join();
  }
  ~Many() {
    objects_.reset();
    fs::remove_all(folder_);
  }
  static std::string key(int number) {
    std::string text = std::to_string(number);
    return "123456789010_vpcflowlogs_us-east-1_fl-" + std::string(8 - text.size(), '0') + text +
           ".log.gz";
  }
  Objects& objects() { return *objects_; }
  void forget() {
    objects_ = std::make_unique<Objects>(runtime_,
                                         Objects::Config{.folder = folder_, .is_durable = false});
    WEIR_ASSERT(objects_->load());
  }
  const Scope scope_;

 private:
  SystemRuntime runtime_{1};
  fs::path folder_;
  std::unique_ptr<Objects> objects_;
};

ListQuery behind(std::string after) {
  ListQuery query;
  query.after = std::move(after);
  return query;
}

Many& many() {
  static Many made;
  return made;
}

/// The same listing goes on page by page, as clients do.
void page_of_a_thousand(benchmark::State& state) {
  Many& store = many();
  std::string after = Many::key(kManyObjects / 2);
  WEIR_ASSERT(store.objects().list(store.scope_, "many", behind(after)));  // remembered then
  for (auto _ : state) {
    const auto listing = store.objects().list(store.scope_, "many", behind(after));
    WEIR_ASSERT(listing && listing->objects.size() == 1000);
    after = listing->next_after;
  }
}
BENCHMARK(page_of_a_thousand)->Unit(benchmark::kMillisecond)->Iterations(50);

/// The first page after a start, or after another program changed the folder.
void first_page(benchmark::State& state) {
  Many& store = many();
  for (auto _ : state) {
    state.PauseTiming();
    store.forget();
    state.ResumeTiming();
    const auto listing = store.objects().list(store.scope_, "many", {});
    WEIR_ASSERT(listing && listing->objects.size() == 1000);
  }
}
BENCHMARK(first_page)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
}  // namespace weir::objects
