#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "chapters/02_memory_access/memory_access.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/arrays.hpp"
#include "tests/every_rung.hpp"
#include "tests/refusal.hpp"

namespace t2t {
namespace {

using memory_access::Bodies;
using memory_access::Body;

using AosToSoa = tests::EveryRung<memory_access::aos_to_soa_ladder>;
T2T_EVERY_RUNG(AosToSoa);

TEST_P(AosToSoa, SeparatesTheFieldsAtEverySize) {
    for (const std::int64_t n : lab::sizes()) {
        const auto values = lab::normal(4 * n, 3, 2, lab::test_seed());
        const auto fields = lab::reference::aos_to_soa(values, 4);  // [4, n]
        const auto field = [&](std::int64_t f) {
            const auto first = fields.begin() + f * n;
            return lab::Expected{{first, first + n}, {1, n}};
        };

        lab::RungCheck check("aos_to_soa", rung().name);
        const auto* from = reinterpret_cast<const Body*>(check.input("from", values));
        const Bodies to{
            check.output<float>("to.x", field(0)), check.output<float>("to.y", field(1)),
            check.output<float>("to.z", field(2)), check.output<float>("to.mass", field(3))};
        const auto result = check.run(rung(), {from, to, n});
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(AosToSoa, DoesNothingForZeroBodies) {
    EXPECT_NO_THROW(rung().run({.n = 0}, nullptr));
}

TEST_P(AosToSoa, RefusesBadArguments) {
    lab::GuardedBuffer<float> bodies(64);
    lab::GuardedBuffer<float> arrays(64);
    const auto* from = reinterpret_cast<const Body*>(bodies.data());
    float* p = arrays.data();
    const Bodies to{p, p + 16, p + 32, p + 48};
    const auto* odd = reinterpret_cast<const Body*>(bodies.data() + 1);
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    tests::expect_refusal(rung(), {from, to, -1}, "aos_to_soa: n is -1");
    tests::expect_refusal(rung(), {from, to, most / 8}, "aos_to_soa: n (");
    tests::expect_refusal(rung(), {nullptr, to, 8}, "aos_to_soa: from is null");
    tests::expect_refusal(rung(), {odd, to, 8}, "aos_to_soa: from is not aligned");
    const std::vector<std::pair<float * Bodies::*, std::string>> fields{{&Bodies::x, "to.x"},
                                                                        {&Bodies::y, "to.y"},
                                                                        {&Bodies::z, "to.z"},
                                                                        {&Bodies::mass, "to.mass"}};
    for (const auto& [field, name] : fields) {
        Bodies bad = to;
        bad.*field = nullptr;
        tests::expect_refusal(rung(), {from, bad, 8}, "aos_to_soa: " + name + " is null");
        bad.*field = to.*field + 1;
        tests::expect_refusal(rung(), {from, bad, 8}, "aos_to_soa: " + name + " is not aligned");
    }
    EXPECT_TRUE(arrays.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t
