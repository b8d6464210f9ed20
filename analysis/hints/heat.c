#include "analysis/hints/heat.h"

#include "analysis/hotspots/rank.h"

double heat_cost(const HeatValue *value)
{
    return value->self + value->callee;
}

double heat_share(const HeatMetric *metric, const HeatValue *value)
{
    return metric->total > 0 ? heat_cost(value) / metric->total : 0;
}

double heat_callee_share(const HeatMetric *metric, const HeatValue *value)
{
    return metric->total > 0 ? value->callee / metric->total : 0;
}

double heat_self_share(const HeatMetric *metric, const HeatValue *value)
{
    return metric->total > 0 ? value->self / metric->total : 0;
}

double heat_total_share(const HeatMetric *metric, const HeatValue *value)
{
    return metric->total > 0 ? value->total / metric->total : 0;
}

static RankShare share_of(const HeatMetric *metric, const HeatValue *value)
{
    HotSpots whole = {
        .total = (int64_t)metric->total,
        .samples = metric->samples,
        .sampled = metric->samples > 0,
    };
    return rank_share(&whole, (int64_t)heat_cost(value), value->samples);
}

double heat_share_error(const HeatMetric *metric, const HeatValue *value)
{
    RankShare share = share_of(metric, value);
    return (share.high - share.low) / 2;
}

bool heat_is_resolved(const HeatMetric *metric, const HeatValue *value)
{
    return rank_is_resolvable(share_of(metric, value));
}

bool heat_is_shown(const HeatSettings *settings, const HeatMetric *metric, const HeatValue *value)
{
    double threshold = settings->threshold > 0 ? settings->threshold : 0.01;
    return heat_share(metric, value) >= threshold && heat_is_resolved(metric, value);
}

bool heat_is_ranked(const HeatSettings *settings, uint32_t rank)
{
    switch (settings->mode) {
    case HEAT_ALL:
        return true;
    case HEAT_TOP:
        return rank < (settings->top ? settings->top : 5);
    case HEAT_OFF:
        break;
    }
    return false;
}

void heat_metric_unit(Str profile_unit, Unit *unit, double *scale)
{
    static const struct {
        Str name;
        Unit unit;
        double scale;
    } UNITS[] = {
        {STR_CONST("ns"), UNIT_SECONDS, 1e-9}, {STR_CONST("nanoseconds"), UNIT_SECONDS, 1e-9},
        {STR_CONST("us"), UNIT_SECONDS, 1e-6}, {STR_CONST("microseconds"), UNIT_SECONDS, 1e-6},
        {STR_CONST("ms"), UNIT_SECONDS, 1e-3}, {STR_CONST("milliseconds"), UNIT_SECONDS, 1e-3},
        {STR_CONST("s"), UNIT_SECONDS, 1},     {STR_CONST("seconds"), UNIT_SECONDS, 1},
        {STR_CONST("bytes"), UNIT_BYTES, 1},   {STR_CONST("B"), UNIT_BYTES, 1},
    };
    *unit = UNIT_COUNT;
    *scale = 1;
    for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++)
        if (str_eq(UNITS[i].name, profile_unit)) {
            *unit = UNITS[i].unit;
            *scale = UNITS[i].scale;
        }
}
