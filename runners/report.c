#include "runners/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_in.h"
#include "base/strbuf.h"

enum {
    PROGRESS_EVERY_MS = 100,
    LOG_EVERY_MS = 10 * 1000, /* where each progress is a line that stays */
    ANSWER_BYTES_MAX = 4096,
};

volatile sig_atomic_t report_cancelled;

static void on_signal(int number)
{
    (void)number;
    report_cancelled = 1;
}

void report_catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART: reads return EINTR */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static unsigned long now_ms(void)
{
    return (unsigned long)(clock_now_ns() / 1000000);
}

Report report_new(ReportMode mode)
{
    return (Report){
        .mode = mode,
        .on_terminal = mode == REPORT_TEXT && isatty(STDERR_FILENO),
        .last_percent = -1,
        .last_ms = now_ms(),
    };
}

static void end_line(Report *report)
{
    if (report->line_open)
        fputs("\r\033[K", stderr);
    report->line_open = false;
}

static JsonOut open_event(StrBuf *line, const char *kind)
{
    JsonOut out = json_out(line);
    json_open(&out, '{');
    if (kind)
        json_key_str(&out, "event", str_from_c(kind));
    return out;
}

static void write_event(StrBuf *line, JsonOut *out)
{
    json_close(out, '}');
    strbuf_char(line, '\n');
    fwrite(line->ptr, 1, line->len, stdout);
    fflush(stdout);
}

static bool too_soon(Report *report, int percent)
{
    unsigned long now = now_ms();
    bool log = report->mode == REPORT_TEXT && !report->on_terminal;
    bool same = percent == report->last_percent || percent < 0;
    unsigned long every_ms = log ? LOG_EVERY_MS : PROGRESS_EVERY_MS;
    if ((log || (same && report->told)) && now - report->last_ms < every_ms)
        return true;
    report->told = true;
    report->last_ms = now;
    report->last_percent = percent;
    return false;
}

void report_progress(Report *report, int percent, const char *fmt, ...)
{
    if (report->mode == REPORT_JSON || too_soon(report, percent))
        return;
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("report");
    va_list args;
    va_start(args, fmt);
    Str message = str_vfmt(scratch, fmt, args);
    va_end(args);
    if (report->mode == REPORT_EVENTS) {
        StrBuf line = strbuf_new(scratch);
        JsonOut out = open_event(&line, "progress");
        json_key_str(&out, "message", message);
        if (percent >= 0)
            json_key_i64(&out, "percent", percent > 100 ? 100 : percent);
        write_event(&line, &out);
        return;
    }
    Str share = percent >= 0 ? str_fmt(scratch, "%3d %% ", percent) : S("");
    fprintf(stderr, "%s" STR_FMT STR_FMT "%s", report->on_terminal ? "\r\033[K" : "",
            STR_ARG(share), STR_ARG(message), report->on_terminal ? "" : "\n");
    report->line_open = report->on_terminal;
}

void report_note(Report *report, const char *fmt, ...)
{
    if (report->mode == REPORT_JSON)
        return;
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("report");
    va_list args;
    va_start(args, fmt);
    Str message = str_vfmt(scratch, fmt, args);
    va_end(args);
    end_line(report);
    if (report->mode == REPORT_TEXT) {
        fprintf(stderr, STR_FMT "\n", STR_ARG(message));
        return;
    }
    StrBuf line = strbuf_new(scratch);
    JsonOut out = open_event(&line, "note");
    json_key_str(&out, "message", message);
    write_event(&line, &out);
}

/* One line of standard input, unbuffered, so that nothing after it is swallowed. */
static bool read_line(Arena *arena, Str *out, Err *err)
{
    StrBuf line = strbuf_new(arena);
    while (line.len < ANSWER_BYTES_MAX) {
        char c;
        ssize_t got = read(STDIN_FILENO, &c, 1);
        if (report_cancelled || (got < 0 && errno != EINTR))
            return err_set(err, ERR_CANCELLED, "cancelled");
        if (got == 0 && line.len == 0)
            return err_set(err, ERR_CANCELLED, "the question was not answered");
        if (got < 0)
            continue;
        if (got == 0 || c == '\n')
            break;
        strbuf_char(&line, c);
    }
    *out = str_trim(strbuf_str(&line));
    return true;
}

static bool find_choice(const Question *question, Str answer, size_t *choice)
{
    for (size_t i = 0; i < question->choice_count; i++) {
        if (!str_eq(answer, question->choices[i]))
            continue;
        *choice = i;
        return true;
    }
    return false;
}

