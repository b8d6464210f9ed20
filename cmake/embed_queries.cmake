# Writes grammars/queries/<lang>/*.scm as rows of a C table:
#   cmake -D QUERIES=folder -D OUT=file -P embed_queries.cmake

file(GLOB_RECURSE files RELATIVE ${QUERIES} ${QUERIES}/*.scm)
list(SORT files)
set(rows "/* Made by cmake/embed_queries.cmake. */\n")
foreach(file IN LISTS files)
  get_filename_component(lang ${file} DIRECTORY)
  string(TOUPPER ${lang} lang)
  file(READ ${QUERIES}/${file} text)
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "\n" "\\n\"\n     \"" text "${text}")
  string(APPEND rows "{LANG_${lang},\n {STR_CONST(\"grammars/queries/${file}\"),\n  STR_CONST(\"${text}\")}},\n")
endforeach()
file(WRITE ${OUT} "${rows}")
