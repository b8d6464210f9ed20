#include "lsp/settings.h"

Settings settings_default(void)
{
    return (Settings){
        .heat = SHOW_TOP,
        .top = 5,
        .threshold = 0.01,
        .trusted = true,
    };
}

static ShownHeat read_mode(JsonIn section, ShownHeat otherwise)
{
    Str text = json_opt_str(section, "heat", S(""));
    if (str_eq(text, S("off")))
        return SHOW_OFF;
    if (str_eq(text, S("top")))
        return SHOW_TOP;
    return str_eq(text, S("all")) ? SHOW_ALL : otherwise;
}

static bool same(const Settings *a, const Settings *b)
{
    return a->heat == b->heat && a->top == b->top && !(a->threshold < b->threshold) &&
           !(a->threshold > b->threshold) && a->trusted == b->trusted &&
           str_eq(a->profile, b->profile) && str_eq(a->metric, b->metric);
}

bool settings_read(Settings *settings, Arena *arena, JsonIn section)
{
    if (json_kind(section) != JSON_TYPE_OBJECT)
        return false;
    Settings before = *settings;
    settings->heat = read_mode(section, before.heat);
    int64_t top = json_opt_i64(section, "top", before.top);
    if (top > 0 && top <= 10000)
        settings->top = (uint32_t)top;
    double threshold = json_opt_double(section, "threshold", before.threshold);
    if (threshold >= 0 && threshold <= 1)
        settings->threshold = threshold;
    settings->trusted = before.trusted && json_opt_bool(section, "trusted", true);
    settings->profile = str_copy(arena, json_opt_str(section, "profile", before.profile));
    settings->metric = str_copy(arena, json_opt_str(section, "metric", before.metric));
    return !same(&before, settings);
}
