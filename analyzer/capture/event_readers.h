// The readers behind make_event_reader(), by what they read.
#pragma once

#include <memory>

#include "analyzer/capture/event_reader.h"

namespace pgsieve {

std::unique_ptr<EventReader> make_span_reader();             // OTLP spans
std::unique_ptr<EventReader> make_stat_statements_reader();  // exports of pg_stat_statements

bool is_stat_statements(std::string_view head);

}  // namespace pgsieve
