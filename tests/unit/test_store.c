#include "analysis/profile/store.h"

#include "analysis/hotspots/hotspot.h"
#include "analysis/profile/format.h"
#include "base/file.h"
#include "tests/lib/check.h"

static Profile read_source(Arena *arena, const char *path)
{
    Err err = {0};
    Str bytes;
    Profile profile = {0};
    assert_ok(file_read(arena, test_source_path(arena, path), FILE_LIMIT_TEXT, &bytes, &err), &err);
    assert_ok(profile_read(arena, str_from_c(path), bytes, &profile, &err), &err);
    return profile;
}

static void what_is_mapped_prints_like_what_was_written(void **state)
{
    Arena *arena = test_arena(state);
    const char *files[] = {"tests/profiles/folded/work.in", "tests/profiles/speedscope/work.in",
                           "tests/profiles/pstats/work_3.13.prof"};
    for (size_t i = 0; i < 3; i++) {
        Profile was = read_source(arena, files[i]), now = {0};
        Str path = str_fmt(arena, STR_FMT "/p.plp", STR_ARG(test_temp_dir(arena)));
        Err err = {0};
        FileMap map = {0};
        assert_ok(file_write(path, profile_store_write(arena, &was), &err), &err);
        assert_ok(file_map(path, &map, &err), &err);
        assert_ok(profile_store_map(arena, map.bytes, &now, &err), &err);
        assert_str(profile_print(arena, &now), profile_print(arena, &was));
        file_unmap(&map);
    }
}

static Profile profile_with_facts(Arena *arena)
{
    ProfileBuilder *build = profile_builder_new(arena);
    profile_add_metric(build, S("gpu samples"), S("count"), true);
    ProfileFrame kernel = {.function = profile_add_text(build, S("reduce")), .kind = FRAME_GPU};
    uint32_t frame = profile_add_frame(build, kernel);
    profile_add_sample(
        build,
        (ProfileSample){.stack = profile_add_stack(build, 0, frame), .thread = 0, .count = 7},
        (int64_t[]){7});
    profile_add_fact(build, (ProfileFact){.frame = frame,
                                          .name = profile_add_text(build, S("registers")),
                                          .unit = profile_add_text(build, S("count")),
                                          .value = 40});
    profile_add_finding(build, (ProfileFinding){.frame = frame,
                                                .file = profile_add_text(build, S("a.cu")),
                                                .line = 12,
                                                .rule = profile_add_text(build, S("Uncoalesced")),
                                                .message = profile_add_text(build, S("far apart")),
                                                .kind = FINDING_OPTIMIZATION,
                                                .speedup = 31.5});
    return profile_build(build, S("ncu"), S("ncu report"));
}

static void facts_and_findings_are_kept_and_merged(void **state)
{
    Arena *arena = test_arena(state);
    Profile was = profile_with_facts(arena), now = {0};
    Err err = {0};
    assert_ok(profile_store_map(arena, profile_store_write(arena, &was), &now, &err), &err);
    Str text = profile_print(arena, &now);
    assert_has(text, S("fact reduce: registers = 40 count\n"));
    assert_has(text, S("optimization reduce a.cu:12 Uncoalesced (31.5 %): far apart\n"));
    Profile both = profile_merge(arena, (const Profile *[]){&was, &now}, 2);
    assert_int_equal(both.facts_len, 2);
    assert_int_equal(both.facts[1].frame, 0);
    assert_str(profile_text(&both, both.findings[1].message), S("far apart"));
}

static void a_fact_about_nothing_is_an_error(void **state)
{
    Arena *arena = test_arena(state);
    Profile was = profile_with_facts(arena), now;
    Err err = {0};
    ((ProfileFact *)(uintptr_t)was.facts)[0].frame = 9;
    assert_false(profile_store_map(arena, profile_store_write(arena, &was), &now, &err));
    assert_string_equal(err.msg, "damaged profile file: a fact");
}

