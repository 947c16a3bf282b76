// SPDX-License-Identifier: Apache-2.0
#include "flow/columns.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "flow/column_kernels.h"
#include "flow/text.h"

namespace weir::flow {
namespace {

// One step: text and the places of its words stay in the first-level cache.
constexpr std::size_t kStep = 16u << 10;
constexpr std::size_t kTextMax = 1u << 30;
constexpr std::uint32_t kMargin = 16;  // what kernels may read around a word
constexpr std::size_t kSpare = 64;     // what scanning may write too much

const detail::Kernels& kernels_of(Simd simd) {
#ifdef __x86_64__
  if (simd == Simd::avx512) return detail::avx512_kernels();
  if (simd == Simd::avx2) return detail::avx2_kernels();
#endif
  WEIR_ASSERT(simd == Simd::portable);
  return detail::portable_kernels();
}

Column::Form form_of(const ColumnReader::Wanted& wanted) {
  if (wanted.as_text) return Column::Form::text;
  switch (info(wanted.field).kind) {
    case FieldKind::int32:
      return Column::Form::int32;
    case FieldKind::int64:
      return Column::Form::int64;
    case FieldKind::address:
      return Column::Form::address;
    case FieldKind::text:
      break;
  }
  return Column::Form::text;
}

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

}  // namespace

bool is_supported(Simd simd) {
  switch (simd) {
    case Simd::portable:
      return true;
#ifdef __x86_64__
    case Simd::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
    case Simd::avx512:
      return is_supported(Simd::avx2) && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi2") &&
             __builtin_cpu_supports("avx512bitalg");
#else
    case Simd::avx2:
    case Simd::avx512:
      return false;
#endif
  }
  return false;
}

Simd best_simd() {
  for (const Simd simd : {Simd::avx512, Simd::avx2}) {
    if (is_supported(simd)) return simd;
  }
  return Simd::portable;
}

// ---- Column, Columns ----

net::Address Column::address(std::size_t row) const {
  if (form_ != Form::address) return {};
  if (cells_[row] == Cell::value) return net::Address::v4(v4s_[row]);
  return cells_[row] == Cell::v6 ? v6s_[v4s_[row]] : net::Address();
}

std::optional<std::int64_t> Column::number(std::size_t row) const {
  if (cells_[row] != Cell::value) return std::nullopt;
  if (form_ == Form::int32) return int32s_[row];
  if (form_ == Form::int64) return int64s_[row];
  return std::nullopt;
}

const Column* Columns::find(Field field) const {
  const auto found = std::find_if(columns_.begin(), columns_.end(),
                                  [&](const Column& column) { return column.field() == field; });
  return found == columns_.end() ? nullptr : &*found;
}

std::string_view Columns::odd(std::size_t column, std::size_t row) const {
  const auto key = std::pair(column, row);
  const auto found =
      std::lower_bound(odd_.begin(), odd_.end(), key, [](const Odd& odd, const auto& wanted) {
        return std::pair<std::size_t, std::size_t>(odd.column, odd.row) < wanted;
      });
  const bool is_found = found != odd_.end() && found->column == column && found->row == row;
  return is_found ? text(found->slice) : std::string_view();
}

void Columns::append_value(std::size_t column, std::size_t row, std::string& out) const {
  const Column& from = columns_[column];
  switch (from.cells_[row]) {
    case Cell::absent:
      out += '-';
      return;
    case Cell::odd:
      out += odd(column, row);
      return;
    case Cell::value:
    case Cell::v6:
      break;
  }
  if (from.form_ == Column::Form::text) {
    out += text(from.slices_[row]);
  } else if (from.form_ == Column::Form::address) {
    from.address(row).append_to(out);
  } else {
    out += std::to_string(*from.number(row));
  }
}

void Columns::read(std::size_t row, Record& out) const {
  out.clear();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Column& from = columns_[i];
    const Cell cell = from.cells_[row];
    if (cell == Cell::absent) {
      // A record without version is written with that of its format, so `-` has to be kept.
      if (from.field_ == Field::version && from.source_) out.set_odd(from.field_, "-");
    } else if (cell == Cell::odd) {
      out.set_odd(from.field_, odd(i, row));
    } else if (from.form_ == Column::Form::address) {
      out.set(from.field_, from.address(row));
    } else if (const auto number = from.number(row)) {
      out.set(from.field_, *number);
    } else if (info(from.field_).kind == FieldKind::text) {
      out.set(from.field_, text(from.slices_[row]));
    } else {
      Format::read_value(from.field_, text(from.slices_[row]), out);
    }
  }
}

