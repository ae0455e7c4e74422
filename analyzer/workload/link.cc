#include "analyzer/workload/link.h"

#include <algorithm>
#include <array>

#include "analyzer/base/hash.h"

namespace pgsieve {

std::string_view link_strength_name(LinkStrength strength) {
  constexpr std::string_view kNames[] = {"none",  "possible", "same column", "polymorphic",
                                         "names", "same key", "foreign key"};
  return kNames[static_cast<size_t>(strength)];
}

namespace {

using Words = std::vector<std::string>;

constexpr std::array<std::string_view, 16> kKeyWords = {"id",  "ids",  "uuid",   "guid", "key", "fk",
                                                        "pk",  "ref",  "oid",    "gid",  "nr",  "no",
                                                        "num", "code", "number", "pkey"};
// Words that name nothing by themselves: two tables that both have such a column are not related by it.
constexpr std::array<std::string_view, 22> kGenericWords = {
    "name",     "type",    "status", "state",  "title",   "date", "time", "created",
    "updated",  "deleted", "at",     "value",  "version", "kind", "slug", "email",
    "position", "day",     "year",   "active", "enabled", "count"};

template <size_t N>
bool listed(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

uint8_t word_bit(std::string_view word) {
  return static_cast<uint8_t>(hash64(word));
}

void offer(LinkProfile& profile, std::string_view word) {
  const uint8_t bit = word_bit(word);
  profile.offers[bit >> 6U] |= uint64_t{1} << (bit & 63U);
}

void want(LinkProfile& profile, std::string_view word) {
  const uint8_t bit = word_bit(word);
  const auto at = std::lower_bound(profile.wants.begin(), profile.wants.end(), bit);
  if (at == profile.wants.end() || *at != bit) profile.wants.insert(at, bit);
}

// True when one of the lists ends with the other: [app, user] and [user].
bool words_agree(const Words& left, const Words& right) {
  if (left.empty() || right.empty() || left.back() != right.back()) return false;
  const size_t common = std::min(left.size(), right.size());
  return std::equal(left.end() - static_cast<std::ptrdiff_t>(common), left.end(),
                    right.end() - static_cast<std::ptrdiff_t>(common));
}

LinkProfile::TableName table_name(const Relation& relation) {
  LinkProfile::TableName table{relation.schema, relation.name, name_words(relation.name)};
  if (!table.words.empty()) table.words.back() = singular(table.words.back());
  return table;
}

LinkProfile::ColumnName column_name(std::string_view column, uint32_t table) {
  LinkProfile::ColumnName name;
  name.table = table;
  name.words = name_words(column);
  for (const std::string& word : name.words) name.name += word;
  while (!name.words.empty() && listed(kKeyWords, name.words.back())) name.words.pop_back();
  while (!name.words.empty() && listed(kKeyWords, name.words.front())) name.words.erase(name.words.begin());
  if (!name.words.empty()) name.words.back() = singular(name.words.back());
  return name;
}

// Without a schema a key looks like a key: "id" and its kin, or the table's own name with a key word
// (users.user_id).
bool looks_primary(const LinkProfile::ColumnName& column, const LinkProfile::TableName& table) {
  return column.words.empty() || (column.words == table.words && column.name != column.words.back());
}

bool known_unique(const Schema* schema, const LinkProfile::TableName& table, const std::string& column,
                  bool& known) {
  const Table* found = schema == nullptr ? nullptr : schema->find(table.schema, table.name);
  known = found != nullptr && !found->view;
  return known && found->unique_by({column});
}

// Maps the shape's relations to indexes into profile.tables (UINT32_MAX: not a base table).
std::vector<uint32_t> collect_tables(const StatementShape& shape, LinkProfile& profile) {
  std::vector<uint32_t> places(shape.relations.size(), kNoIndex);
  for (const bool top : {true, false}) {
    for (size_t i = 0; i < shape.relations.size(); ++i) {
      const Relation& relation = shape.relations[i];
      if (relation.kind != Relation::Kind::kTable || (relation.block == 0) != top) continue;
      places[i] = static_cast<uint32_t>(profile.tables.size());
      profile.tables.push_back(table_name(relation));
    }
    if (top) profile.top_tables = profile.tables.size();
  }
  return places;
}

void collect_columns(const StatementShape& shape, const std::vector<uint32_t>& places, LinkProfile& profile) {
  if (shape.blocks.empty()) return;
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
      profile.columns.push_back(column_name(target.use.column, table));
    }
  }
}

// The column of an equality slot and all columns that join equalities make equal to it.
void collect_keys(const StatementShape& shape, const std::vector<uint32_t>& places, const Schema* schema,
                  LinkProfile& profile) {
  for (uint32_t slot = 0; slot < shape.slots.size(); ++slot) {
    const SlotUse& use = shape.slots[slot];
    if (use.role != SlotRole::kEqual || use.column.whole_row()) continue;
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
      key.column = column.column;
      key.normal = column_name(column.column, place);
      bool known = false;
      const bool unique = known_unique(schema, profile.tables[place], column.column, known);
      key.primary = known ? unique : looks_primary(key.normal, profile.tables[place]);
      profile.keys.push_back(std::move(key));
    }
  }
  // (commentable_type, commentable_id), (content_type_id, object_id): a pair names a row of any table.
  for (LinkProfile::Key& key : profile.keys) {
    for (const LinkProfile::Key& other : profile.keys) {
      if (other.slot == key.slot || other.table != key.table) continue;
      const Words words = name_words(other.column);
      const bool type = std::any_of(words.begin(), words.end(), [](const std::string& word) {
        return word == "type" || word == "class";
      });
      const bool same_stem =
          !key.normal.words.empty() && !words.empty() && key.normal.words.front() == words.front();
      if (type && (same_stem || (key.normal.words.size() == 1 && key.normal.words[0] == "object")))
        key.polymorphic = true;
    }
  }
}

