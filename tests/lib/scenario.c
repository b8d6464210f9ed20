#include "tests/lib/scenario.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/hints/hot_file.h"
#include "analysis/hints/view.h"
#include "analysis/profile/format.h"
#include "analysis/symbols/symbolize.h"
#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/profiling/gpu_beside.h"
#include "tests/lib/scenario_bench.h"
#include "tests/lib/scenario_kernels.h"

typedef struct Section {
    Str name;
    Str text; /* as it stands in the scenario */
} Section;
typedef Array(Section) Sections;

/* A source file: marks taken away, parsed. */
typedef struct Source {
    Str path;
    Str marked;
    Str clean;
    AnchorSide side;
    Outline outline;
} Source;

typedef struct Scenario {
    Arena *arena;
    Str sentence;
    Sections sections;
    HeatSettings settings;
    bool had_lenses;
    bool markdown;
    Str metric; /* shown first, as the server has it */
    LoopFacts loop;
    const HotSpots *spots;
    Said said;
    size_t n_spots;
    bool graph;
    Str tool;
    const HotSpots *base;
    const Comparison *compared;
    BenchFacts bench;
    GpuBesides gpus;
} Scenario;

static bool section_header(Str line, Str *name)
{
    if (!str_starts(line, S("-- ")) || !str_ends(line, S(" --")) || line.len < 7)
        return false;
    *name = str_trim((Str){line.ptr + 3, line.len - 6});
    return name->len > 0;
}

static void split_sections(Scenario *scenario, Str text)
{
    Str rest = text, line, name;
    const char *start = text.ptr;
    Section *current = NULL;
    while (str_next_line(&rest, &line)) {
        if (!section_header(line, &name))
            continue;
        Str before = {start, (size_t)(line.ptr - start)};
        if (current)
            current->text = before;
        else
            scenario->sentence = before;
        current = array_push(scenario->arena, &scenario->sections);
        current->name = name;
        start = line.ptr + line.len + 1;
        if (start > text.ptr + text.len)
            start = text.ptr + text.len;
    }
    if (current)
        current->text = (Str){start, (size_t)(text.ptr + text.len - start)};
    else
        scenario->sentence = text;
}

static const Section *find_section(const Scenario *scenario, Str name)
{
    array_each (Section, section, &scenario->sections)
        if (str_eq(section->name, name))
            return section;
    return NULL;
}

/* ------------------------------------------------------------------ marks and sources */

static Str mark_sign(LangId lang)
{
    return lang == LANG_RUST || lang == LANG_CUDA ? S("//@") : S("#@");
}

static Str without_marks(Arena *arena, Str text, LangId lang)
{
    StrBuf out = strbuf_new(arena);
    Str rest = text, line;
    while (str_next_line(&rest, &line)) {
        size_t at = str_find(line, mark_sign(lang), 0);
        Str kept = str_head(line, at == SIZE_MAX ? line.len : at);
        while (at != SIZE_MAX && kept.len && kept.ptr[kept.len - 1] == ' ')
            kept.len--;
        strbuf_add(&out, kept);
        strbuf_char(&out, '\n');
    }
    return strbuf_str(&out);
}

static Source *source_open(Arena *arena, Str path, Str marked)
{
    Source *source = NEW(arena, Source);
    LangId lang = lang_of_path(path);
    source->path = path;
    source->marked = marked;
    source->clean = without_marks(arena, marked, lang);
    source->side.text = text_new(arena, source->clean);
    Syntax *syntax = syntax_parse(lang, source->side.text, NULL, NULL, 0, NULL);
    source->outline = outline_of(arena, syntax, source->side.text);
    syntax_free(syntax);
    source->side.outline = &source->outline;
    return source;
}

/* ------------------------------------------------------------------ settings and loop */

static bool read_settings(Scenario *scenario, Str text, Err *err)
{
    Str rest = text, line, word;
    while (str_next_line(&rest, &line)) {
        Str words = str_trim(line);
        while (words.len) {
            if (!str_cut(words, ' ', &word, &words)) {
                word = words;
                words = S("");
            }
            Str key = word, value = S("");
            str_cut(word, '=', &key, &value);
            double number = 0;
            bool has_number = str_to_double(value, &number);
            if (str_eq(key, S("heat")))
                scenario->settings.mode = str_eq(value, S("all"))   ? HEAT_ALL
                                          : str_eq(value, S("off")) ? HEAT_OFF
                                                                    : HEAT_TOP;
            else if (str_eq(key, S("top")) && has_number)
                scenario->settings.top = (uint32_t)number;
            else if (str_eq(key, S("threshold")) && has_number)
                scenario->settings.threshold = number;
            else if (str_eq(key, S("metric")))
                scenario->metric = value;
            else if (str_eq(key, S("had-lenses")))
                scenario->had_lenses = true;
            else if (str_eq(key, S("markdown")))
                scenario->markdown = true;
            else
                return err_set(err, ERR_INPUT, "settings: do not know '" STR_FMT "'",
                               STR_ARG(word));
        }
    }
    return true;
}