// ---- ColumnReader ----

/// Working memory of one step.
struct ColumnReader::Scratch {
  const detail::Kernels& kernels;
  std::vector<std::uint32_t> blanks;  // the first entry is the byte before the step
  std::vector<std::uint32_t> newlines;
  std::vector<std::uint32_t> first;  // of the plain lines that wait for conversion
  std::vector<std::uint32_t> left;
  std::vector<Slice> words;  // of one line

  explicit Scratch(Simd simd)
      : kernels(kernels_of(simd)),
        blanks(1 + kStep + kSpare),
        newlines(kStep + kSpare),
        left(kStep + 1) {
    first.reserve(kStep + detail::Rows::kPadding);
  }
  std::uint32_t* ends() { return blanks.data() + 1; }
};

ColumnReader::ColumnReader() : ColumnReader(Config{}) {}

ColumnReader::ColumnReader(Config config)
    : config_(std::move(config)),
      scratch_(std::make_unique<Scratch>(config_.simd.value_or(best_simd()))) {
  config_.rows_max = std::clamp<std::size_t>(config_.rows_max, 1, kRowsMax);
}
ColumnReader::~ColumnReader() = default;
ColumnReader::ColumnReader(ColumnReader&&) noexcept = default;
ColumnReader& ColumnReader::operator=(ColumnReader&&) noexcept = default;

std::size_t ColumnReader::read(std::string_view text, bool is_end, Columns& out) {
  if (text.size() > kTextMax) {
    text = text.substr(0, kTextMax);
    is_end = false;
  }
  begin(text, out);
  std::size_t at = 0;
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (is_first_ && !is_end && text.size() < kByteOrderMark.size()) return 0;
  if (std::exchange(is_first_, false) && text.starts_with(kByteOrderMark)) {
    at = kByteOrderMark.size();
  }
  Next next = skip_long_line(text, at) ? Next::go_on : Next::stop;
  while (next == Next::go_on && at < text.size() && out.rows_ < config_.rows_max) {
    const std::size_t to = std::min(at + kStep, text.size());
    scratch_->blanks[0] = static_cast<std::uint32_t>(at) - 1;
    const detail::Scanned scanned = scratch_->kernels.scan(
        text.data(), static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(to),
        scratch_->ends(), scratch_->newlines.data());
    if (scanned.newlines != 0) {
      at = take_scanned(at, scanned.newlines, scanned.has_gaps, out, next);
      continue;
    }
    const std::size_t newline = std::min(text.find('\n', to), text.size());
    if (newline == text.size() && !is_end && newline - at <= kLineMax) break;
    if (newline - at > kLineMax) {
      ++line_;
      refuse(at, at + kLineMax);
      is_in_long_line_ = newline == text.size();
      at = std::min(newline + 1, text.size());
      continue;
    }
    next = take_line(at, newline, out);
    if (next == Next::go_on) at = std::min(newline + 1, text.size());
  }
  std::sort(out.odd_.begin(), out.odd_.end(), [](const Columns::Odd& a, const Columns::Odd& b) {
    return std::pair(a.column, a.row) < std::pair(b.column, b.row);
  });
  for (Column& column : out.columns_) column.rows_ = out.rows_;
  return at;
}

/// The rest of a line that was refused for its length; false if it does not end here.
bool ColumnReader::skip_long_line(std::string_view text, std::size_t& at) {
  if (!is_in_long_line_) return true;
  const std::size_t newline = text.find('\n', at);
  is_in_long_line_ = newline == std::string_view::npos;
  at = is_in_long_line_ ? text.size() : newline + 1;
  return !is_in_long_line_;
}

