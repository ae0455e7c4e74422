// Index changes of every kind that CREATE INDEX knows, for the tests of migrations.
#pragma once

#include <string>
#include <vector>

#include "analyzer/advisor/migration.h"

namespace pgsieve {

inline IndexChange make_change(const std::string& ddl, const std::string& name = "changed_idx") {
  return {.drop = false,
          .index = parse_index_definition(ddl).value(),
          .name = name,
          .extension = {},
          .comment = {}};
}

}  // namespace pgsieve
