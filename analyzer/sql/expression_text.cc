#include "analyzer/sql/expression_text.h"

#include <array>
#include <utility>

#include "analyzer/sql/deparse.h"
#include "analyzer/sql/tree.h"

namespace pgsieve {
namespace {

using namespace tree;

constexpr int kMaxDepth = 60;

// Internal names and short spellings → what format_type() prints.
constexpr auto kTypeNames = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"int2", "smallint"},
    {"int4", "integer"},
    {"int", "integer"},
    {"int8", "bigint"},
    {"float4", "real"},
    {"float8", "double precision"},
    {"bool", "boolean"},
    {"varchar", "character varying"},
    {"bpchar", "character"},
    {"decimal", "numeric"},
    {"timestamp", "timestamp without time zone"},
    {"timestamptz", "timestamp with time zone"},
    {"time", "time without time zone"},
    {"timetz", "time with time zone"},
    {"varbit", "bit varying"},
});

class Printer {
 public:
  explicit Printer(size_t max_bytes) : max_bytes_(max_bytes) {}

  void print(const Node* node, bool nested);
  std::string take() {
    if (out_.size() > max_bytes_) {
      out_.resize(max_bytes_);
      while (!out_.empty() && (static_cast<unsigned char>(out_.back()) & 0xC0U) == 0x80U) out_.pop_back();
      if (!out_.empty() && (static_cast<unsigned char>(out_.back()) & 0x80U) != 0) out_.pop_back();
      out_ += "…";
    }
    return std::move(out_);
  }

 private:
  void print_constant(const PgQuery__AConst& constant);
  void print_column(const PgQuery__ColumnRef& column);
  void print_call(const PgQuery__FuncCall& call, bool nested);
  bool print_special_call(const PgQuery__FuncCall& call, bool nested);
  void print_cast(const PgQuery__TypeCast& cast, bool nested);
  bool print_operator(const PgQuery__AExpr& expression, bool nested);
  void print_list(Nodes items);
  void print_current(const Node* node);
  void open(bool nested) { out_ += nested ? "(" : ""; }
  void close(bool nested) { out_ += nested ? ")" : ""; }

  std::string out_;
  size_t max_bytes_;
  int depth_ = 0;
};

void Printer::print_list(Nodes items) {
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out_ += ", ";
    print(items[i], false);
  }
}

void Printer::print_constant(const PgQuery__AConst& constant) {
  if (constant.isnull) {
    out_ += "NULL";
    return;
  }
  switch (constant.val_case) {
    case PG_QUERY__A__CONST__VAL_IVAL:
      out_ += std::to_string(constant.ival->ival);
      break;
    case PG_QUERY__A__CONST__VAL_FVAL:
      out_ += text(constant.fval->fval);
      break;
    case PG_QUERY__A__CONST__VAL_BOOLVAL:
      out_ += constant.boolval->boolval ? "true" : "false";
      break;
    case PG_QUERY__A__CONST__VAL_SVAL:
      out_ += quote_literal(text(constant.sval->sval));
      break;
    case PG_QUERY__A__CONST__VAL_BSVAL: {
      const std::string_view bits = text(constant.bsval->bsval);  // its first byte is b or x
      out_ +=
          bits.empty() ? "B''" : std::string(1, bits[0] == 'x' ? 'X' : 'B') + quote_literal(bits.substr(1));
      break;
    }
    default:
      out_ += "0";  // proto3 leaves out an integer of 0
  }
}

void Printer::print_column(const PgQuery__ColumnRef& column) {
  if (column.n_fields == 0) return;
  if (!is_star(column)) {
    out_ += quote_identifier(string_of(column.fields[column.n_fields - 1]));
    return;
  }
  if (column.n_fields > 1) out_ += quote_identifier(string_of(column.fields[column.n_fields - 2])) + ".";
  out_ += "*";
}

// Calls the grammar makes out of special syntax. False: nothing special about this one.
bool Printer::print_special_call(const PgQuery__FuncCall& call, bool nested) {
  if (call.funcformat != PG_QUERY__COERCION_FORM__COERCE_SQL_SYNTAX || call.n_args == 0) return false;
  const std::string_view name = last_name(function_name(call));
  if (name == "timezone" && call.n_args == 2) {
    open(nested);
    print(call.args[1], true);
    out_ += " AT TIME ZONE ";
    print(call.args[0], true);
    close(nested);
    return true;
  }
  if (name == "extract" && call.n_args == 2 && is(call.args[0], PG_QUERY__NODE__NODE_A_CONST) &&
      call.args[0]->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL) {
    out_ += "EXTRACT(" + quote_identifier(text(call.args[0]->a_const->sval->sval)) + " FROM ";
    print(call.args[1], false);
    out_ += ")";
    return true;
  }
  return false;
}

void Printer::print_call(const PgQuery__FuncCall& call, bool nested) {
  if (print_special_call(call, nested)) return;
  const Nodes name = function_name(call);
  const bool builtin = name.size() == 2 && string_of(name[0]) == "pg_catalog";
  for (size_t i = builtin ? 1 : 0; i < name.size(); ++i) {
    if (i > (builtin ? 1U : 0U)) out_ += ".";
    const std::string_view part = string_of(name[i]);
    // Words such as "substring" and "left" need no quotes where a function stands.
    const bool plain =
        part.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") == std::string_view::npos;
    out_ += plain ? std::string(part) : quote_identifier(part);
  }
  out_ += call.agg_distinct ? "(DISTINCT " : "(";
  if (call.agg_star) out_ += "*";
  print_list(arguments(call));
  out_ += ")";
}

