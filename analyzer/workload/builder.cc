#include "analyzer/workload/builder.h"

#include <algorithm>

#include "analyzer/sql/scan.h"
#include "analyzer/workload/column_origins.h"
#include "analyzer/workload/open_scopes.h"
#include "analyzer/workload/pattern_counts.h"
#include "analyzer/workload/plan_facts.h"
#include "analyzer/workload/sequence_batch.h"
#include "analyzer/workload/session_tracker.h"
#include "analyzer/workload/statement_catalog.h"
#include "analyzer/workload/statement_event.h"
#include "analyzer/workload/statement_values.h"
#include "analyzer/workload/tags.h"
#include "analyzer/workload/unit_counter.h"

namespace pgsieve {

namespace {

// Open scopes beyond this are closed, those heard of longest ago first.
constexpr size_t kMaxScopeBytes = size_t{64} << 20U;

bool matches(const std::vector<std::string>& filters, const Tags& tags) {
  return std::any_of(filters.begin(), filters.end(), [&](const std::string& filter) {
    const size_t equals = filter.find('=');
    if (equals == std::string::npos) return !tags.find(filter).empty();
    return tags.find(std::string_view(filter).substr(0, equals)) ==
           std::string_view(filter).substr(equals + 1);
  });
}

// What one execution was, but for its statement: values, bounds, times, whose it was.
void describe_execution(const Event& event, StatementEvent& statement) {
  fill_values(event, statement);
  choose_pattern(event, statement);
  statement.limit = statement.info->limit_slot != kNoIndex ? slot_number(event, statement.info->limit_slot)
                                                           : statement.info->limit_value;
  statement.offset = slot_number(event, statement.info->offset_slot);
  statement.asked_keys = statement.info->key_list.empty() ? -1 : count_keys(event, statement.info->key_list);
  statement.end = event.time;
  const Microseconds total = event.duration == kUnknownTime ? 0 : event.duration + event.prepare;
  statement.duration = total;
  statement.start = event.time == kUnknownTime ? kUnknownTime : event.time - total;
  statement.rows = event.rows >= 0                                  ? event.rows
                   : event.plan != nullptr && event.plan->rows >= 0 ? static_cast<int64_t>(event.plan->rows)
                                                                    : -1;
  statement.session = event.session;
  statement.transaction = event.transaction;
  statement.failed = event.kind == Event::Kind::kFailed;
  statement.sent =
      event.sent == Event::Sent::kUnknown && !event.extended && event.kind != Event::Kind::kPlanOnly
          ? Event::Sent::kAfterAnswer
          : event.sent;
  const std::string_view trace =
      !event.trace_id.empty() ? event.trace_id : std::string_view(statement.tags->trace_id);
  statement.trace = trace.empty() ? 0 : hash64(trace);
  statement.unit = statement.trace != 0 ? statement.trace : statement.tags->unit();
  statement.application = hash_combine(hash_combine(hash64(event.database), hash64(event.user)),
                                       hash_combine(hash64(event.application), hash64(event.host)));
}

}  // namespace

class WorkloadBuilder::State {
 public:
  explicit State(WorkloadOptions options)
      : options_(std::move(options)),
        catalog_(options_, facts_),
        unit_names_(options_.unit_sources),
        unit_counter_(facts_.units, unit_names_, options_.unit_tags),
        tracker_(std::make_unique<SessionTracker>(options_, facts_)) {}

  const WorkloadOptions& options() const { return options_; }
  uint64_t left_out() const { return left_out_; }
  void resume(const Workload& stored);
  void on_event(const Event& event);
  void begin_deferring();
  std::unique_ptr<DeferredWork> take_deferred();
  Workload finish(bool close_scopes);
  // Tests and routes that were begun go on.
  void go_on_from(State&& before) { unit_names_ = std::move(before.unit_names_); }

 private:
  void begin_unit(const Event& event);
  void count(const StatementEvent& statement);
  std::string write_open_scopes();

