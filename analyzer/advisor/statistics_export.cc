#include "analyzer/advisor/statistics_export.h"

#include <fmt/format.h>

namespace pgsieve {

namespace {

// The settings a planner looks at; the rest of "Query Tuning" only where it differs from its default.
// to_jsonb(d) reads columns that older servers don't have as null.
constexpr std::string_view kHeader = R"sql(SELECT json_build_object(
  'pgsieve', 'statistics/1',
  'database', d.datname,
  'encoding', pg_encoding_to_char(d.encoding),
  'collate', to_jsonb(d) ->> 'datcollate',
  'ctype', to_jsonb(d) ->> 'datctype',
  'provider', to_jsonb(d) ->> 'datlocprovider',
  'icu_locale', coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),
  'server_version', current_setting('server_version'),
  'server_version_num', current_setting('server_version_num')::int,
  'block_size', current_setting('block_size')::int,
  'values', {},
  'extended_statistics', (SELECT count(*) FROM pg_catalog.pg_statistic_ext),
  'extensions', (SELECT json_agg(json_build_object('name', e.extname, 'schema', n.nspname) ORDER BY e.extname)
                 FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace),
  'settings', (SELECT json_object_agg(s.name, current_setting(s.name) ORDER BY s.name)
               FROM pg_catalog.pg_settings s
               WHERE s.name IN ('seq_page_cost', 'random_page_cost', 'cpu_tuple_cost', 'cpu_index_tuple_cost',
                 'cpu_operator_cost', 'effective_cache_size', 'work_mem', 'hash_mem_multiplier',
                 'max_parallel_workers_per_gather', 'jit', 'TimeZone', 'DateStyle', 'IntervalStyle', 'search_path')
               OR (s.category LIKE 'Query Tuning%' AND s.setting IS DISTINCT FROM s.boot_val)))
FROM pg_catalog.pg_database d
WHERE d.datname = current_database())sql";

// Relations with statistics that are the users' own: not the system's, not an extension's, not temporary.
constexpr std::string_view kOwn = R"sql(FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
WHERE c.relkind IN ('r', 'm', 'p', 'i', 'I') AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend x WHERE x.classid = 'pg_catalog.pg_class'::regclass
                  AND x.deptype = 'e' AND x.objid IN (c.oid, i.indrelid)))sql";

constexpr std::string_view kRelations = R"sql(SELECT json_build_object(
  'kind', c.relkind, 'schema', n.nspname, 'relation', c.relname,
  'relpages', c.relpages, 'tuples', c.reltuples, 'all_visible', c.relallvisible,
  'pages', CASE WHEN c.relkind IN ('r', 'm', 'i')
           THEN pg_relation_size(c.oid) / current_setting('block_size')::int ELSE 0 END,
  'scans', CASE WHEN c.relkind = 'i' THEN pg_stat_get_numscans(c.oid) END)
{}
ORDER BY n.nspname COLLATE "C", c.relkind DESC, c.relname COLLATE "C")sql";

constexpr std::string_view kColumns = R"sql(SELECT json_build_object(
  'column', s.attname, 'schema', s.schemaname, 'relation', s.tablename, 'inherited', s.inherited,
  'null_fraction', s.null_frac, 'width', s.avg_width, 'distinct', s.n_distinct,
  'correlation', s.correlation, 'common_frequencies', s.most_common_freqs{})
FROM pg_catalog.pg_stats s
JOIN (SELECT n.nspname, c.relname {}) own ON own.nspname = s.schemaname AND own.relname = s.tablename
ORDER BY s.schemaname COLLATE "C", s.tablename COLLATE "C", s.attname COLLATE "C", s.inherited)sql";

constexpr std::string_view kColumnValues = R"sql(,
  'common_values', s.most_common_vals::text, 'histogram', s.histogram_bounds::text,
  'common_elements', s.most_common_elems::text, 'element_frequencies', s.most_common_elem_freqs,
  'element_counts', s.elem_count_histogram)sql";

// The height of a b-tree stands in its first page (bytes 44 to 47, after the magic number at 24); only who
// may read files sees it. A checkpoint before the export makes it exact for indexes that just grew.
constexpr std::string_view kLevels = R"sql(SELECT format($$SELECT json_build_object('level',
  get_byte(p.b, 44) + 256 * get_byte(p.b, 45), 'schema', %L::text, 'relation', %L::text)
FROM (SELECT pg_read_binary_file(pg_relation_filepath(%s), 0, 48, true) AS b) p
WHERE length(p.b) = 48 AND encode(substr(p.b, 25, 4), 'hex') = '62310500'$$, n.nspname, c.relname, c.oid::bigint)
{}
  AND c.relkind = 'i' AND c.relam = (SELECT oid FROM pg_catalog.pg_am WHERE amname = 'btree')
  AND has_function_privilege('pg_read_binary_file(text,bigint,bigint,boolean)', 'EXECUTE')
ORDER BY 1)sql";