void Printer::print_cast(const PgQuery__TypeCast& cast, bool nested) {
  if (cast.type_name == nullptr) return print_current(cast.arg);
  const bool constant =
      is(cast.arg, PG_QUERY__NODE__NODE_A_CONST) || is(cast.arg, PG_QUERY__NODE__NODE_PARAM_REF);
  if (constant) {
    print(cast.arg, nested);
  } else {
    out_ += "(";
    print(cast.arg, false);
    out_ += ")";
  }
  out_ += "::" + type_text(*cast.type_name);
}

bool Printer::print_operator(const PgQuery__AExpr& expression, bool nested) {
  std::string name(last_name(operator_name(expression)));
  switch (expression.kind) {
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
      if (expression.n_name != 1) return false;
      break;
    case PG_QUERY__A__EXPR__KIND__AEXPR_LIKE:
    case PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE:
      break;
    case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT:
      name = "IS DISTINCT FROM";
      break;
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
      name = "IS NOT DISTINCT FROM";
      break;
    case PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF:
      out_ += "NULLIF(";
      print(expression.lexpr, false);
      out_ += ", ";
      print(expression.rexpr, false);
      out_ += ")";
      return true;
    default:
      return false;
  }
  open(nested);
  if (expression.lexpr != nullptr) {
    print(expression.lexpr, true);
    out_ += ' ';
  }
  out_ += name;
  if (expression.lexpr != nullptr) out_ += ' ';
  print(expression.rexpr, true);
  close(nested);
  return true;
}

void Printer::print(const Node* node, bool nested) {
  if (node == nullptr || out_.size() > max_bytes_) return;
  if (++depth_ > kMaxDepth) {
    out_ += "…";
    --depth_;
    return;
  }
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_A_CONST:
      print_constant(*node->a_const);
      break;
    case PG_QUERY__NODE__NODE_PARAM_REF:
      out_ += "$" + std::to_string(node->param_ref->number);
      break;
    case PG_QUERY__NODE__NODE_COLUMN_REF:
      print_column(*node->column_ref);
      break;
    case PG_QUERY__NODE__NODE_TYPE_CAST:
      print_cast(*node->type_cast, nested);
      break;
    case PG_QUERY__NODE__NODE_FUNC_CALL:
      if (node->func_call->over != nullptr || node->func_call->agg_filter != nullptr ||
          node->func_call->n_agg_order > 0) {
        print_current(node);
      } else {
        print_call(*node->func_call, nested);
      }
      break;
    case PG_QUERY__NODE__NODE_A_EXPR:
      if (!print_operator(*node->a_expr, nested)) {
        open(nested);
        print_current(node);
        close(nested);
      }
      break;
    case PG_QUERY__NODE__NODE_COALESCE_EXPR:
      out_ += "COALESCE(";
      print_list(nodes(node->coalesce_expr->n_args, node->coalesce_expr->args));
      out_ += ")";
      break;
    case PG_QUERY__NODE__NODE_MIN_MAX_EXPR:
      out_ += node->min_max_expr->op == PG_QUERY__MIN_MAX_OP__IS_GREATEST ? "GREATEST(" : "LEAST(";
      print_list(nodes(node->min_max_expr->n_args, node->min_max_expr->args));
      out_ += ")";
      break;
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
      out_ += "ARRAY[";
      print_list(nodes(node->a_array_expr->n_elements, node->a_array_expr->elements));
      out_ += "]";
      break;
    case PG_QUERY__NODE__NODE_ROW_EXPR:
      out_ += "ROW(";
      print_list(nodes(node->row_expr->n_args, node->row_expr->args));
      out_ += ")";
      break;
    default:
      open(nested);
      print_current(node);
      close(nested);
  }
  --depth_;
}

void Printer::print_current(const Node* node) {
  if (node != nullptr) out_ += deparse_expression(*node);
}

}  // namespace

std::string type_text(const PgQuery__TypeName& type) {
  const Nodes names = nodes(type.n_names, type.names);
  const std::string_view last = last_name(names);
  const bool builtin = names.size() == 1 || string_of(names[0]) == "pg_catalog";
  std::string modifier;
  if (last != "interval") {  // an interval's first modifier is a bit mask of fields
    for (const Node* item : nodes(type.n_typmods, type.typmods)) {
      if (is(item, PG_QUERY__NODE__NODE_A_CONST)) {
        modifier += (modifier.empty() ? "(" : ",") + expression_text(*item, 64);
      }
    }
    if (!modifier.empty()) modifier += ")";
  }
  std::string result;
  if (builtin) {
    std::string_view spelled = last;
    for (const auto& [internal, external] : kTypeNames) {
      if (last == internal) spelled = external;
    }
    const size_t blank = spelled.starts_with("time") ? spelled.find(' ') : std::string_view::npos;
    result = blank == std::string_view::npos
                 ? std::string(spelled) + modifier
                 : std::string(spelled.substr(0, blank)) + modifier + std::string(spelled.substr(blank));
  } else {
    for (const Node* name : names) result += (result.empty() ? "" : ".") + quote_identifier(string_of(name));
    result += modifier;
  }
  for (size_t i = 0; i < type.n_array_bounds; ++i) result += "[]";
  return result;
}

std::string expression_text(const PgQuery__Node& node, size_t max_bytes) {
  Printer printer(max_bytes);
  printer.print(&node, false);
  return printer.take();
}

}  // namespace pgsieve
