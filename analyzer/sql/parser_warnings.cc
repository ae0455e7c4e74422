// PostgreSQL's parser and libpg_query's fingerprint report what puzzles them as warnings: made up as text,
// then thrown away, for nobody reads them. The fingerprint of PostgreSQL 15 has one for each literal of a
// statement, and spends up to a third of its time on them. The linker sends the library's question whether a
// message is wanted here: see tools/cmake/PgsieveTargets.cmake. Errors go their way; with the shared library
// nothing changes.
#if defined(PGSIEVE_CATCH_TREE)

extern "C" {
bool __real_errstart(int level, const char* domain);
bool __wrap_errstart(int level, const char* domain);

bool __wrap_errstart(int level, const char* domain) {
  constexpr int kWarning = 19;  // elog.h of PostgreSQL 13 to 17; what is below matters even less
  return level > kWarning && __real_errstart(level, domain);
}
}

#endif
