// The statistics of a planner twin. The lines of the file become a temporary table in the twin; SQL takes
// them from there to where ANALYZE would have written them.
#include <fmt/format.h>

#include <algorithm>

#include "analyzer/advisor/twin_catalog.h"

namespace pgsieve {

namespace {

// The kinds of slots in pg_statistic and what fills them (src/include/catalog/pg_statistic.h): 1 most common
// values, 2 histogram, 3 correlation, 4 most common elements, 5 element counts. Which operators they belong
// to follows from the type, as in ANALYZE (src/backend/commands/analyze.c, std_typanalyze).
constexpr const char* kOperators = R"sql(
CREATE TEMP TABLE twin_types AS
WITH RECURSIVE needed AS (
  SELECT DISTINCT a.atttypid AS type FROM twin_columns t JOIN pg_attribute a ON a.attrelid = t.rel AND a.attnum = t.attnum
), base AS (
  SELECT type, type AS base FROM needed
  UNION ALL SELECT b.type, t.typbasetype FROM base b JOIN pg_type t ON t.oid = b.base WHERE t.typtype = 'd'
), resolved AS (
  SELECT b.type, b.base, CASE WHEN t.typcategory = 'A' THEN t.typelem WHEN b.base = 'tsvector'::regtype THEN 'text'::regtype END AS element
  FROM base b JOIN pg_type t ON t.oid = b.base WHERE t.typtype <> 'd'
)
SELECT r.type, r.base, r.element,
  (SELECT amopopr FROM pg_temp.twin_operator(r.base, 1)) AS less, (SELECT amopopr FROM pg_temp.twin_operator(r.base, 3)) AS equal,
  (SELECT amopopr FROM pg_temp.twin_operator(r.element, 3)) AS element_equal
FROM resolved r)sql";

// The operator of a type's default b-tree class: its own, that of a type it is stored like (varchar: text),
// or that of its family (any enum, any array).
constexpr const char* kOperator = R"sql(
CREATE FUNCTION pg_temp.twin_operator(wanted oid, strategy int) RETURNS TABLE (amopopr oid) LANGUAGE sql AS $$
  SELECT m.amopopr FROM (
    SELECT c.opcfamily, c.opcintype FROM pg_opclass c JOIN pg_type i ON i.oid = c.opcintype, pg_type t
    WHERE t.oid = wanted AND c.opcdefault AND c.opcmethod = (SELECT oid FROM pg_am WHERE amname = 'btree')
      AND (c.opcintype = wanted
        OR (t.typtype = 'e' AND c.opcintype = 'anyenum'::regtype) OR (t.typtype = 'r' AND c.opcintype = 'anyrange'::regtype)
        OR (t.typtype = 'c' AND c.opcintype = 'record'::regtype) OR (t.typcategory = 'A' AND c.opcintype = 'anyarray'::regtype)
        OR EXISTS (SELECT FROM pg_cast k WHERE k.castsource = wanted AND k.casttarget = c.opcintype AND k.castmethod = 'b' AND k.castcontext = 'i'))
    ORDER BY c.opcintype <> wanted, NOT i.typispreferred LIMIT 1) o
  JOIN pg_amop m ON m.amopfamily = o.opcfamily AND m.amoplefttype = o.opcintype AND m.amoprighttype = o.opcintype AND m.amopstrategy = strategy
  UNION ALL
  SELECT p.oid FROM pg_operator p WHERE strategy = 3 AND p.oprname = '=' AND p.oprleft = wanted AND p.oprright = wanted
  LIMIT 1 $$)sql";

