#include "runners/allow.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json_in.h"
#include "base/json_out.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "base/utf8.h"

enum {
    STORE_BYTES_MAX = 16 * 1024 * 1024,
};

static Str store_path(Arena *arena, const Places *places)
{
    return path_join(arena, places->user_state, S("trust"));
}

/*
 * The part of a record that decides: root and words. Two commands are the same when these bytes
 * are. Words that are not UTF-8 are written as hexadecimal digits, since JSON would not keep them apart.
 */
static void put_word(JsonOut *out, Str word)
{
    if (utf8_is_valid(word)) {
        json_put_str(out, word);
        return;
    }
    json_open(out, '{');
    json_key(out, "bytes");
    StrBuf hex = strbuf_new(out->buf->arena);
    for (size_t i = 0; i < word.len; i++)
        strbuf_fmt(&hex, "%02x", (unsigned char)word.ptr[i]);
    json_put_str(out, strbuf_str(&hex));
    json_close(out, '}');
}

static Str record_key(Arena *arena, Str root, const WorkloadCommand *command)
{
    StrBuf buf = strbuf_new(arena);
    JsonOut out = json_out(&buf);
    json_open(&out, '[');
    put_word(&out, root);
    for (size_t i = 0; i < command->argc; i++)
        put_word(&out, command->argv[i]);
    json_close(&out, ']');
    return strbuf_str(&buf);
}

static Str record_line(Arena *arena, Str root, const WorkloadCommand *command)
{
    StrBuf buf = strbuf_new(arena);
    JsonOut out = json_out(&buf);
    json_open(&out, '{');
    json_key_raw(&out, "key", record_key(arena, root, command));
    json_key_str(&out, "root", root);
    json_key_str(&out, "command", command->text);
    json_key_bool(&out, "shell", command->shell);
    json_key_i64(&out, "since", clock_unix_s());
    json_close(&out, '}');
    strbuf_char(&buf, '\n');
    return strbuf_str(&buf);
}

/* A line that cannot be read is no agreement. */
static bool read_record(Arena *arena, Str line, Allowed *out, Str *key)
{
    Err err = {0};
    JsonIn in = {0};
    if (!json_parse(arena, line, &in, &err))
        return false;
    *out = (Allowed){.root = json_str(in, "root"),
                     .command = json_str(in, "command"),
                     .shell = json_bool(in, "shell"),
                     .since_s = json_i64(in, "since"),
                     .line = line};
    *key = json_text(arena, json_list(in, "key"));
    bool ok = json_ok(in, &err);
    json_done(in);
    return ok;
}

/* No store yet is an empty one. */
static bool read_store(Arena *arena, const Places *places, Str *text, Err *err)
{
    Err why = {0};
    *text = (Str){0};
    if (file_read(arena, store_path(arena, places), STORE_BYTES_MAX, text, &why) ||
        why.kind == ERR_NOT_FOUND)
        return true;
    *err = why;
    return err_wrap(err, "trust store");
}

bool allow_is_agreed(Arena *arena, const Places *places, const WorkloadCommand *command)
{
    Err err = {0};
    Str text, line, wanted = record_key(arena, places->root, command);
    if (!read_store(arena, places, &text, &err))
        return false;
    while (str_next_line(&text, &line)) {
        Allowed allowed;
        Str key;
        if (read_record(arena, line, &allowed, &key) && str_eq(key, wanted))
            return true;
    }
    return false;
}

/* Two editors may agree at the same moment: whoever rewrites the store holds its lock. */
static int lock_store(Arena *arena, const Places *places, Err *err)
{
    Str path = str_fmt(arena, STR_FMT ".lock", STR_ARG(store_path(arena, places)));
    if (!file_make_dirs(places->user_state, err))
        return -1;
    int fd = open(str_cstr(arena, path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    while (fd >= 0 && flock(fd, LOCK_EX) < 0)
        if (errno != EINTR)
            break;
    if (fd < 0)
        err_set(err, ERR_IO, STR_FMT ": %s", STR_ARG(path), strerror(errno));
    return fd;
}

bool allow_add(Arena *arena, const Places *places, const WorkloadCommand *command, Err *err)
{
    CLEANUP(fd_close) int lock = lock_store(arena, places, err);
    Str text;
    if (lock < 0 || !read_store(arena, places, &text, err))
        return false;
    if (allow_is_agreed(arena, places, command))
        return true;
    StrBuf out = strbuf_new(arena);
    strbuf_add(&out, text);
    if (text.len && !str_ends(text, S("\n")))
        strbuf_char(&out, '\n');
    strbuf_add(&out, record_line(arena, places->root, command));
    return file_write(store_path(arena, places), strbuf_str(&out), err);
}

bool allow_revoke(Arena *arena, const Places *places, size_t *removed, Err *err)
{
    CLEANUP(fd_close) int lock = lock_store(arena, places, err);
    Str text, line;
    if (lock < 0 || !read_store(arena, places, &text, err))
        return false;
    size_t count = 0;
    StrBuf out = strbuf_new(arena);
    while (str_next_line(&text, &line)) {
        Allowed allowed;
        Str key;
        bool ours = read_record(arena, line, &allowed, &key) && str_eq(allowed.root, places->root);
        count += ours;
        if (ours)
            continue;
        strbuf_add(&out, line);
        strbuf_char(&out, '\n');
    }
    if (count && !file_write(store_path(arena, places), strbuf_str(&out), err))
        return false;
    *removed = count;
    return true;
}

bool allow_list(Arena *arena, const Places *places, bool every_root, AllowedList *out, Err *err)
{
    Str text, line;
    AllowedList list = {0};
    if (!read_store(arena, places, &text, err))
        return false;
    while (str_next_line(&text, &line)) {
        Allowed allowed;
        Str key;
        if (read_record(arena, line, &allowed, &key) &&
            (every_root || str_eq(allowed.root, places->root)))
            *array_push(arena, &list) = allowed;
    }
    *out = list;
    return true;
}

bool allow_check(Arena *arena, Report *report, const Places *places, const WorkloadCommand *command,
                 Err *err)
{
    static const Str CHOICES[] = {STR_CONST("Allow"), STR_CONST("No")};
    size_t choice;
    if (command->argc == 0 || allow_is_agreed(arena, places, command))
        return true;
    Question question = {
        .id = S("trust"),
        .message =
            str_fmt(arena, "Run '" STR_FMT "'%s in " STR_FMT "? Asked once for each command.",
                    STR_ARG(command->text), command->shell ? " through a shell" : "",
                    STR_ARG(places->root)),
        .flag = S("--yes"),
        .choices = CHOICES,
        .choice_count = 2,
    };
    if (!report_ask(report, &question, &choice, err))
        return false;
    if (choice != 0)
        return err_set(err, ERR_UNTRUSTED,
                       "'" STR_FMT "' was not run: not agreed to; perfloop trust agrees to it",
                       STR_ARG(command->text));
    return allow_add(arena, places, command, err);
}
