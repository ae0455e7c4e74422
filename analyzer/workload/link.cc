#include "analyzer/workload/link.h"

#include <algorithm>
#include <span>

namespace pgsieve {

std::string_view link_strength_name(LinkStrength strength) {
  constexpr std::string_view kNames[] = {"none",        "possible", "reference", "same column", "stem",
                                         "polymorphic", "names",    "same key",  "foreign key"};
  return kNames[static_cast<size_t>(strength)];
}

namespace {

// Columns of the parent that its rows carry: the listed ones, and every column of a starred table when the
// schema knows it.
bool carries(const LinkProfile& parent, uint32_t table, std::string_view column) {
  const LinkProfile::ColumnName wanted = normal_column(column, table);
  if (std::find(parent.star_tables.begin(), parent.star_tables.end(), table) != parent.star_tables.end())
    return true;
  return std::any_of(parent.columns.begin(), parent.columns.end(),
                     [&](const LinkProfile::ColumnName& listed_column) {
                       return listed_column.hash == wanted.hash &&
                              (listed_column.table == table || listed_column.table == kNoIndex);
                     });
}

uint64_t id_hash() {
  static const uint64_t hash = normal_column("id", 0).hash;
  return hash;
}

// True when the parent itself asks for one value of that column: all its rows then carry the same one. "id"
// stands for the table's own key, whatever its name.
bool pinned(const LinkProfile& parent, uint32_t table, uint64_t column_hash) {
  return std::any_of(parent.keys.begin(), parent.keys.end(), [&](const LinkProfile::Key& key) {
    const bool same = key.normal.hash == column_hash || (key.primary && column_hash == id_hash());
    return same && key.fixed && (key.table == table || table == kNoIndex);
  });
}

// The column of the parent that a link starts from.
struct Source {
  uint32_t table = 0;
  uint64_t hash = 0;  // of its normalised name; 0: no column in particular
  std::string_view name;
};

struct Best {
  Link link;
  bool explain = false;
  void offer(LinkStrength strength, const LinkProfile& parent, const Source& source, const LinkProfile& child,
             const LinkProfile::Key& key) {
    if (strength <= link.strength) return;
    if (source.hash != 0 && pinned(parent, source.table, source.hash)) return;
    link.strength = strength;
    link.slot = key.slot;
    if (!explain) return;
    link.parent_table =
        source.table < parent.tables.size() ? std::string(parent.tables[source.table].name) : std::string();
    link.parent_column = source.name;
    link.child_table = child.tables[key.table].name;
    link.child_column = key.column;
  }
};

Source column_of(uint32_t table, std::string_view name) {
  return {table, normal_column(name, table).hash, name};
}

Source primary_key_of(uint32_t table) {
  return {table, id_hash(), "id"};
}

// The child asks for one row by a key of several columns, all of which the parent's rows of that table carry.
bool asks_listed_row(const LinkProfile& parent, uint32_t parent_table, const LinkProfile& child,
                     const LinkProfile::Key& key, const Table& table) {
  const std::vector<std::string>& columns = table.primary_key;
  const bool of_key =
      std::ranges::any_of(columns, [&](const std::string& column) { return key.column == column; });
  if (columns.size() < 2 || !of_key) return false;
  return std::ranges::all_of(columns, [&](const std::string& column) {
    return carries(parent, parent_table, column) &&
           std::ranges::any_of(child.keys, [&](const LinkProfile::Key& other) {
             return other.table == key.table && other.column == column;
           });
  });
}

void link_by_schema(const LinkProfile& parent, uint32_t parent_table, const LinkProfile& child,
                    const LinkProfile::Key& key, const Schema& schema, Best& best) {
  const LinkProfile::TableName& offered = parent.tables[parent_table];
  const LinkProfile::TableName& keyed = child.tables[key.table];
  const Table* from = schema.find(keyed.schema, keyed.name);
  const Table* to = schema.find(offered.schema, offered.name);
  if (from == nullptr || to == nullptr) return;
  if (from == to && asks_listed_row(parent, parent_table, child, key, *from))
    best.offer(LinkStrength::kSameKey, parent, column_of(parent_table, key.column), child, key);
  for (const ForeignKey& foreign : from->foreign_keys) {  // has-many: child.user_id → parent.id
    for (size_t i = 0; i < foreign.columns.size(); ++i) {
      if (foreign.columns[i] != key.column) continue;
      if (foreign.target_table == to->name) {
        const std::string target = i < foreign.target_columns.size() ? foreign.target_columns[i] : "id";
        if ((parent.columns.empty() && !parent.groups) || carries(parent, parent_table, target)) {
          best.offer(LinkStrength::kForeignKey, parent, column_of(parent_table, target), child, key);
        }
      }
      for (const ForeignKey& sibling : to->foreign_keys) {  // both reference one third table
        if (sibling.target_table != foreign.target_table || from == to) continue;
        if (!sibling.columns.empty() && carries(parent, parent_table, sibling.columns[0])) {
          best.offer(LinkStrength::kSameColumn, parent, column_of(parent_table, sibling.columns[0]), child,
                     key);
        }
      }
    }
  }
  for (const ForeignKey& foreign : to->foreign_keys) {  // belongs-to: parent.user_id → child.id
    for (size_t i = 0; i < foreign.columns.size() && i < foreign.target_columns.size(); ++i) {
      if (foreign.target_table != from->name || foreign.target_columns[i] != key.column) continue;
      if (carries(parent, parent_table, foreign.columns[i])) {
        best.offer(LinkStrength::kForeignKey, parent, column_of(parent_table, foreign.columns[i]), child,
                   key);
      }
    }
  }
}

void link_by_names(const LinkProfile& parent, uint32_t parent_table, const LinkProfile& child,
                   const LinkProfile::Key& key, Best& best) {
  const LinkProfile::TableName& offered = parent.tables[parent_table];
  const LinkProfile::TableName& keyed = child.tables[key.table];
  const bool same_table = offered.name == keyed.name;
  const bool asks_for_id = key.normal.reference || key.normal.words.empty();
  if (parent.groups || (parent.names_no_key && asks_for_id)) return;
  if (same_table && key.primary)
    best.offer(key.row_id ? LinkStrength::kSameKey : LinkStrength::kSameColumn, parent,
               {parent_table, key.normal.hash, key.column}, child, key);
  // In the table itself such a column is a part of its key: patient_allergies.allergy_id.
  if (!key.primary && !same_table && key.normal.words.akin_to(offered.words)) {
    const bool agrees = key.normal.words.agrees_with(offered.words);
    if (agrees || key.normal.reference)
      best.offer(agrees ? LinkStrength::kNames : LinkStrength::kStem, parent, primary_key_of(parent_table),
                 child, key);
  }
  if (same_table && !key.primary && key.normal.ancestor) {
    best.offer(LinkStrength::kNames, parent, primary_key_of(parent_table), child, key);
  }
  // Of any table, but by its key: a list of names has none.
  if (key.polymorphic && (parent.gives_row_ids || !parent.many_rows))
    best.offer(LinkStrength::kPolymorphic, parent, primary_key_of(parent_table), child, key);
}

// Looks at all of them, which a processor does several at a time: nearly always it is none.
bool has(std::span<const uint32_t> glances, uint32_t wanted) {
  if (wanted == 0) return false;
  uint32_t found = 0;
  for (const uint32_t glance : glances) found |= static_cast<uint32_t>(glance == wanted);
  return found != 0;
}

void link_by_columns(const LinkProfile& parent, const LinkProfile& child, const LinkProfile::Key& key,
                     const Schema* schema, Best& best) {
  const LinkProfile::TableName& keyed = child.tables[key.table];
  const auto consider = [&](const LinkProfile::ColumnName& column, std::string_view written) {
    if (column.words.empty()) return;
    if (key.qualified != 0 && column.hash == key.qualified)
      best.offer(LinkStrength::kNames, parent, {column.table, column.hash, written}, child, key);
    if (!key.primary && column.referred == key.normal.hash)
      best.offer(LinkStrength::kNames, parent, {column.table, column.hash, written}, child, key);
    if (key.primary && !column.bare && column.words.akin_to(keyed.words)) {
      const bool agrees = column.words.agrees_with(keyed.words);
      if (agrees || column.reference)
        best.offer(agrees ? LinkStrength::kNames : LinkStrength::kStem, parent,
                   {column.table, column.hash, written}, child, key);
    }
    // A group of rows for each status, and then the rows of each.
    const bool grouped = parent.groups && column.table < parent.tables.size() &&
                         parent.tables[column.table].name == keyed.name;
    if (column.hash == key.normal.hash && (!column.generic || grouped)) {
      best.offer(LinkStrength::kSameColumn, parent, {column.table, column.hash, written}, child, key);
    }
  };
  const std::span<const uint32_t> names(parent.column_glances.data(), parent.columns.size());
  const std::span<const uint32_t> last_words(names.data() + names.size(), names.size());
  const bool by_name = (!key.normal.generic || parent.groups) && !key.normal.words.empty();
  const uint32_t name = by_name ? static_cast<uint32_t>(key.normal.hash) : 0;
  const WordHashes& words = key.primary ? keyed.words : key.normal.words;
  const uint32_t word = words.empty() ? 0 : words.last();
  const auto qualified = static_cast<uint32_t>(key.qualified);
  if (has(names, name) || has(names, qualified) || has(last_words, word)) {
    for (size_t i = 0; i < parent.columns.size(); ++i) {
      if ((name == 0 || names[i] != name) && (qualified == 0 || names[i] != qualified) &&
          (word == 0 || last_words[i] != word))
        continue;
      consider(parent.columns[i], i < parent.column_names.size() ? std::string_view(parent.column_names[i])
                                                                 : std::string_view());
    }
  }
  if (schema == nullptr) return;
  for (const uint32_t star_table : parent.star_tables) {
    const LinkProfile::TableName& table = parent.tables[star_table];
    const Table* known = schema->find(table.schema, table.name);
    if (known == nullptr) continue;
    for (const Column& column : known->columns) consider(normal_column(column.name, star_table), column.name);
  }
}

// A row's own key can be what a reference of the list's rows says, and a reference the key of its rows.
LinkStrength by_form(const LinkProfile& parent, const LinkProfile& child, uint32_t slot) {
  if (slot == child.primary_slot) {
    if (parent.gives_references) return LinkStrength::kReference;
    return parent.groups ? LinkStrength::kNone : LinkStrength::kPossible;
  }
  return slot == child.reference_slot && parent.gives_row_ids ? LinkStrength::kReference
                                                              : LinkStrength::kNone;
}

Link search(const LinkProfile& parent, const LinkProfile& child, const Schema* schema, bool explain,
            uint32_t slots) {
  Best best;
  best.explain = explain;
  const bool strong_possible = may_link(parent, child);
  for (const LinkProfile::Key& key : child.keys) {
    if (key.slot < 32 && (slots & (1U << key.slot)) == 0) continue;
    if (strong_possible) {
      for (uint32_t table = 0; table < parent.tables.size(); ++table) {
        if (schema != nullptr) link_by_schema(parent, table, child, key, *schema, best);
        link_by_names(parent, table, child, key, best);
      }
      if (best.link.strength < LinkStrength::kNames) link_by_columns(parent, child, key, schema, best);
      if (key.primary && !parent.any_reference_name.empty()) {
        best.offer(LinkStrength::kPolymorphic, parent,
                   {parent.any_reference.table, parent.any_reference.hash, parent.any_reference_name}, child,
                   key);
      }
    }
    const LinkStrength fits = by_form(parent, child, key.slot);
    if (fits != LinkStrength::kNone) best.offer(fits, parent, {}, child, key);
    if (parent.star_unknown && key.natural) best.offer(LinkStrength::kPossible, parent, {}, child, key);
  }
  if (child.keys.empty() && child.reference_slot != UINT32_MAX && parent.gives_row_ids &&
      best.link.strength == LinkStrength::kNone) {
    best.link.strength = LinkStrength::kReference;
    best.link.slot = child.reference_slot;
  }
  return best.link;
}

}  // namespace

bool ties_to_itself(const Link& link) {
  return link.strength >= LinkStrength::kNames && link.strength != LinkStrength::kSameKey &&
         link.parent_table == link.child_table && link.parent_column != link.child_column;
}

Link find_link(const LinkProfile& parent, const LinkProfile& child, const Schema* schema) {
  return search(parent, child, schema, false, UINT32_MAX);
}

Link explain_link(const LinkProfile& parent, const LinkProfile& child, const Schema* schema, uint32_t slots) {
  return search(parent, child, schema, true, slots);
}

}  // namespace pgsieve
