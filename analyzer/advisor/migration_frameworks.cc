#include "analyzer/advisor/migration_frameworks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "analyzer/base/hash.h"

namespace pgsieve {

namespace {

// A text in double quotes, as Python, Ruby and PHP (but for `$`) read it alike; `also` gets a backslash, too.
std::string in_quotes(std::string_view text, std::string_view also = {}) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || also.find(c) != std::string_view::npos) out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "\"";
}

std::string ruby(std::string_view text) {
  return in_quotes(text, "#");
}

std::string python(std::string_view text) {
  return in_quotes(text);
}

// What SQLAlchemy's text() would take for a parameter: a colon before a word that is not one of two.
std::string without_binds(std::string_view sql) {
  std::string out;
  for (size_t at = 0; at < sql.size(); ++at) {
    const bool alone =
        sql[at] == ':' && (at == 0 || sql[at - 1] != ':') && at + 1 < sql.size() && sql[at + 1] != ':';
    out += alone ? "\\:" : std::string(1, sql[at]);
  }
  return out;
}

bool is_word(std::string_view name) {
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) == 0 &&
         std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

std::string camel_case(std::string_view snake) {
  std::string out;
  bool start = true;
  for (const char c : snake) {
    if (c == '_') {
      start = true;
      continue;
    }
    out += start ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    start = false;
  }
  return out;
}

std::string full_table(const IndexDefinition& index) {
  return index.schema.empty() || index.schema == "public" ? index.table : index.schema + "." + index.table;
}

bool default_order(const IndexKey& key) {
  return key.nulls_first == key.descending;
}

// The statements need no partition's care: an index the framework's own words can make.
bool single(const IndexChange& change, const MigrationOptions& options) {
  const size_t expected = 1 + (change.extension.empty() ? 0U : 1U);
  const std::vector<std::string> statements = change_statements(change, change.drop, options.schema);
  return statements.size() <= expected && statements.back().find("CONCURRENTLY") != std::string::npos;
}

// ---- Rails

// "a, b": each key by `text`.
template <typename Text>
std::string list(const std::vector<IndexKey>& keys, Text text) {
  std::string out;
  for (const IndexKey& key : keys)
    if (const std::string item = text(key); !item.empty()) out += (out.empty() ? "" : ", ") + item;
  return out;
}

std::string rails_add(const IndexChange& change) {
  const IndexDefinition& index = change.index;
  const bool plain = std::ranges::all_of(index.keys, [](const IndexKey& key) {
    return is_word(key.column) && default_order(key) && key.collation.empty();
  });
  std::string columns;
  std::string extra;
  if (plain) {
    columns = index.keys.size() == 1
                  ? ":" + index.keys.front().column
                  : "[" + list(index.keys, [](const IndexKey& key) { return ":" + key.column; }) + "]";
    const std::string order = list(index.keys, [](const IndexKey& key) {
      return key.descending ? key.column + ": :desc" : std::string();
    });
    const std::string opclass = list(index.keys, [](const IndexKey& key) {
      return key.opclass.empty() ? std::string() : key.column + ": :" + key.opclass;
    });
    if (!order.empty()) extra += fmt::format(", order: {{ {} }}", order);
    if (!opclass.empty()) extra += fmt::format(", opclass: {{ {} }}", opclass);
  } else {
    // A text that is no column's name goes into the statement as it is.
    columns = ruby(list(index.keys, [](const IndexKey& key) { return key_sql(key); }));
  }
  if (index.method != "btree") extra += ", using: :" + index.method;
  if (!index.predicate.empty()) extra += ", where: " + ruby(index.predicate);
  if (index.unique) extra += ", unique: true";
  return fmt::format("add_index {}, {}, name: {}{}, algorithm: :concurrently, if_not_exists: true\n",
                     ruby(full_table(index)), columns, ruby(change.name), extra);
}

