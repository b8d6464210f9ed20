#include "analysis/hotspots/hotspot.h"

#include <stdlib.h>

#include "analysis/hotspots/credit.h"
#include "analysis/hotspots/places.h"
#include "analysis/profile/kernel_name.h"
#include "base/array.h"
#include "base/idmap.h"

/*
 * Totals with recursion counted once: the tree of stacks is walked depth first, and each line,
 * function and edge counts how often it is open above the place we are. Only the outermost
 * opening adds the subtree's cost. One visit per node, however deep the recursion.
 */

typedef Array(HotEdge) Edges;

typedef struct Tree {
    uint32_t *child; /* first child; 0 for none */
    uint32_t *next;  /* next sibling; 0 for none */
    int64_t *self;
    int64_t *total; /* of the subtree */
    uint64_t *self_samples;
    uint64_t *samples; /* of the subtree */
    uint32_t *edge;    /* edge from the parent's function, + 1; 0 for none */
} Tree;

typedef struct Roll {
    const Profile *profile;
    Places *places;
    Tree tree;
    uint32_t *open_lines;
    uint32_t *open_functions;
    uint32_t *open_edges;
    HotSpot *lines;     /* by line id - 1 */
    HotSpot *functions; /* by function id */
    Edges edges;
    int64_t *line_best; /* by line: self cost of its owner so far */
    int64_t *frame_self;
} Roll;

/* By sample: does it count? A sample is in a kernel when a frame of its stack lies there. */
static bool *samples_wanted(Arena *scratch, const Profile *profile, Str kernel)
{
    bool *in_kernel = NEW_ARRAY(scratch, bool, profile->stacks_len + 1);
    bool *wanted = NEW_ARRAY(scratch, bool, profile->samples_len + 1);
    for (size_t i = 1; kernel.len && i < profile->stacks_len; i++) {
        const ProfileFrame *frame = &profile->frames[profile->stacks[i].frame];
        in_kernel[i] = in_kernel[profile->stacks[i].parent] ||
                       (frame->kind == FRAME_GPU &&
                        kernel_name_is(profile_text(profile, frame->module), kernel));
    }
    for (size_t i = 0; i < profile->samples_len; i++)
        wanted[i] = kernel.len == 0 || in_kernel[profile->sample_stack[i]];
    return wanted;
}

static Tree tree_of(Arena *scratch, const Profile *profile, size_t metric, const bool *wanted)
{
    size_t n = profile->stacks_len;
    Tree tree = {
        .child = NEW_ARRAY(scratch, uint32_t, n),
        .next = NEW_ARRAY(scratch, uint32_t, n),
        .self = NEW_ARRAY(scratch, int64_t, n),
        .total = NEW_ARRAY(scratch, int64_t, n),
        .self_samples = NEW_ARRAY(scratch, uint64_t, n),
        .samples = NEW_ARRAY(scratch, uint64_t, n),
        .edge = NEW_ARRAY(scratch, uint32_t, n),
    };
    for (size_t i = 0; i < profile->samples_len; i++) {
        uint32_t stack = profile->sample_stack[i];
        if (!wanted[i])
            continue;
        tree.self[stack] += profile->weights[metric][i];
        tree.self_samples[stack] += profile->sample_count[i];
    }
    for (size_t i = n; i-- > 1;) {
        uint32_t parent = profile->stacks[i].parent;
        tree.total[i] += tree.self[i];
        tree.samples[i] += tree.self_samples[i];
        tree.total[parent] += tree.total[i];
        tree.samples[parent] += tree.samples[i];
        tree.next[i] = tree.child[parent];
        tree.child[parent] = (uint32_t)i;
    }
    return tree;
}

/*
 * A kernel is called by the user's nearest function, not by the driver's launch function that is the same
 * for all of them; without one by whatever stands above it.
 */
static uint32_t calling_node(const Roll *roll, uint32_t node)
{
    const Profile *profile = roll->profile;
    uint32_t parent = profile->stacks[node].parent, above = parent;
    if (profile->frames[profile->stacks[node].frame].kind != FRAME_GPU)
        return parent;
    while (above && profile->frames[profile->stacks[above].frame].kind != FRAME_GPU) {
        if (roll->places->own[profile->stacks[above].frame])
            return above;
        above = profile->stacks[above].parent;
    }
    return parent;
}

