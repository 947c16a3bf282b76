// SPDX-License-Identifier: Apache-2.0
// The text cases of tests/cases/metric_math; operators.txt explains their form.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "metric_math/program.h"
#include "metrics/test_support.h"

namespace weir::metric_math {
namespace {

constexpr int kMinutes = 6;

class Cases {
 public:
  /// Runs one file and returns the number of its queries.
  int run(const std::string& file) {
    std::ifstream input(file);
    EXPECT_TRUE(input) << file;
    std::string line;
    int number = 0;
    while (std::getline(input, line)) {
      ++number;
      if (line.empty() || line[0] == '#') continue;
      const Line where{file + ":" + std::to_string(number) + ": " + line};
      const std::size_t space = std::min(line.find(' '), line.size());
      const std::size_t rest = std::min(line.find_first_not_of(' ', space), line.size());
      step(line.substr(0, space), line.substr(rest), where);
    }
    finish();
    return queries_;
  }

 private:
  struct Line {
    std::string text;
  };
  struct Row {
    std::vector<std::optional<double>> values;
    std::optional<std::string> label;
  };

  void step(const std::string& command, const std::string& rest, const Line& where) {
    SCOPED_TRACE(where.text);
    if (command == "row" || command == "empty" || command == "error" || command == "period") {
      if (command == "row") rows_.push_back(row(rest));
      if (command == "empty") is_empty_ = true;
      if (command == "error") error_ = rest;
      if (command == "period") period_s_ = std::stoi(rest);
      return;
    }
    finish();
    if (command == "clear") {
      world_ = std::make_unique<metrics::MetricsWorld>();
      queries_of_world_.clear();
    } else if (command == "metric" || command == "slow") {
      add_metric(rest, command == "slow" ? 180 : 60);
    } else if (command == "series") {
      add_series(rest);
    } else if (command == "let") {
      const std::size_t space = rest.find(' ');
      queries_of_world_.push_back(
          {.id = rest.substr(0, space), .expression = rest.substr(space + 1)});
      if (rest.find("SELECT") != std::string::npos) queries_of_world_.back().period_s = 60;
    } else if (command == "query") {
      query_ = rest;
      where_ = where.text;
      ++queries_;
    } else {
      ADD_FAILURE() << "no such command";
    }
  }

  Time start() const { return world_->now() - std::chrono::minutes(10); }

  void put(metrics::Datum datum, std::istringstream& values, int period_s,
           std::string_view namespace_name) {
    std::string value;
    for (int i = 0; values >> value; ++i) {
      if (value == "-") continue;
      datum.value = std::stod(value);
      datum.timestamp = start() + std::chrono::seconds(i * period_s);
      const auto done = world_->metrics->put(world_->scope, namespace_name, {datum});
      ASSERT_TRUE(done) << done.error().message;
    }
  }

  void add_metric(const std::string& text, int period_s) {
    std::istringstream words(text);
    std::string id;
    words >> id;
    put({.metric_name = id}, words, period_s, "App");
    DataQuery query{.id = id};
    query.metric_stat = MetricStat{metrics::MetricId::make("App", id, {}), period_s, "Sum", {}};
    queries_of_world_.push_back(std::move(query));
  }

  void add_series(const std::string& text) {
    std::istringstream words(text);
    std::string namespace_name;
    std::string word;
    metrics::Datum datum;
    words >> namespace_name >> datum.metric_name;
    while (words >> word && word != ":") {
      const std::size_t equals = word.find('=');
      datum.dimensions.push_back({word.substr(0, equals), word.substr(equals + 1)});
    }
    put(datum, words, 60, namespace_name);
  }

  static Row row(const std::string& text) {
    Row out;
    std::istringstream words(text);
    std::string word;
    while (words >> word) {
      if (word == "|") {
        std::string label;
        std::getline(words >> std::ws, label);
        out.label = label;
        break;
      }
      out.values.push_back(word == "-" ? std::nullopt : std::optional(std::stod(word)));
    }
    return out;
  }

  void finish() {
    if (query_.empty()) return;
    SCOPED_TRACE(where_);
    std::vector<DataQuery> queries = queries_of_world_;
    queries.push_back({.id = "q", .expression = query_});
    if (InsightsQuery::is_one(query_)) {
      queries.back().period_s = 60;
      std::erase_if(queries, [](const DataQuery& query) {
        return query.id != "q" && query.expression && InsightsQuery::is_one(*query.expression);
      });
    }
    const auto got = evaluate(std::move(queries));
    if (error_) {
      EXPECT_FALSE(got) << "no error";
      if (!got) {
        EXPECT_EQ(got.error().message, *error_);
      }
    } else {
      EXPECT_TRUE(got) << got.error().message;
      EXPECT_TRUE(is_empty_ || !rows_.empty()) << "nothing is expected";
      if (got) compare(*got);
    }
    query_.clear();
    rows_.clear();
    is_empty_ = false;
    error_.reset();
    period_s_ = 60;
  }

  Result<Value> evaluate(std::vector<DataQuery> queries) const {
    WEIR_TRY(const Program program, Program::make(std::move(queries)));
    const auto grid_of = [&](int period_s) {
      return Grid{start().seconds(), start().seconds() + kMinutes * 60, period_s};
    };
    Evaluation evaluation(program, *world_->metrics, world_->scope, grid_of);
    return evaluation.result(program.queries().size() - 1);
  }

  void compare(const Value& got) const {
    SeriesArray array;
    const auto* one = std::get_if<Series>(&got);
    if (one != nullptr) array = {*one};
    if (one == nullptr) array = std::get<SeriesArray>(got);
    ASSERT_EQ(array.size(), rows_.size());
    for (std::size_t i = 0; i < array.size(); ++i) compare(array[i], rows_[i]);
  }

  void compare(const Series& got, const Row& wanted) const {
    EXPECT_EQ(got.grid.period_s, period_s_);
    ASSERT_EQ(got.grid.size(), wanted.values.size());
    std::size_t next = 0;
    for (std::size_t i = 0; i < wanted.values.size(); ++i) {
      const bool has_point = next < got.size() && (*got.times)[next] == got.grid.at(i);
      EXPECT_EQ(has_point, wanted.values[i].has_value()) << "place " << i;
      if (!has_point) continue;
      const double value = (*got.values)[next++];
      if (wanted.values[i]) {
        EXPECT_NEAR(value, *wanted.values[i], 1e-12 * std::abs(value)) << "place " << i;
      }
    }
    EXPECT_EQ(next, got.size()) << "points between the places";
    if (wanted.label) {
      EXPECT_EQ(got.label, *wanted.label);
    }
  }

  std::unique_ptr<metrics::MetricsWorld> world_ = std::make_unique<metrics::MetricsWorld>();
  std::vector<DataQuery> queries_of_world_;
  std::string query_;
  std::string where_;
  std::vector<Row> rows_;
  bool is_empty_ = false;
  std::optional<std::string> error_;
  int period_s_ = 60;
  int queries_ = 0;
};

TEST(MetricMathCases, AllHold) {
  int queries = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(WEIR_SOURCE_DIR "/tests/cases/metric_math")) {
    queries += Cases().run(entry.path().string());
  }
  EXPECT_GE(queries, 200);
}

}  // namespace
}  // namespace weir::metric_math
