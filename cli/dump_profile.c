/* dump profile FILE, dump hotspots FILE: what a reader makes of a profile, in this process. */
#include "cli/dump.h"

#include <stdio.h>

#include "analysis/hotspots/hotspot.h"
#include "analysis/profile/format.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "runners/profiling/symbols.h"

static int dump(int argc, char **argv, const char *stage,
                Str (*print)(Arena *arena, const Profile *profile))
{
    if (argc != 2) {
        fprintf(stderr, "usage: perfloop dump %s FILE\n", stage);
        return EXIT_USAGE;
    }
    CLEANUP(arena_cleanup) Arena *arena = arena_new("dump");
    CLEANUP(file_unmap) FileMap map = {0};
    Str path = str_from_c(argv[1]);
    Err err = {0};
    Profile profile;
    if (!file_map(path, &map, &err) || !profile_read_file(arena, path, map.bytes, &profile, &err)) {
        fprintf(stderr, "perfloop: %s\n", err.msg);
        return EXIT_FAILED;
    }
    profile = symbols_of(arena, &profile);
    Str text = print(arena, &profile);
    fwrite(text.ptr, 1, text.len, stdout);
    return EXIT_OK;
}

static Str print_hotspots(Arena *arena, const Profile *profile)
{
    StrBuf out = strbuf_new(arena);
    for (size_t m = 0; m < profile->metrics_len; m++) {
        HotSpots spots = hotspots_of(arena, profile, (HotOptions){.metric = m});
        strbuf_add(&out, hotspots_print(arena, &spots));
    }
    return strbuf_str(&out);
}

int dump_profile(int argc, char **argv)
{
    return dump(argc, argv, "profile", profile_print);
}

int dump_hotspots(int argc, char **argv)
{
    return dump(argc, argv, "hotspots", print_hotspots);
}
