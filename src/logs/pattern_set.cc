// SPDX-License-Identifier: Apache-2.0
#include "logs/pattern_set.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "logs/filter_pattern_impl.h"

namespace weir::logs {

struct PatternSet::Impl {
  struct Delimited {
    DelimitedMatcher matcher;
    std::vector<std::size_t> places;
  };
  struct Other {
    std::size_t place;
    std::shared_ptr<const FilterPattern::Impl> pattern;
  };
  std::size_t size = 0;
  std::vector<Delimited> delimited;
  std::vector<Other> others;
};

PatternSet::PatternSet() : PatternSet(std::span<const FilterPattern>()) {}

PatternSet::PatternSet(std::span<const FilterPattern> patterns) {
  auto impl = std::make_shared<Impl>();
  impl->size = patterns.size();
  std::vector<const DelimitedPattern*> together;
  std::vector<std::size_t> places;
  const auto finish_group = [&] {
    if (together.empty()) return;
    impl->delimited.push_back({DelimitedMatcher(together), std::exchange(places, {})});
    together.clear();
  };
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    const auto* delimited = std::get_if<DelimitedPattern>(&patterns[i].impl_->dialect);
    if (delimited == nullptr) {
      impl->others.push_back({i, patterns[i].impl_});
      continue;
    }
    together.push_back(delimited);
    places.push_back(i);
    if (together.size() == DelimitedMatcher::kPatternsMax) finish_group();
  }
  finish_group();
  impl_ = std::move(impl);
}

std::size_t PatternSet::size() const { return impl_->size; }

void PatternSet::match(Subject& subject, std::vector<std::size_t>& matched) const {
  matched.clear();
  Subject::State& state = subject.state();
  for (const Impl::Delimited& group : impl_->delimited) {
    for (auto left = group.matcher.match(state.fields); left != 0; left &= left - 1) {
      matched.push_back(group.places[static_cast<std::size_t>(std::countr_zero(left))]);
    }
  }
  const std::size_t delimited = matched.size();
  for (const Impl::Other& other : impl_->others) {
    if (other.pattern->matches(state)) matched.push_back(other.place);
  }
  if (delimited > 0 && matched.size() > delimited) std::ranges::sort(matched);
}

}  // namespace weir::logs
