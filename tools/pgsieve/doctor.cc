// pgsieve doctor: does the server's log show what pgsieve needs? Explains each setting, sets what is missing
// with ALTER SYSTEM, and puts back exactly what was before.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include "analyzer/advisor/server_connection.h"
#include "analyzer/report/escape.h"
#include "analyzer/report/layout.h"
#include "tools/pgsieve/commands.h"
#include "tools/pgsieve/doctor_memory.h"
#include "tools/pgsieve/log_settings.h"
#include "tools/pgsieve/terminal.h"

namespace pgsieve {

namespace {

using Settings = std::map<std::string, ServerSetting>;
using Verdict = SettingAdvice::Verdict;

struct Server {
  std::string version;
  std::string identifier;  // "" when this user may not ask for it
  std::string user;
  std::string log_file;  // "" when there is none
  bool superuser = false;
  Settings settings;
  std::vector<std::string> overrides;  // ALTER ROLE/DATABASE … SET of one of the settings, in words
};

std::string one_value(ServerConnection& connection, const std::string& sql) {
  const Result<DatabaseRows> rows = connection.query(sql);
  return rows.ok() && rows->rows.size() == 1 && rows->rows[0][0] ? *rows->rows[0][0] : std::string();
}

Result<Settings> read_settings(ServerConnection& connection) {
  const DatabaseValue names = fmt::format("{{{}}}", fmt::join(logging_settings(), ","));
  const Result<DatabaseRows> rows = connection.query(
      "SELECT name, setting, source FROM pg_catalog.pg_settings WHERE name = ANY ($1::text[])",
      std::span(&names, 1));
  if (!rows) return rows.error();
  Settings settings;
  for (const auto& row : rows->rows)
    settings[row[0].value_or("")] = {row[1].value_or(""), row[2].value_or("")};
  return settings;
}

Result<Server> examine(ServerConnection& connection, bool plans_wanted, bool plans_were_set) {
  Server server;
  // Names of a module are known to the server only where it is loaded.
  if (plans_wanted || plans_were_set) {
    if (const Result<DatabaseRows> loaded = connection.query("LOAD 'auto_explain'"); !loaded && plans_wanted)
      tell_warning(fmt::format("auto_explain can't be loaded here: {}", loaded.error().message));
  }
  Result<Settings> settings = read_settings(connection);
  if (!settings) return settings.error();
  server.settings = std::move(*settings);
  server.version = one_value(connection, "SHOW server_version");
  server.user = one_value(connection, "SELECT current_user");
  server.superuser = one_value(connection, "SHOW is_superuser") == "on";
  server.identifier = one_value(connection, "SELECT system_identifier FROM pg_catalog.pg_control_system()");
  server.log_file = one_value(connection, "SELECT pg_catalog.pg_current_logfile()");
  if (!server.log_file.empty() && server.log_file.front() != '/') {
    const std::string data = one_value(connection, "SHOW data_directory");
    if (!data.empty()) server.log_file = data + "/" + server.log_file;
  }
  const Result<DatabaseRows> overrides = connection.query(
      "SELECT d.datname, r.rolname, c FROM pg_catalog.pg_db_role_setting s "
      "LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_catalog.pg_roles r ON r.oid "
      "= s.setrole, "
      "pg_catalog.unnest(s.setconfig) AS c WHERE c ~ '^(log_|auto_explain[.]|session_preload)' ORDER BY 1, "
      "2, 3");
  if (overrides.ok()) {
    for (const auto& row : overrides->rows) {
      std::string whom;
      if (row[1]) whom += fmt::format("role {}", *row[1]);
      if (row[0]) whom += fmt::format("{}database {}", whom.empty() ? "" : " in ", *row[0]);
      server.overrides.push_back(
          fmt::format("{} has its own {}, which wins over the server's", whom, row[2].value_or("")));
    }
  }
  return server;
}

std::string setting_sql(const std::string& name, const std::string& value) {
  return fmt::format("ALTER SYSTEM SET {} = {}", name, setting_literal(name, value));
}

std::string_view verdict_word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kGood:
      return "good";
    case Verdict::kChange:
      return "change";
    case Verdict::kBlocked:
      return "blocked";
    case Verdict::kNote:
      break;
  }
  return "note";
}

std::string painted(Verdict verdict, const Paint& paint) {
  const std::string word = fmt::format("{:<8}", verdict_word(verdict));
  if (verdict == Verdict::kBlocked) return paint.red(word);
  if (verdict == Verdict::kChange) return paint.yellow(word);
  return verdict == Verdict::kNote ? paint.cyan(word) : paint.bold(word);
}

