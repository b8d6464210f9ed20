#include "lsp/analysis.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/strbuf.h"
#include "lsp/feature.h"
#include "lsp/heat/heat.h"

Analysis *analysis_new(void)
{
    Analysis *analysis = calloc(1, sizeof(*analysis));
    if (!analysis)
        abort();
    return analysis;
}

void analysis_free(Analysis *analysis)
{
    if (analysis->syntax != analysis->from.syntax)
        doc_syntax_unref(analysis->syntax);
    doc_heat_unref(analysis->heat);
    for (size_t i = 0; i < analysis->step_count; i++)
        version_unref(analysis->steps[i]);
    version_unref(analysis->target);
    open_doc_finish(&analysis->from);
    snapshot_unref(analysis->snapshot);
    free(analysis->steps);
    free(analysis);
}

static DocEdit *all_edits(Arena *arena, const Analysis *analysis, size_t *count)
{
    for (size_t i = 0; i < analysis->step_count; i++)
        *count += analysis->steps[i]->edit_count;
    DocEdit *edits = NEW_ARRAY(arena, DocEdit, *count + 1);
    size_t at = 0;
    for (size_t i = 0; i < analysis->step_count; i++)
        for (size_t j = 0; j < analysis->steps[i]->edit_count; j++)
            edits[at++] = analysis->steps[i]->edits[j];
    return edits;
}

static DocSyntax *make_syntax(Job *job, const Analysis *analysis, const DocEdit *edits,
                              size_t count)
{
    TextChange *changes = NEW_ARRAY(job->arena, TextChange, count + 1);
    for (size_t i = 0; i < count; i++)
        changes[i] = edits[i].change;
    Arena *arena = arena_new("syntax");
    DocSyntax *made = NEW(arena, DocSyntax);
    made->refs = 1;
    made->arena = arena;
    made->bin = analysis->snapshot->bin;
    const Syntax *old = analysis->has_edits && count ? analysis->from.syntax->syntax : NULL;
    const DocVersion *target = analysis->target;
    if (text_bytes(target->text).len <= ANALYSIS_SYNTAX_MAX)
        made->syntax =
            old ? syntax_follow(target->text, old, changes, count, &job->cancelled)
                : syntax_parse(target->lang, target->text, NULL, NULL, 0, &job->cancelled);
    if (old && made->syntax)
        made->outline =
            outline_update(arena, &analysis->from.syntax->outline, made->syntax, target->text);
    else
        made->outline = outline_of(arena, made->syntax, target->text);
    return made;
}

static DocHeat *make_heat(Job *job, const Analysis *analysis, const DocEdit *edits, size_t count)
{
    const World *world = analysis->snapshot->world;
    Arena *arena = arena_new("file heat");
    DocHeat *made = NEW(arena, DocHeat);
    made->refs = 1;
    made->arena = arena;
    made->bin = analysis->snapshot->bin;
    made->generation = world->generation;
    const DocHeat *before = analysis->has_edits ? analysis->from.heat : NULL;
    if (before && before->generation != world->generation)
        before = NULL;
    made->file = file_heat_make(arena, &(FileHeatInput){
                                           .heat = world->heat,
                                           .settings = snapshot_settings(analysis->snapshot),
                                           .client = analysis->snapshot->client,
                                           .places = analysis->snapshot->places,
                                           .doc = analysis->target,
                                           .syntax = analysis->syntax,
                                           .before = before ? before->file : NULL,
                                           .edits = edits,
                                           .edit_count = before ? count : 0,
                                           .find_again = before && analysis->again,
                                           .cancelled = &job->cancelled,
                                       });
    return made;
}

static Str make_diagnostics(Job *job, const Analysis *analysis)
{
    StrBuf buf = strbuf_new(job->arena);
    JsonOut out = json_out(&buf);
    OpenDoc doc = {.doc = analysis->target, .syntax = analysis->syntax, .heat = analysis->heat};
    Request request = {
        .arena = job->arena,
        .snapshot = analysis->snapshot,
        .doc = &doc,
        .cancelled = &job->cancelled,
    };
    Err err = {0};
    if (feature_diagnostics(&request, &out, &err))
        return strbuf_str(&buf);
    log_warn("lsp: diagnostics of " STR_FMT ": %s", STR_ARG(analysis->target->uri), err.msg);
    return (Str){0};
}

void analysis_run(Job *job)
{
    Analysis *analysis = job->input;
    size_t count = 0;
    DocEdit *edits = all_edits(job->arena, analysis, &count);
    bool parse_anew = analysis->again && syntax_is_provisional(analysis->from.syntax->syntax);
    if (analysis->from.doc == analysis->target && !parse_anew)
        analysis->syntax = analysis->from.syntax;
    else
        analysis->syntax = make_syntax(job, analysis, edits, count);
    if (!analysis->snapshot->world)
        return;
    analysis->heat = make_heat(job, analysis, edits, count);
    analysis->diagnostics = make_diagnostics(job, analysis);
}
