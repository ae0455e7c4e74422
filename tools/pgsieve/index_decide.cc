// pgsieve index accept | reject | sql: decisions, and what they come to.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "analyzer/advisor/child_process.h"
#include "analyzer/report/index_review.h"
#include "analyzer/sql/fingerprint.h"
#include "analyzer/sql/parse_tree.h"
#include "tools/pgsieve/advice.h"
#include "tools/pgsieve/index_commands.h"

namespace pgsieve {

namespace {

namespace fs = std::filesystem;

Error usage(std::string message, std::string hint = {}) {
  return Error{
      .kind = Error::Kind::kUsage, .message = std::move(message), .hint = std::move(hint), .file = {}};
}

std::string author(const std::string& given) {
  if (!given.empty()) return given;
  if (const std::string name = output_of({"git", "config", "user.name"}); !name.empty()) return name;
  const char* const user = std::getenv("USER");
  return user == nullptr ? std::string() : user;
}

// The name a CREATE INDEX statement gives; "" when it gives none.
std::string name_in(const std::string& ddl) {
  const ParseTree tree(ddl);
  if (!tree.ok() || tree.statements().size() != 1) return {};
  const PgQuery__Node* node = tree.statements().front()->stmt;
  if (node == nullptr || node->node_case != PG_QUERY__NODE__NODE_INDEX_STMT) return {};
  return node->index_stmt->idxname == nullptr ? std::string() : node->index_stmt->idxname;
}

bool looks_like_sql(const std::string& text) {
  return text.find(' ') != std::string::npos;
}

// A decision in the file, by the id of its index.
Result<std::string> key_in_file(const Decisions& decisions, const std::string& id) {
  std::string found;
  for (const auto& [key, decision] : decisions.all()) {
    const Result<IndexDefinition> definition = parse_index_definition(decision.ddl);
    if (!definition || !definition_id(*definition).starts_with(id)) continue;
    if (!found.empty()) return usage(fmt::format("several decisions begin with '{}'", id));
    found = key;
  }
  if (found.empty())
    return usage(
        fmt::format("there is no decision on an index '{}'", id),
        "Name the captures as well, so that the proposals can be found, or give a CREATE INDEX statement");
  return found;
}

struct Subject {
  std::string key;
  Decision decision;  // what it is about, and what was decided before
};

Subject subject_of(const Proposal& proposal) {
  Subject subject{.key = decision_key(proposal.index, false), .decision = {}};
  subject.decision.ddl = create_index_sql(proposal.index, {.name = proposal.name});
  subject.decision.name = proposal.name;
  subject.decision.extension = proposal.extension;
  for (const StatementEvidence& evidence : proposal.statements)
    subject.decision.statements.push_back(fingerprint_hex(evidence.pattern.fingerprint));
  return subject;
}

Subject subject_of(const DropProposal& drop) {
  Subject subject{.key = decision_key(drop.index, true), .decision = {}};
  subject.decision.drop = true;
  subject.decision.ddl = create_index_sql(drop.index, {.name = drop.name});
  subject.decision.name = drop.name;
  return subject;
}

Result<Subject> find_subject(const IndexReviewOptions& options, const Decisions& decisions) {
  if (looks_like_sql(options.index)) {
    const Result<IndexDefinition> definition = parse_index_definition(options.index);
    if (!definition) return usage(definition.error().message, "Write it as CREATE INDEX … ON …");
    Subject subject{.key = decision_key(*definition, false), .decision = {}};
    const std::string name = name_in(options.index);
    subject.decision.name = name.empty() ? index_name(*definition) : name;
    subject.decision.ddl = create_index_sql(*definition, {.name = subject.decision.name});
    return subject;
  }
  if (options.advice.analysis.inputs.empty() && options.advice.analysis.store_file.empty()) {
    const Result<std::string> key = key_in_file(decisions, options.index);
    if (!key) return key.error();
    return Subject{*key, *decisions.find(*key)};
  }
  const Result<AdviceResult> advised = read_advice(options.advice);
  if (!advised) return advised.error();
  const Result<Chosen> chosen = choose_index(advised->advice, options.index);
  if (!chosen) return chosen.error();
  return chosen->proposal != nullptr ? subject_of(*chosen->proposal) : subject_of(*chosen->drop);
}

std::string stamp_now() {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(now - day);
  return fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

// What the decision comes to: an index that failed is taken away again, a drop that failed is undone.
Result<IndexChange> change_of(const Decision& decision) {
  Result<IndexDefinition> definition = parse_index_definition(decision.ddl);
  if (!definition) return definition.error();
  IndexChange change{.drop = decision.drop,
                     .index = std::move(*definition),
                     .name = decision.name,
                     .extension = decision.extension,
                     .comment = {}};
  if (change.name.empty()) change.name = index_name(change.index);
  change.comment = fmt::format("accepted{}{}", decision.by.empty() ? "" : " by " + decision.by,
                               decision.on.empty() ? "" : " on " + decision.on);
  if (decision.outcome == Decision::Outcome::kFailed) {
    change.drop = !change.drop;
    change.extension.clear();
    change.comment =
        fmt::format("{} after it failed: {}", decision.drop ? "built again" : "dropped", decision.result);
  }
  for (char& c : change.comment)
    if (c == '\n' || c == '\r') c = ' ';
  return change;
}

Result<std::vector<IndexChange>> changes_of(const IndexReviewOptions& options, const Decisions& decisions) {
  std::vector<IndexChange> changes;
  const auto add = [&changes](const Decision& decision) -> Status {
    Result<IndexChange> change = change_of(decision);
    if (!change) return change.error();
    changes.push_back(std::move(*change));
    return {};
  };
  for (const std::string& id : options.indexes) {
    const Result<std::string> key = key_in_file(decisions, id);
    if (!key) return key.error();
    const Decision& decision = *decisions.find(*key);
    if (decision.verdict != Decision::Verdict::kAccepted)
      return usage(fmt::format("{} is rejected, not accepted", id));
    if (Status failed = add(decision)) return *failed;
  }
  for (const auto& [key, decision] : decisions.all()) {
    const bool open = options.all || decision.outcome != Decision::Outcome::kKept;
    if (!options.indexes.empty() || decision.verdict != Decision::Verdict::kAccepted || !open) continue;
    if (Status failed = add(decision)) return *failed;
  }
  // What takes over an index's work is built before the index goes.
  std::ranges::stable_sort(changes, {}, &IndexChange::drop);
  return changes;
}

std::string comment_of(const std::string& file) {
  if (file.ends_with(".rb") || file.ends_with(".py") || file.ends_with(".conf")) return "# ";
  return file.ends_with(".php") ? "// " : "-- ";
}

int print_files(const std::vector<MigrationFile>& files, const std::string& directory) {
  if (directory.empty()) {
    std::string out;
    for (const MigrationFile& file : files) {
      if (files.size() > 1)
        out += fmt::format("{}{}{}\n", out.empty() ? "" : "\n", comment_of(file.name), file.name);
      out += file.text;
    }
    return write_stdout(out) ? kExitOk : kExitInput;
  }
  for (const MigrationFile& file : files) {
    const fs::path path = fs::path(directory) / file.name;
    std::error_code failed;
    fs::create_directories(path.parent_path(), failed);
    if (!write_file(path.string(), file.text)) return kExitUsage;
    if (!write_stdout(path.string() + "\n")) return kExitInput;
  }
  return kExitOk;
}

}  // namespace

int tell_index_error(const Error& error) {
  tell(error.to_string());
  return error.kind == Error::Kind::kUsage ? kExitUsage : kExitInput;
}

namespace {

// A finding of the rule missing-index names a narrower index than what is proposed in the end: the same
// without INCLUDE, without its predicate, or its first keys alone.
bool stands_for(const IndexDefinition& proposed, const std::string& id) {
  IndexDefinition narrower = proposed;
  narrower.include.clear();
  for (const bool partial : {true, false}) {
    IndexDefinition prefix = narrower;
    if (!partial) prefix.predicate.clear();
    for (; !prefix.keys.empty(); prefix.keys.pop_back())
      if (definition_id(prefix).starts_with(id)) return true;
  }
  return false;
}

}  // namespace

Result<Chosen> choose_index(const Advice& advice, const std::string& id) {
  Chosen chosen;
  size_t matches = 0;
  for (const Proposal& proposal : advice.proposals)
    if (proposal.id.starts_with(id)) {
      chosen.proposal = &proposal;
      ++matches;
    }
  for (const DropProposal& drop : advice.drops)
    if (drop.id.starts_with(id)) {
      chosen.drop = &drop;
      ++matches;
    }
  if (matches == 0) {
    for (const Proposal& proposal : advice.proposals)
      if (stands_for(proposal.index, id)) {
        chosen.proposal = &proposal;
        ++matches;
      }
  }
  if (matches == 1) return chosen;
  if (matches > 1) return usage(fmt::format("several proposals begin with '{}'", id));
  std::string known;
  for (const Proposal& proposal : advice.proposals) known += (known.empty() ? "" : ", ") + proposal.id;
  for (const DropProposal& drop : advice.drops) known += (known.empty() ? "" : ", ") + drop.id;
  return usage(fmt::format("there is no proposal '{}' for these captures", id),
               known.empty() ? "" : "Known: " + known);
}

int run_index_decide(const IndexReviewOptions& options) {
  Result<Decisions> decisions = Decisions::load(options.decisions_file);
  if (!decisions) return tell_index_error(decisions.error());
  Result<Subject> subject = find_subject(options, *decisions);
  if (!subject) return tell_index_error(subject.error());
  Decision& decision = subject->decision;
  const bool accepts = options.action == IndexReviewOptions::Action::kAccept;
  decision.verdict = accepts ? Decision::Verdict::kAccepted : Decision::Verdict::kRejected;
  decision.reason = options.reason;
  decision.until = options.until;
  decision.by = author(options.by);
  decision.on = today();
  decision.outcome = Decision::Outcome::kNone;
  decision.verified.clear();
  decision.result.clear();
  decisions->set(subject->key, decision);
  if (const Status failed = decisions->save(options.decisions_file)) return tell_index_error(*failed);
  return write_stdout(fmt::format("{} {}\n", decision_text(&decision, today()), subject->key)) ? kExitOk
                                                                                               : kExitInput;
}

int run_index_sql(const IndexReviewOptions& options) {
  const Result<Decisions> decisions = Decisions::load(options.decisions_file);
  if (!decisions) return tell_index_error(decisions.error());
  const Result<std::vector<IndexChange>> changes = changes_of(options, *decisions);
  if (!changes) return tell_index_error(changes.error());
  if (changes->empty()) {
    tell(fmt::format("no accepted index waits in {}", options.decisions_file));
    return kExitInput;
  }
  MigrationOptions migration = options.migration;
  migration.stamp = stamp_now();
  Schema schema;
  if (!options.advice.analysis.schema_file.empty()) {
    Result<Schema> loaded = load_schema(options.advice.analysis.schema_file);
    if (!loaded) {
      Error error = loaded.error();
      error.kind = Error::Kind::kUsage;
      return tell_index_error(error);
    }
    schema = std::move(*loaded);
    migration.schema = &schema;
  }
  if (options.rollback) return write_stdout(rollback_script(*changes, migration)) ? kExitOk : kExitInput;
  return print_files(write_migration(*changes, *migration_format(options.format), migration), options.output);
}

int run_index_review(const IndexReviewOptions& options) {
  switch (options.action) {
    case IndexReviewOptions::Action::kList:
      return run_index_list(options);
    case IndexReviewOptions::Action::kShow:
      return run_index_show(options);
    case IndexReviewOptions::Action::kAccept:
    case IndexReviewOptions::Action::kReject:
      return run_index_decide(options);
    case IndexReviewOptions::Action::kSql:
      return run_index_sql(options);
    case IndexReviewOptions::Action::kVerify:
      return run_index_verify(options);
  }
  return kExitUsage;
}

}  // namespace pgsieve
