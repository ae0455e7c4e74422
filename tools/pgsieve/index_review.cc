// pgsieve index list | show ID: what is proposed, and all that speaks for and against it.
#include "analyzer/report/index_review.h"

#include <fmt/format.h>

#include "analyzer/report/scale.h"
#include "tools/pgsieve/advice.h"
#include "tools/pgsieve/index_commands.h"

namespace pgsieve {

namespace {

ReportStyle style_of(const IndexReviewOptions& options) {
  return {
      .color = use_color(When::kAuto), .width = output_width(), .show_values = options.advice.show_values};
}

}  // namespace

int run_index_list(const IndexReviewOptions& options) {
  const Result<Decisions> decisions = Decisions::load(options.decisions_file);
  if (!decisions) return tell_index_error(decisions.error());
  const Result<AdviceResult> advised = read_advice(options.advice);
  if (!advised) return tell_index_error(advised.error());
  const ReviewContext context{*decisions, today(), style_of(options), options.rejected_too};
  std::string text = review_list(advised->advice, context);
  if (options.scale)
    append_text_scale(
        text, project_scale(advised->analysis.workload, advised->schema, advised->statistics, *options.scale),
        context.style);
  return write_stdout(text) ? kExitOk : kExitInput;
}

int run_index_show(const IndexReviewOptions& options) {
  const Result<Decisions> decisions = Decisions::load(options.decisions_file);
  if (!decisions) return tell_index_error(decisions.error());
  const Result<AdviceResult> advised = read_advice(options.advice);
  if (!advised) return tell_index_error(advised.error());
  const Result<Chosen> chosen = choose_index(advised->advice, options.index);
  if (!chosen) return tell_index_error(chosen.error());
  const ReviewContext context{*decisions, today(), style_of(options), true};
  const std::string text = chosen->proposal != nullptr ? review_proposal(*chosen->proposal, context)
                                                       : review_drop(*chosen->drop, context);
  return write_stdout(text) ? kExitOk : kExitInput;
}

}  // namespace pgsieve
