// Inverse error functions, Bessel functions, norms of arrays.
#include <cmath>

#include "tests/cpu_device/evaluate.cuh"

namespace t2t::conformance {
namespace {

T2T_FUNCTION(Erfinv, double, double, erfinv(x))
T2T_FUNCTION(Erfcinv, double, double, erfcinv(x))
T2T_FUNCTION(Normcdfinv, double, double, normcdfinv(x))
T2T_FUNCTION(Erfinvf, float, float, erfinvf(x))
T2T_FUNCTION(Normcdfinvf, float, float, normcdfinvf(x))
T2T_FUNCTION(I0, double, double, cyl_bessel_i0(x))
T2T_FUNCTION(I1, double, double, cyl_bessel_i1(x))
T2T_FUNCTION(I0f, float, float, cyl_bessel_i0f(x))

// A step of 1e-15 in x moves erf(x) by the slope times as much: what the result may be off.
void expect_inverse(double (*function)(double), double z, double value) {
    const double slope = 1.12837916709551257390 * std::exp(-z * z);
    const double allowed = 8e-16 * std::abs(z) * slope + 4e-16 * std::abs(value);
    EXPECT_NEAR(function(z), value, allowed) << value;
}

TEST(SpecialFunctions, InverseErrorFunctionsInvert) {
    std::vector<double> values;
    for (double x = -0.999; x < 1; x += 0.0321) values.push_back(x);
    for (double x = 1e-300; x < 0.5; x *= 37) values.push_back(x);
    const auto erf_inverses = evaluate<Erfinv>(values);
    for (std::size_t i = 0; i < values.size(); ++i) {
        expect_inverse([](double z) { return std::erf(z); }, erf_inverses[i], values[i]);
    }
    for (double& x : values) x = x < 0 ? 1 - x : x;  // erfcinv takes 0 to 2
    const auto erfc_inverses = evaluate<Erfcinv>(values);
    for (std::size_t i = 0; i < values.size(); ++i) {
        // In the tail the slope is nearly 2z · erfc(z): a relative step.
        EXPECT_NEAR(std::erfc(erfc_inverses[i]) / values[i], 1,
                    1e-15 * (4 + 2 * erfc_inverses[i] * erfc_inverses[i]))
            << values[i];
    }
}

TEST(SpecialFunctions, InversesAtTheEnds) {
    const auto at = evaluate<Erfinv>(std::vector<double>{0, 1, -1, 2});
    EXPECT_EQ(at[0], 0);
    EXPECT_EQ(at[1], HUGE_VAL);
    EXPECT_EQ(at[2], -HUGE_VAL);
    EXPECT_TRUE(std::isnan(at[3]));
}

TEST(SpecialFunctions, QuantilesOfTheNormalDistribution) {
    // From statistical tables, by NIST's and R's qnorm.
    const std::vector<double> p{0.5, 0.975, 0.025, 0.999, 0.84134474606854293};
    const std::vector<double> z{0, 1.959963984540054, -1.959963984540054, 3.090232306167813, 1};
    const auto doubles = evaluate<Normcdfinv>(p);
    const auto floats = evaluate<Normcdfinvf>(std::vector<float>(p.begin(), p.end()));
    for (std::size_t i = 0; i < p.size(); ++i) {
        EXPECT_NEAR(doubles[i], z[i], 1e-14);
        EXPECT_NEAR(floats[i], z[i], 2e-5);  // a float's step near 0.999 is that much of z
    }
}

TEST(SpecialFunctions, InFloat) {
    const auto values = evaluate<Erfinvf>(std::vector<float>{0.5f, -0.25f, 1e-20f});
    EXPECT_NEAR(values[0], 0.47693627620446987, 2e-7);
    EXPECT_NEAR(values[1], -0.22531205501217808, 1e-7);
    EXPECT_NEAR(values[2] / 8.8622692545275801e-21, 1, 1e-6);
}

TEST(SpecialFunctions, ModifiedBesselFunctions) {
    // Abramowitz and Stegun, tables 9.8 and 9.11; I1 is odd.
    const std::vector<double> x{0, 1, -1, 2, 10};
    const std::vector<double> i0{1, 1.2660658777520084, 1.2660658777520084, 2.2795853023360673,
                                 2815.7166284662544};
    const std::vector<double> i1{0, 0.56515910399248503, -0.56515910399248503, 1.5906368546373291,
                                 2670.9883037012546};
    const auto first = evaluate<I0>(x), second = evaluate<I1>(x);
    const auto floats = evaluate<I0f>(std::vector<float>(x.begin(), x.end()));
    for (std::size_t i = 0; i < x.size(); ++i) {
        EXPECT_NEAR(first[i], i0[i], 1e-14 * i0[i]);
        EXPECT_NEAR(second[i], i1[i], 1e-14 * std::abs(i1[i]));
        EXPECT_NEAR(floats[i], i0[i], 1e-6 * i0[i]);
    }
}

__global__ void norms_kernel(double* out /* [8] */) {
    const double doubles[] = {2, 3, 6, 0, 0};
    const float floats[] = {2, 3, 6, 18, 54};  // squares: 4 + 9 + 36 = 49, + 324 = 373, …
    out[0] = norm(3, doubles);
    out[1] = rnorm(3, doubles);
    out[2] = normf(3, floats);
    out[3] = rnormf(3, floats);
    out[4] = rnorm4d(1, 1, 1, 1);
    out[5] = rnorm4df(2, 2, 2, 2);
    out[6] = normf(1, floats);
    out[7] = __fmaf_ieee_rn(3, 4, 5);
}

TEST(SpecialFunctions, LengthsOfVectors) {
    const auto values = collect<double>(8, [](double* out) { norms_kernel<<<1, 1>>>(out); });
    const std::vector<double> expected{7, 1 / 7.0, 7, 1 / 7.0, 0.5, 0.25, 2, 17};
    for (int i = 0; i < 8; ++i) EXPECT_NEAR(values[i], expected[i], 1e-7) << i;
}

__global__ void vector_atomics_kernel(float* sums /* [8], 16-byte aligned */) {
    atomicAdd(reinterpret_cast<float2*>(sums), make_float2(1, 2));
    atomicAdd(reinterpret_cast<float4*>(sums + 4), make_float4(1, 2, 3, 4));
}

TEST(Atomics, AddVectors) {
    if (!on_cpu_device()) T2T_NEEDS_CAPABILITY(90);
    DeviceBuffer<float> sums(8);
    T2T_CHECK(cudaMemset(sums.data(), 0, sums.bytes()));
    vector_atomics_kernel<<<4, 64>>>(sums.data());
    T2T_CHECK(cudaDeviceSynchronize());
    EXPECT_EQ(sums.download(), (std::vector<float>{256, 512, 0, 0, 256, 512, 768, 1024}));
}

}  // namespace
}  // namespace t2t::conformance
