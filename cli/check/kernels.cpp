#include "cli/check/kernels.hpp"

#include <algorithm>

#include "cli/check/columns.hpp"

namespace t2t::rung_check {

std::string dimensions(const dim3& size) {
    if (size.y == 1 && size.z == 1) return std::to_string(size.x);
    std::string text = '(' + std::to_string(size.x) + ", " + std::to_string(size.y);
    if (size.z != 1) text += ", " + std::to_string(size.z);
    return text + ')';
}

std::string KernelSum::title() const {
    std::string text = kernel + configuration;
    if (configurations > 1) text += " in " + counted(configurations, "configuration");
    if (launches != 1) text += ", " + counted(launches, "launch", "es");
    return text;
}

std::vector<KernelSum> kernel_sums(const observer::Report& report) {
    std::vector<KernelSum> sums;
    for (const observer::KernelReport& kernel : report.kernels) {
        auto sum = std::ranges::find(sums, kernel.kernel, &KernelSum::kernel);
        if (sum == sums.end()) sum = sums.insert(sum, KernelSum{.kernel = kernel.kernel});
        sum->launches += kernel.launches;
        for (const observer::LineTraffic& line : kernel.lines) {
            sum->lines[line.where] += line.traffic;
        }
        std::string configuration =
            "<<<" + dimensions(kernel.grid) + ", " + dimensions(kernel.block);
        if (kernel.shared_bytes > 0) configuration += ", " + std::to_string(kernel.shared_bytes);
        sum->configuration = ++sum->configurations == 1 ? configuration + ">>>" : "";
    }
    return sums;
}

std::map<std::string, std::map<int, observer::Traffic>> traffic_by_file(
    const observer::Report& report) {
    std::map<std::string, std::map<int, observer::Traffic>> files;
    for (const observer::KernelReport& kernel : report.kernels) {
        for (const observer::LineTraffic& line : kernel.lines) {
            files[line.where.file][line.where.line] += line.traffic;
        }
    }
    return files;
}

}  // namespace t2t::rung_check
