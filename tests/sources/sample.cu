// Sums and histograms of a vector on the GPU. Written for tests.

#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                   \
    do {                                                              \
        cudaError_t status = (call);                                  \
        if (status != cudaSuccess) {                                  \
            fprintf(stderr, "%s\n", cudaGetErrorString(status));      \
            exit(1);                                                  \
        }                                                             \
    } while (0)

namespace kernels {

constexpr int BLOCK = 256;

template <typename T>
__global__ void fill(T *out, T value, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        out[i] = value;
}

__global__ void scale(float *x, float factor, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        x[i] *= factor;
}

__global__ void __launch_bounds__(BLOCK) sum(const float *x, float *out, int n)
{
    __shared__ float part[BLOCK];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    part[threadIdx.x] = i < n ? x[i] : 0.0f;
    __syncthreads();
    for (int stride = blockDim.x / 2; stride > 0; stride /= 2) {
        if (threadIdx.x < stride)
            part[threadIdx.x] += part[threadIdx.x + stride];
        __syncthreads();
    }
    if (threadIdx.x == 0)
        atomicAdd(out, part[0]);
}

__global__ void histogram(const float *x, int *bins, int count, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    for (; i < n; i += gridDim.x * blockDim.x) {
        int bin = (int)(x[i] * count);
        if (bin >= 0 && bin < count)
            atomicAdd(&bins[bin], 1);
    }
}

} // namespace kernels

template <typename T>
class Buffer {
public:
    explicit Buffer(int n) : n_(n)
    {
        CHECK(cudaMalloc(&data_, n * sizeof(T)));
    }

    ~Buffer()
    {
        cudaFree(data_);
    }

    T *data()
    {
        return data_;
    }

    int size() const
    {
        return n_;
    }

    void load(const std::vector<T> &from)
    {
        CHECK(cudaMemcpy(data_, from.data(), n_ * sizeof(T), cudaMemcpyHostToDevice));
    }

    std::vector<T> store() const
    {
        std::vector<T> out(n_);
        CHECK(cudaMemcpy(out.data(), data_, n_ * sizeof(T), cudaMemcpyDeviceToHost));
        return out;
    }

private:
    T *data_ = nullptr;
    int n_;
};

static int blocks(int n)
{
    return (n + kernels::BLOCK - 1) / kernels::BLOCK;
}

float total(Buffer<float> &x)
{
    Buffer<float> out(1);
    kernels::fill<<<1, 1>>>(out.data(), 0.0f, 1);
    kernels::sum<<<blocks(x.size()), kernels::BLOCK>>>(x.data(), out.data(), x.size());
    CHECK(cudaGetLastError());
    return out.store()[0];
}

std::vector<int> histogram(Buffer<float> &x, int count)
{
    Buffer<int> bins(count);
    kernels::fill<<<blocks(count), kernels::BLOCK>>>(bins.data(), 0, count);
    kernels::histogram<<<blocks(x.size()), kernels::BLOCK>>>(x.data(), bins.data(), count, x.size());
    CHECK(cudaGetLastError());
    return bins.store();
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 1 << 20;
    std::vector<float> host(n);
    for (int i = 0; i < n; i++)
        host[i] = (float)rand() / (float)RAND_MAX;
    Buffer<float> x(n);
    x.load(host);
    kernels::scale<<<blocks(n), kernels::BLOCK>>>(x.data(), 0.5f, n);
    printf("Σ = %f\n", total(x));
    for (int count : histogram(x, 8))
        printf("%d\n", count);
    while (n > 1) {
        n /= 2;
        if (n % 3 == 0)
            break;
    }
    return 0;
}
