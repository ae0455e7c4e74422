// Config: what pgsieve.toml, the files it extends and the PGSIEVE_… variables say, checked, with the origin
// of every value.
//
// The file: --config, else $PGSIEVE_CONFIG, else the nearest pgsieve.toml, .pgsieve.toml or
// .config/pgsieve.toml from the working directory upward; the search ends at a folder with .git. An unknown
// key, a value of the wrong kind, a rule that does not exist is an Error with file, line, column and the
// nearest valid name.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "analyzer/base/error.h"

namespace pgsieve {

struct ConfigValue {
  std::vector<std::string> values;  // one, unless the setting is a list; of a map: "key=value" each
  std::string origin;               // "pgsieve.toml:7", "environment PGSIEVE_FAIL_ON"
};

// Of a table that is a list, as [[suppress]]: its values by name, and where it begins ("").
using ConfigEntry = std::map<std::string, ConfigValue>;

struct Config {
  std::string file;                           // the one that was found; "": none
  std::string folder;                         // that paths in it are relative to
  std::map<std::string, ConfigValue> values;  // "fail-on", "input.format", "rules.n-plus-one.severity"
  std::map<std::string, std::vector<ConfigEntry>> lists;  // "suppress", "location", "budget"

  const ConfigValue* find(const std::string& key) const;
  std::string text(const std::string& key) const;  // the first value; ""
};

// "" when there is none.
std::string find_config_file(const std::string& from_folder);

// `given`: --config; "" searches.
Result<Config> load_config(const std::string& given);
// One document, for tests and `config check`; `extends` is followed relative to the file.
Result<Config> read_config(const std::string& path);

}  // namespace pgsieve
