/*
 * Nsight Compute's CSV: the pages details, raw and source (SASS, or CUDA and SASS), saved or caught
 * from a live run, one after the other in one text (formats.md, ncu.h's words in ncu_csv.h).
 *
 * A table begins with its header row; columns are found by their labels. Before the rows of a source
 * page stand rows that name the kernel and the file. Rows with a line number there are ncu's own sums
 * of the instructions below them: they count only where a table has no instructions. Lines of the
 * program and ncu's own ==PROF== may stand between rows. ncu 2024.1 prints every instruction
 * of some reports twice: on the page with lines below its line, and what was inlined once more below
 * the line and in the file it came from; so an address counts once in a launch, where it comes first.
 * On the SASS page there is a second table, which is left out when it repeats the one before it to
 * the last sample. Not read here: the page `--print-source cuda`, which has no numbers.
 */

#include <math.h>

#include "analysis/profile/nvidia/ncu_csv.h"
#include "analysis/profile/nvidia/ncu_names.h"
#include "base/csv.h"

enum {
    COLUMNS_MAX = 20000, /* of the raw page; the longest seen has 2,000 */
    ASKED_COLUMNS = 64,  /* a raw page of fewer metrics shows what was asked for by name */
    MESSAGE_MAX = 400,
    FAILURE_MAX = 200,
    BEHIND_SOURCE = 2, /* the columns after a source page's text */
};

typedef enum PageKind {
    PAGE_NONE,
    PAGE_DETAILS,
    PAGE_RAW,
    PAGE_SOURCE,
} PageKind;

/* A column that is taken, on the raw and source pages. */
typedef struct Column {
    size_t field;
    size_t metric; /* ours; SIZE_MAX: none */
    Str name;      /* raw: ncu's */
    double scale;  /* raw */
    Str unit;      /* raw */
} Column;

/* Where the columns of a details or raw page are; SIZE_MAX: missing. */
typedef struct Fields {
    size_t id, process, kernel, block, grid, section, metric, unit, value;
    size_t rule, type, description, speedup, speedup_type;
    size_t line, address, space, operation, size;
} Fields;

typedef struct Reader {
    NcuCsv pages;
    ProfileBuilder *build;
    Arena *scratch; /* of a source table */
    ArenaMark start;
    Str text;
    bool decimal_comma;
    PageKind page;
    bool quoted; /* rows of this table are, too */
    Fields at;
    Array(Column) columns;
    size_t header_len;
    Str kernel; /* of the source page */
    uint32_t file;
    size_t table_start; /* in the text */
    Str table_before;   /* the source table before this one */
    Array(NcuCsvLine) sums;
    Array(NcuCsvLine) instructions;
    bool has_instructions; /* some of them counted before, in another table of the launch */
    Intern failures;       /* rules that did not run */
    Intern tables;         /* files and functions of the launch */
    IdMap seen;            /* its addresses */
    IdMap accessing;       /* addresses of all tables */
    uint32_t line;         /* of the rows that follow */
    size_t bad_rows;
    bool has_listing; /* a page of source text without numbers was there */
} Reader;

/* ------------------------------------------------------------------ headers */

static size_t field_of(const CsvRow *row, const char *label)
{
    for (size_t i = 0; i < row->len; i++)
        if (str_eq(row->fields[i], str_from_c(label)))
            return i;
    return SIZE_MAX;
}

static Str cell(const CsvRow *row, size_t field)
{
    return field < row->len ? row->fields[field] : (Str){0};
}

static Fields find_fields(const CsvRow *row)
{
    return (Fields){.id = field_of(row, "ID"),
                    .process = field_of(row, "Process ID"),
                    .kernel = field_of(row, "Kernel Name"),
                    .block = field_of(row, "Block Size"),
                    .grid = field_of(row, "Grid Size"),
                    .section = field_of(row, "Section Name"),
                    .metric = field_of(row, "Metric Name"),
                    .unit = field_of(row, "Metric Unit"),
                    .value = field_of(row, "Metric Value"),
                    .rule = field_of(row, "Rule Name"),
                    .type = field_of(row, "Rule Type"),
                    .description = field_of(row, "Rule Description"),
                    .speedup = field_of(row, "Estimated Speedup"),
                    .speedup_type = field_of(row, "Estimated Speedup Type"),
                    .line = field_of(row, "Line No"),
                    .address = field_of(row, "Address"),
                    .space = field_of(row, "Address Space"),
                    .operation = field_of(row, "Access Operation"),
                    .size = field_of(row, "Access Size")};
}

