#include "runners/measure/conditions.h"

#include <gnu/libc-version.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_in.h"
#include "base/json_out.h"
#include "base/map.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/measure/gpus.h"
#include "runners/process.h"

extern char **environ;

/* Differ from terminal to terminal and change no program's speed. A trailing * stands for any end. */
static const char *const UNIMPORTANT[] = {
    "PWD",
    "OLDPWD",
    "SHLVL",
    "_",
    "TERM*",
    "COLORTERM",
    "COLUMNS",
    "LINES",
    "PS1",
    "PROMPT*",
    "HIST*",
    "SSH_*",
    "TTY",
    "GPG_*",
    "XDG_*",
    "DISPLAY",
    "WAYLAND_*",
    "WINDOW*",
    "DBUS_*",
    "DESKTOP*",
    "GDM*",
    "LS_COLORS",
    "LESS*",
    "PAGER",
    "EDITOR",
    "VISUAL",
    "NVIM*",
    "VIM*",
    "MYVIMRC",
    "VSCODE_*",
    "ELECTRON_*",
    "EMACS*",
    "INSIDE_EMACS",
    "GIT_*",
    "PERFLOOP*",
    "TMUX*",
    "STY",
    "KITTY_*",
    "ITERM_*",
    "WT_*",
    "USER",
    "LOGNAME",
    "MAIL",
    "HOSTNAME",
    "SUDO_*",
    "CTEST_*",
    "DASHBOARD_TEST*",
    "npm_*",
    "BENCH_SIDE",
    "TMPDIR",
    "NO_COLOR",
    "FORCE_COLOR",
};

/* Programs that are known to answer --version at once. */
static const char *const KNOWN_TOOLS[] = {
    "cc",    "gcc",   "clang", "c++",    "g++",     "clang++", "ld",   "rustc",
    "cargo", "cmake", "make",  "python", "python3", "node",    "ruby", "nvcc",
};

typedef struct Collector {
    Arena *arena;
    const ConditionsOptions *options;
    Conditions list;
} Collector;

static void add(Collector *to, const char *group, Str key, Str value)
{
    if (value.len)
        *array_push(to->arena, &to->list) =
            (Condition){.group = str_from_c(group), .key = key, .value = value};
}

/* A file of proc or sys without the blanks at its ends; empty when it cannot be read. */
static Str system_text(Collector *to, const char *path)
{
    Err err = {0};
    Str text;
    Str full = to->options->system_root.len
                   ? path_join(to->arena, to->options->system_root, str_from_c(path))
                   : str_fmt(to->arena, "/%s", path);
    if (!file_read(to->arena, full, 1024 * 1024, &text, &err))
        return (Str){0};
    return str_trim(text);
}

/* The value of the first line "name<blanks>: value" or "name value". */
static Str field(Str text, Str name)
{
    for (Str line; str_next_line(&text, &line);) {
        if (!str_starts(line, name))
            continue;
        Str rest = str_trim(str_from(line, name.len));
        if (str_starts(rest, S(":")))
            rest = str_trim(str_from(rest, 1));
        return rest;
    }
    return (Str){0};
}

static Str short_hash(Arena *arena, Str text)
{
    return str_copy(arena, str_head(digest_hex(arena, digest_of(text)), 16));
}

/* ---------------------------------------------------------------- benchmark */

static void collect_benchmark(Collector *to)
{
    const ConditionsOptions *options = to->options;
    StrBuf command = strbuf_new(to->arena);
    for (size_t i = 0; i < options->argc; i++)
        strbuf_fmt(&command, "%s" STR_FMT, i ? " " : "", STR_ARG(options->argv[i]));
    add(to, "benchmark", S("command"), strbuf_str(&command));
    for (size_t i = 0; i < options->input_count; i++) {
        Err err = {0};
        FileMap map;
        Str path = path_join(to->arena, options->dir, options->inputs[i]);
        Str value = S("missing");
        if (file_is_dir(path))
            value = S("folder");
        else if (file_map(path, &map, &err)) {
            value = short_hash(to->arena, map.bytes);
            file_unmap(&map);
        }
        add(to, "benchmark", str_fmt(to->arena, "input " STR_FMT, STR_ARG(options->inputs[i])),
            value);
    }
}

/* ---------------------------------------------------------------- toolchain */

static bool is_known_tool(Str name)
{
    for (size_t i = 0; i < sizeof(KNOWN_TOOLS) / sizeof(KNOWN_TOOLS[0]); i++)
        if (str_eq(name, str_from_c(KNOWN_TOOLS[i])))
            return true;
    return false;
}

