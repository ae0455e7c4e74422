# Finds libpg_query, which ships neither a pkg-config file nor a CMake package.
#
#   PgQuery::PgQuery     the library with its headers (pg_query.h, pg_query/pg_query.pb-c.h)
#   PgQuery_GRAMMAR      major version of the PostgreSQL grammar it was built from (15, 17, ...)
#
# PGSIEVE_PG_QUERY_DIR names a libpg_query source tree in which `make build` has been run; it wins over the system's copy, also in
# a build folder that was configured without it, or with another.
if(NOT "${PGSIEVE_PG_QUERY_DIR}" STREQUAL "${PgQuery_SEARCHED}")
  foreach(_pg_query_variable IN ITEMS INCLUDE_DIR PROTOBUF_INCLUDE_DIR PROTOBUF_C_INCLUDE_DIR LIBRARY)
    unset(PgQuery_${_pg_query_variable} CACHE)
  endforeach()
  set(PgQuery_SEARCHED "${PGSIEVE_PG_QUERY_DIR}" CACHE INTERNAL "The PGSIEVE_PG_QUERY_DIR that the other PgQuery_ entries are of")
endif()
if(PGSIEVE_PG_QUERY_DIR)
  set(_pg_query_hints NO_DEFAULT_PATH PATHS "${PGSIEVE_PG_QUERY_DIR}")
endif()
find_path(PgQuery_INCLUDE_DIR pg_query.h ${_pg_query_hints})
if(PGSIEVE_PG_QUERY_DIR)
  find_path(PgQuery_PROTOBUF_INCLUDE_DIR pg_query/pg_query.pb-c.h NO_DEFAULT_PATH
    PATHS "${PGSIEVE_PG_QUERY_DIR}" "${PGSIEVE_PG_QUERY_DIR}/protobuf" "${PGSIEVE_PG_QUERY_DIR}/src/include")
  if(NOT PgQuery_PROTOBUF_INCLUDE_DIR AND EXISTS "${PGSIEVE_PG_QUERY_DIR}/protobuf/pg_query.pb-c.h")
    # A source tree keeps the header flat; give it the installed spelling.
    file(COPY "${PGSIEVE_PG_QUERY_DIR}/protobuf/pg_query.pb-c.h" DESTINATION "${CMAKE_BINARY_DIR}/pg_query_include/pg_query")
    set(PgQuery_PROTOBUF_INCLUDE_DIR "${CMAKE_BINARY_DIR}/pg_query_include" CACHE PATH "" FORCE)
  endif()
  set(_pg_query_protobuf_c "${PGSIEVE_PG_QUERY_DIR}/vendor")
else()
  find_path(PgQuery_PROTOBUF_INCLUDE_DIR pg_query/pg_query.pb-c.h)
endif()
find_path(PgQuery_PROTOBUF_C_INCLUDE_DIR protobuf-c/protobuf-c.h HINTS "${_pg_query_protobuf_c}" "${PgQuery_INCLUDE_DIR}")
find_library(PgQuery_LIBRARY NAMES libpg_query.a pg_query ${_pg_query_hints})
if(PgQuery_INCLUDE_DIR)
  file(STRINGS "${PgQuery_INCLUDE_DIR}/pg_query.h" _pg_query_version REGEX "#define PG_MAJORVERSION ")
  string(REGEX MATCH "[0-9]+" PgQuery_GRAMMAR "${_pg_query_version}")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(PgQuery REQUIRED_VARS PgQuery_LIBRARY PgQuery_INCLUDE_DIR
  PgQuery_PROTOBUF_INCLUDE_DIR PgQuery_PROTOBUF_C_INCLUDE_DIR)
if(PgQuery_FOUND AND NOT TARGET PgQuery::PgQuery)
  add_library(PgQuery::PgQuery UNKNOWN IMPORTED)
  set_target_properties(PgQuery::PgQuery PROPERTIES IMPORTED_LOCATION "${PgQuery_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${PgQuery_INCLUDE_DIR};${PgQuery_PROTOBUF_INCLUDE_DIR};${PgQuery_PROTOBUF_C_INCLUDE_DIR}")
endif()
