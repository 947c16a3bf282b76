// SPDX-License-Identifier: Apache-2.0
#include "logs/block_search.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "logs/filter_pattern_impl.h"
#include "logs/token_columns.h"

namespace weir::logs {
namespace {

constexpr std::size_t kRememberingMax = 64;  // questions

/// What the columns tell of a block's rows.
struct Verdicts {
  RowSet matching;
  RowSet unknown;                // those of which they tell nothing; empty: none
  bool is_first_choice = false;  // those that match are to be looked at
};

void add(RowSet& set, std::size_t rows, const Answer& answer) {
  if (answer.fit == Fit::none) return;
  if (set.empty()) set.assign(rows, 0);
  answer.add_to(set);
}

// ---- Texts --------------------------------------------------------------------------------------

/// A text that is looked for in lines. Blanks part it into pieces that are in tokens next to each
/// other: the end of one, whole ones, the beginning of one.
class LiteralSearch {
 public:
  LiteralSearch(std::string_view literal, bool remembers) {
    using Place = PieceQuestion::Place;
    for (bool is_first = true;; is_first = false) {
      const std::string_view piece = literal.substr(0, literal.find(' '));
      const bool is_last = piece.size() == literal.size();
      pieces_.emplace_back(piece, is_first ? (is_last ? Place::anywhere : Place::end)
                                           : (is_last ? Place::begin : Place::whole));
      if (!remembers) pieces_.back().question.remember_nothing();
      if (pieces_.back().size > pieces_[longest_].size) longest_ = pieces_.size() - 1;
      if (is_last) break;
      literal.remove_prefix(piece.size() + 1);
    }
  }

  /// The rows with the text in their lines. Nothing: damaged.
  std::optional<Answer> find(TokenColumns& columns) {
    Answer found{Fit::none, {}};
    for (std::size_t first = 0; first + pieces_.size() <= columns.count(); ++first) {
      const auto here = find_at(columns, first);
      if (!here) return std::nullopt;
      if (here->fit == Fit::all) return here;
      if (here->fit == Fit::none) continue;
      found.fit = Fit::some;
      add(found.rows, columns.rows(), *here);
    }
    return found;
  }

 private:
  struct Piece {
    Piece(std::string_view text, PieceQuestion::Place place)
        : question(text, place), size(text.size()) {}
    PieceQuestion question;
    std::size_t size;
  };

  /// With the first piece in column `first`. What costs nothing is asked of all pieces before
  /// anything else of one.
  std::optional<Answer> find_at(TokenColumns& columns, std::size_t first) {
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      const auto guessed = columns.guess(first + i, pieces_[i].question);
      if (!guessed || *guessed == Fit::none) {
        return guessed ? std::optional(Answer{Fit::none, {}}) : std::nullopt;
      }
    }
    auto found = columns.ask(first + longest_, pieces_[longest_].question);
    for (std::size_t i = 0; i < pieces_.size() && found && found->fit != Fit::none; ++i) {
      if (i == longest_) continue;
      const RowSet* const asked = found->fit == Fit::some ? &found->rows : nullptr;
      auto other = columns.ask(first + i, pieces_[i].question, asked);
      if (!other) return std::nullopt;
      if (found->fit == Fit::all || other->fit == Fit::none) {
        found = std::move(other);
      } else {
        other->keep_in(found->rows);
      }
    }
    return found;
  }

  std::vector<Piece> pieces_;
  std::size_t longest_ = 0;
};

class TermsSearch {
 public:
  explicit TermsSearch(const TermsPattern& pattern) {
    // A term has a piece more than blanks.
    const auto pieces_of = [](const std::vector<TermsPattern::Term>& terms) {
      std::size_t pieces = 0;
      for (const TermsPattern::Term& term : terms) {
        pieces += 1 + static_cast<std::size_t>(std::ranges::count(term.literal(), ' '));
      }
      return pieces;
    };
    const bool remembers = pieces_of(pattern.required()) + pieces_of(pattern.excluded()) +
                               pieces_of(pattern.optional()) <=
                           kRememberingMax;
    for (const TermsPattern::Term& term : pattern.required()) {
      required_.emplace_back(term.literal(), remembers);
      needs_lines_ = needs_lines_ || term.regex;
    }
    for (const TermsPattern::Term& term : pattern.excluded()) {
      if (!term.regex) excluded_.emplace_back(term.text, remembers);
      needs_lines_ = needs_lines_ || term.regex;
    }
    for (const TermsPattern::Term& term : pattern.optional()) {
      optional_.emplace_back(term.literal(), remembers);
      needs_lines_ = needs_lines_ || term.regex;
    }
  }

