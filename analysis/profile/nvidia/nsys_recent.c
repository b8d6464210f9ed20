#include "analysis/profile/nvidia/nsys_recent.h"

typedef struct NsysRecentCell {
    uint64_t key;
    uint32_t older; /* slot + 1, of the same hash */
    bool held;
} Cell;

/* Keys are mostly numbers that follow one another: so do their places in memory. */
static uint32_t *head_of(const NsysRecent *recent, uint64_t key)
{
    return &recent->heads[(key ^ (key >> 40) * 0x9e3779b9u) & (recent->capacity - 1)];
}

NsysRecent nsys_recent_new(Arena *arena, uint32_t capacity)
{
    return (NsysRecent){.cells = NEW_ARRAY(arena, Cell, capacity),
                        .heads = NEW_ARRAY(arena, uint32_t, capacity),
                        .capacity = capacity};
}

bool nsys_recent_holds(const NsysRecent *recent, uint32_t slot)
{
    return recent->cells[slot].held;
}

bool nsys_recent_will_forget(const NsysRecent *recent, uint32_t *slot)
{
    *slot = recent->next;
    return recent->cells[recent->next].held;
}

void nsys_recent_forget(NsysRecent *recent, uint32_t slot)
{
    Cell *cell = &recent->cells[slot];
    if (!cell->held)
        return;
    uint32_t *at = head_of(recent, cell->key);
    while (*at != slot + 1)
        at = &recent->cells[*at - 1].older;
    *at = cell->older;
    *cell = (Cell){0};
}

uint32_t nsys_recent_add(NsysRecent *recent, uint64_t key)
{
    uint32_t slot = recent->next, *head = head_of(recent, key);
    nsys_recent_forget(recent, slot);
    recent->next = (slot + 1) & (recent->capacity - 1);
    recent->cells[slot] = (Cell){.key = key, .older = *head, .held = true};
    *head = slot + 1;
    return slot;
}

bool nsys_recent_find(const NsysRecent *recent, uint64_t key, uint32_t *slot)
{
    for (uint32_t at = *head_of(recent, key); at; at = recent->cells[at - 1].older)
        if (recent->cells[at - 1].key == key) {
            *slot = at - 1;
            return true;
        }
    return false;
}
