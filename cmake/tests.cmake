# tests/unit/test_NAME.c   -> ctest unit.NAME      (cmocka)
# tests/fuzz/fuzz_NAME.c   -> ctest fuzz.NAME      (replays tests/fuzz/corpus/NAME; libFuzzer in the fuzz preset)
# tests/scenarios/X/NAME.txt -> ctest scenario.X.NAME  (what the editor shows, as text)
# tests/e2e/run_NAME.sh    -> ctest e2e.NAME       (real tools; gets PERFLOOP, the program's path)
# A .sh or .c file whose first lines say `ctest-labels: a b` gets those labels.

file(GLOB test_lib CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/lib/*.c)
add_library(testlib STATIC ${test_lib})
target_link_libraries(testlib PUBLIC cli PkgConfig::CMOCKA)

set(test_environment "PERFLOOP=$<TARGET_FILE:perfloop>" "PERFLOOP_SOURCE=${CMAKE_SOURCE_DIR}"
                     "UBSAN_OPTIONS=print_stacktrace=1" "TSAN_OPTIONS=second_deadlock_stack=1:suppressions=${CMAKE_SOURCE_DIR}/tests/tsan.supp")

function(register name file)
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "${test_environment}" SKIP_RETURN_CODE 77 TIMEOUT 600)
  file(STRINGS ${file} labels REGEX "ctest-labels:" LIMIT_COUNT 1)
  if(labels)
    string(REGEX REPLACE ".*ctest-labels: *([a-z ]+).*" "\\1" labels "${labels}")
    string(STRIP "${labels}" labels)
    string(REPLACE " " ";" labels "${labels}")
    set_tests_properties(${name} PROPERTIES LABELS "${labels}")
  endif()
endfunction()

file(GLOB units CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/test_*.c)
foreach(file IN LISTS units)
  get_filename_component(name ${file} NAME_WE)
  add_executable(${name} ${file})
  target_link_libraries(${name} PRIVATE testlib)
  string(REPLACE "test_" "unit." test ${name})
  add_test(NAME ${test} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  register(${test} ${file})
endforeach()

# tests/bench/NAME.c     -> program NAME, used by the scripts beside it and by tests
file(GLOB benches CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/bench/*.c)
foreach(file IN LISTS benches)
  get_filename_component(name ${file} NAME_WE)
  add_executable(${name} ${file})
  target_link_libraries(${name} PRIVATE testlib)
endforeach()

file(GLOB fuzzers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_*.c)
foreach(file IN LISTS fuzzers)
  get_filename_component(name ${file} NAME_WE)
  string(REPLACE "fuzz_" "" short ${name})
  if(PERFLOOP_FUZZ)
    add_executable(${name} ${file})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_libraries(${name} PRIVATE testlib)
  else()
    add_executable(${name} ${file} ${CMAKE_SOURCE_DIR}/tests/fuzz/replay.c)
    target_link_libraries(${name} PRIVATE testlib)
    add_test(NAME fuzz.${short} COMMAND ${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${short}
             WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    register(fuzz.${short} ${file})
  endif()
endforeach()

file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/e2e/run_*.sh)
foreach(file IN LISTS scripts)
  get_filename_component(name ${file} NAME_WE)
  string(REPLACE "run_" "e2e." test ${name})
  add_test(NAME ${test} COMMAND bash ${file} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  register(${test} ${file})
endforeach()

# tests/scenarios/FOLDER/NAME.txt -> ctest scenario.FOLDER.NAME
add_executable(scenario ${CMAKE_SOURCE_DIR}/tests/scenarios/scenario.c)
target_link_libraries(scenario PRIVATE testlib)
file(GLOB_RECURSE scenarios CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/tests/scenarios
     ${CMAKE_SOURCE_DIR}/tests/scenarios/*.txt)
foreach(file IN LISTS scenarios)
  string(REGEX REPLACE "\\.txt$" "" name ${file})
  string(REPLACE "/" "." name ${name})
  add_test(NAME scenario.${name} COMMAND scenario tests/scenarios/${file}
           WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
endforeach()

add_test(NAME tidy.layers COMMAND python3 tools/check_layers.py WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
add_test(NAME tidy.format COMMAND bash tools/format.sh --check WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
add_test(NAME tidy.docs COMMAND python3 tools/check_docs.py $<TARGET_FILE:perfloop> WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
