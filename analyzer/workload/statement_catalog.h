// StatementCatalog: what each text of the traffic is, and which pattern it belongs to.
//
// A text is looked up by its scan key (one hash probe); one never seen before goes to libpg_query once. Makes
// the patterns in the facts, and numbers them and their link profiles in the order in which they come. Not
// thread-safe. The infos it gives away are shared and stay as they are.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/workload/builder.h"
#include "analyzer/workload/statement_info.h"

namespace pgsieve {

class StatementCatalog {
 public:
  // Both must outlive it.
  StatementCatalog(const WorkloadOptions& options, Workload& facts)
      : options_(options), facts_(facts), cache_(options.max_cached_texts) {}

  // Of the event's text, whose scan must be known.
  std::shared_ptr<StatementInfo> look_up(const Event& event);

  // The event's text may become what its pattern is shown by. Statements that left their text to the pattern
  // get it back when the pattern takes another one.
  void note_reference(const Event& event, Pattern& pattern);
  // What is drawn from those texts, of all patterns that took one since the last time.
  void draw_references();

  // In between, patterns of the stored workload, which must stay, can be adopted: an open scope refers to
  // them, and here nothing is counted in them yet.
  void begin_resuming(const Workload& stored) { stored_ = &stored; }
  void end_resuming() { stored_ = nullptr; }
  Pattern* adopt(const PatternKey& key);       // null: there is none
  uint32_t ordinal_of(const PatternKey& key);  // likewise; 0: none
  // The statement of an open scope; null: it has no pattern. A text that was cut (or damaged) may give
  // another key than the statement had: then the statement keeps its pattern, whatever the text now says.
  std::shared_ptr<StatementInfo> restore(const PatternKey& key, const std::string& text);

 private:
  std::shared_ptr<StatementInfo> describe(const Event& event);
  Pattern* pattern_for(const PatternKey& key, StatementInfo& info, uint32_t& ordinal);

  const WorkloadOptions& options_;
  Workload& facts_;
  StatementCache cache_;
  uint32_t link_numbers_ = 0, parent_numbers_ = 0;  // given so far
  std::shared_ptr<const LinkProfile> no_link_ = std::make_shared<const LinkProfile>();
  std::unordered_map<uint64_t, std::vector<std::shared_ptr<StatementInfo>>> by_fingerprint_;
  std::map<PatternKey, uint32_t> ordinals_;
  std::set<Pattern*> new_references_;  // draw_reference() is due
  const Workload* stored_ = nullptr;   // while scopes are resumed
};

}  // namespace pgsieve