static bool has_column(const Reader *in, size_t metric)
{
    array_each (const Column, column, &in->columns)
        if (column->metric == metric)
            return true;
    return false;
}

/*
 * The columns of a source page, each once: 2022.3 prints "Instructions Executed" of a report of 2023.1 twice.
 * Of several counts of samples the best, or the stalls added up.
 */
static void find_source_columns(Reader *in, const CsvRow *row)
{
    size_t samples = SIZE_MAX, best = SIZE_MAX;
    in->columns.len = 0;
    for (size_t i = 0; i < row->len; i++) {
        size_t rank = ncu_csv_samples_rank(row->fields[i]);
        if (rank && rank < best) {
            best = rank;
            samples = i;
        }
    }
    for (size_t i = 0; i < row->len && i < COLUMNS_MAX; i++) {
        Str name = ncu_csv_source_metric(in->pages.arena, row->fields[i]);
        bool is_samples = ncu_csv_samples_rank(row->fields[i]) != 0;
        if (!name.len || (is_samples && i != samples))
            continue;
        size_t metric = ncu_csv_metric(&in->pages, name);
        if (metric == SIZE_MAX || has_column(in, metric))
            continue;
        *array_push(in->pages.arena, &in->columns) = (Column){.field = i, .metric = metric};
        if (samples == SIZE_MAX && str_starts(name, S("stall_")))
            *array_push(in->pages.arena, &in->columns) = (Column){.field = i, .metric = 0};
    }
    array_each (Column, column, &in->columns)
        in->pages.sampled |= column->metric == 0;
}

static void find_raw_columns(Reader *in, const CsvRow *row)
{
    size_t first = in->at.kernel + 1;
    in->columns.len = 0;
    for (size_t i = first; i < row->len && i < COLUMNS_MAX; i++) {
        Str label = row->fields[i], ours = ncu_csv_source_metric(in->pages.arena, label);
        Column column = {.field = i, .scale = 1, .metric = SIZE_MAX};
        column.name = str_copy(in->pages.arena, label);
        if (ours.len)
            column.metric = ncu_csv_metric(&in->pages, ours);
        *array_push(in->pages.arena, &in->columns) = column;
    }
}

/* ------------------------------------------------------------------ launches */

static NcuCsvLaunch *launch_of(Reader *in, const CsvRow *row)
{
    uint32_t kernel = ncu_csv_kernel(&in->pages, cell(row, in->at.kernel));
    ArenaMark mark = arena_mark(in->scratch);
    Str key = str_fmt(in->scratch, STR_FMT " " STR_FMT " %u", STR_ARG(cell(row, in->at.id)),
                      STR_ARG(cell(row, in->at.process)), kernel);
    NcuCsvLaunch *launch = ncu_csv_launch(&in->pages, key, kernel);
    arena_rollback(in->scratch, mark);
    if (!launch->block.len)
        launch->block = str_copy(in->pages.arena, cell(row, in->at.block));
    if (!launch->grid.len)
        launch->grid = str_copy(in->pages.arena, cell(row, in->at.grid));
    return launch;
}

static int64_t whole(double value)
{
    return value >= 0 && value < 9e18 ? llround(value) : 0;
}

static bool is_told(Str metric)
{
    const NcuFactRow *rows;
    size_t len = ncu_fact_rows(&rows);
    for (size_t i = 0; i < len; i++)
        if (str_eq(rows[i].ncu, metric))
            return true;
    return false;
}

