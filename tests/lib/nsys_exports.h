/* A writer of Nsight Systems exports: tables as SQL, a file's bytes out. */
#ifndef TESTS_LIB_NSYS_EXPORTS_H
#define TESTS_LIB_NSYS_EXPORTS_H

#include <sqlite3.h>

#include "tests/lib/check.h"

/* 4000 is a process, 7 and 8 are threads of it, as nsys puts them into one number. */
#define PID "(4000 << 24)"
#define TID "(4000 << 24 | 7)"

#define STRINGS                                                                               \
    "CREATE TABLE StringIds (id INTEGER PRIMARY KEY, value TEXT);"                            \
    "INSERT INTO StringIds VALUES (1,'reduce'),(2,'void reduce<128>(float*)'),"               \
    "(3,'cudaLaunchKernel_v7000'),(4,'cudaDeviceSynchronize_v3020'),(5,'main'),(6,'/w/app')," \
    "(7,'run'),(8,'0x7f01'),(9,'/lib/libcuda.so.1'),(10,'cudaLaunchKernel'),(11,'step'),"     \
    "(12,'worker'),(13,'scale');"

#define KERNELS                                                                            \
    "CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INT, end INT, deviceId INT, streamId " \
    "INT, correlationId INT, globalPid INT, demangledName INT, shortName INT, "            \
    "registersPerThread INT, gridX INT, gridY INT, gridZ INT, blockX INT, blockY INT, "    \
    "blockZ INT, staticSharedMemory INT, dynamicSharedMemory INT);"

#define KERNEL(start, end, stream, correlation, name)                               \
    "INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (" #start "," #end ",0," #stream \
    "," #correlation "," PID ",2," #name ",40,8,4,1,128,1,1,512,0);"

#define CALLS                                                                       \
    "CREATE TABLE CUPTI_ACTIVITY_KIND_RUNTIME (start INT, end INT, globalTid INT, " \
    "correlationId INT, nameId INT, callchainId INT);"

#define CALL(start, end, correlation, name, chain)                                              \
    "INSERT INTO CUPTI_ACTIVITY_KIND_RUNTIME VALUES (" #start "," #end "," TID "," #correlation \
    "," #name "," #chain ");"

#define CHAINS                                                                                  \
    "CREATE TABLE CUDA_CALLCHAINS (id INT, symbol INT, module INT, unresolved INT, originalIP " \
    "INT, stackDepth INT);"                                                                     \
    "INSERT INTO CUDA_CALLCHAINS VALUES (1,8,9,1,99,0),(1,10,6,NULL,98,1),(1,7,6,NULL,97,2),"   \
    "(1,5,6,NULL,96,3),(2,5,6,NULL,95,0);"

static inline Str export_of(Arena *arena, const char *sql)
{
    sqlite3 *db = NULL;
    char *message = NULL;
    sqlite3_int64 size = 0;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
    unsigned char *bytes = sqlite3_serialize(db, "main", &size, 0);
    Str copy = str_copy(arena, (Str){(char *)bytes, (size_t)size});
    sqlite3_free(bytes);
    sqlite3_close(db);
    return copy;
}

#endif
