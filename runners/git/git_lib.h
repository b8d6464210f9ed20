/*
 * GitLib: what the files around libgit2 share: the repository, its errors, and who frees what. A part
 * of git.h; only git*.c of this folder include it, and nothing of libgit2 is seen outside them.
 */
#ifndef RUNNERS_GIT_GIT_LIB_H
#define RUNNERS_GIT_GIT_LIB_H

#include <string.h>

#include <git2.h>

#include "runners/git/git.h"

struct Repo {
    Arena *arena;
    git_repository *handle;
    git_odb *odb;
    Str top;
    bool is_private;
};

/* What libgit2 said last, as an Err; always false. */
bool git_lib_failed(Err *err, int code);

/* Call a libgit2 function; on failure fill err and return false from the caller. */
#define TRY(call)                                 \
    do {                                          \
        int try_code = (call);                    \
        if (try_code < 0)                         \
            return git_lib_failed(err, try_code); \
    } while (0)

/* For CLEANUP. */
static inline void free_tree(git_tree **tree)
{
    git_tree_free(*tree);
}

static inline void free_index(git_index **index)
{
    git_index_free(*index);
}

static inline void free_commit(git_commit **commit)
{
    git_commit_free(*commit);
}

static inline void free_object(git_object **object)
{
    git_object_free(*object);
}

static inline void free_reference(git_reference **reference)
{
    git_reference_free(*reference);
}

static inline void free_status(git_status_list **list)
{
    git_status_list_free(*list);
}

static inline void free_filters(git_filter_list **filters)
{
    git_filter_list_free(*filters);
}

static inline git_oid to_oid(ObjectId id)
{
    git_oid oid;
    memcpy(oid.id, id.bytes, sizeof oid.id);
    return oid;
}

static inline ObjectId from_oid(const git_oid *oid)
{
    ObjectId id;
    memcpy(id.bytes, oid->id, sizeof id.bytes);
    return id;
}

#endif
