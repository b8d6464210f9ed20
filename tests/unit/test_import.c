#include "runners/profiling/import.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/profiling/convert.h"
#include "runners/profiling/hot.h"
#include "tests/lib/check.h"
#include "tests/lib/repo.h"

static Str program(Arena *arena)
{
    const char *path = getenv("PERFLOOP");
    return path ? str_from_c(path) : test_source_path(arena, "build/dev/perfloop");
}

static Str put(Arena *arena, Str dir, const char *name, Str text)
{
    Err err = {0};
    Str path = str_fmt(arena, STR_FMT "/%s", STR_ARG(dir), name);
    assert_ok(file_make_dirs(path_dir(path), &err), &err);
    assert_ok(file_write(path, text, &err), &err);
    return path;
}

static Imported import(Arena *arena, const Places *places, Str file)
{
    Err err = {0};
    Report report = report_new(REPORT_JSON);
    Imported imported = {0};
    ImportOptions options = {.file = file, .program = program(arena)};
    assert_ok(import_profile(arena, &report, places, &options, &imported, &err), &err);
    return imported;
}

static HotTable hot(Arena *arena, const Places *places, HotRequest request)
{
    Err err = {0};
    HotTable table = {0};
    request.program = program(arena);
    assert_ok(hot_load(arena, places, &request, &table, &err), &err);
    return table;
}

#define SOURCE                 \
    "def slow(xs):\n"          \
    "    total = 0\n"          \
    "    for x in xs:\n"       \
    "        total += x * x\n" \
    "    return total\n"       \
    "\n\n"                     \
    "def other(xs):\n"         \
    "    return [x + 1 for x in xs]\n"
#define FOLDED                                                               \
    "<module> (/old/place/src/hot.py:9);slow (/old/place/src/hot.py:4) 70\n" \
    "<module> (/old/place/src/hot.py:9);slow (/old/place/src/hot.py:3) 10\n" \
    "<module> (/old/place/src/hot.py:9);import (<frozen importlib._bootstrap>:3);len (~) 20\n"

static void a_moved_recording_finds_its_file_and_follows_the_text(void **state)
{
    Arena *arena = test_arena(state);
    Str top = test_repo(arena);
    Places places = test_places(arena, top);
    put(arena, top, "src/hot.py", S(SOURCE));
    Imported imported = import(arena, &places, put(arena, top, "run.folded", S(FOLDED)));
    assert_int_equal(imported.mapped, 1);
    assert_int_equal(imported.unmapped, 20);
    assert_str(imported.files.items[0].place.path, S("src/hot.py"));
    assert_str(imported.files.items[0].place.reason, S("moved: ends like /old/place/src/hot.py"));
    assert_str(imported.sentence,
               S("py-spy profile 1: 100 samples; hottest src/hot.py:4 slow 70 % ±9; 1 file of the "
                 "workspace"));

    HotTable table = hot(arena, &places, (HotRequest){0});
    assert_int_equal(table.number, 1);
    assert_int_equal(table.rows_len, 3);
    assert_str(table.rows[0].spot.file, S("src/hot.py"));
    assert_int_equal(table.rows[0].line, 4);
    assert_str(table.rows[0].state, S("exact"));

    put(arena, top, "src/hot.py", S("import os\n" SOURCE));
    table = hot(arena, &places, (HotRequest){0});
    assert_int_equal(table.rows[0].line, 5);
    assert_str(table.rows[0].state, S("moved"));
    table = hot(arena, &places, (HotRequest){.by = HOT_BY_FUNCTION});
    assert_str(table.rows[0].spot.function, S("slow"));
    assert_int_equal(table.rows[0].spot.line, 1);
    assert_int_equal(table.rows[0].line, 2);

    unlink(str_cstr(arena, put(arena, top, "src/hot.py", S(""))));
    table = hot(arena, &places, (HotRequest){0});
    assert_str(table.rows[0].state, S("gone"));
    assert_int_equal(table.rows[0].line, 0);
}

