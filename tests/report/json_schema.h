// A small JSON Schema checker: the keywords that report.schema.json uses (type, const, enum, pattern,
// minimum, required, properties, additionalProperties, items, $ref into $defs). An unknown keyword is an
// offence, so that none is ignored.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace pgsieve {

// "path: what is wrong", empty when the document is valid.
std::vector<std::string> schema_offences(const nlohmann::json& schema, const nlohmann::json& document);

}  // namespace pgsieve
