#include "analysis/profile/nvidia/nsys_stats_tables.h"

#include "base/array.h"
#include "base/csv.h"
#include "base/err.h"
#include "base/json_scan.h"

enum {
    COLUMNS_MAX = 64,
};

typedef struct Reader {
    Arena *arena;
    StatsTake *take;
    void *to;
    size_t table;
    Str names[COLUMNS_MAX];
    size_t len; /* 0: no table is open */
} Reader;

bool nsys_stats_is_header(const Str *names, size_t len)
{
    static const Str COLUMNS[] = {STR_CONST("Total Time"), STR_CONST("Duration"),
                                  STR_CONST("Kernel Dur"), STR_CONST("Total (")};
    bool found = false;
    for (size_t i = 0; i < len; i++)
        for (size_t k = 0; k < sizeof(COLUMNS) / sizeof(COLUMNS[0]); k++)
            found |= str_starts(names[i], COLUMNS[k]);
    return found && len > 2;
}

static void open_table(Reader *in, const Str *names, size_t len)
{
    in->table++;
    in->len = len < COLUMNS_MAX ? len : COLUMNS_MAX;
    for (size_t i = 0; i < in->len; i++)
        in->names[i] = str_copy(in->arena, names[i]);
}

/* What follows an empty line, or is a line of nsys' own, is no row. */
static void take_fields(Reader *in, const Str *fields, size_t len)
{
    if (nsys_stats_is_header(fields, len))
        open_table(in, fields, len);
    else if (!in->len || len != in->len)
        in->len = 0;
    else
        in->take(in->to, &(StatsRow){in->names, fields, len, in->table});
}

/* ------------------------------------------------------------------ csv, tsv, table */

/* A line of so many fields, of which some in quotes may hold quotes and commas. */
typedef struct Guess {
    Str line;
    Str *fields;
    size_t len;
    size_t tries;
} Guess;

enum {
    TRIES = 1000,
};

static bool guess_from(Guess *in, size_t at, size_t number)
{
    Str rest = str_from(in->line, at);
    bool quoted = rest.len && rest.ptr[0] == '"', last = number + 1 == in->len;
    for (size_t end = quoted; end <= rest.len && in->tries < TRIES; end++) {
        bool closes = !quoted || (end > 1 && rest.ptr[end - 1] == '"');
        if ((end < rest.len && rest.ptr[end] != ',') || !closes)
            continue;
        in->tries++;
        in->fields[number] = quoted ? str_head(str_from(rest, 1), end - 2) : str_head(rest, end);
        if (end == rest.len ? last : !last && guess_from(in, at + end + 1, number + 1))
            return true;
        if (!quoted)
            return false;
    }
    return false;
}

/* nsys puts names with commas in quotes and leaves the quotes in them as they are: "step "10", first" */
static bool guess_fields(Str line, Str *fields, size_t len)
{
    Guess guess = {.line = line, .fields = fields, .len = len};
    return len && guess_from(&guess, 0, 0);
}

static void read_csv(Reader *in, Str text)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("nsys stats");
    Csv csv = csv_rows(scratch, text);
    Str fields[COLUMNS_MAX];
    for (CsvRow line; csv_next(&csv, &line);) {
        if (line.len > in->len && guess_fields(str_trim(line.bytes), fields, in->len))
            take_fields(in, fields, in->len);
        else
            take_fields(in, line.fields, line.len);
    }
}

static size_t split(Str line, char between, Str *fields)
{
    size_t len = 0;
    for (Str rest = line, field; len < COLUMNS_MAX; fields[len++] = str_trim(field)) {
        if (str_cut(rest, between, &field, &rest))
            continue;
        fields[len++] = str_trim(rest);
        break;
    }
    return len;
}

static void read_split(Reader *in, Str text, char between)
{
    Str fields[COLUMNS_MAX];
    for (Str line; str_next_line(&text, &line);) {
        line = str_trim(line);
        if (between == '|' && str_starts(line, S("+-")))
            continue;
        if (between == '|' && line.len > 1 && line.ptr[0] == '|')
            line = str_head(str_from(line, 1), line.len - 2);
        take_fields(in, fields, split(line, between, fields));
    }
}

/* ------------------------------------------------------------------ column */

typedef struct Span {
    size_t from, until; /* characters */
} Span;

/* A line of dashes under the header says where the columns are. */
static size_t find_spans(Str line, Span *spans)
{
    size_t len = 0;
    for (size_t i = 0; i < line.len; i++) {
        bool dash = line.ptr[i] == '-';
        if (!dash && line.ptr[i] != ' ')
            return 0;
        if (dash && (!i || line.ptr[i - 1] == ' ')) {
            if (len == COLUMNS_MAX)
                return 0;
            spans[len++].from = i;
        }
        if (dash)
            spans[len - 1].until = i + 1;
    }
    return len > 2 ? len : 0;
}

