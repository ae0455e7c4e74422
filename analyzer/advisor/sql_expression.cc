#include "analyzer/advisor/sql_expression.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <vector>

#include "analyzer/sql/expression_text.h"
#include "analyzer/sql/parse_tree.h"
#include "analyzer/sql/tree.h"

namespace pgsieve {

namespace {

using tree::Node;

const Node* expression_of(const ParseTree& parsed) {
  if (!parsed.ok() || parsed.statements().size() != 1) return nullptr;
  const Node* statement = parsed.statements()[0]->stmt;
  if (!tree::is(statement, PG_QUERY__NODE__NODE_SELECT_STMT)) return nullptr;
  const PgQuery__SelectStmt& select = *statement->select_stmt;
  if (select.n_target_list != 1 || select.n_from_clause != 0) return nullptr;
  const Node* target = select.target_list[0];
  return tree::is(target, PG_QUERY__NODE__NODE_RES_TARGET) ? target->res_target->val : nullptr;
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Length of "::text" or "::character varying" at `at`; 0: something else stands there.
size_t text_cast_at(std::string_view text, size_t at) {
  for (const std::string_view cast : {std::string_view("::text"), std::string_view("::character varying")}) {
    if (!text.substr(at).starts_with(cast)) continue;
    const char next = at + cast.size() < text.size() ? text[at + cast.size()] : ' ';
    if (!is_word(next) && next != '[' && next != '(') return cast.size();
  }
  return 0;
}

// '…'::text → '…', (status)::text → status: casts PostgreSQL adds when it prints a definition.
std::string without_text_casts(std::string_view text) {
  std::string out;
  size_t name_start = std::string::npos;  // in `out`: of "(word" just read
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '\'') {
      size_t end = at + 1;
      while (end < text.size() && (text[end] != '\'' || (end + 1 < text.size() && text[end + 1] == '\'')))
        end += text[end] == '\'' ? 2 : 1;
      end = std::min(end + 1, text.size());
      out += text.substr(at, end - at);
      at = end + text_cast_at(text, end);
      name_start = std::string::npos;
      continue;
    }
    if (text[at] == '(') {
      const bool call = !out.empty() && is_word(out.back());
      name_start = call ? std::string::npos : out.size();
    } else if (text[at] == ')' && name_start != std::string::npos) {
      if (const size_t cast = text_cast_at(text, at + 1)) {
        out.erase(name_start, 1);
        at += 1 + cast;
        name_start = std::string::npos;
        continue;
      }
    } else if (!is_word(text[at]) && text[at] != '"') {
      name_start = std::string::npos;
    }
    out += text[at++];
  }
  return out;
}

// Families of types, as far as the question "does this depend on a setting?" needs them.
enum class Family : uint8_t {
  kUnknown,
  kConstant,
  kText,
  kNumber,
  kBoolean,
  kJson,
  kTimestamp,
  kZoned,
  kDate,
  kUuid,
  kArray,
  kSearch
};

Family family_of(std::string_view type) {
  if (type.ends_with("[]")) return Family::kArray;
  const std::string_view name = type.substr(0, type.find('('));  // numeric(10,2), timestamp(3) with time zone
  const auto is = [name](std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, name) != names.end();
  };
  if (is({"text", "character varying", "varchar", "name"})) return Family::kText;
  if (is({"smallint", "integer", "bigint", "int", "int2", "int4", "int8", "numeric", "decimal", "real",
          "double precision", "float4", "float8"}))
    return Family::kNumber;
  if (is({"boolean", "bool"})) return Family::kBoolean;
  if (is({"json", "jsonb"})) return Family::kJson;
  if (type.starts_with("timestamp")) {
    const bool zoned =
        type.starts_with("timestamptz") || type.find("with time zone") != std::string_view::npos;
    return zoned ? Family::kZoned : Family::kTimestamp;
  }
  if (name == "date") return Family::kDate;
  if (name == "uuid") return Family::kUuid;
  if (name == "tsvector") return Family::kSearch;
  return Family::kUnknown;
}

// Infers the family of an expression that is immutable; nullopt: not known to be.
class Judge {
 public:
  explicit Judge(const Table* table) : table_(table) {}

