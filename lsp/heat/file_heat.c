#include "lsp/heat/heat.h"

#include "base/log.h"
#include "base/path.h"
#include "lsp/heat/heat_data.h"
#include "runners/ledger/contents.h"

static FileHeatBase *base_ref(FileHeatBase *base)
{
    if (base)
        atomic_fetch_add(&base->refs, 1);
    return base;
}

void file_heat_finish(FileHeat *file)
{
    FileHeatBase *base = file ? file->base : NULL;
    if (base && atomic_fetch_sub(&base->refs, 1) == 1)
        arena_free(base->arena);
}

static const LedgerFile *file_of(const HeatProfile *profile, Str path)
{
    for (size_t i = 0; profile->present && i < profile->row.files.len; i++)
        if (str_eq(profile->row.files.items[i].path, path))
            return &profile->row.files.items[i];
    return NULL;
}

/* The text a profile was recorded on, parsed; false when it was not kept. */
static bool open_side(Arena *arena, const FileHeatInput *input, const HeatProfile *profile,
                      Str path, AnchorSide *out)
{
    const LedgerFile *file = file_of(profile, path);
    Err err = {0};
    Str bytes;
    if (!file)
        return false;
    if (!contents_get(arena, input->places, file->content, &bytes, &err)) {
        log_info("heat: profiled text of " STR_FMT ": %s", STR_ARG(path), err.msg);
        return false;
    }
    Outline *outline = NEW(arena, Outline);
    out->text = text_new(arena, bytes);
    Syntax *syntax = syntax_parse(input->doc->lang, out->text, NULL, NULL, 0, input->cancelled);
    *outline = outline_of(arena, syntax, out->text);
    syntax_free(syntax);
    out->outline = outline;
    return true;
}

static AnchorSide side_now(const FileHeatInput *input)
{
    return (AnchorSide){.text = input->doc->text, .outline = &input->syntax->outline};
}

static Map *functions_by_name(Arena *arena, const Outline *outline)
{
    Map *map = map_new(arena);
    for (size_t i = 0; i < outline->len; i++) {
        OutlineItem *item = &outline->items[i];
        if (item->kind == OUTLINE_FUNCTION)
            map_put(map, item->name, map_has(map, item->name) ? NULL : item);
    }
    return map;
}

/* The recorded path of a library's file that is this document; empty when it is none. */
static Str library_path(const Heat *heat, Str document)
{
    const HotSpots *spots = heat->now.present ? heat->now.spots : NULL;
    for (size_t i = 0; spots && document.len && i < spots->lines_len; i++)
        if (!spots->lines[i].mapped && str_eq(spots->lines[i].source, document))
            return spots->lines[i].file;
    return S("");
}

/* A library's text was not kept with the profile: it is taken to be what it was. */
static bool profiled_side(Arena *arena, const FileHeatInput *input, const Heat *heat,
                          const HotSource *source, AnchorSide *out)
{
    if (!source->library)
        return open_side(arena, input, &heat->now, source->path, out);
    *out = source->now;
    Outline *outline = NEW(arena, Outline);
    out->text = text_new(arena, str_copy(arena, text_bytes(source->now.text)));
    Syntax *syntax = syntax_parse(input->doc->lang, out->text, NULL, NULL, 0, input->cancelled);
    *outline = outline_of(arena, syntax, out->text);
    syntax_free(syntax);
    out->outline = outline;
    return true;
}

static FileHeatBase *join(const FileHeatInput *input, const Heat *heat, Str path)
{
    bool library = !path.len;
    if (library)
        path = library_path(heat, input->doc->path);
    if (!path.len || (!library && !file_of(&heat->now, path)))
        return NULL;
    Arena *arena = arena_new("file heat base");
    HotSource source = {
        .path = path,
        .library = library,
        .lang = input->doc->lang,
        .tool = heat->now.row.tool,
        .recorded = heat->now.recorded,
        .snapshot = heat->now.row.snapshot,
        .spots = heat->now.spots,
        .n_spots = heat->now.n_spots,
        .said = &heat->now.said,
        .lines_are_functions = heat->now.open.profile.graph,
        .now = side_now(input),
    };
    if (!profiled_side(arena, input, heat, &source, &source.profiled)) {
        arena_free(arena);
        return NULL;
    }
    if (!library)
        source.compared = heat->compared;
    FileHeatBase *base = NEW(arena, FileHeatBase);
    atomic_init(&base->refs, 1);
    base->arena = arena;
    base->joined = hot_file_join(arena, &source);
    base->profiled = source.profiled;
    base->functions = functions_by_name(arena, source.profiled.outline);
    hot_file_advise(arena, &base->joined, input->doc->lang, &source.now, NULL);
    return base;
}

/* Follows the edits; advice is worked out again for the function that was edited. */
static HotFile carry(Arena *arena, const FileHeatInput *input, const FileHeat *before)
{
    HotFile hot = before->hot;
    for (size_t i = 0; i < input->edit_count; i++)
        hot = hot_file_carry(arena, &hot, &input->edits[i].change, input->edits[i].now);
    AnchorSide now = side_now(input);
    for (size_t i = 0; i < input->edit_count; i++) {
        const OutlineItem *function =
            outline_function_at(now.outline, input->edits[i].change.first);
        if (function)
            hot_file_advise(arena, &hot, input->doc->lang, &now, function);
    }
    return hot;
}

static HotFile find_again(Arena *arena, const FileHeatInput *input, const FileHeat *before)
{
    AnchorSide now = side_now(input);
    HotFile hot = hot_file_find(arena, &before->hot, &before->base->profiled, &now);
    hot_file_advise(arena, &hot, input->doc->lang, &now, NULL);
    return hot;
}

