#include "analysis/profile/readers.h"

#include "analysis/hotspots/hotspot.h"
#include "analysis/profile/format.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"
#include "tests/lib/profiles.h"
#include "tests/lib/proto_out.h"

/* ------------------------------------------------------------------ a writer of messages */

/* A message of numbers: fields 1, 2, 3 ... */
static Str numbers(Arena *arena, const uint64_t *values, size_t len)
{
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i < len; i++)
        proto_put_number(&out, (uint32_t)i + 1, values[i]);
    return strbuf_str(&out);
}

#define NUMBERS(arena, ...)                     \
    numbers((arena), (uint64_t[]){__VA_ARGS__}, \
            sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

enum {
    T_NONE,
    T_SAMPLES,
    T_COUNT,
    T_CPU,
    T_MICROSECONDS,
    T_MAIN,
    T_INNER,
    T_FILE,
    T_LIBRARY,
    T_THREAD,
    T_WORKER,
    T_DROP,
    T_BUILD_ID,
};

static void put_texts(StrBuf *out)
{
    static const Str TEXTS[] = {
        [T_NONE] = STR_CONST(""),
        [T_SAMPLES] = STR_CONST("samples"),
        [T_COUNT] = STR_CONST("count"),
        [T_CPU] = STR_CONST("cpu"),
        [T_MICROSECONDS] = STR_CONST("microseconds"),
        [T_MAIN] = STR_CONST("main"),
        [T_INNER] = STR_CONST("inner"),
        [T_FILE] = STR_CONST("src/a.c"),
        [T_LIBRARY] = STR_CONST("/usr/lib/libz.so.1"),
        [T_THREAD] = STR_CONST("thread"),
        [T_WORKER] = STR_CONST("worker 1"),
        [T_DROP] = STR_CONST("(((((.*"),
        [T_BUILD_ID] = STR_CONST("0123456789abcdef"),
    };
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++)
        proto_put_bytes(out, 6, TEXTS[i]);
}

static void put_sample(Arena *arena, StrBuf *out, bool packed, Str path, uint64_t samples,
                       uint64_t us)
{
    StrBuf sample = strbuf_new(arena), values = strbuf_new(arena);
    proto_put_varint(&values, samples);
    proto_put_varint(&values, us);
    if (packed) {
        proto_put_bytes(&sample, 1, path);
        proto_put_bytes(&sample, 2, strbuf_str(&values));
    } else {
        for (size_t i = 0; i < path.len; i++)
            proto_put_number(&sample, 1, (unsigned char)path.ptr[i]);
        proto_put_number(&sample, 2, samples);
        proto_put_number(&sample, 2, us);
        proto_put_bytes(&sample, 3, NUMBERS(arena, T_THREAD, T_WORKER));
    }
    proto_put_bytes(out, 2, strbuf_str(&sample));
}

/* Location 1: inner (line 4) inlined in main (line 9); location 2: only an address. */
static Str small_profile(Arena *arena, bool packed)
{
    StrBuf out = strbuf_new(arena), location = strbuf_new(arena);
    proto_put_bytes(&out, 1, NUMBERS(arena, T_SAMPLES, T_COUNT));
    proto_put_bytes(&out, 1, NUMBERS(arena, T_CPU, T_MICROSECONDS));
    put_sample(arena, &out, packed, S("\x01"), 3, 30);
    put_sample(arena, &out, packed, S("\x02\x01"), 1, 10);
    proto_put_bytes(&out, 3, NUMBERS(arena, 7, 0x1000, 0x2000, 0x500, T_LIBRARY));
    proto_put_number(&location, 1, 1);
    proto_put_bytes(&location, 4, NUMBERS(arena, 2, 4));
    proto_put_bytes(&location, 4, NUMBERS(arena, 1, 9));
    proto_put_bytes(&out, 4, strbuf_str(&location));
    proto_put_bytes(&out, 4, NUMBERS(arena, 2, 7, 0x1234));
    proto_put_bytes(&out, 5, NUMBERS(arena, 1, T_MAIN, T_MAIN, T_FILE, 8));
    proto_put_bytes(&out, 5, NUMBERS(arena, 2, T_INNER, T_INNER, T_FILE, 3));
    put_texts(&out);
    proto_put_number(&out, 7, T_DROP);
    proto_put_number(&out, 8, T_DROP);
    proto_put_number(&out, 13, T_DROP);
    return strbuf_str(&out);
}

/* ------------------------------------------------------------------ tests */

static void inlined_lines_and_bare_addresses_are_frames(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_reading(arena, small_profile(arena, true));
    assert_str(profile_print(arena, &profile),
               S("profile: tool unknown, format pprof, stacks\n"
                 "frames 3, stacks 3, threads 1, samples 2 of 4\n"
                 "metric cpu in ns, sampled: total 40000\n"
                 "metric samples in count, sampled: total 4\n"
                 "30000 3 x3 main (src/a.c:9);inner (src/a.c:4) (inlined)\n"
                 "10000 1 x1 main (src/a.c:9);inner (src/a.c:4) (inlined);libz.so.1+0x734\n"));
}

