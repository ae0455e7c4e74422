# Before project(): whatever clang this machine has, the newest name first, because libFuzzer comes with clang only.
foreach(_version RANGE 30 14 -1)
  list(APPEND _c_names "clang-${_version}")
  list(APPEND _cxx_names "clang++-${_version}")
endforeach()
find_program(PGSIEVE_CLANG NAMES ${_c_names} clang)
find_program(PGSIEVE_CLANGXX NAMES ${_cxx_names} clang++)
if(NOT PGSIEVE_CLANG OR NOT PGSIEVE_CLANGXX)
  message(FATAL_ERROR "The fuzzers need clang, which was not found. Install it (apt-get install clang), or name one with "
    "-DCMAKE_C_COMPILER and -DCMAKE_CXX_COMPILER.")
endif()
set(CMAKE_C_COMPILER "${PGSIEVE_CLANG}")
set(CMAKE_CXX_COMPILER "${PGSIEVE_CLANGXX}")