void ColumnReader::begin(std::string_view text, Columns& out) {
  text_ = text;
  refused_.clear();
  out.text_ = text;
  out.rows_ = 0;
  out.odd_.clear();
  out.lines_.resize(config_.rows_max);
  for (Column& column : out.columns_) column.v6s_.clear();
  if (config_.format) set_format(*config_.format, out);
}

void ColumnReader::set_format(Format format, Columns& out) {
  words_ = static_cast<std::uint32_t>(format.fields().size());
  const auto numeric =
      std::find_if(format.fields().begin(), format.fields().end(), [](Field field) {
        return info(field).is_number() || info(field).kind == FieldKind::address;
      });
  numeric_ = static_cast<std::uint32_t>(numeric - format.fields().begin());
  config_.format = format;
  out.format_ = std::move(format);
  shape(out);
}

void ColumnReader::shape(Columns& out) const {
  std::vector<Wanted> wanted = config_.fields;
  if (wanted.empty()) {
    for (const Field field : out.format_.fields()) wanted.push_back({field});
  }
  out.columns_.resize(wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    Column& column = out.columns_[i];
    const auto fields = out.format_.fields();
    const auto source = std::find(fields.begin(), fields.end(), wanted[i].field);
    column.source_.reset();
    if (source != fields.end()) {
      column.source_ = static_cast<std::uint32_t>(source - fields.begin());
    }
    column.field_ = wanted[i].field;
    column.form_ = form_of(wanted[i]);
    const std::size_t size = config_.rows_max + detail::Rows::kPadding;
    const auto size_for = [&](Column::Form form) { return column.form_ == form ? size : 0; };
    column.cells_.resize(size);
    column.int32s_.resize(size_for(Column::Form::int32));
    column.int64s_.resize(size_for(Column::Form::int64));
    column.v4s_.resize(size_for(Column::Form::address));
    column.slices_.resize(size_for(Column::Form::text));
  }
}

/// Whether the kernels can take the line whose first blank is `first` and whose newline is
/// `newline` among the blanks: as many words as the format has, one blank between them, no header,
/// not at the edge of the text.
bool ColumnReader::is_plain(std::uint32_t begin, std::uint32_t first, std::uint32_t newline,
                            bool has_gaps) const {
  const std::uint32_t* const ends = scratch_->ends();
  const std::uint32_t end = ends[newline];
  if (begin < kMargin || text_.size() - end < kMargin) return false;
  const std::uint32_t blanks = newline - first + 1;
  const bool is_crlf =
      blanks == words_ + 1 && ends[newline - 1] + 1 == end && text_[end - 1] == '\r';
  if (blanks != words_ && !is_crlf) return false;
  if (blanks == words_ && text_[end - 1] == '\r') return false;  // a word too few before CR LF
  if (numeric_ == words_) return false;                          // any line could be a header
  if (is_letter(text_[ends[std::int64_t{first} + numeric_ - 1] + 1])) return false;
  if (!has_gaps) return true;
  std::uint32_t before = begin - 1;
  for (std::uint32_t i = first; i < first + words_; ++i) {
    if (ends[i] == before + 1) return false;
    before = ends[i];
  }
  return true;
}

