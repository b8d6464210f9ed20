#include "runners/measure/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stats/random.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/strbuf.h"

enum {
    PAD_BYTES = 4096,      /* how much the environment's size varies: a page */
    PAD_STREAM = 0x706164, /* keeps these random numbers apart from the coins */
    CAPTURE_BYTES = 4 * 1024 * 1024,
};

Str side_text(size_t side)
{
    return side == 0 ? S("baseline") : S("candidate");
}

static Str side_folder(Arena *arena, const Session *session, size_t side)
{
    return str_fmt(arena, STR_FMT "/%c", STR_ARG(session->scratch), side == 0 ? 'a' : 'b');
}

bool session_init(Arena *arena, Session *session, Err *err)
{
    Str base = str_from_c(getenv("TMPDIR"));
    char *made = str_cstr(arena, str_fmt(arena, STR_FMT "/perfloop-bench-XXXXXX",
                                         STR_ARG(path_is_absolute(base) ? base : S("/tmp"))));
    if (!mkdtemp(made))
        return err_set(err, ERR_IO, "cannot make %s: %s", made, strerror(errno));
    session->scratch = str_from_c(made);
    session->repeat = session->repeat ? session->repeat : 1;
    for (size_t side = 0; side < 2; side++)
        if (!file_make_dirs(side_folder(arena, session, side), err))
            return false;
    return true;
}

void session_finish(Session *session)
{
    Err err = {0};
    if (session->scratch.len && !file_remove_tree(session->scratch, &err))
        log_warn("bench: %s", err.msg);
}

static Str report_path(Arena *arena, const Session *session, size_t side)
{
    return str_fmt(arena, STR_FMT "/report-%c", STR_ARG(session->scratch), side == 0 ? 'a' : 'b');
}

static ProcessOptions options_of(Arena *arena, const Session *session, size_t side,
                                 const SessionRun *how)
{
    HarnessEnv env = {0};
    Str folder = side_folder(arena, session, side);
    *array_push(arena, &env) = str_fmt(arena, "TMPDIR=" STR_FMT, STR_ARG(folder));
    *array_push(arena, &env) = side == 0 ? S("BENCH_SIDE=a") : S("BENCH_SIDE=b");
    harness_env(arena, session->harness, side, report_path(arena, session, side), &env);
    if (!getenv("PYTHONHASHSEED"))
        *array_push(arena, &env) = S("PYTHONHASHSEED=0");
    StrBuf pad = strbuf_new(arena);
    size_t size = (size_t)random_below(session->seed ^ PAD_STREAM, how->pair, PAD_BYTES);
    strbuf_add(&pad, S("PERFLOOP_PAD="));
    memset(strbuf_reserve(&pad, size), 'x', size);
    pad.len += size;
    *array_push(arena, &env) = strbuf_str(&pad);
    if (how->env)
        array_each (Str, variable, how->env)
            *array_push(arena, &env) = *variable;
    ProcessOptions options = {
        .cwd = session->sides[side].dir,
        .env = env.items,
        .env_count = env.len,
        .capture_bytes = CAPTURE_BYTES,
        .timeout_s = session->timeout_s * session->repeat,
        .repeat = session->repeat,
        .watch_ms = how->watch_ms,
        .cancel = session->cancel,
    };
    Str *argv;
    harness_command(arena, session->harness, session->sides[side].argv, session->sides[side].argc,
                    report_path(arena, session, side), &argv, &options.argc);
    options.argv = argv;
    return options;
}

/* The exit status, then the report. */
static bool finish_run(Arena *arena, const Session *session, size_t side, HarnessRun *run, Err *err)
{
    Str what = str_fmt(arena, "the benchmark of the " STR_FMT, STR_ARG(side_text(side)));
    if (!process_check(&run->process, what, err))
        return false;
    if (!harness_read(arena, session->harness, report_path(arena, session, side), run, err))
        return err_wrap(err, STR_FMT, STR_ARG(what));
    return true;
}

bool session_run(Arena *arena, const Session *session, size_t side, const SessionRun *how,
                 HarnessRun *out, bool *failed, Err *err)
{
    ProcessOptions options = options_of(arena, session, side, how);
    *failed = false;
    if (!process_run(arena, &options, &out->process, err))
        return false;
    *failed = !finish_run(arena, session, side, out, err);
    return !*failed;
}

bool session_together(Arena *arena, const Session *session, size_t first, int cpu,
                      const SessionRun *how, HarnessRun out[2], size_t *failed, Err *err)
{
    ProcessOptions options[2];
    ProcessResult results[2];
    *failed = 0;
    for (size_t side = 0; side < 2; side++) {
        options[side] = options_of(arena, session, side, how);
        options[side].on_cpu = true;
        options[side].cpu = cpu;
        options[side].timeout_s *= 2; /* they share it */
    }
    if (!process_together(arena, (const ProcessOptions *[]){&options[first], &options[1 - first]},
                          results, err))
        return false;
    out[first].process = results[0];
    out[1 - first].process = results[1];
    for (size_t side = 0; side < 2; side++) {
        if (!finish_run(arena, session, side, &out[side], err)) {
            *failed = side + 1;
            return false;
        }
    }
    return true;
}

/* With the side's folder and the TMPDIR written alike for both sides. */
static Str normal_output(Arena *arena, const Session *session, size_t side, Str text)
{
    Str folders[] = {session->sides[side].dir, side_folder(arena, session, side)};
    for (size_t i = 0; i < 2; i++) {
        StrBuf out = strbuf_new(arena);
        size_t from = 0;
        for (size_t at; (at = str_find(text, folders[i], from)) != SIZE_MAX;) {
            strbuf_add(&out, (Str){text.ptr + from, at - from});
            strbuf_char(&out, '.');
            from = at + folders[i].len;
        }
        if (from) {
            strbuf_add(&out, str_from(text, from));
            text = strbuf_str(&out);
        }
    }
    return text;
}

Digest session_output(Arena *arena, const Session *session, size_t side, const HarnessRun *run)
{
    const ProcessResult *process = &run->process;
    uint64_t runs = process->runs ? process->runs : 1;
    Digester *digester = digester_new(arena);
    if (harness_has_report(session->harness) || (runs > 1 && process->out_bytes > process->out.len))
        return (Digest){0};
    /* In a unit of several runs, all print the same, or the whole is compared and differs. */
    bool even = process->out_bytes % runs == 0;
    Str one = even ? str_head(process->out, (size_t)(process->out_bytes / runs)) : process->out;
    digester_add(digester, normal_output(arena, session, side, one));
    digester_add(digester, str_fmt(arena, "%llu", (unsigned long long)(process->out_bytes / runs)));
    return digester_done(digester);
}