std::string rails_step(const IndexChange& change, bool undo, const MigrationOptions& options) {
  std::string out;
  const bool creates = change.drop == undo;
  // An expression key of one word ("lower") would be taken for a column; include: came with Rails 7.1.
  const bool words_fit =
      change.index.include.empty() && std::ranges::all_of(change.index.keys, [](const IndexKey& key) {
        return is_word(key.column) || !is_word(key_sql(key));
      });
  if (!single(change, options) || !words_fit) {
    for (const std::string& statement : change_statements(change, undo, options.schema))
      out += fmt::format("    execute {}\n", ruby(statement));
    return out;
  }
  if (creates && !undo && !change.extension.empty())
    out += fmt::format("    enable_extension {}\n", ruby(change.extension));
  if (creates) return out + "    " + rails_add(change);
  return fmt::format("    remove_index {}, name: {}, algorithm: :concurrently, if_exists: true\n",
                     ruby(full_table(change.index)), ruby(change.name));
}

// ---- Django

constexpr size_t kDjangoNameLength = 30;

// The model of a table by Django's own naming, "shop_orderitem" of app "shop"; "": it does not follow it.
std::string django_model(const IndexChange& change, const MigrationOptions& options) {
  const IndexDefinition& index = change.index;
  const std::string prefix = options.django_app + "_";
  if (options.django_app.empty() || !index.table.starts_with(prefix) || index.table.size() == prefix.size() ||
      !(index.schema.empty() || index.schema == "public"))
    return {};
  const bool sayable = std::ranges::all_of(index.keys, [](const IndexKey& key) {
    return is_word(key.column) && default_order(key) && key.collation.empty();
  });
  const bool method = index.method == "btree" || index.method == "gin" || index.method == "brin" ||
                      index.method == "hash" || index.method == "gist";
  const bool name =
      change.name.size() <= kDjangoNameLength && is_word(change.name) && change.name.front() != '_';
  if (!sayable || !method || !name || index.unique || !index.predicate.empty() || change.drop ||
      !single(change, options))
    return {};
  return index.table.substr(prefix.size());
}

std::string django_class(const IndexDefinition& index) {
  return index.method == "btree" ? "models.Index" : camel_case(index.method) + "Index";
}

std::string django_index(const IndexChange& change) {
  const IndexDefinition& index = change.index;
  std::string out = fmt::format(
      "{}(fields=[{}], name={}", django_class(index),
      list(index.keys, [](const IndexKey& key) { return python((key.descending ? "-" : "") + key.column); }),
      python(change.name));
  if (std::ranges::any_of(index.keys, [](const IndexKey& key) { return !key.opclass.empty(); }))
    out += fmt::format(", opclasses=[{}]",
                       list(index.keys, [](const IndexKey& key) { return python(key.opclass); }));
  std::string include;
  for (const std::string& column : index.include) include += (include.empty() ? "" : ", ") + python(column);
  if (!include.empty()) out += fmt::format(", include=[{}]", include);
  return out + ")";
}

std::string run_sql(std::string_view forward, std::string_view backward) {
  return fmt::format(
      "        migrations.RunSQL(\n            sql={},\n            reverse_sql={},\n        ),\n",
      python(forward), backward.empty() ? "migrations.RunSQL.noop" : python(backward));
}

// Forward and backward statements need not pair up: partitions take several to build and one to drop.
std::string django_raw(const IndexChange& change, const MigrationOptions& options) {
  const std::vector<std::string> forward = change_statements(change, false, options.schema);
  const std::vector<std::string> backward = change_statements(change, true, options.schema);
  std::string out;
  const size_t steps = std::max(forward.size(), backward.size());
  for (size_t at = 0; at < steps; ++at) {
    // Backward, Django runs the operations from the last one to the first.
    const size_t back = steps - 1 - at;
    const std::string_view reverse =
        back < backward.size() ? std::string_view(backward[back]) : std::string_view();
    if (at < forward.size()) {
      out += run_sql(forward[at], reverse);
    } else {
      out += fmt::format(
          "        migrations.RunSQL(\n            sql=migrations.RunSQL.noop,\n            "
          "reverse_sql={},\n        ),\n",
          python(reverse));
    }
  }
  return out;
}

// ---- Alembic

