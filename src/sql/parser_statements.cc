// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>

#include "sql/parser.h"
#include "sql/parser_impl.h"
#include "sql/types.h"

namespace weir::sql {
namespace {

constexpr std::string_view kReserved[] = {"ALTER",        "AND",
                                          "AS",           "BETWEEN",
                                          "BY",           "CASE",
                                          "CAST",         "CONSTRAINT",
                                          "CREATE",       "CROSS",
                                          "CUBE",         "CURRENT_CATALOG",
                                          "CURRENT_DATE", "CURRENT_PATH",
                                          "CURRENT_ROLE", "CURRENT_SCHEMA",
                                          "CURRENT_TIME", "CURRENT_TIMESTAMP",
                                          "CURRENT_USER", "DEALLOCATE",
                                          "DELETE",       "DESCRIBE",
                                          "DISTINCT",     "DROP",
                                          "ELSE",         "END",
                                          "ESCAPE",       "EXCEPT",
                                          "EXECUTE",      "EXISTS",
                                          "EXTRACT",      "FALSE",
                                          "FOR",          "FROM",
                                          "FULL",         "GROUP",
                                          "GROUPING",     "HAVING",
                                          "IN",           "INNER",
                                          "INSERT",       "INTERSECT",
                                          "INTO",         "IS",
                                          "JOIN",         "JSON_ARRAY",
                                          "JSON_EXISTS",  "JSON_OBJECT",
                                          "JSON_QUERY",   "JSON_TABLE",
                                          "JSON_VALUE",   "LEFT",
                                          "LIKE",         "LISTAGG",
                                          "LOCALTIME",    "LOCALTIMESTAMP",
                                          "NATURAL",      "NORMALIZE",
                                          "NOT",          "NULL",
                                          "ON",           "OR",
                                          "ORDER",        "OUTER",
                                          "PREPARE",      "RECURSIVE",
                                          "RIGHT",        "ROLLUP",
                                          "SELECT",       "SKIP",
                                          "TABLE",        "THEN",
                                          "TRIM",         "TRUE",
                                          "UESCAPE",      "UNION",
                                          "UNNEST",       "USING",
                                          "VALUES",       "WHEN",
                                          "WHERE",        "WITH"};

// What may begin a statement, in the words of Trino's message.
constexpr std::string_view kStatementStarts =
    "'ALTER', 'CREATE', 'DESC', 'DESCRIBE', 'DROP', 'EXPLAIN', 'MSCK', 'SHOW', 'TABLE', 'VALUES', "
    "'WITH', <query>";

constexpr std::string_view kUnsupported[] = {
    "INSERT",     "UPDATE",   "DELETE",   "MERGE",  "UNLOAD", "PREPARE",  "EXECUTE",
    "DEALLOCATE", "GRANT",    "OPTIMIZE", "VACUUM", "REVOKE", "TRUNCATE", "CALL",
    "ANALYZE",    "COMMENT",  "SET",      "RESET",  "USE",    "REFRESH",  "START",
    "COMMIT",     "ROLLBACK", "DENY",     "LOAD",   "EXPORT", "IMPORT"};

Error unsupported(Position at, std::string_view what) {
  return syntax_error(at, "Queries of this type are not supported: " + std::string(what));
}

}  // namespace

bool is_reserved_word(std::string_view upper) {
  return std::binary_search(std::begin(kReserved), std::end(kReserved), upper);
}

Result<ast::Statement> parse_statement(std::string_view text) {
  WEIR_TRY(std::vector<Token> tokens, tokenize(text));
  return Parser(text, std::move(tokens)).statement();
}

Result<ast::ExpressionPtr> parse_expression(std::string_view text) {
  WEIR_TRY(std::vector<Token> tokens, tokenize(text));
  return Parser(text, std::move(tokens)).lone_expression();
}

// ---- tokens and names

bool Parser::take_word(std::string_view upper) {
  if (!at_word(upper)) return false;
  take();
  return true;
}

bool Parser::take_words(std::initializer_list<std::string_view> words) {
  std::size_t ahead = 0;
  for (const std::string_view word : words) {
    if (!at_word(word, ahead++)) return false;
  }
  next_ += words.size();
  return true;
}

bool Parser::take_symbol(std::string_view symbol) {
  if (!at_symbol(symbol)) return false;
  take();
  return true;
}

Result<void> Parser::need_word(std::string_view upper) {
  if (take_word(upper)) return {};
  return mismatch("'" + std::string(upper) + "'");
}

Result<void> Parser::need_symbol(std::string_view symbol) {
  if (take_symbol(symbol)) return {};
  return mismatch("'" + std::string(symbol) + "'");
}

Error Parser::mismatch(std::string_view expecting) const {
  const Token& token = peek();
  const std::string seen =
      token.kind == Kind::end ? "<EOF>" : source(token.at.offset, token.end_offset);
  return syntax_error(token.at,
                      "mismatched input '" + seen + "'. Expecting: " + std::string(expecting));
}

Error Parser::too_deep() const {
  return syntax_error(peek().at, "statement is too large (stack overflow while parsing)");
}

std::string Parser::source(std::size_t from, std::size_t to) const {
  return std::string(text_.substr(from, to - from));
}

bool Parser::at_identifier(std::size_t ahead) const {
  const Token& token = peek(ahead);
  return token.kind == Kind::quoted || (token.kind == Kind::word && !is_reserved_word(token.upper));
}

Result<ast::Identifier> Parser::identifier() {
  if (peek().kind == Kind::backquoted) {
    return syntax_error(peek().at,
                        "backquoted identifiers are not supported; use double quotes to "
                        "quote identifiers");
  }
  if (!at_identifier()) return mismatch("<identifier>");
  const Token& token = take();
  if (token.text.empty())
    return syntax_error(token.at, "Zero-length delimited identifier not allowed");
  return ast::Identifier{token.text, token.at, token.kind == Kind::quoted};
}

Result<ast::Name> Parser::name() {
  ast::Name out;
  do {
    WEIR_TRY(ast::Identifier part, identifier());
    out.push_back(std::move(part));
  } while (at_symbol(".") && at_identifier(1) && take_symbol("."));
  return out;
}

Result<std::vector<ast::Identifier>> Parser::identifiers_in_parentheses() {
  std::vector<ast::Identifier> out;
  WEIR_CHECK(need_symbol("("));
  do {
    WEIR_TRY(ast::Identifier one, identifier());
    out.push_back(std::move(one));
  } while (take_symbol(","));
  WEIR_CHECK(need_symbol(")"));
  return out;
}

// ---- statements

Result<ast::Statement> Parser::statement() {
  ast::Statement out;
  const std::size_t begin = peek().at.offset;
  if (peek().kind == Kind::end) return mismatch(kStatementStarts);
  std::size_t last = 0;
  while (last < tokens_.size() &&
         !(tokens_[last].kind == Kind::symbol && tokens_[last].text == ";"))
    ++last;
  if (last + 2 < tokens_.size()) {
    return Error{ErrorKind::invalid, "MALFORMED_QUERY",
                 "Only one sql statement is allowed. Got: " + std::string(text_)};
  }
  WEIR_CHECK(statement_body(out));
  const std::size_t end = next_ == 0 ? begin : tokens_[next_ - 1].end_offset;
  take_symbol(";");
  if (peek().kind != Kind::end) return mismatch("<EOF>");
  out.text = source(begin, end);
  out.parameters = parameters_;
  return out;
}

Result<void> Parser::statement_body(ast::Statement& out) {
  if (at_query()) {
    out.type = "DML";
    out.subtype = "SELECT";
    WEIR_TRY(out.body, query());
    return {};
  }
  const Token& first = peek();
  if (first.kind == Kind::word) {
    if (first.upper == "CREATE") return create(out);
    if (first.upper == "DROP") return drop(out);
    if (first.upper == "ALTER") return alter(out);
    if (first.upper == "SHOW") return show(out);
    if (first.upper == "DESCRIBE" || first.upper == "DESC") return describe(out);
    if (first.upper == "EXPLAIN") return explain(out);
    if (first.upper == "MSCK") {
      take();
      WEIR_CHECK(need_word("REPAIR"));
      WEIR_CHECK(need_word("TABLE"));
      ast::RepairTable repair;
      WEIR_TRY(repair.name, hive_name());
      out.type = "DDL";
      out.subtype = "MSCK_REPAIR";
      out.body = std::move(repair);
      return {};
    }
    if (std::find(std::begin(kUnsupported), std::end(kUnsupported), first.upper) !=
        std::end(kUnsupported)) {
      return unsupported(first.at, first.upper);
    }
  }
  return mismatch(kStatementStarts);
}

Result<void> Parser::explain(ast::Statement& out) {
  take();
  ast::Explain explain;
  explain.analyze = take_word("ANALYZE");
  take_word("VERBOSE");
  if (at_symbol("(") && (at_word("FORMAT", 1) || at_word("TYPE", 1))) {
    while (!at_symbol(")") && peek().kind != Kind::end) take();
    WEIR_CHECK(need_symbol(")"));
  }
  WEIR_TRY(explain.query, query());
  out.type = "DML";
  out.subtype = "EXPLAIN";
  out.body = std::move(explain);
  return {};
}

Result<void> Parser::create(ast::Statement& out) {
  take();
  out.type = "DDL";
  if (at_word("DATABASE") || at_word("SCHEMA")) return create_database(out);
  if (take_words({"OR", "REPLACE", "VIEW"})) return create_view(out, true);
  if (take_word("VIEW")) return create_view(out, false);
  const bool external = take_word("EXTERNAL");
  if (!at_word("TABLE")) {
    return mismatch(external ? "'TABLE'"
                             : "'DATABASE', 'EXTERNAL', 'OR', 'SCHEMA', 'TABLE', 'VIEW'");
  }
  take();
  return create_table(out, external);
}

Result<void> Parser::create_database(ast::Statement& out) {
  take();
  ast::CreateDatabase create;
  out.subtype = "CREATE_DATABASE";
  create.if_not_exists = take_words({"IF", "NOT", "EXISTS"});
  WEIR_TRY(create.name, hive_identifier());
  while (true) {
    if (take_word("COMMENT")) {
      WEIR_TRY(create.comment, hive_string());
    } else if (take_word("LOCATION")) {
      WEIR_TRY(create.location, hive_string());
    } else if (take_words({"WITH", "DBPROPERTIES"})) {
      WEIR_TRY(create.properties, properties());
    } else {
      break;
    }
  }
  out.body = std::move(create);
  return {};
}

Result<void> Parser::create_view(ast::Statement& out, bool replace) {
  ast::CreateView create;
  out.subtype = "CREATE_VIEW";
  create.replace = replace;
  WEIR_TRY(create.name, name());
  WEIR_CHECK(need_word("AS"));
  const std::size_t begin = peek().at.offset;
  WEIR_TRY(create.query, query());
  create.text = source(begin, tokens_[next_ - 1].end_offset);
  out.body = std::move(create);
  return {};
}

Result<void> Parser::create_table(ast::Statement& out, bool external) {
  ast::CreateTable create;
  const Position at = peek().at;
  out.subtype = "CREATE_TABLE";
  create.external = external;
  create.if_not_exists = take_words({"IF", "NOT", "EXISTS"});
  WEIR_TRY(create.name, hive_name());
  if (!external && !at_symbol("(")) return unsupported(at, "CREATE TABLE AS SELECT");
  if (at_symbol("(")) {
    WEIR_TRY(create.table.columns, hive_columns());
  }
  bool located = false;
  WEIR_CHECK(table_clauses(create.table, located));
  if (!external) {
    return unsupported(
        at,
        "only external tables can be created without a query; Iceberg tables are not "
        "available on the embedded engine");
  }
  if (peek().kind == Kind::end || at_symbol(";")) {
    if (!located) {
      return Error{ErrorKind::invalid, "INVALID_INPUT",
                   "No location was specified for table. An S3 location must be specified"};
    }
  }
  out.body = std::move(create);
  return {};
}

Result<void> Parser::table_clauses(Table& table, bool& located) {
  bool more = true;
  while (more) {
    WEIR_TRY(more, table_clause(table, located));
  }
  return {};
}

Result<bool> Parser::table_clause(Table& table, bool& located) {
  if (take_word("COMMENT")) {
    WEIR_TRY(table.comment, hive_string());
  } else if (take_words({"PARTITIONED", "BY"})) {
    WEIR_TRY(table.partition_keys, hive_columns());
  } else if (take_words({"ROW", "FORMAT"})) {
    WEIR_CHECK(row_format(table));
  } else if (take_words({"WITH", "SERDEPROPERTIES"})) {
    WEIR_TRY(auto more, properties());
    for (auto& [key, value] : more) table.serde_parameters[key] = std::move(value);
  } else if (take_words({"STORED", "AS"})) {
    WEIR_CHECK(stored_as(table));
  } else if (take_word("LOCATION")) {
    WEIR_TRY(table.location, hive_string());
    located = true;
  } else if (take_word("TBLPROPERTIES")) {
    WEIR_TRY(table.parameters, properties());
  } else if (take_words({"CLUSTERED", "BY"})) {
    WEIR_CHECK(need_symbol("("));
    do {
      WEIR_TRY(const ast::Identifier bucket, hive_identifier());
      if (bucket.text.empty()) return mismatch("<identifier>");
    } while (take_symbol(","));
    WEIR_CHECK(need_symbol(")"));
    WEIR_CHECK(need_word("INTO"));
    WEIR_TRY(const int buckets, type_number());
    table.parameters["bucket_count"] = std::to_string(buckets);
    WEIR_CHECK(need_word("BUCKETS"));
  } else {
    return false;
  }
  return true;
}

Result<void> Parser::row_format(Table& table) {
  if (take_word("SERDE")) {
    WEIR_TRY(table.serde, hive_string());
    return {};
  }
  WEIR_CHECK(need_word("DELIMITED"));
  table.serde = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe";
  const auto property = [&](std::string_view key) -> Result<void> {
    WEIR_TRY(table.serde_parameters[std::string(key)], hive_string());
    return {};
  };
  while (true) {
    if (take_words({"FIELDS", "TERMINATED", "BY"})) {
      WEIR_CHECK(property("field.delim"));
      table.serde_parameters["serialization.format"] = table.serde_parameters["field.delim"];
      if (take_words({"ESCAPED", "BY"})) WEIR_CHECK(property("escape.delim"));
    } else if (take_words({"COLLECTION", "ITEMS", "TERMINATED", "BY"})) {
      WEIR_CHECK(property("collection.delim"));
    } else if (take_words({"MAP", "KEYS", "TERMINATED", "BY"})) {
      WEIR_CHECK(property("mapkey.delim"));
    } else if (take_words({"LINES", "TERMINATED", "BY"})) {
      WEIR_CHECK(property("line.delim"));
    } else if (take_words({"NULL", "DEFINED", "AS"})) {
      WEIR_CHECK(property("serialization.null.format"));
    } else {
      return {};
    }
  }
}

Result<void> Parser::stored_as(Table& table) {
  if (take_word("INPUTFORMAT")) {
    WEIR_TRY(table.input_format, hive_string());
    WEIR_CHECK(need_word("OUTPUTFORMAT"));
    WEIR_TRY(table.output_format, hive_string());
    return {};
  }
  if (peek().kind != Kind::word)
    return mismatch("'INPUTFORMAT', 'PARQUET', 'TEXTFILE', <identifier>");
  const Token& format = take();
  if (format.upper == "PARQUET") {
    const std::string folder = "org.apache.hadoop.hive.ql.io.parquet.";
    table.input_format = folder + "MapredParquetInputFormat";
    table.output_format = folder + "MapredParquetOutputFormat";
    if (table.serde.empty()) table.serde = folder + "serde.ParquetHiveSerDe";
  } else if (format.upper == "TEXTFILE") {
    table.input_format = "org.apache.hadoop.mapred.TextInputFormat";
    table.output_format = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat";
  } else {
    return unsupported(format.at,
                       "STORED AS " + format.upper + " has no reader on the embedded engine");
  }
  return {};
}

Result<void> Parser::drop(ast::Statement& out) {
  take();
  out.type = "DDL";
  if (take_word("DATABASE") || take_word("SCHEMA")) {
    ast::DropDatabase drop;
    out.subtype = "DROP_DATABASE";
    drop.if_exists = take_words({"IF", "EXISTS"});
    WEIR_TRY(drop.name, hive_identifier());
    drop.cascade = take_word("CASCADE");
    if (!drop.cascade) take_word("RESTRICT");
    out.body = std::move(drop);
    return {};
  }
  ast::DropTable drop;
  drop.view = at_word("VIEW");
  if (!drop.view && !at_word("TABLE")) return mismatch("'DATABASE', 'SCHEMA', 'TABLE', 'VIEW'");
  take();
  out.subtype = drop.view ? "DROP_VIEW" : "DROP_TABLE";
  drop.if_exists = take_words({"IF", "EXISTS"});
  WEIR_TRY(drop.name, hive_name());
  out.body = std::move(drop);
  return {};
}

Result<void> Parser::alter(ast::Statement& out) {
  using Alter = ast::AlterTable::Kind;
  take();
  WEIR_CHECK(need_word("TABLE"));
  out.type = "DDL";
  ast::AlterTable alter;
  WEIR_TRY(alter.name, hive_name());
  if (at_word("ADD") && (at_word("PARTITION", 1) || at_word("IF", 1))) {
    take();
    alter.kind = Alter::add_partition;
    out.subtype = "ALTER_TABLE_ADD_PARTITION";
    alter.if_exists = take_words({"IF", "NOT", "EXISTS"});
    if (!at_word("PARTITION")) return mismatch("'PARTITION'");
    while (take_word("PARTITION")) {
      WEIR_TRY(auto spec, partition_spec());
      std::optional<std::string> location;
      if (take_word("LOCATION")) {
        WEIR_TRY(location, hive_string());
      }
      alter.partitions.emplace_back(std::move(spec), std::move(location));
    }
  } else if (at_word("DROP") && (at_word("PARTITION", 1) || at_word("IF", 1))) {
    take();
    alter.kind = Alter::drop_partition;
    out.subtype = "ALTER_TABLE_DROP_PARTITION";
    alter.if_exists = take_words({"IF", "EXISTS"});
    do {
      WEIR_CHECK(need_word("PARTITION"));
      WEIR_TRY(auto spec, partition_spec());
      alter.partitions.emplace_back(std::move(spec), std::nullopt);
    } while (take_symbol(","));
  } else if (take_words({"SET", "LOCATION"})) {
    alter.kind = Alter::set_location;
    out.subtype = "ALTER_TABLE_SET_LOCATION";
    WEIR_TRY(alter.location, hive_string());
  } else if (take_words({"SET", "TBLPROPERTIES"})) {
    alter.kind = Alter::set_properties;
    out.subtype = "ALTER_TABLE_PROPERTIES";
    WEIR_TRY(alter.properties, properties());
  } else if (at_word("ADD") || at_word("REPLACE")) {
    const bool add = take().upper == "ADD";
    alter.kind = add ? Alter::add_columns : Alter::replace_columns;
    out.subtype = add ? "ALTER_TABLE_ADD_COLUMN" : "ALTER_TABLE_REPLACE_COLUMN";
    WEIR_CHECK(need_word("COLUMNS"));
    WEIR_TRY(alter.columns, hive_columns());
  } else {
    return mismatch("'ADD', 'DROP', 'REPLACE', 'SET'");
  }
  out.body = std::move(alter);
  return {};
}

Result<void> Parser::show(ast::Statement& out) {
  using What = ast::Show::Kind;
  take();
  out.type = "UTILITY";
  ast::Show show;
  const auto pattern = [&]() -> Result<void> {
    if (take_word("LIKE") || peek().kind == Kind::string) {
      WEIR_TRY(show.pattern, hive_string());
    }
    return {};
  };
  const auto in_database = [&]() -> Result<void> {
    if (take_word("IN") || take_word("FROM")) {
      WEIR_TRY(show.name, hive_name());
    }
    return pattern();
  };
  if (take_word("DATABASES") || take_word("SCHEMAS")) {
    out.subtype = "SHOW_DATABASES";
    WEIR_CHECK(pattern());
  } else if (take_word("TABLES")) {
    show.kind = What::tables;
    out.subtype = "SHOW_TABLES";
    WEIR_CHECK(in_database());
  } else if (take_word("VIEWS")) {
    show.kind = What::views;
    out.subtype = "SHOW_VIEWS";
    WEIR_CHECK(in_database());
  } else if (take_word("PARTITIONS")) {
    show.kind = What::partitions;
    out.subtype = "SHOW_PARTITIONS";
    WEIR_TRY(show.name, hive_name());
  } else if (take_word("COLUMNS")) {
    show.kind = What::columns;
    out.subtype = "SHOW_COLUMNS";
    if (!take_word("IN")) WEIR_CHECK(need_word("FROM"));
    WEIR_TRY(show.name, hive_name());
    if (take_word("IN") || take_word("FROM")) {
      WEIR_TRY(ast::Identifier database, hive_identifier());
      show.name.insert(show.name.begin(), std::move(database));
    }
  } else if (take_word("TBLPROPERTIES")) {
    show.kind = What::properties;
    out.subtype = "SHOW_TABLE_PROPERTIES";
    WEIR_TRY(show.name, hive_name());
    if (take_symbol("(")) {
      WEIR_TRY(show.pattern, hive_string());
      WEIR_CHECK(need_symbol(")"));
    }
  } else if (take_word("CREATE")) {
    show.kind = at_word("VIEW") ? What::create_view : What::create_table;
    out.subtype = at_word("VIEW") ? "SHOW_CREATE_VIEW" : "SHOW_CREATE_TABLE";
    if (!take_word("VIEW")) WEIR_CHECK(need_word("TABLE"));
    WEIR_TRY(show.name, hive_name());
  } else if (take_word("FUNCTIONS")) {
    show.kind = What::functions;
    out.subtype = "SHOW_FUNCTIONS";
    WEIR_CHECK(pattern());
  } else {
    return mismatch(
        "'COLUMNS', 'CREATE', 'DATABASES', 'FUNCTIONS', 'PARTITIONS', 'SCHEMAS', 'TABLES', "
        "'TBLPROPERTIES', 'VIEWS'");
  }
  out.body = std::move(show);
  return {};
}

Result<void> Parser::describe(ast::Statement& out) {
  take();
  out.type = "UTILITY";
  out.subtype = "DESCRIBE_TABLE";
  ast::Describe describe;
  describe.extended = take_word("EXTENDED") || take_word("FORMATTED");
  WEIR_TRY(describe.name, hive_name());
  out.body = std::move(describe);
  return {};
}

// ---- Hive's lexical forms

Result<ast::Identifier> Parser::hive_identifier() {
  // Reserved words are taken as names: AWS's published flow log DDL has bare `start` and `date`.
  const Token& token = peek();
  if (token.kind == Kind::quoted) return mismatch("<identifier>");
  if ((token.kind != Kind::word && token.kind != Kind::backquoted) || token.text.empty()) {
    return mismatch("<identifier>");
  }
  take();
  return ast::Identifier{to_lower(token.text), token.at, token.kind == Kind::backquoted};
}

Result<ast::Name> Parser::hive_name() {
  ast::Name out;
  do {
    if (peek().kind == Kind::quoted) {  // DESCRIBE and SHOW take both kinds of quotes
      const Token& token = take();
      out.push_back({to_lower(token.text), token.at, true});
      continue;
    }
    WEIR_TRY(ast::Identifier part, hive_identifier());
    // `db.t` in one pair of backticks is how SHOW CREATE TABLE prints it.
    const std::size_t dot = part.text.find('.');
    if (part.quoted && out.empty() && dot != std::string::npos) {
      out.push_back({part.text.substr(0, dot), part.at, true});
      part.text = part.text.substr(dot + 1);
    }
    out.push_back(std::move(part));
  } while (take_symbol("."));
  return out;
}

Result<std::string> Parser::hive_string() {
  const Token& token = peek();
  if (token.kind != Kind::string && token.kind != Kind::quoted) return mismatch("<string>");
  take();
  return token.text;
}

Result<std::string> Parser::hive_type() {
  const Position at = peek().at;
  std::string out;
  int open = 0;
  while (peek().kind != Kind::end) {
    if (open == 0 && (at_symbol(",") || at_symbol(")") || at_word("COMMENT"))) break;
    if (at_symbol("<") || at_symbol("(")) ++open;
    if (at_symbol(">") || at_symbol(")")) --open;
    const Token& token = take();
    // Quotes around field names of a struct fall away; everything is stored in lower case.
    out += token.kind == Kind::backquoted ? token.text : source(token.at.offset, token.end_offset);
  }
  out = to_lower(std::move(out));
  if (auto type = parse_hive_type(out); !type) {
    return syntax_error(
        at, "mismatched input '" + (out.empty() ? "<EOF>" : out) + "'. Expecting: a column type");
  }
  return out == "integer" ? "int" : out;
}

Result<std::vector<Column>> Parser::hive_columns() {
  std::vector<Column> out;
  WEIR_CHECK(need_symbol("("));
  do {
    Column column;
    WEIR_TRY(const ast::Identifier of, hive_identifier());
    column.name = of.text;
    WEIR_TRY(column.type, hive_type());
    if (take_word("COMMENT")) {
      WEIR_TRY(column.comment, hive_string());
    }
    out.push_back(std::move(column));
  } while (take_symbol(","));
  WEIR_CHECK(need_symbol(")"));
  return out;
}

Result<ast::Properties> Parser::properties() {
  ast::Properties out;
  WEIR_CHECK(need_symbol("("));
  do {
    WEIR_TRY(std::string key, hive_string());
    WEIR_CHECK(need_symbol("="));
    WEIR_TRY(out[std::move(key)], hive_string());
  } while (take_symbol(","));
  WEIR_CHECK(need_symbol(")"));
  return out;
}

Result<std::string> Parser::partition_value() {
  std::string sign = take_symbol("-") ? "-" : "";
  const Token& token = peek();
  if (token.kind == Kind::end || token.kind == Kind::symbol) return mismatch("<string>");
  take();
  return sign + token.text;
}

Result<ast::PartitionSpec> Parser::partition_spec() {
  ast::PartitionSpec out;
  WEIR_CHECK(need_symbol("("));
  do {
    WEIR_TRY(const ast::Identifier key, hive_identifier());
    WEIR_CHECK(need_symbol("="));
    WEIR_TRY(std::string value, partition_value());
    out.emplace_back(key.text, std::move(value));
  } while (take_symbol(","));
  WEIR_CHECK(need_symbol(")"));
  return out;
}

}  // namespace weir::sql
