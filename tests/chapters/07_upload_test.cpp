#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "chapters/07_streams/streams.cuh"
#include "common/device/buffer.hpp"
#include "common/device/stream.hpp"
#include "common/lab/inputs.hpp"
#include "tests/every_rung.hpp"
#include "tests/refusal.hpp"

namespace t2t {
namespace {

using Upload = tests::EveryRung<streams::upload_ladder>;
T2T_EVERY_RUNG(Upload);

using Bytes = std::vector<std::uint8_t>;

Bytes random_bytes(std::int64_t count) {
    return lab::integers<std::uint8_t>(count, 0, 255, lab::test_seed());
}

lab::Expected exactly(const Bytes& bytes) {
    return {{bytes.begin(), bytes.end()}, {1, static_cast<std::int64_t>(bytes.size())}};
}

const std::byte* address(const Bytes& bytes) {
    return reinterpret_cast<const std::byte*>(bytes.data());
}

TEST_P(Upload, CopiesEverySize) {
    for (const std::int64_t n : lab::sizes()) {
        const Bytes host = random_bytes(n);
        const Bytes before = host;
        lab::RungCheck check("upload", rung().name);
        auto* device = check.output<std::uint8_t>("device", exactly(host));
        const auto result =
            check.run(rung(), {address(host), reinterpret_cast<std::byte*>(device), host.size()});
        EXPECT_TRUE(result.ok()) << result.message();
        EXPECT_EQ(host, before);
    }
}

// A tensor of a file starts anywhere.
TEST_P(Upload, CopiesFromAndToAnyAddress) {
    const Bytes file = random_bytes(1003);
    const Bytes tensor(file.begin() + 3, file.end());
    lab::RungCheck check("upload from an odd address", rung().name);
    auto* device = check.output<std::uint8_t>("device", exactly(tensor), 1);
    const auto result =
        check.run(rung(), {address(file) + 3, reinterpret_cast<std::byte*>(device), tensor.size()});
    EXPECT_TRUE(result.ok()) << result.message();
}

// Work that is queued before and after on the same stream, and a caller who changes the memory as
// soon as he may.
TEST_P(Upload, KeepsTheStreamsOrder) {
    const Bytes values = random_bytes((1 << 20) + 13);
    const Stream stream;
    DeviceBuffer<std::uint8_t> between(values.size());
    lab::RungCheck check("upload between two other copies,", rung().name);
    auto* after = check.output<std::uint8_t>("after", exactly(values));
    const auto result = check.run([&] {
        Bytes host = values;
        T2T_CHECK(cudaMemsetAsync(between.data(), 0, between.bytes(), stream.get()));
        rung().run({address(host), reinterpret_cast<std::byte*>(between.data()), host.size()},
                   stream.get());
        std::ranges::fill(host, std::uint8_t{0});
        T2T_CHECK(cudaMemcpyAsync(after, between.data(), between.bytes(), cudaMemcpyDeviceToDevice,
                                  stream.get()));
        stream.synchronize();
    });
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(Upload, DoesNothingForNoByte) {
    EXPECT_NO_THROW(rung().run({.bytes = 0}, nullptr));
}

TEST_P(Upload, RefusesBadArguments) {
    const Bytes host(8);
    lab::GuardedBuffer<std::uint8_t> to(8);
    auto* device = reinterpret_cast<std::byte*>(to.data());
    tests::expect_refusal(rung(), {nullptr, device, 8}, "upload: host is null");
    tests::expect_refusal(rung(), {address(host), nullptr, 8}, "upload: device is null");
    EXPECT_TRUE(to.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t
