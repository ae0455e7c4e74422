// pgsieve.toml: reading, checking, origins; the settings table and the published schema.
#include "tools/pgsieve/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "tests/tools/run_program.h"
#include "tools/pgsieve/settings.h"

namespace pgsieve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kLoop =
    "2026-11-22 01:00:00.000 UTC [1] u@d app LOG:  duration: 0.1 ms  statement: SELECT id FROM orders WHERE "
    "user_id = 3\n";

std::string loop_log() {
  std::string log = kLoop;
  for (int i = 0; i < 9; ++i)
    log += "2026-11-22 01:00:00.00" + std::to_string(i) +
           " UTC [1] u@d app LOG:  duration: 0.1 ms  statement: SELECT name FROM items WHERE order_id = " +
           std::to_string(i) + "\n";
  return log;
}

// What reading the text as pgsieve.toml complains of; "" nothing.
std::string complaint(const std::string& text) {
  const TemporaryDirectory folder;
  const Result<Config> config = read_config(folder.write("pgsieve.toml", text));
  return config.ok() ? "" : config.error().to_string();
}

TEST(Config, MistakesAreToldWithPlaceAndNearestName) {
  EXPECT_THAT(
      complaint("schema = 1\n\n[rules.n-plus-one]\nmin-cuont = 5\n"),
      HasSubstr(
          "pgsieve.toml:4:1: unknown key 'min-cuont' in [rules.n-plus-one]; did you mean 'min-count'?"));
  EXPECT_THAT(complaint("fial-on = \"error\"\n"),
              HasSubstr(":1:1: unknown key 'fial-on'; did you mean 'fail-on'?"));
  EXPECT_THAT(complaint("[rules.n-plus-on]\nseverity = \"error\"\n"),
              HasSubstr("did you mean 'n-plus-one'?"));
  EXPECT_THAT(complaint("fail-on = \"eror\"\n"), HasSubstr("did you mean 'error'?"));
  EXPECT_THAT(complaint("fail-on = 3\n"), HasSubstr("must be a string, not a whole number"));
  EXPECT_THAT(complaint("[[suppress]]\nrule = \"n-plus-one\"\n"), HasSubstr("needs 'reason'"));
  EXPECT_THAT(complaint("[[suppress]]\nreason = \"x\"\n"), HasSubstr("needs a condition"));
  EXPECT_THAT(complaint("[[suppress]]\nrule = \"n-plus\"\nreason = \"x\"\n"), HasSubstr("did you mean"));
  EXPECT_THAT(complaint("[[suppress]]\nsql = \"(\"\nreason = \"x\"\n"), HasSubstr("no regular expression"));
  EXPECT_THAT(complaint("[[suppress]]\ntable = \"t\"\nreason = \"x\"\nuntil = \"soon\"\n"),
              HasSubstr("must be a date"));
  EXPECT_THAT(complaint("[[budget]]\nstatements = 3\n"), HasSubstr("needs test, route or tag"));
  EXPECT_THAT(complaint("[rules.n-plus-one]\nratchet = \"twice\"\n"), HasSubstr("calls*FACTOR"));
  EXPECT_THAT(complaint("[scope]\ntest-from = [\"header:x\"]\n"), HasSubstr("no source of names"));
  EXPECT_THAT(complaint("extends = \"pgsieve.toml\"\n"), HasSubstr("leads back"));
  EXPECT_THAT(complaint("a = = 3\n"), HasSubstr("pgsieve.toml:1:"));
  EXPECT_EQ(complaint("schema = 1\n[[suppress]]\ntable = \"t\"\nreason = \"x\"\nuntil = 2027-03-31\n"), "");
}

TEST(Config, AFileExtendsAnother) {
  const TemporaryDirectory folder;
  folder.write("base.toml", "fail-on = \"error\"\n[input]\nprefix = \"%m \"\nexclude-apps = [\"psql\"]\n");
  const std::string path = folder.write(
      "pgsieve.toml",
      "extends = \"base.toml\"\nbaseline = \"known.toml\"\n[input]\nexclude-apps = [\"cron\", \"x\"]\n");
  const Result<Config> config = read_config(path);
  ASSERT_TRUE(config.ok()) << config.error().to_string();
  EXPECT_EQ(config->text("fail-on"), "error");
  EXPECT_THAT(config->find("fail-on")->origin, HasSubstr("base.toml:1"));
  EXPECT_EQ(config->text("input.prefix"), "%m ");
  EXPECT_THAT(config->find("input.exclude-apps")->values, ElementsAre("cron", "x"));
  EXPECT_TRUE(std::filesystem::path(config->text("baseline")).is_absolute() ||
              config->text("baseline").ends_with("known.toml"));
}

