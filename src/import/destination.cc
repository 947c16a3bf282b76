// SPDX-License-Identifier: Apache-2.0
#include "import/destination.h"

namespace weir::import {
namespace {

class NoSink final : public SourceSink {
 public:
  Result<void> add(const Batch&, std::vector<Refused>&) override { return {}; }
  Result<void> finish(bool) override { return {}; }
};

class NoDestination final : public Destination {
 public:
  Result<Start> start(const SourceInfo&, const Sources&) override { return Start{}; }
  Result<std::unique_ptr<SourceSink>> open(const SourceInfo&, Start) override {
    return std::unique_ptr<SourceSink>(std::make_unique<NoSink>());
  }
};

}  // namespace

std::unique_ptr<Destination> no_destination() { return std::make_unique<NoDestination>(); }

}  // namespace weir::import
