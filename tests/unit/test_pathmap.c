#include "analysis/symbols/pathmap.h"

#include "tests/lib/check.h"

static const Str FILES[] = {STR_CONST("src/t.py"),     STR_CONST("src/app/util.py"),
                            STR_CONST("lib/util.py"),  STR_CONST("setup.py"),
                            STR_CONST("bench/run.py"), STR_CONST("json/decoder.py")};

static PathMap *map_of(Arena *arena)
{
    static const PathRule RULES[] = {{STR_CONST("/build"), STR_CONST(".")},
                                     {STR_CONST("/build/gen/"), STR_CONST("src/app")},
                                     {STR_CONST("/away"), STR_CONST("../out")}};
    return pathmap_new(arena, (PathMapOptions){.root = S("/home/u/w"),
                                               .run_dir = S("/home/u/w/bench"),
                                               .files = FILES,
                                               .files_len = sizeof(FILES) / sizeof(FILES[0]),
                                               .rules = RULES,
                                               .rules_len = 3});
}

static void each_way_leads_to_its_file(void **state)
{
    static const struct {
        Str recorded, path;
        PathHow how;
    } cases[] = {
        {STR_CONST("/home/u/w/src/t.py"), STR_CONST("src/t.py"), PATH_INSIDE},
        {STR_CONST("/home/u/w/./src/x/../t.py"), STR_CONST("src/t.py"), PATH_INSIDE},
        {STR_CONST("/home/u/w2/src/other.py"), STR_CONST("/home/u/w2/src/other.py"), PATH_OUTSIDE},
        {STR_CONST("run.py"), STR_CONST("bench/run.py"), PATH_RUN_DIR},
        {STR_CONST("../src/t.py"), STR_CONST("src/t.py"), PATH_RUN_DIR},
        {STR_CONST("src/t.py"), STR_CONST("src/t.py"), PATH_RUN_DIR},
        {STR_CONST("/build/src/t.py"), STR_CONST("src/t.py"), PATH_RULE},
        {STR_CONST("/build/gen/util.py"), STR_CONST("src/app/util.py"), PATH_RULE},
        {STR_CONST("/old/checkout/src/t.py"), STR_CONST("src/t.py"), PATH_SUFFIX},
        {STR_CONST("app/util.py"), STR_CONST("src/app/util.py"), PATH_SUFFIX},
        {STR_CONST("/old/setup.py"), STR_CONST("setup.py"), PATH_SUFFIX},
        {STR_CONST("util.py"), STR_CONST("util.py"), PATH_AMBIGUOUS},
        {STR_CONST("/x/t.py"), STR_CONST("/x/t.py"), PATH_OUTSIDE},
        {STR_CONST("/usr/lib/python3.11/json/decoder.py"),
         STR_CONST("/usr/lib/python3.11/json/decoder.py"), PATH_OUTSIDE},
        {STR_CONST("/away/t.py"), STR_CONST("/away/t.py"), PATH_OUTSIDE},
        {STR_CONST("<frozen importlib._bootstrap>"), STR_CONST("<frozen importlib._bootstrap>"),
         PATH_NO_FILE},
        {STR_CONST("~"), STR_CONST("~"), PATH_NO_FILE},
        {STR_CONST(""), STR_CONST(""), PATH_NO_FILE},
    };
    PathMap *map = map_of(test_arena(state));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        PathPlace place = pathmap_find(map, cases[i].recorded);
        assert_str(place.path, cases[i].path);
        assert_int_equal(place.how, cases[i].how);
        assert_int_equal(place.mapped, place.how == PATH_INSIDE || place.how == PATH_RULE ||
                                           place.how == PATH_RUN_DIR || place.how == PATH_SUFFIX);
        assert_true(place.reason.len > 0);
    }
}

static void the_reason_names_the_rule(void **state)
{
    PathMap *map = map_of(test_arena(state));
    assert_str(pathmap_find(map, S("/build/src/t.py")).reason, S("path_map: /build = ."));
    assert_str(pathmap_find(map, S("/old/src/t.py")).reason, S("moved: ends like /old/src/t.py"));
    assert_str(pathmap_find(map, S("util.py")).reason,
               S("2 workspace files end like this; say which in path_map"));
}

TEST_MAIN(TEST(each_way_leads_to_its_file), TEST(the_reason_names_the_rule))
