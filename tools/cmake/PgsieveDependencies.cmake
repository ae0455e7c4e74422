# Every library pgsieve uses, each found once: the system's package first; a pinned download only with PGSIEVE_FETCH_DEPS=ON.
include(FetchContent)
set(FETCHCONTENT_TRY_FIND_PACKAGE_MODE ALWAYS)

# pgsieve_dependency(PACKAGE [URL url HASH sha256]): find_package, else FetchContent when allowed, else a clear error.
function(pgsieve_dependency package)
  cmake_parse_arguments(arg "" "URL;HASH;DEBIAN" "" ${ARGN})
  find_package(${package} QUIET)
  if(${package}_FOUND)
    return()
  endif()
  if(PGSIEVE_FETCH_DEPS AND arg_URL)
    FetchContent_Declare(${package} URL "${arg_URL}" URL_HASH "SHA256=${arg_HASH}" OVERRIDE_FIND_PACKAGE)
    find_package(${package} REQUIRED)
    return()
  endif()
  message(FATAL_ERROR "${package} was not found. Install ${arg_DEBIAN} (tools/setup.sh does), or configure with -DPGSIEVE_FETCH_DEPS=ON.")
endfunction()

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pgsieve_dependency(fmt DEBIAN libfmt-dev)
pgsieve_dependency(simdjson DEBIAN libsimdjson-dev)
pgsieve_dependency(SQLite3 DEBIAN libsqlite3-dev)
pgsieve_dependency(CLI11 DEBIAN libcli11-dev)
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
