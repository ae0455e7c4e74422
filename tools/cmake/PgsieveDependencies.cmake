# Every library pgsieve uses, each found once: the system's package first; a pinned download only with PGSIEVE_FETCH_DEPS=ON.
include(FetchContent)
set(FETCHCONTENT_TRY_FIND_PACKAGE_MODE ALWAYS)

# Stops, with what to do, before a download that can't succeed; a download that was made stays in the build folder.
function(pgsieve_reach package git tag debian)
  string(TOLOWER "${package}" lower)
  string(TOUPPER "${package}" upper)
  if(FETCHCONTENT_SOURCE_DIR_${upper} OR EXISTS "${FETCHCONTENT_BASE_DIR}/${lower}-src/.git")
    return()
  endif()
  find_package(Git QUIET)
  set(reached 1)
  if(GIT_FOUND)
    execute_process(COMMAND "${CMAKE_COMMAND}" -E env GIT_TERMINAL_PROMPT=0 "${GIT_EXECUTABLE}" ls-remote --exit-code "${git}" "${tag}"
      TIMEOUT 60 RESULT_VARIABLE reached OUTPUT_QUIET ERROR_VARIABLE why ERROR_STRIP_TRAILING_WHITESPACE)
  else()
    set(why "git was not found")
  endif()
  if(NOT reached STREQUAL "0")
    message(FATAL_ERROR "${package} was not found, and ${git} (${tag}) can't be had: ${why}\n"
      "Install ${debian} (tools/setup.sh does), or unpack that release and configure with -DFETCHCONTENT_SOURCE_DIR_${upper}=FOLDER.")
  endif()
  message(STATUS "Downloading ${package} ${tag} from ${git}")
endfunction()

# pgsieve_dependency(PACKAGE DEBIAN package [GIT repository TAG tag]): find_package, else the pinned release when downloads are
# allowed, else a clear error.
function(pgsieve_dependency package)
  cmake_parse_arguments(arg "" "GIT;TAG;DEBIAN" "" ${ARGN})
  find_package(${package} QUIET)
  if(${package}_FOUND)
    return()
  endif()
  if(PGSIEVE_FETCH_DEPS AND arg_GIT)
    pgsieve_reach(${package} "${arg_GIT}" "${arg_TAG}" "${arg_DEBIAN}")
    FetchContent_Declare(${package} GIT_REPOSITORY "${arg_GIT}" GIT_TAG "${arg_TAG}" GIT_SHALLOW ON OVERRIDE_FIND_PACKAGE)
    find_package(${package} REQUIRED)
    return()
  endif()
  set(way_out "")
  if(arg_GIT)
    set(way_out ", or configure with -DPGSIEVE_FETCH_DEPS=ON")
  endif()
  message(FATAL_ERROR "${package} was not found. Install ${arg_DEBIAN} (tools/setup.sh does)${way_out}.")
endfunction()

# pgsieve_pkg_config(PREFIX MODULE DEBIAN package): a library without which nothing is built, through pkg-config.
macro(pgsieve_pkg_config prefix module debian_word debian)
  pkg_check_modules(${prefix} IMPORTED_TARGET ${module})
  if(NOT ${prefix}_FOUND)
    message(FATAL_ERROR "${module} was not found. Install ${debian} (tools/setup.sh does).")
  endif()