/* Where the iteration's functions are in this document now; lines of the ledger are older. */
static void find_places(Arena *arena, const FileHeatInput *input, Str path, IterationFacts *last)
{
    ChangedPlace *places = NEW_ARRAY(arena, ChangedPlace, last->n_places + 1);
    for (size_t i = 0; i < last->n_places; i++) {
        places[i] = last->places[i];
        if (!str_eq(places[i].path, path) || places[i].function.len == 0)
            continue;
        const OutlineItem *item =
            outline_find_function(&input->syntax->outline, places[i].function, places[i].first);
        if (item) {
            places[i].first = item->first;
            places[i].last = item->last;
        }
    }
    last->places = places;
}

/*
 * Functions whose body is another than in the profiled text. Only while the profile is of the last
 * checkpoint does that mean "changed since the last checkpoint".
 */
static void find_open_changes(Arena *arena, const FileHeatInput *input, const FileHeat *file,
                              IterationFacts *last)
{
    const Outline *now = &input->syntax->outline;
    ChangedPlace *places = NEW_ARRAY(arena, ChangedPlace, now->len + 1);
    size_t n = 0;
    for (size_t i = 0; i < now->len; i++) {
        const OutlineItem *item = &now->items[i];
        if (item->kind != OUTLINE_FUNCTION)
            continue;
        const OutlineItem *old = map_get(file->base->functions, item->name);
        if (!old || digest_eq(old->body, item->body))
            continue;
        places[n++] = (ChangedPlace){
            .path = file->path, .function = item->name, .first = item->first, .last = item->last};
    }
    if (n == 0)
        return;
    last->step = LOOP_CHANGED;
    last->verdict = LOOP_NO_VERDICT;
    last->places = places;
    last->n_places = n;
}

static bool is_as_profiled(const FileHeatInput *input, const FileHeat *file)
{
    return digest_eq(input->syntax->outline.text, file->base->profiled.outline->text);
}

/* A change that was kept after the profile is in the checkpoint, but not in the profiled text. */
static bool profile_is_of_checkpoint(const Heat *heat, Str name)
{
    const LoopWorkload *loop = loop_view_find(&heat->loop, name);
    for (size_t i = 0; loop && i < loop->iterations.len; i++) {
        const LedgerIteration *iteration = &loop->iterations.items[i];
        if (str_eq(iteration->state, S("kept")) && iteration->time_s > heat->now.row.time_s)
            return false;
    }
    return true;
}

static LoopFacts facts_for(Arena *arena, const FileHeatInput *input, const FileHeat *file)
{
    LoopFacts facts = file->heat->facts;
    WorkloadFacts *workloads = NEW_ARRAY(arena, WorkloadFacts, facts.n_workloads + 1);
    for (size_t i = 0; i < facts.n_workloads; i++) {
        workloads[i] = facts.workloads[i];
        find_places(arena, input, file->path, &workloads[i].last);
        bool settled = workloads[i].last.step != LOOP_MEASURED;
        bool ours = str_eq(workloads[i].name, file->heat->now.row.workload);
        if (settled && ours && file->base && !is_as_profiled(input, file) &&
            profile_is_of_checkpoint(file->heat, workloads[i].name))
            find_open_changes(arena, input, file, &workloads[i].last);
    }
    facts.workloads = workloads;
    return facts;
}

static bool is_known(const Heat *heat, Str path)
{
    for (size_t i = 0; i < heat->n_known; i++)
        if (str_eq(heat->known[i], path))
            return true;
    return false;
}

/* The presenter takes 0 for "not said"; a user who writes 0 means every line that is resolved. */
static HeatSettings heat_settings(const Settings *settings)
{
    static const HeatMode MODES[] = {
        [SHOW_TOP] = HEAT_TOP,
        [SHOW_OFF] = HEAT_OFF,
        [SHOW_ALL] = HEAT_ALL,
    };
    return (HeatSettings){
        .mode = MODES[settings->heat],
        .top = settings->top,
        .threshold = settings->threshold > 0 ? settings->threshold : 1e-9,
    };
}

FileHeat *file_heat_make(Arena *arena, const FileHeatInput *input)
{
    FileHeat *file = NEW(arena, FileHeat);
    Str path = {0};
    if (input->heat->root.len && input->doc->path.len &&
        path_inside(input->heat->root, input->doc->path, &path))
        file->path = str_copy(arena, path);
    file->heat = input->before ? input->before->heat : heat_for_file(input->heat, file->path);
    if (input->before) {
        file->base = base_ref(input->before->base);
        if (file->base)
            file->hot = input->find_again ? find_again(arena, input, input->before)
                                          : carry(arena, input, input->before);
    } else if (input->heat->root.len) {
        file->base = join(input, file->heat, file->path);
        if (file->base)
            file->hot = file->base->joined;
    }
    file->facts = facts_for(arena, input, file);
    file->input = (ViewInput){
        .path = file->path,
        .heat = file->base ? &file->hot : NULL,
        .loop = &file->facts,
        .workload = file->heat->now.row.workload,
        .profiles = file->heat->profiles,
        .n_profiles = file->heat->n_profiles,
        .profile = file->heat->now.row.id,
        .lists_only = !input->client->hover_tables,
        .is_chosen = input->settings->profile.len > 0,
        .settings = heat_settings(input->settings),
        .had_lenses = is_known(input->heat, file->path),
    };
    if (file->path.len)
        file->input.benches = bench_places(arena, &input->heat->bench, file->path,
                                           &input->syntax->outline, input->doc->text);
    if (input->before && input->before->input.benches.len)
        file->input.had_lenses = true;
    file->view = view_of(arena, &file->input);
    return file;
}
