#include "rules/fixes/relation_path.h"

#include <algorithm>

#include "rules/common.h"
#include "rules/loop_path.h"
#include "rules/memo.h"

namespace pgsieve {

namespace {

std::string letters_and_digits(std::string_view name) {
  std::string kept;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') kept += static_cast<char>(c + 32);
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) kept += c;
  }
  return kept;
}

// A link may name the parent's column without its separators: "userid" for user_id. "" when the list does not
// say.
std::string as_written(const std::string& column, const Pattern& parent) {
  if (parent.shape == nullptr || parent.shape->blocks.empty()) return {};
  for (const TargetColumn& target : parent.shape->blocks[0].targets) {
    if (!target.use.whole_row() && letters_and_digits(target.use.column) == letters_and_digits(column))
      return target.use.column;
  }
  return letters_and_digits(column) == column && column.find('_') == std::string::npos ? std::string()
                                                                                       : column;
}

// The parent's own key, not a reference to something else: what is found by it belongs to the parent.
bool is_own_key(const Schema& schema, const Link& link, const std::string& column) {
  const Table* table = schema.find("", link.parent_table);
  if (table != nullptr) return table->unique_by({column});
  return reference_words(column) == singular_words(link.parent_table);
}

// carrier_code refers to the carrier by its code.
NameWords without_key(NameWords words, const std::string& key) {
  const NameWords last = name_words(key);
  if (last.size() < words.size() && std::equal(last.rbegin(), last.rend(), words.rbegin()))
    words.resize(words.size() - last.size());
  return words;
}

// Which way the link points decides the relation's name and number.
RelationStep step_between(const Schema& schema, const Link& link, const Pattern& parent,
                          const std::string& to, bool to_many) {
  RelationStep step{link.parent_table, to, {}, to_many};
  if (to_many) {
    step.words = plural_words(to);
    return step;
  }
  const std::string column = as_written(link.parent_column, parent);
  if (!is_own_key(schema, link, column)) step.words = without_key(reference_words(column), link.child_column);
  if (step.words.empty()) step.words = singular_words(to);
  return step;
}

// users → posts of the statements themselves, for the upper part of a chain.
std::optional<RelationStep> step_of(const RuleContext& context, const PatternKey& above,
                                    const PatternKey& below) {
  const Pattern* parent = context.workload.find(above);
  const Pattern* child = context.workload.find(below);
  if (parent == nullptr || child == nullptr || parent->shape == nullptr || child->shape == nullptr)
    return std::nullopt;
  const Link link = context.memo->link(*parent, *child, context);
  if (link.strength < LinkStrength::kNames || link.parent_table.empty()) return std::nullopt;
  const std::shared_ptr<const LinkProfile> profile = context.memo->profile(*child, context);
  const bool to_one =
      std::any_of(profile->keys.begin(), profile->keys.end(),
                  [&](const LinkProfile::Key& key) { return key.slot == link.slot && key.primary; });
  return step_between(context.schema, link, *parent, result_table(*child->shape), !to_one);
}

}  // namespace

std::vector<RelationStep> relation_path(const RuleContext& context, const LoopVerdict& verdict,
                                        const Pattern* above, bool to_one, const FixPlan& plan) {
  const Link& link = verdict.link;
  if (verdict.through != kNoPattern) above = context.workload.find(verdict.through);
  if (above == nullptr || !is_linked(verdict) || link.strength < LinkStrength::kNames ||
      link.parent_table.empty())
    return {};
  // The listed rows themselves, once more: no relation leads from a table to the same row of it.
  if (to_one && link.parent_table == plan.table &&
      letters_and_digits(link.parent_column) == letters_and_digits(link.child_column))
    return {};
  const bool reads_rows = plan.kind != FixClass::kGet && plan.kind != FixClass::kDeferred &&
                          plan.kind != FixClass::kFunction && plan.kind != FixClass::kRecursive;
  if (!reads_rows) return {};
  std::vector<RelationStep> path;
  // From the first statement whose rows lead here without a gap.
  const std::vector<PatternKey> leading = path_above(context, verdict);
  for (size_t at = leading.size(); at-- > 1;) {
    std::optional<RelationStep> step = step_of(context, leading[at - 1], leading[at]);
    if (!step) break;
    path.insert(path.begin(), std::move(*step));
  }
  if (plan.kind == FixClass::kThrough && plan.key_table != plan.table && !plan.key_table.empty()) {
    path.push_back({link.parent_table, plan.key_table, plural_words(plan.key_table), true});
    path.push_back({plan.key_table, plan.table, plural_words(plan.table), true});
    return path;
  }
  path.push_back(step_between(context.schema, link, *above, plan.table, !to_one));
  return path;
}

}  // namespace pgsieve