static void path_map_comes_before_the_end_of_the_path(void **state)
{
    Arena *arena = test_arena(state);
    Str top = test_repo(arena);
    Places places = test_places(arena, top);
    put(arena, top, "perfloop.toml",
        S("[workload.w]\nbenchmark = \"true\"\npath_map = { \"/old/place\" = \"lib\" }\n"));
    put(arena, top, "src/hot.py", S(SOURCE));
    put(arena, top, "lib/src/hot.py", S(SOURCE));
    Imported imported = import(arena, &places, put(arena, top, "run.folded", S(FOLDED)));
    assert_str(imported.files.items[0].place.path, S("lib/src/hot.py"));
    assert_str(imported.files.items[0].place.reason, S("path_map: /old/place = lib"));
}

/* util.py may be either file; that the ledger knows one of them by another name decides nothing. */
static void what_is_ambiguous_stays_so(void **state)
{
    Arena *arena = test_arena(state);
    Str top = test_repo(arena);
    Places places = test_places(arena, top);
    put(arena, top, "lib/util.py", S(SOURCE));
    put(arena, top, "app/util.py", S(SOURCE));
    Str text = S("f (util.py:4) 50\ng (/x/lib/util.py:3) 60\n");
    Imported imported = import(arena, &places, put(arena, top, "run.folded", text));
    assert_int_equal(imported.mapped, 1);
    HotTable table = hot(arena, &places, (HotRequest){0});
    assert_str(table.rows[0].spot.file, S("lib/util.py"));
    assert_str(table.rows[1].spot.file, S("util.py"));
    assert_false(table.rows[1].spot.mapped);
}