static void add_tool(Collector *to, Str program)
{
    const Str argv[] = {program, S("--version")};
    ProcessOptions options = {.argv = argv, .argc = 2, .cwd = to->options->dir, .timeout_s = 10};
    ProcessResult result;
    Err err = {0};
    if (!is_known_tool(path_base(program)) || !process_run(to->arena, &options, &result, &err))
        return;
    Str rest = result.out.len ? result.out : result.errors;
    Str line;
    if (str_next_line(&rest, &line))
        add(to, "toolchain", path_base(program), str_trim(line));
}

static void collect_toolchain(Collector *to)
{
    const ConditionsOptions *options = to->options;
    add(to, "toolchain", S("libc"), str_from_c(gnu_get_libc_version()));
    if (options->argc)
        add_tool(to, options->argv[0]);
    for (size_t i = 0; i < options->tool_count; i++)
        add_tool(to, options->tools[i]);
    add(to, "toolchain", S("runtime"), options->runtime);
    if (!digest_is_zero(options->libraries))
        add(to, "toolchain", S("libraries"), digest_hex(to->arena, options->libraries));
}

/* ---------------------------------------------------------------- env */

static bool is_unimportant(Str name)
{
    for (size_t i = 0; i < sizeof(UNIMPORTANT) / sizeof(UNIMPORTANT[0]); i++) {
        Str pattern = str_from_c(UNIMPORTANT[i]);
        if (str_ends(pattern, S("*")) ? str_starts(name, str_head(pattern, pattern.len - 1))
                                      : str_eq(name, pattern))
            return true;
    }
    return false;
}

static int by_name(const void *left, const void *right)
{
    return str_cmp(*(const Str *)left, *(const Str *)right);
}

static void add_variables(Collector *to)
{
    Array(Str) variables = {0};
    Str name, value;
    for (char **at = environ; *at; at++)
        if (str_cut(str_from_c(*at), '=', &name, &value) && !is_unimportant(name))
            *array_push(to->arena, &variables) = str_from_c(*at);
    if (variables.len)
        qsort(variables.items, variables.len, sizeof(Str), by_name);
    array_each (Str, variable, &variables)
        if (str_cut(*variable, '=', &name, &value))
            add(to, "env", str_fmt(to->arena, "$" STR_FMT, STR_ARG(name)),
                short_hash(to->arena, value));
}

static void add_limit(Collector *to, Str name, __rlimit_resource_t what)
{
    struct rlimit limit;
    if (getrlimit(what, &limit) == 0)
        add(to, "env", name,
            limit.rlim_cur == RLIM_INFINITY
                ? S("unlimited")
                : str_fmt(to->arena, "%llu", (unsigned long long)limit.rlim_cur));
}

/* Our group's own file, where the unified hierarchy is mounted. */
static Str cgroup_text(Collector *to, const char *file)
{
    Str path = field(system_text(to, "proc/self/cgroup"), S("0:"));
    if (!str_starts(path, S(":/")))
        path = str_starts(path, S("/")) ? path : S("/");
    else
        path = str_from(path, 1);
    Str full = str_fmt(to->arena, "sys/fs/cgroup" STR_FMT "/%s", STR_ARG(path), file);
    return system_text(to, str_cstr(to->arena, full));
}

static void collect_env(Collector *to)
{
    add_variables(to);
    add_limit(to, S("stack limit"), RLIMIT_STACK);
    add_limit(to, S("memory limit"), RLIMIT_AS);
    add_limit(to, S("files limit"), RLIMIT_NOFILE);
    mode_t mask = umask(022);
    umask(mask);
    add(to, "env", S("umask"), str_fmt(to->arena, "%03o", (unsigned)mask));
    add(to, "env", S("nice"), str_fmt(to->arena, "%d", getpriority(PRIO_PROCESS, 0)));
    add(to, "env", S("scheduling policy"), str_fmt(to->arena, "%d", sched_getscheduler(0)));
    add(to, "env", S("address randomization"),
        system_text(to, "proc/sys/kernel/randomize_va_space"));
    add(to, "env", S("huge pages"), system_text(to, "sys/kernel/mm/transparent_hugepage/enabled"));
    add(to, "env", S("cgroup cpu.max"), cgroup_text(to, "cpu.max"));
    add(to, "env", S("cgroup memory.max"), cgroup_text(to, "memory.max"));
    add(to, "env", S("processors allowed"),
        field(system_text(to, "proc/self/status"), S("Cpus_allowed_list")));
}

/* ---------------------------------------------------------------- hardware, power, load */

