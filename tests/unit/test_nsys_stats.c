#include "analysis/profile/readers.h"

#include "analysis/profile/format.h"
#include "tests/lib/check.h"
#include "tests/lib/profiles.h"

static Profile read_stats(Arena *arena, const char *text)
{
    Profile profile = {0};
    Err err = {0};
    assert_ok(profile_read(arena, S("stats"), str_from_c(text), &profile, &err), &err);
    assert_str(profile.format, S("nsys stats"));
    return profile;
}

static void check_line(Arena *arena, const Profile *profile, const char *line)
{
    Str text = profile_print(arena, profile);
    if (!str_has(text, str_fmt(arena, "%s\n", line)))
        fail_msg("no \"%s\" in\n" STR_FMT, line, STR_ARG(text));
}

static int64_t fact_of(const Profile *profile, Str function, Str name)
{
    for (size_t i = 0; i < profile->facts_len; i++) {
        const ProfileFact *fact = &profile->facts[i];
        if (str_eq(profile_text(profile, profile->frames[fact->frame].function), function) &&
            str_eq(profile_text(profile, fact->name), name))
            return (int64_t)fact->value;
    }
    return -1;
}

static void tables_are_known_by_their_columns(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_stats(
        arena,
        "Processing [a.sqlite] with [cuda_gpu_kern_sum.py]...\n"
        "Time (%),Total Time (ns),Instances,Avg (ns),Min (ns),Max (ns),Name\n"
        "90.0,900,3,300.0,100,500,\"void ns::(anonymous namespace)::add<int, (int)4>(T1 *, int)\"\n"
        "10.0,100,1,100.0,100,100,scale\n"
        "\n"
        "Time (%),Total Time (ns),Num Calls,Avg (ns),Min (ns),Max (ns),Name\n"
        "97.5,1000,8,1.1,2,27,cudaMemcpyAsync\n"
        "\n"
        "Time(%),Total Time (ns),Operations,Average,Minimum,Maximum,Operation\n"
        "100.0,70,2,35,30,40,[CUDA memcpy HtoD]\n"
        "\n"
        "Time (%),Total Time (ns),Instances,Avg (ns),Min (ns),Max (ns),Style,Range\n"
        "100.0,5000,1,5000,5000,5000,PushPop,Loop\n");
    check_line(arena, &profile, "metric gpu_time in ns, exact: total 1000");
    check_line(arena, &profile, "900 0 0 0 x3 add");
    check_line(arena, &profile, "0 0 1000 0 x8 cudaMemcpyAsync");
    check_line(arena, &profile, "0 70 0 0 x2 [CUDA memcpy HtoD]");
    check_line(arena, &profile, "0 0 0 5000 x1 Loop");
    check_line(arena, &profile,
               "fact add: kernel = void ns::(anonymous namespace)::add<int, (int)4>(T1 *, int)");
    check_line(arena, &profile, "fact add: launches = 3 count");
    check_line(arena, &profile, "fact add: duration = 500 ns");
    check_line(arena, &profile, "fact add: shortest launch = 100 ns");
}

static void units_stand_in_the_headers(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_stats(
        arena,
        "[{\"Time (%)\": 95.0, \"Total Time (us)\": 1.5, \"Instances\": 4, \"Min (us)\": 0.1,"
        "\"Max (us)\": 1.0, \"Name\": \"k<int>(T)\"}]");
    check_line(arena, &profile, "1500 x4 k");
    check_line(arena, &profile, "fact k: duration = 1000 ns");
}

/* The trace of the device has a row per launch; the summary of the same launches came first. */
static void the_first_table_of_a_cost_counts(void **state)
{
    Arena *arena = test_arena(state);
    static const char TRACE[] = "Start (ns),Duration (ns),CorrId,GrdX,Device,Strm,Name\n"
                                "10,5,1,64,T4,7,add\n20,7,2,64,T4,7,add\n"
                                "40,9,3,,T4,7,[CUDA memcpy DtoH]\n";
    Profile profile = read_stats(arena, TRACE);
    check_line(arena, &profile, "12 0 x2 add");
    check_line(arena, &profile, "0 9 x1 [CUDA memcpy DtoH]");
    check_line(arena, &profile, "fact add: shortest launch = 5 ns");
    profile = read_stats(arena, str_cstr(arena, str_fmt(arena,
                                                        "Time (%%),Total Time (ns),Instances,Name\n"
                                                        "100.0,12,2,add\n\n%s",
                                                        TRACE)));
    check_line(arena, &profile, "12 0 x2 add");
}