static void unpacked_numbers_and_thread_labels_are_read(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_reading(arena, small_profile(arena, false));
    assert_str(profile_text(&profile, profile.threads[0].name), S("worker 1"));
    assert_int_equal(profile_total(&profile, 0), 40000);
    assert_int_equal(profile.samples_len, 2);
}

static void the_default_metric_comes_first(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf bytes = strbuf_new(arena);
    strbuf_add(&bytes, small_profile(arena, true));
    proto_put_number(&bytes, 14, T_SAMPLES);
    Profile profile = test_reading(arena, strbuf_str(&bytes));
    assert_str(profile_text(&profile, profile.metrics[0].name), S("samples"));
    assert_int_equal(profile_total(&profile, 1), 40000);
}

/* What symbols/symbolize.h gets: the place in the file, of a caller one byte before it. */
static void an_address_leaves_with_its_place_in_the_file_and_the_build_id(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf out = strbuf_new(arena), named = strbuf_new(arena);
    proto_put_bytes(&out, 1, NUMBERS(arena, T_SAMPLES, T_COUNT));
    proto_put_bytes(&out, 2, S("\x0a\x04\x01\x01\x02\x03\x12\x01\x07"));
    proto_put_bytes(&out, 3, NUMBERS(arena, 7, 0x1000, 0x2000, 0x500, T_LIBRARY, T_BUILD_ID));
    proto_put_bytes(&out, 4, NUMBERS(arena, 1, 7, 0x1234));
    proto_put_number(&named, 1, 2);
    proto_put_number(&named, 2, 7);
    proto_put_number(&named, 3, 0x1300);
    proto_put_bytes(&named, 4, NUMBERS(arena, 1));
    proto_put_bytes(&out, 4, strbuf_str(&named));
    proto_put_bytes(&out, 4, NUMBERS(arena, 3, 7, 0x2000)); /* behind the end */
    proto_put_bytes(&out, 5, NUMBERS(arena, 1, T_MAIN));
    put_texts(&out);
    Profile profile = test_reading(arena, strbuf_str(&out));
    static const struct {
        Str function;
        uint64_t address;
    } FRAMES[] = {{STR_CONST("libz.so.1+0x1500"), 0},
                  {STR_CONST("main"), 0x7ff},
                  {STR_CONST("libz.so.1+0x734"), 0x733},
                  {STR_CONST("libz.so.1+0x734"), 0x734}};
    assert_int_equal(profile.frames_len, 4);
    for (size_t i = 0; i < profile.frames_len; i++) {
        assert_str(profile_text(&profile, profile.frames[i].function), FRAMES[i].function);
        assert_int_equal(profile.frames[i].address, FRAMES[i].address);
    }
    assert_int_equal(profile.modules_len, 1);
    assert_str(profile_text(&profile, profile.modules[0].build_id), S("0123456789abcdef"));
}

static void every_cut_is_an_error_or_a_note(void **state)
{
    Arena *arena = test_arena(state);
    Str whole = small_profile(arena, true);
    size_t read = 0;
    for (size_t len = 1; len < whole.len; len++) {
        Profile profile = {0};
        Err err = {0};
        if (!read_pprof(arena, str_head(whole, len), &profile, &err)) {
            assert_true(err.msg[0] != 0);
            continue;
        }
        read++;
        for (size_t i = 0; i < profile.samples_len; i++)
            assert_true(profile.sample_stack[i] < profile.stacks_len);
    }
    assert_true(read > whole.len / 2);
}

static void a_path_of_unknown_locations_is_a_note(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf out = strbuf_new(arena);
    proto_put_bytes(&out, 1, NUMBERS(arena, 0, 0));
    proto_put_bytes(&out, 2, S("\x0a\x02\x05\x06\x12\x01\x07"));
    Profile profile = test_reading(arena, strbuf_str(&out));
    assert_int_equal(profile_total(&profile, 0), 7);
    assert_str(profile.notes[0], S("2 times a stack names a location that is not in the file"));
}

/* A location of many lines, in very many stacks: memory stays in proportion to the file. */
static void stacks_do_not_unfold_without_bound(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf out = strbuf_new(arena), location = strbuf_new(arena), path = strbuf_new(arena);
    proto_put_bytes(&out, 1, NUMBERS(arena, 0, 0));
    proto_put_number(&location, 1, 1);
    for (size_t i = 0; i < 150; i++)
        proto_put_bytes(&location, 4, NUMBERS(arena, 1, i));
    for (size_t i = 0; i < 9000; i++)
        strbuf_char(&path, 1);
    proto_put_bytes(&out, 4, strbuf_str(&location));
    put_sample(arena, &out, true, strbuf_str(&path), 1, 1);
    Profile profile = test_reading(arena, strbuf_str(&out));
    assert_true(profile.stacks_len < 100000);
    assert_str(profile.notes[0],
               S("the stacks unfold to more than the file can mean; some were cut"));
}