constexpr const char* kColumns = R"sql(
CREATE TEMP TABLE twin_columns AS
SELECT c.oid AS rel, a.attnum, a.atttypid, a.attcollation, t.* FROM (
  SELECT line ->> 'schema' AS schema, line ->> 'relation' AS relation, line ->> 'column' AS "column",
    coalesce((line ->> 'inherited')::bool, false) AS inherited, coalesce((line ->> 'null_fraction')::float4, 0) AS null_fraction,
    coalesce((line ->> 'width')::int, 0) AS width, coalesce((line ->> 'distinct')::float4, 0) AS "distinct",
    (line ->> 'correlation')::float4 AS correlation,
    (SELECT array_agg(v::float4 ORDER BY n) FROM json_array_elements_text(CASE WHEN json_typeof(line -> 'common_frequencies') = 'array' THEN line -> 'common_frequencies' END) WITH ORDINALITY e(v, n)) AS common_frequencies,
    line ->> 'common_values' AS common_values, line ->> 'histogram' AS histogram, line ->> 'common_elements' AS common_elements,
    (SELECT array_agg(v::float4 ORDER BY n) FROM json_array_elements_text(CASE WHEN json_typeof(line -> 'element_frequencies') = 'array' THEN line -> 'element_frequencies' END) WITH ORDINALITY e(v, n)) AS element_frequencies,
    (SELECT array_agg(v::float4 ORDER BY n) FROM json_array_elements_text(CASE WHEN json_typeof(line -> 'element_counts') = 'array' THEN line -> 'element_counts' END) WITH ORDINALITY e(v, n)) AS element_counts
  FROM twin_lines WHERE line ->> 'column' IS NOT NULL) t
JOIN pg_namespace n ON n.nspname = t.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.relation
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = t."column" AND NOT a.attisdropped)sql";

std::string restore_columns_sql() {
  constexpr int kSlots = 5;
  std::string names;
  std::string kinds, operators, collations, numbers, values;
  for (int slot = 1; slot <= kSlots; ++slot) {
    kinds += fmt::format(", coalesce(p.kinds[{}], 0)", slot);
    operators += fmt::format(", coalesce(p.operators[{}], 0)", slot);
    collations += fmt::format(", coalesce(p.collations[{}], 0)", slot);
    numbers += fmt::format(", p.numbers[{}]::float4[]", slot);
    values += fmt::format(", array_in(textout(p.contents[{0}]), p.types[{0}], -1)", slot);
  }
  for (const char* name : {"stakind", "staop", "stacoll", "stanumbers", "stavalues"})
    for (int slot = 1; slot <= kSlots; ++slot) names += fmt::format(", {}{}", name, slot);
  return fmt::format(R"sql(
INSERT INTO pg_statistic (starelid, staattnum, stainherit, stanullfrac, stawidth, stadistinct{})
SELECT t.rel, t.attnum, t.inherited, t.null_fraction, t.width, t."distinct"{}{}{}{}{}
FROM twin_columns t JOIN twin_types y ON y.type = t.atttypid
LEFT JOIN LATERAL (
  SELECT array_agg(s.kind ORDER BY s.kind) AS kinds, array_agg(s.op ORDER BY s.kind) AS operators,
    array_agg(s.coll ORDER BY s.kind) AS collations, array_agg(s.numbers::text ORDER BY s.kind) AS numbers,
    array_agg(s.content ORDER BY s.kind) AS contents, array_agg(s.type ORDER BY s.kind) AS types
  FROM (VALUES (1::int2, y.equal, t.attcollation, t.common_frequencies, t.common_values, y.base),
    (2, y.less, t.attcollation, NULL, t.histogram, y.base),
    (3, y.less, t.attcollation, CASE WHEN t.correlation IS NOT NULL THEN ARRAY[t.correlation] END, NULL, y.base),
    (4, y.element_equal, CASE WHEN y.base = 'tsvector'::regtype THEN 100 ELSE t.attcollation END, t.element_frequencies, t.common_elements, y.element),
    (5, y.element_equal, t.attcollation, t.element_counts, NULL, y.element)) s(kind, op, coll, numbers, content, type)
  WHERE s.op IS NOT NULL AND (s.kind IN (3, 5) AND s.numbers IS NOT NULL OR s.kind IN (1, 2, 4) AND s.content IS NOT NULL)
) p ON true)sql",
                     names, kinds, operators, collations, numbers, values);
}