/// Collects plain lines from the `i`th on, as long as they are usual ones: the quick way of what
/// is_plain() finds out with care. Returns the first one that is not.
std::uint32_t ColumnReader::take_usual(std::uint32_t i, std::uint32_t newlines, std::uint32_t begin,
                                       std::uint32_t blank, Columns& out) {
  if (words_ == 0 || numeric_ == words_ || begin < kMargin) return i;
  std::vector<std::uint32_t>& first = scratch_->first;
  const char* const text = text_.data();
  const std::uint32_t* const ends = scratch_->ends();
  const std::uint32_t* const all = scratch_->newlines.data();
  const std::uint32_t words = words_;
  const std::int64_t numeric = std::int64_t{numeric_} - 1;
  const std::size_t end_max = text_.size() - std::min<std::size_t>(kMargin, text_.size());
  const std::size_t rows = out.rows_ + first.size();
  const auto last =
      static_cast<std::uint32_t>(i + std::min<std::size_t>(newlines - i, config_.rows_max - rows));
  const std::uint32_t start = i;
  const std::size_t waiting = first.size();
  first.resize(waiting + last - i);
  std::uint32_t* place = first.data() + waiting;
  Slice* line = out.lines_.data() + rows;
  for (; i < last; ++i) {
    const std::uint32_t end = ends[all[i]];
    if (all[i] - blank + 1 != words || end > end_max || text[end - 1] == '\r') break;
    if (is_letter(text[ends[blank + numeric] + 1])) break;
    *place++ = blank;
    *line++ = {begin, end - begin};
    begin = end + 1;
    blank += words;
  }
  first.resize(waiting + i - start);
  line_ += i - start;
  return i;
}

/// Takes the lines that end within one step. Returns where the next line begins.
std::size_t ColumnReader::take_scanned(std::size_t from, std::uint32_t newlines, bool has_gaps,
                                       Columns& out, Next& next) {
  const std::uint32_t* const ends = scratch_->ends();
  std::vector<std::uint32_t>& first = scratch_->first;
  auto begin = static_cast<std::uint32_t>(from);
  std::uint32_t blank = 0;
  for (std::uint32_t i = 0; i < newlines; ++i) {
    if (!has_gaps) {
      const std::uint32_t unusual = take_usual(i, newlines, begin, blank, out);
      if (unusual != i) {
        i = unusual;
        blank = scratch_->newlines[i - 1] + 1;
        begin = ends[blank - 1] + 1;
      }
      if (i == newlines || out.rows_ + first.size() == config_.rows_max) break;
    }
    const std::uint32_t newline = scratch_->newlines[i];
    const std::uint32_t end = ends[newline];
    if (words_ != 0 && is_plain(begin, blank, newline, has_gaps)) {
      ++line_;
      out.lines_[out.rows_ + first.size()] = {begin, ends[blank + words_ - 1] - begin};
      first.push_back(blank);
    } else {
      convert(out);
      next = take_line(begin, end, out);
      if (next == Next::stop) return begin;
    }
    begin = end + 1;
    blank = newline + 1;
    if (out.rows_ + first.size() == config_.rows_max) break;
  }
  convert(out);
  return begin;
}

/// Converts the plain lines that wait.
void ColumnReader::convert(Columns& out) {
  std::vector<std::uint32_t>& first = scratch_->first;
  const std::size_t count = first.size();
  if (count == 0) return;
  first.insert(first.end(), detail::Rows::kPadding, first.back());
  for (std::uint32_t i = 0; i < out.columns_.size(); ++i) convert(out.columns_[i], i, count, out);
  out.rows_ += count;
  stats_.records += count;
  first.clear();
}

void ColumnReader::convert(Column& column, std::uint32_t index, std::size_t count, Columns& out) {
  const detail::Kernels& kernels = scratch_->kernels;
  const std::size_t row = out.rows_;
  Cell* const cells = column.cells_.data() + row;
  if (!column.source_) {
    std::fill_n(cells, count, Cell::absent);
    return;
  }
  const std::uint32_t word = *column.source_;
  const detail::Rows rows{text_.data(), scratch_->ends(), scratch_->first.data(),
                          static_cast<std::uint32_t>(count)};
  std::uint32_t* const left = scratch_->left.data();
  std::uint32_t left_count = 0;
  switch (column.form_) {
    case Column::Form::int32:
      left_count = kernels.int32s(rows, word, cells, column.int32s_.data() + row, left);
      break;
    case Column::Form::int64:
      left_count = kernels.int64s(rows, word, cells, column.int64s_.data() + row, left);
      break;
    case Column::Form::address:
      left_count = kernels.addresses(rows, word, cells, column.v4s_.data() + row, left);
      break;
    case Column::Form::text:
      kernels.texts(rows, word, cells, column.slices_.data() + row);
      return;
  }
  for (std::uint32_t i = 0; i < left_count; ++i) {
    const std::uint32_t* const end = rows.ends + rows.first[left[i]] + word;
    put(column, index, row + left[i], {end[-1] + 1, *end - end[-1] - 1}, out);
  }
}

