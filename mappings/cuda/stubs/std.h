/* SPDX-License-Identifier: Apache-2.0
   A small C and C++ library for parsing only: enough names that CUDA sources keep their syntax tree.
   Nothing here counts as CUDA's. */
typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef __INTPTR_TYPE__ intptr_t;
typedef __UINTPTR_TYPE__ uintptr_t;
typedef signed char int8_t;
typedef unsigned char uint8_t;
typedef short int16_t;
typedef unsigned short uint16_t;
typedef int int32_t;
typedef unsigned uint32_t;
typedef long int64_t;
typedef unsigned long uint64_t;
typedef long ssize_t;
typedef long time_t;
typedef long clock_t;
typedef long off_t;
typedef int pid_t;
typedef unsigned uint;
typedef unsigned short ushort;
typedef unsigned char uchar;
typedef unsigned long ulong;
typedef int pthread_t;
typedef struct pk_file FILE;
#define NULL __null
#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define RAND_MAX 2147483647
#define CLOCKS_PER_SEC 1000000
#define INT_MAX 2147483647
#define INT_MIN (-2147483647 - 1)
#define UINT_MAX 4294967295u
#define LONG_MAX 9223372036854775807l
#define FLT_MAX 3.4e38f
#define FLT_MIN 1.2e-38f
#define FLT_EPSILON 1.2e-7f
#define DBL_MAX 1.7e308
#define DBL_MIN 2.2e-308
#define DBL_EPSILON 2.2e-16
#define INFINITY 1e30f
#define NAN 0.f
#define HUGE_VALF 1e30f
#define M_PI 3.14159265358979
#define UINT64_MAX 18446744073709551615ul
#define UINT32_MAX 4294967295u
#define INT32_MAX 2147483647
#define INT64_MAX 9223372036854775807l
#define SIZE_MAX 18446744073709551615ul
#define CHAR_BIT 8
#define va_start(...) ((void)0)
#define va_end(...) ((void)0)
#define va_arg(a, T) (*(T *)0)
#define assert(...) ((void)(__VA_ARGS__))
#ifndef __cplusplus
#undef NULL
#define NULL ((void *)0)
#define bool _Bool
#define true 1
#define false 0
#define PK_ARGS
#else
#define PK_ARGS ...
extern "C" {
#endif
extern FILE *stdout, *stderr, *stdin;
struct timeval { long tv_sec, tv_usec; };
struct timespec { long tv_sec, tv_nsec; };
int printf(PK_ARGS), fprintf(PK_ARGS), sprintf(PK_ARGS), snprintf(PK_ARGS), scanf(PK_ARGS), fscanf(PK_ARGS), sscanf(PK_ARGS), puts(PK_ARGS),
    fputs(PK_ARGS), putchar(PK_ARGS), fflush(PK_ARGS), fclose(PK_ARGS), fseek(PK_ARGS), fgetc(PK_ARGS), fputc(PK_ARGS), feof(PK_ARGS), vprintf(PK_ARGS),
    vfprintf(PK_ARGS), vsnprintf(PK_ARGS), perror(PK_ARGS), rand(PK_ARGS), atoi(PK_ARGS), atexit(PK_ARGS), system(PK_ARGS), strcmp(PK_ARGS),
    strncmp(PK_ARGS), strcasecmp(PK_ARGS), memcmp(PK_ARGS), isdigit(PK_ARGS), isspace(PK_ARGS), isalpha(PK_ARGS), toupper(PK_ARGS), tolower(PK_ARGS),
    gettimeofday(PK_ARGS), clock_gettime(PK_ARGS), usleep(PK_ARGS), sleep(PK_ARGS), getpid(PK_ARGS), getopt(PK_ARGS), posix_memalign(PK_ARGS),
    setenv(PK_ARGS), unlink(PK_ARGS), open(PK_ARGS), close(PK_ARGS), pthread_create(PK_ARGS), pthread_join(PK_ARGS), munmap(PK_ARGS), dlclose(PK_ARGS);
size_t strlen(PK_ARGS), fread(PK_ARGS), fwrite(PK_ARGS);
long ftell(PK_ARGS), time(PK_ARGS), atol(PK_ARGS), strtol(PK_ARGS), clock(PK_ARGS), lrand48(PK_ARGS), random(PK_ARGS), read(PK_ARGS), write(PK_ARGS);
unsigned long strtoul(PK_ARGS);
long long atoll(PK_ARGS);
double atof(PK_ARGS), strtod(PK_ARGS), drand48(PK_ARGS), difftime(PK_ARGS);
float strtof(PK_ARGS);
void *malloc(PK_ARGS), *calloc(PK_ARGS), *realloc(PK_ARGS), *memcpy(PK_ARGS), *memmove(PK_ARGS), *memset(PK_ARGS), *aligned_alloc(PK_ARGS), *mmap(PK_ARGS),
    *dlopen(PK_ARGS), *dlsym(PK_ARGS), *memchr(PK_ARGS), *alloca(PK_ARGS);
void free(PK_ARGS), exit(PK_ARGS), abort(PK_ARGS), srand(PK_ARGS), srand48(PK_ARGS), qsort(PK_ARGS), srandom(PK_ARGS), rewind(PK_ARGS);
char *strcpy(PK_ARGS), *strncpy(PK_ARGS), *strcat(PK_ARGS), *strchr(PK_ARGS), *strrchr(PK_ARGS), *strstr(PK_ARGS), *strdup(PK_ARGS), *strtok(PK_ARGS),
    *getenv(PK_ARGS), *strerror(PK_ARGS), *fgets(PK_ARGS), *dlerror(PK_ARGS);
FILE *fopen(PK_ARGS), *popen(PK_ARGS);
#define PK_MATH(F) double F(PK_ARGS); float F##f(PK_ARGS);
PK_MATH(sin) PK_MATH(cos) PK_MATH(tan) PK_MATH(asin) PK_MATH(acos) PK_MATH(atan) PK_MATH(atan2) PK_MATH(sinh) PK_MATH(cosh) PK_MATH(tanh)
PK_MATH(asinh) PK_MATH(acosh) PK_MATH(atanh) PK_MATH(exp) PK_MATH(exp2) PK_MATH(expm1) PK_MATH(log) PK_MATH(log2) PK_MATH(log10) PK_MATH(log1p)
PK_MATH(pow) PK_MATH(sqrt) PK_MATH(cbrt) PK_MATH(hypot) PK_MATH(fabs) PK_MATH(floor) PK_MATH(ceil) PK_MATH(round) PK_MATH(trunc) PK_MATH(rint)
PK_MATH(nearbyint) PK_MATH(fmod) PK_MATH(remainder) PK_MATH(fma) PK_MATH(fmax) PK_MATH(fmin) PK_MATH(fdim) PK_MATH(copysign) PK_MATH(ldexp)
PK_MATH(frexp) PK_MATH(modf) PK_MATH(erf) PK_MATH(erfc) PK_MATH(tgamma) PK_MATH(lgamma) PK_MATH(logb) PK_MATH(j0) PK_MATH(j1) PK_MATH(jn)
PK_MATH(y0) PK_MATH(y1) PK_MATH(yn) PK_MATH(sincos) PK_MATH(scalbn) PK_MATH(nextafter)
int abs(PK_ARGS), isnan(PK_ARGS), isinf(PK_ARGS), isfinite(PK_ARGS), signbit(PK_ARGS), ilogb(PK_ARGS);
long labs(PK_ARGS), lround(PK_ARGS), lrint(PK_ARGS), llround(PK_ARGS), llrint(PK_ARGS), llabs(PK_ARGS), lroundf(PK_ARGS), lrintf(PK_ARGS);
#ifdef __cplusplus
}
typedef struct pk_va *va_list;
struct pk_any {
  constexpr pk_any() {}
  template <class T> constexpr pk_any(T const &) {}
  template <class T> operator T() const;
  template <class... A> pk_any operator()(A &&...) const;
  template <class T> pk_any operator[](T const &) const;
  template <class T> pk_any &operator=(T const &);
  pk_any *operator->() const;
  pk_any operator*() const;
  explicit operator bool() const;
  bool operator!() const;
  pk_any operator-() const;
  pk_any operator~() const;
  pk_any &operator++();
  pk_any operator++(int);
};
template <bool> struct pk_if {};
template <> struct pk_if<true> { using type = int; };
#define PK_OP(O) template <class A, class B, typename pk_if<__is_base_of(pk_any, A) || __is_base_of(pk_any, B)>::type = 0> pk_any operator O(A const &, B const &);
PK_OP(+) PK_OP(-) PK_OP(*) PK_OP(/) PK_OP(%) PK_OP(&) PK_OP(|) PK_OP(^) PK_OP(<<) PK_OP(>>) PK_OP(==) PK_OP(!=) PK_OP(<) PK_OP(>) PK_OP(<=) PK_OP(>=)
#undef PK_OP
namespace std {
using ::size_t; using ::ptrdiff_t; using ::int8_t; using ::uint8_t; using ::int16_t; using ::uint16_t; using ::int32_t; using ::uint32_t; using ::int64_t; using ::uint64_t;
using ::uintptr_t; using ::intptr_t; using ::time_t; using ::FILE; using ::clock_t;
typedef decltype(nullptr) nullptr_t;
template <class T, T V> struct integral_constant { static constexpr T value = V; constexpr operator T() const { return V; } using type = integral_constant; using value_type = T; };
using true_type = integral_constant<bool, true>;
using false_type = integral_constant<bool, false>;
template <bool B> using bool_constant = integral_constant<bool, B>;
template <class T, class U> struct is_same : false_type {};
template <class T> struct is_same<T, T> : true_type {};
template <class T, class U> inline constexpr bool is_same_v = is_same<T, U>::value;
template <bool B, class T = void> struct enable_if {};
template <class T> struct enable_if<true, T> { using type = T; };
template <bool B, class T = void> using enable_if_t = typename enable_if<B, T>::type;
template <bool B, class T, class F> struct conditional { using type = T; };
template <class T, class F> struct conditional<false, T, F> { using type = F; };
template <bool B, class T, class F> using conditional_t = typename conditional<B, T, F>::type;
template <class T> struct remove_reference { using type = T; };
template <class T> struct remove_reference<T &> { using type = T; };
template <class T> struct remove_reference<T &&> { using type = T; };
template <class T> struct remove_cv { using type = T; };
template <class T> struct remove_cv<const T> { using type = T; };
template <class T> struct remove_const : remove_cv<T> {};
template <class T> struct remove_pointer { using type = T; };
template <class T> struct remove_pointer<T *> { using type = T; };
template <class T> struct decay { using type = typename remove_cv<typename remove_reference<T>::type>::type; };
template <class T> struct add_const { using type = const T; };
template <class T> using remove_reference_t = typename remove_reference<T>::type;
template <class T> using remove_cv_t = typename remove_cv<T>::type;
template <class T> using remove_const_t = typename remove_cv<T>::type;
template <class T> using remove_pointer_t = typename remove_pointer<T>::type;
template <class T> using decay_t = typename decay<T>::type;
template <class...> using void_t = void;
template <class T> struct underlying_type { using type = int; };
template <class F, class... A> struct result_of { using type = pk_any; };
template <class F, class... A> struct invoke_result { using type = pk_any; };
template <class F, class... A> using invoke_result_t = pk_any;
#define PK_TRAIT(N) template <class...> struct N : true_type {}; template <class... T> inline constexpr bool N##_v = true;
PK_TRAIT(is_integral) PK_TRAIT(is_floating_point) PK_TRAIT(is_arithmetic) PK_TRAIT(is_signed) PK_TRAIT(is_unsigned) PK_TRAIT(is_pointer)
PK_TRAIT(is_enum) PK_TRAIT(is_class) PK_TRAIT(is_const) PK_TRAIT(is_void) PK_TRAIT(is_convertible) PK_TRAIT(is_base_of) PK_TRAIT(is_trivially_copyable)
PK_TRAIT(is_trivial) PK_TRAIT(is_pod) PK_TRAIT(is_constructible) PK_TRAIT(is_invocable) PK_TRAIT(is_standard_layout) PK_TRAIT(is_array) PK_TRAIT(is_reference)
PK_TRAIT(is_function) PK_TRAIT(is_default_constructible) PK_TRAIT(is_copy_constructible) PK_TRAIT(is_empty) PK_TRAIT(is_scalar) PK_TRAIT(is_fundamental)
#undef PK_TRAIT
template <class T> T &&declval();
template <class T> struct pk_iterator { T &operator*() const; T *operator->() const; pk_iterator &operator++(); pk_iterator operator++(int); bool operator!=(pk_iterator const &) const; bool operator==(pk_iterator const &) const; pk_iterator operator+(long) const; long operator-(pk_iterator const &) const; T &operator[](long) const; };
struct pk_sequence {  // what does not hang on the type of an element: a class made from a template pays for each member
  size_t size() const; size_t length() const; size_t capacity() const; bool empty() const;
  template <class... A> void resize(A const &...); template <class... A> void reserve(A const &...); template <class... A> void clear(A const &...); template <class... A> void push_back(A const &...); template <class... A> void pop_back(A const &...); template <class... A> void assign(A const &...); template <class... A> void swap(A const &...); template <class... A> void push(A const &...); template <class... A> void pop(A const &...); template <class... A> void push_front(A const &...); template <class... A> void pop_front(A const &...); template <class... A> void shrink_to_fit(A const &...);
  template <class... A> pk_any emplace(A &&...); template <class... A> pk_any insert(A &&...); template <class... A> pk_any erase(A &&...); template <class... A> pk_any count(A &&...) const; template <class... A> pk_any find(A &&...) const; template <class... A> pk_any fill(A &&...); template <class... A> pk_any append(A &&...); template <class... A> pk_any substr(A &&...) const; template <class... A> pk_any compare(A &&...) const; template <class... A> pk_any rfind(A &&...) const; template <class... A> pk_any replace(A &&...); template <class... A> pk_any find_last_of(A &&...) const; template <class... A> pk_any find_first_of(A &&...) const; template <class... A> pk_any contains(A &&...) const; template <class... A> pk_any get_allocator(A &&...) const; template <class... A> pk_any lower_bound(A &&...) const; template <class... A> pk_any upper_bound(A &&...) const;
  static constexpr size_t npos = 0; const char *c_str() const;
};
template <class T> struct pk_container : pk_sequence {
  using value_type = T; using size_type = size_t; using iterator = pk_iterator<T>; using const_iterator = pk_iterator<T>; using reference = T &; using pointer = T *;
  pk_container(); template <class A, class... B, typename pk_if<!__is_same(A, pk_any)>::type = 0> pk_container(A const &, B const &...);
  template <class... A> pk_container &operator=(A const &...);
  T *data() const; pk_iterator<T> begin() const, end() const, cbegin() const, cend() const, rbegin() const, rend() const;
  template <class I> T &operator[](I const &) const; template <class I> T &at(I const &) const; T &front() const; T &back() const; T &top() const;
  template <class... A> T &emplace_back(A &&...);
  bool operator==(pk_container const &) const; bool operator!=(pk_container const &) const; bool operator<(pk_container const &) const;
};
#define PK_SEQ(N) template <class T, class... R> struct N : pk_container<T> { using pk_container<T>::pk_container; using pk_container<T>::operator=; N(); };
PK_SEQ(vector) PK_SEQ(deque) PK_SEQ(list) PK_SEQ(set) PK_SEQ(unordered_set) PK_SEQ(queue) PK_SEQ(stack) PK_SEQ(priority_queue) PK_SEQ(initializer_list_pk) PK_SEQ(multiset) PK_SEQ(forward_list) PK_SEQ(valarray) PK_SEQ(span) PK_SEQ(basic_string) PK_SEQ(basic_string_view)
#undef PK_SEQ
template <class T> class initializer_list { const T *p; size_t n; public: size_t size() const; const T *begin() const; const T *end() const; };
template <class T, size_t N> struct array { T pk_elements[N ? N : 1]; constexpr T *data() const; constexpr size_t size() const; T *begin() const; T *end() const; constexpr T &operator[](size_t) const; void fill(T const &); T &front() const; T &back() const; T &at(size_t) const; };
template <class A, class B> struct pair { A first; B second; pair(); template <class... X> pair(X const &...); };
template <class... T> struct tuple { tuple(); template <class... A> tuple(A const &...); };
template <class K, class V> struct pk_map : pk_container<pair<K, V>> { pk_map(); template <class... A> pk_map(A const &...); template <class I> V &operator[](I const &) const; template <class I> V &at(I const &) const; pk_iterator<pair<K, V>> find(K const &) const; size_t count(K const &) const; };
template <class K, class V, class... R> struct map : pk_map<K, V> { using pk_map<K, V>::pk_map; };
template <class K, class V, class... R> struct multimap : pk_map<K, V> { using pk_map<K, V>::pk_map; };
template <class K, class V, class... R> struct unordered_map : pk_map<K, V> { using pk_map<K, V>::pk_map; };
using string = basic_string<char>;
using wstring = basic_string<wchar_t>;
using string_view = basic_string_view<char>;
template <class T> string operator+(string const &, T const &);
template <class T> string operator+(const char *, T const &);
template <class... A> string to_string(A const &...);
template <class... A> int stoi(A const &...);
template <class... A> double stod(A const &...);
template <class... A> float stof(A const &...);
template <class... A> long stol(A const &...);
template <class... A> unsigned long stoul(A const &...);
template <class... A> unsigned long long stoull(A const &...);
template <class T> struct pk_pointer { using element_type = T; pk_pointer(); template <class... A> pk_pointer(A const &...); template <class A> pk_pointer &operator=(A const &); T *get() const; T &operator*() const; T *operator->() const; T &operator[](size_t) const; explicit operator bool() const; T *release(); template <class... A> void reset(A const &...); long use_count() const; pk_pointer lock() const; bool operator==(pk_pointer const &) const; bool operator!=(decltype(nullptr)) const; bool operator==(decltype(nullptr)) const; };
template <class T> struct pk_pointer<T[]> : pk_pointer<T> { using pk_pointer<T>::pk_pointer; };
template <class T, class D = void> struct unique_ptr : pk_pointer<T> { using pk_pointer<T>::pk_pointer; };
template <class T> struct shared_ptr : pk_pointer<T> { using pk_pointer<T>::pk_pointer; };
template <class T> struct weak_ptr : pk_pointer<T> { using pk_pointer<T>::pk_pointer; };
template <class T, class... A> unique_ptr<T> make_unique(A const &...);
template <class T, class... A> shared_ptr<T> make_shared(A const &...);
template <class T> struct allocator { using value_type = T; };
template <class T> struct default_delete { void operator()(T *) const; };
template <class F> struct function { using result_type = pk_any; function(); template <class... A> function(A const &...); template <class... A> pk_any operator()(A &&...) const; explicit operator bool() const; };
template <class T> struct optional : pk_pointer<T> { using pk_pointer<T>::pk_pointer; bool has_value() const; T &value() const; template <class A> T value_or(A const &) const; };
template <class... T> struct variant { template <class... A> variant(A const &...); };
template <class T> struct atomic { atomic(); template <class A> atomic(A const &); T load(...) const; void store(...); T fetch_add(...); T fetch_sub(...); T exchange(...); bool compare_exchange_strong(...); operator T() const; T operator++(); T operator++(int); T operator=(T); };
template <class T> struct complex { complex(); template <class... A> complex(A const &...); T real() const, imag() const; };
template <class T> struct numeric_limits { static constexpr T max() { return T(); } static constexpr T min() { return T(); } static constexpr T lowest() { return T(); } static constexpr T epsilon() { return T(); } static constexpr T infinity() { return T(); } static constexpr T quiet_NaN() { return T(); } static constexpr int digits = 1, digits10 = 1; static constexpr bool is_signed = true, is_integer = true, is_specialized = true; };
template <class T> struct hash { size_t operator()(T const &) const; };
#define PK_FUNCTOR(N) template <class T = void> struct N { template <class... A> pk_any operator()(A const &...) const; };
PK_FUNCTOR(plus) PK_FUNCTOR(minus) PK_FUNCTOR(multiplies) PK_FUNCTOR(divides) PK_FUNCTOR(less) PK_FUNCTOR(greater) PK_FUNCTOR(equal_to) PK_FUNCTOR(not_equal_to) PK_FUNCTOR(less_equal) PK_FUNCTOR(greater_equal) PK_FUNCTOR(logical_and) PK_FUNCTOR(logical_or) PK_FUNCTOR(bit_and) PK_FUNCTOR(bit_or) PK_FUNCTOR(modulus)
#undef PK_FUNCTOR
struct pk_object { const char *what() const; string str() const; const char *c_str() const; template <class... A> pk_any open(A const &...); template <class... A> pk_any close(A const &...); template <class... A> pk_any read(A const &...); template <class... A> pk_any write(A const &...); template <class... A> pk_any get(A const &...); template <class... A> pk_any put(A const &...); template <class... A> pk_any seekg(A const &...); template <class... A> pk_any tellg(A const &...); template <class... A> pk_any seekp(A const &...); template <class... A> pk_any good(A const &...) const; template <class... A> pk_any fail(A const &...) const; template <class... A> pk_any eof(A const &...) const; template <class... A> pk_any is_open(A const &...) const; template <class... A> pk_any precision(A const &...); template <class... A> pk_any width(A const &...); template <class... A> pk_any setf(A const &...); template <class... A> pk_any flush(A const &...); template <class... A> pk_any ignore(A const &...); template <class... A> pk_any clear(A const &...); template <class... A> pk_any join(A const &...); template <class... A> pk_any detach(A const &...); template <class... A> pk_any joinable(A const &...) const; template <class... A> pk_any lock(A const &...); template <class... A> pk_any unlock(A const &...); template <class... A> pk_any try_lock(A const &...); template <class... A> pk_any wait(A const &...); template <class... A> pk_any notify_one(A const &...); template <class... A> pk_any notify_all(A const &...); template <class... A> pk_any get_id(A const &...) const; template <class... A> pk_any operator()(A const &...); template <class... A> pk_any count(A const &...) const; template <class... A> pk_any seed(A const &...); template <class... A> pk_any rdbuf(A const &...); template <class... A> pk_any str(A const &...); template <class... A> pk_any fill(A const &...); explicit operator bool() const; bool operator!() const; };
#define PK_OBJECT(N) struct N : pk_object { N(); template <class... A> N(A const &...); template <class T> N &operator<<(T const &); N &operator<<(N &(*)(N &)); template <class T> N &operator>>(T &&); };
PK_OBJECT(ostream) PK_OBJECT(istream) PK_OBJECT(iostream) PK_OBJECT(ofstream) PK_OBJECT(ifstream) PK_OBJECT(fstream) PK_OBJECT(stringstream) PK_OBJECT(ostringstream) PK_OBJECT(istringstream)
PK_OBJECT(exception) PK_OBJECT(runtime_error) PK_OBJECT(logic_error) PK_OBJECT(invalid_argument) PK_OBJECT(out_of_range) PK_OBJECT(bad_alloc) PK_OBJECT(overflow_error) PK_OBJECT(domain_error) PK_OBJECT(system_error) PK_OBJECT(length_error)
PK_OBJECT(thread) PK_OBJECT(mutex) PK_OBJECT(recursive_mutex) PK_OBJECT(shared_mutex) PK_OBJECT(condition_variable) PK_OBJECT(once_flag) PK_OBJECT(random_device) PK_OBJECT(mt19937) PK_OBJECT(mt19937_64) PK_OBJECT(default_random_engine) PK_OBJECT(minstd_rand) PK_OBJECT(any) PK_OBJECT(byte_pk) PK_OBJECT(type_index) PK_OBJECT(source_location) PK_OBJECT(atomic_flag) PK_OBJECT(monostate) PK_OBJECT(thread_id)
#undef PK_OBJECT
struct pk_wrapper { template <class... A> pk_any operator()(A &&...); template <class... A> pk_any lock(A const &...); template <class... A> pk_any unlock(A const &...); template <class... A> pk_any get(A const &...); template <class... A> pk_any set_value(A const &...); template <class... A> pk_any wait(A const &...); template <class... A> pk_any get_future(A const &...); };
#define PK_TEMPLATE(N) template <class... T> struct N : pk_wrapper { N(); template <class... A> N(A const &...); };
PK_TEMPLATE(lock_guard) PK_TEMPLATE(unique_lock) PK_TEMPLATE(scoped_lock) PK_TEMPLATE(shared_lock) PK_TEMPLATE(future) PK_TEMPLATE(promise) PK_TEMPLATE(shared_future) PK_TEMPLATE(uniform_real_distribution) PK_TEMPLATE(uniform_int_distribution) PK_TEMPLATE(normal_distribution) PK_TEMPLATE(bernoulli_distribution) PK_TEMPLATE(exponential_distribution) PK_TEMPLATE(reference_wrapper) PK_TEMPLATE(iterator_traits_pk) PK_TEMPLATE(istreambuf_iterator) PK_TEMPLATE(ostream_iterator) PK_TEMPLATE(back_insert_iterator) PK_TEMPLATE(packaged_task) PK_TEMPLATE(uniform_random_bit_generator)
#undef PK_TEMPLATE
template <class I> struct iterator_traits { using value_type = pk_any; using difference_type = long; using reference = pk_any &; using pointer = pk_any *; };
template <size_t... I> struct index_sequence {};
template <size_t N> using make_index_sequence = index_sequence<N>;
struct random_access_iterator_tag {}; struct forward_iterator_tag {}; struct input_iterator_tag {}; struct bidirectional_iterator_tag {};
extern ostream cout, cerr, clog;
extern istream cin;
template <class T> T &endl(T &);
template <class T> T &flush(T &);
extern pk_any fixed, scientific, hex, dec, left, right, boolalpha, setfill_pk, nothrow, adopt_lock, defer_lock, memory_order_relaxed, memory_order_acquire, memory_order_release, memory_order_seq_cst, memory_order_acq_rel, nullopt, ignore, piecewise_construct;
enum memory_order { pk_relaxed };
template <class T> constexpr T &&move(T &x);
template <class T> constexpr T &&forward(remove_reference_t<T> &);
template <class T> constexpr T const &max(T const &, T const &);
template <class T> constexpr T const &min(T const &, T const &);
template <class T> constexpr T max(initializer_list<T>);
template <class T> constexpr T min(initializer_list<T>);
template <class A, class B> pair<A, B> make_pair(A const &, B const &);
template <class... A> tuple<A...> make_tuple(A const &...);
template <class... A> pk_any tie(A &...);
template <class T> T addressof_pk(T &);
#define PK_FN(N) template <class... A> pk_any N(A &&...);
PK_FN(sort) PK_FN(stable_sort) PK_FN(fill) PK_FN(fill_n) PK_FN(copy) PK_FN(copy_n) PK_FN(generate) PK_FN(iota) PK_FN(accumulate) PK_FN(transform) PK_FN(for_each) PK_FN(find) PK_FN(find_if) PK_FN(swap) PK_FN(equal) PK_FN(reverse) PK_FN(unique) PK_FN(max_element) PK_FN(min_element) PK_FN(minmax_element) PK_FN(distance) PK_FN(advance) PK_FN(next) PK_FN(prev) PK_FN(begin) PK_FN(end) PK_FN(size) PK_FN(data) PK_FN(lower_bound) PK_FN(upper_bound) PK_FN(binary_search) PK_FN(count) PK_FN(count_if) PK_FN(all_of) PK_FN(any_of) PK_FN(none_of) PK_FN(inner_product) PK_FN(partial_sum) PK_FN(shuffle) PK_FN(random_shuffle) PK_FN(nth_element) PK_FN(partial_sort) PK_FN(remove_if) PK_FN(remove) PK_FN(replace) PK_FN(merge) PK_FN(rotate) PK_FN(reduce) PK_FN(exclusive_scan) PK_FN(inclusive_scan) PK_FN(lexicographical_compare) PK_FN(mismatch) PK_FN(search) PK_FN(clamp) PK_FN(gcd) PK_FN(lcm)
PK_FN(norm) PK_FN(real) PK_FN(imag) PK_FN(conj) PK_FN(arg) PK_FN(polar) PK_FN(lround) PK_FN(llround)
PK_FN(printf) PK_FN(malloc) PK_FN(free) PK_FN(calloc) PK_FN(exit) PK_FN(abort) PK_FN(memcpy) PK_FN(memset) PK_FN(memcmp) PK_FN(memmove) PK_FN(strcmp) PK_FN(strncmp) PK_FN(strlen) PK_FN(strcpy) PK_FN(strncpy) PK_FN(strstr) PK_FN(strchr) PK_FN(getenv) PK_FN(rand) PK_FN(srand) PK_FN(atoi) PK_FN(atof) PK_FN(strtol) PK_FN(strtoul) PK_FN(time) PK_FN(clock) PK_FN(fprintf) PK_FN(snprintf) PK_FN(sprintf) PK_FN(fopen) PK_FN(fclose) PK_FN(fread) PK_FN(fwrite) PK_FN(fflush) PK_FN(tolower) PK_FN(toupper) PK_FN(isdigit) PK_FN(isspace) PK_FN(setw) PK_FN(setprecision) PK_FN(setfill) PK_FN(getline) PK_FN(get) PK_FN(ref) PK_FN(cref) PK_FN(bind) PK_FN(async) PK_FN(call_once) PK_FN(terminate) PK_FN(back_inserter) PK_FN(inserter) PK_FN(static_pointer_cast) PK_FN(dynamic_pointer_cast) PK_FN(make_exception_ptr) PK_FN(current_exception) PK_FN(rethrow_exception) PK_FN(uncaught_exceptions) PK_FN(quoted) PK_FN(visit) PK_FN(holds_alternative) PK_FN(apply) PK_FN(invoke) PK_FN(exchange) PK_FN(as_const) PK_FN(addressof) PK_FN(align) PK_FN(mem_fn) PK_FN(from_chars) PK_FN(to_chars) PK_FN(bit_cast) PK_FN(generate_n) PK_FN(thread_yield) PK_FN(atomic_thread_fence) PK_FN(make_shared_pk) PK_FN(va_copy) PK_FN(fgets) PK_FN(perror) PK_FN(aligned_alloc) PK_FN(strerror) PK_FN(qsort)
#undef PK_FN
template <class T> struct pk_number { using type = pk_any; };
#define PK_NUMBER(T) template <> struct pk_number<T> { using type = T; };
PK_NUMBER(bool) PK_NUMBER(char) PK_NUMBER(signed char) PK_NUMBER(unsigned char) PK_NUMBER(short) PK_NUMBER(unsigned short) PK_NUMBER(int) PK_NUMBER(unsigned) PK_NUMBER(long) PK_NUMBER(unsigned long) PK_NUMBER(long long) PK_NUMBER(unsigned long long) PK_NUMBER(float) PK_NUMBER(double)
#define PK_REAL(N) template <class T, class... A> typename pk_number<T>::type N(T const &, A &&...);
PK_REAL(abs) PK_REAL(sqrt) PK_REAL(pow) PK_REAL(exp) PK_REAL(log) PK_REAL(log2) PK_REAL(log10) PK_REAL(sin) PK_REAL(cos) PK_REAL(tan) PK_REAL(atan2) PK_REAL(atan) PK_REAL(acos) PK_REAL(asin) PK_REAL(tanh) PK_REAL(fabs) PK_REAL(floor) PK_REAL(ceil) PK_REAL(round) PK_REAL(trunc) PK_REAL(fmod) PK_REAL(hypot) PK_REAL(cbrt) PK_REAL(exp2) PK_REAL(fma) PK_REAL(erf) PK_REAL(rsqrt) PK_REAL(sinh) PK_REAL(cosh) PK_REAL(log1p) PK_REAL(expm1) PK_REAL(fmax) PK_REAL(fmin) PK_REAL(nearbyint) PK_REAL(rint)
#define PK_TEST(N) template <class... A> bool N(A &&...);
PK_TEST(isnan) PK_TEST(isinf) PK_TEST(isfinite) PK_TEST(signbit)
#undef PK_NUMBER
#undef PK_REAL
#undef PK_TEST
namespace chrono {
template <class... T> struct duration : pk_any { using rep = long; using pk_any::pk_any; long count() const; };
template <class... T> struct time_point : pk_any { using pk_any::pk_any; duration<> time_since_epoch() const; };
using nanoseconds = duration<int>; using microseconds = duration<short>; using milliseconds = duration<long>; using seconds = duration<char>; using minutes = duration<unsigned>; using hours = duration<float>;
duration<> operator-(time_point<> const &, time_point<> const &);
struct pk_clock { using time_point = chrono::time_point<>; using duration = chrono::duration<>; static time_point now(); static long to_time_t(time_point); };
using steady_clock = pk_clock; using system_clock = pk_clock; using high_resolution_clock = pk_clock;
template <class T, class A> T duration_cast(A const &);
template <class T, class A> T time_point_cast(A const &);
}
// made here once for all units
inline constexpr size_t pk_ready = sizeof(vector<int>) + sizeof(vector<float>) + sizeof(vector<double>) + sizeof(string) + sizeof(chrono::duration<int>) + sizeof(chrono::duration<>) + sizeof(chrono::time_point<>);
namespace this_thread { template <class... A> void sleep_for(A const &...); void yield(); pk_any get_id(); }
namespace filesystem { struct path { template <class... A> path(A const &...); string string_pk() const; template <class A> path operator/(A const &) const; path parent_path() const, filename() const, extension() const; }; template <class... A> pk_any exists(A const &...); template <class... A> pk_any create_directories(A const &...); template <class... A> pk_any remove(A const &...); template <class... A> pk_any current_path(A const &...); }
namespace ios_base_pk { }
struct ios { static pk_any in, out, binary, end, beg, cur, app, trunc, fixed; static void sync_with_stdio(bool); };
struct ios_base { static pk_any in, out, binary, fixed, floatfield; };
namespace placeholders { extern pk_any _1, _2, _3; }
namespace execution { extern pk_any par, seq, par_unseq; }
namespace numbers { inline constexpr double pi = 3.14; }
namespace literals { }
namespace experimental { }
namespace ranges { }
using exception_ptr = pk_any;
}
using std::max; using std::min; using std::abs;
#endif