static void find_edges(Arena *scratch, Roll *roll)
{
    IdMap ids = idmap_new(scratch);
    const Profile *profile = roll->profile;
    for (size_t i = 1; i < profile->stacks_len; i++) {
        uint32_t parent = calling_node(roll, (uint32_t)i);
        if (!parent || profile->frames[profile->stacks[parent].frame].kind == FRAME_LABEL)
            continue;
        uint32_t caller = roll->places->function_of[profile->stacks[parent].frame];
        uint32_t callee = roll->places->function_of[profile->stacks[i].frame];
        uint32_t *slot = idmap_slot(&ids, idmap_pair(caller, callee));
        if (!*slot) {
            *array_push(scratch, &roll->edges) = (HotEdge){.caller = caller, .callee = callee};
            *slot = (uint32_t)roll->edges.len;
        }
        roll->tree.edge[i] = *slot;
    }
    roll->open_edges = NEW_ARRAY(scratch, uint32_t, roll->edges.len + 1);
}

/* The line that more than half of the cost is for wins, whatever the order (Boyer and Moore). */
static void vote(HotEdge *edge, uint32_t line, int64_t cost)
{
    if (edge->line == line) {
        edge->votes += cost;
    } else if (edge->votes >= cost) {
        edge->votes -= cost;
    } else {
        edge->line = line;
        edge->votes = cost - edge->votes;
    }
}

static void enter(Roll *roll, uint32_t node)
{
    const Tree *tree = &roll->tree;
    uint32_t frame = roll->profile->stacks[node].frame;
    uint32_t line = roll->places->line_of[frame], function = roll->places->function_of[frame];
    roll->frame_self[frame] += tree->self[node];
    roll->functions[function].self += tree->self[node];
    roll->functions[function].self_samples += tree->self_samples[node];
    if (roll->open_functions[function]++ == 0) {
        roll->functions[function].total += tree->total[node];
        roll->functions[function].samples += tree->samples[node];
    }
    if (line) {
        roll->lines[line - 1].self += tree->self[node];
        roll->lines[line - 1].self_samples += tree->self_samples[node];
        if (roll->open_lines[line - 1]++ == 0) {
            roll->lines[line - 1].total += tree->total[node];
            roll->lines[line - 1].samples += tree->samples[node];
        }
    }
    if (tree->edge[node] && roll->open_edges[tree->edge[node] - 1]++ == 0) {
        HotEdge *edge = &roll->edges.items[tree->edge[node] - 1];
        uint32_t caller = roll->profile->stacks[roll->profile->stacks[node].parent].frame;
        edge->cost += tree->total[node];
        edge->samples += tree->samples[node];
        vote(edge, roll->profile->frames[caller].line, tree->total[node]);
    }
}

static void leave(Roll *roll, uint32_t node)
{
    uint32_t frame = roll->profile->stacks[node].frame;
    uint32_t line = roll->places->line_of[frame];
    roll->open_functions[roll->places->function_of[frame]]--;
    if (line)
        roll->open_lines[line - 1]--;
    if (roll->tree.edge[node])
        roll->open_edges[roll->tree.edge[node] - 1]--;
}

static void walk(Roll *roll)
{
    const Tree *tree = &roll->tree;
    uint32_t node = tree->child[0];
    while (node) {
        enter(roll, node);
        if (tree->child[node]) {
            node = tree->child[node];
            continue;
        }
        while (node) {
            leave(roll, node);
            if (tree->next[node]) {
                node = tree->next[node];
                break;
            }
            node = roll->profile->stacks[node].parent;
        }
    }
}

/* Is the frame's total its function's, and not a line's (profile.h)? */
static bool is_whole_function(const ProfileFrame *frame)
{
    return !frame->line && !frame->inlined;
}

static bool *functions_with_total(Arena *scratch, const Roll *roll)
{
    const Profile *profile = roll->profile;
    bool *with = NEW_ARRAY(scratch, bool, roll->places->functions_len + 1);
    for (size_t i = 0; i < profile->frames_len; i++)
        if (is_whole_function(&profile->frames[i]))
            with[roll->places->function_of[i]] = true;
    return with;
}

/* The calls of one function by another stand at several lines. */
static void take_calls(Arena *scratch, Roll *roll, size_t metric)
{
    const Profile *profile = roll->profile;
    IdMap ids = idmap_new(scratch);
    for (size_t i = 0; i < profile->calls_len; i++) {
        uint32_t caller = roll->places->function_of[profile->calls[i].caller];
        uint32_t callee = roll->places->function_of[profile->calls[i].callee];
        uint32_t *slot = idmap_slot(&ids, idmap_pair(caller, callee));
        if (!*slot) {
            *array_push(scratch, &roll->edges) = (HotEdge){.caller = caller, .callee = callee};
            *slot = (uint32_t)roll->edges.len;
        }
        roll->edges.items[*slot - 1].cost += profile->call_totals[metric][i];
        roll->edges.items[*slot - 1].samples += profile->calls[i].count;
        vote(&roll->edges.items[*slot - 1], profile->calls[i].line,
             profile->call_totals[metric][i]);
    }
}