// True when a join of the top block can turn one row into several: it goes to a column that is no key of its
// table.
bool join_multiplies(const StatementShape& shape, const std::vector<uint32_t>& places,
                     const LinkProfile& profile) {
  const auto to_many = [&](uint32_t relation, const std::string& column) {
    const uint32_t place = relation < places.size() ? places[relation] : kNoIndex;
    if (place == kNoIndex || place == 0) return place == kNoIndex;
    return !looks_primary(column_name(column, place), profile.tables[place]);
  };
  return std::any_of(shape.joins.begin(), shape.joins.end(), [&](const Join& join) {
    if (join.block != 0) return false;
    return join.left_column.empty() || to_many(join.left, join.left_column) ||
           to_many(join.right, join.right_column);
  });
}

// One row at most: an aggregate, LIMIT 1, no table, or equality with a key.
bool may_return_many(const StatementShape& shape, const std::vector<uint32_t>& places,
                     const LinkProfile& profile, const Schema* schema) {
  if (shape.blocks.empty()) return false;
  if (!is_read(shape.kind) && shape.kind != StatementKind::kDeclareCursor && !shape.returning) return false;
  const QueryBlock& top = shape.blocks[0];
  if (is_read(shape.kind) && !top.has_from && !top.set_operation) return false;
  if (top.has_aggregate && top.group.empty()) return false;
  // Only where the text is always the same; one with a slot is judged by each execution's value.
  if (top.limit.value && *top.limit.value <= 1 && top.limit.slot == kNoIndex) return false;
  if (is_write(shape.kind) && shape.arity == Arity::kRow) return false;
  if (join_multiplies(shape, places, profile)) return true;
  std::vector<std::string> equal_columns;
  for (const LinkProfile::Key& key : profile.keys) {
    if (key.table != 0) continue;
    if (key.primary) return false;
    equal_columns.push_back(key.column);
  }
  if (schema != nullptr && !profile.tables.empty() && !equal_columns.empty()) {
    const Table* table = schema->find(profile.tables[0].schema, profile.tables[0].name);
    if (table != nullptr && table->unique_by(equal_columns)) return false;
  }
  return true;
}

