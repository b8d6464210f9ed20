/* Where the sources of the user's libraries are. */

#include "runners/profiling/libraries.h"

#include "base/path.h"
#include "tests/lib/check.h"
#include "tests/lib/workspace.h"

/* No toolchain but those below this folder; a real one has the same three things. */
static void sources_of_libraries_are_found_in_known_folders(void **state)
{
    Arena *arena = test_arena(state);
    TestWorkspace space = test_workspace(arena);
    test_write(&space, "rustup/toolchains/t/lib/rustlib/multirust-channel-manifest.toml",
               S("[pkg.rust]\nversion = \"1.95.0 (aaaaaaaaa 2026-04-14)\"\n"
                 "[pkg.rustc]\nversion = \"1.95.0 (59807616e 2026-04-14)\"\n"));
    test_write(&space, "rustup/toolchains/t/lib/rustlib/src/rust/library/core/src/lib.rs", S(""));
    test_write(&space, "rustup/toolchains/bare/lib/rustlib/multirust-channel-manifest.toml",
               S("[pkg.rustc]\nversion = \"1.94.0 (bbbbbbbbb 2026-03-14)\"\n"));
    test_write(&space, "cargo/registry/src/index-1/serde_json-1.0.1/src/de.rs", S(""));
    Str root = space.places.root;
    Libraries found = libraries_in(arena, path_join(arena, root, S("rustup")),
                                   path_join(arena, root, S("cargo")));
    assert_int_equal(found.len, 2);
    assert_str(found.items[0].from, S("59807616e"));
    assert_str(found.items[0].to,
               path_join(arena, root, S("rustup/toolchains/t/lib/rustlib/src/rust")));
    assert_str(found.items[1].from, S("serde_json-1.0.1"));
    assert_int_equal(libraries_in(arena, S("/nowhere"), S("/nowhere")).len, 0);
}

TEST_MAIN(TEST(sources_of_libraries_are_found_in_known_folders))
