__device__ __noinline__ float slow(float x) {
    float r = 0;
    for (int i = 0; i < 100; i++)
        r += x / (r + i);
    return r;
}
__global__ void outer(const float *in, float *out) {
    int i = threadIdx.x;
    out[i] = slow(in[i]);
}
