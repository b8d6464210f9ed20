# The spawn helper (runners/spawn/main.c): a tiny static program, put into the runners library as
# bytes. It is compiled without the sanitizers, whose memory would be seen as the commands' own.

set(SPAWN_HELPER ${CMAKE_BINARY_DIR}/spawn_helper)
add_custom_command(
  OUTPUT ${SPAWN_HELPER}
  COMMAND ${CMAKE_C_COMPILER} -std=gnu17 -D_GNU_SOURCE -Os -static -s -Wall -Wextra -Werror -Wshadow
          -I${CMAKE_SOURCE_DIR} -o ${SPAWN_HELPER} ${CMAKE_SOURCE_DIR}/runners/spawn/main.c
  DEPENDS ${CMAKE_SOURCE_DIR}/runners/spawn/main.c ${CMAKE_SOURCE_DIR}/runners/spawn/protocol.h
  VERBATIM)
add_custom_target(embedded_spawn_helper DEPENDS ${SPAWN_HELPER})
add_dependencies(runners embedded_spawn_helper)
set_source_files_properties(${CMAKE_SOURCE_DIR}/runners/spawn/embed.c PROPERTIES
  COMPILE_DEFINITIONS "SPAWN_HELPER=\"${SPAWN_HELPER}\""
  OBJECT_DEPENDS ${SPAWN_HELPER})