/* Of a metric that two pages have the first is kept. */
static void add_fact(Reader *in, NcuCsvLaunch *launch, NcuCsvFact fact)
{
    if (launch->facts.len == NCU_CSV_FACTS_MAX || !fact.metric.len)
        return;
    array_each (NcuCsvFact, old, &launch->facts)
        if (str_eq(old->metric, fact.metric))
            return;
    fact.metric = str_copy(in->pages.arena, fact.metric);
    *array_push(in->pages.arena, &launch->facts) = fact;
}

static void add_value(Reader *in, NcuCsvLaunch *launch, Str metric, NcuCsvUnit unit, Str value,
                      bool asked)
{
    double number;
    bool is_number = ncu_csv_number(value, in->decimal_comma, &number);
    if (is_number && str_eq(metric, S("gpu__time_duration.sum"))) {
        if (!launch->duration_ns)
            launch->duration_ns = whole(number * unit.scale);
        return;
    }
    if (!asked && !is_told(metric))
        return;
    NcuCsvFact fact = {.metric = metric, .asked = asked};
    if (is_number && isfinite(number * unit.scale)) {
        fact.value = number * unit.scale;
        fact.unit = unit.name;
    } else if (!is_number && value.len && !ncu_csv_is_none(value)) {
        fact.text = str_copy(in->pages.arena, value);
    } else {
        return;
    }
    add_fact(in, launch, fact);
}

static void take_rule(Reader *in, NcuCsvLaunch *launch, const CsvRow *row)
{
    Str name = cell(row, in->at.rule), type = cell(row, in->at.type);
    NcuCsvRule *rule = launch->rules.len ? &launch->rules.items[launch->rules.len - 1] : NULL;
    if (!rule || !str_eq(rule->name, name)) {
        rule = array_push(in->pages.arena, &launch->rules);
        rule->name = str_copy(in->pages.arena, name);
        rule->message = strbuf_new(in->pages.arena);
    }
    FindingKind kind = str_eq(type, S("OPT"))   ? FINDING_OPTIMIZATION
                       : str_eq(type, S("WRN")) ? FINDING_WARNING
                                                : FINDING_NOTE;
    double speedup;
    if (ncu_csv_number(cell(row, in->at.speedup), in->decimal_comma, &speedup) &&
        speedup > rule->speedup && speedup < 1e6) {
        rule->speedup = speedup;
        rule->local = str_eq(cell(row, in->at.speedup_type), S("local"));
    }
    Str description = cell(row, in->at.description);
    size_t address = str_find(description, S(" at PC 0x"), 0);
    if (address != SIZE_MAX) { /* one row for each instruction: the first stands for them */
        if (rule->has_address)
            return;
        rule->has_address = true;
        description = str_head(description, address);
    }
    if (kind > rule->kind)
        rule->kind = kind;
    ArenaMark mark = arena_mark(in->scratch);
    Str text = ncu_csv_plain(in->scratch, description);
    strbuf_fmt(&rule->message, "%s" STR_FMT, rule->message.len ? " " : "", STR_ARG(text));
    arena_rollback(in->scratch, mark);
}

/* Not about the kernel: a rule misses a metric, or fails. */
static void note_failure(Reader *in, const CsvRow *row)
{
    Str text = cell(row, in->at.description), line;
    Str name = ncu_csv_rule_title(in->pages.arena, cell(row, in->at.rule));
    size_t known = in->failures.count;
    if (str_next_line(&text, &line) && intern_id(&in->failures, name) >= known)
        profile_note(in->build, "ncu's rule " STR_FMT " did not run: " STR_FMT, STR_ARG(name),
                     STR_ARG(str_head(str_trim(line), FAILURE_MAX)));
}

static void take_details(Reader *in, const CsvRow *row)
{
    uint64_t id;
    if (!str_to_u64(cell(row, in->at.id), &id) || row->len <= in->at.value) {
        in->bad_rows++;
        return;
    }
    NcuCsvLaunch *launch = launch_of(in, row);
    Str label = cell(row, in->at.metric), unit = cell(row, in->at.unit);
    if (str_eq(cell(row, in->at.type), S("ERR")))
        note_failure(in, row);
    else if (cell(row, in->at.rule).len)
        take_rule(in, launch, row);
    if (!label.len)
        return;
    bool asked = str_starts(cell(row, in->at.section), S("Command line profiler metrics"));
    add_value(in, launch, ncu_csv_fact_metric(label, unit), ncu_csv_unit(unit),
              cell(row, in->at.value), asked);
}

