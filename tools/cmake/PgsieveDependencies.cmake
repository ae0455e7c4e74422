# Every library pgsieve uses, each found once: the system's package first; a pinned download only with PGSIEVE_FETCH_DEPS=ON.
include(FetchContent)
set(FETCHCONTENT_TRY_FIND_PACKAGE_MODE ALWAYS)

# pgsieve_dependency(PACKAGE DEBIAN package [GIT repository TAG tag]): find_package, else the pinned release when downloads are
# allowed, else a clear error.
function(pgsieve_dependency package)
  cmake_parse_arguments(arg "" "GIT;TAG;DEBIAN" "" ${ARGN})
  find_package(${package} QUIET)
  if(${package}_FOUND)
    return()
  endif()
  if(PGSIEVE_FETCH_DEPS AND arg_GIT)
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

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pgsieve_dependency(fmt DEBIAN libfmt-dev GIT https://github.com/fmtlib/fmt.git TAG 11.0.2)
pgsieve_dependency(simdjson DEBIAN libsimdjson-dev GIT https://github.com/simdjson/simdjson.git TAG v3.10.1)
pgsieve_dependency(SQLite3 DEBIAN libsqlite3-dev)
pgsieve_dependency(tomlplusplus DEBIAN libtomlplusplus-dev GIT https://github.com/marzer/tomlplusplus.git TAG v3.4.0)
pgsieve_dependency(CLI11 DEBIAN libcli11-dev GIT https://github.com/CLIUtils/CLI11.git TAG v2.4.2)

# libpg_query has no CMake build of its own: a downloaded one is made in place and used as a source tree.
if(PGSIEVE_FETCH_DEPS AND NOT PGSIEVE_PG_QUERY_DIR)
  find_package(PgQuery QUIET)
  if(NOT PgQuery_FOUND)
    FetchContent_Declare(libpg_query GIT_REPOSITORY https://github.com/pganalyze/libpg_query.git GIT_TAG 17-6.1.0 GIT_SHALLOW ON)
    FetchContent_MakeAvailable(libpg_query)
    if(NOT EXISTS "${libpg_query_SOURCE_DIR}/libpg_query.a")
      execute_process(COMMAND make -j2 build WORKING_DIRECTORY "${libpg_query_SOURCE_DIR}" COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
    endif()
    set(PGSIEVE_PG_QUERY_DIR "${libpg_query_SOURCE_DIR}")
    foreach(variable IN ITEMS INCLUDE_DIR PROTOBUF_INCLUDE_DIR PROTOBUF_C_INCLUDE_DIR LIBRARY)
      unset(PgQuery_${variable} CACHE)
    endforeach()
  endif()
endif()
find_package(PgQuery REQUIRED)

# Header-only use of xxHash; XXH_INLINE_ALL keeps its symbols out of our libraries.
pkg_check_modules(XXHASH REQUIRED libxxhash)
add_library(xxhash::xxhash INTERFACE IMPORTED)
target_include_directories(xxhash::xxhash INTERFACE ${XXHASH_INCLUDE_DIRS})
target_compile_definitions(xxhash::xxhash INTERFACE XXH_INLINE_ALL)

# Compression: zlib, zstd and libarchive; ISA-L, where present, replaces zlib's inflate for gzip.
find_package(ZLIB REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(ISAL IMPORTED_TARGET libisal)
set(PGSIEVE_COMPRESSION_LIBRARIES ZLIB::ZLIB PkgConfig::ZSTD PkgConfig::ARCHIVE)
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
if(PCAP_FOUND)
  target_compile_definitions(PkgConfig::PCAP INTERFACE PGSIEVE_HAVE_PCAP)
endif()

# libpq: what talks to a server (`pgsieve prove`) and the integration tests. The program builds without it.
option(PGSIEVE_LIBPQ "Build the commands that connect to a server, where libpq is found" ON)
if(PGSIEVE_LIBPQ)
  pkg_check_modules(LIBPQ IMPORTED_TARGET GLOBAL libpq)
endif()
