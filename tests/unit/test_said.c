/* Outputs as the tools printed them (pytest 8.4, Python 3.11, rustc 1.95), shortened. */

#include "runners/said.h"
#include "tests/lib/check.h"

static void pytest_tells_the_assertion_not_its_summary(void **state UNUSED)
{
    Str out = S("F                                              [100%]\n"
                "=========== FAILURES ===========\n"
                ">       assert tokenize('a b') == ['a']\n"
                "E       AssertionError: assert ['a', 'b'] == ['a']\n"
                "E         \n"
                "E         Left contains one more item: 'b'\n"
                "FAILED test_t.py::test_t - AssertionError\n"
                "1 failed in 0.02s\n");
    assert_str(said_why(S("a warning of no interest\n"), out),
               S("AssertionError: assert ['a', 'b'] == ['a']"));
}

static void a_module_that_pytest_cannot_import_is_named(void **state UNUSED)
{
    Str out = S("==== ERRORS ====\n"
                "ImportError while importing test module '/w/test_t.py'.\n"
                "Hint: make sure your test modules/packages have valid Python names.\n"
                "Traceback:\n"
                "test_t.py:1: in <module>\n"
                "    import nothere\n"
                "E   ModuleNotFoundError: No module named 'nothere'\n"
                "!!!! Interrupted: 1 error during collection !!!!\n");
    assert_str(said_why(S(""), out), S("ModuleNotFoundError: No module named 'nothere'"));
}

static void an_option_that_pytest_does_not_know_is_named(void **state UNUSED)
{
    Str errors = S("ERROR: usage: pytest [options] [file_or_dir] [file_or_dir] [...]\n"
                   "python -m pytest: error: unrecognized arguments: --bench\n"
                   "  inifile: None\n"
                   "  rootdir: /w\n\n");
    assert_str(said_why(errors, S("")),
               S("python -m pytest: error: unrecognized arguments: --bench"));
}

static void of_chained_exceptions_the_one_that_went_out_counts(void **state UNUSED)
{
    Str errors = S("Traceback (most recent call last):\n"
                   "  File \"/w/t.py\", line 2, in <module>\n"
                   "    {}['x']\n"
                   "    ~~^^^^^\n"
                   "KeyError: 'x'\n"
                   "\nThe above exception was the direct cause of the following exception:\n\n"
                   "Traceback (most recent call last):\n"
                   "  File \"/w/t.py\", line 4, in <module>\n"
                   "    raise app.Broken('no x') from e\n"
                   "app.Broken: no x\n"
                   "sys:1: ResourceWarning: unclosed file\n");
    assert_str(said_why(errors, S("done\n")), S("app.Broken: no x"));
}

static void a_rust_panic_tells_its_message(void **state UNUSED)
{
    Str now = S("\nthread 'main' (4711) panicked at src/main.rs:3:5:\n"
                "index out of bounds: the len is 3 but the index is 7\n"
                "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n");
    assert_str(said_why(now, S("")), S("index out of bounds: the len is 3 but the index is 7"));
    Str older = S("thread 'main' panicked at 'no corpus', src/main.rs:3:5\n"
                  "note: run with `RUST_BACKTRACE=1` environment variable\n");
    assert_str(said_why(older, S("")), S("thread 'main' panicked at 'no corpus', src/main.rs:3:5"));
}

static void the_first_error_of_a_compiler_counts(void **state UNUSED)
{
    Str errors = S("   Compiling app v0.1.0 (/w)\n"
                   "error[E0308]: mismatched types\n"
                   " --> src/main.rs:2:18\n"
                   "error: could not compile `app` (bin \"app\") due to 1 previous error\n");
    assert_str(said_why(errors, S("")), S("error[E0308]: mismatched types"));
    assert_str(said_why(S("warning: x\ngit: fatal: no such thing\nhint: y\n"), S("")),
               S("git: fatal: no such thing"));
}

static void without_a_telling_line_the_last_one_counts(void **state UNUSED)
{
    assert_str(said_why(S("one\ntwo\n\n"), S("three\n")), S("two"));
    assert_str(said_why(S("\n \n"), S("three\npy-spy> Stopped sampling\n")), S("three"));
    assert_str(said_why(S(""), S("")), S(""));
    assert_str(said_why(S("a word and error: inside a sentence\n"), S("")),
               S("a word and error: inside a sentence"));
}

TEST_MAIN(TEST(pytest_tells_the_assertion_not_its_summary),
          TEST(a_module_that_pytest_cannot_import_is_named),
          TEST(an_option_that_pytest_does_not_know_is_named),
          TEST(of_chained_exceptions_the_one_that_went_out_counts),
          TEST(a_rust_panic_tells_its_message), TEST(the_first_error_of_a_compiler_counts),
          TEST(without_a_telling_line_the_last_one_counts))