constexpr const char* kSizes = R"sql(
UPDATE pg_class c SET relpages = t.relpages, reltuples = t.tuples, relallvisible = t.all_visible
FROM twin_relations t WHERE c.oid = t.rel)sql";

constexpr const char* kRelations = R"sql(
CREATE TEMP TABLE twin_relations AS
SELECT c.oid AS rel, t.*, l.level FROM (
  SELECT line ->> 'schema' AS schema, line ->> 'relation' AS relation, line ->> 'kind' AS kind, (line ->> 'relpages')::int AS relpages,
    (line ->> 'tuples')::float4 AS tuples, coalesce((line ->> 'all_visible')::int, 0) AS all_visible, (line ->> 'pages')::bigint AS pages
  FROM twin_lines WHERE line ->> 'kind' IS NOT NULL) t
LEFT JOIN (SELECT line ->> 'schema' AS schema, line ->> 'relation' AS relation, (line ->> 'level')::int AS level
  FROM twin_lines WHERE line ->> 'level' IS NOT NULL) l USING (schema, relation)
LEFT JOIN (pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace)
  ON n.nspname = t.schema AND c.relname = t.relation AND c.relkind::text = t.kind)sql";

// A row per end value. NOT NULL is lifted meanwhile; foreign keys and triggers do not fire.
constexpr const char* kEnds = R"sql(
CREATE TEMP TABLE twin_ends AS
SELECT c.oid AS rel, t.* FROM (
  SELECT line ->> 'schema' AS schema, line ->> 'relation' AS relation, line ->> 'ends' AS "column",
    unnest(ARRAY[line ->> 'low', line ->> 'high']) AS value
  FROM twin_lines WHERE line ->> 'ends' IS NOT NULL) t
JOIN pg_namespace n ON n.nspname = t.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.relation AND c.relkind = 'r'
WHERE t.value IS NOT NULL)sql";
constexpr const char* kNotNull = R"sql(
CREATE TEMP TABLE twin_not_null AS SELECT attrelid, attnum FROM pg_attribute
WHERE attnotnull AND attnum > 0 AND attrelid IN (SELECT rel FROM twin_ends))sql";
constexpr const char* kSetNotNull =
    "UPDATE pg_attribute a SET attnotnull = {} FROM twin_not_null n WHERE a.attrelid = n.attrelid AND "
    "a.attnum = n.attnum";
constexpr const char* kInserts = R"sql(
SELECT DISTINCT format('INSERT INTO %I.%I (%s) OVERRIDING SYSTEM VALUE VALUES (%s)', e.schema, e.relation, string_agg(quote_ident(a.attname), ', '),
  string_agg(CASE WHEN a.attname = e."column" THEN format('%L::text::%s', e.value, format_type(a.atttypid, a.atttypmod)) ELSE 'NULL' END, ', '))
FROM twin_ends e JOIN pg_attribute a ON a.attrelid = e.rel AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
GROUP BY e.schema, e.relation, e."column", e.value ORDER BY 1)sql";

Status restore_ends(ServerConnection& database, std::vector<std::string>& warnings) {
  for (const std::string& sql :
       {std::string(kEnds), std::string(kNotNull), std::string("SET session_replication_role = replica"),
        fmt::format(kSetNotNull, "false")})
    if (Status failed = database.run(sql)) return failed;
  const Result<DatabaseRows> inserts = database.query(kInserts);
  if (!inserts) return inserts.error();
  uint64_t left_out = 0;
  std::string reason;
  for (const auto& row : inserts->rows) {
    if (const Status failed = database.run(row.front().value_or("")); failed && left_out++ == 0)
      reason = failed->message;  // a check constraint, a partition's bounds
  }
  if (left_out != 0)
    warnings.push_back(fmt::format(
        "{} end values of indexed columns are left out ({}): ranges at those ends are estimated from the "
        "histogram",
        left_out, reason));
  if (Status failed = database.run(fmt::format(kSetNotNull, "true"))) return failed;
  return database.run("SET session_replication_role = origin");
}