  WorkloadOptions options_;
  uint64_t left_out_ = 0;
  Workload facts_;
  StatementCatalog catalog_;
  UnitNames unit_names_;
  UnitCounter unit_counter_;
  std::unique_ptr<SessionTracker> tracker_;
  std::unique_ptr<SequenceBatch> batch_;  // null: the tracker hears of everything at once
  Tags tags_;
  ColumnOrigins origins_;
  StatementEvent statement_;
};

void WorkloadBuilder::State::resume(const Workload& stored) {
  catalog_.begin_resuming(stored);
  const ScopeReferences references{
      .pattern = [this](const PatternKey& key) { return catalog_.adopt(key); },
      .ordinal = [this](const PatternKey& key) { return catalog_.ordinal_of(key); },
      .statement = [this](const PatternKey& key,
                          const std::string& text) { return catalog_.restore(key, text); }};
  for (const std::string& part : split_scopes(stored.open_scopes)) {
    std::optional<OpenState> state = read_scopes(part, tracker_->open().next_execution - 1, references);
    if (state) {
      tracker_->resume(std::move(*state));
    } else {
      ++facts_.dropped.scopes;
    }
  }
  catalog_.end_resuming();
}

void WorkloadBuilder::State::count(const StatementEvent& statement) {
  const Event& event = *statement.event;
  if (event.kind == Event::Kind::kFailed) {
    ++facts_.errors;
  } else {
    ++facts_.executions;
    if (event.client_timed) ++facts_.client_timed;
    if (statement.info->key.approximate) ++facts_.unparsed_statements;
  }
  widen(facts_.first, facts_.last, event.time, event.time);
  for (TableFact* fact : statement.info->read_facts) ++fact->reads;
  for (TableFact* fact : statement.info->write_facts) ++fact->writes;
  if (statement.pattern == nullptr) {
    ++facts_.dropped.patterns;
    return;
  }
  catalog_.note_reference(event, *statement.pattern);
  count_execution(statement, options_.keep_values, options_.keep_values && options_.keep_samples,
                  *statement.pattern);
  if (event.kind != Event::Kind::kFailed && event.plan != nullptr)
    count_plan(*event.plan, *statement.pattern, facts_);
}

// A marker: what went before on this connection has nothing to do with what follows.
void WorkloadBuilder::State::begin_unit(const Event& event) {
  facts_.marked.add(event.application.empty() ? event.database : event.application);
  if (batch_ != nullptr) {
    batch_->add_boundary(event.session);
  } else {
    tracker_->on_boundary(event.session);
  }
}

void WorkloadBuilder::State::on_event(const Event& event) {
  if (event.kind == Event::Kind::kSessionEnd) {
    if (batch_ != nullptr) {
      batch_->add_session_end(event.session);
    } else {
      tracker_->on_session_end(event.session);
    }
    unit_names_.end_session(event.session);
    unit_counter_.end_session(event.session);
    return;
  }
  if (event.scan == nullptr) return;
  parse_tags(*event.scan, tags_);
  if (!event.code_location.empty()) tags_.values.emplace_back("source_location", event.code_location);
  if (unit_names_.complete(event, tags_)) begin_unit(event);
  if ((!options_.tag_filters.empty() && !matches(options_.tag_filters, tags_)) ||
      (!options_.tag_excludes.empty() && matches(options_.tag_excludes, tags_))) {
    left_out_ += event.kind == Event::Kind::kNestedPlan ? 0 : 1;
    return;
  }

  StatementEvent& statement = statement_;
  statement.info = catalog_.look_up(event);
  if (statement.info->excluded) return;
  if (event.kind == Event::Kind::kNestedPlan) {
    if (event.plan != nullptr && statement.info->pattern != nullptr) {
      catalog_.note_reference(event, *statement.info->pattern);
      count_plan(*event.plan, *statement.info->pattern, facts_);
    }
    return;
  }
  if (event.kind == Event::Kind::kCount) {
    facts_.executions += event.calls;
    if (statement.info->pattern != nullptr) {
      catalog_.note_reference(event, *statement.info->pattern);
      count_aggregate(event, *statement.info->pattern);
    } else {
      facts_.dropped.patterns += event.calls;
    }
    return;
  }
  statement.event = &event;
  Event named;
  if (!event.columns.empty() && statement.info->pattern != nullptr) {
    named = event;
    named.columns = origins_.name(event, *statement.info->pattern->shape);
    statement.event = &named;
  }
  statement.tags = &tags_;
  describe_execution(event, statement);
  count(statement);
  if (options_.track_units) unit_counter_.count(statement);
  if (options_.track_scopes) {
    if (batch_ != nullptr) {
      batch_->add(statement);
    } else {
      tracker_->on_statement(statement);
    }
  }
  statement.event = nullptr;
}

namespace {

class FollowSessions final : public DeferredWork {
 public:
  FollowSessions(std::unique_ptr<SequenceBatch> batch, SessionTracker& tracker)
      : batch_(std::move(batch)), tracker_(tracker) {}
  void run() override { batch_->replay(tracker_); }

 private:
  std::unique_ptr<SequenceBatch> batch_;
  SessionTracker& tracker_;
};

}  // namespace

void WorkloadBuilder::State::begin_deferring() {
  batch_ = std::make_unique<SequenceBatch>();
}

std::unique_ptr<DeferredWork> WorkloadBuilder::State::take_deferred() {
  return std::make_unique<FollowSessions>(std::move(batch_), *tracker_);
}

std::string WorkloadBuilder::State::write_open_scopes() {
  const OpenState& open = tracker_->open();
  while (!open.sessions.empty() || !open.applications.empty()) {
    std::string part = write_scopes(open, options_.keep_values);
    if (part.size() <= kMaxScopeBytes) return join_scopes({std::move(part)});
    tracker_->close_half();
  }
  return {};
}

Workload WorkloadBuilder::State::finish(bool close_scopes) {
  unit_counter_.finish();
  if (close_scopes) {
    tracker_->finish();
  } else {
    facts_.open_scopes = write_open_scopes();
    tracker_->suspend();
  }
  catalog_.draw_references();
  std::erase_if(facts_.patterns, [](const auto& entry) { return is_empty(entry.second); });
  for (auto& [key, pattern] : facts_.patterns) {
    if (!pattern.query.empty()) continue;
    pattern.query = SharedText::like(normalize_for_display(pattern.reference_text), pattern.reference_text);
  }
  return std::move(facts_);
}

WorkloadBuilder::WorkloadBuilder(WorkloadOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}
WorkloadBuilder::~WorkloadBuilder() = default;

void WorkloadBuilder::resume(const Workload& stored) {
  state_->resume(stored);
}

void WorkloadBuilder::on_event(const Event& event) {
  state_->on_event(event);
}

void WorkloadBuilder::begin_deferring() {
  state_->begin_deferring();
}

std::unique_ptr<DeferredWork> WorkloadBuilder::take_deferred() {
  return state_->take_deferred();
}

uint64_t WorkloadBuilder::left_out() const {
  return state_->left_out();
}

Workload WorkloadBuilder::finish(bool close_scopes) {
  Workload facts = state_->finish(close_scopes);
  auto next = std::make_unique<State>(state_->options());
  if (!close_scopes) next->go_on_from(std::move(*state_));
  state_ = std::move(next);
  return facts;
}

}  // namespace pgsieve
