// What a statement offers as a parent and needs as a child, drawn from its shape.
#include "analyzer/workload/link.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <map>

#include "analyzer/base/hash.h"
#include "analyzer/workload/link_names.h"
#include "analyzer/workload/link_rows.h"

namespace pgsieve {

namespace {

using Words = std::vector<std::string>;

void mark(LinkProfile::WordMask& mask, uint32_t word) {
  mask[4 + ((word >> 14U) & 3U)] |= uint64_t{1} << ((word >> 8U) & 63U);
  mask[(word >> 6U) & 3U] |= uint64_t{1} << (word & 63U);
}

// Maps the shape's relations to indexes into profile.tables (UINT32_MAX: not a base table).
std::vector<uint32_t> collect_tables(const StatementShape& shape, LinkProfile& profile) {
  std::vector<uint32_t> places(shape.relations.size(), kNoIndex);
  for (const bool top : {true, false}) {
    for (size_t i = 0; i < shape.relations.size(); ++i) {
      const Relation& relation = shape.relations[i];
      if (relation.kind != Relation::Kind::kTable || (relation.block == 0) != top) continue;
      places[i] = static_cast<uint32_t>(profile.tables.size());
      profile.tables.push_back(link_table_name(relation));
    }
    if (top) profile.top_tables = profile.tables.size();
  }
  return places;
}

// A column of the list, with what a reference to it would be called.
LinkProfile::ColumnName listed_column(const std::string& column, uint32_t table, const LinkProfile& profile) {
  LinkProfile::ColumnName name = normal_column(column, table);
  if (table < profile.tables.size() && !name.words.empty() && !name.generic)
    name.referred = qualified_hash(profile.tables[table].name, column);
  return name;
}

// INSERT INTO lines (order_id, sku) VALUES … RETURNING id, order_id: the program gave the order itself; what
// the rows bring is their key.
bool was_given(const StatementShape& shape, const ColumnUse& column) {
  if (shape.kind != StatementKind::kInsert) return false;
  if (shape.arity != Arity::kRow && shape.arity != Arity::kRows) return false;
  return std::ranges::any_of(shape.written_columns, [&column](const ColumnUse& written) {
    return written.relation == column.relation && written.column == column.column;
  });
}

void collect_columns(const StatementShape& shape, const std::vector<uint32_t>& places, bool with_names,
                     const Schema* schema, const Schema* seen, LinkProfile& profile) {
  if (shape.blocks.empty()) return;
  profile.columns.reserve(shape.blocks[0].targets.size());
  for (const TargetColumn& target : shape.blocks[0].targets) {
    const uint32_t table = target.use.relation < places.size() ? places[target.use.relation] : kNoIndex;
    if (target.star) {
      profile.star = true;
      if (table != kNoIndex) {
        profile.star_tables.push_back(table);
      } else {
        for (uint32_t i = 0; i < profile.top_tables; ++i) profile.star_tables.push_back(i);
      }
    } else if (!target.use.whole_row()) {
      LinkProfile::ColumnName column = listed_column(target.use.column, table, profile);
      const bool primary = table != kNoIndex && looks_primary(column, profile.tables[table]);
      if (!primary && was_given(shape, target.use)) continue;
      profile.columns.push_back(std::move(column));
      if (with_names) profile.column_names.push_back(target.use.column);
    }
  }
  for (const uint32_t star_table : profile.star_tables) {
    const LinkProfile::TableName& table = profile.tables[star_table];
    if (schema != nullptr && schema->find(table.schema, table.name) != nullptr) continue;
    profile.star_unknown = true;
    const Table* named = seen == nullptr ? nullptr : seen->find(table.schema, table.name);
    if (named == nullptr) continue;
    for (const Column& column : named->columns) {
      profile.columns.push_back(listed_column(column.name, star_table, profile));
      if (with_names) profile.column_names.push_back(column.name);
    }
  }
}

bool are(const Words& words, std::initializer_list<std::string_view> wanted) {
  return std::equal(words.begin(), words.end(), wanted.begin(), wanted.end());
}

// (notable_type, notable_id), (content_type_id, object_id): which row of which table, in a row of the parent.
bool is_type_of(const Words& type, const Words& key) {
  if (are(type, {"content", "type", "id"})) return are(key, {"object", "id"});
  if (type.size() < 2 || (type.back() != "type" && type.back() != "class")) return false;
  return key.size() == type.size() && is_key_word(key.back()) &&
         std::equal(type.begin(), type.end() - 1, key.begin());
}

// False: none of the name's words is "type" or "class".
bool may_name_type(std::string_view name) {
  const auto has = [name](std::string_view word) {
    const auto same = [](char c, char small) {
      return (c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) == small;
    };
    return std::search(name.begin(), name.end(), word.begin(), word.end(), same) != name.end();
  };
  return has("type") || has("class");
}

void find_any_reference(const StatementShape& shape, const Schema* schema, const Schema* seen,
                        LinkProfile& profile) {
  if (shape.blocks.empty()) return;
  struct Named {
    std::string_view name;
    uint32_t table;
  };
  std::vector<Named> columns;
  size_t place = 0;
  for (const TargetColumn& target : shape.blocks[0].targets) {
    if (target.star || target.use.whole_row()) continue;
    columns.push_back({target.use.column, profile.columns[place++].table});
  }
  for (const uint32_t table : profile.star_tables) {
    const LinkProfile::TableName& name = profile.tables[table];
    const Table* known = schema == nullptr ? nullptr : schema->find(name.schema, name.name);
    if (known == nullptr && seen != nullptr) known = seen->find(name.schema, name.name);
    if (known == nullptr) continue;
    for (const Column& column : known->columns) columns.push_back({column.name, table});
  }
  for (const Named& type : columns) {
    if (!may_name_type(type.name)) continue;
    const Words type_words = name_words(type.name);
    if (type_words.size() < 2) continue;
    for (const Named& key : columns) {
      if (key.table != type.table || !is_type_of(type_words, name_words(key.name))) continue;
      profile.any_reference = normal_column(key.name, key.table);
      profile.any_reference_name = key.name;
      profile.offers.fill(UINT64_MAX);
      return;
    }
  }
}

// The column of an equality slot and all columns that join equalities make equal to it.
void collect_keys(const StatementShape& shape, const std::vector<uint32_t>& places, const Schema* schema,
                  LinkProfile& profile) {
  for (uint32_t slot = 0; slot < shape.slots.size(); ++slot) {
    const SlotUse& use = shape.slots[slot];
    if (use.role != SlotRole::kEqual || use.column.whole_row()) continue;
    const bool under_or = use.predicate < shape.predicates.size() && shape.predicates[use.predicate].in_or;
    const bool fixed = !use.array && !under_or;
    std::vector<ColumnUse> equal = {use.column};
    for (size_t done = 0; done < equal.size() && equal.size() < 8; ++done) {
      for (const Join& join : shape.joins) {
        if (join.left_column.empty()) continue;
        const auto add = [&](uint32_t relation, const std::string& column) {
          const bool seen = std::any_of(equal.begin(), equal.end(), [&](const ColumnUse& known) {
            return known.relation == relation && known.column == column;
          });
          if (!seen) equal.push_back({relation, column});
        };
        if (join.left == equal[done].relation && join.left_column == equal[done].column)
          add(join.right, join.right_column);
        if (join.right == equal[done].relation && join.right_column == equal[done].column)
          add(join.left, join.left_column);
      }
    }
    for (const ColumnUse& column : equal) {
      uint32_t place = column.relation < places.size() ? places[column.relation] : kNoIndex;
      if (place == kNoIndex && profile.tables.size() == 1) place = 0;
      if (place == kNoIndex) continue;
      LinkProfile::Key key;
      key.slot = slot;
      key.table = place;
      key.fixed = fixed;
      key.column = column.column;
      key.normal = normal_column(column.column, place);
      bool known = false;
      const bool unique = known_unique(schema, profile.tables[place], column.column, known);
      key.primary = known ? unique : looks_primary(key.normal, profile.tables[place]);
      key.row_id = key.primary && (known || !any_code(name_words(key.column)));
      if (!key.primary) key.qualified = qualified_hash(profile.tables[place].name, column.column);
      profile.keys.push_back(std::move(key));
    }
  }
  // (commentable_type, commentable_id), (content_type_id, object_id): a pair names a row of any table.
  struct Type {
    uint32_t table, slot;
    std::string first_word;
    bool several = false;  // the column has other slots, too
  };
  std::map<std::pair<uint32_t, std::string_view>, Type> types;
  for (const LinkProfile::Key& key : profile.keys) {
    const Words words = name_words(key.column);
    const bool type = std::any_of(words.begin(), words.end(),
                                  [](const std::string& word) { return word == "type" || word == "class"; });
    if (!type) continue;
    const auto [found, fresh] =
        types.try_emplace({key.table, key.column}, Type{key.table, key.slot, words.front(), false});
    if (!fresh && found->second.slot != key.slot) found->second.several = true;
  }
  for (LinkProfile::Key& key : profile.keys) {
    if (!types.empty()) {
      const Words own = telling_words(name_words(key.column));
      key.polymorphic = std::any_of(types.begin(), types.end(), [&](const auto& entry) {
        const Type& type = entry.second;
        if (type.table != key.table || (type.slot == key.slot && !type.several)) return false;
        return !own.empty() && (own.front() == type.first_word || (own.size() == 1 && own[0] == "object"));
      });
    }
    key.natural = key.normal.natural && !key.normal.generic && !key.primary && !key.polymorphic;
  }
}

// The words of tables and those of columns are different things to ask for.
void mark_table(LinkProfile::WordMask& mask, const WordHashes& words) {
  if (!words.empty()) mark(mask, words.last());
}

void mark_column(LinkProfile::WordMask& mask, const WordHashes& words) {
  constexpr uint32_t kColumn = 0x9e3779b9;  // any number with bits everywhere
  if (!words.empty()) mark(mask, words.last() ^ kColumn);
}

void mark_references(LinkProfile::WordMask& mask, const Table& table) {
  for (const ForeignKey& key : table.foreign_keys) mark_table(mask, table_words(key.target_table));
}

// "status" alone neither names a table's rows nor ties two tables together.
bool tells(const LinkProfile::ColumnName& column) {
  return !(column.generic && column.bare);
}

// Every way of link.cc to link two statements has a word in common that is marked here in both.
void add_masks(const Schema* schema, LinkProfile& profile) {
  const auto known_table = [schema](const LinkProfile::TableName& table) {
    return schema == nullptr ? nullptr : schema->find(table.schema, table.name);
  };
  for (const LinkProfile::TableName& table : profile.tables) {
    mark_table(profile.offers, table.words);
    const Table* known = known_table(table);
    if (known == nullptr) continue;
    mark_references(profile.offers, *known);
    if (!profile.star) continue;
    for (const Column& column : known->columns) {
      const LinkProfile::ColumnName name = normal_column(column.name, 0);
      if (tells(name)) mark_column(profile.offers, name.words);
    }
  }
  for (const LinkProfile::ColumnName& column : profile.columns) {
    if (tells(column)) mark_column(profile.offers, column.words);
  }
  for (const LinkProfile::Key& key : profile.keys) {
    const LinkProfile::TableName& table = profile.tables[key.table];
    const Table* known = known_table(table);
    if (key.primary) {
      mark_column(profile.wants, table.words);  // user_id, for users
      if (profile.primary_slot == UINT32_MAX) profile.primary_slot = key.slot;
    } else {
      mark_table(profile.wants, key.normal.words);  // the users themselves, for user_id
    }
    if (!key.normal.generic) mark_column(profile.wants, key.normal.words);
    if (key.primary || key.normal.ancestor || known != nullptr) mark_table(profile.wants, table.words);
    if (known != nullptr) mark_references(profile.wants, *known);
    if (key.natural) profile.asks_natural = true;
    if (key.polymorphic) profile.wants_any = true;
  }
}

// What its rows may carry of keys and references, and which of its own keys is a reference, by form alone.
void find_references(const StatementShape& shape, LinkProfile& profile) {
  const auto asked = [&profile](const LinkProfile::ColumnName& column) {
    return std::ranges::any_of(profile.keys, [&column](const LinkProfile::Key& key) {
      return key.fixed && key.normal.hash == column.hash &&
             (key.table == column.table || column.table == kNoIndex);
    });
  };
  if (profile.many_rows && !profile.groups) {
    profile.gives_row_ids = profile.star;
    profile.gives_references = profile.star_unknown;
    for (const LinkProfile::ColumnName& column : profile.columns) {
      if (asked(column)) continue;  // all rows have the same
      const bool own =
          column.table < profile.tables.size() && looks_primary(column, profile.tables[column.table]);
      if (own || column.words.empty()) profile.gives_row_ids = true;
      if (!own && column.reference) profile.gives_references = true;
    }
  }
  for (const LinkProfile::Key& key : profile.keys) {
    if (!key.primary && key.normal.reference && profile.reference_slot == UINT32_MAX)
      profile.reference_slot = key.slot;
  }
  // SELECT f($1): of which row, only the function knows.
  if (!profile.tables.empty() || !profile.keys.empty() || !is_read(shape.kind) || shape.catalog_only) return;
  for (uint32_t slot = 0; slot < shape.slots.size(); ++slot) {
    if (shape.slots[slot].role == SlotRole::kFunctionArgument && profile.reference_slot == UINT32_MAX)
      profile.reference_slot = slot;
  }
}

}  // namespace

LinkProfile draw_link_profile(const StatementShape& shape, const Schema* schema, bool with_names,
                              const Schema* seen) {
  if (shape.kind == StatementKind::kDeclareCursor && !shape.inner_text.empty()) {
    // As a parent, a cursor is its query.
    return draw_link_profile(draw_shape(shape.inner_text), schema, with_names, seen);
  }
  LinkProfile profile;
  const std::vector<uint32_t> places = collect_tables(shape, profile);
  collect_columns(shape, places, with_names, schema, seen, profile);
  collect_keys(shape, places, schema, profile);
  profile.many_rows = may_return_many(shape, places, profile, schema);
  profile.groups = is_read(shape.kind) && only_groups(shape, places, profile, schema);
  profile.unsure_rows = profile.many_rows && rows_unsure(shape, profile, schema);
  profile.names_no_key = lists_no_key(shape, profile);
  add_masks(schema, profile);
  if (profile.many_rows) find_any_reference(shape, schema, seen, profile);
  find_references(shape, profile);
  if (profile.groups) profile.offers.fill(UINT64_MAX);  // at a glance it would pass for any key's list
  profile.column_glances.resize(2 * profile.columns.size());
  for (size_t i = 0; i < profile.columns.size(); ++i) {
    const LinkProfile::ColumnName& column = profile.columns[i];
    if (column.words.empty()) continue;
    profile.column_glances[i] = static_cast<uint32_t>(column.hash);
    profile.column_glances[profile.columns.size() + i] = column.words.last();
  }
  profile.tables.shrink_to_fit();
  profile.columns.shrink_to_fit();
  profile.keys.shrink_to_fit();
  return profile;
}

}  // namespace pgsieve
