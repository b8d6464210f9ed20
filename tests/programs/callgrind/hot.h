/* Inlined into its callers, from another file. */
static inline unsigned long mix(unsigned long value, unsigned long step)
{
    return (value ^ step) * 0x9e3779b97f4a7c15u % 1000003; /* inlined hot line */
}
