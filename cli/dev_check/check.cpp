#include "cli/dev_check/check.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "cli/dev_check/chapters.hpp"
#include "cli/dev_check/includes.hpp"
#include "cli/dev_check/links.hpp"
#include "cli/dev_check/measured.hpp"
#include "cli/dev_check/text.hpp"

namespace t2t::dev_check {

std::span<const Rule> rules() {
    static constexpr std::array<Rule, 15> all{
        // chapters
        chapter_files,
        lesson_parts,
        rung_headers,
        rung_kernels,
        rung_launchers,
        // numbers
        rung_measurements,
        measured_tables,
        // includes
        include_arrows,
        private_headers,
        common_names_no_chapter,
        // every file
        links,
        leftovers,
        line_ends,
        sizes,
        executables,
    };
    return all;
}

Findings check(const Tree& tree) {
    Findings findings;
    for (const Rule rule : rules()) {
        const Findings found = rule(tree);
        findings.insert(findings.end(), found.begin(), found.end());
    }
    std::ranges::sort(findings, {},
                      [](const Finding& finding) { return std::tie(finding.path, finding.line); });
    return findings;
}

}  // namespace t2t::dev_check
