/*
 * Commands: workspace/executeCommand. Each answers at once, with {"job": "id"} where something runs
 * behind it, else null; what comes of it is progress and a message. The first argument is an object
 * {"workload", "iteration", "job", "uri", "line", "path", "metric", "benchmark"}, all optional.
 */

#include "base/array.h"
#include "base/json_out.h"
#include "base/strbuf.h"
#include "lsp/child.h"
#include "lsp/configure.h"
#include "lsp/heat/heat.h"
#include "lsp/methods.h"

typedef struct CommandArgs {
    Str workload;
    int64_t iteration; /* 0: none */
    Str job;
    Str path;
    Str metric;
    Str profile;
    Str benchmark; /* FILE::ID */
} CommandArgs;

enum CommandFlag {
    ACTS = 1,        /* refused in an untrusted workspace */
    OVERLAY = 2,     /* works on the texts as they are in the editor */
    MEASURES = 4,    /* no background work meanwhile */
    ITERATION = 8,   /* takes --iteration */
    PATH = 16,       /* takes a file */
    NAMED = 32,      /* takes the workload as an argument; others as --workload, if at all */
    ANY = 64,        /* takes no workload */
    BENCHMARK = 128, /* takes a benchmark of the source */
};

typedef struct CommandRow {
    Str name;
    const char *title; /* of the job */
    Str words[2];      /* of the command line */
    unsigned flags;
} CommandRow;

#define ONE(word)                      \
    {                                  \
        STR_CONST(word), STR_CONST("") \
    }
#define TWO(one, two)                  \
    {                                  \
        STR_CONST(one), STR_CONST(two) \
    }

static const CommandRow COMMANDS[] = {
    {STR_CONST("perfloop.measure"), "measure", ONE("measure"), ACTS | OVERLAY | MEASURES},
    {STR_CONST("perfloop.measureMore"), "measure longer", TWO("measure", "--more"),
     ACTS | OVERLAY | MEASURES},
    {STR_CONST("perfloop.baseline"), "baseline", ONE("baseline"), ACTS | OVERLAY | MEASURES},
    {STR_CONST("perfloop.profile"), "profile", ONE("profile"), ACTS | MEASURES | NAMED},
    {STR_CONST("perfloop.keep"), "keep", ONE("keep"), ACTS | OVERLAY | ITERATION},
    {STR_CONST("perfloop.revert"), "revert", ONE("revert"), ACTS | OVERLAY | ITERATION},
    {STR_CONST("perfloop.restore"), "restore", ONE("restore"), ACTS | OVERLAY | ITERATION},
    {STR_CONST("perfloop.trust"), "trust", ONE("trust"), ACTS | ANY},
    {STR_CONST("perfloop.init"), "init", ONE("init"), ACTS | ANY},
    {STR_CONST("perfloop.import"), "import", ONE("import"), ACTS | PATH},
    {STR_CONST("perfloop.runBenchmark"), "run", TWO("import", "--run"),
     ACTS | MEASURES | BENCHMARK | ANY},
    {STR_CONST("perfloop.status"), "status", ONE("status"), 0},
};

#define CANCEL  S("perfloop.cancel")
#define DETAILS S("perfloop.showDetails")
#define METRIC  S("perfloop.showMetric")
#define PROFILE S("perfloop.showProfile")

void commands_write_options(JsonOut *out)
{
    json_open(out, '{');
    json_key_open(out, "commands", '[');
    for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++)
        json_put_str(out, COMMANDS[i].name);
    json_put_str(out, CANCEL);
    json_put_str(out, DETAILS);
    json_put_str(out, METRIC);
    json_put_str(out, PROFILE);
    json_close(out, ']');
    json_close(out, '}');
}

static CommandArgs read_args(JsonIn params)
{
    JsonIn first = json_item(json_optional(params, "arguments"), 0);
    return (CommandArgs){
        .workload = json_opt_str(first, "workload", S("")),
        .iteration = json_opt_i64(first, "iteration", 0),
        .job = json_opt_str(first, "job", S("")),
        .path = json_opt_str(first, "path", S("")),
        .metric = json_opt_str(first, "metric", S("")),
        .profile = json_opt_str(first, "profile", S("")),
        .benchmark = json_opt_str(first, "benchmark", S("")),
    };
}

static const CommandRow *find_row(Str name)
{
    for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++)
        if (str_eq(COMMANDS[i].name, name))
            return &COMMANDS[i];
    return NULL;
}

typedef Array(Str) Words;

static Words command_line(Arena *arena, const CommandRow *row, const CommandArgs *args)
{
    Words words = {0};
    for (size_t i = 0; i < 2 && row->words[i].len; i++)
        *array_push(arena, &words) = row->words[i];
    if (row->flags & PATH)
        *array_push(arena, &words) = args->path;
    if (row->flags & BENCHMARK)
        *array_push(arena, &words) = args->benchmark;
    if (args->workload.len && !(row->flags & ANY)) {
        if (!(row->flags & NAMED))
            *array_push(arena, &words) = S("--workload");
        *array_push(arena, &words) = args->workload;
    }
    if ((row->flags & ITERATION) && args->iteration > 0) {
        *array_push(arena, &words) = S("--iteration");
        *array_push(arena, &words) = str_fmt(arena, "%lld", (long long)args->iteration);
    }
    return words;
}

