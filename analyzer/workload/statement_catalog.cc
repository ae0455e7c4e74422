#include "analyzer/workload/statement_catalog.h"

#include <algorithm>

#include "analyzer/base/release.h"
#include "analyzer/sql/fingerprint.h"
#include "analyzer/sql/mask.h"
#include "analyzer/sql/scan.h"
#include "analyzer/sql/steady_names.h"
#include "analyzer/workload/pattern_counts.h"

namespace pgsieve {

namespace {

bool is_excluded(std::string_view text, const std::vector<std::regex>& excluded) {
  if (excluded.empty()) return false;
  const std::string query =
      normalize_for_display(text).substr(0, 2048);  // std::regex recurses on the text's length
  return std::any_of(excluded.begin(), excluded.end(),
                     [&query](const std::regex& expression) { return std::regex_search(query, expression); });
}

}  // namespace

// The pattern takes shape and text of the statement that makes it: most patterns have but one such statement.
Pattern* StatementCatalog::pattern_for(const PatternKey& key, StatementInfo& info, uint32_t& ordinal) {
  const auto found = facts_.patterns.find(key);
  if (found != facts_.patterns.end()) {
    ordinal = ordinals_[key];
    return &found->second;
  }
  if (Pattern* stored = adopt(key)) {
    ordinal = ordinals_[key];
    return stored;
  }
  if (facts_.patterns.size() >= options_.max_patterns) return nullptr;
  ordinal = static_cast<uint32_t>(ordinals_.size()) + 1;
  ordinals_[key] = ordinal;
  Pattern& pattern = facts_.patterns[key];
  pattern.key = key;
  pattern.shape = info.shape;
  pattern.reference_text = info.reference_text;
  if (!info.array_list) info.reference_text.clear();
  pattern.reference_time = kNoExecution;
  pattern.parse_error = info.parse_error;
  return &pattern;
}

// A text whose key was never seen. One libpg_query call for the fingerprint and, when no
// earlier text of the same fingerprint has the same slots, for the shape.
std::shared_ptr<StatementInfo> StatementCatalog::describe(const Event& event) {
  StatementScan scan;  // the event's, whose normalised text is gone
  std::string key;
  if (const std::optional<std::string> steady = with_steady_names(event.text)) {
    Event alike = event;
    alike.text = *steady;
    scan_statement(alike.text, scan, key);
    alike.scan = &scan;
    return describe(alike);
  }
  scan_statement(event.text, scan, key);
  const uint64_t signature = slot_signature(scan, std::string_view(key).substr(0, scan.key_bytes));
  std::shared_ptr<StatementInfo> known;
  FingerprintedShape drawn = draw_fingerprinted(event.text, scan, [&](const Fingerprint& fingerprint) {
    for (const std::shared_ptr<StatementInfo>& variant : by_fingerprint_[fingerprint.hash]) {
      if (variant->signature == signature && variant->key.approximate == fingerprint.approximate)
        known = variant;
    }
    return known == nullptr;
  });
  if (known != nullptr) return known;
  std::vector<std::shared_ptr<StatementInfo>>& variants = by_fingerprint_[drawn.fingerprint.hash];
  std::shared_ptr<StatementInfo> info =
      describe_statement(event.text, *event.scan, options_.schema, std::move(drawn));
  info->signature = signature;
  info->excluded = is_excluded(event.text, options_.exclude_sql);
  if (!options_.keep_values) {
    info->reference_text = mask_literals(info->reference_text);
    if (!info->parse_error.empty())
      info->parse_error = fingerprint_statement(info->reference_text).parse_error;
  }
  info->pattern = pattern_for(info->key, *info, info->ordinal);
  if (info->array_list) info->one_pattern = pattern_for(info->one_key, *info, info->one_ordinal);
  info->shape = nullptr;
  if (!options_.leaves_scopes_open) info->reference_text.clear();
  if (info->pattern == nullptr) {  // beyond the cap: only what the sequence of statements needs
    info->link = no_link_;
    info->slots = {};
    info->reference_text.clear();
    return info;
  }
  if (info->kind != StatementClass::kTransparent) {
    const auto facts_of = [this](const std::vector<CompactText>& tables, std::vector<TableFact*>& facts) {
      facts.reserve(tables.size());
      for (const std::string table : tables) facts.push_back(&facts_.tables[table]);
    };
    facts_of(info->tables_read, info->read_facts);
    facts_of(info->tables_written, info->write_facts);
    if (!info->locks_rows) release(info->tables_read);
  }
  const auto alike = std::find_if(variants.begin(), variants.end(),
                                  [&](const auto& variant) { return *variant->link == *info->link; });
  if (alike == variants.end()) {
    info->link_number = ++link_numbers_;
    if (info->kind != StatementClass::kWrite || info->returning) info->parent_number = ++parent_numbers_;
    info->link = std::make_shared<const LinkProfile>(*info->link);  // a copy has no room to spare
  } else {
    info->link_number = (*alike)->link_number;
    info->parent_number = (*alike)->parent_number;
    info->link = (*alike)->link;
  }
  variants.reserve(variants.size() + 1);  // most statements have one or two
  variants.push_back(info);
  return info;
}

std::shared_ptr<StatementInfo> StatementCatalog::look_up(const Event& event) {
  if (std::shared_ptr<StatementInfo>* found = cache_.find(event.scan->key)) return *found;
  return cache_.insert(event.scan->key, describe(event));
}

Pattern* StatementCatalog::adopt(const PatternKey& key) {
  if (stored_ == nullptr) return nullptr;
  const auto found = facts_.patterns.find(key);
  if (found != facts_.patterns.end()) return &found->second;
  const Pattern* stored = stored_->find(key);
  if (stored == nullptr) return nullptr;
  ordinals_[key] = static_cast<uint32_t>(ordinals_.size()) + 1;
  Pattern& pattern = facts_.patterns[key];
  pattern.key = key;
  pattern.query = stored->query;
  pattern.reference_text = stored->reference_text;
  pattern.reference_time = stored->reference_time;
  pattern.parse_error = stored->parse_error;
  pattern.shape = stored->shape;
  return &pattern;
}

std::shared_ptr<StatementInfo> StatementCatalog::restore(const PatternKey& key, const std::string& text) {
  StatementScan scan;
  std::string scratch;
  scan_statement(text, scan, scratch);
  Event event;
  event.text = text;
  event.scan = &scan;
  std::shared_ptr<StatementInfo> info = describe(event);
  if (info->key == key) return info;
  Pattern* pattern = adopt(key);
  if (pattern == nullptr) return nullptr;
  auto renamed = std::make_shared<StatementInfo>(*info);
  renamed->key = key;
  renamed->pattern = pattern;
  renamed->ordinal = ordinals_[key];
  return renamed;
}

void StatementCatalog::note_reference(const Event& event, Pattern& pattern) {
  if (event.time > pattern.reference_time) return;
  const SharedText before = options_.leaves_scopes_open ? pattern.reference_text : SharedText();
  if (!keep_reference(event, options_.keep_values, pattern)) return;
  new_references_.insert(&pattern);
  if (!options_.leaves_scopes_open) return;
  for (const std::shared_ptr<StatementInfo>& info : by_fingerprint_[pattern.key.fingerprint]) {
    if (info->pattern == &pattern && info->reference_text.empty()) info->reference_text = before.str();
  }
}

uint32_t StatementCatalog::ordinal_of(const PatternKey& key) {
  return adopt(key) == nullptr ? 0 : ordinals_[key];
}

void StatementCatalog::draw_references() {
  for (Pattern* pattern : new_references_) draw_reference(*pattern);
  new_references_.clear();
}

}  // namespace pgsieve