/* Not one of the columns that say which launch it was: "Context", "CC". */
static bool is_metric(Str label)
{
    return label.len && label.ptr[0] >= 'a' && label.ptr[0] <= 'z';
}

static void take_raw(Reader *in, const CsvRow *row)
{
    uint64_t id;
    if (!cell(row, in->at.id).len) { /* the row of units */
        array_each (Column, column, &in->columns) {
            NcuCsvUnit unit = ncu_csv_unit(cell(row, column->field));
            column->scale = unit.scale;
            column->unit = unit.name;
        }
        return;
    }
    if (!str_to_u64(cell(row, in->at.id), &id)) {
        in->bad_rows++;
        return;
    }
    NcuCsvLaunch *launch = launch_of(in, row);
    bool asked = in->columns.len <= ASKED_COLUMNS;
    array_each (Column, column, &in->columns) {
        Str value = cell(row, column->field);
        double number;
        add_value(in, launch, column->name, (NcuCsvUnit){column->scale, column->unit}, value,
                  asked && is_metric(column->name));
        if (column->metric == SIZE_MAX || !ncu_csv_number(value, in->decimal_comma, &number))
            continue;
        in->pages.sampled |= column->metric == 0;
        *array_push(in->pages.arena, &launch->totals) =
            (NcuCsvTotal){column->metric, whole(number * column->scale)};
    }
}

/* ------------------------------------------------------------------ source pages */

static void add_capped(int64_t *sum, int64_t value)
{
    if (__builtin_add_overflow(*sum, value, sum))
        *sum = INT64_MAX;
}

/* The program's text is printed as it is: its quotes and commas move what stands behind it. */
static Str source_cell(const Reader *in, const CsvRow *row, size_t field)
{
    size_t moved = row->len > in->header_len ? row->len - in->header_len : 0;
    return cell(row, field != SIZE_MAX && field >= BEHIND_SOURCE ? field + moved : field);
}

/* Said of each instruction of a kernel once, however many launches are on the page. */
static void take_access(Reader *in, const CsvRow *row, Str address)
{
    uint32_t kernel = ncu_csv_kernel(&in->pages, in->kernel);
    uint32_t *seen = idmap_slot(&in->accessing, (uint64_t)kernel << 32 | str_hash(address));
    NcuAccess access =
        ncu_access_of(source_cell(in, row, in->at.space), source_cell(in, row, in->at.operation),
                      source_cell(in, row, in->at.size));
    if (!*seen)
        ncu_access_add(&in->pages.accesses, kernel, in->file, in->line, access);
    *seen = 1;
}

static void take_source(Reader *in, const CsvRow *row)
{
    uint64_t line;
    Str address = source_cell(in, row, in->at.address);
    bool is_instruction = address.len && !str_eq(address, S("-"));
    if (row->len < in->header_len / 2) {
        in->bad_rows++;
        return;
    }
    bool has_line =
        str_to_u64(source_cell(in, row, in->at.line), &line) && line && line <= INT32_MAX;
    if (has_line)
        in->line = (uint32_t)line;
    else if (!is_instruction)
        return;
    NcuCsvLine *at = NULL;
    if (is_instruction) {
        uint32_t *seen = idmap_slot(&in->seen, str_hash(address));
        in->has_instructions = true;
        if (*seen)
            return;
        *seen = 1;
        take_access(in, row, address);
        size_t len = in->instructions.len;
        at = len ? &in->instructions.items[len - 1] : NULL;
        if (!at || at->line != in->line)
            at = NULL;
    }
    if (!at) {
        at = is_instruction ? array_push(in->scratch, &in->instructions)
                            : array_push(in->scratch, &in->sums);
        *at = (NcuCsvLine){.line = in->line};
    }
    array_each (Column, column, &in->columns) {
        int64_t value;
        if (ncu_csv_count(source_cell(in, row, column->field), &value))
            add_capped(&at->weights[column->metric], value);
    }
}