/* A graph profile says totals and edges itself. */
static void take_graph(Arena *scratch, Roll *roll, size_t metric, const bool *wanted)
{
    const Profile *profile = roll->profile;
    const bool *with_total = functions_with_total(scratch, roll);
    for (size_t i = 0; i < profile->samples_len; i++) {
        uint32_t frame = profile->stacks[profile->sample_stack[i]].frame;
        uint32_t line = roll->places->line_of[frame];
        uint32_t function = roll->places->function_of[frame];
        if (!wanted[i])
            continue;
        HotSpot *both[2] = {&roll->functions[function], line ? &roll->lines[line - 1] : NULL};
        roll->frame_self[frame] += profile->weights[metric][i];
        for (size_t k = 0; k < 2 && both[k]; k++) {
            bool part =
                k == 0 && with_total[function] && !is_whole_function(&profile->frames[frame]);
            both[k]->self += profile->weights[metric][i];
            both[k]->total += part ? 0 : profile->frame_totals[metric][frame];
            both[k]->self_samples += profile->sample_count[i];
            both[k]->samples += profile->sample_count[i];
        }
    }
    take_calls(scratch, roll, metric);
}

static void name_spots(Arena *arena, Roll *roll)
{
    const Profile *profile = roll->profile;
    const Places *places = roll->places;
    for (uint32_t i = 0; i < profile->frames_len; i++) {
        const ProfileFrame *frame = &profile->frames[i];
        PathPlace file = places_file(places, frame->file);
        HotSpot *function = &roll->functions[places->function_of[i]];
        uint32_t line = frame->def_line ? frame->def_line : frame->line;
        if (!function->is_function)
            *function =
                (HotSpot){.file = str_copy(arena, file.path),
                          .mapped = file.mapped,
                          .kind = (FrameKind)frame->kind,
                          .is_function = true,
                          .is_definition = frame->def_line != 0,
                          .line = line,
                          .owner = places->function_of[i],
                          .own = places->own[i],
                          .library = str_copy(arena, places->library[i]),
                          .below = str_copy(arena, file.below),
                          .source = str_copy(arena, file.source),
                          .callee = function->callee,
                          .callee_samples = function->callee_samples,
                          .credited = function->credited,
                          .callees_first = function->callees_first,
                          .callees_len = function->callees_len,
                          .function = str_copy(arena, profile_text(profile, frame->function)),
                          .self = function->self,
                          .total = function->total,
                          .self_samples = function->self_samples,
                          .samples = function->samples};
        else if (!function->line || (line && line < function->line))
            function->line = line;
        function->own = function->own || places->own[i];
    }
}

/* A line that several functions share (a comprehension) goes to the one that cost most. */
static void name_lines(Roll *roll)
{
    const Places *places = roll->places;
    for (uint32_t i = 0; i < roll->profile->frames_len; i++) {
        if (!places->line_of[i])
            continue;
        HotSpot *line = &roll->lines[places->line_of[i] - 1];
        const HotSpot *function = &roll->functions[places->function_of[i]];
        if (line->line && roll->frame_self[i] <= roll->line_best[places->line_of[i] - 1])
            continue;
        roll->line_best[places->line_of[i] - 1] = roll->frame_self[i];
        line->file = function->file;
        line->line = roll->profile->frames[i].line;
        line->mapped = function->mapped;
        line->kind = function->kind;
        line->own = places->own[i];
        line->library = function->library;
        line->below = function->below;
        line->source = function->source;
        line->function = function->function;
        line->owner = places->function_of[i];
    }
}

int64_t hot_spot_cost(const HotSpot *spot)
{
    return spot->self + spot->callee;
}

int64_t hot_spot_rank(const HotSpot *spot)
{
    return spot->self - spot->credited + spot->callee;
}

uint64_t hot_spot_samples(const HotSpot *spot)
{
    return spot->self_samples + spot->callee_samples;
}

bool hotspots_know_lines(const HotSpots *spots)
{
    double known = 0;
    for (size_t i = 0; i < spots->lines_len; i++)
        known += (double)hot_spot_cost(&spots->lines[i]);
    return spots->lines_len && known * 2 >= (double)spots->total;
}

