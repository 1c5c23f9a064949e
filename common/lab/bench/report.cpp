#include "common/lab/bench/report.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <nlohmann/json.hpp>

#include "common/text.hpp"

namespace t2t::lab {
namespace {

/// Four significant digits, which is what a repeated measurement carries.
std::string milliseconds(double value) {
    const int magnitude = value > 0 ? static_cast<int>(std::floor(std::log10(value))) : 0;
    const int digits = std::clamp(3 - magnitude, 0, 6);
    return formatted("%.*f", digits, value);
}

/// `3.22 GB` for (3.22e9, "B").
std::string amount(double value, const char* unit) {
    const char* prefixes[] = {"", "k", "M", "G", "T"};
    int prefix = 0;
    for (; value >= 1000 && prefix < 4; ++prefix) value /= 1000;
    return formatted("%.3g %s%s", value, prefixes[prefix], unit);
}

using Cells = std::array<std::string, 7>;

Cells header_cells(Roof roof) {
    return {"rung",
            "median ms",
            "p10–p90 ms",
            roof == Roof::copy ? "GB/s" : "TFLOP/s",
            roof == Roof::copy ? "% of copy" : "% of fp32 peak",
            "vs library",
            "vs rung below"};
}

Cells cells(const RowResult& row, const Figures& made, Roof roof) {
    const auto times = [](const std::optional<double>& value) {
        return value ? formatted("%.2f×", *value) : std::string("–");
    };
    return {row.name,
            milliseconds(made.median_ms),
            milliseconds(made.p10_ms) + "–" + milliseconds(made.p90_ms),
            roof == Roof::copy ? formatted(made.gb_s >= 100 ? "%.0f" : "%.1f", made.gb_s)
                               : formatted(made.tflop_s >= 1 ? "%.2f" : "%.4f", made.tflop_s),
            made.percent_of_roof ? formatted("%.1f %%", *made.percent_of_roof) : "–",
            row.kind == RowKind::library ? "–" : times(made.to_library),
            times(made.gain)};
}

const char* kind_name(RowKind kind) {
    switch (kind) {
        case RowKind::rung:
            return "rung";
        case RowKind::library:
            return "library";
        case RowKind::copy:
            return "copy";
    }
    return "";
}

template <typename Value>
nlohmann::ordered_json or_null(const std::optional<Value>& value) {
    return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

nlohmann::ordered_json row_json(const CaseResult& result, std::size_t index, double fp32_tflop_s) {
    const RowResult& row = result.rows[index];
    nlohmann::ordered_json json{{"name", row.name}, {"kind", kind_name(row.kind)}};
    if (!row.skipped.empty()) json["skipped"] = row.skipped;
    if (row.skipped.empty()) json["right"] = row.fault.empty();
    if (!row.fault.empty()) json["fault"] = row.fault;
    if (const auto made = figures(result, index, fp32_tflop_s)) {
        json["median_ms"] = made->median_ms;
        json["p10_ms"] = made->p10_ms;
        json["p90_ms"] = made->p90_ms;
        json["gb_s"] = made->gb_s;
        json["tflop_s"] = made->tflop_s;
        json["percent_of_roof"] = or_null(made->percent_of_roof);
        json["times_library"] = or_null(made->to_library);
        json["times_rung_below"] = or_null(made->gain);
        json["samples_ms"] = row.milliseconds;
    }
    return json;
}

}  // namespace

void print_header(std::ostream& out, const DeviceProperties& device, const std::string& date) {
    out << device.name;
    if (device.is_cpu_device) {
        out << " · " << date
            << "\nCPU device: times are of the simulation, not of a GPU. The threads of a block run one "
               "after\nanother, so a rung that is faster on a GPU may be slower here; ./t2t check counts "
               "what moves.\n";
        return;
    }
    out << " · driver for CUDA " << version_text(device.driver_version) << " · runtime "
        << version_text(device.runtime_version) << " · " << date << '\n';
}

void print_table(std::ostream& out, const CaseResult& result, double fp32_tflop_s,
                 const DeviceProperties& device) {
    out << '\n' << result.operation << " · " << result.shape << " · ";
    if (result.work.bytes > 0) out << amount(result.work.bytes, "B to move");
    if (result.work.bytes > 0 && result.work.flops > 0) out << " · ";
    if (result.work.flops > 0) out << amount(result.work.flops, "FLOP");
    if (result.operand_sets > 1) out << " · " << result.operand_sets << " operand sets in turn";
    out << '\n';

    std::vector<Cells> lines{header_cells(result.roof)};
    std::vector<std::string> notes{""};
    for (std::size_t i = 0; i < result.rows.size(); ++i) {
        const RowResult& row = result.rows[i];
        const auto made = figures(result, i, fp32_tflop_s);
        lines.push_back(made ? cells(row, *made, result.roof) : Cells{row.name});
        notes.push_back(!row.fault.empty()     ? "  WRONG: " + row.fault
                        : !row.skipped.empty() ? "  not run: " + row.skipped
                                               : "");
    }
    // The last column is the gain over the rung below.
    const std::size_t columns = std::tuple_size_v<Cells> - (device.is_cpu_device ? 1 : 0);
    std::array<std::size_t, std::tuple_size_v<Cells>> widths{};
    for (const Cells& line : lines) {
        for (std::size_t c = 0; c < line.size(); ++c)
            widths[c] = std::max(widths[c], width(line[c]));
    }
    for (std::size_t l = 0; l < lines.size(); ++l) {
        const bool only_name = l > 0 && lines[l][1].empty();
        std::string text = padded(lines[l][0], widths[0], false);
        for (std::size_t c = 1; c < columns && !only_name; ++c) {
            text += "  " + padded(lines[l][c], widths[c], true);
        }
        out << text << notes[l] << '\n';
    }
    out.flush();
}

void print_roofs(std::ostream& out, const Roofs& roofs, const DeviceProperties& device) {
    out << formatted("\ncopy, reads + writes    %8.4g GB/s", roofs.copy_gb_s);
    if (device.memory_gb_s > 0) {
        out << formatted("   %.1f %% of the data sheet's %.0f GB/s",
                         100.0 * roofs.copy_gb_s / device.memory_gb_s, device.memory_gb_s);
    }
    out << formatted("\nfp32 multiply-adds      %8.4g TFLOP/s\n", roofs.fp32_tflop_s);
}

nlohmann::ordered_json to_json(const Roofs& roofs) {
    return {{"device", roofs.device},
            {"date", roofs.date},
            {"driver_version", roofs.driver_version},
            {"copy_gb_s", roofs.copy_gb_s},
            {"fp32_tflop_s", roofs.fp32_tflop_s}};
}

nlohmann::ordered_json to_json(const std::vector<CaseResult>& results,
                               const DeviceProperties& device, const Roofs& roofs,
                               const std::string& date, const std::string& command) {
    nlohmann::ordered_json json{{"device",
                                 {{"name", device.name},
                                  {"is_cpu_device", device.is_cpu_device},
                                  {"compute_capability", device.compute_capability},
                                  {"multiprocessors", device.multiprocessors},
                                  {"highest_clock_mhz", device.clock_mhz},
                                  {"data_sheet_memory_gb_s", device.memory_gb_s},
                                  {"driver_version", version_text(device.driver_version)},
                                  {"runtime_version", version_text(device.runtime_version)}}},
                                {"date", date},
                                {"command", command},
                                {"roofs", to_json(roofs)},
                                {"cases", nlohmann::ordered_json::array()}};
    for (const CaseResult& result : results) {
        nlohmann::ordered_json rows = nlohmann::ordered_json::array();
        for (std::size_t i = 0; i < result.rows.size(); ++i) {
            rows.push_back(row_json(result, i, roofs.fp32_tflop_s));
        }
        json["cases"].push_back({{"operation", result.operation},
                                 {"shape", result.shape},
                                 {"bytes", result.work.bytes},
                                 {"flops", result.work.flops},
                                 {"roof", result.roof == Roof::copy ? "copy" : "fp32"},
                                 {"operand_sets", result.operand_sets},
                                 {"rows", rows}});
    }
    return json;
}

}  // namespace t2t::lab