std::string alembic_steps(const std::vector<IndexChange>& changes, bool undo,
                          const MigrationOptions& options) {
  std::string out = fmt::format("    with op.get_context().autocommit_block():\n        op.execute({})\n",
                                python(fmt::format("SET lock_timeout = '{}'", options.lock_timeout)));
  for (const IndexChange& change : changes) {
    if (!change.comment.empty() && !undo) out += "        # " + change.comment + "\n";
    for (const std::string& statement : change_statements(change, undo, options.schema))
      out += fmt::format("        op.execute({})\n", python(without_binds(statement)));
  }
  return out + "        op.execute(\"RESET lock_timeout\")\n";
}

// ---- Laravel

std::string laravel_steps(const std::vector<IndexChange>& changes, bool undo,
                          const MigrationOptions& options) {
  std::string out = fmt::format("        DB::statement({});\n",
                                in_quotes(fmt::format("SET lock_timeout = '{}'", options.lock_timeout), "$"));
  for (const IndexChange& change : changes) {
    if (!change.comment.empty() && !undo) out += "        // " + change.comment + "\n";
    for (const std::string& statement : change_statements(change, undo, options.schema))
      out += fmt::format("        DB::statement({});\n", in_quotes(statement, "$"));
  }
  return out + "        DB::statement(\"RESET lock_timeout\");\n";
}

}  // namespace

std::vector<MigrationFile> rails_migration(const std::vector<IndexChange>& changes,
                                           const MigrationOptions& options) {
  std::string up, down;
  for (const IndexChange& change : changes) {
    if (!change.comment.empty()) up += "    # " + change.comment + "\n";
    up += rails_step(change, false, options);
    down += rails_step(change, true, options);
  }
  const std::string set =
      fmt::format("    execute {}\n", ruby(fmt::format("SET lock_timeout = '{}'", options.lock_timeout)));
  const std::string reset = "    execute \"RESET lock_timeout\"\n";
  const std::string text = fmt::format(
      "class {} < ActiveRecord::Migration[6.1]\n"
      "  disable_ddl_transaction!\n\n"
      "  def up\n{}{}{}  end\n\n"
      "  def down\n{}{}{}  end\n"
      "end\n",
      camel_case(options.title), set, up, reset, set, down, reset);
  return {{fmt::format("db/migrate/{}_{}.rb", options.stamp, options.title), text}};
}

std::vector<MigrationFile> django_migration(const std::vector<IndexChange>& changes,
                                            const MigrationOptions& options) {
  std::string operations, classes, meta;
  bool concurrent = false;
  for (const IndexChange& change : changes) {
    if (!change.comment.empty()) operations += "        # " + change.comment + "\n";
    const std::string model = django_model(change, options);
    if (model.empty()) {
      operations += django_raw(change, options);
      continue;
    }
    concurrent = true;
    if (!change.extension.empty())
      operations += run_sql(fmt::format("CREATE EXTENSION IF NOT EXISTS {}", change.extension), "");
    operations += fmt::format(
        "        AddIndexConcurrently(\n            model_name={},\n            index={},\n        ),\n",
        python(model), django_index(change));
    meta += fmt::format("#   {}: {}\n", model, django_index(change));
    const std::string name = django_class(change.index);
    if (change.index.method != "btree" && classes.find(name) == std::string::npos)
      classes += (classes.empty() ? "" : ", ") + name;
  }
  std::string text;
  if (!meta.empty())
    text +=
        "# Add to Meta.indexes of the models, or the next makemigrations takes the indexes away again:\n" +
        meta;
  if (!classes.empty()) text += fmt::format("from django.contrib.postgres.indexes import {}\n", classes);
  if (concurrent) text += "from django.contrib.postgres.operations import AddIndexConcurrently\n";
  text += concurrent ? "from django.db import migrations, models\n" : "from django.db import migrations\n";
  const std::string set = fmt::format("SET lock_timeout = '{}'", options.lock_timeout);
  text += fmt::format(
      "\n\nclass Migration(migrations.Migration):\n"
      "    atomic = False\n\n"
      "    dependencies = [\n{}    ]\n\n"
      "    operations = [\n{}{}{}    ]\n",
      options.django_app.empty() || options.previous.empty()
          ? "        # The app's latest migration: (\"app\", \"0001_initial\"),\n"
          : fmt::format("        ({}, {}),\n", python(options.django_app), python(options.previous)),
      run_sql(set, "RESET lock_timeout"), operations, run_sql("RESET lock_timeout", set));
  const std::string app = options.django_app.empty() ? "app" : options.django_app;
  return {{fmt::format("{}/migrations/{}_{}.py", app, options.stamp, options.title), text}};
}

