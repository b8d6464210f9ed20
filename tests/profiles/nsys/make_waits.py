#!/usr/bin/env python3
"""Writes waits.sqlite: an export of Nsight Systems by hand, of a host program that launches and waits.

`host` is a program of this C text, so that addresses have lines of host.cu (tests/scenarios/gpu/waits.txt):
gcc -g -O0 -no-pie -fno-pie -static -nostdlib -fno-asynchronous-unwind-tables -fdebug-prefix-map=$PWD=.
    -Wl,-e,main -Wl,--build-id=none -Wl,-z,noseparate-code -Wl,-z,norelro -o host host.c
Calls below are the addresses behind its calls, from `objdump -d host`.

#line 1 "host.cu"
void cudaLaunchKernel(void);
void cudaDeviceSynchronize(void); void cudaStreamSynchronize(void); void cudaEventSynchronize(void); void cudaMemcpy(int); int prepare(void);
#line 9 "host.cu"
static void both(void) {
    cudaLaunchKernel(); cudaLaunchKernel();
}
int prepare(void) {
    return 3;
}
int main(void) {
    both();
    cudaLaunchKernel();
    cudaDeviceSynchronize();
    cudaStreamSynchronize();
    cudaEventSynchronize();
    cudaMemcpy(4);
    cudaMemcpy(prepare());
    cudaLaunchKernel(); cudaDeviceSynchronize();
    return 0;
}
#line 100 "stub.c"
void cudaLaunchKernel(void) {}
void cudaDeviceSynchronize(void) {}
void cudaStreamSynchronize(void) {}
void cudaEventSynchronize(void) {}
void cudaMemcpy(int i) {(void)i;}
"""
import sqlite3

PID, TID = 4000 << 24, 4000 << 24 | 7
BOTH, MAIN = 0x4000B0, 0x4000CC
MODULE = "./tests/profiles/nsys/host"
# (return addresses, outermost first), call, start, end
CALLS = [
    ((0x4000D5, 0x4000B9), "cudaLaunchKernel", 1000, 2000),
    ((0x4000D5, 0x4000BE), "cudaLaunchKernel", 2000, 3000),
    ((0x4000DA,), "cudaLaunchKernel", 3000, 4000),
    ((0x4000DF,), "cudaDeviceSynchronize", 5000, 3005000),
    ((0x4000DA,), "cudaLaunchKernel", 3005000, 3006000),
    ((0x4000E4,), "cudaStreamSynchronize", 3006000, 4006000),
    ((0x4000DA,), "cudaLaunchKernel", 4006000, 4007000),
    ((0x4000E9,), "cudaEventSynchronize", 4007000, 5007000),
    ((0x4000DA,), "cudaLaunchKernel", 5007000, 5008000),
    ((0x4000F3,), "cudaMemcpy", 5008000, 6008000),
    ((0x4000DA,), "cudaLaunchKernel", 6008000, 6009000),
    ((0x4000FF,), "cudaMemcpy", 9009000, 10009000),
    ((0x400104,), "cudaLaunchKernel", 10010000, 10011000),
    ((0x400109,), "cudaDeviceSynchronize", 10011000, 11011000),
]
# number of the launching call, name, demangled name, start, end
KERNELS = [
    (0, "scale", "void scale<float>(T1 *)", 10000, 510000),
    (1, "reduce", "reduce(float *)", 510000, 1510000),
    (2, "reduce", "reduce(float *)", 1510000, 3000000),
    (4, "reduce", "reduce(float *)", 3010000, 4000000),
    (6, "reduce", "reduce(float *)", 4010000, 5000000),
    (8, "reduce", "reduce(float *)", 5010000, 6000000),
    (10, "reduce", "reduce(float *)", 9000000, 10000000),
    (12, "reduce", "reduce(float *)", 10012000, 11000000),
]
strings = {}


def text(value):
    return strings.setdefault(value, len(strings) + 1)


def frame_name(address):
    return "both" if address < 0x4000C1 else "main"


def main():
    db = sqlite3.connect("waits.sqlite")
    db.execute("PRAGMA page_size = 512")
    db.executescript(
        "CREATE TABLE StringIds (id INTEGER PRIMARY KEY, value TEXT);"
        "CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INT, end INT, deviceId INT, streamId INT,"
        " correlationId INT, globalPid INT, demangledName INT, shortName INT);"
        "CREATE TABLE CUPTI_ACTIVITY_KIND_RUNTIME (start INT, end INT, globalTid INT,"
        " correlationId INT, nameId INT, callchainId INT);"
        "CREATE TABLE CUDA_CALLCHAINS (id INT, symbol INT, module INT, unresolved INT,"
        " originalIP INT, stackDepth INT);"
        "CREATE TABLE COMPOSITE_EVENTS (id INT, start INT, cpu INT, globalTid INT, cpuCycles INT);"
        "CREATE TABLE SAMPLING_CALLCHAINS (id INT, symbol INT, module INT, unresolved INT,"
        " originalIP INT, stackDepth INT, kernelMode INT);"
    )
    for number, (stack, name, start, end) in enumerate(CALLS):
        db.execute(
            "INSERT INTO CUPTI_ACTIVITY_KIND_RUNTIME VALUES (?,?,?,?,?,?)",
            (start, end, TID, number + 1, text(name + "_v3020"), number + 1),
        )
        for depth, address in enumerate(reversed(stack)):
            db.execute(
                "INSERT INTO CUDA_CALLCHAINS VALUES (?,?,?,NULL,?,?)",
                (number + 1, text(frame_name(address)), text(MODULE), address, depth),
            )
    for number, short, full, start, end in KERNELS:
        db.execute(
            "INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (?,?,0,7,?,?,?,?)",
            (start, end, number + 1, PID, text(full), text(short)),
        )
    for number in range(3):  # in prepare(), which the second cudaMemcpy's line calls
        db.execute(
            "INSERT INTO COMPOSITE_EVENTS VALUES (?,?,0,?,1)", (number, 6010000 + number * 1000000, TID)
        )
        for depth, (symbol, address) in enumerate((("prepare", 0x4000C5), ("main", 0x4000F8))):
            db.execute(
                "INSERT INTO SAMPLING_CALLCHAINS VALUES (?,?,?,NULL,?,?,0)",
                (number, text(symbol), text(MODULE), address, depth),
            )
    db.executemany("INSERT INTO StringIds VALUES (?,?)", [(n, s) for s, n in strings.items()])
    db.commit()


main()