std::string text_of(const Server& server, const std::vector<SettingAdvice>& advice, const Paint& paint) {
  constexpr std::string_view kIndent = "                ";
  const size_t width = std::max<size_t>(output_width(), 60) - kIndent.size();
  std::string out = paint.bold(fmt::format("PostgreSQL {}, as {}", server.version, server.user)) + "\n";
  out += fmt::format("  log is in {}\n\n", server.log_file.empty() ? "the server's standard error"
                                                                   : escape_terminal(server.log_file));
  const auto paragraph = [&](std::string_view label, std::string_view text) {
    if (!text.empty())
      out += fmt::format("          {:<6}{}\n", label, wrap(escape_terminal(text), width, kIndent));
  };
  for (const SettingAdvice& one : advice) {
    out +=
        fmt::format("  {}{} = '{}'{}\n", painted(one.verdict, paint), one.name, escape_terminal(one.current),
                    one.wanted.empty() ? "" : fmt::format(" -> '{}'", escape_terminal(one.wanted)));
    if (one.verdict == Verdict::kGood) continue;
    paragraph("why", one.why);
    paragraph("cost", one.cost);
  }
  for (const std::string& text : server.overrides) {
    out += "  " + painted(Verdict::kNote, paint) + wrap(escape_terminal(text), width, kIndent) + "\n";
  }
  return out;
}

std::vector<SettingAdvice> to_change(const std::vector<SettingAdvice>& advice) {
  std::vector<SettingAdvice> changes;
  std::copy_if(advice.begin(), advice.end(), std::back_inserter(changes),
               [](const SettingAdvice& one) { return one.verdict == Verdict::kChange; });
  return changes;
}

int explain(const Server& server, const std::vector<SettingAdvice>& advice, const Paint& paint) {
  std::string out = text_of(server, advice, paint);
  const std::vector<SettingAdvice> changes = to_change(advice);
  const bool blocked = std::any_of(advice.begin(), advice.end(),
                                   [](const SettingAdvice& one) { return one.verdict == Verdict::kBlocked; });
  if (changes.empty()) {
    out += blocked ? "\n" : "\nNothing to change: the log shows what pgsieve needs.\n";
  } else {
    out += "\nTo set it, as a superuser:\n";
    for (const SettingAdvice& one : changes)
      out += fmt::format("  {};\n", escape_terminal(setting_sql(one.name, one.wanted)));
    out +=
        "  SELECT pg_reload_conf();\nor `pgsieve doctor --apply`, which `pgsieve doctor --revert` undoes.\n";
  }
  if (!write_stdout(out)) return kExitInput;
  return changes.empty() && !blocked ? kExitOk : kExitFindings;
}

// ---- changing

int tell_error(const Error& error) {
  tell(error.to_string());
  return error.kind == Error::Kind::kUsage ? kExitUsage : kExitInput;
}

// The name's value in postgresql.auto.conf; nullopt: it is not there.
Result<DatabaseValue> value_in_auto_conf(ServerConnection& connection, const std::string& name) {
  const DatabaseValue parameter = name;
  const Result<DatabaseRows> rows = connection.query(
      "SELECT setting FROM pg_catalog.pg_file_settings WHERE name = $1 AND sourcefile LIKE "
      "'%/postgresql.auto.conf' "
      "ORDER BY seqno DESC LIMIT 1",
      std::span(&parameter, 1));
  if (!rows) return rows.error();
  return rows->rows.empty() ? DatabaseValue() : DatabaseValue(rows->rows[0][0].value_or(""));
}

// Reloads the configuration and waits until a new session sees it. False: it did not within some seconds.
bool reload(const std::string& url, ServerConnection& connection,
            const std::function<bool(const Settings&)>& done) {
  using namespace std::chrono_literals;
  if (!connection.query("SELECT pg_catalog.pg_reload_conf()")) return false;
  for (int attempt = 0; attempt < 50; ++attempt) {
    Result<ServerConnection> fresh = ServerConnection::connect(url);
    if (!fresh) return false;
    const Result<Settings> settings = read_settings(*fresh);
    if (settings.ok() && done(*settings)) return true;
    std::this_thread::sleep_for(100ms);
  }
  return false;
}

Error needs_superuser(const Server& server) {
  Error error;
  error.kind = Error::Kind::kUsage;
  error.message = fmt::format("{} may not change the server's settings", server.user);
  error.hint =
      "Connect as a superuser, or hand the statements that `pgsieve doctor` prints to somebody who can; "
      "managed "
      "servers have a page for these settings";
  return error;
}

