# A stand-in for CMake's module of the language, for `portkit build-check`: it asks the compiler
# nothing.
find_program(CMAKE_HIP_COMPILER hipcc HINTS ${CMAKE_CURRENT_LIST_DIR}/../bin REQUIRED)
set(CMAKE_HIP_COMPILER_ENV_VAR HIPCXX)
configure_file(${CMAKE_CURRENT_LIST_DIR}/CMakeHIPCompiler.cmake.in
  ${CMAKE_PLATFORM_INFO_DIR}/CMakeHIPCompiler.cmake @ONLY)
