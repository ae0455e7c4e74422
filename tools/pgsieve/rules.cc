// pgsieve rules [RULE]: what is looked for, and the full text on one rule.
#include <fmt/format.h>

#include "rules/documentation.h"
#include "tools/pgsieve/commands.h"
#include "tools/pgsieve/pager.h"
#include "tools/pgsieve/suggest.h"

namespace pgsieve {

namespace {

int list_rules() {
  std::string out;
  for (const Rule& rule : all_rules()) out += fmt::format("{:<22} {}\n", rule.name, rule.summary);
  return write_stdout(out) ? kExitOk : kExitInput;
}

}  // namespace

int run_rules(const RulesOptions& options, bool pager) {
  if (options.rule.empty()) return list_rules();
  std::vector<std::string> names;
  for (const Rule& rule : all_rules()) names.emplace_back(rule.name);
  for (const RuleDocument& document : rule_documentation()) {
    if (document.rule == options.rule) return write_long(document.markdown, pager) ? kExitOk : kExitInput;
  }
  tell(fmt::format("there is no rule '{}'{} `pgsieve rules` lists them", options.rule, [&] {
    const std::string hint = did_you_mean(options.rule, names);
    return hint.empty() ? std::string(";") : hint;
  }()));
  return kExitUsage;
}

}  // namespace pgsieve