static Str next_word(Str *line)
{
    Str word = str_trim(*line);
    Str rest = S("");
    str_cut(word, ' ', &word, &rest);
    *line = str_trim(rest);
    return word;
}

static double number_or_nan(Str text)
{
    double value = (double)NAN;
    return str_to_double(text, &value) ? value : (double)NAN;
}

static void read_workload(WorkloadFacts *workload, Str line)
{
    *workload = (WorkloadFacts){.name = next_word(&line), .line = {1}, .trusted = true};
    while (line.len) {
        Str word = next_word(&line), key = word, value = S("");
        str_cut(word, '=', &key, &value);
        if (str_eq(key, S("line")))
            workload->line.n = (uint32_t)number_or_nan(value);
        else if (str_eq(key, S("metric")))
            workload->metric = value;
        else if (str_eq(key, S("unit")))
            workload->unit = str_eq(value, S("s"))    ? UNIT_SECONDS
                             : str_eq(value, S("/s")) ? UNIT_PER_SECOND
                             : str_eq(value, S("B"))  ? UNIT_BYTES
                                                      : UNIT_COUNT;
        else if (str_eq(key, S("baseline"))) {
            workload->has_baseline = true;
            workload->baseline = number_or_nan(value);
        } else if (str_eq(key, S("current"))) {
            workload->has_current = true;
            workload->current = number_or_nan(value);
        } else if (str_eq(key, S("target"))) {
            workload->has_target = true;
            workload->target = value;
        } else if (str_eq(key, S("met"))) {
            workload->target_met = true;
        }
    }
    if (workload->has_baseline && workload->has_current)
        workload->change = workload->current / workload->baseline - 1;
}

static LoopVerdict verdict_of(Str word)
{
    static const Str WORDS[] = {
        [LOOP_NO_VERDICT] = STR_CONST("none"), [LOOP_FASTER] = STR_CONST("faster"),
        [LOOP_SMALL] = STR_CONST("small"),     [LOOP_SLOWER] = STR_CONST("slower"),
        [LOOP_SAME] = STR_CONST("same"),       [LOOP_UNCLEAR] = STR_CONST("unclear"),
    };
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
        if (str_eq(WORDS[i], word))
            return (LoopVerdict)i;
    return LOOP_NO_VERDICT;
}

static void read_iteration(IterationFacts *last, Str line)
{
    last->id = (int64_t)number_or_nan(next_word(&line));
    Str step = next_word(&line);
    last->step = str_eq(step, S("measured"))   ? LOOP_MEASURED
                 : str_eq(step, S("kept"))     ? LOOP_KEPT
                 : str_eq(step, S("reverted")) ? LOOP_REVERTED
                                               : LOOP_CHANGED;
    last->verdict = verdict_of(next_word(&line));
    if (str_starts(line, S("profiled ")))
        last->candidate = next_word(&line);
    if (str_starts(line, S("change=")))
        last->change = number_or_nan(str_from(next_word(&line), 7));
    last->sentence = line;
}

static void read_place(Arena *arena, IterationFacts *last, Str line)
{
    ChangedPlace *places = NEW_ARRAY(arena, ChangedPlace, last->n_places + 1);
    for (size_t i = 0; i < last->n_places; i++)
        places[i] = last->places[i];
    ChangedPlace *place = &places[last->n_places++];
    place->path = next_word(&line);
    place->function = next_word(&line);
    place->first.n = (uint32_t)number_or_nan(next_word(&line));
    place->last.n = (uint32_t)number_or_nan(next_word(&line));
    last->places = places;
}