/* Newer versions print thousands with commas; names may hold more than one byte for a character. */
static void columns_are_cut_where_the_dashes_are(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_stats(
        arena, "Processing [a.sqlite] with [/opt/reports/cuda_gpu_kern_sum.py]...\n"
               "SKIPPED: a.sqlite does not contain NV Tools Extension (NVTX) data.\n\n"
               " ** CUDA GPU Kernel Summary (cuda_gpu_kern_sum):\n\n"
               " Time (%)  Total Time (ns)  Instances  Max (ns)           Name         \n"
               " --------  ---------------  ---------  --------  ---------------------\n"
               "     90.0   10,327,352,338     17,505   123,456  void scale<int>(T1 *)\n"
               "     10.0            1,000          1     1,000  add(float *)         \n"
               "\n"
               " ** NVTX Range Kernel Summary (nvtx_kern_sum):\n\n"
               " NVTX Range  Kern Inst  Total Time (ns)  Kernel Name\n"
               " ----------  ---------  ---------------  -----------\n"
               " Größe, 1            2              900  add(float *)\n"
               " :loop               1              100  add(float *)\n");
    check_line(arena, &profile, "10327352338 0 x17505 scale");
    check_line(arena, &profile, "1000 0 x1 add");
    check_line(arena, &profile, "fact scale: duration = 123456 ns");
    check_line(arena, &profile, "0 900 x2 Größe, 1;add");
    check_line(arena, &profile, "0 100 x1 :loop;add");
}

/* As nsys 2022.4 and 2023.4 write them: the quotes in the name are not doubled. */
static void names_with_quotes_and_commas_are_one_field(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_stats(arena, "Time (%),Total Time (ns),Instances,Style,Range\n"
                                        "60.0,600,1,PushPop,\"step \"10\", first\"\n"
                                        "40.0,400,2,PushPop,plain\n");
    check_line(arena, &profile, "600 x1 step \"10\", first");
    check_line(arena, &profile, "400 x2 plain");
}

static void copied_bytes_have_their_unit_in_the_header(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_stats(
        arena, "Total (MB),Count,Avg (MB),Med (MB),Min (MB),Max (MB),StdDev (MB),Operation\n"
               "2.884,89,0.032,0.000,0.000,0.066,0.033,[CUDA memcpy Device-to-Host]\n\n"
               "Time (%),Total Time (ns),Instances,Avg (ns),Category,Operation\n"
               "50.0,700,1,700,CUDA_API,cudaMemcpy\n30.0,300,1,300,MEMORY_OPER,[CUDA memset]\n"
               "20.0,200,1,200,CUDA_KERNEL,add(int)\n");
    check_line(arena, &profile, "metric copied in bytes, exact: total 2884000");
    check_line(arena, &profile, "200 0 0 0 x1 add");
    check_line(arena, &profile, "0 300 0 0 x1 [CUDA memset]");
    check_line(arena, &profile, "0 0 700 0 x1 cudaMemcpy");
}

static void other_reports_are_refused(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile;
    Err err = {0};
    assert_false(read_nsys_stats(arena, S("Time (%),Total Time (ns),Instances,Avg (ns)\n1,2,3,4\n"),
                                 &profile, &err));
    assert_string_equal(err.msg, "no table of `nsys stats` with kernels, copies, CUDA calls or "
                                 "named ranges in it: make one with `nsys stats --format csv "
                                 "--report cuda_gpu_kern_sum,cuda_api_sum`");
}

/* nsys 2023.4 stats of samples/nsys/power_iteration.sqlite (INDEX.md). */
static void samples_have_the_figures_of_their_index(void **state)
{
    Arena *arena = test_arena(state);
    static const char *const FILES[] = {"samples/nsys/power_iteration.cuda_gpu_kern_sum.csv",
                                        "samples/nsys/power_iteration.cuda_gpu_kern_sum.json",
                                        "samples/nsys/power_iteration.cuda_kern_exec_trace.csv"};
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        Profile profile = test_profile_shared(arena, FILES[i]);
        check_line(arena, &profile, "1074732935 x432 gemv2T_kernel_val");
        check_line(arena, &profile, "1312 x1 cupy_fill");
        assert_int_equal(fact_of(&profile, S("gemv2T_kernel_val"), S("duration")), 2591941);
        assert_int_equal(fact_of(&profile, S("gemv2T_kernel_val"), S("shortest launch")), 2404201);
        assert_int_equal(profile_count(&profile), 3689);
    }
    Profile profile = test_profile_shared(arena, "samples/nsys/power_iteration.cuda_gpu_trace.csv");
    check_line(arena, &profile, "1074732935 0 0 x432 gemv2T_kernel_val");
    profile = test_profile_shared(arena, "samples/nsys/power_iteration.nvtx_sum.csv");
    check_line(arena, &profile, "1787801754 x1 Loop");
    profile = test_profile_shared(arena, "samples/nsys/power_iteration.cuda_api_sum.csv");
    check_line(arena, &profile, "1033980289 x89 cudaMemcpyAsync");
    profile = test_profile_shared(arena, "samples/nsys/vecadd_prefetch.cuda_gpu_kern_sum.csv");
    check_line(arena, &profile, "130855114 x1 add");
}

TEST_MAIN(TEST(tables_are_known_by_their_columns), TEST(units_stand_in_the_headers),
          TEST(the_first_table_of_a_cost_counts), TEST(columns_are_cut_where_the_dashes_are),
          TEST(names_with_quotes_and_commas_are_one_field),
          TEST(copied_bytes_have_their_unit_in_the_header), TEST(other_reports_are_refused),
          TEST(samples_have_the_figures_of_their_index))
