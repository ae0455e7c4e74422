// What --scale found out, for people and for programs. Statements are escaped for the terminal.
#pragma once

#include <string>

#include "analyzer/advisor/scale.h"
#include "analyzer/base/json_writer.h"
#include "analyzer/report/report.h"

namespace pgsieve {

// A section of the text report, arithmetic and assumptions included.
void append_text_scale(std::string& out, const ScaleProjection& projection, const ReportStyle& style);

// One JSON object.
void write_scale(JsonWriter& json, const ScaleProjection& projection);

}  // namespace pgsieve
