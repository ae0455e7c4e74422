// The statements the tests of this room run over: fixtures/sql/*.sql, texts separated by a line "%%".
#pragma once

#include <string>
#include <vector>

namespace pgsieve {

// Empty when the file can't be read, which the tests check.
std::vector<std::string> read_statements(const std::string& name);

// traffic.sql (what applications send) and nasty.sql (written to hurt).
std::vector<std::string> all_statements();

std::string read_file(const std::string& path);

}  // namespace pgsieve
