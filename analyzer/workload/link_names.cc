// Names of tables and columns as links compare them: which words count, and what they say.
#include "analyzer/workload/link_names.h"

#include <algorithm>
#include <array>

#include "analyzer/base/hash.h"

namespace pgsieve {

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

// Key words that are part of the names of keys with a meaning, too: "iata_code", "order_number".
constexpr std::array<std::string_view, 5> kCodeWords = {"code", "number", "no", "nr", "num"};
// Words of columns that sort rows into kinds, or into days: many rows have the same value.
constexpr std::array<std::string_view, 26> kCategoryWords = {
    "type",  "status",   "state",    "kind",    "category", "class",  "level", "role",   "group",
    "date",  "time",     "at",       "day",     "month",    "year",   "value", "active", "enabled",
    "count", "position", "priority", "country", "city",     "locale", "color", "parent"};

template <size_t N>
bool listed(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

uint32_t word_hash(std::string_view word) {
  return static_cast<uint32_t>(hash64(word));
}

// Words around a table's name that say what it is technically, not what its rows are: tbl_customers, t_user,
// dim_product, user_info.
constexpr std::array<std::string_view, 15> kTablePrefixes = {
    "tbl", "tb", "tab", "t", "app", "sys", "mst", "dim", "fact", "fct", "lkp", "lu", "wp", "m", "tr"};
constexpr std::array<std::string_view, 8> kTableSuffixes = {"tbl",   "tb",  "tab",    "t",
                                                            "table", "mst", "master", "info"};

std::string joined(const Words& words, size_t size) {
  std::string whole;
  whole.reserve(size);
  for (const std::string& word : words) whole += word;
  return whole;
}

// "assignee_id", "ownerUuid", "order_ref", and "created_by": which other row belongs here, whatever table it
// is in. Codes and numbers, which may be anything, are left out.
bool has_reference_form(const Words& words) {
  constexpr std::array<std::string_view, 8> kReferences = {"id", "uuid", "guid", "ref",
                                                           "fk", "oid",  "gid",  "by"};
  return words.size() > 1 && listed(kReferences, words.back());
}

// No reference (…_id).
bool has_meaning(const Words& words) {
  return std::all_of(words.begin(), words.end(), [](const std::string& word) {
    return !listed(kKeyWords, word) || listed(kCodeWords, word);
  });
}

// users.uid, machine_parts.mid and machine_parts.mpid.
bool is_own_id(uint64_t column_hash, const Words& table_words) {
  std::string all;
  for (const std::string& word : table_words) {
    const char initial = word.front();
    if (column_hash == hash64(std::string(1, initial) + "id")) return true;
    all += initial;
  }
  return column_hash == hash64(all + "id");
}

// One or two letters and "id".
bool is_short_id(const Words& words) {
  constexpr size_t kLongest = 4;
  return words.size() == 1 && words[0].size() > 2 && words[0].size() <= kLongest &&
         words[0].ends_with("id") && words[0] != "guid";
}

}  // namespace

WordHashes::WordHashes(const std::vector<std::string>& words) {
  uint32_t ending = 0;
  for (auto word = words.rbegin(); word != words.rend() && count_ < kWords; ++word) {
    if (count_ == 0) word_ = word_hash(*word);
    ending =
        count_ == 0 ? word_hash(stem(*word)) : static_cast<uint32_t>(hash_combine(ending, hash64(*word)));
    endings_[count_++] = ending;
  }
}

WordHashes table_words(std::string_view name) {
  Words words = name_words(name);
  if (words.size() > 1 && listed(kTablePrefixes, words.front())) words.erase(words.begin());
  if (words.size() > 1 && listed(kTableSuffixes, words.back())) words.pop_back();
  if (!words.empty()) words.back() = singular(words.back());
  return WordHashes(words);
}

Words telling_words(Words words) {
  while (!words.empty() && listed(kKeyWords, words.back())) words.pop_back();
  while (!words.empty() && listed(kKeyWords, words.front())) words.erase(words.begin());
  if (!words.empty()) words.back() = singular(words.back());
  return words;
}

bool any_code(const Words& words) {
  return words.size() == 1 && (words[0] == "key" || listed(kCodeWords, words[0]));
}

bool is_key_word(std::string_view word) {
  return listed(kKeyWords, word);
}

uint64_t qualified_hash(std::string_view table, std::string_view column) {
  Words words = name_words(table);
  if (words.empty()) return 0;
  words.back() = singular(words.back());
  for (std::string& word : name_words(column)) words.push_back(std::move(word));
  return hash64(joined(words, table.size() + column.size()));
}

LinkProfile::TableName link_table_name(const Relation& relation) {
  return {relation.schema, relation.name, table_words(relation.name)};
}

LinkProfile::ColumnName normal_column(std::string_view column, uint32_t table) {
  LinkProfile::ColumnName name;
  name.table = table;
  Words words = name_words(column);
  const std::string whole = joined(words, column.size());
  name.hash = hash64(whole);
  const bool meaning = has_meaning(words);
  name.initials = is_short_id(words);
  name.reference = name.initials || has_reference_form(words);
  const Words telling = telling_words(std::move(words));
  name.words = WordHashes(telling);
  if (telling.empty()) return name;
  name.generic = listed(kGenericWords, telling.back());
  name.bare = whole == telling.back();
  // A key with a meaning, as far as its name tells: no kind, no day either.
  name.natural = meaning && !listed(kCategoryWords, telling.back());
  name.ancestor = telling.size() == 1 && (telling[0] == "parent" || telling[0] == "ancestor");
  return name;
}

bool looks_primary(const LinkProfile::ColumnName& column, const LinkProfile::TableName& table) {
  if (column.words.empty() || (column.words.all_akin_to(table.words) && !column.bare)) return true;
  return column.initials && is_own_id(column.hash, name_words(table.name));
}

bool looks_like_row_id(std::string_view column, const Relation& table) {
  constexpr std::array<std::string_view, 5> kRowIds = {"id", "uuid", "guid", "pk", "oid"};
  const Words words = name_words(column);
  return !words.empty() && listed(kRowIds, words.back()) &&
         looks_primary(normal_column(column, 0), link_table_name(table));
}

}  // namespace pgsieve
