// Five kernels, each with one planted mistake on the line that is marked. tools/gpu_check.sh profiles them
// on a GPU and asks whether the marked line comes first, and whether the mistake has its name.
#include <cstdio>
#include <cstdlib>
#include <ctime>

static const int SIZE = 1 << 24;

static void must(cudaError_t status, const char *what)
{
    if (status != cudaSuccess) {
        fprintf(stderr, "planted: %s: %s\n", what, cudaGetErrorString(status));
        exit(1);
    }
}

// Neighbouring threads read 128 bytes apart: each warp takes 32 sectors for 4 bytes of each.
__global__ void uncoalesced(const float *in, float *out, int n)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    float sum = 0;
    for (unsigned k = 0; k < 16; k++)
        sum += in[(i * 32 + k * 4099) % n];  // PLANTED uncoalesced
    out[i % n] = sum;
}

// 32 words apart is one and the same bank for all threads of a warp.
__global__ void conflict(const float *in, float *out, int n)
{
    __shared__ volatile float tile[32 * 33];
    unsigned t = threadIdx.x % 32, i = blockIdx.x * blockDim.x + threadIdx.x;
    for (unsigned k = 0; k < 32; k++)
        tile[k * 32 + t] = in[(i + k) % n];
    __syncthreads();
    float sum = 0;
    for (unsigned k = 0; k < 512; k++)
        sum += tile[t * 32 + k % 32];  // PLANTED conflict
    out[i % n] = sum;
}

// Each thread of a warp goes round so many times as its number says.
__global__ void divergent(const float *in, float *out, int n)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    float x = in[i % n];
    for (unsigned k = 0; k < (threadIdx.x % 32) * 16; k++)
        x = x * 1.0001f + sqrtf(x + k);  // PLANTED divergent
    out[i % n] = x;
}

// Blocks of 1024 threads leave 64 registers for 96 numbers that are all needed: the rest is in local memory.
__global__ void __launch_bounds__(1024) spill(const float *in, float *out, int n)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    float part[96];
#pragma unroll
    for (int k = 0; k < 96; k++)
        part[k] = in[(i + k * 1024) % n];
    for (int round = 0; round < 64; round++) {
#pragma unroll
        for (int k = 0; k < 96; k++)
            part[k] = part[k] * 0.5f + part[(k * 7 + 5) % 96];  // PLANTED spill
    }
    float sum = 0;
#pragma unroll
    for (int k = 0; k < 96; k++)
        sum += part[k];
    out[i % n] = sum;
}

// One block of one warp: all but one multiprocessor have nothing to do.
__global__ void small_grid(const float *in, float *out, int n)
{
    float sum = 0;
    for (int k = threadIdx.x; k < n / 64; k += blockDim.x)
        sum += in[k];  // PLANTED small_grid
    out[threadIdx.x] = sum;
}

// planted [SECONDS]: so long over and over; once without.
int main(int argc, char **argv)
{
    const time_t until = time(NULL) + (argc > 1 ? strtol(argv[1], NULL, 10) : 0);
    float *in, *out;
    must(cudaMalloc(&in, SIZE * sizeof(float)), "cudaMalloc");
    must(cudaMalloc(&out, SIZE * sizeof(float)), "cudaMalloc");
    must(cudaMemset(in, 0, SIZE * sizeof(float)), "cudaMemset");
    const int blocks = SIZE / 256 / 16;
    do {
        uncoalesced<<<blocks, 256>>>(in, out, SIZE);
        conflict<<<blocks, 256>>>(in, out, SIZE);
        divergent<<<blocks, 256>>>(in, out, SIZE);
        spill<<<blocks / 4, 1024>>>(in, out, SIZE);
        small_grid<<<1, 32>>>(in, out, SIZE);
        must(cudaGetLastError(), "launch");
        must(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
    } while (time(NULL) < until);
    must(cudaFree(in), "cudaFree");
    must(cudaFree(out), "cudaFree");
    puts("five kernels ran");
    return 0;
}