  bool look(TokenColumns& columns, Verdicts& verdicts) {
    for (LiteralSearch& search : required_) {
      const auto found = search.find(columns);
      if (!found) return false;
      found->keep_in(verdicts.matching);
      if (std::ranges::find(verdicts.matching, 1) == verdicts.matching.end()) return true;
    }
    for (LiteralSearch& search : excluded_) {
      const auto found = search.find(columns);
      if (!found) return false;
      found->take_from(verdicts.matching);
    }
    if (!optional_.empty()) {
      RowSet any(columns.rows(), 0);
      for (LiteralSearch& search : optional_) {
        const auto found = search.find(columns);
        if (!found) return false;
        found->add_to(any);
      }
      Answer{Fit::some, std::move(any)}.keep_in(verdicts.matching);
    }
    verdicts.is_first_choice = needs_lines_;
    return true;
  }

 private:
  std::vector<LiteralSearch> required_;
  std::vector<LiteralSearch> excluded_;
  std::vector<LiteralSearch> optional_;
  bool needs_lines_ = false;
};

// ---- Fields -------------------------------------------------------------------------------------

/// Whether a token is not one field: it is empty, has white space in it, or opens a delimiter.
class NotAFieldQuestion final : public TokenQuestion {
 public:
  bool holds(std::string_view token) const override {
    return token.empty() || token[0] == '"' || token[0] == '[' ||
           std::ranges::any_of(token, is_blank);
  }

 protected:
  bool may_hold_number(std::uint64_t) const override { return false; }
  bool may_hold_address() const override { return false; }
};

class DelimitedSearch {
 public:
  explicit DelimitedSearch(const DelimitedPattern& pattern) : size_(pattern.size()) {
    pattern.each_test(
        [this](const DelimitedPattern::Place& place, const DelimitedPattern::Tests& tests) {
          tests_.push_back({place, TestsQuestion(tests)});
        });
  }

  bool look(TokenColumns& columns, Verdicts& verdicts) {
    if (!find_unknown(columns, verdicts.unknown)) return false;
    const std::size_t count = columns.count();
    bool may_match = count >= size_;
    std::vector<std::pair<std::size_t, TestsQuestion*>> left;  // columns and what to ask them
    for (Test& test : tests_) {
      if (!may_match) break;
      const DelimitedPattern::Place& place = test.place;
      if (place.takes_rest && count > place.distance + 1) {  // several tokens together
        verdicts.is_first_choice = true;
        continue;
      }
      const std::size_t column = place.from_right ? count - 1 - place.distance : place.distance;
      const auto guessed = columns.guess(column, test.question);
      if (!guessed) return false;
      may_match = *guessed != Fit::none;
      if (*guessed == Fit::some) left.emplace_back(column, &test.question);
    }
    RowSet& matching = verdicts.matching;
    if (!may_match) std::ranges::fill(matching, std::uint8_t{0});
    for (std::size_t i = 0; i < left.size() && may_match; ++i) {
      const auto answer = columns.ask(left[i].first, *left[i].second, &matching);
      if (!answer) return false;
      answer->keep_in(matching);
      may_match = std::ranges::find(matching, 1) != matching.end();
    }
    return true;
  }

 private:
  struct Test {
    DelimitedPattern::Place place;
    TestsQuestion question;
  };

  /// The rows whose tokens are not their fields.
  bool find_unknown(TokenColumns& columns, RowSet& unknown) {
    for (std::size_t column = 0; column < columns.count(); ++column) {
      const auto answer = columns.ask(column, not_a_field_);
      if (!answer) return false;
      add(unknown, columns.rows(), *answer);
    }
    return true;
  }

  std::size_t size_;
  std::vector<Test> tests_;
  NotAFieldQuestion not_a_field_;
};

// ---- JSON ---------------------------------------------------------------------------------------

/// Whether an object may begin with this token.
class ObjectQuestion final : public TokenQuestion {
 public:
  bool holds(std::string_view token) const override {
    const auto first = std::ranges::find_if_not(token, is_blank);
    return first == token.end() || *first == '{';
  }