void add_masks(const Schema* schema, LinkProfile& profile) {
  for (const LinkProfile::TableName& table : profile.tables) {
    if (!table.words.empty()) offer(profile, table.words.back());
    const Table* known = schema == nullptr ? nullptr : schema->find(table.schema, table.name);
    if (known == nullptr) continue;
    for (const ForeignKey& key : known->foreign_keys) {
      Words words = name_words(key.target_table);
      if (!words.empty()) offer(profile, singular(words.back()));
    }
    if (!profile.star) continue;
    for (const Column& column : known->columns) {
      const LinkProfile::ColumnName name = column_name(column.name, 0);
      if (!name.words.empty()) offer(profile, name.words.back());
    }
  }
  for (const LinkProfile::ColumnName& column : profile.columns) {
    if (!column.words.empty()) offer(profile, column.words.back());
  }
  for (const LinkProfile::Key& key : profile.keys) {
    const LinkProfile::TableName& table = profile.tables[key.table];
    if (!key.normal.words.empty()) want(profile, key.normal.words.back());
    if (!table.words.empty()) want(profile, table.words.back());
    if (key.primary && profile.primary_slot == UINT32_MAX) profile.primary_slot = key.slot;
    if (key.polymorphic) profile.wants_any = true;
    const Table* known = schema == nullptr ? nullptr : schema->find(table.schema, table.name);
    if (known == nullptr) continue;
    for (const ForeignKey& foreign : known->foreign_keys) {
      Words words = name_words(foreign.target_table);
      if (!words.empty()) want(profile, singular(words.back()));
    }
  }
}

// Columns of the parent that its rows carry: the listed ones, and every column of a starred table when the
// schema knows it.
bool carries(const LinkProfile& parent, uint32_t table, std::string_view column) {
  const LinkProfile::ColumnName wanted = column_name(column, table);
  if (std::find(parent.star_tables.begin(), parent.star_tables.end(), table) != parent.star_tables.end())
    return true;
  return std::any_of(parent.columns.begin(), parent.columns.end(),
                     [&](const LinkProfile::ColumnName& listed_column) {
                       return listed_column.name == wanted.name &&
                              (listed_column.table == table || listed_column.table == kNoIndex);
                     });
}

// True when the parent itself asks for one value of that column: all its rows then carry the same one.
bool pinned(const LinkProfile& parent, uint32_t table, std::string_view column) {
  const std::string wanted = column_name(column, table).name;
  return std::any_of(parent.keys.begin(), parent.keys.end(), [&](const LinkProfile::Key& key) {
    return key.normal.name == wanted && (key.table == table || table == kNoIndex);
  });
}

struct Best {
  Link link;
  bool explain = false;
  void offer(LinkStrength strength, const LinkProfile& parent, uint32_t parent_table,
             std::string_view parent_column, const LinkProfile& child, const LinkProfile::Key& key) {
    if (strength <= link.strength) return;
    if (!parent_column.empty() && pinned(parent, parent_table, parent_column)) return;
    link.strength = strength;
    link.slot = key.slot;
    if (!explain) return;
    link.parent_table =
        parent_table < parent.tables.size() ? parent.tables[parent_table].name : std::string();
    link.parent_column = parent_column;
    link.child_table = child.tables[key.table].name;
    link.child_column = key.column;
  }
};

void link_by_schema(const LinkProfile& parent, uint32_t parent_table, const LinkProfile& child,
                    const LinkProfile::Key& key, const Schema& schema, Best& best) {
  const LinkProfile::TableName& offered = parent.tables[parent_table];
  const LinkProfile::TableName& keyed = child.tables[key.table];
  const Table* from = schema.find(keyed.schema, keyed.name);
  const Table* to = schema.find(offered.schema, offered.name);
  if (from == nullptr || to == nullptr) return;
  for (const ForeignKey& foreign : from->foreign_keys) {  // has-many: child.user_id → parent.id
    for (size_t i = 0; i < foreign.columns.size(); ++i) {
      if (foreign.columns[i] != key.column) continue;
      if (foreign.target_table == to->name) {
        const std::string target = i < foreign.target_columns.size() ? foreign.target_columns[i] : "id";
        if (parent.columns.empty() || carries(parent, parent_table, target)) {
          best.offer(LinkStrength::kForeignKey, parent, parent_table, target, child, key);
        }
      }
      for (const ForeignKey& sibling : to->foreign_keys) {  // both reference one third table
        if (sibling.target_table != foreign.target_table || from == to) continue;
        if (!sibling.columns.empty() && carries(parent, parent_table, sibling.columns[0])) {
          best.offer(LinkStrength::kSameColumn, parent, parent_table, sibling.columns[0], child, key);
        }
      }
    }
  }
  for (const ForeignKey& foreign : to->foreign_keys) {  // belongs-to: parent.user_id → child.id
    for (size_t i = 0; i < foreign.columns.size() && i < foreign.target_columns.size(); ++i) {
      if (foreign.target_table != from->name || foreign.target_columns[i] != key.column) continue;
      if (carries(parent, parent_table, foreign.columns[i])) {
        best.offer(LinkStrength::kForeignKey, parent, parent_table, foreign.columns[i], child, key);
      }
    }
  }
}