static void old_text_profiles_are_refused_in_one_sentence(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile;
    Err err = {0};
    assert_false(profile_read(arena, S("a.heap"), S("heap profile:    1:  2 [ 3: 4] @ heapz/1\n"),
                              &profile, &err));
    assert_string_equal(err.msg, "a.heap: a profile in one of pprof's old text forms: `pprof "
                                 "-proto FILE >FILE.pb.gz` gives one that perfloop reads");
}

static void put_word(StrBuf *out, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        strbuf_char(out, (char)(value >> shift));
}

static void gperftools_words_of_four_bytes_in_network_order_are_read(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf out = strbuf_new(arena);
    static const uint32_t WORDS[] = {0, 3, 0,      1000,   0, /* */
                                     2, 2, 0x1010, 0x1021,    /* */
                                     1, 1, 0x9000,            /* */
                                     0, 1, 0};
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
        put_word(&out, WORDS[i]);
    strbuf_add(&out, S("00001000-00002000 r-xp 00000400 08:01 77   /opt/my prog\n"
                       "00009000-0000a000 rw-p 00000000 00:00 0 \n"));
    Profile profile = test_reading(arena, strbuf_str(&out));
    assert_str(profile_print(arena, &profile),
               S("profile: tool gperftools, format gperftools, stacks\n"
                 "frames 3, stacks 3, threads 1, samples 2 of 3\n"
                 "metric cpu in ns, sampled: total 3000000\n"
                 "metric samples in count, sampled: total 3\n"
                 "note: a legacy profile without names and build ids: functions and lines are "
                 "those of the programs that are there now\n"
                 "2000000 2 x2 my prog+0x420;my prog+0x410\n"
                 "1000000 1 x1 0x9000\n"));
}

/* samples/INDEX.md; the totals are also what `go tool pprof -top` of Go 1.26 prints. */
static void samples_have_the_figures_of_their_index(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_profile_shared(arena, "samples/pprof/simple.prof");
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_int_equal(test_line(&spots, S("simple.go"), 11)->self, 480000000);
    assert_int_equal(test_line(&spots, S("simple.go"), 18)->self, 390000000);
    assert_int_equal(spots.total, 1500000000);

    profile = test_profile_shared(arena, "samples/pprof/pyroscope_cpu.pb.gz");
    assert_int_equal(profile.samples_len, 7);
    spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_int_equal(test_function(&spots, S(""), S("runtime.kevent"))->self, 250000000);

    profile = test_profile_shared(arena, "samples/pprof/pyroscope_cpu-js.pb.gz");
    spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_str(spots.metric, S("wall"));
    assert_int_equal(test_line(&spots, S("index.js"), 22)->self, 7363000000);

    profile = test_profile_shared(arena, "samples/pprof/rust_pprof-rs_brainfuckvm.pb");
    spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_int_equal(test_function(&spots, S(""), S("__umodti3"))->self, 2890000000);
    assert_int_equal(spots.lines_len, 0); /* file "Unknown", line 0 */

    profile = test_profile_shared(arena, "samples/pprof/rust_risc0_fibonacci.pb");
    spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_str(spots.metric, S("cycles"));
    assert_int_equal(test_function(&spots, S(""), S("memcpy"))->self, 392);

    profile = test_profile_shared(arena, "samples/pprof/rust_pprof-rs_example.pb");
    spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_int_equal(spots.functions[0].self, 183);
    assert_has(spots.functions[0].function, S("is_prime_number1"));

    profile = test_profile_shared(arena, "samples/pprof/sample.cpu.pb.gz");
    assert_int_equal(profile_total(&profile, 0), 1760000000);
    profile = test_profile_shared(arena, "samples/pprof/cppbench.cpu.legacy");
    assert_int_equal(profile_total(&profile, 0), 7120000000);
    profile = test_profile_shared(arena, "samples/pprof/go.crc32.cpu");
    assert_int_equal(profile_total(&profile, 1), 211);
}

TEST_MAIN(TEST(inlined_lines_and_bare_addresses_are_frames),
          TEST(unpacked_numbers_and_thread_labels_are_read), TEST(the_default_metric_comes_first),
          TEST(an_address_leaves_with_its_place_in_the_file_and_the_build_id),
          TEST(every_cut_is_an_error_or_a_note), TEST(a_path_of_unknown_locations_is_a_note),
          TEST(stacks_do_not_unfold_without_bound),
          TEST(old_text_profiles_are_refused_in_one_sentence),
          TEST(gperftools_words_of_four_bytes_in_network_order_are_read),
          TEST(samples_have_the_figures_of_their_index))
