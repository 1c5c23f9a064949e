// The launch translator: source in, source out. The expected texts follow from the form that
// translate.hpp states.
#include "common/cpu_device/translator/translate.hpp"

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace t2t::cpu_device {
namespace {

constexpr std::string_view path = "/course/kernel.cu";
constexpr std::string_view first_line = "#line 1 \"/course/kernel.cu\"\n";

// The translation without its first line.
std::string translated(std::string_view source) {
    std::string result = translate(source, path);
    EXPECT_TRUE(result.starts_with(first_line));
    return result.substr(std::min(result.size(), first_line.size()));
}

// What a launch on one line becomes, up to its arguments.
std::string head(const std::string& kernel, const std::string& configuration) {
    return "::t2t::cpu_device::launch(\"" + kernel + "\", ::t2t::cpu_device::configure(" +
           configuration + "), T2T_KERNEL_ADDRESS(" + kernel + "), [=](auto&... t2t_arguments) { " +
           kernel + "(t2t_arguments...); }";
}

std::string call(const std::string& kernel, const std::string& configuration,
                 const std::string& arguments = "") {
    return head(kernel, configuration) + (arguments.empty() ? "" : ", " + arguments) + ")";
}

std::string shared(const std::string& type) {
    return " = ::t2t::cpu_device::dynamic_shared<" + type + ">()";
}

const std::string array = "static const ::t2t::cpu_device::DynamicSharedArray<float> ";

std::string untyped(const std::string& operand) {
    return "::t2t::cpu_device::untyped(" + operand + ")";
}

struct Case {
    const char* name;
    std::string source;
    std::string expected;
};

void PrintTo(const Case& each, std::ostream* out) {
    *out << each.source;
}

class Translation : public ::testing::TestWithParam<Case> {};

TEST_P(Translation, IsAsStated) {
    EXPECT_EQ(translated(GetParam().source), GetParam().expected);
}

std::string name_of(const ::testing::TestParamInfo<Case>& info) {
    return info.param.name;
}

// ---- Where a launch may stand -------------------------------------------------------------------

INSTANTIATE_TEST_SUITE_P(
    Place, Translation,
    ::testing::Values(
        Case{"Statement", "void f() { k<<<1, 2>>>(a); }",
             "void f() { ::t2t::cpu_device::launch(\"k\", ::t2t::cpu_device::configure(1, 2), "
             "T2T_KERNEL_ADDRESS(k), [=](auto&... t2t_arguments) { k(t2t_arguments...); }, a); }"},
        Case{"NoArguments", "k<<<1, 2>>>();",
             "::t2t::cpu_device::launch(\"k\", ::t2t::cpu_device::configure(1, 2), "
             "T2T_KERNEL_ADDRESS(k), [=](auto&... t2t_arguments) { k(t2t_arguments...); });"},
        Case{"ArgumentsAreOnlyAComment", "k<<<1, 2>>>(/* none */);",
             "::t2t::cpu_device::launch(\"k\", ::t2t::cpu_device::configure(1, 2), "
             "T2T_KERNEL_ADDRESS(k), [=](auto&... t2t_arguments) { k(t2t_arguments...); }"
             "/* none */);"},
        Case{"Two", "k<<<1, 2>>>(a); m<<<3, 4>>>(b);",
             call("k", "1, 2", "a") + "; " + call("m", "3, 4", "b") + ";"},
        Case{"Comma", "k<<<1, 2>>>(a), m<<<3, 4>>>(b);",
             call("k", "1, 2", "a") + ", " + call("m", "3, 4", "b") + ";"},
        Case{"IfElse", "if (x) k<<<1, 2>>>(a); else m<<<1, 2>>>(b);",
             "if (x) " + call("k", "1, 2", "a") + "; else " + call("m", "1, 2", "b") + ";"},
        Case{"IfBeforeParenthesis", "if (x > (y)) (*k)<<<1, 2>>>(a);",
             "if (x > (y)) " + call("(*k)", "1, 2", "a") + ";"},
        Case{"ElseBeforeParenthesis", "else (*k)<<<1, 2>>>(a);",
             "else " + call("(*k)", "1, 2", "a") + ";"},
        Case{"IfConstexpr", "if constexpr (N < 3) (k)<<<1, 2>>>(a);",
             "if constexpr (N < 3) " + call("(k)", "1, 2", "a") + ";"},
        Case{"For", "for (int i = 0; i < n; ++i) k<<<1, 2>>>(a, i);",
             "for (int i = 0; i < n; ++i) " + call("k", "1, 2", "a, i") + ";"},
        Case{"ForBeforeGlobalName", "for (;;) ::k<<<1, 2>>>();",
             "for (;;) " + call("::k", "1, 2") + ";"},
        Case{"DoWhile", "do k<<<1, 2>>>(a); while (--n);",
             "do " + call("k", "1, 2", "a") + "; while (--n);"},
        Case{"CaseLabel", "case 3: k<<<1, 2>>>(a); break;",
             "case 3: " + call("k", "1, 2", "a") + "; break;"},
        Case{"LabelWithoutBlank", "again:k<<<1, 2>>>(a);",
             "again: " + call("k", "1, 2", "a") + ";"},
        Case{"Return", "return k<<<1, 2>>>(a);", "return " + call("k", "1, 2", "a") + ";"},
        Case{"ReturnGlobalName", "return ::k<<<1, 2>>>(a);",
             "return " + call("::k", "1, 2", "a") + ";"},
        Case{"Conditional", "x ? k<<<1, 2>>>(a) : m<<<1, 2>>>(b);",
             "x ? " + call("k", "1, 2", "a") + " : " + call("m", "1, 2", "b") + ";"},
        Case{"LogicalAnd", "x && k<<<1, 2>>>(a);", "x && " + call("k", "1, 2", "a") + ";"},
        Case{"Cast", "(void)k<<<1, 2>>>(a);", "(void)" + call("k", "1, 2", "a") + ";"},
        Case{"Attribute", "if (x) [[likely]] (*k)<<<1, 2>>>(a);",
             "if (x) [[likely]] " + call("(*k)", "1, 2", "a") + ";"},
        Case{"AfterBlock", "{ } (*k)<<<1, 2>>>(a);", "{ } " + call("(*k)", "1, 2", "a") + ";"},
        Case{"InMacroCall", "CHECK((k<<<1, 1>>>(x), cudaGetLastError()));",
             "CHECK((" + call("k", "1, 1", "x") + ", cudaGetLastError()));"},
        Case{"InLambda", "run([&] { k<<<1, 2>>>(a); });",
             "run([&] { " + call("k", "1, 2", "a") + "; });"},
        Case{"InArgumentsOfAnother", "k<<<1, 2>>>(f([&] { m<<<3, 4>>>(b); }), c);",
             call("k", "1, 2", "f([&] { " + call("m", "3, 4", "b") + "; }), c") + ";"},
        Case{"InConfigurationOfAnother", "k<<<[&] { m<<<3, 4>>>(b); return 1; }(), 2>>>(a);",
             call("k", "[&] { " + call("m", "3, 4", "b") + "; return 1; }(), 2", "a") + ";"}),
    name_of);

// ---- Arithmetic in device code ------------------------------------------------------------------

// `expression` as a statement of a kernel, and what it becomes there.
Case in_kernel(const char* name, const std::string& expression, const std::string& expected) {
    return {name, "__global__ void k() { y = " + expression + "; }",
            "__global__ void k() { y = " + expected + "; }"};
}
Case unchanged(const char* name, const std::string& source) {
    return {name, source, source};
}

std::string cast(const std::string& type, const std::string& operand) {
    return "::t2t::cpu_device::cast<" + type + ">(" + operand + ")";
}

INSTANTIATE_TEST_SUITE_P(
    Casts, Translation,
    ::testing::Values(
        in_kernel("Name", "(int)x", cast("int", "x")),
        in_kernel("TwoWords", "(unsigned long long)x", cast("unsigned long long", "x")),
        in_kernel("Typedef", "(uint32_t)x", cast("uint32_t", "x")),
        in_kernel("Qualified", "(std::size_t)x", cast("std::size_t", "x")),
        in_kernel("Blanks", "( unsigned  char ) x", cast("unsigned char", " x")),
        in_kernel("Number", "(int)1.5f + z", cast("int", "1.5f") + " + z"),
        in_kernel("Parentheses", "(int)(x + 1) * 2", cast("int", "(x + 1)") + " * 2"),
        in_kernel("Call", "(int)f(x, 1) % 2", cast("int", "f(x, 1)") + " % 2"),
        in_kernel("Member", "(int)a.b->c[i].d / 2", cast("int", "a.b->c[i].d") + " / 2"),
        in_kernel("Template", "(int)f<float, 2>(x) < y", cast("int", "f<float, 2>(x)") + " < y"),
        in_kernel("Scope", "(int)::a::B<C>::d - 1", cast("int", "::a::B<C>::d") + " - 1"),
        in_kernel("Comparison", "(int)x < n", cast("int", "x") + " < n"),
        in_kernel("CloseComparison", "(int)x<n", cast("int", "x") + "<n"),
        in_kernel("Unary", "(int)-*p++ + 1", cast("int", "-*p++") + " + 1"),
        in_kernel("Negated", "-(int)x", "-" + cast("int", "x")),
        in_kernel("OfCast", "(int)(float)x", cast("int", "(float)x")),
        in_kernel("Twice", "(int)(unsigned)x", cast("int", cast("unsigned", "x"))),
        in_kernel("OfCallLikeCast", "(int)(float(x)) + 1", cast("int", "(float(x))") + " + 1"),
        in_kernel("InCast", "(float)(int)x", "(float)" + cast("int", "x")),
        in_kernel("InOperand", "(int)f((short)x)", cast("int", "f(" + cast("short", "x") + ")")),
        in_kernel("InTemplate", "f<(int)n>(x)", "f<" + cast("int", "n") + ">(x)"),
        in_kernel("BehindColon", "a ? b :(int)x", "a ? b : " + cast("int", "x")),
        in_kernel("Greater", "a > (int)x", "a > " + cast("int", "x")),
        in_kernel("Shifted", "(int)x << 3", cast("int", "x") + " << 3"),
        in_kernel("Call_like", "1 + int(x)", "1 + " + cast("int", "x")),
        in_kernel("CallLikeScope", "1 + std::uint8_t(x)", "1 + " + cast("std::uint8_t", "x")),
        in_kernel("CallLikeOfOne", "-int(float(x))", "-" + cast("int", "float(x)")),
        in_kernel("StaticCast", "static_cast<long long>(x)", "::t2t::cpu_device::to<long long>(x)"),
        Case{"Return", "__device__ int f() { return (int)x; }",
             "__device__ int f() { return " + cast("int", "x") + "; }"},
        Case{
            "TemplateParameter",
            "template <typename T> __device__ T f(float x) { return static_cast<T>(x); }",
            "template <typename T> __device__ T f(float x) { return ::t2t::cpu_device::to<T>(x); }"},
        Case{"TwoLines", "__global__ void k() { y = (\nint)x; }",
             "__global__ void k() { y = ::t2t::cpu_device::cast<int>(\nx); }"},
        unchanged("NotInHostCode", "void f() { y = (int)x + int(x) + static_cast<int>(x); }"),
        unchanged("NotInADeclaration", "__device__ int f(float x); int g() { return (int)x; }"),
        Case{"Pointers",
             "__device__ void f() { y = *(const float4*)x + reinterpret_cast<A*>(x)->a; }",
             "__device__ void f() { y = *::t2t::cpu_device::pointer_cast<const float4*>(x) + "
             "::t2t::cpu_device::reinterpret<A*>(x)->a; }"},
        unchanged("OtherTypes", "__global__ void k() { y = (float)x; z = (bool)x; p = (char*)x; }"),
        unchanged("SizeOf", "__global__ void k() { y = sizeof(int) * x; }"),
        unchanged("OfSizeOf", "__global__ void k() { y = (int)sizeof x; }"),
        unchanged("FunctionType", "__global__ void k() { f<int(float)>(x); int (*g)(int) = h; }"),
        unchanged("FunctionPointer", "__global__ void k() { f<void (*)(int) noexcept>(x); }"),
        unchanged("Constructed", "__global__ void k() { int(x); int y(3); new int(4); }"),
        unchanged("OtherStaticCasts", "__global__ void k() { y = static_cast<int*>(x); }")),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Shifts, Translation,
    ::testing::Values(
        in_kernel("Left", "1u << n", "1u <<::t2t::cpu_device::shift<< n"),
        in_kernel("Right", "x >> n", "x >>::t2t::cpu_device::shift>> n"),
        in_kernel("Close", "x>>n", "x>>::t2t::cpu_device::shift>>n"),
        in_kernel("Chain", "x << a >> b",
                  "x <<::t2t::cpu_device::shift<< a >>::t2t::cpu_device::shift>> b"),
        in_kernel("Large", "1ull << 40", "1ull <<::t2t::cpu_device::shift<< 40"),
        in_kernel("LongerOperand", "x << 3 * n", "x <<::t2t::cpu_device::shift<< 3 * n"),
        in_kernel("OfCast", "(int)x << n", cast("int", "x") + " <<::t2t::cpu_device::shift<< n"),
        in_kernel("ByCast", "x << (int)n", "x <<::t2t::cpu_device::shift<< " + cast("int", "n")),
        Case{"Assigned", "__device__ void f() { x <<= n; x >>= n; }",
             "__device__ void f() { x <<=::t2t::cpu_device::shift<<= n; "
             "x >>=::t2t::cpu_device::shift>>= n; }"},
        Case{"InLambda", "void f() { g([=] __device__(int i) { return 1 << i; }, 1 << n); }",
             "void f() { g([=] __device__(int i) { return 1 <<::t2t::cpu_device::shift<< i; }, "
             "1 << n); }"},
        Case{"InMember",
             "struct S { __device__ S(int n) : a{n}, b(1) { c = a << n; } int d = 1 << n; };",
             "struct S { __device__ S(int n) : a{n}, b(1) { c = a <<::t2t::cpu_device::shift<< n; "
             "} int d = 1 << n; };"},
        Case{"InOperator",
             "struct S { __device__ int operator==(S o) const { return a << o.n; } };",
             "struct S { __device__ int operator==(S o) const { return a "
             "<<::t2t::cpu_device::shift<< o.n; } };"},
        unchanged("Small", "__global__ void k() { y = x << 3; y = x >> 0x1f; y <<= 4; y >>= 1; }"),
        unchanged("Templates", "__global__ void k() { A<B<int>> a; A<B<int>>::f(a<b>>c); }"),
        unchanged("Operator", "__global__ void k() { operator<<(x, n); }"),
        unchanged("Fold", "template <int... i> __device__ void f() { y = (1 << ... << i); }"),
        unchanged("Members", "__global__ void k() { a.bits <<= n; }"),
        unchanged("Variable", "__device__ int x = 1 << n; __device__ int y[2] = {1 << n, 2};"),
        unchanged("HostCode", "void f() { y = x << n; y >>= n; }")),
    name_of);

std::string fits(const std::string& function, const std::string& bytes) {
    return " static_assert(" + bytes + " <= 49152, \"" + function +
           "\" T2T_TOO_MUCH_STATIC_SHARED);";
}

INSTANTIATE_TEST_SUITE_P(
    StaticShared, Translation,
    ::testing::Values(
        Case{"One", "__global__ void k() { __shared__ float s[32][33]; s[0] = 1; }",
             "__global__ void k() { __shared__ float s[32][33];" + fits("k", "sizeof(s)") +
                 " s[0] = 1; }"},
        Case{"Several", "__global__ void k() {\n__shared__ int a, b[2];\n__shared__ T<1, 2> c;\n}",
             "__global__ void k() {\n__shared__ int a, b[2];" + fits("k", "sizeof(a) + sizeof(b)") +
                 "\n__shared__ T<1, 2> c;" + fits("k", "sizeof(a) + sizeof(b) + sizeof(c)") +
                 "\n}"},
        Case{"Blocks", "__device__ T f(int n) { { __shared__ int a[2]; } __shared__ int b; }",
             "__device__ T f(int n) { { __shared__ int a[2];" + fits("f", "sizeof(a)") +
                 " } __shared__ int b;" + fits("f", "sizeof(b)") + " }"},
        Case{"Attributes",
             "template <int n> __global__ void __launch_bounds__(128) k(T x) { __shared__ "
             "__align__(16) unsigned char s[n < 2 ? 1 : n]; }",
             "template <int n> __global__ void __launch_bounds__(128) k(T x) { __shared__ "
             "__align__(16) unsigned char s[n < 2 ? 1 : n];" +
                 fits("k", "sizeof(s)") + " }"},
        unchanged("Pointers", "__global__ void k() { __shared__ int (*p)[2]; }"),
        unchanged("NamespaceScope", "__shared__ int s; __device__ int f();")),
    name_of);

// ---- What names the kernel ----------------------------------------------------------------------

INSTANTIATE_TEST_SUITE_P(
    Kernel, Translation,
    ::testing::Values(
        Case{"Namespaces", "::a::b::k<<<1, 2>>>(x);", call("::a::b::k", "1, 2", "x") + ";"},
        Case{"OneTemplateArgument", "k<float><<<1, 2>>>(x);", call("k<float>", "1, 2", "x") + ";"},
        Case{"Expressions", "k<T, N / 2, (N > 3)><<<1, 2>>>(p);",
             call("k<T, N / 2, (N > 3)>", "1, 2", "p") + ";"},
        Case{"NestedTemplates", "k<A<B>><<<1, 2>>>(x);", call("k<A<B>>", "1, 2", "x") + ";"},
        Case{"DeeplyNestedTemplates", "k<A<B<C<int, 2>>>><<<1, 2>>>(x);",
             call("k<A<B<C<int, 2>>>>", "1, 2", "x") + ";"},
        Case{"SpacedTemplates", "k < A < B > > <<<1, 2>>>(x);",
             call("k < A < B > >", "1, 2", "x") + ";"},
        Case{"ComparisonInTemplate", "k<int, N < 3><<<1, 2>>>(x);",
             call("k<int, N < 3>", "1, 2", "x") + ";"},
        Case{"OtherComparisonsInTemplate", "k<a >= b, c <= d, x <=> y><<<1, 2>>>(x);",
             call("k<a >= b, c <= d, x <=> y>", "1, 2", "x") + ";"},
        Case{"ShiftInTemplate", "k<1 << 4><<<1, 2>>>(x);", call("k<1 << 4>", "1, 2", "x") + ";"},
        Case{"ShiftInParentheses", "k<(N >> 2)><<<1, 2>>>(x);",
             call("k<(N >> 2)>", "1, 2", "x") + ";"},
        Case{"ArrowInTemplate", "k<decltype(p->q)><<<1, 2>>>(x);",
             call("k<decltype(p->q)>", "1, 2", "x") + ";"},
        Case{"CharacterInTemplate", "k<'>', '\\''><<<1, 2>>>(x);",
             "::t2t::cpu_device::launch(\"k<'>', '\\\\''>\", ::t2t::cpu_device::configure(1, 2), "
             "T2T_KERNEL_ADDRESS(k<'>', '\\''>), [=](auto&... t2t_arguments) { "
             "k<'>', '\\''>(t2t_arguments...); }, x);"},
        Case{"QuotesAreEscaped", "table[at(\"a\")]<<<1, 2>>>(x);",
             "::t2t::cpu_device::launch(\"table[at(\\\"a\\\")]\", "
             "::t2t::cpu_device::configure(1, 2), T2T_KERNEL_ADDRESS(table[at(\"a\")]), "
             "[=](auto&... t2t_arguments) { table[at(\"a\")](t2t_arguments...); }, x);"},
        Case{"TemplateQualifier", "A<int, 3>::B<x>::k<<<1, 2>>>(p);",
             call("A<int, 3>::B<x>::k", "1, 2", "p") + ";"},
        Case{"TemplateDisambiguator", "A<T>::template k<N><<<1, 2>>>(p);",
             call("A<T>::template k<N>", "1, 2", "p") + ";"},
        Case{"DecltypeQualifier", "decltype(x)::k<<<1, 2>>>(p);",
             call("decltype(x)::k", "1, 2", "p") + ";"},
        Case{"Table", "x = 1; table[i + n][2]<<<1, 2>>>(p);",
             "x = 1; " + call("table[i + n][2]", "1, 2", "p") + ";"},
        Case{"NestedSubscript", "a[b[0]](x)<<<1, 2>>>(p);", call("a[b[0]](x)", "1, 2", "p") + ";"},
        Case{"Member", "object.kernel<<<1, 2>>>(p);", call("object.kernel", "1, 2", "p") + ";"},
        Case{"MemberPath", "this->of(1, 2).rungs[i]->run<<<1, 2>>>(p);",
             call("this->of(1, 2).rungs[i]->run", "1, 2", "p") + ";"},
        Case{"Call", "make<3>()<<<1, 2>>>(p);", call("make<3>()", "1, 2", "p") + ";"},
        Case{"NamedCast", "static_cast<F*>(p)<<<1, 2>>>(q);",
             call("static_cast<F*>(p)", "1, 2", "q") + ";"},
        Case{"WhiteSpaceAndComments", "k /* the kernel */ <int,\t 2> <<<1, 2>>> (p);",
             call("k <int, 2>", "1, 2", "p") + ";"}),
    name_of);

// ---- What stands in the configuration -----------------------------------------------------------

INSTANTIATE_TEST_SUITE_P(
    Configuration, Translation,
    ::testing::Values(
        Case{"Four", "k<<<grid, block, 4 * sizeof(float), stream>>>(p);",
             call("k", "grid, block, 4 * sizeof(float), stream", "p") + ";"},
        Case{"Constructors", "k<<<dim3(a, b), dim3{c}, 0, s>>>(p);",
             call("k", "dim3(a, b), dim3{c}, 0, s", "p") + ";"},
        Case{"DigitSeparators", "k<<<1'000, 0x1'0>>>(p);", call("k", "1'000, 0x1'0", "p") + ";"},
        Case{"Shift", "k<<<n >> 2, n>>2>>>(p);", call("k", "n >> 2, n>>2", "p") + ";"},
        Case{"ShiftBeforeParenthesis", "k<<<n >> (2), 1>>>(p);",
             call("k", "n >> (2), 1", "p") + ";"},
        Case{"Comparison", "k<<<a < b ? 1 : 2, 32>>>(p);",
             call("k", "a < b ? 1 : 2, 32", "p") + ";"},
        Case{"TightComparison", "k<<<a<b ? 1 : 2, 32>>>(p); m<<<1, 2>>>(q);",
             call("k", "a<b ? 1 : 2, 32", "p") + "; " + call("m", "1, 2", "q") + ";"},
        Case{"ComparisonBeforeAnotherLaunch", "k<<<a < b ? 1 : 2, 32>>>(p), m<<<1, 2>>>(q);",
             call("k", "a < b ? 1 : 2, 32", "p") + ", " + call("m", "1, 2", "q") + ";"},
        Case{"GreaterAndArrow", "k<<<a > b, p->n>>>(p);", call("k", "a > b, p->n", "p") + ";"},
        Case{"Template", "k<<<1, Block<64, 2>::size>>>(p);",
             call("k", "1, Block<64, 2>::size", "p") + ";"},
        Case{"ThreeTemplatesClose", "k<<<1, A<B<C<3>>>::size>>>(p);",
             call("k", "1, A<B<C<3>>>::size", "p") + ";"},
        Case{"ThreeTemplatesCloseBeforeParenthesis", "k<<<A<B<C<3>>>(1), 2>>>(p);",
             call("k", "A<B<C<3>>>(1), 2", "p") + ";"},
        Case{"FourTemplatesCloseBeforeParenthesis", "k<<<A<B<C<D<3>>>>(1), 2>>>(p);",
             call("k", "A<B<C<D<3>>>>(1), 2", "p") + ";"},
        Case{"TemplateThenEnd", "k<<<1, size<3>>>>(p);", call("k", "1, size<3>", "p") + ";"},
        Case{"TwoTemplatesThenEnd", "k<<<1, size<A<3>>>>>(p);",
             call("k", "1, size<A<3>>", "p") + ";"},
        Case{"Lambda", "k<<<[&]() -> int { return a > b; }(), 2>>>(p);",
             call("k", "[&]() -> int { return a > b; }(), 2", "p") + ";"},
        Case{"TextInside", "k<<<f(\">>>(\"), /* >>>( */ 2>>>(p);",
             call("k", "f(\">>>(\"), /* >>>( */ 2", "p") + ";"},
        Case{"Spaced", "k << <g, b >> >(p);", call("k", "g, b ", "p") + ";"},
        Case{"SpacedTemplate", "k<A<B<int> > > << <f<A<B<int> > >(1), b>> > (p);",
             call("k<A<B<int> > >", "f<A<B<int> > >(1), b", "p") + ";"},
        Case{"Pack", "k<<<g, b>>>(args...);", call("k", "g, b", "args...") + ";"}),
    name_of);

// ---- Several lines and macros -------------------------------------------------------------------

INSTANTIATE_TEST_SUITE_P(
    Lines, Translation,
    ::testing::Values(
        Case{"ConfigurationAndArguments", "k<<<grid,\n    block>>>(a,\n    b);",
             call("k", "grid,\n    block", "a,\n    b") + ";"},
        Case{"LineComments", "k<<<1,  // blocks\n2  // threads\n>>>(a,  // [n]\nb);",
             call("k", "1,  // blocks\n2  // threads\n", "a,  // [n]\nb") + ";"},
        Case{"Kernel", "a::\nk<1,  // one\n 2>\n<<<1, 2>>>(p);",
             "::t2t::cpu_device::launch(\"a:: k<1, 2>\",\n\n\n ::t2t::cpu_device::configure(1, 2), "
             "T2T_KERNEL_ADDRESS(a:: k<1, 2>), [=](auto&... t2t_arguments) { "
             "a:: k<1, 2>(t2t_arguments...); }, p);"},
        Case{"BeforeArguments", "k<<<1, 2>>>\n  // why\n  (p);",
             "::t2t::cpu_device::launch(\"k\", ::t2t::cpu_device::configure(1, 2)\n\n, "
             "T2T_KERNEL_ADDRESS(k), [=](auto&... t2t_arguments) { k(t2t_arguments...); }, p);"},
        Case{"Macro", "#define RUN(k, n) \\\n  k<n> \\\n  <<<1, n>>>(p, \\\n  #n)\nint x;",
             "#define RUN(k, n) \\\n  ::t2t::cpu_device::launch(\"k<n>\",\\\n"
             " ::t2t::cpu_device::configure(1, n), T2T_KERNEL_ADDRESS(k<n>), "
             "[=](auto&... t2t_arguments) { k<n>(t2t_arguments...); }, p, \\\n  #n)\nint x;"},
        Case{"MacroWithBlockComment", "#define RUN k /* a\n b */ <<<1, 2>>>(p)\nint x;",
             "#define RUN ::t2t::cpu_device::launch(\"k\",\\\n ::t2t::cpu_device::configure(1, 2), "
             "T2T_KERNEL_ADDRESS(k), [=](auto&... t2t_arguments) { k(t2t_arguments...); }, p)\n"
             "int x;"},
        Case{"MacroParameterInParentheses", "#define RUN(k) (k)<<<1, 2>>>(p)",
             "#define RUN(k) " + call("(k)", "1, 2", "p")},
        Case{"MacroPastesNames", "#define RUN(T) k_##T##_v1<T><<<1, 2>>>(p)",
             "#define RUN(T) " + call("k_##T##_v1<T>", "1, 2", "p")},
        Case{"MacroPassesArguments", "#define RUN(k, g, b, ...) k<<<g, b>>>(__VA_ARGS__)",
             "#define RUN(k, g, b, ...) ::t2t::cpu_device::prepare(\"k\", "
             "::t2t::cpu_device::configure(g, b), T2T_KERNEL_ADDRESS(k), "
             "[=](auto&... t2t_arguments) { k(t2t_arguments...); })(__VA_ARGS__)"},
        Case{"ConditionInArguments", "k<<<1, 2>>>(\n#if A\n  a\n#else\n  f(b\n#endif\n  );\nm;",
             call("k", "1, 2", "\n#if A\n  a\n#else\n  f(b\n#endif\n  ") + ";\nm;"},
        Case{"NestedConditions",
             "k<<<1, 2>>>(f(\n#if A\na\n#else\n#if B\n#else\n#endif\n{\n#endif\n));",
             call("k", "1, 2", "f(\n#if A\na\n#else\n#if B\n#else\n#endif\n{\n#endif\n)") + ";"},
        Case{"BranchesShareTheEnd", "#if A\nk<<<1, 2>>>(\n#else\nm<<<3, 4>>>(\n#endif\np);",
             "#if A\n" + head("k", "1, 2") + ", \n#else\n" + head("m", "3, 4") + ", \n#endif\np);"},
        Case{"CarriageReturns", "k<<<1,\r\n2>>>(a);\r\n", call("k", "1,\r\n2", "a") + ";\r\n"}),
    name_of);

// ---- Dynamic shared memory ----------------------------------------------------------------------

std::string in_kernel(const std::string& text) {
    return "__global__ void k() { " + text + " }";
}

Case shared_case(const char* name, const std::string& source, const std::string& expected) {
    return {name, in_kernel(source), in_kernel(expected)};
}

INSTANTIATE_TEST_SUITE_P(
    DynamicShared, Translation,
    ::testing::Values(
        shared_case("Plain", "extern __shared__ float s[];",
                    "float* const s = ::t2t::cpu_device::dynamic_shared<float>();"),
        shared_case("ABoundChangesNothing", "extern __shared__ float s[N * 2];",
                    "float* const s = ::t2t::cpu_device::dynamic_shared<float>();"),
        shared_case("TwoWords", "extern __shared__ unsigned char raw[];",
                    "unsigned char* const raw" + shared("unsigned char") + ";"),
        shared_case("Aligned", "extern __shared__ __align__(16) float s[];",
                    "float* const s" + shared("float") + ";"),
        shared_case("AlignedBetween", "extern __align__(sizeof(int4)) __shared__ float s[];",
                    "float* const s" + shared("float") + ";"),
        shared_case("AlignasFirst", "alignas(128) extern __shared__ float s[];",
                    "float* const s" + shared("float") + ";"),
        shared_case("AttributeBehind", "extern __shared__ float s[] __attribute__((aligned(16)));",
                    "float* const s" + shared("float") + ";"),
        shared_case("AttributeInType", "extern __shared__ unsigned __align__(8) char s[];",
                    "unsigned char* const s" + shared("unsigned char") + ";"),
        shared_case("SharedFirst", "__shared__ extern volatile float s[];",
                    "volatile float* const s" + shared("volatile float") + ";"),
        shared_case("TemplateType", "extern __shared__ ns::Pair<int, A<(1 > 2)>> s [ ];",
                    "ns::Pair<int, A<(1 > 2)>>* const s" + shared("ns::Pair<int, A<(1 > 2)>>") +
                        ";"),
        shared_case("PointerType", "extern __shared__ float* s[];",
                    "float** const s" + shared("float*") + ";"),
        shared_case("Two", "extern __shared__ float a[], b[];",
                    "float* const a" + shared("float") + ", * const b" + shared("float") + ";"),
        shared_case("Rows", "extern __shared__ float s[][32 + 1];",
                    "float (* const s)[32 + 1]" + shared("float[32 + 1]") + ";"),
        shared_case("Lines", "extern __shared__  // all of it\nfloat\ns[];\nx",
                    "float* const s" + shared("float") + "\n\n;\nx"),
        Case{"StaticStays", "void k() { __shared__ float s[32]; extern int n; }",
             "void k() { __shared__ float s[32]; extern int n; }"},
        Case{"StaticWithAlignas", "void k() { __shared__ alignas(4 * 4) float s[32]; }",
             "void k() { __shared__ __align__(4 * 4) float s[32]; }"},
        Case{"StaticTwice", "void k() { static __shared__ int s[2]; __shared__ static int t[2]; }",
             "void k() {  __shared__ int s[2]; __shared__  int t[2]; }"},
        Case{
            "NotInline", "__noinline__ __device__ int f(); __attribute__((__noinline__)) int g();",
            "__attribute__((noinline)) __device__ int f(); __attribute__((__noinline__)) int g();"},
        Case{"AlignasBeforeStatic", "void k() { alignas(16) __shared__ float s[32]; }",
             "void k() { alignas(16) __shared__ float s[32]; }"},
        Case{"InMacro", "#define SHARED(T, name) extern __shared__ T name[]\nint x;",
             "#define SHARED(T, name) T* const name" + shared("T") + "\nint x;"},
        Case{"InNamespacesKernel",
             "namespace a { extern \"C\" { void k() { extern __shared__ T s[]; } } }",
             "namespace a { extern \"C\" { void k() { T* const s" + shared("T") + "; } } }"},
        Case{"BranchesOfAHead",
             "#if A\nvoid k() {\n#else\nvoid m() {\n#endif\nextern __shared__ T s[]; }",
             "#if A\nvoid k() {\n#else\nvoid m() {\n#endif\nT* const s" + shared("T") + "; }"}),
    name_of);

// ---- What must pass untouched -------------------------------------------------------------------

// Outside of a kernel an object stands for the array.
INSTANTIATE_TEST_SUITE_P(
    SharedOutsideOfKernels, Translation,
    ::testing::Values(
        Case{"AtFileScope", "extern __shared__ float s[];", array + "s{};"},
        Case{"InANamespace", "void f() {}\nnamespace a::b {\nextern __shared__ float s[];\n}",
             "void f() {}\nnamespace a::b {\n" + array + "s{};\n}"},
        Case{"ExternC", "extern \"C\" {\nextern __shared__ __align__(16) float s[];\n}",
             "extern \"C\" {\n" + array + "s{};\n}"},
        Case{"BehindBranches",
             "#if A\nvoid k() {\n#else\nvoid m() {\n#endif\n}\nextern __shared__ float s[];",
             "#if A\nvoid k() {\n#else\nvoid m() {\n#endif\n}\n" + array + "s{};"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    KernelPointers, Translation,
    ::testing::Values(
        Case{"Cast", "launch((void*)k, 1);", "launch((void*)" + untyped("k") + ", 1);"},
        Case{"CastToConst", "f = (const void *) & n::k<int, 4>;",
             "f = (const void *) " + untyped("& n::k<int, 4>") + ";"},
        Case{"NamedCast", "f(reinterpret_cast<void*>(k), static_cast<int>(k));",
             "f(reinterpret_cast<void*>(" + untyped("k") + "), static_cast<int>(k));"},
        Case{"InABrace", "P p = {(void*)k};", "P p = {(void*)" + untyped("k") + "};"},
        Case{"Returned", "return (void*)k;", "return (void*)" + untyped("k") + ";"},
        Case{"NoWholeOperand", "f((void*)a[1], (void*)b->c, (void*)d + 2, (void*)e());",
             "f((void*)a[1], (void*)b->c, (void*)d + 2, (void*)e());"},
        Case{"NoName", "f((void*)this, (void*)nullptr, (void*)0, (void*)\"k\");",
             "f((void*)this, (void*)nullptr, (void*)0, (void*)\"k\");"},
        Case{"NoCast", "int f(void*) noexcept; void* g(void*), *h; using F = int(void*);",
             "int f(void*) noexcept; void* g(void*), *h; using F = int(void*);"},
        Case{"OtherPointers", "f((void**)a, (char*)b);", "f((void**)a, (char*)b);"}),
    name_of);

TEST(Passes, EverythingElseByteForByte) {
    for (const std::string_view source :
         {"",
          "\n",
          "int x",
          "\xEF\xBB",
          "// k<<<1, 2>>>(a);\n",
          "/* k<<<1, 2>>>(a);\n */",
          "// joined \\\n k<<<1, 2>>>(a);\n",
          "auto s = \"k<<<1, 2>>>(a)\";",
          "auto s = \"\\\"k<<<1, 2>>>(a)\";",
          "auto s = \"joined \\\nk<<<1, 2>>>(a)\";",
          "auto s = R\"(k<<<1, 2>>>(a) \")\";",
          "auto s = u8R\"x(k<<<1, 2>>>(a))\" )x\";",
          "auto c = '\"'; auto d = '\\'';",
          "std::cout << x<y>(z);",
          "int n = 1'000'000 << 2;",
          "operator<<<char>(out, c);",
          "a <<= 2; b <=> c; d >>= 3;",
          "#error don't write k<<<1, 2>>>(a)\n",
          "#pragma unroll\n#include <a/b.h>\n",
          "#if 0\nk<<<1\n#if 1\nm<<<\n#else\nm<<<\n#endif\nit's off\n#endif\nint x;\n",
          "#define X(a) #a\n",
          "asm volatile(\"nop // <<<\" ::: \"memory\");",
          "extern \"C\" __global__ void k(); extern template class A<int>; extern int t[];",
          "\"unterminated\nint x; 'y\n",
          "R\"(never closed",
          "/* never closed"}) {
        EXPECT_EQ(translated(source), source);
    }
}

TEST(Passes, WhatFollowsAnIfZeroIsTranslated) {
    EXPECT_EQ(translated("#if 0\n<<<\n#else\nk<<<1, 2>>>();\n#endif\nm<<<1, 2>>>();"),
              "#if 0\n<<<\n#else\n" + call("k", "1, 2") + ";\n#endif\n" + call("m", "1, 2") + ";");
}

TEST(Passes, ByteOrderMarkIsDropped) {
    EXPECT_EQ(translated("\xEF\xBB\xBFint x;"), "int x;");
}

TEST(Passes, PathIsQuoted) {
    EXPECT_EQ(translate("int x;", "/a \"b\"/c.cu"), "#line 1 \"/a \\\"b\\\"/c.cu\"\nint x;");
}

// ---- Mistakes -----------------------------------------------------------------------------------

struct Mistake {
    std::string_view source;
    std::size_t line;
    std::string_view advice;  // part of the message
};

TEST(Mistakes, AreNamedWithTheirLine) {
    const std::vector<Mistake> mistakes{
        {"<<<1, 2>>>(a);", 1, "no kernel stands before <<<"},
        {"\n\n = 3 <<<1, 2>>>(a);", 3, "no kernel stands before <<<"},
        {"return <<<1, 2>>>(a);", 1, "no kernel stands before <<<"},
        {"x = ()<<<1, 2>>>(a);", 1, "no kernel stands before <<<"},
        {"\nk\n#pragma x\n<<<1, 2>>>(a);", 4, "no kernel stands before <<<"},
        {"k<<<1, 2;\n", 1, "this launch has no end"},
        {"k<<<1, 2>>(a);", 1, "this launch has no end"},
        {"k<<<1, 2>>> a;", 1, "this launch has no end"},
        {"void f() { k<<<1, (2>>>(a); }", 1, "this launch has no end"},
        {"int x;\n#define CONFIG <<<1, 2>>>\nk CONFIG(a);", 2, "no kernel stands before <<<"},
        {"k<<<>>>(a);", 1, "no configuration"},
        {"\nk<<<1, 2>>>(a;\n}", 2, "close them with )"},
        {"t[[] { k<<<1, 2>>>(); return 0; }()]<<<1, 2>>>(a);", 1, "into a variable first"},
        {"t[R\"(\n)\"]<<<1, 2>>>(a);", 1, "this string spans lines"},
        {"extern __shared__ float s[][33];", 1, "outside of a kernel, write"},
        {"namespace a {\nextern __shared__ float s[], t[];\n}", 2, "outside of a kernel, write"},
        {"void f() {\nextern __shared__ float s; }", 2, "`extern __shared__ TYPE NAME[];`"},
        {"void f() { extern __shared__ float s[] = {1}; }", 1, "`extern __shared__ TYPE NAME[];`"},
        {"void f() { extern __shared__ s[]; }", 1, "`extern __shared__ TYPE NAME[];`"},
    };
    for (const Mistake& mistake : mistakes) {
        try {
            ADD_FAILURE() << mistake.source << "\nbecame\n" << translate(mistake.source, path);
        } catch (const TranslationError& error) {
            EXPECT_EQ(error.line(), mistake.line) << mistake.source;
            EXPECT_NE(std::string_view(error.what()).find(mistake.advice), std::string_view::npos)
                << mistake.source << "\nsaid: " << error.what();
        }
    }
}

// ---- Inline PTX -----------------------------------------------------------------------------------

INSTANTIATE_TEST_SUITE_P(
    InlinePtx, Translation,
    ::testing::Values(Case{"BecomesACall", "asm volatile(\"mov.u32 %0, %%laneid;\" : \"=r\"(id));",
                           "::t2t::cpu_device::inline_ptx();"},
                      Case{"KeepsItsLines", "asm(\"{ .reg .f32 a;\"\n\"}\" :: \"r\"(x)\n);\nint y;",
                           "::t2t::cpu_device::inline_ptx()\n\n;\nint y;"},
                      Case{"InAMacro", "#define WAIT __asm__ __volatile__(\"bar.sync 0;\")\n",
                           "#define WAIT ::t2t::cpu_device::inline_ptx()\n"},
                      Case{"Trap", "asm(\"trap;\");", "::t2t::cpu_device::inline_ptx();"},
                      Case{"AProcessorsStays", "asm volatile(\"rdtsc\" : \"=a\"(x));",
                           "asm volatile(\"rdtsc\" : \"=a\"(x));"},
                      Case{"ABarrierOfTheCompilerStays", "asm volatile(\"\" ::: \"memory\");",
                           "asm volatile(\"\" ::: \"memory\");"},
                      Case{"ANameStays", "extern int x asm(\"x.1\"); s.asm_();",
                           "extern int x asm(\"x.1\"); s.asm_();"}),
    name_of);

// ---- What nvcc refuses and C++ would take -----------------------------------------------------------

std::string refused(const std::string& mistake, const std::string& call) {
    return "(::t2t::cpu_device::" + mistake + "(), " + call + ')';
}

const std::string kernel_here = "__global__ void __launch_bounds__(64) k(int* x) { *x = 1; }\n";
const std::string on_the_host = "static float f(float x) { return x; }\n";
const std::string on_the_device = "template <int N> __device__ float g(float x) { return x; }\n";

INSTANTIATE_TEST_SUITE_P(
    Misuse, Translation,
    ::testing::Values(
        Case{"AKernelIsCalled", kernel_here + "int main() { if (a) k(x); }",
             kernel_here + "int main() { if (a) " + refused("kernel_that_is_called", "k(x)") +
                 "; }"},
        Case{"TheDeviceCallsTheHost",
             on_the_host + "__global__ void k(float* x) { *x = 2 * f(*x); }",
             on_the_host + "__global__ void k(float* x) { *x = 2 * " +
                 refused("host_function_in_device_code", "f(*x)") + "; }"},
        Case{"TheHostCallsTheDevice", on_the_device + "int main() { return g(1); }",
             on_the_device + "int main() { return " +
                 refused("device_function_in_host_code", "g(1)") + "; }"},
        Case{"SharedMemoryHasAnInitialValue",
             "__global__ void k() { __shared__ volatile int s = 0; __shared__ int t[] = {1}; }",
             "__global__ void k() { __shared__ volatile int s = 0; "
             "::t2t::cpu_device::initialised_shared_memory(); __shared__ int t[] = {1}; "
             "::t2t::cpu_device::initialised_shared_memory(); }"}),
    name_of);

TEST(Misuse, LeavesAloneWhatNvccTakes) {
    const std::vector<std::string> sources{
        kernel_here + "void k(float* x) {}\nint main() { k(y); }",  // an overload
        kernel_here + "int main() { auto k = [](int) {}; k(1); s.k(2); n::k(3); }",
        kernel_here + "struct S { void k(int); void m() { k(1); } };",
        on_the_host + "__device__ float f(float x) { return x; }\n__global__ void k() { f(1); }",
        on_the_host + "__host__ __device__ float h() { return f(1); }",  // nvcc warns
        on_the_host + "int main() { return f(1) + f(2); }",
        on_the_device + "__device__ float h() { return g<3>(1) + g(1); }",
        on_the_device + "int main() { each([] __device__(int i) { return g(i); }); }",
        "constexpr int c(int x) { return x; }\n__global__ void k() { c(1); }",
        "#ifdef __CUDACC__\n__host__ __device__\n#endif\nfloat f(float x) { return x; }\n"
        "__global__ void k() { f(1); }",
        "HD float f(float x) { return x; }\n__global__ void k() { f(1); }",
        "float max(float a, float b) { return a; }\n__global__ void k() { max(1, 2); }",
    };
    for (const std::string& source : sources) EXPECT_EQ(translated(source), source);
}

// ---- Columns --------------------------------------------------------------------------------------

// Where `mark` stands in line `line` of `text`, in bytes from 1.
std::size_t column_of(const std::string& text, std::size_t line, const std::string& mark) {
    std::size_t start = 0;
    while (--line > 0) start = text.find('\n', start) + 1;
    return text.find(mark, start) - start + 1;
}

TEST(SourceColumn, BehindALaunchIsTheSources) {
    const std::string source = "int a;\nvoid f() { k<<<1, 2>>>(p); m<<<3, 4>>>(q); here(); }\n";
    const std::size_t there = column_of(translated(source), 2, "here");
    EXPECT_EQ(source_column(source, 2, there), column_of(source, 2, "here"));
    EXPECT_EQ(source_column(source, 2, 3), 3u);
    EXPECT_EQ(source_column(source, 1, 5), 5u);
}

TEST(SourceColumn, InsideWhatTheTranslatorWroteIsWhatItReplaced) {
    const std::string source = "void f() { k<<<1, 2>>>(p); }\n";
    EXPECT_EQ(source_column(source, 1, column_of(source, 1, "k<<<") + 20),
              column_of(source, 1, "k<<<"));
}

TEST(SourceColumn, OfALaunchOverLinesStaysOnItsLine) {
    const std::string source = "k<<<1,\n    2>>>(p,\n    here);\n";
    const std::size_t there = column_of(translated(source), 3, "here");
    EXPECT_EQ(source_column(source, 3, there), 5u);
}

}  // namespace
}  // namespace t2t::cpu_device
