"""A kernel launched from Python, by what is here. For gpu_check.sh."""
try:
    import torch

    x = torch.rand(1 << 22, device="cuda")
    for _ in range(50):
        x = x * 1.0001 + 0.5
    torch.cuda.synchronize()
except ImportError:
    try:
        import cupy

        x = cupy.ones(1 << 22, dtype=cupy.float32)
        for _ in range(50):
            x = x * 1.0001 + 0.5
        cupy.cuda.Device().synchronize()
    except ImportError:
        import numpy
        from numba import cuda

        @cuda.jit(lineinfo=True)
        def grow(x):
            i = cuda.grid(1)
            if i < x.size:
                x[i] = x[i] * 1.0001 + 0.5

        x = cuda.to_device(numpy.ones(1 << 22, dtype=numpy.float32))
        for _ in range(50):
            grow[(1 << 22) // 256, 256](x)
        cuda.synchronize()
print("kernels ran")