 protected:
  bool may_hold_number(std::uint64_t) const override { return false; }
  bool may_hold_address() const override { return false; }
};

class JsonSearch {
 public:
  bool look(TokenColumns& columns, Verdicts& verdicts) {
    const auto answer = columns.ask(0, may_be_object_);
    if (!answer) return false;
    answer->keep_in(verdicts.matching);
    verdicts.is_first_choice = true;
    return true;
  }

 private:
  ObjectQuestion may_be_object_;
};

struct Everything {
  bool look(TokenColumns&, Verdicts&) { return true; }
};

}  // namespace

// ---- Blocks -------------------------------------------------------------------------------------

struct BlockSearch::Impl {
  FilterPattern pattern;
  std::variant<Everything, TermsSearch, JsonSearch, DelimitedSearch> search;
  std::vector<std::string> literals;  // for blocks that are stored as text
  Subject subject;

  explicit Impl(FilterPattern of) : pattern(std::move(of)), literals(pattern.required_literals()) {}
  bool matches(std::string_view message) {
    subject.reset(message);
    return pattern.matches(subject);
  }
  Result<void> keep_in_text(Block& block, std::vector<std::uint32_t>& rows);
  Result<void> keep_in_columns(Block& block, std::vector<std::uint32_t>& rows);
};

BlockSearch::BlockSearch(FilterPattern pattern)
    : impl_(std::make_unique<Impl>(std::move(pattern))) {
  const auto& dialect = impl_->pattern.impl_->dialect;
  if (const auto* const terms = std::get_if<TermsPattern>(&dialect)) {
    impl_->search.emplace<TermsSearch>(*terms);
  } else if (const auto* const delimited = std::get_if<DelimitedPattern>(&dialect)) {
    impl_->search.emplace<DelimitedSearch>(*delimited);
  } else if (std::holds_alternative<JsonPattern>(dialect)) {
    impl_->search.emplace<JsonSearch>();
  }
}
BlockSearch::~BlockSearch() = default;
BlockSearch::BlockSearch(BlockSearch&&) noexcept = default;
BlockSearch& BlockSearch::operator=(BlockSearch&&) noexcept = default;

Result<void> BlockSearch::keep_matching(Block& block, std::vector<std::uint32_t>& rows) {
  if (rows.empty() || std::holds_alternative<Everything>(impl_->search)) return {};
  return block.columns() == nullptr ? impl_->keep_in_text(block, rows)
                                    : impl_->keep_in_columns(block, rows);
}

Result<void> BlockSearch::Impl::keep_in_text(Block& block, std::vector<std::uint32_t>& rows) {
  WEIR_CHECK(block.unpack_messages());
  for (const std::string& literal : literals) block.keep_with(literal, rows);
  std::erase_if(rows, [&](std::uint32_t row) { return !matches(block.message(row)); });
  return {};
}

Result<void> BlockSearch::Impl::keep_in_columns(Block& block, std::vector<std::uint32_t>& rows) {
  const ColumnReader& reader = *block.columns();
  TokenColumns columns(reader, block.column_bytes());
  Verdicts verdicts{RowSet(block.size(), 0), {}};
  for (const std::uint32_t row : rows) verdicts.matching[row] = 1;
  const bool is_good = std::visit([&](auto& of) { return of.look(columns, verdicts); }, search);
  if (!is_good) return Block::damaged_columns();

  if (verdicts.unknown.empty()) verdicts.unknown.assign(block.size(), 0);
  const auto odd_rows = reader.odd_rows();
  for (std::size_t i = 0; i < odd_rows.size(); ++i) {
    verdicts.matching[odd_rows[i]] = 0;
    verdicts.unknown[odd_rows[i]] = 0;
  }
  std::vector<std::uint32_t> looked_at;
  for (const std::uint32_t row : rows) {
    const bool is_chosen = verdicts.is_first_choice && verdicts.matching[row] != 0;
    if (is_chosen || verdicts.unknown[row] != 0) looked_at.push_back(row);
  }
  if (!looked_at.empty()) {
    WEIR_CHECK(block.unpack_messages_of(looked_at));
    for (const std::uint32_t row : looked_at) verdicts.matching[row] = matches(block.message(row));
  }
  for (std::size_t i = 0; i < odd_rows.size(); ++i) {
    verdicts.matching[odd_rows[i]] = matches(reader.odd_line(i));
  }
  std::erase_if(rows, [&](std::uint32_t row) { return verdicts.matching[row] == 0; });
  return {};
}

}  // namespace weir::logs
