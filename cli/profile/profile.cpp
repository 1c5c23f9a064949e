#include "cli/profile/profile.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/check/columns.hpp"
#include "common/text.hpp"

namespace t2t::profile {
namespace {

/// `text` behind `before`, broken between words at 100 columns, further lines under the first word. A
/// number keeps its per cent.
std::string wrapped(const std::string& before, const std::string& text) {
    const std::size_t indent = width(before);
    std::string all = before;
    std::size_t column = indent;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        if ((words >> std::ws).peek() == '%') {
            std::string sign;
            words >> sign;
            word += ' ' + sign;
        }
        const bool first = column == indent;
        if (!first && column + 1 + width(word) > rung_check::terminal_columns) {
            all += '\n' + std::string(indent, ' ');
            column = indent;
        } else if (!first) {
            all += ' ';
            ++column;
        }
        all += word;
        column += width(word);
    }
    return all + '\n';
}

/// Metrics in the order in which people read them.
std::vector<std::pair<std::string, double>> in_order(const Metrics& metrics) {
    std::vector<std::pair<std::string, double>> ordered(metrics.begin(), metrics.end());
    std::ranges::stable_sort(ordered, {}, [](const auto& entry) { return rank_of(entry.first); });
    return ordered;
}

/// What a reader of the code would count.
void add_code(rung_check::Table& table, const MachineCode& code) {
    const auto number = [](int value) { return text_of(value, Unit::count); };
    table.add({"machine code", number(code.instructions), "instructions, each counted once"});
    if (code.global_loads > 0) {
        table.add({"16-byte loads",
                   number(code.wide_global_loads) + " of " + number(code.global_loads),
                   "in it, of global memory (LDG.128)"});
    }
    table.add({"local accesses", number(code.local), "in it, of spilled values (LDL, STL)"});
    if (code.tensor > 0) table.add({"tensor instructions", number(code.tensor), "in it (…MMA)"});
    if (code.multiply_adds > 0) {
        table.add({"multiply-adds", number(code.multiply_adds), "in it, of fp32 (FFMA)"});
    }
}

std::string table_of(const Metrics& metrics, const std::optional<MachineCode>& code) {
    rung_check::Table table({"figure", ">value", "what it means"});
    rung_check::Table strange({">value", "ncu's name, in ncu's unit"});
    bool any_strange = false;
    for (const auto& [metric, value] : in_order(metrics)) {
        // Most kernels have none of the one kind, or of the other.
        if (value == 0 && (metric == static_shared || metric == dynamic_shared)) continue;
        if (const MetricInfo* info = find_metric(metric)) {
            table.add(
                {std::string(info->name), text_of(value, info->unit), std::string(info->meaning)});
        } else {
            strange.add({text_of(value, Unit::ratio), metric});
            any_strange = true;
        }
    }
    if (code) add_code(table, *code);
    return table.text(2) + (any_strange ? '\n' + strange.text(1) : "");
}

nlohmann::ordered_json figures_json(const Metrics& metrics) {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const auto& [metric, value] : in_order(metrics)) {
        nlohmann::ordered_json one{{"metric", metric}, {"value", value}};
        if (const MetricInfo* info = find_metric(metric)) {
            one["name"] = info->name;
            one["unit"] = unit_name(info->unit);
            one["meaning"] = info->meaning;
        }
        all.push_back(one);
    }
    return all;
}

nlohmann::ordered_json code_json(const MachineCode& code) {
    return {{"instructions", code.instructions},
            {"global_loads", code.global_loads},
            {"global_stores", code.global_stores},
            {"shared_loads", code.shared_loads},
            {"shared_stores", code.shared_stores},
            {"widest_global_load", code.widest_global_load},
            {"widest_global_store", code.widest_global_store},
            {"widest_shared_load", code.widest_shared_load},
            {"widest_shared_store", code.widest_shared_store},
            {"wide_global_loads", code.wide_global_loads},
            {"local", code.local},
            {"tensor", code.tensor},
            {"multiply_adds", code.multiply_adds},
            {"special", code.special},
            {"barriers", code.barriers}};
}

}  // namespace

std::vector<std::string> chosen(std::vector<Sentence> sentences) {
    while (sentences.size() > most_sentences) {
        const auto last = std::find_if(sentences.rbegin(), sentences.rend(),
                                       [](const Sentence& one) { return !one.remarkable; });
        sentences.erase(last == sentences.rend() ? sentences.end() - 1 : std::next(last).base());
    }
    std::vector<std::string> texts;
    for (Sentence& sentence : sentences) texts.push_back(std::move(sentence.text));
    return texts;
}

void print(std::ostream& out, const Profile& profile) {
    out << profile.chapter << " · " << profile.rung << " · " << profile.shape << "\n"
        << profile.device << " · " << profile.date << "\n"
        << wrapped("", "Source: " + profile.source + ".");
    for (const std::string& note : profile.notes) out << wrapped("  ", note);
    out << '\n';
    for (std::size_t i = 0; i < profile.sentences.size(); ++i) {
        out << wrapped(std::to_string(i + 1) + ". ", profile.sentences[i]);
    }
    if (!profile.figures.empty()) out << '\n' << table_of(profile.figures, profile.code);
    out << "\nWhere to look next\n";
    std::size_t widest = 0;
    for (const Pointer& pointer : profile.next) widest = std::max(widest, width(pointer.what));
    for (const Pointer& pointer : profile.next) {
        out << "  " << padded(pointer.what, widest) << "  " << pointer.where << '\n';
    }
    out.flush();
}

nlohmann::ordered_json to_json(const Profile& profile, const std::string& command) {
    nlohmann::ordered_json json{{"command", command},
                                {"date", profile.date},
                                {"device", profile.device},
                                {"chapter", profile.chapter},
                                {"rung", profile.rung},
                                {"shape", profile.shape},
                                {"source", profile.source},
                                {"notes", profile.notes},
                                {"sentences", profile.sentences},
                                {"figures", figures_json(profile.figures)},
                                {"kernels", nlohmann::ordered_json::array()},
                                {"next", nlohmann::ordered_json::array()}};
    for (const Kernel& kernel : profile.kernels) {
        nlohmann::ordered_json one{{"name", kernel.name},
                                   {"blocks", kernel.launch.blocks},
                                   {"threads_a_block", kernel.launch.threads},
                                   {"figures", figures_json(kernel.metrics)}};
        if (kernel.code) one["machine_code"] = code_json(*kernel.code);
        json["kernels"].push_back(one);
    }
    for (const Pointer& pointer : profile.next) {
        json["next"].push_back({{"what", pointer.what}, {"where", pointer.where}});
    }
    return json;
}

}  // namespace t2t::profile