static void a_swept_cache_is_filled_again_from_the_source(void **state)
{
    Arena *arena = test_arena(state);
    Str top = test_repo(arena);
    Places places = test_places(arena, top);
    put(arena, top, "src/hot.py", S(SOURCE));
    Str file = put(arena, top, "run.folded", S(FOLDED));
    Imported imported = import(arena, &places, file);
    OpenProfile open;
    Err err = {0};
    assert_int_equal(convert_sweep(places.cache, 0), 0);
    assert_int_equal(convert_sweep(places.cache, INT64_MAX), 1);
    assert_false(profile_open(arena, places.cache, imported.cache, &open, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_int_equal(hot(arena, &places, (HotRequest){0}).spots.total, 100);
    assert_int_equal(convert_sweep(places.cache, INT64_MAX), 1);
    unlink(str_cstr(arena, file));
    HotTable table;
    assert_false(hot_load(arena, &places, &(HotRequest){0}, &table, &err));
    assert_string_equal(err.msg, "profile 1: the profile is no longer in the cache, and its "
                                 "recording is gone: profile again");
}

/* Of every profile in the cache: byte 8 begins the version, byte 16 the digest of the readers. */
static void age_cache(Arena *arena, const Places *places, size_t byte)
{
    Str folder = path_join(arena, places->cache, S("profiles"));
    DIR *dir = opendir(str_cstr(arena, folder));
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        Str path = path_join(arena, folder, str_copy(arena, str_from_c(entry->d_name))), bytes;
        Err err = {0};
        if (!str_ends(path, S(".plp")))
            continue;
        assert_ok(file_read(arena, path, FILE_LIMIT_TEXT, &bytes, &err), &err);
        char *copy = str_cstr(arena, bytes);
        copy[byte] = (char)(copy[byte] + 1);
        assert_ok(file_write(path, (Str){copy, bytes.len}, &err), &err);
    }
    closedir(dir);
}

/* The text of a profile in the cache is changed, as if its reader had read it so. */
static void misread(Arena *arena, const Places *places, Digest id, const char *was, char now)
{
    Str path = profile_cache_path(arena, places->cache, id), bytes;
    Err err = {0};
    assert_ok(file_read(arena, path, FILE_LIMIT_TEXT, &bytes, &err), &err);
    size_t at = str_find(bytes, str_from_c(was), 0);
    assert_true(at != SIZE_MAX);
    char *copy = str_cstr(arena, bytes);
    copy[at] = now;
    assert_ok(file_write(path, (Str){copy, bytes.len}, &err), &err);
}

static void what_older_readers_made_is_read_again(void **state)
{
    Arena *arena = test_arena(state);
    Str top = test_repo(arena);
    Places places = test_places(arena, top);
    put(arena, top, "src/hot.py", S(SOURCE));
    Str file = put(arena, top, "run.folded", S(FOLDED));
    Imported imported = import(arena, &places, file);
    misread(arena, &places, imported.cache, "slow", 'b');
    assert_str(hot(arena, &places, (HotRequest){0}).rows[0].spot.function, S("blow"));
    age_cache(arena, &places, 16);
    assert_str(hot(arena, &places, (HotRequest){0}).rows[0].spot.function, S("slow"));
    misread(arena, &places, imported.cache, "slow", 'b');
    age_cache(arena, &places, 16);
    assert_str(hot(arena, &places, (HotRequest){.file = file}).rows[0].spot.function, S("slow"));
    /* Without its source it stays as it was read. */
    misread(arena, &places, imported.cache, "slow", 'b');
    age_cache(arena, &places, 16);
    unlink(str_cstr(arena, file));
    assert_str(hot(arena, &places, (HotRequest){0}).rows[0].spot.function, S("blow"));
}

static void kernels_are_placed_again_where_they_were(void **state)
{
    Arena *arena = test_arena(state);
    Str top = test_repo(arena);
    Places places = test_places(arena, top);
    put(arena, top, "src/add.cu", S("__global__ void add(int *x)\n{\n    x[0]++;\n}\n"));
    Str file = put(arena, top, "kernels.csv",
                   S("Time (%),Total Time (ns),Instances,Avg (ns),Min (ns),Max (ns),Name\n"
                     "100.0,900,3,300.0,100,500,\"add(int *)\"\n"));
    import(arena, &places, file);
    HotTable table = hot(arena, &places, (HotRequest){0});
    assert_str(table.rows[0].spot.file, S("src/add.cu"));
    assert_int_equal(table.rows[0].spot.line, 1);
    put(arena, top, "src/add.cu", S("// later\n__global__ void add(int *x)\n{\n    x[0]++;\n}\n"));
    for (size_t byte = 8; byte <= 16; byte += 8) {
        age_cache(arena, &places, byte);
        table = hot(arena, &places, (HotRequest){0});
        assert_str(table.rows[0].spot.file, S("src/add.cu"));
        assert_int_equal(table.rows[0].spot.line, 1);
        assert_int_equal(table.rows[0].line, 2);
        assert_str(table.rows[0].state, S("moved"));
    }
    /* Another recording of that name is another profile. */
    put(arena, top, "kernels.csv",
        S("Time (%),Total Time (ns),Instances,Avg (ns),Min (ns),Max (ns),Name\n"
          "100.0,700,3,300.0,100,500,\"add(int *)\"\n"));
    struct timespec later[2] = {{.tv_sec = INT32_MAX}, {.tv_sec = INT32_MAX}};
    assert_int_equal(utimensat(AT_FDCWD, str_cstr(arena, file), later, 0), 0);
    age_cache(arena, &places, 8);
    Err err = {0};
    HotRequest request = {.program = program(arena)};
    assert_false(hot_load(arena, &places, &request, &table, &err));
    assert_true(str_has(str_from_c(err.msg), S("profile file of version 8")));
}

static void a_file_is_read_without_a_workspace_and_without_a_trace_in_it(void **state)
{
    Arena *arena = test_arena(state);
    Str dir = test_temp_dir(arena);
    Places places = test_places(arena, dir);
    Str file = put(arena, dir, "run.folded", S(FOLDED));
    HotTable table = hot(arena, &places, (HotRequest){.file = file});
    assert_str(table.rows[0].spot.file, S("/old/place/src/hot.py"));
    assert_str(table.rows[0].state, S("recorded"));
    assert_false(file_exists(places.state));
    Err err = {0};
    assert_false(hot_load(arena, &places, &(HotRequest){0}, &table, &err));
    assert_string_equal(err.msg,
                        "no profile yet: run `perfloop profile`, or `perfloop import FILE`");
}

static void a_cache_that_cannot_be_written_is_said_with_its_mend(void **state)
{
    Arena *arena = test_arena(state);
    Str dir = test_temp_dir(arena);
    Places places = test_places(arena, dir);
    Str file = put(arena, dir, "run.folded", S(FOLDED));
    places.cache = put(arena, dir, "occupied", S("a file where the folder should be"));
    HotTable table;
    Err err = {0};
    HotRequest request = {.file = file, .program = program(arena)};
    assert_false(hot_load(arena, &places, &request, &table, &err));
    assert_str(str_from_c(err.msg),
               str_fmt(arena,
                       "the cache " STR_FMT "/profiles cannot be written (Not a directory): make "
                       "it writable, or set XDG_CACHE_HOME to another folder",
                       STR_ARG(places.cache)));
}

static bool merge(Arena *arena, const Places *places, const HotChoice *choices, size_t len,
                  HotTable *table, Err *err)
{
    return hot_load(arena, places, &(HotRequest){.choices = choices, .choices_len = len}, table,
                    err);
}

static void several_profiles_are_added_up(void **state)
{
    Arena *arena = test_arena(state);
    Str dir = test_temp_dir(arena);
    Places places = test_places(arena, dir);
    Str run = program(arena);
    HotChoice choices[] = {
        {.file = put(arena, dir, "a.folded", S("f (/a.py:9) 30\ng (/a.py:4) 10\n")),
         .program = run},
        {.file = put(arena, dir, "b.folded", S("f (/a.py:9) 12\n")), .program = run},
        {.file = test_source_path(arena, "tests/profiles/pstats/work_3.13.prof"), .program = run},
    };
    HotTable table = {0};
    Err err = {0};
    assert_ok(merge(arena, &places, choices, 2, &table, &err), &err);
    assert_int_equal(table.merged, 2);
    assert_int_equal(table.spots.total, 52);
    assert_int_equal(table.rows[0].spot.self, 42);
    assert_int_equal(table.rows[0].spot.samples, 42);
    assert_false(merge(arena, &places, choices, 3, &table, &err));
    assert_string_equal(err.msg, "a.folded counts samples and work_3.13.prof counts wall, calls: "
                                 "only profiles of the same metrics and kind can be merged");
}

static void two_versions_of_a_source_are_not_added_up(void **state)
{
    Arena *arena = test_arena(state);
    Str top = test_repo(arena);
    Places places = test_places(arena, top);
    Str file = put(arena, top, "run.folded", S(FOLDED));
    HotChoice choices[] = {{.profile = 1}, {.profile = 2}, {.profile = 3}};
    HotTable table = {0};
    Err err = {0};
    put(arena, top, "src/hot.py", S(SOURCE));
    import(arena, &places, file);
    import(arena, &places, file);
    put(arena, top, "src/hot.py", S("# new\n" SOURCE));
    import(arena, &places, file);
    assert_ok(merge(arena, &places, choices, 2, &table, &err), &err);
    assert_int_equal(table.spots.total, 200);
    assert_str(table.rows[0].state, S("moved"));
    assert_false(merge(arena, &places, choices, 3, &table, &err));
    assert_string_equal(err.msg, "profile 1 and profile 3 saw two versions of src/hot.py: compare "
                                 "them (--against) instead of merging");
}

static void the_json_is_the_one_of_the_design(void **state)
{
    Arena *arena = test_arena(state);
    Str dir = test_temp_dir(arena);
    Places places = test_places(arena, dir);
    Str file = put(arena, dir, "run.folded", S("f (/a.py:9) 812\nlen (~) 8\n"));
    HotTable table = hot(arena, &places, (HotRequest){.file = file, .by = HOT_BY_LINE});
    StrBuf text = strbuf_new(arena);
    JsonOut out = json_out(&text);
    json_open(&out, '{');
    hot_fields(&out, &table);
    json_close(&out, '}');
    assert_str(strbuf_str(&text),
               str_fmt(arena,
                       "{\"profile\":{\"tool\":\"py-spy\",\"format\":\"folded\",\"id\":\"" STR_FMT
                       "\"},\"metric\":\"samples\",\"unit\":\"count\",\"total\":820,"
                       "\"metrics\":[\"samples\"],\"unmapped\":8,\"samples\":820,\"sampled\":true,"
                       "\"notes\":[],\"rows\":[{\"file\":\"/a.py\",\"line\":9,\"function\":\"f\","
                       "\"self\":812,\"total\":812,\"samples\":812,\"state\":\"recorded\"}]}",
                       STR_ARG(table.id)));
}

static void a_workload_without_a_profile_is_named(void **state)
{
    Arena *arena = test_arena(state);
    Places places = test_places(arena, test_temp_dir(arena));
    HotTable table;
    Err err = {0};
    assert_false(hot_load(arena, &places, &(HotRequest){.workload = S("other")}, &table, &err));
    assert_string_equal(err.msg, "no profile of a workload 'other' yet: run `perfloop profile "
                                 "other`");
}

/* What `perfloop hot FILE` prints of a text. */
static Str printed(Arena *arena, Str dir, Str text)
{
    Places places = test_places(arena, dir);
    HotTable table = hot(arena, &places, (HotRequest){.file = put(arena, dir, "t.folded", text)});
    return hot_text(arena, &table);
}

static void the_table_says_what_it_leaves_out(void **state)
{
    Arena *arena = test_arena(state);
    Str dir = test_temp_dir(arena);
    assert_str(printed(arena, dir, S("f (/a.py:9) 600\ng (/a.py:2) 390\nh (/a.py:3) 2\n")),
               S("py-spy: 992 samples\n"
                 "        self                  total  line\n"
                 "     60 % ±3       600      60 % ±3  /a.py:9 f\n"
                 "     39 % ±3       390      39 % ±3  /a.py:2 g\n"
                 "1 more has too few samples to be ranked, under 1.6 % (--all)\n"));
    assert_str(printed(arena, dir, S("f (/a.py:9) 2\ng (/a.py:2) 1\n")),
               S("py-spy: 3 samples\n"
                 "        self                  total  line\n"
                 "too few samples to rank any of them: each has less than 100 % (--all)\n"));
}

/* Most of it is in no source file: its lines would be a table of nothing. */
static void without_lines_for_most_of_it_functions_are_shown(void **state)
{
    Arena *arena = test_arena(state);
    Str dir = test_temp_dir(arena);
    assert_str(printed(arena, dir, S("start;far 900\nstart;step (/m.c:9) 100\n")),
               S("folded: 1,000 samples, 900 of it in no source file\n"
                 "        self                  total  function\n"
                 "     90 % ±2       900      90 % ±2  far\n"
                 "     10 % ±2       100      10 % ±2  /m.c:9 step\n"
                 "1 more has too few samples to be ranked, under 1.6 % (--all)\n"));
    assert_has(printed(arena, dir, S("main (/m.c:3);far 900\nstep (/m.c:9) 100\n")),
               S("  line\n       0.0 %         0      90 % ±2      90 % ±2  /m.c:3 main "
                 "→ far\n"));
}

/* Of a kernel's lines the reasons for their stalls are what one wants to know. */
static void rows_of_a_kernel_say_what_it_stalls_on(void **state)
{
    Arena *arena = test_arena(state);
    Places places = test_places(arena, test_temp_dir(arena));
    Str file = test_source_path(arena, "tests/profiles/ncu/saxpy.ncu-rep");
    HotTable table = hot(arena, &places, (HotRequest){.file = file});
    assert_str(
        hot_text(arena, &table),
        S("ncu: 1,000 GPU samples\n"
          "        self                  total  line\n"
          "     70 % ±3       700      96 % ±1  /home/user/inl/inl.cu:14 saxpy  [1.75 ms; long "
          "scoreboard 87 %, wait 9 %]\n"
          "     26 % ±3       260      26 % ±3  /home/user/inl/inl.cu:5 poly  [650 µs; wait 77 %]\n"
          "      4 % ±1        40       4 % ±1  /home/user/inl/inl.cu:12 saxpy  [100 µs; wait 75 "
          "%]\n"
          "1 more has too few samples to be ranked, under 1.6 % (--all)\n"));
    StrBuf json = strbuf_new(arena);
    JsonOut out = json_out(&json);
    json_open(&out, '{');
    hot_fields(&out, &table);
    assert_has(strbuf_str(&json), S("\"gpu_time_ns\":1750000,\"stalls\":[{\"reason\":"
                                    "\"long scoreboard\",\"share\":0.87"));
}

/* Sixteen libraries without symbols are one line, and what cost nothing is none. */
static void what_is_said_of_many_is_said_once(void **state)
{
    Arena *arena = test_arena(state);
    Places places = test_places(arena, test_temp_dir(arena));
    Str dir = test_temp_dir(arena);
    Str text = S("\"ID\",\"Process ID\",\"Kernel Name\",\"Metric Name\",\"Metric Unit\","
                 "\"Metric Value\"\n"
                 "\"0\",\"1\",\"one(int)\",\"gpu__time_duration.sum\",\"nsecond\",\"3000\"\n"
                 "\"1\",\"1\",\"two(int)\",\"gpu__time_duration.sum\",\"nsecond\",\"1000\"\n"
                 "\"2\",\"1\",\"no(int)\",\"gpu__time_duration.sum\",\"nsecond\",\"0\"\n");
    HotTable table = hot(arena, &places, (HotRequest){.file = put(arena, dir, "k.csv", text)});
    assert_str(hot_text(arena, &table),
               S("ncu: 4 µs GPU time\n"
                 "note: one: no numbers per line; ncu prints them with --page source "
                 "--print-source cuda,sass; the same of 2 more\n"
                 "        self                  total  function\n"
                 "        75 %      3 µs         75 %  one\n"
                 "        25 %      1 µs         25 %  two\n"));
}

/* A line that a timer interrupts now and then does not call the timer. */
static void what_a_line_hardly_calls_is_not_named(void **state)
{
    Arena *arena = test_arena(state);
    Str dir = test_temp_dir(arena);
    Str python = S("/usr/lib/python3.11/json/decoder.py");
    Str rare =
        str_fmt(arena, "f (/a.py:9) 980\nf (/a.py:9);loads (" STR_FMT ":3) 20\n", STR_ARG(python));
    assert_false(str_has(printed(arena, dir, rare), S("→")));
    Str often =
        str_fmt(arena, "f (/a.py:9) 700\nf (/a.py:9);loads (" STR_FMT ":3) 300\n", STR_ARG(python));
    assert_has(printed(arena, dir, often), S("/a.py:9 f → loads (stdlib json)\n"));
}

/* A reader that is out of memory or out of time ends in the child, as one sentence. */
static void the_child_has_limits(void **state)
{
    Arena *arena = test_arena(state);
    Str dir = test_temp_dir(arena);
    StrBuf text = strbuf_new(arena);
    for (int i = 0; i < 200000; i++)
        strbuf_fmt(&text, "main;f%d;g%d;h%d 1\n", i, i, i);
    ConvertOptions options = {.file = put(arena, dir, "big.folded", strbuf_str(&text)),
                              .cache = dir,
                              .program = program(arena),
                              .memory_bytes = 48 * 1024 * 1024};
    Converted converted;
    Err err = {0};
    if (CONVERT_LIMITS_MEMORY) {
        assert_false(convert_file(arena, &options, &converted, &err));
        assert_string_equal(err.msg, "big.folded: needs too much memory for its size");
    }
    options.memory_bytes = 0;
    options.timeout_s = 0.001;
    assert_false(convert_file(arena, &options, &converted, &err));
    assert_string_equal(err.msg, "big.folded: reading it takes too long");
    options.timeout_s = 0;
    assert_ok(convert_file(arena, &options, &converted, &err), &err);
    assert_false(converted.was_cached);
    assert_ok(convert_file(arena, &options, &converted, &err), &err);
    assert_true(converted.was_cached);
}

TEST_MAIN(TEST(a_workload_without_a_profile_is_named), TEST(the_table_says_what_it_leaves_out),
          TEST(without_lines_for_most_of_it_functions_are_shown),
          TEST(rows_of_a_kernel_say_what_it_stalls_on), TEST(what_is_said_of_many_is_said_once),
          TEST(what_a_line_hardly_calls_is_not_named),
          TEST(a_moved_recording_finds_its_file_and_follows_the_text),
          TEST(path_map_comes_before_the_end_of_the_path), TEST(what_is_ambiguous_stays_so),
          TEST(a_swept_cache_is_filled_again_from_the_source),
          TEST(what_older_readers_made_is_read_again),
          TEST(kernels_are_placed_again_where_they_were),
          TEST(a_file_is_read_without_a_workspace_and_without_a_trace_in_it),
          TEST(a_cache_that_cannot_be_written_is_said_with_its_mend),
          TEST(several_profiles_are_added_up), TEST(two_versions_of_a_source_are_not_added_up),
          TEST(the_json_is_the_one_of_the_design), TEST(the_child_has_limits))
