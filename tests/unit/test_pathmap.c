#include "analysis/symbols/pathmap.h"

#include "analysis/symbols/library.h"
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
         STR_CONST("/usr/lib/python3.11/json/decoder.py"), PATH_LIBRARY},
        {STR_CONST("Objects/obmalloc.c"), STR_CONST("Objects/obmalloc.c"), PATH_LIBRARY},
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

static void libraries_are_named(void **state)
{
    static const struct {
        Str recorded, name, path;
    } cases[] = {
        {STR_CONST("/root/.cargo/registry/src/index.crates.io-6f17d22b/serde_json-1.0.1/src/de.rs"),
         STR_CONST("crate serde_json 1.0.1"), STR_CONST("serde_json-1.0.1/src/de.rs")},
        {STR_CONST("/h/.cargo/registry/src/github.com-1ecc/sha-1-0.10.0-rc.2/src/lib.rs"),
         STR_CONST("crate sha-1 0.10.0-rc.2"), STR_CONST("sha-1-0.10.0-rc.2/src/lib.rs")},
        {STR_CONST("/usr/share/cargo/registry/criterion-0.3.6/src/lib.rs"),
         STR_CONST("crate criterion 0.3.6"), STR_CONST("criterion-0.3.6/src/lib.rs")},
        {STR_CONST("/h/.cargo/git/checkouts/my-tool-0a1b2c/89abcde/core/src/a.rs"),
         STR_CONST("crate my-tool 89abcde"), STR_CONST("my-tool/89abcde/core/src/a.rs")},
        {STR_CONST("/rust/deps/hashbrown-0.15.2/src/raw/mod.rs"),
         STR_CONST("crate hashbrown 0.15.2"), STR_CONST("hashbrown-0.15.2/src/raw/mod.rs")},
        {STR_CONST("/rustc/59807616e1/library/core/src/iter/mod.rs"), STR_CONST("std"),
         STR_CONST("library/core/src/iter/mod.rs")},
        {STR_CONST("/rustc/59807616e1\\library\\alloc\\src\\vec\\mod.rs"), STR_CONST("std"),
         STR_CONST("library/alloc/src/vec/mod.rs")},
        {STR_CONST("/h/.rustup/toolchains/x/lib/rustlib/src/rust/library/std/src/rt.rs"),
         STR_CONST("std"), STR_CONST("library/std/src/rt.rs")},
        {STR_CONST("src/libstd/rt.rs"), STR_CONST("std"), STR_CONST("src/libstd/rt.rs")},
        {STR_CONST("library/std/src/rt.rs"), STR_CONST("std"), STR_CONST("library/std/src/rt.rs")},
        {STR_CONST("src/library/core.rs"), STR_CONST(""), STR_CONST("")},
        {STR_CONST("/v/lib/python3.11/site-packages/numpy/core/numeric.py"), STR_CONST("numpy"),
         STR_CONST("numpy/core/numeric.py")},
        {STR_CONST("/usr/lib/python3/dist-packages/six.py"), STR_CONST("six"), STR_CONST("six.py")},
        {STR_CONST("/usr/lib/python3.11/json/decoder.py"), STR_CONST("stdlib json"),
         STR_CONST("json/decoder.py")},
        {STR_CONST("/usr/lib/python3.11/lib-dynload/_json.cpython-311-x86_64-linux-gnu.so"),
         STR_CONST("stdlib _json"), STR_CONST("lib-dynload/_json.cpython-311-x86_64-linux-gnu.so")},
        {STR_CONST("C:\\Users\\u\\Python311\\Lib\\re\\_parser.py"), STR_CONST("stdlib re"),
         STR_CONST("re/_parser.py")},
        {STR_CONST("/usr/include/c++/12/bits/stl_vector.h"), STR_CONST("libstdc++"),
         STR_CONST("bits/stl_vector.h")},
        {STR_CONST("/usr/include/eigen3/Eigen/src/Core/Product.h"), STR_CONST("eigen3"),
         STR_CONST("eigen3/Eigen/src/Core/Product.h")},
        {STR_CONST("/usr/include/x86_64-linux-gnu/bits/string_fortified.h"), STR_CONST("libc"),
         STR_CONST("x86_64-linux-gnu/bits/string_fortified.h")},
        {STR_CONST("/root/go/pkg/mod/github.com/u/zip@v1.2.3/a.go"), STR_CONST("module zip v1.2.3"),
         STR_CONST("github.com/u/zip@v1.2.3/a.go")},
        {STR_CONST("/home/u/w/src/site_packages.py"), STR_CONST(""), STR_CONST("")},
        {STR_CONST("<frozen importlib._bootstrap>"), STR_CONST(""), STR_CONST("")},
        {STR_CONST(""), STR_CONST(""), STR_CONST("")},
    };
    Arena *arena = test_arena(state);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Library library = library_of(arena, cases[i].recorded);
        assert_str(library.name, cases[i].name);
        assert_str(library.path, cases[i].path);
    }
    assert_str(library_of_source(S("../Objects/obmalloc.c")).name, S("Python"));
    assert_str(library_of_source(S("./malloc/malloc.c")).name, S("libc"));
    assert_str(library_of_source(S("Objects/shape.cpp")).name, S(""));
    assert_str(library_of_module(arena, S("/usr/lib/x86_64-linux-gnu/libc.so.6")), S("libc"));
    assert_str(library_of_module(arena, S("/v/site-packages/numpy/core/_m.so")), S("numpy"));
    assert_str(library_of_module(arena, S("/usr/bin/python3.11")), S("Python"));
    assert_str(library_of_module(arena, S("/home/u/w/target/release/hot")), S(""));
}