// Two look-ups per column: where a condition falls into the first or last part of a histogram, a planner asks
// the index itself. Like the planner, only plain b-trees in the default order count.
constexpr std::string_view kEnds =
    R"sql(SELECT DISTINCT format($$SELECT json_build_object('ends', %3$L::text, 'schema', %1$L::text, 'relation', %2$L::text,
  'low', (SELECT t.%3$I::text FROM ONLY %1$I.%2$I t WHERE t.%3$I IS NOT NULL ORDER BY t.%3$I LIMIT 1),
  'high', (SELECT t.%3$I::text FROM ONLY %1$I.%2$I t WHERE t.%3$I IS NOT NULL ORDER BY t.%3$I DESC LIMIT 1))$$,
  own.nspname, own.relname, a.attname)
FROM (SELECT n.nspname, c.relname, c.oid AS rel {} AND c.relkind = 'r') own
JOIN pg_catalog.pg_index x ON x.indrelid = own.rel AND x.indpred IS NULL AND x.indisvalid
JOIN pg_catalog.pg_class xc ON xc.oid = x.indexrelid
JOIN pg_catalog.pg_am m ON m.oid = xc.relam AND m.amname = 'btree'
JOIN pg_catalog.pg_opclass o ON o.oid = x.indclass[0] AND o.opcdefault
JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0] AND x.indkey[0] > 0
WHERE has_column_privilege(own.rel, a.attnum, 'SELECT') AND NOT row_security_active(own.rel)
ORDER BY 1)sql";

ExportStep set(std::string sql) {
  return {.comment = {}, .sql = std::move(sql), .silent = true};
}

}  // namespace

std::vector<ExportStep> export_steps(const StatisticsExportOptions& options) {
  std::vector<ExportStep> steps;
  steps.push_back(set("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"));
  steps.push_back(set("SET LOCAL lock_timeout = '5s'"));
  steps.push_back({.comment = "The database and its settings",
                   .sql = fmt::format(kHeader, options.with_values ? "true" : "false")});
  // Text forms of values must not depend on who exports.
  for (const char* setting : {"datestyle = 'ISO, MDY'", "intervalstyle = 'postgres'", "timezone = 'UTC'",
                              "bytea_output = 'hex'", "extra_float_digits = 1"})
    steps.push_back(set(fmt::format("SET LOCAL {}", setting)));
  steps.push_back({.comment = "Sizes of tables and indexes", .sql = fmt::format(kRelations, kOwn)});
  steps.push_back({.comment = options.with_values
                                  ? "Statistics of columns, with the values in them"
                                  : "Statistics of columns: numbers only, no value of the data",
                   .sql = fmt::format(kColumns, options.with_values ? kColumnValues : "", kOwn)});
  steps.push_back({.comment = "Heights of b-trees", .sql = fmt::format(kLevels, kOwn), .generates = true});
  if (options.with_values)
    steps.push_back({.comment = "First and last value of columns that lead an index",
                     .sql = fmt::format(kEnds, kOwn),
                     .generates = true});
  steps.push_back(set("COMMIT"));
  return steps;
}

std::string export_script(const StatisticsExportOptions& options) {
  std::string script = fmt::format(
      "-- Statistics for pgsieve: what PostgreSQL's planner knows about this database{}.\n"
      "-- Reads only. Run it with psql, as any role that may read the tables:\n"
      "--\n"
      "--     psql -X -f pgsieve-statistics.sql -o statistics.jsonl DATABASE\n"
      "\n"
      "\\set QUIET on\n"
      "\\set ON_ERROR_STOP on\n"
      "\\pset pager off\n"
      "\\pset format unaligned\n"
      "\\pset tuples_only on\n"
      "\\encoding UTF8\n\n",
      options.with_values ? ", with sample values of the data" : ", without any value of the data in it");
  for (const ExportStep& step : export_steps(options)) {
    if (!step.comment.empty()) script += "\n-- " + step.comment + "\n";
    script += step.sql;
    script += step.generates ? "\n\\gexec\n" : ";\n";
  }
  return script;
}

Result<std::string> export_statistics(ServerConnection& database, const StatisticsExportOptions& options) {
  std::string file;
  const auto append = [&file](const DatabaseRows& rows) {
    for (const auto& row : rows.rows)
      if (!row.empty() && row.front()) file += *row.front() + "\n";
  };
  const Result<DatabaseRows> encoding = database.query("SET client_encoding = 'UTF8'");
  if (!encoding) return encoding.error();
  for (const ExportStep& step : export_steps(options)) {
    const Result<DatabaseRows> rows = database.query(step.sql);
    if (!rows) return rows.error();
    if (step.silent) continue;
    if (!step.generates) {
      append(*rows);
      continue;
    }
    for (const auto& row : rows->rows) {
      const Result<DatabaseRows> made = database.query(row.front().value_or(""));
      if (!made) return made.error();
      append(*made);
    }
  }
  return file;
}

}  // namespace pgsieve
