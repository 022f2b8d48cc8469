# A stand-in for the SDK's module, for `portkit build-check`.
find_program(CMAKE_TOPS_COMPILER topscc HINTS ${CMAKE_CURRENT_LIST_DIR}/../bin REQUIRED)
set(CMAKE_TOPS_COMPILER_ENV_VAR TOPSCC)
configure_file(${CMAKE_CURRENT_LIST_DIR}/CMakeTOPSCompiler.cmake.in
  ${CMAKE_PLATFORM_INFO_DIR}/CMakeTOPSCompiler.cmake @ONLY)
