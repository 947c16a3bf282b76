// SPDX-License-Identifier: Apache-2.0
#include "insights/commands/steps.h"

namespace weir::insights {
namespace {

class ComputeStep : public Step {
 public:
  ComputeStep(ExpressionPtr expression, Slot slot)
      : expression_(std::move(expression)), slot_(slot) {}
  Result<void> apply(Batch& batch, const RunContext& run) const override {
    batch.set(slot_, evaluate(*expression_, batch, run));
    return {};
  }
  std::vector<Slot> reads() const override {
    std::vector<Slot> slots;
    collect_slots(*expression_, slots);
    return slots;
  }
  bool is_rowwise() const override { return true; }

 private:
  ExpressionPtr expression_;
  Slot slot_;
};

}  // namespace

std::unique_ptr<Step> make_compute_step(ExpressionPtr expression, Slot slot) {
  return std::make_unique<ComputeStep>(std::move(expression), slot);
}

Result<void> compile_fields(Compiler& c) {
  for (std::size_t count = 0;; ++count) {
    if (count == Limits::kItemsMax) return c.unexpected("at most 256 fields");
    WEIR_TRY(Compiler::Item item, c.item());
    const Slot slot = c.slot_of(std::move(item.expression));
    c.show(item.name, slot);
    c.define(item.name, slot);
    WEIR_TRY(const bool more, c.take_symbol(","));
    if (!more) return {};
  }
}

}  // namespace weir::insights