static void read_loop(Scenario *scenario, Str text)
{
    enum {
        WORKLOADS_MAX = 8
    };
    Arena *arena = scenario->arena;
    WorkloadFacts *workloads = NEW_ARRAY(arena, WorkloadFacts, WORKLOADS_MAX);
    scenario->loop.workloads = workloads;
    WorkloadFacts *now = &workloads[0];
    Str rest = text, line;
    while (str_next_line(&rest, &line)) {
        Str key = next_word(&line);
        if (str_eq(key, S("file")))
            scenario->loop.workload_file = line;
        else if (str_eq(key, S("workload")) && scenario->loop.n_workloads < WORKLOADS_MAX)
            read_workload(now = &workloads[scenario->loop.n_workloads++], line);
        else if (str_eq(key, S("iteration")))
            read_iteration(&now->last, line);
        else if (str_eq(key, S("place")))
            read_place(arena, &now->last, line);
        else if (str_eq(key, S("stop")))
            now->stop = line;
        else if (str_eq(key, S("untrusted")))
            now->trusted = false;
        else if (str_eq(key, S("job"))) {
            scenario->loop.job.id = next_word(&line);
            scenario->loop.job.title = line;
            scenario->loop.job.percent = -1;
        } else if (str_eq(key, S("history"))) {
            double *history = NEW_ARRAY(arena, double, line.len + 1);
            while (line.len)
                history[now->n_history++] = number_or_nan(next_word(&line));
            now->history = history;
        }
    }
}

/* ------------------------------------------------------------------ profiles */

static bool is_special(Str name)
{
    return str_eq(name, S("settings")) || str_eq(name, S("loop")) || str_eq(name, S("bench")) ||
           str_starts(name, S("gpus ")) || str_starts(name, S("hover ")) ||
           str_starts(name, S("actions ")) || str_starts(name, S("profile.")) ||
           str_starts(name, S("baseline.")) || str_starts(name, S("before/")) ||
           str_starts(name, S("base/"));
}

static Source *side_of(Scenario *scenario, const char *folder, Str path, Source *otherwise)
{
    Str name = str_fmt(scenario->arena, "%s" STR_FMT, folder, STR_ARG(path));
    const Section *section = find_section(scenario, name);
    return section ? source_open(scenario->arena, path, section->text) : otherwise;
}

/* As perfloop import does. */
static void place_kernels(Scenario *scenario, Profile *profile)
{
    ScenarioSource *sources =
        NEW_ARRAY(scenario->arena, ScenarioSource, scenario->sections.len + 1);
    size_t n = 0;
    array_each (Section, file, &scenario->sections)
        if (!is_special(file->name) && lang_of_path(file->name) != LANG_NONE) {
            Source *now = source_open(scenario->arena, file->name, file->text);
            sources[n++] =
                (ScenarioSource){file->name, &side_of(scenario, "before/", file->name, now)->side};
        }
    scenario_place_kernels(scenario->arena, profile, sources, n);
}

static bool read_spots(Scenario *scenario, const Section *section, const HotSpots **spots,
                       size_t *n_spots, Err *err)
{
    Arena *arena = scenario->arena;
    Profile *profile = NEW(arena, Profile);
    Str bytes = section->text;
    if (str_starts(bytes, S("@")) &&
        !file_read(arena, str_trim(str_from(bytes, 1)), FILE_LIMIT_TEXT, &bytes, err))
        return false;
    if (!profile_read(arena, section->name, bytes, profile, err))
        return err_wrap(err, STR_FMT, STR_ARG(section->name));
    Profile read = *profile;
    *profile = symbolize(arena, &read, (SymbolizeOptions){0});
    place_kernels(scenario, profile);
    Str *files = NEW_ARRAY(arena, Str, scenario->sections.len + 1);
    size_t n = 0;
    array_each (Section, file, &scenario->sections)
        if (!is_special(file->name))
            files[n++] = file->name;
    PathMap *map = pathmap_new(
        arena, (PathMapOptions){.root = S("/scenario"), .files = files, .files_len = n});
    HotSpots *all = NEW_ARRAY(arena, HotSpots, profile->metrics_len);
    size_t first = scenario->metric.len ? profile_metric(profile, scenario->metric) : 0;
    if (first == SIZE_MAX)
        return err_set(err, ERR_INPUT, "settings: no metric '" STR_FMT "'",
                       STR_ARG(scenario->metric));
    all[0] = hotspots_of(arena, profile, (HotOptions){.metric = first, .map = map});
    for (size_t i = 0, next = 1; i < profile->metrics_len; i++)
        if (i != first)
            all[next++] = hotspots_of(arena, profile, (HotOptions){.metric = i, .map = map});
    *spots = all;
    if (str_starts(section->name, S("profile.")))
        scenario->said = said_of(arena, profile, map);
    *n_spots = profile->metrics_len;
    scenario->graph = profile->graph;
    scenario->tool = profile->tool.len ? profile->tool : profile->format;
    return true;
}