static int spot_order(const void *a, const void *b)
{
    const HotSpot *left = a, *right = b;
    if (hot_spot_rank(left) != hot_spot_rank(right))
        return hot_spot_rank(left) < hot_spot_rank(right) ? 1 : -1;
    if (left->own != right->own)
        return left->own ? -1 : 1;
    if (left->self != right->self)
        return left->self < right->self ? 1 : -1;
    if (left->total != right->total)
        return left->total < right->total ? 1 : -1;
    int files = str_cmp(left->file, right->file);
    if (files)
        return files;
    if (left->line != right->line)
        return left->line < right->line ? -1 : 1;
    return str_cmp(left->function, right->function);
}

static int edge_order(const void *a, const void *b)
{
    const HotEdge *left = a, *right = b;
    if (left->cost != right->cost)
        return left->cost < right->cost ? 1 : -1;
    if (left->caller != right->caller)
        return left->caller < right->caller ? -1 : 1;
    return (left->callee > right->callee) - (left->callee < right->callee);
}

/* Sorts, and lets owners and edges follow the functions to their new places. */
static void sort_all(Arena *arena, Arena *scratch, Roll *roll, HotSpots *out)
{
    uint32_t *now_at = NEW_ARRAY(scratch, uint32_t, out->functions_len + 1);
    qsort(out->functions, out->functions_len, sizeof(HotSpot), spot_order);
    qsort(out->lines, out->lines_len, sizeof(HotSpot), spot_order);
    for (uint32_t i = 0; i < out->functions_len; i++) {
        now_at[out->functions[i].owner] = i;
        out->functions[i].owner = i;
    }
    for (size_t i = 0; i < out->lines_len; i++)
        out->lines[i].owner = now_at[out->lines[i].owner];
    for (size_t i = 0; i < out->callees_len; i++)
        out->callees[i].function = now_at[out->callees[i].function];
    out->edges = NEW_ARRAY(arena, HotEdge, roll->edges.len + 1);
    out->edges_len = roll->edges.len;
    for (size_t i = 0; i < out->edges_len; i++) {
        out->edges[i] = roll->edges.items[i];
        out->edges[i].caller = now_at[out->edges[i].caller];
        out->edges[i].callee = now_at[out->edges[i].callee];
    }
    qsort(out->edges, out->edges_len, sizeof(HotEdge), edge_order);
}

HotSpots hotspots_of(Arena *arena, const Profile *profile, HotOptions options)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("hotspots");
    Places places = places_of(scratch, profile, options.map);
    const ProfileMetric *metric = &profile->metrics[options.metric];
    HotSpots out = {
        .metric = str_copy(arena, profile_text(profile, metric->name)),
        .unit = str_copy(arena, profile_text(profile, metric->unit)),
        .sampled = metric->sampled,
        .lines = NEW_ARRAY(arena, HotSpot, places.lines_len + 1),
        .lines_len = places.lines_len,
        .functions = NEW_ARRAY(arena, HotSpot, places.functions_len + 1),
        .functions_len = places.functions_len,
    };
    Roll roll = {
        .profile = profile,
        .places = &places,
        .lines = out.lines,
        .functions = out.functions,
        .open_lines = NEW_ARRAY(scratch, uint32_t, places.lines_len + 1),
        .open_functions = NEW_ARRAY(scratch, uint32_t, places.functions_len + 1),
        .line_best = NEW_ARRAY(scratch, int64_t, places.lines_len + 1),
        .frame_self = NEW_ARRAY(scratch, int64_t, profile->frames_len + 1),
    };
    const bool *wanted = samples_wanted(scratch, profile, options.kernel);
    for (size_t i = 0; i < profile->samples_len; i++) {
        out.total += wanted[i] ? profile->weights[options.metric][i] : 0;
        out.samples += wanted[i] ? profile->sample_count[i] : 0;
    }
    if (profile->graph) {
        take_graph(scratch, &roll, options.metric, wanted);
    } else {
        roll.tree = tree_of(scratch, profile, options.metric, wanted);
        find_edges(scratch, &roll);
        walk(&roll);
    }
    CreditInput credit = {.profile = profile,
                          .places = &places,
                          .metric = options.metric,
                          .self = roll.tree.self,
                          .self_samples = roll.tree.self_samples,
                          .frame_self = roll.frame_self,
                          .lines = out.lines,
                          .functions = out.functions};
    out.callees = credit_give(arena, &credit, &out.callees_len);
    name_spots(arena, &roll);
    name_lines(&roll);
    out.unmapped = out.total;
    for (size_t i = 0; i < out.lines_len; i++)
        out.unmapped -= out.lines[i].self;
    sort_all(arena, scratch, &roll, &out);
    return out;
}
