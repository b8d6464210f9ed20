# tree-sitter's core and the grammars, from npm by lock file, as one static library.
#
# The packages are installed into grammars/node_modules (never committed). To
# build offline, fill npm's cache once (`npm ci` on any machine, copy ~/.npm)
# or copy the node_modules folder: the step is skipped when it is there.

set(GRAMMARS_DIR ${CMAKE_SOURCE_DIR}/grammars)
set(MODULES ${GRAMMARS_DIR}/node_modules)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${GRAMMARS_DIR}/package-lock.json)
if(NOT EXISTS ${MODULES}/.package-lock.json
   OR ${GRAMMARS_DIR}/package-lock.json IS_NEWER_THAN ${MODULES}/.package-lock.json)
  message(STATUS "installing the grammars from npm")
  execute_process(
    COMMAND npm ci --prefer-offline --silent
    WORKING_DIRECTORY ${GRAMMARS_DIR}
    RESULT_VARIABLE npm_result)
  if(npm_result)
    message(FATAL_ERROR "npm ci in grammars/ failed; see docs/DEPENDENCIES.md, 'Building offline'")
  endif()
  file(TOUCH ${MODULES}/.package-lock.json)
endif()

set(CORE ${MODULES}/tree-sitter/vendor/tree-sitter/lib)
set(GRAMMAR_FOLDERS
  ${MODULES}/tree-sitter-python
  ${MODULES}/tree-sitter-rust
  ${MODULES}/tree-sitter-cuda
  ${MODULES}/@tree-sitter-grammars/tree-sitter-toml)
set(grammar_sources ${CORE}/src/lib.c)
foreach(folder IN LISTS GRAMMAR_FOLDERS)
  list(APPEND grammar_sources ${folder}/src/parser.c)
  if(EXISTS ${folder}/src/scanner.c)
    list(APPEND grammar_sources ${folder}/src/scanner.c)
    # Each grammar brings its own copy of tree_sitter/*.h.
    set_property(SOURCE ${folder}/src/scanner.c APPEND PROPERTY INCLUDE_DIRECTORIES ${folder}/src)
  endif()
  set_property(SOURCE ${folder}/src/parser.c APPEND PROPERTY INCLUDE_DIRECTORIES ${folder}/src)
endforeach()

add_library(tree_sitter STATIC ${grammar_sources})
target_compile_definitions(tree_sitter PRIVATE _GNU_SOURCE)
target_compile_options(tree_sitter PRIVATE -w -O2)
if(PERFLOOP_FUZZ)
  # Its comparisons are table look-ups by the million; tracing them makes a target ten times slower.
  target_compile_options(tree_sitter PRIVATE -fno-sanitize=fuzzer-no-link)
endif()
target_include_directories(tree_sitter SYSTEM PUBLIC ${CORE}/include PRIVATE ${CORE}/src)

# The query files become a table inside grammars/query.c.
set(EMBEDDED_DIR ${CMAKE_BINARY_DIR}/embedded)
file(GLOB_RECURSE query_files CONFIGURE_DEPENDS ${GRAMMARS_DIR}/queries/*.scm)
add_custom_command(
  OUTPUT ${EMBEDDED_DIR}/grammars/queries.inc
  COMMAND ${CMAKE_COMMAND} -D QUERIES=${GRAMMARS_DIR}/queries -D OUT=${EMBEDDED_DIR}/grammars/queries.inc
          -P ${CMAKE_SOURCE_DIR}/cmake/embed_queries.cmake
  DEPENDS ${query_files} ${CMAKE_SOURCE_DIR}/cmake/embed_queries.cmake
  COMMENT "embedding the query files")