/* The rows of a source table are whole: add them to their kernel, unless it was printed twice. */
static void end_source(Reader *in, Str table)
{
    const NcuCsvLine *rows = in->has_instructions ? in->instructions.items : in->sums.items;
    size_t len = in->has_instructions ? in->instructions.len : in->sums.len;
    int64_t samples = 0;
    for (size_t i = 0; i < len; i++)
        add_capped(&samples, rows[i].weights[0]);
    bool is_sass = in->at.line == SIZE_MAX;
    bool is_repeated = is_sass && samples > 0 && str_eq(table, in->table_before);
    in->table_before = table;
    if (!in->columns.len)
        in->has_listing = true;
    if (is_repeated || !len || !in->columns.len)
        return;
    uint32_t id = ncu_csv_kernel(&in->pages, in->kernel);
    bool has_lines = in->at.line != SIZE_MAX;
    for (size_t i = 0; i < len; i++) {
        NcuCsvLine where = {.kernel = id, .line = rows[i].line, .sass = !has_lines};
        where.file = where.line ? in->file : 0;
        NcuCsvLine *to = ncu_csv_line(&in->pages, where);
        for (size_t m = 0; m < in->pages.metrics_len; m++)
            add_capped(&to->weights[m], rows[i].weights[m]);
    }
    NcuCsvKernel *kernel = &in->pages.kernels.items[id];
    kernel->has_lines |= has_lines;
    kernel->has_sass |= !has_lines;
    if (has_lines && !kernel->file)
        kernel->file = in->file;
}

/* ------------------------------------------------------------------ tables */

static void end_table(Reader *in, const char *end)
{
    if (in->page == PAGE_SOURCE) {
        Str table = str_from(in->text, in->table_start);
        end_source(in, str_head(table, (size_t)(end - table.ptr)));
    }
    in->page = PAGE_NONE;
    arena_rollback(in->scratch, in->start);
    in->sums.items = in->instructions.items = NULL;
    in->sums.len = in->sums.cap = in->instructions.len = in->instructions.cap = 0;
    in->has_instructions = false;
    in->line = 0;
}

/* A file and function that was there already: these are the tables of another launch. */
static void find_launch(Reader *in)
{
    Str key = str_fmt(in->scratch, "%u " STR_FMT, in->file, STR_ARG(in->kernel));
    size_t known = in->tables.count;
    if (intern_id(&in->tables, key) >= known && in->at.line != SIZE_MAX)
        return;
    in->tables = intern_new(in->pages.arena);
    intern_id(&in->tables, key);
    in->seen = idmap_new(in->pages.arena);
}

static void begin_table(Reader *in, const CsvRow *row, PageKind page)
{
    end_table(in, row->bytes.ptr);
    in->page = page;
    in->quoted = row->quoted;
    in->at = find_fields(row);
    in->header_len = row->len;
    in->table_start = (size_t)(row->bytes.ptr - in->text.ptr);
    if (page == PAGE_RAW)
        find_raw_columns(in, row);
    if (page == PAGE_SOURCE) {
        find_source_columns(in, row);
        find_launch(in);
    }
}

/* Names of the file and the kernel of the source tables that follow. */
static bool take_name(Reader *in, const CsvRow *row)
{
    Str what = cell(row, 0), name = cell(row, 1);
    bool is_file = str_eq(what, S("File Path")) || str_eq(what, S("File Name"));
    bool is_kernel = str_eq(what, S("Kernel Name")) || str_eq(what, S("Function Name"));
    if (row->len > 3 || !name.len || (!is_file && !is_kernel))
        return false;
    end_table(in, row->bytes.ptr);
    if (is_file)
        in->file = intern_id(&in->pages.names, name);
    else
        in->kernel = str_copy(in->pages.arena, name);
    if (str_eq(what, S("Kernel Name")))
        in->file = 0;
    return true;
}