static void collect_hardware(Collector *to)
{
    Str cpu = system_text(to, "proc/cpuinfo");
    add(to, "hardware", S("cpu"), field(cpu, S("model name")));
    add(to, "hardware", S("stepping"), field(cpu, S("stepping")));
    add(to, "hardware", S("microcode"), field(cpu, S("microcode")));
    add(to, "hardware", S("hypervisor"),
        str_has(field(cpu, S("flags")), S("hypervisor")) ? S("yes") : S("no"));
    add(to, "hardware", S("processors"), system_text(to, "sys/devices/system/cpu/online"));
    add(to, "hardware", S("threads per core"),
        system_text(to, "sys/devices/system/cpu/smt/active"));
    add(to, "hardware", S("hybrid cores"), system_text(to, "sys/devices/cpu_core/cpus"));
    add(to, "hardware", S("cache"),
        system_text(to, "sys/devices/system/cpu/cpu0/cache/index3/size"));
    add(to, "hardware", S("memory"), field(system_text(to, "proc/meminfo"), S("MemTotal")));
    add(to, "hardware", S("numa nodes"), system_text(to, "sys/devices/system/node/online"));
    add(to, "hardware", S("kernel"), system_text(to, "proc/sys/kernel/osrelease"));
    add(to, "hardware", S("boot id"), system_text(to, "proc/sys/kernel/random/boot_id"));
    add(to, "hardware", S("page size"), str_fmt(to->arena, "%ld", sysconf(_SC_PAGESIZE)));
    struct statfs about;
    if (to->options->dir.len && statfs(str_cstr(to->arena, to->options->dir), &about) == 0)
        add(to, "hardware", S("file system"),
            str_fmt(to->arena, "%lx", (unsigned long)about.f_type));
}

static void collect_power(Collector *to)
{
    static const char *const FILES[][2] = {
        {"governor", "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"},
        {"lowest frequency", "sys/devices/system/cpu/cpu0/cpufreq/scaling_min_freq"},
        {"highest frequency", "sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq"},
        {"turbo off", "sys/devices/system/cpu/intel_pstate/no_turbo"},
        {"boost", "sys/devices/system/cpu/cpufreq/boost"},
        {"mains", "sys/class/power_supply/AC/online"},
        {"times throttled", "sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count"},
    };
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++)
        add(to, "power", str_from_c(FILES[i][0]), system_text(to, FILES[i][1]));
}

static void collect_load(Collector *to)
{
    Str load = system_text(to, "proc/loadavg");
    Str one;
    if (str_cut(load, ' ', &one, &load))
        add(to, "load", S("load average"), one);
    Str stat = system_text(to, "proc/stat");
    add(to, "load", S("running"), field(stat, S("procs_running")));
    Str pressure;
    for (size_t i = 0; i < 3; i++) {
        static const char *const KINDS[] = {"cpu", "memory", "io"};
        Str path = str_fmt(to->arena, "proc/pressure/%s", KINDS[i]);
        pressure = system_text(to, str_cstr(to->arena, path));
        Str some = field(pressure, S("some avg10="));
        add(to, "load", str_fmt(to->arena, "%s pressure", KINDS[i]),
            str_head(some, str_find(some, S(" "), 0)));
    }
}

Conditions conditions_collect(Arena *arena, const ConditionsOptions *options)
{
    Collector to = {.arena = arena, .options = options};
    collect_benchmark(&to);
    collect_toolchain(&to);
    collect_env(&to);
    collect_hardware(&to);
    collect_power(&to);
    collect_load(&to);
    if (options->gpus)
        gpus_collect(arena, &to.list);
    return to.list;
}

/* ---------------------------------------------------------------- JSON and digests */

static Digest group_digest(Arena *arena, const Conditions *conditions, Str group)
{
    Digester *digester = digester_new(arena);
    array_each (Condition, item, conditions) {
        if (!str_eq(item->group, group))
            continue;
        digester_add(digester, item->key);
        digester_add(digester, item->value);
    }
    return digester_done(digester);
}

Str conditions_json(Arena *arena, const Conditions *conditions)
{
    StrBuf buf = strbuf_new(arena);
    JsonOut out = json_out(&buf);
    Str group = {0};
    json_open(&out, '{');
    array_each (Condition, item, conditions) {
        if (!str_eq(item->group, group)) {
            if (group.len)
                json_close(&out, '}');
            group = item->group;
            json_key_text(&out, group);
            json_open(&out, '{');
            json_key_str(&out, "hash", digest_hex(arena, group_digest(arena, conditions, group)));
        }
        json_key_text(&out, item->key);
        json_put_str(&out, item->value);
    }
    if (group.len)
        json_close(&out, '}');
    json_close(&out, '}');
    return strbuf_str(&buf);
}

bool conditions_from_json(Arena *arena, Str json, Conditions *out, Err *err)
{
    CLEANUP(json_cleanup) JsonIn root = {0};
    if (!json_parse(arena, json, &root, err))
        return err_wrap(err, "conditions");
    Conditions list = {0};
    Str group, key;
    JsonIn items, value;
    for (void *at = NULL; json_next(root, &at, &group, &items);)
        for (void *inner = NULL; json_next(items, &inner, &key, &value);)
            if (!str_eq(key, S("hash")))
                *array_push(arena, &list) =
                    (Condition){str_copy(arena, group), str_copy(arena, key), json_as_str(value)};
    if (!json_ok(root, err))
        return err_wrap(err, "conditions");
    *out = list;
    return true;
}

