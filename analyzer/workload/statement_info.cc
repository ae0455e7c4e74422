#include "analyzer/workload/statement_info.h"

#include <algorithm>
#include <array>

#include "analyzer/sql/fingerprint.h"
#include "analyzer/workload/link_rows.h"

namespace pgsieve {

namespace {

// Functions that make a SELECT something else than a read of data: locks, sequences, session state,
// introspection.
constexpr std::array<std::string_view, 34> kHousekeeping = {"nextval",
                                                            "currval",
                                                            "lastval",
                                                            "setval",
                                                            "set_config",
                                                            "current_setting",
                                                            "version",
                                                            "pg_backend_pid",
                                                            "pg_advisory_lock",
                                                            "pg_advisory_xact_lock",
                                                            "pg_try_advisory_lock",
                                                            "pg_try_advisory_xact_lock",
                                                            "pg_advisory_unlock",
                                                            "pg_advisory_unlock_all",
                                                            "pg_advisory_lock_shared",
                                                            "pg_advisory_xact_lock_shared",
                                                            "pg_try_advisory_lock_shared",
                                                            "pg_notify",
                                                            "pg_sleep",
                                                            "pg_is_in_recovery",
                                                            "now",
                                                            "current_database",
                                                            "current_schema",
                                                            "current_schemas",
                                                            "pg_last_wal_receive_lsn",
                                                            "pg_current_wal_lsn",
                                                            "txid_current",
                                                            "pg_current_xact_id",
                                                            "pg_terminate_backend",
                                                            "pg_cancel_backend",
                                                            "clock_timestamp",
                                                            "session_user",
                                                            "current_user",
                                                            "pg_table_is_visible"};

bool housekeeping_only(const StatementShape& shape) {
  if (!shape.relations.empty()) {
    return std::all_of(shape.relations.begin(), shape.relations.end(), [](const Relation& relation) {
      return relation.kind == Relation::Kind::kFunction &&
             std::find(kHousekeeping.begin(), kHousekeeping.end(), relation.name) != kHousekeeping.end();
    });
  }
  return std::all_of(shape.functions.begin(), shape.functions.end(), [](const FunctionUse& use) {
    std::string_view name = use.name;
    if (name.starts_with("pg_catalog.")) name.remove_prefix(11);
    return std::find(kHousekeeping.begin(), kHousekeeping.end(), name) != kHousekeeping.end();
  });
}

StatementClass classify(const StatementShape& shape) {
  switch (shape.kind) {
    case StatementKind::kSelect:
    case StatementKind::kValues:
      return shape.catalog_only || housekeeping_only(shape) ? StatementClass::kTransparent
                                                            : StatementClass::kQuery;
    case StatementKind::kInsert:
    case StatementKind::kUpdate:
    case StatementKind::kDelete:
    case StatementKind::kMerge:
      return StatementClass::kWrite;
    case StatementKind::kBegin:
      return StatementClass::kBegin;
    case StatementKind::kCommit:
    case StatementKind::kPrepareTransaction:
      return StatementClass::kCommit;
    case StatementKind::kRollback:
      return StatementClass::kRollback;
    case StatementKind::kSavepoint:
    case StatementKind::kRelease:
      return StatementClass::kSavepoint;
    case StatementKind::kRollbackTo:
      return StatementClass::kRollbackTo;
    case StatementKind::kDiscard:
      return StatementClass::kPoolReset;
    case StatementKind::kReset:
      return shape.name.empty() || shape.name == "all" ? StatementClass::kPoolReset
                                                       : StatementClass::kTransparent;
    case StatementKind::kSet:
      return shape.name == "search_path" || shape.name == "role" || shape.name == "session_authorization" ||
                     shape.name.find('.') != std::string::npos  // app.tenant_id and the like: row security
                 ? StatementClass::kSetting
                 : StatementClass::kTransparent;
    case StatementKind::kDeclareCursor:
      return StatementClass::kCursor;
    case StatementKind::kFetch:
      return StatementClass::kFetch;
    default:
      return StatementClass::kTransparent;
  }
}

// Which slots to follow when there are more than fit: those that select rows, then those that are written,
// then the rest.
int slot_priority(SlotRole role) {
  switch (role) {
    case SlotRole::kEqual:
      return 0;
    case SlotRole::kList:
      return 1;
    case SlotRole::kRange:
      return 2;
    case SlotRole::kOffset:
      return 3;
    case SlotRole::kPattern:
    case SlotRole::kOtherPredicate:
      return 4;
    case SlotRole::kFunctionArgument:
      return 5;
    case SlotRole::kWritten:
      return 6;
    case SlotRole::kLimit:
      return 7;
    case SlotRole::kNone:
      return 9;
  }
  return 9;
}

void collect_slots(const StatementShape& shape, const StatementScan& scan, StatementInfo& info) {
  const size_t count = std::min(shape.slots.size(), scan.slots.size());
  bool other_list = false;
  for (size_t i = 0; i < count; ++i) {
    const SlotUse& use = shape.slots[i];
    if (use.parameter != 0) info.needs_parameters = true;
    if (use.array && use.role == SlotRole::kEqual) info.array_list = true;
    if (use.role == SlotRole::kList) other_list = true;
    if (slot_priority(use.role) < 9) {
      info.slots.push_back({static_cast<uint16_t>(i), scan.slots[i].parameter, use.role, use.array});
    }
  }
  if (other_list) info.array_list = false;  // many, whatever the array holds
  for (const Slot& slot : scan.slots)
    info.needs_parameters = info.needs_parameters || slot.kind == Slot::Kind::kParameter;
  std::stable_sort(info.slots.begin(), info.slots.end(), [](const ValueSlot& left, const ValueSlot& right) {
    return slot_priority(left.role) < slot_priority(right.role);
  });
  if (info.slots.size() > StatementInfo::kMaxValueSlots) info.slots.resize(StatementInfo::kMaxValueSlots);
  if (shape.blocks.empty()) return;
  const QueryBlock& top = shape.blocks[0];
  info.limit_slot = top.limit.slot;
  info.offset_slot = top.offset.slot;
  if (top.limit.value && top.limit.slot == kNoIndex) info.limit_value = *top.limit.value;
}

void collect_tables(const StatementShape& shape, StatementInfo& info) {
  for (const Relation& relation : shape.relations) {
    if (relation.kind != Relation::Kind::kTable || relation.name.empty()) continue;
    std::string name = qualified_name(relation);
    auto& names = relation.dml_target ? info.tables_written : info.tables_read;
    auto& mask = relation.dml_target ? info.write_mask : info.read_mask;
    mask |= uint64_t{1} << (hash64(relation.name) & 63U);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
  }
}

}  // namespace

// libpg_query gives `= $1` and `IN ($1)` one fingerprint, and one-element lists have the slots of a plain
// comparison: the lists in the normalised text (no literal is left in it) tell them apart.
uint64_t slot_signature(const StatementScan& scan, std::string_view key) {
  uint64_t hash = hash_combine(scan.slots.size(), scan.rows > 1 ? 2 : scan.rows);
  for (const Slot& slot : scan.slots) {
    const uint64_t kind = slot.kind == Slot::Kind::kList ? 1 : slot.kind == Slot::Kind::kParameter ? 2 : 0;
    hash = hash_combine(hash, kind * 65536 + slot.parameter);
  }
  uint64_t lists = 0;
  for (size_t at = key.find('('); at != std::string_view::npos; at = key.find('(', at + 1)) {
    std::string_view before = key.substr(0, at);
    if (before.ends_with(' ')) before.remove_suffix(1);
    if (before.ends_with("in") || before.ends_with("any")) ++lists;
  }
  for (size_t at = key.find('['); at != std::string_view::npos; at = key.find('[', at + 1))
    if (key.substr(0, at).ends_with("array")) ++lists;
  return hash_combine(hash, lists);
}

std::shared_ptr<StatementInfo> describe_statement(std::string_view text, const StatementScan& scan,
                                                  const Schema* schema) {
  StatementScan own;
  std::string key;
  scan_statement(text, own, key);
  std::shared_ptr<StatementInfo> info = describe_statement(
      text, scan, schema, draw_fingerprinted(text, own, [](const Fingerprint&) { return true; }));
  info->signature = slot_signature(scan, std::string_view(key).substr(0, own.key_bytes));
  return info;
}

std::shared_ptr<StatementInfo> describe_statement(std::string_view text, const StatementScan& scan,
                                                  const Schema* schema, FingerprintedShape drawn) {
  auto info = std::make_shared<StatementInfo>();
  const Fingerprint& fingerprint = drawn.fingerprint;
  auto shape = std::make_shared<StatementShape>(std::move(*drawn.shape));
  info->key = {fingerprint.hash, shape->arity, fingerprint.approximate};
  info->parse_error = fingerprint.parse_error;
  info->kind = classify(*shape);
  collect_slots(*shape, scan, *info);
  collect_tables(*shape, *info);
  info->link = std::make_shared<const LinkProfile>(draw_link_profile(*shape, schema, /*with_names=*/false));
  info->many_rows = info->link->many_rows;
  info->unsure_rows = info->link->unsure_rows;
  if (info->many_rows) info->key_list = key_list_slots(*shape, schema);
  info->asks_for_rows = !info->link->keys.empty() || info->link->reference_slot != UINT32_MAX;
  info->name = shape->name;
  info->returning = shape->returning;
  info->wipes = shape->kind == StatementKind::kTruncate ||
                (shape->kind == StatementKind::kDelete && shape->predicates.empty() &&
                 shape->relations.size() == 1 && scan.slots.empty());
  info->locks_rows = !shape->blocks.empty() && shape->blocks[0].for_update;
  info->single_value = shape->arity != Arity::kMany && shape->arity != Arity::kRows;
  if (info->array_list) {
    info->one_key = info->key;
    info->one_key.arity = Arity::kOne;
  }
  if (info->kind == StatementClass::kCursor && !shape->inner_text.empty()) {
    StatementScan inner;
    std::string scratch;
    scan_statement(shape->inner_text, inner, scratch);
    std::shared_ptr<StatementInfo> query = describe_statement(shape->inner_text, inner, schema);
    query->shape = nullptr;
    info->tables_read = query->tables_read;
    info->cursor_query = std::move(query);
  }
  info->reference_text = text.substr(0, 64 * 1024);
  info->shape = std::move(shape);
  return info;
}

std::shared_ptr<StatementInfo>* StatementCache::find(const Hash128& key) {
  if (const auto found = young_.find(key); found != young_.end()) return &found->second;
  const auto found = old_.find(key);
  if (found == old_.end()) return nullptr;
  std::shared_ptr<StatementInfo> info = std::move(found->second);
  old_.erase(found);
  return &insert(key, std::move(info));
}

// Two generations: what is used moves to the young one; when that is half the capacity, the old one is
// dropped.
std::shared_ptr<StatementInfo>& StatementCache::insert(const Hash128& key,
                                                       std::shared_ptr<StatementInfo> info) {
  if (young_.size() * 2 >= capacity_) {
    forgotten_ += old_.size();
    old_ = std::move(young_);
    young_ = Map();
  }
  return young_.insert_or_assign(key, std::move(info)).first->second;
}

}  // namespace pgsieve