static bool is_start(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

/* The last column goes on to the end of the line. */
static void cut_spans(Str line, const Span *spans, size_t len, Str *fields)
{
    size_t at = 0, character = 0;
    for (size_t i = 0; i < len; i++) {
        size_t start;
        for (; at < line.len && character < spans[i].from; character++)
            for (at++; at < line.len && !is_start(line.ptr[at]);)
                at++;
        start = at;
        for (; at < line.len && character < spans[i].until; character++)
            for (at++; at < line.len && !is_start(line.ptr[at]);)
                at++;
        size_t end = i + 1 == len ? line.len : at;
        fields[i] = str_trim(str_head(str_from(line, start), end - start));
    }
}

static void read_columns(Reader *in, Str text)
{
    Str fields[COLUMNS_MAX], before = {0};
    Span spans[COLUMNS_MAX], found[COLUMNS_MAX];
    size_t len = 0;
    for (Str line; str_next_line(&text, &line); before = line) {
        size_t columns = find_spans(line, found);
        if (columns) {
            len = columns;
            for (size_t i = 0; i < len; i++)
                spans[i] = found[i];
            cut_spans(before, spans, len, fields);
            in->len = 0;
            take_fields(in, fields, len);
        } else if (!str_trim(line).len) {
            in->len = 0;
        } else if (in->len) {
            cut_spans(line, spans, len, fields);
            take_fields(in, fields, len);
        }
    }
}

/* ------------------------------------------------------------------ json */

static void take_object(Reader *in, JsonScan *scan)
{
    Str fields[COLUMNS_MAX];
    size_t len = 0;
    json_enter(scan, '{');
    for (Str key; json_next_key(scan, &key);) {
        bool is_text = json_peek(scan) == '"';
        const char *from = scan->at;
        Str value = is_text ? json_scan_str(scan, in->arena) : (Str){0};
        if (!is_text) {
            json_skip(scan);
            value = json_scanned(scan, from);
        }
        if (len == COLUMNS_MAX)
            continue;
        in->names[len] = key;
        fields[len++] = value;
    }
    if (!scan->problem)
        in->take(in->to, &(StatsRow){in->names, fields, len, in->table});
}

static const char *read_array(Reader *in, Str text, Str *problem)
{
    JsonScan scan = json_scan(text);
    in->table++;
    if (json_enter(&scan, '['))
        while (json_next_item(&scan)) {
            if (json_peek(&scan) == '{')
                take_object(in, &scan);
            else
                json_skip(&scan);
        }
    if (!scan.problem)
        return scan.at;
    Err err = {0};
    if (!json_scan_ok(&scan, &err))
        *problem = str_copy(in->arena, str_from_c(err.msg));
    return NULL;
}

/* An array begins where a line does. */
static bool next_array(Str *text)
{
    for (Str rest = *text, line; str_next_line(&rest, &line); *text = rest) {
        Str trimmed = str_trim(line);
        if (str_eq(trimmed, S("[")) || str_starts(trimmed, S("[{")) ||
            str_starts(trimmed, S("[ {")))
            return true;
    }
    return false;
}

static void read_json(Reader *in, Str text, Str *problem)
{
    while (next_array(&text)) {
        const char *end = read_array(in, text, problem);
        if (!end)
            return;
        text = str_from(text, (size_t)(end - text.ptr));
    }
}

/* ------------------------------------------------------------------ which of them */

void nsys_stats_rows(Arena *arena, Str text, StatsTake *take, void *to, Str *problem)
{
    Reader in = {.arena = arena, .take = take, .to = to};
    Span spans[COLUMNS_MAX];
    Str json = text, fields[COLUMNS_MAX];
    *problem = (Str){0};
    for (Str rest = text, line; str_next_line(&rest, &line);) {
        Str trimmed = str_trim(line);
        if (find_spans(line, spans)) {
            read_columns(&in, text);
            return;
        }
        if (str_starts(trimmed, S("+-")) ||
            nsys_stats_is_header(fields, split(trimmed, '\t', fields))) {
            read_split(&in, text, str_starts(trimmed, S("+-")) ? '|' : '\t');
            return;
        }
        Csv csv = csv_rows(arena, line);
        CsvRow row;
        if (csv_next(&csv, &row) && nsys_stats_is_header(row.fields, row.len)) {
            read_csv(&in, text);
            return;
        }
    }
    if (next_array(&json))
        read_json(&in, text, problem);
}
