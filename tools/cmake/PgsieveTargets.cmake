# How our own targets are built: one static library per room, warnings as errors, optional sanitizers.
add_library(pgsieve_options INTERFACE)
target_compile_options(pgsieve_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  $<$<BOOL:${PGSIEVE_WERROR}>:-Werror>)
# GCC 12 and 13 report -Wrestrict inside std::string's own operator+ (GCC bug 105651), and -Wfree-nonheap-object in the
# destructor of a std::variant that was never assigned.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(pgsieve_options INTERFACE -Wno-restrict -Wno-free-nonheap-object)
  if(PGSIEVE_SANITIZE)
    # The sanitizers' checks make GCC lose track of what <regex> and <functional> initialise.
    target_compile_options(pgsieve_options INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()
target_include_directories(pgsieve_options INTERFACE "${PROJECT_SOURCE_DIR}")
if(PGSIEVE_SANITIZE)
  add_compile_options(-fsanitize=${PGSIEVE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PGSIEVE_SANITIZE})
endif()

if(PGSIEVE_LTO)
  include(CheckIPOSupported)
  check_ipo_supported(RESULT PGSIEVE_LTO_WORKS OUTPUT PGSIEVE_LTO_WHY LANGUAGES CXX)
  if(PGSIEVE_LTO_WORKS)
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
  else()
    message(STATUS "No link-time optimisation: ${PGSIEVE_LTO_WHY}")
  endif()
endif()
if(PGSIEVE_TUNE AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  add_compile_options(-march=x86-64-v2)
endif()

# Third-party headers are not held to our warnings.
function(pgsieve_link target)
  target_link_libraries(${target} PUBLIC pgsieve_options Threads::Threads)
  foreach(library IN LISTS ARGN)
    target_link_libraries(${target} PUBLIC ${library})
    if(TARGET ${library} AND NOT library MATCHES "^pgsieve_")
      get_target_property(directories ${library} INTERFACE_INCLUDE_DIRECTORIES)
      if(directories)
        target_include_directories(${target} SYSTEM PUBLIC ${directories})
      endif()
    endif()
  endforeach()
endfunction()

# pgsieve_load_later(TARGET NAME LIBRARY IMPORTED): TARGET compiles against the headers of IMPORTED and finds, as
# PGSIEVE_<NAME>_FILE, the file that the shared LIBRARY is loaded from at run time: see analyzer/base/shared_library.h.
function(pgsieve_load_later target name library imported)
  execute_process(COMMAND "${CMAKE_OBJDUMP}" -p "${library}" OUTPUT_VARIABLE headers ERROR_VARIABLE why RESULT_VARIABLE failed)
  if(failed OR NOT headers MATCHES "SONAME +([^ \n]+)")
    message(FATAL_ERROR "${library} is no shared library with a name of its own (${why}): pgsieve loads it at run time.")
  endif()
  target_compile_definitions(${target} PRIVATE "PGSIEVE_${name}_FILE=\"${CMAKE_MATCH_1}\"")
  get_target_property(directories ${imported} INTERFACE_INCLUDE_DIRECTORIES)
  if(directories)
    target_include_directories(${target} SYSTEM PUBLIC ${directories})
  endif()
endfunction()

# pgsieve_room(NAME LINKS ...): analyzer/NAME as the library pgsieve_NAME (header-only while it has no .cc).
function(pgsieve_room name)
  cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/analyzer/${name}/*.cc")
  if(NOT sources)
    file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/empty_${name}.cc" "")
    set(sources "${CMAKE_CURRENT_BINARY_DIR}/empty_${name}.cc")
  endif()
  add_library(pgsieve_${name} STATIC ${sources})
  pgsieve_link(pgsieve_${name} ${arg_LINKS})
endfunction()

# libpg_query parses a text, copies the tree into protobuf nodes, packs them into bytes and forgets them; to write a tree out
# as text it unpacks bytes. analyzer/sql/parse_tree.cc looks in between, analyzer/sql/deparse.cc hands over the nodes as they
# are, analyzer/sql/parser_warnings.cc spares it texts that nobody reads: the linker sends the library's own calls there.
# It takes the static library and an ELF linker; without them the same costs more time, nothing else.
function(pgsieve_catch_tree_packer room)
  if(CMAKE_EXECUTABLE_FORMAT STREQUAL "ELF" AND PgQuery_LIBRARY MATCHES "\\.a$")
    target_compile_definitions(${room} PRIVATE PGSIEVE_CATCH_TREE)
    foreach(function pg_query_nodes_to_protobuf pg_query__parse_result__get_packed_size pg_query__parse_result__pack
            pg_query__parse_result__unpack pg_query__parse_result__free_unpacked errstart)
      target_link_options(${room} INTERFACE "LINKER:--wrap=${function}" "LINKER:--undefined=__wrap_${function}")
    endforeach()
  endif()
endfunction()

# rules/: one folder per rule. Each rule.md is compiled in, so that `pgsieve rules NAME` needs no file at run time.
function(pgsieve_rules)
  cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/rules/*.cc")
  file(GLOB documents CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/rules/*/rule.md")
  set(documentation "${CMAKE_CURRENT_BINARY_DIR}/rule_documentation.cc")
  add_custom_command(OUTPUT "${documentation}"
    COMMAND ${CMAKE_COMMAND} "-DOUTPUT=${documentation}" "-DDOCUMENTS=${documents}"
            -P "${PROJECT_SOURCE_DIR}/tools/cmake/EmbedRuleDocumentation.cmake"
    DEPENDS ${documents} "${PROJECT_SOURCE_DIR}/tools/cmake/EmbedRuleDocumentation.cmake" VERBATIM)
  add_library(pgsieve_rules STATIC ${sources} "${documentation}")
  pgsieve_link(pgsieve_rules ${arg_LINKS})
endfunction()

# The style sheet and the script of the HTML report are compiled into TARGET.
function(pgsieve_report_page target)
  set(folder "${PROJECT_SOURCE_DIR}/analyzer/report/page")
  set(page "${CMAKE_CURRENT_BINARY_DIR}/report_page.cc")
  add_custom_command(OUTPUT "${page}"
    COMMAND ${CMAKE_COMMAND} "-DOUTPUT=${page}" "-DFOLDER=${folder}" -P "${PROJECT_SOURCE_DIR}/tools/cmake/EmbedReportPage.cmake"
    DEPENDS "${folder}/page.css" "${folder}/page.js" "${PROJECT_SOURCE_DIR}/tools/cmake/EmbedReportPage.cmake" VERBATIM)
  target_sources(${target} PRIVATE "${page}")
endfunction()

# pgsieve_program(NAME FOLDER LINKS ...): the program NAME from FOLDER/main.cc, and the rest of the folder as the library
# NAME_program, so that tests can link it.
function(pgsieve_program name folder)
  cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.cc")
  set(main "${PROJECT_SOURCE_DIR}/${folder}/main.cc")
  list(REMOVE_ITEM sources "${main}")
  if(NOT sources OR NOT EXISTS "${main}")
    return()
  endif()
  add_library(${name}_program STATIC ${sources})
  pgsieve_link(${name}_program ${arg_LINKS})
  target_compile_definitions(${name}_program PRIVATE PGSIEVE_VERSION="${PROJECT_VERSION}")
  # Options and commands run once: small beats fast, and the code is memory, too.
  if(CMAKE_CXX_FLAGS_RELEASE MATCHES "-O[23]")
    target_compile_options(${name}_program PRIVATE $<$<CONFIG:Release>:-Os>)
  endif()
  add_executable(${name} "${main}")
  pgsieve_link(${name} ${name}_program)
  # An executable that calls nothing of its allocator by name still needs it.
  target_link_options(${name} PRIVATE $<$<BOOL:${PGSIEVE_ALLOCATOR}>:LINKER:--no-as-needed>)
  target_link_libraries(${name} PRIVATE ${PGSIEVE_ALLOCATOR})
endfunction()

# The manual page and the completion scripts, which the program itself writes, and where they are installed.
function(pgsieve_manual program)
  include(GNUInstallDirs)
  set(folder "${CMAKE_BINARY_DIR}/manual")
  file(MAKE_DIRECTORY "${folder}")
  add_custom_command(OUTPUT "${folder}/pgsieve.1" "${folder}/pgsieve.bash" "${folder}/_pgsieve" "${folder}/pgsieve.fish"
    COMMAND ${program} man > "${folder}/pgsieve.1"
    COMMAND ${program} completion bash > "${folder}/pgsieve.bash"
    COMMAND ${program} completion zsh > "${folder}/_pgsieve"
    COMMAND ${program} completion fish > "${folder}/pgsieve.fish"
    DEPENDS ${program} VERBATIM)
  add_custom_target(${program}_manual ALL DEPENDS "${folder}/pgsieve.1")
  install(FILES "${folder}/pgsieve.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
  install(FILES "${folder}/pgsieve.bash" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME pgsieve)
  install(FILES "${folder}/_pgsieve" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
  install(FILES "${folder}/pgsieve.fish" DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
endfunction()
