// LoopBench: a list, a loop after it, and the fixes that are suggested for it.
#pragma once

#include <string>
#include <vector>

#include "analyzer/sql/scan.h"
#include "rules/fixes/fixes.h"

namespace pgsieve {

class LoopBench {
 public:
  // A list and the loop after it; `varying` is the ordinal of the slot that varies.
  LoopBench(const std::string& list, const std::string& loop, uint32_t varying = 0) {
    parent_ = add(list);
    child_ = add(loop);
    example_.count = 8;
    example_.distinct_values = 8;
    example_.varying_slot = varying;
    example_.varying_slots = 1U << varying;
    example_.sample_slots = {0};
    example_.sample = pack_turns({{{true, "1001"}}, {{true, "1008"}}, {{true, "1015"}}});
    loop_.key = {child_, parent_};
    loop_.scopes = 1;
  }

  // Makes `root` the statement whose rows feed the list.
  void below(const std::string& root) { example_.root = add(root); }
  // These slots change from turn to turn.
  void vary(const std::vector<uint32_t>& slots) {
    example_.varying_slots = 0;
    for (const uint32_t slot : slots) example_.varying_slots |= 1U << slot;
  }
  void with_turn(const std::string& other) { example_.cycle = {add(other), child_}; }

  std::vector<Fix> fixes(const std::string& orm, bool write = false) {
    const Pattern& child = *workload_.find(child_);
    const Pattern* parent = workload_.find(parent_);
    LoopVerdict verdict;
    verdict.kind = LoopClass::kRowByRow;
    verdict.example = std::make_shared<const LoopExample>(example_);
    verdict.loop = &loop_;
    verdict.link = explain_link(draw_link_profile(*parent->shape, nullptr),
                                draw_link_profile(*child.shape, nullptr), nullptr);
    const Schema schema;
    const RuleContext context{.workload = workload_, .schema = schema, .orm = orm, .options = {}};
    FixAdvisor advisor(context);
    return write ? advisor.write_loop(verdict, child) : advisor.read_loop(verdict, child, parent);
  }
  std::string orm_code(const std::string& orm, bool write = false) {
    for (const Fix& fix : fixes(orm, write)) {
      if (fix.kind == "orm") return fix.code;
    }
    return {};
  }
  std::string sql(bool write = false) {
    for (const Fix& fix : fixes("", write)) {
      if (fix.kind == "sql") return fix.code.substr(0, fix.code.find("\n--"));
    }
    return {};
  }

 private:
  PatternKey add(const std::string& text) {
    Pattern pattern;
    pattern.reference_text = text;
    pattern.query = normalize_for_display(text);
    pattern.key.fingerprint = hash64(text);
    pattern.shape = std::make_shared<const StatementShape>(draw_shape(text));
    const PatternKey key = pattern.key;
    workload_.patterns.emplace(key, std::move(pattern));
    return key;
  }

  Workload workload_;
  PatternKey parent_, child_;
  LoopExample example_;
  Loop loop_;
};

}  // namespace pgsieve