/// Writes one value of any form: the slow and careful way.
void ColumnReader::put(Column& column, std::uint32_t index, std::size_t row, Slice word,
                       Columns& out) const {
  const std::string_view value = out.text(word);
  Cell& cell = column.cells_[row];
  const bool is_absent = value == "-";
  cell = is_absent ? Cell::absent : Cell::value;
  if (column.form_ == Column::Form::text) {
    column.slices_[row] = word;
    return;
  }
  if (is_absent) return;
  if (column.form_ == Column::Form::address) {
    net::Address address;
    if (text::read_address(value, address)) {
      column.v4s_[row] = address.v4_value();
      if (address.is_v4()) return;
      cell = Cell::v6;
      column.v4s_[row] = static_cast<std::uint32_t>(column.v6s_.size());
      column.v6s_.push_back(address);
      return;
    }
  } else {
    std::int64_t number = 0;
    const bool is_int32 = column.form_ == Column::Form::int32;
    const std::int64_t max = is_int32 ? std::numeric_limits<std::int32_t>::max()
                                      : std::numeric_limits<std::int64_t>::max();
    if (text::read_number(value.data(), value, max, number)) {
      if (is_int32) {
        column.int32s_[row] = static_cast<std::int32_t>(number);
      } else {
        column.int64s_[row] = number;
      }
      return;
    }
  }
  cell = Cell::odd;
  out.odd_.push_back({index, static_cast<std::uint32_t>(row), word});
}

/// Any line: header, empty, record in any spacing, or nothing that fits.
ColumnReader::Next ColumnReader::take_line(std::size_t begin, std::size_t end, Columns& out) {
  const std::string_view line = text_.substr(begin, end - begin);
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
    ++line_;
    return Next::go_on;
  }
  if (Format::is_header(line)) return take_header(line, begin, out);
  ++line_;
  if (!config_.format) {
    if (auto detected = Format::detect(line)) set_format(*std::move(detected), out);
  }
  auto& words = scratch_->words;
  words.clear();
  const bool fits = text::for_each_word(line, [&](std::string_view word) {
    words.push_back({static_cast<std::uint32_t>(word.data() - text_.data()),
                     static_cast<std::uint32_t>(word.size())});
    return words.size() <= words_;
  });
  if (config_.format && fits && words.size() == words_) {
    take_row(begin, end, out);
  } else {
    refuse(begin, end);
  }
  return Next::go_on;
}

ColumnReader::Next ColumnReader::take_header(std::string_view line, std::size_t begin,
                                             Columns& out) {
  auto format = Format::from_header(line);
  if (format && *format != config_.format && out.rows_ != 0) return Next::stop;
  ++line_;
  if (!format) {
    refuse(begin, begin + line.size());
    return Next::go_on;
  }
  if (*format != config_.format) set_format(*std::move(format), out);
  ++stats_.headers;
  return Next::go_on;
}

/// A record whose words are in Scratch::words.
void ColumnReader::take_row(std::size_t begin, std::size_t end, Columns& out) {
  while (end > begin && text_[end - 1] == '\r') --end;
  out.lines_[out.rows_] = {static_cast<std::uint32_t>(begin),
                           static_cast<std::uint32_t>(end - begin)};
  for (std::uint32_t i = 0; i < out.columns_.size(); ++i) {
    Column& column = out.columns_[i];
    if (column.source_) {
      put(column, i, out.rows_, scratch_->words[*column.source_], out);
    } else {
      column.cells_[out.rows_] = Cell::absent;
    }
  }
  ++out.rows_;
  ++stats_.records;
}

void ColumnReader::refuse(std::size_t begin, std::size_t end) {
  ++stats_.lines_refused;
  if (stats_.line_first_refused == 0) stats_.line_first_refused = line_;
  if (refused_.size() == kRefusedMax) return;
  refused_.push_back(
      {line_, {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)}});
}

}  // namespace weir::flow