TEST(Config, CommandLineEnvironmentFileDefault) {
  const TemporaryDirectory folder;
  const std::string log = folder.write("x.log", loop_log());
  const std::string config = folder.write("pgsieve.toml", "fail-on = \"never\"\n");
  const auto lint = [&](const std::vector<std::string>& more, const std::vector<std::string>& environment) {
    std::vector<std::string> arguments = {"lint", log, "--config", config, "--no-baseline"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_pgsieve(arguments, {}, environment).exit_code;
  };
  EXPECT_EQ(lint({}, {}), 0);
  EXPECT_EQ(lint({}, {"PGSIEVE_FAIL_ON=warning"}), 1);
  EXPECT_EQ(lint({"--fail-on", "never"}, {"PGSIEVE_FAIL_ON=warning"}), 0);
  EXPECT_EQ(lint({"--no-config"}, {}), 1);
  EXPECT_EQ(lint({}, {"PGSIEVE_FAIL_ON=sometimes"}), 2);
}

TEST(Config, RulesCanBeOffOrMilder) {
  const TemporaryDirectory folder;
  const std::string log = folder.write("x.log", loop_log());
  const auto lint = [&](const std::string& text) {
    const std::string config = folder.write("pgsieve.toml", text);
    return run_pgsieve({"lint", log, "--config", config, "--no-baseline"}).exit_code;
  };
  EXPECT_EQ(lint(""), 1);
  EXPECT_EQ(lint("[rules.n-plus-one]\nseverity = \"off\"\n"), 0);
  EXPECT_EQ(lint("[rules.n-plus-one]\nseverity = \"note\"\n"), 0);
  EXPECT_EQ(lint("[rules.n-plus-one]\nmin-count = 50\n"), 0);
  EXPECT_EQ(lint("[rules]\ndefault = \"off\"\n"), 0);
  EXPECT_EQ(lint("[rules]\ndefault = \"off\"\n[rules.n-plus-one]\nseverity = \"error\"\n"), 1);
  EXPECT_EQ(lint("[[suppress]]\ntable = \"items\"\nreason = \"bounded\"\n"), 0);
  EXPECT_EQ(lint("[input]\nexclude-sql = [\"FROM items\"]\n"), 0);
}

TEST(Config, ShowSaysWhereValuesComeFrom) {
  const TemporaryDirectory folder;
  const std::string config =
      folder.write("pgsieve.toml", "fail-on = \"error\"\n[rules.n-plus-one]\nmin-count = 5\n");
  const RunResult shown = run_pgsieve({"config", "show", "--config", config}, {}, {"PGSIEVE_STALE=error"});
  EXPECT_EQ(shown.exit_code, 0);
  EXPECT_THAT(shown.out, testing::ContainsRegex("fail-on = \"error\" +# .*pgsieve.toml:1"));
  EXPECT_THAT(shown.out, testing::ContainsRegex("stale = \"error\" +# environment PGSIEVE_STALE"));
  EXPECT_THAT(shown.out, testing::ContainsRegex("rules.n-plus-one.min-count = \"?5\"? +# .*pgsieve.toml:3"));
  EXPECT_THAT(shown.out, testing::ContainsRegex("top = 20 +# default"));
  EXPECT_EQ(run_pgsieve({"config", "check", "--config", config}).exit_code, 0);
  EXPECT_THAT(run_pgsieve({"config", "shwo"}).err, HasSubstr("did you mean 'show'?"));
}

TEST(Config, TheSchemaIsPublished) {
  const std::string published =
      read_file(std::string(PGSIEVE_SOURCE_DIR) + "/tools/pgsieve/pgsieve.schema.json");
  EXPECT_EQ(published, settings_schema()) << "pgsieve config schema > tools/pgsieve/pgsieve.schema.json";
  const nlohmann::json schema = nlohmann::json::parse(published);
  EXPECT_EQ(schema["properties"]["rules"]["properties"]["n-plus-one"]["properties"]["min-count"]["type"],
            "number");
  EXPECT_EQ(schema["properties"]["suppress"]["items"]["required"][0], "reason");
}

// Every option that a rule asks for can be set, and is documented.
TEST(Config, EveryOptionOfEveryRuleIsInTheTable) {
  const std::regex asked("\\.option\\(\\s*\"([a-z0-9-]+)\\.([a-z0-9-]+)\"");
  size_t found = 0;
  for (const auto& file :
       std::filesystem::recursive_directory_iterator(std::string(PGSIEVE_SOURCE_DIR) + "/rules")) {
    if (file.path().extension() != ".cc") continue;
    const std::string text = read_file(file.path().string());
    for (std::sregex_iterator at(text.begin(), text.end(), asked), end; at != end; ++at, ++found) {
      const std::vector<std::string> names = rule_option_names((*at)[1].str());
      EXPECT_THAT(names, testing::Contains((*at)[2].str())) << (*at)[1];
    }
  }
  EXPECT_GE(found, 10U);
}

}  // namespace
}  // namespace pgsieve
