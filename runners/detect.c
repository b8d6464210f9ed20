#include "runners/detect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/source/toml.h"
#include "analysis/workload/workload.h"
#include "base/array.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "runners/workloads.h"

enum {
    FILES_MAX = 2000, /* looked at; a larger project is sampled */
    DEPTH_MAX = 3,
    PEEK_BYTES = 64 * 1024,
};

typedef struct Look {
    Arena *arena;
    Str root;
    StrList files; /* below root, sorted */
} Look;

static bool is_worth_a_look(Str name)
{
    static const Str SKIP[] = {STR_CONST("node_modules"), STR_CONST("target"),
                               STR_CONST("build"),        STR_CONST("dist"),
                               STR_CONST("venv"),         STR_CONST("env"),
                               STR_CONST("__pycache__"),  STR_CONST("site-packages")};
    for (size_t i = 0; i < sizeof(SKIP) / sizeof(SKIP[0]); i++)
        if (str_eq(name, SKIP[i]))
            return false;
    return !str_starts(name, S("."));
}

static void list_files(Look *look, Str folder, size_t depth)
{
    Str full = path_join(look->arena, look->root, folder);
    DIR *dir = opendir(str_cstr(look->arena, full));
    for (struct dirent *entry; dir && (entry = readdir(dir)) && look->files.len < FILES_MAX;) {
        struct stat info;
        Str name = str_from_c(entry->d_name);
        if (!is_worth_a_look(name) || !utf8_is_valid(name) ||
            fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        Str path = str_copy(look->arena, path_join(look->arena, folder, name));
        if (S_ISREG(info.st_mode))
            *array_push(look->arena, &look->files) = path;
        else if (S_ISDIR(info.st_mode) && depth < DEPTH_MAX)
            list_files(look, path, depth + 1);
    }
    if (dir)
        closedir(dir);
}

static int by_name(const void *a, const void *b)
{
    return str_cmp(*(const Str *)a, *(const Str *)b);
}

/* The text of a file of the project; empty when there is none. */
static Str text_of(const Look *look, Str path)
{
    Str text;
    Err err = {0};
    if (!file_read(look->arena, path_join(look->arena, look->root, path), TOML_BYTES_MAX, &text,
                   &err))
        return (Str){0};
    return text;
}

static bool has_file(const Look *look, Str path)
{
    array_each (Str, file, &look->files)
        if (str_eq(*file, path))
            return true;
    return false;
}

static Str words(Arena *arena, Str a, Str b)
{
    return str_fmt(arena, STR_FMT STR_FMT, STR_ARG(a), STR_ARG(b));
}

/* ---------------------------------------------------------------- Python */

static bool is_pytest_file(Str path)
{
    Str name = path_base(path);
    return str_ends(name, S(".py")) &&
           (str_starts(name, S("test_")) || str_starts(name, S("bench_")) ||
            str_ends(name, S("_test.py")));
}

/* A function of a test file takes the fixture of pytest-benchmark. */
static bool uses_benchmark_fixture(const Look *look, Str path)
{
    Str text = str_head(text_of(look, path), PEEK_BYTES), line;
    while (str_next_line(&text, &line)) {
        Str trimmed = str_trim(line);
        size_t open = str_find(trimmed, S("("), 0);
        if (str_starts(trimmed, S("def test")) && open != SIZE_MAX &&
            str_has(str_from(trimmed, open), S("benchmark")))
            return true;
    }
    return false;
}

/* The file where pytest-benchmark is named as a dependency; empty: nowhere. */
static Str names_pytest_benchmark(const Look *look)
{
    static const Str PLACES[] = {
        STR_CONST("pyproject.toml"),
        STR_CONST("setup.cfg"),
        STR_CONST("setup.py"),
        STR_CONST("requirements.txt"),
        STR_CONST("tox.ini"),
        STR_CONST("requirements-dev.txt"),
        STR_CONST("dev-requirements.txt"),
        STR_CONST("Pipfile"),
        STR_CONST("environment.yml"),
    };
    for (size_t i = 0; i < sizeof(PLACES) / sizeof(PLACES[0]); i++)
        if (has_file(look, PLACES[i]) && str_has(text_of(look, PLACES[i]), S("pytest-benchmark")))
            return PLACES[i];
    return (Str){0};
}

static Str name_from(Arena *arena, Str path)
{
    Str name = path_base(path);
    name = str_head(name, name.len - path_extension(name).len);
    static const Str PREFIXES[] = {STR_CONST("test_bench_"), STR_CONST("test_"),
                                   STR_CONST("bench_")};
    for (size_t i = 0; i < sizeof(PREFIXES) / sizeof(PREFIXES[0]); i++)
        if (str_starts(name, PREFIXES[i])) {
            name = str_from(name, PREFIXES[i].len);
            break;
        }
    /* A key without quotes. */
    char *out = str_cstr(arena, name);
    for (char *c = out; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", *c))
            *c = '_';
    return name.len ? str_from_c(out) : S("main");
}

static void detect_pytest_benchmark(const Look *look, Draft *draft)
{
    Str named = names_pytest_benchmark(look), found = {0};
    array_each (Str, file, &look->files)
        if (!found.len && is_pytest_file(*file) && uses_benchmark_fixture(look, *file))
            found = *file;
    if (!found.len && !named.len)
        return;
    draft->harness = S("pytest-benchmark");
    draft->profiler = S("py-spy");
    draft->because = named.len ? words(look->arena, S("pytest-benchmark in "), named)
                               : words(look->arena, S("the benchmark fixture in "), found);
    if (!found.len)
        return;
    draft->name = name_from(look->arena, found);
    draft->benchmark = str_fmt(look->arena, "python -m pytest -q " STR_FMT,
                               STR_ARG(workload_join(look->arena, &found, 1)));
}

static bool is_python_project(const Look *look)
{
    if (has_file(look, S("pyproject.toml")) || has_file(look, S("setup.py")))
        return true;
    array_each (Str, file, &look->files)
        if (str_ends(*file, S(".py")))
            return true;
    return false;
}

/* The tests that are no benchmarks: a folder of their own when there is one. */
static Str python_tests(const Look *look)
{
    static const Str FOLDERS[] = {STR_CONST("tests/"), STR_CONST("test/")};
    bool any = false, pytest = has_file(look, S("pytest.ini")) || has_file(look, S("conftest.py"));
    for (size_t i = 0; i < sizeof(FOLDERS) / sizeof(FOLDERS[0]); i++)
        array_each (Str, file, &look->files)
            if (str_starts(*file, FOLDERS[i]) && is_pytest_file(*file))
                return words(look->arena, S("python -m pytest -q "),
                             str_head(FOLDERS[i], FOLDERS[i].len - 1));
    array_each (Str, file, &look->files)
        any |= is_pytest_file(*file);
    return any || pytest ? S("python -m pytest -q") : (Str){0};
}

/* A program to start, when there is no benchmark. */
static void detect_script(const Look *look, Draft *draft)
{
    array_each (Str, file, &look->files) {
        Str name = path_base(*file);
        bool bench = str_starts(name, S("bench")) && str_ends(name, S(".py"));
        if (!bench || is_pytest_file(*file))
            continue;
        draft->name = name_from(look->arena, *file);
        draft->benchmark = words(look->arena, S("python "), workload_join(look->arena, file, 1));
        draft->because = words(look->arena, S("the script "), *file);
        return;
    }
}

static void detect_python(const Look *look, Draft *draft)
{
    if (!is_python_project(look))
        return;
    draft->profiler = S("py-spy");
    draft->because = S("Python files");
    detect_pytest_benchmark(look, draft);
    if (!draft->harness.len)
        detect_script(look, draft);
    draft->tests = python_tests(look);
}

/* ---------------------------------------------------------------- Rust */

static void detect_rust(const Look *look, Draft *draft)
{
    if (draft->benchmark.len || !has_file(look, S("Cargo.toml")))
        return;
    TomlDoc cargo = toml_read(look->arena, text_of(look, S("Cargo.toml")));
    bool criterion = toml_get(toml_get(cargo.root, S("dev-dependencies")), S("criterion")) ||
                     toml_get(toml_get(cargo.root, S("dependencies")), S("criterion"));
    *draft =
        (Draft){.tests = S("cargo test -q"), .profiler = S("perf"), .because = S("Cargo.toml")};
    array_each (Str, file, &look->files) {
        if (!criterion || !str_starts(*file, S("benches/")) || !str_ends(*file, S(".rs")))
            continue;
        Str bench = path_base(*file);
        bench = str_head(bench, bench.len - 3);
        draft->name = name_from(look->arena, *file);
        draft->harness = S("criterion");
        /* criterion's own choice is 8 s for each benchmark, too long for pairs of runs. */
        draft->benchmark = str_fmt(look->arena,
                                   "cargo bench --bench " STR_FMT
                                   " -- --noplot --warm-up-time 1 --measurement-time 1",
                                   STR_ARG(bench));
        draft->build =
            str_fmt(look->arena, "cargo bench --no-run --bench " STR_FMT, STR_ARG(bench));
        draft->because = words(look->arena, S("criterion in Cargo.toml and "), *file);
        return;
    }
}

Draft detect_project(Arena *arena, Str root)
{
    Look look = {.arena = arena, .root = root};
    Draft draft = {0};
    list_files(&look, (Str){0}, 0);
    if (look.files.len)
        qsort(look.files.items, look.files.len, sizeof(Str), by_name);
    detect_python(&look, &draft);
    detect_rust(&look, &draft);
    if (!draft.name.len)
        draft.name = S("main");
    if (!draft.harness.len)
        draft.harness = S("command");
    if (!draft.because.len)
        draft.because = S("nothing that looks like a benchmark");
    return draft;
}

/* ---------------------------------------------------------------- the file */

static void add_text(StrBuf *out, Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '"' || c == '\\')
            strbuf_fmt(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            strbuf_fmt(out, "\\u%04x", c);
        else
            strbuf_char(out, (char)c);
    }
}

/* key = "value"  # comment; a key without a value is commented out, with an example. */
static void add_key(StrBuf *out, const char *key, Str value, const char *example)
{
    strbuf_fmt(out, "%s%-9s = \"", value.len ? "" : "# ", key);
    add_text(out, value.len ? value : str_from_c(example));
    strbuf_add(out, S("\"\n"));
}

Str detect_file_text(Arena *arena, const Draft *draft)
{
    bool process = str_eq(draft->harness, S("command"));
    StrBuf out = strbuf_new(arena);
    strbuf_fmt(&out,
               "# What is optimized here, and how one knows that it got better. Drafted by "
               "perfloop init:\n# it saw " STR_FMT ".\n\n[workload." STR_FMT "]\n",
               STR_ARG(draft->because), STR_ARG(draft->name));
    strbuf_add(&out,
               S("# The command that is measured and profiled. It runs only after you agreed: "
                 "perfloop trust\n"));
    add_key(&out, "benchmark", draft->benchmark, "the command to measure");
    strbuf_add(&out, S("# How numbers come out of it.\n"));
    add_key(&out, "harness", draft->harness, "");
    strbuf_fmt(&out, "# The one number that decides: %s.\n",
               process ? "wall, cpu_time, peak_rss or utilization"
                       : "p50, p99, mean or throughput");
    add_key(&out, "metric", (Str){0}, process ? "wall" : "p50");
    strbuf_add(&out,
               S("# When to stop: a number with its unit, or a change against the baseline.\n"));
    add_key(&out, "target", (Str){0}, "-30 %");
    strbuf_add(&out, S("# Run before a change is kept; when they fail, nothing is committed.\n"));
    add_key(&out, "tests", draft->tests, "the command that runs the tests");
    if (draft->build.len)
        add_key(&out, "build", draft->build, "");
    strbuf_add(&out, S("# Files the benchmark reads: when they change, a new baseline is needed.\n"
                       "# inputs    = [\"data/corpus.txt\"]\n"));
    if (draft->profiler.len)
        strbuf_fmt(&out, "profilers = [\"" STR_FMT "\"]\n", STR_ARG(draft->profiler));
    strbuf_add(&out, S("# What a change must keep, in words.\n"
                       "# constraints = [\"parse() keeps its signature\"]\n"));
    return strbuf_str(&out);
}

/* Makes the file only when nobody has: O_EXCL, so that not even a link is written through. */
static bool write_new(Arena *arena, Str path, Str text, Err *err)
{
    int fd =
        open(str_cstr(arena, path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0 && errno == EEXIST)
        return err_set(err, ERR_CONFLICT, STR_FMT " is there already; it was left as it is",
                       STR_ARG(path));
    if (fd < 0)
        return err_set(err, ERR_IO, STR_FMT ": %s", STR_ARG(path), strerror(errno));
    while (text.len) {
        ssize_t put = write(fd, text.ptr, text.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0) {
            err_set(err, ERR_IO, STR_FMT ": %s", STR_ARG(path), strerror(errno));
            close(fd);
            unlink(str_cstr(arena, path));
            return false;
        }
        text = str_from(text, (size_t)put);
    }
    close(fd);
    return true;
}

bool detect_write(Arena *arena, Str root, const Draft *draft, Str *path, Err *err)
{
    WorkloadFile there;
    Err none = {0};
    Str target = path_join(arena, root, S("perfloop.toml"));
    if (!file_exists(target) && workloads_load(arena, root, NULL, &there, &none))
        return err_set(err, ERR_CONFLICT,
                       STR_FMT " has a perfloop section already; nothing was written",
                       STR_ARG(path_join(arena, root, there.name)));
    if (!write_new(arena, target, detect_file_text(arena, draft), err))
        return false;
    *path = target;
    return true;
}
