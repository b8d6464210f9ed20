# Script: writes OUT, a header with the digest of FILES. A comment changes it, too: reading once more is
# cheap, and what was forgotten is not.

set(all "")
foreach(file ${FILES})
  file(SHA256 ${file} one)
  string(APPEND all ${one})
endforeach()
string(SHA256 digest "${all}")
string(SUBSTRING ${digest} 0 16 digest)
file(WRITE ${OUT} "/* Generated. */\n#define READERS_VERSION 0x${digest}ULL\n")