static void the_copy_of_a_library_is_found_here(void **state)
{
    static const PathRule COPIES[] = {
        {STR_CONST("serde_json-1.0.1"), STR_CONST("/me/.cargo/registry/src/idx/serde_json-1.0.1")},
        {STR_CONST("59807616e"), STR_CONST("/me/.rustup/toolchains/t/lib/rustlib/src/rust")},
    };
    PathMap *map = pathmap_new(
        test_arena(state),
        (PathMapOptions){.root = S("/home/u/w"), .libraries = COPIES, .libraries_len = 2});
    PathPlace place =
        pathmap_find(map, S("/ci/.cargo/registry/src/other/serde_json-1.0.1/src/de.rs"));
    assert_int_equal(place.how, PATH_LIBRARY);
    assert_str(place.source, S("/me/.cargo/registry/src/idx/serde_json-1.0.1/src/de.rs"));
    place = pathmap_find(map, S("/rustc/59807616e1/library/core/src/iter/mod.rs"));
    assert_str(place.source,
               S("/me/.rustup/toolchains/t/lib/rustlib/src/rust/library/core/src/iter/mod.rs"));
    assert_str(pathmap_find(map, S("/rustc/0000/library/core/src/iter/mod.rs")).source, S(""));
    place = pathmap_find(map, S("/usr/lib/python3.11/json/decoder.py"));
    assert_str(place.source, S("/usr/lib/python3.11/json/decoder.py"));
    place = pathmap_find(map, S("/home/u/w/.venv/lib/python3.11/site-packages/six.py"));
    assert_true(place.mapped);
    assert_str(place.library, S("six"));
    assert_str(pathmap_find(map, S("/home/u/w/library/core/src/a.rs")).library, S(""));
}

static void the_reason_names_the_rule(void **state)
{
    PathMap *map = map_of(test_arena(state));
    assert_str(pathmap_find(map, S("/build/src/t.py")).reason, S("path_map: /build = ."));
    assert_str(pathmap_find(map, S("/old/src/t.py")).reason, S("moved: ends like /old/src/t.py"));
    assert_str(pathmap_find(map, S("util.py")).reason,
               S("2 workspace files end like this; say which in path_map"));
}

TEST_MAIN(TEST(each_way_leads_to_its_file), TEST(libraries_are_named),
          TEST(the_copy_of_a_library_is_found_here), TEST(the_reason_names_the_rule))
