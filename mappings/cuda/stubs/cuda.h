/* SPDX-License-Identifier: Apache-2.0
   Hand-written part of the CUDA stubs: what a parser needs before any generated declaration.
   Every name declared here counts as CUDA's. Bodies and layouts are invented; only the spelling matters. */
#ifdef __CUDA__
#define __host__ __attribute__((host))
#define __device__ __attribute__((device))
#define __global__ __attribute__((global))
#define __shared__ __attribute__((shared))
#define __constant__ __attribute__((constant))
#define __managed__ __attribute__((device))
#else
#define __host__
#define __device__
#define __global__
#define __shared__
#define __constant__
#define __managed__
#endif
#define __forceinline__ __inline__
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __cluster_dims__(...)
#define __block_size__(...)
#define __maxnreg__(...)
#define __grid_constant__
#define __align__(n) __attribute__((aligned(n)))
#define __builtin_align__(n) __attribute__((aligned(n)))
#define __nv_pure__
#define CUDART_CB
#define CUDAAPI
#define CUDARTAPI
#define CUDART_DEVICE
#define CUDA_CB

#ifdef __cplusplus
#define PK_VECTOR(T, N) \
  struct N##1 { T x; }; struct N##2 { T x, y; }; struct N##3 { T x, y, z; }; struct N##4 { T x, y, z, w; }; \
  N##1 make_##N##1(...); N##2 make_##N##2(...); N##3 make_##N##3(...); N##4 make_##N##4(...);
#else
#define PK_VECTOR(T, N) \
  typedef struct N##1 { T x; } N##1; typedef struct N##2 { T x, y; } N##2; \
  typedef struct N##3 { T x, y, z; } N##3; typedef struct N##4 { T x, y, z, w; } N##4; \
  N##1 make_##N##1(); N##2 make_##N##2(); N##3 make_##N##3(); N##4 make_##N##4();
#endif
PK_VECTOR(char, char)
PK_VECTOR(unsigned char, uchar)
PK_VECTOR(short, short)
PK_VECTOR(unsigned short, ushort)
PK_VECTOR(int, int)
PK_VECTOR(unsigned, uint)
PK_VECTOR(long, long)
PK_VECTOR(unsigned long, ulong)
PK_VECTOR(long long, longlong)
PK_VECTOR(unsigned long long, ulonglong)
PK_VECTOR(float, float)
PK_VECTOR(double, double)
#undef PK_VECTOR

#ifdef __cplusplus
struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}
  constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
  operator uint3() const;
};
extern const __device__ uint3 threadIdx;
extern const __device__ uint3 blockIdx;
extern const __device__ dim3 blockDim;
extern const __device__ dim3 gridDim;
extern const __device__ int warpSize;
#ifdef __CUDA__
extern "C" int cudaConfigureCall(dim3, dim3, __SIZE_TYPE__ = 0, void * = 0);
extern "C" unsigned __cudaPushCallConfiguration(dim3, dim3, __SIZE_TYPE__ = 0, void * = 0);
#endif
#else
typedef struct dim3 { unsigned x, y, z; } dim3;
#endif
