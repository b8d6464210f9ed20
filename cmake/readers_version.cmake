# readers_version.h: a number that is another one whenever a reader or the symbols' side changes, so that
# what older readers made of a profile is read again (analysis/profile/store.c).

set(READERS_VERSION_H ${CMAKE_BINARY_DIR}/generated/analysis/profile/readers_version.h)
file(GLOB_RECURSE READERS CONFIGURE_DEPENDS
  ${CMAKE_SOURCE_DIR}/analysis/profile/*.[ch] ${CMAKE_SOURCE_DIR}/analysis/symbols/*.[ch])
list(SORT READERS)
add_custom_command(
  OUTPUT ${READERS_VERSION_H}
  COMMAND ${CMAKE_COMMAND} "-DOUT=${READERS_VERSION_H}" "-DFILES=${READERS}"
          -P ${CMAKE_SOURCE_DIR}/cmake/digest.cmake
  DEPENDS ${READERS} ${CMAKE_SOURCE_DIR}/cmake/digest.cmake
  VERBATIM)
target_sources(analysis PRIVATE ${READERS_VERSION_H})
target_include_directories(analysis PRIVATE ${CMAKE_BINARY_DIR}/generated)
