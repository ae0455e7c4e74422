// What the subcommands of `pgsieve index` share, one file each.
#pragma once

#include <string>

#include "analyzer/advisor/proposal.h"
#include "tools/pgsieve/commands.h"
#include "tools/pgsieve/decided.h"

namespace pgsieve {

int run_index_list(const IndexReviewOptions& options);
int run_index_show(const IndexReviewOptions& options);
int run_index_decide(const IndexReviewOptions& options);  // accept and reject
int run_index_sql(const IndexReviewOptions& options);
int run_index_verify(const IndexReviewOptions& options);

// Tells it and returns the exit code.
int tell_index_error(const Error& error);

// A proposal or a drop of the advice, by its id or as much of its beginning as is unique.
struct Chosen {
  const Proposal* proposal = nullptr;
  const DropProposal* drop = nullptr;
};
Result<Chosen> choose_index(const Advice& advice, const std::string& id);

}  // namespace pgsieve