/* "benches/lex.rs::lex/small" → "lex/small" */
static Str id_of(Str benchmark)
{
    size_t cut = str_find(benchmark, S("::"), 0);
    return cut == SIZE_MAX ? benchmark : str_from(benchmark, cut + 2);
}

static void start(Server *server, const Message *message, const CommandRow *row,
                  const CommandArgs *args)
{
    Arena *arena = message->arena;
    Words words = command_line(arena, row, args);
    Str title = str_from_c(row->title);
    if (row->flags & BENCHMARK)
        title = str_fmt(arena, "%s " STR_FMT, row->title, STR_ARG(id_of(args->benchmark)));
    else if (args->workload.len)
        title = str_fmt(arena, "%s " STR_FMT, row->title, STR_ARG(args->workload));
    children_start(server, &(ChildOptions){
                               .argv = words.items,
                               .argc = words.len,
                               .request = message->id,
                               .title = title,
                               .workload = args->workload,
                               .overlay = row->flags & OVERLAY,
                               .quiet = row->flags & MEASURES,
                           });
}

/* Why it cannot be done here, or NULL. */
static const char *obstacle(const Server *server, const CommandRow *row, const CommandArgs *args)
{
    if (!server->options.program.len)
        return "this server runs no commands";
    if ((row->flags & ACTS) && !server->choice->settings.trusted)
        return "this workspace is not trusted in the editor: nothing is run or written";
    if (!server->has_places)
        return "no folder is open";
    if ((row->flags & PATH) && (!args->path.len || args->path.ptr[0] == '-'))
        return "path: which file?";
    if ((row->flags & BENCHMARK) && (!args->benchmark.len || args->benchmark.ptr[0] == '-'))
        return "benchmark: which one?";
    if (args->workload.len && args->workload.ptr[0] == '-')
        return "workload: no such name";
    return NULL;
}

/* Without a name: the next one. */
static void show_metric(Server *server, const Message *message, Str metric)
{
    const Heat *heat = server->world ? server->world->heat : NULL;
    Str next = metric.len ? metric : heat_next_metric(heat);
    if (!next.len) {
        server_reply_error(server, message->id, RPC_REQUEST_FAILED,
                           "metric: no profile yet; run `perfloop profile`");
    } else if (!heat_has_metric(heat, next)) {
        Str known = heat_metric_names(message->arena, heat);
        server_reply_error(server, message->id, RPC_INVALID_PARAMS,
                           "no metric '" STR_FMT "'; this profile has " STR_FMT,
                           STR_ARG(str_head(next, 100)), STR_ARG(known));
    } else {
        configure_metric(server, next);
        server_show(server, NOTICE_INFO,
                    str_fmt(message->arena, "perfloop: showing " STR_FMT, STR_ARG(next)));
        server_reply(server, message->id, S("null"));
    }
}

/* By its number in the ledger; "newest", or nothing, shows the newest again. */
static void show_profile(Server *server, const Message *message, Str number)
{
    const Heat *heat = server->world ? server->world->heat : NULL;
    uint64_t id = 0;
    Str name = S("the newest profile of each file");
    if (number.len == 0 || str_eq(number, S("newest")))
        number = S("");
    else if (!str_to_u64(number, &id) || !(name = heat_profile_name(heat, id)).len) {
        server_reply_error(server, message->id, RPC_INVALID_PARAMS,
                           "no profile '" STR_FMT "' in the ledger",
                           STR_ARG(str_head(number, 100)));
        return;
    }
    configure_profile(server, number);
    server_show(server, NOTICE_INFO,
                str_fmt(message->arena, "perfloop: showing " STR_FMT, STR_ARG(name)));
    server_reply(server, message->id, S("null"));
}

void commands_execute(Server *server, const Message *message)
{
    Str name = json_opt_str(message->params, "command", S(""));
    CommandArgs args = read_args(message->params);
    if (str_eq(name, CANCEL)) {
        if (!children_cancel(server, args.job))
            server_show(server, NOTICE_INFO, S("perfloop: nothing is running"));
        server_reply(server, message->id, S("null"));
        return;
    }
    if (str_eq(name, DETAILS)) {
        details_show(server, message);
        return;
    }
    if (str_eq(name, METRIC)) {
        show_metric(server, message, args.metric);
        return;
    }
    if (str_eq(name, PROFILE)) {
        show_profile(server, message, args.profile);
        return;
    }
    const CommandRow *row = find_row(name);
    if (!row) {
        server_reply_error(server, message->id, RPC_INVALID_PARAMS, "no command '" STR_FMT "'",
                           STR_ARG(str_head(name, 100)));
        return;
    }
    const char *why = obstacle(server, row, &args);
    if (why)
        server_reply_error(server, message->id, RPC_REQUEST_FAILED, "%s: %s", row->title, why);
    else
        start(server, message, row, &args);
}