static bool ask_editor(Arena *scratch, const Question *question, size_t *choice, Err *err)
{
    StrBuf line = strbuf_new(scratch);
    JsonOut out = open_event(&line, "ask");
    json_key_str(&out, "id", question->id);
    json_key_str(&out, "message", question->message);
    json_key_strs(&out, "choices", question->choices, question->choice_count);
    write_event(&line, &out);
    Str text;
    CLEANUP(json_cleanup) JsonIn root = {0};
    if (!read_line(scratch, &text, err) || !json_parse(scratch, text, &root, err))
        return false;
    if (!find_choice(question, json_opt_str(root, "answer", S("")), choice))
        return err_set(err, ERR_CANCELLED, "cancelled");
    return true;
}

static bool ask_person(Arena *scratch, const Question *question, size_t *choice, Err *err)
{
    fprintf(stderr, STR_FMT "\n", STR_ARG(question->message));
    for (size_t i = 0; i < question->choice_count; i++)
        fprintf(stderr, "  %zu  " STR_FMT "\n", i + 1, STR_ARG(question->choices[i]));
    fprintf(stderr, "> ");
    Str text;
    uint64_t number;
    if (!read_line(scratch, &text, err))
        return false;
    if (str_to_u64(text, &number) && number >= 1 && number <= question->choice_count) {
        *choice = (size_t)number - 1;
        return true;
    }
    if (!find_choice(question, text, choice))
        return err_set(err, ERR_CANCELLED, "cancelled");
    return true;
}

bool report_ask(Report *report, const Question *question, size_t *choice, Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("report");
    if (report->assume_yes) {
        *choice = 0;
        return true;
    }
    end_line(report);
    if (report->mode == REPORT_EVENTS)
        return ask_editor(scratch, question, choice, err);
    if (report->mode == REPORT_TEXT && isatty(STDIN_FILENO))
        return ask_person(scratch, question, choice, err);
    return err_set(err, ERR_UNTRUSTED, STR_FMT " (nobody to ask: pass " STR_FMT " to agree)",
                   STR_ARG(question->message), STR_ARG(question->flag));
}

void report_result(Report *report, Str status, Str sentence, ReportFields *more,
                   const void *context)
{
    end_line(report);
    if (report->mode == REPORT_TEXT) {
        printf(STR_FMT "\n", STR_ARG(sentence));
        fflush(stdout);
        return;
    }
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("report");
    StrBuf line = strbuf_new(scratch);
    JsonOut out = open_event(&line, report->mode == REPORT_EVENTS ? "result" : NULL);
    json_key_str(&out, "status", status);
    json_key_str(&out, "message", sentence);
    if (more)
        more(&out, context);
    write_event(&line, &out);
}

void report_table(Report *report, Str text, ReportFields *fields, const void *context)
{
    if (report->mode == REPORT_EVENTS) {
        report_result(report, S("ok"), text, fields, context);
        return;
    }
    end_line(report);
    if (report->mode == REPORT_TEXT) {
        fwrite(text.ptr, 1, text.len, stdout);
        return;
    }
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("report");
    StrBuf line = strbuf_new(scratch);
    JsonOut out = open_event(&line, NULL);
    fields(&out, context);
    write_event(&line, &out);
}

static Str kind_name(ErrKind kind)
{
    static const Str NAMES[] = {
        [ERR_NONE] = STR_CONST("none"),
        [ERR_IO] = STR_CONST("io"),
        [ERR_INPUT] = STR_CONST("input"),
        [ERR_NOT_FOUND] = STR_CONST("not-found"),
        [ERR_UNSUPPORTED] = STR_CONST("unsupported"),
        [ERR_TOOL] = STR_CONST("tool"),
        [ERR_CANCELLED] = STR_CONST("cancelled"),
        [ERR_CONFLICT] = STR_CONST("conflict"),
        [ERR_UNTRUSTED] = STR_CONST("untrusted"),
    };
    return NAMES[kind];
}

int report_failure(Report *report, const Err *err)
{
    end_line(report);
    if (report->mode == REPORT_TEXT) {
        fprintf(stderr, "perfloop: %s\n", err->msg);
    } else {
        CLEANUP(arena_cleanup) Arena *scratch = arena_new("report");
        StrBuf line = strbuf_new(scratch);
        JsonOut out = open_event(&line, report->mode == REPORT_EVENTS ? "error" : NULL);
        json_key_str(&out, report->mode == REPORT_EVENTS ? "kind" : "error", kind_name(err->kind));
        json_key_str(&out, "message", str_from_c(err->msg));
        write_event(&line, &out);
    }
    return err->kind == ERR_CANCELLED ? 130 : EXIT_FAILURE;
}