Status warn_of_missing(ServerConnection& database, std::vector<std::string>& warnings) {
  const Result<DatabaseRows> missing =
      database.query("SELECT schema || '.' || relation FROM twin_relations WHERE rel IS NULL ORDER BY 1");
  if (!missing) return missing.error();
  if (missing->rows.empty()) return {};
  std::string names;
  constexpr size_t kNamed = 5;
  for (size_t at = 0; at < std::min(kNamed, missing->rows.size()); ++at)
    names += (at == 0 ? "" : ", ") + missing->rows[at].front().value_or("");
  warnings.push_back(fmt::format("{} relations of the statistics are not in the schema: {}{}",
                                 missing->rows.size(), names, missing->rows.size() > kNamed ? ", …" : ""));
  return {};
}

// The files of the relations, and how long each has to be.
Result<std::vector<TwinFile>> twin_files(ServerConnection& database) {
  // Width of a b-tree's keys, for those whose height is not known.
  const Result<DatabaseRows> rows = database.query(R"sql(
SELECT pg_relation_filepath(r.rel), r.pages, r.level, m.amname = 'btree',
  (SELECT coalesce(sum(coalesce(s.stawidth, CASE WHEN a.attlen > 0 THEN a.attlen ELSE 16 END)), 8)
   FROM pg_attribute a LEFT JOIN pg_index x ON x.indexrelid = r.rel
   LEFT JOIN pg_statistic s ON s.starelid = x.indrelid AND s.staattnum = x.indkey[a.attnum - 1] AND NOT s.stainherit
   WHERE a.attrelid = r.rel AND a.attnum > 0 AND a.attnum <= x.indnkeyatts)
FROM twin_relations r JOIN pg_class c ON c.oid = r.rel LEFT JOIN pg_am m ON m.oid = c.relam
WHERE r.kind IN ('r', 'm', 'i'))sql");
  if (!rows) return rows.error();
  std::vector<TwinFile> files;
  for (const auto& row : rows->rows) {
    TwinFile file{.path = row[0].value_or(""), .blocks = std::stoll(row[1].value_or("0")), .level = {}};
    if (row[3] == "t")
      file.level = row[2]
                       ? std::stoi(*row[2])
                       : guess_btree_level(static_cast<double>(file.blocks), std::stod(row[4].value_or("8")));
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace

Result<std::vector<TwinFile>> restore_twin_statistics(ServerConnection& database,
                                                      const StatisticsFile& statistics,
                                                      std::vector<std::string>& warnings) {
  for (const char* sql :
       {"SET client_min_messages = warning", "SET datestyle = 'ISO, MDY'", "SET intervalstyle = 'postgres'",
        "SET timezone = 'UTC'", "SET search_path = pg_catalog, pg_temp", "SET allow_system_table_mods = on",
        "CREATE TEMP TABLE twin_lines (line json)"})
    if (Status failed = database.run(sql)) return *failed;
  const std::vector<DatabaseValue> lines{statistics.lines};
  if (const Result<DatabaseRows> filled =
          database.query("INSERT INTO twin_lines SELECT json_array_elements($1::json)", lines);
      !filled)
    return filled.error();
  if (Status failed = restore_ends(database, warnings)) return *failed;
  const std::string columns = restore_columns_sql();
  if (Status failed = database.run(kRelations)) return *failed;
  if (Status failed = warn_of_missing(database, warnings)) return *failed;
  for (const std::string& sql :
       {std::string(kColumns), std::string(kOperator), std::string(kOperators), columns, std::string(kSizes)})
    if (Status failed = database.run(sql)) return *failed;
  return twin_files(database);
}

}  // namespace pgsieve