Digest conditions_digest(Arena *arena, const Conditions *conditions)
{
    Digester *digester = digester_new(arena);
    array_each (Condition, item, conditions) {
        if (str_eq(item->group, S("load")))
            continue;
        digester_add(digester, item->group);
        digester_add(digester, item->key);
        digester_add(digester, item->value);
    }
    return digester_done(digester);
}

/* ---------------------------------------------------------------- differences */

enum {
    NOTHING = -1
};

static const struct {
    Str group;
    int actions[4]; /* by ConditionsWhen */
} RULES[] = {
    {STR_CONST("benchmark"),
     {CONDITION_INVALID, CONDITION_ABORT, CONDITION_ABORT, CONDITION_REMEASURE}},
    {STR_CONST("toolchain"),
     {CONDITION_NOTE, CONDITION_ABORT, CONDITION_ABORT, CONDITION_REMEASURE}},
    {STR_CONST("env"), {CONDITION_INVALID, CONDITION_WARN, CONDITION_WARN, CONDITION_REMEASURE}},
    {STR_CONST("hardware"),
     {CONDITION_INVALID, CONDITION_ABORT, CONDITION_ABORT, CONDITION_REMEASURE}},
    {STR_CONST("power"), {NOTHING, CONDITION_NOTE, CONDITION_ABORT, CONDITION_REMEASURE}},
    {STR_CONST("load"), {NOTHING, NOTHING, NOTHING, CONDITION_NOTE}},
    {STR_CONST("gpu"), {NOTHING, CONDITION_ABORT, CONDITION_ABORT, CONDITION_REMEASURE}},
};

static int action_of(Str group, ConditionsWhen when)
{
    for (size_t i = 0; i < sizeof(RULES) / sizeof(RULES[0]); i++)
        if (str_eq(RULES[i].group, group))
            return RULES[i].actions[when];
    return CONDITION_NOTE;
}

static bool is_different(const Condition *before, const Condition *after)
{
    if (str_eq(before->group, S("gpu")))
        return gpus_differ(before, after ? after->value : (Str){0});
    return !after || !str_eq(before->value, after->value);
}

static Map *by_key(Arena *arena, const Conditions *conditions)
{
    Map *map = map_new(arena);
    array_each (Condition, item, conditions)
        map_put(map, str_fmt(arena, STR_FMT "\n" STR_FMT, STR_ARG(item->group), STR_ARG(item->key)),
                item);
    return map;
}

ConditionDifferences conditions_compare(Arena *arena, const Conditions *was, const Conditions *now,
                                        ConditionsWhen when)
{
    ConditionDifferences out = {0};
    Map *old = by_key(arena, was);
    Map *new = by_key(arena, now);
    map_each (entry, old) {
        const Condition *before = entry->value;
        const Condition *after = map_get(new, entry->key);
        int action = action_of(before->group, when);
        if (action != NOTHING && is_different(before, after))
            *array_push(arena, &out) = (ConditionDifference){
                *before, after ? after->value : (Str){0}, (ConditionAction)action};
    }
    map_each (entry, new) {
        const Condition *after = entry->value;
        int action = action_of(after->group, when);
        bool is_gpu = str_eq(after->group, S("gpu")); /* nothing is known of it before */
        if (action != NOTHING && !is_gpu && !map_has(old, entry->key))
            *array_push(arena, &out) = (ConditionDifference){
                {after->group, after->key, (Str){0}}, after->value, (ConditionAction)action};
    }
    return out;
}

ConditionAction conditions_worst(const ConditionDifferences *differences)
{
    ConditionAction worst = CONDITION_NOTE;
    array_each (ConditionDifference, difference, differences)
        worst = difference->action > worst ? difference->action : worst;
    return worst;
}

Str conditions_difference_text(Arena *arena, const ConditionDifference *difference)
{
    const Condition *was = &difference->was;
    Str gpu = gpus_difference_text(arena, was, difference->now);
    if (gpu.len)
        return gpu;
    if (str_starts(was->key, S("$")))
        return str_fmt(arena, STR_FMT ": the variable " STR_FMT " %s", STR_ARG(was->group),
                       STR_ARG(was->key),
                       !was->value.len        ? "is new"
                       : !difference->now.len ? "is no longer set"
                                              : "has another value");
    return str_fmt(arena, STR_FMT ": " STR_FMT " was " STR_FMT ", is " STR_FMT, STR_ARG(was->group),
                   STR_ARG(was->key), STR_ARG(was->value.len ? was->value : S("unset")),
                   STR_ARG(difference->now.len ? difference->now : S("unset")));
}