  std::optional<Family> judge(const Node* node) {
    if (node == nullptr || ++depth_ > 40) return std::nullopt;
    std::optional<Family> family;
    switch (node->node_case) {
      case PG_QUERY__NODE__NODE_A_CONST:
        family = constant(*node->a_const);
        break;
      case PG_QUERY__NODE__NODE_COLUMN_REF:
        family = column(*node->column_ref);
        break;
      case PG_QUERY__NODE__NODE_A_EXPR:
        family = operation(*node->a_expr);
        break;
      case PG_QUERY__NODE__NODE_FUNC_CALL:
        family = call(*node->func_call);
        break;
      case PG_QUERY__NODE__NODE_TYPE_CAST:
        family = cast(*node->type_cast);
        break;
      case PG_QUERY__NODE__NODE_COALESCE_EXPR:
        family = common(tree::nodes(node->coalesce_expr->n_args, node->coalesce_expr->args));
        break;
      case PG_QUERY__NODE__NODE_NULL_TEST:
        if (judge(node->null_test->arg)) family = Family::kBoolean;
        break;
      case PG_QUERY__NODE__NODE_BOOLEAN_TEST:
        if (judge(node->boolean_test->arg)) family = Family::kBoolean;
        break;
      case PG_QUERY__NODE__NODE_BOOL_EXPR: {
        const tree::Nodes arguments = tree::nodes(node->bool_expr->n_args, node->bool_expr->args);
        if (std::ranges::all_of(arguments, [this](const Node* each) { return judge(each).has_value(); }))
          family = Family::kBoolean;
        break;
      }
      default:
        break;
    }
    --depth_;
    return family;
  }

 private:
  static std::optional<Family> constant(const PgQuery__AConst& value) {
    return value.val_case == PG_QUERY__A__CONST__VAL_IVAL || value.val_case == PG_QUERY__A__CONST__VAL_FVAL
               ? Family::kNumber
               : Family::kConstant;
  }

  std::optional<Family> column(const PgQuery__ColumnRef& reference) const {
    if (reference.n_fields == 0 || tree::is_star(reference)) return std::nullopt;
    if (table_ == nullptr) return Family::kUnknown;
    const Column* found = table_->find_column(tree::string_of(reference.fields[reference.n_fields - 1]));
    if (found == nullptr) return std::nullopt;
    return found->type.empty() ? Family::kConstant
                               : family_of(found->type);  // a type nobody knows fits where a constant does
  }

  std::optional<Family> common(tree::Nodes arguments) {
    std::optional<Family> found = Family::kConstant;
    for (const Node* argument : arguments) {
      const std::optional<Family> own = judge(argument);
      if (!own) return std::nullopt;
      if (*own == Family::kConstant) continue;
      if (*found != Family::kConstant && *found != *own) return std::nullopt;
      found = own;
    }
    return found;
  }

  std::optional<Family> operation(const PgQuery__AExpr& expression) {
    if (expression.kind != PG_QUERY__A__EXPR__KIND__AEXPR_OP || expression.n_name != 1) return std::nullopt;
    const std::string_view name = tree::last_name(tree::operator_name(expression));
    const std::optional<Family> right = judge(expression.rexpr);
    const std::optional<Family> left = expression.lexpr == nullptr ? right : judge(expression.lexpr);
    if (!left || !right) return std::nullopt;
    if (name == "->>" || name == "#>>")
      return *left == Family::kJson || *left == Family::kConstant || table_ == nullptr
                 ? std::optional(Family::kText)
                 : std::nullopt;
    if (name == "->" || name == "#>")
      return *left == Family::kJson || *left == Family::kConstant || table_ == nullptr
                 ? std::optional(Family::kJson)
                 : std::nullopt;
    const auto plain = [](Family family) { return family == Family::kNumber || family == Family::kConstant; };
    const auto textual = [](Family family) { return family == Family::kText || family == Family::kConstant; };
    if (name == "||") return textual(*left) && textual(*right) ? std::optional(Family::kText) : std::nullopt;
    static constexpr std::array<std::string_view, 5> kArithmetic = {"+", "-", "*", "/", "%"};
    if (std::ranges::find(kArithmetic, name) != kArithmetic.end())
      return plain(*left) && plain(*right) ? std::optional(Family::kNumber) : std::nullopt;
    static constexpr std::array<std::string_view, 7> kComparisons = {"=", "<>", "!=", "<", "<=", ">", ">="};
    if (std::ranges::find(kComparisons, name) == kComparisons.end()) return std::nullopt;
    const bool same = *left == *right || *left == Family::kConstant || *right == Family::kConstant;
    return same && *left != Family::kUnknown ? std::optional(Family::kBoolean) : std::nullopt;
  }