/* A long warning is cut, its end of line too: "==WARNING== No lineinfo ...<CUDA"File Path","a.cu"" */
static bool take_cut_warning(Reader *in, const CsvRow *row)
{
    if (row->len < 3 || !str_starts(row->fields[0], S("==")) ||
        !str_ends(row->fields[row->len - 2], S("\"File Path\"")))
        return false;
    end_table(in, row->bytes.ptr);
    in->file = intern_id(&in->pages.names, row->fields[row->len - 1]);
    in->quoted = true;
    return true;
}

static PageKind page_of(const CsvRow *row)
{
    Str first = cell(row, 0);
    if (str_eq(first, S("ID")) && field_of(row, "Kernel Name") != SIZE_MAX)
        return field_of(row, "Metric Name") != SIZE_MAX && field_of(row, "Metric Value") != SIZE_MAX
                   ? PAGE_DETAILS
                   : PAGE_RAW;
    bool is_source = str_eq(first, S("Line No")) || str_eq(first, S("Address"));
    return is_source && field_of(row, "Source") != SIZE_MAX ? PAGE_SOURCE : PAGE_NONE;
}

static void take_row(Reader *in, const CsvRow *row)
{
    PageKind page = page_of(row);
    if (page != PAGE_NONE) {
        begin_table(in, row, page);
        return;
    }
    if (take_name(in, row) || take_cut_warning(in, row) || !row->len || row->quoted != in->quoted ||
        str_starts(row->fields[0], S("==")))
        return;
    switch (in->page) {
    case PAGE_DETAILS:
        take_details(in, row);
        break;
    case PAGE_RAW:
        take_raw(in, row);
        break;
    case PAGE_SOURCE:
        take_source(in, row);
        break;
    case PAGE_NONE:
        break;
    }
}

/* ------------------------------------------------------------------ the whole */

/* ncu says itself why it measured nothing: ==ERROR== ERR_NVGPUCTRPERM … */
static Str error_of(Str text)
{
    for (Str line; str_next_line(&text, &line);)
        if (str_starts(line, S("==ERROR== ")))
            return str_head(str_trim(str_from(line, 10)), MESSAGE_MAX);
    return (Str){0};
}

static bool nothing_read(const Reader *in, Err *err)
{
    Str said = error_of(in->text);
    if (said.len)
        return err_set(err, ERR_INPUT, "ncu measured nothing: " STR_FMT, STR_ARG(said));
    if (str_has(in->text, S("==WARNING== No lineinfo available")))
        return err_set(err, ERR_INPUT,
                       "a source page without lines: the program was built without -lineinfo");
    if (in->has_listing)
        return err_set(err, ERR_INPUT,
                       "a source page without numbers; `ncu --import REPORT --csv --page source "
                       "--print-source cuda,sass` prints one with them");
    return err_set(err, ERR_INPUT,
                   "no table of a kernel in it; ncu prints them with --csv (pages details, raw, "
                   "source)");
}

bool read_ncu_csv(Arena *arena, Str bytes, Profile *out, Err *err)
{
    CLEANUP(arena_cleanup) Arena *rows = arena_new("csv rows");
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("csv table");
    Reader in = {.build = profile_builder_new(arena),
                 .scratch = scratch,
                 .start = arena_mark(scratch),
                 .tables = intern_new(arena),
                 .seen = idmap_new(arena),
                 .accessing = idmap_new(arena),
                 .failures = intern_new(arena),
                 .text = bytes,
                 .decimal_comma = ncu_csv_decimal_comma(bytes)};
    ncu_csv_init(&in.pages, arena);
    Csv csv = csv_rows(rows, bytes);
    for (CsvRow row; csv_next(&csv, &row);)
        take_row(&in, &row);
    end_table(&in, bytes.ptr + bytes.len);
    if (in.pages.launches.len <= 1 && in.pages.lines.len <= 1)
        return nothing_read(&in, err);
    profile_note_count(in.build, in.bad_rows, "row could not", "rows could not", "be read");
    *out = ncu_csv_profile(&in.pages, in.build);
    return true;
}