int apply(const DoctorOptions& options, const std::string& path, ServerConnection& connection,
          const Server& server, const std::vector<SettingAdvice>& advice, const Paint& paint) {
  const std::vector<SettingAdvice> changes = to_change(advice);
  if (changes.empty()) return explain(server, advice, paint);
  if (!server.superuser) return tell_error(needs_superuser(server));
  Result<std::optional<DoctorMemory>> known = load_memory(path);
  if (!known) return tell_error(known.error());
  DoctorMemory memory = known->value_or(DoctorMemory{server.identifier, {}});
  for (const SettingAdvice& one : changes) {
    const Result<DatabaseValue> before = value_in_auto_conf(connection, one.name);
    if (!before) return tell_error(before.error());
    // What was there before the first --apply is what --revert restores.
    const auto [entry, fresh] = memory.settings.try_emplace(one.name);
    if (fresh) entry->second.before = *before;
    entry->second.set = one.wanted;
  }
  // Remembered before anything changes: an interruption can't lose it.
  if (const Status failed = save_memory(path, memory)) return tell_error(*failed);
  std::string out;
  for (const SettingAdvice& one : changes) {
    const std::string sql = setting_sql(one.name, one.wanted);
    if (const Result<DatabaseRows> done = connection.query(sql); !done) return tell_error(done.error());
    out += escape_terminal(sql) + ";\n";
  }
  const bool effective = reload(options.url, connection, [&](const Settings& settings) {
    return std::all_of(changes.begin(), changes.end(), [&](const SettingAdvice& one) {
      const auto found = settings.find(one.name);
      return found == settings.end() || found->second.value == one.wanted;
    });
  });
  out += fmt::format(
      "SELECT pg_reload_conf();\nWhat was before is kept in {}; `pgsieve doctor --revert` puts it back.\n",
      escape_terminal(path));
  if (!effective)
    tell_warning(
        "new sessions do not see all of it: a role or database has a setting of its own, or the server needs "
        "a restart");
  if (!write_stdout(out)) return kExitInput;
  return effective ? kExitOk : kExitFindings;
}

int revert(const DoctorOptions& options, const std::string& path, ServerConnection& connection,
           const Server& server) {
  const Result<std::optional<DoctorMemory>> memory = load_memory(path);
  if (!memory) return tell_error(memory.error());
  if (!memory->has_value())
    return write_stdout("Nothing to put back: nothing was changed here.\n") ? kExitOk : kExitInput;
  if (!server.superuser) return tell_error(needs_superuser(server));
  std::string out;
  for (const auto& [name, setting] : (*memory)->settings) {
    const Result<DatabaseValue> now = value_in_auto_conf(connection, name);
    if (!now) return tell_error(now.error());
    if (*now == setting.before) continue;  // put back already
    if (*now != setting.set &&
        setting_literal(name, now->value_or("")) != setting_literal(name, setting.set)) {
      tell_warning(fmt::format("{} was changed by somebody else since, and is left as it is", name));
      continue;
    }
    const std::string sql =
        setting.before ? setting_sql(name, *setting.before) : fmt::format("ALTER SYSTEM RESET {}", name);
    if (const Result<DatabaseRows> done = connection.query(sql); !done) return tell_error(done.error());
    out += escape_terminal(sql) + ";\n";
  }
  if (!out.empty()) {
    reload(options.url, connection, [](const Settings&) { return true; });
    out += "SELECT pg_reload_conf();\n";
  }
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
  return write_stdout(out + "The settings are what they were.\n") ? kExitOk : kExitInput;
}

}  // namespace

int run_doctor(const DoctorOptions& options) {
  Result<ServerConnection> connection = ServerConnection::connect(options.url);
  if (!connection) return tell_error(connection.error());
  const Result<Server> server =
      examine(*connection, options.wishes.plans_from_ms.has_value(), options.revert);
  if (!server) return tell_error(server.error());
  if (server->identifier.empty() && options.state_file.empty() && (options.apply || options.revert))
    return tell_error(needs_superuser(*server));
  const std::string path = options.state_file.empty() ? memory_path(server->identifier) : options.state_file;
  const Paint paint(use_color(options.color));
  if (options.revert) return revert(options, path, *connection, *server);
  const std::vector<SettingAdvice> advice = judge_settings(server->settings, options.wishes);
  if (options.apply) return apply(options, path, *connection, *server, advice, paint);
  return explain(*server, advice, paint);
}

}  // namespace pgsieve