static bool read_profiles(Scenario *scenario, Err *err)
{
    size_t n_base = 0;
    array_each (Section, section, &scenario->sections) {
        if (str_starts(section->name, S("baseline.")) &&
            !read_spots(scenario, section, &scenario->base, &n_base, err))
            return false;
    }
    array_each (Section, section, &scenario->sections) {
        if (str_starts(section->name, S("profile.")) &&
            !read_spots(scenario, section, &scenario->spots, &scenario->n_spots, err))
            return false;
    }
    return true;
}

/* As the ledger would have them. */
static bool read_gpus(Scenario *scenario, Err *err)
{
    array_each (Section, section, &scenario->sections) {
        Str first, origin;
        if (!str_cut(section->name, ' ', &first, &origin) || !str_eq(first, S("gpus")))
            continue;
        bool with_ncu = str_eq(origin, S("profiler")) && str_eq(scenario->tool, S("ncu"));
        GpuBeside one = {.origin = origin, .source = S("gpus.csv"), .load_is_ours = !with_ncu};
        if (!gpu_besides_of(scenario->arena, &one, section->text, &scenario->gpus, err))
            return err_wrap(err, STR_FMT, STR_ARG(section->name));
    }
    return true;
}

/* ------------------------------------------------------------------ what is shown */

typedef struct Shown {
    Source *source;
    HotFile heat;
    ViewInput input;
    FileView view;
} Shown;

/* With what the server makes of two profiles of the ledger (lsp/heat/heat_profiles.c). */
static void compare(Scenario *scenario)
{
    Arena *arena = scenario->arena;
    CompareFile *files = NEW_ARRAY(arena, CompareFile, scenario->sections.len + 1);
    CompareOptions options = {.files = files};
    if (!scenario->base || !scenario->n_spots)
        return;
    array_each (Section, section, &scenario->sections) {
        if (is_special(section->name))
            continue;
        Source *now = source_open(arena, section->name, section->text);
        Source *then = side_of(scenario, "before/", section->name, now);
        Source *base = side_of(scenario, "base/", section->name, then);
        files[options.files_len++] = (CompareFile){section->name, base->side, then->side};
    }
    Comparison *compared = NEW(arena, Comparison);
    *compared = compare_spots(arena, scenario->base, scenario->spots, &options);
    scenario->compared = compared;
}

/* The profile is one of the iteration's tree when the iteration says `profiled`. */
static Str profiled_tree(const Scenario *scenario)
{
    return scenario->loop.n_workloads ? scenario->loop.workloads[0].last.candidate : (Str){0};
}

static Shown *show(Scenario *scenario, const Section *section)
{
    Arena *arena = scenario->arena;
    Shown *shown = NEW(arena, Shown);
    Source *now = source_open(arena, section->name, section->text);
    Source *then = side_of(scenario, "before/", section->name, now);
    LangId lang = lang_of_path(section->name);
    shown->source = now;
    shown->input = (ViewInput){
        .path = section->name,
        .loop = &scenario->loop,
        .settings = scenario->settings,
        .had_lenses = scenario->had_lenses,
        .benches =
            bench_places(arena, &scenario->bench, section->name, now->side.outline, now->side.text),
    };
    if (scenario->n_spots) {
        shown->heat = hot_file_join(arena, &(HotSource){
                                               .path = section->name,
                                               .lang = lang,
                                               .tool = scenario->tool,
                                               .spots = scenario->spots,
                                               .n_spots = scenario->n_spots,
                                               .said = &scenario->said,
                                               .lines_are_functions = scenario->graph,
                                               .profiled = then->side,
                                               .now = now->side,
                                               .compared = scenario->compared,
                                               .snapshot = profiled_tree(scenario),
                                           });
        hot_file_advise(arena, &shown->heat, lang, &now->side, NULL);
        shown->input.heat = &shown->heat;
    }
    shown->view = view_of(arena, &shown->input);
    return shown;
}

static void add_quoted(StrBuf *out, Str text)
{
    strbuf_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\')
            strbuf_char(out, '\\');
        strbuf_char(out, text.ptr[i]);
    }
    strbuf_char(out, '"');
}

