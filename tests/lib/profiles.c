#include "tests/lib/profiles.h"

#include "analysis/profile/format.h"
#include "tests/lib/check.h"

Profile test_reading(Arena *arena, Str bytes)
{
    Profile profile = {0};
    Err err = {0};
    assert_ok(profile_read(arena, S("test"), bytes, &profile, &err), &err);
    return profile;
}

void test_refused(Arena *arena, Str bytes, const char *message)
{
    Err err = {0};
    Profile profile;
    assert_false(profile_read(arena, S("x"), bytes, &profile, &err));
    assert_has(str_from_c(err.msg), str_from_c(message));
}

void test_refused_by(ProfileReader *reader, Arena *arena, Str bytes, const char *message)
{
    Err err = {0};
    Profile profile;
    assert_false(reader(arena, bytes, &profile, &err));
    assert_has(str_from_c(err.msg), str_from_c(message));
}

Profile test_profile_at(Arena *arena, Str path)
{
    return test_reading(arena, test_bytes(arena, path));
}

Profile test_profile_source(Arena *arena, const char *path)
{
    return test_profile_at(arena, test_source_path(arena, path));
}

Profile test_profile_shared(Arena *arena, const char *path)
{
    Str full = test_shared_path(arena, path);
    if (!full.len)
        skip();
    return test_profile_at(arena, full);
}

int64_t test_total(const Profile *profile, const char *metric)
{
    return profile_total(profile, profile_metric(profile, str_from_c(metric)));
}

Str test_line_text(Arena *arena, const Profile *profile, const char *metric, Str file_end,
                   uint32_t line)
{
    size_t number = profile_metric(profile, str_from_c(metric));
    HotSpots spots = hotspots_of(arena, profile, (HotOptions){.metric = number});
    const HotSpot *spot = test_line(&spots, file_end, line);
    return spot ? str_fmt(arena, "%lld %lld", (long long)spot->self, (long long)spot->total)
                : S("");
}

const HotSpot *test_line(const HotSpots *spots, Str file_end, uint32_t line)
{
    for (size_t i = 0; i < spots->lines_len; i++)
        if (spots->lines[i].line == line && str_ends(spots->lines[i].file, file_end))
            return &spots->lines[i];
    return NULL;
}

const HotSpot *test_function(const HotSpots *spots, Str file_end, Str name)
{
    for (size_t i = 0; i < spots->functions_len; i++)
        if (str_eq(spots->functions[i].function, name) &&
            str_ends(spots->functions[i].file, file_end))
            return &spots->functions[i];
    return NULL;
}