void link_by_names(const LinkProfile& parent, uint32_t parent_table, const LinkProfile& child,
                   const LinkProfile::Key& key, Best& best) {
  const LinkProfile::TableName& offered = parent.tables[parent_table];
  const LinkProfile::TableName& keyed = child.tables[key.table];
  const bool same_table = offered.name == keyed.name;
  if (same_table && key.primary)
    best.offer(LinkStrength::kSameKey, parent, parent_table, key.column, child, key);
  if (!key.primary && words_agree(key.normal.words, offered.words)) {
    best.offer(LinkStrength::kNames, parent, parent_table, "id", child, key);
  }
  if (same_table && !key.primary && key.normal.words.size() == 1 &&
      (key.normal.words[0] == "parent" || key.normal.words[0] == "ancestor")) {
    best.offer(LinkStrength::kNames, parent, parent_table, "id", child, key);
  }
  if (key.polymorphic) best.offer(LinkStrength::kPolymorphic, parent, parent_table, "id", child, key);
}

void link_by_columns(const LinkProfile& parent, const LinkProfile& child, const LinkProfile::Key& key,
                     const Schema* schema, Best& best) {
  const LinkProfile::TableName& keyed = child.tables[key.table];
  const auto consider = [&](const LinkProfile::ColumnName& column, std::string_view written) {
    if (column.words.empty()) return;
    if (key.primary && words_agree(column.words, keyed.words) && column.name != column.words.back()) {
      best.offer(LinkStrength::kNames, parent, column.table, written, child, key);
    }
    if (column.name == key.normal.name && !listed(kGenericWords, column.words.back())) {
      best.offer(LinkStrength::kSameColumn, parent, column.table, written, child, key);
    }
  };
  for (const LinkProfile::ColumnName& column : parent.columns) consider(column, column.name);
  if (schema == nullptr) return;
  for (const uint32_t star_table : parent.star_tables) {
    const LinkProfile::TableName& table = parent.tables[star_table];
    const Table* known = schema->find(table.schema, table.name);
    if (known == nullptr) continue;
    for (const Column& column : known->columns) consider(column_name(column.name, star_table), column.name);
  }
}

Link search(const LinkProfile& parent, const LinkProfile& child, const Schema* schema, bool explain) {
  Best best;
  best.explain = explain;
  const bool strong_possible = may_link(parent, child);
  for (const LinkProfile::Key& key : child.keys) {
    if (strong_possible) {
      for (uint32_t table = 0; table < parent.tables.size(); ++table) {
        if (schema != nullptr) link_by_schema(parent, table, child, key, *schema, best);
        link_by_names(parent, table, child, key, best);
      }
      link_by_columns(parent, child, key, schema, best);
    }
    if (key.primary) best.offer(LinkStrength::kPossible, parent, 0, "", child, key);
  }
  return best.link;
}

}  // namespace

LinkProfile draw_link_profile(const StatementShape& shape, const Schema* schema) {
  if (shape.kind == StatementKind::kDeclareCursor && !shape.inner_text.empty()) {
    return draw_link_profile(draw_shape(shape.inner_text), schema);  // as a parent, a cursor is its query
  }
  LinkProfile profile;
  const std::vector<uint32_t> places = collect_tables(shape, profile);
  collect_columns(shape, places, profile);
  collect_keys(shape, places, schema, profile);
  profile.many_rows = may_return_many(shape, places, profile, schema);
  add_masks(schema, profile);
  return profile;
}

Link find_link(const LinkProfile& parent, const LinkProfile& child, const Schema* schema) {
  return search(parent, child, schema, false);
}

Link explain_link(const LinkProfile& parent, const LinkProfile& child, const Schema* schema) {
  return search(parent, child, schema, true);
}

}  // namespace pgsieve
