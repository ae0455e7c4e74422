// A server on TCP with the books of the small projects in tests/integration/frameworks; one for all tests.
#pragma once

#include <memory>
#include <string>

#include "tests/integration/postgres_server.h"

namespace pgsieve::testing {

struct Library {
  Library();
  std::string why;  // there is no server
  bool missing = false;
  std::unique_ptr<PostgresServer> server;
  std::string url;
};

Library& library();
std::string projects();  // the folder of the projects, with a slash

}  // namespace pgsieve::testing
