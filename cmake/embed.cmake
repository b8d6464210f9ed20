# embed_text(TARGET FILE NAME): the bytes of FILE as `static const char NAME[]` (NUL-terminated) in
# a generated header <path of FILE with dots as underscores>.h, for TARGET.
function(embed_text target file name)
  string(REPLACE "." "_" header ${file})
  set(header ${CMAKE_BINARY_DIR}/generated/${header}.h)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${file})
  file(READ ${CMAKE_SOURCE_DIR}/${file} hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n    " bytes "${bytes}")
  file(CONFIGURE OUTPUT ${header} CONTENT
       "/* Generated from ${file}. */\nstatic const char ${name}[] = {\n    ${bytes}0x00,\n};\n" @ONLY)
  target_include_directories(${target} PRIVATE ${CMAKE_BINARY_DIR}/generated)
endfunction()
