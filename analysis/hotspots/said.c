#include "analysis/hotspots/said.h"

/* Below the workspace when it is there, else empty. */
static Str mapped_file(const Profile *profile, PathMap *map, uint32_t file)
{
    Str recorded = profile_text(profile, file);
    if (!file || !map)
        return recorded;
    PathPlace place = pathmap_find(map, recorded);
    return place.mapped ? place.path : (Str){0};
}

static void add_fact(const Profile *profile, PathMap *map, const ProfileFact *fact, Said *out)
{
    const ProfileFrame *frame = &profile->frames[fact->frame];
    Str file = mapped_file(profile, map, frame->file);
    if (!file.len)
        return;
    out->facts[out->facts_len++] = (SaidFact){
        .file = file,
        .function = profile_text(profile, frame->function),
        .name = profile_text(profile, fact->name),
        .unit = profile_text(profile, fact->unit),
        .text = profile_text(profile, fact->text),
        .value = fact->value,
    };
}

static void add_finding(const Profile *profile, PathMap *map, const ProfileFinding *finding,
                        Said *out)
{
    const ProfileFrame *frame = &profile->frames[finding->frame];
    Str file = mapped_file(profile, map, finding->file ? finding->file : frame->file);
    if (!file.len)
        return;
    out->findings[out->findings_len++] = (SaidFinding){
        .file = file,
        .line = finding->line ? finding->line : frame->line,
        .function = profile_text(profile, frame->function),
        .rule = profile_text(profile, finding->rule),
        .message = profile_text(profile, finding->message),
        .kind = (FindingKind)finding->kind,
        .speedup = finding->speedup,
        .local = finding->local != 0,
    };
}

Said said_of(Arena *arena, const Profile *profile, PathMap *map)
{
    Said out = {
        .facts = NEW_ARRAY(arena, SaidFact, profile->facts_len + 1),
        .findings = NEW_ARRAY(arena, SaidFinding, profile->findings_len + 1),
    };
    for (size_t i = 0; i < profile->facts_len; i++)
        add_fact(profile, map, &profile->facts[i], &out);
    for (size_t i = 0; i < profile->findings_len; i++)
        add_finding(profile, map, &profile->findings[i], &out);
    return out;
}