static void files_that_were_missing_are_kept(void **state)
{
    Arena *arena = test_arena(state);
    ProfileBuilder *build = profile_builder_new(arena);
    profile_add_metric(build, S("cpu"), S("ns"), true);
    profile_add_awaited(build, S("/src/work"), true, 0);
    profile_add_awaited(build, S("/src/work.debug"), false, 77);
    Profile was = profile_build(build, S("perf"), S("perf.data")), now;
    Err err = {0};
    assert_ok(profile_store_map(arena, profile_store_write(arena, &was), &now, &err), &err);
    assert_int_equal(now.awaited_len, 2);
    assert_true(now.awaited[0].module && !now.awaited[1].module);
    assert_str(profile_text(&now, now.awaited[1].path), S("/src/work.debug"));
    assert_int_equal(now.awaited[1].state, 77);
    ((ProfileAwaited *)(uintptr_t)was.awaited)[0].path = 9;
    assert_false(profile_store_map(arena, profile_store_write(arena, &was), &now, &err));
    assert_string_equal(err.msg, "damaged profile file: an awaited file");
}

static void a_cut_file_is_an_error(void **state)
{
    Arena *arena = test_arena(state);
    Profile was = read_source(arena, "tests/profiles/folded/work.in"), now;
    Str bytes = profile_store_write(arena, &was);
    for (size_t len = 0; len < bytes.len; len += 7) {
        Err err = {0};
        Str copy = str_copy(arena, str_head(bytes, len));
        assert_false(profile_store_map(arena, copy, &now, &err));
    }
}

static void another_version_is_told_apart(void **state)
{
    Arena *arena = test_arena(state);
    Profile was = read_source(arena, "tests/profiles/folded/work.in"), now;
    Str bytes = profile_store_write(arena, &was);
    char *copy = str_cstr(arena, bytes);
    copy[8] = 99;
    Err err = {0};
    assert_false(profile_store_map(arena, (Str){copy, bytes.len}, &now, &err));
    assert_int_equal(err.kind, ERR_UNSUPPORTED);
    assert_string_equal(err.msg, "profile file of version 99, this is 7");
}

/* What they gave is right, but there may be more to read. */
static void what_other_readers_made_is_mapped_and_told_apart(void **state)
{
    Arena *arena = test_arena(state);
    Profile was = read_source(arena, "tests/profiles/folded/work.in"), now;
    Str bytes = profile_store_write(arena, &was);
    char *copy = str_cstr(arena, bytes);
    Err err = {0};
    assert_false(profile_store_is_older(bytes));
    copy[16]++;
    bytes.ptr = copy;
    assert_true(profile_store_is_older(bytes));
    assert_ok(profile_store_map(arena, bytes, &now, &err), &err);
    assert_false(profile_store_is_older(str_head(bytes, 20)));
}

/* Every byte changed in turn: an error, or a profile that can be rolled up without harm. */
static void no_changed_byte_does_harm(void **state)
{
    Arena *arena = test_arena(state);
    Profile was = {0}, now;
    Err err = {0};
    assert_ok(
        profile_read(arena, S("x"), S("a (m.py:1);b (m.py:2) 3\na (m.py:1);[k] 2\n"), &was, &err),
        &err);
    Str bytes = profile_store_write(arena, &was);
    char *copy = str_cstr(arena, bytes);
    size_t refused = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        ArenaMark mark = arena_mark(arena);
        copy[i] = (char)(copy[i] ^ 0x81);
        if (profile_store_map(arena, (Str){copy, bytes.len}, &now, &err))
            hotspots_of(arena, &now, (HotOptions){0});
        else
            refused++;
        copy[i] = bytes.ptr[i];
        arena_rollback(arena, mark);
    }
    assert_true(refused > bytes.len / 4);
}

TEST_MAIN(TEST(facts_and_findings_are_kept_and_merged), TEST(a_fact_about_nothing_is_an_error),
          TEST(what_is_mapped_prints_like_what_was_written), TEST(files_that_were_missing_are_kept),
          TEST(a_cut_file_is_an_error), TEST(another_version_is_told_apart),
          TEST(what_other_readers_made_is_mapped_and_told_apart), TEST(no_changed_byte_does_harm))