static void add_marks(StrBuf *marks, const FileView *view, LineNo line)
{
    array_each (ViewDiagnostic, diagnostic, &view->diagnostics)
        if (diagnostic->line.n == line.n) {
            strbuf_fmt(marks, " diag(" STR_FMT ", ", STR_ARG(diagnostic->code));
            add_quoted(marks, diagnostic->message);
            strbuf_char(marks, ')');
        }
    array_each (ViewLens, lens, &view->lenses)
        if (lens->line.n == line.n) {
            strbuf_add(marks, S(" lens("));
            add_quoted(marks, lens->title);
            strbuf_char(marks, ')');
        }
    array_each (ViewHint, hint, &view->hints)
        if (hint->line.n == line.n) {
            strbuf_add(marks, S(" hint("));
            add_quoted(marks, hint->label);
            strbuf_char(marks, ')');
        }
}

static Str with_marks(Scenario *scenario, const Shown *shown)
{
    Arena *arena = scenario->arena;
    StrBuf out = strbuf_new(arena);
    Str rest = shown->source->clean, line;
    for (LineNo n = {1}; str_next_line(&rest, &line); n.n++) {
        StrBuf marks = strbuf_new(arena);
        add_marks(&marks, &shown->view, n);
        strbuf_add(&out, line);
        if (marks.len)
            strbuf_fmt(&out, "  " STR_FMT STR_FMT,
                       STR_ARG(mark_sign(lang_of_path(shown->source->path))),
                       STR_ARG(strbuf_str(&marks)));
        strbuf_char(&out, '\n');
    }
    return strbuf_str(&out);
}

/* "src/hot.py:3" → the file as shown, and the line. */
static const Shown *place_of(Map *files, Str where, LineNo *line)
{
    Str path = {0}, number = {0};
    uint64_t n = 0;
    if (!str_cut_last(where, ':', &path, &number) || !str_to_u64(number, &n))
        return NULL;
    line->n = (uint32_t)n;
    return map_get(files, path);
}

static Str hover_text(Scenario *scenario, const Shown *shown, LineNo line)
{
    const ViewDetail detail = {.gpus = scenario->gpus.lines.items,
                               .n_gpus = scenario->gpus.lines.len};
    Str text = view_hover(scenario->arena, &shown->input, line, &detail, scenario->markdown);
    return str_fmt(scenario->arena, STR_FMT "\n", STR_ARG(text));
}

static Str actions_text(Scenario *scenario, const Shown *shown, LineNo line)
{
    StrBuf out = strbuf_new(scenario->arena);
    array_each (ViewAction, action, &shown->view.actions)
        if (action->first.n == 0 || (action->first.n <= line.n && line.n <= action->last.n))
            strbuf_fmt(&out, "%s" STR_FMT "\n", action->preferred ? "* " : "",
                       STR_ARG(action->title));
    return strbuf_str(&out);
}

static bool print(Scenario *scenario, Map *files, StrBuf *out, Err *err)
{
    strbuf_add(out, scenario->sentence);
    array_each (Section, section, &scenario->sections) {
        LineNo line = {0};
        strbuf_fmt(out, "-- " STR_FMT " --\n", STR_ARG(section->name));
        const Shown *shown = map_get(files, section->name);
        bool hover = str_starts(section->name, S("hover "));
        bool actions = str_starts(section->name, S("actions "));
        if (shown) {
            strbuf_add(out, with_marks(scenario, shown));
        } else if (hover || actions) {
            Str where = str_trim(str_from(section->name, hover ? 6 : 8));
            const Shown *file = place_of(files, where, &line);
            if (!file)
                return err_set(err, ERR_INPUT, "no such place: " STR_FMT, STR_ARG(where));
            strbuf_add(out, hover ? hover_text(scenario, file, line)
                                  : actions_text(scenario, file, line));
        } else {
            strbuf_add(out, section->text);
        }
    }
    return true;
}

bool scenario_run(Arena *arena, Str text, Str *out, Err *err)
{
    Scenario scenario = {.arena = arena};
    split_sections(&scenario, text);
    const Section *section = find_section(&scenario, S("settings"));
    if (section && !read_settings(&scenario, section->text, err))
        return false;
    section = find_section(&scenario, S("loop"));
    if (section)
        read_loop(&scenario, section->text);
    section = find_section(&scenario, S("bench"));
    if ((section && !scenario_bench(arena, section->text, &scenario.bench, err)) ||
        !read_profiles(&scenario, err) || !read_gpus(&scenario, err))
        return false;
    compare(&scenario);
    Map *files = map_new(arena);
    array_each (Section, file, &scenario.sections)
        if (!is_special(file->name))
            map_put(files, file->name, show(&scenario, file));
    StrBuf text_out = strbuf_new(arena);
    bool ok = print(&scenario, files, &text_out, err);
    if (ok)
        *out = strbuf_str(&text_out);
    return ok;
}