  std::optional<Family> call(const PgQuery__FuncCall& function) {
    const tree::Nodes path = tree::function_name(function);
    const bool builtin = path.size() == 1 || (path.size() == 2 && tree::string_of(path[0]) == "pg_catalog");
    if (!builtin || function.over != nullptr || function.agg_star || function.agg_distinct ||
        function.n_args == 0)
      return std::nullopt;
    const std::string_view name = tree::last_name(path);
    std::vector<Family> given;
    for (const Node* argument : tree::arguments(function)) {
      const std::optional<Family> own = judge(argument);
      if (!own) return std::nullopt;
      given.push_back(*own);
    }
    const auto all = [&given](Family family) {
      return std::ranges::all_of(given,
                                 [family](Family own) { return own == family || own == Family::kConstant; });
    };
    const bool textual =
        table_ == nullptr || given.front() == Family::kText || given.front() == Family::kConstant;
    static constexpr std::array<std::string_view, 19> kTextToText = {
        "lower",  "upper", "initcap", "btrim",   "ltrim",   "rtrim",     "substring",
        "substr", "left",  "right",   "replace", "reverse", "translate", "split_part",
        "md5",    "lpad",  "rpad",    "repeat",  "overlay"};
    if (std::ranges::find(kTextToText, name) != kTextToText.end())
      return textual ? std::optional(Family::kText) : std::nullopt;
    static constexpr std::array<std::string_view, 5> kTextToNumber = {
        "length", "char_length", "character_length", "strpos", "octet_length"};
    if (std::ranges::find(kTextToNumber, name) != kTextToNumber.end())
      return textual ? std::optional(Family::kNumber) : std::nullopt;
    static constexpr std::array<std::string_view, 8> kNumeric = {"abs",     "round", "floor", "ceil",
                                                                 "ceiling", "trunc", "mod",   "sign"};
    if (std::ranges::find(kNumeric, name) != kNumeric.end())
      return all(Family::kNumber) ? std::optional(Family::kNumber) : std::nullopt;
    return time_call(name, given);
  }

  // Of time, only what is computed without the session's zone: with a zone in the arguments, or from a type
  // without one.
  static std::optional<Family> time_call(std::string_view name, const std::vector<Family>& given) {
    const bool constant_first = given.front() == Family::kConstant;
    if (given.size() == 2 && constant_first) {
      if (name == "timezone" && given[1] == Family::kZoned) return Family::kTimestamp;
      if (name == "timezone" && given[1] == Family::kTimestamp) return Family::kZoned;
      if (name == "date_trunc" && given[1] == Family::kTimestamp) return Family::kTimestamp;
      const bool part = name == "extract" || name == "date_part";
      if (part && (given[1] == Family::kTimestamp || given[1] == Family::kDate)) return Family::kNumber;
      if (name == "to_tsvector" && (given[1] == Family::kText || given[1] == Family::kJson))
        return Family::kSearch;
    }
    if (name == "date" && given.size() == 1 && given[0] == Family::kTimestamp) return Family::kDate;
    return std::nullopt;
  }

  std::optional<Family> cast(const PgQuery__TypeCast& type_cast) {
    if (type_cast.type_name == nullptr) return std::nullopt;
    const std::optional<Family> from = judge(type_cast.arg);
    const std::string type = type_text(*type_cast.type_name);
    const Family to = family_of(type);
    if (!from || type == "citext") return std::nullopt;
    if (*from == Family::kConstant)
      return type.starts_with("reg") || to == Family::kUnknown ? Family::kConstant : to;
    if (*from == to) return to == Family::kUnknown ? std::nullopt : std::optional(to);
    const auto is = [&](Family left, Family right) { return *from == left && to == right; };
    const bool safe = is(Family::kText, Family::kNumber) || is(Family::kText, Family::kUuid) ||
                      is(Family::kText, Family::kBoolean) || is(Family::kNumber, Family::kText) ||
                      is(Family::kUuid, Family::kText) || is(Family::kTimestamp, Family::kDate) ||
                      is(Family::kDate, Family::kTimestamp) || is(Family::kJson, Family::kText) ||
                      is(Family::kJson, Family::kNumber);
    return safe ? std::optional(to) : std::nullopt;
  }

  const Table* table_;
  int depth_ = 0;
};

ParseTree parse_expression(std::string_view expression) {
  return ParseTree("SELECT " + std::string(expression));
}

}  // namespace

std::string normal_expression(std::string_view expression) {
  if (expression.empty()) return {};
  const ParseTree parsed = parse_expression(expression);
  const Node* node = expression_of(parsed);
  if (node == nullptr) return std::string(expression);
  return without_text_casts(expression_text(*node));
}

bool is_immutable_expression(std::string_view expression, const Table* table) {
  const ParseTree parsed = parse_expression(expression);
  const Node* node = expression_of(parsed);
  if (node == nullptr) return false;
  const std::optional<Family> family = Judge(table).judge(node);
  return family && *family != Family::kConstant;
}

}  // namespace pgsieve
