#include "tools/pgsieve/log_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tools/run_program.h"
#include "tools/pgsieve/doctor_memory.h"

namespace pgsieve {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Verdict = SettingAdvice::Verdict;
using Settings = std::map<std::string, ServerSetting>;

// A server as it should be.
Settings good_settings() {
  return {{"log_min_duration_statement", {"0", "configuration file"}},
          {"log_line_prefix", {"%m [%p] %q%u@%d/%a ", "configuration file"}},
          {"log_destination", {"stderr", "default"}},
          {"logging_collector", {"on", "configuration file"}},
          {"log_statement", {"none", "default"}},
          {"log_duration", {"off", "default"}},
          {"log_parameter_max_length", {"-1", "default"}},
          {"log_error_verbosity", {"default", "default"}},
          {"log_min_messages", {"warning", "default"}},
          {"session_preload_libraries", {"", "default"}},
          {"shared_preload_libraries", {"auto_explain", "configuration file"}}};
}

SettingAdvice advice_on(const Settings& settings, const std::string& name, const LoggingWishes& wishes = {}) {
  for (const SettingAdvice& one : judge_settings(settings, wishes)) {
    if (one.name == name) return one;
  }
  return {};
}

std::vector<std::string> changes(const Settings& settings, const LoggingWishes& wishes = {}) {
  std::vector<std::string> names;
  for (const SettingAdvice& one : judge_settings(settings, wishes)) {
    if (one.verdict == Verdict::kChange) names.push_back(one.name + " = " + one.wanted);
    EXPECT_FALSE(one.why.empty()) << one.name;
  }
  return names;
}

TEST(LogSettings, AGoodServerNeedsNothing) {
  EXPECT_THAT(changes(good_settings()), IsEmpty());
}

TEST(LogSettings, EachTrapIsFound) {
  const std::pair<const char*, const char*> traps[] = {{"log_min_duration_statement", "250"},
                                                       {"log_min_duration_statement", "-1"},
                                                       {"log_line_prefix", ""},
                                                       {"log_line_prefix", "%t [%p] %d %a "},
                                                       {"log_line_prefix", "%m %d %a "},
                                                       {"log_statement", "all"},
                                                       {"log_duration", "on"},
                                                       {"log_error_verbosity", "terse"},
                                                       {"log_min_messages", "fatal"}};
  for (const auto& [name, value] : traps) {
    Settings settings = good_settings();
    settings[name].value = value;
    EXPECT_EQ(advice_on(settings, name).verdict, Verdict::kChange) << name << value;
    EXPECT_EQ(changes(settings).size(), 1U) << name << value;
  }
}

TEST(LogSettings, PrefixesThatServeAreLeftAlone) {
  for (const char* prefix : {"%n %c %d %a|", "user=%u,db=%d,app=%a [%p] %m "}) {
    Settings settings = good_settings();
    settings["log_line_prefix"].value = prefix;
    EXPECT_EQ(advice_on(settings, "log_line_prefix").verdict, Verdict::kGood) << prefix;
  }
  Settings json = good_settings();
  json["log_destination"].value = "jsonlog";
  json["log_line_prefix"].value = "";
  EXPECT_THAT(changes(json), IsEmpty());  // it carries everything itself
}

TEST(LogSettings, StructuredLogsWithoutACollectorAreATrap) {
  Settings settings = good_settings();
  settings["log_destination"].value = "jsonlog";
  settings["logging_collector"].value = "off";
  EXPECT_THAT(advice_on(settings, "log_destination").why,
              HasSubstr("without logging_collector gives plain lines"));
}

TEST(LogSettings, TheCommandLineOfTheServerWins) {
  Settings settings = good_settings();
  settings["log_min_duration_statement"] = {"250", "command line"};
  const SettingAdvice advice = advice_on(settings, "log_min_duration_statement");
  EXPECT_EQ(advice.verdict, Verdict::kBlocked);
  EXPECT_THAT(advice.why, HasSubstr("-c"));
}

TEST(LogSettings, ValuesAndPlansOnlyOnRequest) {
  LoggingWishes wishes;
  wishes.hide_values = true;
  EXPECT_THAT(changes(good_settings(), wishes), testing::ElementsAre("log_parameter_max_length = 0"));
  wishes = {};
  wishes.plans_from_ms = 20;
  Settings settings = good_settings();
  settings["shared_preload_libraries"].value = "pg_stat_statements";
  settings["session_preload_libraries"].value = "\"x y\", z";
  const std::vector<std::string> names = changes(settings, wishes);
  ASSERT_EQ(names.size(), 5U);
  EXPECT_EQ(names[0], "session_preload_libraries = x y, z, auto_explain");
  EXPECT_EQ(names[1], "auto_explain.log_min_duration = 20");
}

TEST(LogSettings, OldServersLackNames) {
  Settings settings = good_settings();
  settings.erase("log_parameter_max_length");
  EXPECT_EQ(advice_on(settings, "log_parameter_max_length").name, "");
}

TEST(LogSettings, LiteralsCantBreakOut) {
  EXPECT_EQ(setting_literal("log_line_prefix", "a'; DROP TABLE x; --"), "'a''; DROP TABLE x; --'");
  EXPECT_EQ(setting_literal("session_preload_libraries", "a, \"b, c\""), "'a', 'b, c'");
  EXPECT_EQ(setting_literal("session_preload_libraries", ""), "''");
}

TEST(DoctorMemory, IsReadAsItWasWritten) {
  TemporaryDirectory directory;
  const std::string path = directory.path("folder/memory.json");
  DoctorMemory memory{"77", {{"a", {std::nullopt, "0"}}, {"b", {std::string("x 'y' \"z\"\n"), "1"}}}};
  ASSERT_FALSE(save_memory(path, memory));
  const auto loaded = load_memory(path);
  ASSERT_TRUE(loaded.ok() && loaded->has_value());
  EXPECT_EQ((*loaded)->server, "77");
  EXPECT_EQ((*loaded)->settings.at("a").before, std::nullopt);
  EXPECT_EQ((*loaded)->settings.at("b").before, "x 'y' \"z\"\n");
  EXPECT_FALSE(load_memory(directory.path("none"))->has_value());
  for (const char* broken :
       {"", "[]", "{\"schema\":\"other\"}",
        "{\"schema\":\"pgsieve.doctor/1\",\"server\":\"1\",\"settings\":{\"a\":{\"set\":1}}}"})
    EXPECT_FALSE(load_memory(directory.write("broken", broken)).ok()) << broken;
  EXPECT_TRUE(save_memory("/proc/none/memory.json", memory));
}

}  // namespace
}  // namespace pgsieve