std::vector<MigrationFile> alembic_migration(const std::vector<IndexChange>& changes,
                                             const MigrationOptions& options) {
  const std::string revision =
      fmt::format("{:012x}", hash64(options.title + options.stamp) & 0xffffffffffffULL);
  const std::string text = fmt::format(
      "\"\"\"{}\n\nRevision ID: {}\n\"\"\"\n"
      "from alembic import op\n\n"
      "revision = \"{}\"\n"
      "down_revision = {}\n"
      "branch_labels = None\n"
      "depends_on = None\n\n\n"
      "def upgrade():\n{}\n\n"
      "def downgrade():\n{}",
      options.title, revision, revision,
      options.previous.empty() ? "None  # the revision this one follows: `alembic heads`"
                               : python(options.previous),
      alembic_steps(changes, false, options), alembic_steps(changes, true, options));
  return {{fmt::format("versions/{}_{}.py", revision, options.title), text}};
}

std::vector<MigrationFile> laravel_migration(const std::vector<IndexChange>& changes,
                                             const MigrationOptions& options) {
  const std::string text = fmt::format(
      "<?php\n\n"
      "use Illuminate\\Database\\Migrations\\Migration;\n"
      "use Illuminate\\Support\\Facades\\DB;\n\n"
      "return new class extends Migration\n"
      "{{\n"
      "    public $withinTransaction = false;\n\n"
      "    public function up(): void\n    {{\n{}    }}\n\n"
      "    public function down(): void\n    {{\n{}    }}\n"
      "}};\n",
      laravel_steps(changes, false, options), laravel_steps(changes, true, options));
  const std::string& at = options.stamp;  // YYYYMMDDhhmmss -> 2026_11_22_080000
  return {{fmt::format("database/migrations/{}_{}_{}_{}_{}.php", at.substr(0, 4), at.substr(4, 2),
                       at.substr(6, 2), at.substr(8), options.title),
           text}};
}

std::vector<MigrationFile> prisma_migration(const std::vector<IndexChange>& changes,
                                            const MigrationOptions& options) {
  std::vector<MigrationFile> files;
  for (const IndexChange& change : changes) {
    for (const std::string& statement : change_statements(change, false, options.schema)) {
      const std::string number = fmt::format("{:02}", files.size() + 1);
      std::string text =
          "-- squawk-ignore-file require-lock-timeout, require-statement-timeout\n"
          "-- One statement and no more: Prisma sends the file as one command, which would be a "
          "transaction.\n"
          "-- The lock timeout belongs in the URL: ?options=-c%20lock_timeout%3D" +
          options.lock_timeout + "\n";
      if (!change.comment.empty()) text += "-- " + change.comment + "\n";
      for (const std::string& undo : change_statements(change, true, options.schema))
        text += "-- To undo: " + undo + ";\n";
      files.push_back(
          {fmt::format("prisma/migrations/{}_{}_{}/migration.sql", options.stamp, number, options.title),
           text + statement + ";\n"});
    }
  }
  return files;
}

std::vector<MigrationFile> flyway_migration(const std::vector<IndexChange>& /*changes*/,
                                            const std::string& apply, const std::string& undo,
                                            const MigrationOptions& options) {
  const std::string version = fmt::format("V{}__{}.sql", options.stamp, options.title);
  return {{version,
           "-- Flyway's own lock must not be a transaction's, or CONCURRENTLY waits for it for ever:\n"
           "--   flyway.postgresql.transactional.lock=false\n" +
               apply},
          {version + ".conf", "executeInTransaction=false\n"},
          {fmt::format("U{}__{}.sql", options.stamp, options.title), undo},
          {fmt::format("U{}__{}.sql.conf", options.stamp, options.title), "executeInTransaction=false\n"}};
}

}  // namespace pgsieve
