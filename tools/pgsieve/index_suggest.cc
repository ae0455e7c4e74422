// pgsieve index suggest INPUT...: which indexes to build, with the evidence.
#include <fmt/format.h>

#include "analyzer/report/advice.h"
#include "tools/pgsieve/advice.h"
#include "tools/pgsieve/commands.h"

namespace pgsieve {

int run_index_suggest(const IndexOptions& options) {
  const Result<AdviceResult> result = read_advice(options.advice);
  if (!result) {
    tell(result.error().to_string());
    return result.error().kind == Error::Kind::kUsage ? kExitUsage : kExitInput;
  }
  std::string out;
  if (options.format == "json") {
    out = advice_json(result->advice, options.advice.show_values);
  } else if (options.format == "sql") {
    out = advice_sql(result->advice, false);
  } else {
    out = advice_text(result->advice, {.color = use_color(When::kAuto),
                                       .width = output_width(),
                                       .show_values = options.advice.show_values,
                                       .details = true,
                                       .plans = options.plans});
  }
  if (!write_stdout(out)) return kExitInput;
  return result->analysis.problems.empty() ? kExitOk : kExitInput;
}

}  // namespace pgsieve