endmacro()

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pgsieve_dependency(fmt DEBIAN libfmt-dev GIT https://github.com/fmtlib/fmt.git TAG 11.0.2)
pgsieve_dependency(simdjson DEBIAN libsimdjson-dev GIT https://github.com/simdjson/simdjson.git TAG v3.10.1)
pgsieve_dependency(SQLite3 DEBIAN libsqlite3-dev)
pgsieve_dependency(tomlplusplus DEBIAN libtomlplusplus-dev GIT https://github.com/marzer/tomlplusplus.git TAG v3.4.0)
pgsieve_dependency(CLI11 DEBIAN libcli11-dev GIT https://github.com/CLIUtils/CLI11.git TAG v2.4.2)

# libpg_query has no CMake build of its own: a downloaded one is made in place and used as a source tree.
find_package(PgQuery QUIET)
if(NOT PgQuery_FOUND AND PGSIEVE_FETCH_DEPS AND NOT PGSIEVE_PG_QUERY_DIR)
  set(repository https://github.com/pganalyze/libpg_query.git)
  pgsieve_reach(libpg_query ${repository} 17-6.1.0 libpg-query-dev)
  FetchContent_Declare(libpg_query GIT_REPOSITORY ${repository} GIT_TAG 17-6.1.0 GIT_SHALLOW ON)
  FetchContent_MakeAvailable(libpg_query)
  if(NOT EXISTS "${libpg_query_SOURCE_DIR}/libpg_query.a")
    message(STATUS "Building libpg_query, which takes some minutes")
    execute_process(COMMAND make -j2 build WORKING_DIRECTORY "${libpg_query_SOURCE_DIR}" COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
  endif()
  set(PGSIEVE_PG_QUERY_DIR "${libpg_query_SOURCE_DIR}")
  find_package(PgQuery QUIET)
endif()
if(NOT PgQuery_FOUND)
  if(NOT PGSIEVE_PG_QUERY_DIR)
    message(FATAL_ERROR "libpg_query was not found. Install libpg-query-dev (tools/setup.sh does), name a built source tree with "
      "-DPGSIEVE_PG_QUERY_DIR=FOLDER, or configure with -DPGSIEVE_FETCH_DEPS=ON.")
  elseif(NOT PgQuery_INCLUDE_DIR)
    message(FATAL_ERROR "PGSIEVE_PG_QUERY_DIR=${PGSIEVE_PG_QUERY_DIR} is not a source tree of libpg_query: it has no pg_query.h.")
  elseif(NOT PgQuery_LIBRARY)
    message(FATAL_ERROR "The libpg_query in ${PGSIEVE_PG_QUERY_DIR} is not built. Run first: make -C ${PGSIEVE_PG_QUERY_DIR} build")
  else()
    message(FATAL_ERROR "The libpg_query in ${PGSIEVE_PG_QUERY_DIR} lacks pg_query.pb-c.h or protobuf-c/protobuf-c.h.")
  endif()
endif()
message(STATUS "libpg_query: ${PgQuery_LIBRARY}, grammar of PostgreSQL ${PgQuery_GRAMMAR}")

# Header-only use of xxHash; XXH_INLINE_ALL keeps its symbols out of our libraries.
pgsieve_pkg_config(XXHASH libxxhash DEBIAN libxxhash-dev)
add_library(xxhash::xxhash INTERFACE IMPORTED)
target_include_directories(xxhash::xxhash INTERFACE ${XXHASH_INCLUDE_DIRS})
target_compile_definitions(xxhash::xxhash INTERFACE XXH_INLINE_ALL)

# Compression: zlib, zstd and libarchive; ISA-L, where present, replaces zlib's inflate for gzip.
pgsieve_dependency(ZLIB DEBIAN zlib1g-dev)
pgsieve_pkg_config(ZSTD libzstd DEBIAN libzstd-dev)
pgsieve_pkg_config(ARCHIVE libarchive DEBIAN libarchive-dev)
pkg_check_modules(ISAL IMPORTED_TARGET libisal)
set(PGSIEVE_COMPRESSION_LIBRARIES ZLIB::ZLIB PkgConfig::ZSTD)
if(ISAL_FOUND)
  list(APPEND PGSIEVE_COMPRESSION_LIBRARIES PkgConfig::ISAL)
  target_compile_definitions(PkgConfig::ISAL INTERFACE PGSIEVE_HAVE_ISAL)
endif()

# jemalloc, where present, is the program's allocator: parse trees are many small blocks that live for a moment. Sanitizers
# bring their own.
pkg_check_modules(JEMALLOC IMPORTED_TARGET jemalloc)
if(JEMALLOC_FOUND AND NOT PGSIEVE_SANITIZE)
  set(PGSIEVE_ALLOCATOR PkgConfig::JEMALLOC)
endif()

# TLS on either side of the tap.
pgsieve_dependency(OpenSSL DEBIAN libssl-dev)

# libpcap: live capture on a network interface. The program builds without it.
pkg_check_modules(PCAP IMPORTED_TARGET libpcap)

# libpq: what talks to a server (`pgsieve prove`) and the integration tests. The program builds without it.
option(PGSIEVE_LIBPQ "Build the commands that connect to a server, where libpq is found" ON)
if(PGSIEVE_LIBPQ)
  pkg_check_modules(LIBPQ IMPORTED_TARGET GLOBAL libpq)
endif()
