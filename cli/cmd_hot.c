/* perfloop hot: the hot lines or functions of a profile, where they are now. */

#include <argp.h>
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "runners/profiling/against.h"

typedef struct Hot {
    Args common;
    HotRequest request;
    HotChoice choices[HOT_INPUTS_MAX];
    Str against[HOT_INPUTS_MAX];
    size_t against_len;
    AgainstPer per;
} Hot;

enum {
    KEY_BY = 0x100,
    KEY_METRIC,
    KEY_SORT,
    KEY_TOP,
    KEY_KERNEL,
    KEY_PROFILE,
    KEY_ALL,
    KEY_AGAINST,
    KEY_PER,
    TOP_DEFAULT = 20,
};

static const struct argp_option OPTIONS[] = {
    {"by", KEY_BY, "WHAT", 0, "line or function (default: line, where the profile knows lines)", 0},
    {"metric", KEY_METRIC, "NAME", 0, "one of the profile's metrics", 0},
    {"sort", KEY_SORT, "KEY", 0, "here (default: self and in callee), self or total", 0},
    {"top", KEY_TOP, "N", 0, "rows (default 20; 0 = all)", 0},
    {"kernel", KEY_KERNEL, "NAME", 0, "only what ran in this GPU kernel", 0},
    {"profile", KEY_PROFILE, "NUMBER", 0, "of the ledger (default: the newest); several are merged",
     0},
    {"workload", 'w', "NAME", 0, "the newest profile of this workload", 0},
    {"all", KEY_ALL, NULL, 0, "also rows with too few samples to be ranked or told apart", 0},
    {"against", KEY_AGAINST, "WHAT", 0,
     "what rose and fell since: baseline, previous, a number of the ledger, or a profile file; "
     "several are merged",
     0},
    {"per", KEY_PER, "WHAT", 0,
     "compare by share, or by cost when both saw the same work (default: by the benchmark where "
     "it was measured in between)",
     0},
    {0},
};

static const char DOC[] = "Prints where the cost is: the newest profile of the workspace, or any "
                          "profile FILE. Several of "
                          "them are added up.";

static void add_against(Hot *hot, Str word, struct argp_state *state)
{
    if (hot->against_len == HOT_INPUTS_MAX)
        argp_error(state, "at most %d profiles can be merged", HOT_INPUTS_MAX);
    hot->against[hot->against_len++] = word;
}

static void parse_per(Hot *hot, const char *arg, struct argp_state *state)
{
    if (!strcmp(arg, "share"))
        hot->per = AGAINST_SHARE;
    else if (!strcmp(arg, "cost"))
        hot->per = AGAINST_COST;
    else
        argp_error(state, "--per is share or cost");
}

static bool parse_number(const char *arg, uint64_t *out)
{
    return str_to_u64(str_from_c(arg), out) && *out <= INT64_MAX;
}

static error_t parse_word(int key, const char *arg, HotRequest *request, struct argp_state *state)
{
    if (key == KEY_BY && !strcmp(arg, "line"))
        request->by = HOT_BY_LINE;
    else if (key == KEY_BY && !strcmp(arg, "function"))
        request->by = HOT_BY_FUNCTION;
    else if (key == KEY_SORT && !strcmp(arg, "self"))
        request->sort = RANK_SELF;
    else if (key == KEY_SORT && !strcmp(arg, "here"))
        request->sort = RANK_HERE;
    else if (key == KEY_SORT && !strcmp(arg, "total"))
        request->sort = RANK_TOTAL;
    else
        argp_error(state,
                   key == KEY_BY ? "--by is line or function" : "--sort is here, self or total");
    return 0;
}

static void add_choice(Hot *hot, HotChoice choice, struct argp_state *state)
{
    if (hot->request.choices_len == HOT_INPUTS_MAX)
        argp_error(state, "at most %d profiles can be merged", HOT_INPUTS_MAX);
    hot->choices[hot->request.choices_len++] = choice;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Hot *hot = state->input;
    uint64_t number;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &hot->common;
        return 0;
    case KEY_BY:
    case KEY_SORT:
        return parse_word(key, arg, &hot->request, state);
    case KEY_METRIC:
        hot->request.metric = str_from_c(arg);
        return 0;
    case KEY_TOP:
        if (!parse_number(arg, &number))
            argp_error(state, "--top is a number");
        hot->request.top = (size_t)number;
        return 0;
    case KEY_PROFILE:
        if (!parse_number(arg, &number))
            argp_error(state, "--profile is a number; a profile file is named without an option");
        add_choice(hot, (HotChoice){.profile = (int64_t)number}, state);
        return 0;
    case KEY_KERNEL:
        hot->request.kernel = str_from_c(arg);
        return 0;
    case KEY_AGAINST:
        add_against(hot, str_from_c(arg), state);
        return 0;
    case KEY_PER:
        parse_per(hot, arg, state);
        return 0;
    case KEY_ALL:
        hot->request.noise = true;
        return 0;
    case 'w':
        hot->request.workload = str_from_c(arg);
        return 0;
    case ARGP_KEY_ARG:
        add_choice(hot, (HotChoice){.file = str_from_c(arg)}, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {OPTIONS, parse, "[FILE...]", DOC, args_children, NULL, NULL};

static bool compare(Arena *arena, const Hot *hot, const Places *places, Report *report, Err *err)
{
    AgainstTable table;
    AgainstRequest request = {hot->request, hot->against, hot->against_len, hot->per};
    if (!against_load(arena, places, &request, &table, err))
        return false;
    report_table(report, against_text(arena, &table), against_fields, &table);
    return true;
}

static bool run(Arena *arena, const Hot *hot, Report *report, Err *err)
{
    Places places;
    HotTable table;
    if (!args_begin(arena, &hot->common, report, &places, err))
        return false;
    if (hot->against_len)
        return compare(arena, hot, &places, report, err);
    if (!hot_load(arena, &places, &hot->request, &table, err))
        return false;
    report_table(report, hot_text(arena, &table), hot_fields, &table);
    return true;
}

int cmd_hot(int argc, char **argv)
{
    Hot hot = {.request.top = TOP_DEFAULT};
    hot.request.choices = hot.choices;
    args_parse("perfloop hot", &ARGP, argc, argv, &hot);
    CLEANUP(arena_cleanup) Arena *arena = arena_new("hot");
    Report report = report_new(hot.common.mode);
    Err err = {0};
    return run(arena, &hot, &report, &err) ? EXIT_OK : report_failure(&report, &err);
}
